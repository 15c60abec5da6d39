"""`closed-form`: the minimum of a linear regression solved at once, beside gradient descent's way to it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from engine.closed_form import ClosedForm, NoClosedForm, closed_form, closed_form_lines, distances
from engine.printers.base import Printer
from engine.trace import Trace
from tui.settings import Settings
from tui.terminal import Writer
from tui.verbs.load import open_session
from tui.verbs.wrong import WrongInputError

ROWS = 12
"""Updates whose distance is told: the first ones, then ever further apart, and the last."""


def run(options: Namespace) -> int:
    session = open_session(options.file)
    solved = closed_form(session.scenario)
    if isinstance(solved, NoClosedForm):
        raise WrongInputError(f"{options.file}: there is no closed form: {solved.reason}")
    writer = Writer(ascii=options.ascii)
    settings = Settings(ascii=writer.ascii, digits=options.digits)
    printer = session.printer(settings)
    writer.lines(*closed_form_lines(solved, printer), *_distances(session.trace, solved, printer))
    return 0


def _distances(trace: Trace, solved: ClosedForm, printer: Printer) -> Iterator[str]:
    last = trace.plan.iterations
    ks = sorted({*range(min(last, 4) + 1), *(2**power for power in range(ROWS) if 2**power < last), last})
    for k, distance in zip(ks, distances(trace, ks, solved), strict=True):
        yield f"after {k:,} update{'s' if k != 1 else ''}: distance to the minimum {printer.number(distance)}"
