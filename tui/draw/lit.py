"""What of the network is lit: the units and edges that a step computes and reads, or that a path goes through."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from engine.address import Address
from engine.layers.stage import gradient_of
from engine.network import Network
from engine.plan import Place


class Lit(Struct):
    """What of the graph the step is about. Units are (layer, unit), edges (layer, (to, from)), all from 1."""

    current: set[tuple[int, int]] = field(default_factory=set)
    edges: set[tuple[int, tuple[int, int]]] = field(default_factory=set)
    into: set[tuple[int, int]] = field(default_factory=set)
    """Units whose incoming edges and sources are read."""
    out_of: set[tuple[int, int]] = field(default_factory=set)
    """Units whose outgoing edges and destinations are read."""
    ends: set[tuple[int, int]] = field(default_factory=set)
    """Units read for themselves."""
    layers: set[int] = field(default_factory=set)
    """Layers every unit of which is read."""

    def related(self, layer: int, unit: int) -> bool:
        return (
            (layer, unit) in self.ends
            or layer in self.layers
            or any(at == layer + 1 for at, _ in self.into)
            or any(at == layer - 1 for at, _ in self.out_of)
        )


def lit(place: Place, network: Network) -> Lit:
    """The part of the network that the step at a place computes and reads."""
    layer, unit, name = place.quantity.layer, place.unit, place.quantity.name
    if layer is None:
        # the noisy input stands in the first column; a loss or a norm belongs to no unit
        return Lit(current={(0, unit[0])}) if unit else Lit(layers={network.depth})
    if not unit:
        return Lit(layers={layer})
    if len(unit) == 2 and name == "jacobian":
        return Lit(current={(layer, unit[0])}, ends={(layer, unit[1])})
    if len(unit) == 2:
        to, source = unit
        return Lit(edges={(layer, (to, source))}, ends={(layer, to), (layer - 1, source)})
    here = {(layer, unit[0])}
    if name == "z":
        return Lit(current=here, into=here)
    if layer < network.depth and (name, layer) == gradient_of(network.chain(layer)[-1]):
        return Lit(current=here, out_of=here)
    return Lit(current=here)


def lit_by(nodes: Sequence[Address], network: Network) -> Lit:
    """The units and edges that a path from a parameter to the loss goes through."""
    found = Lit()
    before: Address | None = None
    for node in nodes:
        if node.layer is not None and len(node.unit) == 1:
            found.current.add((node.layer, node.unit[0]))
        elif node.name in ("x", "xtilde") and node.unit:
            found.current.add((0, node.unit[0]))
        if node.name == "z" and node.layer is not None and before is not None and before.unit and node.unit:
            source = before.unit[-1]
            if before.name == "W" and network.dense[node.layer].transposed:
                source = before.unit[0]
            if before.name != "b":
                found.edges.add((node.layer, (node.unit[0], source)))
        before = node
    return found
