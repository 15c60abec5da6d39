"""Scenarios for tests: a maker, the two of the homework, and random ones for hypothesis."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from engine.activations import ACTIVATIONS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.scenario.model import (
    Clipping,
    Dropout,
    Layer,
    Loss,
    Noise,
    Normalisation,
    Optimizer,
    Option,
    Penalty,
    Scenario,
    Schedule,
    Training,
    frozen_array,
)
from engine.structs import replace


def examples(count: int) -> settings:
    """Settings for a property: `count` examples, more where SEARCH asks for it (see `tests/conftest.py`)."""
    return settings(max_examples=count * int(os.environ.get("SEARCH", "1")))


def by_arrays(patch: pytest.MonkeyPatch) -> None:
    """From now on every network is computed by arrays: for faults planted in the numpy of a stage."""
    patch.setattr("engine.runner.MOST", -1)


def layer(
    weights: Any,
    biases: Any = None,
    activation: str = "identity",
    options: dict[str, float] | None = None,
    **more: Any,
) -> Layer:
    """A layer from nested lists; `more` is anything else a layer may have."""
    matrix = frozen_array(weights)
    return Layer(
        matrix.shape[0],
        activation,
        matrix,
        None if biases is None else frozen_array(biases),
        {**ACTIVATIONS[activation].options, **(options or {})},
        **more,
    )


def loss_of(name: str, factor: float = 1.0, outputs: str = "sum", samples: str = "sum", **options: float) -> Loss:
    """A loss with every option filled in."""
    return Loss(name, factor, outputs, samples, {**LOSSES[name].options, **options})


def normalised(kind: str, units: int, **more: Any) -> Normalisation:
    """A normalisation whose γ and β are not 1 and 0."""
    gamma, beta = np.linspace(0.5, 1.5, units), np.linspace(-0.25, 0.5, units)
    return Normalisation(kind, frozen_array(gamma), frozen_array(beta), **more)


def scenario(
    layers: Sequence[Layer],
    x: Any,
    y: Any,
    loss: Loss | None = None,
    learning_rate: float = 1.0,
    iterations: int = 1,
    batch_size: int | None = None,
    optimizer: Optimizer | None = None,
    **more: Any,
) -> Scenario:
    """A scenario from layers and nested lists; one batch of all samples unless `batch_size` is given, and sgd."""
    inputs = frozen_array(x)
    training = Training(
        loss or Loss("squared_error", 0.5),
        optimizer or Optimizer("sgd", learning_rate),
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
    if kind == "signs":
        return [[draw(st.sampled_from([1.0, -1.0])) for _ in range(units)] for _ in range(samples)]
    return _rows(draw, samples, units)


_seldom = st.integers(0, 4).map(lambda drawn: drawn == 4)
OPTION_VALUES: dict[str, list[Option]] = {
    "momentum": [0.0, 0.9, 0.5],
    "dampening": [0.0, 0.3],
    "nesterov": [False, True],
    "weight_decay": [0.0, 0.1],
    "epsilon": [1e-8, 1e-3],
    "initial_accumulator": [0.0, 0.1],
    "learning_rate_decay": [0.0, 0.5],
    "rho": [0.9, 0.5],
    "centered": [False, True],
    "beta1": [0.9, 0.5],
    "beta2": [0.999, 0.9],
    "momentum_decay": [0.004, 0.1],
}


def optimizer_options(draw: st.DrawFn, name: str) -> dict[str, Option]:
    """Any variant of an optimizer that a file may ask for."""
    entry = OPTIMIZERS[name]
    options = {
        option: draw(st.sampled_from(values)) for option, values in OPTION_VALUES.items() if option in entry.options
    }
    options |= {option: draw(st.sampled_from(list(words))) for option, words in entry.choices.items()}
    if name == "sgd" and not options["momentum"]:
        options |= {"dampening": 0.0, "nesterov": False, "momentum_form": "accumulator"}
    if options.get("nesterov") or options.get("momentum_form") == "velocity":
        options["dampening"] = 0.0
    return options


def _normalisation(draw: st.DrawFn, units: int, last: bool) -> Normalisation | None:
    if not draw(_seldom):
        return None
    kind = draw(st.sampled_from(["batch", "layer"]))
    place = draw(st.sampled_from(["before_activation"] if last else ["before_activation", "after_activation"]))
    gamma, beta = frozen_array(_rows(draw, 1, units)[0]), frozen_array(_rows(draw, 1, units)[0])
    epsilon = draw(st.sampled_from([1e-5, 1e-3]))
    if kind == "layer":
        return Normalisation(kind, gamma, beta, epsilon, place)
    starts = draw(st.booleans())
    return Normalisation(
        kind, gamma, beta, epsilon, place,
        momentum=draw(st.sampled_from([0.1, 0.5])),
        statistics=draw(st.sampled_from(["batch", "batch", "running"])),
        unbiased_running=draw(st.booleans()),
        running_mean=frozen_array(_rows(draw, 1, units)[0]) if starts else None,
        running_var=frozen_array(np.abs(_rows(draw, 1, units)[0]) + 0.5) if starts else None,
    )  # fmt: skip


def _tie(draw: st.DrawFn, layers: list[Layer], shape: tuple[int, int]) -> tuple[int, bool] | None:
    """An earlier layer whose W this one may use, and whether transposed."""
    fitting = [
        (number, owner.weights.shape != shape)
        for number, owner in enumerate(layers, start=1)
        if owner.tied_to is None and shape in (owner.weights.shape, owner.weights.shape[::-1])
    ]
    return draw(st.sampled_from(fitting)) if fitting and draw(st.booleans()) else None


def _layer(
    draw: st.DrawFn, before: list[Layer], given: int, out: int, activation: str, last: bool, extras: bool
) -> Layer:
    options: dict[str, float] = {}
    if activation == "leaky_relu":
        options = {"slope": draw(st.sampled_from([0.01, 0.5, 0.0]))}
    if activation == "elu":
        options = {"alpha": draw(st.sampled_from([1.0, 0.5]))}
    weights = _rows(draw, out, given)
    biases = _rows(draw, 1, out)[0] if draw(st.booleans()) else None
    if not extras:
        return layer(weights, biases, activation, options)
    tie = _tie(draw, before, (out, given))
    shared = biases is not None and draw(_seldom)
    normalisation = _normalisation(draw, out, last)
    dropout = None if last or not draw(_seldom) else Dropout(draw(st.sampled_from([0.5, 0.2])), draw(st.integers(0, 3)))
    frozen: frozenset[str] = frozenset()
    if draw(_seldom):
        has = (
            ([] if tie else ["W"])
            + (["b"] if biases is not None else [])
            + (["gamma", "beta"] if normalisation else [])
        )
        frozen = frozenset(name for name in has if draw(st.booleans()))
    made = layer(
        weights, biases[:1] if shared and biases else biases, activation, options,
        normalisation=normalisation, dropout=dropout, frozen=frozen, shared_bias=shared,
        tied_to=tie[0] if tie else None, tied_transposed=bool(tie and tie[1]),
    )  # fmt: skip
    if tie is None:
        return made
    # as the reader makes it: the layer carries what it uses
    owned = before[tie[0] - 1].weights
    return replace(made, weights=frozen_array(owned.T if tie[1] else owned))


def _penalty(draw: st.DrawFn, depth: int) -> Penalty:
    name = draw(st.sampled_from(["l2", "l1", "elastic_net"]))
    return Penalty(
        name,
        draw(st.sampled_from([0.1, 0.01, 0.5])),
        draw(st.sampled_from([1.0, 0.5])),
        draw(st.sampled_from(["weights", "biases", "all"])),
        draw(st.sampled_from([(), (1,), (depth,)])),
        draw(st.sampled_from([0.5, 0.2])),
        name == "l1" and draw(st.booleans()),
    )


def _training_extras(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    """What a training may have beside loss, batches and optimizer."""
    more: dict[str, Any] = {}
    if draw(_seldom):
        more["penalties"] = tuple(_penalty(draw, depth) for _ in range(draw(st.integers(1, 2))))
    if draw(_seldom):
        more["schedule"] = draw(
            st.sampled_from(
                [
                    Schedule("step", {"every": 2.0, "factor": 0.5}),
                    Schedule("exponential", {"factor": 0.9}),
                    Schedule("cosine", {"period": 3.0, "minimum": 0.01}),
                    Schedule("list", values=(0.3, 0.1)),
                ]
            )
        )
    if draw(_seldom):
        more["clipping"] = Clipping(draw(st.sampled_from(["norm", "value"])), draw(st.sampled_from([0.5, 0.05, 10.0])))
    if draw(_seldom):
        more["direction"] = "maximise"
    if draw(_seldom):
        more["input_noise"] = Noise(draw(st.sampled_from([0.1, 1.0])), draw(st.integers(0, 3)))
    return more


@st.composite
def scenarios(
    draw: st.DrawFn,
    max_layers: int = 5,
    max_units: int = 8,
    max_iterations: int = 4,
    activations: Sequence[str] = tuple(ACTIVATIONS),
    extras: bool = True,
) -> Scenario:
    """Any network this engine runs, of a few units: any activation anywhere, any loss that goes with the last.

    With `extras` also whatever else a file may ask for; without, plain layers and sgd.
    """
    sizes = draw(st.lists(st.integers(1, max_units), min_size=2, max_size=max_layers + 1))
    if extras and draw(_seldom):
        # an autoencoder's sizes, so that weights can be tied
        half = sizes[: max_layers // 2 + 1]
        sizes = [*half, *half[-2::-1]]
    names = [draw(st.sampled_from(list(activations))) for _ in sizes[1:]]
    layers: list[Layer] = []
    for number, (given, out, name) in enumerate(zip(sizes, sizes[1:], names, strict=False), start=1):
        layers.append(_layer(draw, layers, given, out, name, number == len(names), extras))
    losses = valid_losses(names[-1])
    if names[-1] == "softmax" and sizes[-1] == 1:
        # ŷ is 1 whatever z is, and ln(1 − ŷ) infinite
        losses = [name for name in losses if name != "binary_cross_entropy"]
    name = draw(st.sampled_from(losses))
    over = st.sampled_from(["sum", "mean"])
    loss = loss_of(name, draw(st.sampled_from([1.0, 0.5, 2.0, 0.3])), draw(over), draw(over))
    samples = draw(st.integers(1, 5))
    rate = draw(st.sampled_from([0.1, 1.0, 0.01]))
    optimizer = Optimizer("sgd", rate)
    if extras and draw(st.booleans()):
        chosen = draw(st.sampled_from(list(OPTIMIZERS)))
        optimizer = Optimizer(chosen, rate, optimizer_options(draw, chosen))
    return scenario(
        layers,
        _rows(draw, samples, sizes[0]),
        _targets(draw, LOSSES[name].targets, samples, sizes[-1]),
        loss,
        iterations=draw(st.integers(1, max_iterations)),
        batch_size=draw(st.integers(1, samples)),
        optimizer=optimizer,
        shuffle=draw(st.booleans()),
        seed=draw(st.integers(0, 3)),
        drop_last=draw(st.booleans()),
        **(_training_extras(draw, len(layers)) if extras else {}),
    )
