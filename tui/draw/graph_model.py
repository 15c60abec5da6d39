"""What a network drawing is made from: units, weights and columns as the caller describes them.

Everything is text and small numbers, so the drawing knows neither the engine nor the precision shown. Units and
edges come through functions, so a layer of 784 costs only the units which are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.draw.cells import Look

EMPHASES = ("dim", "normal", "related", "current")
"""From the least to the most important: where drawings meet, the later one wins."""


@dataclass(frozen=True)
class UnitBox:
    """One unit, ready to be written."""

    label: str
    value: str
    """At most a few cells; "?" while hidden, "" while not reached."""
    heat: float | None
    target: str
    emphasis: str


@dataclass(frozen=True)
class EdgeLabel:
    """One weight between two neighbouring columns; `source` and `dest` count from 0."""

    source: int
    dest: int
    text: str
    sign: int
    strength: float
    emphasis: str
    target: str


@dataclass(frozen=True)
class Column:
    """A layer of units; `unit` is called only for those which may be drawn."""

    title: str
    size: int
    unit: Callable[[int], UnitBox]
    focus: int | None
    emphasis: str
    note: str = ""


@dataclass(frozen=True)
class Gap:
    """What lies between a column and the next."""

    edge: Callable[[int, int], EdgeLabel]
    bias: Callable[[int], str] | None


@dataclass(frozen=True)
class GraphModel:
    """The whole net; `gaps[c]` lies between `columns[c]` and `columns[c + 1]`."""

    columns: tuple[Column, ...]
    gaps: tuple[Gap, ...]
    focus_column: int
    direction: str


def importance(emphasis: str) -> int:
    """How strongly `emphasis` claims a shared cell; an unknown word counts as normal."""
    return EMPHASES.index(emphasis) if emphasis in EMPHASES else 1


def edge_role(emphasis: str, sign: int) -> str:
    """The role of an edge's line. Only emphasised lines carry a hue: all of them at once are fog."""
    if emphasis == "current":
        return "edge_current"
    if emphasis == "related" and sign:
        return "edge_related_positive" if sign > 0 else "edge_related_negative"
    return "edge_dim"


def label_look(emphasis: str, sign: int) -> Look:
    """The look of a weight's number: coloured by sign unless it is the current or a dimmed one."""
    if emphasis == "current":
        return Look("label_current")
    if emphasis == "dim":
        return Look("dim")
    return Look("label_positive" if sign > 0 else "label_negative" if sign < 0 else "label_zero")


def box_role(emphasis: str) -> str:
    """The role of a unit's outline and name."""
    return {"current": "box_current", "related": "box_related", "dim": "dim"}.get(emphasis, "box")
