"""The text of a TOML file, to put faults where they are in it."""

from __future__ import annotations

import re
from functools import cached_property

from engine.scenario.errors import At, Fault, Faults, Key, Problem, clean, key_text
from engine.scenario.positions import Positions, line_column
from engine.scenario.syntax import SyntaxFaultError
from engine.scenario.words import count

MOST = 100
"""Problems that are listed: nobody reads more at once, and each takes a search for its place."""


_OF_COUNTS = r"\bgot \w|rows differ in length|each row of [xy] has|rows are mixed"
"""Faults that too many numbers may be the cause of."""
_LONGEST = 100_000
"""Characters of an array that are looked through."""


class Source:
    """The text of a file, to find the lines of what is in it."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.lines = text.split("\n")

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.text)

    def line(self, key: Key) -> int:
        """The line a key is written in."""
        offset = self.positions.key(key)
        return 0 if offset is None else line_column(self.text, offset)[0]

    def problems(self, faults: Faults) -> tuple[Problem, ...]:
        """Every fault with its place, in the order of the file; beyond `MOST` how many more there are."""
        each = list(dict.fromkeys(faults.found))
        found = [self._problem(fault) for fault in each[:MOST]]
        found.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
        if len(each) > MOST:
            more = len(each) - MOST
            message = f"{count(more, 'more problem')} of this file {'is' if more == 1 else 'are'} not listed"
            found.append(Problem(self.path, found[-1].line, None, "", message, None))
        return tuple(found)

    def _problem(self, fault: Fault) -> Problem:
        name, message = key_text(fault.key), clean(fault.message)
        offset, caret = self._offset(fault)
        comma = self._decimal_comma(fault)
        if comma is not None:
            (offset, said), caret = comma, True
            message += f"; {said}"
        if offset is None:
            return Problem(self.path, None, None, name, message, None)
        line, column = line_column(self.text, offset)
        return Problem(self.path, line, column if caret else None, name, message, self.lines[line - 1])

    def _decimal_comma(self, fault: Fault) -> tuple[int, str] | None:
        """Where the numbers of a faulty array seem to have decimal commas, which double their count."""
        if not re.search(_OF_COUNTS, fault.message):
            return None
        key = fault.key
        while key and isinstance(key[-1], int):
            key = key[:-1]
        start = self.positions.value(key)
        if start is None or self.text[start] not in "[{":
            return None
        from engine.scenario.syntax_faults import comma_row, decimal_comma

        found = comma_row(self.text[start : min(self.positions.end(start), start + _LONGEST)])
        return None if found is None else (start + found[0], decimal_comma(found[1]))

    def _offset(self, fault: Fault) -> tuple[int | None, bool]:
        """Where a fault's line is, and whether a caret has something to stand under."""
        key = fault.key[:-1] if fault.at is At.TABLE else fault.key
        if fault.at is not At.KEY:
            offset = self.positions.value(key)
            if offset is not None:
                return offset, True
        return self.positions.key(key), fault.at is At.KEY


def syntax_problem(fault: SyntaxFaultError, path: str) -> Problem:
    """A fault of a text that is not TOML, as a problem of the file `path`."""
    source = None if fault.line is None else fault.text.split("\n")[fault.line - 1]
    return Problem(path, fault.line, fault.column, "", clean(fault.message), source)
