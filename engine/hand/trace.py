"""A walk calculated by hand beside the exact one: every number as it comes out on paper, and how far it is off.

Given numbers (data, starting parameters, hyperparameters, what is drawn) are never rounded; every other named number
is, before the next one uses it. The states are kept, so that a step is as far away as its iteration.
"""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from threading import RLock

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError
from engine.arithmetic import CONTEXT, Arithmetic, difference, given, settled
from engine.hand.bounds import MAX_WALK, HandError, check_size
from engine.hand.formula import Decimals
from engine.hand.recipe import Forms, Recipe
from engine.hand.work import State, Work, decimals
from engine.numbers import shortest
from engine.quantity import Kind
from engine.statistics import summary_of
from engine.trace import Progress, Trace

RECORDS_KEPT = 8
LOOK = 5
"""What comparing the digits of one step takes, in operations."""
LOOKED = 64
"""Steps compared between two reports of progress."""
_BRIEF = Arithmetic(10, "significant")
"""How a number that is left unrounded is written, its digits going on."""
NOISE = Decimal("1e-12")
"""A drift below this share of the value is the float64 walk's own rounding: by hand nothing was lost."""


class HandStep(Struct, frozen=True):
    """One scalar of the walk, by hand and exactly."""

    index: int
    address: Address
    value: Decimal
    """By hand."""
    exact: float
    drift: Decimal
    """By hand less exact; 0 where they differ by no more than float64 does."""
    differs: bool
    """Whether the exact number, written to the policy's digits, is another than the one by hand."""


class HandTrace:
    """The walk of `trace` by hand. `policy`: as the scenario declares unless given.

    Raises:
        HandError: the scenario declares none, or the network is too large for it.
    """

    def __init__(
        self, trace: Trace, policy: Arithmetic | None = None, recipe: Recipe | None = None, forms: Forms | None = None
    ) -> None:
        declared = policy or trace.scenario.arithmetic
        if declared is None:
            raise HandError("the scenario declares no [arithmetic]")
        self.trace = trace
        self.policy = declared
        self.operations = check_size(trace.network)
        """Of an iteration, about."""
        self.reach = max(1, MAX_WALK // max(1, self.operations))
        """The last state that is worked out."""
        self._recipe = recipe or Recipe(trace.network)
        self._forms = forms or Forms(trace)
        start = trace.state(0)
        self._states: list[State] = [{key: decimals(start[key]) for key in start}]
        self._works: OrderedDict[int, Work] = OrderedDict()
        self._first: tuple[int, int | None] = (0, None)
        self._lock = RLock()

    def value(self, address: Address) -> Decimals:
        """The `Decimal` or the array of them at a resolved address, shaped as `Trace.value` is.

        Raises:
            AddressError: the sample is not in this batch.
            HandError: the iteration is too far.
        """
        trace = self.trace
        quantity = trace.names.quantity(address)
        k = address.k or 0
        unit: tuple[int | slice, ...] = tuple(index - 1 for index in address.unit)
        if quantity.kind is Kind.STATE:
            return self.state(k)[quantity.key][unit]
        work = self._work(k)
        if address.sample is not None and not quantity.per_sample:
            return work.terms(quantity.key, address.sample)[unit]
        values = work.array(quantity.key, False)
        if not quantity.per_sample:
            return values[unit]
        if address.sample is None:
            rows = values[(slice(None), *unit)]
            return self.policy.round(CONTEXT.create_decimal(_sum(rows))) if quantity.summed else rows
        if address.sample > values.shape[0]:
            raise AddressError(f"{address}: the batch of iteration {k + 1} has {values.shape[0]} samples")
        return values[(address.sample - 1, *unit)]

    def step(self, index: int) -> HandStep:
        """Step `index`, worked by hand.

        Raises:
            IndexError: no such step.
            HandError: the iteration is too far.
        """
        # what is too far by hand need not be reached exactly first
        self._within(self.trace.plan.k_of(index))
        found = self.trace[index]
        value = self.value(found.address)
        return HandStep(
            found.index,
            found.address,
            value,
            found.value,
            drift(value, found.value),
            self.differs(value, found.value),
        )

    def state(self, k: int) -> State:
        """State @k by hand.

        Raises:
            HandError: it is too far.
        """
        self._within(k)
        while len(self._states) <= k:
            self._extend(k)
        return self._states[k]

    def _extend(self, k: int) -> None:
        """One more state, towards state @k."""
        with self._lock:
            if len(self._states) <= k:
                self._states.append(self._work(len(self._states) - 1).after())

    def work_to(self, index: int, progress: Progress | None = None) -> bool:
        """Work all that step `index` and `first_difference` up to it need; False if `progress` stopped it.

        `progress` is called with the updates worked so far.

        Raises:
            HandError: the iteration is too far.
        """
        k = self.trace.plan.k_of(index)
        self._within(k)
        while len(self._states) <= k:
            self._extend(k)
            if progress and not progress(len(self._states) - 1):
                return False
        self.step(index)
        while self._look(index):
            if progress and self._first[0] % LOOKED == 0 and not progress(k):
                return False
        return True

    def effort(self, index: int) -> int:
        """About how many operations `work_to` would take now. It waits for nobody."""
        k = self.trace.plan.k_of(index)
        if k > self.reach:
            return 0
        looked, found = self._first
        unlooked = 0 if found is not None else max(0, index + 1 - looked)
        missing = max(0, k + 1 - len(self._states)) + (k not in self._works)
        return missing * self.operations + unlooked * LOOK

    def _within(self, k: int) -> None:
        if k > self.reach:
            raise HandError(
                f"update {k:,} is too far to work by hand: this network is followed to update {self.reach:,}"
                f" (at most {MAX_WALK:,} operations)"
            )

    def first_difference(self, upto: int | None = None) -> int | None:
        """The first step at which a printed digit differs from the exact walk's; None where there is none.

        `upto`: look no further than this step. Steps too far to work by hand count as not differing.
        """
        last = len(self.trace) - 1 if upto is None else min(upto, len(self.trace) - 1)
        while self._look(last):
            pass
        found = self._first[1]
        return found if found is not None and found <= last else None

    def _look(self, last: int) -> bool:
        """Look at the next step for `first_difference`; False where there is none up to `last` to look at."""
        with self._lock:
            looked, found = self._first
            if found is not None or looked > last or self.trace.plan.k_of(looked) >= self.reach:
                return False
            self._first = (looked, looked) if self.step(looked).differs else (looked + 1, None)
            return True

    def differs(self, value: Decimal, exact: float) -> bool:
        """Whether the digits written for a number by hand are others than those of the exact one."""
        return self.policy.text(value) != self.policy.text(settled(exact))

    def text(self, address: Address, value: Decimal) -> str:
        """A number at an address as it stands on paper, in ASCII: given ones as they are, rounded ones to the policy's
        digits, zeros at their end included."""
        if self._given(address):
            return shortest(float(value))
        if self.whole(address):
            return _BRIEF.text(value) if value != self.policy.round(value) else self.policy.text(value)
        return self.policy.text(value)

    def whole(self, address: Address) -> bool:
        """Whether the number at an address is not rounded: given, or left exact."""
        return self._given(address) or address.name in self.policy.exact

    def _given(self, address: Address) -> bool:
        quantity = self.trace.names.quantity(address)
        if quantity.kind is Kind.STATE and not address.k:
            return True
        return quantity.template is None and summary_of(quantity.name) is None

    @staticmethod
    def settled(exact: float) -> Decimal:
        """An exact number without the noise of float64, to be written to the policy's digits."""
        return settled(exact)

    def _work(self, k: int) -> Work:
        with self._lock:
            if k not in self._works:
                self._works[k] = Work(self._recipe, self._forms, self.policy, k, self.state(k))
                while len(self._works) > RECORDS_KEPT:
                    self._works.popitem(last=False)
            self._works.move_to_end(k)
            return self._works[k]


def drift(value: Decimal, exact: float) -> Decimal:
    """By hand less exact, 0 where no more than float64's own rounding is between them."""
    apart = difference(value, Decimal(exact))
    near = apart.is_finite() and abs(apart) <= NOISE * max(abs(value), abs(given(exact)))
    return Decimal(0) if near else apart


def _sum(rows: Decimals) -> Decimal:
    total = Decimal(0)
    for value in np.ravel(rows):
        total = CONTEXT.add(total, value)
    return total
