"""Drawing the next step before its key is pressed, in the time between two keys.

A key then costs what it takes to show a drawing, not to make it. Nothing depends on it: what was prepared is taken
where it is exactly what is wanted, and where keys leave no pause nothing is prepared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from engine.structs import replace
from tui.screens.moving import Moving
from tui.settings import Settings

PAUSE = 0.006
"""Seconds without a key before anything is prepared."""
BREATH = 0.001
"""Seconds between two panels: a key that comes meanwhile waits for one of them at most."""


class Preparing(Moving):
    """Expects that a person who makes a step makes another one in the same direction."""

    _forwards = True
    _handle: asyncio.TimerHandle | None = None

    def look_ahead(self, before: int) -> None:
        """Prepare the step after the one shown, in the direction from `before`; in place of what was being prepared."""
        if before != self.shown:
            self._forwards = before < self.shown
        self.start()

    def start(self) -> None:
        """Prepare as soon as there is time."""
        self.look_away()
        self._later(PAUSE, self._prepare())

    def finish(self) -> None:
        """Prepare at once, however long it takes."""
        for _ in self._prepare():
            pass

    def look_away(self) -> None:
        """Prepare nothing more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def on_unmount(self) -> None:
        self.look_away()

    def _later(self, seconds: float, parts: Iterator[None]) -> None:
        self._handle = asyncio.get_running_loop().call_later(seconds, self._go_on, parts)

    def _go_on(self, parts: Iterator[None]) -> None:
        self._handle = None
        if next(parts, self) is not self:
            self._later(BREATH, parts)

    def _prepare(self) -> Iterator[None]:
        """One panel after the other."""
        expected = self._expected()
        if expected is None or not self.is_current or self.computing:
            return
        step, settings = expected
        if self.walk.trace.distance(self.walk.trace.plan.k_of(step)) > 1:
            return
        for panel in self.panels:
            moment = panel.moment_at(step, settings) if panel.display else None
            if moment is not None:
                panel.prepare(moment)
                yield

    def _expected(self) -> tuple[int, Settings] | None:
        """The step shown after one more key, and how; None: there is none, or nobody knows."""
        settings = self.settings
        if self._forwards and settings.hidden:
            return self.shown, replace(settings, hidden=False)
        if self.follow is not None:
            return None
        move = self.walk.forward if self._forwards else self.walk.back
        step = move(self.shown, settings.granularity)
        return None if step == self.shown else (step, replace(settings, hidden=True) if self.asking else settings)
