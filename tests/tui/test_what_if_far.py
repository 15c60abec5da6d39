"""Edits whose walk is computed while one looks on, and what is kept of them in a file."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from helpers import Gate, Walker, run, walking
from scenes import SCENARIOS, net, shipped
from textual.widgets import Input, OptionList
from what_if import TABLE, said, same_as_fresh, scenario_of, status_of, typed

from engine.notation_style import Style
from engine.scenario.edit import Draft
from engine.scenario.model import Scenario
from engine.scenario.read import read_text
from engine.structs import replace
from engine.trace import PROGRESS_EVERY, Progress, Trace
from tui import session as sessions
from tui.screens.edit import Seen
from tui.session import Session

# far walks, and what goes on meanwhile


FAR = 2 * PROGRESS_EVERY
"""Updates that take two pieces of work."""


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """A scenario whose end is computed by a worker."""
    monkeypatch.setattr(sessions, "AT_ONCE", 1)
    text = (SCENARIOS / "softplus.toml").read_text().replace("iterations = 5", f"iterations = {FAR}")
    return read_text(text, SCENARIOS / "softplus.toml")


async def at_the_end(walker: Walker) -> None:
    await walker.press("G")
    await walker.work()
    assert walker.cursor == walker.screen.walk.last


@asynccontextmanager
async def computing(far: Scenario, patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Walker, Gate]]:
    """The app at the end of a far walk, a change of the learning rate being computed until the gate is opened."""
    async with walking(far) as walker:
        await at_the_end(walker)
        gate = Gate(patch)
        walker.screen._edited("lr = 0.5")
        await gate.reached(walker)
        yield walker, gate


def rate(walker: Walker) -> float:
    return walker.screen.walk.scenario.training.optimizer.learning_rate


def at_its_end(rate: str, far: Scenario, address: str) -> str:
    changed = Draft.of(far.text, far.path).set("lr", rate).scenario
    trace = Trace(changed)
    return f"{float(trace.value(trace.resolve(address))):.5g}"


def test_what_a_change_does_far_away_is_seen_while_its_number_is_moved(far: Scenario) -> None:
    async def check() -> None:
        async with walking(far) as walker:
            await at_the_end(walker)
            walk, step = walker.screen.walk, walker.screen.walk.trace[walker.cursor]
            await typed(walker, "i", "lr = 0.5", enter=False)
            await walker.work()
            old, new = said(walker).removeprefix("b₁⁽²⁾: ").split(" → ")
            assert float(old) == pytest.approx(step.value, rel=1e-4)
            assert float(new) == pytest.approx(float(at_its_end("0.5", far, str(step.address))), rel=1e-4)
            await walker.press("up")
            await walker.work()
            assert walker.top.query_one(Input).value == "lr = 0.51"
            _, new = said(walker).split(" → ")
            assert float(new) == pytest.approx(float(at_its_end("0.51", far, str(step.address))), rel=1e-4)
            await walker.press("escape")
            assert walker.screen.walk is walk, "nothing is changed before Enter"

    run(check())


@asynccontextmanager
async def trying(far: Scenario, patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Walker, Gate]]:
    """The app at the end of a far walk, a line typed but not entered, what it would do held by the gate."""
    async with walking(far) as walker:
        await at_the_end(walker)
        gate = Gate(patch)
        await typed(walker, "i", "lr = 0.5", enter=False)
        await gate.reached(walker)
        yield walker, gate


def test_of_several_lines_the_last_alone_is_tried_to_its_end(far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with trying(far, monkeypatch) as (walker, gate):
            assert said(walker) == "lr = 0.5: Enter computes everything anew"
            walker.top.query_one(Input).value = "lr = 0.25"
            await walker.settle()
            gate.open.set()
            assert await asyncio.to_thread(gate.stopped.wait, 20)
            await walker.work()
            step = walker.screen.walk.trace[walker.cursor]
            _, new = said(walker).split(" → ")
            assert float(new) == pytest.approx(float(at_its_end("0.25", far, str(step.address))), rel=1e-4)
            walker.top.query_one(Input).value = "lr = x"
            await walker.work()
            assert "→" not in said(walker)

    run(check())


@pytest.mark.parametrize("then", ["closed", "a line that means nothing"])
def test_what_is_asked_no_more_is_not_tried_on(then: str, far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with trying(far, monkeypatch) as (walker, gate):
            if then == "closed":
                await walker.press("escape")
            else:
                walker.top.query_one(Input).value = "lr = x"
                await walker.settle()
                # one that was on its way already
                walker.top.post_message(Seen("lr = 0.5", "late"))
                await walker.settle()
                assert "late" not in said(walker)
            gate.open.set()
            assert await asyncio.to_thread(gate.stopped.wait, 20)
            await walker.settle()
            assert rate(walker) == 1.0
            assert (walker.top is walker.screen) == (then == "closed")

    run(check())


@pytest.mark.parametrize("why", ["hidden", "too far", "as it is"])
def test_what_is_not_to_be_seen_is_not_tried(why: str, far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with walking(far) as walker:
            await at_the_end(walker)
            if why == "hidden":
                await walker.press("a")
            elif why == "too far":
                monkeypatch.setattr("tui.edits.A_WHILE", 1)
            line = "lr = 1.0" if why == "as it is" else "lr = 0.5"
            gate = Gate(monkeypatch)
            gate.open.set()
            await typed(walker, "i", line, enter=False)
            await walker.work()
            assert not gate.entered.is_set()
            assert said(walker) == f"{line}: Enter computes everything anew"

    run(check())


def test_a_far_edit_is_computed_before_it_is_shown(far: Scenario) -> None:
    async def check() -> None:
        async with walking(far) as walker:
            await at_the_end(walker)
            old, last = walker.screen.walk, walker.cursor
            walker.screen._edited("lr = 0.5")
            assert walker.screen.walk is old
            assert status_of(walker) == f"lr = 0.5: computing update 0 of {FAR - 1:,} (Esc stops)"
            await walker.work()
            assert rate(walker) == 0.5
            assert walker.cursor == last
            fresh = Session(walker.screen.walk.scenario, Session(far))
            await same_as_fresh(walker, fresh)
            await walker.press("u")
            await walker.work()
            assert rate(walker) == 1.0
            assert walker.cursor == last
            assert status_of(walker) == "taken back: lr = 0.5"
            await walker.press("U")
            await walker.work()
            assert rate(walker) == 0.5
            await walker.press("R")
            await walker.work()
            assert rate(walker) == 1.0

    run(check())


def test_a_jump_after_an_edit_computes_the_walk_before_too(far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers are looked at to mark what changed; running it while drawing would hold the keys up."""
    reach, worked = Trace.reach, []

    def noted(trace: Trace, k: int, progress: Progress | None = None) -> bool:
        if progress is not None:
            worked.append(trace)
        return reach(trace, k, progress)

    monkeypatch.setattr(Trace, "reach", noted)

    async def check() -> None:
        async with walking(far) as walker:
            walker.screen._edited("lr = 0.5")
            await walker.settle()
            await at_the_end(walker)
            before = walker.screen.walk.before
            assert before is not None
            assert worked == [walker.screen.walk.trace, before.trace]
            # where it has no such iteration there is nothing to compare
            walker.screen._edited("iterations = 3")
            await walker.work()
            walker.screen._edited(f"iterations = {FAR}")
            await walker.work()
            await at_the_end(walker)

    run(check())


def test_a_computation_given_up_changes_nothing(far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with computing(far, monkeypatch) as (walker, gate):
            walk = walker.screen.walk
            await walker.press("escape")
            gate.open.set()
            await walker.work()
            assert walker.screen.walk is walk
            assert walker.screen.edits.before is None
            assert walker.screen.why_not("undo") == "nothing has been changed"

    run(check())


def test_another_edit_while_one_is_computed_comes_on_top(far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with computing(far, monkeypatch) as (walker, gate):
            await typed(walker, "i", "x[1] = 3")
            gate.open.set()
            await walker.work()
            assert rate(walker) == 0.5
            assert walker.screen.walk.scenario.x[0, 0] == 3
            assert walker.screen.edits.words == ("lr = 0.5", "x[1] = 3")
            await same_as_fresh(walker, Session(walker.screen.walk.scenario, Session(far)))
            await walker.press("u")
            await walker.work()
            assert walker.screen.edits.words == ("lr = 0.5",), "one at a time"

    run(check())


def test_a_change_being_computed_survives_that_one_walks_about(far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with computing(far, monkeypatch) as (walker, gate):
            await walker.press("h", "h", "g")
            assert walker.cursor == 0
            assert rate(walker) == 1.0, "the old walk is there meanwhile"
            await walker.press("l", "l")
            gate.open.set()
            await walker.work()
            assert rate(walker) == 0.5
            assert walker.cursor == 2, "where the person is"
            assert not walker.app._notifications
            await same_as_fresh(walker, Session(walker.screen.walk.scenario, Session(far)))

    run(check())


@pytest.mark.parametrize("key", ["escape", "u"])
def test_changes_given_up_are_named(key: str, far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with computing(far, monkeypatch) as (walker, gate):
            walker.screen._edited("x[1] = 3")
            await walker.press(key)
            gate.open.set()
            await walker.work()
            assert rate(walker) == 1.0
            assert [word.message for word in walker.app._notifications] == ["given up: lr = 0.5, x[1] = 3"]
            assert walker.screen.draft.text == walker.screen.walk.scenario.text

    run(check())


@pytest.mark.parametrize(("key", "text"), [("r", "a[2][1] = 0.9 by W[1][2,2] from 0 to 1"), ("B", "a[1][2] > 1")])
def test_a_dialog_open_while_the_walk_changes_says_what_no_longer_fits(
    key: str, text: str, far: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        async with walking(far) as walker:
            await at_the_end(walker)
            gate = Gate(monkeypatch)
            smaller = net(2, 1, 1, iterations=FAR)
            changed = far.text.replace("units = 2", "units = 1").replace("[[-0.5, 0.5], [-0.8, 0.8]]", "[[-0.5, 0.5]]")
            changed = changed.replace("biases = [0.1, 0.1]", "biases = [0.1]").replace("[[1.0, -1.0]]", "[[1.0]]")
            changed = changed.split("[expect]")[0]
            assert far.path is not None
            assert len(smaller.layers) == len(read_text(changed, far.path).layers)
            walker.screen.edits.draft(walker.screen.walk)
            walker.screen.take(Draft.of(changed, far.path), "one unit less")
            await gate.reached(walker)
            await typed(walker, key, text, enter=False)
            gate.open.set()
            await walker.work()
            assert walker.screen.walk.trace.network.sizes == (2, 1, 1)
            await walker.press("enter")
            await walker.work()
            assert walker.app._exception is None
            assert any("2" in word.message for word in walker.app._notifications)
            assert len(walker.screen.edits.words) == 1

    run(check())


# keeping


def test_what_is_walked_can_be_kept_and_comments_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            walker.screen._edited("lr = 0.25")
            await walker.press("ctrl+s")
            assert walker.top.query_one(Input).value == "softplus_changed.toml"
            assert said(walker) == "a new file softplus_changed.toml"
            await walker.press("enter")
            assert "saved softplus_changed.toml" in walker.text
            kept = (tmp_path / "softplus_changed.toml").read_text()
            original = (SCENARIOS / "softplus.toml").read_text()
            changed = [pair for pair in zip(original.split("\n"), kept.split("\n"), strict=True) if pair[0] != pair[1]]
            assert changed == [
                (
                    'optimizer = { name = "sgd", learning_rate = 1.0 }',
                    'optimizer = { name = "sgd", learning_rate = 0.25 }',
                )
            ]
            assert [path.name for path in tmp_path.iterdir()] == ["softplus_changed.toml"], "nothing is left beside it"

    run(check())


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "softplus.toml"
    there.write_text("mine")

    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            for keys in (("escape",), ("enter",)):
                await walker.press("ctrl+s")
                assert said(walker) == "softplus.toml is there already: you will be asked"
                await walker.press("enter")
                assert walker.top.query_one(OptionList).highlighted == 0
                await walker.press(*keys)
                assert walker.top is walker.screen
                assert there.read_text() == "mine"
            await walker.press("ctrl+s", "enter", "down", "enter")
            assert there.read_text() == shipped("softplus").text

    run(check())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{folder}", "is a folder: name a file in it"),
        ("{folder}/none/a.toml", "there is no folder"),
        ("a" * 300, "cannot be a file"),
        ("~nobody_of_this_name/a.toml", "cannot be a file"),
    ],
)
def test_where_nothing_can_be_saved_is_said(text: str, why: str, tmp_path: Path) -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            await typed(walker, "ctrl+s", text.format(folder=tmp_path))
            told = [word.message for word in walker.app._notifications]
            if walker.top is not walker.screen:
                told.append(said(walker))
            assert any(why in one for one in told), told
            assert not list(tmp_path.iterdir())

    run(check())


def test_what_a_saved_file_does_not_say_is_said(tmp_path: Path) -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            await typed(walker, "ctrl+s", str(tmp_path / "same.toml"))
            assert status_of(walker) == f"saved {tmp_path / 'same.toml'}"
            walker.screen.settings = replace(walker.settings, style=Style(index_order="from_to"))
            await typed(walker, "ctrl+s", str(tmp_path / "order.toml"))
            assert [word.message for word in walker.app._notifications] == [
                "its [notation] is the file's, not as chosen here"
            ]
            await typed(walker, "i", "lr = 0.5")
            await typed(walker, "ctrl+s", str(tmp_path / "other.toml"))
            assert "its [expect] is as it was before the changes: check says what holds" in {
                word.message for word in walker.app._notifications
            }

    run(check())


def test_what_is_kept_elsewhere_has_its_data_with_it(tmp_path: Path) -> None:
    async def check() -> None:
        scenario = scenario_of("from a table", tmp_path)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        async with walking(scenario) as walker:
            walker.screen._edited("lr = 0.25")
            for folder in (tmp_path, elsewhere):
                await typed(walker, "ctrl+s", str(folder / "kept.toml"))
        beside = tomllib.loads((tmp_path / "kept.toml").read_text())
        assert beside["data"] == tomllib.loads(TABLE)["data"]
        kept = (elsewhere / "kept.toml").read_text()
        assert "# drawn" in kept
        again = read_text(kept, elsewhere / "kept.toml")
        assert again.x.tolist() == scenario.x.tolist()
        assert again.y.tolist() == scenario.y.tolist()
        assert again.training.optimizer.learning_rate == 0.25

    run(check())
