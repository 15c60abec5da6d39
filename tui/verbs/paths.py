"""`paths`: every way from a parameter to the loss, each a product of local derivatives, and their sum."""

from __future__ import annotations

from argparse import Namespace

from engine.address import AddressError
from engine.paths import path_lines, paths
from tui.settings import Settings
from tui.terminal import Writer
from tui.verbs.load import open_session
from tui.verbs.wrong import WrongInputError


def run(options: Namespace) -> int:
    session = open_session(options.file)
    writer = Writer(ascii=options.ascii)
    found = []
    wrong = []
    for text in options.addresses:
        try:
            found.append(paths(session.trace, session.trace.resolve(text), options.most))
        except AddressError as error:
            wrong.append(str(error))
    if wrong:
        raise WrongInputError("\n".join(wrong))
    settings = Settings(ascii=writer.ascii, digits=options.digits or 0)
    printer = session.printer(settings) if options.digits else session.exact_printer(settings)
    for one in found:
        writer.lines(*path_lines(one, printer))
    return 0
