"""The penalties: a table, one entry each, and how they enter the loss and the gradient.

A penalty adds `factor · strength · Σ term(w)` to the loss, over the elements of the parameters it is on; its
gradient adds to theirs. Data loss and penalty are always apart: `loss = data_loss + penalty` and
`dW = dW_data + dW_penalty`. Under ascent the penalty is taken from the objective, and so is its gradient.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from engine.formula.nodes import Node, Num, Var, absolute, call
from engine.scenario.model import Penalty as Declared

W = Var("w")


class Penalty(Struct, frozen=True):
    """One penalty: its term and the term's derivative, in w."""

    name: str
    term: Callable[[Declared], Node]
    derivative: Callable[[Declared], Node]
    source: str
    aliases: tuple[str, ...] = ()


def _ratio(declared: Declared) -> tuple[Num, Num]:
    return Num(declared.l1_ratio), Num(1.0 - declared.l1_ratio)


_ENTRIES = (
    Penalty(
        "l1",
        lambda declared: absolute(W),
        lambda declared: call("sign", W),
        "Σ |w|, derivative sign(w) with sign(0) = 0",
        ("lasso",),
    ),
    Penalty(
        "l2",
        lambda declared: W**2,
        lambda declared: 2 * W,
        "Σ w², derivative 2w; a factor ½ before it makes that w",
        ("ridge",),
    ),
    Penalty(
        "elastic_net",
        lambda declared: _ratio(declared)[0] * absolute(W) + _ratio(declared)[1] * W**2,
        lambda declared: _ratio(declared)[0] * call("sign", W) + 2 * _ratio(declared)[1] * W,
        "l1_ratio·Σ |w| + (1 − l1_ratio)·Σ w²",
    ),
)

PENALTIES: dict[str, Penalty] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}


def on(declared: Declared, parameter: str, layer: int) -> bool:
    """Whether a penalty is on a parameter ("W", "b") of a layer. γ and β of a normalisation are never penalised."""
    if declared.layers and layer not in declared.layers:
        return False
    return parameter in {"weights": "W", "biases": "b", "all": "Wb"}[declared.on]


def in_gradient(declared: Declared) -> bool:
    """Whether a penalty acts through the gradient; a proximal one acts after the update."""
    return not declared.proximal
