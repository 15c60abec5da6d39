"""The whole walk as a random-access sequence of steps, which holds almost nothing.

A step is an address and a number; the number comes from the record of its iteration, the record from the state
before it, the state from the nearest checkpoint by running forward. Every way of reaching a state runs the same
code on the same numbers, so `trace[k]` is bit-identical however it is reached.
"""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import overload

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError
from engine.checkpoints import FINE, OVERHEAD, Checkpoints
from engine.iterate import Record
from engine.names import Names
from engine.network import Network
from engine.plan import Place, Plan
from engine.quantity import Kind, Phase, Quantity
from engine.runner import runner_of
from engine.scenario.model import Array, Scenario
from engine.state import State

CHECKPOINT_BYTES = 128 * 2**20
SEGMENT_BYTES = 32 * 2**20
RECORDS_KEPT = 8
"""Records kept: the one on the screen, its neighbours, and room for a prediction or a search."""
RECORD_BYTES = 64 * 2**20
"""Of the records kept besides, so that walking back waits for none."""
LOSSES_KEPT = 1_000_000
PROGRESS_EVERY = 64
"""Iterations between two calls of a progress function: some milliseconds on a small network."""

Progress = Callable[[int], bool]
"""Called with the update reached; returning False stops the run."""


class Step(Struct, frozen=True, eq=False):
    """One scalar of the walk."""

    index: int
    """Position in the trace, from 0; people count from 1."""
    place: Place
    value: float
    row: int | None
    """Row of the data its sample is, from 1."""

    @property
    def address(self) -> Address:
        return self.place.address

    @property
    def iteration(self) -> int:
        """From 1."""
        return self.place.k + 1

    @property
    def phase(self) -> Phase:
        return self.place.quantity.phase

    @property
    def quantity(self) -> Quantity:
        return self.place.quantity


class Trace(Sequence[Step]):
    """Every step of a scenario's training.

    Raises:
        engine.plan.PlanError: the walk has more than 2⁶³−1 steps.
    """

    def __init__(
        self, scenario: Scenario, checkpoint_bytes: int = CHECKPOINT_BYTES, scalar: bool | None = None
    ) -> None:
        """`scalar` forces a way of computing, for tests: by default the scenario's sizes decide."""
        self.scenario = scenario
        self.network = Network(scenario)
        self.plan = Plan(self.network)
        self.names = Names(self.network)
        start = self.network.start()
        self.runner = runner_of(self.network, scalar)
        self._checkpoints = Checkpoints(
            start.vector, checkpoint_bytes, scenario.training.iterations, self.runner.stride
        )
        self._segment: OrderedDict[int, Array] = OrderedDict()
        self._records: OrderedDict[int, Record] = OrderedDict()
        self._records_most = self._room(start)
        # records of a stretch have its states too
        segment_bytes = SEGMENT_BYTES if self._records_most == RECORDS_KEPT else 0
        self._segment_most = max(2, segment_bytes // (start.vector.nbytes + OVERHEAD))
        self._asked = -1
        """The record last asked for."""
        self._losses = array("d")
        self._diverged: int | None = None
        self._lock = RLock()

    def __len__(self) -> int:
        return self.plan.steps

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        place = self.plan.place(position)
        row = None
        if place.sample is not None:
            row = int(self.network.batches.rows(place.k)[place.sample - 1]) + 1
        return Step(position, place, float(self.value(place.address)), row)

    def __iter__(self) -> Iterator[Step]:
        for position in range(len(self)):
            yield self[position]

    # addresses

    def resolve(self, text: str) -> Address:
        """The address `text` names.

        Raises:
            AddressError: it names nothing in this network.
        """
        return self.names.resolve(text)

    def index_of(self, address: Address, k: int | None = None) -> int:
        """The step that computes an address; `k` is the record meant where @k is missing.

        Raises:
            AddressError: nothing computes it in this walk.
        """
        return self.plan.step(address, k)

    def value(self, address: Address) -> Array:
        """The number or array at a resolved address; a missing @k counts as @0.

        Shapes: per-sample names (batch, units) unless #s or an index takes an axis away; W (units, inputs).

        Raises:
            AddressError: the sample is not in this batch.
        """
        quantity = self.names.quantity(address)
        k = address.k or 0
        if quantity.kind is Kind.STATE:
            values, per_sample = self.state(k)[quantity.key], False
        else:
            made = self.record(k)
            terms = address.sample is not None and not quantity.per_sample
            values, per_sample = (made.terms if terms else made.__getitem__)(quantity.key), quantity.per_sample or terms
        unit: tuple[int | slice, ...] = tuple(index - 1 for index in address.unit)
        if not per_sample:
            return np.asarray(values[unit])
        if address.sample is None:
            rows = values[(slice(None), *unit)]
            return np.asarray(rows.sum() if quantity.summed else rows)
        if address.sample > values.shape[0]:
            raise AddressError(f"{address}: the batch of iteration {k + 1} has {values.shape[0]} samples")
        return np.asarray(values[(address.sample - 1, *unit)])

    # states and records

    def state(self, k: int) -> State:
        """State @k, 0 ≤ k ≤ iterations."""
        vector = self._held(k)
        if vector is not None:
            return State(k, vector, self.network.layout)
        state = self._run(k, None)
        assert state is not None, "a run that nothing may stop arrives"
        return state

    def record(self, k: int) -> Record:
        """The record @k: computed from state @k on the batch of iteration k + 1."""
        with self._lock:
            made = self._records.get(k)
            if made is not None:
                self._records.move_to_end(k)
        if made is None:
            made = self.runner.record(self.state(k))
            self._note(k, [made.loss], True)
            self._keep_record(made)
        if k != self._asked:
            self._asked = k
            self._look_behind(k)
        return made

    def loss(self, k: int) -> float:
        """The loss of record @k."""
        return self._losses[k] if k < len(self._losses) else self.record(k).loss

    def losses_known(self) -> Sequence[float]:
        """The losses of records @0 … as far as they have been computed without a gap."""
        return self._losses

    def distance(self, k: int) -> int:
        """How many iterations must be run before state @k is there."""
        return 0 if self._held(k) is not None else k - self._base(k)[0]

    def reach(self, k: int, progress: Progress | None = None) -> bool:
        """Run until state @k is held. May be called in a thread; False if `progress` stopped it."""
        return self._held(k) is not None or self._run(k, progress) is not None

    def _run(self, k: int, progress: Progress | None) -> State | None:
        """Run forward to state @k, keeping what is worth keeping; None if `progress` stopped it."""
        base, vector = self._base(k)
        state = State(base, vector, self.network.layout)
        with self._lock:
            if base not in self._segment:
                self._segment = OrderedDict({base: vector})
        # the last stretch is kept state by state, so that going back from here is instant
        closely = k - self._closely(k - base)
        while state.k < k:
            if state.k >= closely:
                state = self._iterate(state, k)
            else:
                stop = min(closely, self._checkpoints.following(state.k))
                if progress is not None:
                    stop = min(stop, state.k - state.k % PROGRESS_EVERY + PROGRESS_EVERY)
                state = self._advance(state, stop)
            self._checkpoints.add(state.k, state.vector)
            with self._lock:
                self._segment[state.k] = state.vector
                while len(self._segment) > self._segment_most:
                    self._segment.popitem(last=False)
            if progress is not None and state.k % PROGRESS_EVERY == 0 and not progress(state.k):
                return None
        return state

    def _closely(self, span: int) -> int:
        """How many of the last states of a run over `span` updates are kept, those of a short replay all.

        One where a replay is instant.
        """
        if self.runner.instant:
            return 1
        return span if span <= self._checkpoints.spacing else RECORDS_KEPT

    def _iterate(self, state: State, k: int) -> State:
        """One update of the way to state @k, with its record where that is near."""
        after, made = self.runner.iterate(state)
        self._note(made.k, [made.loss], after.finite)
        if k - made.k < self._records_most:
            self._keep_record(made)
        return after

    def _advance(self, state: State, stop: int) -> State:
        losses: list[float] = []
        after, finite = self.runner.advance(state, stop, losses)
        if not finite and (self._diverged is None or state.k < self._diverged):
            # somewhere in this stretch, or only nearly: one update at a time tells
            while state.k < stop:
                one: list[float] = []
                state, _ = self.runner.advance(state, state.k + 1, one)
                self._note(state.k - 1, one, state.finite)
        self._note(stop - len(losses), losses, True)
        return after

    def _room(self, start: State) -> int:
        """How many records are kept: those of a stretch besides, if there is room for them."""
        if self.runner.instant:
            return RECORDS_KEPT
        arrays = 5 * 8 * self.network.batches.largest * sum(self.network.sizes[1:])
        room = RECORD_BYTES // (2 * start.vector.nbytes + arrays)
        return RECORDS_KEPT + FINE if room >= RECORDS_KEPT + FINE else RECORDS_KEPT

    def _look_behind(self, k: int) -> None:
        """Have the records that lead back from record @k, as far as the steps on the way there cannot make them.

        Every step back within a stretch replays one update of the stretch before; what these steps are too few for is
        replayed at once. So a step back takes one update anywhere, and a seek as many as a stretch has.
        """
        spacing = self._checkpoints.spacing
        if self.runner.instant or spacing > self._records_most - RECORDS_KEPT:
            return
        first = k - k % spacing
        wanted = [*range(first, k), *range(max(0, first - spacing), 2 * first - k)]
        with self._lock:
            missing = []
            for at in wanted:
                made = self._records.get(at)
                if made is None or made.after is None:
                    missing.append(at)
                else:
                    # of all that is kept these go last
                    self._records.move_to_end(at)
        for at in missing:
            # now, so that the next one can have the memory
            self._drop_records(self._records_most - 1)
            _, made = self.runner.iterate(self.state(at))
            self._note(at, [made.loss], True)
            self._keep_record(made)

    # divergence

    @property
    def diverged(self) -> int | None:
        """The first record, among those computed, in which loss or next state is not finite."""
        return self._diverged

    def first_non_finite(self) -> Step | None:
        """The step at which a diverging run left the finite numbers, as far as the walk has been computed."""
        return None if self._diverged is None else self.non_finite_in(self._diverged)

    def non_finite_in(self, k: int) -> Step | None:
        """The first step of iteration k + 1 whose value is not finite."""
        for quantity in self.plan.blocks:
            at = k + 1 if quantity.kind is Kind.STATE else k
            values = self.state(at)[quantity.key] if quantity.kind is Kind.STATE else self.record(k)[quantity.key]
            bad = np.argwhere(~np.isfinite(values))
            if len(bad):
                place = [int(index) + 1 for index in bad[0]]
                sample = place.pop(0) if quantity.per_sample else None
                return self[self.index_of(Address(quantity.name, quantity.layer, tuple(place), sample, at))]
        return None

    def _note(self, k: int, losses: list[float], finite: bool) -> None:
        """Keep the losses of the records from @k on. `finite`: whether the state after the first one is."""
        with self._lock:
            known = len(self._losses) - k
            if 0 <= known < len(losses):
                self._losses.extend(losses[known : LOSSES_KEPT - k])
            if not (finite and math.isfinite(losses[0])) and (self._diverged is None or k < self._diverged):
                self._diverged = k

    def _keep_record(self, made: Record) -> None:
        with self._lock:
            self._records[made.k] = made
            self._records.move_to_end(made.k)
        self._drop_records(self._records_most)

    def _drop_records(self, most: int) -> None:
        """Drop what was asked for longest ago until there are `most`."""
        with self._lock:
            while len(self._records) > most:
                self._records.popitem(last=False)

    def _held(self, k: int) -> Array | None:
        with self._lock:
            if k in self._segment:
                return self._segment[k]
            before = self._records.get(k - 1)
            if before is not None and before.after is not None:
                return before.after.vector
        base, vector = self._checkpoints.nearest(k)
        return vector if base == k else None

    def _base(self, k: int) -> tuple[int, Array]:
        """The nearest state held, not after @k."""
        base = self._checkpoints.nearest(k)
        with self._lock:
            if self._segment:
                newest = next(reversed(self._segment))
                if base[0] < newest <= k:
                    return newest, self._segment[newest]
        return base
