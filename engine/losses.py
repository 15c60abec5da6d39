"""The losses: a table, one entry each.

A loss is `L = factor · R_samples R_outputs term(y, ŷ)`, where each R is a sum or a mean. An entry gives the
term and its derivative with respect to ŷ as trees in `y` and `yhat`. A canonical pair of output activation and
loss has a shortcut, in which ∂L/∂z is proportional to ŷ − y and the loss is computed from z so that it neither
overflows nor loses digits; where the shortcut is valid is said, and the long way stays available.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import (
    Div,
    Let,
    Local,
    Mul,
    Neg,
    Node,
    Num,
    Ref,
    Size,
    Var,
    absolute,
    call,
    exp,
    ln,
    log1p,
    max_over,
    maximum,
    sum_over,
)
from engine.scenario.model import Array
from engine.scenario.model import Loss as Declared

Y = Var("y")
YHAT = Var("yhat")


@dataclass(frozen=True)
class Shortcut:
    """δ = c·(ŷ − y), and the loss from z, for one activation of the last layer."""

    from_logits: Callable[[int], Node]
    """Last layer → the sum over its units of the term of sample "s", computed from z."""
    array: Callable[[Array, Array], Array]
    """The same in numpy: z and y, both (samples, units), to (samples,)."""
    valid: str
    """When the shortcut holds, for people."""


@dataclass(frozen=True)
class Loss:
    """One loss: its term per output, and ∂term/∂ŷ."""

    name: str
    term: Node
    """In y and ŷ, as a textbook writes it."""
    derivative: Node
    """∂term/∂ŷ, without `derivative_factor`."""
    source: str
    derivative_factor: float = 1.0
    """The constant of the derivative, folded into the coefficient (the 2 of a square)."""
    aliases: Mapping[str, tuple[float, str, str]] = field(default_factory=dict)
    """Alias → (factor, over_outputs, over_samples): names that fix the conventions."""
    needs_range: tuple[float, float] | None = None
    """Where the outputs must lie; the last activation's range has to be inside."""
    targets: str = "any"
    """"any", "unit_interval" (each in [0, 1]) or "distribution" (rows ≥ 0 that sum to 1)."""
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)
    """Activation of the last layer → its shortcut."""


def _z(unit: str) -> Callable[[int], Ref]:
    return lambda layer: Ref("z", layer, (unit,), "s")


def _target(unit: str) -> Ref:
    return Ref("y", None, (unit,), "s")


def _binary_from_logits(layer: int) -> Node:
    """Σ max(z, 0) − z·y + ln(1 + e^−|z|): −y ln σ(z) − (1−y) ln(1−σ(z)) with the logarithms worked out."""
    z = _z("j")(layer)
    return over_units(layer, maximum(z, 0) - z * _target("j") + log1p(exp(-absolute(z))))


def _categorical_from_logits(layer: int) -> Node:
    """ln Σ e^(z−m) − Σ y·(z−m), m = max z: −Σ y ln softmax(z), because the targets sum to 1."""
    m = Local("m")
    units = units_of(layer)
    total = ln(sum_over("i", units, exp(_z("i")(layer) - m)))
    return Let(
        "m",
        max_over("i", units, _z("i")(layer)),
        total - sum_over("j", units, _target("j") * (_z("j")(layer) - m)),
    )


def _binary_array(z: Array, y: Array) -> Array:
    losses: Array = (np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))).sum(axis=1)
    return losses


def _categorical_array(z: Array, y: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    losses: Array = np.log(np.exp(shifted).sum(axis=1)) - (y * shifted).sum(axis=1)
    return losses


_ENTRIES = (
    Loss(
        "squared_error",
        (Y - YHAT) ** 2,
        YHAT - Y,
        "(y − ŷ)²",
        derivative_factor=2.0,
        aliases={
            "half_squared_error": (0.5, "sum", "sum"),
            "sum_squared_error": (1.0, "sum", "sum"),
            "sse": (1.0, "sum", "sum"),
            "mean_squared_error": (1.0, "mean", "mean"),
            "mse": (1.0, "mean", "mean"),
            "half_mean_squared_error": (0.5, "sum", "mean"),
        },
    ),
    Loss(
        "binary_cross_entropy",
        -(call("xlny", Y, YHAT) + call("xlny", 1 - Y, 1 - YHAT)),
        -call("x_over", Y, YHAT) + call("x_over", 1 - Y, 1 - YHAT),
        "−(y ln ŷ + (1−y) ln(1−ŷ)), with 0·ln 0 = 0; ln is the natural logarithm",
        aliases={
            "mean_binary_cross_entropy": (1.0, "mean", "mean"),
            "sum_binary_cross_entropy": (1.0, "sum", "sum"),
            "log_loss": (1.0, "mean", "mean"),
        },
        needs_range=(0.0, 1.0),
        targets="unit_interval",
        shortcuts={
            "sigmoid": Shortcut(
                _binary_from_logits,
                _binary_array,
                "for a sigmoid output with binary cross-entropy only: there σ′(z) = ŷ(1−ŷ) cancels the"
                " denominator of ∂L/∂ŷ",
            )
        },
    ),
    Loss(
        "cross_entropy",
        -call("xlny", Y, YHAT),
        -call("x_over", Y, YHAT),
        "−Σ y ln ŷ over the classes, with 0·ln 0 = 0; ln is the natural logarithm",
        aliases={
            "mean_cross_entropy": (1.0, "sum", "mean"),
            "sum_cross_entropy": (1.0, "sum", "sum"),
            "categorical_cross_entropy": (1.0, "sum", "mean"),
        },
        needs_range=(0.0, 1.0),
        targets="distribution",
        shortcuts={
            "softmax": Shortcut(
                _categorical_from_logits,
                _categorical_array,
                "for a softmax output with cross-entropy only, and targets that sum to 1: there the softmax"
                " Jacobian cancels the denominators of ∂L/∂ŷ",
            )
        },
    ),
)

LOSSES: dict[str, Loss] = {entry.name: entry for entry in _ENTRIES}


def over_units(layer: int, body: Node) -> Node:
    """Σ over the units j of a layer, a minus before the sum rather than in it."""
    if isinstance(body, Neg):
        return Neg(over_units(layer, body.of))
    return sum_over("j", units_of(layer), body)


def scaled(declared: Declared, body: Node, times: float = 1.0) -> Node:
    """`body` with the loss's factor and the denominators of its means before it."""
    constant = declared.factor * times
    under: list[Node] = []
    if declared.over_samples == "mean":
        under.append(Size(SAMPLES, "n"))
    if declared.over_outputs == "mean":
        under.append(Size("outputs", "K"))
    if not under and constant == 1.0:
        return body
    if not under:
        coefficient: Node = Num(constant, "½") if constant == 0.5 else Num(constant)
    elif constant != 1.0 and (1.0 / constant).is_integer():
        coefficient = Div(Num(1.0), Mul((Num(1.0 / constant), *under)))
    else:
        coefficient = Div(Num(constant), under[0] if len(under) == 1 else Mul(tuple(under)))
    if isinstance(body, Neg):
        return Neg(coefficient * body.of)
    return coefficient * body


def written_coefficient(declared: Declared) -> str:
    """What stands before ŷ − y in a formula of arrays: "", "2·", "1/n·"."""
    under = "n" * (declared.over_samples == "mean") + "K" * (declared.over_outputs == "mean")
    factor = "½" if declared.factor == 0.5 and not under else f"{declared.factor:g}"
    if not under:
        return "" if declared.factor == 1.0 else f"{factor}·"
    return f"{factor}/{under if len(under) == 1 else '(n·K)'}·"


def coefficient(declared: Declared, samples: int, outputs: int) -> float:
    """factor / (samples where averaged over them) / (outputs likewise): what stands before the sum of terms."""
    value = declared.factor
    if declared.over_samples == "mean":
        value /= samples
    if declared.over_outputs == "mean":
        value /= outputs
    return value
