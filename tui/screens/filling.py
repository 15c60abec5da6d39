"""The numbers of the curves, filled in by a thread while the curves are shown."""

from __future__ import annotations

import time

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from tui.screens.looking import Looking
from tui.session import Session
from tui.widgets.panels import CurvesPanel

WHOLE = 1_000_000_000
"""Multiplications up to which a whole walk is run for its curves, some ten seconds; a longer one as far as one is."""
EVERY = 0.1
"""Seconds between two drawings of what is there."""
BREATH = 0.001
"""Seconds given away between two pieces of work: keys come first."""


class Filled(Message):
    """There is more to draw."""


class Filling(Looking):
    """Keeps the curves of the walk filled as far as it pays."""

    _filled: Session | None = None
    """The walk that is being filled in."""

    def fill(self) -> None:
        """See that what the curves panel shows is on its way."""
        if not self.query_one(CurvesPanel).display:
            return
        walk, series = self.walk, self.walk.series
        last = walk.trace.plan.iterations - 1
        upto = last if walk.cost(last + 1) <= WHOLE else walk.trace.plan.k_of(self.cursor)
        if series.known < upto and self._filled is not walk:
            self._filled = walk
            self._fill(walk, upto)

    @work(thread=True, exclusive=True, group="curves")
    def _fill(self, walk: Session, upto: int) -> None:
        worker = get_current_worker()
        drawn = time.monotonic()

        def progress(done: int) -> bool:
            nonlocal drawn
            time.sleep(BREATH)
            if time.monotonic() - drawn > EVERY:
                drawn = time.monotonic()
                self.post_message(Filled())
            return not worker.is_cancelled

        walk.series.extend(upto, progress)
        if not worker.is_cancelled:
            self._filled = None
            self.post_message(Filled())

    @on(Filled)
    def _draw_filled(self) -> None:
        self.schedule()
