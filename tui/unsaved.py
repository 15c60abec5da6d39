"""Changes that were made in the stepper and saved in no file: kept until they are, whatever ends the program.

For each scenario file there are at most two files in a folder of the program's own: the versions made, and the line
that was being typed. They are read when the scenario is opened again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from engine import atomic
from engine.scenario.edit import Draft
from engine.scenario.errors import ScenarioError
from tui.edits import Version
from tui.verbs.wrong import PROGRAM

VARIABLE = "BACKPROP_TUI_UNSAVED"
MOST_BYTES = 4 * 2**20
"""Of versions of one scenario; the latest are kept."""
FORMAT = 1


def folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where unsaved changes are kept, whether or not it is there; None: nowhere."""
    named = environment.get(VARIABLE)
    if named is not None:
        return Path(named).expanduser() if named else None
    from platformdirs import user_state_path

    return user_state_path(PROGRAM, appauthor=False) / "unsaved"


def meet(within: Path | None) -> bool:
    """Whether nobody has walked here before; from now on somebody has. Where that cannot be kept nobody is new."""
    if within is None:
        return False
    try:
        within.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (within / "met").open("x"):
            return True
    except OSError:
        return False


class Found(Struct, frozen=True):
    """What was kept of a scenario."""

    versions: tuple[Version, ...] = ()
    typed: str = ""
    """The line that was being typed."""
    older: bool = False
    """Whether the file has been changed since."""


class Unsaved:
    """What is kept of one scenario file. Nothing is, where there is no file or no folder."""

    def __init__(self, path: Path | None, within: Path | None) -> None:
        name = hashlib.sha256(os.path.realpath(path).encode()).hexdigest()[:24] if path else ""
        self._path = path
        self._versions = within / f"{name}.json" if within and path else None
        self._line = within / f"{name}.txt" if within and path else None

    def load(self, text: str) -> Found:
        """What was kept the last time, for a file whose text is `text` now; what cannot be read is nothing."""
        if self._versions is None or self._line is None or self._path is None:
            return Found()
        typed = ""
        with suppress(OSError, UnicodeDecodeError):
            typed = self._line.read_text(encoding="utf-8")
        try:
            data = json.loads(self._versions.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                return Found((), typed)
            made = [Version(Draft.of(item["text"], self._path), str(item["words"])) for item in data["versions"]]
            for version in made:
                # read again whole: the files it names may be gone
                _ = version.draft.scenario
        except (OSError, ValueError, KeyError, TypeError, ScenarioError):
            return Found((), typed)
        return Found(tuple(made), typed, data["original"] != _digest(Draft.of(text, self._path).text))

    def keep(self, original: str, versions: Sequence[Version]) -> None:
        """Keep the versions made from a file's text, in place of what was kept; none: nothing is.

        Raises:
            OSError: they cannot be.
        """
        if self._versions is None:
            return
        if not versions:
            self._versions.unlink(missing_ok=True)
            return
        kept: list[dict[str, str]] = []
        room = MOST_BYTES
        for version in reversed(versions):
            room -= len(version.draft.text)
            if room < 0 and kept:
                break
            kept.insert(0, {"words": version.words, "text": version.draft.text})
        self._versions.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = {"format": FORMAT, "file": str(self._path), "original": _digest(original), "versions": kept}
        atomic.write(self._versions, json.dumps(data, ensure_ascii=False, indent=1))

    def type(self, text: str) -> None:
        """Keep a line while it is typed; empty: there is none.

        Raises:
            OSError: it cannot be.
        """
        if self._line is None:
            return
        if text:
            self._line.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # at every key: it outlives the program, not the machine
            atomic.write(self._line, text, sync=False)
        else:
            self._line.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
