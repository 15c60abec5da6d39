"""Which usual slip gives a wrong answer: every slip of the table is worked as a walk with other formulas.

The walk with a slip is worked in exact decimals, in the iteration of the address alone and in every iteration up to it;
an answer that none gives to its digits is looked for once more with numbers rounded on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
from msgspec import Struct

from engine.address import Address
from engine.arithmetic import MOST_DIGITS, Arithmetic
from engine.hand.bounds import HandError, check_size
from engine.hand.functions import NAN
from engine.hand.recipe import Forms, Recipe
from engine.hand.rounding import MAX_SEARCH, left_exact
from engine.hand.trace import NOISE
from engine.hand.work import CircularError, State, Work, decimals
from engine.quantity import Kind
from engine.slips.site import Site, Variant
from engine.slips.table import SLIPS, Slip
from engine.structs import replace
from engine.trace import Trace

EVERY = 20
"""Iterations up to which a slip made in each of them is followed."""


class Found(Struct, frozen=True):
    """A slip that gives the answer."""

    slip: Slip
    clause: str
    """What was done, to follow "when": "f′ is forgotten in layer 2"."""


Agrees = Callable[[Decimal], bool]
"""Whether a number, written to as many digits as the answer, is the answer."""


def find_slips(trace: Trace, address: Address, written: str, agrees: Agrees) -> list[Found]:
    """Every slip that gives the answer at the address of a single number, in the order of the table.

    Raises:
        HandError: the network is too large to be worked so often.
    """
    return _Detective(trace, address, written, agrees).found()


def diagnosis(found: list[Found]) -> str:
    """What is said of a wrong answer."""
    if not found:
        return "none of the usual slips gives it"
    if len(found) == 1:
        return f"this is what comes out when {found[0].clause}"
    return f"several of the usual slips give it: {'; '.join(one.clause for one in found)}"


class _Detective:
    """One wrong answer."""

    def __init__(self, trace: Trace, address: Address, written: str, agrees: Agrees) -> None:
        self._trace = trace
        self._agrees = agrees
        quantity = trace.names.quantity(address)
        self._state = quantity.kind is Kind.STATE
        k = address.k or 0
        self._k = k - 1 if self._state else k
        """The iteration that computes it, from 0; −1 for the starting state."""
        self._address = replace(address, k=k)
        self._written = written
        self._forms = Forms(trace)
        self._operations = check_size(trace.network)
        self._starts: dict[int, State] = {}
        right = float(trace.value(address).item())
        self._right = Decimal(right)

    def found(self) -> list[Found]:
        site = Site(self._trace.network, self._address, self._trace.network.batches.size(max(0, self._k)))
        variants = [(slip, variant) for slip in SLIPS for variant in slip.variants(site)]
        if self._k < 0:
            # given by the file: nothing is computed, so that a number can only be read off in the wrong place
            return self._misread(variants)
        starts = (self._k, 0) if 0 < self._k <= EVERY else (self._k,)
        for start in starts:
            work = len(variants) * self._operations * (self._k - start + 1)
            if work > MAX_SEARCH and start == 0 < self._k:
                # in its own iteration it has been looked for
                break
            if work > MAX_SEARCH:
                raise HandError(f"{len(variants)} ways to slip take about {work:,} operations; at most {MAX_SEARCH:,}")
            exact: list[Arithmetic | None] = [None]
            rounded = self._rounded()
            for policies in (exact, rounded if work * len(rounded) <= MAX_SEARCH else []):
                found = self._among(variants, start, policies)
                if found:
                    return found
        return []

    def _misread(self, variants: list[tuple[Slip, Variant]]) -> list[Found]:
        found = []
        for slip, variant in variants:
            if variant.address is not None and not variant.replaced:
                value = Decimal(float(self._trace.value(variant.address).item()))
                if not self._harmless(value) and self._agrees(value):
                    found.append(Found(slip, variant.clause))
        return found

    def _rounded(self) -> list[Arithmetic | None]:
        exponent = Decimal(self._written).as_tuple().exponent
        places = -exponent if isinstance(exponent, int) else 0
        if not 2 <= places <= MOST_DIGITS:
            return []
        kept = left_exact(self._trace.network)
        return [
            Arithmetic(places, "decimals", rounding, "quantity", names)
            for names in (kept[0], kept[-1])
            for rounding in ("half_up", "truncate")
        ]

    def _among(
        self, variants: list[tuple[Slip, Variant]], start: int, policies: list[Arithmetic | None]
    ) -> list[Found]:
        found: dict[str, Found] = {}
        for slip, variant in variants:
            if slip.name in found:
                continue
            recipe = Recipe(self._trace.network, variant.replaced)
            address = variant.address or self._address
            if policies != [None] and self._harmless(self._value(recipe, address, None, start)):
                # what rounding alone makes of the right number is no slip
                continue
            for policy in policies:
                value = self._value(recipe, address, policy, start)
                if not self._harmless(value) and self._agrees(value):
                    found[slip.name] = Found(slip, variant.clause)
                    break
        return list(found.values())

    def _harmless(self, value: Decimal) -> bool:
        """Whether the slip changes nothing here, or cannot be made."""
        return not value.is_finite() or abs(value - self._right) <= NOISE * max(abs(value), abs(self._right))

    def _value(self, recipe: Recipe, address: Address, policy: Arithmetic | None, start: int) -> Decimal:
        """The number at an address when the formulas of a recipe are worked; NaN where they cannot be."""
        quantity = self._trace.names.quantity(address)
        try:
            state = self._start(start)
            for k in range(start, self._k):
                state = Work(recipe, self._forms, policy, k, state).after()
            work = Work(recipe, self._forms, policy, self._k, state)
            unit = tuple(index - 1 for index in address.unit)
            if quantity.kind is Kind.STATE:
                return _one(work.array(quantity.key, True)[unit])
            if address.sample is not None and not quantity.per_sample:
                return _one(work.terms(quantity.key, address.sample)[unit])
            values = work.array(quantity.key, False)
            if not quantity.per_sample:
                return _one(values[unit])
            if address.sample is None:
                rows = values[(slice(None), *unit)]
                return sum(rows.ravel().tolist(), Decimal(0)) if quantity.summed else _one(rows)
            return _one(values[(address.sample - 1, *unit)])
        except (CircularError, IndexError, KeyError, RecursionError):
            return NAN

    def _start(self, k: int) -> State:
        if k not in self._starts:
            exact = self._trace.state(k)
            self._starts[k] = {key: decimals(exact[key]) for key in exact}
        return self._starts[k]


def _one(value: object) -> Decimal:
    number: Decimal = np.asarray(value, dtype=object).item()
    return number
