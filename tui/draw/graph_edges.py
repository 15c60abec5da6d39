"""The edges of a network drawing: orthogonal wires with outlines, and braille lines where units are too many.

The wires are the costly part and change only with signs and emphasis, so that layer is cached; numbers and names are
written over it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tui.draw.braille import DOT_COLUMNS, DOT_ROWS, Braille
from tui.draw.cells import Canvas, Hit, Look, width_of
from tui.draw.figures import NEXT
from tui.draw.graph_grid import LINES, draw_map
from tui.draw.graph_model import STRONG, EdgeLabel, Heatmap, box_role, edge_role, importance, label_look
from tui.draw.graph_plan import Placed, Wiring, map_grid
from tui.draw.graph_rows import BIG_BOX, BOX, LANES, LIST, STACK, TAPS, WIRED, lane_rows
from tui.draw.graph_wires import HEAVY, LIGHT, Pen, Wires

BACKWARD = "backward"
_HEADS = {False: ("▶", "◀"), True: (">", "<")}
_STRONG = 0.66
"""Above this part of the largest weight a braille line is two dots thick."""
_FEWEST_PIXELS = 6
"""A picture of weights with fewer columns tells nothing."""
_FEW = 6
"""With more braille lines than this, all are thin."""
_SUBTLE = importance("normal")


class Edge(NamedTuple):
    """What of an edge decides how its wire looks; small, so that few different layers exist."""

    emphasis: str
    sign: int
    rank: float

    @classmethod
    def of(cls, label: EdgeLabel) -> Edge:
        return cls(label.emphasis, label.sign, rank(label))


def rank(label: EdgeLabel) -> float:
    """How strongly an edge claims shared cells: emphasis first, then coarsely its strength."""
    return importance(label.emphasis) * 10.0 + round(min(max(label.strength, 0.0), 1.0) * 4)


def heads(*, ascii: bool) -> tuple[str, str]:
    """The arrow heads to the right and to the left."""
    return _HEADS[ascii]


def _pen(edge: Edge, dashed_by: Edge | None = None) -> Pen:
    weight = HEAVY if edge.emphasis in STRONG else LIGHT
    return Pen(weight, edge_role(edge.emphasis, edge.sign), edge.rank, dashed=(dashed_by or edge).sign < 0)


def _wire_gap(
    wires: Wires, wiring: Wiring, source: Placed, dest: Placed, edges: tuple[Edge, ...], *, backward: bool
) -> None:
    """The wires of one gap; `edges` by source, then destination."""
    start = wiring.left if backward else wiring.left - 1
    end = wiring.right + 1 if backward else wiring.right
    dests = dest.stand.count
    offsets = lane_rows(source.stand, dests) or ()
    for number, edge in enumerate(edges):
        unit, target = divmod(number, dests)
        bus = wiring.buses[target]
        exit_row = dest.stand.row(target)
        if wiring.kind == LANES:
            y = source.stand.top + unit * source.stand.pitch + offsets[target]
            wires.across(y, start, bus, _pen(edge))
        else:
            y = source.stand.row(unit)
            since = start
            for tap in range(target + 1):
                wires.across(y, since, wiring.buses[tap], _pen(edge, edges[unit * dests + tap]))
                since = wiring.buses[tap]
        wires.down(bus, y, exit_row, _pen(edge))
        wires.across(exit_row, bus, end, _pen(edge))
        wires.join(bus, y)
        wires.join(bus, exit_row)


def _arrows(
    wiring: Wiring, source: Placed, dest: Placed, edges: tuple[Edge, ...], head: str, *, backward: bool
) -> dict[tuple[int, int], tuple[str, str]]:
    """The arrow heads of one gap: where forward wires arrive, or where backward ones do."""
    found: dict[tuple[int, int], tuple[float, str]] = {}
    dests = dest.stand.count
    offsets = lane_rows(source.stand, dests) or ()
    for number, edge in enumerate(edges):
        unit, target = divmod(number, dests)
        if not backward:
            place = wiring.right, dest.stand.row(target)
        elif wiring.kind == LANES:
            place = wiring.left, source.stand.top + unit * source.stand.pitch + offsets[target]
        else:
            place = wiring.left, source.stand.row(unit)
        if place not in found or edge.rank > found[place][0]:
            found[place] = edge.rank, edge_role(edge.emphasis, edge.sign)
    return {place: (head, role) for place, (_, role) in found.items()}


@lru_cache(maxsize=128)
def line_layer(
    placed: tuple[Placed, ...],
    wirings: tuple[Wiring, ...],
    edges: tuple[tuple[Edge, ...], ...],
    emphases: tuple[tuple[str, ...], ...],
    direction: str,
    ascii: bool,
) -> tuple[tuple[int, int, list[str], list[Look]], ...]:
    """Outlines and wires as finished runs of cells: x, y, characters, looks.

    `edges` by gap (empty: not wired), `emphases` of units by column.
    """
    wires = Wires()
    backward = direction == BACKWARD
    for column, marks in zip(placed, emphases, strict=True):
        stand = column.stand
        if stand.style not in (BOX, STACK):
            continue
        for unit, emphasis in enumerate(marks):
            weight = HEAVY if emphasis in STRONG or stand.height >= BIG_BOX else LIGHT
            rank = 100.0 + importance(emphasis)
            pen = Pen(weight, box_role(emphasis), rank, outline=True, dotted=emphasis == "next")
            wires.outline(column.x, stand.top + unit * stand.pitch, column.width, stand.height, pen)
    arrows: dict[tuple[int, int], tuple[str, str]] = {}
    for number, (wiring, labels) in enumerate(zip(wirings, edges, strict=True)):
        if wiring.kind in WIRED and labels:
            source, dest = placed[number], placed[number + 1]
            _wire_gap(wires, wiring, source, dest, labels, backward=backward)
            arrows |= _arrows(wiring, source, dest, labels, heads(ascii=ascii)[backward], backward=backward)
    cells = {(x, y): (char, role) for x, y, char, role in wires.cells(ascii=ascii)} | arrows
    return _runs(cells)


def _runs(cells: dict[tuple[int, int], tuple[str, str]]) -> tuple[tuple[int, int, list[str], list[Look]], ...]:
    """Cells beside one another put together."""
    runs: list[tuple[int, int, list[str], list[Look]]] = []
    for (x, y), (char, role) in sorted(cells.items(), key=lambda cell: (cell[0][1], cell[0][0])):
        if runs and runs[-1][1] == y and runs[-1][0] + len(runs[-1][2]) == x:
            runs[-1][2].append(char)
            runs[-1][3].append(Look(role))
        else:
            runs.append((x, y, [char], [Look(role)]))
    return tuple(runs)


def put_number(canvas: Canvas, x: int, y: int, width: int, label: EdgeLabel, *, ascii: bool) -> Hit:
    """An edge's number in its place of `width` cells; a short one leaves the wire to be seen on both sides."""
    look = label_look(label)
    text = label.text if width_of(label.text) <= width else label.text[: width - 1] + ("." if ascii else "…")
    start = x + (width - width_of(text)) // 2 if width_of(text) < 3 else x
    after = canvas.put(start, y, text, look)
    if label.changed:
        canvas.put(after, y, "*", Look("changed"))
    if label.emphasis == "next":
        canvas.put(x - 1, y, NEXT[ascii], Look("next"))
    shown = text.strip() if label.of and text == label.text else ""
    return Hit(x, y, width, label.target, shown, width, label.of, label.how)


def wire_labels(
    canvas: Canvas, wiring: Wiring, source: Placed, dest: Placed, edge: Callable[[int, int], EdgeLabel], top: int,
    *, ascii: bool,
) -> list[Hit]:  # fmt: skip
    """The weights, each on its own wire."""
    hits: list[Hit] = []
    offsets = lane_rows(source.stand, dest.stand.count) or ()
    for unit in range(source.stand.count):
        for target in range(dest.stand.count):
            label = edge(unit, target)
            if wiring.kind == TAPS:
                y = source.stand.row(unit)
            else:
                y = source.stand.top + unit * source.stand.pitch + offsets[target]
            hits.append(put_number(canvas, wiring.labels[target], y + top, source.widths.weight, label, ascii=ascii))
    return hits


def draw_gap_map(
    canvas: Canvas, wiring: Wiring, heat: Heatmap, source: Placed, top: int, *, ascii: bool, coloured: bool
) -> list[Hit]:
    """The emphasised edges as a picture, titled, in the middle of the gap; nothing where it has no room."""
    width, height = wiring.right - wiring.left + 1, canvas.height - top
    room = width - 3
    grid = map_grid(len(heat.values), room, height - 1)
    if grid is None or grid.columns < min(_FEWEST_PIXELS, len(heat.values)):
        return []
    lines = LINES if width >= source.widths.label + source.widths.value + 3 else 0
    tall = 1 + 1 + grid.height + lines
    y = top + max(0, (height - tall) // 2)
    title = heat.title if width_of(heat.title) <= width - 2 else heat.title.split(" ")[0]
    canvas.put(wiring.left + max(0, (width - width_of(title)) // 2), y, title, Look("title"))
    return draw_map(
        canvas, wiring.left + 1, y + 1, width - 2, grid, heat, "current", source.widths.weight,
        coloured=coloured, ascii=ascii, lines=lines,
    )  # fmt: skip


def slants(
    canvas: Canvas,
    wiring: Wiring,
    source: Placed,
    dest: Placed,
    edge: Callable[[int, int], EdgeLabel],
    top: int,
    direction: str,
    *,
    ascii: bool,
) -> list[Hit] | None:
    """Only the emphasised edges, in braille, with their weights where these are unique to a row; None if none is.

    All edges of large layers at once are fog, so the others are left to the matrix panel.
    """
    shown = [
        (row, place, label)
        for row, unit in enumerate(source.units)
        if unit >= 0
        for place, target in enumerate(dest.units)
        if target >= 0 and importance((label := edge(unit, target)).emphasis) > _SUBTLE
    ]
    if not shown:
        return None
    shown.sort(key=lambda item: rank(item[2]))
    at_source = len({row for row, _, _ in shown}) == len(shown)
    at_dest = not at_source and len({place for _, place, _ in shown}) == len(shown)
    wide = source.widths.weight
    marked = source.widths.marked
    first = wiring.left + 1 + (wide + marked + 1 if at_source else 0)
    last = wiring.right - 1 - (wide + marked + 1 if at_dest else 0)
    dots = Braille(last - first + 1, canvas.height - top)
    hits: list[Hit] = []
    right_head, left_head = heads(ascii=ascii)
    for row, place, label in shown:
        y0, y1 = source.stand.row(row), dest.stand.row(place)
        look = Look(edge_role(label.emphasis, label.sign))
        dots.line(
            (0, y0 * DOT_ROWS + 1),
            (dots.width * DOT_COLUMNS - 1, y1 * DOT_ROWS + 1),
            look.role,
            rank(label),
            dashed=label.sign < 0,
            thick=len(shown) <= _FEW and (label.emphasis in STRONG or label.strength > _STRONG),
        )
        if direction == BACKWARD:
            canvas.put(wiring.left, y0 + top, left_head, look)
        elif dest.stand.style != LIST or label.emphasis not in STRONG:
            canvas.put(wiring.right, y1 + top, right_head, look)
        if at_source or at_dest:
            x, y = (wiring.left + 1, y0 + top) if at_source else (wiring.right - wide - marked, y1 + top)
            hits.append(put_number(canvas, x, y, wide, label, ascii=ascii))
    for x, y, char, role in dots.cells(ascii=ascii):
        canvas.put(first + x, y + top, char, Look(role))
    return hits
