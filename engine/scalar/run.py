"""Small networks at the speed of scalars: runs the generated code.

Quick code first; where it raises (a division by 0, an overflow in `exp`) the stretch is run again by careful code,
from its start. Both give the same numbers wherever the quick code gives any, so it does not matter which one ran.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from engine.iterate import Record
from engine.network import Network
from engine.quantity import Key
from engine.scalar.feed import Feed, Given
from engine.scalar.generate import Code, code_of, record_keys
from engine.scalar.graph import form_of
from engine.scenario.model import Array
from engine.state import State

RAISES = (ArithmeticError, ValueError)

Places = dict[Key, tuple[int, int, tuple[int, ...]]]
"""Where each array lies in a flat record, [start, stop), and its shape."""


class FlatWork(dict[Key, Array]):
    """The arrays of a record, each made from the flat list of its numbers when it is asked for."""

    def __init__(self, numbers: list[float], places: Places) -> None:
        super().__init__()
        self.numbers = numbers
        self.places = places

    def __missing__(self, key: Key) -> Array:
        start, stop, shape = self.places[key]
        array = np.array(self.numbers[start:stop]).reshape(shape)
        array.flags.writeable = False
        self[key] = array
        return array

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self.places


class ScalarRunner:
    """Iterations of one network by generated code. Safe to use from several threads."""

    instant = True

    def __init__(self, network: Network, stride: int) -> None:
        self.stride = stride
        self._network = network
        self._eta = network.update.learning_rate
        self._feed = Feed(network)
        # bound to the instance, so that two walks never share a cache
        self._code = lru_cache(maxsize=2)(self._find_code)
        self._places = lru_cache(maxsize=2)(self._find_places)

    def iterate(self, state: State) -> tuple[State, Record]:
        """State @k to state @k+1, and the record between them."""
        network, k = self._network, state.k
        samples = network.batches.size(k)
        (given,) = self._feed(k, k + 1)
        numbers = state.vector.tolist()
        try:
            made, after = self._code(samples).record(numbers, given, k + 1.0, self._eta)
        except RAISES:
            made, after = self._code(samples).record_carefully(numbers, given, k + 1.0, self._eta)
        next_state = self._state(k + 1, after)
        return next_state, Record(network, state, FlatWork(made, self._places(samples)), next_state)

    def record(self, state: State) -> Record:
        """The record @k."""
        return self.iterate(state)[1]

    def advance(self, state: State, stop: int, losses: list[float]) -> tuple[State, bool]:
        """State @k to state @stop, the losses on the way appended; whether everything was finite for certain."""
        first, sound = len(losses), True
        numbers: Sequence[float] = state.vector.tolist()
        with np.errstate(all="ignore"):
            for start, until in self._alike(state.k, stop):
                samples = self._network.batches.size(start)
                numbers, odd = self._stretch(samples, numbers, self._feed(start, until), start, losses)
                sound = sound and math.isfinite(odd)
        # a sum that overflows is looked at more closely by whoever asked, so only a false "yes" would be wrong
        sound = sound and math.isfinite(sum(numbers)) and math.isfinite(sum(losses[first:]))
        return self._state(stop, numbers), sound

    def _stretch(
        self, samples: int, numbers: Sequence[float], given: Sequence[Given], k: int, losses: list[float]
    ) -> tuple[Sequence[float], float]:
        first = len(losses)
        try:
            return self._code(samples).run(numbers, given, float(k), self._eta, losses.append)
        except RAISES:
            del losses[first:]
            return self._code(samples).run_carefully(numbers, given, float(k), self._eta, losses.append)

    def _alike(self, k: int, stop: int) -> Iterator[tuple[int, int]]:
        """Stretches whose batches have one size."""
        batches = self._network.batches
        while k < stop:
            until = stop
            if batches.partial:
                place = k % batches.per_epoch
                last = batches.per_epoch - 1
                until = min(stop, k + (1 if place == last else last - place))
            yield k, until
            k = until

    def _state(self, k: int, numbers: Sequence[float]) -> State:
        vector = np.array(numbers, dtype=np.float64)
        vector.flags.writeable = False
        return State(k, vector, self._network.layout)

    def _find_code(self, samples: int) -> Code:
        return code_of(self._network, samples)

    def _find_places(self, samples: int) -> Places:
        places: Places = {}
        start = 0
        for key in record_keys(form_of(self._network, samples)):
            quantity = self._network.catalogue[key]
            shape = (samples, *quantity.shape) if quantity.per_sample else quantity.shape
            stop = start + math.prod(shape)
            places[key] = (start, stop, shape)
            start = stop
        return places
