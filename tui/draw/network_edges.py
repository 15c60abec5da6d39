"""What the edges of the network carry at a step: weights, gradients, contributions or changes.

Every number is made from recorded values at one or two addresses, which it names, so that it can be checked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.address import Address, AddressError
from engine.quantity import Phase
from engine.scenario.model import Array
from engine.structs import replace
from engine.trace import Step
from tui.session import Session
from tui.settings import Settings

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Carried(NamedTuple):
    """The number on one edge."""

    value: float | None
    """None where it is not shown."""
    hidden: bool
    """Whether it is the step's own, and still a question."""
    of: tuple[Address, ...]
    """What it is made from."""
    how: str
    target: Address
    """Where the walk computes it, or the weight itself."""


class Source(Struct, frozen=True):
    """How the numbers on the edges into one layer come about: from arrays `of`, else from `instead`."""

    name: str
    """The array: W, dW, dW_data, …"""
    k: int
    how: str = "value"
    instead: int | None = None
    """State @k of W that is shown where the walk has not come so far; None: nothing is."""
    caption: str = ""


class Edges:
    """The numbers on all edges at one step. `edge` and `vector` agree element by element."""

    def __init__(self, session: Session, step: Step, settings: Settings, sample: int) -> None:
        self._session = session
        self._trace = session.trace
        self._network = session.trace.network
        self._step = step
        self._settings = settings
        self._k = step.place.k
        self._sample = sample
        self._largest: dict[tuple[str, int, int], float] = {}
        self._sources = {layer: self._source(layer) for layer in range(1, self._network.depth + 1)}

    def caption(self, layer: int) -> str:
        """What the edges into a layer carry, in a few cells."""
        return self._sources[layer].caption

    def edge(self, layer: int, unit: tuple[int, int]) -> Carried:
        """The number on the edge to unit[0] from unit[1], counted from 1."""
        source = self._sources[layer]
        weight = self._weight("W", layer, unit, self._k)
        if source.how == "product":
            return self._both(weight, self._below(layer, unit[1]), "product", weight)
        address = self._weight(source.name, layer, unit, source.k)
        if source.how == "difference":
            return self._both(address, weight, "difference", address)
        known, hidden = self._state(address)
        if known:
            return Carried(float(self._trace.value(address)), False, (address,), "value", address)
        if hidden:
            return Carried(None, True, (), "value", address)
        if source.instead is not None:
            instead = self._weight("W", layer, unit, source.instead)
            return Carried(float(self._trace.value(instead)), False, (instead,), "value", instead)
        return Carried(None, False, (), "value", address if self._exists(address) else weight)

    def strength(self, layer: int, carried: Carried) -> float:
        """The magnitude of a number beside the largest of its array, 0 … 1."""
        if carried.value is None or not math.isfinite(carried.value):
            return 0.0
        first = carried.of[0]
        key = (carried.how + first.name, layer, first.k or 0)
        if key not in self._largest:
            whole = self._trace.value(replace(first, unit=()))
            if carried.how == "value":
                self._largest[key] = float(np.abs(whole).max())
            else:
                self._largest[key] = max(
                    (abs(number) for row in self._matrix(layer)[0].tolist() for number in row), default=0.0
                )
        most = self._largest[key]
        return abs(carried.value) / most if most > 0 and math.isfinite(most) else 0.0

    def vector(self, layer: int, to: int | None, source: int | None) -> tuple[Vector, Flags]:
        """The numbers of one row (all edges into `to`) or column (all edges out of `source`), and which are known."""
        values, known = self._matrix(layer)
        return (
            (values[to - 1], known[to - 1])
            if to is not None
            else (values[:, (source or 1) - 1], known[:, (source or 1) - 1])
        )

    def target(self, layer: int, to: int | None, source: int | None) -> str:
        """The addresses of such a row or column, `{}` for the place."""
        chosen = self._sources[layer]
        name, k = ("W", self._k) if chosen.how == "product" else (chosen.name, chosen.k)
        address = self._weight(name, layer, (to or 0, source or 0), k)
        if not self._exists(replace(address, unit=(1, 1))):
            address = self._weight("W", layer, (to or 0, source or 0), self._k)
        inner = ",".join(str(index) if index else "{}" for index in address.unit)
        return str(address).replace(f"[{','.join(map(str, address.unit))}]", f"[{inner}]")

    def array(self, layer: int) -> str:
        """The name of the array shown, for titles; a product or a difference goes under the weight's name."""
        return "W" if self._sources[layer].how == "product" else self._sources[layer].name

    # what is carried

    def _source(self, layer: int) -> Source:
        phase, quantity, k = self._step.phase, self._step.quantity, self._k
        carry, ascii = self._settings.carry, self._settings.ascii
        gradient = "dL/dw" if ascii else "∂L/∂w"
        arrow = ">" if ascii else "→"
        if carry == "gradient":
            return Source("dW", k, caption=gradient)
        if carry == "contribution":
            return Source("W", k, "product", caption="w*a" if ascii else "w·a")
        if carry == "change":
            return Source("W", k + 1, "difference", caption="change" if ascii else "Δw")
        own = len(quantity.shape) == 2 and quantity.layer == layer and quantity.name != "jacobian"
        if carry != "weight" and phase is Phase.BACKWARD and own:
            return Source(quantity.name, k, instead=k, caption=f"w {arrow} {gradient}")
        if phase is Phase.UPDATE:
            return Source("W", k + 1, instead=k, caption=f"w {arrow} new w")
        return Source("W", k, caption="w")

    def _weight(self, name: str, layer: int, unit: tuple[int, int], k: int) -> Address:
        """The address of an edge's number: a tied layer's weights, and their gradient, lie with their owner."""
        dense = self._network.dense[layer]
        if dense.owner is None:
            return Address(name, layer, unit, None, k)
        return Address(name, dense.owner, (unit[1], unit[0]) if dense.transposed else unit, None, k)

    def _below(self, layer: int, unit: int) -> Address:
        return Address(*self._network.dense[layer].below, (unit,), self._sample, self._k)

    def _exists(self, address: Address) -> bool:
        return (address.name, address.layer) in self._network.catalogue

    def _state(self, address: Address) -> tuple[bool, bool]:
        """Whether an address is known at the step, and whether it is the step's own and hidden."""
        if not self._exists(address):
            return False, False
        hidden = self._settings.hidden
        if self._session.reached(address, self._step.index, hidden):
            return True, False
        return False, hidden and address == self._step.address

    def _both(self, first: Address, second: Address, how: str, target: Address) -> Carried:
        states = [self._state(address) for address in (first, second)]
        if not all(known for known, _ in states):
            return Carried(None, any(hidden for _, hidden in states), (), how, target)
        a, b = (float(self._trace.value(address)) for address in (first, second))
        return Carried(combined(how, (a, b)), False, (first, second), how, target)

    # the same for whole arrays

    def _matrix(self, layer: int) -> tuple[Vector, Flags]:
        """All numbers of a gap, shape (units, inputs), and which of them are known."""
        source, shape = self._sources[layer], (self._network.sizes[layer], self._network.sizes[layer - 1])
        if source.how == "product":
            below = replace(self._below(layer, 1), unit=())
            values = self._whole("W", layer, self._k)
            with np.errstate(all="ignore"):
                made = values * self._trace.value(below)[None, :]
            flags = self.known(below, (shape[1],))
            return made, np.broadcast_to(flags, shape)
        if not self._exists(self._weight(source.name, layer, (1, 1), source.k)):
            return np.zeros(shape), np.zeros(shape, dtype=bool)
        flags = self._known(source.name, layer, source.k, shape)
        values = self._whole(source.name, layer, source.k) if flags.any() else np.zeros(shape)
        if source.how == "difference":
            with np.errstate(all="ignore"):
                return values - self._whole("W", layer, self._k), flags
        if source.instead is not None:
            hidden = (
                self._step.address.unit if self._settings.hidden and self._step.quantity.name == source.name else ()
            )
            values = np.where(flags, values, self._whole("W", layer, source.instead))
            flags = np.ones(shape, dtype=bool)
            if len(hidden) == 2 and self._step.quantity.layer == layer:
                flags[hidden[0] - 1, hidden[1] - 1] = False
        return values, flags

    def _whole(self, name: str, layer: int, k: int) -> Array:
        address = replace(self._weight(name, layer, (1, 1), k), unit=())
        values = self._trace.value(address)
        return values.T if self._network.dense[layer].transposed else values

    def _known(self, name: str, layer: int, k: int, shape: tuple[int, int]) -> Flags:
        transposed = self._network.dense[layer].transposed
        address = replace(self._weight(name, layer, (1, 1), k), unit=())
        flags = self.known(address, shape[::-1] if transposed else shape)
        return flags.T if transposed else flags

    def known(self, whole: Address, shape: tuple[int, ...]) -> Flags:
        """Which elements of an array the walk has reached: a walk goes through an array in order."""
        size = math.prod(shape)
        first, last = replace(whole, unit=(1,) * len(shape)), replace(whole, unit=shape)
        cursor, hidden = self._step.index, self._settings.hidden
        if self._session.reached(last, cursor, hidden):
            count = size
        elif not self._session.reached(first, cursor, hidden):
            count = 0
        else:
            try:
                count = min(size, cursor - hidden - self._trace.index_of(first) + 1)
            except AddressError:
                count = size
        return (np.arange(size) < count).reshape(shape)


def combined(how: str, values: Iterable[float]) -> float:
    """The number made from others as `how` says: the value itself, their product, the first minus the second."""
    first, *rest = values
    for value in rest:
        first = first * value if how == "product" else first - value
    return first
