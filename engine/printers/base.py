"""Formula trees as lines of text: one visitor, which knows precedence; an alphabet is a subclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct, field

from engine.address import Address
from engine.formula.evaluate import evaluate, holds
from engine.formula.functions import FUNCTIONS
from engine.formula.nodes import (
    Add,
    Call,
    Div,
    Kronecker,
    Let,
    Local,
    Mul,
    Named,
    Neg,
    Node,
    Num,
    Pow,
    Reduce,
    Ref,
    Size,
    Skipped,
    Symbol,
    Total,
    Var,
    Where,
)
from engine.notation import Notation, Place, subscript, superscript
from engine.numbers import Rounded, rounded, shortest
from engine.printers.marks import Marks, bare

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""How tightly a printed piece holds together, loosest first."""

SHORTEST = 0
"""`digits` for the shortest exact digits."""


class Page(Struct):
    """What a printing has come across besides its text."""

    exact: bool = True
    """Whether every number printed is the whole number."""
    abridged: bool = False
    """Whether terms were left out."""
    local: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """Definitions of local names: "m = max(z₁, z₂)"."""
    conditions: list[str] = field(default_factory=list)
    """Why a branch was taken: "0.2 > 0"."""
    sample: int | None = None
    """The sample everything is about: not repeated at every symbol."""


Piece = tuple[str, int]
"""Printed text and how tightly it holds."""


class Printer:
    """Prints trees in the Unicode alphabet. `numbers` puts values in for symbols.

    `most` is the number of terms of a sum beyond which the middle is left out; 0 prints all.
    """

    minus = "−"
    times = "·"
    dots = "…"
    infinity = "∞"
    sigma = "Σ"
    approximately = "≈"
    takes = "←"
    """Between a state and the formula of its new value."""
    relations: Mapping[str, str] = MappingProxyType({">": ">", ">=": "≥"})
    opposites: Mapping[str, str] = MappingProxyType({">": "≤", ">=": "<"})

    def __init__(self, notation: Notation, digits: int = SHORTEST, most: int = 0) -> None:
        self.notation = notation
        self.digits = digits
        self.most = most
        self.marks: Marks | None = None
        """Given some, symbols and the numbers put in for them are printed with marks around."""
        self.decides = True
        """Whether of two branches only the one taken is printed."""

    def symbols(self, node: Node, page: Page | None = None) -> str:
        """The tree in symbols."""
        return self._print(node, page or Page(), numbers=False)[0]

    def numbers(self, node: Node, page: Page | None = None) -> str:
        """The grounded tree with its numbers put in for the symbols."""
        return self._print(node, page or Page(), numbers=True)[0]

    def number(self, value: float, page: Page | None = None) -> str:
        """A number in this alphabet, to the printer's digits."""
        text, exact = Rounded(shortest(value), True)
        if self.digits != SHORTEST:
            style = self.notation.style
            text, exact = rounded(value, self.digits, style.digits == "decimals", style.rounding == "truncate")
        if page is not None and not exact:
            page.exact = False
        return self.written(text)

    def written(self, digits: str) -> str:
        """A number given by ASCII digits, in this alphabet: "-0.780", "1.5e-7", "inf"."""
        return self.notation.number(self._spelled(digits))

    def equals(self, exact: bool) -> str:
        """The sign before a value: = or, where it is rounded, ≈."""
        return "=" if exact else self.approximately

    def power(self, exponent: int) -> str:
        return superscript(str(exponent).replace("-", "⁻"))

    def scientific(self, mantissa: str, exponent: int) -> str:
        return f"{mantissa}{self.times}10{self.power(exponent)}"

    def _spelled(self, text: str) -> str:
        text = text.replace("-Infinity", "-inf").replace("Infinity", "inf")
        mantissa, e, exponent = text.partition("e")
        if e:
            return self.scientific(mantissa.replace("-", self.minus), int(exponent))
        return text.replace("-inf", self.minus + self.infinity).replace("inf", self.infinity).replace("-", self.minus)

    def _print(self, node: Node, page: Page, numbers: bool) -> Piece:
        def inner(part: Node) -> Piece:
            return self._print(part, page, numbers)

        match node:
            case Num(value, text):
                return self._number(value, text, page)
            case Named(name, value):
                return self._number(value, "", page) if numbers else (self.notation.constant(name), ATOM)
            case Symbol(address, value):
                if numbers:
                    text, tightness = self._number(value, "", page)
                    return self._marked(address, text), tightness
                sample = None if address.sample == page.sample else address.sample
                text, tightness = self._symbol(Place(address.name, address.layer, address.unit, sample))
                return self._marked(address, text), tightness
            case Ref(name, layer, unit, sample):
                return self._symbol(Place(name, layer, unit, sample))
            case Add(terms) | Total("sum", terms):
                return self._sum(terms, page, inner)
            case Total(operation, terms):
                return f"{self.named(operation)}{self.bracketed(self._list(terms, page, inner))}", ATOM
            case Mul(factors):
                return self.times.join(self._held(inner(factor), PRODUCT) for factor in factors), PRODUCT
            case Neg(of):
                return self.minus + self._held(inner(of), PRODUCT), SIGN
            case Div(over, under):
                return self.quotient(inner(over), inner(under))
            case Pow(base, exponent):
                return self._raised(inner(base)) + self.power(exponent), POWER
            case Call("pow", (base, exponent)):
                return self._power(base, exponent, inner)
            case Call(function, arguments):
                return self._call(function, [inner(argument) for argument in arguments])
            case Reduce(operation, index, _, body):
                name = self.sigma if operation == "sum" else self.named(operation)
                return f"{self.below(name, index)} {self._held(inner(body), PRODUCT)}", SIGN
            case Where():
                return self._where(node, page, inner)
            case Let(name, value, body):
                page.local[name] = evaluate(value, page.local)
                page.notes.append(f"{name} {self.equals(True)} {inner(value)[0]}")
                return inner(body)
            case Local(name):
                return self._number(page.local[name], "", page) if numbers else (name, ATOM)
            case Size(_, letter):
                return letter, ATOM
            case Kronecker(left, right):
                return self.indicator(f"{self.notation.index(left)}={self.notation.index(right)}"), ATOM
            case Var(name):
                return name, ATOM
            case _:
                raise TypeError(f"cannot print {type(node).__name__}")

    def _number(self, value: float, text: str, page: Page) -> Piece:
        if text and not self.notation.ascii:
            return self.literal(text, value), ATOM
        printed = self.number(value, page)
        return printed, SIGN if printed.startswith(self.minus) else PRODUCT if self.times in printed else ATOM

    def _marked(self, address: Address, text: str) -> str:
        return text if self.marks is None else self.marks.around(address, text)

    def _held(self, piece: Piece, tightness: int) -> str:
        """The text, in parentheses where it would fall apart."""
        text, holds_at = piece
        return text if holds_at >= tightness and holds_at != SIGN else self.bracketed(text)

    def _symbol(self, place: Place) -> Piece:
        text = self.notation.symbol(place)
        # −δ, where that is what stands for an array
        return text, SIGN if text.startswith(self.notation.minus) else ATOM

    def _sum(self, terms: tuple[Node, ...], page: Page, inner: Callable[[Node], Piece]) -> Piece:
        if len(terms) == 1:
            return inner(terms[0])
        pieces: list[str] = []
        for position, term in self._kept(terms, page):
            if term is None:
                pieces.append(f" + {self.dots}")
                continue
            negated = isinstance(term, Neg) and position > 0
            text, tightness = inner(term.of if negated and isinstance(term, Neg) else term)
            if position == 0:
                # a leading sign needs no parentheses; a sum inside a sum does not either
                pieces.append(text)
            elif negated:
                pieces.append(f" {self.minus} {self._held((text, tightness), PRODUCT)}")
            else:
                pieces.append(f" + {self._added((text, tightness))}")
        return "".join(pieces), SUM

    def _added(self, piece: Piece) -> str:
        """A later term: a sum within a sum needs no parentheses, unless it begins with a minus."""
        text, tightness = piece
        free = tightness != SIGN and not bare(text).startswith(self.minus)
        return text if free else self.bracketed(text)

    def _list(self, terms: tuple[Node, ...], page: Page, inner: Callable[[Node], Piece]) -> str:
        separator = self.notation.style.separator
        return separator.join(self.dots if term is None else inner(term)[0] for _, term in self._kept(terms, page))

    def _kept(self, terms: tuple[Node, ...], page: Page) -> list[tuple[int, Node | None]]:
        """The terms to print with their positions; None for those left out."""
        if any(isinstance(term, Skipped) for term in terms):
            page.abridged = True
            return [(place, None if isinstance(term, Skipped) else term) for place, term in enumerate(terms)]
        numbered: list[tuple[int, Node | None]] = list(enumerate(terms))
        # a constant that closes a long sum (the bias) is not one of its terms: keep it
        if not self.most or len(terms) <= self.most:
            return numbered
        page.abridged = True
        head = max(1, self.most - 2)
        return [*numbered[:head], (head, None), numbered[-1]]

    def _call(self, function: str, pieces: list[Piece]) -> Piece:
        known = FUNCTIONS.get(function)
        name = self.named(function)
        if known is not None and "{}" in known.unicode:
            name = known.ascii if self.notation.ascii else known.unicode.replace("ln", self.named("ln"))
        if "{}" not in name:
            return f"{name}{self.bracketed(self.notation.style.separator.join(text for text, _ in pieces))}", ATOM
        if name.startswith("|"):
            return name.format(pieces[0][0]), ATOM
        if len(pieces) == 1:
            return name.format(self._held(pieces[0], POWER)), POWER
        first, second = pieces
        return name.format(self._held(first, PRODUCT), self._held(second, POWER)), PRODUCT

    def _power(self, base: Node, exponent: Node, inner: Callable[[Node], Piece]) -> Piece:
        """base to a power that is a formula."""
        return self.exponential(inner(base), inner(exponent)), POWER

    # what an alphabet decides

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def quotient(self, over: Piece, under: Piece) -> Piece:
        return f"{self._held(over, PRODUCT)}/{self._held(under, POWER)}", PRODUCT

    def exponential(self, base: Piece, exponent: Piece) -> str:
        """base to a power: a superscript where that is a whole number or a letter that has one."""
        text = exponent[0]
        raised = text if self.notation.ascii else superscript(text)
        if raised != text:
            return self._raised(base) + raised
        return f"{self._held(base, ATOM)}^{self._held(exponent, ATOM)}"

    def indicator(self, condition: str) -> str:
        """1 where the condition holds, else 0."""
        return f"1[{condition}]"

    def conditional(self, yes: str, test: str, no: str) -> str:
        return f"{yes} if {test} else {no}"

    def literal(self, text: str, value: float) -> str:
        """A number that is written otherwise than by its digits: ½."""
        return text

    def named(self, function: str) -> str:
        """A function by its name."""
        known = FUNCTIONS.get(function)
        given = self.notation.function(function)
        if known is None or given != function:
            return given
        return known.ascii if self.notation.ascii else known.unicode

    def below(self, text: str, index: str) -> str:
        return f"{text}_{index}" if self.notation.ascii else text + subscript(index)

    def _raised(self, base: Piece) -> str:
        """What a superscript is put to: not to another superscript, with which it would be read as one."""
        text = self._held(base, ATOM)
        seen = bare(text)
        unclear = seen.endswith("⁾") or (seen.startswith("∂") and "/" in seen)
        return self.bracketed(text) if unclear else text

    def _where(self, node: Where, page: Page, inner: Callable[[Node], Piece]) -> Piece:
        taken = self._taken(node, page)
        if taken is None:
            if node.right != Num(0.0):
                # a threshold that only guards against overflow: nothing to explain
                return inner(node.yes)
            test = f"{inner(node.left)[0]} {self.relations[node.relation]} {inner(node.right)[0]}"
            return self.conditional(inner(node.yes)[0], test, inner(node.no)[0]), SUM
        # a threshold other than 0 only guards against overflow: nothing to explain
        if node.right == Num(0.0):
            relation = (self.relations if taken else self.opposites)[node.relation]
            page.conditions.append(f"{inner(node.left)[0]} {relation} 0")
        return inner(node.yes if taken else node.no)

    def _taken(self, node: Where, page: Page) -> bool | None:
        """Whether the condition holds; None where it is open."""
        if not self.decides:
            return None
        try:
            return holds(node, page.local)
        except TypeError:
            return None
