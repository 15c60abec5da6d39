"""What is wrong with a scenario file, in the form that people read."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from msgspec import Struct, field

Key = tuple[str | int, ...]
"""Where something stands in a file: names of tables and keys, and positions in arrays from 0."""

_WINDOW = 100
"""Longest piece of a source line that is shown; a row of a thousand weights stays one line on a terminal."""
_BEFORE = 50
_LONGEST = 80
"""Characters of a key's name that messages repeat; the longest address that is any has some 40."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key_text(key: Key) -> str:
    """A key as messages print it: tables joined by dots, positions in brackets and from 1."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            short = part if len(part) <= _LONGEST else f"{part[:_LONGEST]}…"
            name = short if _BARE.fullmatch(short) else f'"{clean(short)}"'
            text += f".{name}" if text else name
    return text


class Problem(Struct, frozen=True):
    """One fault of a file. `str` is the message with its place and, where there is one, its line."""

    path: str
    line: int | None
    """From 1; None where the fault has no line, as in a file that is not there."""
    column: int | None
    """From 1, in characters."""
    key: str
    message: str
    source_line: str | None

    def __str__(self) -> str:
        place = clean(self.path) + ("" if self.line is None else f":{self.line}")
        head = ": ".join(part for part in (place, self.key, self.message) if part)
        if self.line is None or self.source_line is None:
            return head
        shown, before = _window(self.source_line, self.column)
        lines = [head, f"  {self.line} | {shown}".rstrip()]
        if self.column is not None:
            lines.append(f"  {' ' * len(str(self.line))} | {' ' * before}^")
        return "\n".join(lines)


class ScenarioError(ValueError):
    """A scenario file that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class At(Enum):
    """What of a key a message points to."""

    VALUE = "value"
    KEY = "key"
    TABLE = "table"
    """The table that should hold the key: for a key that is missing."""


class Fault(Struct, frozen=True):
    """A problem before its line is known."""

    key: Key
    message: str
    at: At = At.VALUE


class Faults(Struct):
    """All that is found wrong with one file, so that one fault does not hide another."""

    found: list[Fault] = field(default_factory=list)

    misspelt: set[Key] = field(default_factory=set)
    """The keys that unknown ones were probably meant to be."""

    def add(self, key: Key, message: str, at: At = At.VALUE) -> None:
        self.found.append(Fault(key, message, at))

    def wrote(self, key: Key, *names: str) -> bool:
        """Whether one of these keys of a table is there but misspelt, of which enough has been said."""
        return any((*key, name) in self.misspelt for name in names)

    def __bool__(self) -> bool:
        return bool(self.found)


def clean(text: str) -> str:
    """`text` without anything that a terminal would obey: a file may hold escape sequences."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character == "\t":
        return " "
    if character.isprintable():
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def _cells(text: str) -> int:
    """Columns of a terminal that `text` takes, so that the caret stands under the right character."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) != 0 for character in text)


def _window(line: str, column: int | None) -> tuple[str, int]:
    """The part of a line around a column, and how many cells come before that column."""
    at = 0 if column is None else min(column - 1, len(line))
    start = max(0, at - _BEFORE) if len(line) > _WINDOW else 0
    end = start + _WINDOW
    lead = "…" if start else ""
    shown = lead + clean(line[start:end]) + ("…" if end < len(line) else "")
    return shown, _cells(lead + clean(line[start:at]))
