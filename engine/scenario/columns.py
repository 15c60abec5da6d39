"""A table of comma-separated values: its header, and columns of it as numbers or as words.

A cell that is wrong is named by the line of the file and its column.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from engine.scenario import limits
from engine.scenario.model import Array
from engine.scenario.words import count, did_you_mean, nearest, quoted, repeated

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_SAID = 3
"""As many wrong cells as are named one by one."""
_OTHER_SEPARATORS = {";": ";", "\t": "\\t", "|": "|", ",": ","}


class TableFaultError(Exception):
    """A file that is no such table. The message says why."""


class CellsFaultError(Exception):
    """Cells that do not hold what they should."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)


class Row(Struct, frozen=True):
    """One line of a CSV file."""

    line: int
    """Where it stands in the file, from 1."""
    cells: list[str]


class CsvTable(Struct, frozen=True, dict=True):
    """A CSV file as text: its header, its rows."""

    file: str
    """What messages call it."""
    header: list[str]
    rows: list[Row]

    def part(self, first: int, last: int) -> CsvTable:
        """Rows `first` to `last`, counted from 1 without the header, both included."""
        return CsvTable(self.file, self.header, self.rows[first - 1 : last])

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each column stands, from 0."""
        return {name: index for index, name in enumerate(self.header)}

    def missing(self, name: str) -> str | None:
        """What to say where there is no column of a name."""
        if name in self.places:
            return None
        near = nearest(name, self.header)
        hint = did_you_mean(near) if near else f"the columns are {_listed(self.header)}"
        return f"{self.file} has no column {quoted(name)}: {hint}"

    def words(self, name: str) -> list[str]:
        """A column as it is written.

        Raises:
            CellsFaultError: a cell is empty.
        """
        index = self.places[name]
        words = [row.cells[index] for row in self.rows]
        self._refuse([(row, name, "the cell is empty") for row, word in zip(self.rows, words, strict=True) if not word])
        return words

    def numbers(self, names: Sequence[str]) -> Array:
        """Columns as numbers, shape (rows, names).

        Raises:
            CellsFaultError: a cell is empty, or holds no finite number.
        """
        wrong = []
        values = np.empty((len(self.rows), len(names)))
        for column, name in enumerate(names):
            index = self.places[name]
            for place, row in enumerate(self.rows):
                reason = _no_number(row.cells[index])
                if reason:
                    wrong.append((row, name, reason))
                else:
                    values[place, column] = float(row.cells[index])
        self._refuse(wrong)
        return values

    def cell(self, row: Row, name: str) -> str:
        """How messages name a cell."""
        return f"{self.file}, line {row.line}, column {quoted(name)}"

    def _refuse(self, wrong: list[tuple[Row, str, str]]) -> None:
        if not wrong:
            return
        wrong.sort(key=lambda cell: cell[0].line)
        messages = [f"{self.cell(row, name)}: {reason}" for row, name, reason in wrong[:_SAID]]
        if len(wrong) > _SAID:
            more = len(wrong) - _SAID
            messages.append(f"{self.file}: {count(more, 'more cell')} {'is' if more == 1 else 'are'} wrong")
        raise CellsFaultError(messages)


def _no_number(cell: str) -> str | None:
    if not cell:
        return "the cell is empty"
    if not _NUMBER.fullmatch(cell):
        hint = ": a decimal number has a point, not a comma" if _COMMA.fullmatch(cell) else ""
        return f"expected a number, got {quoted(cell)}{hint}"
    if not math.isfinite(float(cell)):
        return f"the number is too large for a 64-bit float: got {quoted(cell)}"
    return None


def read_table(data: bytes, file: str, separator: str) -> CsvTable:
    """The table in a file.

    Raises:
        TableFaultError: it is not text, or has no header, or its rows are not as long as its header.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableFaultError(f"{file}, line {line}: not UTF-8: save the file as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise TableFaultError(f"{file}, line {line}: a NUL byte: this is no text file")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) or len(cells) > 1:
                rows.append(Row(reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        reason = "a quote is never closed" if str(error) == "unexpected end of data" else str(error)
        raise TableFaultError(f"{file}, line {reader.line_num}: not separated values: {reason}") from None
    if not rows:
        raise TableFaultError(f"{file} is empty: its first line names the columns, every other line is a sample")
    header = rows.pop(0).cells
    _check_header(header, file, separator)
    for row in rows:
        if len(row.cells) != len(header):
            got, names = count(len(row.cells), "cell"), count(len(header), "column")
            raise TableFaultError(f"{file}, line {row.line}: {got}, but the header has {names}")
    if not rows:
        raise TableFaultError(f"{file} has no rows below its header")
    return CsvTable(file, header, rows)


def _check_header(header: list[str], file: str, separator: str) -> None:
    if all(_NUMBER.fullmatch(name) for name in header):
        raise TableFaultError(f"{file}: its first line holds numbers, but it has to name the columns")
    other = next((sign for sign in _OTHER_SEPARATORS if sign != separator and sign in header[0]), None)
    if len(header) == 1 and other:
        message = f'{file}: its lines are parted by another sign: write separator = "{_OTHER_SEPARATORS[other]}"'
        raise TableFaultError(message)
    if len(header) > limits.MAX_COLUMNS:
        raise TableFaultError(f"{file} has {len(header):,} columns: at most {limits.MAX_COLUMNS:,} are read")
    if "" in header:
        raise TableFaultError(f"{file}: column {header.index('') + 1} has no name in the header")
    twice = repeated(header)
    if twice:
        raise TableFaultError(f"{file}: two columns are called {quoted(header[twice[0]])}")


def _listed(names: list[str]) -> str:
    shown = [quoted(name)[1:-1] for name in names[:_MOST]]
    return ", ".join(shown) + ("" if len(names) <= _MOST else f", … ({len(names):,} in all)")


_MOST = 8
