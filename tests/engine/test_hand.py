"""Arithmetic as by hand: against a calculation written out, against the exact walk, and against its own rules."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, layer, scenario, softmax_batch, softplus_network, with_training

from engine.address import AddressError
from engine.arithmetic import CONTEXT, ROUNDINGS, Arithmetic, constant, settled
from engine.formula.functions import FUNCTIONS
from engine.hand.bounds import MAX_OPERATIONS, MAX_WALK, HandError, operations_of
from engine.hand.functions import DECIMAL
from engine.hand.recipe import Forms, Recipe
from engine.hand.trace import HandTrace
from engine.hand.work import Work, decimals
from engine.quantity import Kind
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Penalty, Scenario
from engine.scenario.read import read, read_text
from engine.structs import replace
from engine.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SOFTPLUS = (SCENARIOS / "softplus.toml").read_text("utf-8")
BACK = ("fprime", "da", "delta")


def by_hand(made: Scenario, digits: int = 3, *more: Any, **options: Any) -> HandTrace:
    return HandTrace(Trace(made), Arithmetic(digits, *more, **options))


def at(hand: HandTrace, text: str) -> Decimal:
    (value,) = np.ravel(hand.value(hand.trace.resolve(text)))
    assert isinstance(value, Decimal)
    return value


def cut(value: Decimal, to: str = "0.001") -> Decimal:
    return value.quantize(Decimal(to), ROUND_DOWN)


# the policy


@pytest.mark.parametrize(
    ("rounding", "value", "three"),
    [
        ("half_even", "0.0625", "0.062"), ("half_up", "0.0625", "0.063"), ("truncate", "0.0625", "0.062"),
        ("half_even", "-0.0635", "-0.064"), ("half_up", "-0.0625", "-0.063"), ("truncate", "-0.0639", "-0.063"),
        ("truncate", "-0.0004", "0.000"), ("half_up", "12", "12.000"),
    ],
)  # fmt: skip
def test_decimals(rounding: str, value: str, three: str) -> None:
    assert Arithmetic(3, rounding=rounding).text(Decimal(value)) == three


@pytest.mark.parametrize(
    ("rounding", "value", "text"),
    [
        ("half_even", "0.798138", "0.7981"), ("truncate", "0.79819", "0.7981"), ("half_up", "123456.5", "123500"),
        ("half_even", "0.2", "0.2000"), ("half_even", "0", "0"), ("truncate", "4.24839e-18", "4.248e-18"),
    ],
)  # fmt: skip
def test_significant_digits(rounding: str, value: str, text: str) -> None:
    assert Arithmetic(4, "significant", rounding).text(Decimal(value)) == text


def test_a_third_times_three_is_not_cut_off_below_one() -> None:
    with localcontext(CONTEXT):
        assert Arithmetic(3, rounding="truncate").round(Decimal(1) / 3 * 3) == 1


def test_constants_are_what_was_meant() -> None:
    assert constant(1.0 - 0.7) == Decimal("0.3")
    assert constant(1.0507009873554805) == Decimal("1.0507009873554805")
    assert settled(0.1 + 0.2) == Decimal("0.3")


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=9),
    st.sampled_from(sorted(ROUNDINGS)),
    st.sampled_from(["decimals", "significant"]),
    st.integers(1, 8),
)
@examples(60)
def test_rounding_is_done_once_and_stays_near(value: Decimal, rounding: str, counted: str, digits: int) -> None:
    policy = Arithmetic(digits, counted, rounding)
    rounded = policy.round(value)
    assert policy.round(rounded) == rounded
    unit = Decimal(1).scaleb(-digits if counted == "decimals" else value.adjusted() - digits + 1)
    assert abs(rounded - value) <= (unit if rounding == "truncate" else unit / 2)
    assert rounding != "truncate" or abs(rounded) <= abs(value)


# the functions


def test_every_function_is_there() -> None:
    assert set(DECIMAL) == set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(DECIMAL))
@given(st.data())
@examples(30)
def test_a_function_is_the_float_one(name: str, data: st.DataObject) -> None:
    numbers = st.floats(-40.0, 40.0).map(lambda x: round(x, 6))
    count = 2 if name in ("max", "min", "pow", "xlny", "x_over") else 1
    arguments = [data.draw(numbers) for _ in range(count)]
    if name == "pow":
        arguments[1] = float(round(arguments[1] / 8))
    expected = FUNCTIONS[name].scalar(*arguments)
    with localcontext(CONTEXT):
        got = DECIMAL[name](*(Decimal(repr(argument)) for argument in arguments))
    if math.isfinite(expected):
        assert float(got) == pytest.approx(expected, rel=1e-12, abs=1e-300)
    else:
        assert not got.is_finite()


@pytest.mark.parametrize(
    ("name", "argument", "digits"),
    [
        # 30 digits and more from published tables
        ("exp", "1", "2.71828182845904523536028747135266"),
        ("ln", "2", "0.693147180559945309417232121458177"),
        ("tanh", "0.5", "0.462117157260009758502318483643673"),
        ("cos", "1", "0.540302305868139717400936607442977"),
        ("log1p", "1e-30", "9.99999999999999999999999999999500e-31"),
        ("expm1", "1e-30", "1.00000000000000000000000000000050e-30"),
        ("Phi", "1", "0.841344746068542948585232545632037"),
    ],
)
def test_a_function_has_all_its_digits(name: str, argument: str, digits: str) -> None:
    with localcontext(CONTEXT):
        got = DECIMAL[name](Decimal(argument))
    assert abs(got - Decimal(digits)) <= abs(Decimal(digits)) * Decimal("1e-32")


# a network, calculated here in so many lines


def softplus(z: Decimal) -> Decimal:
    return (1 + z.exp()).ln()


def slope(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def test_the_softplus_network_calculated_here() -> None:
    d = Decimal
    z = [cut(-d("0.5") * d("0.4") + d("0.5") * d("0.6") + d("0.1"))]
    z += [cut(-d("0.8") * d("0.4") + d("0.8") * d("0.6") + d("0.1"))]
    a = [cut(softplus(value)) for value in z]
    z2 = cut(a[0] - a[1] + d("0.2"))
    yhat = cut(softplus(z2))
    delta2 = cut((yhat - 1) * slope(z2))
    w2 = [d(1), d(-1)]
    dw2 = [cut(delta2 * value) for value in a]
    delta1 = [cut(w * delta2 * slope(value)) for w, value in zip(w2, z, strict=True)]
    dw1 = [[cut(delta * x) for x in (d("0.4"), d("0.6"))] for delta in delta1]
    hand = by_hand(softplus_network(), 3, rounding="truncate", exact=("fprime",))
    assert [at(hand, f"a[1][{j}]") for j in (1, 2)] == a == [d("0.798"), d("0.831")]
    assert (at(hand, "z[2][1]"), at(hand, "a[2][1]")) == (z2, yhat) == (d("0.167"), d("0.780"))
    assert at(hand, "delta[2][1]") == delta2 == d("-0.119")
    assert [at(hand, f"dW[2][1,{k}]") for k in (1, 2)] == dw2 == [d("-0.094"), d("-0.098")]
    assert [[at(hand, f"dW[1][{j},{k}]") for k in (1, 2)] for j in (1, 2)] == dw1
    assert at(hand, "W[2][1,1]@1") == 1 - dw2[0] == d("1.094")
    assert at(hand, "W[1][2,2]@1") == d("0.8") - dw1[1][1]
    # and once more from there
    z_again = cut(at(hand, "W[1][1,1]@1") * d("0.4") + at(hand, "W[1][1,2]@1") * d("0.6") + at(hand, "b[1][1]@1"))
    assert at(hand, "z[1][1]@1") == z_again


def test_the_printed_answers_of_the_exercise() -> None:
    hand = by_hand(softplus_network(), 3, rounding="truncate", exact=BACK)
    printed = {
        "a[1][1]": "0.798", "a[1][2]": "0.831", "z[2][1]": "0.167", "a[2][1]": "0.780", "dW[2][1,1]": "-0.095",
        "W[2][1,1]@1": "1.095", "dW[1][1,1]": "-0.026", "W[1][1,1]@1": "-0.474",
    }  # fmt: skip
    assert {text: hand.policy.text(at(hand, text)) for text in printed} == printed


def test_each_operation_is_rounded_as_it_is_done() -> None:
    # 0.26·0.26 = 0.0676, twice: cut to two decimals before the sum 0.12, after it 0.13
    made = scenario([layer([[0.26, 0.26]], None, "identity")], [[0.26, 0.26]], [[0.0]])
    assert at(by_hand(made, 2, rounding="truncate"), "z[1][1]") == Decimal("0.13")
    assert at(by_hand(made, 2, rounding="truncate", each="operation"), "z[1][1]") == Decimal("0.12")
    assert at(by_hand(made, 2, rounding="truncate", each="operation", exact=("z",)), "z[1][1]") == Decimal("0.1352")


def test_given_numbers_stay_as_they_are() -> None:
    made = scenario([layer([[0.1234567]], [0.7654321], "identity")], [[0.55555]], [[0.33333]], learning_rate=0.0001)
    hand = by_hand(made, 2)
    kept = {"W[1][1,1]": "0.1234567", "b[1][1]": "0.7654321", "x[1]#1": "0.55555", "y[1]#1": "0.33333", "lr": "0.0001"}
    assert {text: str(at(hand, text)) for text in kept} == kept


def test_the_definition_is_worked_where_the_walk_shows_it() -> None:
    # a = 0.95 to two decimals: a(1 − a) is 0.0475, while σ(z)σ(−z) of the walk is 0.0452
    made = scenario([layer([[1.0]], None, "sigmoid")], [[3.0]], [[0.0]])
    hand = by_hand(made, 2, rounding="truncate")
    assert at(hand, "fprime[1][1]") == Decimal("0.04")
    assert at(by_hand(made, 2, exact=("fprime",)), "fprime[1][1]") == Decimal("0.95") * Decimal("0.05")


def test_where_a_rounded_number_has_no_logarithm_the_computed_form_is_worked() -> None:
    made = scenario([layer([[1.0]], None, "sigmoid")], [[-9.0]], [[1.0]], _bce())
    hand = by_hand(made, 3, rounding="truncate")
    assert at(hand, "a[1][1]") == 0
    assert at(hand, "loss") == Decimal("9.000")


def _bce() -> Any:
    from engine.scenario.model import Loss

    return Loss("binary_cross_entropy")


# against the exact walk


SMALL = [
    path
    for path in sorted(SCENARIOS.glob("*.toml"))
    if path.stem != "digits" and operations_of(Trace(read(path)).network) <= 4_000
]


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_unrounded_it_is_the_exact_walk(path: Path) -> None:
    trace = Trace(read(path))
    recipe, forms = Recipe(trace.network), Forms(trace)
    for k in (0, 1):
        if k > trace.plan.iterations:
            continue
        state = {key: decimals(trace.state(k)[key]) for key in trace.state(k)}
        work = Work(recipe, forms, None, k, state)
        after = work.after() if k < trace.plan.iterations else {}
        for key, quantity in trace.network.catalogue.items():
            if quantity.kind is Kind.STATE:
                if not after:
                    continue
                exact, got = trace.state(k + 1)[key], after[key]
            else:
                exact, got = trace.record(k)[key], work.array(key, False)
            assert got.shape == exact.shape
            np.testing.assert_allclose(got.astype(float), exact, rtol=1e-7, atol=1e-12, err_msg=str(key))


def test_values_are_shaped_as_the_walks() -> None:
    trace = Trace(softmax_batch())
    hand = HandTrace(trace, Arithmetic(12))
    texts = (
        "a[2] a[2]#2 a[2][1] a[2][3]#1 W[1] W[1][2] W[1][2,1]@2 dW[2]#1 dW[2][1]#2 db[1]#2 data_loss data_loss#2 loss"
        " da[2] jacobian[2] max_dW[1] var_a[2] rms_z[1] t"
    )
    for text in texts.split():
        address = trace.resolve(text)
        exact, got = trace.value(address), np.asarray(hand.value(address))
        assert got.shape == exact.shape, text
        np.testing.assert_allclose(got.astype(float), exact, atol=1e-9, err_msg=text)
    with pytest.raises(AddressError, match="has 1 samples"):
        hand.value(trace.resolve("a[2]#2").at(1))


def test_a_deep_network_needs_no_deep_recursion() -> None:
    layers = [layer([[0.5]], [0.1], "tanh") for _ in range(120)]
    hand = by_hand(scenario(layers, [[1.0]], [[0.5]]), 6)
    assert float(at(hand, "dW[1][1,1]")) == pytest.approx(0.0, abs=1e-6)
    assert at(hand, "a[120][1]") == Decimal("0.194947")


# drift, and the first digit


def test_drift_and_the_first_digit_that_differs() -> None:
    trace = Trace(softplus_network())
    hand = HandTrace(trace, Arithmetic(3, rounding="truncate", exact=BACK))
    first = hand.first_difference()
    assert first is not None
    assert str(trace[first].address) == "z[2][1]#1@0"
    assert hand.first_difference(first - 1) is None
    assert all(not hand.step(index).differs for index in range(first))
    found = hand.step(first)
    assert found.value == Decimal("0.167")
    assert float(found.drift) == pytest.approx(0.167 - trace[first].value, rel=1e-9)
    exact = hand.step(trace.index_of(trace.resolve("z[1][1]")))
    assert (exact.drift, exact.differs) == (0, False)


@pytest.mark.parametrize(("rounding", "value"), [("half_even", ROUND_HALF_EVEN), ("half_up", ROUND_HALF_UP)])
def test_a_walk_of_whole_numbers_never_drifts(rounding: str, value: str) -> None:
    made = scenario([layer([[2.0, -1.0]], [1.0], "identity")], [[1.0, 2.0]], [[3.0]], iterations=2)
    hand = by_hand(made, 3, rounding=rounding)
    assert hand.first_difference() is None
    assert {hand.step(index).drift for index in range(len(hand.trace))} == {Decimal(0)}


# bounds


def test_too_large_and_too_far_are_refused_by_the_bound() -> None:
    wide = scenario([layer(np.full((200, 50), 0.5), None, "tanh")], np.ones((2, 50)), np.ones((2, 200)))
    with pytest.raises(HandError, match=f"at most {MAX_OPERATIONS:,} are worked"):
        by_hand(wide)
    hand = by_hand(with_training(softplus_network(), iterations=10**9))
    with pytest.raises(HandError, match=rf"update 1,000,000 is too far .* {hand.reach:,} \(at most {MAX_WALK:,}"):
        hand.value(hand.trace.resolve("W[1]@1000000"))
    with pytest.raises(HandError, match="declares no"):
        HandTrace(Trace(softplus_network()))


# the file


def test_the_table_is_read() -> None:
    table = '[arithmetic]\nsignificant = 4\nrounding = "truncate"\neach = "operation"\nexact = ["fprime"]\n'
    made = read_text(SOFTPLUS.replace("[expect]", table + "[expect]"), "x.toml")
    assert made.arithmetic == Arithmetic(4, "significant", "truncate", "operation", ("fprime",))
    assert read_text(SOFTPLUS.replace("[expect]", "[arithmetic]\ndecimals = 3\n[expect]"), "x.toml").arithmetic == (
        Arithmetic(3)
    )


def test_a_network_too_large_is_refused_by_the_reader() -> None:
    path = SCENARIOS / "digits.toml"
    text = path.read_text("utf-8")
    with pytest.raises(ScenarioError) as wrong:
        read_text(text.replace("[training]", "[arithmetic]\ndecimals = 3\n\n[training]"), path)
    (problem,) = wrong.value.problems
    assert "operations by hand; at most 20,000 are worked" in problem.message
    assert problem.line is not None


def test_the_policy_can_be_pasted() -> None:
    policy = Arithmetic(4, "significant", "truncate", "operation", ("fprime", "da"))
    text = SOFTPLUS.replace("[network]", f"arithmetic = {policy.toml()}\n\n[network]", 1)
    assert read_text(text, "x.toml").arithmetic == policy
    assert replace(policy, exact=()).words() == "4 significant digits, cut off, every operation"


def test_a_hyperparameter_is_what_was_written() -> None:
    # float64 holds 0.3 as 0.29999…: cut off it would be 0.299
    made = scenario([layer([[0.5]], None)], [[1.0]], [[0.0]], penalties=(Penalty("l2", 0.3, 1.0),))
    assert at(by_hand(made, 3, rounding="truncate"), "dW_penalty[1][1,1]") == Decimal("0.300")
