"""A stage: one link of the chain from the input to the loss.

The network is a list of stages, run in order forwards and in reverse backwards: dense, activation, dense,
activation, …, loss. A stage owns its few numpy lines and, beside them, the template of every quantity those
lines compute; a property test holds every element to its template. What is learnt of a new kind of layer is
written in one file, as one stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from engine.formula.nodes import Ref
from engine.quantity import Key, Quantity
from engine.scenario.model import Array

Work = dict[Key, Array]
"""The arrays of one iteration while it is computed. Per-sample arrays have the batch as first axis."""

Parameters = Mapping[Key, Array]
"""The state's arrays by name and layer."""

Derived = Mapping[Key, Callable[[Work, Parameters], Array]]
"""Quantities a walk does not step through, computed when asked for."""


def gradient_of(key: Key) -> Key:
    """The key of ∂L/∂ of an array: δ for z, else the name with a d before it."""
    name, layer = key
    return ("delta" if name == "z" else f"d{name}", layer)


def ref(key: Key, unit: str, sample: str = "s") -> Ref:
    """One unit of one sample of a per-sample array."""
    name, layer = key
    return Ref(name, layer, (unit,), sample)


class Stage(Protocol):
    """One link of the chain. Arrays once written to `work` are never changed."""

    def forward_quantities(self) -> tuple[Quantity, ...]:
        """What `forward` adds, in walking order."""

    def backward_quantities(self) -> tuple[Quantity, ...]:
        """What `backward` adds, in walking order."""

    def derived(self) -> Derived:
        """What can be looked up besides."""

    def forward(self, work: Work, state: Parameters) -> None: ...

    def backward(self, work: Work, state: Parameters) -> None: ...
