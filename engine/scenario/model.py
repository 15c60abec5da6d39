"""What a scenario is, once read: plain immutable data, every shape already checked.

Nothing here knows TOML. `engine.scenario.read` is the only maker of a `Scenario` from a file; tests and
edits make them by hand or with `dataclasses.replace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.address import Address

Array = NDArray[np.float64]


def frozen_array(values: object) -> Array:
    """A read-only float64 copy of `values`."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Layer:
    """One dense layer: `z = W a + b`, `a = f(z)`."""

    units: int
    activation: str
    """Canonical name in `engine.activations.ACTIVATIONS`."""
    weights: Array
    """Starting W, shape (units, inputs)."""
    biases: Array | None
    """Starting b, shape (units,); None where the layer has no bias."""
    activation_options: Mapping[str, float] = field(default_factory=dict)
    """Options the file gives to the activation (`slope` of leaky_relu), defaults filled in."""
    weights_origin: str = "as given"
    """Where the starting W comes from, for people: "as given", "zeros", "xavier_uniform, seed 7"."""
    biases_origin: str = "as given"
    name: str = ""


@dataclass(frozen=True)
class Loss:
    """`L = factor · R_samples R_outputs term(y, ŷ)`, each R a sum or a mean."""

    name: str
    """Canonical name in `engine.losses.LOSSES`."""
    factor: float = 1.0
    over_outputs: str = "sum"
    """`"sum"` or `"mean"`."""
    over_samples: str = "sum"
    """`"sum"` or `"mean"`."""


@dataclass(frozen=True)
class Optimizer:
    name: str
    """Canonical name in `engine.optimizers.OPTIMIZERS`."""
    learning_rate: float
    options: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    loss: Loss
    optimizer: Optimizer
    iterations: int
    """Number of updates, already multiplied out where the file says `epochs`."""
    batch_size: int
    """1 … number of samples."""
    shuffle: bool = False
    seed: int = 0
    """Seed of the shuffling."""
    drop_last: bool = False


@dataclass(frozen=True, eq=False)
class Expectation:
    """One line of `[expect]`: an address and the numbers a person wrote for it."""

    address: Address
    value: Array
    """The numbers, in the shape written."""
    written: tuple[str, ...]
    """Each number as written, in C order: the digits matter."""
    tolerance: float | None = None
    """Absolute tolerance, where one is declared; otherwise the digits written decide."""
    printed: bool = False
    """True for `{ printed = "1.095" }`: the text of a book, trailing zeros meant, rounded or truncated."""
    line: int = 0
    """Line of the file, from 1."""


@dataclass(frozen=True)
class Note:
    address: Address
    text: str
    line: int = 0


@dataclass(frozen=True, eq=False)
class Scenario:
    title: str
    inputs: int
    layers: tuple[Layer, ...]
    x: Array
    """Inputs, shape (samples, inputs)."""
    y: Array
    """Targets, shape (samples, units of the last layer)."""
    training: Training
    description: str = ""
    source: str = ""
    teaches: tuple[str, ...] = ()
    """Exercises and ideas this scenario is for, e.g. ("H3",)."""
    expectations: tuple[Expectation, ...] = ()
    notes: tuple[Note, ...] = ()
    path: Path | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, the input (layer 0) first: (2, 2, 1)."""
        return (self.inputs, *(layer.units for layer in self.layers))

    @property
    def samples(self) -> int:
        return int(self.x.shape[0])
