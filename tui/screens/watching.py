"""Following the file: on every save the walk is that of the file; a wrong file is said, over the last good walk."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Static

from engine.scenario.edit import Draft
from engine.scenario.errors import ScenarioError
from engine.scenario.words import count
from tui.draw.wrap import wrap
from tui.screens.keeping import Keeping
from tui.terminal import to_ascii

EVERY = 0.5
"""Seconds between two looks at the file."""
MOST_LINES = 6
"""Lines of what is wrong shown over the walk."""

Stamp = tuple[int, int]
"""When a file was written, and how large it is."""


class Watching(Keeping):
    """Reloads the scenario when its file is saved, at the same address, and marks what changed."""

    def __init__(self) -> None:
        super().__init__()
        self._stamp: Stamp | None = None

    def watch_file(self) -> None:
        """Begin to follow the file; a scenario that was made by hand has none."""
        self._stamp = _stamp(self.walk.scenario.path)
        if self._stamp is not None:
            self.set_interval(EVERY, self.look_at_file)

    def look_at_file(self) -> None:
        """Reload the file if it was saved since the last look."""
        path = self.walk.scenario.path
        stamp = _stamp(path)
        if path is None or stamp is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            draft = Draft.of(path)
            scenario = draft.scenario
        except (ScenarioError, UnicodeDecodeError) as error:
            # the name is enough: the file is the one that is walked
            self._complain(str(error).replace(str(path), path.name))
            return
        if not scenario.training.iterations:
            self._complain(f"{path.name}: there is nothing to step through: the training has no iterations")
            return
        self._complain("")
        self.edits.saved(draft)
        if draft.text != self.draft.text:
            self.take(draft, f"{path.name} was saved")

    def _complain(self, text: str) -> None:
        """Say what is wrong with the file, below the walk that is still shown; nothing: all is well."""
        said = self.query_one("#problems", Static)
        width = max(1, self.size.width - 2)
        lines = [part for line in text.split("\n") for part in wrap(line, width, 4)]
        if len(lines) > MOST_LINES:
            left = len(lines) - MOST_LINES + 1
            lines = [*lines[: MOST_LINES - 1], f"and {count(left, 'more line')}: save again, or see check"]
        shown = "\n".join(lines)
        said.update(to_ascii(shown) if self.settings.ascii else shown)
        said.display = bool(text)
        self.call_after_refresh(self.schedule)


def _stamp(path: Path | None) -> Stamp | None:
    """None where there is no such file, which a moment later there may be again."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
