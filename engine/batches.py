"""Which rows of the data an iteration takes: arithmetic, and one keyed shuffle per epoch; nothing stored."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.scenario.model import Array, Training

Rows = NDArray[np.intp]


class Batches:
    """The batches of a walk. Iterations count from 0 here: batch k is computed from state @k."""

    def __init__(self, samples: int, training: Training) -> None:
        self._samples = samples
        self._size = training.batch_size
        self._seed = training.seed
        full, rest = divmod(samples, training.batch_size)
        self.partial = 0 if training.drop_last else rest
        """Size of the last batch of an epoch where it is smaller; else 0."""
        self.full_per_epoch = full
        self.per_epoch = full + (self.partial > 0)
        """Iterations of one epoch."""
        self.same = not training.shuffle
        """Whether every epoch has the same batches."""
        # bound to the instance so that two walks never share a cache
        self.order = lru_cache(maxsize=4)(self._draw)
        """The order of the rows in a shuffled epoch."""

    @property
    def largest(self) -> int:
        """Samples of the largest batch."""
        return self._size

    def size(self, k: int) -> int:
        """Samples of batch k."""
        return self.partial if self.partial and k % self.per_epoch == self.per_epoch - 1 else self._size

    def taken(self, data: Array, k: int) -> Array:
        """The rows of `data` that batch k has; a view of them where they lie together."""
        if not self.same:
            return data[self.rows(k)]
        start = k % self.per_epoch * self._size
        return data[start : start + self.size(k)]

    def rows(self, k: int) -> Rows:
        """Row numbers (from 0) of batch k, in the order the batch has them."""
        epoch, place = divmod(k, self.per_epoch)
        start = place * self._size
        order = None if self.same else self.order(epoch)
        stop = start + self.size(k)
        return np.arange(start, stop) if order is None else order[start:stop]

    def _draw(self, epoch: int) -> Rows:
        return np.random.default_rng([self._seed, epoch]).permutation(self._samples)
