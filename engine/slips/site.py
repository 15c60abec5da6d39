"""Where a slip is made, and the tools that change a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from engine.address import Address
from engine.formula.nodes import (
    Add,
    Mul,
    Named,
    Node,
    Num,
    Ref,
    mapped,
)
from engine.layers.stage import gradient_of
from engine.network import Network
from engine.quantity import Key

MOST_PATHS = 8
"""Units of a layer up to which each is forgotten in turn."""

PARAMETERS = ("W", "b", "gamma", "beta")


class Site(Struct, frozen=True):
    """Where an answer is looked at."""

    network: Network
    address: Address
    samples: int
    """Of the batch."""

    @property
    def depth(self) -> int:
        return self.network.depth

    def template(self, key: Key) -> Node | None:
        """The formula of a quantity that the walk computes; None where there is none."""
        found = self.network.catalogue.get(key)
        return found.template if found is not None else None

    def back(self, layer: int) -> Key:
        """The key of the gradient of what a layer's activation reads: δ, or ∂L/∂h below a normalisation."""
        return gradient_of((self.network.activation_reads(layer), layer))

    def activation(self, layer: int) -> str:
        return self.network.scenario.layers[layer - 1].activation

    @property
    def error(self) -> Key:
        """Where the way back begins: ∂L/∂ŷ, or δ where a shortcut goes past it."""
        output = self.network.catalogue[("da", self.depth)]
        return output.key if output.in_walk else self.back(self.depth)

    @property
    def layers(self) -> range:
        return range(1, self.depth + 1)


class Variant(Struct, frozen=True):
    """One way to make a slip."""

    clause: str
    """What was done, to follow "when"."""
    replaced: Mapping[Key, Node] = field(default_factory=dict)
    address: Address | None = None
    """Where the number is read off instead."""


def with_refs(node: Node, change: Callable[[Ref], Node]) -> Node:
    """`node` with every reference put through `change`."""
    return change(node) if isinstance(node, Ref) else mapped(node, lambda inner: with_refs(inner, change))


def swapped(node: Node, name: str, new: Node) -> Node:
    """`node` with `new` for every reference to a name."""
    return with_refs(node, lambda reference: new if reference.name == name else reference)


def without(node: Node, dropped: Callable[[Node], bool]) -> Node:
    """`node` with the factors and terms that are `dropped` left out."""
    if isinstance(node, Mul):
        kept = tuple(without(factor, dropped) for factor in node.factors if not dropped(factor))
        return Num(1.0) if not kept else kept[0] if len(kept) == 1 else Mul(kept)
    if isinstance(node, Add):
        terms = tuple(without(term, dropped) for term in node.terms if not dropped(term))
        return Num(0.0) if not terms else terms[0] if len(terms) == 1 else Add(terms)
    return mapped(node, lambda inner: without(inner, dropped))


def is_ref(*names: str) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, Ref) and node.name in names


def each_and_all(made: dict[int, dict[Key, Node]], clause: str) -> Iterator[Variant]:
    """A variant for each layer that a slip can be made in, and one for all of them; {} in the clause says where."""
    for layer, replaced in made.items():
        yield Variant(clause.format(f" in layer {layer}"), replaced)
    if len(made) > 1:
        everywhere = {key: node for replaced in made.values() for key, node in replaced.items()}
        yield Variant(clause.format(" in every layer"), everywhere)


def mentions(node: Node, *names: str) -> bool:
    found = False

    def look(reference: Ref) -> Node:
        nonlocal found
        found = found or reference.name in names
        return reference

    with_refs(node, look)
    return found


def with_named(node: Node, name: str, value: float) -> Node:
    """`node` with a hyperparameter put to another value."""
    if isinstance(node, Named):
        return Num(value) if node.name == name else node
    return mapped(node, lambda inner: with_named(inner, name, value))


def names_it(node: Node, name: str) -> bool:
    return with_named(node, name, 0.0) != node


def data_part(site: Site, name: str, layer: int | None) -> Key:
    apart = (f"d{name}_data", layer)
    return apart if apart in site.network.catalogue else (f"d{name}", layer)
