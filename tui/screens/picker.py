"""The picker: which shipped scenario to walk."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.terminal import to_ascii
from tui.verbs.shipped import Shipped
from tui.widgets.footer import KeysFooter


class PickerScreen(Screen[str]):
    """Returns the name chosen."""

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("enter", "choose", "walk it", key_display="Enter"),
        Binding("q,ctrl+q", "app.quit", "quit"),
    ]

    def __init__(self, entries: Sequence[Shipped], ascii: bool = False) -> None:
        super().__init__()
        self._entries = entries
        self._ascii = ascii

    def compose(self) -> ComposeResult:
        yield Static("backprop-tui: which scenario shall we walk?", markup=False, classes="heading")
        yield OptionList(*(Option(_described(entry, self._ascii)) for entry in self._entries))
        yield KeysFooter()

    def action_choose(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index].name)


def _described(entry: Shipped, ascii: bool) -> Text:
    """Name, title, shape, and the description below."""
    title, description = entry.title, entry.description
    if ascii:
        title, description = to_ascii(title), to_ascii(description)
    sizes = "-".join(map(str, entry.sizes))
    return Text.assemble(
        (entry.name, "bold"), f"  {title}  ", (f"{sizes}, {entry.length}", "dim"), f"\n  {description}\n"
    )
