"""The optimizers: a table, one entry each.

An optimizer is a list of rules, applied in order to every element of every parameter: each rule writes a slot
(a state of the optimizer, one number per parameter) or, the last one, the parameter itself. A rule is a tree in
`old` (the parameter before), `gradient`, `lr`, `t` (the number of this update, from 1), the options by name, and
the slots: `m` is a slot as this update has just written it, `m_old` as it was before. The tree is printed in
the walk and compiled to the numpy code that updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.formula.nodes import Node, Var

OLD = Var("old")
GRADIENT = Var("gradient")
LR = Var("lr")


@dataclass(frozen=True)
class Rule:
    """One assignment of an update."""

    slot: str
    """Name of the slot written; empty for the parameter."""
    formula: Node
    why: str
    start: float = 0.0
    """Value of the slot before the first update."""


@dataclass(frozen=True)
class Optimizer:
    name: str
    rules: tuple[Rule, ...]
    source: str
    aliases: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)
    """Option names and their defaults, beyond learning_rate."""


_ENTRIES = (
    Optimizer(
        "sgd",
        (Rule("", OLD - LR * GRADIENT, "One step of size η against the gradient: downhill."),),
        "w ← w − η·∂L/∂w",
        aliases=("gradient_descent",),
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}
