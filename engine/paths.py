"""Every path from a parameter to the loss, as an ordered product of local derivatives; their sum is the gradient.

The chain rule, written out: a parameter acts on the loss along every way through the network, each way contributes the
product of the derivatives on it, and the contributions add up. (Bauer 1974; Griewank & Walther 2008, chapter 3.)
A path goes through nodes, one unit of one sample of an array each: b[1][1] → z[1][1]#1 → a[1][1]#1 → … → loss.
Few paths are listed; how many there are is counted in whole numbers, and their sum comes from matrix products,
whatever their number.

The last layer with its own loss takes the long way here, ∂L/∂ŷ and the slope of the activation. Where that is not
finite, or has lost its digits, a sample's paths end with δ instead, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError
from engine.formula.nodes import Mul, Num, Symbol, Total
from engine.layers.dense import Dense
from engine.layers.normalise import Normalise
from engine.layers.stage import gradient_of
from engine.paths_links import At, Factor, Link, Scene, links_of
from engine.printers.base import Page, Printer
from engine.quantity import Key
from engine.scenario.model import Array
from engine.structs import replace
from engine.trace import Trace

MOST = 64
"""Paths listed at most: more are no longer read one by one."""

FORMULAS = 4
"""Formulas of unrecorded derivatives printed at most: they differ in their indices only."""

AGREES_TO = 2e-13
"""Share of the magnitudes by which the long way of a last layer may differ from its δ. More, and digits are lost."""

PARAMETERS = ("W", "b", "gamma", "beta")


class Path(Struct, frozen=True, eq=False):
    """One way from a parameter to the loss."""

    nodes: tuple[Address, ...]
    """The parameter, a node of every array on the way, the loss."""
    factors: tuple[Factor, ...]
    """The derivative of each node with respect to the one before it: one fewer than nodes."""
    product: float

    @property
    def samples(self) -> tuple[int, ...]:
        """The samples it passes through, in order, each once. Only a batch normalisation leads to another."""
        return tuple(dict.fromkeys(node.sample for node in self.nodes if node.sample is not None))


class Paths(Struct, frozen=True, eq=False):
    """All ways from one element of a parameter to the loss of one iteration."""

    address: Address
    """The element; with #s only the paths that begin in that sample, always with @k."""
    gradient: Address
    """Where the walk has their sum: dW, or dW_data where a penalty has a part of its own."""
    paths: tuple[Path, ...]
    """In order of samples, then units; the first ones where not all are listed."""
    count: int
    """How many there are, exactly."""
    total: float
    """Their sum, from matrix products."""
    magnitude: float
    """The sum of the magnitudes: what rounding in `total` is proportional to."""
    listed: bool
    """Whether `paths` holds all."""
    many: bool
    """Whether batches hold several samples, so that a path's sample has to be said."""
    notes: tuple[str, ...]
    """What has to be said besides: paths that end with δ, a penalty that has none."""


class _Start(Struct, frozen=True, eq=False):
    """The edge from the parameter into the network."""

    level: int
    at: At
    factor: Factor


def paths(trace: Trace, address: Address, most: int = MOST) -> Paths:
    """The paths from an element of a parameter at record @k, listed up to `most`.

    `address` names one element of W, b, gamma or beta (or of its gradient: dW, dW_data, …); a missing @k counts as @0,
    #s keeps the paths that begin in that sample of the batch.

    Raises:
        AddressError: no paths lead from there to the loss.
    """
    name, element = _element(trace, address)
    with np.errstate(all="ignore"):
        scene = Scene(trace, element.k or 0)
        graph = _Graph(scene)
        starts = [
            start
            for start in _starts(scene, graph, name, element)
            if element.sample is None or start.at[0] == element.sample - 1
        ]
        count = sum(graph.counts[start.level][start.at[0]] for start in starts)
        total = sum(start.factor.value * float(graph.values[start.level][start.at]) for start in starts)
        magnitude = sum(start.factor.magnitude * float(graph.magnitudes[start.level][start.at]) for start in starts)
        listed = tuple(islice(_list(element, starts, graph), most))
    return Paths(
        element, _gradient(trace, element), listed, count, total, magnitude, count <= most,
        not trace.network.single, _notes(trace, element, graph),
    )  # fmt: skip


class _Graph:
    """The arrays in order with, for every node, its paths to the loss: how many, their sum, its magnitudes."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.links: list[Link] = links_of(scene)
        self.levels: dict[Key, int] = {link.target: place for place, link in enumerate(self.links)}
        """Array → how many links lie below it, less one: `links[level + 1]` leads on."""
        self.last = len(self.links) - 1
        output = self.links[-1].target
        slope = scene.record[gradient_of(output)]
        """∂L/∂ŷ, shape (batch, outputs)."""
        self.short, self.reason = self._shortened(slope)
        values, magnitudes = slope, np.abs(slope)
        counts = [1] * scene.samples
        self.values: dict[int, Array] = {self.last: values}
        self.magnitudes: dict[int, Array] = {self.last: magnitudes}
        self.counts: dict[int, list[int]] = {self.last: counts}
        for level in range(self.last - 1, -1, -1):
            link = self.links[level + 1]
            values, magnitudes = link.back(values), link.back(magnitudes, magnitudes=True)
            counts = link.counts(counts)
            if level == self.last - 1 and self.short:
                rows = sorted(self.short)
                delta = scene.record[gradient_of(link.source)]
                values, magnitudes = np.array(values), np.array(magnitudes)
                values[rows], magnitudes[rows] = delta[rows], np.abs(delta[rows])
                counts = [1 if sample in self.short else count for sample, count in enumerate(counts)]
            self.values[level], self.magnitudes[level], self.counts[level] = values, magnitudes, counts

    def onward(self, level: int, at: At) -> Iterator[tuple[tuple[Address, ...], tuple[Factor, ...]]]:
        """Every way from a node to the loss: the nodes after it, and the factors between."""
        scene = self.scene
        if level == self.last or (level == self.last - 1 and at[0] in self.short):
            slope = scene.recorded(scene.node(gradient_of(self.links[level].target), at))
            yield (Address("loss", None, k=scene.k),), (slope,)
            return
        link = self.links[level + 1]
        for to in link.ahead(at):
            factor, node = link.factor(at, to), scene.node(link.target, to)
            for nodes, factors in self.onward(level + 1, to):
                yield (node, *nodes), (factor, *factors)

    def _shortened(self, slope: Array) -> tuple[frozenset[int], str]:
        """Samples (from 0) of which the paths end with δ, and why."""
        link = self.links[-1]
        if self.last == 0 or gradient_of(link.target) in {quantity.key for quantity in self.scene.network.walk}:
            return frozenset(), ""
        delta = self.scene.record[gradient_of(link.source)]
        long, sizes = link.back(slope), link.back(np.abs(slope), magnitudes=True)
        finite = (np.isfinite(long) & np.isfinite(sizes)).all(axis=1)
        agree = (np.abs(long - delta) <= AGREES_TO * sizes).all(axis=1)
        reason = "have lost their digits there" if finite.all() else "are not finite there"
        return frozenset(int(sample) for sample in np.flatnonzero(~(finite & agree))), reason


def _starts(scene: Scene, graph: _Graph, name: str, element: Address) -> Iterator[_Start]:
    """The edges out of a parameter, in order of use, sample and unit."""
    layer, k = element.layer, scene.k
    unit = tuple(index - 1 for index in element.unit)
    samples = range(scene.samples)
    one = Factor(Num(1.0), 1.0)
    for stage in scene.network.stages:
        if isinstance(stage, Dense):
            level = graph.levels["z", stage.layer]
            if name == "W" and (stage.owner or stage.layer) == layer:
                to, source = reversed(unit) if stage.transposed else unit
                for s in samples:
                    yield _Start(level, (s, to), scene.recorded(scene.node(stage.below, (s, source))))
            elif name == "b" and stage.layer == layer:
                for s in samples:
                    for j in range(stage.units) if stage.shared_bias else unit:
                        yield _Start(level, (s, j), one)
        elif isinstance(stage, Normalise) and stage.layer == layer and name in ("gamma", "beta"):
            level = graph.levels[stage.target]
            for s in samples:
                xhat = Address("xhat", layer, (unit[0] + 1,), s + 1, k)
                yield _Start(level, (s, unit[0]), scene.recorded(xhat) if name == "gamma" else one)


def _list(element: Address, starts: list[_Start], graph: _Graph) -> Iterator[Path]:
    parameter = replace(element, sample=None)
    for start in starts:
        first = graph.scene.node(graph.links[start.level].target, start.at)
        for nodes, onward in graph.onward(start.level, start.at):
            factors = (start.factor, *onward)
            product = 1.0
            for factor in reversed(factors):
                product *= factor.value
            yield Path((parameter, first, *nodes), factors, product)


def _element(trace: Trace, address: Address) -> tuple[str, Address]:
    """The parameter's name and the full address of one element of it."""
    network = trace.network
    name = address.name.removeprefix("d").removesuffix("_data") if address.name != "data_loss" else address.name
    if address.name.endswith("_penalty") or address.name == "penalty":
        raise AddressError(f"{address}: a penalty does not go through the network, so it has no paths")
    if name not in PARAMETERS:
        raise AddressError(
            f"{address}: paths lead from a parameter to the loss; expected an element of W, b, gamma or beta,"
            " like W[1][1,1]"
        )
    if (name, address.layer) not in network.parameters:
        layers = [str(layer) for have, layer in network.parameters if have == name]
        stage = network.dense.get(address.layer or 0)
        if name == "W" and stage is not None and stage.owner is not None:
            raise AddressError(f"{address}: layer {stage.layer} uses the W of layer {stage.owner}: W[{stage.owner}]")
        have = f"it is in layer {', '.join(layers)}" if layers else "this network has none"
        raise AddressError(f"{address}: there is no {name} there; {have}")
    shape = network.parameters[name, address.layer].shape
    if len(address.unit) != len(shape):
        form = f"{name}[{address.layer}]" + ("", "[unit]", "[to,from]")[len(shape)]
        raise AddressError(f"{address}: paths are of one number; expected {form}")
    if any(not 1 <= index <= size for index, size in zip(address.unit, shape, strict=True)):
        raise AddressError(f"{address}: {name}[{address.layer}] is {'×'.join(map(str, shape))}")
    k = address.k or 0
    last = trace.scenario.training.iterations
    if not 0 <= k <= last:
        raise AddressError(f"{address}: there is no @{k}; the walk has @0 to @{last}")
    size = network.batches.size(k)
    if address.sample is not None and not 1 <= address.sample <= size:
        raise AddressError(f"{address}: there is no sample {address.sample}; the batch has {size}")
    return name, replace(address, name=name, k=k)


def _gradient(trace: Trace, element: Address) -> Address:
    apart = (f"d{element.name}_data", element.layer) in trace.network.catalogue
    return replace(element, name=f"d{element.name}" + ("_data" if apart else ""))


def _notes(trace: Trace, element: Address, graph: _Graph) -> tuple[str, ...]:
    notes: list[str] = []
    if graph.short:
        numbers = [str(sample + 1) for sample in sorted(graph.short)]
        where = "The paths end" if trace.network.single else f"The paths through sample {', '.join(numbers)} end"
        notes.append(f"{where} with δ: ∂L/∂ŷ and the slope of the last activation {graph.reason}.")
    if (f"d{element.name}_penalty", element.layer) in trace.network.catalogue:
        notes.append("The penalty's part of the gradient is apart: it does not go through the network.")
    return tuple(notes)


def path_lines(found: Paths, printer: Printer) -> list[str]:
    """The paths as lines of text, the loss first as the chain rule is written; then their sum, then the notes."""
    lines = [_line(place, path, found, printer) for place, path in enumerate(found.paths, start=1)]
    page = Page()
    value = printer.number(found.total, page)
    left = printer.symbols(Symbol(found.gradient, found.total))
    equals = printer.equals(page.exact)
    if not found.listed:
        lines.append(f"sum of all {found.count:,} paths, by matrix products: {left} {equals} {value}")
    elif found.count == 1:
        lines.append(f"the only path: {left} {equals} {value}")
    else:
        summed = Page()
        terms = printer.numbers(Total("sum", tuple(Num(path.product) for path in found.paths)), summed)
        lines.append(f"sum of the {found.count} paths: {left} {printer.equals(summed.exact)} {terms} {equals} {value}")
    return [
        plain(line, printer)
        for line in (*lines, *formulas(found, printer), *map(printer.notation.sentence, found.notes))
    ]


def formulas(found: Paths, printer: Printer) -> list[str]:
    """What stands behind the factors that the walk does not record, each once."""
    factors = (factor for path in found.paths for factor in path.factors if factor.formula)
    derived = {printer.symbols(factor.symbol): factor for factor in factors}
    lines: list[str] = []
    for left, factor in islice(derived.items(), FORMULAS):
        assert factor.formula is not None
        page, value_page = Page(), Page()
        numbers, value = printer.numbers(factor.formula, page), printer.number(factor.value, value_page)
        lines.append(
            f"with {left} = {printer.symbols(factor.formula)} {printer.equals(page.exact)} {numbers}"
            f" {printer.equals(value_page.exact)} {value}"
        )
    if len(derived) > FORMULAS:
        lines.append(f"and {len(derived) - FORMULAS} more of this form")
    return lines


def _line(place: int, path: Path, found: Paths, printer: Printer) -> str:
    samples = path.samples
    one = samples[0] if len(samples) == 1 else None
    downwards = tuple(reversed(path.factors))
    symbols = printer.symbols(Mul(tuple(factor.symbol for factor in downwards)), Page(sample=one))
    numbers_page, value_page = Page(), Page()
    numbers = printer.numbers(Mul(tuple(Num(factor.value) for factor in downwards)), numbers_page)
    value = printer.number(path.product, value_page)
    return (
        f"path {place} of {found.count:,}{through(path, found)}: {symbols}"
        f" {printer.equals(numbers_page.exact)} {numbers} {printer.equals(value_page.exact)} {value}"
    )


def through(path: Path, found: Paths) -> str:
    """The samples of a path in words, with a blank before, where there is a choice."""
    if len(path.samples) > 1:
        return f" (samples {', '.join(map(str, path.samples))})"
    return f" (sample {path.samples[0]})" if found.many else ""


def plain(text: str, printer: Printer) -> str:
    """Text of this module in the alphabet of a printer."""
    if not printer.notation.ascii:
        return text
    for char, plain in (("∂", "d"), ("δ", "delta"), ("ŷ", "yhat")):
        text = text.replace(char, plain)
    return text
