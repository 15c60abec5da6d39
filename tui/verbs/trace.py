"""`trace`: the walk as a stream of entries, made one by one and never held whole."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable

from engine.conventions import conventions
from engine.plan import Granularity
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import SHORTEST, Printer
from engine.quantity import Phase
from engine.structs import replace
from tui.session import Session
from tui.settings import Settings
from tui.terminal import Writer, encodes, to_ascii
from tui.verbs.blocks import Blocks
from tui.verbs.groups import Group, Selection, groups, iterations
from tui.verbs.load import open_session
from tui.verbs.objects import Objects
from tui.verbs.stream import Lines
from tui.verbs.wrong import WrongInputError

TOGETHER = 64
"""Lines in one write."""


def run(options: Namespace) -> int:
    if options.format == "jsonl" and options.digits is not None:
        raise WrongInputError("--digits is for --format text; jsonl always has every digit")
    session = open_session(options.file)
    first, last = iterations(options.iterations, session.scenario.training.iterations)
    phase = None if options.phase is None else Phase(options.phase)
    selection = Selection(first, last, Granularity[options.granularity.upper()], phase)
    if options.format == "jsonl":
        write_jsonl(session, selection, options.ascii)
    else:
        _text(session, selection, options)
    return 0


def write_jsonl(session: Session, selection: Selection, ascii: bool) -> None:
    """One object a line, in the Unicode alphabet unless told otherwise: what the terminal can show is no matter."""
    objects = Objects(session, ascii)
    # every number here is the exact one
    told = [to_ascii(line) if ascii else line for line in conventions(replace(session.scenario, arithmetic=None))]
    encode = json.JSONEncoder(ensure_ascii=not encodes(sys.stdout), allow_nan=False).encode

    def telling(line: str) -> str:
        """The line; the first one says what holds of all."""
        if not told:
            return line
        words = encode(told)
        told.clear()
        return f"{line.removesuffix('null}')}{words}}}"

    if selection.granularity is not Granularity.STEP:

        def write(group: Group) -> None:
            sys.stdout.write(telling(encode(objects.group(group, selection.granularity))) + "\n")

        _stream(session, groups(session.trace, selection), write)
        return
    lines = Lines(objects, encode)
    for group in groups(session.trace, replace(selection, granularity=Granularity.PHASE)):
        for first in range(group.first, group.after, TOGETHER):
            made = lines.lines(first, min(first + TOGETHER, group.after))
            sys.stdout.write("\n".join([telling(next(made)), *made]) + "\n")
        if group.after == session.trace.plan.start(session.trace.plan.k_of(group.first) + 1):
            sys.stdout.flush()


def _text(session: Session, selection: Selection, options: Namespace) -> None:
    writer = Writer(ascii=options.ascii)
    make = AsciiPrinter if writer.ascii else Printer
    printer = make(session.notation(Settings(ascii=writer.ascii)), options.digits or SHORTEST)
    blocks = Blocks(session, printer)
    writer.lines(*blocks.opening())

    def write(group: Group) -> None:
        if selection.granularity is Granularity.STEP:
            block = blocks.step(group.first)
        else:
            block = blocks.group(group, selection.granularity)
        writer.lines("", *block)

    _stream(session, groups(session.trace, selection), write)


def _stream(session: Session, entries: Iterable[Group], write: Callable[[Group], None]) -> None:
    """Write every entry; a reader at the other end has each iteration as soon as it is complete."""
    ends = None
    for group in entries:
        if ends is not None and group.first >= ends:
            sys.stdout.flush()
        write(group)
        ends = session.trace.plan.start(session.trace.plan.k_of(group.first) + 1)
