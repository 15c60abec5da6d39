"""What stands on the screen while the scenario is read."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Static


class OpeningScreen(Screen[None]):
    """One line of words."""

    BINDINGS = [Binding("q,ctrl+q", "app.quit", "quit")]  # noqa: RUF012 - Textual's own form

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name_shown = name

    def compose(self) -> ComposeResult:
        yield Static(f"backprop-tui  {self._name_shown}", markup=False, classes="heading")
