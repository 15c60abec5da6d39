"""A rectangle of characters with roles: what every drawing function returns and every widget shows.

A role says what a cell *means* ("positive", "current"); the palette decides how that looks, so that colour,
16 colours and NO_COLOR are one drawing. Heat is a number in −1 … +1 shown as background where colour exists.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct


class Look(NamedTuple):
    """What a cell means: a role of the palette, and how much heat lies behind it (−1 … +1, None: none).

    In the role "pixel" the heat is the picture: of the whole cell, or with `▀` of its upper half over `below`; in
    "pixel_top" of the upper half with nothing below.
    """

    role: str = "text"
    heat: float | None = None
    below: float | None = None


PLAIN = Look()


class Span(NamedTuple):
    """A run of characters that look alike."""

    text: str
    look: Look = PLAIN


Row = tuple[Span, ...]


class Hit(Struct, frozen=True, eq=False):
    """A clickable rectangle: `width` cells from (x, y), naming an address as text.

    Where a number stands in it, the number can be checked: `shown` is its text, made for `cells` cells from the
    values at the addresses `of`: the value itself, their product or the first minus the second, as `how` says.
    """

    x: int
    y: int
    width: int
    target: str
    shown: str = ""
    cells: int = 0
    of: tuple[str, ...] = ()
    how: str = "value"


class Drawing(Struct, frozen=True, eq=False):
    """A finished rectangle and what can be pointed at in it."""

    rows: tuple[Row, ...]
    hits: tuple[Hit, ...] = ()


class _Widths(dict[str, int]):
    """The width of each character met, looked up once."""

    def __missing__(self, char: str) -> int:
        wide = unicodedata.east_asian_width(char) in "WF"
        width = self[char] = 0 if unicodedata.combining(char) else 2 if wide else 1
        return width


_WIDTHS = _Widths()


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """Terminal cells `text` takes: combining marks none, East Asian wide two."""
    return len(text) if text.isascii() else sum(map(_WIDTHS.__getitem__, text))


class Canvas:
    """A mutable grid while a drawing is made; `rows()` freezes it. Writes outside are clipped, never an error."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._chars: list[list[str]] = [[" "] * self.width for _ in range(self.height)]
        self._looks: list[list[Look]] = [[PLAIN] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, look: Look = PLAIN) -> int:
        """Write `text` from column x of row y; return the column after it."""
        if text.isascii() and 0 <= y < self.height and x >= 0 and x + len(text) <= self.width:
            self._chars[y][x : x + len(text)] = text
            self._looks[y][x : x + len(text)] = [look] * len(text)
            return x + len(text)
        for char in text:
            wide = _WIDTHS[char]
            if wide == 0:
                if 0 <= y < self.height and 0 < x <= self.width:
                    self._chars[y][x - 1] += char
                continue
            if 0 <= y < self.height and x >= 0 and x + wide <= self.width:
                self._chars[y][x] = char
                self._looks[y][x] = look
                if wide == 2:
                    self._chars[y][x + 1] = ""
                    self._looks[y][x + 1] = look
            x += wide
        return x

    def paint(self, x: int, y: int, chars: list[str], looks: list[Look]) -> None:
        """One-cell characters with a look each, from column x of row y: what pictures are made of."""
        if not 0 <= y < self.height or x < 0:
            return
        room = max(0, self.width - x)
        self._chars[y][x : x + len(chars)] = chars[:room]
        self._looks[y][x : x + len(looks)] = looks[:room]

    def get(self, x: int, y: int) -> str:
        """The character at (x, y); a blank outside."""
        return self._chars[y][x] if 0 <= x < self.width and 0 <= y < self.height else " "

    def look(self, x: int, y: int) -> Look:
        return self._looks[y][x] if 0 <= x < self.width and 0 <= y < self.height else PLAIN

    def row(self, y: int) -> Row:
        """Row y as the fewest spans."""
        chars, looks = self._chars[y], self._looks[y]
        spans: list[Span] = []
        start, current = 0, looks[0] if looks else PLAIN
        for x, look in enumerate(looks):
            # most neighbours are one and the same object
            if look is not current and look != current:
                spans.append(Span("".join(chars[start:x]), current))
                start, current = x, look
        if looks:
            spans.append(Span("".join(chars[start:]), current))
        return tuple(spans)

    def rows(self) -> tuple[Row, ...]:
        return tuple(self.row(y) for y in range(self.height))


def plain_text(rows: tuple[Row, ...]) -> str:
    """The characters alone, trailing blanks cut: what a golden file holds."""
    return "\n".join("".join(span.text for span in row).rstrip() for row in rows)
