"""One iteration, pure: a state and a batch in, the next state and the record of every array out."""

from __future__ import annotations

import numpy as np

from engine.layers.dense import weight_terms
from engine.layers.stage import Work
from engine.network import Network
from engine.quantity import Key
from engine.scenario.model import Array
from engine.state import State


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
        if key not in self._work:
            with np.errstate(all="ignore"):
                array = self._network.derived[key](self._work, self._state)
            array.flags.writeable = False
            self._work[key] = array
        return self._work[key]

    def terms(self, key: Key) -> Array:
        """Each sample's term of a quantity summed over samples: (batch, *shape) for dW and db."""
        name, layer = key
        delta = self._work["delta", layer]
        if name == "db":
            return delta
        below = self._work["x", None] if layer == 1 else self._work["a", (layer or 0) - 1]
        with np.errstate(all="ignore"):
            return weight_terms(delta, below)

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
    work: Work = {("x", None): scenario.x[rows], ("y", None): scenario.y[rows]}
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
        after = network.update.apply(state, made._work, network.learning_rate(state.k), state.k + 1)
    return State(state.k + 1, network.layout.pack(after), network.layout), made
