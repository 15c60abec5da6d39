"""Where everything of a network drawing goes: which columns are shown, how wide they and the gaps between them are.

A plan depends on sizes alone, never on values, so stepping through a training plans once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tui.draw.graph_rows import (
    BOX,
    LANES,
    LIST,
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

_HIDDEN_COST = 80.0
_HIDDEN_NEIGHBOUR_COST = 120.0
_WIRE_ROOM = 12
"""A wire may be this much longer than it must; wider terminals get margins instead."""


@dataclass(frozen=True)
class Measure:
    """The widths in a column: its units as drawn (negative: so many left out) and its texts."""

    units: tuple[int, ...]
    label: int
    value: int
    bias: int
    weight: int
    """The widest weight of the gap that follows."""

    def shape(self, *, small: bool) -> Shape:
        line = self.label + self.value + 3
        if small:
            return Shape(len(self.units), True, self.weight, max(self.label, self.value, 1) + 2, line)
        left_out = max((len(str(-unit)) + 3 for unit in self.units if unit < 0), default=0)
        return Shape(len(self.units), False, self.weight, max(line, left_out + 2))


@dataclass(frozen=True)
class Placed:
    """A column on the canvas."""

    column: int
    stand: Stand
    units: tuple[int, ...]
    x: int
    width: int


@dataclass(frozen=True)
class Wiring:
    """A gap on the canvas, from cell `left` to cell `right`; labels and buses by destination."""

    kind: str
    left: int
    right: int
    labels: tuple[int, ...] = ()
    buses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Columns and gaps that are shown, and how many columns are not."""

    placed: tuple[Placed, ...]
    wirings: tuple[Wiring, ...]
    before: int
    after: int


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
        return Wiring(kind, left, right, (left + lead,) * dests, tuple(buses))
    if kind == TAPS:
        pitch = label + 2 + min(3, spare // dests)
        lead = 1 + (pitch >= label + 4)
        starts = [left + unit * pitch for unit in range(dests)]
        return Wiring(kind, left, right, tuple(x + lead for x in starts), tuple(x + pitch - 1 for x in starts))
    return Wiring(kind, left, right)


def _widest(kind: str, narrowest: int, label: int, dests: int) -> int:
    if kind == TAPS:
        return dests * (label + 5) + 4
    return max(narrowest + _WIRE_ROOM, 26) if kind == LANES else 28


@lru_cache(maxsize=256)
def _place(
    first: int, measures: tuple[Measure, ...], smalls: tuple[bool, ...], rows: Rows, left: int, room: int
) -> tuple[tuple[Placed, ...], tuple[Wiring, ...]]:
    """Columns side by side in `room` cells from `left`, centred once the wires are long enough."""
    stands = rows.stands
    tight: list[int] = []
    wide: list[int] = []
    for measure, stand, small in zip(measures, stands, smalls, strict=True):
        narrow = measure.shape(small=small).narrowest(stand)
        tight.append(narrow)
        boxed = stand.style in (BOX, STACK)
        wide.append(max(BOX_INNER, measure.value + 2, measure.label + 2, measure.bias + 1) + 2 if boxed else narrow)
    gaps = [gap_width(kind, stands[i + 1].count, measures[i].weight) for i, kind in enumerate(rows.kinds)]
    widths = wide if sum(wide) + sum(gaps) <= room else tight
    spare = room - sum(widths) - sum(gaps)
    most = [_widest(kind, gaps[i], measures[i].weight, stands[i + 1].count) for i, kind in enumerate(rows.kinds)]
    wanted = [
        stands[i + 1].count * (measures[i].weight + 4) + 2 if kind == TAPS else gaps[i] + 6
        for i, kind in enumerate(rows.kinds)
    ]
    while spare > 0 and any(gap < limit for gap, limit in zip(gaps, most, strict=True)):
        open_gaps = [i for i, limit in enumerate(most) if gaps[i] < limit]
        neediest = min(open_gaps, key=lambda i: gaps[i] - wanted[i])
        gaps[neediest] += 1
        spare -= 1
    x = left + max(0, spare) // 2
    placed: list[Placed] = []
    wirings: list[Wiring] = []
    for i, stand in enumerate(stands):
        placed.append(Placed(first + i, stand, measures[i].units, x, widths[i]))
        x += widths[i]
        if i < len(gaps):
            kind = rows.kinds[i]
            wirings.append(_wiring(kind, x, x + gaps[i] - 1, stand, stands[i + 1], measures[i].weight))
            x += gaps[i]
    return tuple(placed), tuple(wirings)


def marker_width(hidden: int) -> int:
    """Cells kept free at a side where `hidden` columns are not shown: `‹ 3 more` and a blank."""
    return len(str(hidden)) + 8 if hidden else 0


def make_plan(
    sizes: tuple[int, ...],
    focus: int,
    direction: str,
    width: int,
    height: int,
    measure: Callable[[int, bool], Measure],
) -> Plan:
    """The best window of columns around `focus`; `measure(column, small)` is asked only for columns considered."""
    total = len(sizes)
    if not total or width < 1 or height < 1:
        return Plan((), (), 0, 0)
    focus = min(max(focus, 0), total - 1)
    most = max(1, (width + 8) // 13)
    for boxes in (True, False):
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
                smalls = tuple(boxes and 0 < size <= SMALL for size in sizes[first : first + count])
                measures = tuple(measure(first + i, small) for i, small in enumerate(smalls))
                shapes = tuple(each.shape(small=small) for each, small in zip(measures, smalls, strict=True))
                rows = choose_rows(shapes, width - left - right, height, focus - first)
                if rows is not None and (best is None or cost + rows.cost < best[0]):
                    placed, wirings = _place(first, measures, smalls, rows, left, width - left - right)
                    best = cost + rows.cost, Plan(placed, wirings, first, after)
                    if count == total and wired(shapes, rows):
                        return best[1]
        if best is not None:
            return best[1]
    alone = measure(focus, False)
    stand = Stand(LIST, len(alone.units), 1, 0, 1)
    return Plan((Placed(focus, stand, alone.units, 0, width),), (), focus, total - focus - 1)
