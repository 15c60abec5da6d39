"""Units that are one and the same stay so; layers without a gradient say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from engine.activations import ACTIVATIONS
from engine.scenario.model import (
    Array,
    Dropout,
    Layer,
    Loss,
    Normalisation,
    Optimizer,
    Scenario,
    Training,
    frozen_array,
)
from engine.scenario.read import read
from engine.structs import replace
from engine.symmetry import Units, bits, identical_units, statement, statements, stuck
from engine.trace import Trace

ZEROS = Path(__file__).parents[2] / "scenarios" / "zero_init.toml"


def layer(weights: object, biases: object, activation: str = "tanh", **more: object) -> Layer:
    w = frozen_array(weights)
    b = None if biases is None else frozen_array(biases)
    return Layer(len(w), activation, w, b, dict(ACTIVATIONS[activation].options), **more)  # type: ignore[arg-type]


def scenario(x: Array, *layers: Layer, batch_size: int = 0, optimizer: str = "sgd", **training: object) -> Scenario:
    y = np.linspace(-1.0, 2.0, len(x) * layers[-1].units).reshape(len(x), -1)
    how = Training(Loss("squared_error", 0.5), Optimizer(optimizer, 0.05), 10, batch_size or len(x), **training)  # type: ignore[arg-type]
    return Scenario("t", x.shape[1], layers, frozen_array(x), frozen_array(y), how)


def test_h14_stays_symmetric_at_every_update() -> None:
    s = read(ZEROS)
    trace = Trace(replace(s, training=replace(s.training, iterations=300)))
    for k in (*range(6), 50, 300):
        assert identical_units(trace, k) == {1: [(1, 2, 3, 4)], 2: [(1, 2, 3)]}
    first = stuck(trace, 0)
    assert list(first) == [1, 2]
    assert first[1].reason == "every weight out of it, to layer 2, is 0: δ does not come back through them"
    assert list(stuck(trace, 1)) == [1]
    assert not stuck(trace, 2)
    for_ever = "so they get the same gradient in every update and stay identical for ever."
    assert statements(trace, 2) == [
        f"Units {units} are identical: same weights in, same weights out, {for_ever}"
        for units in ("1–4 of layer 1", "1–3 of layer 2")
    ]
    assert statements(trace, 0)[2:] == [first[1].sentence, first[2].sentence]
    assert first[2].sentence.startswith("Every gradient of layer 2 is exactly 0, because every weight out of it")


@st.composite
def networks(draw: st.DrawFn) -> tuple[Scenario, dict[int, Units]]:
    """A random network, and the units of each hidden layer that were made alike."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    inputs, outputs, n = (draw(st.integers(1, 4)) for _ in range(3))
    sizes = [draw(st.integers(2, 12)) for _ in range(draw(st.integers(1, 3)))]
    alike = {
        number: tuple(sorted(int(u) + 1 for u in rng.choice(size, int(rng.integers(2, size + 1)), replace=False)))
        for number, size in enumerate(sizes, start=1)
    }

    def same(values: Array, number: int, axis: int = 0) -> Array:
        values = np.array(values)
        for unit in alike.get(number, ())[1:]:
            first = alike[number][0] - 1
            if axis == 0:
                values[unit - 1] = values[first]
            else:
                values[:, unit - 1] = values[:, first]
        return values

    layers = []
    widths = [inputs, *sizes, outputs]
    for number in range(1, len(widths)):
        units = widths[number]
        weights = same(same(rng.normal(size=(units, widths[number - 1])), number), number - 1, axis=1)
        hidden = number < len(widths) - 1
        kind = draw(st.sampled_from(["", "", "batch", "layer"])) if hidden else ""
        gamma, beta = (same(rng.normal(size=units), number) for _ in range(2))
        layers.append(
            layer(
                weights,
                draw(st.sampled_from([None, same(rng.normal(size=units), number)])),
                draw(st.sampled_from(["tanh", "sigmoid", "relu", "softplus"])) if hidden else "identity",
                normalisation=Normalisation(kind, frozen_array(gamma), frozen_array(beta)) if kind else None,
            )
        )
    optimizer = draw(st.sampled_from(["sgd", "adam"]))
    size = draw(st.integers(1, n))
    return scenario(rng.normal(size=(n, inputs)), *layers, batch_size=size, optimizer=optimizer), alike


@examples(50)
@given(networks())
def test_identical_units_stay_identical_bit_by_bit(made: tuple[Scenario, dict[int, Units]]) -> None:
    s, alike = made
    trace = Trace(s)
    for k in (0, 2):
        claimed = identical_units(trace, k)
        for number, units in alike.items():
            assert any(set(units) <= set(group) for group in claimed[number])
        for number, groups in claimed.items():
            for later in range(k, 10):
                state, record = trace.state(later), trace.record(later)
                rows = [state["W", number], record["a", number].T, record["delta", number].T, record["dW", number]]
                rows += [state[name, number] for name in ("b", "gamma", "mW", "vW") if (name, number) in state]
                rows.append(state["W", number + 1].T)
                for group in groups:
                    for values in rows:
                        assert len({bits(values[unit - 1]) for unit in group}) == 1


X = np.array([[0.5, -1.0], [1.5, 0.25]])
WIDE = layer([[0.1, 0.2], [0.1, 0.2], [0.3, 0.4]], [0.5, 0.5, 0.5])
ABOVE = layer([[0.7, 0.7, 0.7]], [0.0], "identity")


def groups(*layers: Layer, **training: object) -> list[Units]:
    return identical_units(Trace(scenario(X, *layers, **training)), 0).get(1, [])  # type: ignore[arg-type]


def test_what_tells_units_apart() -> None:
    assert groups(WIDE, ABOVE) == [(1, 2)]
    assert groups(replace(WIDE, biases=frozen_array([0.5, 0.6, 0.5])), ABOVE) == []
    assert groups(replace(WIDE, biases=None), ABOVE) == [(1, 2)]
    assert groups(replace(WIDE, biases=frozen_array([0.5]), shared_bias=True), ABOVE) == [(1, 2)]
    assert groups(WIDE, layer([[0.7, 0.8, 0.7]], [0.0], "identity")) == []
    # even where the first masks are the same
    assert all(groups(replace(WIDE, dropout=Dropout(0.5, seed)), ABOVE) == [] for seed in range(40))
    assert groups(replace(WIDE, dropout=Dropout(0.0, 1)), ABOVE) == [(1, 2)]
    gamma = frozen_array([1.0, 2.0, 1.0])
    for kind in ("batch", "layer"):
        assert groups(replace(WIDE, normalisation=Normalisation(kind, gamma, frozen_array(np.zeros(3)))), ABOVE) == []
        one = frozen_array(np.ones(3))
        assert groups(replace(WIDE, normalisation=Normalisation(kind, one, gamma)), ABOVE) == []
        assert groups(replace(WIDE, normalisation=Normalisation(kind, one, one)), ABOVE) == [(1, 2)]
    mean = Normalisation("batch", frozen_array(np.ones(3)), frozen_array(np.zeros(3)), running_mean=gamma)
    assert groups(replace(WIDE, normalisation=mean), ABOVE) == []
    # a softmax sums each unit's δ in an order of its own
    assert groups(replace(WIDE, activation="softmax"), ABOVE) == []


def test_an_optimizer_remembers_who_was_different() -> None:
    trace = Trace(scenario(X, WIDE, ABOVE, optimizer="adam"))
    assert identical_units(trace, 3) == {1: [(1, 2)]}
    start = Trace(scenario(X, replace(WIDE, weights=frozen_array([[0.1, 0.2], [0.1, 0.3], [0.3, 0.4]])), ABOVE))
    assert identical_units(start, 1) == {}


def test_shared_weights_must_be_changed_alike_everywhere() -> None:
    # layer 2 is Wᵀ of layer 1: exchanging two units exchanges rows of W in both uses
    back = layer(np.zeros((2, 3)), [0.1, 0.2], "identity", tied_to=1, tied_transposed=True)
    assert groups(WIDE, back) == [(1, 2)]
    # layer 2 is layer 1 again: rows in one use, columns in the other
    square = layer([[0.1, 0.1], [0.1, 0.1]], [0.5, 0.5])
    again = layer(np.zeros((2, 2)), [0.3, 0.4], "identity", tied_to=1)
    assert groups(square, again) == []
    assert groups(square, layer([[0.1, 0.1]], None, "identity")) == [(1, 2)]
    # layer 3 uses it once more, where nothing is exchanged
    third = layer(np.zeros((3, 2)), [0.1, 0.2, 0.3], "identity", tied_to=1)
    assert groups(WIDE, back, third) == []


def test_shared_weights_may_seem_alike_in_the_first_batch() -> None:
    square = layer([[0.1, 0.1], [0.1, 0.1]], None)
    again = layer(np.zeros((2, 2)), None, "identity", tied_to=1)
    s = replace(scenario(X, square, again, batch_size=1), y=frozen_array([[1.0, 1.0], [1.0, -1.0]]))
    trace = Trace(s)
    first, second = trace.record(0)["dW", 1], trace.record(1)["dW", 1]
    assert (first[0] == first[1]).all()
    assert (second[0] != second[1]).any()
    assert identical_units(trace, 0) == {}


def test_statements() -> None:
    said = "are identical: same weights in, same weights out"
    assert statement(2, (1, 2)).startswith(f"Units 1 and 2 of layer 2 {said}")
    assert statement(2, (1, 2, 3, 6, 8, 9, 10)).startswith(f"Units 1–3, 6 and 8–10 of layer 2 {said}")
    assert statement(2, (1, 2, 3), of=3).startswith(f"All units of layer 2 {said}")


def reasons(*layers: Layer, x: Array = X, y: Array | None = None, k: int = 0, **training: object) -> dict[int, str]:
    s = scenario(x, *layers, **training)  # type: ignore[arg-type]
    if y is not None:
        s = replace(s, y=frozen_array(y))
    return {number: found.reason for number, found in stuck(Trace(s), k).items()}


def test_why_a_layer_is_stuck() -> None:
    assert reasons(WIDE, ABOVE) == {}
    zeros = layer([[0.0, 0.0, 0.0]], [0.0], "identity")
    assert reasons(WIDE, zeros) == {1: "every weight out of it, to layer 2, is 0: δ does not come back through them"}
    dead = replace(WIDE, activation="relu", biases=frozen_array([-9.0] * 3))
    assert reasons(dead, ABOVE) == {
        1: "every unit is dead: each z is ≤ 0 for every sample, where the slope of relu is 0"
    }
    assert reasons(replace(WIDE, activation="step"), ABOVE) == {1: "the slope of step is 0 at every z"}
    assert reasons(replace(WIDE, biases=None), ABOVE, x=np.zeros((2, 2))) == {1: "everything it receives is 0"}
    assert reasons(dead, ABOVE, y=np.array([[1.0], [-1.0]]))[2] == (
        "everything it receives is 0, and the samples' parts of its biases cancel"
    )
    left_out = replace(WIDE, dropout=Dropout(0.999999, 1))
    # then layer 2 receives 0 too, but its bias learns
    assert reasons(left_out, ABOVE) == {1: "dropout has left out every unit of it"}
    perfect = layer([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], "identity")
    assert reasons(perfect, y=X) == {1: "∂L/∂ŷ is 0 for every sample: the loss does not change with the outputs"}
    assert reasons(perfect, perfect, y=X) == {
        1: "the δ of layer 2 is 0 already",
        2: "∂L/∂ŷ is 0 for every sample: the loss does not change with the outputs",
    }
    opposite = layer([[1.0]], None, "identity")
    assert reasons(opposite, x=np.array([[1.0], [1.0]]), y=np.array([[2.0], [0.0]])) == {
        1: "the parts of its samples cancel"
    }


def test_half_a_layer_dead_the_other_half_unheard() -> None:
    half = layer([[1.0], [1.0]], [-9.0, 9.0], "relu")
    found = reasons(half, layer([[1.0, 0.0]], [0.0], "identity"), x=np.array([[1.0]]))
    assert found[1] == "what comes back meets a factor 0 in every unit"


def test_outputs_that_cancel() -> None:
    one = layer([[1.0]], None, "identity")
    two = layer([[1.0], [1.0]], None, "identity")
    assert reasons(one, two, x=np.array([[1.0]]), y=np.array([[2.0, 0.0]])) == {1: "what comes back to a[1] cancels"}
