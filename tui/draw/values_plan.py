"""What the values panel shows at a step: every quantity of the layer that its phase is about, in columns."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.network import Network
from engine.notation import Place
from engine.quantity import Key, Kind, Phase, Quantity
from engine.trace import Step
from tui.session import Session
from tui.settings import Settings


class Column(Struct, frozen=True):
    """An array, or what an update changed in it, under its name."""

    head: str
    name: str
    layer: int | None
    k: int
    change: bool = False
    """Show by how much the number at @k differs from the one at @k−1."""

    @property
    def key(self) -> Key:
        return (self.name, self.layer)


Group = tuple[Column, ...]
"""Columns that stay beside each other: one array, or before, after and the change."""


class Content(Struct, frozen=True):
    """The arrays of one layer in one phase, by the number of their axes."""

    layer: int
    """0: the input."""
    units: tuple[Group, ...]
    matrices: tuple[Group, ...]
    scalars: tuple[Group, ...]


def content(session: Session, step: Step, settings: Settings) -> Content:
    """What there is to show at a step. It depends on the step's quantity and iteration only."""
    network = session.trace.network
    layer = layer_of(step.quantity, network)
    phase = Phase.FORWARD if step.phase is Phase.LOSS else step.phase
    k = step.place.k
    groups: dict[int, list[Group]] = {0: [], 1: [], 2: []}
    for quantity in _quantities(network, layer, phase):
        head = _head(session, settings, quantity, layer, step.place.sample or 1)
        key = quantity.key
        group: Group = (Column(head, *key, k),)
        if phase is Phase.UPDATE and quantity.kind is Kind.STATE:
            group = (*group, Column("new", *key, k + 1), Column("change", *key, k + 1, change=True))
        groups[len(quantity.shape)].append(group)
    return Content(layer, tuple(groups[1]), tuple(groups[2]), tuple(groups[0]))


def layer_of(quantity: Quantity, network: Network) -> int:
    """The layer to show: its own; of what belongs to none, the input or the output."""
    if quantity.layer is not None:
        return quantity.layer
    return 0 if quantity.shape else network.depth


def _quantities(network: Network, layer: int, phase: Phase) -> Iterator[Quantity]:
    """The quantities in the order they are shown: what is there before, what the walk computes, what is given."""
    catalogue = network.catalogue
    if layer == 0:
        before: list[Key] = [("x", None), ("noise", None)]
        walked = [quantity for quantity in network.walk if quantity.layer is None and quantity.shape]
        after: list[Key] = []
    else:
        names = {Phase.FORWARD: ("b", "gamma", "beta"), Phase.BACKWARD: ("a",), Phase.UPDATE: ()}[phase]
        before = [(name, layer) for name in names]
        walked = [quantity for quantity in network.walk if _belongs(quantity, layer, phase, network.depth)]
        after = [("t", None), ("lr", None)] if phase is Phase.UPDATE else [_weights(network, layer)]
        if layer == network.depth and phase is not Phase.UPDATE:
            after.append(("y", None))
    keys = [*before, *(key for quantity in walked for key in _with_mask(quantity)), *after]
    for key in dict.fromkeys(keys):
        if key in catalogue:
            yield catalogue[key]


def _belongs(quantity: Quantity, layer: int, phase: Phase, depth: int) -> bool:
    own = Phase.FORWARD if quantity.phase is Phase.LOSS else quantity.phase
    if own is not phase:
        return False
    if quantity.layer is None:
        # a loss, a norm, a learning rate: of the whole network
        return not quantity.shape and (layer == depth or phase is not Phase.FORWARD)
    return quantity.layer == layer


def _with_mask(quantity: Quantity) -> list[Key]:
    """A dropout's mask, which is given, beside what it is multiplied into."""
    mask: list[Key] = [("mask", quantity.layer)] if quantity.name in ("drop", "ddrop") else []
    return [*mask, quantity.key]


def _weights(network: Network, layer: int) -> Key:
    """Where the weights of a layer lie: a tied layer's with their owner."""
    return ("W", network.dense[layer].owner or layer)


def _head(session: Session, settings: Settings, quantity: Quantity, layer: int, sample: int) -> str:
    """The head of a column; the layer stands in the title already."""
    notation = session.notation(settings)
    name = quantity.name
    if len(quantity.shape) == 2:
        return "Jacobian" if name == "jacobian" else notation.stored(name, quantity.layer or 0)
    if name == "fprime":
        return notation.prime_name(layer)
    if not quantity.shape:
        return notation.symbol(Place(name, None, (), sample if quantity.per_sample else None))
    return notation.short(notation.array(name, layer), layer)
