"""The data as far as they could be read, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from engine.scenario.errors import Key
from engine.scenario.model import Array

Place = Callable[[int, int | None], tuple[Key, str]]


def inline(row: int, column: int | None) -> tuple[Key, str]:
    """The place of a target that stands in the scenario itself."""
    return ("data", "y", row) if column is None else ("data", "y", row, column), ""


class DataDraft(Struct):
    """[data]; None for what was wrong."""

    x: Array | None = None
    y: Array | None = None
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    origin: str = ""
    target: Place = inline
    """Row and column (None: the whole row) of a target, to the key it comes from and what a message adds to it."""
