"""Answers marked as a teacher would; each usual slip found and named, from numbers worked out here in numpy."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    examples,
    layer,
    loss_of,
    scenario,
    scenarios,
    softmax_batch,
    softplus_network,
    with_training,
)

from engine.answers import AnswerError, Marked, mark, read_answer
from engine.arithmetic import Arithmetic
from engine.expect import Match, Teacher, match
from engine.hand.bounds import operations_of
from engine.notation_style import Style
from engine.numbers import rounded
from engine.scenario.model import Penalty, Scenario
from engine.slips.find import find_slips
from engine.slips.table import SLIPS
from engine.structs import replace
from engine.trace import Trace


def marked(made: Scenario, text: str) -> list[Marked]:
    teacher = Teacher(Trace(made))
    return mark(teacher, read_answer(teacher, text))


def one(made: Scenario, text: str) -> Marked:
    (found,) = marked(made, text)
    return found


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


class Numbers:
    """The arrays of iteration 1, shortly."""

    def __init__(self, made: Scenario) -> None:
        self.trace = Trace(made)

    def __call__(self, name: str, layer: int | None = None, after: bool = False) -> Any:
        key = (name, layer)
        if key in self.trace.state(0):
            return self.trace.state(int(after))[key]
        values = self.trace.record(0)[key]
        quantity = self.trace.network.catalogue[key]
        return values[0] if quantity.per_sample and values.shape[0] == 1 else values


def deep() -> Scenario:
    """2-2-2-1, three activations, one sample."""
    return scenario(
        [
            layer([[0.7, -0.4], [0.25, 0.9]], [0.15, -0.2], "tanh"),
            layer([[0.45, -0.8], [0.6, 0.35]], [0.05, 0.3], "sigmoid"),
            layer([[0.9, -0.55]], [0.1], "softplus"),
        ],
        [[0.8, -0.35]],
        [[1.0]],
        loss_of("squared_error", 0.5),
        learning_rate=0.3,
        iterations=2,
    )


def regression() -> Scenario:
    """Three samples, mean over them, an L2 penalty."""
    return scenario(
        [layer([[0.4, -0.7]], [0.2], "identity")],
        [[1.0, 2.0], [-0.5, 0.25], [3.0, -1.0]],
        [[1.0], [0.5], [-1.0]],
        loss_of("squared_error", 0.5, "sum", "mean"),
        learning_rate=0.1,
        penalties=(Penalty("l2", 0.05, 0.5),),
    )


def classes() -> Scenario:
    return replace(softmax_batch(1), x=softmax_batch(1).x[:1], y=softmax_batch(1).y[:1])


# slip, scenario, address, the wrong number, what is said of it
CASES: list[tuple[str, Callable[[], Scenario], str, Callable[[Numbers], float], str]] = [
    ("sign", deep, "dW[1][2,1]", lambda n: -n("dW", 1)[1, 0], "the sign of the error is turned round"),
    ("sign", deep, "W[1][1,1]@1", lambda n: n("W", 1)[0, 0] + 0.3 * n("dW", 1)[0, 0], "sign of the error"),
    ("slope forgotten", deep, "delta[2][1]", lambda n: n("da", 2)[0], "f′ is forgotten in layer 2"),
    ("slope forgotten", deep, "dW[1][1,2]", lambda n: n("da", 1)[0] * n("x")[1], "f′ is forgotten in layer 1"),
    ("slope twice", deep, "db[3][1]", lambda n: n("delta", 3)[0] * n("fprime", 3)[0], "f′ is taken twice in layer 3"),
    (
        "slope twice", classes, "delta[2][2]",
        lambda n: n("delta", 2)[1] * n("a", 2)[1] * (1 - n("a", 2)[1]), "f′ of the last layer is multiplied in",
    ),
    (
        "slope of another layer", deep, "delta[1][2]",
        lambda n: n("da", 1)[1] * n("fprime", 2)[1], "f′ of layer 2 is used in layer 1",
    ),
    (
        "slope of another layer", deep, "delta[1][1]",
        lambda n: n("da", 1)[0] * sigmoid(n("z", 1)[0]) * sigmoid(-n("z", 1)[0]),
        "f′ of layer 2's activation is used in layer 1",
    ),
    (
        "slope at a", deep, "delta[3][1]",
        lambda n: n("da", 3)[0] * sigmoid(n("a", 3)[0]), "f′ is evaluated at a where z is meant in layer 3",
    ),
    ("delta for da", deep, "da[1][2]", lambda n: n("delta", 1)[1], "δ is given where ∂L/∂a was asked"),
    (
        "path forgotten", deep, "db[1][1]",
        lambda n: n("W", 2)[0, 0] * n("delta", 2)[0] * n("fprime", 1)[0],
        "the path through unit 2 of layer 2 is forgotten",
    ),
    (
        "updated weights", deep, "da[1][1]",
        lambda n: n("W", 2, True)[:, 0] @ n("delta", 2), "the updated weights are used on the way back in layer 2",
    ),
    ("factor missing", deep, "dW[2][1,2]", lambda n: n("delta", 2)[0], "the factor a is missing"),
    ("factor missing", deep, "dW[1][1,2]", lambda n: n("delta", 1)[0], "the factor x is missing"),
    ("bias as weight", deep, "db[2][1]", lambda n: n("delta", 2)[0] * n("a", 1)[1], "as if it were a weight's"),
    ("gradient for weight", deep, "W[2][1,1]@1", lambda n: n("dW", 2)[0, 0], "the gradient itself is given"),
    ("gradient for weight", deep, "b[2][1]@1", lambda n: 0.3 * n("db", 2)[0], "η times the gradient is given"),
    (
        "rate forgotten", deep, "W[2][2,1]@1",
        lambda n: n("W", 2)[1, 0] - n("dW", 2)[1, 0], "the gradient is not multiplied by η",
    ),
    (
        "strength forgotten", regression, "dW[1][1,1]",
        lambda n: n("dW_data", 1)[0, 0] + n("W", 1)[0, 0], "λ is forgotten and its term kept",
    ),
    ("strength forgotten", regression, "dW[1][1,2]", lambda n: n("dW_data", 1)[0, 1], "the term with λ is left out"),
    ("constant", regression, "db[1][1]", lambda n: 3 * n("db", 1)[0], "the 1/n is lost"),
    ("constant", deep, "loss", lambda n: 2 * n("loss"), "a factor 2 is kept or a ½ lost"),
    ("constant", deep, "dW[3][1,1]", lambda n: 0.5 * n("dW", 3)[0, 0], "a factor ½ is kept or a 2 lost"),
    ("sum twice", classes, "dW[2][1,2]", lambda n: 3 * n("dW", 2)[0, 1], "the sum over the classes is written twice"),
    ("indices exchanged", deep, "dW[2][1,2]", lambda n: n("dW", 2)[1, 0], "the two indices are exchanged"),
    (
        "indices exchanged", deep, "z[2][1]",
        lambda n: n("W", 2)[:, 0] @ n("a", 1) + n("b", 2)[0], "Wᵀ is used for W on the way forward in layer 2",
    ),
    (
        "indices exchanged", deep, "da[1][1]",
        lambda n: n("W", 2)[0] @ n("delta", 2), "W is used for Wᵀ on the way back in layer 2",
    ),
    (
        "activation dropped", deep, "z[2][2]",
        lambda n: n("W", 2)[1] @ n("z", 1) + n("b", 2)[1], "the activation is dropped (a = z) in layer 1",
    ),
    ("a for z", deep, "z[1][1]", lambda n: n("a", 1)[0], "a is given where z was asked"),
    ("bias forgotten", deep, "z[3][1]", lambda n: n("W", 3)[0] @ n("a", 2), "the bias is left out in layer 3"),
    (
        "normalised twice", classes, "a[2][1]",
        lambda n: np.exp(n("a", 2)[0]) / np.exp(n("a", 2)).sum(), "the softmax is taken twice",
    ),
    (
        "exp forgotten", classes, "a[2][1]",
        lambda n: np.exp(n("z", 2)[0]) / n("z", 2).sum(), "exp is forgotten in the normaliser",
    ),
    ("wrong class", classes, "a[2][1]", lambda n: n("a", 2)[2], "the softmax of class 3 is used"),
    ("wrong class", classes, "delta[2][1]", lambda n: n("a", 2)[1] - 1.0, "the softmax of class 2 is used"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("slip", "made", "address", "wrong", "said"),
    CASES,
    ids=[f"{case[0]}-{case[2]}-{at}" for at, case in enumerate(CASES)],
)
def test_a_slip_is_found_and_named(
    slip: str, made: Callable[[], Scenario], address: str, wrong: Callable[[Numbers], float], said: str
) -> None:
    numbers = Numbers(made())
    written = f"{float(np.asarray(wrong(numbers)).item()):.6f}"
    teacher = Teacher(numbers.trace)
    found = mark(teacher, read_answer(teacher, f"{address} = {written}"))[0]
    assert found.verdict.kind is Match.WRONG
    assert found.slip.startswith("this is what comes out when ")
    assert said in found.slip
    resolved = numbers.trace.resolve(address).at(numbers.trace.resolve(address).k or 0)
    causes = find_slips(
        numbers.trace, resolved, written, lambda value: match(written, value, None, True) is not Match.WRONG
    )
    assert [cause.slip.name for cause in causes] == [slip]


def test_every_slip_of_the_table_has_a_case() -> None:
    assert {case[0] for case in CASES} == {slip.name for slip in SLIPS}


def test_what_follows_from_a_slip_is_found_too() -> None:
    # f′ of the last layer forgotten, and what becomes of the first layer's new weight
    numbers = Numbers(deep())
    delta3 = numbers("da", 3)
    delta2 = numbers("W", 3)[0] * delta3[0] * numbers("fprime", 2)
    delta1 = (numbers("W", 2).T @ delta2) * numbers("fprime", 1)
    weight = numbers("W", 1)[0, 0] - 0.3 * delta1[0] * numbers("x")[0]
    assert one(deep(), f"W[1][1,1]@1 = {weight:.6f}").slip == ("this is what comes out when f′ is forgotten in layer 3")


def test_a_slip_made_in_every_iteration() -> None:
    made = scenario([layer([[0.5]], None, "identity")], [[2.0]], [[3.0]], learning_rate=0.1, iterations=3)
    weight = 0.5
    for _ in range(3):
        weight -= (2.0 * weight - 3.0) * 2.0  # η forgotten each time
    found = one(made, f"W[1][1,1]@3 = {weight:.1f}")
    assert found.slip == "this is what comes out when the gradient is not multiplied by η"


def test_a_slip_with_numbers_rounded_on_the_way() -> None:
    # (0.780 − 1)·0.831 cut to three decimals; with all its digits it would be −0.183
    found = one(softplus_network(), "dW[2][1,2] = -0.182")
    assert found.slip == "this is what comes out when f′ is forgotten in layer 2"


def test_several_and_none() -> None:
    two = scenario(
        [layer([[0.4, -0.3], [0.2, 0.9]], None, "softmax")], [[1.0, 0.5]], [[1.0, 0.0]], loss_of("cross_entropy")
    )
    numbers = Numbers(two)
    found = one(two, f"delta[1][1] = {2 * numbers('delta', 1)[0]:.6f}")
    assert found.slip == (
        "several of the usual slips give it: a factor 2 is kept or a ½ lost; the sum over the classes is written twice"
    )
    assert one(two, "delta[1][1] = 17.25").slip == "none of the usual slips gives it"


def test_a_starting_value_has_no_slip() -> None:
    assert one(deep(), "W[1][1,1] = 0.75").slip == "none of the usual slips gives it"
    # 0.35 and −0.4 are given too: the one stands elsewhere, the other where the indices are exchanged
    assert one(deep(), "W[1][2,1] = 0.35").slip == "none of the usual slips gives it"
    assert "the two indices are exchanged" in one(deep(), "W[1][2,1] = -0.4").slip


def test_a_half_in_the_penalty_s_own_value() -> None:
    whole = Numbers(regression())("penalty")
    assert one(regression(), f"penalty = {whole / 2:.6f}").slip == (
        "this is what comes out when a factor ½ is kept or a 2 lost in the penalty"
    )


def test_which_error_is_turned_round_follows_from_what_is_made_small() -> None:
    numbers = Numbers(classes())
    turned = f"delta[2][1] = {-numbers('delta', 2)[0]:.6f}"
    assert "turned round (y − ŷ for ŷ − y)" in one(classes(), turned).slip
    ascent = with_training(classes(), direction="maximise")
    turned = f"delta[2][1] = {-Numbers(ascent)('delta', 2)[0]:.6f}"
    assert "turned round (ŷ − y for y − ŷ)" in one(ascent, turned).slip


def test_exchanged_indices_where_the_file_shows_from_to() -> None:
    numbers = Numbers(deep())
    exchanged = f"dW[2][1,2] = {numbers('dW', 2)[1, 0]:.6f}"
    assert "(w_{from,to} for w_{to,from})" in one(deep(), exchanged).slip
    shown = replace(deep(), notation=Style(index_order="from_to"))
    assert one(shown, exchanged).slip == (
        "this is what comes out when the two indices are exchanged: an address is always [to,from], "
        "though this file's symbols are w_{from,to}"
    )


def noted(delta: str) -> Scenario:
    return replace(deep(), notation=Style(delta=delta))


def test_the_delta_that_the_file_shows_is_no_slip() -> None:
    numbers = Numbers(deep())
    slope_forgotten = f"delta[2][1] = {numbers('da', 2)[0]:.4f}"
    assert "f′ is forgotten" in one(deep(), slope_forgotten).slip
    found = one(noted("da"), slope_forgotten)
    assert (found.verdict.kind, found.slip) == (Match.WRONG, "")
    assert found.message.endswith(
        "; in this file δ is ∂L/∂a: that number is da[2][1], the address delta is always ∂L/∂z"
    )
    # the sign of the number alone is what −∂L/∂z differs in
    other_sign = f"delta[2][1] = {-numbers('delta', 2)[0]:.4f}"
    found = one(noted("-dz"), other_sign)
    assert (found.verdict.kind, found.slip) == (Match.WRONG, "")
    assert found.message.endswith("in this file δ is −∂L/∂z: that number is −delta[2][1], the address is always ∂L/∂z")
    assert "in this file" not in one(deep(), other_sign).message
    # what is right by the address stays right, what is neither is a slip
    assert one(noted("da"), f"delta[2][1] = {numbers('delta', 2)[0]:.4f}").verdict.ok
    assert "the sign of the error" in one(noted("da"), other_sign).slip
    assert one(noted("da"), f"da[2][1] = {numbers('delta', 2)[0]:.4f}").slip == (
        "this is what comes out when ∂L/∂z is given where ∂L/∂a was asked"
    )


# the right answer


@given(scenarios(), st.data())
@examples(60)
def test_the_right_answer_is_never_called_a_slip(made: Scenario, data: st.DataObject) -> None:
    trace = Trace(made)
    if not len(trace) or operations_of(trace.network) > 3_000:
        return
    index = data.draw(st.integers(0, min(len(trace), trace.plan.start(2)) - 1))
    step = trace[index]
    if not np.isfinite(step.value):
        return
    digits = data.draw(st.integers(1, 6))
    cut = data.draw(st.booleans())
    text = rounded(step.value, digits, decimals=True, truncate=cut).text
    if "." not in text:
        text += ".0" if "e" not in text else ""
    teacher = Teacher(trace)
    for found in mark(teacher, read_answer(teacher, f"{step.address} = {text}")):
        assert found.verdict.ok or found.verdict.kind is Match.NO_DIGIT, found.message
        assert found.slip == ""


@given(st.integers(0, 33), st.sampled_from(["half_even", "half_up", "truncate"]), st.integers(2, 5), st.booleans())
@examples(40)
def test_an_answer_calculated_by_hand_is_within_propagated_rounding(
    index: int, rounding: str, digits: int, every: bool
) -> None:
    from engine.hand.trace import HandTrace

    trace = Trace(softplus_network())
    hand = HandTrace(trace, Arithmetic(digits, "decimals", rounding, "operation" if every else "quantity"))
    step = hand.step(index)
    found = one(softplus_network(), f"{step.address} = {hand.policy.text(step.value)}")
    assert found.verdict.ok


# how an answer is written


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a[1][2] = 0.831", ["truncated"]),
        ("a[1][2] = 0,832", ["rounds to it"]),
        ("dW[1][1,1] = −0.026", ["rounds to it"]),
        ("z[2][1]#1=0.167", ["rounds to it"]),
        ("dW[2] = [[-0.095, -0.099]]", ["rounds to it", "rounds to it"]),
        ("dW[2] = [[-0,095; -0,098]]", ["rounds to it", "within propagated rounding"]),
        ("a[1] = [0.798, 0.90]", ["rounds to it", "wrong"]),
        ("W[1][1,1] = -.5", ["exact"]),
        ("loss = 0", ["wrong"]),
        ("loss = 0.0", ["no significant digit"]),
        ("loss = -0,0", ["no significant digit"]),
        ("dW[2] = [[0.0, -0.099]]", ["no significant digit", "rounds to it"]),
        ("y[1] = 1", ["exact"]),
        ("loss = 2.42e-2", ["rounds to it"]),
    ],
)
def test_how_an_answer_is_written(text: str, kinds: list[str]) -> None:
    assert [str(found.verdict.kind) for found in marked(softplus_network(), text)] == kinds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a[1][2]", "expected ADDRESS = NUMBER"),
        ("= 3", "expected ADDRESS = NUMBER"),
        ("a[1][2] =", "expected ADDRESS = NUMBER"),
        ("a[9] = 1", "there is no a in layer 9"),
        ("q = 1", "there is no quantity 'q'"),
        ("loss = half", "expected a number"),
        ("loss = 1/2", "expected a number"),
        ("loss = [1, [2]]", "the rows differ in length"),
        ("loss = []", "expected a number"),
        ('loss = {"a": 1}', "expected a number"),
        ("loss = [true]", "expected a number"),
        ("loss = 1e999", "too large"),
        ("loss = [0.02]", "loss is one number, got a row of 1 number"),
        ("dW[1] = 0.4", "dW.1. is 2 rows of 2 numbers, got one number"),
        ("loss = " + "[" * 5000, "expected a number"),
    ],
)
def test_what_is_no_answer(text: str, said: str) -> None:
    with pytest.raises(AnswerError, match=said.replace("'", ".")):
        marked(softplus_network(), text)


def test_the_bias_of_a_one_unit_layer_as_a_vector() -> None:
    found = one(softplus_network(), "db[2] = [-0.095, -0.099]")
    assert found.slip == "a layer of one unit has one bias, not one for each of the 2 units before it"
    assert "db[2] is a row of 1 number, got a row of 2 numbers" in found.message


def test_one_number_needs_no_brackets_where_there_is_one() -> None:
    assert [found.verdict.address.unit for found in marked(softplus_network(), "a[2] = 0.780")] == [(1,)]
    assert one(softplus_network(), "y = 1.0").message == "y[1]: 1.0"
    assert one(softplus_network(), "db[2] = -0.119").verdict.ok


def test_which_of_several_samples_is_asked() -> None:
    teacher = Teacher(Trace(softmax_batch(2)))
    with pytest.raises(AnswerError, match=re.escape("say which sample is meant, like a[1][1]#1, or write one per")):
        read_answer(teacher, "a[1][1] = 0.327")
    with pytest.raises(AnswerError, match=re.escape("say which sample is meant, like a[1]#1, or write a row per")):
        read_answer(teacher, "a[1] = [0.5, 0.5]")


def test_by_hand_where_the_file_says_how() -> None:
    made = replace(softplus_network(), arithmetic=Arithmetic(3, rounding="truncate"))
    found = one(made, "W[2][1,1]@1 = 1.094")
    assert found.message == "W[2][1,1]@1: by hand it is 1.094 (exactly 1.0951361)"
    assert found.verdict.kind is Match.EXACT


def test_a_network_too_large_for_paper_is_marked_without() -> None:
    wide = scenario([layer(np.full((200, 50), 0.01), None, "tanh")], np.ones((2, 50)), np.ones((2, 200)))
    assert one(wide, "a[1][1]#1 = 0.462").verdict.kind is Match.ROUNDS
    assert "slips were not looked for: an iteration takes about" in one(wide, "a[1][1]#1 = 0.9").slip


def test_far_on_is_bounded_and_said() -> None:
    made = with_training(softplus_network(), iterations=10**6)
    found = one(made, "a[2][1]@2000 = 0.523")
    assert "was not looked at: iteration 2,001 is too far to work in 24 ways by hand" in found.message
    # a slip in that iteration is looked for all the same
    assert found.slip == "none of the usual slips gives it"


def test_a_slip_that_changes_nothing_here_is_none() -> None:
    trace = Trace(softplus_network())
    address = trace.resolve("z[1][1]#1").at(0)
    forwards = {"a for z", "bias forgotten", "indices exchanged"}
    assert {found.slip.name for found in find_slips(trace, address, "0.123", lambda value: True)} == forwards
    # nor with what rounding alone does to the right number
    by_hand, there = Decimal("0.798"), trace.resolve("a[1][1]#1").at(0)
    assert find_slips(trace, there, "0.798", lambda value: value == by_hand) == []


def test_too_many_ways_to_slip_are_not_tried(monkeypatch: Any) -> None:
    monkeypatch.setattr("engine.slips.find.MAX_SEARCH", 1_000)
    assert "slips were not looked for: " in one(softplus_network(), "a[2][1] = 0.523").slip
    assert "ways to slip take about" in one(softplus_network(), "a[2][1] = 0.523").slip


def test_the_shipped_scenarios_answers() -> None:
    trace = Trace(softplus_network())
    teacher = Teacher(trace)
    for text in ("a[1][1] = 0.798", "a[1][2] = 0.831", "a[2][1] = 0.780", "dW[2][1,1] = -0.095",
                 "W[2][1,1]@1 = 1.095", "dW[1][1,1] = -0.026", "W[1][1,1]@1 = -0.474"):  # fmt: skip
        assert mark(teacher, read_answer(teacher, text))[0].verdict.ok
