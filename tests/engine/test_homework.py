"""The two scenarios of the homework, to every digit the sheets give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from strategies import softplus_network, with_activation, zero_network

from engine.trace import Trace

PRINTED = 5.0000001e-9
"""Half a unit of the eighth decimal."""

SOFTPLUS: dict[str, Any] = {
    "z[1]#1": [0.2, 0.26],
    "a[1]#1": [0.79813887, 0.83157349],
    "z[2]#1": [0.16656538],
    "a[2]#1": [0.77989387],
    "loss": 0.02422335,
    "delta[2]#1": [-0.11919745],
    "dW[2]": [[-0.09513612, -0.09912144]],
    "db[2]": [-0.11919745],
    "delta[1]#1": [-0.06553881, 0.06730320],
    "dW[1]": [[-0.02621552, -0.03932329], [0.02692128, 0.04038192]],
    "db[1]": [-0.06553881, 0.06730320],
    "W[2]@1": [[1.09513612, -0.90087856]],
    "b[2]@1": [0.31919745],
    "W[1]@1": [[-0.47378448, 0.53932329], [-0.82692128, 0.75961808]],
    "b[1]@1": [0.16553881, 0.03269680],
}


@pytest.mark.parametrize("address", SOFTPLUS)
def test_h3_every_number_of_the_first_update(address: str) -> None:
    trace = Trace(softplus_network())
    actual = trace.value(trace.resolve(address))
    expected = np.asarray(SOFTPLUS[address])
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=PRINTED)


def test_h3_the_steps_of_an_iteration_are_those_of_the_sheet() -> None:
    trace = Trace(softplus_network(iterations=1))
    assert [str(step.address) for step in trace] == [
        "z[1][1]#1@0", "z[1][2]#1@0", "a[1][1]#1@0", "a[1][2]#1@0", "z[2][1]#1@0", "a[2][1]#1@0", "loss@0",
        "da[2][1]#1@0", "fprime[2][1]#1@0", "delta[2][1]#1@0", "dW[2][1,1]@0", "dW[2][1,2]@0", "db[2][1]@0",
        "da[1][1]#1@0", "da[1][2]#1@0", "fprime[1][1]#1@0", "fprime[1][2]#1@0", "delta[1][1]#1@0", "delta[1][2]#1@0",
        "dW[1][1,1]@0", "dW[1][1,2]@0", "dW[1][2,1]@0", "dW[1][2,2]@0", "db[1][1]@0", "db[1][2]@0",
        "W[1][1,1]@1", "W[1][1,2]@1", "W[1][2,1]@1", "W[1][2,2]@1", "b[1][1]@1", "b[1][2]@1",
        "W[2][1,1]@1", "W[2][1,2]@1", "b[2][1]@1",
    ]  # fmt: skip


@pytest.mark.parametrize("x", [(1.0, 2.0), (0.5,), (3.0, -1.0, 0.25)])
@pytest.mark.parametrize(("y", "sign"), [(1.0, -1.0), (0.0, 1.0)])
def test_h14_first_iteration_moves_the_last_layer_only(x: tuple[float, ...], y: float, sign: float) -> None:
    trace = Trace(zero_network(1, y, x))
    record = trace.record(0)
    assert record["a", 3].tolist() == [[0.5]]
    assert record.loss == pytest.approx(0.6931471805599453, rel=1e-15)
    assert record["delta", 3].tolist() == [[0.5 * sign]]
    assert record["dW", 3].tolist() == [[0.25 * sign] * 3]
    assert record["db", 3].tolist() == [0.5 * sign]
    for key in [("dW", 2), ("db", 2), ("dW", 1), ("db", 1)]:
        assert not record[key].any(), key


def test_h14_the_gradient_reaches_one_layer_further_back_per_update() -> None:
    trace = Trace(zero_network(3))
    outputs = [float(trace.record(k)["a", 3][0, 0]) for k in (1, 2, 3)]
    np.testing.assert_allclose(outputs, [0.70578503, 0.80231529, 0.85407432], rtol=0, atol=PRINTED)
    largest = [[float(np.abs(trace.record(k)["dW", number]).max()) for number in (1, 2, 3)] for k in (0, 1, 2)]
    expected = [[0, 0, 0.25], [0, 0.00919422, 0.14710749], [0.00027057, 0.00980944, 0.10065971]]
    np.testing.assert_allclose(largest, expected, rtol=0, atol=PRINTED)
    assert [[value == 0.0 for value in row] for row in largest] == [
        [True, True, False],
        [True, False, False],
        [False] * 3,
    ]


def test_h14_the_units_of_a_layer_stay_identical() -> None:
    trace = Trace(zero_network(40))
    for number in (1, 2):
        weights = trace.state(40)["W", number]
        assert (weights == weights[0]).all()
        assert weights[0].any()


@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_h14_zero_weights_with_tanh_or_relu_never_move(name: str) -> None:
    zero = with_activation(with_activation(zero_network(20), 1, name), 2, name)
    state = Trace(zero).state(20)
    for key in [("W", 1), ("W", 2), ("W", 3), ("b", 1), ("b", 2)]:
        assert not state[key].any(), key
    assert state["b", 3][0] > 1.0
