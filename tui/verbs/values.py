"""Numbers and arrays of them as JSON and as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.numbers import json_number
from engine.scenario.model import Array

Nested = Any
"""A number, or lists of them however deep; numbers JSON lacks are strings."""


def nested(values: Array) -> Nested:
    """An array as JSON can hold it, the axes outermost first."""
    plain = values.tolist()
    return plain if np.isfinite(values).all() else _spelled(plain)


def array_lines(left: str, values: Any, number: Callable[[Any], str], separator: str = ", ") -> list[str]:
    """`left = values`: one line, or a line a row with its columns under each other. Floats, or decimals as objects."""
    lead = f"{left} = "
    if values.ndim == 0:
        return [lead + number(values.item())]
    rows = values.reshape(-1, values.shape[-1])
    table = [[number(value) for value in row] for row in rows.tolist()]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)] if len(table) > 1 else [0] * rows.shape[1]
    lines = []
    for position, row in enumerate(table):
        opened, closed = _brackets(position, values.shape[:-1])
        inner = separator.join(text.rjust(width) for text, width in zip(row, widths, strict=True))
        start = lead if position == 0 else " " * len(lead)
        lines.append(f"{start}{' ' * (values.ndim - opened - 1)}{'[' * (opened + 1)}{inner}{']' * (closed + 1)}")
    return [line + separator.rstrip() for line in lines[:-1]] + lines[-1:]


def _brackets(position: int, outer: tuple[int, ...]) -> tuple[int, int]:
    """How many outer brackets open before a row, and close after it."""
    opened = closed = 0
    size = 1
    for length in reversed(outer):
        size *= length
        opened += position % size == 0
        closed += (position + 1) % size == 0
    return opened, closed


def _spelled(plain: Nested) -> Nested:
    return [_spelled(item) for item in plain] if isinstance(plain, list) else json_number(plain)
