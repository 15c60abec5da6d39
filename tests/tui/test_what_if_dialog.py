"""What is typed to change a scenario: the line of an edit and that of a goal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import pytest
from helpers import LARGE, run, walking
from scenes import shipped
from textual.widgets import Input
from what_if import said, same_as_fresh, scenario_of, status_of, typed

from engine.trace import Progress, Trace
from tui.edits import nudged
from tui.screens.edit import EditScreen
from tui.session import Session

# the dialog


def test_an_edit_typed_in_shows_what_it_does_and_does_it() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            assert walker.screen.walk.trace[2].value == pytest.approx(0.79813887)
            await walker.press("i")
            line = walker.top.query_one(Input)
            assert line.value.startswith(("b[1][1]", "W[1][1,"))
            line.value = ""
            await walker.type("x[1] = 1.4")
            assert said(walker) == "a₁⁽¹⁾: 0.79814 → 0.55436"
            await walker.press("enter")
            assert walker.top is walker.screen
            assert walker.screen.walk.scenario.x[0, 0] == 1.4
            assert walker.screen.walk.trace[2].value == pytest.approx(0.55436, abs=5e-6)
            assert "≈ 0.55436" in walker.region("#formula")
            assert "1 change" in walker.region("#title")
            await walker.press("u")
            assert walker.screen.walk.scenario.x[0, 0] == 0.4
            assert "change" not in walker.region("#title")

    run(check())


def test_of_a_number_moved_fast_the_last_alone_is_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await typed(walker, "i", "x[1] = 1.4", enter=False)
            meant: list[str] = []
            screen = walker.top
            assert isinstance(screen, EditScreen)
            tried = screen._tried
            monkeypatch.setattr(screen, "_tried", lambda text: meant.append(text) or tried(text))
            line = screen.query_one(Input)
            for _ in range(30):
                line.value = nudged(line.value, 1)
            await walker.settle()
            assert meant == ["x[1] = 4.4"]
            assert said(walker) != "a₁⁽¹⁾: 0.79814 → 0.55436"

    run(check())


WRONG = (
    ("z[1][1] = 3", "calculated"),
    ("W[1][9,9] = 1", "W[1]"),
    ("W[1] = 1", "W[1] is 4 numbers: name one, like W[1][1,1]"),
    ("nonsense", "what to change"),
    ("nonsense = 3", "nonsense"),
    ("lr = nan", "expected a finite number"),
    ("lr = 1e400", "expected a finite number"),
    ("activation[1] = tahn", "did you mean"),
    ("activation[9] = tanh", "they are layers 1 to 2"),
    ("loss = cross_entropy", "takes logarithms"),
    ("batch_size = 0", "at least 1"),
    ("iterations = 1000000000000000000", "steps"),
    ("title = [bold]", "title"),
)


def test_an_edit_that_cannot_be_made_says_why_and_changes_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            before, drawn = walker.screen.walk, walker.drawn()
            await walker.press("i")
            for text, why in WRONG:
                walker.top.query_one(Input).value = text
                await walker.settle()
                assert why in said(walker), text
                await walker.press("enter")
                assert isinstance(walker.top, EditScreen), text
                assert why in said(walker), text
            await walker.press("escape")
            assert walker.screen.walk is before
            assert walker.drawn() == drawn

    run(check())


@pytest.mark.parametrize("text", ["iterations = 0", "epochs = 0"])
def test_a_walk_cannot_lose_its_last_step(text: str, tmp_path: Path) -> None:
    async def check() -> None:
        async with walking(scenario_of("softplus", tmp_path), at=2) as walker:
            await typed(walker, "i", text)
            assert "without an iteration there is nothing to step through" in said(walker)
            await walker.press("escape")
            assert len(walker.screen.walk.trace) > 2

    run(check())


def test_what_is_so_already_is_no_change() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            walker.screen._edited("lr = 0.5")
            await walker.press("u")
            walk = walker.screen.walk
            # the line is begun with what is there: Enter alone is an accident
            await walker.press("i", "enter")
            assert walker.screen.walk is walk
            assert "already" in status_of(walker)
            await walker.press("U")
            assert walker.screen.walk.scenario.training.optimizer.learning_rate == 0.5, "nothing to redo is lost"

    run(check())


def test_changes_are_counted_from_the_file_on() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE) as walker:
            for text, title in (("lr = 0.5", " 1 change"), ("x[1] = 2", "2 changes"), ("y[1] = 0", "3 changes")):
                walker.screen._edited(text)
                await walker.settle()
                assert title in walker.region("#title")
            await walker.press("R")
            assert "change" not in walker.region("#title")
            walker.screen._edited("lr = 0.25")
            await walker.settle()
            assert "1 change" in walker.region("#title")
            await walker.press("u", "u")
            assert "3 changes" in walker.region("#title"), "before the file's values were put back"

    run(check())


def test_a_question_is_not_given_away_by_an_edit() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await walker.press("a")
            await typed(walker, "i", "x[1] = 1.4", enter=False)
            assert said(walker) == "x[1] = 1.4: Enter computes everything anew"
            await walker.press("enter")
            assert "0.55436" not in walker.text
            await walker.press("right")
            assert "0.55436" in walker.text

    run(check())


@pytest.mark.parametrize(
    ("text", "by", "wanted"),
    [
        ("lr = 0.5", 1, "lr = 0.51"),
        ("lr = 1", -1, "lr = 0.9"),
        ("lr = 0", 1, "lr = 0.1"),
        ("x = -40", 1, "x = -39"),
        ("x = 1e-9", 1, "x = 0.0000000011"),
        ("x = 1_0", 1, "x = 11"),
        ("activation[1] = tanh", 1, "activation[1] = tanh"),
        ("lr = nan", 1, "lr = nan"),
        ("half", 1, "half"),
    ],
)
def test_a_nudge_is_one_in_the_second_digit(text: str, by: int, wanted: str) -> None:
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
            await walker.press("up", "down", "down")
            assert line.value == "lr = 1"
            await walker.press("tab")
            second = line.value
            assert second not in (first, "lr = 1")
            await walker.press("shift+tab")
            assert line.value == first

    run(check())


def test_the_suggestions_lead_through_every_number_behind_the_step() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=0) as walker:
            await walker.press("i")
            line = walker.top.query_one(Input)
            seen = []
            for _ in range(6):
                seen.append(line.value)
                await walker.press("tab")
            given = ["W[1][1,1] = -0.5", "W[1][1,2] = 0.5", "b[1][1] = 0.1", "x[1]#1 = 0.4", "x[2]#1 = 0.6"]
            assert sorted(seen[:5]) == given
            assert seen[5] == seen[0], "round and round"

    run(check())


# a goal


def test_a_goal_is_sought_and_put_in() -> None:
    async def check() -> None:
        async with walking(shipped("logistic_unit")) as walker:
            await typed(walker, "r", "a[1][1] = 0.9 by x[1]")
            await walker.work()
            walk = walker.screen.walk
            after = walk.trace.value(walk.trace.resolve("a[1][1]"))
            assert float(after.reshape(())) == pytest.approx(0.9)
            await same_as_fresh(walker, Session(walk.scenario, Session(shipped("logistic_unit"))))
            await walker.press("u")
            assert walker.screen.edits.original is None

    run(check())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a[2][1]@4 = 0.9 by x[1]", "by search: say where to look, like from -10 to 10"),
        ("a[2][1] = -3 by W[1][1,1] from 0 to 1", "choose another bracket"),
    ],
)
def test_a_goal_that_cannot_be_reached_says_why_and_can_be_typed_again(text: str, why: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            walk = walker.screen.walk
            await typed(walker, "r", text)
            await walker.work()
            assert any(why.split(":")[0] in word.message for word in walker.app._notifications)
            assert walker.top.query_one(Input).value == text
            await walker.press("escape")
            assert walker.screen.walk is walk
            assert not walker.screen.edits.words

    run(check())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a[2][1] = 0.9", "type target = value by what is free"),
        ("a[2][1] = high by x[1]", "high is not a number"),
        ("a[9][1] = 1 by x[1]", "a[9][1]"),
        ("= by", "type target = value by what is free"),
        ("a[2][1] = 0.9 by a[1][1]", "gives no such number"),
        ("a[2][1] = 0.9 by W[1][1,1]@2", "only a starting value"),
    ],
)
def test_what_is_no_goal_is_said_while_it_is_typed(text: str, why: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await typed(walker, "r", text)
            assert why in said(walker)
            assert walker.top is not walker.screen
            await walker.press("escape")
            assert not walker.screen.edits.words

    run(check())


def test_a_search_for_a_goal_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread ends too, and does not go on to the last of its walks."""
    walks, entered, opened = [], Event(), Event()
    reach = Trace.reach

    def held(trace: Trace, k: int, progress: Progress | None = None) -> bool:
        if progress is not None:
            walks.append(trace)
            entered.set()
            assert opened.wait(20)
        return reach(trace, k, progress)

    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            monkeypatch.setattr(Trace, "reach", held)
            await typed(walker, "r", "a[2][1]@4 = 0.9 by x[1] from -10 to 10")
            assert await asyncio.to_thread(entered.wait, 20)
            await walker.settle()
            assert walker.screen.status.startswith("looking for x[1], 0 walks run")
            await walker.press("escape")
            opened.set()
            await walker.work()
            assert len(walks) == 1
            assert not walker.app._notifications
            assert not walker.screen.edits.words

    run(check())


def test_what_is_asked_of_the_class_is_not_told_by_the_line_of_a_goal() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await walker.press("a", "r")
            assert "0.798" not in walker.top.query_one(Input).value
            await walker.press("escape", "a", "r")
            assert "0.798" in walker.top.query_one(Input).value, "shown once it is told"

    run(check())
