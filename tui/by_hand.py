"""A walk worked by hand, for a screen: what is there is shown at once, what takes longer is worked by a thread.

Whoever draws never waits: a step is either there, or is worked on the spot because that is nothing, or is missing.
"""

from __future__ import annotations

from threading import Lock

from engine.hand.bounds import HandError
from engine.hand.trace import HandTrace
from engine.printers.base import Printer
from engine.printers.hand import OnPaper, on_paper, paper_lines, refusal
from engine.printers.lines import Line
from engine.trace import Progress, Trace

AT_ONCE = 1_000
"""Operations worked on the spot, some 5 ms."""
KEPT = 256
"""Steps whose numbers are kept."""


class ByHand:
    """The steps of one walk by hand, as far as they have been worked."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.hand = HandTrace(trace)
        self._found: dict[int, OnPaper | HandError] = {}
        self._working = Lock()
        self.progress = 0
        """Updates worked by the thread that is at it, or was last."""
        self.stopped = False
        """Whether a person has stopped it."""

    def there(self, step: int) -> bool:
        """Whether a step can be shown now; it is worked if that takes no time and nobody else is working."""
        if step in self._found:
            return True
        if self.hand.effort(step) > AT_ONCE or not self._working.acquire(blocking=False):
            return False
        try:
            self._keep(step)
        finally:
            self._working.release()
        return True

    def work(self, step: int, progress: Progress) -> bool:
        """Work a step, in a thread; False if `progress` stopped it."""
        with self._working:
            if step not in self._found:
                try:
                    if not self.hand.work_to(step, progress):
                        return False
                except HandError as error:
                    self._put(step, error)
                else:
                    self._keep(step)
        return True

    def paper(self, step: int) -> OnPaper | None:
        """What came of a step; None where it is not there yet, or is not worked at all."""
        found = self._found.get(step) if self.there(step) else None
        return found if isinstance(found, OnPaper) else None

    def refused(self, step: int) -> bool:
        """Whether a step is known to be too far."""
        return isinstance(self._found.get(step), HandError)

    def lines(self, step: int, printer: Printer, hidden: bool = False) -> list[Line]:
        """What is said of a step: `engine.printers.hand.paper_lines`, or how far its working is."""
        found = self._found.get(step) if self.there(step) else None
        if found is None:
            how = "stopped at" if self.stopped else "being worked,"
            then = "any move goes on" if self.stopped else "Esc stops"
            k = self.trace.plan.k_of(step)
            return [Line("hand", "by hand:", "", f"{how} update {min(self.progress, k):,} of {k:,} ({then})")]
        if isinstance(found, HandError):
            return [refusal(found, printer)]
        return paper_lines(found, printer, hidden)

    def _keep(self, step: int) -> None:
        try:
            self._put(step, on_paper(self.trace, self.hand, step))
        except HandError as error:
            self._put(step, error)

    def _put(self, step: int, found: OnPaper | HandError) -> None:
        while len(self._found) >= KEPT:
            del self._found[next(iter(self._found))]
        self._found[step] = found
