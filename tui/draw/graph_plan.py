"""Where everything of a network drawing goes: which columns are shown, how wide they and the gaps between them are.

A plan depends on sizes alone, never on values, so stepping through a training plans once.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from engine.structs import replace
from tui.draw.graph_grid import LINES, Grid, grid_for
from tui.draw.graph_model import Widths
from tui.draw.graph_rows import (
    BOX,
    LANES,
    LIST,
    MAP,
    SMALL,
    STACK,
    TAPS,
    Rows,
    Shape,
    Stand,
    bus_order,
    choose_rows,
    gap_width,
    wired,
)

BOX_INNER = 8
"""Cells inside a box where there is room: `+0.798` and a blank on each side. A fixed width does not jump."""
BIG_INNER = 12
"""The same for projectors."""
_WIDE_MAP = 20
"""Cells up to which the pixels of a picture of weights may be two cells wide."""
LIST_ROWS = 16
"""Units up to which a layer is listed; a larger one is a picture, abridged to a list only where that has no room."""

_HIDDEN_COST = 80.0
_HIDDEN_NEIGHBOUR_COST = 120.0
_WIRE_ROOM = 12
"""A wire may be this much longer than it must; wider terminals get margins instead."""


class Spec(NamedTuple):
    """What the place of a column depends on. `focus` is its unit in focus where not all units may be shown."""

    size: int
    focus: int | None
    widths: Widths


class Measure(Struct, frozen=True):
    """A column as it may stand: its units as drawn (negative: so many left out), or its grid, and its widths."""

    units: tuple[int, ...]
    widths: Widths
    small: bool
    big: bool = False
    grid: Grid | None = None
    lines: int = 0
    """Lines under the grid."""
    map: Grid | None = None
    """The picture of the weights which the gap that follows should have room for."""

    @property
    def value(self) -> int:
        return self.widths.value + self.widths.marked

    @property
    def weight(self) -> int:
        return self.widths.weight + self.widths.marked

    def shape(self) -> Shape:
        line = self.widths.label + self.value + 3
        room = self.map.width + 3 if self.map else 0
        if self.small:
            inner = max(BIG_INNER, self.wide) if self.big else max(self.widths.label, self.value, 1)
            return Shape(len(self.units), True, self.weight, inner + 2, line, map=room, big=self.big)
        if self.grid:
            tall = self.grid.height + 1 + self.lines
            return Shape(1, False, self.weight, max(self.grid.width + 2, line - 1), tall=tall, map=room)
        left_out = max((len(str(-unit)) + 3 for unit in self.units if unit < 0), default=0)
        return Shape(len(self.units), False, self.weight, max(line, left_out + 2), map=room)

    @property
    def wide(self) -> int:
        """The inner width of a box in which everything has room."""
        return max(
            BIG_INNER if self.big else BOX_INNER,
            self.value + 2,
            self.widths.label + 2,
            self.widths.bias + self.widths.marked + 1,
        )


def measure(spec: Spec, rows: int, *, boxes: bool, big: bool, roomy: bool, width: int) -> Measure:
    """A column in at most `rows` rows and `width` cells; `roomy` grids have wide pixels."""
    if boxes and 0 < spec.size <= SMALL:
        return Measure(tuple(range(spec.size)), spec.widths, True, big)
    if spec.size > LIST_ROWS:
        for lines in range(LINES, 0, -1):
            grid = grid_for(spec.size, width, rows - 1 - lines, roomy=roomy)
            # a line less is better than a picture with fewer pixels
            if grid is not None and (grid.pool == 1 or lines <= 2):
                return Measure((spec.focus or 0,), spec.widths, False, big, grid, lines)
    return Measure(visible_units(spec.size, min(rows, LIST_ROWS), spec.focus), spec.widths, False, big)


class Placed(Struct, frozen=True):
    """A column on the canvas."""

    column: int
    stand: Stand
    units: tuple[int, ...]
    x: int
    width: int
    widths: Widths
    grid: Grid | None = None
    lines: int = 0
    """Lines under the grid."""


class Wiring(Struct, frozen=True):
    """A gap on the canvas, from cell `left` to cell `right`; labels and buses by destination."""

    kind: str
    left: int
    right: int
    labels: tuple[int, ...] = ()
    buses: tuple[int, ...] = ()
    label: int = 0
    """Cells of a label."""


class Plan(Struct, frozen=True):
    """Columns and gaps that are shown, and how many columns are not."""

    placed: tuple[Placed, ...]
    wirings: tuple[Wiring, ...]
    before: int
    after: int
    whole: bool = False
    """Whether every column is shown, with every wire that small columns should have."""


def visible_units(size: int, rows: int, focus: int | None) -> tuple[int, ...]:
    """The units of a column that get one of `rows` rows: the focused, the last, the first ones. −n: n left out."""
    if rows < 1 or size < 1:
        return ()
    if size <= rows:
        return tuple(range(size))
    keep = min(max(focus or 0, 0), size - 1)
    if rows == 1:
        return (keep,)

    def listed(units: set[int]) -> tuple[int, ...]:
        entries: list[int] = []
        expected = 0
        for unit in (*sorted(units), size):
            if unit > expected:
                entries.append(expected - unit)
            if unit < size:
                entries.append(unit)
            expected = unit + 1
        return tuple(entries)

    chosen = {keep}
    for unit in (size - 1, 0, keep - 1, keep + 1, *range(1, rows + 1)):
        if 0 <= unit < size and len(listed(chosen | {unit})) <= rows:
            chosen.add(unit)
    entries = listed(chosen)
    return entries if len(entries) <= rows else (keep, keep + 1 - size)


def _wiring(kind: str, left: int, right: int, source: Stand, dest: Stand, label: int) -> Wiring:
    """Labels and buses inside a gap; the spare cells go to a margin before the label, wider lanes and the arrow."""
    dests = dest.count
    spare = right - left + 1 - gap_width(kind, dests, label)
    if kind == LANES:
        ordered = bus_order(source, dest)
        order = ordered[0] if ordered else tuple(range(dests))
        lead = 1 + (spare >= 1)
        spare -= lead - 1
        pitch = 3 if spare >= dests - 1 else 2
        spare -= (pitch - 2) * (dests - 1)
        tail = 1 + min(2, max(0, spare // 2))
        buses = [0] * dests
        for place, unit in enumerate(order):
            buses[unit] = right - tail - (dests - 1 - place) * pitch
        return Wiring(kind, left, right, (left + lead,) * dests, tuple(buses), label)
    if kind == TAPS:
        pitch = label + 2 + min(3, spare // dests)
        lead = 1 + (pitch >= label + 4)
        starts = [left + unit * pitch for unit in range(dests)]
        return Wiring(kind, left, right, tuple(x + lead for x in starts), tuple(x + pitch - 1 for x in starts), label)
    return Wiring(kind, left, right, label=label)


def _widest(kind: str, narrowest: int, label: int, dests: int) -> int:
    if kind == TAPS:
        return dests * (label + 5) + 4
    return max(narrowest + _WIRE_ROOM, 26) if kind == LANES else 28


def map_grid(size: int, width: int, height: int) -> Grid | None:
    """The picture of `size` weights in a gap of `width` cells beside pointers and legend; None if it has no room."""
    rows = max(1, height - 1 - LINES)
    wide = grid_for(size, min(width, _WIDE_MAP), rows, roomy=True)
    return wide if wide is not None and wide.wide else grid_for(size, width, rows, roomy=False)


def _gap_limits(kind: str, narrow: int, measures: tuple[Measure, Measure], dests: int, room: int) -> tuple[int, int]:
    """How wide a gap is wanted, and at most, in `room` rows."""
    source, dest = measures
    if kind != MAP:
        wanted = dests * (source.weight + 4) + 2 if kind == TAPS else narrow + 6
        return wanted, _widest(kind, narrow, source.weight, dests)
    of = source.grid or dest.grid
    if of is None:
        return narrow, narrow
    grid = map_grid(of.size, 10_000, room) or of
    width = max(grid.width + 3, source.widths.label + source.value + 4)
    return width, width + 4


@lru_cache(maxsize=256)
def _place(
    first: int, measures: tuple[Measure, ...], rows: Rows, left: int, room: int, height: int
) -> tuple[tuple[Placed, ...], tuple[Wiring, ...]]:
    """Columns side by side in `room` cells from `left`, centred once the wires are long enough."""
    stands = rows.stands
    shapes = [each.shape() for each in measures]
    tight = [shape.narrowest(stand) for shape, stand in zip(shapes, stands, strict=True)]
    wide = [
        each.wide + 2 if stand.style in (BOX, STACK) else narrow
        for each, stand, narrow in zip(measures, stands, tight, strict=True)
    ]
    gaps = [
        max(gap_width(kind, stands[i + 1].count, measures[i].weight), shapes[i].map * (kind == MAP))
        for i, kind in enumerate(rows.kinds)
    ]
    widths = wide if sum(wide) + sum(gaps) <= room else tight
    spare = room - sum(widths) - sum(gaps)
    limits = [
        _gap_limits(kind, gaps[i], (measures[i], measures[i + 1]), stands[i + 1].count, height)
        for i, kind in enumerate(rows.kinds)
    ]
    while spare > 0 and any(gap < most for gap, (_, most) in zip(gaps, limits, strict=True)):
        open_gaps = [i for i, (_, most) in enumerate(limits) if gaps[i] < most]
        neediest = min(open_gaps, key=lambda i: gaps[i] - limits[i][0])
        gaps[neediest] += 1
        spare -= 1
    x = left + max(0, spare) // 2
    placed: list[Placed] = []
    wirings: list[Wiring] = []
    for i, (stand, each) in enumerate(zip(stands, measures, strict=True)):
        placed.append(Placed(first + i, stand, each.units, x, widths[i], each.widths, each.grid, each.lines))
        x += widths[i]
        if i < len(gaps):
            kind = rows.kinds[i]
            wirings.append(_wiring(kind, x, x + gaps[i] - 1, stand, stands[i + 1], each.weight))
            x += gaps[i]
    return tuple(placed), tuple(wirings)


def marker_width(hidden: int) -> int:
    """Cells kept free at a side where `hidden` columns are not shown: `‹3` and a blank."""
    return len(str(hidden)) + 2 if hidden else 0


@lru_cache(maxsize=1024)
def make_plan(specs: tuple[Spec, ...], focus: int, direction: str, width: int, height: int, big: bool = False) -> Plan:
    """The best window of columns around `focus`."""
    total = len(specs)
    if not total or width < 1 or height < 1:
        return Plan((), (), 0, 0)
    focus = min(max(focus, 0), total - 1)
    grids = any(spec.size > LIST_ROWS for spec in specs)
    best: tuple[float, Plan] | None = None
    for boxes in (True, False):
        for roomy in (True, False) if grids else (False,):
            best = _best_window(specs, focus, direction, width, height, boxes=boxes, big=big, roomy=roomy)
            if best is not None and (best[1].whole or not roomy):
                return best[1]
        if best is not None:
            return best[1]
    spec = specs[focus]
    alone = Measure(visible_units(spec.size, min(height, LIST_ROWS), spec.focus), spec.widths, False)
    stand = Stand(LIST, len(alone.units), 1, 0, 1)
    return Plan((Placed(focus, stand, alone.units, 0, width, spec.widths),), (), focus, total - focus - 1)


def _best_window(
    specs: tuple[Spec, ...], focus: int, direction: str, width: int, height: int,
    *, boxes: bool, big: bool, roomy: bool,
) -> tuple[float, Plan] | None:  # fmt: skip
    """The cheapest window of columns that fits, and its cost."""
    total = len(specs)
    most = max(1, (width + 8) // 13)
    best: tuple[float, Plan] | None = None
    for count in range(min(total, most), 0, -1):
        for first in range(max(0, focus - count + 1), min(focus, total - count) + 1):
            after = total - first - count
            cost = _HIDDEN_COST * (total - count) + abs(first + (count - 1) / 2 - focus)
            cost += _HIDDEN_NEIGHBOUR_COST * (focus == first > 0)
            cost += (
                _HIDDEN_NEIGHBOUR_COST
                * (first + count - 1 == focus and after > 0)
                * (1.0 if direction == "backward" else 0.5)
            )
            if best is not None and cost >= best[0]:
                continue
            left, right = marker_width(first), marker_width(after)
            room = width - left - right
            measures = tuple(
                measure(spec, height, boxes=boxes, big=big, roomy=roomy, width=room)
                for spec in specs[first : first + count]
            )
            if roomy:
                measures = _with_maps(measures, height)
            shapes = tuple(each.shape() for each in measures)
            rows = choose_rows(shapes, room, height, focus - first)
            if rows is None or (best is not None and cost + rows.cost >= best[0]):
                continue
            whole = count == total and wired(shapes, rows)
            placed, wirings = _place(first, measures, rows, left, room, height)
            best = cost + rows.cost, Plan(placed, wirings, first, after, whole)
            if whole:
                return best
    return best


def _with_maps(measures: tuple[Measure, ...], height: int) -> tuple[Measure, ...]:
    """The same with room for a picture of the weights in every gap beside a grid."""
    result = list(measures)
    for i, (source, dest) in enumerate(pairwise(measures)):
        of = source.grid or dest.grid
        if of is not None:
            result[i] = replace(source, map=grid_for(of.size, 10_000, max(1, height - 1 - LINES), roomy=False))
    return tuple(result)
