"""The entries of a trace as JSON objects: the same keys in every one, nothing rounded."""

from __future__ import annotations

from typing import Any

from engine.explain import explain
from engine.formula.nodes import Node
from engine.numbers import json_number
from engine.plan import Granularity
from engine.printers.base import Page, Printer
from engine.printers.json import tree
from engine.printers.lines import relation
from tui.session import Session
from tui.settings import Settings
from tui.verbs.groups import Group, Part, formula, parts
from tui.verbs.values import nested

Object = dict[str, Any]


class Objects:
    """Makes the objects of one walk."""

    def __init__(self, session: Session, ascii: bool = False) -> None:
        self._trace = session.trace
        self._printer: Printer = session.export_printer(Settings(ascii=ascii))

    def step(self, index: int) -> Object:
        """One step, with its formula three ways: in symbols, with numbers put in, and as a tree."""
        explanation = explain(self._trace, index)
        step = explanation.step
        sample = step.address.sample
        left = self._printer.symbols(explanation.left, Page(sample=sample if step.address.unit else None))
        lead = f"{left} {relation(step.quantity, self._printer)} "
        return {
            "step": index + 1,
            "iteration": step.iteration,
            "phase": str(step.phase),
            "layer": step.quantity.layer,
            "address": str(step.address),
            "sample": sample,
            "row": step.row,
            "value": json_number(step.value),
            "symbolic": lead + self._symbols(explanation.tree, sample),
            "substituted": self._printer.numbers(explanation.tree, Page(sample=sample)),
            "tree": tree(explanation.tree),
            "definition": None if explanation.stated is None else lead + self._symbols(explanation.stated, sample),
            "steps": 1,
        }

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
        }

    def _value(self, part: Part) -> Any:
        return nested(self._trace.value(part.address))

    def _symbols(self, node: Node, sample: int | None) -> str:
        """A tree in symbols, with what its short names mean and why its branch was taken."""
        page = Page(sample=sample)
        text = self._printer.symbols(node, page)
        asides = [f"with {note}" for note in page.notes] + [f"because {condition}" for condition in page.conditions]
        return ", ".join([text, *asides])
