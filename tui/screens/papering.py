"""The numbers by hand, worked by a thread where they take longer than a key may."""

from __future__ import annotations

import time

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from tui.by_hand import ByHand
from tui.screens.looking import Looking
from tui.widgets.panels import FormulaPanel

EVERY = 0.1
"""Seconds between two words on how far it is."""
BREATH = 0.001
"""Seconds given away between two pieces of work: keys come first."""


class Worked(Message):
    """There is more by hand than there was."""

    def __init__(self, by_hand: ByHand, step: int, done: bool) -> None:
        super().__init__()
        self.asked = by_hand, step
        self.done = done
        """Whether the step asked for is there."""


class Papering(Looking):
    """Sees that the step shown is worked by hand. What is asked for last is worked, and nothing else."""

    _asked: tuple[ByHand, int] | None = None
    """The walk and the step that a thread works at, or that it was stopped at."""

    def work_by_hand(self) -> None:
        """See that what the formula shows of the numbers by hand is on its way."""
        by_hand, step = self.walk.by_hand, self.cursor
        shown = by_hand is not None and self.settings.arithmetic != "exact" and self.query_one(FormulaPanel).display
        if by_hand is None or not shown or by_hand.there(step):
            self._let_go()
        elif self._asked != (by_hand, step):
            self._let_go()
            self._asked = by_hand, step
            by_hand.stopped = False
            self._work_by_hand(by_hand, step)

    def stop_by_hand(self) -> bool:
        """Stop what is worked by hand; whether anything was."""
        if self._asked is None or self._asked[0].stopped:
            return False
        self._asked[0].stopped = True
        self.workers.cancel_group(self, "by hand")
        self.schedule()
        return True

    def _let_go(self) -> None:
        """Nobody waits any more for what is worked."""
        if self._asked is not None:
            self._asked = None
            self.workers.cancel_group(self, "by hand")

    @work(thread=True, exclusive=True, group="by hand")
    def _work_by_hand(self, by_hand: ByHand, step: int) -> None:
        worker = get_current_worker()
        said = time.monotonic()

        def progress(done: int) -> bool:
            nonlocal said
            by_hand.progress = done
            time.sleep(BREATH)
            if time.monotonic() - said > EVERY:
                said = time.monotonic()
                self.post_message(Worked(by_hand, step, False))
            return not worker.is_cancelled

        if by_hand.work(step, progress) and not worker.is_cancelled:
            self.post_message(Worked(by_hand, step, True))

    @on(Worked)
    def _draw_worked(self, message: Worked) -> None:
        if message.done and message.asked == self._asked:
            self._asked = None
        self.schedule()
