"""Predictions: the walk's own forward pass where training and evaluation are one, and evaluation where they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.predict import activation_at, elementwise, evaluation, predict
from engine.scenario.read import read
from engine.structs import replace
from engine.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def walk(name: str) -> Trace:
    return Trace(read(SCENARIOS / f"{name}.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_of_the_batch_a_prediction_is_what_the_walk_computed(name: str) -> None:
    trace = walk(name)
    if evaluation(trace.network):
        pytest.skip("predicts as in evaluation")
    for k in (0, min(3, trace.plan.iterations)):
        made = predict(trace.network, trace.state(k), trace.record(k)["x", None])
        # a small network is walked number by number, whose exp may round otherwise than numpy's
        assert np.allclose(made, trace.record(k)["a", trace.network.depth], rtol=1e-13, atol=1e-13)
        assert not made.flags.writeable


def test_dropout_and_noise_are_left_out() -> None:
    noisy = walk("dropout")
    quiet = noisy.scenario.layers[0]
    still = Trace(replace(noisy.scenario, layers=(replace(quiet, dropout=None), *noisy.scenario.layers[1:])))
    x = noisy.scenario.x
    assert evaluation(noisy.network) == "dropout left out"
    assert predict(noisy.network, noisy.state(0), x) == pytest.approx(still.record(0)["a", 2], rel=1e-13)
    rained = walk("noise_monte_carlo")
    assert evaluation(rained.network) == "input noise left out"
    weights, x = rained.state(2)["W", 1], rained.scenario.x
    assert np.allclose(predict(rained.network, rained.state(2), x), x @ weights.T, rtol=1e-14, atol=1e-14)


def test_batch_normalisation_takes_its_running_statistics() -> None:
    trace = walk("batch_norm")
    state, network = trace.state(4), trace.network
    assert evaluation(network) == "running statistics"
    one = trace.scenario.x[:1]
    layer = trace.scenario.layers[0]
    assert layer.normalisation is not None
    z = one @ state["W", 1].T + state["b", 1]
    spread = np.sqrt(state["running_var", 1] + layer.normalisation.epsilon)
    h = state["gamma", 1] * (z - state["running_mean", 1]) / spread + state["beta", 1]
    a = 1 / (1 + np.exp(-h))
    expected = 1 / (1 + np.exp(-(a @ state["W", 2].T + state["b", 2])))
    assert np.allclose(predict(network, state, one), expected, rtol=1e-13, atol=0)
    # one row alone has the answer it has among others: nothing of the batch enters
    assert np.allclose(predict(network, state, trace.scenario.x)[:1], predict(network, state, one), rtol=1e-14, atol=0)


def test_inputs_of_another_width_are_refused() -> None:
    trace = walk("softplus")
    with pytest.raises(ValueError, match=r"expected inputs of shape \(n, 2\), got \(1, 3\)"):
        predict(trace.network, trace.state(0), np.zeros((1, 3)))


def test_the_function_of_a_layer_is_the_one_it_computes_with() -> None:
    trace = walk("saturation_large")
    record = trace.record(1)
    f, slope = activation_at(trace.network, 1, record["z", 1][:, 0])
    assert f.tobytes() == record["a", 1][:, 0].tobytes()
    assert slope.tobytes() == record["fprime", 1][:, 0].tobytes()


def test_softmax_has_no_curve() -> None:
    network = walk("softmax_mean").network
    assert not elementwise(network, 1)
    with pytest.raises(ValueError, match="function of the whole layer"):
        activation_at(network, 1, np.zeros(2))
