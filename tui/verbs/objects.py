"""The entries of a trace as JSON objects: the same keys in every one, nothing rounded.

`conventions` is last, and null: what changes the numbers is told once, with the first entry that is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.explain import RecordScope
from engine.formula.ground import ground
from engine.formula.nodes import Node, Ref, Symbol, Where, children
from engine.numbers import json_number
from engine.plan import Granularity, Place
from engine.printers.base import Page, Printer
from engine.printers.json import tree
from engine.printers.lines import relation
from engine.quantity import Quantity
from tui.session import Session
from tui.settings import Settings
from tui.verbs.forms import Form
from tui.verbs.groups import Group, Part, formula, parts
from tui.verbs.values import nested

Object = dict[str, Any]

At = tuple[int, int, int | None, tuple[int, ...]]
"""Samples of the batch, block, sample and unit: a step of any iteration."""
Words = tuple[str, str | None]

KEPT = 2_048
"""Steps of an iteration whose words and forms are kept for the next one: some megabytes."""


class Objects:
    """Makes the objects of one walk."""

    def __init__(self, session: Session, ascii: bool = False) -> None:
        self._trace = session.trace
        self._printer: Printer = session.export_printer(Settings(ascii=ascii))
        self._scope: tuple[int, RecordScope, list[int]] | None = None
        self._kept: dict[At, Words] = {}
        self._met: set[At] = set()
        self._forms: dict[At, Form] = {}
        self._texts: dict[float, str] = {}

    def line(self, index: int, encode: Callable[[Any], str]) -> str:
        """`step` as JSON, by `encode`: of a step met before in another iteration, its pieces with new numbers."""
        place = self._trace.plan.place(index)
        where = self._at(place)
        form = self._forms.get(where)
        if form is None:
            if where not in self._met and len(self._met) < KEPT:
                self._met.add(where)
            elif where in self._met:
                self._forms[where] = Form(place, self._iteration(place.k)[0], self._quantity, self._printer)
            return encode(self.step(index))
        words = self._kept.get(where) if form.cut else None
        return encode(self.step(index)) if words is None else self._filled(index, place, form, words, encode)

    def _filled(self, index: int, place: Place, form: Form, words: Words, encode: Callable[[Any], str]) -> str:
        scope, rows = self._iteration(place.k)
        values = form.values(scope, place.k)
        substituted = form.numbers([self._number(value) for value in values], scope)
        if substituted is None:
            return encode(self.step(index))
        address, sample, quantity = place.address, place.sample, place.quantity
        symbolic, definition = words
        return (
            f'{{"step": {index + 1}, "iteration": {place.k + 1}, "phase": "{quantity.phase}", '
            f'"layer": {_or_null(quantity.layer)}, "address": "{address}", "sample": {_or_null(sample)}, '
            f'"row": {"null" if sample is None else rows[sample - 1] + 1}, '
            f'"value": {_json(scope.value(address, quantity))}, "symbolic": {encode(symbolic)}, '
            f'"substituted": {encode(substituted)}, "tree": {form.tree([_json(value) for value in values], place.k)}, '
            f'"definition": {"null" if definition is None else encode(definition)}, "steps": 1, "conventions": null}}'
        )

    def _number(self, value: float) -> str:
        """A number as it is printed; a record's numbers are met in several formulas."""
        text = self._texts.get(value)
        if text is None:
            if len(self._texts) >= KEPT:
                self._texts.clear()
            text = self._texts[value] = self._printer.number(value)
        return text

    def _at(self, place: Place) -> At:
        return (self._trace.network.batches.size(place.k), place.block, place.sample, place.unit)

    def _quantity(self, ref: Ref) -> Quantity:
        return self._trace.network.catalogue[ref.name, ref.layer]

    def _iteration(self, k: int) -> tuple[RecordScope, list[int]]:
        """The numbers of iteration k + 1, and the rows of its batch."""
        if self._scope is None or self._scope[0] != k:
            self._scope = (k, RecordScope(self._trace, k), self._trace.network.batches.rows(k).tolist())
        return self._scope[1:]

    def step(self, index: int) -> Object:
        """One step, with its formula three ways: in symbols, with numbers put in, and as a tree."""
        place = self._trace.plan.place(index)
        quantity, sample = place.quantity, place.sample
        scope, rows = self._iteration(place.k)
        assert quantity.template is not None, "a step has a formula"
        formula_tree = ground(quantity.template, scope, place.indices)
        address = place.address
        value = scope.value(address, quantity)
        symbolic, definition = self._words(place, scope, formula_tree, value)
        return {
            "step": index + 1,
            "iteration": place.k + 1,
            "phase": str(quantity.phase),
            "layer": quantity.layer,
            "address": str(address),
            "sample": sample,
            "row": None if sample is None else rows[sample - 1] + 1,
            "value": json_number(value),
            "symbolic": symbolic,
            "substituted": self._printer.numbers(formula_tree, Page(sample=sample)),
            "tree": tree(formula_tree),
            "definition": definition,
            "steps": 1,
            "conventions": None,
        }

    def _words(self, place: Place, scope: RecordScope, node: Node, value: float) -> tuple[str, str | None]:
        """A step in symbols, as computed and as a textbook has it: the same in every iteration, unless it branches."""
        quantity, sample = place.quantity, place.sample
        where = self._at(place)
        words = self._kept.get(where)
        if words is not None:
            return words
        symbol = Symbol(place.address, value, scope.single)
        left = self._printer.symbols(symbol, Page(sample=sample if place.unit else None))
        lead = f"{left} {relation(quantity, self._printer)} "
        stated = None if quantity.stated is None else ground(quantity.stated.formula, scope, place.indices)
        words = lead + self._symbols(node, sample), None if stated is None else lead + self._symbols(stated, sample)
        branches = _branches(node) or (stated is not None and _branches(stated))
        if not branches and len(self._kept) < KEPT:
            self._kept[where] = words
        return words

    def group(self, group: Group, granularity: Granularity) -> Object:
        """Several steps together; `address` is null, and `value` an object, where they are of several arrays."""
        first = self._trace[group.first]
        found = parts(self._trace, group, granularity)
        one = found[0] if len(found) == 1 else None
        phases = {part.quantity.phase for part in found}
        layers = {part.quantity.layer for part in found}
        sampled = one is not None and one.address.sample is not None
        return {
            "step": group.first + 1,
            "iteration": first.iteration,
            "phase": str(first.phase) if len(phases) == 1 else None,
            "layer": first.quantity.layer if len(layers) == 1 else None,
            "address": None if one is None else str(one.address),
            "sample": first.address.sample if sampled else None,
            "row": first.row if sampled else None,
            "value": self._value(one) if one else {str(part.address): self._value(part) for part in found},
            "symbolic": "; ".join(formula(part.quantity, self._printer) for part in found),
            "substituted": None,
            "tree": None,
            "definition": None,
            "steps": group.steps,
            "conventions": None,
        }

    def _value(self, part: Part) -> Any:
        return nested(self._trace.value(part.address))

    def _symbols(self, node: Node, sample: int | None) -> str:
        """A tree in symbols, with what its short names mean and why its branch was taken."""
        page = Page(sample=sample)
        text = self._printer.symbols(node, page)
        asides = [f"with {note}" for note in page.notes] + [f"because {condition}" for condition in page.conditions]
        return ", ".join([text, *asides])


def _or_null(number: int | None) -> str:
    return "null" if number is None else str(number)


def _json(value: float) -> str:
    return repr(value) if math.isfinite(value) else f'"{json_number(value)}"'


def _branches(node: Node) -> bool:
    """Whether the words of a formula depend on its numbers."""
    return isinstance(node, Where) or any(map(_branches, children(node)))
