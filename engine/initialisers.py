"""How starting weights and biases are made: a table, one entry each.

In the formulas n is fan-in, the inputs of a layer, and m is fan-out, its units. Uniform ones lie in [−r, r),
whose variance is r²/3; normal ones have exactly the standard deviation of the formula, nothing truncated. Mind
the names: what some sheets call Xavier is `lecun_normal` here and in the libraries (variance 1/n); PyTorch's
`kaiming_*` and Keras's `he_*` are the same for a ReLU, while Keras draws its normal ones truncated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.scenario.model import Array

WEIGHTS = 0
BIASES = 1

Shape = tuple[int, ...]
Fill = Callable[[np.random.Generator, Shape, int, int, Mapping[str, float]], Array]


@dataclass(frozen=True)
class Initialiser:
    """One way to make starting parameters."""

    name: str
    formula: str
    source: str
    fill: Fill
    aliases: tuple[str, ...] = ()
    options: Mapping[str, float | None] = field(default_factory=dict)
    """Option names and their defaults; None for one that must be given."""
    random: bool = True
    """Whether it draws numbers, so that it needs a seed."""
    refuse: Callable[[Mapping[str, float]], str | None] = lambda options: None
    """What is wrong with these options, if anything."""

    def draw(
        self, rng: np.random.Generator, fan_out: int, fan_in: int, shape: Shape | None = None, /, **options: float
    ) -> Array:
        """Starting values for a layer of `fan_out` units and `fan_in` inputs.

        The shape is (fan_out, fan_in) unless another is asked for: biases have (fan_out,) and the same fans.
        """
        given = {name: value for name, value in self.options.items() if value is not None} | options
        return self.fill(rng, (fan_out, fan_in) if shape is None else shape, fan_out, fan_in, given)


def generator(seed: int, layer: int, which: int) -> np.random.Generator:
    """The random numbers of one parameter (`WEIGHTS` or `BIASES`) of one layer, counted from 1.

    The layer is part of the key so that two layers with one seed differ.
    """
    return np.random.default_rng([seed, layer, which])


def _same(option: str | None, value: float = 0.0) -> Fill:
    def fill(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Mapping[str, float]) -> Array:
        return np.full(shape, value if option is None else options[option], dtype=np.float64)

    return fill


def _uniform(limit: Callable[[int, int], float]) -> Fill:
    """Uniform in [−limit, limit), the limit a function of fan-in and fan-out."""

    def fill(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Mapping[str, float]) -> Array:
        radius = limit(fan_in, fan_out)
        return rng.uniform(-radius, radius, shape)

    return fill


def _normal(std: Callable[[int, int], float]) -> Fill:
    """Normal about 0, the standard deviation a function of fan-in and fan-out."""

    def fill(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Mapping[str, float]) -> Array:
        return rng.normal(0.0, std(fan_in, fan_out), shape)

    return fill


def _uniform_between(
    rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Mapping[str, float]
) -> Array:
    return rng.uniform(options["low"], options["high"], shape)


def _normal_about(
    rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Mapping[str, float]
) -> Array:
    return rng.normal(options["mean"], options["std"], shape)


def _refuse_bounds(options: Mapping[str, float]) -> str | None:
    low, high = options["low"], options["high"]
    if not low < high:
        return f"low has to be less than high, got low {low} and high {high}"
    return None if math.isfinite(high - low) else "low and high are too far apart for a 64-bit float"


def _refuse_std(options: Mapping[str, float]) -> str | None:
    std = options["std"]
    if std < 0:
        return f"std is a standard deviation, so at least 0, got {std}"
    return None if std <= 1e300 and abs(options["mean"]) <= 1e300 else "mean and std have to be at most 1e300"


_GLOROT = "Glorot & Bengio 2010: the mean of what forward and backward ask for"
_HE = "He et al. 2015: for ReLU, which halves the second moment"
_LECUN = "LeCun et al. 1998: keeps Var z = Var x"

_ENTRIES = (
    Initialiser("zeros", "0", "every unit of a layer then stays the same", _same(None), random=False),
    Initialiser("ones", "1", "every unit of a layer then stays the same", _same(None, 1.0), random=False),
    Initialiser("constant", "value", "one number throughout", _same("value"), options={"value": None}, random=False),
    Initialiser(
        "uniform",
        "U[low, high)",
        "bounds as given",
        _uniform_between,
        options={"low": None, "high": None},
        refuse=_refuse_bounds,
    ),
    Initialiser(
        "normal",
        "N(mean, std²)",
        "std is the standard deviation, not the variance",
        _normal_about,
        options={"mean": 0.0, "std": None},
        refuse=_refuse_std,
    ),
    Initialiser(
        "xavier_uniform",
        "U[−r, r), r = √(6/(n+m))",
        _GLOROT,
        _uniform(lambda n, m: math.sqrt(6 / (n + m))),
        aliases=("glorot_uniform",),
    ),
    Initialiser(
        "xavier_normal",
        "N(0, 2/(n+m))",
        _GLOROT,
        _normal(lambda n, m: math.sqrt(2 / (n + m))),
        aliases=("glorot_normal",),
    ),
    Initialiser(
        "he_uniform",
        "U[−r, r), r = √(6/n)",
        _HE,
        _uniform(lambda n, m: math.sqrt(6 / n)),
        aliases=("kaiming_uniform",),
    ),
    Initialiser("he_normal", "N(0, 2/n)", _HE, _normal(lambda n, m: math.sqrt(2 / n)), aliases=("kaiming_normal",)),
    Initialiser("lecun_uniform", "U[−r, r), r = √(3/n)", _LECUN, _uniform(lambda n, m: math.sqrt(3 / n))),
    Initialiser("lecun_normal", "N(0, 1/n)", _LECUN, _normal(lambda n, m: math.sqrt(1 / n))),
)

INITIALISERS: dict[str, Initialiser] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}
