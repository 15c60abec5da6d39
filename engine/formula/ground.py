"""From a template to the formula at one address: indices filled in, sums written out, symbols given values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.address import Address
from engine.formula.nodes import (
    Add,
    Index,
    Kronecker,
    Node,
    Num,
    Reduce,
    Ref,
    Size,
    Skipped,
    Symbol,
    Total,
    mapped,
)

SAMPLES = "samples"


def units_of(layer: int) -> str:
    """The space of an index over the units of a layer."""
    return f"layer {layer}"


class Scope(Protocol):
    """What grounding asks of one iteration."""

    def size(self, space: str) -> int:
        """How many values an index over `space` takes."""

    def count(self, of: str) -> float:
        """The number a `Size` stands for."""

    def symbol(self, ref: Ref, unit: tuple[int, ...], sample: int | None) -> tuple[Address, float]:
        """The address of a reference, and the number recorded there."""

    @property
    def single(self) -> bool:
        """Whether the scenario's batches are of one sample."""


def ground(node: Node, scope: Scope, indices: Mapping[str, int], most: int = 0) -> Node:
    """The tree of `node` at `indices`, in which every symbol is linked to an address and carries its value.

    With `most`, the middle terms of a longer sum that is the formula, or a term of it, are left out: for a screen,
    which shows no more.

    Raises:
        KeyError: an index variable is open and not in `indices`.
    """

    match node:
        case Ref(_, _, unit, sample, _):
            place = tuple(_index(index, indices) for index in unit)
            at = None if sample is None else _index(sample, indices)
            address, value = scope.symbol(node, place, at)
            return Symbol(address, value, scope.single)
        case Reduce(operation, index, over, body):
            size = scope.size(over)

            def term(position: int) -> Node:
                return ground(body, scope, {**indices, index: position})

            if not most or size <= most or operation != "sum":
                return Total(operation, tuple(term(position) for position in range(1, size + 1)))
            head = max(1, most - 2)
            first = tuple(term(position) for position in range(1, head + 1))
            return Total(operation, (*first, Skipped(size - head - 1), term(size)))
        case Kronecker(left, right):
            return Num(float(_index(left, indices) == _index(right, indices)))
        case Size(of, _):
            return Num(scope.count(of))
        case Add(terms):
            return Add(tuple(ground(term, scope, indices, most) for term in terms))
        case _:
            return mapped(node, lambda inner: ground(inner, scope, indices))


def _index(index: Index, indices: Mapping[str, int]) -> int:
    return index if isinstance(index, int) else indices[index]
