"""The curves panel as drawings, no app: sizes, what stands where, what a click means, what is kept back."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rich.color import Color
from rich.style import Style
from scenes import SCENARIOS, net, shipped

from engine.scenario.model import Scenario, frozen_array
from engine.structs import replace
from tui.draw.cells import Drawing, Look, width_of
from tui.draw.curves import VIEWS, available, draw_curves
from tui.draw.curves_lines import _numbers
from tui.draw.halfblock import half
from tui.draw.plot import Scale, cells_of, column_of, record_at, round_values, scale_of, spark, trace_line
from tui.palette import PALETTES
from tui.series import Series
from tui.session import Session
from tui.settings import Settings

SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.toml"))
PLAIN = Settings()
ASCII = Settings(ascii=True)
HIDDEN = Settings(hidden=True)


def filled(scenario: Scenario) -> tuple[Session, Series]:
    session = Session(scenario)
    series = Series(session.trace)
    series.extend(10**9)
    return session, series


@cache
def walk(name: str) -> tuple[Session, Series]:
    return filled(shipped(name))


def texts(drawing: Drawing) -> list[str]:
    return ["".join(span.text for span in row) for row in drawing.rows]


def draw(
    name: str, view: str, width: int = 78, height: int = 20, settings: Settings = PLAIN, at: str = "", **more: bool
) -> list[str]:
    session, series = walk(name)
    cursor = session.target(at, 0) if at else session.last // 2
    return texts(draw_curves(session, series, cursor, settings, width, height, view, **more))


# every scenario, every view


@pytest.mark.parametrize("name", SHIPPED)
def test_every_view_of_every_scenario_fits_its_size(name: str) -> None:
    session, series = walk(name)
    for view in VIEWS:
        for place, (width, height) in enumerate(((1, 1), (20, 5), (38, 10), (78, 20))):
            for settings, heats in ((PLAIN, True), (ASCII, True), (replace(HIDDEN, ascii=True), False)):
                cursor = (0, session.last // 2, session.last)[(place + settings.hidden) % 3]
                drawing = draw_curves(session, series, cursor, settings, width, height, view, heats=heats)
                assert [width_of(text) for text in texts(drawing)] == [width] * height
                assert not settings.ascii or "".join(texts(drawing)).isascii()
                for hit in drawing.hits:
                    assert 0 <= hit.x < hit.x + hit.width <= width
                    assert 0 <= hit.y < height


@given(st.integers(1, 60), st.integers(1, 24), st.sampled_from(sorted(VIEWS)), st.booleans(), st.booleans())
@examples(max_examples=60)
def test_any_size_holds_its_drawing(width: int, height: int, view: str, ascii: bool, hidden: bool) -> None:
    session, series = walk("l2_shrinks")
    drawing = draw_curves(session, series, 9, Settings(ascii=ascii, hidden=hidden), width, height, view)
    assert [width_of(text) for text in texts(drawing)] == [width] * height


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_diverging_walk_is_drawn(view: str) -> None:
    scenario = net(2, 2, 1, activation="identity", iterations=80, rate=50.0, samples=3)
    session, series = filled(scenario)
    for cursor in (0, session.last // 2, session.last):
        drawing = draw_curves(session, series, cursor, PLAIN, 60, 12, view)
        assert [width_of(text) for text in texts(drawing)] == [60] * 12


def test_before_anything_is_filled_there_is_the_cursors_own_value() -> None:
    session = Session(shipped("softplus"))
    rows = texts(draw_curves(session, Series(session.trace), 0, PLAIN, 60, 10, "loss"))
    assert rows[0].startswith("loss 0.024223  iteration 1/5")
    assert "●" in "".join(rows)


# what is not there


@pytest.mark.parametrize(
    ("name", "view", "why"),
    [
        ("digits", "decision", "a map needs 2 inputs, one for each direction; this network has 64"),
        ("softmax_mean", "function", "every activation is a function of its whole layer: there is no curve of one z"),
        ("xor", "decision", ""),
        ("softmax_mean", "decision", ""),
        ("word2vec", "function", ""),
    ],
)
def test_a_view_is_missing_for_a_reason(name: str, view: str, why: str) -> None:
    session, _ = walk(name)
    assert available(session, view) == why
    if why:
        assert " ".join(" ".join(draw(name, view)).split()) == why


def test_outputs_that_are_no_choice_have_no_map() -> None:
    scenario = net(2, 3, 2, samples=2)
    assert available(Session(scenario), "decision") == ""
    several = Session(replace(scenario, y=frozen_array([[0.5, 2.0], [1.0, 1.0]])))
    assert available(several, "decision") == "a map shows one output or a choice of classes; this network has 2 outputs"


def test_a_softmax_layer_has_no_curve_but_the_one_below_has() -> None:
    assert "layer 2: softmax is a function of the whole layer" in draw("word2vec", "function", at="loss")[0]
    assert draw("word2vec", "function", at="z[1][1]")[0].startswith("layer 1: identity")


# lines


def test_the_captions_numbers_are_the_traces() -> None:
    assert draw("xor", "loss", at="loss@59")[0].startswith("loss 0.37755  iteration 60/200")
    session, _ = walk("deep_sigmoid")
    first, last = (float(session.trace.value(session.trace.resolve(f"rms_dW[{layer}]@2"))) for layer in (1, 9))
    row = draw("deep_sigmoid", "gradients", at="loss@2")[0]
    assert f"layer 1: {first:.3g}".replace("e-0", "e−") in row
    assert f"layer 9: {last:.3g}" in row
    assert f"first/last {first / last:.3g}".replace("e-0", "e−") in row


def test_the_cursors_column_and_the_iteration_below_it() -> None:
    session, series = walk("xor")
    for k in (0, 59, 100, 199):
        drawing = draw_curves(session, series, session.trace.plan.start(k), PLAIN, 60, 12, "loss")
        rows = texts(drawing)
        columns = {row.index("●") for row in rows if "●" in row}
        assert len(columns) == 1
        column = columns.pop()
        assert all(row[column] == "┊" for row in rows[1:-1] if row[column] not in "●" and ord(row[column]) < 0x2800)
        target = next(hit.target for hit in drawing.hits if hit.x <= column < hit.x + hit.width)
        # 200 iterations in some 50 columns: the first of those that share the column
        assert 0 <= k - session.trace.plan.k_of(int(target) - 1) < 6
        assert str(k + 1) in rows[-1].split()


def test_a_click_leads_to_the_first_step_of_the_iteration_under_it() -> None:
    session, series = walk("softplus")
    hits = draw_curves(session, series, 0, PLAIN, 60, 10, "loss").hits
    targets = sorted({session.target(hit.target, 0) for hit in hits})
    assert targets == [session.trace.plan.start(k) for k in range(5)]
    row = sorted((hit for hit in hits if hit.y == 4), key=lambda hit: hit.x)
    # without gaps from the axis to the edge
    assert [hit.x + hit.width for hit in row] == [*(hit.x for hit in row[1:]), 60]


@given(st.integers(1, 10**6) | st.integers(2**62, 2**63 - 1), st.integers(1, 200))
def test_columns_and_iterations_lead_to_each_other(iterations: int, width: int) -> None:
    for x in {0, width // 3, width - 1}:
        k = record_at(x, iterations, width)
        assert 0 <= k < iterations
        if iterations >= 4 * width and width > 1:
            assert column_of(k, iterations, 2 * width) // 2 == x
            assert k == 0 or column_of(k - 1, iterations, 2 * width) // 2 < x
    if width > 1 and iterations > 1:
        assert column_of(iterations - 1, iterations, 2 * width) == 2 * width - 1


@given(st.integers(0, 10**6), st.integers(500, 3000), st.integers(2, 60))
@examples(max_examples=30)
def test_what_shares_a_column_keeps_its_extremes(seed: int, count: int, columns: int) -> None:
    array = np.random.default_rng(seed).random(count) * 100
    scale = scale_of([array])
    rows = scale.rows(array, 40)
    dots = trace_line(np.arange(len(array)), array, scale, len(array), columns, 40)
    for k in {int(array.argmin()), int(array.argmax()), 0, len(array) - 1}:
        assert dots[int(rows[k]), column_of(k, len(array), columns)]


def test_neighbouring_columns_are_joined_but_not_across_a_gap() -> None:
    scale = Scale(0.0, 19.0)
    dots = trace_line(np.arange(5), np.array([19.0, 0.0, math.inf, 0.0, 19.0]), scale, 5, 5, 20)
    assert dots[:, 0].sum() + dots[:, 1].sum() == 20
    assert not dots[:, 2].any()
    assert dots[19, 3]
    # a gap at the edge of a column parts it from its neighbour, though both have points
    for values in ([19.0, 19.0, math.nan, 0.0], [19.0, math.nan, 0.0, 0.0]):
        dots = trace_line(np.arange(4), np.array(values), scale, 4, 2, 20)
        assert np.argwhere(dots).tolist() == [[0, 0], [19, 1]]
    ends = np.array([0, 9])
    far = trace_line(ends, np.array([9.0, 0.0]), Scale(0.0, 9.0), 10, 10, 10)
    assert (far == np.eye(10, dtype=bool)).all()
    assert not trace_line(ends, np.array([9.0, math.nan]), Scale(0.0, 9.0), 10, 10, 10)[:, 1:].any()


def test_cells_of_dots_are_braille() -> None:
    dots = np.zeros((4, 4), dtype=bool)
    dots[0, 0] = dots[3, 1] = dots[1, 2] = True
    assert [chr(0x2800 + bits) for bits in cells_of(dots)[0]] == ["⢁", "⠂"]


def test_a_scale_is_logarithmic_over_more_than_two_decades_of_positive_numbers() -> None:
    assert not scale_of([np.array([1.0, 100.0])]).log
    assert scale_of([np.array([1.0, 101.0])]).log
    assert not scale_of([np.array([-1.0, 101.0])]).log
    assert not scale_of([np.array([0.0, 101.0])]).log
    assert scale_of([np.array([0.0, 1.0, 10.0])], log=True) == Scale(1.0, 10.0, True, True)
    scale = Scale(1e-4, 1.0, True)
    assert scale.share(np.array([1e-4, 1e-2, 1.0, 0.0])).tolist() == pytest.approx(
        [0.0, 0.5, 1.0, math.nan], nan_ok=True
    )
    assert scale.ticks(3) == pytest.approx([1e-4, 1e-2, 1.0])
    assert scale_of([np.array([math.inf, math.nan])]) == Scale(0.0, 0.0)
    assert Scale(-1.7e308, 1.7e308).share(np.array([0.0])).tolist() == [0.5]


@given(st.floats(-1e9, 1e9), st.floats(1, 1e9), st.integers(1, 12))
def test_ticks_are_round_within_and_few(low: float, span: float, most: int) -> None:
    found = round_values(low, low + span, most)
    assert len(found) <= most
    assert all(low - span * 1e-6 <= value <= low + span * (1 + 1e-6) for value in found)


def test_ticks_of_a_narrow_range_are_told_apart() -> None:
    assert Scale(0.0, 5.0).digits == 3
    assert Scale(100.01, 100.05).digits == 6
    rows = draw("saturation_large", "loss", 60, 14)
    labels = [row.split("┤")[0].strip() for row in rows if "┤" in row]
    assert len(set(labels)) == len(labels) >= 3


def test_zeros_of_gradients_have_a_row_of_their_own() -> None:
    rows = draw("zero_init", "gradients", 60, 14, at="loss@1")
    assert rows[-2].lstrip().startswith("0┤")
    assert rows[0].startswith("rms of ∂L/∂W  layer 1: 0  layer 3: ")


def test_the_loss_and_its_parts_differ_without_colour() -> None:
    rows = draw("l2_shrinks", "loss", 70, 18, replace(ASCII, digits=4))
    assert rows[0].startswith("** loss ")
    assert ".. data " in rows[0]
    assert "++ penalty " in rows[0]
    ends = [row.split()[-1] for row in rows]
    assert {"loss", "data", "penalty"} <= set(ends)
    body = "".join(rows[1:-1])
    assert all(char in body for char in "*.+O:")


def test_lines_that_end_together_share_their_label() -> None:
    assert _numbers([3, 1, 2, 7]) == "1-3,7"
    assert _numbers([4, 5]) == "4,5"
    rows = draw("deep_sigmoid", "gradients", 78, 20)
    # every layer is named at the end of some row
    named = {label for row in rows[1:-1] for label in row[68:].replace(",", " ").split() if label.isdigit()}
    assert {"9", "8", "7", "6", "5"} <= named


def test_divergence_is_said_and_marked() -> None:
    session, series = filled(net(1, 1, activation="identity", iterations=600, rate=50.0))
    assert series.diverged is not None
    drawing = texts(draw_curves(session, series, session.last, PLAIN, 70, 12, "loss"))
    assert drawing[0].startswith(f"diverged at iteration {series.diverged + 1}")
    assert "×" in drawing[1]
    # not before it has happened, where the future is a question
    early = texts(draw_curves(session, series, session.trace.plan.start(3), HIDDEN, 70, 12, "loss"))
    assert "diverged" not in early[0]
    assert "×" not in "".join(early)


def test_small_panels_keep_the_number_and_a_line_of_bars() -> None:
    assert draw("xor", "loss", 30, 1, at="loss@59")[0].startswith("0.3775 ████")
    assert draw("xor", "loss", 6, 1, at="loss@59") == ["0.3775"]
    assert draw("xor", "loss", 30, 2, ASCII, at="loss@59")[0].startswith("loss 0.37755")
    # a bar for each layer at the cursor
    assert draw("deep_sigmoid", "gradients", 40, 1)[0].rstrip().endswith("█")
    assert spark(np.array([0.0, 0.5, 1.0, math.nan]), 4, False) == "▁▅█ "


# what is kept back


@pytest.mark.parametrize("view", sorted(VIEWS))
@pytest.mark.parametrize("name", ["l2_shrinks", "deep_sigmoid"])
def test_with_the_future_hidden_nothing_tells_of_it(name: str, view: str) -> None:
    session, series = walk(name)
    scenario = shipped(name)
    for k in (0, 4):
        # a walk that ends with this iteration has no future to tell of
        unfilled = Session(scenario)
        empty = Series(unfilled.trace)
        empty.extend(k)
        for cursor in range(session.trace.plan.start(k), session.trace.plan.start(k + 1), 1 + len(session.trace) // 50):
            shown = draw_curves(session, series, cursor, HIDDEN, 60, 14, view)
            assert texts(shown) == texts(draw_curves(unfilled, empty, cursor, HIDDEN, 60, 14, view))


def test_the_iterations_own_loss_is_a_question_until_it_is_passed() -> None:
    session, series = walk("l2_shrinks")
    cursor = session.target("loss@3", 0)

    def caption(at: int, settings: Settings = HIDDEN) -> str:
        return texts(draw_curves(session, series, at, settings, 90, 14, "loss"))[0]

    assert "loss ?" in caption(cursor)
    assert "loss ?" not in caption(cursor + 1)
    assert "penalty ?" not in caption(cursor)
    assert "loss ?" not in caption(cursor, PLAIN)


def test_a_gradients_size_is_a_question_until_all_of_it_is_there() -> None:
    session, series = walk("xor")
    start = session.target("dW[1][1,1]@3", 0)
    captions = [texts(draw_curves(session, series, start + n, HIDDEN, 90, 14, "gradients"))[0] for n in range(5)]
    assert ["layer 1: ?" in caption for caption in captions] == [True] * 4 + [False]


def test_the_known_future_is_dim() -> None:
    session, series = walk("xor")
    drawing = draw_curves(session, series, session.target("loss@99", 0), PLAIN, 78, 20, "loss")
    dim = [
        (x, span.look.role)
        for row in drawing.rows
        for x, span in zip(np.cumsum([0, *(width_of(span.text) for span in row)]), row, strict=False)
        if span.look.role in ("curve_1", "curve_future")
    ]
    last = max(x for x, role in dim if role == "curve_1")
    assert last < min(x for x, role in dim if role == "curve_future")


# weights


def test_weights_are_those_of_the_state_at_the_cursor() -> None:
    assert "W⁽¹⁾ 2×2  −0.5 0.5 −0.8 0.8  " in "\n".join(draw("softplus", "weights", at="loss@0"))
    # the last of them updated: the new ones
    after = draw("softplus", "weights", at="W[1][2,2]@1")
    assert "W⁽¹⁾ 2×2  −0.474 0.539 −0.827 0.76  " in "\n".join(after)
    before = draw("softplus", "weights", at="W[1][2,1]@1")
    assert "W⁽¹⁾ 2×2  −0.5 0.5 −0.8 0.8  " in "\n".join(before)
    asked = draw("softplus", "weights", settings=HIDDEN, at="W[1][2,2]@1")
    assert "W⁽¹⁾ 2×2  −0.5 0.5 −0.8 0.8  " in "\n".join(asked)


def test_many_weights_are_a_histogram_of_all_of_them() -> None:
    rows = draw("digits", "weights", 78, 24, at="loss@0")
    weights = shipped("digits").layers[0].weights
    assert f"mean {weights.mean():.3g}  std {weights.std():.3g}" in rows[1].replace("−", "-")
    now, start = rows[2:6], rows[next(y for y, row in enumerate(rows) if row.startswith("start"))]
    assert "█" in "".join(now)
    # at the start both are one and the same
    lowest = rows[next(y for y, row in enumerate(rows) if row.startswith("now"))]
    assert [char != " " for char in lowest[6:]] == [char != " " for char in start[6:]]


def test_equal_weights_stand_as_a_number() -> None:
    rows = draw("zero_init", "weights", 60, 14, at="loss@0")
    assert any(row.startswith("now") and "8" in row for row in rows)


# the map


def test_the_map_shows_each_side_and_the_points_on_it() -> None:
    rows = draw("xor", "decision", at="loss@150")
    body = "\n".join(rows[1:-1])
    assert (body.count("o"), body.count("x")) == (2, 3)  # x₂ at the axis has an x
    assert "ŷ < 0.5" in body
    assert "ŷ > 0.5" in body
    assert rows[-1].split()[1] == "x₁"


def test_the_maps_colours_are_the_networks_answers() -> None:
    session, series = walk("xor")
    cursor = session.target("a[2][1]#2@199", 0)
    drawing = draw_curves(session, series, cursor, PLAIN, 78, 20, "decision")
    row = drawing.rows[10]
    heats = [(span.look.heat, span.look.below) for span in row if span.look.role == "pixel"]
    assert heats
    assert all(-1.0 <= heat <= 1.0 and -1.0 <= below <= 1.0 for heat, below in heats if heat is not None and below)
    # exclusive or: the corners of one diagonal are warm, of the other cold
    first, last = ([span.look.heat for span in drawing.rows[y] if span.look.role == "pixel"] for y in (1, 18))
    assert first[0] > 0 > first[-1]
    assert last[-1] > 0 > last[0]
    marked = [span.text for row in drawing.rows for span in row if span.look.role == "cell_current"]
    assert marked == ["[x]"]


def test_without_heat_the_map_is_in_characters() -> None:
    rows = draw("xor", "decision", heats=False, at="loss@150")
    assert "▀" not in "".join(rows)
    assert "▓" in "".join(rows)
    session, series = walk("xor")
    drawing = draw_curves(session, series, 0, PLAIN, 40, 12, "decision", heats=False)
    assert all(span.look.heat is None for row in drawing.rows for span in row)
    assert "class 1" in "".join(draw("softmax_sgd", "decision", heats=False, at="100%"))


def test_a_hidden_answer_is_not_in_the_caption() -> None:
    assert draw("softplus", "decision", settings=HIDDEN, at="a[2][1]")[0].startswith("ŷ ?  iteration 1/5")
    assert draw("softplus", "decision", at="a[2][1]")[0].startswith("ŷ 0.78  iteration 1/5")
    assert "on the map" not in draw("softplus", "decision", settings=HIDDEN, at="a[2][1]")[0]


def test_two_heats_are_two_colours_where_there_are_any() -> None:
    char, look = half(-1.0, 0.52)
    assert (char, look) == ("▀", Look("pixel", -1.0, 0.5))
    palette = PALETTES["backprop-dark"]
    dark, lower = palette.style(look), palette.style(Look("pixel", 0.5, 0.5))
    assert dark.color == Color.parse(palette.heat[0]), "a picture goes to the ends of the shades"
    assert dark.bgcolor == lower.bgcolor == lower.color != dark.color
    assert palette.style(Look("pixel_top", -1.0)) == Style(color=dark.color), "nothing below"
    assert PALETTES["backprop-mono"].style(look) == Style.parse("none")


# the function


def test_the_function_is_marked_at_every_z_of_the_layer() -> None:
    rows = draw("saturation_large", "function", at="delta[1][2]#1@3")
    session, _ = walk("saturation_large")
    z, f, slope = (float(session.trace.value(session.trace.resolve(f"{n}[1][2]#1@3"))) for n in ("z", "a", "fprime"))
    assert rows[0].startswith(f"layer 1: sigmoid  unit 2: z = {z:.5g}  f(z) = {f:.5g}".replace("-", "−"))
    assert f"f′(z) = {slope:.5g}" in rows[0]
    body = "\n".join(row[7:] for row in rows[1:-2])
    assert body.count("1") == body.count("2") == 2
    assert "▒" in rows[-2]


def test_the_function_waits_for_z() -> None:
    assert "z not computed yet" in draw("softplus", "function", settings=HIDDEN, at="z[1][1]@0")[0]
    assert "z = 0.2" in draw("softplus", "function", at="z[1][1]@0")[0]
    asked = draw("softplus", "function", settings=HIDDEN, at="fprime[1][1]@0")[0]
    assert "f′(z) = ?" in asked
    assert "f(z) = 0.79814" in asked


def test_what_is_normalised_first_is_read_as_h() -> None:
    assert "unit 1: h = " in draw("batch_norm", "function", at="h[1][1]")[0]
