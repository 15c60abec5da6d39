"""The help, over the stepper."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.help import Keys, help_text, own_keys
from tui.screens.dialog import Dialog


class HelpScreen(Dialog[None]):
    """Closed by any of escape, q, ?, F1."""

    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", "Close")]  # noqa: RUF012 - Textual's own form

    def __init__(self, ascii: bool, panel: str = "", keys: Keys = own_keys) -> None:
        super().__init__()
        self._text = help_text(ascii, panel, keys)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog"):
            yield Static(Text(self._text), markup=False)
