"""Every formula of a network, ready to be worked by hand; and which of two forms a person would work.

Where an entry states the textbook's form and computes another, the walk shows the definition wherever both agree:
that is the form worked here. Where rounded numbers leave it without a value (ln 0), the computed form is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from engine.explain import AGREES_TO, RecordScope
from engine.formula.evaluate import agrees
from engine.formula.ground import ground
from engine.formula.nodes import Node
from engine.hand.formula import Decimals, Worked, work
from engine.network import Network
from engine.quantity import Key, Quantity
from engine.trace import Trace


class Formula(NamedTuple):
    """One quantity's formula, in one or two forms."""

    computed: Worked
    stated: Worked | None


class Recipe:
    """The formulas of one network; `replaced` puts others in their place."""

    def __init__(self, network: Network, replaced: Mapping[Key, Node] | None = None) -> None:
        self.network = network
        self.replaced = dict(replaced or {})
        self.order = {quantity.key: place for place, quantity in enumerate(network.walk)}
        """The place of each quantity in an iteration's walk."""
        self._formulas: dict[Key, Formula] = {}

    def formula(self, quantity: Quantity) -> Formula:
        """The formula of a quantity that has one."""
        key = quantity.key
        if key not in self._formulas:
            template = self.replaced.get(key, quantity.template)
            assert template is not None, "a given number has no formula"
            stated = quantity.stated if key not in self.replaced else None
            sizes = self.network.sizes
            self._formulas[key] = Formula(work(template, sizes), work(stated.formula, sizes) if stated else None)
        return self._formulas[key]


class Forms:
    """Which form of a formula the walk shows, by the float64 run beside."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._stated: dict[tuple[Key, int, int, tuple[int, ...]], bool] = {}

    def stated(self, quantity: Quantity, k: int, sample: int | None, indices: Mapping[str, int]) -> bool:
        """Whether the textbook's form agrees with what was computed, at one place of record @k."""
        unit = tuple(indices[index] for index in quantity.indices)
        where = (quantity.key, k, sample or 1, unit)
        if where not in self._stated:
            assert quantity.stated is not None
            tree = ground(quantity.stated.formula, RecordScope(self.trace, k), {"s": 1, **indices})
            values = self.trace.record(k)[quantity.key]
            place = tuple(index - 1 for index in ((sample or 1,) if quantity.per_sample else ()) + unit)
            self._stated[where] = agrees(tree, float(values[place]), AGREES_TO)
        return self._stated[where]


def summarised(summary: str, values: Decimals) -> Decimal:
    """max, rms or var of a whole array, as `engine.statistics` defines them."""
    return _SUMMARIES[summary](list(values.ravel()))


def _rms(values: list[Decimal]) -> Decimal:
    return (sum((value * value for value in values), Decimal(0)) / len(values)).sqrt()


def _var(values: list[Decimal]) -> Decimal:
    mean = sum(values, Decimal(0)) / len(values)
    return sum(((value - mean) ** 2 for value in values), Decimal(0)) / len(values)


def _max(values: list[Decimal]) -> Decimal:
    nan = next((value for value in values if value.is_nan()), None)
    return max(abs(value) for value in values) if nan is None else nan


_SUMMARIES: dict[str, Callable[[list[Decimal]], Decimal]] = {"max": _max, "rms": _rms, "var": _var}
