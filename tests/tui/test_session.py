"""The session: what typed text leads to, the words of a position, notes, and what a walk has reached."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import net, note, shipped

from engine.address import Address
from engine.plan import Granularity
from engine.scenario.model import Note
from engine.structs import replace
from tui.draw.cells import plain_text
from tui.draw.formula import draw_formula
from tui.search import Search
from tui.session import Session, TargetError
from tui.settings import Settings
from tui.verbs.load import load

SOFTPLUS = Session(shipped("softplus"))
BATCHES = Session(net(2, 3, 1, samples=5, batch=3, iterations=5))


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("1", 0),
        ("17", 16),
        (" 17 ", 16),
        ("170", 169),
        ("1_7_0", 169),
        ("+3", 2),
        ("0%", 0),
        ("50%", 85),
        ("50 %", 85),
        ("12.5%", 21),
        ("100%", 169),
        ("z[1][1]", 34),
        ("a[1]", 36),
        ("a[2][1]@0", 5),
        ("loss", 40),
        ("dW[1][2,1]@0", 21),
        ("W[1]@5", 161),
        ("W[2][1,1]@1", 31),
        ("b[2]@1", 33),
        ("@0", 0),
        ("@1", 34),
        ("@ 4", 136),
        ("iteration 1", 0),
        ("Iteration 2", 34),
        ("iteration 5", 136),
        ("2.", 34),
    ],
)
def test_text_that_leads_to_a_step(text: str, step: int) -> None:
    second_iteration = 40
    found = SOFTPLUS.target(text, second_iteration)
    assert found == step, SOFTPLUS.trace[found].address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "type a step number, a percentage like 50%, or an address like a[2][1]"),
        ("   ", "type a step number, a percentage like 50%, or an address like a[2][1]"),
        ("0", "there is no step 0; expected 1 to 170"),
        ("171", "there is no step 171; expected 1 to 170"),
        ("-5", "there is no step -5; expected 1 to 170"),
        ("9" * 30, f"there is no step {'9' * 30}; expected 1 to 170"),
        ("@5", "no iteration is computed from state @5; expected @0 to @4"),
        ("@" + "9" * 30, f"no iteration is computed from state @{'9' * 30}; expected @0 to @4"),
        ("iteration 0", "there is no iteration 0; expected 1 to 5"),
        ("iteration 6", "there is no iteration 6; expected 1 to 5"),
        ("6.", "there is no iteration 6; expected 1 to 5"),
        ("x%", "'x%' is not a percentage; expected something like 50%"),
        ("%", "'%' is not a percentage; expected something like 50%"),
        ("-1%", "-1% is not on the walk; expected 0% to 100%"),
        ("100.1%", "100.1% is not on the walk; expected 0% to 100%"),
        ("nan%", "nan% is not on the walk; expected 0% to 100%"),
        ("inf%", "inf% is not on the walk; expected 0% to 100%"),
        ("--5", "'--5' is not an address; expected the form name[layer][unit]#sample@k, like a[2][1]"),
        ("²", "'²' is not an address; expected the form name[layer][unit]#sample@k, like a[2][1]"),
        ("x[1]", "x[1] has no step: it is given"),
        ("W[1]@0", "W[1]@0 has no step: it is the starting state"),
        ("a[1][1]@5", "a[1][1]@5 has no step: the walk ends after update 5"),
        ("a[3]", "'a[3]': there is no a in layer 3; it is in layer 1, 2"),
        ("a[1][3]", "'a[1][3]': unit 3 does not exist; expected 1 to 2"),
        ("dela[1]", "'dela[1]': there is no quantity 'dela' in this network; did you mean delta[1]?"),
        ("a[2][1]@9", "'a[2][1]@9': there is no @9; the walk has 5 updates: @0 to @5"),
    ],
)
def test_text_that_leads_nowhere_says_why(text: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        SOFTPLUS.target(text, 0)
    assert str(caught.value) == message


@given(st.one_of(st.text(max_size=30), st.from_regex(r"[-+]*[0-9_,.]*%?", fullmatch=True)))
def test_no_text_is_too_much(text: str) -> None:
    with suppress(TargetError):
        assert 0 <= SOFTPLUS.target(text, 0) <= SOFTPLUS.last


def test_a_number_too_long_for_python_is_refused_too() -> None:
    with pytest.raises(TargetError, match="there is no step"):
        SOFTPLUS.target("9" * 5000, 0)


@given(st.integers(0, 169))
def test_every_step_is_led_to_by_its_number_and_its_address(step: int) -> None:
    assert SOFTPLUS.target(str(step + 1), 0) == step
    assert SOFTPLUS.target(str(SOFTPLUS.trace[step].address), 0) == step


@pytest.mark.parametrize(
    ("step", "ascii", "words"),
    [
        (0, False, "step 1/170 · iteration 1/5 · forward · layer 1 · z₁⁽¹⁾"),
        (5, False, "step 6/170 · iteration 1/5 · forward · layer 2 (output) · ŷ"),
        (6, False, "step 7/170 · iteration 1/5 · loss · L"),
        (55, True, "step 56/170 - iteration 2/5 - backward - layer 1 - dL/dw21(1)"),
        (169, False, "step 170/170 · iteration 5/5 · update · layer 2 (output) · b₁⁽²⁾"),
    ],
)
def test_words_of_a_position(step: int, ascii: bool, words: str) -> None:
    assert SOFTPLUS.words(SOFTPLUS.trace[step], Settings(ascii=ascii)) == words


def test_words_name_the_sample_of_a_batch() -> None:
    step = BATCHES.trace[BATCHES.target("z[1][2]#2@1", 0)]
    assert BATCHES.words(step, Settings()).endswith("layer 1 · z₂⁽¹⁾ · sample 2/2"), (
        "the second batch is the partial one"
    )
    step = BATCHES.trace[BATCHES.target("dW[1][2,1]@1", 0)]
    assert "sample" not in BATCHES.words(step, Settings())


def test_notes_are_shown_where_they_belong() -> None:
    notes = (
        note("everywhere", unit=()),
        note("one unit"),
        Note(Address("z", 1, (1,), None, 1), "one iteration"),
        Note(Address("z", 1, (), 2), "one sample"),
        note("elsewhere", layer=2),
    )
    walk = Session(replace(BATCHES.scenario, notes=notes))

    def at(address: str) -> list[str]:
        return [note.text for note in walk.notes(walk.trace[walk.target(address, 0)], Settings())]

    assert at("z[1][1]@0") == ["everywhere", "one unit"]
    assert at("z[1][2]@0") == [], "a note at a whole array is shown at its first element"
    assert at("z[1][1]@1") == ["everywhere", "one unit", "one iteration"]
    assert at("z[1][1]#2@0") == ["one sample"]
    assert at("z[1][2]#2@0") == []
    assert at("a[1][1]@0") == []


def test_a_note_for_the_lecturer_is_shown_to_nobody_else() -> None:
    notes = (note("for all"), replace(note("the answer is 7"), audience="lecturer"))
    walk = Session(replace(BATCHES.scenario, notes=notes))
    step = walk.trace[walk.target("z[1][1]", 0)]
    assert [one.text for one in walk.notes(step, Settings())] == ["for all"]
    assert [one.text for one in walk.notes(step, Settings(lecturer=True))] == ["for all", "the answer is 7"]
    for lecturer in (False, True):
        drawn = draw_formula(walk, step.index, Settings(lecturer=lecturer), 80)
        assert ("the answer" in plain_text(drawn.rows)) is lecturer
        assert ("nowhere" in Search(walk, "answer is", Settings(lecturer=lecturer)).words()) is not lecturer


@given(st.integers(0, 169), st.sampled_from(Granularity))
def test_moves_stay_on_the_walk_and_come_back(step: int, granularity: Granularity) -> None:
    after, before = SOFTPLUS.forward(step, granularity), SOFTPLUS.back(step, granularity)
    assert step <= after <= SOFTPLUS.last
    assert 0 <= before <= step
    assert (before < step) or step == 0
    assert (after > step) or step == SOFTPLUS.last
    if after < SOFTPLUS.last and SOFTPLUS.trace.plan.group(step, granularity)[0] == step:
        assert SOFTPLUS.back(after, granularity) == step


def test_a_printer_abridges_unless_asked_for_the_whole() -> None:
    assert SOFTPLUS.printer(Settings()).most
    assert not SOFTPLUS.printer(Settings(whole=True)).most
    assert not SOFTPLUS.exact_printer(Settings()).most
    assert SOFTPLUS.exact_printer(Settings()).digits == 0
    assert SOFTPLUS.printer(Settings(ascii=True)).number(-1e-9).isascii()


def test_what_no_step_computes_is_not_reached() -> None:
    assert not SOFTPLUS.reached(Address("a", 1, (1,), 1, 5), SOFTPLUS.last)
    assert not SOFTPLUS.reached(Address("W", 1, (1, 1), None, 1), 0)
    assert SOFTPLUS.reached(Address("W", 1, (1, 1), None, 0), 0)
    assert SOFTPLUS.reached(Address("y", None, (1,), 1, 4), 0)


def test_a_named_output_is_called_by_its_name() -> None:
    walk = Session(replace(SOFTPLUS.scenario, output_names=("[risk] ŷ",)))
    output = walk.trace[walk.target("a[2][1]", 0)]
    hidden = walk.trace[walk.target("a[1][1]", 0)]
    assert walk.words(output, Settings()).endswith(" · ŷ · [risk] ŷ")
    assert walk.words(output, Settings(ascii=True)).isascii()
    assert walk.unit_name(hidden) == ""


def test_identical_units_are_stated_where_they_are_shown() -> None:
    from tui.draw.cells import plain_text
    from tui.draw.formula import draw_formula

    walk = Session(load("zero_init"))
    hidden = walk.target("delta[1][2]@1", 0)
    said = " ".join(plain_text(draw_formula(walk, hidden, Settings(), 78).rows).split())
    assert "Units 1–4 of layer 1 are identical: same weights in, same weights out" in said
    assert walk.alike(walk.trace[walk.target("delta[3][1]", 0)]) == "", "an output is like no other"
    assert any("Units 1–3 of layer 2 are identical" in remark for remark in walk.remarks(0))
    assert Session(load("softplus")).remarks(0) == []


def test_where_there_is_little_room_the_symbol_and_the_sample_stay() -> None:
    walk = Session(net(2, 2, 1, samples=3, iterations=1_000_000))
    step = walk.trace[walk.target("delta[2][1]#2", 0)]
    at, count = f"{step.index + 1:,}", f"{len(walk.trace):,}"
    forms = [
        f"step {at}/{count} · iteration 1/1,000,000 · backward · layer 2 (output) · δ₁⁽²⁾ · sample 2/3",
        f"step {at}/{count} · iteration 1/1,000,000 · backward · layer 2 · δ₁⁽²⁾ · sample 2/3",
        f"step {at} · iteration 1 · backward · layer 2 · δ₁⁽²⁾ · sample 2/3",
        f"step {at} · iteration 1 · layer 2 · δ₁⁽²⁾ · sample 2/3",
    ]
    assert walk.words(step, Settings()) == forms[0]
    for form in forms:
        assert walk.words(step, Settings(), len(form)) == form
    assert walk.words(step, Settings(), 3) == forms[-1], "cutting is left to whoever draws"
