"""When within an iteration a number is known: the step that computes it, or the last that it is computed from."""

from __future__ import annotations

from collections.abc import Iterator

from engine.address import Address
from engine.formula.nodes import Node, Ref, children
from engine.quantity import Kind
from engine.statistics import summary_of
from engine.trace import Trace


def known_at(trace: Trace, address: Address, k: int, sample: int | None = None) -> int:
    """The step of iteration k + 1 after which `address` is known; of an array, all of it.

    `sample` is the one meant where the address leaves it open; None: the whole batch. What is given is known from the
    iteration's first step on, and what the walk does not step through once everything in its formula is.

    Raises:
        AddressError: the batch has no such sample.
    """
    quantity = trace.names.quantity(address)
    if quantity.in_walk:
        unit = (*address.unit, *quantity.shape[len(address.unit) :])
        place = None
        if quantity.per_sample:
            place = address.sample or sample or trace.network.batches.size(k)
        return trace.plan.step(Address(address.name, address.layer, unit, place), k)
    summary = summary_of(address.name)
    if summary is not None:
        return known_at(trace, Address(summary[1], address.layer), k)
    if address.name == "data_loss":
        return known_at(trace, Address("loss"), k)
    if quantity.template is None:
        return trace.plan.start(k)
    at = (address.sample or sample) if quantity.per_sample else None
    return max(
        (
            known_at(trace, Address(ref.name, ref.layer, (), at if ref.sample is not None else None), k)
            for ref in references(quantity.template)
            if ref.after or trace.network.catalogue[ref.name, ref.layer].kind is Kind.RECORD
        ),
        default=trace.plan.start(k),
    )


def references(node: Node) -> Iterator[Ref]:
    """Every reference of a template."""
    if isinstance(node, Ref):
        yield node
    for child in children(node):
        yield from references(child)
