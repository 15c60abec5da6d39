"""Breakpoints, and where the walk next meets one: at an address in every iteration, or where a condition becomes true.

Addresses are found by arithmetic. A condition is judged iteration by iteration, forwards; on the way back the walk is
judged in stretches, each from a state that is at hand.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError
from engine.condition import Condition, Sight, condition, sight
from engine.structs import replace
from engine.trace import PROGRESS_EVERY, Progress, Trace

FORWARD, BACKWARD = 1, -1

PROGRESS_SECONDS = 0.05
"""Work after which progress is reported, whatever the number of iterations done."""

STRETCH = 64
"""Iterations judged at once on the way back, at first; doubled each time, so that a far one is found soon too."""

LOSSES_AT_ONCE = 65_536
"""Known losses judged in one array."""


class Breakpoint(Struct, frozen=True, eq=False):
    """A place to stop at, as it was typed."""

    condition: Condition

    @property
    def text(self) -> str:
        return self.condition.text

    @property
    def words(self) -> str:
        """`loss < 0.01, when it becomes true`."""
        address = self.condition.address
        if address is None:
            return f"{self.text}, {'every time' if self.condition.event else 'when it becomes true'}"
        return f"{self.text}, {'in every iteration' if address.k is None else 'once'}"


class Breakpoints(Struct, frozen=True, eq=False):
    """The breakpoints of one walk, in the order they were set. Never changed: each method gives another."""

    items: tuple[Breakpoint, ...] = ()

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def in_iteration(self, trace: Trace, k: int) -> tuple[int, ...]:
        """The steps of iteration k + 1 at which one stops by its address."""
        found = (_step_in(trace, one.condition.address, k) for one in self if one.condition.address is not None)
        return tuple(step for step in found if step is not None)

    def add(self, trace: Trace, text: str) -> Breakpoints:
        """With the breakpoint `text`; nothing is added that is already there.

        Raises:
            engine.condition_syntax.ConditionError: it is neither an address nor a condition.
        """
        made = condition(trace, text)
        if any(_same(trace, made, other.condition) for other in self):
            return self
        return Breakpoints((*self.items, Breakpoint(made)))

    def remove(self, breakpoint: Breakpoint) -> Breakpoints:
        return Breakpoints(tuple(item for item in self if item is not breakpoint))

    def toggle(self, trace: Trace, step: int) -> Breakpoints:
        """Without those that stop at this step by its address, or else with one at it in every iteration."""
        here = self.at(trace, step)
        if here:
            return Breakpoints(tuple(item for item in self if item not in here))
        address = trace.plan.place(step).address.at(None)
        return self.add(trace, str(replace(address, sample=None) if trace.network.single else address))

    def at(self, trace: Trace, step: int) -> tuple[Breakpoint, ...]:
        """Those that stop at a step by its address. Whether a condition does is not looked up: it may cost much."""
        k = trace.plan.k_of(step)
        return tuple(
            item
            for item in self
            if item.condition.address is not None and _step_in(trace, item.condition.address, k) == step
        )

    def rebound(self, trace: Trace) -> tuple[Breakpoints, tuple[str, ...]]:
        """The same for another walk (the scenario was edited), and the texts that mean nothing there any more."""
        kept, lost = Breakpoints(), []
        for item in self:
            try:
                kept = kept.add(trace, item.text)
            except ValueError:
                lost.append(item.text)
        return kept, tuple(lost)


class _StoppedError(Exception):
    """The progress function said to stop."""


def find(
    trace: Trace, breakpoints: Breakpoints, cursor: int, direction: int = FORWARD, progress: Progress | None = None
) -> int | None:
    """The nearest step after (or, BACKWARD, before) the cursor at which a breakpoint stops; None where there is none.

    `progress` is called now and then with the update reached; None also, where it returned False. May run in a thread.
    """
    if not len(trace):
        return None
    addresses = [item.condition.address for item in breakpoints if item.condition.address is not None]
    conditions = [item.condition for item in breakpoints if item.condition.address is None]
    steps = [step for address in addresses if (step := _next_step(trace, address, cursor, direction)) is not None]
    nearest = (min if direction == FORWARD else max)(steps, default=None)
    if not conditions:
        return nearest
    search = _Search(trace, conditions, _Ticks(trace, progress))
    try:
        return search.forward(cursor, nearest) if direction == FORWARD else search.backward(cursor, nearest)
    except _StoppedError:
        return None


def reasons(trace: Trace, breakpoints: Breakpoints, step: int) -> tuple[str, ...]:
    """Which breakpoints stop at a step that `find` has found, as they were typed. Computes two iterations."""
    k = trace.plan.k_of(step)
    named = [item.text for item in breakpoints.at(trace, step)]
    conditions = [item.condition for item in breakpoints if item.condition.address is None]
    if conditions:
        here = sight(trace, k, sight(trace, k - 1) if k else None)
        named += [one.text for one in conditions if one.holds(here) and one.stop(k, here) == step]
    return tuple(named)


class _Ticks:
    """Calls a progress function every so many iterations or seconds, and stops where it says so."""

    def __init__(self, trace: Trace, progress: Progress | None) -> None:
        self._trace = trace
        self._progress = progress
        self._count = 0
        self._last = time.monotonic()

    def reach(self, k: int) -> None:
        """Run to state @k."""
        if not self._trace.reach(k, self._progress):
            raise _StoppedError

    def tick(self, k: int, iterations: int = 1) -> None:
        self._count += iterations
        if self._progress is None:
            return
        now = time.monotonic()
        if self._count >= PROGRESS_EVERY or now - self._last >= PROGRESS_SECONDS:
            self._count, self._last = 0, now
            if not self._progress(k):
                raise _StoppedError


class _Search:
    """Conditions judged over stretches of iterations. Records are numbered by k, as everywhere."""

    def __init__(self, trace: Trace, conditions: list[Condition], ticks: _Ticks) -> None:
        self._trace = trace
        self._plan = trace.plan
        self._conditions = conditions
        self._ticks = ticks
        for k in sorted({k for one in conditions for k in one.fixed}):
            ticks.reach(k)

    def forward(self, cursor: int, nearest: int | None) -> int | None:
        """The first stop after the cursor, `nearest` being one."""
        last = self._plan.k_of(nearest) if nearest is not None else self._plan.iterations - 1
        for stops in self._stops(self._plan.k_of(cursor), last + 1):
            after = [step for step in stops if step > cursor]
            if after:
                return min(after) if nearest is None else min(nearest, *after)
        return nearest

    def backward(self, cursor: int, nearest: int | None) -> int | None:
        """The last stop before the cursor, `nearest` being one."""
        least = self._plan.k_of(nearest) if nearest is not None else 0
        end = self._plan.k_of(cursor) + 1
        stretch = STRETCH
        while end > least:
            first = max(least, end - stretch)
            # begin where a state is at hand: what lies between has to be run through anyway
            first = max(least, first - self._trace.distance(first))
            found: int | None = None
            for stops in self._stops(first, end):
                found = max((step for step in stops if step < cursor), default=found)
            if found is not None:
                return found if nearest is None else max(found, nearest)
            end, stretch = first, 2 * stretch
        return nearest

    def _stops(self, first: int, end: int) -> Iterator[list[int]]:
        """The stops of the iterations @first … @end−1, in order; iterations without any may be passed over."""
        at = first
        if all(one.loss_only for one in self._conditions):
            while at < end:
                stop = min(end, len(self._trace.losses_known()), at + LOSSES_AT_ONCE)
                if stop <= at:
                    break
                yield from self._stops_of_losses(at, stop)
                self._ticks.tick(stop, stop - at)
                at = stop
        if at < end:
            yield from self._judged(at, end)

    def _judged(self, first: int, end: int) -> Iterator[list[int]]:
        self._ticks.reach(max(0, first - 1))
        before: Sight | None = None
        held = [False] * len(self._conditions)
        for k in range(max(0, first - 1), end):
            here = sight(self._trace, k, before)
            holds = [one.holds(here) for one in self._conditions]
            if k >= first:
                yield [
                    one.stop(k, here)
                    for one, now, was in zip(self._conditions, holds, held, strict=True)
                    if now and (one.event or not was)
                ]
            before, held = here, holds
            self._ticks.tick(k + 1)

    def _stops_of_losses(self, first: int, end: int) -> Iterator[list[int]]:
        # a copy: an array that lends its memory cannot grow in another thread
        begin = max(0, first - 1)
        losses = np.array(self._trace.losses_known()[begin:end], dtype=np.float64)
        stops: dict[int, list[int]] = {}
        for one in self._conditions:
            holds = one.holds_of_losses(losses, math.nan)
            new = holds.copy()
            if not one.event:
                new[1:] &= ~holds[:-1]
            for place in np.flatnonzero(new[first - begin :]):
                k = first + int(place)
                stops.setdefault(k, []).append(self._trace.index_of(Address("loss"), k))
        yield from (stops[k] for k in sorted(stops))


def _step_in(trace: Trace, address: Address, k: int) -> int | None:
    """The step an address has in iteration k + 1; None where it has none there."""
    try:
        step = trace.index_of(address, k)
    except AddressError:
        return None
    return step if trace.plan.k_of(step) == k else None


def _next_step(trace: Trace, address: Address, cursor: int, direction: int) -> int | None:
    """The nearest step of an address after or before the cursor."""
    if address.k is not None:
        steps = [trace.index_of(address)]
    else:
        here = trace.plan.k_of(cursor)
        # a partial batch may lack the sample; no two of them follow one another
        near = range(here, here + 3 * direction, direction)
        found = (_step_in(trace, address, k) for k in near if 0 <= k < trace.plan.iterations)
        steps = [step for step in found if step is not None]
    beyond = [step for step in steps if (step - cursor) * direction > 0]
    return min(beyond, key=lambda step: abs(step - cursor), default=None)


def _same(trace: Trace, one: Condition, other: Condition) -> bool:
    """Whether two stop at the same places as far as their texts tell."""
    if one.address is None or other.address is None:
        return " ".join(one.text.split()) == " ".join(other.text.split())
    return one.address.k == other.address.k and trace.index_of(one.address) == trace.index_of(other.address)
