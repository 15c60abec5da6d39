"""The walk as lines of text: whole, or a step for each Enter where a person sits at the terminal."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable

from engine.plan import Granularity
from tui import terminal
from tui.session import Session, TargetError
from tui.settings import Settings
from tui.terminal import Writer
from tui.verbs.blocks import Blocks
from tui.verbs.load import open_session, start_of

PROMPT = "Enter for the next step, ? for help: "
HELP = (
    "Enter  the next step",
    "b      the step before",
    "17     step 17; also 50%",
    "a[2]   the step that computes this address, in this iteration; a[2]@3 in iteration 4",
    "q      leave",
)

Ask = Callable[[str], str]
"""Shows a prompt and returns the line typed.

Raises:
    EOFError: nothing more will be typed.
"""


def run(options: Namespace) -> int:
    session = open_session(options.file)
    cursor = start_of(session, options.at)
    walk = PlainWalk(session, Writer(ascii=options.ascii, wraps=True), options.lecturer)
    if terminal.is_interactive():
        walk.by_hand(cursor, ask)
    else:
        walk.whole(cursor)
    return 0


def ask(prompt: str) -> str:
    """Ask at the terminal. The built-in `input` puts its prompt on stderr where that is no terminal."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


class PlainWalk:
    """One walk written to one place."""

    def __init__(self, session: Session, writer: Writer, lecturer: bool = False) -> None:
        self._session = session
        self._writer = writer
        self._settings = Settings(ascii=writer.ascii, lecturer=lecturer)
        self._blocks = Blocks(session, session.printer(self._settings))
        self._said: tuple[int, str] | None = None

    def whole(self, cursor: int) -> None:
        """Every step from `cursor` on."""
        self._opening()
        k = -1
        for index in range(cursor, len(self._session.trace)):
            if (reached := self._session.trace.plan.k_of(index)) != k:
                k = reached
                self._writer.flush()
            self._show(index)

    def by_hand(self, cursor: int, ask: Ask) -> None:
        """A step at a time, as `ask` says."""
        self._opening()
        if not len(self._session.trace):
            return
        self._show(cursor)
        while True:
            try:
                typed = ask(PROMPT).strip()
            except (EOFError, KeyboardInterrupt) as ended:
                # what the shell prints next begins a line
                self._writer.lines("")
                if isinstance(ended, KeyboardInterrupt):
                    raise
                return
            if typed in ("q", "quit"):
                return
            cursor = self._after(typed, cursor)

    def _after(self, typed: str, cursor: int) -> int:
        """Where a typed line leads; what it leads to, or why nowhere, is shown."""
        session = self._session
        if typed == "?":
            self._writer.lines(*HELP)
            return cursor
        if typed == "":
            to, end = session.forward(cursor, Granularity.STEP), "This is the last step; q leaves, b goes back."
        elif typed == "b":
            to, end = session.back(cursor, Granularity.STEP), "This is the first step."
        else:
            try:
                to, end = session.target(typed, cursor), ""
            except TargetError as error:
                self._writer.lines(f"{error}; ? shows what can be typed")
                return cursor
        if to == cursor and end:
            self._writer.lines(end)
        else:
            self._show(to)
        return to

    def _opening(self) -> None:
        self._writer.lines(*self._blocks.opening(), "")
        if not len(self._session.trace):
            self._writer.lines("This walk has no steps: its training has no iterations.")

    def _show(self, index: int) -> None:
        step = self._session.trace[index]
        block = [*self._blocks.step(index, reasons=True), *self._blocks.notes(index, self._settings), ""]
        here = (step.iteration, str(step.phase))
        if here != self._said:
            heading = f"Iteration {step.iteration:,} of {self._session.trace.plan.iterations:,}, {step.phase}."
            # what holds of the whole iteration is said once, where it begins
            begins = self._said is None or self._said[0] != step.iteration
            remarks = self._session.remarks(step.place.k, self._settings) if begins else []
            block = [heading, *remarks, "", *block]
            self._said = here
        self._writer.lines(*block)
