"""What if: the line in which a change is typed, with what it would do to the step shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events, on, work
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from engine.trace import Progress
from tui.edits import Trial, nudged
from tui.screens.prompt import PromptScreen


class Seen(Message):
    """What a change does to a step that is far."""

    def __init__(self, line: str, words: str) -> None:
        super().__init__()
        self.line = line
        self.words = words


class EditScreen(PromptScreen):
    """Returns an edit as text. Up and down move its number, Tab goes to the next given number.

    What it does to a step that is far is computed while one looks on, the last line that was typed alone.

    Args:
        suggestions: edits that change nothing yet, nearest first: `W[1][1,2] = 0.5`.
        tried: what an edit would do; raises ValueError where it cannot be made.
        keep: told the line whenever it changes, but for the suggestions.
        value: a line to begin with; empty: the nearest suggestion.
    """

    def __init__(
        self,
        suggestions: Sequence[str],
        tried: Callable[[str], Trial],
        keep: Callable[[str], None],
        value: str = "",
    ) -> None:
        super().__init__(
            "What if …   (↑ ↓ change the number, Tab: another)",
            "like W[1][1,2] = 0.7, lr = 0.1, activation[1] = tanh, loss = mean_squared_error, seed = 3",
            "what = value",
            self._meant,
            value or (suggestions[0] if suggestions else ""),
        )
        self._tried = tried
        self._trial: Trial | None = None
        """Of the line as it stands."""
        self._keep = keep
        self._suggestions = suggestions
        self._at = 0

    def _meant(self, text: str) -> str:
        self._trial = None
        self._trial = self._tried(text)
        return self._trial.words

    @on(Input.Changed)
    def _line_changed(self, event: Input.Changed) -> None:
        self._keep("" if event.value in self._suggestions else event.value)
        self.workers.cancel_group(self, "trial")
        # after what it means has been said
        self.call_next(self._look_further, event.value)

    def _look_further(self, line: str) -> None:
        if self._trial and self._trial.further and line == self.query_one(Input).value:
            self._try_further(line, self._trial.further)

    @work(thread=True, exclusive=True, group="trial")
    def _try_further(self, line: str, further: Callable[[Progress], str | None]) -> None:
        worker = get_current_worker()
        words = further(lambda _: not worker.is_cancelled)
        if words is not None and not worker.is_cancelled:
            self.post_message(Seen(line, words))

    @on(Seen)
    def _say_further(self, message: Seen) -> None:
        if message.line == self.query_one(Input).value:
            self.query_one("#preview", Static).update(self._plain(message.words))

    def on_key(self, event: events.Key) -> None:
        line = self.query_one(Input)
        if event.key in ("up", "down"):
            line.value = nudged(line.value, 1 if event.key == "up" else -1)
            line.cursor_position = len(line.value)
        elif event.key in ("tab", "shift+tab") and self._suggestions:
            self._at = (self._at + (1 if event.key == "tab" else -1)) % len(self._suggestions)
            line.value = self._suggestions[self._at]
            line.cursor_position = len(line.value)
        else:
            return
        event.stop()
        event.prevent_default()
