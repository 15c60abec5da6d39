"""The network as it stands at a step: which numbers the graph shows, and what of it is lit.

A unit shows the number its phase is about, once the walk has reached it: z then a forwards, ∂L/∂a then δ
backwards. An edge carries its weight; its gradient while that layer's gradients are being computed; its new
weight once it has been updated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from weakref import WeakKeyDictionary

from msgspec import Struct

from engine.address import Address
from engine.layers.stage import gradient_of
from engine.notation import Place
from engine.quantity import Phase
from engine.trace import Step
from tui.draw.cells import width_of
from tui.draw.figures import HIDDEN, UNREACHED, boxed, edge_number, number
from tui.draw.graph_grid import pixels_of
from tui.draw.graph_model import Bias, Column, EdgeLabel, Gap, GraphModel, Heatmap, UnitBox, Widths
from tui.draw.graph_plan import LIST_ROWS
from tui.draw.lit import Lit, lit, lit_by
from tui.draw.network_edges import Edges
from tui.draw.wrap import clip
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii


class Format(Struct, frozen=True):
    """How much of a number and of a name is written."""

    value: int
    weight: int
    label: int
    """Cells of a name: nine is what the frame of a box has room for beside its corners."""
    brief: bool = False
    """Write names in as few cells as can be."""
    big: bool = False


BIG = Format(6, 6, 9, big=True)
"""For projectors: fewer digits, larger boxes."""
FORMATS = (Format(7, 7, 9), Format(7, 6, 7, brief=True), Format(6, 6, 6, brief=True), Format(6, 5, 6, brief=True))
"""From the fullest to the briefest: the first that shows the whole net is taken, whatever the step."""


_WIDTHS: WeakKeyDictionary[Session, dict[tuple[int, Format, bool], Widths]] = WeakKeyDictionary()
"""The widths of each column of a walk: they depend on no step, and names are many."""


class NetworkView:
    """The graph's view of one step. Reads the trace; changes nothing.

    `path`: the nodes of a path of the chain rule; it is lit then, and everything else dimmed.
    """

    def __init__(self, session: Session, cursor: int, settings: Settings, path: Sequence[Address] = ()) -> None:
        self.session = session
        self.trace = session.trace
        self.network = session.trace.network
        self.cursor = cursor
        self.settings = settings
        self.notation = session.notation(settings)
        self.step: Step = self.trace[cursor]
        self.k = self.step.place.k
        self.sample = self.step.place.sample or 1
        self._lit = lit(self.step.place, self.network)
        self._next = lit(self.trace.plan.place(cursor + 1), self.network) if cursor < session.last else Lit()
        self._path = lit_by(path, self.network) if path else None
        self._pointed = self._path or self._lit
        """What the pointers of a picture point at."""
        self._edges = Edges(session, self.step, settings, self.sample)
        self._marked = session.before is not None
        self._largest: dict[Address, float] = {}
        self._states: dict[Address, tuple[bool, bool]] = {}

    def model(self) -> GraphModel:
        """What is to be drawn, with briefer forms for where it does not fit."""
        return self._form((BIG, *FORMATS) if self.settings.big else FORMATS)

    def _form(self, formats: tuple[Format, ...]) -> GraphModel:
        depth, form = self.network.depth, formats[0]
        return GraphModel(
            tuple(self._column(layer, form) for layer in range(depth + 1)),
            tuple(self._gap(layer, form) for layer in range(1, depth + 1)),
            self._focus_layer(),
            "backward" if self.step.phase is Phase.BACKWARD else "forward",
            form.big,
            partial(self._form, formats[1:]) if len(formats) > 1 else None,
        )

    # columns

    def _column(self, layer: int, form: Format) -> Column:
        current = layer == self._focus_layer()
        title = self.notation.layer(layer)
        if layer:
            title += f"{' ' if self.settings.ascii else ' · '}{self._function(layer)}"
        size = self.network.sizes[layer]
        return Column(
            title,
            size,
            lambda unit: self._unit(layer, unit + 1, form),
            self._focus_unit(layer),
            "dim" if self._path else "current" if current else "normal",
            "",
            self._widths(layer, form),
            (lambda: self._picture(layer, form)) if size > LIST_ROWS else None,
        )

    def _widths(self, layer: int, form: Format) -> Widths:
        known = _WIDTHS.setdefault(self.session, {})
        key = layer, form, self.settings.ascii
        if key not in known:
            bias = form.value + 2 if ("b", layer) in self.network.catalogue else 0
            known[key] = Widths(self._label_width(layer, form), form.value, bias, form.weight, self._marked)
        return known[key]

    def _label_width(self, layer: int, form: Format) -> int:
        """The widest name of a unit in any phase: its last unit's, or one that the scenario gives."""
        units = {self.network.sizes[layer]}
        named = self.session.scenario.input_names if layer == 0 else self.session.scenario.output_names
        if named and layer in (0, self.network.depth):
            units = set(range(1, self.network.sizes[layer] + 1))
        chain = self.network.chain(layer)
        keys = [*chain, *(gradient_of(key) for key in chain if layer)]
        return max(width_of(self._label(Address(*key, (unit,)), form)) for key in keys for unit in units)

    def _function(self, layer: int) -> str:
        return self.notation.function(self.network.activation_symbol(layer))

    def _focus_layer(self) -> int:
        layer = self.step.quantity.layer
        if layer is None:
            return 0 if self.step.quantity.shape else self.network.depth
        return layer

    def _focus_unit(self, layer: int) -> int | None:
        """The unit that is computed, or at either end of the current edge; on a path, the one it goes through."""
        place = self.step.place
        current = next((unit - 1 for at, unit in self._pointed.current if at == layer), None)
        if current is not None or self._path is not None:
            return current
        if place.quantity.layer is None or len(place.unit) < 2 or place.quantity.name == "jacobian":
            return None
        if layer == place.quantity.layer:
            return place.unit[0] - 1
        return place.unit[1] - 1 if layer == place.quantity.layer - 1 else None

    def _emphasis(self, layer: int, unit: int) -> str:
        if self._path is not None:
            return "path" if (layer, unit) in self._path.current else "dim"
        return (
            "current" if (layer, unit) in self._lit.current else
            "related" if self._lit.related(layer, unit) else
            "next" if (layer, unit) in self._next.current else "normal"
        )  # fmt: skip

    def _unit(self, layer: int, unit: int, form: Format) -> UnitBox:
        emphasis = self._emphasis(layer, unit)
        address, hidden = self._shown(layer, unit)
        if address is None:
            placeholder = Address("a", layer, (unit,))
            return UnitBox(self._label(placeholder, form), " " * form.value, None, str(placeholder), emphasis)
        label = self._label(address, form)
        if hidden:
            return UnitBox(label, boxed(HIDDEN, form.value), None, str(address), emphasis)
        value = float(self.trace.value(address))
        text = boxed(self._number(value, form.value), form.value)
        changed = self._changed((address,))
        return UnitBox(label, text, self._heat(value, address), str(address), emphasis, (str(address),), changed)

    def _shown(self, layer: int, unit: int) -> tuple[Address | None, bool]:
        """The address whose number a unit shows now, None before anything of it is computed; and whether it is a
        question."""
        for key in self._candidates(layer):
            address = Address(*key, (unit,), self.sample, self.k)
            known, hidden = self._state(address)
            if known or hidden:
                return address, hidden
        return None, False

    def _candidates(self, layer: int) -> list[tuple[str, int | None]]:
        """The arrays a layer's units can show, the latest in the walk first."""
        chain = self.network.chain(layer)
        shown = list(reversed(chain))
        if self.step.phase is Phase.BACKWARD and layer:
            # computed last to first on the way back, so the first one reached is the latest
            shown = [gradient_of(key) for key in chain] + shown
        return [key for key in shown if key in self.network.catalogue]

    def _state(self, address: Address) -> tuple[bool, bool]:
        """Whether a number is known, and whether it is the step's own and hidden."""
        hidden = self.settings.hidden
        if self.session.reached(address, self.cursor, hidden):
            return True, False
        return False, hidden and address == self.step.address

    def _changed(self, addresses: Sequence[Address]) -> bool:
        return self._marked and any(self.session.changed(address) for address in addresses)

    def _label(self, address: Address, form: Format) -> str:
        # ∂L/∂a is long, and its column tells the layer: boxes keep one width through all phases
        if form.brief and self.settings.ascii and address.name not in ("x", "a", "z", "h"):
            # as addresses have it, which is shorter than a fraction
            symbol = f"{address.name}{self.notation.index(address.unit[0])}"
        else:
            symbol = self.notation.symbol(Place(address.name, address.layer, address.unit))
            output = address.name == "a" and address.layer == self.network.depth
            if "/" in symbol or (form.brief and not output):
                symbol = self.notation.short(symbol, address.layer)
        name = self._name(address)
        text = f"{symbol} {name}" if name else symbol
        return clip(text, max(form.label, 1), "..." if self.settings.ascii else "…") if name or form.brief else text

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

    def _number(self, value: float, width: int) -> str:
        return self.notation.number(number(value, width, self.settings.ascii))

    def _is_output(self, address: Address) -> bool:
        return address.name == "a" and address.layer == self.network.depth

    def _heat(self, value: float, address: Address) -> float | None:
        if not math.isfinite(value):
            return None
        key = Address(address.name, address.layer, (), address.sample, address.k)
        if key not in self._largest:
            self._largest[key] = float(abs(self.trace.value(key)).max())
        largest = self._largest[key]
        return value / largest if largest > 0 and math.isfinite(largest) else 0.0

    def _picture(self, layer: int, form: Format) -> Heatmap:
        """A whole layer: the latest of its arrays that has been begun."""
        size = self.network.sizes[layer]
        focus = self._focus_unit(layer)
        whole = Address("a", layer, (), self.sample, self.k) if layer else Address("x", None, (), self.sample, self.k)
        for key in self._candidates(layer):
            first = Address(*key, (1,), self.sample, self.k)
            if any(self._state(first)):
                whole = Address(*key, (), self.sample, self.k)
                break
        box = self._unit(layer, focus + 1, form) if focus is not None else None
        known = self._edges.known(whole, (size,))
        inner = Address(whole.name, whole.layer, (0,), whole.sample, whole.k)
        return Heatmap(
            "",
            self.trace.value(whole),
            known,
            partial(number, width=form.value, ascii=self.settings.ascii),
            str(inner).replace("[0]", "[{}]"),
            focus,
            box.label if box else "",
            box.value if box else "",
            box.heat if box else None,
            box.of if box else (),
            "value",
            box.changed if box else False,
            next((unit - 1 for at, unit in self._next.current if at == layer), None),
        )

    # gaps

    def _gap(self, layer: int, form: Format) -> Gap:
        bias = (lambda dest: self._bias(layer, dest, form)) if ("b", layer) in self.network.catalogue else None
        large = max(self.network.sizes[layer - 1 : layer + 1]) > LIST_ROWS
        return Gap(
            lambda source, dest: self._edge(layer, (dest + 1, source + 1), form),
            bias,
            self._edges.caption(layer),
            (lambda: self._weights(layer, form)) if large else None,
        )

    def _edge(self, layer: int, unit: tuple[int, int], form: Format) -> EdgeLabel:
        carried = self._edges.edge(layer, unit)
        value = carried.value
        if value is None:
            text = HIDDEN if carried.hidden else UNREACHED[self.settings.ascii]
        else:
            text = self.notation.number(edge_number(value, form.weight, self.settings.ascii))
        return EdgeLabel(
            unit[1] - 1,
            unit[0] - 1,
            text,
            0 if value is None else (value > 0) - (value < 0),
            self._edges.strength(layer, carried),
            self._edge_emphasis(layer, unit),
            str(carried.target),
            tuple(map(str, carried.of)),
            carried.how,
            self._changed(carried.of),
        )

    def _edge_emphasis(self, layer: int, unit: tuple[int, int]) -> str:
        if self._path is not None:
            return "path" if (layer, unit) in self._path.edges else "dim"
        if (layer, unit) in self._lit.edges:
            return "current"
        to, source = unit
        if (layer, to) in self._lit.into or (layer - 1, source) in self._lit.out_of:
            return "related"
        return "next" if (layer, unit) in self._next.edges else "normal"

    def _bias(self, layer: int, dest: int, form: Format) -> Bias:
        shared = not self.network.catalogue["b", layer].shape
        address = Address("b", layer, () if shared else (dest + 1,), None, self.k + 1)
        letter = self.notation.short(self.notation.array("b", layer), layer)
        known, hidden = self._state(address)
        if hidden:
            return Bias(letter, HIDDEN, str(address))
        if not known:
            address = address.at(self.k)
        text = self._number(float(self.trace.value(address)), form.value)
        return Bias(letter, text, str(address), (str(address),), self._changed((address,)))

    def _weights(self, layer: int, form: Format) -> tuple[bool, Heatmap] | None:
        """The weights into or out of the step's unit as a picture; None where the step is about no unit of it."""
        to, source, focus = self._row(layer)
        if to is None and source is None:
            return None
        fans_out = to is None
        values, known = self._edges.vector(layer, to, source)
        edge = (
            self._edge(layer, (to or (focus or 0) + 1, source or (focus or 0) + 1), form) if focus is not None else None
        )
        name = self._edges.array(layer)
        times = "x" if self.settings.ascii else "×"
        array = self.notation.symbol(Place(name, None, (to if to is not None else source or 1,)))
        size = len(values)
        rows, columns = pixels_of(size)
        return fans_out, Heatmap(
            f"{array} {rows}{times}{columns}",
            values,
            known,
            partial(number, width=form.weight, ascii=self.settings.ascii),
            self._edges.target(layer, to, source),
            focus,
            self.notation.symbol(Place(name, None, (edge.dest + 1, edge.source + 1))) if edge else "",
            edge.text if edge else "",
            None,
            edge.of if edge else (),
            edge.how if edge else "value",
            edge.changed if edge else False,
        )

    def _row(self, layer: int) -> tuple[int | None, int | None, int | None]:
        """The row or the column of the edges into a layer that a step is about, and its place in focus."""
        current = next((unit for at, unit in self._pointed.edges if at == layer), None)
        if current is not None:
            return current[0], None, current[1] - 1
        to = next((unit for at, unit in self._pointed.into if at == layer), None)
        if to is not None:
            return to, None, None
        source = next((unit for at, unit in self._pointed.out_of if at == layer - 1), None)
        return None, source, None
