"""The entries of a trace: runs of steps that go together, each with what is to be said of it as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.address import Address
from engine.plan import Granularity, Place
from engine.printers.base import Printer
from engine.printers.lines import array_line, relation
from engine.quantity import Phase, Quantity
from engine.structs import replace
from engine.trace import Trace
from tui.verbs.wrong import WrongInputError


class Group(Struct, frozen=True):
    """The steps [first, after) of a walk."""

    first: int
    after: int

    @property
    def steps(self) -> int:
        return self.after - self.first


class Selection(Struct, frozen=True):
    """Which part of a walk is asked for."""

    first: int
    """The first iteration, from 1."""
    last: int
    granularity: Granularity = Granularity.STEP
    phase: Phase | None = None


def iterations(text: str, last: int) -> tuple[int, int]:
    """The first and last iteration that `3:5`, `3:`, `:5` or `4` means in a walk of `last`.

    Raises:
        WrongInputError: it means none.
    """
    lower, colon, upper = text.partition(":")
    bounds = []
    for part, default in ((lower, 1), (upper if colon else lower, last)):
        part = part.strip()
        if not part and colon:
            bounds.append(default)
        elif part.isascii() and part.isdigit() and len(part) <= 18:
            bounds.append(int(part))
        else:
            raise WrongInputError(f"--iterations {text}: expected A:B, A:, :B or A, with whole numbers from 1")
    first, final = bounds
    if not last and text == ":":
        return 1, 0
    if not last:
        raise WrongInputError(f"--iterations {text}: this walk has no iterations")
    if first < 1 or final < 1:
        raise WrongInputError(f"--iterations {text}: iterations count from 1")
    if first > last or final > last:
        raise WrongInputError(f"--iterations {text}: there is no iteration {max(first, final)}; expected 1 to {last}")
    if first > final:
        raise WrongInputError(f"--iterations {text}: {first} comes after {final}; expected the smaller one first")
    return first, final


def groups(trace: Trace, selection: Selection) -> Iterator[Group]:
    """The groups of a selection, in the order of the walk."""
    plan = trace.plan
    for k in range(selection.first - 1, selection.last):
        spans = [(plan.start(k), plan.start(k + 1))]
        if selection.phase is not None:
            spans = [(first, after) for phase, first, after in plan.phases(k) if phase is selection.phase]
        for step, end in spans:
            while step < end:
                after = min(plan.group(step, selection.granularity)[1], end)
                yield Group(step, after)
                step = after


class Part(Struct, frozen=True, eq=False):
    """One array of a group: all of it, or the row the group covers."""

    quantity: Quantity
    address: Address


def parts(trace: Trace, group: Group, granularity: Granularity) -> list[Part]:
    """The arrays a group computes, in order."""
    plan = trace.plan
    found = []
    step = group.first
    while step < group.after:
        place = plan.place(step)
        address = _row(place) if granularity is Granularity.UNIT else _array(place)
        found.append(Part(place.quantity, address))
        step = plan.group(step, Granularity.QUANTITY)[1]
    return found


def formula(quantity: Quantity, printer: Printer) -> str:
    """The formula of a whole array; of its elements at open indices, where arrays have no form of their own."""
    line = array_line(quantity, printer.notation)
    if line is not None:
        return str(line)
    template = quantity.stated.formula if quantity.stated else quantity.template
    assert template is not None, "a step has a formula"
    return f"{printer.symbols(quantity.ref)} {relation(quantity, printer)} {printer.symbols(template)}"


def _row(place: Place) -> Address:
    """One unit: the row of a matrix, the element of a vector."""
    unit = place.unit[:-1] if len(place.unit) > 1 else place.unit
    return replace(place.address, unit=unit)


def _array(place: Place) -> Address:
    return replace(place.address, unit=(), sample=None)
