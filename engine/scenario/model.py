"""What a scenario is, once read: plain immutable data, every shape already checked.

Nothing here knows TOML. `engine.scenario.read` is the only maker of a `Scenario` from a file; tests and
edits make them by hand or with `engine.structs.replace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.address import Address
from engine.arithmetic import Arithmetic
from engine.notation_style import DEFAULT, Style

Array = NDArray[np.float64]
Option = float | bool | str


def frozen_array(values: object) -> Array:
    """A read-only float64 copy of `values`."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


class Normalisation(Struct, frozen=True, eq=False):
    """Batch or layer normalisation: `xhat = (z − mean)/√(var + ε)`, `h = γ·xhat + β`."""

    kind: str
    """`"batch"` (over the samples, per unit) or `"layer"` (over the units, per sample)."""
    gamma: Array
    """Starting γ, shape (units,)."""
    beta: Array
    """Starting β, shape (units,)."""
    epsilon: float = 1e-5
    place: str = "before_activation"
    """`"before_activation"`: a = f(h), h from z; `"after_activation"`: h from a, and h is what goes on."""
    momentum: float = 0.1
    """Share of the new batch in the running statistics (PyTorch's momentum)."""
    statistics: str = "batch"
    """`"batch"`: the batch's own mean and variance (training); `"running"`: the running ones (evaluation)."""
    unbiased_running: bool = True
    """Whether the running variance takes n − 1 below (PyTorch) or n (Keras, the paper's training formula)."""
    running_mean: Array | None = None
    """Starting running mean, shape (units,); zeros where None."""
    running_var: Array | None = None
    """Starting running variance, shape (units,); ones where None."""


class Dropout(Struct, frozen=True):
    """Inverted dropout on what a layer passes on: kept with probability 1 − rate and divided by it."""

    rate: float
    seed: int
    """The mask of layer l in iteration i is drawn from `default_rng([seed, l, i])`."""


class Layer(Struct, frozen=True, eq=False):
    """One dense layer: `z = W a + b`, `a = f(z)`."""

    units: int
    activation: str
    """Canonical name in `engine.activations.ACTIVATIONS`."""
    weights: Array
    """Starting W, shape (units, inputs)."""
    biases: Array | None
    """Starting b, shape (units,); None where the layer has no bias."""
    activation_options: Mapping[str, Option] = field(default_factory=dict)
    """Options the file gives to the activation (`slope` of leaky_relu), defaults filled in."""
    weights_origin: str = "as given"
    """Where the starting W comes from, for people: "as given", "zeros", "xavier_uniform, seed 7"."""
    biases_origin: str = "as given"
    name: str = ""
    normalisation: Normalisation | None = None
    dropout: Dropout | None = None
    frozen: frozenset[str] = frozenset()
    """Parameters never updated: names of `W b gamma beta`."""
    shared_bias: bool = False
    """One bias for all units: `biases` has shape (1,), its address is `b[l]`."""
    tied_to: int | None = None
    """The earlier layer whose W this layer uses, which owns it."""
    tied_transposed: bool = False
    """Whether it uses the transpose of that W."""


class Loss(Struct, frozen=True):
    """`L = factor · R_samples R_outputs term(y, ŷ)`, each R a sum or a mean."""

    name: str
    """Canonical name in `engine.losses.LOSSES`."""
    factor: float = 1.0
    over_outputs: str = "sum"
    """`"sum"` or `"mean"`."""
    over_samples: str = "sum"
    """`"sum"` or `"mean"`."""
    options: Mapping[str, float] = field(default_factory=dict)
    """Options of the loss (`delta` of huber, `margin` of hinge), defaults filled in."""


class Optimizer(Struct, frozen=True):
    """How parameters move."""

    name: str
    """Canonical name in `engine.optimizers.OPTIMIZERS`."""
    learning_rate: float
    options: Mapping[str, Option] = field(default_factory=dict)
    """Every option of the optimizer, defaults filled in."""


class Penalty(Struct, frozen=True):
    """A term added to the loss: `factor · strength · Σ |w|` (l1), `… Σ w²` (l2), or a mix of both."""

    name: str
    """Canonical name in `engine.penalties.PENALTIES`: l1, l2, elastic_net."""
    strength: float
    factor: float = 1.0
    on: str = "weights"
    """`"weights"`, `"biases"` or `"all"`."""
    layers: tuple[int, ...] = ()
    """Layers it acts on, from 1; empty: all."""
    l1_ratio: float = 0.5
    """Share of l1 in an elastic net."""
    proximal: bool = False
    """l1 only: not in the gradient, but as a soft threshold after the update (proximal gradient)."""


class Schedule(Struct, frozen=True, eq=False):
    """How the learning rate changes: the η of the update from @k to @k+1."""

    name: str
    """Canonical name in `engine.schedules.SCHEDULES`: constant, step, exponential, cosine, list."""
    options: Mapping[str, float] = field(default_factory=dict)
    values: tuple[float, ...] = ()
    """`list`: η per update, the last one from then on."""


class Clipping(Struct, frozen=True):
    """What a gradient may not exceed."""

    by: str
    """`"value"` (each element to ±limit) or `"norm"` (all gradients together scaled to length limit)."""
    limit: float


class Noise(Struct, frozen=True):
    """Gaussian noise added to the inputs, drawn anew in every iteration from `default_rng([seed, iteration])`."""

    std: float
    seed: int


class Training(Struct, frozen=True):
    """What the network is trained for, and how."""

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
    penalties: tuple[Penalty, ...] = ()
    schedule: Schedule | None = None
    """None: constant."""
    clipping: Clipping | None = None
    direction: str = "minimise"
    """`"minimise"` the loss, or `"maximise"` its negative: the loss is then the objective −L, and updates add."""
    input_noise: Noise | None = None


class Expectation(Struct, frozen=True, eq=False):
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


class Note(Struct, frozen=True):
    """What a person says of an address."""

    address: Address
    text: str
    line: int = 0
    audience: str = "all"
    """`"all"`, or `"lecturer"`: shown only where a person asks for the lecturer's notes."""


class Goal(Struct, frozen=True):
    """A question asked backwards: which value of `free` gives `target` the value wanted?"""

    free: Address
    """An input (`x[1]#1`), target or starting parameter; resolved, one number."""
    target: Address
    """Any one number; @k as written, @0 where not."""
    value: float
    bracket: tuple[float, float] | None = None
    """Where to look; needed unless the algebra inverts in closed form."""
    written: str = ""
    """The answer a person wrote, to be verified; empty: none."""
    line: int = 0


class Comparison(Struct, frozen=True):
    """Two numbers of two scenarios that should agree."""

    address: Address
    other: str
    """File name of the other scenario, beside this one."""
    at: str
    """Address there, as written."""
    tolerance: float
    line: int = 0


class Scenario(Struct, frozen=True, eq=False):
    """A scenario as it was read: everything a walk needs."""

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
    goals: tuple[Goal, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    input_names: tuple[str, ...] = ()
    """One per input; empty: x₁, x₂, …"""
    output_names: tuple[str, ...] = ()
    """One per output or class; empty: none."""
    data_origin: str = ""
    """Where the data come from and what was done to them, for people: "iris.csv, standardised"."""
    path: Path | None = None
    text: str = ""
    """What it was read from, with plain newlines; empty where it was made by hand."""
    notation: Style = DEFAULT
    """How the author writes symbols; no number depends on it."""
    arithmetic: Arithmetic | None = None
    """How the author calculates by hand; None: exactly."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, the input (layer 0) first: (2, 2, 1)."""
        return (self.inputs, *(layer.units for layer in self.layers))

    @property
    def samples(self) -> int:
        return int(self.x.shape[0])
