"""The [data] table: a row of inputs and a row of targets per sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.losses import LOSSES
from engine.scenario import schema
from engine.scenario.errors import Faults, Key
from engine.scenario.model import Array, frozen_array
from engine.scenario.tables import convert, ragged
from engine.scenario.words import count, number

KEY: Key = ("data",)
_SHOWN = 6
"""As many numbers as an example in a message shows."""


@dataclass
class DataDraft:
    x: Array | None = None
    y: Array | None = None


def read_data(
    table: Mapping[str, Any] | None, inputs: int | None, outputs: int | None, loss: str | None, faults: Faults
) -> DataDraft:
    """What [data] says; all that is wrong with it goes to `faults`.

    The sizes and the loss, where they are known, only make the messages say more.
    """
    if table is None:
        return DataDraft()
    table = dict(table)
    said = set()
    classes = loss is not None and LOSSES[loss].targets == "distribution"
    if classes and outputs is not None and outputs > 1:
        index = _class_index(table.get("y"))
        if index is not None:
            faults.add((*KEY, "y"), _one_hot(index, outputs))
            said.add("y")
    for name, columns in (("x", inputs), ("y", outputs)):
        if name not in said and _is_flat(table.get(name)):
            faults.add((*KEY, name), _flat(table[name], columns))
            said.add(name)
    for name in said:
        table[name] = []
    got = convert(table, schema.Data, KEY, faults)
    draft = DataDraft()
    if "x" not in said:
        draft.x = _rows(got.get("x"), "x", faults)
    if "y" not in said:
        draft.y = _rows(got.get("y"), "y", faults)
    return draft


def _rows(rows: list[list[float]] | None, name: str, faults: Faults) -> Array | None:
    if rows is None:
        return None
    if not rows or not rows[0]:
        faults.add((*KEY, name), "there are no numbers in it: write a row per sample, like [[0.4, 0.6]]")
        return None
    uneven = ragged(rows)
    if uneven:
        faults.add((*KEY, name, uneven[0]), uneven[1])
        return None
    return frozen_array(rows)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flat(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _flat(values: list[float], columns: int | None) -> str:
    shown = [number(value) for value in values[:_SHOWN]]
    more = ", …" if len(values) > _SHOWN else ""
    one_row = f"[[{', '.join(shown)}{more}]]"
    a_row_each = f"[{', '.join(f'[{value}]' for value in shown)}{more}]"
    message = "data are rows in an outer array, a row per sample: write "
    if columns == len(values):
        return message + one_row
    if columns == 1:
        return message + a_row_each
    return f"{message}{one_row} for one sample of {count(len(values), 'number')}"


def _class_index(y: object) -> int | None:
    """The first class number, where targets are class numbers rather than rows: 2, [2, 0] or [[2], [0]]."""
    if isinstance(y, int) and not isinstance(y, bool):
        return y
    if not isinstance(y, list) or not y:
        return None
    numbers = [row[0] if isinstance(row, list) and len(row) == 1 else row for row in y]
    if all(isinstance(value, int) and not isinstance(value, bool) for value in numbers):
        rows = any(isinstance(row, list) for row in y)
        # A flat row of zeros and a one is a one-hot row that lacks its outer brackets.
        if rows or not (sorted(numbers)[:-1] == [0] * (len(numbers) - 1) and max(numbers) == 1 and len(numbers) > 1):
            return int(numbers[0])
    return None


def _one_hot(index: int, outputs: int) -> str:
    def row(hot: int) -> str:
        return "[" + ", ".join("1" if place == hot else "0" for place in range(outputs)) + "]"

    message = f"a class is written as a one-hot row of {outputs:,} numbers, 1 for the right class and 0 for the others"
    if outputs > _SHOWN or not 0 <= index <= outputs:
        return f"{message}, not as a number"
    if index == 0:
        return f"{message}: instead of 0, write {row(0)} (counting classes from 0)"
    if index == outputs:
        return f"{message}: instead of {index}, write {row(index - 1)} (counting classes from 1)"
    return f"{message}: instead of {index}, write {row(index - 1)} if classes count from 1, {row(index)} if from 0"
