"""Files that a scenario names: in its own folder or below, and nowhere else.

A scenario is often somebody else's. Whatever path it names, and whatever a link on the way to it points to, it
reads nothing outside the folder it lies in.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from engine.scenario.words import did_you_mean, nearest, quoted


class FileFaultError(Exception):
    """A file that may not be read, or cannot. The message says why."""


def find(name: str, scenario: Path) -> Path:
    """The file that a scenario calls `name`.

    Raises:
        FileFaultError: it is not in the scenario's folder or below, or it is not there.
    """
    posix = PurePosixPath(name)
    if posix.is_absolute() or PureWindowsPath(name).drive:
        raise FileFaultError("expected a path from the scenario's own folder, not from the root of a disk")
    if "\0" in name:
        raise FileFaultError("the name of a file holds no NUL character")
    if "\\" in name:
        raise FileFaultError("folders are parted by /, on every system")
    if ".." in posix.parts:
        raise FileFaultError("a scenario reads files of its own folder and below only: no ..")
    try:
        folder = scenario.parent.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise FileFaultError("a link leads out of the scenario's folder: only files there and below are read")
        if path.is_symlink():  # from Python 3.13 on, links in a circle are left as they are
            raise RuntimeError
        if path.is_file():
            return path
        is_folder, there = path.is_dir(), path.exists()
    except RuntimeError:
        raise FileFaultError(f"{quoted(name)} is a link that leads back to itself") from None
    except (OSError, ValueError) as error:  # a name that is too long
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise FileFaultError(f"the file cannot be read: {reason}") from None
    if is_folder:
        raise FileFaultError(f"{quoted(name)} is a folder: expected a file")
    if there:
        raise FileFaultError(f"{quoted(name)} is no file that could be read")
    raise FileFaultError(f"there is no file {quoted(name)} beside the scenario{_nearby(path, posix)}")


def contents(name: str, scenario: Path, limit: int) -> bytes:
    """What is in the file that a scenario calls `name`.

    Raises:
        FileFaultError: as `find`, or it cannot be read, or it is longer than `limit` bytes.
    """
    path = find(name, scenario)
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileFaultError(f"the file cannot be read: {reason}") from None
    if len(data) > limit:
        raise FileFaultError(f"the file is too large: at most {limit / 2**20:g} MiB are read")
    return data


def _nearby(path: Path, name: PurePosixPath) -> str:
    """The file of the same folder that was probably meant."""
    try:
        names = [one.name for one in path.parent.iterdir() if one.suffix == path.suffix]
    except OSError:
        return ""
    near = nearest(path.name, names)
    return ": " + did_you_mean([str(name.parent / one) for one in near]) if near else ""
