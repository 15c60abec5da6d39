"""Lines of JSON made of pieces are byte for byte the lines made from the objects."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from scenes import SHIPPED, shipped

from engine.structs import replace

sys.path.append(str(Path(__file__).parents[1] / "engine"))

from strategies import examples, scenarios

from engine.notation_style import Style
from engine.plan import Granularity
from engine.scenario.model import Optimizer, Scenario, Schedule
from tui.session import Session
from tui.verbs.objects import Objects
from tui.verbs.stream import Lines


def hold(scenario: Scenario, most: int = 12, iterations: int = 3, alphabets: tuple[bool, ...] = (False, True)) -> int:
    """How many steps were printed anew, of the first `most` of every array, in the first iterations and the last."""
    session = Session(scenario)
    plan = session.trace.plan
    anew = 0
    for ascii in alphabets:
        encode = json.JSONEncoder(ensure_ascii=ascii, allow_nan=False).encode
        whole, lines = Objects(session, ascii), Lines(Objects(session, ascii), encode)
        for k in sorted({*range(min(iterations, plan.iterations)), plan.iterations - 1}):
            step = plan.start(k)
            while step < plan.start(k + 1):
                after = plan.group(step, Granularity.QUANTITY)[1]
                steps = range(step, min(after, step + most))
                for index, line in zip(steps, lines.lines(steps.start, steps.stop), strict=True):
                    assert line == encode(whole.step(index)), index
                step = after
        anew += sum(line is None for line in lines._lines.values())
    return anew


@pytest.mark.parametrize("name", SHIPPED)
def test_every_line_of_a_shipped_scenario_is_made_of_pieces(name: str) -> None:
    assert hold(shipped(name), 5 if name == "digits" else 12, alphabets=(len(name) % 2 == 0,)) == 0


@examples(15)
@given(scenarios())
def test_lines_are_the_objects(given: Scenario) -> None:
    hold(given, 4, iterations=2)


@pytest.mark.parametrize(
    "name", ["softplus", "zero_init_tanh", "adam_softplus", "softmax_mean", "batch_norm_two_samples"]
)
@pytest.mark.parametrize(
    "style",
    [
        Style("from_to", "W^T", "row", "-dz", 0, 2, ",", "decimals", "truncate"),
        Style(letters=(("z", "s%"), ('w[2]', 'v"\\'), ("t", "k"))),
    ],
    ids=["signs and order", "letters"],
)  # fmt: skip
def test_lines_are_the_objects_in_every_style(name: str, style: Style) -> None:
    hold(replace(shipped(name), notation=style), iterations=2)


@pytest.mark.parametrize("name", ["xor", "softmax_mean", "batch_norm"])
def test_a_walk_can_be_entered_anywhere(name: str) -> None:
    session = Session(shipped(name))
    encode = json.JSONEncoder(ensure_ascii=False).encode
    whole = Objects(session)
    last = session.trace.plan.start(2) - 1
    for first in range(last, session.trace.plan.start(1), -7):
        lines = Lines(Objects(session), encode)
        # from here the other elements of an array lie before the first one met
        for index in (first, max(first - 3, session.trace.plan.start(1))):
            assert list(lines.lines(index, index + 1)) == [encode(whole.step(index))]


def test_partial_batches_have_words_and_pieces_of_their_own() -> None:
    xor = shipped("xor")
    hold(replace(xor, training=replace(xor.training, batch_size=3, iterations=5, shuffle=True)), iterations=5)


@pytest.mark.parametrize("rate", [1e200, 1e-200, 1e-8])
def test_numbers_with_powers_and_such_that_are_not_finite_are_put_in_as_printed(rate: float) -> None:
    softplus = shipped("softplus")
    hold(replace(softplus, training=replace(softplus.training, optimizer=Optimizer("sgd", rate))))


def test_what_cannot_be_cut_is_printed_anew() -> None:
    """An exponent that is a formula of numbers: whether it can be written above is for them to say."""
    softplus = shipped("softplus")
    decayed = Schedule("exponential", {"factor": 0.5})
    assert hold(replace(softplus, training=replace(softplus.training, schedule=decayed))) > 0


def test_texts_beyond_what_is_kept_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST", "FORESEEN"):
        monkeypatch.setattr(f"tui.verbs.texts.{name}", 40)
    for name in ("HOLES", "FORMS"):
        monkeypatch.setattr(f"tui.verbs.stream.{name}", 10)
    monkeypatch.setattr("tui.verbs.forms.WAYS", 1)
    hold(shipped("softmax_sgd"))
    hold(shipped("zero_init_relu"))
