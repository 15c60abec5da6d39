"""The line of keys at the foot of a screen, composed anew only where it says something else."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer


class KeysFooter(Footer):
    """Textual's, without the palette's key. That one is composed anew at every change of focus, most of its cost."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._said: list[tuple[object, ...]] | None = None

    def compose(self) -> ComposeResult:
        # asked for anew: what held when the signal came may hold no more
        self._said = self._says() if self._bindings_ready else None
        yield from super().compose()

    def bindings_changed(self, screen: Screen[object]) -> None:
        if screen is not self.screen or self._said != self._says():
            super().bindings_changed(screen)

    def _says(self) -> list[tuple[object, ...]]:
        return [
            (binding.key, self.app.get_key_display(binding), binding.description, binding.action, enabled, tooltip)
            for _, binding, enabled, tooltip in self.screen.active_bindings.values()
            if binding.show
        ]
