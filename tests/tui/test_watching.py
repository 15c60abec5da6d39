"""Following the file: a save is walked at once, a wrong one is said over the last good walk."""

from __future__ import annotations

import os
from pathlib import Path

from helpers import Walker, run, walking
from scenes import SCENARIOS

from engine.scenario.read import read


def copied(folder: Path) -> Path:
    path = folder / "mine.toml"
    path.write_text((SCENARIOS / "softplus.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def rewrite(path: Path, old: str, new: str) -> None:
    """Save the file; its time is moved on, for a test is quicker than some clocks."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))


async def saved(walker: Walker, path: Path, old: str, new: str) -> None:
    rewrite(path, old, new)
    walker.screen.look_at_file()
    await walker.settle()


def test_a_save_is_walked_at_the_same_address_and_marked(tmp_path: Path) -> None:
    async def check() -> None:
        path = copied(tmp_path)
        async with walking(read(path), at=18) as walker:
            await saved(walker, path, "learning_rate = 1.0", "learning_rate = 0.5")
            assert walker.screen.walk.scenario.training.optimizer.learning_rate == 0.5
            assert walker.cursor == 18
            assert "mine.toml was saved" in walker.text
            await saved(walker, path, "[0.1, 0.1]", "[0.1, 0.3]")
            assert "+0.3000*" in walker.text, "what the save changed is marked"
            await walker.press("u", "u")
            assert walker.screen.walk.scenario.training.optimizer.learning_rate == 1.0, "a save can be taken back"

    run(check())


def test_nothing_happens_without_a_save(tmp_path: Path) -> None:
    async def check() -> None:
        path = copied(tmp_path)
        async with walking(read(path), at=18) as walker:
            before, drawn = walker.screen.walk, walker.drawn()
            walker.screen.look_at_file()
            os.utime(path)
            walker.screen.look_at_file()
            await walker.settle()
            assert walker.screen.walk is before, "the same text is the same walk"
            assert walker.drawn() == drawn

    run(check())


def test_a_wrong_file_is_said_over_the_last_good_walk(tmp_path: Path) -> None:
    async def check() -> None:
        path = copied(tmp_path)
        async with walking(read(path), at=18) as walker:
            good = walker.screen.walk
            await saved(walker, path, 'activation = "softplus"', 'activation = "softplsu"')
            assert walker.screen.walk is good
            said = " ".join(walker.region("#problems").split())
            assert 'mine.toml:12: network.layers[1].activation: unknown activation "softplsu": did you mean' in said
            await walker.press("right")
            assert walker.cursor == 19, "the last good walk stays usable"
            await saved(walker, path, '"softplsu"', '"tanh"')
            assert "did you mean" not in walker.text
            assert walker.screen.walk.scenario.layers[0].activation == "tanh"

    run(check())


def test_many_faults_leave_room_for_the_walk(tmp_path: Path) -> None:
    async def check() -> None:
        path = copied(tmp_path)
        async with walking(read(path), at=18) as walker:
            await saved(walker, path, "weights", "wieghts")
            lines = walker.region("#problems").split("\n")
            assert len(lines) <= 7
            assert "more line" in lines[-1]
            assert "step 19/170" in walker.text

    run(check())


def test_a_file_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    async def check() -> None:
        path = copied(tmp_path)
        async with walking(read(path), at=18) as walker:
            text = path.read_text(encoding="utf-8")
            path.unlink()
            walker.screen.look_at_file()
            await walker.settle()
            assert walker.cursor == 18
            path.write_text(text.replace("iterations = 5", "iterations = 2"), encoding="utf-8")
            walker.screen.look_at_file()
            await walker.settle()
            assert walker.screen.walk.trace.plan.iterations == 2
            await saved(walker, path, "iterations = 2", "iterations = 0")
            assert "there is no @1; the walk has 0 updates" in walker.text
            path.write_bytes(b"\xff\xfe")
            walker.screen.look_at_file()
            await walker.settle()
            assert walker.screen.walk.trace.plan.iterations == 2

    run(check())


def test_a_save_does_not_lose_what_was_tried(tmp_path: Path) -> None:
    async def check() -> None:
        path = copied(tmp_path)
        async with walking(read(path), at=18) as walker:
            walker.screen._edited("W[1][1,2] = 0.9")
            await saved(walker, path, "learning_rate = 1.0", "learning_rate = 0.5")
            assert walker.screen.walk.scenario.layers[0].weights[0, 1] == 0.5
            await walker.press("u")
            assert walker.screen.walk.scenario.layers[0].weights[0, 1] == 0.9

    run(check())
