"""The entries of a trace as JSON objects: the same keys in every one, nothing rounded.

`conventions` is last, and null: what changes the numbers is told once, with the first entry that is written.
"""

from __future__ import annotations

from typing import Any

from engine.explain import RecordScope
from engine.formula.ground import ground
from engine.formula.nodes import Node, Symbol
from engine.numbers import json_number
from engine.plan import Granularity, Place
from engine.printers.base import Page, Printer
from engine.printers.cut import OWN_SYMBOL, SYMBOL
from engine.printers.json import tree
from engine.printers.lines import relation
from tui.session import Session
from tui.settings import Settings
from tui.verbs.forms import Cut
from tui.verbs.groups import Group, Part, formula, parts
from tui.verbs.texts import ADDRESS, ITERATION, ROW, SAMPLE, VALUE
from tui.verbs.values import nested

Object = dict[str, Any]


class Objects:
    """Makes the objects of one walk."""

    def __init__(self, session: Session, ascii: bool = False) -> None:
        self.trace = session.trace
        self.printer: Printer = session.export_printer(Settings(ascii=ascii))
        self._scope: tuple[int, RecordScope, list[int]] | None = None

    def _iteration(self, k: int) -> tuple[RecordScope, list[int]]:
        """The numbers of iteration k + 1, and the rows of its batch."""
        if self._scope is None or self._scope[0] != k:
            self._scope = (k, RecordScope(self.trace, k), self.trace.network.batches.rows(k).tolist())
        return self._scope[1:]

    def step(self, index: int) -> Object:
        """One step, with its formula three ways: in symbols, with numbers put in, and as a tree."""
        place = self.trace.plan.place(index)
        quantity, sample = place.quantity, place.sample
        scope, rows = self._iteration(place.k)
        assert quantity.template is not None, "a step has a formula"
        formula_tree = ground(quantity.template, scope, place.indices)
        address = place.address
        value = scope.value(address, quantity)
        symbol = Symbol(address, value, scope.single)
        stated = None if quantity.stated is None else ground(quantity.stated.formula, scope, place.indices)
        return self._entry(
            place, index + 1, place.k + 1, str(address), sample, sample and rows[sample - 1] + 1, json_number(value),
            self.printer.symbols(symbol, Page(sample=sample if place.unit else None)),
            self.printer, formula_tree, stated,
        )  # fmt: skip

    def cut(self, place: Place, cut: Cut) -> Object:
        """The object of a step with holes for all that changes from one to the next, its number 0."""
        sampled = place.sample is not None
        return self._entry(
            place, 0, cut.own(ITERATION), cut.own(ADDRESS), cut.own(SAMPLE) if sampled else None,
            cut.own(ROW) if sampled else None, cut.own(VALUE), cut.own(OWN_SYMBOL if place.unit else SYMBOL),
            cut, cut.computed, cut.stated,
        )  # fmt: skip

    def _entry(
        self, place: Place, step: int, iteration: int | str, address: str, sample: int | str | None,
        row: int | str | None, value: float | str, left: str, printer: Printer | Cut, node: Node, stated: Node | None,
    ) -> Object:  # fmt: skip
        """What is said of one step: its formula three ways, in symbols, with numbers put in, and as a tree."""
        quantity = place.quantity
        lead = f"{left} {relation(quantity, self.printer)} "
        return {
            "step": step,
            "iteration": iteration,
            "phase": str(quantity.phase),
            "layer": quantity.layer,
            "address": address,
            "sample": sample,
            "row": row,
            "value": value,
            "symbolic": lead + _symbols(printer, node, place.sample),
            "substituted": printer.numbers(node, Page(sample=place.sample)),
            "tree": tree(node),
            "definition": None if stated is None else lead + _symbols(printer, stated, place.sample),
            "steps": 1,
            "conventions": None,
        }

    def group(self, group: Group, granularity: Granularity) -> Object:
        """Several steps together; `address` is null, and `value` an object, where they are of several arrays."""
        first = self.trace[group.first]
        found = parts(self.trace, group, granularity)
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
            "symbolic": "; ".join(formula(part.quantity, self.printer) for part in found),
            "substituted": None,
            "tree": None,
            "definition": None,
            "steps": group.steps,
            "conventions": None,
        }

    def _value(self, part: Part) -> Any:
        return nested(self.trace.value(part.address))


def _symbols(printer: Printer | Cut, node: Node, sample: int | None) -> str:
    """A tree in symbols, with what its short names mean and why its branch was taken."""
    page = Page(sample=sample)
    text = printer.symbols(node, page)
    asides = [f"with {note}" for note in page.notes] + [f"because {condition}" for condition in page.conditions]
    return ", ".join([text, *asides])
