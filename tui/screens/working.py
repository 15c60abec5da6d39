"""What every part of the stepper shares: the reactives, and one long computation at a time, off the screen's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from textual import on, work
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import get_current_worker

from engine.trace import Progress
from tui.commands import BY_ID, key_name
from tui.session import Session
from tui.settings import Settings
from tui.widgets.panels import Panel

if TYPE_CHECKING:
    from tui.app import StepperApp

Result = TypeVar("Result")


class Progressed(Message):
    """The computation of this number has come so far."""

    def __init__(self, number: int, done: int) -> None:
        super().__init__()
        self.number = number
        self.done = done


class Finished(Message):
    """The computation of this number has ended with a result."""

    def __init__(self, number: int, result: object) -> None:
        super().__init__()
        self.number = number
        self.result = result


class Working(Screen[None]):
    """A screen with a walk, which computes without making anybody wait."""

    cursor: reactive[int] = reactive(0, repaint=False)
    """The step the person is at."""
    shown: reactive[int] = reactive(0, repaint=False)
    """The step the panels show: follows the cursor once all waiting keys are handled."""
    session: reactive[Session | None] = reactive(None, repaint=False, always_update=True)
    settings: reactive[Settings] = reactive(Settings(), repaint=False)
    status: reactive[str] = reactive("", repaint=False)
    """What is going on, beside the words of the step."""

    app: StepperApp

    _job = 0
    """The number of the computation that runs; 0: none."""
    _jobs = 0
    _goes_on = False
    """Whether what is computed goes on while a person moves."""
    _then: Callable[[object], None]
    _said: Callable[[int], str]

    @property
    def walk(self) -> Session:
        """The session, which a stepper always has."""
        assert self.session is not None
        return self.session

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """The panels, in the order they are drawn; for a screen that is mounted."""
        return tuple(self.query(Panel))

    @property
    def computing(self) -> bool:
        """Whether a long computation runs."""
        return self._job > 0

    def compute(
        self,
        job: Callable[[Progress], Result],
        then: Callable[[Result], None],
        said: Callable[[int], str],
        goes_on: bool = False,
    ) -> None:
        """Run `job` in a thread, `said(done)` in the status meanwhile, `then(result)` when it has ended.

        A later computation takes the place of the one that runs; so does a move, unless it `goes_on`.
        """
        self.cancel()
        self._goes_on = goes_on
        self._jobs += 1
        self._job = self._jobs
        self._then = then  # type: ignore[assignment]  # the result of this very job, by its number
        self._said = said
        self.status = f"{said(0)} (Esc stops)"
        self._run_job(self._job, job)

    @work(thread=True, exclusive=True, group="compute")
    def _run_job(self, number: int, job: Callable[[Progress], object]) -> None:
        worker = get_current_worker()

        def progress(done: int) -> bool:
            if not worker.is_cancelled:
                self.post_message(Progressed(number, done))
            return not worker.is_cancelled

        result = job(progress)
        if not worker.is_cancelled:
            self.post_message(Finished(number, result))

    @on(Progressed)
    def _progressed(self, message: Progressed) -> None:
        if message.number == self._job:
            self.status = f"{self._said(message.done)} (Esc stops)"

    @on(Finished)
    def _finished(self, message: Finished) -> None:
        if message.number == self._job:
            self._job = 0
            self.status = self.idle_status()
            self._then(message.result)

    def overtake(self) -> None:
        """Stop what is computed if a move makes it pointless."""
        if not self._goes_on:
            self.cancel()

    def cancel(self) -> bool:
        """Stop what is computed; whether anything was."""
        if not self._job:
            return False
        self._job = 0
        self.workers.cancel_group(self, "compute")
        self.status = self.idle_status()
        return True

    def idle_status(self) -> str:
        """What the status says while nothing is computed."""
        return ""

    def why_not(self, command: str) -> str:
        """Why a command can do nothing as things stand; nothing where it can."""
        return ""

    def schedule(self) -> None:
        """Draw once, after every key that is already waiting."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """A word to the person, literally."""
        self.app.notify(text, markup=False)

    def key_of(self, command: str) -> str:
        """The first key of a command, as it is written; without one, what the command is called."""
        found = BY_ID[command]
        return next((key_name(key, self.settings.ascii) for key in self.app.keys(found)), found.title)
