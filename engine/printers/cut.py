"""A formula printed once for all the numbers it can have: text with holes, and what is to be put into them.

The text of a step's formula is the same in every iteration, and for every element of a quantity, but for its numbers,
its symbols, and the parentheses that a sign or a power of ten asks for. So the printer is run once on *leaves* that
stand for them; where it would look at a leaf's text it leaves a hole, which says what it would have done with it.
Which branch a formula takes is known beforehand: there is a text for every way through it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.address import Address
from engine.formula.nodes import Let, Local, Node, Symbol, Where
from engine.notation import superscript
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import ATOM, POWER, PRODUCT, Page, Piece, Printer
from engine.printers.marks import bare

LEAF = -1
"""How tightly a leaf holds together: not known yet."""

AS_IS, HELD, TIGHT, RAISED, ADDED, OPENED, CLOSED, SUPERSCRIPT = range(8)
"""What a hole does with the text of its leaf: nothing; parentheses as a factor, as a base or an atom, under an
exponent, as a later term of a sum; a parenthesis before and after a sum that begins with it; put above."""

NUMBER, SYMBOL, OWN_SYMBOL, LOCAL = range(4)
"""The text of a leaf: its number, its symbol, its symbol without the sample, the number of a local name."""

_HOW, _LEAF = 0xE000, 0x100001
"""Characters of private planes that make a hole: what is put in, and the leaf."""
MOST = 65_000
"""Leaves that there are characters for."""
HOLE = re.compile(f"[{chr(_HOW)}-{chr(_HOW + 127)}][{chr(_LEAF)}-{chr(_LEAF + MOST)}]")


class Hole(NamedTuple):
    """A place in a text for a leaf."""

    kind: int
    """NUMBER, SYMBOL, OWN_SYMBOL, LOCAL, or of whoever makes holes of its own."""
    how: int
    leaf: int

    def __str__(self) -> str:
        return chr(_HOW + 8 * self.kind + self.how) + chr(_LEAF + self.leaf)


def hole(text: str) -> Hole:
    """The hole that two characters stand for."""
    kind, how = divmod(ord(text[0]) - _HOW, 8)
    return Hole(kind, how, ord(text[1]) - _LEAF)


def leaf(number: int) -> Symbol:
    """The symbol that stands for a leaf in a tree."""
    return Symbol(Address(chr(_LEAF + number)), 0.0)


LEAF_NAME = re.compile(f"[{chr(_LEAF)}-{chr(_LEAF + MOST)}]")


def number_of(symbol: Symbol) -> int:
    """The leaf a symbol of such a tree stands for."""
    return ord(symbol.address.name) - _LEAF


class UncutError(ValueError):
    """A formula whose text depends on its numbers in a way that no hole expresses."""


class Leaf(NamedTuple):
    """What printing has to know of a leaf."""

    fixed: Address | None
    """The address of one that is the same for every element (t, η), so that its symbol is."""
    own: bool
    """Whether it is of the sample everything is about."""
    whole: bool
    """Whether its numbers are whole and positive."""


class Cutting(Printer):
    """A printer of trees over leaves. `outcomes`: whether each condition holds, in the order they are met."""

    def cut(self, node: Node, leaves: list[Leaf], outcomes: Iterable[bool], numbers: bool, page: Page) -> str:
        """The text of `node` with holes.

        Raises:
            UncutError: it cannot be cut.
        """
        self._leaves, self._numbers = leaves, numbers
        self._outcomes: Iterator[bool] = iter(outcomes)
        self._bound: dict[str, int] = {}
        self._met = 0
        return self.numbers(node, page) if numbers else self.symbols(node, page)

    def _print(self, node: Node, page: Page, numbers: bool) -> Piece:
        match node:
            case Symbol():
                number = number_of(node)
                fixed, own, _ = self._leaves[number]
                if numbers:
                    return str(Hole(NUMBER, AS_IS, number)), LEAF
                if fixed is not None:
                    return super()._print(Symbol(fixed, 0.0), page, numbers)
                return str(Hole(OWN_SYMBOL if own else SYMBOL, AS_IS, number)), LEAF
            case Let(name, value, body):
                self._bound[name] = self._met
                self._met += 1
                page.notes.append(f"{name} {self.equals(True)} {self._print(value, page, numbers)[0]}")
                return self._print(body, page, numbers)
            case Local(name) if numbers:
                return str(Hole(LOCAL, AS_IS, self._bound[name])), LEAF
            case _:
                return super()._print(node, page, numbers)

    def _taken(self, node: Where, page: Page) -> bool | None:
        return next(self._outcomes)

    def _held(self, piece: Piece, tightness: int) -> str:
        if piece[1] != LEAF:
            return super()._held(piece, tightness)
        return _as(piece[0], {PRODUCT: HELD, POWER: TIGHT, ATOM: TIGHT}[tightness])

    def _raised(self, base: Piece) -> str:
        return _as(base[0], RAISED) if base[1] == LEAF else super()._raised(base)

    def _added(self, piece: Piece) -> str:
        text, tightness = piece
        if tightness == LEAF:
            return _as(text, ADDED)
        first = HOLE.match(text)
        if first and hole(first[0]).how == AS_IS:
            # whether the sum begins with a minus is for that leaf to say
            return f"{_as(first[0], OPENED)}{text}{_as(first[0], CLOSED)}"
        return super()._added(piece)

    def exponential(self, base: Piece, exponent: Piece) -> str:
        text, tightness = exponent
        if not HOLE.search(text):
            return super().exponential(base, exponent)
        if tightness != LEAF or not self._leaves[hole(text).leaf].whole:
            raise UncutError("whether an exponent can be written above depends on its number")
        if self.notation.ascii:
            return super().exponential(base, exponent)
        return self._raised(base) + _as(text, SUPERSCRIPT)


class CutPrinter(Cutting):
    """In the Unicode alphabet."""


class CutAsciiPrinter(Cutting, AsciiPrinter):
    """In ASCII."""


def cutting(printer: Printer) -> Cutting:
    """The printer that cuts what `printer` prints.

    Raises:
        UncutError: there is none for its alphabet.
    """
    kinds: dict[type[Printer], type[Cutting]] = {Printer: CutPrinter, AsciiPrinter: CutAsciiPrinter}
    kind = kinds.get(type(printer))
    if kind is None or printer.marks is not None or printer.most or not printer.decides:
        raise UncutError("only plain printers are cut")
    return kind(printer.notation, printer.digits)


def put_in(printer: Printer, how: int, piece: Piece) -> str:
    """What a hole holds for a leaf whose text is known by now: what `printer` does with it there."""
    text = piece[0]
    if how == SUPERSCRIPT:
        return superscript(text)
    if how in (OPENED, CLOSED):
        signed = bare(text).startswith(printer.minus)
        return printer.bracketed("\0").split("\0")[how - OPENED] if signed else ""
    does: dict[int, Callable[[Piece], str]] = {
        AS_IS: lambda piece: piece[0],
        HELD: lambda piece: printer._held(piece, PRODUCT),
        TIGHT: lambda piece: printer._held(piece, ATOM),
        RAISED: printer._raised,
        ADDED: printer._added,
    }
    return does[how](piece)


def _as(text: str, how: int) -> str:
    found = hole(text)
    return str(Hole(found.kind, how, found.leaf))
