"""The activation functions: a table, one entry each.

An entry is all there is to say about a function. Its value and derivative are trees in z (and, for the
derivative, a = f(z)): they are printed in the walk, evaluated there, and compiled to the numpy code that makes
the trace. Where the textbook's form loses digits or overflows it stands as `definition`, with the range in
which it agrees; the tree computed is a stable one. Derivatives are written, not derived, and checked by finite
differences for every entry.

To add a function, add its line and one line in `tests/engine/test_activations.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.formula.ground import units_of
from engine.formula.nodes import (
    Call,
    Let,
    Local,
    Node,
    Num,
    Ref,
    Var,
    Where,
    absolute,
    call,
    exp,
    lift,
    ln,
    log1p,
    max_over,
    maximum,
    sum_over,
)

Z = Var("z")
A = Var("a")
INF = math.inf


@dataclass(frozen=True)
class Stated:
    """A formula as a textbook writes it, where another is computed."""

    formula: Node
    agrees: str
    """Where both agree, for people."""
    within: tuple[float, float] = (-INF, INF)
    """The z between which they agree to 10 digits; a test holds it."""


@dataclass(frozen=True)
class Activation:
    """One activation function. Options appear in trees as `Var`s of their names."""

    name: str
    value: Node | None
    """f(z), computed; None for a function of the whole layer (softmax)."""
    derivative: Node | None
    """f′ in z and a, computed; None for a function of the whole layer."""
    source: str
    value_stated: Stated | None = None
    derivative_stated: Stated | None = None
    aliases: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)
    """Option names and their defaults."""
    kinks: tuple[float, ...] = ()
    """Where f′ jumps; `at_kink` says what is used there."""
    at_kink: str = ""
    range: tuple[float, float] = (-INF, INF)
    """Bounds of f(z)."""
    printed: str = ""
    """How the function's name is written before its argument; the name where empty."""

    @property
    def elementwise(self) -> bool:
        return self.value is not None

    @property
    def symbol(self) -> str:
        return self.printed or self.name


def sigmoid(z: Node) -> Where:
    """σ(z). Below −700 e^(−z) nears overflow, and e^z is σ(z) to all digits."""
    return Where(z, ">=", Num(-700.0), 1 / (1 + exp(-z)), exp(z))


_SIGMOID_STATED = Stated(1 / (1 + exp(-Z)), "for z > −709; below, e^(−z) overflows", (-709.0, INF))

_ENTRIES = (
    Activation("identity", Z, Num(1.0), "f(z) = z", aliases=("linear", "none")),
    Activation(
        "sigmoid",
        sigmoid(Z),
        A * sigmoid(-Z),
        "logistic function; σ′ = σ(z)·σ(−z) keeps its digits where 1 − a has lost them",
        value_stated=_SIGMOID_STATED,
        derivative_stated=Stated(A * (1 - A), "to 10 digits for z < 13; from z = 37 on it gives 0", (-700.0, 13.0)),
        aliases=("logistic",),
        range=(0.0, 1.0),
        printed="σ",
    ),
    Activation(
        "tanh",
        call("tanh", Z),
        1 / call("cosh", Z) ** 2,
        "hyperbolic tangent; 1/cosh² keeps its digits where 1 − a² has lost them",
        derivative_stated=Stated(1 - A**2, "to 10 digits for |z| < 6; from |z| = 19.1 on it gives 0", (-6.0, 6.0)),
        range=(-1.0, 1.0),
    ),
    Activation(
        "relu",
        maximum(0, Z),
        Where(Z, ">", Num(0.0), Num(1.0), Num(0.0)),
        "rectified linear unit",
        aliases=("rectifier",),
        kinks=(0.0,),
        at_kink="relu′(0) = 0",
        range=(0.0, INF),
    ),
    Activation(
        "leaky_relu",
        Where(Z, ">", Num(0.0), Z, Var("slope") * Z),
        Where(Z, ">", Num(0.0), Num(1.0), Var("slope")),
        "leaky rectifier; slope is PyTorch's negative_slope, 0.01 unless given",
        aliases=("lrelu",),
        options={"slope": 0.01},
        kinks=(0.0,),
        at_kink="leaky_relu′(0) = slope",
    ),
    Activation(
        "softplus",
        maximum(Z, 0) + log1p(exp(-absolute(Z))),
        sigmoid(Z),
        "ln(1 + e^z), whose derivative is the sigmoid",
        value_stated=Stated(
            ln(1 + exp(Z)), "to 10 digits for −13 < z < 709; it gives 0 below −37 and ∞ above 709", (-13.0, 709.0)
        ),
    ),
    Activation(
        "softmax",
        None,
        None,
        "p_j = e^(z_j) / Σ e^(z_i); the largest z is subtracted first, which changes nothing but the overflow",
        range=(0.0, 1.0),
    ),
)

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}


def softmax_value(layer: int) -> Node:
    """a[layer][j] computed: the exponents shifted by m = max z so that none overflows."""
    shifted = exp(_z(layer, "j") - Local("m")) / sum_over("i", units_of(layer), exp(_z(layer, "i") - Local("m")))
    return Let("m", max_over("i", units_of(layer), _z(layer, "i")), shifted)


def softmax_stated(layer: int) -> Stated:
    return Stated(
        exp(_z(layer, "j")) / sum_over("i", units_of(layer), exp(_z(layer, "i"))),
        "while every z is between −700 and 709; above, e^z overflows",
        (-700.0, 709.0),
    )


def _z(layer: int, unit: str) -> Ref:
    return Ref("z", layer, (unit,), "s")


def printed_call(entry: Activation, argument: Node) -> Call:
    """The function by its name, for printing: σ(z)."""
    return Call(entry.symbol, (lift(argument),))
