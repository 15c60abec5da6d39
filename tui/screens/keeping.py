"""What was changed and not saved outlives the program: kept as it is made, offered when the file is opened again."""

from __future__ import annotations

from collections.abc import Callable

from tui.screens.editing import Editing
from tui.unsaved import Unsaved, folder, meet

MOST_SAID = 3
"""Changes that are named."""


class Keeping(Editing):
    """Keeps changes until they are in a file. Those of last time are there as if they had been taken back."""

    _unsaved = Unsaved(None, None)
    _offered = False
    """Whether what is kept is from last time, and nothing has been made of it."""
    _told = False
    """Whether it has been said that nothing can be kept."""

    def look_for_unsaved(self) -> None:
        """Offer what was made the last time this file was walked."""
        scenario = self.walk.scenario
        self._unsaved = Unsaved(scenario.path, folder())
        if meet(folder()):
            # until the first key
            self.status = f"{self.key_of('forward')} steps, {self.key_of('help')} helps"
        found = self._unsaved.load(scenario.text)
        self.typed = found.typed
        if found.versions:
            # the file's own version comes first
            _ = self.draft
            self.edits.restore(found.versions)
            self._offered = True
            words = ", ".join(version.words for version in found.versions[-MOST_SAID:])
            more = "… " if len(found.versions) > MOST_SAID else ""
            older = " of an older version of this file" if found.older else ""
            self.say(f"not saved last time{older}: {more}{words}. {self.key_of('redo')} makes it again, one at a time")

    def made(self) -> None:
        super().made()
        self._offered = False
        self._try(lambda: self._unsaved.keep(self.edits.first, self.edits.unsaved))

    def keep_typed(self, text: str) -> None:
        self._try(lambda: self._unsaved.type(text))

    def leave(self) -> None:
        """The walk is left by choice: what was offered and not taken is dropped."""
        if self._offered:
            self._try(lambda: self._unsaved.keep("", ()))

    def _try(self, keep: Callable[[], None]) -> None:
        try:
            keep()
        except OSError as error:
            if not self._told:
                self._told = True
                self.say(f"changes that are not saved cannot be kept: {(error.strerror or str(error)).lower()}")
