"""One iteration, pure: a state and a batch in, the next state and the record of every array out."""

from __future__ import annotations

import math

import numpy as np

from engine.layers.stage import Work
from engine.memory import Vectors
from engine.network import Network
from engine.quantity import Key
from engine.scenario.model import Array
from engine.state import State
from engine.statistics import summary_of


class Record:
    """Every array of one iteration, read-only, by (name, layer). Derived ones are computed when asked for."""

    def __init__(self, network: Network, state: State, work: Work, after: State | None = None) -> None:
        for array in work.values():
            array.flags.writeable = False
        self.k = state.k
        """The record @k is computed from state @k."""
        self.after = after
        """State @k+1, where it was computed on the way."""
        self._network = network
        self._state = state
        self._work = work

    def __getitem__(self, key: Key) -> Array:
        """The array of a record quantity.

        Raises:
            KeyError: no such quantity in this network.
        """
        summary = summary_of(key[0])
        if summary is not None and key not in self._work:
            function, of = summary
            with np.errstate(all="ignore"):
                size = np.asarray(function(self[of, key[1]]))
            size.flags.writeable = False
            self._work[key] = size
        if key not in self._work:
            compute = self._network.derived.get(key) or self._network.spent[key]
            with np.errstate(all="ignore"):
                array = compute(self._work, self._state)
            array.flags.writeable = False
            self._work[key] = array
        return self._work[key]

    def terms(self, key: Key) -> Array:
        """Each sample's term of a gradient's data part: (batch, *shape) for dW and db, their `_data` too."""
        name, layer = key
        with np.errstate(all="ignore"):
            return self._network.dense[layer or 0].terms(name[1], self._work)

    @property
    def samples(self) -> int:
        return int(self._work["x", None].shape[0])

    @property
    def loss(self) -> float:
        return float(self._work["loss", None])


def forward(network: Network, state: State) -> Work:
    """The forward pass and the loss of the batch that state @k sees."""
    with np.errstate(all="ignore"):
        return _forward(network, state)


def _forward(network: Network, state: State) -> Work:
    scenario, batches = network.scenario, network.batches
    work: Work = {
        ("x", None): batches.taken(scenario.x, state.k),
        ("y", None): batches.taken(scenario.y, state.k),
        ("t", None): np.asarray(state.k + 1.0),
        ("lr", None): np.asarray(network.learning_rate(state.k)),
    }
    for stage in network.stages:
        stage.forward(work, state)
    return work


def _computed(network: Network, state: State, room: Work | None = None) -> Work:
    """Forward, loss and backward from state @k; what has an array in `room` is written into it.

    Whoever calls silences floating-point warnings.
    """
    work = _forward(network, state)
    if room:
        work.update(room)
    for stage in reversed(network.stages):
        stage.backward(work, state)
    return work


def record(network: Network, state: State) -> Record:
    """Forward, loss and backward from state @k, without the update."""
    with np.errstate(all="ignore"):
        return Record(network, state, _computed(network, state))


def iterate(network: Network, state: State, vector: Array | None = None) -> tuple[State, Record]:
    """State @k to state @k+1, written into `vector` where that is given, and the record between them.

    A large gradient that only the update reads is written where the new weights will be, and into these; whoever asks
    the record for it has it computed again. So an update writes, and its record keeps, half of what it would.
    """
    after = State(state.k + 1, np.empty(network.layout.size) if vector is None else vector, network.layout)
    room = {key: after["W", key[1]] for key in network.spent}
    with np.errstate(all="ignore"):
        work = _computed(network, state, room)
        network.update.write(after, state, work, after.k)
    for key in room:
        del work[key]
    after = _handed_out(after)
    return after, Record(network, state, work, after)


def _handed_out(state: State) -> State:
    """The state, read-only from now on: nobody else has its vector or a view of it."""
    state.vector.flags.writeable = False
    return State(state.k, state.vector, state.layout)


VECTORS = 64
"""States whose memory is used again: more than a trace keeps beside its checkpoints."""


class ArrayRunner:
    """Iterations of one network by arrays."""

    stride = 16
    instant = False

    def __init__(self, network: Network) -> None:
        self._network = network
        self._fading = network.fading()
        self._spare: list[Array] = []
        self._vectors = Vectors(network.layout.size, VECTORS)

    def iterate(self, state: State) -> tuple[State, Record]:
        """State @k to state @k+1, and the record between them."""
        return iterate(self._network, state, self._vectors.take())

    def record(self, state: State) -> Record:
        """The record @k."""
        return record(self._network, state)

    def advance(self, state: State, stop: int, losses: list[float]) -> tuple[State, bool]:
        """State @k to state @stop, the losses on the way appended; whether everything was finite for certain.

        Between the two nothing is kept: the states on the way are one vector written over and over, or take turns in
        two where an update cannot be made in place.
        """
        network, first, sound = self._network, len(losses), True
        own = State(state.k, np.empty(network.layout.size), network.layout)
        other = own if network.update.in_place else State(state.k, self._vector(), network.layout)
        with np.errstate(all="ignore"):
            for k in range(state.k, stop):
                work = _computed(network, state)
                losses.append(float(work["loss", None]))
                network.update.write(own, state, work, k + 1, spoil=network.update.in_place)
                own.k = k + 1
                # its largest arrays are the next update's, and in the cache
                del work
                if self._fading:
                    sound = sound and all(np.isfinite(own[key]).all() for key in self._fading)
                state, own, other = own, other, own
        if other is not own:
            self._spare.append(own.vector)
        made = _handed_out(state)
        return made, sound and made.finite and math.isfinite(sum(losses[first:]))

    def _vector(self) -> Array:
        try:
            return self._spare.pop()
        except IndexError:
            return np.empty(self._network.layout.size)
