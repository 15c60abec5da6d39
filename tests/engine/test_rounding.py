"""Which rounding an answer key used, and expected numbers where the scenario calculates by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, layer, scenario, softplus_network, with_training

from engine.arithmetic import Arithmetic
from engine.expect import Match, Verdict, check_expectations, printed_numbers
from engine.hand.bounds import HandError
from engine.hand.rounding import Printed, Propagation, find_rounding, left_exact, policies, reproduces, single
from engine.hand.trace import HandTrace
from engine.scenario.model import Expectation, Scenario, frozen_array
from engine.scenario.read import read
from engine.structs import replace
from engine.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "scenarios"
BACK = ("fprime", "da", "delta")


def printed(trace: Trace, **numbers: str) -> list[Printed]:
    return [Printed(trace.resolve(text).at(trace.resolve(text).k or 0), written) for text, written in numbers.items()]


def expecting(made: Scenario, address: str, written: str, **more: Any) -> Verdict:
    resolved = Trace(made).resolve(address)
    line = Expectation(resolved.at(resolved.k or 0), frozen_array(float(written)), (written,), **more)
    (verdict,) = check_expectations(Trace(replace(made, expectations=(line,))))
    return verdict


# the key's own rounding


def test_the_exercise_of_the_softplus_network() -> None:
    trace = Trace(read(SCENARIOS / "softplus.toml"))
    numbers = printed_numbers(trace)
    assert [number.written for number in numbers] == [
        "0.167", "0.798", "0.831", "0.780", "-0.095", "1.095", "-0.026", "-0.474",
    ]  # fmt: skip
    search = find_rounding(trace, numbers)
    assert search.fits == (Arithmetic(3, "decimals", "truncate", "quantity", BACK),)
    assert (search.best, search.refusals) == (search.fits[0], ())
    # every quantity rounded: none does
    policy, refusals = search.strict
    assert policy.exact == ()
    assert len(refusals) == 1


def test_the_logistic_unit() -> None:
    trace = Trace(read(SCENARIOS / "logistic_unit.toml"))
    search = find_rounding(trace, printed_numbers(trace))
    assert Arithmetic(5, rounding="truncate") in search.fits
    assert {policy.rounding for policy in search.fits} == {"truncate"}
    assert {policy.exact for policy in search.fits} == {()}


def test_where_none_fits_the_best_and_what_refuses_it() -> None:
    trace = Trace(softplus_network())
    numbers = printed(trace, **{"a[1][1]": "0.798", "a[1][2]": "0.832", "a[2][1]": "0.5", "W[2][1,1]@1": "1.095"})
    search = find_rounding(trace, numbers)
    assert search.fits == ()
    assert [(refusal.printed.written, refusal.by_hand) for refusal in search.refusals] == [
        ("0.5", search.refusals[0].by_hand)
    ]
    assert search.refusals[0].by_hand.startswith("0.7")
    assert search.tried == len(list(policies(trace.network))) == 240


@given(st.integers(0, 239), st.integers(1, 2))
@examples(4)
def test_a_key_made_by_a_policy_is_found_again(which: int, iterations: int) -> None:
    trace = Trace(softplus_network())
    policy = list(policies(trace.network))[which]
    hand = HandTrace(trace, policy)
    numbers = []
    for index in range(trace.plan.start(iterations)):
        step = hand.step(index)
        if not hand.whole(step.address) and step.value:
            numbers.append(Printed(step.address, policy.text(step.value)))
    search = find_rounding(trace, numbers)
    same = [fit for fit in search.fits if replace(fit, exact=policy.exact) == policy]
    assert same
    assert len(same[0].exact) <= len(policy.exact)


def test_nobody_prints_more_digits_than_are_kept() -> None:
    trace = Trace(softplus_network())
    hand = HandTrace(trace, Arithmetic(2))
    assert not reproduces(hand, printed(trace, **{"a[2][1]": "0.780"})[0], Decimal("0.78"))
    assert reproduces(hand, printed(trace, **{"a[2][1]": "0.78"})[0], Decimal("0.78"))
    assert reproduces(hand, printed(trace, **{"x[1]": "0.400"})[0], Decimal("0.4"))


def test_without_printed_numbers_those_with_decimals_are_taken() -> None:
    made = softplus_network()
    lines = [
        Expectation(Trace(made).resolve("a[1]").at(0), frozen_array([0.798, 0.832]), ("0.798", "0.832")),
        Expectation(Trace(made).resolve("y[1]").at(0), frozen_array([1.0]), ("1",)),
        Expectation(Trace(made).resolve("loss").at(0), frozen_array(0.02), ("0.02",), 0.01),
    ]
    trace = Trace(replace(made, expectations=tuple(lines)))
    assert [(str(number.address), number.written) for number in printed_numbers(trace)] == [
        ("a[1][1]@0", "0.798"), ("a[1][2]@0", "0.832"),
    ]  # fmt: skip


def test_too_much_is_refused() -> None:
    trace = Trace(with_training(softplus_network(), iterations=1_000))
    with pytest.raises(HandError, match=r"240 ways to round take about 49,\d+,\d+ operations to iteration 1,000"):
        find_rounding(trace, printed(trace, **{"W[1][1,1]@1000": "0.5"}))


def test_what_is_left_exact_is_there() -> None:
    identity = scenario([layer([[1.0]], None, "softmax")], [[1.0]], [[1.0]])
    assert left_exact(Trace(identity).network) == ((), ("jacobian",), ("jacobian", "da"), ("jacobian", "da", "delta"))


# rounding on the way


def test_the_interval_of_propagated_rounding() -> None:
    trace = Trace(softplus_network())
    (number,) = printed(trace, **{"dW[2][1,1]": "-0.095"})
    interval = Propagation(trace).interval(number)
    walks = [
        HandTrace(trace, Arithmetic(3, "decimals", rounding, each, kept))
        for rounding in ("half_even", "half_up", "truncate")
        for each in ("quantity", "operation")
        for kept in left_exact(trace.network)
    ]
    values = [single(hand, number.address) for hand in walks]
    assert interval == (min(values), max(values)) == (Decimal("-0.095"), Decimal("-0.094"))


def test_a_printed_number_within_it_holds_and_one_outside_does_not() -> None:
    made = softplus_network()
    inside = expecting(made, "dW[2][1,1]", "-0.094", printed=True)
    assert inside.kind is Match.PROPAGATED
    assert inside.ok
    assert inside.message == (
        "dW[2][1,1]: -0.094 is within propagated rounding of -0.095136115:"
        " with every number on the way to as many decimals it comes out between -0.095 and -0.094"
    )
    assert expecting(made, "dW[2][1,1]", "-0.093", printed=True).kind is Match.WRONG
    # what an author wrote for a test is meant to the digits written
    assert expecting(made, "dW[2][1,1]", "-0.094").kind is Match.WRONG
    # one decimal, or none, would let nearly anything through
    assert expecting(made, "a[1][2]", "0.9", printed=True).kind is Match.WRONG


def test_exact_truncated_and_rounded_come_before_it() -> None:
    made = softplus_network()
    assert expecting(made, "a[1][2]", "0.832", printed=True).kind is Match.ROUNDS
    assert expecting(made, "a[1][2]", "0.831", printed=True).kind is Match.TRUNCATED
    assert expecting(made, "W[1][1,1]", "-0.5", printed=True).kind is Match.EXACT


def test_a_network_too_large_says_what_was_not_looked_at() -> None:
    wide = scenario([layer(np.full((200, 50), 0.01), None, "tanh")], np.ones((2, 50)), np.ones((2, 200)))
    line = Expectation(Trace(wide).resolve("a[1][1]#1").at(0), frozen_array(0.46), ("0.46",), None, True)
    right = replace(line, value=frozen_array(0.47), written=("0.47",))
    verdicts = check_expectations(Trace(replace(wide, expectations=(line, right))))
    assert verdicts[0].ok
    assert "what rounding on the way can do was not looked at" in verdicts[1].message


# by hand


def test_by_hand_where_the_file_says_so() -> None:
    made = replace(softplus_network(), arithmetic=Arithmetic(3, rounding="truncate", exact=BACK))
    verdict = expecting(made, "a[1][2]", "0.831", printed=True)
    assert (verdict.kind, verdict.by_hand) == (Match.EXACT, True)
    assert verdict.message == "a[1][2]: by hand it is 0.831 (exactly 0.83157349)"
    rounds = expecting(made, "a[1][2]", "0.83")
    assert (rounds.kind, rounds.by_hand) == (Match.ROUNDS, True)
    # the exact walk's number may be expected too
    exact = expecting(made, "a[1][2]", "0.83157349")
    assert (exact.kind, exact.by_hand) == (Match.ROUNDS, False)
    assert expecting(made, "a[1][2]", "0.835").kind is Match.WRONG
