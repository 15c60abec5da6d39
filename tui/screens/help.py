"""The help: every key from the one table of commands, and what the marks on the screen mean."""

from __future__ import annotations

from itertools import groupby

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.commands import COMMANDS, key_name
from tui.draw.wrap import wrap
from tui.terminal import to_ascii

LEGEND = (
    ("heavy box, heavy line", "what this step computes"),
    ("dashed line", "a negative weight; solid: positive"),
    ("number in a box", "forwards z, then a; backwards ∂L/∂a, then δ"),
    ("number at a line", "the weight; its gradient, then its new value, while they are computed"),
    ("≈", "the number before or after it is rounded"),
    ("·", "not computed yet"),
)

WIDTH = 70
"""Cells of a line: what a dialog on 80 columns has room for."""


class HelpScreen(ModalScreen[None]):
    """Closed by any of escape, q, ?, F1."""

    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", "Close")]  # noqa: RUF012 - Textual's own form

    def __init__(self, ascii: bool) -> None:
        super().__init__()
        self._ascii = ascii

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog"):
            yield Static(Text(help_text(self._ascii)), markup=False)


def help_text(ascii: bool) -> str:
    """All the help as text."""

    def plain(text: str) -> str:
        return to_ascii(text.replace("·", ".")) if ascii else text

    lines: list[str] = []
    for group, commands in groupby(COMMANDS, key=lambda command: command.group):
        lines.append(group.upper())
        for command in commands:
            keys = " ".join(key_name(key, ascii) for key in command.keys)
            said = f"  {keys:<14} {command.title}: {command.help[:1].lower()}{command.help[1:]}"
            lines += wrap(plain(said), WIDTH, 17)
        lines.append("")
    lines.append("ON THE SCREEN")
    for mark, meaning in LEGEND:
        lines += wrap(plain(f"  {mark:<22} {meaning}"), WIDTH, 25)
    return "\n".join(lines)
