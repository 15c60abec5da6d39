"""How things are shown, all of it on one page, changed live; and kept for the next time where a person says so."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.choices import Choice
from tui.draw.wrap import clip
from tui.screens.dialog import Dialog
from tui.terminal import to_ascii

TITLE, SHOWN, WIDTH = 24, 12, 66
"""Cells of a row's name, of what is chosen, and of the row: what a dialog on 80 columns has room for."""

KEYS = "← → change, Ctrl+s keeps them for the next time, Esc closes"


class OptionsScreen(Dialog[None]):
    """A row per choice: right and left or Enter change it, at once and visibly. Ctrl+s keeps all for the next time."""

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("escape,q,o", "dismiss", "Close"),
        Binding("right,space", "change(1)", "Next"),
        Binding("left", "change(-1)", "Before"),
        Binding("ctrl+s", "keep", "Keep"),
    ]

    def __init__(
        self, choices: Callable[[], list[Choice]], change: Callable[[str, int], None], keep: Callable[[], str]
    ) -> None:
        super().__init__()
        self._choices = choices
        self._change = change
        self._keep = keep

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Options", markup=False, classes="heading")
            yield OptionList(*(Option(self._row(choice), id=choice.key) for choice in self._choices()))
            yield Static(self._plain(f"\n{KEYS}"), id="preview", markup=False)

    def action_change(self, by: int) -> None:
        rows = self.query_one(OptionList)
        at = rows.highlighted
        if at is None:
            return
        self._change(self._choices()[at].key, by)
        self.refresh_rows()

    def refresh_rows(self) -> None:
        """Show what is chosen now."""
        rows = self.query_one(OptionList)
        for place, choice in enumerate(self._choices()):
            rows.replace_option_prompt_at_index(place, self._row(choice))
        self._explain()

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        """The whole meaning of the option one is at: its row may have no room for it."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.query_one("#preview", Static).update(self._plain(f"{self._choices()[at].meaning}\n{KEYS}"))

    def on_screen_resume(self) -> None:
        self.refresh_rows()

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self.action_change(1)

    def action_keep(self) -> None:
        self.query_one("#preview", Static).update(Text(self._plain(self._keep())))

    def _row(self, choice: Choice) -> Text:
        head = f"{self._plain(choice.title):<{TITLE}}"
        shown = f"{self._plain(choice.shown):<{SHOWN}}"
        room = max(0, WIDTH - len(head) - len(shown))
        dots = "..." if self.app.has_class("ascii") else "…"
        return Text.assemble(head, (shown, "bold"), clip(self._plain(choice.meaning), room, dots))

    def _plain(self, text: str) -> str:
        return to_ascii(text) if self.app.has_class("ascii") else text
