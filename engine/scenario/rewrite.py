"""Changes to the text of a TOML file that leave all the rest of it as it is: comments, spaces, order.

What fits into the text goes in as text, at the places that `Positions` finds. What changes how a file is built -
tables with headers and dotted keys that become something else - is tomlkit's work, imported only then.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.scenario.errors import Key, key_text
from engine.scenario.positions import Positions
from engine.scenario.syntax import parse

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

MISSING = object()
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONG = 1_000
"""Characters from which an array is set aside while tomlkit works: it is thirty times slower than the scanner."""


class RewriteError(ValueError):
    """A change that this text has no place for. The message says why."""


class Source:
    """A TOML text that `tomllib` accepts, and what it says.

    Raises:
        engine.scenario.syntax.SyntaxFaultError: it is none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tables = parse(text)

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.text)

    def get(self, key: Key) -> Any:
        """The value of a key, or MISSING."""
        value: Any = self.tables
        for part in key:
            if isinstance(value, list):
                held = isinstance(part, int) and 0 <= part < len(value)
            else:
                held = isinstance(value, dict) and part in value
            if not held:
                return MISSING
            value = value[part]
        return value

    def span(self, key: Key) -> tuple[int, int] | None:
        """Where a value begins and ends; None where it is no one piece of text."""
        value = self.get(key)
        start = None if value is MISSING else self.positions.value(key)
        if start is None:
            return None
        end = self.positions.end(start)
        try:
            # a dotted key within braces has no text of its own, and only its content shows that
            same = bool(tomllib.loads(f"v = {self.text[start:end]}") == {"v": value})
        except tomllib.TOMLDecodeError:
            return None
        return (start, end) if same else None

    def written(self, key: Key) -> str | None:
        """A value as it is written."""
        span = self.span(key)
        return None if span is None else self.text[span[0] : span[1]]

    def put(self, key: Key, value: str) -> Source:
        """The text with a value, written as TOML, at a key: in place of what is there, or added to its table.

        Raises:
            RewriteError: there is no table that could hold the key.
        """
        span = self.span(key)
        if span is not None:
            return self._spliced(span[0], span[1], value)
        if self.get(key) is not MISSING:
            return self._by_tomlkit(lambda tables, made: _assign(tables, key, made(value)), f"{key_text(key)}")
        length = next(size for size in range(len(key) - 1, -1, -1) if self.get(key[:size]) is not MISSING)
        parent, rest = key[:length], key[length:]
        if not isinstance(self.get(parent), dict) or any(isinstance(part, int) for part in rest):
            raise RewriteError(self._no_place(parent, rest))
        names = [str(part) for part in rest]
        if not parent and len(names) > 1:
            header = ".".join(map(_key, names[:-1]))
            gap = "" if self.text.endswith("\n") else "\n"
            return Source(f"{self.text}{gap}\n[{header}]\n{_key(names[-1])} = {value}\n")
        for name in reversed(names[1:]):
            value = f"{{ {_key(name)} = {value} }}"
        return self._added(parent, names[0], value)

    def restate(self, key: Key, values: Mapping[str, str]) -> Source:
        """The text with several keys, values written as TOML, in place of one of the same table."""
        start = next((mark.key for one, mark in self.positions.statements() if one == key), None)
        span = self.span(key)
        if start is not None and span is not None and "." not in self.text[start : span[0]]:
            margin = self.text[self.text.rfind("\n", 0, start) + 1 : start]
            lines = f"\n{margin if not margin.strip() else ''}".join(
                f"{_key(name)} = {value}" for name, value in values.items()
            )
            return self._spliced(start, span[1], lines)
        changed = self.without(key)
        for name, value in values.items():
            changed = changed.put((*key[:-1], name), value)
        return changed

    def without(self, key: Key) -> Source:
        """The text without a key and its value.

        Raises:
            RewriteError: there is no such key.
        """
        if self.get(key) is MISSING:
            raise RewriteError(f"there is no {key_text(key)} to take away")
        table = self.span(key[:-1]) if len(key) > 1 and isinstance(key[-1], str) else None
        if table is not None:
            kept = [name for name in self.get(key[:-1]) if name != key[-1]]
            texts = {name: self.written((*key[:-1], name)) for name in kept}
            if None not in texts.values():
                return self._spliced(*table, inline({name: str(text) for name, text in texts.items()}))

        def remove(tables: Any, made: Callable[[str], Any]) -> None:
            del _walk(tables, key[:-1])[key[-1]]

        return self._by_tomlkit(remove, key_text(key))

    def _spliced(self, start: int, end: int, value: str) -> Source:
        return Source(self.text[:start] + value + self.text[end:])

    def _added(self, parent: Key, name: str, value: str) -> Source:
        """The text with one more key in a table that is there."""
        line = f"{_key(name)} = {value}"
        span = self.span(parent) if parent else None
        if span is not None:
            inside = self.text[span[0] + 1 : span[1] - 1]
            gap = inside[len(inside.rstrip()) :] or " "
            comma = ", " if inside.strip() else " "
            return self._spliced(span[0] + 1 + len(inside.rstrip()), span[1] - 1, f"{comma}{line}{gap}")
        header = self.positions.header(parent) if parent else -1
        if header is None:
            return self._by_tomlkit(
                lambda tables, made: _assign(tables, (*parent, name), made(value)), key_text((*parent, name))
            )
        following = next((at for at in self.positions.headers() if at > header), len(self.text))
        inside_it = [mark for _, mark in self.positions.statements() if header < mark.key < following]
        margin = ""
        if inside_it:
            last = max(inside_it, key=lambda mark: mark.key)
            before = self.text[self.text.rfind("\n", 0, last.key) + 1 : last.key]
            margin = "" if before.strip() else before
            at = self._line_end(self.positions.end(last.value or 0))
        elif parent:
            at = self._line_end(header)
        else:
            return Source(f"{line}\n{self.text}")
        return self._spliced(at, at, f"\n{margin}{line}")

    def _line_end(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if end and self.text[end - 1] == "\r" and end < len(self.text) else end

    def _no_place(self, parent: Key, rest: Key) -> str:
        held = self.get(parent)
        if isinstance(rest[0], int) and isinstance(held, list):
            have = f"there are {len(held):,}" if len(held) != 1 else "there is one"
            return f"there is no {key_text((*parent, rest[0]))}: {have}, counted from 1"
        if isinstance(rest[0], int) or held is MISSING:
            return f"there is no {key_text((*parent, *rest))}"
        return f"{key_text(parent)} is no table that {key_text(rest)} could stand in"

    def _by_tomlkit(self, change: Callable[[Any, Callable[[str], Any]], None], what: str) -> Source:
        """The text after a change to its tables, long arrays set aside meanwhile."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        expected = copy.deepcopy(self.tables)
        change(expected, lambda value: tomllib.loads(f"v = {value}")["v"])
        text, aside = self._set_aside()
        try:
            document: TOMLDocument = tomlkit.parse(text)
            change(document, tomlkit.value)
            done = tomlkit.dumps(document)
        except (TOMLKitError, KeyError, TypeError, ValueError, IndexError):
            done = ""
        for word, array in aside.items():
            done = done.replace(word, array)
        try:
            right = tomllib.loads(done) == expected
        except tomllib.TOMLDecodeError:
            right = False
        if not right:
            raise RewriteError(f"{what} is written in a way that only an editor can change: change it in the file")
        return Source(done)

    def _set_aside(self) -> tuple[str, dict[str, str]]:
        """The text with a word in place of every long array, and what each word stands for."""
        pieces: list[str] = []
        aside: dict[str, str] = {}
        at = 0
        for mark in sorted((mark for _, mark in self.positions.statements()), key=lambda mark: mark.key):
            start = mark.value or 0
            if self.text[start] != "[" or start < at:
                continue
            end = self.positions.end(start)
            if end - start >= _LONG and "{" not in self.text[start:end]:
                word = f'"set aside: array {len(aside)}"'
                if word in self.text:
                    continue
                aside[word] = self.text[start:end]
                pieces += [self.text[at:start], word]
                at = end
        return "".join([*pieces, self.text[at:]]), aside


def inline(values: Mapping[str, str]) -> str:
    """A table on one line, of values written as TOML."""
    return "{ " + ", ".join(f"{_key(name)} = {value}" for name, value in values.items()) + " }" if values else "{}"


def string(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else string(name)


def _walk(tables: Any, key: Key) -> Any:
    for part in key:
        tables = tables[part]
    return tables


def _assign(tables: Any, key: Key, value: Any) -> None:
    _walk(tables, key[:-1])[key[-1]] = value
