"""The network drawing: golden text, exact size for anything, and wires which lead where they say."""

from __future__ import annotations

import os
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.draw.cells import plain_text, width_of
from tui.draw.graph import Bias, Column, Drawing, EdgeLabel, Gap, GraphModel, UnitBox, Widths, draw_graph
from tui.draw.graph_edges import line_layer
from tui.draw.graph_model import Heatmap
from tui.draw.graph_plan import visible_units
from tui.draw.graph_wires import JOINT, directions

GOLDEN = Path(__file__).parent / "golden"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(*key: int) -> float:
    """A reproducible number in −1.40 … +1.40."""
    state = 17
    for part in key:
        state = (state * 31 + part * 101 + 7) % 9973
    return (state * 7919 % 281 - 140) / 100


def make(
    sizes: tuple[int, ...],
    current: tuple[int, int] | None = None,
    direction: str = "forward",
    *,
    ascii: bool = False,
    negative: bool = False,
    focus: int | None = None,
    digits: int = 3,
    note: str = "",
    shift: int = 0,
    asked: list[tuple[int, int]] | None = None,
) -> GraphModel:
    """A net in the middle of a step: unit `current` = (column, unit), its incoming edges, and what they come from."""

    def text(value: float, places: int) -> str:
        shown = f"{value:+.{places}f}"
        return shown if ascii else shown.replace("-", "−")

    def signed(*key: int) -> float:
        return -abs(number(*key)) - 0.01 if negative else number(*key)

    def unit_name(c: int, i: int) -> str:
        if c and c == len(sizes) - 1 and sizes[c] == 1:
            return "yhat" if ascii else "ŷ"
        if c:
            return (
                f"a{i + 1}({c})" if ascii else f"a{str(i + 1).translate(SUBSCRIPTS)}⁽{str(c).translate(SUPERSCRIPTS)}⁾"
            )
        return f"x{i + 1}" if ascii else f"x{str(i + 1).translate(SUBSCRIPTS)}"

    def column(c: int) -> Column:
        def unit(i: int) -> UnitBox:
            if asked is not None:
                asked.append((c, i))
            name = unit_name(c, i)
            emphasis = "current" if current == (c, i) else "related" if current and c == current[0] - 1 else "normal"
            value = signed(1, c, i, shift)
            return UnitBox(name, text(value, digits), value / 1.41, f"a{c}[{i}]", emphasis)

        dot = " - " if ascii else " · "
        title = "input" if c == 0 else f"output{dot}softplus" if c == len(sizes) - 1 else f"layer {c}{dot}tanh"
        is_current = current is not None and current[0] == c
        return Column(
            title,
            sizes[c],
            unit,
            current[1] if current and is_current else None,
            "current" if is_current else "normal",
            note,
            Widths(max(width_of(unit_name(c, i)) for i in (0, sizes[c] - 1)), digits + 3, 6 if c else 0, 5),
            (lambda: layer(c)) if sizes[c] > 16 else None,
        )

    def picture(title: str, values: list[float], target: str, focus: int | None = None, known: int = 9999) -> Heatmap:
        flags = np.arange(len(values)) < known
        label, value = (title, text(values[focus], digits)) if focus is not None else ("", "")
        return Heatmap(title, np.array(values), flags, lambda x: text(x, 2), target, focus, label, value)

    def layer(c: int) -> Heatmap:
        focus = current[1] if current and current[0] == c else None
        values = [signed(1, c, i, shift) for i in range(sizes[c])]
        known = 9999 if focus is None else focus + 1
        return picture(unit_name(c, focus or 0), values, f"a{c}[{{}}]", focus, known)

    def gap(c: int) -> Gap:
        def weights() -> tuple[bool, Heatmap] | None:
            if current is None or current[0] != c + 1 or sizes[c] <= 16:
                return None
            j = current[1]
            return False, picture(f"w{j + 1}", [signed(2, c, i, j) for i in range(sizes[c])], f"w{c}[{{}},{j}]")

        def edge(i: int, j: int) -> EdgeLabel:
            value = signed(2, c, i, j)
            emphasis = "current" if current == (c + 1, j) else "normal"
            sign = (value > 0) - (value < 0)
            return EdgeLabel(i, j, text(value, 2), sign, abs(value) / 1.41, emphasis, f"w{c}[{i},{j}]")

        return Gap(edge, lambda j: Bias("b", text(signed(3, c, j), 1)), "w", weights)

    where = focus if focus is not None else current[0] if current else 0
    count = len(sizes)
    return GraphModel(tuple(column(c) for c in range(count)), tuple(gap(c) for c in range(count - 1)), where, direction)


CASES = {
    "2-2-1_80x12": (make((2, 2, 1), (1, 1)), 80, 12, False),
    "2-2-1_120x24": (make((2, 2, 1), (1, 1)), 120, 24, False),
    "4-3-1_80x12": (make((4, 3, 1), (1, 1)), 80, 12, False),
    "4-3-1_80x11": (make((4, 3, 1), (1, 1)), 80, 11, False),
    "4-3-1_80x7": (make((4, 3, 1), (1, 1)), 80, 7, False),
    "4-3-1_80x23": (make((4, 3, 1), (1, 1)), 80, 23, False),
    "4-3-1_120x24": (make((4, 3, 1), (1, 1)), 120, 24, False),
    "4-4-3-1_120x24": (make((4, 4, 3, 1), (2, 0)), 120, 24, False),
    "2-4-3-1_80x12": (make((2, 4, 3, 1), (2, 1), digits=2), 80, 12, False),
    "2-4-3-1_120x24": (make((2, 4, 3, 1), (2, 1)), 120, 24, False),
    "3-16-4_80x24": (make((3, 16, 4), (1, 4)), 80, 24, False),
    "3-16-4_overview_80x24": (make((3, 16, 4)), 80, 24, False),
    "784-128-10_80x24": (make((784, 128, 10), (1, 77)), 80, 24, False),
    "nine_80x24": (make((3, 4, 4, 3, 3, 3, 4, 4, 2), (4, 1)), 80, 24, False),
    "negative_80x12": (make((2, 2, 1), negative=True), 80, 12, False),
    "backward_80x12": (make((2, 2, 1), (2, 0), "backward"), 80, 12, False),
    "backward_4-3-1_120x24": (make((4, 3, 1), (1, 1), "backward"), 120, 24, False),
    "ascii_4-3-1_80x12": (make((4, 3, 1), (1, 1), ascii=True), 80, 12, True),
    "ascii_3-16-4_80x24": (make((3, 16, 4), (1, 4), ascii=True), 80, 24, True),
    "784-128-10_120x36": (make((784, 128, 10), (1, 77)), 120, 36, False),
    "ascii_784-128-10_80x24": (make((784, 128, 10), (1, 77), ascii=True), 80, 24, True),
    "64-32-10_80x13": (make((64, 32, 10), (1, 29)), 80, 13, False),
    "tiny_10x3": (make((4, 3, 1), (1, 1)), 10, 3, False),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    """`UPDATE_GOLDEN=1 pytest` records what is drawn now; look at it before committing."""
    model, width, height, ascii = CASES[name]
    drawn = plain_text(draw_graph(model, width, height, ascii=ascii).rows) + "\n"
    path = GOLDEN / f"graph_{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


sizes_any = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 20), st.just(784)), max_size=9).map(tuple)
sizes_small = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple)
WORDS = st.sampled_from(("current", "related", "normal", "dim", "unheard-of"))


@st.composite
def models(draw: st.DrawFn, ascii: bool = False) -> GraphModel:
    """Anything a caller may say, sensible or not."""
    sizes = draw(sizes_any)
    digits = draw(st.integers(0, 9))
    emphases = draw(st.lists(WORDS, min_size=3, max_size=3))
    values = draw(st.sampled_from(("", "?", "+0.5", "+1.234e-07")))
    label = draw(st.sampled_from(("x", "a1(1)", "a long name of a unit") if ascii else ("x₁", "ŷ", "a₁⁽¹⁾", "漢字")))
    title = draw(st.sampled_from(("", "input", "a title much longer than its column")))

    def unit(i: int) -> UnitBox:
        return UnitBox(label, values, None if i % 3 else draw_heat, f"u{i}", emphases[i % 3])

    def edge(i: int, j: int) -> EdgeLabel:
        value = number(i, j)
        return EdgeLabel(i, j, f"{value:+.{digits}f}", (i + j) % 3 - 1, abs(value), emphases[(i + j) % 3], f"w{i},{j}")

    draw_heat = draw(st.floats(-1, 1))
    widths = Widths(*(draw(st.integers(0, 12)) for _ in range(4)), draw(st.booleans()))
    focus = draw(st.one_of(st.none(), st.integers(0, 783)))
    columns = tuple(
        Column(title, size, unit, focus, emphases[0], draw(st.sampled_from(("", "n", "a note"))), widths)
        for size in sizes
    )
    bias = draw(st.sampled_from((None, lambda j: None, lambda j: Bias("b", "+0.1", "b"))))
    gaps = tuple(Gap(edge, bias) for _ in sizes[1:])
    return GraphModel(columns, gaps, draw(st.integers(-2, 11)), draw(st.sampled_from(("forward", "backward"))))


def check_size(drawing: Drawing, width: int, height: int) -> None:
    assert len(drawing.rows) == height
    for row in drawing.rows:
        assert width_of("".join(span.text for span in row)) == width
    for hit in drawing.hits:
        assert hit.x >= 0
        assert hit.width > 0
        assert hit.x + hit.width <= width
        assert 0 <= hit.y < height


@settings(max_examples=150, deadline=None)
@given(models(), st.integers(0, 130), st.integers(0, 50))
def test_any_model_fills_its_rectangle_exactly(model: GraphModel, width: int, height: int) -> None:
    check_size(draw_graph(model, width, height), width, height)


@settings(max_examples=150, deadline=None)
@given(models(ascii=True), st.integers(0, 130), st.integers(0, 50))
def test_ascii_is_ascii(model: GraphModel, width: int, height: int) -> None:
    drawing = draw_graph(model, width, height, ascii=True)
    check_size(drawing, width, height)
    assert all(span.text.isascii() for row in drawing.rows for span in row)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 5), (5, 0), (1, 1), (10, 3), (3, 10), (80, 1), (80, 2)])
def test_tiny_rectangles(width: int, height: int) -> None:
    for sizes in ((2, 2, 1), (784, 128, 10), (3,) * 9, (1,), ()):
        check_size(draw_graph(make(sizes), width, height), width, height)


@settings(max_examples=60, deadline=None)
@given(sizes_small, st.sampled_from(("forward", "backward")))
def test_every_weight_is_written_where_there_is_room(sizes: tuple[int, ...], direction: str) -> None:
    edges = [(c, i, j) for c, (a, b) in enumerate(pairwise(sizes)) for i in range(a) for j in range(b)]
    names = {edge: f"+{n / 100:.2f}" for n, edge in enumerate(edges)}
    plain = make(sizes, None, direction)

    def gap(c: int) -> Gap:
        return Gap(lambda i, j: EdgeLabel(i, j, names[c, i, j], 1, 0.5, "normal", f"w{c}[{i},{j}]"), None)

    model = GraphModel(plain.columns, tuple(gap(c) for c in range(len(sizes) - 1)), 0, direction)
    drawing = draw_graph(model, 120, 24)
    lines = plain_text(drawing.rows).split("\n")
    at = {hit.target: hit for hit in drawing.hits}
    for (c, i, j), name in names.items():
        hit = at[f"w{c}[{i},{j}]"]
        assert lines[hit.y][hit.x : hit.x + hit.width] == name


class Walker:
    """Follows the drawn lines as an eye does, knowing only the characters and where the boxes and weights are."""

    def __init__(self, drawing: Drawing) -> None:
        self.grid = ["".join(span.text for span in row) for row in drawing.rows]
        self.boxes = {
            (x, hit.y): hit.target
            for hit in drawing.hits
            if hit.target[0] == "a"
            for x in range(hit.x, hit.x + hit.width)
        }
        self.labels = {
            (x, hit.y): hit.target
            for hit in drawing.hits
            if hit.target[0] == "w"
            for x in range(hit.x, hit.x + hit.width)
        }

    def char(self, x: int, y: int) -> str:
        return self.grid[y][x] if 0 <= y < len(self.grid) and 0 <= x < len(self.grid[y]) else " "

    def crossing(self, x: int, y: int) -> bool:
        return all(directions(self.char(x, y))) and self.char(x, y) != JOINT

    def turn(self, x: int, y: int) -> int | str:
        """Where the wire leaving (x, y) to the right turns or meets another: that column, or the unit it reaches."""
        while self.crossing(x, y) or not any(directions(self.char(x, y))[:2]):
            x += 1
            if (x, y) in self.boxes:
                return self.boxes[x, y]
            assert directions(self.char(x, y))[2] or self.char(x, y) in "▶◀", f"wire ends at {x},{y}"
        return x

    def arrival(self, x: int, y: int) -> str | None:
        """The unit a line leaving bus cell (x, y) to the right arrives at without meeting anything."""
        if self.crossing(x, y) or not directions(self.char(x, y))[3]:
            return None
        while True:
            x += 1
            if (x, y) in self.boxes:
                return self.boxes[x, y]
            up, down, left, right = directions(self.char(x, y))
            straight = left and right and not up and not down
            if self.char(x, y) not in "▶◀" and not straight and not self.crossing(x, y):
                return None
            if (x, y) in self.labels:
                return None

    def arrivals(self, x: int, y: int) -> set[str]:
        """All units which the bus through (x, y) leads to."""
        rows = [y]
        for step, way in ((-1, 0), (1, 1)):
            row = y
            while directions(self.char(x, row))[way]:
                row += step
                assert directions(self.char(x, row))[1 - way], f"bus breaks at {x},{row}"
                rows.append(row)
        return {unit for row in rows if (unit := self.arrival(x, row)) is not None}


@settings(max_examples=100, deadline=None)
@given(
    sizes_small,
    st.integers(30, 130),
    st.integers(4, 40),
    st.sampled_from(("forward", "backward")),
    st.booleans(),
    st.data(),
)
def test_wires_lead_from_each_weight_to_its_destination(
    sizes: tuple[int, ...], width: int, height: int, direction: str, negative: bool, data: st.DataObject
) -> None:
    column = data.draw(st.integers(0, len(sizes) - 1))
    current = data.draw(st.sampled_from((None, (column, data.draw(st.integers(0, sizes[column] - 1))))))
    drawing = draw_graph(make(sizes, current, direction, negative=negative), width, height)
    walker = Walker(drawing)
    for hit in drawing.hits:
        end = hit.x + hit.width
        if hit.target[0] != "w" or not directions(walker.char(end, hit.y))[2]:
            continue  # a unit, or the weight of a braille line
        gap, dest = hit.target[1:-1].split("[")
        unit = f"a{int(gap) + 1}[{dest.split(',')[1]}]"
        turn = walker.turn(end, hit.y)
        reached = {turn} if isinstance(turn, str) else walker.arrivals(turn, hit.y)
        assert reached == {unit}, hit.target


@settings(max_examples=100, deadline=None)
@given(sizes_small, st.integers(30, 130), st.integers(4, 40), st.sampled_from(("forward", "backward")), st.data())
def test_no_line_dangles(sizes: tuple[int, ...], width: int, height: int, direction: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, len(sizes) - 1))
    drawing = draw_graph(make(sizes, (column, 0), direction), width, height)
    walker = Walker(drawing)
    for y, line in enumerate(walker.grid):
        if y == 0:
            continue
        for x, char in enumerate(line):
            up, down, left, right = directions(char)
            assert not up or directions(walker.char(x, y - 1))[1], (x, y)
            assert not down or directions(walker.char(x, y + 1))[0], (x, y)
            for there, side in ((x - 1, left), (x + 1, right)):
                touches = walker.char(there, y) != " " or (there, y) in walker.boxes
                assert not side or touches, (x, y)


def test_a_huge_layer_costs_only_what_is_drawn() -> None:
    asked: list[tuple[int, int]] = []
    text = plain_text(draw_graph(make((784, 128, 10), (1, 77), asked=asked), 80, 24).rows)
    assert len(asked) == len(set(asked)) < 20
    assert "a₇₈⁽¹⁾" in text


def test_the_focused_column_is_always_shown() -> None:
    for focus in range(9):
        text = plain_text(draw_graph(make((3,) * 9, (focus, 1)), 80, 24).rows)
        title = "input" if focus == 0 else "output" if focus == 8 else f"layer {focus}"
        assert title in text


def test_moving_the_focus_does_not_move_the_picture() -> None:
    for sizes in ((2, 2, 1), (4, 3, 1), (2, 4, 3, 1)):
        for width, height in ((80, 12), (80, 23), (120, 24)):
            places = set()
            for column in range(len(sizes)):
                drawing = draw_graph(make(sizes, (column, 0), digits=2), width, height)
                places.add(tuple((hit.x, hit.y, hit.target) for hit in drawing.hits))
            assert len(places) == 1, (sizes, width, height)


def test_wires_are_cached_while_only_values_change() -> None:
    line_layer.cache_clear()
    for shift in range(5):
        draw_graph(make((4, 3, 1), (1, 1), shift=shift), 80, 24)
    assert line_layer.cache_info().misses == 1


def test_roles_tell_what_is_current_and_which_sign() -> None:
    looks = {span.look.role for row in draw_graph(make((4, 3, 1), (1, 1)), 80, 24).rows for span in row}
    assert {"edge_current", "label_current", "box_current", "title_current", "box_related", "edge_dim"} <= looks
    assert {"label_positive", "label_negative", "value"} <= looks


def test_hidden_and_unreached_values() -> None:
    for value in ("?", ""):
        unit = UnitBox("x₁", value, None, "a0[0]", "normal")
        columns = tuple(Column("", 1, lambda i, unit=unit: unit, None, "normal") for _ in range(2))
        drawing = draw_graph(GraphModel(columns, make((1, 1)).gaps, 0, "forward"), 60, 8)
        written = plain_text(drawing.rows)
        assert written.count("?") == 2 * len(value)
        assert not any(span.look.role == "value" for row in drawing.rows for span in row)


def test_a_note_stands_below_where_there_is_room() -> None:
    assert "bias +0.1" in plain_text(draw_graph(make((2, 2, 1), note="bias +0.1"), 80, 24).rows)


def test_visible_units() -> None:
    assert visible_units(5, 9, None) == (0, 1, 2, 3, 4)
    assert visible_units(784, 6, None) == (0, 1, 2, 3, -779, 783)
    assert visible_units(784, 7, 400) == (0, -398, 399, 400, 401, -381, 783)
    assert visible_units(3, 1, 2) == (2,)
    assert visible_units(3, 0, 2) == ()


@given(st.integers(0, 900), st.integers(0, 40), st.one_of(st.none(), st.integers(0, 900)))
def test_visible_units_account_for_all(size: int, rows: int, focus: int | None) -> None:
    entries = visible_units(size, rows, focus)
    assert len(entries) <= rows
    if rows > 2 and size:
        assert sum(1 if entry >= 0 else -entry for entry in entries) == size
        assert -1 not in entries
    if rows and size:
        assert min(focus or 0, size - 1) in entries


def test_joins_agree_with_unicode() -> None:
    """Each character's name says the same as the table."""
    sides = ("UP", "DOWN", "LEFT", "RIGHT")
    for code in range(0x2500, 0x2580):
        char = chr(code)
        weights = directions(char)
        if not any(weights):
            continue
        name = unicodedata.name(char).replace("VERTICAL", "UP DOWN").replace("HORIZONTAL", "LEFT RIGHT")
        assert {side for side, weight in zip(sides, weights, strict=True) if weight} == set(sides) & set(name.split())
        assert (2 in weights) == ("HEAVY" in name)
        assert (1 in weights) == ("LIGHT" in name)
