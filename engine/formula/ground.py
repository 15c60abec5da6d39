"""From a template to the formula at one address: indices filled in, sums written out, symbols given values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.address import Address
from engine.formula.nodes import (
    Index,
    Kronecker,
    Node,
    Num,
    Reduce,
    Ref,
    Size,
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


def ground(node: Node, scope: Scope, indices: Mapping[str, int]) -> Node:
    """The tree of `node` at `indices`, in which every symbol is linked to an address and carries its value.

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
            return Total(
                operation,
                tuple(ground(body, scope, {**indices, index: position}) for position in range(1, scope.size(over) + 1)),
            )
        case Kronecker(left, right):
            return Num(float(_index(left, indices) == _index(right, indices)))
        case Size(of, _):
            return Num(scope.count(of))
        case _:
            return mapped(node, lambda inner: ground(inner, scope, indices))


def _index(index: Index, indices: Mapping[str, int]) -> int:
    return index if isinstance(index, int) else indices[index]
