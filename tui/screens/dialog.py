"""What every screen over the walk has in common: it closes once."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A screen over another one.

    Enter closes it by a message of the widget that has the keys, Escape by an action: where both wait, the first one
    closes it, and the other must not close what is below.
    """

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it with a result; nothing, if it is closed already."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
