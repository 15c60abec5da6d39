"""An explanation as labelled lines of text, for whatever shows them: the app, `--plain`, `trace`."""

from __future__ import annotations

from typing import NamedTuple

from engine.explain import Equation, Explanation
from engine.formula.evaluate import evaluate
from engine.formula.nodes import Add, Let, Neg, Node, Num, Skipped, Symbol, Total
from engine.notation import Notation
from engine.printers.arrays import Shown, array_formula
from engine.printers.base import Page, Printer
from engine.printers.marks import bare
from engine.quantity import Kind, Quantity


class Line(NamedTuple):
    """One line; `kind` is one of the names below, `left` what stands before its relation sign."""

    kind: str
    """symbols, numbers, terms, value, condition, where, abridged, computed, differs, array, why, valid, long; by hand
    also hand, drift, digit (`engine.printers.hand`)"""
    left: str
    relation: str
    text: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.left, self.relation, self.text) if part)


def lines(explanation: Explanation, printer: Printer, long_way: bool = False) -> list[Line]:
    """The lines of one step, in the order a person writes them down."""
    sample = explanation.step.address.sample
    # a sample's part of the loss differs from the loss by its sample alone
    left = printer.symbols(explanation.left, Page(sample=sample if explanation.step.address.unit else None))
    shown, other = _shown(explanation, printer)
    page = Page(sample=sample)
    symbols = printer.symbols(shown, page)
    names = [] if explanation.called is None else [printer.symbols(explanation.called, Page(sample=sample))]
    # tanh(z) is called what it is
    forms = dict.fromkeys([*names, symbols])
    result = [Line("symbols", left, relation(explanation.quantity, printer), " = ".join(forms))]
    result += [Line("where", "", "with", note) for note in page.notes]
    result += [Line("condition", "", "because", condition) for condition in page.conditions]
    value_page = Page()
    value = printer.number(explanation.step.value, value_page)
    put_in = Page()
    numbers = printer.numbers(shown, put_in)
    if bare(numbers) not in (value, bare(symbols)):
        result.append(Line("numbers", "", printer.equals(put_in.exact), numbers))
    terms_page = Page()
    terms = _terms(shown, printer, terms_page)
    if terms and terms != bare(numbers):
        result.append(Line("terms", "", printer.equals(terms_page.exact), terms))
    result.append(Line("value", left, printer.equals(value_page.exact), value))
    if put_in.abridged:
        result.append(Line("abridged", "", "", f"{_count(shown)} terms; the middle ones are left out here"))
    result += other
    array = array_line(explanation.quantity, printer.notation)
    if array:
        result.append(array)
    if explanation.why:
        result.append(Line("why", "", "", printer.notation.sentence(explanation.why, _about(explanation.quantity))))
    if explanation.long_way:
        valid = printer.notation.sentence(explanation.valid, _about(explanation.quantity))
        result.append(Line("valid", "", "", f"The shortcut holds {valid}."))
        if long_way:
            result += [line for equation in explanation.long_way for line in _long(equation, printer, sample)]
    return result


def array_line(quantity: Quantity, notation: Notation) -> Line | None:
    """The formula of the whole array with a shape beside each symbol, or None."""
    formula = array_formula(quantity, notation)
    if formula is None:
        return None
    left, right = formula
    return Line("array", _with_shape(left, notation), "=", "".join(_with_shape(part, notation) for part in right))


def relation(quantity: Quantity, printer: Printer) -> str:
    """The sign between a quantity and its formula: a state takes its new value from its old one."""
    return printer.takes if quantity.kind is Kind.STATE else "="


def _about(quantity: Quantity) -> int | None:
    """The layer whose letters a quantity's sentences use; what comes back to a layer speaks of the one above it."""
    return quantity.layer if quantity.name not in ("da", "ddrop", "dh") else None


def _shown(explanation: Explanation, printer: Printer) -> tuple[Node, list[Line]]:
    """The formula to show first, and what to say of the other form where there are two."""
    stated = explanation.stated
    if stated is None:
        return explanation.tree, []
    page = Page(sample=explanation.step.address.sample)
    computed = printer.symbols(explanation.tree, page)
    textbook = printer.symbols(stated, Page(sample=page.sample))
    if bare(computed) == bare(textbook):
        return explanation.tree, []
    where = printer.notation.sentence(explanation.stated_range, _about(explanation.quantity))
    if explanation.stated_agrees:
        notes = "".join(f", {note}" for note in page.notes)
        return stated, [Line("computed", "", "computed as", f"{computed}{notes}; the form above agrees {where}")]
    gives = printer.number(evaluate(stated))
    return explanation.tree, [
        Line("differs", "", "the definition", f"{textbook} gives {gives} here; it agrees {where}")
    ]


def _terms(node: Node, printer: Printer, page: Page) -> str:
    """The value of each term of a sum, where the terms are more than single numbers."""
    local: dict[str, float] = {}
    while isinstance(node, Let):
        local[node.name] = evaluate(node.value, local)
        node = node.body
    flat = _flat(node)
    if len(flat) < 2 or all(_plain_number(term) for term in flat):
        return ""
    values = Total("sum", tuple(term if isinstance(term, Skipped) else Num(evaluate(term, local)) for term in flat))
    return printer.numbers(values, page)


def _plain_number(term: Node) -> bool:
    """Whether a term is one number already, its sign aside."""
    return isinstance(term.of if isinstance(term, Neg) else term, Num | Symbol | Skipped)


def _flat(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Add) or (isinstance(node, Total) and node.operation == "sum"):
        return tuple(leaf for term in node.terms for leaf in _flat(term))
    return (node,)


def _count(node: Node) -> int:
    return sum(term.count if isinstance(term, Skipped) else 1 for term in _flat(node))


def _long(equation: Equation, printer: Printer, sample: int | None) -> list[Line]:
    page, value_page = Page(), Page()
    symbols, numbers = printer.symbols(equation.right, Page(sample=sample)), printer.numbers(equation.right, page)
    value = printer.number(evaluate(equation.right), value_page)
    text = f"{symbols} {printer.equals(page.exact)} {numbers}"
    if bare(numbers) != value:
        text += f" {printer.equals(value_page.exact)} {value}"
    return [Line("long", printer.symbols(equation.left, Page(sample=sample)), "=", text)]


def _with_shape(part: Shown, notation: Notation) -> str:
    if isinstance(part, str):
        return part
    times = "x" if notation.ascii else "×"
    return f"{part.text} [{times.join(map(str, part.shape))}]" if part.shape else part.text
