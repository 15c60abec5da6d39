"""What is said of a step that is calculated by hand: the numbers put in, the value on paper, and the drift."""

from __future__ import annotations

from copy import copy
from decimal import Decimal

from engine.address import Address
from engine.explain import RecordScope, explain
from engine.formula.evaluate import evaluate
from engine.formula.ground import ground
from engine.formula.nodes import Ref
from engine.hand.bounds import HandError
from engine.hand.trace import HandTrace
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


def hand_lines(trace: Trace, hand: HandTrace, index: int, printer: Printer) -> list[Line]:
    """The lines of step `index`, kinds `hand`, `drift` and `digit`; one line where it is too far to be worked."""
    try:
        found = hand.step(index)
        first = hand.first_difference(index)
    except HandError as error:
        return [Line("hand", "by hand:", "", printer.notation.sentence(f"not worked: {error}"))]
    step = trace[index]
    explanation = explain(trace, index)
    quantity = step.quantity
    stated = explanation.stated_agrees and quantity.stated is not None
    template = quantity.stated.formula if stated and quantity.stated is not None else quantity.template
    assert template is not None, "a step has a formula"
    tree = ground(template, HandScope(trace, hand, step.place.k), step.place.indices)
    rough = _digits(printer, hand.policy.digits + MORE)
    page = Page()
    numbers = rough.numbers(tree, page)
    digits = hand.text(step.address, found.value)
    value = rough.written(digits)
    worked = evaluate(tree)
    close = page.exact and abs(worked - float(digits)) <= 1e-12 * max(1.0, abs(worked))
    text = value if bare(numbers) == value else f"{numbers} {printer.equals(close)} {value}"
    lines = [Line("hand", "by hand:", "", text)]
    exactly = rough.number(found.exact)
    lines.append(Line("drift", "", "", f"exactly {exactly}, drift {rough.written(brief(found.drift, '+'))}"))
    if found.differs:
        there = rough.written(hand.policy.text(hand.settled(found.exact)))
        said = f"a printed digit differs: the exact number would be written {there}"
        if first == index:
            said = f"here {said.replace('differs', 'differs for the first time')}"
        elif first is not None:
            said += f"; the first to differ is {trace[first].address}, step {first + 1:,}"
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
