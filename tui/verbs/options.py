"""What may be typed: a parser per command. Imports nothing of the engine, so that help comes at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from tui.verbs.wrong import PROGRAM

GRANULARITIES = ("step", "unit", "quantity", "layer", "phase", "iteration")
PHASES = ("forward", "loss", "backward", "update")
FILE_HELP = "a scenario file, or the name of a shipped scenario (see backprop-tui list)"
ASCII_HELP = "ASCII characters alone; chosen by itself where the terminal needs it"

ADDRESSES = """\
An address is name[layer][unit], with #sample and @k where needed, everything counted from 1:
  a[2] is layer 2's output, W[1][2,1] the weight to unit 2 from input 1, dW[1][2,1]@3 its gradient
  in iteration 4; of weights and biases @k is the value after k updates. Quote it: a shell reads [ ] and #."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, or 80 columns.

    argparse makes one for every option and each time asks `shutil`, which is slow to import, for the width.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """What `shutil.get_terminal_size` says: COLUMNS where it is set, else the terminal's width, else 80."""
    with suppress(ValueError):
        if (asked := int(os.environ.get("COLUMNS", ""))) > 0:
            return asked
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        # no output, closed, or none that is a terminal
        return 80


class Parser(argparse.ArgumentParser):
    """One command's options: no abbreviations, text as written, and errors in the product's form."""

    def __init__(self, command: str = "", **settings: Any) -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}".rstrip(),
            formatter_class=_Formatter,
            allow_abbrev=False,
            add_help=False,
            **settings,
        )

    def with_help(self) -> None:
        """The option --help, listed last."""
        self.add_argument("-h", "--help", action="help", help="show this and leave")

    def print_help(self, file: Any = None) -> None:
        """The help; a closed pipe is not swallowed, as argparse would."""
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"{PROGRAM}: {message}\n")


class _Version(argparse.Action):
    """Prints the version; finding it takes imports that nothing else needs."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version(PROGRAM)
        except PackageNotFoundError:
            found = "(version unknown: run from its source, not installed)"
        print(PROGRAM, found)
        parser.exit()


class Command(NamedTuple):
    """A word that may stand first on the command line."""

    summary: str
    declare: Callable[[Parser], None]
    epilog: str = ""

    def parser(self, name: str) -> Parser:
        parser = Parser(name, description=self.summary[:1].upper() + self.summary[1:] + ".", epilog=self.epilog)
        self.declare(parser)
        parser.with_help()
        return parser


def _trace(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("--format", choices=("text", "jsonl"), default="text", help="jsonl: one object a step")
    parser.add_argument("--iterations", metavar="A:B", default=":", help="from A to B, both included; 3: and :5 and 4")
    parser.add_argument("--granularity", choices=GRANULARITIES, default="step", help="how much goes into one entry")
    parser.add_argument("--phase", choices=PHASES, help="this phase of each iteration alone")
    parser.add_argument("--digits", metavar="N", type=_digits, help="significant digits in text; else all there are")
    parser.add_argument("--ascii", action="store_true", help=ASCII_HELP)


def _eval(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("addresses", metavar="ADDRESS", nargs="+", help="what to look up, such as 'a[2]' or 'W[1]@1'")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: an object by address")
    parser.add_argument("--exact", action="store_true", help="exact float64 where the file calculates by hand")


def _paths(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("addresses", metavar="ADDRESS", nargs="+", help="an element of a parameter, such as 'b[1][1]'")
    parser.add_argument("--most", metavar="N", type=_digits, default=64, help="list at most N of them (64)")
    parser.add_argument("--digits", metavar="N", type=_digits, default=5, help="significant digits (5)")
    parser.add_argument("--ascii", action="store_true", help=ASCII_HELP)


def _closed_form(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("--digits", metavar="N", type=_digits, default=6, help="significant digits (6)")
    parser.add_argument("--ascii", action="store_true", help=ASCII_HELP)


def _schema(parser: Parser) -> None:
    """No options."""


def _check(parser: Parser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help=FILE_HELP)
    parser.add_argument(
        "--find-rounding",
        action="store_true",
        help="instead: which way to round gives every printed number of [expect]",
    )
    parser.add_argument(
        "--answer",
        metavar="'ADDRESS = NUMBER'",
        action="append",
        default=[],
        help="instead: an answer; may be repeated",
    )
    parser.add_argument("--answers", metavar="FILE", help="instead: a file of answers, one a line; # begins a comment")


def _list(parser: Parser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: an array of objects")


def _settings(parser: Parser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--path", action="store_true", help="print only where the file is, or would be")
    what.add_argument("--write", action="store_true", help="write a file in which everything is a comment")
    parser.add_argument("--force", action="store_true", help="with --write: put it in place of a file that is there")


def _new(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="the file to write")
    parser.add_argument("--layers", metavar="SIZES", help="inputs first, like 2-2-1")
    parser.add_argument("--activation", metavar="NAME", help="of the hidden layers, such as tanh")
    parser.add_argument("--output-activation", metavar="NAME", help="of the last layer; else what fits the loss")
    parser.add_argument("--loss", metavar="NAME", help="such as half_squared_error")
    parser.add_argument("--optimizer", metavar="NAME", help="such as sgd or adam")
    parser.add_argument("--learning-rate", metavar="RATE", help="of every update")
    parser.add_argument("--iterations", metavar="N", help="how many updates")
    parser.add_argument("--init", metavar="NAME", help="how weights are drawn, such as xavier_uniform")
    parser.add_argument("--seed", metavar="N", help="of what is drawn")
    parser.add_argument("--from", metavar="SHIPPED", dest="copied", help="a copy of this shipped scenario instead")
    parser.add_argument("--explicit", action="store_true", help="write the drawn weights out")
    parser.add_argument("--force", action="store_true", help="overwrite FILE where it is there")


COMMANDS = {
    "trace": Command("write the whole walk out as a stream", _trace),
    "eval": Command("look up numbers of a walk by their addresses", _eval, ADDRESSES),
    "check": Command(
        "check a file: its gradients, expected values, goals and comparisons",
        _check,
        "Gradients are held against finite differences. Exit status 1 where something is off, 2 where a file is wrong.",
    ),
    "paths": Command("list every path from a parameter to the loss, and their sum", _paths, ADDRESSES),
    "closed-form": Command("solve a linear regression at once, beside gradient descent", _closed_form),
    "new": Command(
        "write a new scenario file, with a comment at every key",
        _new,
        "Asks for what is not given, on a terminal; elsewhere it takes what is usual. FILE is not overwritten.",
    ),
    "schema": Command("print the JSON Schema of the scenario format, for editors", _schema),
    "list": Command("list the shipped scenarios", _list),
    "settings": Command(
        "show the settings and the keys, and where their file is",
        _settings,
        "The file need not exist. The environment variable BACKPROP_TUI_SETTINGS names another one; empty: none."
        " BACKPROP_TUI_UNSAVED names the folder where changes not saved are kept; empty: nowhere.",
    ),
}


def opening() -> Parser:
    """The parser of a command line that begins with no command: it opens the stepper."""
    commands = "\n".join(f"  {name:<13}{command.summary}" for name, command in COMMANDS.items())
    parser = Parser(
        usage=f"{PROGRAM} [FILE] [--at ADDRESS] [--plain] [--lecturer] [--ascii]\n"
        f"       {PROGRAM} COMMAND ...  (see below)",
        description="Walk through a small neural network's training, one quantity at a time.",
        epilog=f"commands ({PROGRAM} COMMAND --help tells more):\n{commands}\n\n{ADDRESSES}",
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help=f"{FILE_HELP}; none: choose one")
    parser.add_argument("--at", metavar="ADDRESS", help="open at this address, step number or percentage")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="lines of text instead of a screen: at a terminal a step for each Enter; where input or output is a pipe "
        "or a file, every step at once, and what is piped in is not read",
    )
    parser.add_argument("--lecturer", action="store_true", help="show the notes that are for the lecturer alone, too")
    parser.add_argument("--ascii", action="store_true", help=ASCII_HELP)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    parser.with_help()
    return parser


def parse_opening(argv: Sequence[str]) -> argparse.Namespace:
    """The options of a command line without a command; `file` is None where there is none."""
    parser = opening()
    options = parser.parse_args(argv)
    if len(options.files) > 1:
        first = options.files[0]
        parser.error(f"expected one FILE, got {len(options.files)}{_command_meant(first, options.files)}")
    options.file = options.files[0] if options.files else None
    if options.file is None and (options.at is not None or options.plain):
        parser.error(f"expected a FILE with {'--plain' if options.plain else '--at'}")
    return options


def _command_meant(first: str, words: Sequence[str]) -> str:
    from difflib import get_close_matches

    inside = next((word for word in words[1:] if word in COMMANDS), None)
    if inside is not None:
        return f"; the command {inside} must come first"
    near = get_close_matches(first, COMMANDS, 1, 0.5)
    return f"; {first!r} is no command: did you mean {near[0]}?" if near else ""


def _digits(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 17:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 17, got {text!r}")
    return int(text)
