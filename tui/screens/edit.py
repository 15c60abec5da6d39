"""What if: the line in which a change is typed, with what it would do to the step shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events, on
from textual.widgets import Input

from tui.edits import nudged
from tui.screens.prompt import PromptScreen


class EditScreen(PromptScreen):
    """Returns an edit as text. Up and down move its number, Tab goes to the next given number.

    Args:
        suggestions: edits that change nothing yet, nearest first: `W[1][1,2] = 0.5`.
        meaning: what an edit would do; raises ValueError where it cannot be made.
        keep: told the line whenever it changes, but for the suggestions.
        value: a line to begin with; empty: the nearest suggestion.
    """

    def __init__(
        self,
        suggestions: Sequence[str],
        meaning: Callable[[str], str],
        keep: Callable[[str], None],
        value: str = "",
    ) -> None:
        super().__init__(
            "What if …   (↑ ↓ change the number, Tab: another)",
            "like W[1][1,2] = 0.7, lr = 0.1, activation[1] = tanh, loss = mean_squared_error, seed = 3",
            "what = value",
            meaning,
            value or (suggestions[0] if suggestions else ""),
        )
        self._keep = keep
        self._suggestions = suggestions
        self._at = 0

    @on(Input.Changed)
    def _keep_line(self, event: Input.Changed) -> None:
        self._keep("" if event.value in self._suggestions else event.value)

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
