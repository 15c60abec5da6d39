"""Conditions: what is read, what is refused and where the caret stands, what holds, and where it stops."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, softmax_batch, softplus_network, with_training

from engine.condition import Condition, Sight, condition, sight
from engine.condition_syntax import ELEMENTWISE, MOST, REDUCTIONS, RELATIONS, ConditionError
from engine.scenario.model import Optimizer
from engine.scenario.read import read
from engine.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "scenarios"
H3 = Trace(softplus_network(5))
BATCHES = Trace(with_training(softmax_batch(2), iterations=6))
"""Batches of two and of one in turn: three samples."""
WHOLE = (
    "delta[1] is 2 numbers; expected one of them, like delta[1][1], or max(delta[1]), min(delta[1]), "
    "norm(delta[1]), any(delta[1] > 0), all(delta[1] > 0)"
)
WORDS = [
    "loss",
    "delta[1][2]",
    "W[2][1,1]",
    "(",
    ")",
    "and",
    "or",
    "not",
    "<",
    "=",
    "+",
    "-",
    "/",
    "max(",
    "any(",
    "1e-3",
]
WORDS += ["changes sign", "non-finite"]
FUNCTIONS = "abs, sign, exp, ln, sqrt, finite, max, min, norm, any, all"
XOR = Trace(read(SCENARIOS / "xor.toml"))


def stops(trace: Trace, text: str) -> list[str]:
    """The addresses at which a condition stops, judged iteration by iteration."""
    made, before, was = condition(trace, text), None, False
    found: list[str] = []
    for k in range(trace.plan.iterations):
        before = sight(trace, k, before)
        holds = made.holds(before)
        if holds and (made.event or not was):
            found.append(str(trace[made.stop(k, before)].address))
        was = holds
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss < 0.01", ["loss@1"]),
        ("loss<=1e-2", ["loss@1"]),
        ("0.00001 < loss < 0.01", ["loss@1"]),
        ("0.01 > loss > 0.00001", ["loss@1"]),
        ("loss ≤ 0.01 and W[1][1,1] > -10", ["W[1][1,1]@2"]),
        ("W[1][1,1] > -10 and loss ≤ 0.01", ["W[1][1,1]@2"]),
        ("not loss >= 0.01", ["loss@1"]),
        ("not (loss >= 0.01 or loss != loss)", ["loss@1"]),
        ("loss < loss@0/2", ["loss@1"]),
        ("W[2][1,1] > W[2][1,1]@0 + 0.08", ["W[2][1,1]@1"]),
        ("1 - -loss*2 - 1 < (1 + 1) * .01", ["loss@1"]),
        ("loss = loss", ["loss@0"]),
        ("delta[1][2] changes sign", [f"delta[1][2]#1@{k}" for k in range(1, 5)]),
        ("delta[1][2] changes sign and loss < 1", [f"delta[1][2]#1@{k}" for k in range(1, 5)]),
        ("sign(delta[1][2]) = 1", ["delta[1][2]#1@0", "delta[1][2]#1@2", "delta[1][2]#1@4"]),
        ("delta[1][2] > 0", ["delta[1][2]#1@0", "delta[1][2]#1@2", "delta[1][2]#1@4"]),
        ("delta[2] > 0", ["delta[2][1]#1@1", "delta[2][1]#1@3"]),
        ("max_dW[1] < 0.02", ["dW[1][2,2]@1"]),
        ("max(dW[1]) < 0.02", ["dW[1][2,2]@1"]),
        ("any(dW[1] > 0.04)", ["dW[1][2,2]@0"]),
        ("all(W[1][2] > -0.9)", ["W[1][2,2]@1"]),
        ("any(a[1] > a[1][1])", ["a[1][2]#1@0"]),
        ("data_loss < 0.01", ["loss@1"]),
        ("exp(ln(sqrt(abs(loss)))) < 0.1", ["loss@1"]),
        ("finite(loss)", ["loss@0"]),
        ("not finite(1/(loss-loss))", ["loss@0"]),
        ("non-finite", []),
        ("x[1] > 0 and lr > 0", ["z[1][1]#1@0"]),
        ("dx[1] < 9", ["delta[1][2]#1@0"]),
        ("dW[1][1,1]#1 > 0", ["dW[1][1,1]@1", "dW[1][1,1]@3"]),
    ],
)
def test_what_holds_and_where_it_stops(text: str, expected: list[str]) -> None:
    assert stops(H3, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a[1][1] > -9", ["a[1][1]#1@0"]),
        ("a[1][1]#2 > -9", ["a[1][1]#2@0", "a[1][1]#2@2", "a[1][1]#2@4"]),
        ("not a[1][1]#2 < -9", ["a[1][1]#2@0", "a[1][1]#2@2", "a[1][1]#2@4"]),
        ("all(a[1][1] > -9)", ["a[1][1]#2@0"]),
        ("data_loss > 0", ["data_loss#2@0"]),
        ("data_loss#1 > 0", ["data_loss#1@0"]),
        ("W[1][1,1] < 9 or z[1][1] > 99", ["W[1][1,1]@1"]),
    ],
)
def test_samples_of_a_batch(text: str, expected: list[str]) -> None:
    assert stops(BATCHES, text) == expected


def test_any_sample_is_one_sample_throughout_and_the_first_of_them_stops() -> None:
    values = XOR.value(XOR.resolve("a[1]@0"))
    first, second = values[:, 0], values[:, 1]
    at = int(np.argmax(first - second))
    threshold = float(np.sort(first - second)[-2:].mean())
    assert at > 0, "the first sample would be found by chance"
    assert stops(XOR, f"a[1][1] - a[1][2] > {threshold!r}")[0] == f"a[1][2]#{at + 1}@0"
    # each half holds for some sample, no sample has both
    half = f"a[1][1] >= {float(first.max())!r} and a[1][1] <= {float(first.min())!r}"
    assert not condition(XOR, half).holds(sight(XOR, 0))


def test_a_reduction_takes_in_the_whole_batch() -> None:
    largest = int(np.argmax(XOR.record(0)["a", 1][:, 0])) + 1
    assert condition(XOR, "a[1][1] >= max(a[1][1])").stop(0, sight(XOR, 0)) == XOR.index_of(XOR.resolve("a[1][1]#4@0"))
    assert largest < 4, "the last sample would be found by chance"
    assert condition(XOR, "any(a[1] > a[1][1])").holds(sight(XOR, 0))
    assert not condition(XOR, "any(a[1][1] > a[1][1])").holds(sight(XOR, 0))


def test_a_sign_that_was_another_sample_s_is_no_change_where_there_was_none() -> None:
    made = condition(BATCHES, "a[1][1]#2 changes sign")
    before = sight(BATCHES, 1)
    assert not made.holds(sight(BATCHES, 2, before)), "the batch before had one sample"
    sampled = condition(BATCHES, "z[1][1] changes sign")
    now, was = BATCHES.record(2)["z", 1][:, 0], BATCHES.record(1)["z", 1][:, 0]
    assert sampled.holds(sight(BATCHES, 2, before)) == (np.sign(now[0]) != np.sign(was[0]))


def test_zero_counts_as_a_sign_and_nan_as_none() -> None:
    made = condition(H3, "loss changes sign")

    def changes(was: float, now: float) -> bool:
        return made.holds(Sight({("loss", None): np.asarray(now)}, {}, Sight({("loss", None): np.asarray(was)}, {})))

    pairs = [(1.0, -1.0), (1.0, 0.0), (0.0, -0.0), (0.0, 2.0), (1.0, 2.0), (np.nan, 1.0), (1.0, np.nan)]
    assert [changes(was, now) for was, now in pairs] == [True, True, False, True, False, False, False]
    losses = np.array([value for pair in pairs for value in pair])
    assert made.holds_of_losses(losses, np.nan)[1::2].tolist() == [changes(was, now) for was, now in pairs]


def test_the_walk_leaves_the_finite_numbers_where_the_trace_says() -> None:
    trace = Trace(with_training(softplus_network(6), optimizer=Optimizer("sgd", 1e200)))
    found = stops(trace, "non-finite")
    first = trace.first_non_finite()
    assert first is not None
    assert found[0] == str(first.address)
    assert len(found) == 1, "it never comes back"
    assert stops(trace, "not finite(W[1][1,1])")[0].startswith("W[1][1,1]@")


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "type a condition like loss < 0.01, or an address like delta[1][2]"),
        ("loss ~ 3", 5, "'~' means nothing here; expected a number, an address or an operator"),
        ("loss <", 6, "expected a number or an address, got the end"),
        ("(loss<3", 7, "expected ), got the end"),
        ("loss < 3)", 8, "expected an operator, and, or, or the end, got ')'"),
        ("loss < 3 loss", 9, "expected an operator, and, or, or the end, got 'loss'"),
        ("loss changes", 12, "expected sign after changes, got the end"),
        ("and", 0, "expected a number or an address, got 'and'"),
        ("loss < 1 and dela > 2", 13, "'dela': there is no quantity 'dela' in this network; did you mean delta?"),
        ("loss > a[1", 7, "'a[1' is not an address; expected the form name[layer][unit]#sample@k, like a[2][1]"),
        ("loss > a[1][3]", 7, "'a[1][3]': unit 3 does not exist; expected 1 to 2"),
        ("x[1]", 0, "x[1] has no step: it is given"),
        ("loss + 3", 0, "this is a number; expected a comparison, like loss < 0.01"),
        ("3 and loss > 2", 0, "expected a comparison left of and, got a number"),
        ("loss > 2 and loss", 13, "expected a comparison right of and, got a number"),
        ("1 + (loss > 2)", 10, "expected a number right of +, got a comparison"),
        ("not loss", 4, "expected a comparison after not, got a number"),
        ("max(loss > 1) > 2", 9, "expected a number in max( ), got a comparison"),
        ("any(W[1])", 4, "expected a comparison in any( ), got a number"),
        (
            "loss > 1 and delta[1] > 2", 13,
            WHOLE,
        ),
        ("any(W[1] > b[1])", 9, "2×2 numbers left of >, 2 right of it; expected as many"),
        ("mx(W[1]) > 2", 0, f"there is no function 'mx'; the functions are {FUNCTIONS}"),
        ("1 < 2", 0, "this is always the same; expected an address, like loss"),
        ("loss@3 < 1", 0, "this is the same in every iteration; expected an address without @k, like loss"),
        (
            "loss < 1 or loss changes sign", 17,
            "'changes sign' cannot stand under or, not or a comparison; make it a breakpoint of its own",
        ),
    ],
)  # fmt: skip
def test_what_is_refused_says_where_and_why(text: str, position: int, message: str) -> None:
    with pytest.raises(ConditionError) as wrong:
        condition(H3, text)
    assert str(wrong.value) == message
    assert (wrong.value.position, wrong.value.pointer()) == (position, " " * position + "^")


def test_a_fixed_number_of_a_batch_needs_its_sample() -> None:
    with pytest.raises(ConditionError, match=r"'a\[1\]\[1\]@2': expected its sample, like a\[1\]\[1\]#1@2"):
        condition(BATCHES, "loss > 1 and a[1][1]@2 > 0")
    assert condition(BATCHES, "a[1][1]#1@2 > loss").fixed == (2,)


@pytest.mark.parametrize("text", ["(" * 60 + "loss" + ")" * 60, "not " * 60 + "loss", "-" * 60 + "loss"])
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(ConditionError, match="nested more than 40 deep"):
        condition(H3, text)


def test_a_long_sum_is_no_trouble_and_a_longer_text_is_refused() -> None:
    assert stops(H3, "+".join(["loss"] * 70) + " > 0") == ["loss@0"]
    with pytest.raises(ConditionError, match=f"the condition has {MOST + 3} characters; expected at most {MOST}"):
        condition(H3, "1" * (MOST + 3))


@examples(120)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(WORDS),
            max_size=12,
        ).map(" ".join),
    )
)
def test_no_text_is_too_much(text: str) -> None:
    with suppress(ConditionError):
        made: Condition = condition(H3, text)
        if made.address is None:
            made.holds(sight(H3, 1, sight(H3, 0)))


def test_only_losses_are_asked_of_what_needs_no_more() -> None:
    texts = [
        "loss < 1",
        "loss < loss@0",
        "loss < W[1][1,1]",
        "max(loss) < 1",
        "non-finite",
        "loss > 0 and finite(loss)",
    ]
    assert [condition(H3, text).loss_only for text in texts] == [True, True, False, False, False, True]


def test_the_readme_has_every_part_of_a_condition_and_its_examples_are_read() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    section = readme.partition("## Conditions to stop at")[2].partition("\n## ")[0]
    words = re.findall(r"`([^`]+)`", section)
    assert {*ELEMENTWISE, *REDUCTIONS, *RELATIONS, "and", "or", "not", "non-finite"} <= set(words)
    trace = Trace(softplus_network())
    whole = [one for one in words if " " in one or one == "non-finite"]
    assert len(whole) > 10
    for one in whole:
        condition(trace, one)
