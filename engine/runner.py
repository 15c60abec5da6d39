"""How the iterations of a network are run: by arrays, or number by number where the network is small.

Which one a scenario takes depends on its sizes alone, never on a clock or on how far it is run, so that every number
of a walk is the same bit for bit however it is reached. The two agree within 1e-12 × the magnitudes of the terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.formula.ground import SAMPLES
from engine.formula.nodes import Call, Div, Node, Pow, Reduce, Where, children
from engine.iterate import ArrayRunner, Record
from engine.network import Network
from engine.quantity import Quantity
from engine.scalar.run import ScalarRunner
from engine.state import State

FUNCTION = 4
"""What a call costs, in additions (measured: exp, log1p and tanh take 30 to 50 ns, an addition 10)."""
MOST = 5_000
"""Scalar operations of an iteration up to which the generated code is used.

An operation takes 8.5 ns, arrays about 25 µs a layer: both take equally long at 3,000 operations with one layer, 6,400
with two, 8,100 with three, 60,000 with 25, and with batches later still. But the code takes 15 µs an operation to
make, which is waited for: with as many as this, a tenth of a second."""

STRIDES = (128, 256)
"""Updates the generated code is run at a time, at least and at most: to begin costs as much as some updates.
A power of two, so that a run that reports its progress stops nowhere else."""
STRIDE_OPERATIONS = 20_000
"""Operations of a stride, between the two: a fraction of a millisecond."""


class Runner(Protocol):
    """Runs the iterations of one network. Pure, and safe to use from several threads."""

    stride: int
    """Updates that are run at a time, at least: what is kept lies this far apart."""
    instant: bool
    """Whether a stride takes so little time that going back needs nothing else to be kept."""

    def iterate(self, state: State) -> tuple[State, Record]:
        """State @k to state @k+1, and the record between them."""

    def record(self, state: State) -> Record:
        """The record @k."""

    def advance(self, state: State, stop: int, losses: list[float]) -> tuple[State, bool]:
        """State @k to state @stop, the losses of the records between appended.

        The second result is whether every loss and state on the way was finite: True is certain, False a suspicion.
        """


def runner_of(network: Network, scalar: bool | None = None) -> Runner:
    """The way the iterations of a network are run; `scalar` forces one, for tests."""
    count = operations(network)
    if scalar or (scalar is None and count <= MOST):
        least, most = STRIDES
        stride = STRIDE_OPERATIONS // max(1, count)
        return ScalarRunner(network, min(most, max(least, 1 << stride.bit_length() - 1)) if stride else least)
    return ArrayRunner(network)


def operations(network: Network) -> int:
    """Scalar operations of one iteration over a full batch, a function counted by what it costs."""
    sizes = {f"layer {layer}": size for layer, size in enumerate(network.sizes)} | {SAMPLES: network.batches.largest}
    return sum(_elements(q, sizes[SAMPLES]) * _cost(q.template, sizes) for q in network.walk if q.template is not None)


def _elements(quantity: Quantity, samples: int) -> int:
    count = samples if quantity.per_sample else 1
    for size in quantity.shape:
        count *= size
    return count


def _cost(node: Node, sizes: Mapping[str, int]) -> int:
    parts = children(node)
    inner = sum(_cost(part, sizes) for part in parts)
    match node:
        case Reduce(_, _, over, _):
            return sizes[over] * (inner + 1)
        case Call():
            return inner + FUNCTION
        case Div() | Pow() | Where():
            return inner + 1
        case _:
            return inner + max(0, len(parts) - 1)
