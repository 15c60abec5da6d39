"""`check --find-rounding`: which way to round reproduces every printed number of `[expect]`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.arithmetic import Arithmetic
from engine.expect import printed_numbers
from engine.hand.bounds import HandError
from engine.hand.rounding import Refusal, Search, find_rounding
from tui.terminal import Writer
from tui.verbs.load import open_trace
from tui.verbs.wrong import WrongInputError, complain

FOUND, NONE, WRONG = 0, 1, 2


def find(file: str, writer: Writer) -> int:
    """Search one file's policies and say what was found; the exit status it asks for."""
    try:
        trace = open_trace(file)
        printed = printed_numbers(trace)
        if not printed:
            raise WrongInputError(
                f'{file}: there is nothing to reproduce: [expect] has no {{ printed = "…" }} and no decimals'
            )
        try:
            search = find_rounding(trace, printed)
        except HandError as error:
            raise WrongInputError(f"{file}: {error}") from None
    except WrongInputError as error:
        complain(str(error), error.prefixed)
        return WRONG
    many = len(printed) > 1
    numbers = f"all {len(printed):,} printed numbers come" if many else "the printed number comes"
    if search.fits:
        writer.lines(f"{file}: {numbers} out by hand with")
        for policies in _alike(search.fits):
            writer.lines(f"  {_said(policies)}")
        if search.strict[1]:
            words = search.strict[0].words()
            writer.lines(
                f"{file}: with nothing left exact none does; the nearest, {words}:", *_refusals(search.strict[1])
            )
        writer.lines(f"{file}: to have the first: arithmetic = {search.best.toml()}")
    else:
        writer.lines(*_none(file, search, len(printed)))
    writer.flush()
    return FOUND if search.fits else NONE


def _none(file: str, search: Search, count: int) -> list[str]:
    best = count - len(search.refusals)
    if not best:
        return [f"{file}: none of {search.tried} ways to round gives any of the {count:,} printed numbers"]
    return [
        f"{file}: none of {search.tried} ways to round gives all {count:,} printed numbers; the best gives {best:,}:",
        f"  {search.best.words()}",
        *_refusals(search.refusals),
    ]


def _refusals(refusals: Sequence[Refusal]) -> list[str]:
    return [
        f"  {refusal.printed.address.at(refusal.printed.address.k or None)} refuses:"
        f" {refusal.by_hand} comes out, {refusal.printed.written} is printed"
        for refusal in refusals
    ]


def _alike(policies: Sequence[Arithmetic]) -> list[list[Arithmetic]]:
    """Policies that differ in their number of digits alone, together; in the order found."""
    groups: dict[tuple[str, str, str, tuple[str, ...]], list[Arithmetic]] = {}
    for policy in policies:
        groups.setdefault((policy.counted, policy.rounding, policy.each, policy.exact), []).append(policy)
    return list(groups.values())


def _said(policies: Sequence[Arithmetic]) -> str:
    """`3, 4 or 5 decimals, cut off, every quantity`."""
    *most, last = [str(policy.digits) for policy in policies]
    digits = f"{', '.join(most)} or {last}" if most else last
    _, _, rest = policies[-1].words().partition(" ")
    return f"{digits} {rest}"
