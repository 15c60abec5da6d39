"""The losses: a table, one entry each.

A loss is `L = factor · R_samples R_outputs term(y, ŷ)`, where each R is a sum or a mean. An entry gives the
term and its derivative with respect to ŷ as trees in `y` and `yhat`, or, where the outputs of a sample depend on
one another, the sum over them. A canonical pair of output activation and loss has a shortcut, in which ∂L/∂z is
proportional to ŷ − y and the loss is computed from z so that it neither overflows nor loses digits; where the
shortcut is valid is said, and the long way stays available.

Under ascent (`direction = "maximise"`) the factor is negative: the objective is −L as written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct, field

from engine.activations import sigmoid
from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import (
    Add,
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
    Where,
    absolute,
    call,
    exp,
    ln,
    log1p,
    max_over,
    maximum,
    sum_over,
)
from engine.quantity import Key
from engine.scenario.model import Array
from engine.scenario.model import Loss as Declared

Y = Var("y")
YHAT = Var("yhat")


class Joint(Struct, frozen=True):
    """A formula over all outputs of a sample, read from one array: as a tree and in numpy."""

    tree: Callable[[Key], Node]
    """The array's key → the tree for sample "s" (and unit "j" where it is a slope)."""
    array: Callable[[Array, Array], Array]
    """The array and y, both (samples, units), → (samples,), or (samples, units) for a slope."""


class Shortcut(Struct, frozen=True):
    """δ = c·(ŷ − y), and the loss from z, for one activation of the last layer."""

    from_logits: Joint
    valid: str
    """When the shortcut holds, for people."""
    together: Callable[[Array, Array], tuple[Array, Array]] | None = None
    """(z, y) → the activation and `from_logits` of it, where both begin with the same sums."""


class Loss(Struct, frozen=True):
    """One loss: its term per output and ∂term/∂ŷ, or the two for all outputs together."""

    name: str
    source: str
    term: Node | None = None
    """In y and ŷ, as a textbook writes it; options as `Var`s of their names."""
    derivative: Node | None = None
    """∂term/∂ŷ, without `derivative_factor`."""
    total: Joint | None = None
    """Instead of `term`: the sum over the outputs, from ŷ."""
    slope: Joint | None = None
    """Instead of `derivative`."""
    derivative_factor: float = 1.0
    """The constant of the derivative, folded into the coefficient (the 2 of a square)."""
    kink: Node | None = None
    """In y and ŷ: where it is 0 the derivative jumps."""
    bend: Node | None = None
    """In y and ŷ: where it is 0 the second derivative jumps, but not the first."""
    options: Mapping[str, float] = field(default_factory=dict)
    """Option names and their defaults."""
    aliases: Mapping[str, tuple[float, str, str]] = field(default_factory=dict)
    """Alias → (factor, over_outputs, over_samples): names that fix the conventions."""
    needs_range: tuple[float, float] | None = None
    """Where the outputs must lie; the last activation's range has to be inside."""
    targets: str = "any"
    """"any", "unit_interval" (each in [0, 1]), "distribution" (rows ≥ 0 that sum to 1) or "signs" (each −1 or 1)."""
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)
    """Activation of the last layer → its shortcut."""


def _at(key: Key, unit: str) -> Ref:
    return Ref(key[0], key[1], (unit,), "s")


def _target(unit: str) -> Ref:
    return Ref("y", None, (unit,), "s")


def _units(key: Key) -> str:
    return units_of(key[1] or 0)


def _binary_tree(key: Key) -> Node:
    """Σ max(z, 0) − z·y + ln(1 + e^−|z|): −y ln σ(z) − (1−y) ln(1−σ(z)) with the logarithms worked out."""
    z = _at(key, "j")
    return sum_over("j", _units(key), maximum(z, 0) - z * _target("j") + log1p(exp(-absolute(z))))


def _binary_array(z: Array, y: Array) -> Array:
    losses: Array = (np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))).sum(axis=1)
    return losses


def _categorical_tree(key: Key) -> Node:
    """ln Σ e^(z−m) − Σ y·(z−m), m = max z: −Σ y ln softmax(z), because the targets sum to 1."""
    m, units = Local("m"), _units(key)
    total = ln(sum_over("i", units, exp(_at(key, "i") - m)))
    return Let(
        "m", max_over("i", units, _at(key, "i")), total - sum_over("j", units, _target("j") * (_at(key, "j") - m))
    )


def _categorical_array(z: Array, y: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    losses: Array = np.log(np.exp(shifted).sum(axis=1)) - (y * shifted).sum(axis=1)
    return losses


def _categorical_together(z: Array, y: Array) -> tuple[Array, Array]:
    shifted = z - z.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    return e / total, np.log(total[:, 0]) - (y * shifted).sum(axis=1)


def _categorical_slope_tree(key: Key) -> Node:
    """softmax(ŷ)_j − y_j."""
    m, units = Local("m"), _units(key)
    share = exp(_at(key, "j") - m) / sum_over("i", units, exp(_at(key, "i") - m))
    return Let("m", max_over("i", units, _at(key, "i")), share - _target("j"))


def _categorical_slope_array(z: Array, y: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    slope: Array = e / e.sum(axis=1, keepdims=True) - y
    return slope


def _divergence_tree(key: Key) -> Node:
    """Cross-entropy from logits, less the entropy of the targets."""
    entropy = sum_over("j", _units(key), call("xlny", _target("j"), _target("j")))
    inner = _categorical_tree(key)
    assert isinstance(inner, Let)
    return Let(inner.name, inner.value, inner.body + entropy)


def _divergence_array(z: Array, y: Array) -> Array:
    losses: Array = _categorical_array(z, y) + np.where(y == 0.0, 0.0, y * np.log(np.where(y == 0.0, 1.0, y))).sum(
        axis=1
    )
    return losses


_BINARY = Joint(_binary_tree, _binary_array)
_CATEGORICAL = Joint(_categorical_tree, _categorical_array)
_SOFTMAX_VALID = (
    "for a softmax output with {} only, and targets that sum to 1: there the softmax Jacobian cancels the"
    " denominators of ∂L/∂ŷ"
)

_ENTRIES = (
    Loss(
        "squared_error",
        "(y − ŷ)²",
        (Y - YHAT) ** 2,
        YHAT - Y,
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
        "absolute_error",
        "|y − ŷ|, slope sign(ŷ − y) with sign(0) = 0",
        absolute(Y - YHAT),
        call("sign", YHAT - Y),
        kink=YHAT - Y,
        aliases={
            "sum_absolute_error": (1.0, "sum", "sum"),
            "mean_absolute_error": (1.0, "mean", "mean"),
            "mae": (1.0, "mean", "mean"),
        },
    ),
    Loss(
        "huber",
        "½(y − ŷ)² within delta, delta·(|y − ŷ| − ½delta) beyond (Huber 1964, PyTorch's HuberLoss)",
        Where(
            Var("delta"), ">=", absolute(Y - YHAT),
            Num(0.5, "½") * (Y - YHAT) ** 2,
            Var("delta") * (absolute(Y - YHAT) - Num(0.5, "½") * Var("delta")),
        ),
        Where(Var("delta"), ">=", absolute(Y - YHAT), YHAT - Y, Var("delta") * call("sign", YHAT - Y)),
        bend=Var("delta") - absolute(Y - YHAT),
        options={"delta": 1.0},
        aliases={"mean_huber": (1.0, "mean", "mean"), "sum_huber": (1.0, "sum", "sum")},
    ),
    Loss(
        "binary_cross_entropy",
        "−(y ln ŷ + (1−y) ln(1−ŷ)), with 0·ln 0 = 0; ln is the natural logarithm",
        -(call("xlny", Y, YHAT) + call("xlny", 1 - Y, 1 - YHAT)),
        -call("x_over", Y, YHAT) + call("x_over", 1 - Y, 1 - YHAT),
        aliases={
            "mean_binary_cross_entropy": (1.0, "mean", "mean"),
            "sum_binary_cross_entropy": (1.0, "sum", "sum"),
            "log_loss": (1.0, "mean", "mean"),
        },
        needs_range=(0.0, 1.0),
        targets="unit_interval",
        shortcuts={
            "sigmoid": Shortcut(
                _BINARY,
                "for a sigmoid output with binary cross-entropy only: there σ′(z) = ŷ(1−ŷ) cancels the"
                " denominator of ∂L/∂ŷ",
            )
        },
    ),
    Loss(
        "binary_cross_entropy_with_logits",
        "binary cross-entropy of σ(ŷ): the output is the logit itself",
        maximum(YHAT, 0) - YHAT * Y + log1p(exp(-absolute(YHAT))),
        sigmoid(YHAT) - Y,
        aliases={
            "mean_binary_cross_entropy_with_logits": (1.0, "mean", "mean"),
            "sum_binary_cross_entropy_with_logits": (1.0, "sum", "sum"),
        },
        targets="unit_interval",
    ),
    Loss(
        "cross_entropy",
        "−Σ y ln ŷ over the classes, with 0·ln 0 = 0; ln is the natural logarithm",
        -call("xlny", Y, YHAT),
        -call("x_over", Y, YHAT),
        aliases={
            "mean_cross_entropy": (1.0, "sum", "mean"),
            "sum_cross_entropy": (1.0, "sum", "sum"),
            "categorical_cross_entropy": (1.0, "sum", "mean"),
        },
        needs_range=(0.0, 1.0),
        targets="distribution",
        shortcuts={
            "softmax": Shortcut(_CATEGORICAL, _SOFTMAX_VALID.format("cross-entropy"), _categorical_together)
        },
    ),
    Loss(
        "cross_entropy_with_logits",
        "cross-entropy of softmax(ŷ): the outputs are the logits themselves (PyTorch's CrossEntropyLoss)",
        total=_CATEGORICAL,
        slope=Joint(_categorical_slope_tree, _categorical_slope_array),
        aliases={
            "mean_cross_entropy_with_logits": (1.0, "sum", "mean"),
            "sum_cross_entropy_with_logits": (1.0, "sum", "sum"),
        },
        targets="distribution",
    ),
    Loss(
        "negative_log_likelihood",
        "−Σ y·ŷ where ŷ is a log-probability: after log_softmax (PyTorch's NLLLoss)",
        -(Y * YHAT),
        -Y,
        aliases={
            "nll": (1.0, "sum", "mean"),
            "mean_negative_log_likelihood": (1.0, "sum", "mean"),
            "sum_negative_log_likelihood": (1.0, "sum", "sum"),
        },
        needs_range=(-np.inf, 0.0),
        targets="distribution",
    ),
    Loss(
        "hinge",
        "max(0, margin − y·ŷ) for targets −1 and 1; margin 0 is the perceptron's loss",
        maximum(0, Var("margin") - Y * YHAT),
        Where(Var("margin") - Y * YHAT, ">", Num(0.0), -Y, Num(0.0)),
        kink=Var("margin") - Y * YHAT,
        options={"margin": 1.0},
        aliases={"mean_hinge": (1.0, "mean", "mean"), "sum_hinge": (1.0, "sum", "sum")},
        targets="signs",
    ),
    Loss(
        "kl_divergence",
        "Σ y (ln y − ln ŷ): cross-entropy less the entropy of the targets",
        call("xlny", Y, Y) - call("xlny", Y, YHAT),
        -call("x_over", Y, YHAT),
        aliases={"mean_kl_divergence": (1.0, "sum", "mean"), "sum_kl_divergence": (1.0, "sum", "sum")},
        needs_range=(0.0, 1.0),
        targets="distribution",
        shortcuts={
            "softmax": Shortcut(
                Joint(_divergence_tree, _divergence_array), _SOFTMAX_VALID.format("the divergence from the targets")
            )
        },
    ),
)  # fmt: skip

LOSSES: dict[str, Loss] = {entry.name: entry for entry in _ENTRIES}


def over_units(layer: int, body: Node) -> Node:
    """Σ over the units j of a layer, a minus before the sum rather than in it."""
    if isinstance(body, Neg):
        return Neg(over_units(layer, body.of))
    return sum_over("j", units_of(layer), body)


def scaled(declared: Declared, body: Node, times: float = 1.0) -> Node:
    """`body` with the loss's factor and the denominators of its means before it, the minus first of all."""
    constant = declared.factor * times
    negative = (constant < 0.0) != isinstance(body, Neg)
    plain = _scaled(declared, body.of if isinstance(body, Neg) else body, abs(constant))
    return Neg(plain) if negative else plain


def _scaled(declared: Declared, body: Node, constant: float) -> Node:
    under: list[Node] = []
    if declared.over_samples == "mean":
        under.append(Size(SAMPLES, "n"))
    if declared.over_outputs == "mean":
        under.append(Size("outputs", "K"))
    if not under:
        if constant == 1.0:
            return body
        return Num(constant, "½" if constant == 0.5 else "") * body
    if constant != 1.0 and (1.0 / constant).is_integer():
        return Div(Num(1.0), Mul((Num(1.0 / constant), *under))) * body
    return Div(Num(constant), under[0] if len(under) == 1 else Mul(tuple(under))) * body


def difference(declared: Declared, left: Node, right: Node) -> Node:
    """left − right where the loss is minimised, right − left where its negative is maximised."""
    return Add((right, Neg(left))) if declared.factor < 0.0 else Add((left, Neg(right)))


def written_coefficient(declared: Declared) -> str:
    """What stands before ŷ − y in a formula of arrays: "", "2·", "1/n·"."""
    under = "n" * (declared.over_samples == "mean") + "K" * (declared.over_outputs == "mean")
    size = abs(declared.factor)
    factor = "½" if size == 0.5 and not under else f"{size:g}"
    if not under:
        return "" if size == 1.0 else f"{factor}·"
    return f"{factor}/{under if len(under) == 1 else '(n·K)'}·"


def coefficient(declared: Declared, samples: int, outputs: int) -> float:
    """factor / (samples where averaged over them) / (outputs likewise): what stands before the sum of terms."""
    value = declared.factor
    if declared.over_samples == "mean":
        value /= samples
    if declared.over_outputs == "mean":
        value /= outputs
    return value
