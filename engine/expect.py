"""Expected numbers held against the walk, to the digits a person wrote.

0.832 stands for everything that rounds to it, so it is compared with the *exact* decimal value of the float64:
formatting that float64 again would answer another question. Numbers are compared, never quantized, so that no
exponent anybody writes can ask for a billion digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError
from engine.numbers import rounded, shortest
from engine.scenario.expectations import form, wrong_shape
from engine.scenario.model import Expectation
from engine.structs import replace
from engine.trace import Trace

if TYPE_CHECKING:
    # most files are checked without: what calculates by hand is imported where it is called for
    from engine.hand.rounding import Printed, Propagation
    from engine.hand.trace import HandTrace

SLACK = Decimal("1e-12")
"""Relative: what the arithmetic of float64 may have added to a number that is exact on paper."""

# Every difference of a float64 (at most 1,075 digits) and a number of a plausible length is exact.
_EXACT = Context(prec=2500, Emin=MIN_EMIN, Emax=MAX_EMAX)

_SPELT = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Match(StrEnum):
    """How a number of the walk meets the number written for it."""

    EXACT = "exact"
    ROUNDS = "rounds to it"
    TRUNCATED = "truncated"
    TOLERANCE = "within tolerance"
    PROPAGATED = "within propagated rounding"
    NO_DIGIT = "no significant digit"
    """A zero, written for a number that is none: 0.0 for 0.061."""
    WRONG = "wrong"

    @property
    def holds(self) -> bool:
        return self not in (Match.NO_DIGIT, Match.WRONG)


class Verdict(Struct, frozen=True):
    """One number of `[expect]`, compared."""

    address: Address
    """Of the single number: a[1][2]@0 where the line says a[1]."""
    written: str
    """The number as written."""
    actual: float | None
    """The number of the walk; None where the address names nothing, or something of another shape."""
    kind: Match
    line: int
    """Line of the file, from 1; 0 where there is none."""
    message: str
    by_hand: bool = False
    """Whether it is the number by hand that agrees, not the exact one."""
    printed: bool = False
    """Whether the digits are those of a book, or of a person's answer."""
    blank: bool = False
    """Whether a zero is written for a number that is none."""
    shown_as: str = ""
    """Where a wrong δ is the one that the file's notation shows: what is said of that."""

    @property
    def ok(self) -> bool:
        return self.kind.holds


class Teacher:
    """Compares numbers with one walk: exactly, by hand where the scenario says how, and with rounding on the way."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @cached_property
    def _hand(self) -> HandTrace:
        from engine.hand.trace import HandTrace

        return HandTrace(self.trace)

    @cached_property
    def _propagation(self) -> Propagation:
        from engine.hand.rounding import Propagation

        return Propagation(self.trace)

    def compare(
        self, address: Address, written: str, expectation: Expectation, printed: bool, answered: bool = False
    ) -> Verdict:
        """The verdict on one number of an expectation, or `answered` by a person."""
        verdict = self._compare(address, written, expectation, printed, answered)
        if verdict.kind is not Match.WRONG or verdict.actual is None:
            return verdict
        shown_as = self._shown_as(address, written, expectation, printed, answered)
        if not shown_as:
            return verdict
        said = f"expected {written}, got {_digits(verdict.actual, written)}; {shown_as}"
        return replace(verdict, message=f"{_place(address)}: {said}", shown_as=shown_as)

    def _shown_as(self, address: Address, written: str, expectation: Expectation, printed: bool, answered: bool) -> str:
        """What is said where the number is what the file's notation shows as δ, which addresses do not follow."""
        style = self.trace.scenario.notation.delta
        if address.name != "delta" or style == "dz" or written in _SPELT:
            return ""
        if style == "-dz":
            turned = written[1:] if written.startswith("-") else f"-{written.removeprefix('+')}"
            if self._compare(address, turned, expectation, printed, answered).ok:
                return f"in this file δ is −∂L/∂z: that number is −{_place(address)}, the address is always ∂L/∂z"
            return ""
        there = replace(address, name="da")
        if self._compare(there, written, expectation, printed, answered).ok:
            return f"in this file δ is ∂L/∂a: that number is {_place(there)}, the address delta is always ∂L/∂z"
        return ""

    def _compare(
        self, address: Address, written: str, expectation: Expectation, printed: bool, answered: bool
    ) -> Verdict:
        actual = float(self.trace.value(address).item())
        kind = match(written, actual, expectation.tolerance, printed, answered)
        said, by_hand = _said(written, actual, kind, expectation, printed), False
        blank = expectation.tolerance is None and is_blank(written, actual)
        if self.trace.scenario.arithmetic:
            found = self._by_hand(address, written, actual, expectation, printed, answered)
            if found is not None:
                kind, said = found
                by_hand, blank = True, False
        # a zero is within reach of everything small
        if kind is Match.WRONG and printed and not blank:
            from engine.hand.bounds import HandError

            try:
                interval = self._interval(address, written)
            except HandError as error:
                interval = None
                said += f"; what rounding on the way can do was not looked at: {error}"
            if interval and interval[0] <= Decimal(written) <= interval[1]:
                kind = Match.PROPAGATED
                said = f"{written} is within propagated rounding of {_digits(actual, written)}: {_reach(interval)}"
            elif interval:
                said += f"; {_reach(interval)}"
        message = f"{_place(address)}: {said}"
        return Verdict(address, written, actual, kind, expectation.line, message, by_hand, printed, blank)

    def _by_hand(
        self, address: Address, written: str, actual: float, expectation: Expectation, printed: bool, answered: bool
    ) -> tuple[Match, str] | None:
        """How the number by hand agrees; None where it does not, or is too far to be worked."""
        from engine.hand.bounds import HandError
        from engine.hand.rounding import single

        try:
            value = single(self._hand, address)
        except HandError:
            return None
        kind = match(written, value, expectation.tolerance, printed, answered)
        if not kind.holds:
            return None
        digits = self._hand.text(address, value)
        how = {
            Match.EXACT: f"by hand it is {digits}",
            Match.TRUNCATED: f"by hand it is {digits}, truncated {written}",
            Match.TOLERANCE: f"by hand it is {digits}, within {shortest(expectation.tolerance or 0.0)} of {written}",
        }.get(kind, f"by hand it is {digits}, which rounds to {written}")
        return kind, f"{how} (exactly {_digits(actual, written)})"

    def _interval(self, address: Address, written: str) -> tuple[Decimal, Decimal] | None:
        from engine.hand.rounding import Printed

        return None if written in _SPELT else self._propagation.interval(Printed(address, written))


def check_expectations(trace: Trace) -> list[Verdict]:
    """A verdict for every number of every line of `[expect]`, in the order written."""
    teacher = Teacher(trace)
    return [verdict for expectation in trace.scenario.expectations for verdict in check(teacher, expectation)]


def printed_numbers(trace: Trace) -> list[Printed]:
    """The numbers of `[expect]` that a book printed; where none is marked so, all that have a decimal point."""
    from engine.hand.rounding import Printed

    every = [
        (expectation, Printed(address, written))
        for expectation in trace.scenario.expectations
        if expectation.tolerance is None
        for address, written in elements(trace, expectation)
        if written not in _SPELT
    ]
    marked = [number for expectation, number in every if expectation.printed]
    return marked or [number for _, number in every if not _whole(number.written)]


def check(teacher: Teacher, expectation: Expectation, answered: bool = False) -> list[Verdict]:
    """The verdicts of one line.

    `answered`: by a person, who is asked for digits. A whole number means just that, though it is printed, and a zero
    that a number rounds to is none of its digits.

    An address that names nothing (any more), or an array of another shape, is one verdict for the whole line.
    """
    try:
        found = list(elements(teacher.trace, expectation))
    except AddressError as error:
        return [_wrong_whole(expectation, str(error))]
    verdicts = []
    for one, written in found:
        printed = expectation.printed and not (answered and _whole(written))
        verdicts.append(teacher.compare(one, written, expectation, printed, answered))
    return verdicts


def elements(trace: Trace, expectation: Expectation) -> Iterator[tuple[Address, str]]:
    """The address of every single number of a line, and the number as written.

    Raises:
        AddressError: the address names nothing, or something of another shape.
    """
    address = expectation.address
    trace.resolve(str(address))
    values = trace.value(address)
    quantity = trace.names.quantity(address)
    axes = values.shape
    samples = quantity.per_sample and address.sample is None and not quantity.summed
    if samples and axes[0] == 1 and expectation.value.shape == axes[1:]:
        values, samples = values[0], False
    elif expectation.value.shape != axes:
        wrong = wrong_shape(expectation.value.shape, address, trace.names, expectation.written[0])
        raise AddressError(wrong or f"{_place(address)} is {form(axes)}, got {form(expectation.value.shape)}")
    for written, index in zip(expectation.written, np.ndindex(values.shape), strict=True):
        sample = index[0] + 1 if samples else address.sample
        unit = tuple(position + 1 for position in (index[1:] if samples else index))
        yield replace(address, unit=(*address.unit, *unit), sample=sample), written


def match(
    written: str,
    actual: float | Decimal,
    tolerance: float | None = None,
    printed: bool = False,
    answered: bool = False,
) -> Match:
    """How `actual` meets a number as written.

    A whole number without a decimal point means exactly that number, unless a book `printed` it. Others may
    be rounded (half up or half to even) to the digits written; what a book printed may be cut off there too, but not
    to zero. Where it is `answered` what a number rounds to must show a digit of it.
    """
    if written in _SPELT or not math.isfinite(actual):
        expected = float(written) if written not in _SPELT else _SPELT[written]
        same = expected == actual or (expected != expected and actual != actual)
        return Match.EXACT if same else Match.WRONG
    number, value = Decimal(written), Decimal(actual)
    if number == value or float(written) == actual:
        return Match.EXACT
    apart = abs(_EXACT.subtract(number, value))
    if tolerance is not None:
        # the tolerance as the file says it: 0.1 is a tenth, not the float64 nearest to it
        return Match.TOLERANCE if apart <= Decimal(repr(tolerance)) else Match.WRONG
    if not printed and _whole(written):
        return Match.EXACT if apart <= SLACK * max(Decimal(1), abs(number)) else Match.WRONG
    unit = _unit(number)
    blank = is_blank(written, actual)
    if _rounds_to(number, value, apart, unit):
        return Match.NO_DIGIT if blank and answered else Match.ROUNDS
    if printed and _cuts_to(number, value, unit):
        return Match.NO_DIGIT if blank else Match.TRUNCATED
    return Match.WRONG


def is_blank(written: str, actual: float | Decimal) -> bool:
    """Whether a zero is written for a number that is none, beyond what the arithmetic of float64 may have made."""
    return written not in _SPELT and Decimal(written) == 0 and math.isfinite(actual) and abs(Decimal(actual)) > SLACK


def _whole(written: str) -> bool:
    return not any(char in written for char in ".eE")


def _unit(number: Decimal) -> Decimal:
    """One in the last digit written: 0.001 for 0.832, 1e-24 for 4.248354e-18."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return Decimal(1).scaleb(exponent, _EXACT)


def _rounds_to(number: Decimal, value: Decimal, apart: Decimal, unit: Decimal) -> bool:
    beyond_half = _EXACT.subtract(_EXACT.multiply(apart, Decimal(2)), unit)
    if beyond_half < 0:
        return True
    # half way, as far as float64 can tell what would be half way on paper; never more than a trifle of the unit
    slack = min(_EXACT.multiply(2 * SLACK, abs(value)), _EXACT.multiply(unit, Decimal("0.001")))
    if beyond_half > slack:
        return False
    away_from_zero = abs(number) > abs(value)
    even = number.as_tuple().digits[-1] % 2 == 0
    return away_from_zero or even


def _cuts_to(number: Decimal, value: Decimal, unit: Decimal) -> bool:
    """Whether `value` without its further digits is `number`."""
    if number != 0 and number.is_signed() != value.is_signed():
        return False
    more = _EXACT.subtract(abs(value), abs(number))
    return 0 <= more < unit


def _said(written: str, actual: float, kind: Match, expectation: Expectation, printed: bool) -> str:
    places = max(0, -_exponent(written)) if written not in _SPELT else 0
    got = _digits(actual, written)
    match kind:
        case Match.EXACT:
            return written if float(written) == actual else f"{got} is {written}"
        case Match.ROUNDS:
            blank = ", which shows no significant digit of it" if is_blank(written, actual) else ""
            return f"{got} rounds to {written}{blank}"
        case Match.NO_DIGIT:
            more = rounded(actual, 3).text
            return f"{written} shows no significant digit of {got}: give more decimals, like {more}"
        case Match.TRUNCATED:
            return f"{got} truncated to {_decimals(places)} is {written}"
        case Match.TOLERANCE:
            return f"{got} is within {shortest(expectation.tolerance or 0.0)} of {written}"
    text = f"expected {written}, got {got}"
    if written in _SPELT or not math.isfinite(actual):
        return text
    if expectation.tolerance is not None:
        return f"{text}, which is not within {shortest(expectation.tolerance)}"
    if _whole(written) and not printed:
        close = match(written, actual, printed=True) is not Match.WRONG
        return f"{text} (without a decimal point it means exactly {written})" if close else text
    if not 0 < places <= 30:
        return text
    value = Decimal(actual)
    step = Decimal(1).scaleb(-places)
    near = f"{value.quantize(step, ROUND_HALF_EVEN, _EXACT):f}"
    cut = f"{value.quantize(step, ROUND_DOWN, _EXACT):f}"
    if not printed and _cuts_to(Decimal(written), value, step):
        return (
            f"{text} (truncated to {_decimals(places)} it would be {cut}, rounded it is {near};"
            f' {{ printed = "{written}" }} takes both)'
        )
    if cut == near:
        return f"{text} (to {_decimals(places)} {near})"
    return f"{text} (rounded to {_decimals(places)} it would be {near}, truncated {cut})"


def _reach(interval: tuple[Decimal, Decimal]) -> str:
    return f"with every number on the way to as many decimals it comes out between {interval[0]:f} and {interval[1]:f}"


def _exponent(written: str) -> int:
    exponent = Decimal(written).as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return exponent


def _digits(actual: float, written: str) -> str:
    """Enough of a number to see how it differs from the one written."""
    if written in _SPELT or _whole(written):
        return shortest(actual)
    digits = len(Decimal(written).as_tuple().digits)
    return rounded(actual, min(17, max(8, digits + 4))).text


def _decimals(places: int) -> str:
    return f"{places} decimal{'' if places == 1 else 's'}"


def _place(address: Address) -> str:
    """An address as a person writes it in `[expect]`, where @0 is meant unless another is written."""
    return str(address.at(address.k or None))


def _wrong_whole(expectation: Expectation, message: str) -> Verdict:
    written = expectation.written[0] if len(expectation.written) == 1 else "…"
    return Verdict(expectation.address, written, None, Match.WRONG, expectation.line, message)
