"""Data from a file of comma-separated values: which columns are what, and what is done to the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from engine.scenario import limits, schema
from engine.scenario.classes import Outputs, encode, label, output_names, told
from engine.scenario.columns import CellsFaultError, CsvTable, TableFaultError, read_table
from engine.scenario.data_draft import DataDraft
from engine.scenario.errors import At, Faults, Key
from engine.scenario.files import FileFaultError, contents
from engine.scenario.model import Array, frozen_array
from engine.scenario.tables import convert
from engine.scenario.words import count, number, quoted, repeated

KEY: Key = ("data", "csv")
_SHOWN = 4
"""As many names as a message lists."""


class Wanted(Struct, frozen=True):
    """What the network asks of a file; None for what could not be read."""

    inputs: int | None
    outputs: Outputs
    classes: tuple[str, ...] | None
    """The names of the classes in their order, where [data] names the outputs."""


def read_csv(table: Mapping[str, Any], wanted: Wanted, scenario: Path, faults: Faults) -> DataDraft:
    """The data that `csv = { … }` describes; all that is wrong goes to `faults`."""
    draft = DataDraft()
    before = len(faults.found)
    got = convert(table, schema.Csv, KEY, faults, elsewhere=False)
    _check_keys(table, got, faults)
    if len(faults.found) > before:
        return draft
    try:
        data = contents(got["file"], scenario, limits.MAX_CSV_BYTES)
        read = read_table(data, got["file"], got["separator"])
    except (FileFaultError, TableFaultError) as error:
        faults.add((*KEY, "file"), str(error))
        return draft
    part = _rows(read, got["rows"], faults)
    inputs = _inputs(read, got, faults)
    targets = _targets(read, got, faults)
    if part is None or inputs is None or targets is None:
        return draft
    origin: list[str] = [got["file"]]
    rows: list[int] | None = got["rows"]
    if rows is not None:
        origin.append(f"rows {rows[0]:,} to {rows[1]:,}")
    x = _numbers(part, inputs, "inputs", table, faults)
    if x is not None and wanted.inputs is not None and len(inputs) != wanted.inputs:
        message = f"the network has {count(wanted.inputs, 'input')}, but {_columns(inputs)}"
        faults.add((*KEY, "inputs") if "inputs" in table else KEY, message)
        x = None
    if x is not None:
        x = _scaled(x, inputs, got, origin, faults)
    if got["class"] is None:
        _outputs(draft, part, targets, wanted, table, faults)
    else:
        _classes(draft, part, got["class"], wanted, origin, faults)
    draft.x = None if x is None else frozen_array(x)
    draft.input_names = tuple(inputs)
    draft.origin = ", ".join(origin)
    return draft


def _check_keys(table: Mapping[str, Any], got: Mapping[str, Any], faults: Faults) -> None:
    """Report keys that contradict each other."""
    if "outputs" in table and "class" in table:
        faults.add((*KEY, "class"), "outputs and class both say what is to be learnt: keep one", At.KEY)
    elif "outputs" not in table and "class" not in table and not faults.wrote(KEY, "outputs", "class"):
        message = 'missing: say what is to be learnt with outputs = ["height"] (numbers) or class = "species" (words)'
        faults.add((*KEY, "outputs"), message, At.TABLE)
    if got.get("standardise") and got.get("scale") is not None:
        faults.add((*KEY, "scale"), "what is standardised does not depend on a scale: keep one", At.KEY)
    for name in ("inputs", "outputs"):
        columns: list[str] = got.get(name) or []
        if not columns and got.get(name) is not None:
            faults.add((*KEY, name), "an empty array: name at least one column")
        for index in repeated(columns):
            faults.add((*KEY, name, index), f"the column {quoted(columns[index])} is named a second time: keep one")
    rows = got.get("rows")
    if rows is not None and (len(rows) != 2 or rows[0] > rows[1]):
        faults.add((*KEY, "rows"), "expected the first and the last row, like [1, 100]")
    separator = got.get("separator", ",")
    if len(separator) != 1 or separator in '"\r\n\0 ' or separator.isalnum():
        faults.add((*KEY, "separator"), 'expected one sign, like ";" or "\\t"')


def _rows(table: CsvTable, rows: list[int] | None, faults: Faults) -> CsvTable | None:
    """The rows that are asked for; None, and a fault, where there are not so many."""
    if rows is None:
        return table
    if rows[1] > len(table.rows):
        have = count(len(table.rows), "row")
        faults.add((*KEY, "rows"), f"{table.file} has {have} below its header, so there is no row {rows[1]:,}")
        return None
    return table.part(rows[0], rows[1])


def _inputs(table: CsvTable, got: Mapping[str, Any], faults: Faults) -> list[str] | None:
    """The columns of the inputs: those named, or all that are not to be learnt."""
    if got["inputs"] is None:
        learnt = set(got["outputs"] or [got["class"]])
        others = [name for name in table.header if name not in learnt]
        if not others:
            faults.add((*KEY, "file"), f"{table.file} has no column left for the inputs")
        return others or None
    return _existing(table, got["inputs"], (*KEY, "inputs"), faults)


def _targets(table: CsvTable, got: Mapping[str, Any], faults: Faults) -> list[str] | None:
    if got["class"] is None:
        return _existing(table, got["outputs"], (*KEY, "outputs"), faults)
    missing = table.missing(got["class"])
    if missing:
        faults.add((*KEY, "class"), missing)
        return None
    return [got["class"]]


def _existing(table: CsvTable, names: list[str], key: Key, faults: Faults) -> list[str] | None:
    wrong = [index for index, name in enumerate(names) if name not in table.places]
    for index in wrong[:_SHOWN]:
        faults.add((*key, index), table.missing(names[index]) or "")
    if len(wrong) > _SHOWN:
        faults.add(key, f"{count(len(wrong) - _SHOWN, 'more name')} of no column of {table.file}")
    return None if wrong else names


def _numbers(table: CsvTable, names: list[str], what: str, written: Mapping[str, Any], faults: Faults) -> Array | None:
    if len(table.rows) * len(names) > limits.MAX_DATA_NUMBERS:
        total = count(len(table.rows) * len(names), "number")
        faults.add((*KEY, "file"), f"the data are {total}: at most {limits.MAX_DATA_NUMBERS:,}")
        return None
    try:
        return table.numbers(names)
    except CellsFaultError as error:
        for message in error.messages:
            faults.add((*KEY, what) if what in written else KEY, message)
        return None


def _scaled(x: Array, names: list[str], got: Mapping[str, Any], origin: list[str], faults: Faults) -> Array | None:
    """The inputs divided by the scale, or each column with mean 0 and population deviation 1."""
    if got["scale"] is not None:
        origin.append(f"inputs divided by {got['scale']:g}")
        scaled: Array = x / got["scale"]
        if not np.isfinite(scaled).all():
            message = f"divided by {number(got['scale'])}, the inputs are too large for a 64-bit float"
            faults.add((*KEY, "scale"), message)
            return None
        return scaled
    if not got["standardise"]:
        return x
    constant = [name for name, column in zip(names, x.T, strict=True) if column.min() == column.max()]
    if constant:
        has = "column has" if len(constant) == 1 else "columns have"
        message = (
            f"{count(len(constant), has, '')} one value throughout, which nothing can standardise: {_listed(constant)}"
        )
        faults.add((*KEY, "standardise"), message)
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        means, deviations = x.mean(axis=0), x.std(axis=0)
        standard: Array = (x - means) / deviations
    if not np.isfinite(standard).all():
        faults.add((*KEY, "standardise"), "the numbers are too large, or too close together, to be standardised")
        return None
    each = (f"{name} less {m:.6g} over {d:.6g}" for name, m, d in zip(names, means, deviations, strict=True))
    origin.append("standardised: " + "; ".join(each))
    return standard


def _outputs(
    draft: DataDraft, table: CsvTable, names: list[str], wanted: Wanted, written: Mapping[str, Any], faults: Faults
) -> None:
    y = _numbers(table, names, "outputs", written, faults)
    units = wanted.outputs.units
    if y is not None and units is not None and units != len(names):
        message = f"the last layer has {count(units, 'unit')}, but {_columns(names)}"
        faults.add((*KEY, "outputs"), message)
        return

    def place(row: int, column: int | None) -> tuple[Key, str]:
        if column is None:
            return (*KEY, "outputs"), f" ({table.file}, line {table.rows[row].line})"
        return (*KEY, "outputs", column), f" ({table.cell(table.rows[row], names[column])})"

    draft.y = None if y is None else frozen_array(y)
    draft.output_names = tuple(names)
    draft.target = place


def _classes(draft: DataDraft, table: CsvTable, column: str, wanted: Wanted, origin: list[str], faults: Faults) -> None:
    key: Key = (*KEY, "class")
    try:
        words = table.words(column)
    except CellsFaultError as error:
        for message in error.messages:
            faults.add(key, message)
        return
    names = wanted.classes or tuple(_in_order(set(words)))
    labels = label(words, names, lambda row: (key, f"{table.cell(table.rows[row], column)}: "), faults)
    if labels is None:
        return
    hint = "" if wanted.classes else f": {_listed(names)} in the rows read"
    if hint and len(names) < (wanted.outputs.units or 0):
        hint += "; name all there can be with names = { outputs = […] } under [data]"
    y = encode(labels, len(names), wanted.outputs, key, faults, hint)
    draft.y = None if y is None else frozen_array(y)
    draft.output_names = output_names(names, wanted.outputs)
    draft.target = lambda row, _: (key, f" ({table.cell(table.rows[row], column)})")
    if y is not None and told(names, wanted.outputs):
        origin.append(told(names, wanted.outputs))


def _columns(names: Sequence[str]) -> str:
    """What columns there are for inputs or units."""
    return f"there {'is' if len(names) == 1 else 'are'} {count(len(names), 'column')} for them: {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")


def _in_order(words: set[str]) -> list[str]:
    """Classes by number where all are numbers, else by letter."""
    if all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        return sorted(words, key=lambda word: (int(word), word))
    return sorted(words)
