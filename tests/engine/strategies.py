"""Scenarios for tests: a maker, the two of the homework, and random ones for hypothesis."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from engine.activations import ACTIVATIONS
from engine.losses import LOSSES
from engine.scenario.model import Layer, Loss, Optimizer, Scenario, Training, frozen_array


def examples(count: int) -> settings:
    """Settings for a property: `count` examples, more where SEARCH asks for it (see `tests/conftest.py`)."""
    return settings(max_examples=count * int(os.environ.get("SEARCH", "1")))


def layer(
    weights: Any, biases: Any = None, activation: str = "identity", options: dict[str, float] | None = None
) -> Layer:
    """A layer from nested lists."""
    matrix = frozen_array(weights)
    return Layer(
        matrix.shape[0],
        activation,
        matrix,
        None if biases is None else frozen_array(biases),
        {**ACTIVATIONS[activation].options, **(options or {})},
    )


def scenario(
    layers: Sequence[Layer],
    x: Any,
    y: Any,
    loss: Loss | None = None,
    learning_rate: float = 1.0,
    iterations: int = 1,
    batch_size: int | None = None,
    **more: Any,
) -> Scenario:
    """A scenario from layers and nested lists; one batch of all samples unless `batch_size` is given."""
    inputs = frozen_array(x)
    training = Training(
        loss or Loss("squared_error", 0.5),
        Optimizer("sgd", learning_rate),
        iterations,
        len(inputs) if batch_size is None else batch_size,
        **more,
    )
    return Scenario("test", inputs.shape[1], tuple(layers), inputs, frozen_array(y), training)


def softplus_network(iterations: int = 3) -> Scenario:
    """H3: the 2-2-1 softplus network."""
    return scenario(
        [
            layer([[-0.5, 0.5], [-0.8, 0.8]], [0.1, 0.1], "softplus"),
            layer([[1.0, -1.0]], [0.2], "softplus"),
        ],
        [[0.4, 0.6]],
        [[1.0]],
        Loss("squared_error", 0.5),
        iterations=iterations,
    )


def zero_network(iterations: int = 4, y: float = 1.0, x: Sequence[float] = (1.0, 2.0)) -> Scenario:
    """H14: the n-4-3-1 sigmoid network with every parameter 0."""
    sizes = (len(x), 4, 3, 1)
    return scenario(
        [layer(np.zeros((out, given)), np.zeros(out), "sigmoid") for given, out in pairwise(sizes)],
        [list(x)],
        [[y]],
        Loss("binary_cross_entropy"),
        iterations=iterations,
    )


def softmax_batch(batch_size: int = 2) -> Scenario:
    """A tanh layer and three classes by softmax, mean cross-entropy, three samples."""
    return scenario(
        [
            layer([[0.5, -0.25], [0.75, 1.5]], [0.0, -0.5], "tanh"),
            layer([[1.0, -1.0], [0.25, 0.5], [-0.75, 0.125]], [0.1, 0.2, -0.3], "softmax"),
        ],
        [[1.0, 2.0], [-0.5, 0.25], [3.0, -1.0]],
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        Loss("cross_entropy", 1.0, "sum", "mean"),
        learning_rate=0.5,
        iterations=4,
        batch_size=batch_size,
    )


def with_activation(given: Scenario, number: int, name: str) -> Scenario:
    """The scenario with another activation in one layer, from 1."""
    layers = list(given.layers)
    layers[number - 1] = replace(
        layers[number - 1], activation=name, activation_options=dict(ACTIVATIONS[name].options)
    )
    return replace(given, layers=tuple(layers))


def with_training(given: Scenario, **changes: Any) -> Scenario:
    return replace(given, training=replace(given.training, **changes))


def valid_losses(activation: str) -> list[str]:
    """The losses whose range the outputs of an activation keep to."""
    low, high = ACTIVATIONS[activation].range
    return [
        name
        for name, loss in LOSSES.items()
        if loss.needs_range is None or (loss.needs_range[0] <= low and high <= loss.needs_range[1])
    ]


_numbers = st.floats(-2.0, 2.0).map(lambda value: round(value, 3))


def _rows(draw: st.DrawFn, rows: int, columns: int) -> list[list[float]]:
    """A matrix whose numbers hypothesis may shrink to 0; drawn as a seed where it is large."""
    if rows * columns > 6:
        generator = np.random.default_rng(draw(st.integers(0, 2**16)))
        drawn: list[list[float]] = generator.uniform(-1.5, 1.5, (rows, columns)).round(4).tolist()
        return drawn
    return [[draw(_numbers) for _ in range(columns)] for _ in range(rows)]


def _targets(draw: st.DrawFn, kind: str, samples: int, units: int) -> list[list[float]]:
    if kind == "distribution":
        if draw(st.booleans()):
            return [
                [float(unit == chosen) for unit in range(units)]
                for chosen in draw(st.lists(st.integers(0, units - 1), min_size=samples, max_size=samples))
            ]
        shares = np.abs(np.array(_rows(draw, samples, units))) + 0.125
        rows: list[list[float]] = (shares / shares.sum(axis=1, keepdims=True)).tolist()
        return rows
    if kind == "unit_interval":
        share = st.sampled_from([0.0, 0.25, 0.5, 0.875, 1.0])
        return [[draw(share) for _ in range(units)] for _ in range(samples)]
    return _rows(draw, samples, units)


@st.composite
def scenarios(
    draw: st.DrawFn,
    max_layers: int = 5,
    max_units: int = 8,
    max_iterations: int = 4,
    activations: Sequence[str] = tuple(ACTIVATIONS),
) -> Scenario:
    """Any network this engine runs, of a few units: any activation anywhere, any loss that goes with the last."""
    sizes = draw(st.lists(st.integers(1, max_units), min_size=2, max_size=max_layers + 1))
    names = [draw(st.sampled_from(list(activations))) for _ in sizes[1:]]
    layers = []
    for given, out, name in zip(sizes, sizes[1:], names, strict=False):
        options = {"slope": draw(st.sampled_from([0.01, 0.5, 0.0]))} if name == "leaky_relu" else {}
        biases = _rows(draw, 1, out)[0] if draw(st.booleans()) else None
        layers.append(layer(_rows(draw, out, given), biases, name, options))
    losses = valid_losses(names[-1])
    if names[-1] == "softmax" and sizes[-1] == 1:
        # ŷ is 1 whatever z is, and ln(1 − ŷ) infinite
        losses = [name for name in losses if name != "binary_cross_entropy"]
    name = draw(st.sampled_from(losses))
    over = st.sampled_from(["sum", "mean"])
    loss = Loss(name, draw(st.sampled_from([1.0, 0.5, 2.0, 0.3])), draw(over), draw(over))
    samples = draw(st.integers(1, 5))
    return scenario(
        layers,
        _rows(draw, samples, sizes[0]),
        _targets(draw, LOSSES[name].targets, samples, sizes[-1]),
        loss,
        learning_rate=draw(st.sampled_from([0.1, 1.0, 0.01])),
        iterations=draw(st.integers(1, max_iterations)),
        batch_size=draw(st.integers(1, samples)),
        shuffle=draw(st.booleans()),
        seed=draw(st.integers(0, 3)),
        drop_last=draw(st.booleans()),
    )
