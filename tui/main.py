"""The command line: which verb is meant, and what its end means to a shell.

Exit status: 0 all well; 1 a check did not hold; 2 the input was wrong; 70 a fault of ours; 130 interrupted;
141 the reader of our output went away. Nothing large is imported before it is known to be needed.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from tui import terminal
from tui.verbs.options import COMMANDS, opening, parse_opening
from tui.verbs.wrong import PROGRAM, WrongInputError, complain

if TYPE_CHECKING:
    from engine.scenario.model import Scenario
    from tui.preferences import Preferences

OK, WRONG_INPUT, OUR_FAULT, INTERRUPTED, CLOSED_PIPE = 0, 2, 70, 130, 141
DEBUG = "BACKPROP_TUI_DEBUG"
GARBAGE = 20_000
"""Objects made between two looks for garbage: the usual 700 are looked through seventy times while modules
load, and cost a pause in every step."""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""How many threads numpy's libraries take, read when it is imported: at these sizes more gain nothing, and where the
machine is busy they wait for one another, and the screen with them. What a person has set stays."""


def run() -> None:
    """The console script."""
    if sys.stdout is None:
        # started with its output closed: `>&-`
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - open as long as the process runs
    for name in THREADS:
        os.environ.setdefault(name, "1")
    gc.set_threshold(GARBAGE)
    status = main(sys.argv[1:])
    # all memory is given back at once: what still lives need not be looked through, object by object
    gc.freeze()
    sys.exit(status)


def main(argv: Sequence[str]) -> int:
    """Do what a command line says; the exit status."""
    if hasattr(sys.stdout, "reconfigure"):
        # a character the output cannot encode must not end a walk half way
        sys.stdout.reconfigure(errors="backslashreplace")
    status = _guarded(argv)
    try:
        sys.stdout.flush()
    except OSError:
        # there was something else to say already
        _abandon_output()
    return status


def _guarded(argv: Sequence[str]) -> int:
    """The exit status of a command line, whatever happens on the way."""
    try:
        try:
            status = _dispatch(argv)
        except SystemExit as leaving:
            # argparse leaves this way, its message written
            status = leaving.code if isinstance(leaving.code, int) else OK
        sys.stdout.flush()
    except WrongInputError as error:
        complain(str(error), error.prefixed)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
        return CLOSED_PIPE
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _abandon_output()
            complain(f"the output cannot be written: {error.strerror}")
            return WRONG_INPUT
        return _fault(error)
    return status


def _dispatch(argv: Sequence[str]) -> int:
    if argv and argv[0] in COMMANDS:
        options = COMMANDS[argv[0]].parser(argv[0]).parse_args(argv[1:])
        return _verb(argv[0], options)
    options = parse_opening(argv)
    by_screen = terminal.is_interactive() and not terminal.is_dumb()
    if options.file is None and not by_screen:
        opening().print_help()
        return OK
    if by_screen and not options.plain:
        return _open_app(options)
    return _verb("plain", options)


def _verb(name: str, options: Namespace) -> int:
    status: int = import_module(f"tui.verbs.{name.replace('-', '_')}").run(options)
    return status


def _open_app(options: Namespace) -> int:
    """The stepper; it begins with a picker where no file is named.

    The file is read once a first screen stands; what is wrong with it is said when the screen is given back.
    """
    from tui.app import StepperApp

    def scenario() -> Scenario:
        from tui.verbs.load import load

        return load(options.file)

    def preferences() -> Preferences:
        from tui.preferences import load_preferences, settings_path

        return load_preferences(settings_path())

    ascii = options.ascii or terminal.needs_ascii(sys.__stderr__)  # where Textual writes
    app = StepperApp(
        None if options.file is None else scenario, options.at, ascii, preferences, options.file or "", options.lecturer
    )
    app.run()
    if app.wrong is not None:
        raise app.wrong
    return app.return_code or OK


def _fault(error: Exception) -> int:
    if os.environ.get(DEBUG) == "1":
        import traceback

        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    complain(f"this is a fault of {PROGRAM}, not of what you gave it: {said}\nset {DEBUG}=1 to see where it happened")
    return OUR_FAULT


def _abandon_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's last flush says nothing either."""
    with suppress(OSError, AttributeError):
        output = sys.stdout.fileno()
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - pathlib would be imported for it
            os.dup2(nowhere.fileno(), output)


if __name__ == "__main__":
    run()
