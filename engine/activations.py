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
from collections.abc import Callable, Mapping

from msgspec import Struct, field

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


class Stated(Struct, frozen=True):
    """A formula as a textbook writes it, where another is computed."""

    formula: Node
    agrees: str
    """Where both agree, for people."""
    within: tuple[float, float] = (-INF, INF)
    """The z between which they agree to 10 digits; a test holds it."""


class Activation(Struct, frozen=True):
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
    bends: tuple[float, ...] = ()
    """Where f″ jumps but f′ does not: differences across such a place are not exact."""
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


def softplus(z: Node) -> Node:
    """ln(1 + e^z) without overflow."""
    return maximum(z, 0) + log1p(exp(-absolute(z)))


def sigmoid(z: Node) -> Where:
    """σ(z). Below −700 e^(−z) nears overflow, and e^z is σ(z) to all digits."""
    return Where(z, ">=", Num(-700.0), 1 / (1 + exp(-z)), exp(z))


def _where(test: Node, yes: Node | float, no: Node | float) -> Where:
    """`yes` where `test` > 0."""
    return Where(test, ">", Num(0.0), lift(yes), lift(no))


SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
"""Klambauer et al. 2017, to float64."""

_GELU_U = Num(math.sqrt(2 / math.pi), "√(2/π)") * (Z + 0.044715 * Z**3)
_GELU_U_PRIME = Num(math.sqrt(2 / math.pi), "√(2/π)") * (1 + 3 * 0.044715 * Z**2)
_NORMAL_DENSITY = exp(-(Z**2) / 2) / Num(math.sqrt(2 * math.pi), "√(2π)")

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
        softplus(Z),
        sigmoid(Z),
        "ln(1 + e^z), whose derivative is the sigmoid",
        value_stated=Stated(
            ln(1 + exp(Z)), "to 10 digits for −13 < z < 709; it gives 0 below −37 and ∞ above 709", (-13.0, 709.0)
        ),
    ),
    Activation(
        "elu",
        _where(Z, Z, Var("alpha") * call("expm1", Z)),
        _where(Z, 1, Var("alpha") * exp(Z)),
        "exponential linear unit (Clevert et al. 2016); expm1(z) is e^z − 1 without losing digits near 0",
        options={"alpha": 1.0},
        kinks=(0.0,),
        at_kink="elu′(0) = alpha",
    ),
    Activation(
        "selu",
        _where(Z, SELU_SCALE * Z, SELU_SCALE * SELU_ALPHA * call("expm1", Z)),
        _where(Z, SELU_SCALE, SELU_SCALE * SELU_ALPHA * exp(Z)),
        "scaled elu with the constants that keep mean 0 and variance 1 (Klambauer et al. 2017)",
        kinks=(0.0,),
        at_kink="selu′(0) = 1.0507·1.6733",
    ),
    Activation(
        "softsign",
        Z / (1 + absolute(Z)),
        1 / (1 + absolute(Z)) ** 2,
        "z/(1 + |z|)",
        bends=(0.0,),
        range=(-1.0, 1.0),
    ),
    Activation(
        "silu",
        Z * sigmoid(Z),
        sigmoid(Z) * (1 + Z * sigmoid(-Z)),
        "z·σ(z), also called swish (Ramachandran et al. 2017)",
        aliases=("swish",),
    ),
    Activation(
        "gelu",
        Z * call("Phi", Z),
        call("Phi", Z) + Z * _NORMAL_DENSITY,
        "z·Φ(z) with the normal distribution function Φ, exact (Hendrycks & Gimpel 2016)",
    ),
    Activation(
        "gelu_tanh",
        Z * sigmoid(2 * _GELU_U),
        sigmoid(2 * _GELU_U) + 2 * Z * sigmoid(2 * _GELU_U) * sigmoid(-2 * _GELU_U) * _GELU_U_PRIME,
        "gelu by tanh; ½(1 + tanh u) = σ(2u) keeps its digits where 1 + tanh u has lost them",
        value_stated=Stated(
            Num(0.5, "½") * Z * (1 + call("tanh", _GELU_U)),
            "to 10 digits for z > −4.5; from z = −7.21 on it gives 0",
            (-4.5, INF),
        ),
        aliases=("gelu_approximate",),
        printed="gelu",
    ),
    Activation(
        "mish",
        Z * call("tanh", softplus(Z)),
        call("tanh", softplus(Z)) + Z * sigmoid(Z) / call("cosh", softplus(Z)) ** 2,
        "z·tanh(softplus(z)) (Misra 2019)",
    ),
    Activation(
        "hard_sigmoid",
        call("min", maximum(Z / 6 + Num(0.5, "½"), 0), 1),
        Where(Z, ">", Num(-3.0), Where(Num(3.0), ">", Z, Num(1 / 6, "1/6"), Num(0.0)), Num(0.0)),
        "PyTorch's: z/6 + ½ cut off at 0 and 1 (Keras 2 had z/5 + ½)",
        kinks=(-3.0, 3.0),
        at_kink="hard_sigmoid′(±3) = 0",
        range=(0.0, 1.0),
    ),
    Activation(
        "step",
        Where(Z, ">=", Num(0.0), Num(1.0), Num(0.0)),
        Num(0.0),
        "Heaviside's step, 1 from 0 on; its slope is 0 everywhere, so nothing below it learns by gradients",
        aliases=("heaviside", "threshold"),
        kinks=(0.0,),
        at_kink="step′(0) = 0",
        range=(0.0, 1.0),
    ),
    Activation(
        "softmax",
        None,
        None,
        "p_j = e^(z_j) / Σ e^(z_i); the largest z is subtracted first, which changes nothing but the overflow",
        range=(0.0, 1.0),
    ),
    Activation(
        "log_softmax",
        None,
        None,
        "ln softmax: z_j − ln Σ e^(z_i)",
        range=(-INF, 0.0),
    ),
)

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}


def softmax_value(z: Callable[[str], Ref], space: str) -> Node:
    """a_j computed, `z` giving the input of a unit: the exponents shifted by m = max z so that none overflows."""
    shifted = exp(z("j") - Local("m")) / sum_over("i", space, exp(z("i") - Local("m")))
    return Let("m", max_over("i", space, z("i")), shifted)


def log_softmax_value(z: Callable[[str], Ref], space: str) -> Node:
    """a_j = z_j − m − ln Σ e^(z_i − m)."""
    total = ln(sum_over("i", space, exp(z("i") - Local("m"))))
    return Let("m", max_over("i", space, z("i")), z("j") - Local("m") - total)


def log_softmax_stated(z: Callable[[str], Ref], space: str) -> Stated:
    return Stated(
        z("j") - ln(sum_over("i", space, exp(z("i")))),
        "while every z is between −700 and 709; above, e^z overflows",
        (-700.0, 709.0),
    )


def softmax_stated(z: Callable[[str], Ref], space: str) -> Stated:
    return Stated(
        exp(z("j")) / sum_over("i", space, exp(z("i"))),
        "while every z is between −700 and 709; above, e^z overflows",
        (-700.0, 709.0),
    )


def printed_call(entry: Activation, argument: Node) -> Call:
    """The function by its name, for printing: σ(z)."""
    return Call(entry.symbol, (lift(argument),))
