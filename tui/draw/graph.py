"""The network as a drawing: pure, from a description to rows of cells and what can be clicked in them.

Small layers are boxes joined by wires with every weight written on its wire; large ones are lists, with braille lines
for the emphasised edges only. Which columns fit and how is planned in `graph_plan` and `graph_rows`.
"""

from __future__ import annotations

from functools import partial

from tui.draw.cells import Canvas, Drawing, Hit, Look, width_of
from tui.draw.graph_edges import Edge, heads, line_layer, slants, wire_labels
from tui.draw.graph_model import Column, EdgeLabel, Gap, GraphModel, UnitBox, box_role
from tui.draw.graph_plan import Measure, Placed, Plan, make_plan, marker_width, visible_units
from tui.draw.graph_rows import BOX, LIST, SMALL, STACK, WIRED

__all__ = ["Column", "Drawing", "EdgeLabel", "Gap", "GraphModel", "UnitBox", "draw_graph"]

_LIST_ROWS = 16
"""A list longer than this is abridged even where more rows are free: nobody reads more values at a glance."""
_TITLED_HEIGHT = 3
"""From this height on the first row holds titles."""


class _Net:
    """The model, each of its units and edges asked for at most once a drawing."""

    def __init__(self, model: GraphModel, rows: int) -> None:
        self.model = model
        self.columns = model.columns
        self._rows = rows
        self._units: dict[tuple[int, int], UnitBox] = {}
        self._edges: dict[tuple[int, int, int], EdgeLabel] = {}

    def unit(self, column: int, index: int) -> UnitBox:
        key = column, index
        if key not in self._units:
            self._units[key] = self.columns[column].unit(index)
        return self._units[key]

    def edge(self, gap: int, source: int, dest: int) -> EdgeLabel:
        key = gap, source, dest
        if key not in self._edges:
            self._edges[key] = self.model.gaps[gap].edge(source, dest)
        return self._edges[key]

    def bias(self, column: int, index: int) -> str:
        """The bias of a unit as text; the first column has none."""
        if not 0 < column <= len(self.model.gaps):
            return ""
        bias = self.model.gaps[column - 1].bias
        return bias(index) if bias is not None else ""

    def drawn(self, column: int, *, small: bool) -> tuple[int, ...]:
        """The units of a column which get a place."""
        described = self.columns[column]
        if small:
            return tuple(range(described.size))
        return visible_units(described.size, min(self._rows, _LIST_ROWS), described.focus)

    def measure(self, column: int, small: bool) -> Measure:
        """The widths in a column and the gap after it."""
        units = self.drawn(column, small=small)
        boxes = [self.unit(column, index) for index in units if index >= 0]
        weight = 0
        if column < len(self.model.gaps) and column + 1 < len(self.columns):
            following = self.drawn(column + 1, small=small and self.columns[column + 1].size <= SMALL)
            weight = max(
                (
                    width_of(self.edge(column, source, dest).text)
                    for source in units
                    if source >= 0
                    for dest in following
                    if dest >= 0
                ),
                default=0,
            )
        return Measure(
            units,
            max((width_of(box.label) for box in boxes), default=0),
            max((width_of(box.value) for box in boxes), default=0),
            max((width_of(self.bias(column, index)) for index in units if index >= 0), default=0) if small else 0,
            weight,
        )


def draw_graph(model: GraphModel, width: int, height: int, *, ascii: bool = False) -> Drawing:
    """Draw `model` in exactly `width` × `height` cells; whatever does not fit is abridged, never an error."""
    canvas = Canvas(width, height)
    top = 1 if canvas.height >= _TITLED_HEIGHT else 0
    net = _Net(model, canvas.height - top)
    sizes = tuple(max(0, column.size) for column in model.columns)
    plan = make_plan(sizes, model.focus_column, model.direction, canvas.width, canvas.height - top, net.measure)
    hits = _draw_gaps(canvas, net, plan, top, ascii=ascii)
    for placed in plan.placed:
        hits += _draw_units(canvas, net, placed, top, ascii=ascii)
        _draw_note(canvas, net.columns[placed.column].note, placed)
    if top:
        _draw_titles(canvas, net, plan, ascii=ascii)
    inside = [_clip(hit, canvas) for hit in hits]
    return Drawing(canvas.rows(), tuple(hit for hit in inside if hit.width > 0))


def _clip(hit: Hit, canvas: Canvas) -> Hit:
    """The part of `hit` inside the canvas; width 0 if none is."""
    if not 0 <= hit.y < canvas.height:
        return Hit(0, 0, 0, hit.target)
    left, right = max(0, hit.x), min(canvas.width, hit.x + hit.width)
    return Hit(left, hit.y, max(0, right - left), hit.target)


def _draw_gaps(canvas: Canvas, net: _Net, plan: Plan, top: int, *, ascii: bool) -> list[Hit]:
    """Outlines, wires and weights."""
    hits: list[Hit] = []
    pairs = list(zip(plan.placed, plan.placed[1:], plan.wirings, strict=False))
    edges = tuple(
        tuple(Edge.of(net.edge(source.column, i, j)) for i in source.units for j in dest.units)
        if wiring.kind in WIRED
        else ()
        for source, dest, wiring in pairs
    )
    emphases = tuple(
        tuple(net.unit(placed.column, unit).emphasis for unit in placed.units if unit >= 0) for placed in plan.placed
    )
    for x, y, char, look in line_layer(plan.placed, plan.wirings, edges, emphases, net.model.direction, ascii):
        canvas.put(x, y + top, char, look)
    for source, dest, wiring in pairs:
        edge = partial(net.edge, source.column)
        if wiring.kind in WIRED:
            hits += wire_labels(canvas, wiring, source, dest, edge, top)
            continue
        found = slants(canvas, wiring, source, dest, edge, top, net.model.direction, ascii=ascii)
        if found is None:
            times = "x" if ascii else "×"
            shape = f"{net.columns[source.column].size}{times}{net.columns[dest.column].size}"
            middle = (wiring.left + wiring.right + 1 - len(shape)) // 2
            canvas.put(middle, top + (canvas.height - top) // 2, shape, Look("dim"))
        hits += found or []
    return hits


def _value_look(unit: UnitBox) -> Look:
    return Look("dim") if unit.value == "?" else Look("value", unit.heat)


def _draw_units(canvas: Canvas, net: _Net, placed: Placed, top: int, *, ascii: bool) -> list[Hit]:
    """Names, values and biases of a column; the outlines are already there."""
    hits: list[Hit] = []
    stand, x, width = placed.stand, placed.x, placed.width
    drawn = [net.unit(placed.column, unit) for unit in placed.units if unit >= 0]
    name_width = max((width_of(unit.label) for unit in drawn), default=0)
    value_width = max((width_of(unit.value) for unit in drawn), default=0)
    for place, index in enumerate(placed.units):
        y = top + stand.row(place)
        if index < 0:
            canvas.put(x + 2, y, f"{':' if ascii else '⋮'} +{-index}", Look("dim"))
            continue
        unit = net.unit(placed.column, index)
        look = Look(box_role(unit.emphasis))
        if stand.style in (BOX, STACK):
            inner = width - 2
            name = top + stand.top + place * stand.pitch
            canvas.put(x + 1 + (inner - width_of(unit.label)) // 2, name, unit.label, look)
            if unit.value:
                canvas.put(x + 1, y, _centred(unit.value, inner), _value_look(unit))
            bias = net.bias(placed.column, index)
            if stand.style == BOX and 0 < width_of(bias) <= inner:
                canvas.put(x + 1 + (inner - width_of(bias)) // 2, name + stand.height - 1, bias, Look("dim"))
            hits += [Hit(x, row, width, unit.target) for row in range(name, name + stand.height)]
            continue
        canvas.put(x, y, " " * width)
        indent = 2 if stand.style == LIST else 1
        if unit.emphasis == "current" and canvas.get(x - 1, y) != heads(ascii=ascii)[0]:
            canvas.put(x, y, heads(ascii=ascii)[0], look)
        canvas.put(x + indent, y, unit.label, Look("text") if unit.emphasis == "normal" else look)
        value = " " * (value_width - width_of(unit.value)) + unit.value
        canvas.put(x + indent + name_width + 1, y, value, _value_look(unit) if unit.value else Look("dim"))
        hits.append(Hit(x, y, width, unit.target))
    return hits


def _centred(text: str, width: int) -> str:
    spare = max(0, width - width_of(text))
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def _shorten(text: str, width: int, *, ascii: bool) -> str:
    """`text` in at most `width` cells, its loss marked."""
    if width_of(text) <= width:
        return text
    while text and width_of(text) >= width:
        text = text[:-1]
    return (text + ("." if ascii else "…"))[: max(0, width)]


def _draw_note(canvas: Canvas, note: str, placed: Placed) -> None:
    """A note in the last row, if nothing stands there."""
    x = placed.x + (placed.width - width_of(note)) // 2
    y = canvas.height - 1
    cells = range(x - 1, x + width_of(note) + 1)
    if note and x >= 0 and cells[-1] <= canvas.width and all(canvas.get(cell, y) == " " for cell in cells):
        canvas.put(x, y, note, Look("dim"))


def _draw_titles(canvas: Canvas, net: _Net, plan: Plan, *, ascii: bool) -> None:
    """The columns' titles over them, and how many columns are not shown."""
    left = marker_width(plan.before)
    right = canvas.width - marker_width(plan.after)
    to_left, to_right = "<>" if ascii else "‹›"
    brief = left + canvas.width - right > canvas.width // 2
    if plan.before:
        canvas.put(0, 0, f"{to_left}{plan.before}" if brief else f"{to_left} {plan.before} more", Look("dim"))
    if plan.after:
        text = f"{plan.after}{to_right}" if brief else f"{plan.after} more {to_right}"
        canvas.put(canvas.width - len(text), 0, text, Look("dim"))
    if brief:
        left, right = 3 * bool(plan.before), canvas.width - 3 * bool(plan.after)
    columns = [net.columns[placed.column] for placed in plan.placed]
    ideal = [
        max(left, min(placed.x + (placed.width - width_of(column.title)) // 2, right - width_of(column.title)))
        for placed, column in zip(plan.placed, columns, strict=True)
    ]
    middles = [(wiring.left + wiring.right) // 2 for wiring in plan.wirings]
    low = left
    for number, column in enumerate(columns):
        high = right
        if number + 1 < len(columns):
            high = max(middles[number], ideal[number + 1] - 2)
        text = _shorten(column.title, high - low, ascii=ascii)
        x = max(low, min(ideal[number], high - width_of(text)))
        role = {"current": "title_current", "dim": "dim"}.get(column.emphasis, "title")
        low = canvas.put(x, 0, text, Look(role)) + 2
