"""`settings`: what it says, what it writes, and that a wrong file ends in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui.commands import COMMANDS
from tui.main import main
from tui.preferences import OPTIONS, VARIABLE, Preferences, load_preferences
from tui.preferences_write import template


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of settings, which is not there yet."""
    path = tmp_path / "folder" / "s.toml"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def said(capsys: Any, *options: str, status: int = 0) -> tuple[list[str], list[str]]:
    """What `settings` wrote to its two streams."""
    assert main(["settings", *options]) == status
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err.splitlines()


def test_without_a_file(path: Path, capsys: Any) -> None:
    out, _ = said(capsys)
    assert out[0] == f"file: {path} (not there: all is as it comes; --write makes one)"
    listed = [line.split()[0] for line in out if line.startswith("  ") and not line.startswith("   ")]
    assert listed == [*(option.key for option in OPTIONS), *(command.id for command in COMMANDS)]
    assert any(line.split()[:4] == ["forward", "right", "l", "pagedown"] for line in out)
    assert not path.parent.exists()


def test_with_a_file(path: Path, capsys: Any) -> None:
    path.parent.mkdir()
    path.write_text('show.theme = "light"\nshow.big = true\nkeys.help = ["]", "up"]\n')
    out, _ = said(capsys)
    assert out[0] == f"file: {path}"
    words = [line.split() for line in out]
    assert ["theme", "light"] in [line[:2] for line in words]
    assert ["big", "true"] in [line[:2] for line in words]
    assert ["help", "]", "up", "*", "Help"] in words
    assert ["coarser", "(none", "left)", "Coarser", "steps"] in words
    assert out[-1] == "  * by the file"


def test_no_file_at_all(capsys: Any) -> None:
    assert said(capsys)[0][0] == f"file: none ({VARIABLE} is empty)"
    for option in ("--path", "--write"):
        out, err = said(capsys, option, status=2)
        assert (out, err) == ([], [f"backprop-tui: there is no file of settings: {VARIABLE} is set, and empty"])


def test_path_alone(path: Path, capsys: Any) -> None:
    assert said(capsys, "--path")[0] == [str(path)]
    path.parent.mkdir()
    path.write_text("show.digits = 99")
    assert said(capsys, "--path")[0] == [str(path)]


def test_write(path: Path, capsys: Any) -> None:
    assert said(capsys, "--write")[0] == [f"wrote {path}"]
    assert path.read_text("utf-8") == template()
    assert load_preferences(path) == Preferences()
    path.write_text("show.digits = 3")
    out, err = said(capsys, "--write", status=2)
    assert out == []
    assert err == [f"backprop-tui: {path}: this file is there already: --force puts the template in its place"]
    assert path.read_text() == "show.digits = 3"
    assert said(capsys, "--write", "--force")[0] == [f"wrote {path}"]
    assert path.read_text("utf-8") == template()


def test_a_wrong_file(path: Path, capsys: Any) -> None:
    path.parent.mkdir()
    path.write_text("[show]\ndigits = 99\ntheme = 'drak'\n")
    out, err = said(capsys, status=2)
    assert out == []
    assert err[:3] == [
        f"{path}:2: show.digits: expected a whole number of at most 17, got 99",
        "  2 | digits = 99",
        "    |          ^",
    ]
    assert err[3].startswith(f'{path}:3: show.theme: unknown value "drak"')


def test_where_nothing_can_be_written(path: Path, capsys: Any) -> None:
    path.parent.touch()
    out, err = said(capsys, "--write", status=2)
    assert out == []
    assert len(err) == 1
    assert err[0].startswith(f"backprop-tui: {path}: the settings cannot be written: ")


def test_force_alone(path: Path, capsys: Any) -> None:
    assert said(capsys, "--force", status=2)[1] == ["backprop-tui: --force goes with --write"]
    with_path = main(["settings", "--path", "--write"])
    assert with_path == 2


def test_in_ascii_alone(path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    out, _ = said(capsys)
    assert "\n".join(out).isascii()
    assert any(line.endswith("Go to ...") for line in out)
