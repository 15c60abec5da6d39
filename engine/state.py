"""The state of a training run: every parameter and optimizer slot, in one vector of float64.

One vector makes a checkpoint one copy and lets a state be compared, hashed or stored whole; views give the
arrays their names and shapes back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from engine.quantity import Key
from engine.scenario.model import Array


class Layout:
    """Where each named array lies in the vector."""

    def __init__(self, shapes: Mapping[Key, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self._slices: dict[Key, slice] = {}
        start = 0
        for key, shape in shapes.items():
            stop = start + math.prod(shape)
            self._slices[key] = slice(start, stop)
            start = stop
        self.size = start
        """Numbers in the vector."""

    def view(self, vector: Array, key: Key) -> Array:
        """The array `key` of a vector; shares its memory."""
        return vector[self._slices[key]].reshape(self.shapes[key])

    def pack(self, arrays: Mapping[Key, Array]) -> Array:
        """A read-only vector that holds `arrays`."""
        vector = np.empty(self.size)
        for key in self.shapes:
            self.view(vector, key)[...] = arrays[key]
        vector.flags.writeable = False
        return vector


class State(Mapping[Key, Array]):
    """State @k: after k updates. A mapping from (name, layer) to read-only arrays."""

    __slots__ = ("_views", "k", "layout", "vector")

    def __init__(self, k: int, vector: Array, layout: Layout) -> None:
        self.k = k
        self.vector = vector
        self.layout = layout
        self._views: dict[Key, Array] = {}

    def __getitem__(self, key: Key) -> Array:
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = self.layout.view(self.vector, key)
        return view

    def __iter__(self) -> Iterator[Key]:
        return iter(self.layout.shapes)

    def __len__(self) -> int:
        return len(self.layout.shapes)

    @property
    def finite(self) -> bool:
        """Whether no number of the state is NaN or infinite."""
        # a sum of squares that is finite has no other kind of part, and is there sooner
        with np.errstate(all="ignore"):
            squares = float(np.dot(self.vector, self.vector))
        return math.isfinite(squares) or bool(np.isfinite(self.vector).all())
