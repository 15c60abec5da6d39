"""Saving: whole or not at all, and nothing of the file changed that was not meant to be."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.scenario.edit import Draft
from engine.scenario.save import ExistsError, SaveError, save

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "scenarios" / "softplus.toml").read_text("utf-8")
OTHER = TEXT.replace("iterations = 5", "iterations = 50")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.toml"
    path.write_text(TEXT, "utf-8")
    return path


def alone(path: Path) -> bool:
    """Whether no temporary file is left beside it."""
    return [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_new_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    mask = os.umask(0o027)
    try:
        assert save(TEXT, path) == path.resolve()
    finally:
        os.umask(mask)
    assert path.read_bytes() == TEXT.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert alone(path)


def test_a_file_is_overwritten_only_when_asked_for(old: Path) -> None:
    with pytest.raises(ExistsError, match="there is a file of this name already"):
        save(OTHER, old)
    assert old.read_text("utf-8") == TEXT
    old.chmod(0o604)
    save(OTHER, old, overwrite=True)
    assert old.read_text("utf-8") == OTHER
    assert stat.S_IMODE(old.stat().st_mode) == 0o604
    assert alone(old)


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "new.toml"
    sync = os.fsync

    def appear(file: int) -> None:
        sync(file)
        path.write_text("somebody else's", "utf-8")

    monkeypatch.setattr(os, "fsync", appear)
    with pytest.raises(ExistsError):
        save(TEXT, path)
    assert path.read_text("utf-8") == "somebody else's"
    assert alone(path)


def test_a_link_is_followed(old: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "link.toml"
    link.symlink_to(old)
    assert save(OTHER, link, overwrite=True) == old.resolve()
    assert link.is_symlink()
    assert old.read_text("utf-8") == OTHER
    circle = folder / "circle.toml"
    circle.symlink_to(circle)
    with pytest.raises(SaveError, match="lead in a circle"):
        save(OTHER, circle)


def test_line_ends_and_mark_of_the_file_are_kept(old: Path) -> None:
    before = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    old.write_bytes(before)
    save(TEXT, old, overwrite=True)
    assert old.read_bytes() == before
    save(Draft.of(old).set("iterations", 50).text, old, overwrite=True)
    assert old.read_bytes() == b"\xef\xbb\xbf" + OTHER.replace("\n", "\r\n").encode()


def test_what_does_not_read_is_not_saved(old: Path) -> None:
    with pytest.raises(SaveError, match=r"not saved, because it would not read:\n.*old\.toml:12: ") as caught:
        save(TEXT.replace('"softplus"', '"softplos"', 1), old, overwrite=True)
    assert [problem.line for problem in caught.value.problems] == [12]
    assert old.read_text("utf-8") == TEXT
    assert alone(old)
    with pytest.raises(SaveError, match="a character that UTF-8 cannot write"):
        save(TEXT.replace("2-2-1", "\ud800"), old, overwrite=True)


def test_data_that_would_not_be_found_from_there_are_said(tmp_path: Path) -> None:
    draft = Draft.of(ROOT / "scenarios" / "digits.toml")
    with pytest.raises(SaveError, match="there is no file"):
        save(draft.text, tmp_path / "copy.toml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "the disk is full: nothing was changed"),
        (errno.EIO, "the file cannot be written: input/output error"),
        (errno.EROFS, "this disk can only be read"),
        (errno.EACCES, "no permission to save in"),
    ],
)
def test_what_fails_on_the_way_leaves_nothing(old: Path, monkeypatch: Any, code: int, message: str) -> None:
    def fail(file: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SaveError, match=message):
        save(OTHER, old, overwrite=True)
    assert old.read_text("utf-8") == TEXT
    assert alone(old)


def test_an_interrupt_leaves_nothing(old: Path, monkeypatch: Any) -> None:
    def stop(file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        save(OTHER, old, overwrite=True)
    assert old.read_text("utf-8") == TEXT
    assert alone(old)


def test_places_where_nothing_can_be_saved(old: Path, tmp_path: Path) -> None:
    for path, message in (
        (tmp_path, "this is a folder"),
        (tmp_path / "none" / "a.toml", "there is no folder"),
        (old / "a.toml", "is no folder"),
        (tmp_path / ("a" * 300), "this name is too long"),
        (tmp_path / "a\0b", "this is no path"),
        (Path(os.devnull), "this is no ordinary file"),
    ):
        with pytest.raises(SaveError, match=message):
            save(TEXT, path, overwrite=True)
    assert alone(old)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_no_permission(old: Path, tmp_path: Path) -> None:
    old.chmod(0o444)
    with pytest.raises(SaveError, match="no permission to change this file"):
        save(OTHER, old, overwrite=True)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(SaveError, match="no permission to save in"):
            save(OTHER, tmp_path / "new.toml")
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are made of fork and an alarm")
def test_a_process_killed_while_saving_leaves_one_whole_file() -> None:
    script = Path(__file__).with_name("save_kills.py")
    done = subprocess.run(
        [sys.executable, str(script), "25"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    old, new, neither = map(int, done.stdout.split())
    assert (old + new, neither) == (25, 0)
