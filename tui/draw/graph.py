"""The network as a drawing: pure, from a description to rows of cells and what can be clicked in them.

Small layers are boxes joined by wires with every weight written on its wire; larger ones are lists, with braille lines
for the emphasised edges only; the largest are pictures, and so are their weights. Which columns fit and how is planned
in `graph_plan` and `graph_rows`.
"""

from __future__ import annotations

from functools import partial

from tui.draw.cells import Canvas, Drawing, Hit, Look, width_of
from tui.draw.figures import HIDDEN, NEXT
from tui.draw.graph_edges import Edge, draw_gap_map, heads, line_layer, slants, wire_labels
from tui.draw.graph_grid import draw_map
from tui.draw.graph_model import STRONG, Bias, Column, EdgeLabel, Gap, GraphModel, UnitBox, Widths, box_role
from tui.draw.graph_plan import Placed, Plan, Spec, make_plan
from tui.draw.graph_rows import BIG_BOX, BOX, GRID, LIST, MAP, STACK, WIRED

__all__ = ["Bias", "Column", "Drawing", "EdgeLabel", "Gap", "GraphModel", "UnitBox", "Widths", "draw_graph"]

_TITLED_HEIGHT = 3
"""From this height on the first row holds titles."""


class _Net:
    """The model, each of its units and edges asked for at most once a drawing."""

    def __init__(self, model: GraphModel) -> None:
        self.model = model
        self.columns = model.columns
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

    def bias(self, column: int, index: int) -> Bias | None:
        """The bias of a unit; the first column has none."""
        if not 0 < column <= len(self.model.gaps):
            return None
        bias = self.model.gaps[column - 1].bias
        return bias(index) if bias is not None else None


def draw_graph(model: GraphModel, width: int, height: int, *, ascii: bool = False, coloured: bool = True) -> Drawing:
    """Draw `model` in exactly `width` × `height` cells; whatever does not fit is abridged, never an error.

    Of the model and its briefer forms the first is drawn that fits whole. `coloured`: whether the palette has heat;
    without it large layers are drawn in glyphs that tell sign and magnitude.
    """
    canvas = Canvas(width, height)
    top = 1 if canvas.height >= _TITLED_HEIGHT else 0
    model, plan = _fitting(model, canvas.width, canvas.height - top)
    net = _Net(model)
    coloured = coloured and not ascii
    hits = _draw_gaps(canvas, net, plan, top, ascii=ascii, coloured=coloured)
    for placed in plan.placed:
        if placed.stand.style == GRID:
            hits += _draw_grid(canvas, net, placed, top, ascii=ascii, coloured=coloured)
        else:
            hits += _draw_units(canvas, net, placed, top, ascii=ascii)
        _draw_note(canvas, net.columns[placed.column].note, placed)
    if top:
        _draw_titles(canvas, net, plan, (), ascii=ascii)
        crowded = _draw_captions(canvas, net, plan)
        if crowded:
            # what the edges carry matters more than the end of a title
            canvas.put(0, 0, " " * canvas.width)
            _draw_titles(canvas, net, plan, crowded, ascii=ascii)
            _draw_captions(canvas, net, plan)
    return Drawing(canvas.rows(), tuple(inside for hit in hits if (inside := _clip(hit, canvas)) is not None))


def _fitting(model: GraphModel, width: int, height: int) -> tuple[GraphModel, Plan]:
    """The first form of the model that fits whole, and its plan; else the first that shows the most columns.

    Which form that is does not depend on the step, so that the picture keeps its sizes.
    """
    best: tuple[int, GraphModel, tuple[Spec, ...]] | None = None
    form: GraphModel | None = model
    while form is not None:
        specs = tuple(Spec(max(0, column.size), column.focus, column.widths) for column in form.columns)
        plan = make_plan(specs, form.focus_column, form.direction, width, height, form.big)
        if plan.whole:
            return _boxed(form, plan, width, height)
        if not form.big or form.briefer is None:
            unfocused = tuple(spec._replace(focus=None) for spec in specs)
            shown = len(make_plan(unfocused, len(specs) // 2, "forward", width, height, form.big).placed)
            if best is None or shown > best[0]:
                best = shown, form, specs
        form = form.briefer() if form.briefer is not None else None
    assert best is not None, "the last form is always one"
    _, form, specs = best
    return form, make_plan(specs, form.focus_column, form.direction, width, height, form.big)


def _boxed(model: GraphModel, plan: Plan, width: int, height: int) -> tuple[GraphModel, Plan]:
    """A plan that shows all of a net; but smaller boxes say more than large letters without boxes."""
    if model.big and model.briefer is not None:
        smaller = model.briefer()
        specs = tuple(Spec(max(0, column.size), column.focus, column.widths) for column in smaller.columns)
        other = make_plan(specs, smaller.focus_column, smaller.direction, width, height, smaller.big)
        if other.whole and _boxes(other) > _boxes(plan):
            return smaller, other
    return model, plan


def _boxes(plan: Plan) -> int:
    return sum(placed.stand.style == BOX for placed in plan.placed)


def _clip(hit: Hit, canvas: Canvas) -> Hit | None:
    """The part of `hit` inside the canvas; a number that is cut off is not shown."""
    if hit.x >= 0 and hit.x + hit.width <= canvas.width and 0 <= hit.y < canvas.height and hit.width > 0:
        return hit
    left, right = max(0, hit.x), min(canvas.width, hit.x + hit.width)
    return Hit(left, hit.y, right - left, hit.target) if right > left and 0 <= hit.y < canvas.height else None


def _draw_gaps(canvas: Canvas, net: _Net, plan: Plan, top: int, *, ascii: bool, coloured: bool) -> list[Hit]:
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
        tuple(net.unit(placed.column, unit).emphasis for unit in placed.units if unit >= 0)
        if placed.stand.style in (BOX, STACK)
        else ()
        for placed in plan.placed
    )
    for x, y, chars, looks in line_layer(plan.placed, plan.wirings, edges, emphases, net.model.direction, ascii):
        canvas.paint(x, y + top, chars, looks)
    for source, dest, wiring in pairs:
        edge = partial(net.edge, source.column)
        if wiring.kind in WIRED:
            hits += wire_labels(canvas, wiring, source, dest, edge, top, ascii=ascii)
            continue
        if wiring.kind == MAP:
            picture = net.model.gaps[source.column].heat
            drawn = picture() if picture is not None else None
            if drawn is not None and (dest if drawn[0] else source).grid is not None:
                hits += draw_gap_map(canvas, wiring, drawn[1], source, top, ascii=ascii, coloured=coloured)
                continue
        found = slants(canvas, wiring, source, dest, edge, top, net.model.direction, ascii=ascii)
        if found is None:
            times = "x" if ascii else "×"
            shape = f"{net.columns[source.column].size}{times}{net.columns[dest.column].size}"
            middle = (wiring.left + wiring.right + 1 - len(shape)) // 2
            if len(shape) <= wiring.right - wiring.left + 1:
                canvas.put(middle, top + (canvas.height - top) // 2, shape, Look("dim"))
        hits += found or []
    return hits


def _draw_grid(canvas: Canvas, net: _Net, placed: Placed, top: int, *, ascii: bool, coloured: bool) -> list[Hit]:
    """A layer as a picture."""
    column = net.columns[placed.column]
    if placed.grid is None or column.heat is None:
        return []
    emphasis = net.unit(placed.column, column.focus).emphasis if column.focus is not None else "normal"
    return draw_map(
        canvas, placed.x, top + placed.stand.top, placed.width, placed.grid, column.heat(), emphasis,
        placed.widths.value, label=placed.widths.label, coloured=coloured, ascii=ascii, lines=placed.lines,
    )  # fmt: skip


def _value_look(unit: UnitBox) -> Look:
    if unit.value.strip() == HIDDEN:
        return Look("dim")
    return Look("changed" if unit.changed else "value", unit.heat)


def _draw_units(canvas: Canvas, net: _Net, placed: Placed, top: int, *, ascii: bool) -> list[Hit]:
    """Names, values and biases of a column; the outlines are already there."""
    hits: list[Hit] = []
    for place, index in enumerate(placed.units):
        if index < 0:
            canvas.put(placed.x + 2, top + placed.stand.row(place), f"{':' if ascii else '⋮'} +{-index}", Look("dim"))
            continue
        unit = net.unit(placed.column, index)
        if placed.stand.style in (BOX, STACK):
            hits += _draw_box(canvas, net, placed, place, unit, top, ascii=ascii)
        else:
            hits.append(_draw_line(canvas, placed, place, unit, top, ascii=ascii))
    return hits


def _draw_box(
    canvas: Canvas, net: _Net, placed: Placed, place: int, unit: UnitBox, top: int, *, ascii: bool
) -> list[Hit]:
    """What stands in a box: the name in its upper border, or below it in a big one, the value, the bias at the foot."""
    stand, x, width, widths = placed.stand, placed.x, placed.width, placed.widths
    inner, y, first = width - 2, top + stand.row(place), top + stand.top + place * stand.pitch
    big = stand.height >= BIG_BOX
    look = Look(box_role(unit.emphasis))
    label = _shorten(unit.label, min(inner, widths.label), ascii=ascii)
    canvas.put(x + 1 + (inner - width_of(label)) // 2, first + big, label, look)
    start = x + 1 + max(0, inner - widths.value) // 2
    shown = _shorten(unit.value, inner, ascii=ascii)
    if unit.value:
        # the mark has a cell of its own beside the number, which therefore never moves
        wide = _centred(shown, inner)
        canvas.put(x + 1, y, wide, _value_look(unit))
        if unit.changed and widths.marked:
            canvas.put(start + len(unit.value.rstrip()), y, "*", _value_look(unit))
    if big and unit.emphasis in STRONG and inner >= widths.value + 4:
        right, left = heads(ascii=ascii)
        canvas.put(x + 1, y, right, look)
        canvas.put(x + width - 2, y, left, look)
    hits: list[Hit] = []
    bias = net.bias(placed.column, placed.units[place])
    if bias is not None and stand.style == BOX:
        hits += _draw_bias(canvas, bias, placed, first + stand.height - 1 - big)
    number = shown.strip() if unit.of and shown == unit.value else ""
    for row in range(first, first + stand.height):
        if row == y:
            hits.append(Hit(x, row, width, unit.target, number, widths.value, unit.of))
        else:
            hits.append(Hit(x, row, width, unit.target))
    return hits


def _draw_bias(canvas: Canvas, bias: Bias, placed: Placed, y: int) -> list[Hit]:
    """A bias in row y of a box, where it has room."""
    inner, wide = placed.width - 2, placed.widths.bias
    text = f"{bias.name} {bias.text}{'*' if bias.changed and placed.widths.marked else ''}"
    if not 0 < width_of(text) <= inner:
        return []
    start = placed.x + 1 + (inner - width_of(text)) // 2
    canvas.put(start, y, text, Look("changed" if bias.changed else "dim"))
    left = placed.x + 1 + max(0, inner - wide) // 2
    if not bias.target:
        return []
    cells = wide - width_of(bias.name) - 1
    return [Hit(left, y, min(wide, inner), bias.target, bias.text.strip() if bias.of else "", cells, bias.of)]


def _draw_line(canvas: Canvas, placed: Placed, place: int, unit: UnitBox, top: int, *, ascii: bool) -> Hit:
    """A unit in one row: a mark, its name, its value."""
    stand, x, width, widths = placed.stand, placed.x, placed.width, placed.widths
    y = top + stand.row(place)
    look = Look(box_role(unit.emphasis))
    canvas.put(x, y, " " * width)
    indent = 2 if stand.style == LIST else 1
    if unit.emphasis in STRONG and canvas.get(x - 1, y) != heads(ascii=ascii)[0]:
        canvas.put(x, y, heads(ascii=ascii)[0], look)
    elif unit.emphasis == "next":
        canvas.put(x, y, NEXT[ascii], look)
    label = _shorten(unit.label, widths.label, ascii=ascii)
    canvas.put(x + indent, y, label, Look("text") if unit.emphasis == "normal" else look)
    value = _shorten(unit.value, widths.value, ascii=ascii)
    after = x + indent + widths.label + 1
    after = canvas.put(after, y, " " * (widths.value - width_of(value)) + value, _value_look(unit))
    if unit.changed and widths.marked:
        canvas.put(after, y, "*", _value_look(unit))
    number = value.strip() if unit.of and value == unit.value else ""
    return Hit(x, y, width, unit.target, number, widths.value, unit.of)


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


def _draw_captions(canvas: Canvas, net: _Net, plan: Plan) -> tuple[int, ...]:
    """What the edges of each gap carry: over it between the titles, or in the last row under it.

    Returns the gaps where there was no room for it.
    """
    crowded: list[int] = []
    for number, (source, wiring) in enumerate(zip(plan.placed, plan.wirings, strict=False)):
        caption = net.model.gaps[source.column].carries
        if not caption:
            continue
        width = width_of(caption)
        middle = (wiring.left + wiring.right + 1 - width) // 2
        first, last = wiring.left - 2, wiring.right + 3 - width
        starts = [x for away in range(width + last) for x in {middle - away, middle + away} if first <= x <= last]
        for y in (0, canvas.height - 1):
            free = (x for x in starts if all(canvas.get(at, y) == " " for at in range(x - 1, x + width + 1)))
            x = next(free, None)
            if x is not None:
                canvas.put(x, y, caption, Look("hint"))
                break
        else:
            crowded.append(number)
    return tuple(crowded)


def _draw_titles(canvas: Canvas, net: _Net, plan: Plan, crowded: tuple[int, ...], *, ascii: bool) -> None:
    """The columns' titles over them, and how many columns are not shown; over gaps that are `crowded` is left room."""
    to_left, to_right = "<>" if ascii else "‹›"
    left, right = 0, canvas.width
    if plan.before:
        more = f"{to_left} {plan.before} more"
        free = plan.placed[0].x - 2 if plan.placed else canvas.width
        left = canvas.put(0, 0, more if len(more) <= free else f"{to_left}{plan.before}", Look("dim")) + 1
    if plan.after:
        more = f"{plan.after} more {to_right}"
        free = canvas.width - plan.placed[-1].x - plan.placed[-1].width - 2 if plan.placed else canvas.width
        text = more if len(more) <= free else f"{plan.after}{to_right}"
        right = canvas.width - len(text) - 1
        canvas.put(right + 1, 0, text, Look("dim"))
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
        around = width_of(net.model.gaps[plan.placed[number].column].carries) // 2 + 2 if number in crowded else 0
        if around:
            high = min(high, middles[number] - around)
        text = _shorten(column.title, high - low, ascii=ascii)
        x = max(low, min(ideal[number], high - width_of(text)))
        role = {"current": "title_current", "dim": "dim"}.get(column.emphasis, "title")
        low = canvas.put(x, 0, text, Look(role)) + 2
        if around:
            low = max(low, middles[number] + around)
