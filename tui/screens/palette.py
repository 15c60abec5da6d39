"""Textual's palette of commands, which a key may meet before its list has been laid out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette


class PaletteScreen(CommandPalette):
    """The palette of commands."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close it, if it is not closed already: see `tui.screens.dialog`."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        # a page of a list without lines yet: Textual looks for the line of its first option
        with suppress(KeyError):
            super()._action_command_list(action)
