"""The schedules: η of every update, past their ends too."""

from __future__ import annotations

import math

import pytest
from strategies import softmax_batch, with_training

from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.scenario.model import Schedule
from engine.trace import Trace

RATES = [
    (None, [0.5] * 8),
    (Schedule("constant"), [0.5] * 8),
    (Schedule("step", {"every": 3.0, "factor": 0.1}), [0.5, 0.5, 0.5, 0.05, 0.05, 0.05, 0.005, 0.005]),
    (Schedule("exponential", {"factor": 0.8}), [0.5 * 0.8**k for k in range(8)]),
    (
        Schedule("cosine", {"period": 4.0, "minimum": 0.1}),
        # at its end the minimum, and there it stays
        [0.1 + 0.2 * (1 + math.cos(math.pi * k / 4)) for k in range(4)] + [0.1] * 4,
    ),
    (Schedule("list", values=(0.3, 0.2)), [0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]),
]


@pytest.mark.parametrize(("schedule", "expected"), RATES)
def test_rates(schedule: Schedule | None, expected: list[float]) -> None:
    trace = Trace(with_training(softmax_batch(3), schedule=schedule, iterations=8))
    for k, rate in enumerate(expected):
        assert float(trace.value(trace.resolve(f"lr@{k}"))) == pytest.approx(rate, rel=1e-14)
        moved = trace.state(k)["W", 1] - trace.record(k)["lr", None] * trace.record(k)["dW", 1]
        assert trace.state(k + 1)["W", 1].tolist() == moved.tolist()


@pytest.mark.parametrize(("schedule", "expected"), RATES)
def test_a_rate_is_a_step_only_where_a_formula_makes_it(schedule: Schedule | None, expected: list[float]) -> None:
    trace = Trace(with_training(softmax_batch(3), schedule=schedule, iterations=5))
    steps = [step for step in trace if step.address.name == "lr"]
    assert len(steps) == (5 if schedule and schedule.name in ("step", "exponential", "cosine") else 0)
    for step in steps:
        assert agrees(explain(trace, step.index).tree, step.value)
        assert step.value == pytest.approx(expected[step.place.k], rel=1e-14)
