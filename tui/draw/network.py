"""The network as it stands at a step: which numbers the graph shows, and what of it is lit.

A unit shows the number its phase is about, once the walk has reached it: z then a forwards, ∂L/∂a then δ
backwards. An edge carries its weight; its gradient while that layer's gradients are being computed; its new
weight once it has been updated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

from engine.address import Address
from engine.layers.stage import gradient_of
from engine.network import Network
from engine.notation import Place
from engine.numbers import fixed
from engine.quantity import Phase
from engine.trace import Step
from tui.draw.graph_model import Column, EdgeLabel, Gap, GraphModel, UnitBox
from tui.draw.wrap import clip
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii

LABEL_WIDTH = 9
"""Cells of a label with a name: what the frame of a box has room for beside its corners."""
VALUE_WIDTH = 7
"""Cells of a number in a box: a sign, a digit, a point and four decimals."""


@dataclass
class Lit:
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


def lit(step: Step, network: Network) -> Lit:
    """The part of the network that a step computes and reads."""
    layer, unit, name = step.quantity.layer, step.place.unit, step.quantity.name
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


class NetworkView:
    """The graph's view of one step. Reads the trace; changes nothing."""

    def __init__(self, session: Session, cursor: int, settings: Settings) -> None:
        self.session = session
        self.trace = session.trace
        self.network = session.trace.network
        self.cursor = cursor
        self.settings = settings
        self.notation = session.notation(settings)
        self.step: Step = self.trace[cursor]
        self.k = self.step.place.k
        self.sample = self.step.place.sample or 1
        self._lit = lit(self.step, self.network)

    def model(self) -> GraphModel:
        depth = self.network.depth
        return GraphModel(
            tuple(self._column(layer) for layer in range(depth + 1)),
            tuple(self._gap(layer) for layer in range(1, depth + 1)),
            self._focus_layer(),
            "backward" if self.step.phase is Phase.BACKWARD else "forward",
        )

    def _column(self, layer: int) -> Column:
        current = layer == self._focus_layer()
        title = self.notation.layer(layer)
        if layer:
            title += f"{' ' if self.settings.ascii else ' · '}{self._function(layer)}"
        focus = next((unit - 1 for at, unit in self._lit.current if at == layer), None)
        return Column(
            title,
            self.network.sizes[layer],
            lambda unit: self._unit(layer, unit + 1),
            focus if focus is not None else self._focus_unit(layer),
            "current" if current else "normal",
        )

    def _function(self, layer: int) -> str:
        return self.notation.function(self.network.activation_symbol(layer))

    def _focus_layer(self) -> int:
        layer = self.step.quantity.layer
        if layer is None:
            return 0 if self.step.quantity.shape else self.network.depth
        return layer

    def _focus_unit(self, layer: int) -> int | None:
        """The unit at the other end of the current edge."""
        place = self.step.place
        if place.quantity.layer is None or len(place.unit) < 2 or place.quantity.name == "jacobian":
            return None
        return place.unit[1] - 1 if layer == place.quantity.layer - 1 else None

    def _unit(self, layer: int, unit: int) -> UnitBox:
        address = self._shown(layer, unit)
        emphasis = (
            "current" if (layer, unit) in self._lit.current else
            "related" if self._lit.related(layer, unit) else "normal"
        )  # fmt: skip
        if address is None:
            placeholder = Address("a", layer, (unit,))
            return UnitBox(self._label(placeholder), " " * VALUE_WIDTH, None, str(placeholder), emphasis)
        value = float(self.trace.value(address))
        return UnitBox(
            self._label(address),
            _boxed(self._number(value)),
            self._heat(value, address),
            str(address),
            emphasis,
        )

    def _shown(self, layer: int, unit: int) -> Address | None:
        """The address whose number a unit shows now, or None before anything of it is computed."""
        chain = self.network.chain(layer)
        shown = list(reversed(chain))
        if self.step.phase is Phase.BACKWARD and layer:
            # computed last to first on the way back, so the first one reached is the latest
            shown = [gradient_of(key) for key in chain] + shown
        for key in shown:
            address = Address(*key, (unit,), self.sample, self.k)
            if key in self.network.catalogue and self.session.reached(address, self.cursor):
                return address
        return None

    def _label(self, address: Address) -> str:
        # ∂L/∂a is long, and its column tells the layer: boxes keep one width through all phases
        symbol = self.notation.symbol(Place(address.name, address.layer, address.unit))
        if "/" in symbol:
            symbol = self.notation.short(symbol, address.layer)
        name = self._name(address)
        return clip(f"{symbol} {name}", LABEL_WIDTH, "..." if self.settings.ascii else "…") if name else symbol

    def _name(self, address: Address) -> str:
        """What the scenario calls an input or an output."""
        scenario = self.session.scenario
        names = (
            scenario.input_names if address.name == "x" else scenario.output_names if self._is_output(address) else ()
        )
        if len(names) < address.unit[0]:
            return ""
        name = names[address.unit[0] - 1]
        return to_ascii(name) if self.settings.ascii else name

    def _number(self, value: float) -> str:
        return self.notation.number(number(value, VALUE_WIDTH, self.settings.ascii))

    def _is_output(self, address: Address) -> bool:
        return address.name == "a" and address.layer == self.network.depth

    def _heat(self, value: float, address: Address) -> float | None:
        if not math.isfinite(value):
            return None
        whole = self.trace.value(Address(address.name, address.layer, (), address.sample, address.k))
        largest = float(abs(whole).max())
        return value / largest if largest > 0 and math.isfinite(largest) else 0.0

    def _gap(self, layer: int) -> Gap:
        name, k = self._carried(layer)

        @cache
        def largest(array: Address) -> float:
            return float(abs(self.trace.value(array)).max())

        def edge(source: int, dest: int) -> EdgeLabel:
            unit = (dest + 1, source + 1)
            address = self._weight(name, layer, unit, k)
            if not self.session.reached(address, self.cursor):
                address = self._weight("W", layer, unit, self.k)
            value = float(self.trace.value(address))
            most = largest(replace(address, unit=()))
            return EdgeLabel(
                source,
                dest,
                # as wide as any other weight: a net that starts at 0 keeps its picture when it moves
                self.notation.number(" 0.0000") if value == 0.0 else self._number(value),
                (value > 0) - (value < 0),
                abs(value) / most if most > 0 and math.isfinite(most) else 0.0,
                self._edge_emphasis(layer, unit),
                str(address),
            )

        return Gap(edge, self._bias(layer) if ("b", layer) in self.network.catalogue else None)

    def _bias(self, layer: int) -> Callable[[int], str]:
        def text(dest: int) -> str:
            shared = not self.network.catalogue["b", layer].shape
            address = Address("b", layer, () if shared else (dest + 1,), None, self.k + 1)
            if not self.session.reached(address, self.cursor):
                address = address.at(self.k)
            letter = self.notation.short(self.notation.array("b", layer), layer)
            return f"{letter} {self._number(float(self.trace.value(address)))}"

        return text

    def _carried(self, layer: int) -> tuple[str, int]:
        """What the edges into a layer carry: weights, gradients while they are computed, then new weights."""
        quantity = self.step.quantity
        if quantity.phase is Phase.BACKWARD and len(quantity.shape) == 2 and quantity.layer == layer:
            return ("W" if quantity.name == "jacobian" else quantity.name), self.k
        return "W", self.k + 1 if self.step.phase is Phase.UPDATE else self.k

    def _weight(self, name: str, layer: int, unit: tuple[int, int], k: int) -> Address:
        """The address of an edge's number: a tied layer's weights lie with their owner."""
        dense = self.network.dense[layer]
        if name != "W" or dense.owner is None:
            return Address(name, layer, unit, None, k)
        return Address(name, dense.owner, (unit[1], unit[0]) if dense.transposed else unit, None, k)

    def _edge_emphasis(self, layer: int, unit: tuple[int, int]) -> str:
        if (layer, unit) in self._lit.edges:
            return "current"
        to, source = unit
        if (layer, to) in self._lit.into or (layer - 1, source) in self._lit.out_of:
            return "related"
        return "normal"


def _boxed(text: str) -> str:
    """A number as wide as any, so that a box never changes its size; 0 stands where others have their first digit."""
    return (text if text[0] in "+-−" else f" {text}").ljust(VALUE_WIDTH)


def number(value: float, width: int, ascii: bool) -> str:
    """A signed number for a box or a table, in the alphabet of the screen."""
    text = fixed(value, width)
    return text if ascii else text.replace("-", "−").replace("inf", "∞")
