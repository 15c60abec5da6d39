"""Where in a TOML text each key and each value stands.

No TOML library says so. This scanner does not check anything: it reads text that `tomllib` has accepted, or has
refused for one unclosed bracket. Values are stepped over by their brackets and strings alone; what is inside one
is looked at only when somebody asks for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from msgspec import Struct

from engine.scenario import limits
from engine.scenario.errors import Key

LONG = r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}'''
SHORT = r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*\'"""
STRINGS = f"{LONG}|{SHORT}"
"""Texts between quotes: of several lines, of one, and all of them."""
_TOKEN = re.compile(rf"(?P<string>{STRINGS})|#[^\n]*|[\[\]{{}},=\n]", re.DOTALL)
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_PARTS = re.compile(rf"(?P<parts>(?<![\w.-])(?:{_PART}){{{limits.MAX_NESTING},}}+)|{STRINGS}|#[^\n]*", re.DOTALL)
_KEY_PART = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*""")
_SCALAR = re.compile(r"[^\s,\]}#]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


class Mark(Struct, frozen=True):
    """Where a key stands and, unless it is the header of a table, its value."""

    key: int
    value: int | None


class Positions:
    """The places, as offsets, of every key in a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._marks: dict[Key, Mark] = {}
        self._arrays: dict[Key, int] = {}
        self._scan()

    def key(self, key: Key) -> int | None:
        """Where a key is written: its name, or the header of its table."""
        mark = self._marks.get(key)
        if mark is not None:
            return mark.key
        found = self._inside(key)
        return None if found is None else found.key

    def value(self, key: Key) -> int | None:
        """Where the value of a key begins, or that of the nearest thing around it; None for a table's header."""
        mark = self._marks.get(key) or self._inside(key)
        return None if mark is None else mark.value

    def end(self, start: int) -> int:
        """Where the value that begins at `start` ends."""
        text, level = self.text, 0
        if text[start] not in "[{":
            string = _TOKEN.match(text, start)
            scalar = _SCALAR.match(text, start)
            match = string if string is not None and string["string"] is not None else scalar
            return start if match is None else match.end()
        for token in _TOKEN.finditer(text, start):
            if token["string"] is not None:
                continue
            level += (token[0] in "[{") - (token[0] in "]}")
            if level == 0:
                return token.end()
        return len(text)

    def statements(self) -> Iterator[tuple[Key, Mark]]:
        """Every `key = value` that is a line of its own, in the order of the text."""
        return ((key, mark) for key, mark in self._marks.items() if mark.value is not None)

    def headers(self) -> list[int]:
        """Where each `[header]` stands, in the order of the text."""
        return sorted({mark.key for mark in self._marks.values() if mark.value is None and self.text[mark.key] == "["})

    def header(self, key: Key) -> int | None:
        """Where the `[header]` of exactly this table stands; None where it is written in another way."""
        mark = self._marks.get(key)
        if mark is None or mark.value is not None or self.text[mark.key] != "[":
            return None
        array = self.text.startswith("[[", mark.key)
        names, _ = _read_key(self.text, mark.key + (2 if array else 1))
        whole = names == tuple(part for part in key if isinstance(part, str))
        return mark.key if whole and (not array or isinstance(key[-1], int)) else None

    def statement(self, offset: int) -> int | None:
        """Where the value begins in the midst of which a character stands."""
        values = [mark.value for mark in self._marks.values() if mark.value is not None and mark.value <= offset]
        return max(values, default=None)

    def deeper_than(self, depth: int) -> int | None:
        """Where the first bracket stands that is nested deeper than `depth`."""
        level = 0
        for token in _TOKEN.finditer(self.text):
            if token[0] in "[{":
                level += 1
                if level > depth:
                    return token.start()
            elif token[0] in "]}":
                level = max(0, level - 1)
        return None

    def _inside(self, key: Key) -> Mark | None:
        """The mark of something inside a value, or of the nearest thing around it that can be found."""
        for length in range(len(key) - 1, 0, -1):
            mark = self._marks.get(key[:length])
            if mark is not None:
                return mark if mark.value is None else self._walk(mark, key[length:])
        return None

    def _walk(self, mark: Mark, rest: Key) -> Mark:
        for position, part in enumerate(rest):
            assert mark.value is not None
            inner: Mark | None = None
            if isinstance(part, int) and self.text[mark.value] == "[":
                inner = next((m for index, m in enumerate(self._items(mark.value)) if index == part), None)
            elif isinstance(part, str) and self.text[mark.value] == "{":
                inner = self._pair(mark.value, rest[position:])
                if inner is not None and len(rest) > position + 1:
                    # A dotted key takes several parts at once, so the walk ends at its own.
                    return inner
            if inner is None:
                return mark
            mark = inner
        return mark

    def _items(self, start: int) -> Iterator[Mark]:
        """The values of the array that opens at `start`."""
        at = _skip_space(self.text, start + 1)
        while at < len(self.text) and self.text[at] not in "]":
            yield Mark(at, at)
            at = self._past(at)
            if at >= len(self.text) or self.text[at] != ",":
                return
            at = _skip_space(self.text, at + 1)

    def _pair(self, start: int, rest: Key) -> Mark | None:
        """The pair of the inline table at `start` whose key begins `rest`, followed as far as it goes."""
        at = _skip_space(self.text, start + 1)
        while at < len(self.text) and self.text[at] != "}":
            names, after = _read_key(self.text, at)
            if not names or self.text[after : after + 1] != "=":
                return None
            value = _skip_space(self.text, after + 1)
            shared = min(len(names), len(rest))
            if rest[:shared] == names[:shared]:
                return self._walk(Mark(at, value), rest[len(names) :])
            at = self._past(value)
            if self.text[at : at + 1] != ",":
                return None
            at = _skip_space(self.text, at + 1)
        return None

    def _past(self, start: int) -> int:
        """Where the comma or bracket stands that ends a value inside brackets."""
        level = 0
        for token in _TOKEN.finditer(self.text, start):
            if token["string"] is not None:
                continue
            if token[0] in "[{":
                level += 1
            elif level == 0 and token[0] in ",]}":
                return token.start()
            elif token[0] in "]}":
                level -= 1
        return len(self.text)

    def _scan(self) -> None:
        text, at = self.text, 0
        table: Key = ()
        while (at := _skip_space(text, at)) < len(text):
            if text[at] == "[":
                array = text.startswith("[[", at)
                names, after = _read_key(text, at + 2 if array else at + 1)
                if names:
                    table = self._header(names, at, array)
                at = _line_end(text, after)
                continue
            names, after = _read_key(text, at)
            if not names or text[after : after + 1] != "=":
                at = _line_end(text, at)
                continue
            value = after + 1
            while text[value : value + 1] in (" ", "\t"):
                value += 1
            for length in range(1, len(names)):
                self._marks.setdefault((*table, *names[:length]), Mark(at, None))
            self._marks.setdefault((*table, *names), Mark(at, value))
            at = self._statement_end(value)

    def _header(self, names: tuple[str, ...], at: int, array: bool) -> Key:
        table: Key = ()
        for position, name in enumerate(names):
            table = (*table, name)
            last = position == len(names) - 1
            if last and array:
                self._marks.setdefault(table, Mark(at, None))
                self._arrays[table] = self._arrays.get(table, -1) + 1
            if (not last or array) and table in self._arrays:
                table = (*table, self._arrays[table])
            self._marks.setdefault(table, Mark(at, None))
        return table

    def _statement_end(self, start: int) -> int:
        level = 0
        for token in _TOKEN.finditer(self.text, start):
            if token["string"] is not None:
                continue
            if token[0] in "[{":
                level += 1
            elif token[0] in "]}":
                level -= 1
            elif token[0] == "\n" and level <= 0:
                return token.start()
        return len(self.text)


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def longest_key(text: str) -> int | None:
    """Where a dotted key of more than `limits.MAX_NESTING` parts begins, outside strings and comments."""
    return next((token.start() for token in _PARTS.finditer(text) if token["parts"]), None)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _read_key(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """The parts of a dotted key, and where it ends."""
    names: list[str] = []
    while match := _KEY_PART.match(text, at):
        names.append(_unquote(match[1]))
        at = match.end()
        if text[at : at + 1] != ".":
            return tuple(names), at
        at += 1
    return tuple(names), at


def _unquote(name: str) -> str:
    if name[0] == "'":
        return name[1:-1]
    if name[0] == '"':
        try:
            return str(tomllib.loads(f"k = {name}")["k"])
        except tomllib.TOMLDecodeError:
            return name[1:-1]
    return name
