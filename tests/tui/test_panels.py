"""The panels as drawings, no app: their exact size, what they leave out first, and what the trace says."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scenes import net, note, shipped

from engine.address import Address
from engine.numbers import fixed
from engine.plan import Granularity
from engine.scenario.model import Scenario
from engine.structs import replace
from tui.draw.cells import Canvas, Look, Row, Span, width_of
from tui.draw.formula import EQUATIONS, PRIORITY, draw_formula
from tui.draw.graph import draw_graph
from tui.draw.network import NetworkView
from tui.draw.timeline import HEIGHT, cursor_cell, phase_spans, step_at, timeline_rows
from tui.draw.values import _window, draw_values
from tui.draw.wrap import clip, wrap
from tui.session import Session
from tui.settings import Settings

NETS: dict[str, Scenario] = {
    "softplus": shipped("softplus"),
    "zero_init": shipped("zero_init"),
    "one": net(1, 1, iterations=1),
    "batches": net(2, 3, 2, samples=5, batch=3, iterations=5),
    "softmax": net(3, 4, 3, output="softmax", loss="cross_entropy", samples=2),
    "softmax_squared": net(2, 3, output="softmax", samples=1),
    "wide": net(20, 18, 12, 3),
    "deep": net(*[2] * 13, iterations=1),
}
"""Nets of every kind of drawing."""


@cache
def session(name: str) -> Session:
    return Session(NETS[name])


def texts(rows: list[Row] | tuple[Row, ...]) -> list[str]:
    return ["".join(span.text for span in row) for row in rows]


names = st.sampled_from(sorted(NETS))
settings = st.builds(
    Settings,
    ascii=st.booleans(),
    digits=st.integers(1, 17),
    long_way=st.booleans(),
    whole=st.booleans(),
)


def a_step(data: st.DataObject, name: str) -> int:
    return data.draw(st.integers(0, session(name).last), label="step")


# the formula


@given(names, settings, st.integers(1, 150), st.data())
def test_no_line_of_a_formula_is_wider_than_the_panel(
    name: str, settings: Settings, width: int, data: st.DataObject
) -> None:
    for row in draw_formula(session(name), a_step(data, name), settings, width).rows:
        assert width_of("".join(span.text for span in row)) <= width


@given(names, settings, st.integers(10, 150), st.integers(1, 12), st.data())
def test_a_low_formula_panel_keeps_whole_lines_in_their_order(
    name: str, settings: Settings, width: int, height: int, data: st.DataObject
) -> None:
    step = a_step(data, name)
    rows = draw_formula(session(name), step, settings, width, height).rows
    everything = iter(texts(draw_formula(session(name), step, settings, width).rows))
    assert 0 < len(rows) <= height
    for text in texts(rows):
        if not text.rstrip().endswith(("…", "...")):
            assert text in everything, "in the order of the whole"


def test_what_a_low_panel_leaves_out_first() -> None:
    walk = session("softplus")
    step = walk.target("delta[1][2]@0", 0)
    gone: list[str] = []
    seen = {"symbols", "value"}
    kinds = {look.role for row in draw_formula(walk, step, Settings(), 78, 30).rows for _, look in row}
    assert {"symbols", "numbers", "result", "note", "text"} <= kinds
    for height in range(12, 0, -1):
        here = {look.role for row in draw_formula(walk, step, Settings(), 78, height).rows for _, look in row}
        gone += sorted(kinds - here - set(gone))
        seen &= here if height > 3 else seen
    assert gone.index("text") < gone.index("note") < gone.index("result") < len(gone), gone
    assert "symbols" not in gone


@given(names, settings, st.integers(8, 120), st.integers(1, 10), st.text("abc δ", min_size=1, max_size=300), st.data())
def test_a_note_is_never_left_out_for_a_sentence_of_ours(
    name: str, settings: Settings, width: int, height: int, text: str, data: st.DataObject
) -> None:
    bare = session(name)
    step = a_step(data, name)
    walk = Session(replace(bare.scenario, notes=(replace(note(text), address=bare.trace[step].address),)))
    rows = draw_formula(walk, step, settings, width, height).rows
    roles = {look.role for row in rows for _, look in row}
    needed = len([row for row in draw_formula(walk, step, settings, width).rows if row[0].look.role in ("symbols",)])
    if roles & {"text", "array", "dim"} and "with" not in " ".join(texts(rows)):
        assert "note" in roles
    if height > needed + 12 * 12:
        assert "note" in roles


def test_a_note_that_does_not_fit_says_so() -> None:
    walk = Session(replace(net(2, 2, 1), notes=(note("Ask the class. " * 30),)))
    rows = draw_formula(walk, 0, Settings(), 78, 6).rows
    assert len(rows) == 6
    assert texts(rows)[-1].endswith("…")
    assert rows[-1][0].look.role == "note"
    assert texts(draw_formula(walk, 0, Settings(ascii=True), 78, 6).rows)[-1].endswith("...")
    whole = " ".join(texts(draw_formula(walk, 0, Settings(), 78).rows))
    assert whole.count("Ask the class.") == 30


def test_relation_signs_stand_under_each_other() -> None:
    for name in ("softplus", "batches"):
        for step in range(0, session(name).last, 7):
            rows = draw_formula(session(name), step, Settings(), 200).rows
            said = [row[0].text for row in rows if row[0].look.role in ("symbols", "numbers", "result")]
            columns = {width_of(re.split("[=≈←]", text)[0]) for text in said}
            assert len(columns) == 1, said


def test_the_way_past_a_shortcut_is_offered_and_shown() -> None:
    walk = session("softmax")
    step = walk.target("delta[2][1]", 0)
    assert any("w shows the long way" in text for text in texts(draw_formula(walk, step, Settings(), 90).rows))
    whole = texts(draw_formula(walk, step, Settings(long_way=True), 90).rows)
    assert not any("w shows" in text for text in whole)
    assert any("shortcut holds" in text for text in whole)
    assert len(whole) > len(draw_formula(walk, step, Settings(), 90).rows)


def test_every_kind_of_line_has_a_rank_or_comes_last() -> None:
    assert set(EQUATIONS) <= set(PRIORITY)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=80),
    st.integers(1, 60),
    st.integers(0, 30),
)
def test_wrapping_keeps_every_character_and_the_width(text: str, width: int, hang: int) -> None:
    rows = wrap(text, width, hang)
    if not any(width_of(char) > width for char in text):
        assert all(width_of(row) <= width for row in rows)
    assert "".join("".join(rows).split()) == "".join(text.split())


@given(st.text(max_size=40), st.integers(0, 50))
def test_clipping_keeps_the_width(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert width_of(clipped) <= width
    assert clipped == text or clipped.endswith("…"[:width])


# the values


@given(names, st.booleans(), st.integers(1, 150), st.integers(1, 45), st.data())
def test_the_values_fill_their_panel_and_may_be_longer(
    name: str, ascii: bool, width: int, height: int, data: st.DataObject
) -> None:
    rows = draw_values(session(name), a_step(data, name), Settings(ascii=ascii), width, height).rows
    assert len(rows) >= height
    assert {width_of(text) for text in texts(rows)} == {width}
    if ascii:
        assert all(text.isascii() for text in texts(rows))


@given(names, st.data())
def test_the_step_itself_is_marked_wherever_it_stands_and_with_its_value(name: str, data: st.DataObject) -> None:
    step = a_step(data, name)
    walk = session(name)
    rows = draw_values(walk, step, Settings(ascii=True), 300, 80).rows
    pointers = [span for row in rows for span in row if span.look.role == "pointer"]
    lit = [span.text.strip() for row in rows for span in row if span.look.role == "cell_current"]
    # once among the numbers of its layer, and once among those of the other samples
    assert len(pointers) == len(lit) == 1 + (walk.trace[step].quantity.per_sample and not walk.trace.network.single)
    assert set(lit) == {fixed(walk.trace[step].value, 7)}


@pytest.mark.parametrize("height", range(4, 30))
@pytest.mark.parametrize("name", sorted(NETS))
def test_the_step_itself_is_shown_however_low_the_panel(name: str, height: int) -> None:
    walk = session(name)
    # of sixty steps a fifth at each height, others at the next
    for step in [*range(0, walk.last, max(1, walk.last // 60))][height % 5 :: 5]:
        rows = draw_values(walk, step, Settings(), 120, height).rows[:height]
        assert any(span.look.role == "cell_current" for row in rows for span in row), walk.trace[step].address


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 40))
def test_a_window_shows_first_focus_and_last(size: int, focus: int, room: int) -> None:
    focus = min(focus, size)
    window = list(_window(size, focus or None, room))
    shown = [place for place in window if place is not None]
    assert len(window) <= room
    assert shown == sorted(set(shown)), "in order, none twice"
    assert all(1 <= place <= size for place in shown)
    if room and focus:
        assert focus in shown
    if room >= 5:
        assert {1, size} <= set(shown)
    for before, gap, after in zip(window, window[1:], window[2:], strict=False):
        if gap is None and before and after:
            assert after - before > 1, "a gap stands for something"
        if gap and after:
            assert after == gap + 1, "no gap goes unmarked"


# the timeline


@given(names, settings, st.integers(1, 200), st.text(max_size=30), st.data())
def test_the_timeline_fills_its_rows_exactly(
    name: str, settings: Settings, width: int, status: str, data: st.DataObject
) -> None:
    status = "".join(char for char in status if char.isprintable() and width_of(char) == 1)
    rows = timeline_rows(session(name), a_step(data, name), settings, width, status)
    assert len(rows) == HEIGHT
    assert {width_of(text) for text in texts(rows)} == {width}


def cursor_column(rows: tuple[Row, ...], y: int) -> int | None:
    x = 0
    for span in rows[y]:
        if span.look.role == "cursor":
            return x
        x += width_of(span.text)
    return None


@given(names, st.integers(8, 200), st.data())
def test_a_click_on_the_cursor_stays_within_its_cell(name: str, width: int, data: st.DataObject) -> None:
    walk, step = session(name), a_step(data, name)
    at = cursor_column(timeline_rows(walk, step, Settings(), width), 2)
    assert at is not None
    there = step_at(walk, step, width, at, 2)
    assert there is not None
    assert cursor_column(timeline_rows(walk, there, Settings(), width), 2) == at
    assert walk.trace.plan.k_of(there) == walk.trace.plan.k_of(step)


@given(names, st.integers(8, 200), st.data())
def test_a_click_on_the_iteration_leads_to_what_stands_there_or_before(
    name: str, width: int, data: st.DataObject
) -> None:
    walk, step = session(name), a_step(data, name)
    x = data.draw(st.integers(0, width - 1))
    there = step_at(walk, step, width, x, 2)
    assert there is not None
    at = cursor_column(timeline_rows(walk, there, Settings(), width), 2)
    assert at is not None
    assert at <= x


@given(names, st.integers(20, 200))
def test_a_click_on_the_number_of_an_iteration_leads_to_its_start(name: str, width: int) -> None:
    walk = session(name)
    iterations = walk.scenario.training.iterations
    bar = texts(timeline_rows(walk, walk.last, Settings(), width))[1]
    for k in range(iterations):
        x = bar.find(str(k + 1))
        if x >= 0:
            assert step_at(walk, 0, width, x, 1) == walk.trace.plan.start(k)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(1, 200))
def test_phases_share_the_bar_out(sizes: list[int], width: int) -> None:
    spans = phase_spans(sizes, width)
    if width < len(sizes):
        return
    assert [x for span in spans for x in span] == list(range(width))
    assert all(spans)


@given(st.integers(1, 10**6), st.integers(1, 200), st.data())
def test_the_cursor_stays_on_its_bar(steps: int, width: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    assert cursor_cell(0, steps, range(width), step) in range(width)


@pytest.mark.parametrize("place", [(-1, 1), (0, 0), (79, 1), (0, 1), (80, 2), (5, 3)])
def test_a_click_beside_the_bars_leads_nowhere(place: tuple[int, int]) -> None:
    assert step_at(session("softplus"), 0, 80, *place) is None


# the network


@given(names, st.booleans(), st.integers(1, 130), st.integers(1, 45), st.data())
@examples(max_examples=60)
def test_the_network_fills_its_panel_exactly(
    name: str, ascii: bool, width: int, height: int, data: st.DataObject
) -> None:
    view = NetworkView(session(name), a_step(data, name), Settings(ascii=ascii))
    drawing = draw_graph(view.model(), width, height, ascii=ascii)
    assert len(drawing.rows) == height
    assert {width_of(text) for text in texts(drawing.rows)} == {width}
    if ascii:
        assert all(text.isascii() for text in texts(drawing.rows))
    for hit in drawing.hits:
        session(name).trace.resolve(hit.target)


@given(names, st.data())
def test_units_and_edges_carry_the_traces_numbers(name: str, data: st.DataObject) -> None:
    walk, step = session(name), a_step(data, name)
    model = NetworkView(walk, step, Settings(ascii=True)).model()
    for column in model.columns:
        for unit in range(column.size):
            box = column.unit(unit)
            assert width_of(box.value) == 7, "a box never changes its size"
            if box.value.strip():
                address = walk.trace.resolve(box.target)
                assert box.value.strip() == fixed(float(walk.trace.value(address)), 7)
                assert walk.reached(address, step), "nothing is shown before it is computed"
    for at, gap in enumerate(model.gaps):
        for source in range(model.columns[at].size):
            edge = gap.edge(source, 0)
            value = float(walk.trace.value(walk.trace.resolve(edge.target)))
            assert edge.text == (fixed(value, 7) if value else " 0.0000")
            assert edge.sign == (value > 0) - (value < 0)
            assert 0 <= edge.strength <= 1


@pytest.mark.parametrize("k", [0, 1, 4])
def test_boxes_keep_their_place_through_a_whole_iteration(k: int) -> None:
    walk = session("softplus")
    corners = set()
    for step in range(walk.trace.plan.start(k), walk.trace.plan.start(k + 1)):
        drawing = draw_graph(NetworkView(walk, step, Settings()).model(), 78, 12, ascii=False)
        corners.add(tuple((hit.x, hit.y, hit.width) for hit in drawing.hits if "W" not in hit.target.split("[")[0]))
    assert len(corners) == 1


# cells


def test_a_canvas_keeps_wide_characters_and_marks_in_their_cells() -> None:
    canvas = Canvas(6, 1)
    assert canvas.put(0, 0, "日e\u0301x") == 4
    assert texts(canvas.rows()) == ["日e\u0301x  "]
    assert canvas.put(5, 0, "日") == 7
    assert texts(canvas.rows()) == ["日e\u0301x  "], "half a character is none"


def test_a_row_is_the_fewest_spans() -> None:
    canvas = Canvas(5, 1)
    canvas.put(1, 0, "ab", Look("title"))
    canvas.put(3, 0, "c", Look("title"))
    assert canvas.row(0) == (Span(" "), Span("abc", Look("title")), Span(" "))


def test_addresses_of_a_walk_are_reached_in_order() -> None:
    walk = session("batches")
    for step in range(0, walk.last, 11):
        address = walk.trace[step].address
        assert walk.reached(address, step)
        assert step == 0 or not walk.reached(address, step - 1)
    assert walk.reached(Address("W", 1, (1, 1), None, 0), 0), "what is given is there from the start"
    assert walk.reached(Address("x", None, (1,), 1, 0), 0)
    assert walk.forward(0, Granularity.STEP) == 1
