"""What the pages for users show of the program, run: `python docs/consoles.py` fills in what they leave open.

A page is worked through from its top in an empty folder, as a reader would:

* a block of TOML whose first line is `# NAME.toml` writes that file, over an older one; `# NAME.toml, wrong` one that
  `check` is to refuse. A block of CSV or text is written to the name in the comment before it, `<!-- NAME.csv -->`;
* in a `console` block `$ backprop-tui …` and `$ cat FILE` are run, and what follows is what they print; a `\\` at a
  line's end goes on with the command. Where a walk asks for an address, what stands after its question is typed. A line
  `…` stands for lines left out;
* the commands of an `sh` block, which open the stepper, have to be ones the program takes;
* after `<!-- what if: NAME -->` each row of the table says what is typed at `i` in a shipped scenario, and which
  numbers then stand at which addresses, to the digits written.

Long lines are broken in a page, so words are compared, not lines. Numbers of ten decimals or more may differ in the
last of them, and how nearly two gradients agree is not compared: both are the machine's.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from engine.scenario.edit import Draft
from engine.trace import Trace
from tui import terminal
from tui.edits import parse_edit
from tui.main import main
from tui.verbs.options import COMMANDS, parse_opening
from tui.verbs.plain import PROMPT
from tui.verbs.shipped import find

DOCS = Path(__file__).parent
PAGES = ("tutorial.md", "recipes.md", "teaching.md")
PROGRAM = "backprop-tui"
LEFT_OUT = "…"
WIDTH = 118

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"# (\S+\.toml)(, wrong)?\n")
_FILE_NAME = re.compile(r"<!-- (\S+\.(?:csv|txt)) -->\n\n?$")
_TABLE = re.compile(r"<!-- what if: (\w+) -->\n\n((?:\|.*\n)+)")
_FOUND = re.compile(r"`([^`]+)` = (-?[\d.]+(?:e-?\d+)?)")
_MACHINE = re.compile(r"(largest relative difference )\S+ at [^;\s]+")
_LONG = re.compile(r"-?\d+\.\d{10,}(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    line: int
    """Of its first line in the page, from 1."""
    name: str = ""
    """Of the file it writes."""
    wrong: bool = False
    """A file that is to be refused."""


@dataclass(frozen=True)
class WhatIf:
    """A row of a table: a scenario, what is changed in it, and a number there then."""

    scenario: str
    edits: tuple[str, ...]
    address: str
    number: str
    line: int


@dataclass
class Run:
    """One command of a console block."""

    command: str
    line: int
    """Its last line in the page, from 1."""
    shown: list[str] = field(default_factory=list)
    """The lines the page shows for it."""

    @property
    def typed(self) -> list[str]:
        """What is typed at the questions of a walk."""
        return [line.removeprefix(PROMPT.rstrip()).strip() for line in self.shown if line.startswith(PROMPT.rstrip())]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(page):
        language, text = match[1], match[2]
        line = page.count("\n", 0, match.start(2)) + 1
        named = _NAMED.match(text) if language == "toml" else None
        other = _FILE_NAME.search(page[: match.start()]) if language in ("csv", "text") else None
        name = named[1] if named else other[1] if other else ""
        found.append(Block(language, text, line, name, bool(named and named[2])))
    return found


def runs(block: Block) -> list[Run]:
    """The commands of a console block, each with what is shown for it."""
    found: list[Run] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            found.append(Run(line[2:], number))
        elif found and not found[-1].shown and found[-1].command.endswith("\\"):
            found[-1].command = found[-1].command.removesuffix("\\") + line.strip()
            found[-1].line = number
        elif found:
            found[-1].shown.append(line)
        else:
            raise ValueError(f"line {number}: a console block begins with a command, $ …")
    return found


def what_ifs(page: str) -> Iterator[WhatIf]:
    """What the tables of a page promise."""
    for table in _TABLE.finditer(page):
        first = page.count("\n", 0, table.start(2)) + 1
        for line, row in enumerate(table[2].splitlines()[2:], first + 2):
            typed, found, _ = row.strip("|").split("|")
            for address, number in _FOUND.findall(found):
                yield WhatIf(table[1], tuple(re.findall("`(.+?)`", typed)), address, number, line)


def value_of(case: WhatIf) -> float:
    """The number that is there then, by the way the stepper goes."""
    path = find(case.scenario)
    if not isinstance(path, Path):
        raise ValueError(f"line {case.line}: no shipped scenario {case.scenario}")
    draft = Draft.of(path)
    for edit in case.edits:
        draft = draft.set(*parse_edit(edit))
    trace = Trace(draft.scenario)
    return float(trace.value(trace.resolve(case.address)).item())  # an axis of one sample may be left out


def output(run: Run) -> str:
    """What a command prints in the folder one is in, on both its outputs, in the order of printing."""
    first, *rest = shlex.split(run.command)
    if first == "cat":
        return "".join(Path(name).read_text("utf-8") for name in rest)
    if first != PROGRAM:
        raise ValueError(f"line {run.line}: {first} is not run by this")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "utf-8", write_through=True)
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(stream))
        stack.enter_context(redirect_stderr(stream))
        stack.enter_context(patch.dict("os.environ", {"LC_ALL": "C.UTF-8", "TERM": "xterm"}))
        stack.enter_context(patch.object(sys, "stdin", Typed(run.typed, stream)))
        stack.enter_context(patch.object(terminal, "is_interactive", lambda: bool(run.typed)))
        main(rest)
        stream.flush()
    return raw.getvalue().decode("utf-8")


class Typed(io.StringIO):
    """A keyboard: what is typed is seen, as a terminal shows it."""

    def __init__(self, lines: list[str], seen: io.TextIOWrapper) -> None:
        super().__init__("".join(f"{line}\n" for line in lines))
        self._seen = seen

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # typeshed has none and int apart
        line = super().readline() if size is None else super().readline(size)
        self._seen.write(line)
        return line


def agrees(shown: str, printed: str) -> bool:
    """Whether a page shows what is printed, lines left out where it says so."""
    parts = [_words(part) for part in re.split(rf"^{LEFT_OUT}$", shown, flags=re.MULTILINE)]
    words = _words(printed)
    first, *others = parts
    if not _same(first, words[: len(first)]):
        return False
    at = len(first)
    for index, part in enumerate(others):
        starts = range(at, len(words) - len(part) + 1)
        if index == len(others) - 1:
            starts = starts[-1:]
        found = next((start for start in starts if _same(part, words[start : start + len(part)])), None)
        if found is None:
            return False
        at = found + len(part)
    return at == len(words)


def _words(text: str) -> list[str]:
    return re.sub(r"\[ +", "[", _MACHINE.sub(r"\1", " ".join(text.split()))).split()


def _same(shown: list[str], printed: list[str]) -> bool:
    return len(shown) == len(printed) and all(map(_alike, shown, printed))


def _alike(shown: str, printed: str) -> bool:
    if shown == printed:
        return True
    numbers = zip(_LONG.findall(shown), _LONG.findall(printed), strict=False)
    return _LONG.sub("#", shown) == _LONG.sub("#", printed) and all(
        isclose(float(one), float(other), rel_tol=1e-9) for one, other in numbers
    )


def work_through(page: str) -> Iterator[tuple[Block, Run | None, str]]:
    """Do in the folder one is in what a page says: each file with what `check` says of it, each run with its output."""
    for block in blocks(page):
        if block.name:
            Path(block.name).write_text(block.text, "utf-8")
            if block.language == "toml":
                yield block, None, output(Run(f"{PROGRAM} check {block.name}", block.line))
        elif block.language == "console":
            for run in runs(block):
                yield block, run, output(run)
        elif block.language == "sh":
            _check_taken(block)


def _check_taken(block: Block) -> None:
    """Let the parser see what opens the stepper; SystemExit where it does not take it."""
    for line in block.text.splitlines():
        words = shlex.split(line.partition(" > ")[0], comments=True)
        if words and "=" in words[0]:
            del words[0]
        if words[:1] == [PROGRAM]:
            if words[1:2] and words[1] in COMMANDS:
                COMMANDS[words[1]].parser(words[1]).parse_args(words[2:])
            else:
                parse_opening(words[1:])


def filled(page: str) -> str:
    """The page with the output of every command that it shows none for."""
    lines = page.split("\n")
    later: list[tuple[int, list[str]]] = []
    for _, run, printed in work_through(page):
        if run is not None and not any(line and not line.startswith(PROMPT.rstrip()) for line in run.shown):
            folded = [part for line in printed.rstrip("\n").split("\n") for part in _folded(line)]
            later.append((run.line, folded))
    for at, folded in reversed(later):
        end = at
        while not lines[end].startswith(("$ ", "```")):
            end += 1
        lines[at:end] = folded
    return "\n".join(lines)


def _folded(line: str) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


@contextmanager
def elsewhere() -> Iterator[None]:
    """In an empty folder."""
    with TemporaryDirectory() as folder, chdir(folder):
        yield


if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        path = DOCS / name
        before = path.read_text("utf-8")
        with elsewhere():
            path.write_text(filled(before), "utf-8")
