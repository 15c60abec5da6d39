"""The terminal app: themes, the screens, and the palette of commands."""

from __future__ import annotations

import os
from collections.abc import Iterable

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import Theme

from engine.scenario.model import Scenario
from tui.commands import COMMANDS, key_name
from tui.palette import ANSI, PALETTES, Palette
from tui.screens.picker import PickerScreen
from tui.screens.stepper import StepperScreen
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii
from tui.verbs.load import load
from tui.verbs.shipped import shipped

DARK, LIGHT, MONO = "backprop-dark", "backprop-light", "backprop-mono"
SIXTEEN = "ansi-dark"


class StepperApp(App[None]):
    """Walks one scenario; without one, lets a person pick a shipped one first.

    Args:
        scenario: what to walk, or None.
        at: the step to open at, from 0.
        ascii: draw with ASCII alone.
    """

    TITLE = "backprop-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, scenario: Scenario | None, at: int = 0, ascii: bool = False) -> None:
        # Textual takes NO_COLOR out of the environment when it starts
        self._colourless = "NO_COLOR" in os.environ
        super().__init__()
        self._scenario = scenario
        self._at = at
        self._ascii = ascii
        for name, palette in PALETTES.items():
            if name not in ANSI:
                self.register_theme(_theme(palette))

    @property
    def palette(self) -> Palette:
        """The colours of the moment."""
        return PALETTES.get(self.theme) or PALETTES[DARK if self.current_theme.dark else LIGHT]

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.theme = self._first_theme()
        self.set_class(self._ascii, "ascii")
        if self._scenario is None:
            self.push_screen(PickerScreen(list(shipped()), self._ascii), self._picked)
        else:
            self._walk(self._scenario)

    def _picked(self, name: str | None) -> None:
        if name is not None:
            self._walk(load(name))

    def _walk(self, scenario: Scenario) -> None:
        session = Session(scenario)
        if session.last < 0:
            self.exit(return_code=2, message="this walk has no steps: its training has no iterations")
            return
        self.push_screen(StepperScreen(session, Settings(ascii=self._ascii), self._at))

    def toggle_dark(self) -> None:
        """Between dark and light; without colour, or with sixteen, there is one palette."""
        if self.theme in (MONO, *ANSI):
            self.notify("this terminal's colours are used as they are: there is one palette", markup=False)
        else:
            self.theme = LIGHT if self.theme == DARK else DARK

    def watch_theme(self, theme: str) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, StepperScreen):
                screen.schedule()

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            dots = "..." if self._ascii else "…"
            self.push_screen(CommandPalette(placeholder=f"Search for commands{dots}", id="--command-palette"))

    def get_key_display(self, binding: Binding) -> str:
        return key_name(binding.key, self._ascii)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"rule": "ansi_bright_black"}

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command of the stepper, by the same table as the keys."""
        if isinstance(screen, StepperScreen):
            for command in COMMANDS:
                if command.id not in ("palette", "escape"):
                    title = to_ascii(command.title) if self._ascii else command.title
                    yield SystemCommand(title, command.help, getattr(screen, f"action_{command.id}"))

    def _first_theme(self) -> str:
        if self._colourless:
            return MONO
        if self.console.color_system == "standard" or os.environ.get("TERM") == "linux":
            return SIXTEEN
        return DARK


def _theme(palette: Palette) -> Theme:
    colours = dict(palette.colours)
    return Theme(
        palette.name,
        primary=colours.get("primary", "#56B4E9"),
        accent=colours.get("accent"),
        background=colours.get("background"),
        surface=colours.get("surface"),
        foreground=colours.get("foreground"),
        dark=palette.dark,
        variables={"rule": colours.get("rule", "#646B78")},
    )
