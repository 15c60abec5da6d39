"""Lines in braille dots: 2 × 4 dots a cell, for edges which run slantwise between one-row units.

Dots are ORed, so crossing lines both survive; a cell takes the role of the most important line through it.
"""

from __future__ import annotations

from collections.abc import Iterator

_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of a dot by its column (0–1) and row (0–3) in the cell."""

DOT_COLUMNS = 2
DOT_ROWS = 4


class Braille:
    """Dots over a rectangle of cells; dots outside are dropped."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._bits: dict[tuple[int, int], int] = {}
        self._roles: dict[tuple[int, int], tuple[float, str]] = {}
        self._lines: dict[tuple[int, int], int] = {}

    def line(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        role: str,
        rank: float,
        *,
        dashed: bool = False,
        thick: bool = False,
    ) -> None:
        """A line in dot coordinates from `start` to `end`; of two in one cell the higher `rank` colours it."""
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0))
        touched = set()
        for step in range(steps + 1):
            if dashed and step % 7 > 3:
                continue
            x = x0 + round((x1 - x0) * step / steps) if steps else x0
            y = y0 + round((y1 - y0) * step / steps) if steps else y0
            for dot in (y, y + 1) if thick else (y,):
                cell = (x // DOT_COLUMNS, dot // DOT_ROWS)
                if not (0 <= cell[0] < self.width and 0 <= cell[1] < self.height):
                    continue
                self._bits[cell] = self._bits.get(cell, 0) | _BITS[x % DOT_COLUMNS][dot % DOT_ROWS]
                if cell not in self._roles or rank > self._roles[cell][0]:
                    self._roles[cell] = (rank, role)
                touched.add(cell)
        for cell in touched:
            self._lines[cell] = self._lines.get(cell, 0) + 1

    def cells(self, *, ascii: bool = False) -> Iterator[tuple[int, int, str, str]]:
        """Every cell with a dot: x, y, character, role. In ASCII one line is `.` and several are `:`."""
        for (x, y), bits in self._bits.items():
            char = (":" if self._lines[x, y] > 1 else ".") if ascii else chr(0x2800 + bits)
            yield x, y, char, self._roles[x, y][1]
