"""The values panel: every number is the engine's at its own address, and only what the walk has reached is shown."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from helpers import cells_of, text_at
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scenes import SHIPPED, different, net, sampled_steps, shipped, shipped_session

from engine.address import Address
from engine.scenario.model import Scenario, frozen_array
from engine.structs import replace
from tui.draw.cells import Drawing, Hit, plain_text, width_of
from tui.draw.figures import number
from tui.draw.values import TABLES, draw_values, table_text
from tui.session import Session
from tui.settings import Settings

SEARCH = "SEARCH" in os.environ

NUMBERS = ("value", "cell_current", "changed")
"""Roles of numbers that stand for an address."""


def texts(drawing: Drawing) -> list[str]:
    return ["".join(span.text for span in row) for row in drawing.rows]


def mark(drawing: Drawing, hit: Hit) -> str:
    """What stands before a number."""
    return cells_of(drawing.rows[hit.y])[hit.x - 1]


def at(drawing: Drawing, target: str) -> Hit:
    """The first hit of an address."""
    return next(hit for hit in drawing.hits if hit.target == target)


@pytest.mark.parametrize(
    ("name", "hidden"),
    [*((name, False) for name in SHIPPED), *((name, True) for name in (SHIPPED if SEARCH else different()))],
)
def test_every_number_is_the_engines_at_its_address(name: str, hidden: bool) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk):
        for width, height in ((38, 13), (118, 30)):
            drawing = draw_values(walk, step, Settings(hidden=hidden), width, height)
            shown = 0
            for hit in drawing.hits:
                address = walk.trace.resolve(hit.target)
                text = text_at(drawing, hit).strip()
                if walk.reached(address, step, hidden):
                    shown += 1
                    assert text == number(float(walk.trace.value(address)), 7, False), address
                else:
                    assert text == "?" if address == walk.trace[step].address else text in ("·", "▹·"), address
            drawn = [span.text for row in drawing.rows for span in row if span.look.role in NUMBERS]
            assert len(drawn) - drawn.count("?".rjust(7)) == shown, "no number is without its address"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_quantity_of_the_layer_is_somewhere(name: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk):
        here = walk.trace[step].quantity
        shown = {re.split(r"[\[#@]", hit.target)[0] for hit in draw_values(walk, step, Settings(), 40, 12).hits}
        wanted = {
            quantity.name
            for quantity in walk.trace.network.walk
            if quantity.phase is here.phase and quantity.layer == here.layer
        }
        assert wanted <= shown
        assert here.name in shown


@pytest.mark.parametrize("name", SHIPPED)
def test_the_step_itself_is_in_sight_without_scrolling(name: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk):
        for width, height in ((38, 13), (78, 5), (24, 5)):
            drawing = draw_values(walk, step, Settings(), width, height)
            assert at(drawing, str(walk.trace[step].address)).y < height


@pytest.mark.parametrize("name", SHIPPED)
def test_no_table_moves_while_one_quantity_is_walked_through(name: str) -> None:
    walk = shipped_session(name)
    if max(walk.trace.network.sizes) > 8:
        return
    seen: dict[str, list[str]] = {}
    for step in range(0, min(walk.last, 120), 2):
        drawing = draw_values(walk, step, Settings(), 118, 30)
        place = walk.trace.plan.place(step)
        # what is written where: the numbers themselves aside
        heads = ["".join(span.text if "head" in span.look.role else " " for span in row) for row in drawing.rows]
        heads = [re.sub(r"#\d+| ", "", head) for head in heads]
        key = f"{place.quantity.key}@{place.k}"
        assert seen.setdefault(key, heads) == heads
    assert seen


def test_the_next_steps_place_is_marked() -> None:
    walk = shipped_session("softplus")
    step = walk.target("z[1][1]", 0)
    drawing = draw_values(walk, step, Settings(), 40, 13)
    assert text_at(drawing, at(drawing, "z[1][2]#1@0")).strip() == "▹·"
    assert plain_text(drawing.rows).count("▹") == 1
    plain = draw_values(walk, step, Settings(ascii=True), 40, 13)
    assert text_at(plain, at(plain, "z[1][2]#1@0")).strip() == "'."
    last = draw_values(walk, walk.last, Settings(), 40, 13)
    assert "▹" not in plain_text(last.rows), "after the last step comes none"


def test_what_an_update_changes_is_said() -> None:
    walk = shipped_session("softplus")
    step = walk.target("W[1][2,2]@1", 0)
    for width, height in ((38, 13), (118, 13), (20, 30)):
        shown = texts(draw_values(walk, step, Settings(), width, height))
        start = next(y for y, text in enumerate(shown) if "change" in text or "ch…" in text)
        assert any("+0.0262" in text and "+0.0393" in text for text in shown[start:]), shown
        assert any("−0.0269" in text and "−0.0404" in text for text in shown[start:]), shown
    before = texts(draw_values(walk, step - 1, Settings(), 118, 13))
    assert not any("−0.0404" in text for text in before), "no change before the new number"
    hidden = texts(draw_values(walk, step, Settings(hidden=True), 118, 13))
    assert not any("−0.0404" in text for text in hidden), "the change would give the number away"


def edited(scenario: Scenario, weight: float) -> Scenario:
    """The scenario with another w₁₁⁽¹⁾."""
    weights = scenario.layers[0].weights.copy()
    weights[0, 0] = weight
    return replace(scenario, layers=(replace(scenario.layers[0], weights=frozen_array(weights)), *scenario.layers[1:]))


def test_what_an_edit_changed_is_marked() -> None:
    before = Session(shipped("softplus"))
    walk = Session(edited(shipped("softplus"), 0.25), before)
    step = walk.target("a[1][2]", 0)
    drawing = draw_values(walk, step, Settings(), 40, 13)
    for hit in drawing.hits:
        address = walk.trace.resolve(hit.target)
        changed = walk.changed(address) and walk.reached(address, step)
        assert (mark(drawing, hit) == "*") == changed, address
    assert mark(drawing, at(drawing, "W[1][1,1]@0")) == "*"
    assert mark(drawing, at(drawing, "z[1][1]#1@0")) == "*"
    assert mark(drawing, at(drawing, "z[1][2]#1@0")) == " "
    alone = draw_values(Session(walk.scenario), step, Settings(), 40, 13)
    assert "*" not in plain_text(alone.rows), "without an edit nothing is changed"


def test_the_numbers_of_every_sample_stand_in_one_table() -> None:
    walk = shipped_session("batch_norm")
    step = walk.target("xhat[1][2]#3", 0)
    drawing = draw_values(walk, step, Settings(), 118, 30)
    assert {hit.target for hit in drawing.hits} >= {f"xhat[1][{unit}]#{s}@0" for unit in (1, 2) for s in range(1, 7)}
    rows = [text for text in texts(drawing) if text.startswith("#")]
    assert rows[2].split()[1:] == ["−0.6622▸−1.3587"]
    assert rows[3].split()[1:] == ["▹·", "·"]


@given(st.integers(1, 90), st.integers(1, 40), st.booleans(), st.booleans(), st.data())
@examples(max_examples=80)
def test_every_size_is_filled(width: int, height: int, ascii: bool, hidden: bool, data: st.DataObject) -> None:
    walk = shipped_session(data.draw(st.sampled_from(SHIPPED)))
    step = data.draw(st.sampled_from(sampled_steps(walk)))
    drawing = draw_values(walk, step, Settings(ascii=ascii, hidden=hidden), width, height)
    assert len(drawing.rows) >= height
    for text in texts(drawing):
        assert width_of(text) == width
        assert text.isascii() or not ascii


# tables to copy


def read_back(text: str, kind: str) -> list[list[str]]:
    if kind == "tsv":
        return [line.split("\t") for line in text.splitlines()]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert all(set(cell) <= {"-", ":"} for cell in rows[1])
    return [rows[0], *rows[2:]]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_copied_table_reads_back_to_the_same_floats(name: str, kind: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk, 5):
        where = walk.trace[step].address
        rows = read_back(table_text(walk, step, Settings(), kind), kind)
        sample = where.sample if len(where.unit) == 2 else None
        array = walk.trace.value(Address(where.name, where.layer, (), sample, where.k))
        if walk.trace[step].quantity.summed:
            size = walk.trace.network.batches.size(where.k or 0)
            array = np.array([walk.trace.value(replace(where, sample=s + 1)) for s in range(size)])
        read = np.array([[float(cell) for cell in row[1:]] for row in rows[1:]])
        expected = np.atleast_2d(array)
        if array.ndim == 1:
            expected = expected.T
        assert read.shape == expected.shape
        # a zero has no sign for people
        assert np.array_equal(read, expected, equal_nan=True)


def test_a_table_says_its_indices_and_what_it_is_of() -> None:
    walk = Session(net(2, 3, 1, samples=2))
    weights = read_back(table_text(walk, walk.target("W[1][2,1]@1", 0), Settings(), "tsv"), "tsv")
    assert weights[0] == ["W[1]@1", "1", "2"]
    assert [row[0] for row in weights[1:]] == ["1", "2", "3"]
    samples = read_back(table_text(walk, walk.target("z[1][2]#2", 0), Settings(), "markdown"), "markdown")
    assert samples[0] == ["z[1]@0", "1", "2", "3"]
    assert [row[0] for row in samples[1:]] == ["#1", "#2"]
    asked = read_back(table_text(walk, walk.target("z[1][2]#2", 0), Settings(hidden=True), "tsv"), "tsv")
    assert asked[2][2:] == ["?", "?"], "the question and what comes after it"
    assert "?" not in asked[1] + asked[2][:2]


def test_a_table_of_no_known_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'html' is no kind of table; expected one of tsv, markdown"):
        table_text(shipped_session("softplus"), 0, Settings(), "html")
