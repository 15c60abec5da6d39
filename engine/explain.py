"""Why a step has its value: its formula grounded over recorded numbers, one level deep, and a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.address import Address
from engine.formula.evaluate import agrees, evaluate, scale
from engine.formula.ground import SAMPLES, ground
from engine.formula.nodes import Add, Mul, Node, Ref, Symbol, Total, children
from engine.quantity import Key, Kind, Quantity
from engine.scenario.model import Array
from engine.structs import replace
from engine.trace import Step, Trace

AGREES_TO = 1e-9
"""Relative difference up to which a textbook form is said to give the same value."""

TINY = 1e-6
"""A result from here on is not called a rest of rounding: its terms would have to be above 10⁹."""

NOISE = 1e-15
"""A result below this share of its terms' magnitudes is what their rounding left over."""


class RecordScope:
    """What grounding asks, answered from one iteration of a trace."""

    def __init__(self, trace: Trace, k: int) -> None:
        self._trace = trace
        self._k = k
        self._record = trace.record(k)
        self._samples = self._record.samples
        self._arrays: dict[tuple[Key, int | None], Array] = {}
        self.single = trace.network.single

    def size(self, space: str) -> int:
        if space == SAMPLES:
            return self._samples
        return self._trace.network.sizes[int(space.removeprefix("layer "))]

    def count(self, of: str) -> float:
        return float(self._samples if of == SAMPLES else self._trace.network.sizes[-1])

    def symbol(self, ref: Ref, unit: tuple[int, ...], sample: int | None) -> tuple[Address, float]:
        quantity = self._trace.network.catalogue[ref.name, ref.layer]
        k = self._k + 1 if ref.after and quantity.kind is Kind.STATE else self._k
        address = Address(ref.name, ref.layer, unit, sample, k)
        return address, self.value(address, quantity)

    def value(self, address: Address, quantity: Quantity) -> float:
        """One number of the iteration, or of the state before or after it."""
        if (address.sample is None) == quantity.per_sample:
            return float(self._trace.value(address))
        place = (quantity.key, address.k)
        array = self._arrays.get(place)
        if array is None:
            k = self._k if address.k is None else address.k
            array = self._trace.state(k)[quantity.key] if quantity.kind is Kind.STATE else self._record[quantity.key]
            self._arrays[place] = array
        at = address.unit if address.sample is None else (address.sample, *address.unit)
        return array.item(*[index - 1 for index in at])


class Equation(Struct, frozen=True, eq=False):
    """A symbol and a grounded tree that gives it."""

    left: Symbol
    right: Node


class Explanation(Struct, frozen=True, eq=False):
    """All there is to say about one step."""

    step: Step
    left: Symbol
    """The step's own symbol, with the value recorded."""
    tree: Node
    """The formula computed, grounded: evaluated, it gives the value."""
    called: Node | None
    """The same by its function's name; printed, never evaluated."""
    stated: Node | None
    """The textbook's form where another is computed."""
    stated_agrees: bool
    """Whether the textbook's form gives the same value here."""
    stated_range: str
    """Where it does, for people."""
    long_way: tuple[Equation, ...]
    """Where a shortcut is used: the equations that lead to the value without it."""
    valid: str
    """When the shortcut holds."""
    why: str

    @property
    def quantity(self) -> Quantity:
        return self.step.quantity


def explain(trace: Trace, index: int, most: int = 0) -> Explanation:
    """The explanation of step `index`. With `most`, of a longer sum only so many terms are written out.

    Raises:
        IndexError: no such step.
    """
    step = trace[index]
    quantity, place = step.quantity, step.place
    scope = RecordScope(trace, place.k)
    assert quantity.template is not None, "a step has a formula"
    template = quantity.template
    tree = ground(template, scope, place.indices, most)
    # what is said of a sum that vanishes rests on all its terms
    whole = ground(template, scope, place.indices) if most and not abs(step.value) >= TINY else tree
    stated = ground(quantity.stated.formula, scope, place.indices) if quantity.stated else None
    return Explanation(
        step,
        Symbol(step.address, step.value, scope.single),
        tree,
        quantity.called and ground(quantity.called, scope, place.indices),
        stated,
        stated is not None and agrees(stated, step.value, AGREES_TO),
        quantity.stated.agrees if quantity.stated else "",
        _long_way(trace, quantity, scope, place.indices),
        quantity.valid,
        _why(trace, step, whole),
    )


def _long_way(trace: Trace, quantity: Quantity, scope: RecordScope, indices: dict[str, int]) -> tuple[Equation, ...]:
    """The long way's equations at this step; one per output where one stands for all (a column of a Jacobian)."""
    equations: list[Equation] = []
    for left, right in quantity.long_way:
        open_index = "i" in left.unit
        outputs = range(1, trace.network.sizes[left.layer or 0] + 1) if open_index else (indices.get("i", 1),)
        for i in outputs:
            at = {**indices, "i": i}
            symbol = ground(left, scope, at)
            assert isinstance(symbol, Symbol)
            equations.append(Equation(symbol, ground(right, scope, at)))
    return tuple(equations)


def _why(trace: Trace, step: Step, tree: Node) -> str:
    sentences = [step.quantity.why]
    if not math.isfinite(step.value):
        sentences.append(_not_finite(trace, step))
    elif step.value == 0.0:
        sentences.append(_zero_reason(tree))
    elif isinstance(tree, Add | Total) and abs(step.value) < TINY and abs(step.value) < NOISE * scale(tree):
        sentences.append("It would be 0 but for the rounding of float64.")
    if step.quantity.kind is Kind.STATE:
        sentences.append(_unmoved(tree, step))
    if step.quantity.name == "fprime":
        sentences.append(_at_kink(trace, step))
    return " ".join(sentence for sentence in sentences if sentence)


def _not_finite(trace: Trace, step: Step) -> str:
    first = trace.first_non_finite()
    if first is None or first.index >= step.index:
        return "Here the run leaves the finite numbers: from this step on, what depends on it is not finite either."
    return f"Not finite: the run diverged at step {first.index + 1:,}, {first.address} in iteration {first.iteration}."


def _unmoved(tree: Node, step: Step) -> str:
    """Said of a parameter that stays where it is because its gradient is 0."""
    name = step.address.name
    terms = tree.terms if isinstance(tree, Add) else ()
    symbols = [leaf for term in terms for leaf in _leaves(term)]
    still = any(leaf.address.name in (f"d{name}", f"d{name}_clipped") and leaf.value == 0.0 for leaf in symbols)
    return "Its gradient is 0: it stays where it is." if still else ""


def _leaves(node: Node) -> Iterator[Symbol]:
    if isinstance(node, Symbol):
        yield node
    for child in children(node):
        yield from _leaves(child)


def _at_kink(trace: Trace, step: Step) -> str:
    """What is said of f′ where it jumps."""
    entry = ACTIVATIONS[trace.scenario.layers[(step.quantity.layer or 1) - 1].activation]
    z = float(trace.value(replace(step.address, name=trace.network.activation_reads(step.quantity.layer or 1))))
    return f"z is exactly at the kink, where {entry.at_kink} by convention." if z in entry.kinks else ""


def _zero_reason(tree: Node) -> str:
    """Why a product or a sum of products is exactly zero: a factor is, in every term."""
    terms = tree.terms if isinstance(tree, Add | Total) else (tree,)
    products = [term for term in terms if isinstance(term, Mul)]
    if not products or len(products) != len(terms):
        return ""
    zeros: list[set[str]] = []
    for product in products:
        names = {
            factor.address.name for factor in product.factors if isinstance(factor, Symbol) and factor.value == 0.0
        }
        if not names:
            # cancelled, or underflowed: nothing in it is zero
            return "Its terms cancel." if evaluate(product) != 0.0 else ""
        zeros.append(names)
    common = set.intersection(*zeros)
    if not common:
        return "It is 0 because in each product one factor is 0."
    reasons = {
        "W": "every weight on the way is 0",
        "delta": "the δ above is 0" if len(products) == 1 else "every δ is 0",
        "a": "the activation at the weight's start is 0",
        "x": "the input is 0",
        "fprime": "the slope is 0: nothing gets through",
        "mask": "this unit is dropped out",
        "dh": "∂L/∂h is 0",
        "ddrop": "nothing comes back here",
        "da": "∂L/∂a is 0: the loss does not depend on this unit yet",
    }
    said = [reason for name, reason in reasons.items() if name in common]
    return f"It is 0 because {' and '.join(said)}." if said else ""
