"""Small data sets that are made, not read: a table, one entry each.

Points in the plane with a class each. The classes take turns, so that they are as equal in number as can be. In the
formulas u is uniform in [0, 1), and every coordinate has noise·N(0, 1) added. One generator draws first every u,
then the noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.scenario.model import Array

Labels = NDArray[np.intp]
Place = Callable[[Array, Labels, int], tuple[Array, Array]]
"""u, whose turn each sample is, and how many take turns, to both coordinates without noise."""


class Dataset(Struct, frozen=True):
    """One data set that is made."""

    name: str
    formula: str
    source: str
    place: Place
    options: Mapping[str, float | None] = field(default_factory=dict)
    """Option names and their defaults; `samples` and `noise` always, `classes` where there can be more than 2."""
    turns: tuple[int, ...] = ()
    """The classes as they take turns; empty: 0, 1, …, C − 1."""

    def draw(self, seed: int, samples: int, noise: float, classes: int = 2) -> tuple[Array, Labels]:
        """The points, shape (samples, 2), and the class of each, from 0."""
        rng = np.random.default_rng(seed)
        turns = np.array(self.turns or range(classes))
        turn = np.arange(samples) % len(turns)
        points = np.column_stack(self.place(rng.random(samples), turn, len(turns)))
        return points + noise * rng.standard_normal(points.shape), turns[turn]


XOR_CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
XOR_CLASSES = (0, 1, 1, 0)


def xor_table() -> tuple[Array, Labels]:
    """The four corners themselves: xor without a seed."""
    return np.array(XOR_CORNERS), np.array(XOR_CLASSES)


def _xor(u: Array, turn: Labels, turns: int) -> tuple[Array, Array]:
    at = np.array(XOR_CORNERS)[turn]
    return at[:, 0], at[:, 1]


def _circles(u: Array, turn: Labels, turns: int) -> tuple[Array, Array]:
    radius, angle = np.where(turn == 0, 1.0, 0.5), 2 * math.pi * u
    return radius * np.cos(angle), radius * np.sin(angle)


def _moons(u: Array, turn: Labels, turns: int) -> tuple[Array, Array]:
    upper, angle = turn == 0, math.pi * u
    return np.where(upper, np.cos(angle), 1 - np.cos(angle)), np.where(upper, np.sin(angle), 0.5 - np.sin(angle))


def _spiral(u: Array, turn: Labels, turns: int) -> tuple[Array, Array]:
    angle = 2 * math.pi * turn / turns + 1.5 * math.pi * u
    return u * np.cos(angle), u * np.sin(angle)


def _blobs(u: Array, turn: Labels, turns: int) -> tuple[Array, Array]:
    angle = 2 * math.pi * turn / turns
    return 2 * np.cos(angle), 2 * np.sin(angle)


_USUAL: Mapping[str, float | None] = {"samples": 100, "noise": 0.0}

_ENTRIES = (
    Dataset(
        "xor", "class [x₁ ≠ x₂] at the corners (0,0), (0,1), (1,0), (1,1), in this order and over again",
        "Minsky & Papert 1969: no line parts the classes. Without a seed it is the four corners alone",
        _xor, _USUAL, XOR_CLASSES,
    ),
    Dataset(
        "circles", "r·(cos 2πu, sin 2πu), r = 1 for class 0, ½ for class 1",
        "the circles of scikit-learn's make_circles with factor ½, the angles drawn", _circles, _USUAL,
    ),
    Dataset(
        "moons", "class 0 (cos πu, sin πu), class 1 (1 − cos πu, ½ − sin πu)",
        "the half circles of scikit-learn's make_moons, the angles drawn", _moons, _USUAL,
    ),
    Dataset(
        "spiral", "u·(cos θ, sin θ), θ = 2πc/C + 3πu/2 for class c of C",
        "arms as in Stanford's CS231n, three quarters of a turn each", _spiral, {**_USUAL, "classes": 2},
    ),
    Dataset(
        "blobs", "2·(cos 2πc/C, sin 2πc/C) for class c of C: the noise is all the spread there is",
        "normal clouds about the corners of a regular polygon", _blobs, {**_USUAL, "noise": 0.5, "classes": 2},
    ),
)  # fmt: skip

DATASETS: dict[str, Dataset] = {entry.name: entry for entry in _ENTRIES}
