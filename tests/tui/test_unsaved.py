"""What was changed and not saved: there again when the file is opened again, whatever ended the program."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import Walker, run, walking
from scenes import SCENARIOS
from textual.widgets import Input
from what_if import typed

from engine.scenario.edit import Draft
from engine.scenario.read import read
from tui.edits import Version
from tui.unsaved import MOST_BYTES, Found, Unsaved, folder

SOFTPLUS = (SCENARIOS / "softplus.toml").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario of one's own, and a folder for what is not saved."""
    monkeypatch.setenv("BACKPROP_TUI_UNSAVED", str(tmp_path / "state" / "unsaved"))
    path = tmp_path / "mine.toml"
    path.write_text(SOFTPLUS, encoding="utf-8")
    return path


def kept(file: Path) -> list[Path]:
    return sorted((file.parent / "state").rglob("*.*"))


def words(walker: Walker) -> list[str]:
    return [word.message for word in walker.app._notifications]


def rate(walker: Walker) -> float:
    return walker.screen.walk.scenario.training.optimizer.learning_rate


def test_changes_are_there_again_as_if_they_had_been_taken_back(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            assert not words(walker)
            await typed(walker, "i", "lr = 0.5")
            await typed(walker, "i", "x[1] = 3")
            there = walker.screen.walk.scenario.text
        async with walking(read(file)) as walker:
            assert words(walker) == ["not saved last time: lr = 0.5, x[1] = 3. U makes it again, one at a time"]
            assert rate(walker) == 1.0, "the file comes first"
            await walker.press("U", "U")
            assert walker.screen.walk.scenario.text == there
            await walker.press("u")
            assert rate(walker) == 0.5
        assert file.read_text(encoding="utf-8") == SOFTPLUS

    run(check())


def test_whoever_is_new_is_told_two_keys_once(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            assert "→ steps, ? helps" in walker.region("#timeline")
            await walker.press("l")
            assert "helps" not in walker.region("#timeline")
        async with walking(read(file), ascii=True) as walker:
            assert "helps" not in walker.region("#timeline")

    run(check())


def test_what_is_saved_is_kept_no_more(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            await typed(walker, "i", "lr = 0.5")
            assert len(kept(file)) == 1
            await typed(walker, "ctrl+s", str(file.with_name("other.toml")))
            assert not kept(file)
            await typed(walker, "i", "lr = 0.25")
            assert [item["words"] for item in json.loads(kept(file)[0].read_text())["versions"]] == ["lr = 0.25"]
            await walker.press("R")
            assert not kept(file), "the file's values are in the file"

    run(check())


def test_what_is_taken_back_is_kept_until_it_is_given_up(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            await typed(walker, "i", "lr = 0.5")
            await walker.press("u")
        async with walking(read(file)) as walker:
            await walker.press("U")
            assert rate(walker) == 0.5

    run(check())


def test_what_is_offered_and_not_taken_is_dropped_when_one_quits(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            await typed(walker, "i", "lr = 0.5")
            await walker.press("q")
            assert kept(file), "left with changes: they are offered once"
        async with walking(read(file)) as walker:
            assert words(walker)
        assert kept(file), "a program that was ended is no choice"
        async with walking(read(file)) as walker:
            await walker.press("l", "q")
        assert not kept(file)

    run(check())


def test_a_line_that_was_being_typed_is_there_again(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            await walker.press("i")
            assert not kept(file), "what is suggested has not been typed"
            walker.top.query_one(Input).value = ""
            await walker.type("lr = 0.0")
            assert kept(file)[0].read_text() == "lr = 0.0"
            await walker.type("3")
        async with walking(read(file)) as walker:
            await walker.press("i")
            assert walker.top.query_one(Input).value == "lr = 0.03"
            await walker.press("escape", "i")
            assert walker.top.query_one(Input).value != "lr = 0.03", "given up"
            assert not [path for path in kept(file) if path.suffix == ".txt"]

    run(check())


def test_changes_to_a_file_that_has_changed_since_say_so(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            await typed(walker, "i", "lr = 0.5")
        file.write_text(SOFTPLUS.replace("iterations = 5", "iterations = 4"), encoding="utf-8")
        async with walking(read(file)) as walker:
            assert words(walker)[0].startswith("not saved last time of an older version of this file: lr = 0.5.")
            assert walker.screen.walk.scenario.training.iterations == 4

    run(check())


def test_a_file_that_is_saved_meanwhile_is_no_change_of_ones_own(file: Path) -> None:
    async def check() -> None:
        async with walking(read(file)) as walker:
            file.write_text(SOFTPLUS.replace("iterations = 5", "iterations = 4"), encoding="utf-8")
            walker.screen.look_at_file()
            await walker.settle()
            assert walker.screen.walk.scenario.training.iterations == 4
            assert not kept(file)

    run(check())


def test_where_nothing_can_be_kept_it_is_said_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        (file.parent / "state").write_text("a file where a folder has to be")
        async with walking(read(file)) as walker:
            await typed(walker, "i", "lr = 0.5")
            await typed(walker, "i", "lr = 0.25")
            assert words(walker) == ["changes that are not saved cannot be kept: not a directory"]
            assert rate(walker) == 0.25

    run(check())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 2, "versions": []}',
        '{"format": 1, "original": "", "versions": [{"text": "a = 1\\n"}]}',
    ],
)
def test_what_cannot_be_read_is_nothing(text: str, file: Path) -> None:
    unsaved = Unsaved(file, folder())
    draft = Draft.of(file).set("lr", "0.5")
    unsaved.keep(SOFTPLUS, [Version(draft, "lr = 0.5")])
    assert [version.words for version in unsaved.load(SOFTPLUS).versions] == ["lr = 0.5"]
    kept(file)[0].write_text(text)
    assert unsaved.load(SOFTPLUS) == Found()


def test_a_version_that_is_no_scenario_any_more_is_not_offered(file: Path) -> None:
    unsaved = Unsaved(file, folder())
    unsaved.keep(SOFTPLUS, [Version(Draft.of(SOFTPLUS.replace("softplus", "softminus"), file), "f")])
    assert unsaved.load(SOFTPLUS) == Found()


def test_of_many_versions_the_latest_are_kept(file: Path) -> None:
    unsaved = Unsaved(file, folder())
    padded = SOFTPLUS + "# " + "x" * (MOST_BYTES // 3) + "\n"
    versions = [
        Version(Draft.of(padded.replace("iterations = 5", f"iterations = {n}"), file), str(n)) for n in range(1, 5)
    ]
    unsaved.keep(padded, versions)
    assert [version.words for version in unsaved.load(padded).versions] == ["3", "4"]


def test_nothing_is_kept_where_that_is_wanted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKPROP_TUI_UNSAVED", "")
    assert folder() is None
    unsaved = Unsaved(file, folder())
    unsaved.keep("", [Version(Draft.of(file), "")])
    unsaved.type("lr")
    assert unsaved.load(SOFTPLUS) == Found()
    assert folder({"BACKPROP_TUI_UNSAVED": "here"}) == Path("here")
    assert folder({}) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_kill_loses_no_change_that_was_made(file: Path) -> None:
    """Killed while it keeps one version after the other: what it has said to be kept is there."""
    program = """
import sys
from pathlib import Path
from engine.scenario.edit import Draft
from tui.edits import Version
from tui.unsaved import Unsaved, folder
path = Path(sys.argv[1])
draft, made, unsaved = Draft.of(path), [], Unsaved(path, folder())
for n in range(1, 10**6):
    made = [*made, Version(draft.set("lr", str(n)), str(n))][-5:]
    unsaved.type(f"lr = {n}")
    unsaved.keep(draft.text, made)
    print(n, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(40)]
        process.send_signal(signal.SIGKILL)
        last = int([*said, *process.stdout][-1])
    found = Unsaved(file, folder()).load(SOFTPLUS)
    assert found.versions[-1].words in (str(last), str(last + 1))
    assert found.typed in (f"lr = {last}", f"lr = {last + 1}", f"lr = {last + 2}")
