"""What is said of a step that is calculated by hand: the numbers put in, the value on paper, and the drift."""

from __future__ import annotations

from copy import copy
from decimal import Decimal

from msgspec import Struct

from engine.address import Address
from engine.arithmetic import Arithmetic, settled
from engine.explain import RecordScope, explain
from engine.formula.evaluate import evaluate
from engine.formula.ground import ground
from engine.formula.nodes import Node, Ref
from engine.hand.bounds import HandError
from engine.hand.trace import HandStep, HandTrace
from engine.printers.base import SHORTEST, Page, Printer
from engine.printers.lines import Line
from engine.printers.marks import bare
from engine.trace import Trace

MORE = 4
"""Significant digits that an exact number has beyond those kept by hand, so that their difference is seen."""


class HandScope(RecordScope):
    """An iteration whose recorded numbers are those by hand."""

    def __init__(self, trace: Trace, hand: HandTrace, k: int) -> None:
        super().__init__(trace, k)
        self._hand = hand

    def symbol(self, ref: Ref, unit: tuple[int, ...], sample: int | None) -> tuple[Address, float]:
        address, _ = super().symbol(ref, unit, sample)
        return address, float(self._hand.value(address))


class OnPaper(Struct, frozen=True):
    """What came of working a step by hand: numbers alone, to be written in any alphabet and notation."""

    policy: Arithmetic
    step: HandStep
    text: str
    """The number as it stands on paper, ASCII."""
    tree: Node
    """The step's formula with the numbers by hand in it."""
    first: int | None
    """The first step up to this one at which a printed digit differs."""
    place: Address | None
    """The address of `first`."""


def on_paper(trace: Trace, hand: HandTrace, index: int) -> OnPaper:
    """Work step `index` by hand, and all before it.

    Raises:
        HandError: it is too far.
    """
    found = hand.step(index)
    first = hand.first_difference(index)
    explanation = explain(trace, index)
    step, quantity = explanation.step, explanation.step.quantity
    stated = explanation.stated_agrees and quantity.stated is not None
    template = quantity.stated.formula if stated and quantity.stated is not None else quantity.template
    assert template is not None, "a step has a formula"
    tree = ground(template, HandScope(trace, hand, step.place.k), step.place.indices)
    place = None if first is None else trace.plan.place(first).address
    return OnPaper(hand.policy, found, hand.text(step.address, found.value), tree, first, place)


def hand_lines(trace: Trace, hand: HandTrace, index: int, printer: Printer) -> list[Line]:
    """The lines of step `index`, kinds `hand`, `drift` and `digit`; one line where it is too far to be worked."""
    try:
        return paper_lines(on_paper(trace, hand, index), printer)
    except HandError as error:
        return [refusal(error, printer)]


def refusal(error: HandError, printer: Printer) -> Line:
    """What is said of a step that is not worked."""
    return Line("hand", "by hand:", "", printer.notation.sentence(f"not worked: {error}"))


def paper_lines(paper: OnPaper, printer: Printer, hidden: bool = False) -> list[Line]:
    """The same of a step that has been worked; `hidden`: its number is still a question, and all that tells it."""
    found = paper.step
    rough = _digits(printer, paper.policy.digits + MORE)
    page = Page()
    numbers = rough.numbers(paper.tree, page)
    value = rough.written(paper.text)
    alone = bare(numbers) == value
    if hidden:
        return [Line("hand", "by hand:", "", "?" if alone else f"{numbers} = ?")]
    worked = evaluate(paper.tree)
    close = page.exact and abs(worked - float(paper.text)) <= 1e-12 * max(1.0, abs(worked))
    lines = [Line("hand", "by hand:", "", value if alone else f"{numbers} {printer.equals(close)} {value}")]
    exactly = rough.number(found.exact)
    lines.append(Line("drift", "", "", f"exactly {exactly}, drift {rough.written(brief(found.drift, '+'))}"))
    if found.differs:
        there = rough.written(paper.policy.text(settled(found.exact)))
        said = f"a printed digit differs: the exact number would be written {there}"
        if paper.first == found.index:
            said = f"here {said.replace('differs', 'differs for the first time')}"
        elif paper.first is not None:
            where = str(paper.place)
            if printer.marks is not None and paper.place is not None:
                where = printer.marks.around(paper.place, where)
            said += f"; the first to differ is {where}, step {paper.first + 1:,}"
        lines.append(Line("digit", "", "", said))
    return lines


def _digits(printer: Printer, digits: int) -> Printer:
    """The same printer with at least so many significant digits."""
    other = copy(printer)
    if printer.digits != SHORTEST:
        other.digits = max(printer.digits, digits)
    return other


def brief(drift: Decimal, sign: str = "") -> str:
    """A drift in three significant digits, ASCII; `sign` "+" writes the sign always. 0 where there is none."""
    if not drift or not drift.is_finite():
        return str(drift) if drift else "0"
    power = drift.adjusted()
    rounded = f"{drift:{sign}.2e}"
    mantissa, _, exponent = rounded.partition("e")
    if -5 < power < 5:
        return f"{Decimal(rounded):{sign}f}"
    return f"{mantissa}e{int(exponent)}"
