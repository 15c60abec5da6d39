"""A run that leaves the finite numbers: everything can still be looked at, and it is said where it happened."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from strategies import layer, scenario, softmax_batch, softplus_network, with_training, zero_network

from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.notation import Notation
from engine.numbers import json_number
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Printer
from engine.printers.json import tree
from engine.printers.lines import lines
from engine.scenario.model import Optimizer, Scenario
from engine.trace import Trace

HUGE = Optimizer("sgd", 1e200)


def deep_relu() -> Scenario:
    return scenario(
        [layer([[2.0, -1.0], [0.5, 3.0]], [0.1, 0.2], "relu"), layer([[1.0, -2.0]], [0.5], "leaky_relu")],
        [[1.0, 2.0], [-3.0, 0.5]],
        [[10.0], [-10.0]],
    )


DIVERGING = {
    "softplus": with_training(softplus_network(4), optimizer=HUGE),
    "softmax": with_training(softmax_batch(2), optimizer=HUGE),
    "sigmoid": with_training(zero_network(4), optimizer=HUGE),
    "relu": with_training(deep_relu(), optimizer=HUGE, iterations=4),
}


@pytest.mark.parametrize("name", DIVERGING)
def test_every_step_can_be_explained_and_printed(name: str) -> None:
    trace = Trace(DIVERGING[name])
    printers = [Printer(Notation(trace.network), 6), AsciiPrinter(Notation(trace.network, ascii=True))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in range(len(trace)):
            explanation = explain(trace, index)
            assert agrees(explanation.tree, explanation.step.value), str(explanation.step.address)
            assert tree(explanation.tree)
            for printer in printers:
                assert lines(explanation, printer, long_way=True)


def test_the_first_step_that_is_not_finite_is_found() -> None:
    trace = Trace(DIVERGING["softplus"])
    assert trace.first_non_finite() is None
    assert trace.diverged is None
    trace.state(4)
    assert trace.diverged == 1
    first = trace.first_non_finite()
    assert first is not None
    assert not math.isfinite(first.value)
    assert all(math.isfinite(trace[index].value) for index in range(first.index))
    assert first.iteration == 2


def test_explanations_say_where_the_run_diverged() -> None:
    trace = Trace(DIVERGING["softplus"])
    trace.state(4)
    first = trace.first_non_finite()
    assert first is not None
    assert explain(trace, first.index).why.endswith(
        "Here the run leaves the finite numbers: from this step on, what depends on it is not finite either."
    )
    later = next(index for index in range(len(trace) - 1, first.index, -1) if not math.isfinite(trace[index].value))
    assert explain(trace, later).why.endswith(
        f"Not finite: the run diverged at step {first.index + 1}, {first.address} in iteration 2."
    )
    assert "finite" not in explain(trace, 0).why


def test_a_look_at_one_record_is_enough_to_notice() -> None:
    trace = Trace(DIVERGING["softplus"])
    assert not math.isfinite(trace.record(2).loss)
    assert trace.diverged == 1
    assert trace.first_non_finite() is not None


def test_values_that_are_not_finite_are_the_same_on_every_way() -> None:
    forwards, jumping = Trace(DIVERGING["softplus"]), Trace(DIVERGING["softplus"], checkpoint_bytes=1)
    assert jumping.state(4).vector.tobytes() == forwards.state(4).vector.tobytes()
    for index in range(len(forwards) - 1, -1, -3):
        here, there = forwards[index].value, jumping[index].value
        assert here == there or (math.isnan(here) and math.isnan(there))


def test_json_has_words_for_them() -> None:
    assert [json_number(value) for value in (math.nan, math.inf, -math.inf, 0.1)] == [
        "NaN",
        "Infinity",
        "-Infinity",
        0.1,
    ]


def test_no_warning_leaves_the_engine() -> None:
    trace = Trace(DIVERGING["relu"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace.state(4)
        for key, quantity in trace.network.catalogue.items():
            if quantity.kind.value == "record":
                assert np.shape(trace.record(3)[key]) is not None
