"""The texts that fill the holes of an iteration's formulas: every number and symbol written once, when first needed."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from engine.address import Address
from engine.formula.nodes import Node, Symbol, refs
from engine.numbers import json_number
from engine.printers.base import SHORTEST, Page, Printer
from engine.printers.cut import AS_IS, NUMBER, OWN_SYMBOL, SYMBOL, put_in
from engine.quantity import Kind, Quantity
from engine.scenario.model import Array
from engine.trace import Trace

VALUE, TREE, ADDRESS, PLACE, ITERATION, SAMPLE, ROW = range(4, 11)
"""What else is put into a line: a number as JSON has it, a symbol of a tree, an address with and without @k, the
numbers of the iteration, of the sample and of its row in the data."""

MOST = 200_000
"""Texts kept at a time."""
FORESEEN = 50_000
"""Texts made at the beginning of an iteration because those before needed them; numbers read at once."""

_OTHERS = re.compile(r"[^\x00-\x7f]+")
_DIGITS = "7.5"
"""Of an example of a number."""

Places = Sequence[int]


class Slot(NamedTuple):
    """An array that leaves lie in: of the record @k or of state @k; `after`: of state @k+1."""

    quantity: Quantity
    after: bool


class _Column(Struct):
    """The texts of one kind, by place."""

    start: int
    """The number of the first."""
    write: Callable[[Places], Iterable[str]]
    lasting: bool
    """Whether they are the same in every iteration."""
    foreseen: list[int] = field(default_factory=list)
    """Places whose texts an iteration before needed."""


class Texts(dict[int, str]):
    """Texts by number: the number of a column's first, and the place added to it.

    All arrays of an iteration lie one after the other: a place is where a number is in that row. `escaped` writes a
    text as JSON does, without the quotes.
    """

    def __init__(self, trace: Trace, printer: Printer, samples: int, escaped: Callable[[str], str]) -> None:
        super().__init__()
        self.samples = samples
        self._trace, self._printer, self._escaped = trace, printer, escaped
        self._slots = _slots(trace)
        self._starts = [0]
        for quantity, _ in self._slots:
            self._starts.append(self._starts[-1] + math.prod(quantity.shape) * (samples if quantity.per_sample else 1))
        self._start_of = dict(zip(self._slots, self._starts, strict=False))
        self._later = next((self._start_of[slot] for slot in self._slots if slot.after), self._starts[-1])
        """Where the state after the update begins."""
        self._size = max(self._starts[-1], samples)
        self._columns: list[_Column] = []
        self._known: dict[tuple[int, int], _Column] = {}
        self._lasting: dict[int, str] = {}
        self._foreseen = 0
        self._arrays: dict[int, Array] = {}
        self._texts: list[str] = []
        self._values: list[float] = []
        self._rows: list[int] = []
        self._k = 0
        self._names = self.column(PLACE)
        self._around: dict[tuple[int, bool, str], tuple[str, str] | None] = {}

    def turn_to(self, k: int) -> None:
        """Be about iteration k + 1 from now on."""
        self._k = k
        self._arrays.clear()
        self._values, self._texts = [], []
        self._rows = self._trace.network.batches.rows(k).tolist()
        self.clear()
        self.update(self._lasting)
        if self._size <= FORESEEN:
            for at in range(len(self._slots)):
                self._values += self._array(at).tolist()
            self._texts = list(map(repr, self._values))
        for column in self._columns:
            places = column.foreseen
            self.update(zip([column.start + place for place in places], column.write(places), strict=True))

    def column(self, kind: int, how: int = AS_IS) -> int:
        """The number of the first text of a kind."""
        column = self._known.get((kind, how))
        if column is None:
            write, lasting = self._made(kind, how)
            column = self._known[kind, how] = _Column(len(self._columns) * self._size, write, lasting)
            self._columns.append(column)
        return column.start

    def start(self, slot: Slot) -> int:
        """The place of the first number of an array."""
        return self._start_of[slot]

    def local(self, number: int, how: int) -> int:
        """The number of the text of a local name's number, which is set by `bind`."""
        return -(8 * number + how) - 1

    def bind(self, number: int, how: int, value: float) -> None:
        """Set the number of a local name."""
        self[self.local(number, how)] = self._number(repr(value), how)

    def value(self, place: int) -> float:
        """A number of this iteration."""
        if self._values:
            return self._values[place]
        at = bisect_right(self._starts, place) - 1
        array = self._arrays.get(at)
        if array is None:
            array = self._arrays[at] = self._array(at)
        return float(array.item(place - self._starts[at]))

    def in_json(self, text: str) -> str:
        """A piece of JSON in the characters that the lines may have."""
        return _OTHERS.sub(lambda match: self._escaped(match[0]), text)

    def __missing__(self, number: int) -> str:
        index, place = divmod(number, self._size)
        column = self._columns[index]
        (text,) = column.write((place,))
        if len(self) >= MOST:
            self._forget()
        self[number] = text
        if column.lasting:
            if len(self._lasting) < MOST // 2:
                self._lasting[number] = text
        elif self._foreseen < FORESEEN:
            self._foreseen += 1
            column.foreseen.append(place)
        return text

    def _forget(self) -> None:
        bound = {number: text for number, text in self.items() if number < 0}
        self.clear()
        self.update(self._lasting)
        self.update(bound)

    def _array(self, at: int) -> Array:
        """The numbers of an array, flat."""
        (quantity, after), trace = self._slots[at], self._trace
        if quantity.kind is Kind.STATE:
            return trace.state(self._k + after)[quantity.key].ravel()
        return trace.record(self._k)[quantity.key].ravel()

    def _made(self, kind: int, how: int) -> tuple[Callable[[Places], Iterable[str]], bool]:
        """How the texts of a kind are written, and whether they last."""
        makes: dict[int, tuple[Callable[[Places], Iterable[str]], bool]] = {
            NUMBER: (lambda places: [self._number(text, how) for text in self._written(places)], False),
            SYMBOL: (lambda places: [self._symbol(place, None, how) for place in places], True),
            OWN_SYMBOL: (lambda places: [self._symbol(place, self._sample(place), how) for place in places], True),
            VALUE: (lambda places: [_in_json(text) for text in self._written(places)], False),
            TREE: (self._leaves, False),
            ADDRESS: (self._addresses, False),
            PLACE: (lambda places: [str(self._address(place)) for place in places], True),
            ITERATION: (lambda places: [str(self._k + 1) for _ in places], False),
            SAMPLE: (lambda places: [str(place + 1) for place in places], True),
            ROW: (lambda places: [str(self._rows[place] + 1) for place in places], False),
        }  # fmt: skip
        return makes[kind]

    def _written(self, places: Places) -> list[str]:
        """Numbers as Python writes them."""
        if self._texts:
            return [self._texts[place] for place in places]
        return [repr(self.value(place)) for place in places]

    def _addresses(self, places: Places) -> list[str]:
        return [f"{self._named(place)}@{self._k + (place >= self._later)}" for place in places]

    def _leaves(self, places: Places) -> list[str]:
        now, later = f'@{self._k}", "value": ', f'@{self._k + 1}", "value": '
        return [
            f'{{"symbol": "{self._named(place)}{later if place >= self._later else now}{_in_json(text)}}}'
            for place, text in zip(places, self._written(places), strict=True)
        ]

    def _named(self, place: int) -> str:
        return self[self._names + place]

    def _number(self, text: str, how: int) -> str:
        """A number as Python writes it, put into a formula: as any other of its sign and its power is."""
        mantissa, _, power = text.partition("e")
        kind = (how, text[0] == "-", power)
        if kind not in self._around:
            self._around[kind] = self._like(*kind)
        around = self._around[kind]
        if around is None or "n" in text or text == "-0.0":
            return self._put_in(how, float(text))
        before, after = around
        return f"{before}{mantissa.removeprefix('-').removesuffix('.0')}{after}"

    def _put_in(self, how: int, value: float) -> str:
        return self._escaped(put_in(self._printer, how, self._printer._number(value, "", Page())))

    def _like(self, how: int, negative: bool, power: str) -> tuple[str, str] | None:
        """What stands before and after the digits; None where they are not written as Python does."""
        example = float(f"{'-' if negative else ''}{_DIGITS}{power and 'e'}{power}")
        before, found, after = self._put_in(how, example).partition(_DIGITS)
        plain = self._printer.digits == SHORTEST and self._printer.notation.style.decimal == "."
        return (before, after) if found and plain else None

    def _symbol(self, place: int, sample: int | None, how: int) -> str:
        symbol = Symbol(self._address(place), 0.0, self._trace.network.single)
        return self._escaped(
            put_in(self._printer, how, self._printer._print(symbol, Page(sample=sample), numbers=False))
        )

    def _sample(self, place: int) -> int | None:
        return self._address(place).sample

    def _address(self, place: int) -> Address:
        at = bisect_right(self._starts, place) - 1
        quantity, rest = self._slots[at].quantity, place - self._starts[at]
        unit: list[int] = []
        for size in reversed(quantity.shape):
            rest, index = divmod(rest, size)
            unit.append(index + 1)
        return Address(quantity.name, quantity.layer, tuple(reversed(unit)), rest + 1 if quantity.per_sample else None)


def _slots(trace: Trace) -> list[Slot]:
    """Every array that formulas of the walk refer to or compute, those of the state after the update last."""
    found: dict[Slot, None] = {}
    for quantity in trace.network.walk:
        found[Slot(quantity, quantity.kind is Kind.STATE)] = None
        for tree in formulas(quantity):
            for ref in refs(tree):
                of = trace.network.catalogue[ref.name, ref.layer]
                found[Slot(of, ref.after and of.kind is Kind.STATE)] = None
    return sorted(found, key=lambda slot: slot.after)


def formulas(quantity: Quantity) -> list[Node]:
    """What a step's line holds: the formula computed and the textbook's."""
    stated = None if quantity.stated is None else quantity.stated.formula
    return [tree for tree in (quantity.template, stated) if tree is not None]


def _in_json(text: str) -> str:
    """A number that Python has written, as JSON has it."""
    return json.dumps(json_number(float(text))) if "n" in text else text
