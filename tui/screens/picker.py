"""The picker: which shipped scenario to walk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option


class PickerScreen(Screen[Path]):
    """Returns the file chosen. `entries` are (file, title, description)."""

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("q,escape,ctrl+q", "app.quit", "quit"),
        Binding("enter", "select", "walk it", show=True),
    ]

    def __init__(self, entries: Sequence[tuple[Path, str, str]]) -> None:
        super().__init__()
        self._entries = entries

    def compose(self) -> ComposeResult:
        yield Static("backprop-tui: choose a scenario", markup=False, classes="heading")
        options = []
        for file, title, description in self._entries:
            text = Text.assemble((f"{file.stem}", "bold"), f"  {title}\n", (f"  {description}", "dim"))
            options.append(Option(text, id=file.stem))
        yield OptionList(*options, id="scenarios")
        yield Footer(show_command_palette=False, compact=True)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index][0])
