"""Writing the file of settings: a template of comments, and changes put beside what a person wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine import atomic
from engine.scenario.syntax import decode
from tui.commands import COMMANDS
from tui.keys import written
from tui.preferences import (
    OPTIONS,
    VARIABLE,
    Preferences,
    lone_error,
    read_preferences,
    shown,
)


def template() -> str:
    """A file of settings in which every line is a comment: what there is to choose, and the values without a file."""
    lines = [
        "# Settings of backprop-tui. All of it may be left out; remove the # of a line to change its value.",
        f"# Another file: the environment variable {VARIABLE}; empty: none.",
        "",
        "[show]",
    ]
    for option in OPTIONS:
        lines += [
            f"# {option.meaning}.",
            f"# Values: {option.expected}.",
            _commented(option.key, option.default),
        ]
    lines += [
        "",
        "[keys]",
        '# A key or several: "n", "]", "ctrl+g", "f5", "space", "pagedown", "shift+tab".',
        "# A key given to one command is taken from the command that has it otherwise.",
    ]
    for command in COMMANDS:
        lines += [f"# {command.title}: {command.help}.", _commented(command.id, _keys(command.keys))]
    return "\n".join(lines) + "\n"


def save_preferences(preferences: Preferences, path: Path) -> None:
    """Put preferences into the file at `path`, or into a new one. Comments and the order of a file are kept.

    Raises:
        PreferencesError: the file there is wrong, and is left alone, or it cannot be written.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise lone_error(path, f"the settings cannot be read: {(error.strerror or str(error)).lower()}") from None
    before = read_preferences(data, str(path))
    text = _changed(decode(data) or template(), before, preferences)
    after = read_preferences(text.encode(), str(path))
    if (shown(after), after.keys) != (shown(preferences), dict(preferences.keys)):
        raise lone_error(path, "the settings are written in a way that cannot be changed from here: edit the file")
    write_text(path, text.replace("\n", "\r\n") if b"\r\n" in data else text)


def write_text(path: Path, text: str) -> None:
    """Write a file of settings, its folder too.

    Raises:
        PreferencesError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, text)
    except OSError as error:
        raise lone_error(path, f"the settings cannot be written: {(error.strerror or str(error)).lower()}") from None


def _changed(text: str, before: Preferences, after: Preferences) -> str:
    """The text of a file of settings with what differs between two preferences put into it."""
    import tomlkit

    old, new = shown(before), shown(after)
    show = {option.key: new[option.key] for option in OPTIONS if new[option.key] != old[option.key]}
    keys = {name: _keys(given) for name, given in after.keys.items() if before.keys.get(name) != given}
    defaults = {option.key: option.default for option in OPTIONS}
    usual = {command.id: _keys(command.keys) for command in COMMANDS}
    for key, value in show.items():
        text = _uncommented(text, "show", key, defaults[key], value)
    for name, given in keys.items():
        text = _uncommented(text, "keys", name, usual[name], given)
    document: Any = tomlkit.parse(text)
    changes: dict[str, dict[str, Any]] = {"show": show, "keys": keys}
    for table, values in changes.items():
        if values and table not in document:
            document[table] = tomlkit.table()
        for key, value in values.items():
            document[table][key] = value
    for name in before.keys.keys() - after.keys.keys():
        document["keys"].remove(name)
    return tomlkit.dumps(document)


def _uncommented(text: str, table: str, key: str, usual: object, value: object) -> str:
    """`text` with the template's line for a key, if it stands below its table's header still, made a real one."""
    header = re.search(rf"^\[{table}\][^\n]*\n", text, re.MULTILINE)
    if header is None:
        return text
    after = re.compile(r"^\[", re.MULTILINE).search(text, header.end())
    end = after.start() if after else len(text)
    line = f"{_commented(key, usual)}\n"
    at = text.find("\n" + line, header.end() - 1, end)
    return text if at < 0 else f"{text[: at + 1]}{key} = {json.dumps(value)}\n{text[at + 1 + len(line) :]}"


def _commented(key: str, value: object) -> str:
    return f"# {key} = {json.dumps(value)}"


def _keys(keys: tuple[str, ...]) -> str | list[str]:
    """Keys as they are written in a file: one alone needs no array."""
    names = [written(key) for key in keys]
    return names[0] if len(names) == 1 else names
