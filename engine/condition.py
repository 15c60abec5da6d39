"""Conditions over addresses: when in a walk `loss < 0.01 and delta[1][2] changes sign` becomes true, and at which step.

An iteration is judged as a whole. Names mean what they mean in go-to: a record's array is the one of this iteration, a
state's (`W[1][2,1]`) is what this iteration's update leaves. `@k` makes an address a fixed number, known or not yet. A
name of one sample without `#s` means any sample of the batch, the same one throughout the condition; a batch that has
no sample `#s` does not satisfy a condition that names it.

A condition *becomes true* in an iteration in which it holds and in the one before did not; `A changes sign` (sign(A),
0 counted as a sign, is not what it was an iteration ago) speaks of the change itself, so it stops every time. It stops
at the step that computes the last of its addresses; of any sample, for the first sample for which it holds.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.address import Address, AddressError
from engine.condition_syntax import (
    ELEMENTWISE,
    RELATIONS,
    Applied,
    ChangesSign,
    ConditionError,
    Named,
    Negated,
    Node,
    NonFinite,
    Number,
    Operation,
    parse,
)
from engine.formula.functions import FUNCTIONS
from engine.iterate import Record
from engine.known import known_at
from engine.quantity import Key, Kind, Quantity
from engine.scenario.model import Array
from engine.state import State
from engine.structs import replace
from engine.trace import Trace

LOSS: Key = ("loss", None)

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "finite": np.isfinite,
    "not": np.logical_not,
    "max": np.max,
    "min": np.min,
    "norm": lambda values: np.sqrt(np.sum(np.square(values))),
    "any": np.any,
    "all": np.all,
    **{name: FUNCTIONS[name].array for name in ELEMENTWISE if name in FUNCTIONS},
}


class Sight(Struct, frozen=True):
    """One iteration as a condition sees it."""

    record: Record | Mapping[Key, Array]
    """Its record; a mapping, where only the losses of many iterations are looked at."""
    after: Mapping[Key, Array]
    """The state its update leaves."""
    before: Sight | None = None
    """The iteration before, seen without the one before that; None in the first."""


class _AbsentError(Exception):
    """The batch has no such sample."""


class _Part(Struct, frozen=True):
    """What a part of a condition gives: arrays of shape (batch if `sampled`, *shape)."""

    truth: bool
    """Whether it is true or false; otherwise it is a number."""
    value: Callable[[Sight], Any]
    shape: tuple[int, ...] = ()
    sampled: bool = False
    position: int = 0


class Condition(Struct, frozen=True, eq=False):
    """A condition, bound to one walk."""

    text: str
    address: Address | None = None
    """The whole condition, where it is a bare address: it stops at that step (of an array, at its first)."""
    event: bool = False
    """Whether it speaks of a change, and so stops in every iteration in which it holds."""
    loss_only: bool = False
    """Whether the losses are all it needs."""
    fixed: tuple[int, ...] = ()
    """The states @k that have to be reached for its fixed addresses."""
    _truth: _Part | None = None
    _known: tuple[Callable[[int, int | None, Sight], int], ...] = ()

    def holds(self, sight: Sight) -> bool:
        """Whether it holds in an iteration; never true of a bare address."""
        return self._first(sight) is not None

    def holds_of_losses(self, losses: Array, before: float) -> NDArray[np.bool_]:
        """Whether it holds in each of successive iterations, for a condition that needs nothing else.

        `losses` has shape (iterations,); `before` is the loss of the iteration before them, NaN where there is none.
        """
        assert self._truth is not None, "a bare address is not judged"
        earlier = Sight({LOSS: np.concatenate(([before], losses[:-1]))}, {})
        with np.errstate(all="ignore"):
            return np.asarray(self._truth.value(Sight({LOSS: losses}, {}, earlier)), dtype=bool)

    def stop(self, k: int, sight: Sight) -> int:
        """The step of iteration k + 1 at which the condition, which holds there, is known to hold."""
        sample = self._first(sight)
        return max(known(k, sample or None, sight) for known in self._known)

    def _first(self, sight: Sight) -> int | None:
        """The first sample for which it holds, from 1; 0 where it is not about a sample, None where it does not."""
        if self._truth is None:
            return None
        try:
            with np.errstate(all="ignore"):
                held = self._truth.value(sight)
        except _AbsentError:
            return None
        if not self._truth.sampled:
            return 0 if held else None
        return int(np.argmax(held)) + 1 if np.any(held) else None


def sight(trace: Trace, k: int, before: Sight | None = None) -> Sight:
    """Iteration k + 1, computed if need be; `before` is the sight of iteration k where there is one."""
    after: State = trace.state(k + 1)
    # the record first would be computed twice: running to the state keeps it
    return Sight(trace.record(k), after, None if before is None else Sight(before.record, before.after))


def condition(trace: Trace, text: str) -> Condition:
    """The condition `text` states about a walk.

    Raises:
        ConditionError: it cannot be read, an address names nothing, or the parts do not fit; with the position.
    """
    tree = parse(text)
    if isinstance(tree, Named):
        return Condition(text.strip(), _stop_address(trace, tree))
    reader = _Reader(trace)
    truth = reader.read(tree, event=True)
    if not truth.truth:
        raise ConditionError("this is a number; expected a comparison, like loss < 0.01", 0)
    if not reader.known:
        raise ConditionError(
            "this is the same in every iteration; expected an address without @k, like loss"
            if reader.fixed
            else "this is always the same; expected an address, like loss",
            0,
        )
    loss_only = reader.elementwise and all(key == LOSS for key in reader.keys)
    return Condition(text.strip(), None, reader.event, loss_only, tuple(reader.fixed), truth, tuple(reader.known))


def _resolve(trace: Trace, named: Named) -> Address:
    try:
        return trace.resolve(named.text)
    except AddressError as error:
        raise ConditionError(str(error), named.position) from None


def _stop_address(trace: Trace, named: Named) -> Address:
    address = _resolve(trace, named)
    try:
        trace.index_of(address)
    except AddressError as error:
        raise ConditionError(str(error), named.position) from None
    return address


class _Reader:
    """From the tree of a text to what it gives, checked on the way."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.known: list[Callable[[int, int | None, Sight], int]] = []
        """Of every address of an iteration: the step at which it is computed."""
        self.keys: list[Key] = []
        self.fixed: list[int] = []
        self.event = False
        self.elementwise = True
        """Whether it has no reduction and no `non-finite`: many iterations can then be judged in one array."""

    def read(self, node: Node, event: bool = False, inside: bool = False) -> _Part:
        """What a node gives. `event`: a change may be spoken of here; `inside` a reduction arrays may stand."""
        match node:
            case Number(value, position):
                number = np.float64(value)
                return _Part(False, lambda sight: number, position=position)
            case Named():
                return self._named(node, inside)
            case Negated(of, _):
                part = self._number(self.read(of, inside=inside), "after -")
                return _Part(False, lambda sight: -part.value(sight), part.shape, part.sampled, node.position)
            case NonFinite(position):
                self.elementwise = False
                self.known.append(lambda k, sample, sight: _first_non_finite(self._trace, k))
                return _Part(True, _left_the_finite(self._trace), position=position)
            case ChangesSign(of, position):
                return self._changes(of, position, event, inside)
            case Applied(function, of, position):
                return self._applied(function, of, position, event, inside)
            case Operation():
                return self._operation(node, event, inside)

    def _named(self, named: Named, inside: bool) -> _Part:
        trace, network = self._trace, self._trace.network
        address = _resolve(trace, named)
        quantity = trace.names.quantity(address)
        shape = quantity.shape[len(address.unit) :]
        if not inside and math.prod(shape) == 1:
            # an array of one number is that number
            address, shape = replace(address, unit=(*address.unit, *shape)), ()
        if shape and not inside:
            raise ConditionError(_whole_array(address, quantity), named.position)
        sampled = quantity.per_sample and address.sample is None and not quantity.summed and not network.single
        if address.k is None:
            whole = inside or quantity.summed
            self.known.append(
                lambda k, sample, sight: known_at(trace, address, k, None if whole else sample),
            )
            self.keys.append(quantity.key)
            return _Part(False, _getter(address, quantity, network.single), shape, sampled, named.position)
        if sampled:
            raise ConditionError(
                f"{named.text!r}: expected its sample, like {Address(*quantity.key, address.unit, 1, address.k)}",
                named.position,
            )
        self.fixed.append(address.k)
        squeeze = quantity.per_sample and address.sample is None and not quantity.summed
        number = cache(lambda: trace.value(address)[0] if squeeze else trace.value(address))
        return _Part(False, lambda sight: number(), shape, False, named.position)

    def _changes(self, of: Node, position: int, event: bool, inside: bool) -> _Part:
        if not event:
            raise ConditionError(
                "'changes sign' cannot stand under or, not or a comparison; make it a breakpoint of its own", position
            )
        self.event = True
        part = self._number(self.read(of, inside=inside), "before changes sign")

        def changed(sight: Sight) -> Any:
            now = np.sign(part.value(sight))
            try:
                was = np.sign(part.value(sight.before)) if sight.before else np.full_like(now, np.nan)
            except _AbsentError:
                return np.zeros_like(now, dtype=bool)
            if part.sampled and len(was) != len(now):
                # a sample that the smaller batch did not have has not changed
                was = np.concatenate((was, np.full((max(0, len(now) - len(was)), *was.shape[1:]), np.nan)))[: len(now)]
            return (now != was) & ~np.isnan(now) & ~np.isnan(was)

        return _Part(True, changed, part.shape, part.sampled, position)

    def _applied(self, function: str, of: Node, position: int, event: bool, inside: bool) -> _Part:
        apply = _FUNCTIONS[function]
        if function in ("max", "min", "norm", "any", "all"):
            self.elementwise = False
            part = self.read(of, event and function in ("any", "all"), True)
            self._check(part, function in ("any", "all"), f"in {function}( )")
            return _Part(function in ("any", "all"), lambda s: apply(part.value(s)), (), False, position)
        part = self.read(of, inside=inside)
        self._check(part, function == "not", "after not" if function == "not" else f"in {function}( )")
        truth = function in ("not", "finite")
        return _Part(truth, lambda s: apply(part.value(s)), part.shape, part.sampled, position)

    def _operation(self, node: Operation, event: bool, inside: bool) -> _Part:
        name, joins = node.operator, node.operator in ("and", "or")
        event = event and name == "and"
        left, right = self.read(node.left, event, inside), self.read(node.right, event, inside)
        self._check(left, joins, f"left of {name}")
        self._check(right, joins, f"right of {name}")
        if left.shape and right.shape and left.shape != right.shape:
            raise ConditionError(
                f"{_sizes(left.shape)} numbers left of {name}, {_sizes(right.shape)} right of it; expected as many",
                node.position,
            )
        apply, shape = _OPERATORS[name], left.shape or right.shape
        one, other = _spread(left, shape), _spread(right, shape)
        sampled = left.sampled or right.sampled
        return _Part(
            joins or name in RELATIONS, lambda sight: apply(one(sight), other(sight)), shape, sampled, node.position
        )

    def _number(self, part: _Part, where: str) -> _Part:
        return self._check(part, False, where)

    def _check(self, part: _Part, truth: bool, where: str) -> _Part:
        if part.truth is not truth:
            kinds = ("a number", "a comparison")
            raise ConditionError(f"expected {kinds[truth]} {where}, got {kinds[part.truth]}", part.position)
        return part


def _getter(address: Address, quantity: Quantity, single: bool) -> Callable[[Sight], Any]:
    """How the numbers at an address of an iteration are taken out of it."""
    key, at = quantity.key, tuple(index - 1 for index in address.unit)
    place = None if address.sample is None else address.sample - 1
    if quantity.kind is Kind.STATE:
        return lambda sight: sight.after[key][at]
    if not quantity.per_sample:
        if place is None:
            return lambda sight: sight.record[key][at]

        def term(sight: Sight) -> Any:
            assert isinstance(sight.record, Record)
            return _of_sample(sight.record.terms(key), place, at)

        return term
    if place is not None:
        return lambda sight: _of_sample(sight.record[key], place, at)
    if quantity.summed:
        return lambda sight: sight.record[key].sum()
    every: tuple[int | slice, ...] = (0 if single else slice(None), *at)
    return lambda sight: sight.record[key][every]


def _of_sample(values: Array, place: int, at: tuple[int, ...]) -> Any:
    if place >= len(values):
        raise _AbsentError
    return values[(place, *at)]


def _spread(part: _Part, shape: tuple[int, ...]) -> Callable[[Sight], Any]:
    """One number per sample set against arrays: it stands for each of their elements."""
    if not part.sampled or part.shape == shape:
        return part.value
    tail = (1,) * len(shape)
    return lambda sight: (values := np.asarray(part.value(sight))).reshape(values.shape + tail)


def _left_the_finite(trace: Trace) -> Callable[[Sight], Any]:
    """Whether loss, next state or a delta is not finite."""
    deltas = [("delta", layer) for layer in range(1, trace.network.depth + 1)]

    def left(sight: Sight) -> bool:
        finite = isinstance(sight.after, State) and sight.after.finite and np.isfinite(sight.record[LOSS])
        return not (finite and all(np.isfinite(sight.record[delta]).all() for delta in deltas))

    return left


def _first_non_finite(trace: Trace, k: int) -> int:
    step = trace.non_finite_in(k)
    return trace.plan.start(k + 1) - 1 if step is None else step.index


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _whole_array(address: Address, quantity: Quantity) -> str:
    first = Address(address.name, address.layer, (*address.unit, *(1 for _ in quantity.shape[len(address.unit) :])))
    return (
        f"{address} is {_sizes(quantity.shape[len(address.unit) :])} numbers; expected one of them, like {first}, or "
        f"max({address}), min({address}), norm({address}), any({address} > 0), all({address} > 0)"
    )
