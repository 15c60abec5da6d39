"""States kept along a walk so that any other is a short replay away.

rr's idea of a position: not a snapshot, but the nearest snapshot and how far to run from it.
"""

from __future__ import annotations

from threading import Lock

from engine.scenario.model import Array

OVERHEAD = 300
"""Bytes an array object and its place in a dictionary cost beside its numbers (measured, CPython 3.11)."""


FINE = 16
"""Spacing with which a walk begins at most: what is explored first has to be near at hand too."""


def first_spacing(updates: int, most: int) -> int:
    """The spacing that, doubled as often as need be, comes out just wide enough for all of a walk's states."""
    needed = -(-(updates + 1) // most)
    while needed > FINE:
        needed = (needed + 1) // 2
    return needed


class Checkpoints:
    """Every `spacing`-th state of the part explored, under a byte budget; when it is full the spacing doubles.

    The start is always kept. Safe to use from several threads.
    """

    def __init__(self, start: Array, budget: int, updates: int = 0, least: int = 1) -> None:
        """Of a walk of `updates`; `least` is the smallest spacing worth its bytes."""
        self._kept: dict[int, Array] = {0: start}
        self._most = max(2, budget // (start.nbytes + OVERHEAD))
        self._lock = Lock()
        self._last = 0
        self.spacing = max(least, first_spacing(updates, self._most))

    def following(self, k: int) -> int:
        """The first state after @k that is to be kept: whoever runs on has to come by."""
        return k - k % self.spacing + self.spacing

    def add(self, k: int, vector: Array) -> None:
        """Keep the state @k, if k is one of those that are kept."""
        with self._lock:
            if k % self.spacing:
                return
            self._kept[k] = vector
            self._last = max(self._last, k)
            while len(self._kept) > self._most:
                self.spacing *= 2
                self._kept = {k: vector for k, vector in self._kept.items() if k % self.spacing == 0}
                self._last = max(self._kept)

    def nearest(self, k: int) -> tuple[int, Array]:
        """The latest kept state not after @k."""
        with self._lock:
            # a walk is explored from its start without gaps, so every multiple up to the last is there
            nearest = min(k - k % self.spacing, self._last)
            return nearest, self._kept[nearest]

    def __len__(self) -> int:
        return len(self._kept)
