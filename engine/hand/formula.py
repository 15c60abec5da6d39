"""A template as a function over decimals: every operation may be rounded as it is done, in the order written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from engine.arithmetic import constant
from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import (
    Add,
    Call,
    Div,
    Index,
    Kronecker,
    Let,
    Local,
    Mul,
    Named,
    Neg,
    Node,
    Num,
    Pow,
    Reduce,
    Ref,
    Size,
    Total,
    Where,
    children,
)
from engine.hand.functions import DECIMAL, NO_DIGITS, ONE, ZERO
from engine.quantity import Key

Decimals = Any
"""A numpy array of `Decimal`s, dtype object."""


class Source(Protocol):
    """What a formula reads: the arrays of one iteration, and its sizes."""

    def array(self, key: Key, after: bool) -> Decimals:
        """A whole array; `after`: of the state after this iteration's update."""

    def size(self, space: str) -> int:
        """How many values an index over `space` takes."""


class Frame:
    """One working of a formula: where its numbers come from, and how each operation is rounded."""

    __slots__ = ("indices", "local", "only", "operation", "source")

    def __init__(
        self,
        source: Source,
        indices: dict[str, int],
        operation: Callable[[Decimal], Decimal] | None = None,
        only: int | None = None,
    ) -> None:
        self.source = source
        self.indices = indices
        self.operation = operation
        """None: nothing is rounded on the way."""
        self.only = only
        """The one sample that sums over samples take: its term alone."""
        self.local: dict[str, Decimal] = {}


Worked = Callable[[Frame], Decimal]


def work(node: Node, sizes: tuple[int, ...]) -> Worked:
    """`node` as a function; call it within `engine.arithmetic.CONTEXT`. `sizes`: units per layer, the input first.

    Raises:
        TypeError: the tree holds something that has no value.
    """
    match node:
        case Num(value) | Named(_, value):
            number = constant(value)
            return lambda frame: number
        case Ref():
            return _reference(node)
        case Add(terms) | Total("sum", terms):
            return _added([work(term, sizes) for term in terms])
        case Mul(factors):
            return _multiplied([work(factor, sizes) for factor in factors])
        case Neg(of):
            inner = work(of, sizes)
            return lambda frame: -inner(frame)
        case Div(over, under):
            above, below = work(over, sizes), work(under, sizes)
            return lambda frame: _rounded(frame, above(frame) / below(frame))
        case Pow(base, exponent):
            raised = work(base, sizes)
            return lambda frame: _rounded(frame, raised(frame) ** exponent)
        case Call(function, arguments):
            return _called(function, [work(argument, sizes) for argument in arguments])
        case Reduce(operation, index, over, body):
            return _reduced(operation, index, over, work(body, sizes))
        case Kronecker(left, right):
            i, j = _index(left), _index(right)
            return lambda frame: ONE if i(frame) == j(frame) else ZERO
        case Size(of, _):
            space = of if of == SAMPLES else units_of(len(sizes) - 1)
            return lambda frame: Decimal(frame.source.size(space))
        case Where(left, relation, right, yes, no):
            return _chosen(relation, *(work(part, sizes) for part in (left, right, yes, no)))
        case Let(name, value, body):
            return _bound(name, work(value, sizes), work(body, sizes))
        case Local(name):
            return lambda frame: frame.local[name]
        case _:
            raise TypeError(f"cannot work {type(node).__name__} by hand")


def operations(node: Node, size: Callable[[str], int]) -> int:
    """The scalar operations of a template at one place, its sums multiplied out; at least 1."""
    match node:
        case Reduce(_, _, over, body):
            return size(over) * (operations(body, size) + 1)
        case Add(parts) | Mul(parts):
            return len(parts) - 1 + sum(operations(part, size) for part in parts)
        case _:
            return 1 + sum(operations(child, size) for child in children(node))


def _rounded(frame: Frame, value: Decimal) -> Decimal:
    return value if frame.operation is None else frame.operation(value)


def _index(index: Index) -> Callable[[Frame], int]:
    if isinstance(index, int):
        return lambda frame: index
    return lambda frame: frame.indices[index]


def _reference(ref: Ref) -> Worked:
    key = (ref.name, ref.layer)
    after = ref.after
    axes = [_index(index) for index in ((ref.sample,) if ref.sample is not None else ()) + ref.unit]

    def read(frame: Frame) -> Decimal:
        value: Decimal = frame.source.array(key, after)[tuple([axis(frame) - 1 for axis in axes])]
        return value

    return read


def _added(terms: list[Worked]) -> Worked:
    first, rest = terms[0], terms[1:]

    def total(frame: Frame) -> Decimal:
        value = first(frame)
        for term in rest:
            value = _rounded(frame, value + term(frame))
        return value

    return total


def _multiplied(factors: list[Worked]) -> Worked:
    first, rest = factors[0], factors[1:]

    def product(frame: Frame) -> Decimal:
        value = first(frame)
        for factor in rest:
            value = _rounded(frame, value * factor(frame))
        return value

    return product


def _called(function: str, arguments: list[Worked]) -> Worked:
    entry = DECIMAL[function]
    plain = function in NO_DIGITS

    def call(frame: Frame) -> Decimal:
        value = entry(*[argument(frame) for argument in arguments])
        return value if plain else _rounded(frame, value)

    return call


def _reduced(operation: str, index: str, over: str, body: Worked) -> Worked:
    greatest = DECIMAL["max"]

    def reduce(frame: Frame) -> Decimal:
        before = frame.indices.get(index)
        alone = frame.only if over == SAMPLES else None
        positions = range(1, frame.source.size(over) + 1) if alone is None else (alone,)
        values = []
        for position in positions:
            frame.indices[index] = position
            values.append(body(frame))
        if before is None:
            frame.indices.pop(index, None)
        else:
            frame.indices[index] = before
        if operation == "max":
            return greatest(*values)
        total = values[0]
        for value in values[1:]:
            total = _rounded(frame, total + value)
        return total

    return reduce


def _chosen(relation: str, left: Worked, right: Worked, yes: Worked, no: Worked) -> Worked:
    def choose(frame: Frame) -> Decimal:
        one, other = left(frame), right(frame)
        if one.is_nan() or other.is_nan():
            return no(frame)
        holds = one > other if relation == ">" else one >= other
        return yes(frame) if holds else no(frame)

    return choose


def _bound(name: str, value: Worked, body: Worked) -> Worked:
    def bind(frame: Frame) -> Decimal:
        frame.local[name] = value(frame)
        return body(frame)

    return bind
