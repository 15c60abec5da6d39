"""Saving a scenario: the file is afterwards the old one or the new one, whole, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from engine.scenario.errors import Problem, ScenarioError
from engine.scenario.read import read_text
from engine.scenario.words import quoted

_BOM = b"\xef\xbb\xbf"


class SaveError(ValueError):
    """A text that was not saved; the file is as it was. The message says why.

    Args:
        message: what was expected and what was found.
        problems: where the text is no scenario, its problems.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class ExistsError(SaveError):
    """There is a file already, and overwriting it was not asked for."""


def save(text: str, path: Path | str, *, overwrite: bool = False) -> Path:
    """Write a scenario's text to a file in one piece; the path written, links followed.

    The text is read first, as a scenario at that path. A text of plain newlines takes the line ends of the file it
    replaces, and every text its byte-order mark and its permissions. It is written to a file beside it, brought to
    the disk and put in its place; a process that is killed can leave that file, `.….tmp`, and nothing worse.

    Raises:
        SaveError: the text does not read, or cannot be written there.
        ExistsError: the file is there, and `overwrite` is false.
    """
    try:
        return _save(text, Path(os.path.realpath(path)), Path(path), overwrite)
    except OSError as error:
        raise SaveError(f"{path}: {_reason(error, Path(path))}") from None
    except UnicodeEncodeError as error:
        raise SaveError(
            f"{path}: the text has a character that UTF-8 cannot write, {error.object[error.start]!r}"
        ) from None
    except ValueError as error:
        if isinstance(error, SaveError):
            raise
        raise SaveError(f"{path}: this is no path: {error}") from None


def _save(text: str, target: Path, shown: Path, overwrite: bool) -> Path:
    mode: int | None = None
    data = text.encode("utf-8")
    try:
        there = target.lstat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise SaveError(f"{shown}: there is no folder {quoted(str(target.parent))} to save in") from None
    else:
        if stat.S_ISLNK(there.st_mode):
            raise SaveError(f"{shown}: these links lead in a circle")
        if stat.S_ISDIR(there.st_mode):
            raise SaveError(f"{shown}: this is a folder: name a file")
        if not stat.S_ISREG(there.st_mode):
            raise SaveError(f"{shown}: this is no ordinary file")
        if not overwrite:
            raise ExistsError(f"{shown}: there is a file of this name already")
        if not os.access(target, os.W_OK):
            raise SaveError(f"{shown}: no permission to change this file")
        mode = stat.S_IMODE(there.st_mode)
        data = _styled(data, target.read_bytes())
    try:
        read_text(data, target)
    except ScenarioError as error:
        raise SaveError(f"not saved, because it would not read:\n{error}", error.problems) from None
    beside = target.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        _write(data, beside, mode)
        if overwrite:
            beside.replace(target)
        else:
            _place(beside, target, shown)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return target


def _styled(data: bytes, old: bytes) -> bytes:
    """The text with the line ends and the byte-order mark of the one it replaces."""
    lines = old.count(b"\n")
    if lines and old.count(b"\r\n") == lines and b"\r\n" not in data:
        data = data.replace(b"\n", b"\r\n")
    return _BOM + data if old.startswith(_BOM) and not data.startswith(_BOM) else data


def _write(data: bytes, path: Path, mode: int | None) -> None:
    """A new file, on the disk when this returns."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        path.chmod(mode)


def _place(beside: Path, target: Path, shown: Path) -> None:
    """Give a new file its name, unless somebody else has taken it meanwhile."""
    try:
        os.link(beside, target)
    except FileExistsError:
        raise ExistsError(f"{shown}: there is a file of this name already") from None
    except OSError:
        # a file system without hard links: the check before is all there is
        beside.replace(target)


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _reason(error: OSError, path: Path) -> str:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"no permission to save in {quoted(str(path.parent))}"
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full: nothing was changed"
        case errno.EROFS:
            return "this disk can only be read"
        case errno.ENAMETOOLONG:
            return "this name is too long"
        case errno.ENOTDIR:
            return f"{quoted(str(path.parent))} is no folder"
        case _:
            return f"the file cannot be written: {(error.strerror or str(error)).lower()}"
