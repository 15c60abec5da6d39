"""The penalties: what they add to the loss and to the gradient, and to what; the proximal step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from strategies import layer, scenario, with_training
from test_optimizers import caught, run_named

import engine.network
from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.formula.nodes import Var
from engine.gradcheck import KINK, check_gradients
from engine.penalties import PENALTIES, on
from engine.scenario.model import Clipping, Optimizer, Penalty, Scenario
from engine.structs import replace
from engine.trace import Trace

W1, W2 = np.array([[0.5, -1.0], [0.25, 0.75]]), np.array([[1.0, -0.5]])
B1, B2 = np.array([0.3, -0.2]), np.array([0.1])


def penalised(*penalties: Penalty, **more: Any) -> Scenario:
    return scenario(
        [layer(W1, B1, "tanh"), layer(W2, B2)], [[1.0, 0.5], [-0.75, 2.0]], [[0.25], [1.0]],
        learning_rate=0.1, iterations=3, penalties=penalties, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (Penalty("l2", 0.3, 0.5), 0.15 * ((W1**2).sum() + (W2**2).sum())),
        (Penalty("l1", 0.3, on="biases"), 0.3 * (abs(B1).sum() + abs(B2).sum())),
        (Penalty("l2", 0.3, on="all", layers=(2,)), 0.3 * ((W2**2).sum() + (B2**2).sum())),
        (Penalty("elastic_net", 0.3, 2.0, l1_ratio=0.25, layers=(1,)),
         0.6 * (0.25 * abs(W1).sum() + 0.75 * (W1**2).sum())),
    ],
)  # fmt: skip
def test_penalty_is_its_sum_and_apart_from_the_data(penalty: Penalty, expected: float) -> None:
    trace, without = Trace(penalised(penalty)), Trace(penalised())
    made = trace.record(0)
    assert float(made["penalty", None]) == pytest.approx(expected, rel=1e-14)
    assert made.loss == pytest.approx(without.loss(0) + expected, rel=1e-14)
    assert made["data_loss", None].tolist() == without.record(0)["data_loss", None].tolist()
    for key in trace.network.parameters:
        gradient = made[f"d{key[0]}", key[1]]
        data = without.record(0)[f"d{key[0]}", key[1]]
        if on(penalty, key[0], key[1] or 0):
            parts = made[f"d{key[0]}_data", key[1]], made[f"d{key[0]}_penalty", key[1]]
            assert parts[0].tolist() == data.tolist()
            assert gradient.tolist() == (parts[0] + parts[1]).tolist()
        else:
            assert gradient.tolist() == data.tolist()
    assert check_gradients(trace).ok
    assert check_gradients(trace, 2).ok


def test_under_ascent_the_penalty_is_taken_from_the_objective() -> None:
    trace = Trace(penalised(Penalty("l2", 0.3), direction="maximise"))
    made = trace.record(0)
    assert made.loss == pytest.approx(float(made["data_loss", None].sum() - made["penalty", None]), rel=1e-14)
    assert made.loss < 0
    np.testing.assert_allclose(made["dW_penalty", 1], -0.6 * W1, rtol=1e-15)
    assert check_gradients(trace).ok


def test_at_0_the_l1_penalty_does_not_pull_and_differences_say_nothing() -> None:
    flat = replace(penalised(Penalty("l1", 0.3)), layers=(layer([[0.0, -1.0]], [0.1]),))
    trace = Trace(flat)
    assert trace.record(0)["dW_penalty", 1].tolist() == [[0.0, -0.3]]
    report = check_gradients(trace)
    assert report.ok
    assert [(str(skip.address), skip.reason) for skip in report.skipped] == [("dW[1][1,1]@0", KINK)]


@pytest.mark.parametrize("clipping", [None, Clipping("norm", 0.05)])
def test_proximal_step_is_a_soft_threshold_after_the_update(clipping: Clipping | None) -> None:
    trace = Trace(penalised(Penalty("l1", 3.0, 0.5, layers=(1,), proximal=True), clipping=clipping))
    made = trace.record(0)
    assert ("dW_data", 1) not in trace.network.catalogue
    gradient = made["dW_clipped" if clipping else "dW", 1]
    moved = W1 - 0.1 * gradient
    expected = np.sign(moved) * np.maximum(abs(moved) - 0.1 * 1.5, 0.0)
    np.testing.assert_allclose(trace.state(1)["W", 1], expected, rtol=1e-15, atol=0)
    assert made.loss == pytest.approx(float(made["data_loss", None].sum()) + 1.5 * abs(W1).sum(), rel=1e-14)
    # the gradient is that of the loss without it, and that is what is checked
    report = check_gradients(trace)
    assert report.ok
    assert report.compared == report.total
    assert all(agrees(explain(trace, index).tree, trace[index].value) for index in range(len(trace)))


def test_proximal_steps_reach_exactly_0() -> None:
    trace = Trace(with_training(penalised(Penalty("l1", 5.0, proximal=True)), iterations=20))
    assert (trace.state(20)["W", 1] == 0.0).all()
    through_gradient = Trace(with_training(penalised(Penalty("l1", 5.0)), iterations=20))
    assert (through_gradient.state(20)["W", 1] != 0.0).any()


def test_weight_decay_of_sgd_is_half_an_l2_penalty_and_of_adamw_is_not() -> None:
    penalty = Penalty("l2", 0.2, 0.5, "all")
    for name, same in (("sgd", True), ("adam", True), ("adamw", False)):
        decayed = Trace(penalised(optimizer=Optimizer(name, 0.1, {"weight_decay": 0.2})))
        priced = Trace(penalised(penalty, optimizer=Optimizer(name, 0.1, {"weight_decay": 0.0})))
        close = np.allclose(decayed.state(3)["W", 1], priced.state(3)["W", 1], rtol=1e-13, atol=0)
        assert close is same, name


def test_l2_without_its_2_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named("penalty l2") + run_named("penalty both")
    monkeypatch.setitem(PENALTIES, "l2", replace(PENALTIES["l2"], derivative=lambda declared: Var("w")))
    assert caught(runs)
    assert not check_gradients(Trace(penalised(Penalty("l2", 0.3)))).ok


def test_a_penalty_on_the_biases_by_mistake_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named("penalty l2") + run_named("penalty elastic_net")
    monkeypatch.setattr(engine.network, "on", lambda penalty, name, number: name in "Wb")
    assert caught(runs)


def test_a_penalty_missing_from_the_loss_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = replace(PENALTIES["l1"], term=lambda declared: 0 * Var("w"))
    monkeypatch.setitem(PENALTIES, "l1", nothing)
    assert not check_gradients(Trace(penalised(Penalty("l1", 0.3)))).ok
