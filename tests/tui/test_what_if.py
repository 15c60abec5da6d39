"""What if: edits, undo and redo in any order; the screen is always that of a fresh run of the edited scenario."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from helpers import LARGE, SCENARIOS, SMALL, Walker, run, shipped, walking
from textual.widgets import Input, Static

from engine.scenario.read import read, read_text
from tui.edits import nudged
from tui.session import Session

ACTIONS = 1000 if os.environ.get("SEARCH") else 250

CHANGES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "softplus": (
        ("W[1][1,2]", ("0.7", "-2", "0.5")),
        ("b[2][1]", ("0.25", "1e-3")),
        ("x[1]", ("0.4", "-1.5")),
        ("y[1]", ("0", "1", "0.3")),
        ("lr", ("0.1", "1", "3.5")),
        ("activation[1]", ("tanh", "relu", "softplus")),
        ("activation[2]", ("sigmoid", "softplus")),
        ("loss", ("half_squared_error", "mean_squared_error")),
    ),
    "zero_init": (
        ("W[1][4,2]", ("0.1", "0")),
        ("W[3][1,3]", ("-0.2", "0")),
        ("b[2][2]", ("1", "0")),
        ("x[2]", ("2", "7")),
        ("lr", ("0.5", "1")),
        ("activation[1]", ("sigmoid", "tanh")),
        ("seed", ("3",)),
    ),
    "batch_norm": (
        ("gamma[1][1]", ("2", "1")),
        ("beta[1][2]", ("0.5", "0")),
        ("x[1]#2", ("3", "-1")),
        ("lr", ("0.2",)),
    ),
    "adam_softplus": (("W[1][1,1]", ("0.3",)), ("lr", ("0.01", "0.1")), ("training.seed", ("1", "2"))),
}
"""Scenario → what is changed in it, and to what."""


async def same_as_fresh(walker: Walker, before: str | None) -> None:
    """See that the screen is what a fresh walk of the present text shows, its last change marked."""
    screen = walker.screen
    text = screen.edits.draft(screen.walk).text
    path = screen.walk.scenario.path
    assert path is not None
    earlier = Session(read_text(before, path)) if before is not None else None
    fresh = Session(read_text(text, path), earlier)
    for panel in screen.query("GraphPanel, FormulaPanel, ValuesPanel, PathsPanel, TimelinePanel, TitleBar"):
        if panel.display:
            wanted = panel.paint(fresh, *panel.content_size)
            assert list(panel._rows) == list(wanted), (
                panel.id,
                str(screen.walk.trace.plan.place(screen.cursor).address),
            )


@pytest.mark.parametrize("name", CHANGES)
def test_edits_undone_and_redone_in_any_order(name: str) -> None:
    async def check() -> None:
        rng = random.Random(name)
        texts: list[str] = []
        async with walking(shipped(name), LARGE if name == "softplus" else SMALL) as walker:
            screen = walker.screen
            start = screen.edits.draft(screen.walk).text
            versions, at = [start], 0
            for action in range(ACTIONS):
                before = versions[at]
                match rng.randrange(8):
                    case 0 | 1 | 2:
                        target, values = rng.choice(CHANGES[name])
                        screen._edited(f"{target} = {rng.choice(values)}")
                        versions[at + 1 :] = [screen.edits.draft(screen.walk).text]
                        at += 1
                    case 3 if at:
                        await walker.press("u")
                        at -= 1
                    case 4 if at + 1 < len(versions):
                        await walker.press("U")
                        at += 1
                    case 5 if versions[at] != start:
                        await walker.press("R")
                        versions[at + 1 :] = [start]
                        at += 1
                    case _:
                        await walker.press(rng.choice(("right", "left", "]", "[", "}", "{", "v", "p")))
                        before = ""
                await walker.settle()
                assert screen.edits.draft(screen.walk).text == versions[at]
                marked = None if screen.walk.before is None else screen.edits_before_text
                if action % 5 == 0 or before:
                    await same_as_fresh(walker, marked)
                texts.append(versions[at])
            assert len(set(texts)) > 3

    run(check())


def test_an_edit_typed_in_shows_what_it_does_and_does_it() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            assert walker.screen.walk.trace[2].value == pytest.approx(0.79813887)
            await walker.press("i")
            line = walker.top.query_one(Input)
            assert line.value == "b[1][1] = 0.1" or line.value.startswith("W[1][1,"), line.value
            line.value = ""
            await walker.type("x[1] = 1.4")
            said = str(walker.top.query_one("#preview", Static).render())
            assert "0.798" in said
            await walker.press("enter")
            assert walker.top is walker.screen
            assert walker.screen.walk.scenario.x[0, 0] == 1.4
            assert "1 change" in walker.text
            await walker.press("u")
            assert walker.screen.walk.scenario.x[0, 0] == 0.4
            assert "change" not in walker.text.split("\n")[0]

    run(check())


def test_an_edit_that_cannot_be_made_says_why_and_changes_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            before = walker.screen.walk
            await walker.press("i")
            for text, why in (("z[1][1] = 3", "calculated"), ("W[1][9,9] = 1", "W[1]"), ("nonsense", "what to change")):
                walker.top.query_one(Input).value = text
                await walker.press("enter")
                assert walker.top is not walker.screen
                assert why in str(walker.top.query_one("#preview", Static).render()), text
            await walker.press("escape")
            assert walker.screen.walk is before

    run(check())


@pytest.mark.parametrize(
    ("text", "by", "wanted"),
    [
        ("lr = 0.5", 1, "lr = 0.55"),
        ("lr = 1", -1, "lr = 0.9"),
        ("lr = 0", 1, "lr = 0.1"),
        ("x = -40", 1, "x = -39"),
        ("x = 1e-9", 1, "x = 0.0000000011"),
        ("activation[1] = tanh", 1, "activation[1] = tanh"),
        ("half", 1, "half"),
    ],
)
def test_a_nudge_is_about_a_tenth(text: str, by: int, wanted: str) -> None:
    assert nudged(text, by) == wanted


def test_up_and_down_move_the_number_and_tab_goes_to_the_next() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await walker.press("i")
            line = walker.top.query_one(Input)
            first = line.value
            line.value = "lr = 1"
            await walker.press("up")
            assert line.value == "lr = 1.1"
            await walker.press("down", "down")
            assert line.value == "lr = 1.0"
            await walker.press("tab")
            assert line.value not in (first, "lr = 1.0")

    run(check())


def test_a_far_walk_is_computed_before_it_is_shown(tmp_path: Path) -> None:
    async def check() -> None:
        text = (SCENARIOS / "softplus.toml").read_text().replace("iterations = 5", "iterations = 60000")
        path = tmp_path / "long.toml"
        path.write_text(text)
        async with walking(read(path)) as walker:
            await walker.press("G")
            await walker.work()
            old = walker.screen.walk
            last = walker.screen.cursor
            walker.screen._edited("lr = 0.5")
            assert walker.screen.walk is old
            assert "computing" in walker.screen.status
            await walker.work()
            assert walker.screen.walk.scenario.training.optimizer.learning_rate == 0.5
            assert walker.cursor == last
            fresh = Session(walker.screen.walk.scenario)
            assert walker.screen.walk.trace[last].value == fresh.trace[last].value

    run(check())


def test_what_is_walked_can_be_kept_and_comments_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            walker.screen._edited("lr = 0.25")
            await walker.press("ctrl+s")
            assert walker.top.query_one(Input).value == "softplus_changed.toml"
            await walker.press("enter")
            assert "saved softplus_changed.toml" in walker.text
            kept = (tmp_path / "softplus_changed.toml").read_text()
            original = (SCENARIOS / "softplus.toml").read_text()
            changed = [pair for pair in zip(original.split("\n"), kept.split("\n"), strict=True) if pair[0] != pair[1]]
            assert len(changed) == 1
            assert "learning_rate = 0.25" in changed[0][1]
            await walker.press("ctrl+s", "enter")
            assert "there already" in walker.text
            await walker.press("enter")
            assert (tmp_path / "softplus_changed.toml").read_text() == kept

    run(check())


def test_a_goal_is_sought_and_put_in() -> None:
    async def check() -> None:
        async with walking(shipped("logistic_unit")) as walker:
            await walker.press("r")
            line = walker.top.query_one(Input)
            line.value = "a[1][1] = 0.9 by x[1]"
            await walker.press("enter")
            await walker.work()
            after = walker.screen.walk.trace.value(walker.screen.walk.trace.resolve("a[1][1]"))
            assert float(after.reshape(())) == pytest.approx(0.9)
            await walker.press("u")
            assert walker.screen.edits.original is None

    run(check())


def test_marks_breakpoints_and_places_survive_an_edit() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await walker.press("m", "b")
            walker.screen._edited("lr = 0.5")
            await walker.settle()
            assert list(walker.screen.marks) == [40]
            assert len(walker.screen.stops) == 1
            await walker.press("g", "c")
            await walker.work()
            assert walker.cursor == 6

    run(check())
