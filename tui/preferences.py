"""What a person chose once and for all: how things are shown, and the keys. One TOML file, which need not exist.

`OPTIONS` is the one table of what `[show]` may hold; the reader, the template and the `settings` verb come from it.
`[keys]` gives any command of `tui.commands` other keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct, defstruct, field

from engine.plan import Granularity
from engine.scenario import limits
from engine.scenario.errors import At, Faults, Problem
from engine.scenario.source import Source, syntax_problem
from engine.scenario.syntax import SyntaxFaultError, decode, tables
from engine.scenario.tables import convert
from engine.scenario.words import did_you_mean, found, nearest
from tui.commands import BY_ID, COMMANDS, Command
from tui.keys import KeyNameError, key_of, written
from tui.settings import CARRIES, Settings
from tui.themes import AUTO, BY_NAME, BY_PALETTE
from tui.verbs.wrong import PROGRAM, WrongInputError

VARIABLE = "BACKPROP_TUI_SETTINGS"
"""Names another file; empty: no file at all."""
FIXED: Mapping[str, str] = {"ctrl+q": "quit", "ctrl+p": "palette", "ctrl+c": ""}
"""Keys the toolkit handles before any command could → the command they stay with; none: leave them alone."""
STRIDES = tuple(granularity.name.lower() for granularity in Granularity)


class Option(NamedTuple):
    """One key of `[show]`."""

    key: str
    type: Any
    """As msgspec checks it."""
    default: bool | int | str
    expected: str
    """What may be written, for people."""
    meaning: str


_DEFAULTS = Settings()


def _choice(key: str, choices: Iterable[str], default: str, meaning: str) -> Option:
    choices = tuple(choices)
    return Option(key, Literal[choices], default, ", ".join(choices), meaning)


def _switch(key: str, meaning: str) -> Option:
    return Option(key, bool, getattr(_DEFAULTS, key), "true, false", meaning)


OPTIONS: tuple[Option, ...] = (
    _choice("theme", (AUTO, *BY_NAME), AUTO, "The colours; auto: dark, or what the terminal can show"),
    Option("digits", Annotated[int, Meta(ge=1, le=17)], _DEFAULTS.digits, "1 to 17", "Significant digits in formulas"),
    _choice("stride", STRIDES, STRIDES[_DEFAULTS.granularity], "How far one step goes at first"),
    _choice(
        "carry", CARRIES, _DEFAULTS.carry, "What the lines of the network carry; auto: weight, gradient, new weight"
    ),
    _switch("big", "For projectors: larger boxes, fewer panels"),
    _switch("ascii", "ASCII characters alone; so in any case where the terminal needs it"),
    _switch("long_way", "Show the way past a shortcut"),
    _switch("whole", "Show every term of a long sum"),
)

_Show = defstruct(
    "_Show",
    [(option.key, option.type, option.default) for option in OPTIONS],
    bases=(Struct,),
    forbid_unknown_fields=True,
)


class _File(Struct, forbid_unknown_fields=True):
    show: Annotated[dict[str, Any], Meta(title="a table: [show]")] = {}
    keys: Annotated[dict[str, Any], Meta(title="a table: [keys]")] = {}


class Preferences(Struct, frozen=True):
    """What a file of settings says; without one, all as it comes."""

    settings: Settings = _DEFAULTS
    theme: str = AUTO
    """A name of `tui.palette.PALETTES`, or AUTO."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Command id → its keys by Textual's names, for the commands that were given some."""


class PreferencesError(WrongInputError):
    """A file of settings that cannot be used or written, with everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)), prefixed=len(problems) == 1 and problems[0].line is None)
        self.problems = problems


def settings_path(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where the settings are, whether or not the file exists; None: there shall be none."""
    named = environment.get(VARIABLE)
    if named is not None:
        return Path(named).expanduser() if named else None
    from platformdirs import user_config_path

    return user_config_path(PROGRAM, appauthor=False) / "settings.toml"


def load_preferences(path: Path | None) -> Preferences:
    """What the file at `path` says; the defaults where there is no file.

    Raises:
        PreferencesError: it cannot be read, or something in it is wrong.
    """
    data = None if path is None else _contents(path)
    return Preferences() if data is None else read_preferences(data, str(path))


def _contents(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(limits.MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        if path.is_dir():
            raise lone_error(path, "this is a folder; the settings are one TOML file") from None
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise lone_error(path, f"the settings cannot be read: {reason}; {VARIABLE}= goes without them") from None


def lone_error(path: Path, message: str) -> PreferencesError:
    """An error that has no line."""
    return PreferencesError((Problem(str(path), None, None, "", message, None),))


def read_preferences(data: bytes, path: str) -> Preferences:
    """What a file of settings says; `path` is what messages call it.

    Raises:
        PreferencesError: something in it is wrong.
    """
    try:
        text = decode(data)
        top = tables(text)
    except SyntaxFaultError as fault:
        raise PreferencesError((syntax_problem(fault, path),)) from None
    source, faults = Source(text, path), Faults()
    misplaced = [option.key for option in OPTIONS if option.key in top]
    for key in misplaced:
        faults.add((key,), "this key does not go here: it belongs below [show]", At.KEY)
    file = convert(
        {key: value for key, value in top.items() if key not in misplaced}, _File, (), faults, elsewhere=False
    )
    show = convert(file.get("show", {}), _Show, ("show",), faults, elsewhere=False)
    keys = _read_keys(file.get("keys", {}), source, faults)
    if faults:
        raise PreferencesError(source.problems(faults))
    theme, stride = show.pop("theme"), show.pop("stride")
    return Preferences(
        Settings(granularity=Granularity[stride.upper()], **show),
        theme if theme == AUTO else BY_NAME[theme].palette,
        keys,
    )


def _read_keys(table: Mapping[str, object], source: Source, faults: Faults) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for command, value in table.items():
        at = ("keys", command)
        if command not in BY_ID:
            near = nearest(command, BY_ID)
            hint = did_you_mean(near) if near else f"{PROGRAM} settings lists them"
            faults.add(at, f"unknown command: {hint}", At.KEY)
            continue
        if not isinstance(value, str | list) or not value:
            faults.add(at, f'expected a key, like "n", or an array of keys, like ["n", "f5"], got {found(value)}')
            continue
        mine: dict[str, None] = {}
        for index, one in enumerate([value] if isinstance(value, str) else value):
            place = at if isinstance(value, str) else (*at, index)
            try:
                if not isinstance(one, str):
                    raise KeyNameError(f'expected a key, like "n", got {found(one)}')
                key = key_of(one)
                _check_free(key, command, taken, source)
            except KeyNameError as error:
                faults.add(place, str(error))
            else:
                mine[key] = None
        taken.update(dict.fromkeys(mine, command))
        keys[command] = tuple(mine)
    return keys


def _check_free(key: str, command: str, taken: Mapping[str, str], source: Source) -> None:
    """See that a key may be this command's.

    Raises:
        KeyNameError: another command has it.
    """
    other = FIXED.get(key, command)
    if other != command:
        whose = f"always belongs to `{other}`" if other else "belongs to the terminal"
        raise KeyNameError(f"the key {written(key)} {whose}: choose another")
    if key in taken:
        line = source.line(("keys", taken[key]))
        raise KeyNameError(
            f"the key {written(key)} is given to `{taken[key]}` already, on line {line}: one command a key"
        )


def shown(preferences: Preferences) -> dict[str, bool | int | str]:
    """The value of every option, as it is written in a file."""
    values = {option.key: getattr(preferences.settings, option.key, "") for option in OPTIONS}
    theme = BY_PALETTE.get(preferences.theme)
    values["theme"] = AUTO if theme is None else theme.name
    values["stride"] = STRIDES[preferences.settings.granularity]
    return values


def effective_keys(command: Command, preferences: Preferences) -> tuple[str, ...]:
    """The keys a command has, by Textual's names; the first is the one to show.

    A key that the file gives to another command is no longer this one's, so there may be none left.
    """
    if command.id in preferences.keys:
        return preferences.keys[command.id]
    if not preferences.keys:
        return command.keys
    taken = {key for keys in preferences.keys.values() for key in keys}
    return tuple(key for key in command.keys if key not in taken)


def keymap(preferences: Preferences) -> dict[str, str]:
    """Binding id → keys with commas between, for `App.set_keymap`: of the commands whose keys are not the usual ones.

    A command with no key left is not in it: Textual itself takes a key from the command that had it, and refuses
    an empty list.
    """
    changed = ((command, effective_keys(command, preferences)) for command in COMMANDS)
    return {command.id: ",".join(keys) for command, keys in changed if keys and keys != command.keys}
