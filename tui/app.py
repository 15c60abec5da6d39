"""The terminal app: themes, the screens, and the palette of commands.

What walks and draws is imported once the first screen stands: the engine and its arrays take longer than all the rest.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen
from textual.theme import Theme

from tui.commands import COMMANDS, Command, key_name
from tui.palette import PALETTES, Palette
from tui.screens.opening import OpeningScreen
from tui.terminal import to_ascii
from tui.themes import AUTO, next_theme
from tui.verbs.wrong import WrongInputError

if TYPE_CHECKING:
    from engine.scenario.model import Scenario
    from tui.preferences import Preferences
    from tui.session import Session
    from tui.settings import Settings

DARK, LIGHT, MONO, SIXTEEN = "backprop-dark", "backprop-light", "backprop-mono", "ansi-dark"

NO_STEPS = "there is nothing to step through: the training has no iterations (`eval` and `check` work all the same)"


class StepperApp(App[None]):
    """Walks one scenario; without one, lets a person pick a shipped one first.

    Args:
        scenario: what to walk; a function that reads it while the first screen stands; or None.
        at: the step to open at: its number from 0, or text that leads to it.
        ascii: draw with ASCII alone.
        lecturer: show the notes that are for the lecturer alone, too.
        preferences: what a person set once and for all; None: nothing.
    """

    TITLE = "backprop-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        scenario: Scenario | Callable[[], Scenario] | None,
        at: int | str | None = 0,
        ascii: bool = False,
        preferences: Callable[[], Preferences] | None = None,
        name: str = "",
        lecturer: bool = False,
    ) -> None:
        # Textual takes NO_COLOR out of the environment when it starts
        self._colourless = "NO_COLOR" in os.environ
        super().__init__()
        self._scenario = scenario
        self._at = at
        self._ascii = ascii
        self._read_preferences = preferences
        self._name_shown = name
        self._lecturer = lecturer
        self._keys: dict[str, tuple[str, ...]] = {}
        self._commands: dict[str, str] = {}
        self.preferences: Preferences | None = None
        self.wrong: WrongInputError | None = None
        """What was wrong with the input, to be said once the screen is given back."""
        for palette_name, palette in PALETTES.items():
            if not palette_name.startswith("ansi"):
                self.register_theme(_theme(palette))

    @property
    def palette(self) -> Palette:
        """The colours of the moment."""
        return PALETTES.get(self.theme) or PALETTES[DARK if self.current_theme.dark else LIGHT]

    def keys(self, command: Command) -> tuple[str, ...]:
        """The keys of a command, as they are set."""
        return self._keys.get(command.id, command.keys)

    def command_of(self, key: str) -> str:
        """The command a key is set to; nothing where it is set to none."""
        if not self._commands:
            self._commands = {key: command.id for command in COMMANDS for key in self.keys(command)}
        return self._commands.get(key, "")

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.theme = self._first_theme()
        self.set_class(self._ascii, "ascii")
        if self._scenario is None or callable(self._scenario) or self._read_preferences:
            self.push_screen(OpeningScreen(self._name_shown))
            self.call_after_refresh(self._open)
        else:
            scenario = self._scenario
            self._try(lambda: self._walk(scenario))

    def _open(self) -> None:
        """Read what has to be read, now that a screen stands."""
        self._try(self._read)
        # what is there by now stays: the collector need not look through it at every thousand cells drawn
        gc.collect()
        gc.freeze()

    def _read(self) -> None:
        if self._read_preferences is not None:
            self._prefer(self._read_preferences())
        scenario = self._scenario() if callable(self._scenario) else self._scenario
        if scenario is None:
            self._pick()
        else:
            self._walk(scenario)

    def _try(self, opening: Callable[[], None]) -> None:
        """Open something; where the input is wrong, leave, and let it be said once the screen is given back."""
        try:
            opening()
        except WrongInputError as error:
            self.wrong = error
            self.exit(return_code=2)

    def _prefer(self, preferences: Preferences) -> None:
        from tui.preferences import effective_keys, keymap

        self.preferences = preferences
        self._keys = {command.id: effective_keys(command, preferences) for command in COMMANDS}
        self._commands = {}
        self.set_keymap(keymap(preferences))
        if preferences.theme != AUTO and not self._colourless:
            self.theme = preferences.theme
        self._ascii = self._ascii or preferences.settings.ascii
        self.set_class(self._ascii, "ascii")

    def _pick(self) -> None:
        from tui.screens.picker import PickerScreen
        from tui.verbs.shipped import shipped

        self.push_screen(PickerScreen(list(shipped()), self._ascii), self._picked)

    def _picked(self, name: str | None) -> None:
        from tui.verbs.load import load

        if name is not None:
            self._try(lambda: self._walk(load(name)))

    def _walk(self, scenario: Scenario) -> None:
        from engine.plan import PlanError
        from engine.structs import replace
        from tui.screens.stepper import StepperScreen
        from tui.session import Session
        from tui.settings import Settings
        from tui.verbs.load import start_of

        try:
            session: Session = Session(scenario)
        except PlanError as error:
            raise WrongInputError(f"{scenario.path}: {error}") from None
        if session.last < 0:
            raise WrongInputError(f"{scenario.path or scenario.title}: {NO_STEPS}")
        at = self._at if isinstance(self._at, int) else start_of(session, self._at)
        settings = self.preferences.settings if self.preferences else Settings()
        self.push_screen(StepperScreen(session, replace(settings, ascii=self._ascii, lecturer=self._lecturer), at))

    def next_theme(self, by: int = 1) -> None:
        """The next of the themes; without colour, or with sixteen, there is one palette."""
        if self.theme == MONO or self.theme.startswith("ansi"):
            self.notify("this terminal's colours are used as they are: there is one palette", markup=False)
        else:
            self.theme = next_theme(self.theme, by)

    def keep(self, settings: Settings) -> str:
        """Write what is chosen to the file of settings; where it is, or why it could not be written."""
        from engine.structs import replace
        from tui.preferences import Preferences, PreferencesError, settings_path
        from tui.preferences_write import save_preferences

        path = settings_path()
        if path is None:
            return "there is no file of settings: BACKPROP_TUI_SETTINGS is empty"
        kept = replace(self.preferences or Preferences(), settings=settings, theme=self.theme)
        try:
            save_preferences(kept, path)
        except PreferencesError as error:
            return str(error)
        return f"kept in {path}"

    def watch_theme(self, theme: str) -> None:
        for screen in self.screen_stack:
            if hasattr(screen, "schedule"):
                screen.schedule()

    def picture(self) -> str:
        """The screen as SVG. It fetches no font from anywhere."""
        svg = re.sub(r"@font-face \{.*?\}", "", self.export_screenshot(title=self.TITLE), flags=re.DOTALL)
        return re.sub(r"[ \t]+$", "", svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas"), flags=re.MULTILINE)

    def action_command_palette(self) -> None:
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            dots = "..." if self.has_class("ascii") else "…"
            from tui.screens.palette import PaletteScreen

            self.push_screen(PaletteScreen(placeholder=f"Search for commands{dots}", id="--command-palette"))

    def get_key_display(self, binding: Binding) -> str:
        return key_name(binding.key, self.has_class("ascii"))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"rule": "ansi_bright_black"}

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command of the stepper, by the same table as the keys; one that can do nothing says why."""
        ascii = self.has_class("ascii")
        for command in COMMANDS:
            action = getattr(screen, f"action_{command.id}", None)
            if action is None or command.id in ("palette", "escape") or not hasattr(screen, "why_not"):
                continue
            title = to_ascii(command.title) if ascii else command.title
            why = screen.why_not(command.id)
            keys = ", ".join(key_name(key, ascii) for key in self.keys(command))
            said = f"{command.help} ({keys})" if keys else command.help
            yield SystemCommand(title, f"not now: {why}" if why else said, action if not why else _nothing)

    def _first_theme(self) -> str:
        if self._colourless:
            return MONO
        if self.console.color_system == "standard" or os.environ.get("TERM") == "linux":
            return SIXTEEN
        return DARK


def _nothing() -> None:
    """What a command does that can do nothing."""


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
