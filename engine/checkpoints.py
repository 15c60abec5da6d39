"""States kept along a walk so that any other is a short replay away.

rr's idea of a position: not a snapshot, but the nearest snapshot and how far to run from it.
"""

from __future__ import annotations

from threading import Lock

from engine.scenario.model import Array

OVERHEAD = 300
"""Bytes an array object and its place in a dictionary cost beside its numbers (measured, CPython 3.11)."""


class Checkpoints:
    """Every `spacing`-th state of the part explored, under a byte budget; when it is full the spacing doubles.

    The start is always kept. Safe to use from several threads.
    """

    def __init__(self, start: Array, budget: int) -> None:
        self._kept: dict[int, Array] = {0: start}
        self._most = max(2, budget // (start.nbytes + OVERHEAD))
        self._lock = Lock()
        self._last = 0
        self.spacing = 1

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
