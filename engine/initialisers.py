"""How starting weights and biases are made: a table, one entry each.

In the formulas n is fan-in, the inputs of a layer, and m is fan-out, its units. Uniform ones lie in [−r, r),
whose variance is r²/3; normal ones have exactly the standard deviation of the formula, and nothing is truncated
but `truncated_normal`. Mind the names: what some sheets call Xavier is `lecun_normal` here and in the libraries
(variance 1/n); PyTorch's `kaiming_*` and Keras's `he_*` are the same for a ReLU, while Keras draws its normal ones
truncated. `mode` takes m or (n+m)/2 in place of n, and `gain` is a factor before every weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct, field

from engine.scenario.model import Array

WEIGHTS = 0
BIASES = 1

CUT = 2.0
"""Where `truncated_normal` ends, in standard deviations."""
_LARGEST = 1e300
"""Of deviations and gains, so that no draw is infinite."""

Shape = tuple[int, ...]
Option = float | str
Options = Mapping[str, Option]
Fill = Callable[["np.random.Generator", Shape, int, int, Options], Array]


class Initialiser(Struct, frozen=True):
    """One way to make starting parameters."""

    name: str
    formula: str
    source: str
    fill: Fill
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Option | None] = field(default_factory=dict)
    """Option names and their defaults; None for one that must be given. A number, or a word of `choices`."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the options that are words may say."""
    random: bool = True
    """Whether it draws numbers, so that it needs a seed."""
    matrix: bool = False
    """Whether it makes matrices only, so that it is none for biases."""
    refuse: Callable[[Options], str | None] = lambda options: None
    """What is wrong with these options, if anything."""

    def draw(
        self, rng: np.random.Generator, fan_out: int, fan_in: int, shape: Shape | None = None, /, **options: Option
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
    def fill(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
        return np.full(shape, value if option is None else number(options, option), dtype=np.float64)

    return fill


def number(options: Options, name: str) -> float:
    """An option that is a number."""
    return float(options[name])


def _uniform(square: float) -> Fill:
    """Uniform in [−r, r), r² = `square`/fan."""

    def fill(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
        radius = number(options, "gain") * math.sqrt(square / _fan(fan_out, fan_in, options))
        return rng.uniform(-radius, radius, shape)

    return fill


def _normal(variance: float) -> Fill:
    """Normal about 0 with the variance `variance`/fan."""

    def fill(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
        return rng.normal(0.0, number(options, "gain") * math.sqrt(variance / _fan(fan_out, fan_in, options)), shape)

    return fill


def _fan(fan_out: int, fan_in: int, options: Options) -> float:
    """What a variance is divided by; the Xavier ones, which have no mode, take the average."""
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_average": (fan_in + fan_out) / 2}
    return fans[str(options.get("mode", "fan_average"))]


def _uniform_between(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
    return rng.uniform(number(options, "low"), number(options, "high"), shape)


def _normal_about(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
    # numpy takes −0.0 for a negative deviation
    return rng.normal(number(options, "mean"), abs(number(options, "std")), shape)


def _truncated_normal(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
    drawn = rng.standard_normal(shape)
    while (outside := np.abs(drawn) > CUT).any():
        drawn[outside] = rng.standard_normal(int(outside.sum()))
    values: Array = number(options, "mean") + number(options, "std") * drawn
    return values


def _orthogonal(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
    rows, columns = shape
    drawn = rng.standard_normal((max(shape), min(shape)))
    q, r = np.linalg.qr(drawn)
    # the signs make the decomposition the only one, and with it every orthogonal matrix as likely as any other
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    values: Array = number(options, "gain") * (q if rows >= columns else q.T)
    return values


def _identity(rng: np.random.Generator, shape: Shape, fan_out: int, fan_in: int, options: Options) -> Array:
    rows, columns = shape
    values: Array = number(options, "gain") * np.eye(rows, columns)
    return values


def _refuse_bounds(options: Options) -> str | None:
    low, high = number(options, "low"), number(options, "high")
    if not low < high:
        return f"low has to be less than high, got low {low} and high {high}"
    return None if math.isfinite(high - low) else "low and high are too far apart for a 64-bit float"


def _refuse_std(options: Options) -> str | None:
    mean, std = number(options, "mean"), number(options, "std")
    if std < 0:
        return f"std is a standard deviation, so at least 0, got {std}"
    return None if std <= _LARGEST and abs(mean) <= _LARGEST else "mean and std have to be at most 1e300"


def _refuse_gain(options: Options) -> str | None:
    gain = number(options, "gain")
    if gain <= 0:
        return f"gain is a factor greater than 0, got {gain}"
    return None if gain <= _LARGEST else "gain has to be at most 1e300"


_GLOROT = "Glorot & Bengio 2010: the mean of what forward and backward ask for"
_HE = "He et al. 2015: for ReLU, which halves the second moment; mode fan_out keeps the gradients instead"
_LECUN = "LeCun et al. 1998: keeps Var z = Var x"
_GAIN: Mapping[str, Option | None] = {"gain": 1.0}
_SCALED: Mapping[str, Option | None] = {"mode": "fan_in", "gain": 1.0}
_MODES = {"mode": ("fan_in", "fan_out", "fan_average")}

_ENTRIES = (
    Initialiser("zeros", "0", "every unit of a layer then stays the same", _same(None), random=False),
    Initialiser("ones", "1", "every unit of a layer then stays the same", _same(None, 1.0), random=False),
    Initialiser("constant", "value", "one number throughout", _same("value"), options={"value": None}, random=False),
    Initialiser(
        "identity", "gain·1[j=k]",
        "passes its inputs on (Le, Jaitly & Hinton 2015, for ReLU); rows or columns beyond the square are 0",
        _identity, ("eye",), _GAIN, random=False, matrix=True, refuse=_refuse_gain,
    ),
    Initialiser(
        "uniform", "U[low, high)", "bounds as given", _uniform_between, (), {"low": None, "high": None},
        refuse=_refuse_bounds,
    ),
    Initialiser(
        "normal", "N(mean, std²)", "std is the standard deviation, not the variance", _normal_about, (),
        {"mean": 0.0, "std": None}, refuse=_refuse_std,
    ),
    Initialiser(
        "truncated_normal", "N(mean, std²), drawn anew while beyond mean ± 2·std",
        "TensorFlow's: the cut leaves 0.880 of the deviation given, and nothing makes up for it", _truncated_normal,
        ("trunc_normal",), {"mean": 0.0, "std": None}, refuse=_refuse_std,
    ),
    Initialiser(
        "xavier_uniform", "U[−r, r), r = gain·√(6/(n+m))", _GLOROT, _uniform(3.0), ("glorot_uniform",), _GAIN,
        refuse=_refuse_gain,
    ),
    Initialiser(
        "xavier_normal", "N(0, gain²·2/(n+m))", _GLOROT, _normal(1.0), ("glorot_normal",), _GAIN, refuse=_refuse_gain
    ),
    Initialiser(
        "he_uniform", "U[−r, r), r = gain·√(6/n)", _HE, _uniform(6.0), ("kaiming_uniform",), _SCALED, _MODES,
        refuse=_refuse_gain,
    ),
    Initialiser(
        "he_normal", "N(0, gain²·2/n)", _HE, _normal(2.0), ("kaiming_normal",), _SCALED, _MODES, refuse=_refuse_gain
    ),
    Initialiser(
        "lecun_uniform", "U[−r, r), r = gain·√(3/n)", _LECUN, _uniform(3.0), (), _SCALED, _MODES, refuse=_refuse_gain
    ),
    Initialiser("lecun_normal", "N(0, gain²·1/n)", _LECUN, _normal(1.0), (), _SCALED, _MODES, refuse=_refuse_gain),
    Initialiser(
        "orthogonal", "gain·Q, QᵀQ = 1 or QQᵀ = 1",
        "Saxe, McClelland & Ganguli 2014: QR of a normal matrix, R's diagonal made positive; keeps lengths,"
        " forwards and backwards", _orthogonal, (), _GAIN, matrix=True,
        refuse=_refuse_gain,
    ),
)  # fmt: skip

INITIALISERS: dict[str, Initialiser] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}
