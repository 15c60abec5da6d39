"""Lines of JSON made fast: what a quantity repeats from step to step is printed once, and only texts are put in after.

A form is the line of every element of a quantity, in every iteration, with holes; which text fills a hole is a number
that moves with the element's indices, by so much for each. A branch or a local name in the formula is looked at
first, with the numbers of the step: there is one line for every way through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.address import Address
from engine.formula.evaluate import evaluate, holds
from engine.formula.ground import SAMPLES, ground
from engine.formula.nodes import Kronecker, Let, Local, Node, Ref, Symbol, Where, children, mapped
from engine.plan import Place
from engine.printers.base import Page, Printer
from engine.printers.cut import (
    AS_IS,
    HOLE,
    LEAF_NAME,
    LOCAL,
    MOST,
    Cutting,
    Hole,
    Leaf,
    UncutError,
    cutting,
    hole,
    leaf,
    number_of,
)
from engine.quantity import Kind, Quantity
from engine.trace import Trace
from tui.verbs.texts import ITERATION, ROW, SAMPLE, TREE, VALUE, Slot, Texts, formulas

START = '{"step": 0'
"""What a line begins with, for which a step puts its number."""
WAYS = 256
"""Ways through a formula whose lines are kept."""

Ways = tuple[tuple[bool, ...], tuple[bool, ...]]
"""Whether the conditions of a formula hold, in the order met: of what is computed, and of the textbook's form."""

Write = Callable[[Place, "Cut"], dict[str, Any]]
"""Makes the object of a line, holes for its numbers."""

_FOUND = re.compile(rf'{{"symbol": "({LEAF_NAME.pattern})", "value": 0\.0}}|"({HOLE.pattern})"|({HOLE.pattern})')


class Cut(NamedTuple):
    """The trees of a form over leaves, and what prints them with holes."""

    printer: Cutting
    leaves: list[Leaf]
    """The last one is the step's own."""
    computed: Node
    stated: Node | None
    ways: Ways

    def symbols(self, node: Node, page: Page) -> str:
        return self.printer.cut(node, self.leaves, self.ways[node is self.stated], False, page)

    def numbers(self, node: Node, page: Page) -> str:
        return self.printer.cut(node, self.leaves, self.ways[node is self.stated], True, page)

    def own(self, kind: int) -> str:
        """A hole for something of the step itself."""
        return str(Hole(kind, AS_IS, len(self.leaves) - 1))


class _Pattern(NamedTuple):
    """The line of one way through a formula."""

    text: str
    """With %s for every hole."""
    numbers: NDArray[np.intp]
    """Of the texts at the form's first place."""
    strides: NDArray[np.intp]
    """How they move with each index, (indices, holes)."""
    locals: tuple[tuple[int, int], ...]
    """Local names whose numbers are printed, and how."""


class Form:
    """The lines of a quantity's elements, in batches of one size.

    Raises:
        UncutError: its formula cannot be cut.
    """

    def __init__(self, trace: Trace, printer: Printer, texts: Texts, place: Place, write: Write) -> None:
        self.texts = texts
        self._trace, self._place, self._write = trace, place, write
        self._quantity = quantity = place.quantity
        self._printer = cutting(printer)
        scope = _Places(trace, texts)
        self._computed, self._stated = self._grounded(scope, place)
        # an element's own number and symbol are a leaf like those of its formula
        scope.symbol(quantity.ref, place.unit, place.sample)
        self._leaves = self._known(scope, place)
        self.at = np.array(scope.places, dtype=np.intp)
        """Where the leaves lie, at the form's first place."""
        self.moves = np.array([self._moved(axis) for axis in range(len(quantity.shape) + 1)], dtype=np.intp)
        """How that moves with each index, (indices, leaves)."""
        self.choices = [_Choices(tree) for tree in (self._computed, self._stated) if tree is not None]
        self.asks = sorted({number for choices in self.choices for number in choices.asks})
        """The leaves whose numbers decide about the line."""
        self.chooses = any(choices.some for choices in self.choices)
        self._patterns: dict[Ways, _Pattern] = {}

    def moved(self, place: Place) -> NDArray[np.intp]:
        """How far a place is from the first, by each index."""
        return np.subtract(_indices(place), _indices(self._place), dtype=np.intp)

    def pattern(self, ways: Ways) -> _Pattern:
        """The line of one way through.

        Raises:
            UncutError: it cannot be cut.
        """
        found = self._patterns.get(ways)
        if found is None:
            if len(self._patterns) >= WAYS:
                self._patterns.clear()
            found = self._patterns[ways] = self._made(ways)
        return found

    def _made(self, ways: Ways) -> _Pattern:
        cut = Cut(self._printer, self._leaves, self._computed, self._stated, ways)
        line = json.dumps(self._write(self._place, cut), ensure_ascii=False).removeprefix(START)
        pieces, numbers, strides, local = [], [], [], []
        for piece, found in _apart(line):
            pieces.append(self.texts.in_json(piece).replace("%", "%%"))
            if found is None:
                break
            number, moves = self._text(found)
            numbers.append(number)
            strides.append(moves)
            if found.kind == LOCAL:
                local.append((found.leaf, found.how))
        return _Pattern("%s".join(pieces), np.array(numbers), np.array(strides).T, tuple(dict.fromkeys(local)))

    def _text(self, found: Hole) -> tuple[int, Sequence[int]]:
        """The number of the text that fills a hole at the first place, and how it moves."""
        still = [0] * len(self.moves)
        if found.kind == LOCAL:
            return self.texts.local(found.leaf, found.how), still
        if found.kind == ITERATION:
            return self.texts.column(ITERATION), still
        if found.kind in (SAMPLE, ROW):
            return self.texts.column(found.kind) + (self._place.sample or 1) - 1, [1, *still[1:]]
        return (
            self.texts.column(found.kind, found.how) + int(self.at[found.leaf]),
            self.moves[:, found.leaf].tolist(),
        )

    def _grounded(self, scope: _Places, place: Place) -> tuple[Node, Node | None]:
        quantity = self._quantity
        assert quantity.template is not None, "a step has a formula"
        computed = ground(quantity.template, scope, place.indices)
        return computed, None if quantity.stated is None else ground(quantity.stated.formula, scope, place.indices)

    def _known(self, scope: _Places, place: Place) -> list[Leaf]:
        return [
            Leaf(
                None if quantity.shape or sample is not None else Address(quantity.name, quantity.layer),
                sample is not None and sample == place.sample,
                quantity.name == "t",
            )
            for quantity, sample in scope.found
        ]

    def _moved(self, axis: int) -> list[int]:
        """How the places of the leaves move with an index: they are linear in it, so another value of it tells."""
        quantity, indices = self._quantity, _indices(self._place)
        sizes = (self.texts.samples if quantity.per_sample else 1, *quantity.shape)
        if sizes[axis] == 1 or axis in fixed(quantity):
            return [0] * len(self.at)
        by = 1 if indices[axis] == 1 else -1
        indices[axis] += by
        sample, *unit = indices
        other = Place(self._place.k, self._place.block, quantity, sample if quantity.per_sample else None, tuple(unit))
        scope = _Places(self._trace, self.texts)
        self._grounded(scope, other)
        scope.symbol(quantity.ref, other.unit, other.sample)
        if self._known(scope, other) != self._leaves:
            raise UncutError("which sample of a sum is the step's own depends on the step")
        moves: list[int] = ((np.array(scope.places, dtype=np.intp) - self.at) * by).tolist()
        return moves


class Line:
    """One step of every iteration."""

    __slots__ = ("_asked", "_form", "_moved", "_ways")

    def __init__(self, form: Form, place: Place) -> None:
        self._form = form
        self._moved = form.moved(place)
        at = form.at + self._moved @ form.moves
        self._asked = [(str(number), int(at[number])) for number in form.asks]
        self._ways: dict[Ways, tuple[str, Callable[[Mapping[int, str]], tuple[str, ...]]]] = {}

    def text(self) -> str:
        """The line in the iteration that the texts are about, from after the number of the step.

        Raises:
            UncutError: it cannot be cut.
        """
        form, texts = self._form, self._form.texts
        ways: Ways = ((), ())
        values: list[float] = []
        if form.chooses:
            numbers = {name: texts.value(place) for name, place in self._asked}
            taken = [choices(numbers) for choices in form.choices]
            ways = (taken[0][0], taken[1][0] if len(taken) > 1 else ())
            values = taken[0][1]
        found = self._ways.get(ways)
        if found is None:
            pattern = form.pattern(ways)
            found = (pattern.text, itemgetter(*(pattern.numbers + self._moved @ pattern.strides).tolist()))
            self._ways[ways] = found
        if values:
            for number, how in form.pattern(ways).locals:
                texts.bind(number, how, values[number])
        return found[0] % found[1](texts)


class _Places:
    """A scope whose symbols are leaves, and which remembers where these lie."""

    def __init__(self, trace: Trace, texts: Texts) -> None:
        self.single = trace.network.single
        self.places: list[int] = []
        self.found: list[tuple[Quantity, int | None]] = []
        """Of what quantity each is, and of which sample."""
        self._network, self._texts, self._samples = trace.network, texts, texts.samples

    def size(self, space: str) -> int:
        return self._samples if space == SAMPLES else self._network.sizes[int(space.removeprefix("layer "))]

    def count(self, of: str) -> float:
        return float(self._samples if of == SAMPLES else self._network.sizes[-1])

    def symbol(self, ref: Ref, unit: tuple[int, ...], sample: int | None) -> tuple[Address, float]:
        quantity = self._network.catalogue[ref.name, ref.layer]
        if (sample is None) == quantity.per_sample or len(unit) != len(quantity.shape):
            raise UncutError("a part or a sum of an array")
        place = (sample or 1) - 1
        for size, index in zip(quantity.shape, unit, strict=True):
            place = place * size + index - 1
        self.places.append(self._texts.start(Slot(quantity, ref.after and quantity.kind is Kind.STATE)) + place)
        self.found.append((quantity, sample))
        if len(self.places) > MOST:
            raise UncutError("there are not so many characters")
        return leaf(len(self.places) - 1).address, 0.0


class _Choices:
    """What the numbers decide about the text of a tree: its branches and its local names, in the order printed.

    Raises:
        UncutError: they stand where printing meets them twice.
    """

    def __init__(self, tree: Node) -> None:
        self._tree = _evaluable(tree)
        self.some = _decided(self._tree)
        self.asks = {int(name) for name in _asked(self._tree)}

    def __call__(self, numbers: Mapping[str, float]) -> tuple[tuple[bool, ...], list[float]]:
        """Whether each condition met holds, and the numbers of the local names; `numbers`: of the leaves asked."""
        outcomes: list[bool] = []
        values: list[float] = []
        if self.some:
            _choose(self._tree, numbers, outcomes, values)
        return tuple(outcomes), values


def _choose(node: Node, numbers: Mapping[str, float], outcomes: list[bool], values: list[float]) -> None:
    match node:
        case Where():
            outcomes.append(holds(node, numbers))
            _choose(node.yes if outcomes[-1] else node.no, numbers, outcomes, values)
        case Let(name, value, body):
            values.append(evaluate(value, numbers))
            _choose(body, {**numbers, name: values[-1]}, outcomes, values)
        case _:
            for child in children(node):
                if _decided(child):
                    _choose(child, numbers, outcomes, values)


def _evaluable(node: Node) -> Node:
    """The tree with names for its leaves, which can be evaluated with their numbers."""
    return Local(str(number_of(node))) if isinstance(node, Symbol) else mapped(node, _evaluable)


def _decided(node: Node) -> bool:
    return isinstance(node, Where | Let) or any(map(_decided, children(node)))


def _asked(node: Node) -> Iterator[str]:
    """The leaves whose numbers the conditions and local names need."""
    parts = (node.left, node.right) if isinstance(node, Where) else (node.value,) if isinstance(node, Let) else ()
    for part in parts:
        if _decided(part):
            raise UncutError("a choice within a condition")
        yield from (name for name in _names(part) if name.isdigit())
    for child in children(node):
        yield from _asked(child)


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Local):
        yield node.name
    for child in children(node):
        yield from _names(child)


def fixed(quantity: Quantity) -> tuple[int, ...]:
    """The indices on which the text of a formula depends by more than what fills its holes, counted after the sample's:
    those of a unit where the formula has a 1[i = j], which is written as the number it is."""
    kronecker = any(isinstance(node, Kronecker) for tree in formulas(quantity) for node in _every(tree))
    return tuple(range(1, len(quantity.shape) + 1)) if kronecker else ()


def _every(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _every(child)


def _indices(place: Place) -> list[int]:
    return [place.sample or 1, *place.unit]


def _apart(line: str) -> Iterator[tuple[str, Hole | None]]:
    """The text before each hole of a line, and the hole; at the end the rest and None."""
    done = 0
    for match in _FOUND.finditer(line):
        symbol, quoted, within = match.groups()
        if symbol is not None:
            found, start, end = Hole(TREE, AS_IS, number_of(Symbol(Address(symbol), 0.0))), *match.span()
        else:
            found = hole(quoted or within)
            start, end = match.span()
            if quoted and found.kind not in (VALUE, ITERATION, SAMPLE, ROW):
                start, end = start + 1, end - 1
        yield line[done:start], found
        done = end
    yield line[done:], None
