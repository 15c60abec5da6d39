"""From what was typed for FILE to a scenario or a session, with one error for all that can be wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.plan import PlanError
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Scenario
from engine.scenario.read import read, read_text
from engine.trace import Trace
from tui.verbs.wrong import WrongInputError

if TYPE_CHECKING:
    from tui.session import Session

Walk = TypeVar("Walk")


def load(file: str) -> Scenario:
    """The scenario at a path or, with no slash and no suffix, the shipped one of that name.

    Raises:
        WrongInputError: there is none, or the file is wrong.
    """
    try:
        if not _is_name(file):
            return read(file)
        from tui.verbs import shipped  # a path needs none of it

        entry = shipped.find(file)
        if entry is not None:
            return read(entry) if isinstance(entry, Path) else read_text(entry.read_bytes(), entry.name)
        if file and os.path.exists(file):  # noqa: PTH110
            # a folder: the reader has the words
            return read(file)
    except ScenarioError as error:
        lone = len(error.problems) == 1 and error.problems[0].line is None
        raise WrongInputError(str(error), prefixed=lone) from None
    raise WrongInputError(_no_such_name(file))


def open_trace(file: str) -> Trace:
    """The walk through the scenario of `file`.

    Raises:
        WrongInputError: there is none, the file is wrong, or its walk is too long to number.
    """
    return _numbered(file, Trace)


def open_session(file: str) -> Session:
    """The same with what is needed to show it."""
    from tui.session import Session  # `check` does without, and starts the sooner

    return _numbered(file, Session)


def start_of(session: Session, at: str | None) -> int:
    """The step to begin at; an address without @k is one of iteration 1.

    Raises:
        WrongInputError: `at` names no step.
    """
    from tui.session import TargetError

    if at is None:
        return 0
    if not len(session.trace):
        raise WrongInputError(f"--at {at}: this walk has no steps: its training has no iterations")
    try:
        return session.target(at, 0)
    except TargetError as error:
        raise WrongInputError(f"--at: {error}") from None


def _numbered(file: str, make: Callable[[Scenario], Walk]) -> Walk:
    scenario = load(file)
    try:
        return make(scenario)
    except PlanError as error:
        raise WrongInputError(f"{file}: {error}") from None


def _is_name(file: str) -> bool:
    """Whether FILE is a shipped scenario's name: no slash, no suffix, and not a file that is there."""
    separators = {"/", os.sep, os.altsep}
    if any(separator and separator in file for separator in separators) or Path(file).suffix:
        return False
    # unlike Path.exists, it is not troubled by a name too long for a file
    return not os.path.exists(file) or Path(file).is_dir()  # noqa: PTH110


def _no_such_name(file: str) -> str:
    from tui.verbs import shipped

    names = shipped.names()
    from difflib import get_close_matches  # slow to import

    beside = f"{file}.toml"
    here = os.path.isfile(beside)  # noqa: PTH113 - as above
    near = [beside] if here else get_close_matches(file, names, 3, 0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"the shipped ones are {', '.join(names)}"
    return f"there is no file and no shipped scenario {file!r}; {hint}"
