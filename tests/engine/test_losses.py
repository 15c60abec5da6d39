"""The losses: known values, far ends, and the shortcut against the long way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, layer, loss_of, scenario, scenarios, with_training

from engine.explain import explain
from engine.formula.evaluate import agrees, evaluate
from engine.iterate import Record
from engine.layers.activation import FORMS
from engine.losses import LOSSES, coefficient
from engine.scenario.model import Loss, Scenario
from engine.trace import Trace

TINY = 4.248354255291589e-18
"""ln(1 + e^−40)."""


def at_logits(activation: str, loss: Loss, z: list[list[float]], y: list[list[float]]) -> Record:
    """The record of a network whose outputs' z are the numbers given."""
    eye = np.eye(len(z[0]))
    return Trace(scenario([layer(eye, None, activation)], z, y, loss)).record(0)


@pytest.mark.parametrize(
    ("z", "y", "expected", "delta"),
    [
        (0.0, 1.0, math.log(2.0), -0.5),
        (800.0, 1.0, 0.0, 0.0),
        (800.0, 0.0, 800.0, 1.0),
        (-800.0, 1.0, 800.0, -1.0),
        (-800.0, 0.0, 0.0, 0.0),
        (800.0, 0.25, 600.0, 0.75),
        (-800.0, 0.25, 200.0, -0.25),
        (40.0, 1.0, TINY, 0.0),
        (-40.0, 0.0, TINY, TINY),
        (-40.0, 1.0, 40.0, -1.0),
    ],
)
def test_binary_cross_entropy_to_the_ends(z: float, y: float, expected: float, delta: float) -> None:
    made = at_logits("sigmoid", Loss("binary_cross_entropy"), [[z]], [[y]])
    assert made.loss == pytest.approx(expected, rel=1e-15, abs=0)
    assert made["delta", 1][0, 0] == pytest.approx(delta, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("z", "y", "expected"),
    [
        ([0.0, 0.0, 0.0], [0.0, 1.0, 0.0], math.log(3.0)),
        ([800.0, 0.0, -800.0], [1.0, 0.0, 0.0], 0.0),
        ([800.0, 0.0, -800.0], [0.0, 1.0, 0.0], 800.0),
        ([800.0, 0.0, -800.0], [0.0, 0.0, 1.0], 1600.0),
        ([800.0, 800.0, -800.0], [1.0, 0.0, 0.0], math.log(2.0)),
        ([-800.0, -800.0, -801.0], [0.5, 0.5, 0.0], math.log(2.0 + math.exp(-1.0))),
        ([800.0, 0.0, -800.0], [0.5, 0.25, 0.25], 600.0),
    ],
)
def test_cross_entropy_to_the_ends(z: list[float], y: list[float], expected: float) -> None:
    made = at_logits("softmax", Loss("cross_entropy"), [z], [y])
    assert made.loss == pytest.approx(expected, rel=1e-15, abs=1e-300)
    assert np.isfinite(made["delta", 1]).all()
    np.testing.assert_allclose(made["delta", 1], made["a", 1] - np.array([y]), rtol=0, atol=0)


def test_a_saturated_sigmoid_without_its_own_loss_is_finite_where_it_can_be() -> None:
    made = at_logits("sigmoid", Loss("squared_error", 0.5), [[800.0, -800.0]], [[0.0, 0.0]])
    assert made.loss == 0.5
    assert made["delta", 1].tolist() == [[0.0, 0.0]]


def test_ln_of_zero_is_infinite_and_of_a_zero_target_nothing() -> None:
    loss = Loss("cross_entropy")
    assert at_logits("sigmoid", loss, [[-800.0, 0.0]], [[0.0, 1.0]]).loss == pytest.approx(math.log(2.0), rel=1e-15)
    assert at_logits("sigmoid", loss, [[-800.0, 0.0]], [[1.0, 0.0]]).loss == math.inf


TERMS = np.array([[0.04, 0.25], [1.0, 0.09]])
"""(y − ŷ)² of the network below."""


@pytest.mark.parametrize("factor", [1.0, 0.5, 0.3])
@pytest.mark.parametrize("outputs", ["sum", "mean"])
@pytest.mark.parametrize("samples", ["sum", "mean"])
def test_factor_and_reductions(factor: float, outputs: str, samples: str) -> None:
    loss = Loss("squared_error", factor, outputs, samples)
    made = at_logits("identity", loss, [[1.2, 2.5], [3.0, 0.7]], [[1.0, 2.0], [2.0, 1.0]])
    reduced = TERMS.mean(axis=1) if outputs == "mean" else TERMS.sum(axis=1)
    expected = factor * (reduced.mean() if samples == "mean" else reduced.sum())
    assert made.loss == pytest.approx(expected, rel=1e-14)
    share = factor / (2 if outputs == "mean" else 1) / (2 if samples == "mean" else 1)
    assert coefficient(loss, 2, 2) == pytest.approx(share, rel=1e-15)
    expected_delta = 2 * share * np.array([[0.2, 0.5], [1.0, -0.3]])
    np.testing.assert_allclose(made["delta", 1], expected_delta, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "alias", "expected"),
    [
        ("squared_error", "half_squared_error", TERMS.sum() / 2),
        ("squared_error", "sse", TERMS.sum()),
        ("squared_error", "mean_squared_error", TERMS.mean()),
        ("squared_error", "half_mean_squared_error", TERMS.sum(axis=1).mean() / 2),
    ],
)
def test_aliases_mean_what_their_names_say(name: str, alias: str, expected: float) -> None:
    made = at_logits(
        "identity",
        Loss(name, *LOSSES[name].aliases[alias]),
        [[1.2, 2.5], [3.0, 0.7]],
        [[1.0, 2.0], [2.0, 1.0]],
    )
    assert made.loss == pytest.approx(expected, rel=1e-14)


@examples(60)
@given(
    scenarios(max_layers=3, max_iterations=1, activations=["sigmoid", "softmax", "tanh"]),
    st.data(),
)
def test_shortcut_is_the_long_way_where_that_is_finite(given: Scenario, data: st.DataObject) -> None:
    trace = Trace(given)
    record = trace.record(0)
    last = trace.network.depth
    back = "dh" if trace.network.activation_reads(last) == "h" else "delta"
    if not trace.network.catalogue[back, last].long_way:
        return
    da, a = record["da", last], record["a", last]
    if given.layers[-1].activation == "softmax":
        long = np.einsum("si,sij->sj", da, record["jacobian", last])
    else:
        long = da * record["fprime", last]
    margin = min(float(a.min()), float((1 - a).min()) if given.layers[-1].activation == "sigmoid" else 1.0)
    np.testing.assert_allclose(record[back, last], long, rtol=0, atol=1e-14 / margin * max(1.0, abs(da).max()))


@pytest.mark.parametrize("size", [1, 3, 10])
def test_softmax_and_its_loss_are_the_same_together_and_apart(size: int) -> None:
    shortcut = LOSSES["cross_entropy"].shortcuts["softmax"]
    assert shortcut.together
    generator = np.random.default_rng(size)
    z, y = generator.normal(0.0, 300.0, (7, size)), np.eye(size)[generator.integers(0, size, 7)]
    a, totals = shortcut.together(z, y)
    assert a.tobytes() == FORMS["softmax"].array(z).tobytes()
    assert totals.tobytes() == shortcut.from_logits.array(z, y).tobytes()


@pytest.mark.parametrize(
    ("name", "yhat", "y", "expected", "slope"),
    [
        ("absolute_error", [1.5, -2.0], [1.0, 1.0], 3.5, [1.0, -1.0]),
        ("absolute_error", [1.0], [1.0], 0.0, [0.0]),
        ("huber", [1.25, 3.0], [1.0, 1.0], 0.5 * 0.0625 + 1.5, [0.25, 1.0]),
        ("huber", [2.0, 0.0], [1.0, 1.0], 1.0, [1.0, -1.0]),
        ("binary_cross_entropy_with_logits", [0.0, 800.0], [1.0, 0.0], math.log(2.0) + 800.0, [-0.5, 1.0]),
        ("cross_entropy_with_logits", [800.0, 0.0], [0.0, 1.0], 800.0, [1.0, -1.0]),
        ("cross_entropy_with_logits", [0.0, 0.0], [0.25, 0.75], math.log(2.0), [0.25, -0.25]),
        ("hinge", [0.5, -3.0], [1.0, -1.0], 0.5, [-1.0, 0.0]),
        ("hinge", [1.0, 1.0], [1.0, -1.0], 2.0, [0.0, 1.0]),
    ],
)
def test_known_values(name: str, yhat: list[float], y: list[float], expected: float, slope: list[float]) -> None:
    made = at_logits("identity", loss_of(name), [yhat], [y])
    assert made.loss == pytest.approx(expected, rel=1e-14, abs=0)
    np.testing.assert_allclose(made["da", 1], [slope], rtol=1e-14, atol=0)


def test_log_likelihood_and_divergence() -> None:
    z, y = [[0.0, math.log(3.0)]], [[0.5, 0.5]]
    cross = -0.5 * math.log(0.25) - 0.5 * math.log(0.75)
    assert at_logits("log_softmax", loss_of("negative_log_likelihood"), z, y).loss == pytest.approx(cross, rel=1e-14)
    divergence = at_logits("softmax", loss_of("kl_divergence"), z, y)
    assert divergence.loss == pytest.approx(cross - math.log(2.0), rel=1e-13)
    np.testing.assert_allclose(divergence["delta", 1], [[-0.25, 0.25]], rtol=1e-14)
    # of a target that is one class the entropy is 0: 0·ln 0 counts as 0
    hard = at_logits("softmax", loss_of("kl_divergence"), z, [[1.0, 0.0]])
    assert hard.loss == pytest.approx(-math.log(0.25), rel=1e-14)


def test_under_ascent_the_objective_is_the_negative() -> None:
    given = scenario([layer(np.eye(2), None, "softmax")], [[0.0, 1.0]], [[1.0, 0.0]], loss_of("cross_entropy"))
    down, up = Trace(given), Trace(with_training(given, direction="maximise"))
    assert up.loss(0) == -down.loss(0)
    assert up.record(0)["delta", 1].tolist() == (-down.record(0)["delta", 1]).tolist()
    assert up.state(1).vector.tolist() == down.state(1).vector.tolist()


def test_options_are_drawn_for_every_loss_that_has_some() -> None:
    assert {name: dict(entry.options) for name, entry in LOSSES.items() if entry.options} == {
        "huber": {"delta": 1.0},
        "hinge": {"margin": 1.0},
    }


def test_stated_loss_agrees_or_says_that_it_does_not() -> None:
    def loss_step(z: float, y: float) -> Any:
        network = scenario([layer([[z]], None, "sigmoid")], [[1.0]], [[y]], Loss("binary_cross_entropy"))
        trace = Trace(network)
        return explain(trace, trace.index_of(trace.resolve("loss@0")))

    near = loss_step(0.5, 1.0)
    assert near.stated_agrees
    assert near.stated is not None
    assert agrees(near.stated, near.step.value, 1e-13)
    far = loss_step(800.0, 0.0)
    assert not far.stated_agrees
    assert evaluate(far.stated) == math.inf
    assert (far.step.value, evaluate(far.tree)) == (800.0, 800.0)
    assert far.stated_range == "while ŷ has not been rounded to 0 or 1"
