"""`settings`: where the file of settings is, what it says, and every key."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tui.commands import COMMANDS, Command
from tui.keys import written
from tui.preferences import (
    OPTIONS,
    VARIABLE,
    Preferences,
    effective_keys,
    load_preferences,
    lone_error,
    settings_path,
    shown,
)
from tui.terminal import Writer
from tui.verbs.wrong import WrongInputError


def run(options: Namespace) -> int:
    path = settings_path()
    if options.force and not options.write:
        raise WrongInputError("--force goes with --write")
    if path is None and (options.path or options.write):
        raise WrongInputError(f"there is no file of settings: {VARIABLE} is set, and empty")
    writer = Writer()
    if options.path:
        writer.lines(str(path))
    elif options.write and path is not None:
        _write(path, options.force)
        writer.lines(f"wrote {path}")
    else:
        writer.lines(*listing(path, load_preferences(path)))
    return 0


def _write(path: Path, force: bool) -> None:
    from tui.preferences_write import template, write_text

    if not force and (path.exists() or path.is_symlink()):
        raise lone_error(path, "this file is there already: --force puts the template in its place")
    write_text(path, template())


def listing(path: Path | None, preferences: Preferences) -> list[str]:
    """Where the file is, every option with its value, and every command with its keys."""
    lines = [f"file: {_where(path)}", "", "[show]"]
    values = shown(preferences)
    for option in OPTIONS:
        value = values[option.key]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        lines += [f"  {option.key:<10} {text:<10} {option.meaning}", f"{'':24}{option.expected}"]
    lines += ["", "[keys]"]
    width = max(len(command.id) for command in COMMANDS)
    for command in COMMANDS:
        lines.append(f"  {command.id:<{width}} {_keys(command, preferences):<22} {command.title}")
    if preferences.keys:
        lines.append("  * by the file")
    return lines


def _where(path: Path | None) -> str:
    if path is None:
        return f"none ({VARIABLE} is empty)"
    return str(path) if path.exists() else f"{path} (not there: all is as it comes; --write makes one)"


def _keys(command: Command, preferences: Preferences) -> str:
    keys = effective_keys(command, preferences)
    if keys:
        return " ".join(map(written, keys)) + (" *" if command.id in preferences.keys else "")
    return "(none left)"
