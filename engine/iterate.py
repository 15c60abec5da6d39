"""One iteration, pure: a state and a batch in, the next state and the record of every array out."""

from __future__ import annotations

import numpy as np

from engine.layers.stage import Work
from engine.network import Network
from engine.quantity import Key
from engine.scenario.model import Array
from engine.state import State
from engine.statistics import summary_of


class Record:
    """Every array of one iteration, read-only, by (name, layer). Derived ones are computed when asked for."""

    def __init__(self, network: Network, state: State, work: Work) -> None:
        for array in work.values():
            array.flags.writeable = False
        self.k = state.k
        """The record @k is computed from state @k."""
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
            with np.errstate(all="ignore"):
                array = self._network.derived[key](self._work, self._state)
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
    scenario = network.scenario
    rows = network.batches.rows(state.k)
    work: Work = {
        ("x", None): scenario.x[rows],
        ("y", None): scenario.y[rows],
        ("t", None): np.asarray(state.k + 1.0),
        ("lr", None): np.asarray(network.learning_rate(state.k)),
    }
    with np.errstate(all="ignore"):
        for stage in network.stages:
            stage.forward(work, state)
    return work


def record(network: Network, state: State) -> Record:
    """Forward, loss and backward from state @k, without the update."""
    work = forward(network, state)
    with np.errstate(all="ignore"):
        for stage in reversed(network.stages):
            stage.backward(work, state)
    return Record(network, state, work)


def iterate(network: Network, state: State) -> tuple[State, Record]:
    """State @k to state @k+1, and the record between them."""
    made = record(network, state)
    with np.errstate(all="ignore"):
        after = {**state, **network.update.apply(state, made._work, state.k + 1)}
    return State(state.k + 1, network.layout.pack(after), network.layout), made
