"""The paths panel: how a parameter acts on the loss, way by way, and that the ways add up to its gradient.

A path is written as soon as it is asked for, in symbols; numbers are put in as the walk reaches them, and products
and their sum are shown when the walk has the gradient itself.
"""

from __future__ import annotations

import math

from engine.address import Address, AddressError
from engine.formula.nodes import Mul, Node, Num, Symbol, Total, children
from engine.layers.stage import gradient_of
from engine.network import Network
from engine.paths import PARAMETERS, Path, Paths, formulas, plain, through
from engine.printers.base import Page, Printer
from engine.printers.marks import Marks
from engine.quantity import Kind
from tui.draw.cells import PLAIN, Drawing, Look
from tui.draw.links import Text, cut_off, drawing_of, wrapped
from tui.draw.wrap import clip
from tui.session import Session
from tui.settings import Settings

EXAMPLES = 3
"""Paths shown where there are too many to list."""

AGREES_TO = 1e-12
"""Share of the magnitudes by which the sum of the paths may differ from the gradient: what rounding can do."""

_OF = {"h": "beta", "dh": "beta", "xhat": "gamma", "dxhat": "gamma"}
"""The parameter of a normalisation that stands nearest to a quantity; of any other it is the bias."""


def chosen_parameter(session: Session, cursor: int) -> Address | None:
    """The parameter whose paths are shown at a step, always with @k: its own one, else the nearest.

    Of a weight, its gradients and slots it is that weight; of a unit its bias or else its first weight, and only the
    paths that begin in the step's sample; of the loss the network's first weight. None in a walk without steps.
    """
    if not 0 <= cursor <= session.last:
        return None
    network = session.trace.network
    place = session.trace.plan.place(cursor)
    quantity, unit = place.quantity, place.unit
    sample = None if network.single else place.sample
    layer = quantity.layer
    if layer is None:
        return _weight(network, 1, (1, unit[0] if unit and len(unit) == 1 else 1), sample, place.k)
    parts = ("", "_data", "_penalty", "_clipped")
    for name in PARAMETERS:
        gradients = {f"d{name}{part}" for part in parts}
        slot = quantity.kind is Kind.STATE and quantity.name.endswith(name)
        if (name, layer) in network.parameters and (quantity.name in {name, *gradients} or slot):
            return Address(name, layer, unit, None, place.k)
    at = unit[-1] if unit else 1
    for name in (_OF.get(quantity.name, "b"), "b"):
        if (name, layer) in network.parameters:
            shape = network.parameters[name, layer].shape
            return Address(name, layer, (at,) if shape else (), sample, place.k)
    return _weight(network, layer, (at, 1), sample, place.k)


def _weight(network: Network, layer: int, unit: tuple[int, int], sample: int | None, k: int) -> Address:
    """An element of a layer's weights, where its owner has it."""
    dense = network.dense[layer]
    to, source = unit
    return Address("W", dense.owner or layer, (source, to) if dense.transposed else (to, source), sample, k)


def path_count(session: Session, cursor: int) -> int:
    """How many paths the panel lists at a step: those that `settings.path` can choose from."""
    found = _found(session, cursor)
    return 0 if found is None else len(_listed(found))


def lit_path(session: Session, cursor: int, settings: Settings) -> tuple[Address, ...]:
    """The nodes of the path chosen: the parameter, a unit of every array on the way, the loss. Empty if none is."""
    found = _found(session, cursor)
    if found is None or not 1 <= settings.path <= len(_listed(found)):
        return ()
    return found.paths[settings.path - 1].nodes


def draw_paths(session: Session, cursor: int, settings: Settings, width: int, height: int) -> Drawing:
    """The paths of the parameter of a step in at most `height` rows of `width` cells, the lit one among them.

    A hit at every symbol names its address.
    """
    found = _found(session, cursor)
    if found is None:
        return drawing_of([Text(clip("No paths: this walk has no steps.", width, "..."), Look("dim"))][:height])
    return _Panel(session, cursor, settings, found, width).drawing(height)


def _found(session: Session, cursor: int) -> Paths | None:
    address = chosen_parameter(session, cursor)
    return None if address is None else session.paths(address)


def _listed(found: Paths) -> tuple[Path, ...]:
    return found.paths if found.listed else found.paths[:EXAMPLES]


class _Panel:
    """The paths of one parameter as they are known at one step."""

    def __init__(self, session: Session, cursor: int, settings: Settings, found: Paths, width: int) -> None:
        self.session = session
        self.cursor = cursor
        self.settings = settings
        self.found = found
        self.width = width
        self.printer: Printer = session.printer(settings)
        self.marks = self.printer.marks = Marks()
        self.network = session.trace.network
        self.dots = "..." if settings.ascii else "…"
        self.done = self._done()
        """Whether the walk has the gradient: products and sums would give it away."""

    def drawing(self, height: int) -> Drawing:
        listed = _listed(self.found)
        paths = [self._path(place, path) for place, path in enumerate(listed, start=1)]
        head = self._first(self._title(), height)
        room = height - len(head)
        needed = sum(map(len, paths))
        # the sum is what the paths are for: it stays, with what is lit; what is behind the factors comes last
        ends = [*self._sum(), *self._notes()]
        behind = self._behind()
        if needed + len(ends) > room:
            ends = self._first(ends, max(room // 2, room - needed))
        if needed + len(ends) + len(behind) <= room:
            ends += behind
        return drawing_of([*head, *self._around(paths, room - len(ends)), *ends])

    def _first(self, rows: list[Text], most: int) -> list[Text]:
        """The first rows, the last one saying where there were more."""
        if len(rows) <= most or most < 1:
            return rows[: max(0, most)]
        return [*rows[: most - 1], cut_off(rows[most - 1], self.width, self.dots)]

    def _around(self, paths: list[list[Text]], room: int) -> list[Text]:
        """The paths that fit, the lit one among them, and how many there are above and below."""
        if sum(map(len, paths)) <= room:
            return [row for rows in paths for row in rows]
        lit = min(max(self.settings.path, 1), len(paths)) - 1
        first = after = lit
        used = 0
        # a row above and one below say what is left out
        while after < len(paths) and used + len(paths[after]) <= room - (first > 0) - (after + 1 < len(paths)):
            used += len(paths[after])
            after += 1
        if after == first:
            return self._first(paths[lit], room)
        while first > 0 and used + len(paths[first - 1]) <= room - (first > 1) - (after < len(paths)):
            first -= 1
            used += len(paths[first])
        shown = [row for rows in paths[first:after] for row in rows]
        above = [self._more(first, "above")] if first else []
        below = [self._more(len(paths) - after, "below")] if after < len(paths) else []
        return [*above, *shown, *below]

    def _more(self, count: int, where: str) -> Text:
        return Text(clip(f"  {self.dots} {count} more {where}", self.width, self.dots), Look("dim"))

    def _title(self) -> list[Text]:
        count = self.found.count
        text = f"{self._gradient()}: {count:,} path{'s' if count > 1 else ''}"
        if not self.found.listed:
            text += ", too many to list: for example"
        elif self.found.many and self.found.address.sample:
            text += f" that begin{'s' if count == 1 else ''} in sample {self.found.address.sample}"
        return self._line(text, Look("title"))

    def _gradient(self) -> str:
        return self.printer.symbols(Symbol(self.found.gradient, self.found.total), Page())

    def _path(self, place: int, path: Path) -> list[Text]:
        """`1  δ·w·f′ = its numbers = product`, as far as the walk has come."""
        printer, lit = self.printer, place == self.settings.path
        samples = path.samples
        page = Page(sample=samples[0] if len(samples) == 1 else None)
        downwards = tuple(reversed(path.factors))
        text = printer.symbols(Mul(tuple(factor.symbol for factor in downwards)), page)
        known = [self._known(factor.address, factor.formula, factor.symbol) for factor in downwards]
        put_in = Page(sample=page.sample)
        parts: list[Node] = [
            Num(factor.value) if there else factor.symbol for factor, there in zip(downwards, known, strict=True)
        ]
        numbers = printer.symbols(Mul(tuple(parts)), put_in)
        if any(known) and numbers != text:
            text += f" {printer.equals(put_in.exact)} {numbers}"
        if self.done:
            value_page = Page()
            value = printer.number(path.product, value_page)
            if value != numbers:
                text += f" {printer.equals(value_page.exact)} {value}"
        mark = (">" if self.settings.ascii else "▸") if lit else " "
        where = through(path, self.found).strip()
        head = f"{mark}{place}  " + (f"{where} " if where else "")
        return self._line(head + text, Look("symbols") if lit else PLAIN, 4)

    def _sum(self) -> list[Text]:
        found, printer = self.found, self.printer
        if not self.done:
            return self._line(self._when(), Look("dim"))
        page = Page()
        value = printer.number(found.total, page)
        equals = printer.equals(page.exact)
        left = self._gradient()
        if not found.listed:
            text = f"sum of all {found.count:,} paths, by matrix products: {left} {equals} {value}"
        elif found.count == 1:
            text = f"the only path: {left} {equals} {value}"
        else:
            summed = Page()
            terms = printer.numbers(Total("sum", tuple(Num(path.product) for path in found.paths)), summed)
            text = f"sum = {left} {printer.equals(summed.exact)} {terms} {equals} {value}"
        return [*self._line(text, Look("result")), *self._compared()]

    def _compared(self) -> list[Text]:
        """Whether the walk's gradient is the same number."""
        found = self.found
        recorded = float(self.session.trace.value(found.gradient))
        same = abs(found.total - recorded) <= AGREES_TO * found.magnitude
        if same or repr(found.total) == repr(recorded):
            return self._line("equals the gradient that the walk has recorded", Look("dim"))
        if not (math.isfinite(found.total) and math.isfinite(recorded)):
            text = f"the walk has recorded {self.printer.number(recorded)}: past the finite numbers sums have no order"
            return self._line(text, Look("warning"))
        return self._line(f"the walk has recorded {self.printer.number(recorded)}", Look("warning"))

    def _when(self) -> str:
        """From which step on the sum can be read."""
        try:
            step = self.session.trace.index_of(self.found.gradient)
        except AddressError:
            return f"sum = {self._gradient()}: to be read when the walk has come back through this layer"
        if step == self.cursor:
            return f"sum = {self._gradient()} = ?"
        return f"sum = {self._gradient()}: to be read from step {step + 1:,} on"

    def _notes(self) -> list[Text]:
        return [row for note in self.found.notes for row in self._line(note, Look("dim"))]

    def _behind(self) -> list[Text]:
        """The formulas of derivatives that the walk does not record."""
        lines = formulas(self.found, self.printer) if self.done else []
        return [row for line in lines for row in self._line(line, Look("dim"))]

    def _line(self, text: str, look: Look, hang: int = 2) -> list[Text]:
        bare, runs = self.marks.taken_apart(plain(text, self.printer))
        return wrapped(bare, runs, look, self.width, hang)

    def _reached(self, address: Address) -> bool:
        return self.session.reached(address, self.cursor, self.settings.hidden)

    def _known(self, address: Address | None, formula: Node | None, symbol: Node) -> bool:
        """Whether a factor's number may be shown: once the walk has it, or has passed where it would be."""
        if formula is not None:
            return all(self._reached(leaf.address) for leaf in _leaves(formula))
        if address is None or isinstance(symbol, Num):
            return True
        if self.network.catalogue[address.name, address.layer].in_walk or address.layer is None:
            return self._reached(address)
        if (address.name, address.layer) in self.network.parameters or address.name == "mask":
            return self._reached(address)
        # a shortcut goes past ∂L/∂ŷ and the slope: there they are known with ∂L/∂ of what the activation reads
        behind = gradient_of((self.network.activation_reads(address.layer), address.layer))
        return self._reached(Address(*behind, address.unit[-1:], address.sample, address.k))

    def _done(self) -> bool:
        gradient = self.found.gradient
        if self.network.catalogue[gradient.name, gradient.layer].in_walk:
            return self._reached(gradient)
        # a frozen parameter's gradient is no step: it follows from the factors
        return all(
            self._known(factor.address, factor.formula, factor.symbol)
            for path in self.found.paths
            for factor in path.factors
        )


def _leaves(node: Node) -> list[Symbol]:
    """The symbols of a tree."""
    if isinstance(node, Symbol):
        return [node]
    return [leaf for child in children(node) for leaf in _leaves(child)]
