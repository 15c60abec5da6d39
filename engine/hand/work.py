"""One iteration by hand: from a state of decimals to every array of its record and to the next state, on demand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext

import numpy as np

from engine.arithmetic import CONTEXT, Arithmetic, given
from engine.formula.ground import SAMPLES
from engine.hand.formula import Decimals, Frame
from engine.hand.recipe import Forms, Recipe, summarised
from engine.quantity import Key, Kind, Quantity
from engine.scenario.model import Array
from engine.statistics import summary_of

State = Mapping[Key, Decimals]
"""The arrays of a state by name and layer."""


class CircularError(ValueError):
    """A quantity that would be needed for its own computation: only a changed formula can ask for that."""


def decimals(values: Array) -> Decimals:
    """An array of float64 as decimals, each by its shortest digits."""
    result = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        result[place] = given(float(values[place]))
    return fixed(result)


def fixed(values: Decimals) -> Decimals:
    values.flags.writeable = False
    return values


class Work:
    """The arrays of one iteration. `policy` None: nothing is rounded."""

    def __init__(self, recipe: Recipe, forms: Forms, policy: Arithmetic | None, k: int, state: State) -> None:
        self.k = k
        self.state = state
        self._recipe = recipe
        self._network = recipe.network
        self._forms = forms
        self._policy = policy
        self._exact = forms.trace.record(k)
        """The draws, and all else that is given to an iteration."""
        self._arrays: dict[Key, Decimals] = {}
        self._next: dict[Key, Decimals] = {}
        self._open: set[Key] = set()
        self._walked = 0

    def size(self, space: str) -> int:
        if space == SAMPLES:
            return self._exact.samples
        return self._network.sizes[int(space.removeprefix("layer "))]

    def array(self, key: Key, after: bool) -> Decimals:
        """A whole array of the record or the state; `after`: of the state after this iteration's update.

        Raises:
            CircularError: a changed formula needs what is computed from it.
        """
        quantity = self._network.catalogue[key]
        if quantity.kind is Kind.STATE:
            if not after or quantity.template is None:
                return self.state[key]
            return self._next[key] if key in self._next else self._made(quantity)
        if key in self._arrays:
            return self._arrays[key]
        if key in self._recipe.order and not self._open:
            # in the order of the walk, so that a deep network needs no deep recursion
            for other in self._network.walk[self._walked : self._recipe.order[key]]:
                self._walked += 1
                if other.kind is Kind.RECORD and other.key not in self._arrays:
                    self._made(other)
            if key in self._arrays:
                return self._arrays[key]
        return self._made(quantity)

    def after(self) -> State:
        """The next state."""
        for quantity in self._network.walk:
            if quantity.kind is Kind.STATE and quantity.key not in self._next:
                self._made(quantity)
        return {**self.state, **self._next}

    def terms(self, key: Key, sample: int) -> Decimals:
        """One sample's term of a gradient's data part, as `Record.terms` gives it."""
        name, layer = key
        apart = (f"{name}_data", layer)
        quantity = self._network.catalogue[apart if apart in self._network.catalogue else key]
        return self._computed(quantity, None, sample)

    def _made(self, quantity: Quantity) -> Decimals:
        key = quantity.key
        if key in self._open:
            raise CircularError(f"{key[0]}[{key[1]}] would be needed for itself")
        self._open.add(key)
        try:
            values = self._whole(quantity)
        finally:
            self._open.discard(key)
        (self._next if quantity.kind is Kind.STATE else self._arrays)[key] = values
        return values

    def _whole(self, quantity: Quantity) -> Decimals:
        summary = summary_of(quantity.name)
        if summary is not None:
            head, _, of = quantity.name.partition("_")
            with localcontext(CONTEXT):
                value = summarised(head, self.array((of, quantity.layer), False))
            result = np.empty((), dtype=object)
            result[()] = self._rounded(quantity.name, value)
            return fixed(result)
        if quantity.template is None and quantity.key not in self._recipe.replaced:
            return decimals(np.asarray(self._exact[quantity.key]))
        if not quantity.per_sample:
            return self._computed(quantity, None, None)
        rows = [self._computed(quantity, sample, None) for sample in range(1, self._exact.samples + 1)]
        return fixed(np.stack(rows))

    def _computed(self, quantity: Quantity, sample: int | None, only: int | None) -> Decimals:
        formula = self._recipe.formula(quantity)
        policy = None if self._policy is None or quantity.name in self._policy.exact else self._policy
        operation = policy.round if policy is not None and policy.each == "operation" else None
        result = np.empty(quantity.shape, dtype=object)
        with localcontext(CONTEXT):
            for place in np.ndindex(quantity.shape):
                indices = {"s": sample or 1, **{i: at + 1 for i, at in zip(quantity.indices, place, strict=True)}}
                value = None
                if formula.stated and self._forms.stated(quantity, self.k, sample, indices):
                    value = formula.stated(Frame(self, dict(indices), operation, only))
                if value is None or not value.is_finite():
                    value = formula.computed(Frame(self, indices, operation, only))
                result[place] = self._rounded(quantity.name, value)
        return fixed(result)

    def _rounded(self, name: str, value: Decimal) -> Decimal:
        if self._policy is None or name in self._policy.exact:
            return value
        return self._policy.round(value)
