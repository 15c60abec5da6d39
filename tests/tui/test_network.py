"""The network at a step: every number drawn is the engine's, and nothing moves but what has to."""

from __future__ import annotations

import os
import random
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scenes import SCENARIOS, different, net, shipped

from engine.address import Address
from engine.paths import paths
from tui.draw.cells import Drawing, Hit, plain_text
from tui.draw.figures import edge_number, number
from tui.draw.graph import draw_graph
from tui.draw.graph_grid import Grid, draw_pixels, grid_for, pixel_hits, pixels_of
from tui.draw.graph_model import Heatmap
from tui.draw.lit import lit_by
from tui.draw.network import NetworkView
from tui.draw.network_edges import Edges, combined
from tui.palette import PALETTES
from tui.session import Session
from tui.settings import CARRIES, Settings

NAMES = sorted(path.stem for path in SCENARIOS.glob("*.toml"))
SEARCH = "SEARCH" in os.environ
SIZES = ((80, 13), (78, 20))
"""The network's part of a small and of a large screen."""


@cache
def session(name: str) -> Session:
    return Session(shipped(name))


@cache
def wide() -> Session:
    """A net whose layers are pictures: 64 inputs, 40 units, 3 outputs."""
    return Session(net(64, 40, 3, samples=2))


def drawn(walk: Session, step: int, settings: Settings, width: int = 80, height: int = 13) -> Drawing:
    return draw_graph(NetworkView(walk, step, settings).model(), width, height, ascii=settings.ascii)


def at(walk: Session, address: str) -> int:
    return walk.trace.index_of(walk.trace.resolve(address))


def value_of(walk: Session, hit: Hit) -> float:
    return combined(hit.how, [float(walk.trace.value(walk.trace.resolve(text))) for text in hit.of])


def check_numbers(walk: Session, step: int, settings: Settings, width: int, height: int) -> int:
    """Compare each number on the drawing with the engine's; return how many there are."""
    drawing = drawn(walk, step, settings, width, height)
    rows = plain_text(drawing.rows).split("\n")
    numbers = [hit for hit in drawing.hits if hit.shown]
    for hit in numbers:
        value = value_of(walk, hit)
        forms = {form(value, hit.cells, settings.ascii).strip() for form in (number, edge_number)}
        assert hit.shown in forms, (hit, value)
        assert hit.shown in rows[hit.y][hit.x : hit.x + hit.width], (hit, rows[hit.y])
        for text in hit.of:
            assert walk.reached(walk.trace.resolve(text), step, settings.hidden), (hit, "is not computed yet")
    return len(numbers)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_drawn_is_the_engines(name: str) -> None:
    walk, dice = session(name), random.Random(name)
    end = walk.trace.plan.start(min(2, walk.trace.plan.iterations))
    cases = list(product(CARRIES, (False, True), (False, True), SIZES))
    found = 0
    for carry, ascii, hidden, (width, height) in dice.sample(cases, 8):
        settings = Settings(carry=carry, ascii=ascii, hidden=hidden)
        found += check_numbers(walk, dice.randrange(end), settings, width, height)
    assert found > 8, "drawings without numbers check nothing"


@pytest.mark.parametrize("carry", CARRIES)
def test_every_edge_carries_what_is_asked_for(carry: str) -> None:
    walk = session("softplus")
    step = at(walk, "W[1][2,2]@1")
    hits = [hit for hit in drawn(walk, step, Settings(carry=carry)).hits if hit.of and "," in hit.of[0]]
    assert len(hits) == (4 if carry == "change" else 6), "W[2] is updated later"
    expected = {
        "auto": ("value", ["W[1][1,1]@1"]),
        "weight": ("value", ["W[1][1,1]@1"]),
        "gradient": ("value", ["dW[1][1,1]@0"]),
        "contribution": ("product", ["W[1][1,1]@0", "x[1]#1@0"]),
        "change": ("difference", ["W[1][1,1]@1", "W[1][1,1]@0"]),
    }[carry]
    hit = next(hit for hit in hits if (hit.how, list(hit.of)) == expected)
    first, *rest = (float(walk.trace.value(walk.trace.resolve(text))) for text in hit.of)
    value = first * rest[0] if carry == "contribution" else first - rest[0] if carry == "change" else first
    assert hit.shown == number(value, hit.cells, False)


def test_a_gradient_not_yet_reached_is_a_dot_and_labels_keep_their_place() -> None:
    walk = session("softplus")
    places = set()
    for step in range(walk.trace.plan.start(1)):
        model = NetworkView(walk, step, Settings(carry="gradient")).model()
        edge = model.gaps[0].edge(0, 0)
        assert (edge.text == "·") == (step < at(walk, "dW[1][1,1]@0"))
        drawing = draw_graph(model, 80, 13)
        places.add(tuple((hit.x, hit.y, hit.width) for hit in drawing.hits if "W[" in hit.target))
    assert len(places) == 1


def _layer(hit: Hit) -> str:
    """The layer of the unit that a hit is."""
    return "0" if hit.target[0] == "x" else hit.target.split("[")[1].removesuffix("]")


@pytest.mark.parametrize("name", NAMES)
def test_columns_stay_where_they_are_through_an_iteration(name: str) -> None:
    walk = session(name)
    depth, end = walk.trace.network.depth, walk.trace.plan.start(1)
    steps = range(0, end, max(1, end // 10))
    large = {str(layer) for layer, size in enumerate(walk.trace.network.sizes) if size > 16}
    # ASCII has other characters for the same places
    alphabets = (False, True) if name in different() or SEARCH else (False,)
    for ascii, (width, height) in product(alphabets, SIZES):
        seen: dict[tuple[str, ...], set[tuple[tuple[int, int], ...]]] = {}
        for step in steps:
            drawing = drawn(walk, step, Settings(ascii=ascii), width, height)
            units = [hit for hit in drawing.hits if "," not in hit.target and hit.target[:2] not in ("b[", "b@")]
            # the number in focus under a picture is there at some steps only
            units = [hit for hit in units if not (hit.shown and _layer(hit) in large)]
            layers = sorted({_layer(hit) for hit in units})
            place = tuple(sorted({(hit.x, hit.width) for hit in units}))
            seen.setdefault(tuple(layers), set()).add(place)
        assert all(len(places) == 1 for places in seen.values()), (width, height, ascii)
        if depth < 5:
            assert len(seen) == 1, "a net this shallow is shown whole"
            assert len(next(iter(seen))) == depth + 1


def test_a_hidden_result_is_a_question_mark() -> None:
    walk = session("softplus")
    for step in range(len(walk.trace)):
        place = walk.trace[step]
        if not place.place.unit or place.quantity.name not in ("z", "a", "da", "delta", "dW", "W", "b"):
            continue
        for hidden in (True, False):
            drawing = drawn(walk, step, Settings(hidden=hidden))
            text = plain_text(drawing.rows)
            assert text.count("?") == hidden, place.address
            own = [hit for hit in drawing.hits if str(place.address) in hit.of]
            assert bool(own) != hidden, place.address


def test_what_is_computed_next_is_marked_and_only_that() -> None:
    walk = session("softplus")
    model = NetworkView(walk, at(walk, "z[1][1]@0"), Settings()).model()
    marked = [
        (c, i)
        for c, column in enumerate(model.columns)
        for i in range(column.size)
        if column.unit(i).emphasis == "next"
    ]
    assert marked == [(1, 1)]
    for ascii, sign in ((False, "┌╌╌z₂"), (False, "┌╌╌a₂"), (True, "+..")):
        text = plain_text(drawn(walk, at(walk, "z[1][1]@0"), Settings(ascii=ascii)).rows)
        assert sign in text or sign == "┌╌╌z₂"
    model = NetworkView(walk, at(walk, "dW[2][1,1]@0"), Settings()).model()
    edges = [
        (c, i, j)
        for c, gap in enumerate(model.gaps)
        for i in range(2)
        for j in range(2 - c)
        if gap.edge(i, j).emphasis == "next"
    ]
    assert edges == [(1, 1, 0)]
    assert "◦" in plain_text(drawn(walk, at(walk, "dW[2][1,1]@0"), Settings()).rows)
    assert NetworkView(walk, walk.last, Settings()).model(), "after the last step nothing comes"


def test_an_edit_marks_what_it_changed_and_moves_nothing() -> None:
    edited, same = net(2, 2, 1), net(2, 2, 1)
    other = net(2, 2, 1, scale=2.0)
    walk, marked = Session(edited, Session(same)), Session(other, Session(edited))
    for step in (0, 5, 12):
        unchanged, changed = (drawn(each, step, Settings(), 78, 20) for each in (walk, marked))
        assert "*" not in plain_text(unchanged.rows)
        assert "*" in plain_text(changed.rows)
        assert [(h.x, h.y, h.width) for h in unchanged.hits] == [(h.x, h.y, h.width) for h in changed.hits]
    model = NetworkView(marked, 0, Settings()).model()
    assert model.gaps[0].edge(0, 0).changed
    assert not model.columns[0].unit(0).changed, "the inputs are the same"
    roles = {span.look.role for row in drawn(marked, 0, Settings()).rows for span in row if "*" in span.text}
    assert roles == {"changed"}


def test_a_path_is_lit_and_the_rest_dimmed() -> None:
    walk = session("tanh_paths")
    for path in paths(walk.trace, walk.trace.resolve("W[1][2,1]")).paths:
        model = NetworkView(walk, 20, Settings(), path.nodes).model()
        units = {
            (c, i + 1)
            for c, column in enumerate(model.columns)
            for i in range(column.size)
            if column.unit(i).emphasis == "path"
        }
        named = {(node.layer, node.unit[0]) for node in path.nodes if node.name in ("z", "a")}
        assert units == named
        edges = {
            (c + 1, j + 1, i + 1)
            for c, gap in enumerate(model.gaps)
            for i in range(model.columns[c].size)
            for j in range(model.columns[c + 1].size)
            if gap.edge(i, j).emphasis == "path"
        }
        chain = [1, *(unit for layer, unit in sorted(named) if layer), 1]
        assert edges == {(layer, chain[layer], chain[layer - 1]) for layer in (1, 2, 3)}
        others = {column.unit(i).emphasis for column in model.columns for i in range(column.size)}
        assert others == {"path", "dim"}


def test_a_path_through_a_transposed_matrix() -> None:
    walk = session("shared_weights")
    network = walk.trace.network
    assert network.dense[2].transposed
    nodes = (Address("W", 1, (2, 3)), Address("z", 2, (3,), 1), Address("a", 2, (3,), 1), Address("loss"))
    assert lit_by(nodes, network).edges == {(2, (3, 2))}


def test_large_boxes_where_there_is_room_and_else_the_usual_ones() -> None:
    walk = session("softplus")
    big = drawn(walk, 4, Settings(big=True), 118, 30)
    tall = [hit for hit in big.hits if hit.target.startswith("x[1]")]
    assert [hit.width for hit in tall] == [14] * 5
    rows = plain_text(big.rows).split("\n")
    assert "x₁" in rows[tall[1].y]
    assert "+0.400" in rows[tall[2].y]
    for width, height in ((80, 7), (40, 20), (9, 3)):
        assert plain_text(drawn(walk, 4, Settings(big=True), width, height).rows) == plain_text(
            drawn(walk, 4, Settings(), width, height).rows
        )


def test_usual_boxes_rather_than_large_letters_without_any() -> None:
    walk = Session(net(2, 3))
    usual = plain_text(drawn(walk, 1, Settings(), 78, 13).rows)
    assert "╭" in usual
    assert plain_text(drawn(walk, 1, Settings(big=True), 78, 13).rows) == usual
    assert plain_text(drawn(walk, 1, Settings(big=True), 78, 20).rows) != usual


# pictures


@given(st.integers(1, 3000))
def test_every_number_has_its_pixel(size: int) -> None:
    rows, columns = pixels_of(size)
    assert (rows - 1) * columns < size <= rows * columns
    assert columns <= 2.5 * rows + 2
    for grid in (Grid(size, columns, 1, True), Grid(size, columns, 1, False), Grid(size, columns, 3, False)):
        for index in range(0, size, max(1, size // 40)):
            x, y = grid.cell(index)
            assert 0 <= x < grid.width
            assert 0 <= y < grid.height
            first = grid.first(x, y)
            assert first is not None
            assert first <= index
            assert grid.cell(first) == (x, y)


def test_the_shape_of_a_picture() -> None:
    assert [pixels_of(size) for size in (784, 64, 128, 32, 17, 1)] == [
        (28, 28),
        (8, 8),
        (8, 16),
        (4, 8),
        (4, 5),
        (1, 1),
    ]
    grid = grid_for(784, 80, 20, roomy=False)
    assert grid is not None
    assert (grid.width, grid.height, grid.pool) == (28, 14, 1)
    assert grid_for(784, 80, 7, roomy=False) == Grid(784, 28, 2, False)
    assert grid_for(784, 2, 2, roomy=False) is None


class Cells:
    """Where pixels are painted."""

    def __init__(self) -> None:
        self.chars: list[list[str]] = []
        self.heats: list[list[float | None]] = []

    def paint(self, x: int, y: int, chars: list[str], looks: list) -> None:  # type: ignore[type-arg]
        self.chars.append(chars)
        self.heats.append([look.heat for look in looks])


def picture(values: list[float], known: int = 10**6) -> Heatmap:
    return Heatmap("", np.array(values), np.arange(len(values)) < known, str, "x[{}]")


numbers = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9), min_size=1, max_size=80
)


@given(numbers, st.booleans())
def test_a_pixel_shows_sign_and_magnitude(values: list[float], coloured: bool) -> None:
    columns = pixels_of(len(values))[1]
    cells = Cells()
    draw_pixels(cells, 0, 0, Grid(len(values), columns, 1, True), picture(values), coloured=coloured, ascii=True)  # type: ignore[arg-type]
    for index, value in enumerate(values):
        row, column = divmod(index, columns)
        char, heat = cells.chars[row][2 * column], cells.heats[row][2 * column]
        if coloured:
            assert heat is not None
            assert (heat > 0, heat < 0) == (value > 0, value < 0)
            assert abs(heat - value / (max(map(abs, values)) or 1)) <= 0.05
        else:
            assert (char in ":+*#@", char in "rnmNM") == (value > 0, value < 0)


def test_what_is_not_reached_is_a_dot_and_what_is_not_finite_is_said() -> None:
    cells = Cells()
    heat = picture([1.0, float("nan"), -2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0], known=5)
    draw_pixels(cells, 0, 0, Grid(9, 3, 1, True), heat, coloured=False, ascii=True)  # type: ignore[arg-type]
    assert ["".join(row) for row in cells.chars] == ["**!!MM", "  **..", "......"]


def test_a_pixel_of_several_numbers_shows_the_largest_magnitude() -> None:
    cells = Cells()
    draw_pixels(
        cells, 0, 0, Grid(16, 4, 2, False), picture([0.1] * 5 + [-1.0] + [0.1] * 10), coloured=True, ascii=False
    )  # type: ignore[arg-type]
    assert cells.chars == [["▀", "▀"]]
    assert cells.heats[0][0] == -1.0
    cells = Cells()
    draw_pixels(cells, 0, 0, Grid(4, 2, 2, True), picture([0.5, 1.0, 0.0, 0.0], known=2), coloured=True, ascii=False)  # type: ignore[arg-type]
    assert cells.heats == [[1.0, 1.0]], "what is known is shown beside what is not"


def test_a_click_on_a_pixel_leads_to_its_unit() -> None:
    walk = wide()
    step = at(walk, "z[1][20]#2@0")
    drawing = drawn(walk, step, Settings(), 118, 36)
    by_place = {(hit.x, hit.y): hit.target for hit in drawing.hits if hit.target.startswith("x[")}
    assert set(by_place.values()) == {f"x[{i}]#2@0" for i in range(1, 65)}
    left, top = min(by_place)
    assert by_place[left + 2 * 3, top + 5] == f"x[{5 * 8 + 3 + 1}]#2@0"
    assert pixel_hits(0, 0, Grid(5, 3, 1, False), "x[{}]")[0].target == "x[1]"


@pytest.mark.parametrize("carry", CARRIES)
def test_pictures_of_weights_agree_with_single_edges(carry: str) -> None:
    for walk in (wide(), session("shared_weights"), session("l2_shrinks")):
        dice, network = random.Random(carry), walk.trace.network
        for step in dice.sample(range(walk.trace.plan.start(1)), 4):
            for hidden in (False, True):
                edges = Edges(walk, walk.trace[step], Settings(carry=carry, hidden=hidden), 1)
                for layer in range(1, network.depth + 1):
                    to, source = dice.randint(1, network.sizes[layer]), dice.randint(1, network.sizes[layer - 1])
                    for values, known, index in (
                        (*edges.vector(layer, to, None), source - 1),
                        (*edges.vector(layer, None, source), to - 1),
                    ):
                        single = edges.edge(layer, (to, source))
                        assert known[index] == (single.value is not None), (step, layer)
                        assert single.value is None or values[index] == single.value


def test_the_weights_of_the_current_unit_are_a_picture_beside_the_layer() -> None:
    walk = wide()
    drawing = drawn(walk, at(walk, "z[1][7]#1@0"), Settings(), 118, 36)
    assert "w₇ 8×8" in plain_text(drawing.rows)
    assert {hit.target for hit in drawing.hits} >= {f"W[1][7,{i}]@0" for i in range(1, 65)}
    drawing = drawn(walk, at(walk, "dW[1][7,9]@0"), Settings(), 118, 36)
    hit = next(hit for hit in drawing.hits if hit.of == ("dW[1][7,9]@0",))
    assert hit.shown == number(float(walk.trace.value(walk.trace.resolve("dW[1][7,9]@0"))), hit.cells, False)
    assert "▼" in plain_text(drawing.rows)


def test_numbers_and_focus_of_pictures_are_the_engines() -> None:
    walk = wide()
    for step in range(0, walk.trace.plan.start(1), 211):
        for ascii, hidden in product((False, True), (False, True)):
            check_numbers(walk, step, Settings(ascii=ascii, hidden=hidden), 118, 36)


def test_a_hidden_result_is_no_pixel() -> None:
    walk = wide()
    for hidden in (False, True):
        heat = NetworkView(walk, at(walk, "z[1][20]#2@0"), Settings(hidden=hidden)).model().columns[1].heat
        assert heat is not None
        assert heat().known.sum() == 20 - hidden
        assert ("?" in heat().value) == hidden


@given(st.integers(0, 130), st.integers(0, 40), st.integers(0, 5000), st.booleans(), st.booleans(), st.booleans())
@examples(max_examples=80, deadline=None)
def test_pictures_fill_any_rectangle(
    width: int, height: int, step: int, ascii: bool, coloured: bool, big: bool
) -> None:
    model = NetworkView(wide(), step % wide().last, Settings(ascii=ascii, big=big)).model()
    drawing = draw_graph(model, width, height, ascii=ascii, coloured=coloured)
    texts = ["".join(span.text for span in row) for row in drawing.rows]
    assert [len(text) for text in texts] == [width] * height
    assert not ascii or all(text.isascii() for text in texts)
    if not coloured or ascii:
        assert not any(span.look.role.startswith("pixel") for row in drawing.rows for span in row)


# numbers and colours


@example(0.004, 5, False)
@given(st.floats(allow_nan=False), st.integers(5, 7), st.booleans())
def test_a_brief_number_keeps_to_its_cells_and_never_hides(value: float, width: int, ascii: bool) -> None:
    text = number(value, width, ascii)
    assert len(text) <= width
    assert not ascii or text.isascii()
    digits = text.replace("−", "-").replace("∞", "inf").split("…")[0].rstrip(".")
    if "…" not in text and ".." not in text:
        assert (float(digits) > 0, float(digits) < 0) == (value > 0, value < 0)


@pytest.mark.parametrize("name", ["backprop-dark", "backprop-light"])
def test_a_half_block_has_two_colours_and_zero_is_the_middle(name: str) -> None:
    from tui.draw.cells import Look

    palette = PALETTES[name]
    style = palette.style(Look("pixel", 1.0, -1.0))
    assert style.color is not None
    assert style.bgcolor is not None
    assert (style.color.name.upper(), style.bgcolor.name.upper()) == (palette.heat[-1].upper(), palette.heat[0].upper())
    zero = palette.style(Look("pixel", 0.0))
    assert zero.bgcolor is not None
    assert zero.bgcolor.name.upper() == palette.heat[5].upper()
    assert palette.style(Look("pixel_top", 0.5)).bgcolor is None
