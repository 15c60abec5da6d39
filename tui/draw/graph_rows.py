"""Which rows a column's units stand on, and how the wires between two columns can then run.

Wires of different edges must never share a stretch, or the picture would show a connection that is not there. A wire
leaves its source on a row of its own (a lane), turns into its destination's vertical bus, and the bus leaves for the
destination on the row of its value (the exit). So an exit row must be free of lanes that run further right. Where a
column is too tall for one lane an edge, each source gets a single wire which crosses all buses and is tapped by each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

BOX, STACK, LINE, LIST, GRID = "box", "stack", "line", "list", "grid"
"""How a column stands: separate boxes, boxes sharing borders, one spaced row a unit, one row a unit in any number,
a picture of pixels."""

LANES, TAPS, SLANTS, MAP = "lanes", "taps", "slants", "map"
"""How a gap is wired: a lane an edge, a tapped wire a source, braille of the emphasised edges, a picture of them."""

WIRED = (LANES, TAPS)
SMALL = 4
"""The most units of a column which is drawn with boxes and wires."""
BIG_BOX = 5
"""Rows of a box for projectors: the name and the number have lines of their own."""
NARROWEST_MAP = 5
"""Cells between a grid and its neighbour where there is no room for a picture of the weights."""

_STYLE_COST = {BOX: 0.0, STACK: 12.0, LINE: 30.0, LIST: 45.0}
_GAP_COST = {LANES: 0.0, TAPS: 16.0, SLANTS: 60.0}
_NOWHERE = -9
_FOCUS_FACTOR = 2.0
"""A gap beside the focused column is worth this much more."""


class Stand(Struct, frozen=True):
    """Where the units of a column stand: unit i from row `top + i·pitch`, `height` rows tall."""

    style: str
    count: int
    height: int
    top: int
    pitch: int

    def row(self, unit: int) -> int:
        """The row of a unit's value, where wires reach it."""
        middle = self.style == GRID or self.height >= BIG_BOX
        return self.top + unit * self.pitch + (self.height // 2 if middle else 0 if self.height == 1 else 1)

    def last(self) -> int:
        """The last row the column takes."""
        return self.top + (self.count - 1) * self.pitch + self.height - 1


def lane_rows(stand: Stand, dests: int) -> tuple[int, ...] | None:
    """Offsets from a unit's top row of its lanes to `dests` destinations; None if they do not fit beside it."""
    if dests == 1:
        return (stand.row(0) - stand.top,)
    if stand.style != BOX or dests > stand.height:
        return None
    if stand.height >= BIG_BOX and dests in (2, 3):
        return (1, 3) if dests == 2 else (1, 2, 3)
    if dests == 2:
        return (0, stand.height - 1)
    return tuple(range(dests))


@lru_cache(maxsize=8192)
def bus_order(source: Stand, dest: Stand) -> tuple[tuple[int, ...], int] | None:
    """Destinations in the order of their buses, left to right, and how many joints are awkward; None if impossible.

    A lane for e on the exit row of d must end before d's bus; that puts the buses in a partial order.
    """
    offsets = lane_rows(source, dest.count)
    if offsets is None:
        return None
    owner = {
        source.top + unit * source.pitch + offset: edge
        for unit in range(source.count)
        for edge, offset in enumerate(offsets)
    }
    before: list[set[int]] = [set() for _ in range(dest.count)]
    awkward = 0
    for unit in range(dest.count):
        edge = owner.get(dest.row(unit))
        if edge is not None and edge != unit:
            before[unit].add(edge)
        elif edge is not None and dest.count > 1:
            awkward += 1
    order: list[int] = []
    while len(order) < dest.count:
        ready = [unit for unit in range(dest.count) if unit not in order and before[unit] <= set(order)]
        if not ready:
            return None
        order.append(ready[0])
    return tuple(order), awkward


def can_tap(source: Stand, dest: Stand) -> bool:
    """Whether no exit row is also a source's wire; a single bus has nothing to confuse."""
    return dest.count == 1 or not {dest.row(i) for i in range(dest.count)} & {
        source.row(i) for i in range(source.count)
    }


def gap_width(kind: str, dests: int, label: int) -> int:
    """The fewest cells between two columns wired as `kind`, with weights `label` cells wide."""
    if kind == LANES:
        return label + 2 * dests + 2
    if kind == TAPS:
        return dests * (label + 2) + 1
    if kind == MAP:
        return NARROWEST_MAP
    return label + 7


def _stands(count: int, height: int, dests: int, *, full: bool, big: bool) -> Iterator[tuple[Stand, float]]:
    """Reasonable ways for a small column to stand in `height` rows, each with its cost."""
    shapes = [(BOX, BIG_BOX if big else max(3, dests))]
    if full and not big:
        shapes += [(BOX, 3)] if dests > 3 else []
        shapes += [(STACK, 3)] if count > 1 else []
        shapes += [(LINE, 1)]
    for style, tall in shapes:
        if tall > height:
            continue
        lowest = 2 if style in (STACK, LINE) else tall
        ideal = lowest
        if count > 1:
            room = (min(height, 22) - tall) // (count - 1)
            ideal = min(room, tall + 4) if style == BOX else min(room, 3 if style == LINE else 2)
        if ideal < lowest:
            continue
        for pitch in range(max(lowest, ideal - (3 if full else 2)), ideal + 1):
            spare = height - (count - 1) * pitch - tall
            for top in range(max(0, spare // 2 - 2), min(spare, (spare + 1) // 2 + 2) + 1):
                cost = _STYLE_COST[style] + abs(top - spare / 2) + 1.5 * (ideal - pitch)
                yield Stand(style, count, tall, top, pitch), cost


class Shape(Struct, frozen=True):
    """What the rows depend on: how many units a column draws, whether as a list, and the width of its weights."""

    count: int
    small: bool
    label: int
    """The widest weight in the gap after this column."""
    unit: int
    """The narrowest width of a unit as a box, or in a list."""
    line: int = 0
    """Its width where one row is all there is."""
    tall: int = 0
    """The rows of a grid; 0 for anything else."""
    map: int = 0
    """The least width of a gap after this column in which a picture of the weights is wanted."""
    big: bool = False

    def narrowest(self, stand: Stand) -> int:
        """The fewest cells a unit takes when it stands like this."""
        return self.line if self.small and stand.style in (LINE, LIST) else self.unit


class Rows(Struct, frozen=True):
    """A finished choice: one stand a column, one kind a gap."""

    stands: tuple[Stand, ...]
    kinds: tuple[str, ...]
    cost: float
    width: int
    """The fewest cells it takes."""


def _list_stand(count: int, height: int) -> Stand:
    pitch = 2 if count <= 10 and 2 * count - 1 <= height else 1
    return Stand(LIST, count, 1, max(0, (height - (count - 1) * pitch - 1) // 2), pitch)


@lru_cache(maxsize=8192)
def _kinds(source: Stand, dest: Stand, *, both: bool, full: bool) -> tuple[tuple[str, float], ...]:
    """The ways a gap can be wired, each with its cost; `both` columns being small, missing wires are a loss."""
    if GRID in (source.style, dest.style):
        return ((MAP, 0.0),)
    if LIST in (source.style, dest.style):
        return ((SLANTS, _GAP_COST[SLANTS] if both else 0.0),)
    kinds: list[tuple[str, float]] = []
    ordered = bus_order(source, dest)
    if ordered is not None:
        kinds.append((LANES, _GAP_COST[LANES] + 2.0 * ordered[1]))
    if full and can_tap(source, dest):
        kinds.append((TAPS, _GAP_COST[TAPS]))
    if full:
        kinds.append((SLANTS, _GAP_COST[SLANTS]))
    return tuple(kinds)


def _choose(shapes: tuple[Shape, ...], height: int, focus: int, price: float, *, full: bool) -> Rows | None:
    """The cheapest stands and kinds, a cell of width costing `price`; column by column, keeping the best way there."""
    best: dict[Stand, Rows] = {}
    for column, shape in enumerate(shapes):
        following = shapes[column + 1] if column + 1 < len(shapes) else None
        dests = following.count if following and following.small else 0
        if shape.small:
            options = list(_stands(shape.count, height, dests, full=full, big=shape.big))
            if full and shape.count <= height and not shape.big:
                options.append((_list_stand(shape.count, height), _STYLE_COST[LIST]))
        elif shape.tall:
            options = [(Stand(GRID, 1, shape.tall, max(0, (height - shape.tall) // 2), 0), 0.0)]
        else:
            options = [(_list_stand(shape.count, height), 0.0)]
        reached: dict[Stand, Rows] = {}
        for stand, cost in options:
            if column == 0:
                reached[stand] = Rows((stand,), (), cost, shape.narrowest(stand))
                continue
            before = shapes[column - 1]
            factor = _FOCUS_FACTOR if focus in (column, column - 1) else 1.0
            chosen: Rows | None = None
            own = shape.narrowest(stand)
            for previous, rows in best.items():
                if chosen is not None and rows.cost + cost >= chosen.cost:
                    continue
                for kind, extra in _kinds(previous, stand, both=before.small and shape.small, full=full):
                    width = max(gap_width(kind, shape.count, before.label), before.map * (kind == MAP)) + own
                    total = rows.cost + cost + extra * factor + price * width
                    if chosen is None or total < chosen.cost:
                        chosen = Rows((*rows.stands, stand), (*rows.kinds, kind), total, rows.width + width)
            if chosen is not None:
                reached[stand] = chosen
        best = reached
    return min(best.values(), key=lambda rows: rows.cost, default=None)


@lru_cache(maxsize=512)
def choose_rows(shapes: tuple[Shape, ...], width: int, height: int, focus: int) -> Rows | None:
    """The best drawing of all these columns in `width` × `height`, or None if they do not fit.

    The focus has a say only where some gap must go without its wires; otherwise moving it would move the picture.
    """
    narrowest = sum(min(shape.unit, shape.line or shape.unit) for shape in shapes)
    for left, right in pairwise(shapes):
        lanes = gap_width(LANES, right.count, left.label)
        slants = gap_width(SLANTS, right.count, left.label)
        if left.tall or right.tall:
            narrowest += max(NARROWEST_MAP, left.map)
        else:
            narrowest += min(lanes, slants) if left.small and right.small else slants
    if narrowest > width or height < 1:
        return None
    for full, price in ((False, 0.0), (True, 0.0), (True, 0.5), (True, 2.0), (True, 10.0)):
        for favoured in (_NOWHERE, focus):
            rows = _choose(shapes, height, favoured, price, full=full)
            if rows is None or rows.width > width:
                break
            if favoured == focus or wired(shapes, rows):
                cost = rows.cost - price * (rows.width - shapes[0].narrowest(rows.stands[0]))
                return Rows(rows.stands, rows.kinds, cost, rows.width)
    return None


def wired(shapes: tuple[Shape, ...], rows: Rows) -> bool:
    """Whether every gap between two small columns shows all its weights."""
    pairs = zip(pairwise(shapes), rows.kinds, strict=True)
    return all(kind in WIRED or not (left.small and right.small) for (left, right), kind in pairs)
