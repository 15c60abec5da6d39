"""Large layers as pictures: the shape of a grid, its pixels as half blocks or pairs of blanks, and its legend.

Zero is the middle of the scale, the largest magnitude its end. Where there is no heat to colour with, a pixel is a
glyph: marks for plus, letters for minus, more ink for more. A cell that stands for several numbers shows the one of
the largest magnitude.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tui.draw.cells import Canvas, Hit, Look, width_of
from tui.draw.figures import HIDDEN, NEXT, UNREACHED
from tui.draw.graph_model import STRONG, Heatmap, box_role

PLUS, MINUS = ":+*#@", "rnmNM"
"""Glyphs where there is no heat, by magnitude: marks are positive, letters negative; exactly 0 is blank."""
STEPS = 24
"""Shades on either side of zero; a multiple of what a palette tells apart would be wasted."""
NON_FINITE = "!"
LINES = 3
"""The most lines below a grid: the number in focus, the least and the largest, the scale where it has no room there."""
_WIDEST = 32
"""Cells up to which a pixel may be two cells wide rather than half a cell tall."""
_MOST_POOLED = 8
_SQUAT = 2.5
"""A grid at most this much wider than high; a size that only factors worse gets a short last row."""
_UNKNOWN, _ABSENT, _BROKEN = 99, 98, 97
"""What a pixel may be besides a shade."""


@lru_cache(maxsize=256)
def pixels_of(size: int) -> tuple[int, int]:
    """Rows and columns for `size` pixels: the exact square, the squarest factors, else a short last row."""
    rows = math.isqrt(max(size, 1))
    while size % rows:
        rows -= 1
    columns = size // rows
    if columns <= _SQUAT * rows:
        return rows, columns
    columns = math.isqrt(size - 1) + 1
    return _up(size, columns), columns


def _up(number: int, by: int) -> int:
    """A quotient, rounded up."""
    return -(-number // by)


class Grid(Struct, frozen=True):
    """How `size` numbers stand in cells: `rows` × `columns` pixels of `pool` × `pool` numbers each."""

    size: int
    across: int
    """Numbers in a row, before pooling."""
    pool: int
    wide: bool
    """A pixel is two cells side by side; otherwise half a cell, two pixels above each other."""

    @property
    def columns(self) -> int:
        return _up(self.across, self.pool)

    @property
    def rows(self) -> int:
        return _up(_up(self.size, self.across), self.pool)

    @property
    def width(self) -> int:
        """In cells."""
        return self.columns * (2 if self.wide else 1)

    @property
    def height(self) -> int:
        """In cells."""
        return self.rows if self.wide else (self.rows + 1) // 2

    def cell(self, index: int) -> tuple[int, int]:
        """Where a number stands: the column and row of its (first) cell."""
        y, x = divmod(index, self.across)
        y, x = y // self.pool, x // self.pool
        return (2 * x, y) if self.wide else (x, y // 2)

    def first(self, x: int, y: int) -> int | None:
        """The first number of a cell; None where the last row has ended."""
        row = (y if self.wide else 2 * y) * self.pool
        column = (x // 2 if self.wide else x) * self.pool
        index = row * self.across + column
        return index if index < self.size else None


@lru_cache(maxsize=512)
def grid_for(size: int, width: int, height: int, *, roomy: bool) -> Grid | None:
    """The largest grid of `size` pixels in `width` × `height` cells; None if even pooled it does not fit."""
    across = pixels_of(size)[1]
    if roomy:
        grid = Grid(size, across, 1, True)
        if grid.width <= min(width, _WIDEST) and grid.height <= height:
            return grid
    for pool in range(1, _MOST_POOLED + 1):
        grid = Grid(size, across, pool, False)
        if grid.width <= width and grid.height <= height:
            return grid
    return None


def scale_of(heat: Heatmap) -> float:
    """The largest finite magnitude known: the ends of the colour scale."""
    finite = np.abs(heat.values[heat.known & np.isfinite(heat.values)])
    return float(finite.max()) if len(finite) else 0.0


def _pooled(grid: Grid, heat: Heatmap) -> NDArray[np.int64]:
    """Every pixel, shape (rows, columns), as a shade from −STEPS to STEPS or as what else it is."""
    most = scale_of(heat)
    with np.errstate(all="ignore"):
        shades = np.rint(heat.values / (most or 1.0) * STEPS)
        # what is not zero never looks like zero
        tiny = (shades == 0) & (heat.values != 0)
        shades[tiny] = np.sign(heat.values[tiny])
    finite = np.isfinite(heat.values)
    codes = np.where(finite, np.where(finite, shades, 0), _BROKEN).astype(np.int64)
    codes = np.where(heat.known, codes, _UNKNOWN)
    tall = grid.rows * grid.pool
    full = np.full((tall, grid.columns * grid.pool), _ABSENT, dtype=np.int64)
    rows = _up(grid.size, grid.across)
    padded = np.full(rows * grid.across, _ABSENT, dtype=np.int64)
    padded[: grid.size] = codes
    full[:rows, : grid.across] = padded.reshape(rows, grid.across)
    if grid.pool == 1:
        return full
    blocks = full.reshape(grid.rows, grid.pool, grid.columns, grid.pool).swapaxes(1, 2)
    return _strongest(blocks.reshape(grid.rows, grid.columns, -1))


def _strongest(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the codes along the last axis the one that matters most: broken, the largest shade, unknown, absent."""
    order = np.abs(codes)
    order[codes == _ABSENT] = -2
    order[codes == _UNKNOWN] = -1
    chosen = np.take_along_axis(codes, order.argmax(-1)[..., None], -1)[..., 0]
    return np.asarray(chosen, dtype=np.int64)


@lru_cache(maxsize=8192)
def _half(upper: int, lower: int) -> tuple[str, Look]:
    """A cell of two pixels above each other, with heat."""
    if _BROKEN in (upper, lower):
        return NON_FINITE, Look("warning")
    if upper >= _BROKEN:
        return (UNREACHED[False], Look("dim")) if upper == _UNKNOWN else (" ", Look())
    below = lower / STEPS if lower < _BROKEN else None
    return "▀", Look("pixel_top" if below is None else "pixel", upper / STEPS, below)


@lru_cache(maxsize=1024)
def _whole(code: int, coloured: bool, ascii: bool) -> tuple[str, Look]:
    """A cell of one pixel: a blank with heat, or a glyph that says sign and magnitude without."""
    if code == _BROKEN:
        return NON_FINITE, Look("warning")
    if code == _UNKNOWN:
        return UNREACHED[ascii], Look("dim")
    if code == _ABSENT:
        return " ", Look()
    if coloured:
        return " ", Look("pixel", code / STEPS)
    if not code:
        return " ", Look()
    ramp = PLUS if code > 0 else MINUS
    return ramp[min(len(ramp) - 1, (abs(code) - 1) * len(ramp) // STEPS)], Look("positive" if code > 0 else "negative")


def draw_pixels(canvas: Canvas, x: int, y: int, grid: Grid, heat: Heatmap, *, coloured: bool, ascii: bool) -> None:
    """The pixels of a grid, its upper left cell at (x, y)."""
    codes = _pooled(grid, heat)
    if grid.wide:
        for row, line in enumerate(codes.tolist()):
            cells = [_whole(code, coloured, ascii) for code in line for _ in (0, 1)]
            canvas.paint(x, y + row, [char for char, _ in cells], [look for _, look in cells])
        return
    if len(codes) % 2:
        codes = np.vstack([codes, np.full((1, grid.columns), _ABSENT)])
    if not coloured:
        pairs = _strongest(np.stack([codes[::2], codes[1::2]], axis=-1))
        for row, line in enumerate(pairs.tolist()):
            cells = [_whole(code, False, ascii) for code in line]
            canvas.paint(x, y + row, [char for char, _ in cells], [look for _, look in cells])
        return
    lines = codes.tolist()
    for row in range(len(lines) // 2):
        cells = [_half(upper, lower) for upper, lower in zip(lines[2 * row], lines[2 * row + 1], strict=True)]
        canvas.paint(x, y + row, [char for char, _ in cells], [look for _, look in cells])


@lru_cache(maxsize=64)
def pixel_hits(x: int, y: int, grid: Grid, target: str) -> tuple[Hit, ...]:
    """A clickable place for every cell: the first number that it shows."""
    step = 2 if grid.wide else 1
    return tuple(
        Hit(x + column, y + row, step, target.format(index + 1))
        for row in range(grid.height)
        for column in range(0, grid.width, step)
        if (index := grid.first(column, row)) is not None
    )


def draw_map(
    canvas: Canvas, x: int, y: int, width: int, grid: Grid, heat: Heatmap, emphasis: str, cells: int,
    *, label: int = 0, coloured: bool, ascii: bool, lines: int = 2,
) -> list[Hit]:  # fmt: skip
    """A grid with its pointers, the number in focus and the legend, in `width` cells from (x, y).

    The first row and column hold the pointers; `lines` rows below the grid are free: the number in focus comes
    first. `emphasis` is that of the number in focus, which has `cells` cells beside a name of `label` or more.
    """
    left, top = x + 1 + max(0, width - 1 - grid.width) // 2, y + 1
    draw_pixels(canvas, left, top, grid, heat, coloured=coloured, ascii=ascii)
    if heat.following is not None:
        column, row = grid.cell(heat.following)
        # a mark on a number that is known would hide it
        if canvas.get(left + column, top + row) == UNREACHED[ascii]:
            canvas.put(left + column, top + row, NEXT[ascii], Look("next"))
    hits: list[Hit] = []
    below = top + grid.height
    if heat.focus is not None:
        column, row = grid.cell(heat.focus)
        down, across = ("v", ">") if ascii else ("▼", "▶")
        look = Look("pointer")
        canvas.put(left + column, y, (down * 2)[: 2 if grid.wide else 1], look)
        canvas.put(left - 1, top + row, across, look)
        if lines:
            hits += _focused(canvas, x, below, width, heat, emphasis, cells, label, look)
            below += 1
    elif lines > 1:
        below += 1
    if lines > (heat.focus is not None):
        _legend(canvas, x, below, width, heat, more=lines > 2, coloured=coloured)
    hits += pixel_hits(left, top, grid, heat.target)
    return hits


def _focused(
    canvas: Canvas, x: int, y: int, width: int, heat: Heatmap, emphasis: str, cells: int, label: int, plain: Look
) -> list[Hit]:
    """The name and the number of what the pointers point at."""
    assert heat.focus is not None
    value = heat.value.strip()
    changed = "*" if heat.changed else ""
    named = max(label, width_of(heat.label))
    start = x + max(0, (width - named - 1 - cells) // 2)
    look = Look(box_role(emphasis)) if emphasis in (*STRONG, "next") else plain
    canvas.put(start + named - width_of(heat.label), y, heat.label, look)
    after = start + named + 1
    value_look = Look("dim") if value == HIDDEN or not heat.of else Look("value", heat.heat)
    end = canvas.put(after, y, value, value_look)
    canvas.put(end, y, changed, Look("changed"))
    target = heat.target.format(heat.focus + 1)
    return [Hit(start, y, named + 1 + cells, target, value if heat.of else "", cells, heat.of, heat.how)]


def _legend(canvas: Canvas, x: int, y: int, width: int, heat: Heatmap, *, more: bool, coloured: bool) -> None:
    """The least and the largest number known, and the scale between them; under them with one line `more`."""
    finite = heat.values[heat.known & np.isfinite(heat.values)]
    if not len(finite):
        return
    least, largest, most = float(finite.min()), float(finite.max()), scale_of(heat)
    low, high = heat.text(least).strip(), heat.text(largest).strip()
    between = width - width_of(low) - width_of(high) - 2
    bar = _bar(between, least, largest, most, coloured=coloured)
    under = not bar and more
    if under:
        bar = _bar(width, least, largest, most, coloured=coloured)
    parts = [(char, Look("dim")) for char in f"{low} "] + ([] if under else bar)
    parts += [(char, Look("dim")) for char in (f" {high}" if bar and not under else high)]
    _centre(canvas, x, y, width, parts)
    if under:
        _centre(canvas, x, y + 1, width, bar)


def _centre(canvas: Canvas, x: int, y: int, width: int, parts: list[tuple[str, Look]]) -> None:
    start = x + max(0, (width - len(parts)) // 2)
    canvas.paint(start, y, [char for char, _ in parts], [look for _, look in parts])


def _bar(room: int, least: float, largest: float, most: float, *, coloured: bool) -> list[tuple[str, Look]]:
    """The scale: shades from the least to the largest, or the glyphs."""
    if not coloured:
        glyphs = MINUS[::-1] * (least < 0) + " " * (least < 0 < largest) + PLUS * (largest > 0)
        if len(glyphs) > room:
            return []
        return [
            (char, Look("positive" if char in PLUS else "negative" if char in MINUS else "text")) for char in glyphs
        ]
    length = min(room, 8)
    if length < 2 or not most:
        return []
    shades = np.rint(np.linspace(least, largest, length) / most * STEPS) / STEPS
    return [(" ", Look("pixel", float(shade))) for shade in shades]
