"""Step ↔ address, by arithmetic alone: nothing is enumerated, whatever the length of the walk.

An iteration is a list of blocks, one per quantity; a block's steps run over samples, then units, then sources.
Full batches all have the same number of steps, the last batch of an epoch may have fewer; so the start of any
iteration is a division away, and within one iteration a block is found by bisection.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

from engine.address import Address, AddressError
from engine.network import Network
from engine.quantity import Kind, Phase, Quantity
from engine.scenario.limits import MAX_STEPS


class PlanError(ValueError):
    """A walk too long to number."""


class Granularity(IntEnum):
    """How far one move of the cursor goes. Steps are never renumbered."""

    STEP = 0
    UNIT = 1
    """One unit of one sample: a row of a matrix at a time."""
    QUANTITY = 2
    """One whole array."""
    LAYER = 3
    PHASE = 4
    ITERATION = 5


class Place(Struct, frozen=True):
    """One step, taken apart. Sample and unit count from 1."""

    k: int
    """The record @k this step belongs to: iteration k + 1."""
    block: int
    quantity: Quantity
    sample: int | None
    unit: tuple[int, ...]

    @property
    def address(self) -> Address:
        quantity = self.quantity
        k = self.k + 1 if quantity.kind is Kind.STATE else self.k
        return Address(quantity.name, quantity.layer, self.unit, self.sample, k)

    @property
    def indices(self) -> dict[str, int]:
        """Values of the template's index variables here; a sum over samples is its own business."""
        return {"s": self.sample or 1, **dict(zip(self.quantity.indices, self.unit, strict=True))}


class Plan:
    """The order of every step of a walk.

    Raises:
        PlanError: more than 2⁶³−1 steps.
    """

    def __init__(self, network: Network) -> None:
        self.blocks = network.walk
        self._network = network
        self._batches = network.batches
        self.iterations = network.scenario.training.iterations
        self._block_of = {quantity.key: block for block, quantity in enumerate(self.blocks)}
        self._starts = {n: self._block_starts(n) for n in {self._batches.largest, self._batches.partial} if n}
        self._full = self._starts[self._batches.largest][-1]
        partial = self._starts[self._batches.partial][-1] if self._batches.partial else 0
        self._epoch = self._batches.full_per_epoch * self._full + partial
        self.steps = self.start(self.iterations)
        """Number of steps of the whole walk."""
        if self.steps > MAX_STEPS:
            raise PlanError(
                f"{self.iterations} iterations make a walk of {self.steps} steps; expected at most 2^63 - 1"
            )

    def start(self, k: int) -> int:
        """First step of iteration k + 1."""
        epochs, place = divmod(k, self._batches.per_epoch)
        return epochs * self._epoch + place * self._full

    def samples(self, k: int) -> int:
        """Samples of the batch of iteration k + 1."""
        return self._batches.size(k)

    def k_of(self, step: int) -> int:
        """The record a step belongs to.

        Raises:
            IndexError: no such step.
        """
        if not 0 <= step < self.steps:
            raise IndexError(f"step {step} of a walk of {self.steps}")
        epochs, rest = divmod(step, self._epoch)
        return epochs * self._batches.per_epoch + min(rest // self._full, self._batches.per_epoch - 1)

    def place(self, step: int) -> Place:
        """What a step is.

        Raises:
            IndexError: no such step.
        """
        k = self.k_of(step)
        starts = self._starts[self._batches.size(k)]
        within = step - self.start(k)
        block = bisect_right(starts, within) - 1
        quantity = self.blocks[block]
        rest = within - starts[block]
        size = math.prod(quantity.shape)
        sample, rest = divmod(rest, size)
        unit: list[int] = []
        for length in reversed(quantity.shape):
            rest, index = divmod(rest, length)
            unit.append(index + 1)
        return Place(k, block, quantity, sample + 1 if quantity.per_sample else None, tuple(reversed(unit)))

    def step(self, address: Address, k: int | None = None) -> int:
        """The step that computes an address; of an array, the first step that computes a part of it.

        `k` stands in for a missing @k: the record to look in (a state is found in the update that follows it).

        Raises:
            AddressError: nothing computes it in this walk (data, the starting state, records past the end).
        """
        quantity = self._network.catalogue[address.name, address.layer]
        is_state = quantity.kind is Kind.STATE
        record = (k if address.k is None else address.k - 1 if is_state else address.k) or 0
        if quantity.key not in self._block_of:
            raise AddressError(f"{address} has no step: {self._why_no_step(quantity)}")
        if record < 0:
            raise AddressError(f"{address} has no step: it is the starting state")
        if record >= self.iterations:
            raise AddressError(
                f"{address} has no step: the walk ends after update {self.iterations}"
                if self.iterations
                else f"{address} has no step: this walk has no iteration"
            )
        n = self._batches.size(record)
        sample = address.sample or 1
        if quantity.per_sample and sample > n:
            raise AddressError(f"{address} has no step: the batch of iteration {record + 1} has {n} samples")
        offset = 0
        padded = (*address.unit, *(1 for _ in quantity.shape[len(address.unit) :]))
        for length, index in zip(quantity.shape, padded, strict=True):
            offset = offset * length + index - 1
        if quantity.per_sample:
            offset += (sample - 1) * math.prod(quantity.shape)
        return self.start(record) + self._starts[n][self._block_of[quantity.key]] + offset

    def group(self, step: int, granularity: Granularity) -> tuple[int, int]:
        """The steps [first, after) that move together with `step` at a granularity."""
        granularity = Granularity(granularity)
        if granularity is Granularity.STEP:
            return step, step + 1
        place = self.place(step)
        base = self.start(place.k)
        starts = self._starts[self._batches.size(place.k)]
        if granularity is Granularity.ITERATION:
            return base, base + starts[-1]
        if granularity is Granularity.UNIT:
            row = place.quantity.shape[-1] if len(place.quantity.shape) > 1 else 1
            first = step - (place.unit[-1] - 1 if row > 1 else 0)
            return first, first + row
        first_block = last_block = place.block
        if granularity is not Granularity.QUANTITY:

            def same(block: int) -> bool:
                other = self.blocks[block]
                return other.phase is place.quantity.phase and (
                    granularity is Granularity.PHASE or other.layer == place.quantity.layer
                )

            while first_block > 0 and same(first_block - 1):
                first_block -= 1
            while last_block + 1 < len(self.blocks) and same(last_block + 1):
                last_block += 1
        return base + starts[first_block], base + starts[last_block + 1]

    def after(self, step: int, granularity: Granularity) -> int:
        """The step a move forwards leads to; the last step of the walk at its end."""
        return min(self.group(step, granularity)[1], self.steps - 1)

    def before(self, step: int, granularity: Granularity) -> int:
        """The step a move backwards leads to: the start of this group or, from there, of the one before."""
        first, _ = self.group(step, granularity)
        if first < step or first == 0:
            return first
        return self.group(first - 1, granularity)[0]

    def phases(self, k: int) -> Iterator[tuple[Phase, int, int]]:
        """The phases of iteration k + 1 with their steps: (phase, first, after)."""
        step = self.start(k)
        end = self.start(k + 1)
        while step < end:
            first, after = self.group(step, Granularity.PHASE)
            yield self.place(first).quantity.phase, first, after
            step = after

    def _block_starts(self, n: int) -> list[int]:
        """Offset of every block in an iteration of n samples, and the total."""
        starts = [0]
        for quantity in self.blocks:
            starts.append(starts[-1] + math.prod(quantity.shape) * (n if quantity.per_sample else 1))
        return starts

    def _why_no_step(self, quantity: Quantity) -> str:
        if quantity.template is None:
            return "it is given"
        if quantity.name == "data_loss":
            return "with one sample a batch it is the loss itself"
        return "this walk takes a shortcut past it"
