"""Which numbers that a scenario gives lie behind a number of a walk: what there is to edit at a step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engine.address import Address
from engine.explain import explain
from engine.formula.nodes import Node, Symbol, children
from engine.quantity import Kind, Phase
from engine.scenario.targets import GIVEN
from engine.trace import Trace

MOST = 64
MOST_ALIKE = 16
"""Of one formula's weights, or of its inputs: a sum over hundreds would leave no room for its bias."""
_NEAREST = ("y", "lr", "W", "b", "gamma", "beta", "running_mean", "running_var", "x")
"""In which order the numbers of one formula come."""
MOST_EXPLAINED = 256
"""Formulas that are looked into: a few milliseconds' worth."""


def behind(trace: Trace, address: Address, most: int = MOST) -> list[str]:
    """Targets for `Draft.set`: the given numbers that the formulas behind an address lead to, nearest first.

    At most `most`. Of a whole array its first element stands for all; parameters are starting values, `x` and `y`
    have the sample, and @k where batch k has other rows than the first. A parameter after updates begins with
    itself and the learning rate.
    """
    found: dict[str, None] = {}
    quantity = trace.network.catalogue[address.name, address.layer]
    first = _element(trace, address)
    if address.name in GIVEN:
        _add(trace, first, found)
    if quantity.kind is Kind.STATE and quantity.phase is Phase.UPDATE:
        _add(trace, Address("lr"), found)
    waiting = deque([first])
    seen = {first}
    explained = 0
    while waiting and len(found) < most and explained < MOST_EXPLAINED:
        here = waiting.popleft()
        leaves = [leaf for leaf in dict.fromkeys(_leaves_of(trace, here)) if leaf not in seen]
        seen.update(leaves)
        explained += 1
        waiting += [leaf for leaf in leaves if leaf.name not in GIVEN]
        for name in _NEAREST:
            for leaf in [leaf for leaf in leaves if leaf.name == name][:MOST_ALIKE]:
                _add(trace, leaf, found)
    return list(found)[:most]


def _element(trace: Trace, address: Address) -> Address:
    """The address of one number: the first where it is of several, in iteration 1 where no @k is given."""
    quantity = trace.network.catalogue[address.name, address.layer]
    unit = (*address.unit, *(1 for _ in quantity.shape[len(address.unit) :]))
    sample = (address.sample or 1) if quantity.per_sample else None
    return Address(address.name, address.layer, unit, sample, address.k or 0)


def _leaves_of(trace: Trace, address: Address) -> Iterator[Address]:
    """The numbers in the formula of an address; none where it has none."""
    try:
        index = trace.index_of(address)
    except (KeyError, ValueError, IndexError):
        return
    yield from _leaves(explain(trace, index).tree)


def _leaves(node: Node) -> Iterator[Address]:
    if isinstance(node, Symbol):
        yield node.address
    for child in children(node):
        yield from _leaves(child)


def _add(trace: Trace, address: Address, found: dict[str, None]) -> None:
    if address.name not in ("x", "y"):
        if address.name == "lr" and _listed(trace):
            return
        found.setdefault(str(address.at(None)))
        return
    batches, k = trace.network.batches, address.k or 0
    same = k == 0 or list(batches.rows(k)) == list(batches.rows(0))
    found.setdefault(str(address.at(None if same else k)))


def _listed(trace: Trace) -> bool:
    schedule = trace.scenario.training.schedule
    return schedule is not None and schedule.name == "list"
