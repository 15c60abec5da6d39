"""A line of text asked for, with what it means shown while it is typed; and a choice among a few."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.dialog import Dialog
from tui.terminal import to_ascii

Meaning = Callable[[str], str]
"""What typed text means, in words.

Raises:
    ValueError: it means nothing; the message says why.
"""


class PromptScreen(Dialog[str | None]):
    """Returns the text entered, once it means something; None where nothing was.

    Args:
        title: what is asked for.
        hint: shown while nothing is typed.
        placeholder: examples, in the empty line.
        meaning: what the text means; raises ValueError where it means nothing, and the prompt stays open.
        value: the text to begin with, chosen whole so that typing replaces it.
    """

    BINDINGS = [Binding("escape", "cancel", "Close")]  # noqa: RUF012 - Textual's own form

    def __init__(self, title: str, hint: str, placeholder: str, meaning: Meaning, value: str = "") -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self._placeholder = placeholder
        self._meaning = meaning
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._plain(self._title), markup=False, classes="heading")
            yield Input(self._value, placeholder=self._plain(self._placeholder), id="target", select_on_focus=True)
            yield Static(self._plain(self._said(self._value)), id="preview", markup=False)

    @on(Input.Changed)
    def _preview(self, event: Input.Changed) -> None:
        if event.value != event.input.value:
            # typed on since: what the last line means is all that is wanted, and it may take a while to say
            return
        self.query_one("#preview", Static).update(self._plain(self._said(event.value)))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text:
            self.dismiss(None)
            return
        try:
            self._meaning(text)
        except ValueError as error:
            self.query_one("#preview", Static).update(self._plain(str(error)))
            return
        self.dismiss(text)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _said(self, text: str) -> str:
        text = text.strip()
        if not text:
            return self._hint
        try:
            return self._meaning(text)
        except ValueError as error:
            return str(error)

    def _plain(self, text: str) -> str:
        return to_ascii(text) if self.app.has_class("ascii") else text


class ChoiceScreen(Dialog[str | None]):
    """Returns the id of the choice made, or None. Each choice is (id, what it is, what it does)."""

    BINDINGS = [Binding("escape,q", "cancel", "Close")]  # noqa: RUF012 - Textual's own form

    def __init__(self, title: str, choices: Sequence[tuple[str, str, str]], hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._plain(self._title), markup=False, classes="heading")
            yield OptionList(*(Option(self._described(name, more), id=id) for id, name, more in self._choices))
            if self._hint:
                yield Static(self._plain(self._hint), id="preview", markup=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index][0])

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _described(self, name: str, more: str) -> Text:
        return Text.assemble((self._plain(name), "bold"), f"  {self._plain(more)}")

    def _plain(self, text: str) -> str:
        return to_ascii(text) if self.app.has_class("ascii") else text
