"""Lines of JSON made fast: what an iteration repeats is printed once, and only numbers are put in after that.

The text of a step's formula is the same in every iteration but for its numbers, and for the parentheses that a sign
or a power of ten asks for. So the printers are run once with numbers that stand for others, one for each symbol, of
the same sign and spelling; the text is cut at these, and from then on a step is a join of the pieces. What the
numbers themselves decide (branches, local names, exponents) is not cut but printed anew each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from engine.address import Address
from engine.explain import RecordScope
from engine.formula.ground import ground
from engine.formula.nodes import Let, Node, Ref, Where, children
from engine.plan import Place
from engine.printers.base import Page, Printer
from engine.printers.json import tree
from engine.quantity import Kind, Quantity

MOST = 64
"""Symbols of a formula up to which it is cut: of more, the signs seldom repeat."""
PATTERNS = 32
"""Patterns of signs kept for one step."""
NOW, NEXT = 888_888_888_888_888_881, 888_888_888_888_888_882
"""Updates that stand for @k and @k+1."""
PLAIN, SIGNED, POWERS = range(3)
"""How a printed number holds together: as it is, by its sign, by its power of ten."""

Pieces = list[str]


def kind_of(text: str, printer: Printer) -> int:
    """How a printed number holds together: what decides its parentheses."""
    return SIGNED if text.startswith(printer.minus) else POWERS if printer.times in text else PLAIN


def _standing(place: int, kind: int) -> float:
    """A number that stands for the symbol at `place`, and is printed with as many characters as any other."""
    number = 7_000_000.5 + place
    return {PLAIN: number, SIGNED: -number, POWERS: float(f"{number!r}e+40")}[kind]


class _Standing:
    """A scope that answers with numbers that stand for others, and remembers whose they are."""

    def __init__(self, scope: RecordScope, quantities: Callable[[Ref], Quantity], kinds: tuple[int, ...]) -> None:
        self.single = scope.single
        self.size, self.count = scope.size, scope.count
        self.leaves: list[tuple[Address, Quantity]] = []
        self._quantities = quantities
        self._kinds = kinds

    def symbol(self, ref: Ref, unit: tuple[int, ...], sample: int | None) -> tuple[Address, float]:
        place, quantity = len(self.leaves), self._quantities(ref)
        later = ref.after and quantity.kind is Kind.STATE
        address = Address(ref.name, ref.layer, unit, sample, NEXT if later else NOW)
        self.leaves.append((address, quantity))
        return address, _standing(place, self._kinds[place] if self._kinds else PLAIN)


class Form:
    """One step of every iteration: its symbols, and in pieces its tree in JSON and its formula with numbers put in."""

    def __init__(
        self, place: Place, scope: RecordScope, quantities: Callable[[Ref], Quantity], printer: Printer
    ) -> None:
        self._place, self._printer = place, printer
        self._quantities = quantities
        standing = _Standing(scope, quantities, ())
        node = self._grounded(standing)
        self.leaves = standing.leaves
        self.cut = len(self.leaves) <= MOST and not _decided_by_numbers(node)
        """Whether the text can be made of pieces."""
        self._patterns: dict[tuple[int, ...], Pieces | None] = {}
        if self.cut:
            text = json.dumps(tree(node), ensure_ascii=False)
            marks = [json.dumps(_standing(at, PLAIN)) for at in range(len(self.leaves))]
            self._tree = [_updates(piece) for piece in _split(text, marks) or []]
            self.cut = bool(self._tree)

    def values(self, scope: RecordScope, k: int) -> list[float]:
        """The numbers of the symbols in iteration k + 1."""
        return [scope.value(replace_k(address, k), quantity) for address, quantity in self.leaves]

    def tree(self, numbers: list[str], k: int) -> str:
        """The tree in JSON; `numbers` as JSON writes them."""
        now, later = str(k), str(k + 1)
        parts: Pieces = []
        for at, piece in enumerate(self._tree):
            parts += [now if part == "" else later if part is None else part for part in piece]
            if at < len(numbers):
                parts.append(numbers[at])
        return "".join(parts)

    def numbers(self, texts: list[str], scope: RecordScope) -> str | None:
        """The formula with printed numbers put in; None where it has to be printed anew."""
        kinds = tuple([kind_of(text, self._printer) for text in texts])
        if kinds not in self._patterns:
            if len(self._patterns) >= PATTERNS:
                self._patterns.clear()
            self._patterns[kinds] = self._pattern(kinds, scope)
        pieces = self._patterns[kinds]
        if pieces is None:
            return None
        parts = [pieces[0]]
        for text, piece in zip(texts, pieces[1:], strict=True):
            parts += (text, piece)
        return "".join(parts)

    def _pattern(self, kinds: tuple[int, ...], scope: RecordScope) -> Pieces | None:
        standing = _Standing(scope, self._quantities, kinds)
        text = self._printer.numbers(self._grounded(standing), Page(sample=self._place.sample))
        return _split(text, [self._printer.number(_standing(at, kind)) for at, kind in enumerate(kinds)])

    def _grounded(self, scope: _Standing) -> Node:
        template = self._place.quantity.template
        assert template is not None, "a step has a formula"
        return ground(template, scope, self._place.indices)


def replace_k(address: Address, k: int) -> Address:
    return Address(address.name, address.layer, address.unit, address.sample, k + 1 if address.k == NEXT else k)


def _split(text: str, marks: list[str]) -> Pieces | None:
    """The text between the marks, which have to come once each and in their order; None where they do not."""
    pieces: Pieces = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found or mark in text:
            return None
        pieces.append(before)
    return [*pieces, text]


def _updates(piece: str) -> list[str | None]:
    """A piece cut where @k and @k+1 stand: "" and None in their places."""
    marks: dict[str, str | None] = {str(NOW): "", str(NEXT): None}
    parts = re.split(f"({NOW}|{NEXT})", piece)
    return [marks.get(part, part) for part in parts if part]


def _decided_by_numbers(node: Node) -> bool:
    return isinstance(node, Where | Let) or any(map(_decided_by_numbers, children(node)))
