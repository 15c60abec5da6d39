"""Memory that is used again: the system takes longer to hand out a fresh megabyte than an update takes to fill it."""

from __future__ import annotations

from collections.abc import Sequence
from sys import getrefcount
from threading import Lock

import numpy as np

from engine.scenario.model import Array


class Vectors:
    """Vectors of one size for whoever wants to write one. Safe to use from several threads.

    A vector is a view, and so is whatever is cut from it; each has a reference to the array that owns the memory. When
    the owner has no references left but that from here, nobody can see the memory any more, and it is lent again.
    """

    def __init__(self, size: int, most: int) -> None:
        """`most`: vectors that are looked after, the latest; what is kept for long becomes the system's business."""
        self._size = size
        self._most = most
        self._owners: list[Array] = []
        self._lock = Lock()

    def take(self) -> Array:
        """A vector of any content, that nobody else has."""
        with self._lock:
            for place, references in enumerate(_references(self._owners)):
                if references == _ALONE:
                    return self._owners[place][:]
            owner = np.empty(self._size)
            self._owners.append(owner)
            del self._owners[: -self._most]
            return owner[:]


def _references(owners: Sequence[Array]) -> list[int]:
    return [getrefcount(owner) for owner in owners]


_ALONE = _references([np.empty(1)])[0]
"""References to an array that is in one list only, as they are counted by this interpreter."""
