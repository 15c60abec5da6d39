"""The learning-rate schedules: a table, one entry each, as trees in `t` (the number of the update, from 1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from engine.formula.nodes import Named, Node, Num, Var, call
from engine.scenario.model import Schedule as Declared

T = Var("t")


class Schedule(Struct, frozen=True):
    """One schedule: η of update t from the first rate η₀ and the options."""

    name: str
    formula: Callable[[Node, Mapping[str, float]], Node]
    source: str
    options: Mapping[str, float | None] = field(default_factory=dict)
    """Option names and their defaults; None where one must be given."""
    aliases: tuple[str, ...] = ()


def _named(options: Mapping[str, float], name: str) -> Node:
    return Named(name, options[name])


def _step(start: Node, options: Mapping[str, float]) -> Node:
    periods = call("floor", (T - 1) / _named(options, "every"))
    return start * call("pow", _named(options, "factor"), periods)


def _exponential(start: Node, options: Mapping[str, float]) -> Node:
    return start * call("pow", _named(options, "factor"), T - 1)


def _cosine(start: Node, options: Mapping[str, float]) -> Node:
    minimum = _named(options, "minimum")
    # past its period the rate stays at the minimum instead of rising again
    share = call("min", (T - 1) / _named(options, "period"), 1)
    return minimum + Num(0.5, "½") * (start - minimum) * (1 + call("cos", Num(math.pi, "π") * share))


_ENTRIES = (
    Schedule("constant", lambda start, options: start, "η₀"),
    Schedule("step", _step, "η₀·factor^⌊(t−1)/every⌋", {"every": None, "factor": None}),
    Schedule("exponential", _exponential, "η₀·factor^(t−1)", {"factor": None}),
    Schedule(
        "cosine", _cosine, "η_min + ½(η₀−η_min)(1 + cos(π(t−1)/period)), constant after the period",
        {"period": None, "minimum": 0.0},
    ),
)  # fmt: skip

SCHEDULES: dict[str, Schedule] = {entry.name: entry for entry in _ENTRIES}
canonical: dict[str, str] = {spelling: entry.name for entry in _ENTRIES for spelling in (entry.name, *entry.aliases)}


def rate(declared: Declared, start: float) -> Node:
    """The schedule's formula in t."""
    return SCHEDULES[declared.name].formula(Named("learning_rate", start), declared.options)
