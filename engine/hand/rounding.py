"""Which rounding an answer key used, and what rounding on the way can do to a number.

Policies tried: 2 to 6 decimals or significant digits, each way to round, every quantity or every operation; with every
quantity rounded, and with parts of the way back left exact, as people do who multiply them in one go: f′; f′ and
∂L/∂a; f′, ∂L/∂a and δ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

import numpy as np
from msgspec import Struct

from engine.address import Address
from engine.arithmetic import CONTEXT, EACH, MOST_DIGITS, ROUNDINGS, Arithmetic, settled
from engine.hand.bounds import HandError, operations_of
from engine.hand.recipe import Forms, Recipe
from engine.hand.trace import HandTrace
from engine.network import Network
from engine.quantity import Kind
from engine.trace import Trace

DIGITS = range(2, 7)
MAX_SEARCH = 5_000_000
"""Scalar operations of all policies together: half a minute or so."""

MAX_SPREAD = 1_000_000
"""Scalar operations of all the walks between which an interval reaches."""

_BACK = (
    ("fprime", "jacobian"),
    ("fprime", "jacobian", "da", "dh", "ddrop", "dxhat"),
    ("fprime", "jacobian", "da", "dh", "ddrop", "dxhat", "delta"),
)


class Printed(Struct, frozen=True):
    """One printed number: where it belongs, and its digits."""

    address: Address
    """Of a single number."""
    written: str


class Refusal(Struct, frozen=True):
    """A printed number that a policy does not reproduce."""

    printed: Printed
    by_hand: str
    """What comes out instead."""


class Search(Struct, frozen=True):
    """What was found."""

    fits: tuple[Arithmetic, ...]
    """The policies that reproduce every number, the simplest first; where one does, none of the same digits with
    more left exact is listed."""
    best: Arithmetic
    """The first of those, or else the first of those that reproduce most."""
    refusals: tuple[Refusal, ...]
    """The numbers that `best` does not reproduce."""
    tried: int
    strict: tuple[Arithmetic, tuple[Refusal, ...]]
    """The best of the policies that leave nothing exact, and what it does not reproduce."""


def left_exact(network: Network) -> tuple[tuple[str, ...], ...]:
    """What is left unrounded in turn, by the names this network has: nothing first."""
    names = {name for name, _ in network.catalogue}
    sets = ((), *(tuple(name for name in group if name in names) for group in _BACK))
    return tuple(dict.fromkeys(sets))


def policies(network: Network) -> Iterator[Arithmetic]:
    """Every policy that is tried, the simplest first."""
    for kept, each, rounding, counted, digits in product(
        left_exact(network), EACH, ROUNDINGS, ("decimals", "significant"), DIGITS
    ):
        yield Arithmetic(digits, counted, rounding, each, kept)


def find_rounding(trace: Trace, printed: Sequence[Printed]) -> Search:
    """Try every policy on the printed numbers, of which there is one at least.

    Raises:
        HandError: the network is too large for paper, or the numbers are too far for so many walks.
    """
    tried = list(policies(trace.network))
    recipe, forms = Recipe(trace.network), Forms(trace)
    reach = max(_iterations(trace, number.address) for number in printed)
    work = len(tried) * reach * operations_of(trace.network)
    if work > MAX_SEARCH:
        raise HandError(
            f"{len(tried)} ways to round take about {work:,} operations to iteration {reach:,};"
            f" at most {MAX_SEARCH:,} are worked"
        )
    fits: dict[tuple[str, int, str, str], Arithmetic] = {}
    best: tuple[Arithmetic, tuple[Refusal, ...]] | None = None
    strict: tuple[Arithmetic, tuple[Refusal, ...]] | None = None
    for policy in tried:
        same = (policy.counted, policy.digits, policy.rounding, policy.each)
        if same in fits:
            continue
        refused = _refused(HandTrace(trace, policy, recipe, forms), printed)
        if not refused:
            fits[same] = policy
        if best is None or len(refused) < len(best[1]):
            best = policy, refused
        if not policy.exact:
            # those come first
            strict = best
    assert best is not None, "there are policies"
    assert strict is not None, "some leave nothing exact"
    return Search(tuple(fits.values()), best[0], best[1], len(tried), strict)


def _refused(hand: HandTrace, printed: Sequence[Printed]) -> tuple[Refusal, ...]:
    refused = []
    for number in printed:
        value = single(hand, number.address)
        if not reproduces(hand, number, value):
            refused.append(Refusal(number, hand.text(number.address, value)))
    return tuple(refused)


def reproduces(hand: HandTrace, printed: Printed, value: Decimal) -> bool:
    """Whether a number by hand, written with as many digits as the printed one, is that one.

    A policy gives no more digits than it keeps: with two decimals nobody prints 0.780.
    """
    number = Decimal(printed.written)
    if not value.is_finite():
        return False
    decimals, significant = _decimals(number), len(number.as_tuple().digits)
    policy = hand.policy
    if not hand.whole(printed.address) and policy.digits < (decimals if policy.counted == "decimals" else significant):
        return False
    return value.quantize(Decimal(1).scaleb(-decimals), ROUNDINGS[policy.rounding], CONTEXT) == number


class Propagation:
    """What rounding on the way can do to the numbers of one walk.

    The interval of a number printed with d decimals (d ≥ 2: with one, nearly anything would be right): every walk
    with d decimals is worked, for each way to round, every quantity or every operation, and each part of the way back
    left exact or not. It reaches from the least to the greatest of their numbers, and of the exact one rounded each
    way; all to d decimals.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._recipe, self._forms = Recipe(trace.network), Forms(trace)
        self._walks: dict[int, list[HandTrace]] = {}

    def interval(self, printed: Printed) -> tuple[Decimal, Decimal] | None:
        """Least and greatest; None for fewer or more decimals than are worked, and where a number is not finite.

        Raises:
            HandError: the network is too large for paper, or the number too far.
        """
        decimals = _decimals(Decimal(printed.written))
        if not 2 <= decimals <= MOST_DIGITS:
            return None
        iterations = _iterations(self._trace, printed.address)
        ways = len(left_exact(self._trace.network)) * len(EACH) * len(ROUNDINGS)
        if ways * iterations * operations_of(self._trace.network) > MAX_SPREAD:
            raise HandError(f"iteration {iterations:,} is too far to work in {ways} ways by hand")
        if decimals not in self._walks:
            self._walks[decimals] = [
                HandTrace(
                    self._trace, Arithmetic(decimals, "decimals", rounding, each, kept), self._recipe, self._forms
                )
                for kept, each, rounding in product(left_exact(self._trace.network), EACH, ROUNDINGS)
            ]
        exact = settled(float(self._trace.value(printed.address).item()))
        values = []
        for hand in self._walks[decimals]:
            values += [hand.policy.round(single(hand, printed.address)), hand.policy.round(exact)]
        return (min(values), max(values)) if all(value.is_finite() for value in values) else None


def single(hand: HandTrace, address: Address) -> Decimal:
    """The one number at an address by hand."""
    value: Decimal = np.asarray(hand.value(address), dtype=object).item()
    return value


def _iterations(trace: Trace, address: Address) -> int:
    """How many iterations a number takes."""
    k = address.k or 0
    return max(1, k if trace.names.quantity(address).kind is Kind.STATE else k + 1)


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return max(0, -exponent)
