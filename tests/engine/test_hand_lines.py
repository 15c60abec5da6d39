"""What is said of a step calculated by hand, in every alphabet and notation."""

from __future__ import annotations

import pytest
from strategies import layer, scenario, softmax_batch, softplus_network, with_training

from engine.arithmetic import Arithmetic
from engine.hand.trace import HandTrace
from engine.notation import Notation
from engine.notation_style import DEFAULT
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Printer
from engine.printers.hand import hand_lines
from engine.scenario.model import Scenario
from engine.structs import replace
from engine.trace import Trace

TRUNCATED = Arithmetic(3, rounding="truncate", exact=("fprime", "da", "delta"))


def said(made: Scenario, policy: Arithmetic, text: str, ascii: bool = False, digits: int = 4) -> list[str]:
    trace = Trace(made)
    make = AsciiPrinter if ascii else Printer
    printer = make(Notation(trace.network, ascii, made.notation), digits)
    index = trace.index_of(trace.resolve(text))
    return [str(line) for line in hand_lines(trace, HandTrace(trace, policy), index, printer)]


def test_the_numbers_put_in_are_those_by_hand() -> None:
    assert said(softplus_network(), TRUNCATED, "z[2][1]") == [
        "by hand: 1·0.798 + (−1)·0.831 + 0.2 = 0.167",
        "exactly 0.1665654, drift +0.000435",
        "here a printed digit differs for the first time: the exact number would be written 0.166",
    ]
    assert said(softplus_network(), TRUNCATED, "a[1][2]") == [
        "by hand: ln(1 + e^0.26) ≈ 0.831",
        "exactly 0.8315735, drift −0.000573",
    ]
    assert said(softplus_network(), TRUNCATED, "W[1][1,1]@1") == [
        "by hand: −0.5 − 1·(−0.026) = −0.474",
        "exactly −0.4737845, drift −0.000216",
        "a printed digit differs: the exact number would be written −0.473; the first to differ is z[2][1]#1@0, step 5",
    ]


def test_without_drift() -> None:
    assert said(softplus_network(), TRUNCATED, "z[1][1]")[1:] == ["exactly 0.2, drift 0"]


def test_what_is_left_exact_goes_on() -> None:
    assert said(softplus_network(), TRUNCATED, "delta[2][1]")[0] == "by hand: (−0.22)·0.5416532 ≈ −0.1191637127"


def test_ascii_and_a_decimal_comma() -> None:
    lines = said(softplus_network(), TRUNCATED, "delta[2][1]", ascii=True)
    assert lines == ["by hand: (-0.22)*0.5416532 ~ -0.1191637127", "exactly -0.1191974, drift +3.37e-5"]
    comma = replace(softplus_network(), notation=replace(DEFAULT, decimal=","))
    assert said(comma, TRUNCATED, "z[2][1]")[:2] == [
        "by hand: 1·0,798 + (−1)·0,831 + 0,2 = 0,167",
        "exactly 0,1665654, drift +0,000435",
    ]


def test_more_digits_by_hand_than_on_the_screen() -> None:
    first, second, *_ = said(softplus_network(), Arithmetic(8), "a[2][1]", digits=3)
    assert first == "by hand: ln(1 + e^0.16656538) ≈ 0.77989387"
    assert second.startswith("exactly 0.779893873763, drift ")


def test_every_step_of_a_batch_can_be_said() -> None:
    trace = Trace(softmax_batch())
    printer = Printer(Notation(trace.network), 5, 8)
    hand = HandTrace(trace, Arithmetic(4, "significant"))
    for index in range(trace.plan.start(2)):
        hand_line, drift, *_ = hand_lines(trace, hand, index, printer)
        assert (hand_line.kind, drift.kind) == ("hand", "drift")
        # a number that is copied is written alone
        assert str(hand_line).removeprefix("by hand: ").split(" ")[-1] == printer.written(
            hand.policy.text(hand.step(index).value)
        )


def test_too_far_is_said() -> None:
    made = with_training(softplus_network(), iterations=10**9)
    (line,) = said(made, TRUNCATED, "a[2]@1000000")
    assert line.startswith("by hand: not worked: update 1,000,000 is too far")


@pytest.mark.parametrize("value", [1e200, -1e200])
def test_a_run_that_leaves_the_numbers(value: float) -> None:
    made = scenario([layer([[value]], [0.0], "identity")], [[value]], [[0.0]], learning_rate=1.0, iterations=2)
    assert said(made, Arithmetic(3), "loss@1")[1].startswith("exactly ")
