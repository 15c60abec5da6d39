"""What a network drawing is made from: units, weights and columns as the caller describes them.

Everything is text and small numbers, so the drawing knows neither the engine nor the precision shown. Units and
edges come through functions, so a layer of 784 costs only the units which are drawn. How wide texts may become is
declared beforehand, so that a picture never moves with its numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tui.draw.cells import Look

EMPHASES = ("dim", "normal", "next", "related", "current", "path")
"""From the least to the most important: where drawings meet, the later one wins."""

STRONG = ("current", "path")
"""The emphases drawn with heavy lines."""


class UnitBox(Struct, frozen=True):
    """One unit, ready to be written."""

    label: str
    value: str
    """At most a few cells; "?" while hidden, "" while not reached."""
    heat: float | None
    target: str
    emphasis: str
    of: tuple[str, ...] = ()
    """The address whose number this is; nothing where none is shown."""
    changed: bool = False
    """Whether an edit changed the number."""


class EdgeLabel(Struct, frozen=True):
    """One number between two neighbouring columns; `source` and `dest` count from 0."""

    source: int
    dest: int
    text: str
    sign: int
    strength: float
    emphasis: str
    target: str
    of: tuple[str, ...] = ()
    """The addresses the number is made from; nothing where none is shown."""
    how: str = "value"
    """How it is made from them: "value", "product" or "difference"."""
    changed: bool = False


class Bias(NamedTuple):
    """The bias of a unit: a name, and a number."""

    name: str
    text: str
    target: str = ""
    of: tuple[str, ...] = ()
    changed: bool = False


class Widths(Struct, frozen=True):
    """The most cells that texts of a column may take."""

    label: int = 0
    value: int = 0
    bias: int = 0
    """A bias with its name."""
    weight: int = 0
    """A number on an edge of the gap that follows."""
    marked: bool = False
    """Whether each number is followed by a cell for a mark."""


NO_WIDTHS = Widths()


class Heatmap(Struct, frozen=True, eq=False):
    """Many numbers as a picture: what is known of them, their scale, and the one in focus."""

    title: str
    values: NDArray[np.float64]
    """Shape (n,)."""
    known: NDArray[np.bool_]
    """Shape (n,): which of them the walk has reached."""
    text: Callable[[float], str]
    """A number of the legend as text."""
    target: str
    """The address of a number: `{}` stands for its place, from 1."""
    focus: int | None = None
    label: str = ""
    """The name of the number in focus."""
    value: str = ""
    """The number in focus: "?" while hidden, "" while not reached."""
    heat: float | None = None
    of: tuple[str, ...] = ()
    how: str = "value"
    changed: bool = False
    following: int | None = None
    """The number that is computed next."""


class Column(Struct, frozen=True):
    """A layer of units; `unit` is called only for those which may be drawn."""

    title: str
    size: int
    unit: Callable[[int], UnitBox]
    focus: int | None
    emphasis: str
    note: str = ""
    widths: Widths = NO_WIDTHS
    heat: Callable[[], Heatmap] | None = None
    """The whole layer as a picture, for where it is too large to be listed."""


class Gap(Struct, frozen=True):
    """What lies between a column and the next."""

    edge: Callable[[int, int], EdgeLabel]
    bias: Callable[[int], Bias | None] | None
    carries: str = ""
    """What the numbers on the edges are."""
    heat: Callable[[], tuple[bool, Heatmap] | None] | None = None
    """The emphasised edges as a picture, where a side is too large for single edges; whether they fan out to the
    units of the following column rather than in from those before."""


class GraphModel(Struct, frozen=True):
    """The whole net; `gaps[c]` lies between `columns[c]` and `columns[c + 1]`."""

    columns: tuple[Column, ...]
    gaps: tuple[Gap, ...]
    focus_column: int
    direction: str
    big: bool = False
    """Larger boxes, for projectors."""
    briefer: Callable[[], GraphModel] | None = None
    """The same in fewer cells, for where this does not fit."""


def importance(emphasis: str) -> int:
    """How strongly `emphasis` claims a shared cell; an unknown word counts as normal."""
    return EMPHASES.index(emphasis) if emphasis in EMPHASES else 1


def edge_role(emphasis: str, sign: int) -> str:
    """The role of an edge's line. Only emphasised lines carry a hue: all of them at once are fog."""
    if emphasis in ("current", "path", "next"):
        return f"edge_{emphasis}"
    if emphasis == "related" and sign:
        return "edge_related_positive" if sign > 0 else "edge_related_negative"
    return "edge_dim"


def label_look(label: EdgeLabel) -> Look:
    """The look of a weight's number: coloured by sign unless it is the current, a changed or a dimmed one."""
    if label.emphasis in STRONG:
        return Look(f"label_{label.emphasis}")
    if label.changed:
        return Look("changed")
    if label.emphasis == "dim":
        return Look("dim")
    return Look("label_positive" if label.sign > 0 else "label_negative" if label.sign < 0 else "label_zero")


def box_role(emphasis: str) -> str:
    """The role of a unit's outline and name."""
    return (
        f"box_{emphasis}"
        if emphasis in ("current", "path", "next", "related")
        else ("dim" if emphasis == "dim" else "box")
    )
