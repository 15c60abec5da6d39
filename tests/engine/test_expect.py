"""Expected numbers, to the digits written."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import softmax_batch, softplus_network, with_training, zero_network

from engine.address import Address
from engine.expect import Match, Verdict, check_expectations, match
from engine.notation_style import Style
from engine.scenario.model import Expectation, Scenario, frozen_array
from engine.structs import replace
from engine.trace import Trace

EXACT, ROUNDS, TRUNCATED, TOLERANCE, PROPAGATED, NO_DIGIT, WRONG = Match

PLAIN = [
    # written, actual, kind
    ("0.832", 0.83157349, ROUNDS),
    ("0.831", 0.83157349, WRONG),
    ("0.83157349", 0.83157349, EXACT),
    ("0.8316", 0.83157349, ROUNDS),
    ("0.8320", 0.83157349, WRONG),
    ("-0.026", -0.02621552, ROUNDS),
    ("0.026", -0.02621552, WRONG),
    ("0.0242", 0.02422335, ROUNDS),
    # halves: up or to even, never down to odd
    ("0.13", 0.125, ROUNDS),
    ("0.12", 0.125, ROUNDS),
    ("0.38", 0.375, ROUNDS),
    ("0.37", 0.375, WRONG),
    ("-0.38", -0.375, ROUNDS),
    ("-0.37", -0.375, WRONG),
    ("2.5", 2.5, EXACT),
    ("3.0", 2.5, WRONG),
    # the float64 nearest to 0.285 is 0.284999…: on paper it is half way
    ("0.29", 0.285, ROUNDS),
    ("0.28", 0.285, ROUNDS),
    ("0.27", 0.285, WRONG),
    ("2.68", 2.675, ROUNDS),
    # a sum that is 0.3 on paper
    ("0.3", 0.1 + 0.2, ROUNDS),
    ("0.30000000000000000", 0.1 + 0.2, WRONG),
    ("0.2", 0.19999999999999998, ROUNDS),
    # zeros
    ("0.0", 0.0, EXACT),
    ("0.0", -0.0, EXACT),
    ("-0.0", 0.0, EXACT),
    ("0.00", -0.0012, ROUNDS),
    ("0.00", 0.0051, WRONG),
    # whole numbers mean exactly that
    ("1", 1.0, EXACT),
    ("1", 1.0 + 1e-13, EXACT),
    ("1", 1.0 + 1e-9, WRONG),
    ("0", 1e-13, EXACT),
    ("0", 0.4, WRONG),
    ("-5", -5.0, EXACT),
    ("8", 7.5, WRONG),
    ("1000000", 1000000.0000001, EXACT),
    # exponents: the digits of the mantissa count
    ("4.248354e-18", 4.248354255291589e-18, ROUNDS),
    ("4.248355e-18", 4.248354255291589e-18, WRONG),
    ("4.25e-18", 4.248354255291589e-18, ROUNDS),
    ("4.2E-18", 4.248354255291589e-18, ROUNDS),
    ("1e3", 1234.0, ROUNDS),
    ("1.2e3", 1234.0, ROUNDS),
    ("1.3e3", 1234.0, WRONG),
    ("1.0e+3", 1049.0, ROUNDS),
    ("1e-320", 1e-320, EXACT),
    ("1e308", 1.2e308, ROUNDS),
    ("1e-999999999", 1.0, WRONG),
    ("0e999999999", 0.0, EXACT),
    # what is not finite matches in kind
    ("NaN", math.nan, EXACT),
    ("NaN", math.inf, WRONG),
    ("Infinity", math.inf, EXACT),
    ("Infinity", -math.inf, WRONG),
    ("-Infinity", -math.inf, EXACT),
    ("Infinity", 1e308, WRONG),
    ("0.5", math.nan, WRONG),
    ("1", math.inf, WRONG),
]

PRINTED = [
    ("0.831", 0.83157349, TRUNCATED),
    ("0.832", 0.83157349, ROUNDS),
    ("0.830", 0.83157349, WRONG),
    ("0.99944", 0.9994472213630764, TRUNCATED),
    ("0.99945", 0.9994472213630764, ROUNDS),
    ("-0.831", -0.83157349, TRUNCATED),
    ("-0.833", -0.83157349, WRONG),
    ("0.780", 0.77989387, ROUNDS),
    ("0.78", 0.77989387, ROUNDS),
    ("0.779", 0.77989387, TRUNCATED),
    # a zero is no digit of a number that is none
    ("-0.00", -0.009, NO_DIGIT),
    ("0.00", -0.009, NO_DIGIT),
    ("0.0", 0.061021498, NO_DIGIT),
    ("0e2", 61.0, NO_DIGIT),
    ("0.00", 0.004, ROUNDS),
    ("0.0", 0.0, EXACT),
    ("-0.0", 0.0, EXACT),
    ("0.0", 1e-17, ROUNDS),
    ("0.0", 0.11, WRONG),
    ("7", 7.4, ROUNDS),
    ("7", 7.9, TRUNCATED),
    ("7", 6.4, WRONG),
    ("1.095", 1.09513612, ROUNDS),
    ("1.23e-5", 1.2399e-5, TRUNCATED),
]

WITHIN = [
    ("0.0242", 0.02422335, 1e-4, TOLERANCE),
    ("0.0242", 0.02422335, 1e-5, WRONG),
    ("0.5", 0.5, 0.0, EXACT),
    ("0.3", 0.1 + 0.2, 0.0, WRONG),
    ("1", 1.5, 0.5, TOLERANCE),
    ("1", 1.5000000000000002, 0.5, WRONG),
    ("0.0", 0.1, 0.1, WRONG),  # the float64 0.1 is a little more than a tenth
    ("NaN", math.nan, 1.0, EXACT),
    ("1.0", math.inf, 1e300, WRONG),
    ("1.0", math.nan, 1e300, WRONG),
]


@pytest.mark.parametrize(("written", "actual", "kind"), PLAIN)
def test_bare_numbers(written: str, actual: float, kind: Match) -> None:
    assert match(written, actual) is kind


@pytest.mark.parametrize(("written", "actual", "kind"), PRINTED)
def test_printed_numbers(written: str, actual: float, kind: Match) -> None:
    assert match(written, actual, printed=True) is kind


@pytest.mark.parametrize(
    ("written", "actual", "kind"),
    [
        ("0.00", 0.004, NO_DIGIT),
        ("-0.0", 0.004, NO_DIGIT),
        ("0.0", 0.061, NO_DIGIT),
        ("0.00", 0.0, EXACT),
        ("0.0", 3e-17, ROUNDS),
        ("0.5", 0.48, ROUNDS),
        ("0.0", -0.8, WRONG),
    ],
)
def test_a_zero_answers_for_zero_alone(written: str, actual: float, kind: Match) -> None:
    assert match(written, actual, printed=True, answered=True) is kind


def test_what_is_said_of_a_zero_that_is_none() -> None:
    # dW[1][1,1] is −0.0262…, the loss 0.0242…
    verdicts = expecting(
        softplus_network(),
        (Address("loss", k=0), "0.0", {}),
        (Address("loss", k=0), "0.0", {"printed": True}),
        (Address("a", 1, (1,), k=0), "0.0", {"printed": True}),
        (Address("dW", 1, (1, 1), k=0), "0.01", {"printed": True}),
        (Address("dW", 2, (1, 1), k=0), "0.0", {"printed": True}),
        (Address("loss", k=0), "0.0", {"tolerance": 0.5}),
    )
    assert [verdict.kind for verdict in verdicts] == [ROUNDS, ROUNDS, WRONG, WRONG, NO_DIGIT, TOLERANCE]
    assert [verdict.blank for verdict in verdicts] == [True, True, True, False, True, False]
    assert verdicts[1].message == "loss: 0.024223353 rounds to 0.0, which shows no significant digit of it"
    assert verdicts[4].message == (
        "dW[2][1,1]: 0.0 shows no significant digit of -0.095136115: give more decimals, like -0.0951"
    )
    assert not verdicts[4].ok


@pytest.mark.parametrize(("written", "actual", "tolerance", "kind"), WITHIN)
def test_tolerances(written: str, actual: float, tolerance: float, kind: Match) -> None:
    assert match(written, actual, tolerance) is kind


LONG = Context(prec=2000)


@given(st.floats(-1e6, 1e6), st.integers(0, 12))
def test_what_decimal_rounds_to_is_right_and_its_neighbours_are_not(value: float, places: int) -> None:
    step = Decimal(1).scaleb(-places)
    exact = Decimal(value)
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        nearest = exact.quantize(step, rounding, LONG)
        written = f"{nearest:f}" + ("" if places else ".")
        assert match(written, value) in (ROUNDS, EXACT)
    cut = f"{exact.quantize(step, ROUND_DOWN, LONG):f}" + ("" if places else ".")
    to_zero = (NO_DIGIT,) if float(cut) == 0 != value else ()
    assert match(cut, value, printed=True) in (ROUNDS, EXACT, TRUNCATED, *to_zero)
    for away in (nearest + 2 * step, nearest - 2 * step):
        written = f"{away:f}" + ("" if places else ".")
        if float(written) == value:
            continue
        assert match(written, value, printed=True) is WRONG
        assert match(written, value) is WRONG


def expecting(given: Scenario, *lines: tuple[Address, Any, dict[str, Any]]) -> list[Verdict]:
    """The verdicts of expectations written as nested lists of texts."""
    expectations = []
    for number, (address, written, more) in enumerate(lines, start=10):
        texts = np.array(written, dtype=object)
        values = frozen_array(texts.astype(np.float64))
        flat = tuple(str(text) for text in texts.ravel())
        expectations.append(Expectation(address, values, flat, line=number, **more))
    return check_expectations(Trace(replace(given, expectations=tuple(expectations))))


def test_a_line_gives_a_verdict_for_every_number() -> None:
    verdicts = expecting(
        softplus_network(),
        (Address("a", 1, k=0), ["0.798", "0.831"], {}),
        (Address("dW", 1, k=0), [["-0.0262", "-0.0393"], ["0.0269", "0.05"]], {}),
        (Address("a", 1, (2,), k=0), "0.831", {"printed": True}),
        (Address("loss", k=0), "0.0242", {"tolerance": 1e-4}),
        (Address("W", 2, k=1), [["1.09513612", "-0.90087856"]], {}),
        (Address("W", 1, (2,), k=0), ["-0.8", "0.8"], {}),
    )
    assert [(str(verdict.address), verdict.written, verdict.kind, verdict.line) for verdict in verdicts] == [
        ("a[1][1]@0", "0.798", ROUNDS, 10),
        ("a[1][2]@0", "0.831", WRONG, 10),
        ("dW[1][1,1]@0", "-0.0262", ROUNDS, 11),
        ("dW[1][1,2]@0", "-0.0393", ROUNDS, 11),
        ("dW[1][2,1]@0", "0.0269", ROUNDS, 11),
        ("dW[1][2,2]@0", "0.05", WRONG, 11),
        ("a[1][2]@0", "0.831", TRUNCATED, 12),
        ("loss@0", "0.0242", TOLERANCE, 13),
        ("W[2][1,1]@1", "1.09513612", ROUNDS, 14),
        ("W[2][1,2]@1", "-0.90087856", ROUNDS, 14),
        ("W[1][2,1]@0", "-0.8", EXACT, 15),
        ("W[1][2,2]@0", "0.8", EXACT, 15),
    ]
    assert [verdict.ok for verdict in verdicts].count(False) == 2
    assert [verdict.message for verdict in verdicts if verdict.line in (10, 12, 13, 14)] == [
        "a[1][1]: 0.79813887 rounds to 0.798",
        (
            "a[1][2]: expected 0.831, got 0.83157349 (truncated to 3 decimals it would be 0.831, rounded it is 0.832;"
            ' { printed = "0.831" } takes both)'
        ),
        "a[1][2]: 0.83157349 truncated to 3 decimals is 0.831",
        "loss: 0.024223353 is within 0.0001 of 0.0242",
        "W[2][1,1]@1: 1.095136115067 rounds to 1.09513612",
        "W[2][1,2]@1: -0.90087856396 rounds to -0.90087856",
    ]


def test_messages_of_wrong_numbers() -> None:
    def message(written: str, **more: Any) -> str:
        return expecting(softplus_network(), (Address("a", 1, (2,), k=0), written, more))[0].message

    assert message("0.844") == (
        "a[1][2]: expected 0.844, got 0.83157349 (rounded to 3 decimals it would be 0.832, truncated 0.831)"
    )
    assert message("0.9316") == (
        "a[1][2]: expected 0.9316, got 0.83157349 (rounded to 4 decimals it would be 0.8316, truncated 0.8315)"
    )
    assert message("0.84") == "a[1][2]: expected 0.84, got 0.83157349 (to 2 decimals 0.83)"
    assert message("1") == "a[1][2]: expected 1, got 0.8315734864417373 (without a decimal point it means exactly 1)"
    assert message("3") == "a[1][2]: expected 3, got 0.8315734864417373"
    assert message("0.84", tolerance=0.001) == ("a[1][2]: expected 0.84, got 0.83157349, which is not within 0.001")
    assert message("8.4e-1", printed=True) == (
        "a[1][2]: expected 8.4e-1, got 0.83157349 (to 2 decimals 0.83);"
        " with every number on the way to as many decimals it comes out between 0.82 and 0.83"
    )
    assert message("NaN") == "a[1][2]: expected NaN, got 0.8315734864417373"


def test_the_sample_axis_may_be_left_out_where_there_is_one_sample() -> None:
    given = softplus_network()
    both = expecting(
        given, (Address("a", 1, k=0), [["0.798", "0.832"]], {}), (Address("a", 1, k=0), ["0.798", "0.832"], {})
    )
    assert [str(verdict.address) for verdict in both] == [
        "a[1][1]#1@0", "a[1][2]#1@0", "a[1][1]@0", "a[1][2]@0",
    ]  # fmt: skip
    assert all(verdict.ok for verdict in both)
    one = expecting(given, (Address("a", 2, (1,), k=0), "0.780", {}), (Address("a", 2, (1,), k=0), ["0.780"], {}))
    assert [(str(verdict.address), verdict.ok) for verdict in one] == [("a[2][1]@0", True), ("a[2][1]#1@0", True)]


def test_batches_of_several_samples() -> None:
    given = softmax_batch(2)
    first = Trace(given).value(Address("a", 1, k=0))
    written = [[f"{value:.4f}" for value in row] for row in first.tolist()]
    verdicts = expecting(
        given,
        (Address("a", 1, k=0), written, {}),
        (Address("a", 1, sample=2, k=0), written[1], {}),
        (Address("a", 1, (2,), k=0), [row[1] for row in written], {}),
        (Address("dW", 2, sample=2, k=0), np.zeros((3, 2)).astype(str).tolist(), {}),
    )
    assert [str(verdict.address) for verdict in verdicts[:8]] == [
        "a[1][1]#1@0", "a[1][2]#1@0", "a[1][1]#2@0", "a[1][2]#2@0", "a[1][1]#2@0", "a[1][2]#2@0",
        "a[1][2]#1@0", "a[1][2]#2@0",
    ]  # fmt: skip
    assert all(verdict.ok for verdict in verdicts[:8])
    assert str(verdicts[8].address) == "dW[2][1,1]#2@0"
    # @1 is the batch with one sample: there the axis may be left out
    single = expecting(given, (Address("a", 1, k=1), ["0.0", "0.0"], {}))
    assert [str(verdict.address) for verdict in single] == ["a[1][1]@1", "a[1][2]@1"]


@pytest.mark.parametrize(
    ("address", "written", "message"),
    [
        (
            Address("a", 1, k=0),
            ["0.5", "0.5"],
            (
                "a[1] is 2 rows of 2 numbers, got a row of 2 numbers: say which sample is meant, like a[1]#1, "
                "or write a row per sample"
            ),
        ),
        (Address("a", 1, k=0), [["0.5", "0.5"]], "a[1] is 2 rows of 2 numbers, got 1 row of 2 numbers"),
        (Address("a", 1, k=0), "0.5", "a[1] is 2 rows of 2 numbers, got one number"),
        (Address("loss", k=0), ["0.5"], "loss is one number, got a row of 1 number"),
        (Address("b", 2, k=1), [["0.1", "0.2", "0.3"]], "b[2]@1 is a row of 3 numbers, got 1 row of 3 numbers"),
        (Address("W", 2, k=0), [["0.1"], ["0.2"], ["0.3"]], "W[2] is 3 rows of 2 numbers, got 3 rows of 1 number"),
        (Address("a", 1, sample=3, k=0), "0.1", "'a[1]#3@0': there is no sample 3; the batch has 2"),
        (Address("W", 9, k=0), "0.1", "'W[9]@0': there is no W in layer 9; it is in layer 1, 2"),
        (Address("loss", k=9), "0.1", "'loss@9': there is no @9; the walk has 4 updates: @0 to @4"),
    ],
)
def test_nothing_is_broadcast_and_lost_addresses_are_said(address: Address, written: Any, message: str) -> None:
    (verdict,) = expecting(softmax_batch(2), (address, written, {}))
    assert (verdict.ok, verdict.kind, verdict.actual) == (False, WRONG, None)
    assert verdict.message == message


def test_the_homework_to_the_digits_given() -> None:
    given = zero_network(3)
    verdicts = expecting(
        given,
        (Address("a", 3, k=1), ["0.70578503"], {}),
        (Address("a", 3, k=2), ["0.80231529"], {}),
        (Address("a", 3, k=3), ["0.85407432"], {}),
        (Address("dW", 1, k=0), np.zeros((4, 2), dtype=int).astype(str).tolist(), {}),
    )
    assert len(verdicts) == 11
    assert all(verdict.ok for verdict in verdicts)


def test_what_is_not_finite_matches_in_kind() -> None:
    given = softplus_network(4)
    diverging = with_training(given, optimizer=replace(given.training.optimizer, learning_rate=1e200))
    verdicts = expecting(
        diverging,
        (Address("loss", k=1), "Infinity", {}),
        (Address("loss", k=1), "0.5", {}),
        (Address("loss", k=1), "Infinity", {"tolerance": 0.5}),
    )
    actual = float(Trace(diverging).value(Address("loss", k=1)))
    if actual == math.inf:
        assert [verdict.ok for verdict in verdicts] == [True, False, True]
    assert verdicts[1].message == f"loss@1: expected 0.5, got {'inf' if actual == math.inf else 'NaN'}"


def test_an_expected_delta_of_the_file_s_own_notation() -> None:
    given = replace(softplus_network(), notation=Style(delta="da"))
    there = float(Trace(given).value(Address("da", 2, (1,), k=0)).item())
    (verdict,) = expecting(given, (Address("delta", 2, k=0), [f"{there:.4f}"], {}))
    assert not verdict.ok
    assert verdict.message.endswith(
        "in this file δ is ∂L/∂a: that number is da[2][1], the address delta is always ∂L/∂z"
    )


def test_no_expectations_no_verdicts() -> None:
    assert check_expectations(Trace(softplus_network())) == []
