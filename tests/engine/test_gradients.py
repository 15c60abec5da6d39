"""Every gradient against differences of the loss; and the check against gradients planted wrong."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    by_arrays,
    examples,
    layer,
    loss_of,
    scenario,
    scenarios,
    softmax_batch,
    softplus_network,
    valid_losses,
    with_training,
    zero_network,
)

from engine.activations import ACTIVATIONS
from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.gradcheck import KINK, ROUGH, check_gradients
from engine.layers.activation import Canonical, Elementwise, JointActivation
from engine.layers.dense import Dense
from engine.layers.loss import LossStage
from engine.layers.stage import Parameters, Work
from engine.losses import LOSSES
from engine.scenario.model import Array, Loss, Scenario
from engine.structs import replace
from engine.trace import Trace


@examples(45)
@given(scenarios(), st.data())
def test_every_gradient_agrees_with_differences(given: Scenario, data: st.DataObject) -> None:
    trace = Trace(given)
    k = data.draw(st.integers(0, given.training.iterations), "k")
    report = check_gradients(trace, k, most=8, seed=k)
    assert not report.failures
    # some of the networks diverge: there nothing can be compared, and it is said
    assert report.ok or not abs(trace.loss(k)) < 1e100 or not np.isfinite(trace.state(k).vector).all()
    looked_at = report.compared + len(report.skipped) + len(report.not_finite)
    assert looked_at == sum(array.elements for array in report.arrays)


TARGETS = {
    "any": [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]],
    "unit_interval": [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]],
    "distribution": [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]],
    "signs": [[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]],
}
INFINITE = {("step", name) for name in ("binary_cross_entropy", "cross_entropy", "kl_divergence")}
"""ln 0 as soon as one output is wrong."""
PAIRS = [(name, loss) for name in ACTIVATIONS for loss in valid_losses(name) if (name, loss) not in INFINITE]


OVER = [("sum", "sum"), ("mean", "mean"), ("sum", "mean"), ("mean", "sum")]


def two_of(activation: str, loss: str) -> list[tuple[str, str]]:
    """Two of the ways to reduce a loss, so that each meets every loss and every activation."""
    turn = list(ACTIVATIONS).index(activation) + list(LOSSES).index(loss)
    return OVER if "SEARCH" in os.environ else [OVER[turn % 4], OVER[(turn + 1) % 4]]


@pytest.mark.parametrize(("activation", "loss", "over"), [(*pair, over) for pair in PAIRS for over in two_of(*pair)])
def test_every_pair_of_output_and_loss(activation: str, loss: str, over: tuple[str, str]) -> None:
    pair = scenario(
        [
            layer([[0.5, -1.0], [0.25, 0.75]], [0.1, -0.2], "tanh"),
            layer([[1.0, 0.3], [-0.5, 0.8], [0.2, -0.9]], [0.3, 0.05, 0.4], activation),
        ],
        [[1.0, 0.5], [-0.75, 2.0]],
        TARGETS[LOSSES[loss].targets],
        loss_of(loss, 0.7, *over),
    )
    report = check_gradients(Trace(pair))
    assert report.ok, report.failures
    assert report.compared == report.total == 4 + 2 + 6 + 3 + 4
    assert report.worst is not None
    assert report.worst.error < 1e-9


def test_report_says_what_was_compared() -> None:
    report = check_gradients(Trace(softplus_network()))
    assert report.ok
    assert [(array.name, array.elements, array.of) for array in report.arrays] == [
        ("dW[1]", 4, 4),
        ("db[1]", 2, 2),
        ("dW[2]", 2, 2),
        ("db[2]", 1, 1),
        ("dx", 2, 2),
    ]
    assert (report.compared, report.total, report.skipped, report.not_finite) == (11, 11, (), ())
    assert report.summary().startswith("11 of 11 gradients compared with differences of the loss; largest relative")


def test_large_arrays_are_sampled_the_same_for_the_same_seed() -> None:
    generator = np.random.default_rng(3)
    wide = scenario([layer(generator.uniform(-1, 1, (20, 30)), None, "tanh")], [[0.1] * 30], [[0.2] * 20])
    report = check_gradients(Trace(wide), most=7, seed=1)
    assert [(array.name, array.elements, array.of) for array in report.arrays] == [("dW[1]", 7, 600), ("dx", 7, 30)]
    assert report.summary().startswith("14 of 630 gradients")
    worst = report.worst
    assert check_gradients(Trace(wide), most=7, seed=1).worst == worst
    assert check_gradients(Trace(wide), most=7, seed=2).worst != worst


def test_kinks_are_skipped_and_said_so() -> None:
    # z of unit 1 is exactly 0: half of every difference lies on the other side
    kinked = scenario(
        [layer([[1.0, -1.0], [1.0, 1.0]], [0.0, 0.5], "relu"), layer([[1.0, 1.0]], [0.0])], [[0.5, 0.5]], [[3.0]]
    )
    report = check_gradients(Trace(kinked))
    assert report.ok
    skipped = {str(skip.address): skip.reason for skip in report.skipped}
    expected = ["dW[1][1,1]@0", "dW[1][1,2]@0", "db[1][1]@0", "dx[1]#1@0", "dx[2]#1@0"]
    assert skipped == dict.fromkeys(expected, KINK)
    assert report.compared == report.total - 5
    assert "5 skipped, at a kink" in report.summary()


def test_near_a_kink_the_step_is_made_smaller() -> None:
    near = scenario([layer([[1.0]], [0.001], "relu")], [[0.0]], [[3.0]])
    report = check_gradients(Trace(near))
    assert report.ok
    assert not report.skipped


def test_unscaled_data_is_measured_too() -> None:
    # H1's numbers: an h of 0.1 would move z by 8
    hours = scenario([layer([[0.1, 0.25]], [-5.0], "sigmoid")], [[80.0, 18.0]], [[0.0]], Loss("binary_cross_entropy"))
    report = check_gradients(Trace(hours))
    assert report.ok, report.failures
    assert report.compared == 5
    assert not report.skipped


def test_an_exploding_run_is_measured_while_it_is_finite() -> None:
    exploding = scenario([layer([[2.0]]), layer([[3.0]]), layer([[-2.0]])], [[1.5]], [[0.0]], iterations=4)
    trace = Trace(exploding)
    assert trace.loss(2) > 1e30
    for k in (0, 1, 2):
        report = check_gradients(trace, k)
        assert report.ok, report.failures or report.not_finite
        assert report.compared == 4


def test_what_is_not_finite_is_not_a_pass() -> None:
    diverging = with_training(
        softplus_network(3), optimizer=replace(softplus_network().training.optimizer, learning_rate=1e200)
    )
    report = check_gradients(Trace(diverging), k=2)
    assert not report.ok
    assert len(report.not_finite) + report.compared + len(report.skipped) == 11
    assert len(report.not_finite) > 0
    assert "not finite" in report.summary()


def test_check_leaves_trace_and_scenario_unchanged() -> None:
    given = softplus_network()
    trace = Trace(given)
    before = trace.state(1).vector.tobytes(), given.x.tobytes(), float(trace.record(1)["loss", None])
    check_gradients(trace, 1)
    assert (trace.state(1).vector.tobytes(), given.x.tobytes(), float(trace.record(1)["loss", None])) == before


# Planted faults. Each replaces the numpy lines of a stage by wrong ones; both checks must see every one.


def forward_transposed(self: Dense, work: Work, state: Parameters) -> None:
    weights = state["W", self.layer]
    z = work[self.below] @ (weights if weights.shape[0] == weights.shape[1] else weights.T)
    work["z", self.layer] = z + state["b", self.layer]


def forward_without_bias(self: Dense, work: Work, state: Parameters) -> None:
    work["z", self.layer] = work[self.below] @ state["W", self.layer].T


def _backward(self: Dense, work: Work, weights: Array) -> None:
    delta = work["delta", self.layer]
    work["dW", self.layer] = delta.T @ work[self.below]
    work["db", self.layer] = delta.sum(axis=0)
    if self.layer > 1:
        work["da", self.layer - 1] = delta @ weights


def backward_transposed(self: Dense, work: Work, state: Parameters) -> None:
    weights = state["W", self.layer]
    _backward(self, work, weights.T if weights.shape[0] == weights.shape[1] else weights)


def backward_through_new_weights(self: Dense, work: Work, state: Parameters) -> None:
    _backward(self, work, state["W", self.layer] - 1.0 * work["delta", self.layer].T @ work[self.below])


def backward_first_sample_only(self: Dense, work: Work, state: Parameters) -> None:
    _backward(self, work, state["W", self.layer])
    work["db", self.layer] = work["delta", self.layer][0].copy()


def backward_without_slope(self: Elementwise, work: Work, state: Parameters) -> None:
    work["fprime", self.layer] = self.fprime(work)
    work["delta", self.layer] = work["da", self.layer].copy()


def slope_twice(self: Elementwise, work: Work, state: Parameters) -> None:
    work["fprime", self.layer] = slope = self.fprime(work)
    work["delta", self.layer] = work["da", self.layer] * slope * slope


def slope_at_a(self: Elementwise, work: Work) -> Array:
    a = work["a", self.layer]
    slope: Array = np.broadcast_to(self._fprime(a, a), a.shape).copy()
    return slope


def jacobian_diagonal(self: JointActivation, work: Work, state: Parameters) -> None:
    a = work["a", self.layer]
    work["jacobian", self.layer] = (a * (1 - a))[:, :, None] * np.eye(self.units)
    work[self.back] = work["da", self.layer] * a * (1 - a)


def canonical_not_averaged(self: Canonical, work: Work, state: Parameters) -> None:
    work["delta", self.layer] = self._loss.factor * (work["a", self.layer] - work["y", None])


def canonical_sign(self: Canonical, work: Work, state: Parameters) -> None:
    work["delta", self.layer] = self._loss.factor * (work["y", None] - work["a", self.layer])


def slope_not_averaged(self: LossStage, work: Work) -> Array:
    factor = self.loss.factor * self.entry.derivative_factor
    slope: Array = factor * self._slope(work["y", None], work["a", self.layer])
    return slope


def slope_without_two(self: LossStage, work: Work) -> Array:
    slope: Array = self.loss.factor * self._slope(work["y", None], work["a", self.layer])
    return slope


def square(outputs: str, loss: Loss, samples: int = 2) -> Scenario:
    """A 2-2-2 network, square in every layer."""
    return scenario(
        [
            layer([[0.5, -1.0], [0.25, 0.75]], [0.3, -0.2], "sigmoid"),
            layer([[1.0, 0.3], [-0.5, 0.8]], [0.3, 0.05], outputs),
        ],
        [[1.0, 0.5], [-0.75, 2.0]][:samples],
        [[0.25, 0.75], [0.0, 1.0]][:samples],
        loss,
    )


SQUARED = Loss("squared_error", 0.5)
MEAN = Loss("squared_error", 1.0, "sum", "mean")

FAULTS: list[tuple[type, str, Callable[..., object], Scenario]] = [
    (Dense, "forward", forward_transposed, square("tanh", SQUARED)),
    (Dense, "forward", forward_without_bias, square("tanh", SQUARED)),
    (Dense, "backward", backward_transposed, square("tanh", SQUARED)),
    (Dense, "backward", backward_through_new_weights, square("tanh", SQUARED)),
    (Dense, "backward", backward_first_sample_only, square("tanh", SQUARED)),
    (Elementwise, "backward", backward_without_slope, square("tanh", SQUARED)),
    (Elementwise, "backward", slope_twice, square("tanh", SQUARED)),
    (Elementwise, "fprime", slope_at_a, square("tanh", SQUARED)),
    (JointActivation, "backward", jacobian_diagonal, square("softmax", SQUARED)),
    (Canonical, "backward", canonical_not_averaged, square("softmax", Loss("cross_entropy", 1.0, "sum", "mean"))),
    (Canonical, "backward", canonical_sign, square("sigmoid", Loss("binary_cross_entropy"))),
    (LossStage, "_output_slope", slope_not_averaged, square("tanh", MEAN)),
    (LossStage, "_output_slope", slope_without_two, square("tanh", Loss("squared_error"))),
]


def explained(trace: Trace) -> bool:
    return all(agrees(explain(trace, index).tree, trace[index].value) for index in range(len(trace)))


@pytest.mark.parametrize(("stage", "method", "fault", "given"), FAULTS, ids=[fault[2].__name__ for fault in FAULTS])
def test_planted_fault_is_caught_by_both_checks(
    stage: type, method: str, fault: Callable[..., object], given: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_gradients(Trace(given)).ok
    assert explained(Trace(given))
    by_arrays(monkeypatch)
    monkeypatch.setattr(stage, method, fault)
    report = check_gradients(Trace(given))
    assert not report.ok
    assert report.worst is not None
    assert report.worst == max(report.failures, key=lambda failure: failure.error)
    assert report.worst.error > 1e-3
    assert f"{len(report.failures):,} wrong" in report.summary()
    assert not explained(Trace(given))


def test_a_gradient_wrong_by_a_millionth_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Canonical.backward

    def wrong(self: Canonical, work: Work, state: Parameters) -> None:
        right(self, work, state)
        work["delta", self.layer] = work["delta", self.layer] * (1 + 1e-6)

    by_arrays(monkeypatch)
    monkeypatch.setattr(Canonical, "backward", wrong)
    report = check_gradients(Trace(softmax_batch()))
    assert len(report.failures) == report.total
    assert not explained(Trace(softmax_batch()))


def test_weights_changed_inside_backward_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Dense.backward

    def wrong(self: Dense, work: Work, state: Parameters) -> None:
        right(self, work, state)
        weights = state["W", self.layer]
        weights -= work["dW", self.layer]

    by_arrays(monkeypatch)
    monkeypatch.setattr(Dense, "backward", wrong)
    with pytest.raises(ValueError, match="read-only"):
        Trace(zero_network()).record(0)


def test_every_loss_is_in_a_pair() -> None:
    assert {loss for name in ACTIVATIONS for loss in valid_losses(name)} == set(LOSSES)


def test_where_the_loss_itself_has_lost_its_digits_nothing_is_claimed() -> None:
    # 1 − ŷ is a few units in the last place: its logarithm goes in steps
    lost = scenario(
        [layer([[36.0], [0.0]], [0.0, 0.0], "softmax")], [[1.0]], [[0.0, 1.0]], Loss("binary_cross_entropy")
    )
    report = check_gradients(Trace(lost))
    assert report.ok, report.failures
    assert {skip.reason for skip in report.skipped} == {ROUGH}
    assert "too rough to measure" in report.summary()
