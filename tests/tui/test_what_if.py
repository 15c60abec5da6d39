"""What if: edits, undo and redo in any order; the screen is always that of a fresh run of the edited scenario."""

from __future__ import annotations

import asyncio
import os
import random
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from threading import Event

import pytest
from helpers import LARGE, SCENARIOS, SMALL, Drawn, Walker, net, run, shipped, walking
from textual.widgets import Input, OptionList, Static

from engine.plan import Plan
from engine.scenario.edit import Draft
from engine.scenario.model import Scenario
from engine.scenario.read import read_text
from engine.trace import PROGRESS_EVERY, Progress, Trace
from tui import session as sessions
from tui.commands import BY_ID
from tui.edits import Edits, nudged
from tui.screens.edit import EditScreen
from tui.session import Session
from tui.widgets.panels import Panel

ACTIONS = 1000 if os.environ.get("SEARCH") else 60
"""Actions in each scenario."""
WHOLE = 50
"""An app is opened afresh after so many actions."""
MOVES = (
    "forward", "back", "next_part", "previous_part", "next_iteration", "previous_iteration", "first", "last", "edges",
    "next_path", "pane_formula", "pane_values", "pane_paths", "coarser", "finer", "long_way", "more_digits", "ask",
)  # fmt: skip
"""Commands between the edits."""

Changes = tuple[tuple[str, tuple[str, ...]], ...]

CHANGES: dict[str, Changes] = {
    "softplus": (
        ("W[1][1,2]", ("0.7", "-2", "0.5")),
        ("b[2][1]", ("0.25", "1e-3")),
        ("x[1]", ("0.4", "-1.5")),
        ("y[1]", ("0", "1", "0.3")),
        ("lr", ("0.1", "1", "3.5")),
        ("activation[1]", ("tanh", "relu", "softplus")),
        ("activation[2]", ("sigmoid", "softplus")),
        ("loss", ("half_squared_error", "mean_squared_error")),
        ("optimizer", ("adam", "sgd")),
        ("iterations", ("3", "5", "8")),
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
        ("lr", ("0.2", "1e9")),
        ("batch_size", ("2", "3", "6")),
    ),
    "adam_softplus": (
        ("W[1][1,1]", ("0.3", "0.1")),
        ("lr", ("0.01", "0.1")),
        ("training.seed", ("1", "2")),
        ("optimizer", ("sgd", "adam", "rmsprop")),
    ),
    "moons": (
        ("W[2][1,3]", ("0", "0.5")),
        ("network.layers[1].weights.seed", ("2", "3")),
        ("seed", ("1", "2")),
        ("activation[1]", ("relu", "tanh")),
        ("epochs", ("1", "2")),
        ("data.set.noise", ("0.1", "0.4")),
    ),
    "from a table": (
        ("W[1][1,2]", ("0.7", "0.5")),
        ("x[2]#2", ("4", "-1")),
        ("batch_size", ("2", "3")),
        ("shuffle", ("true", "false")),
        ("seed", ("1", "5")),
    ),
}
"""Scenario → what is changed in it, and to what."""

TABLE = """
title = "From a table"
[network]
inputs = 2
[[network.layers]]
units = 2
activation = "tanh"
weights = { init = "normal", std = 0.5, seed = 4 }  # drawn
[[network.layers]]
units = 1
activation = "identity"
weights = [[1.0, -0.5]]
[data]
csv = { file = "points.csv", inputs = ["a", "b"], outputs = ["c"] }
[training]
loss = "half_squared_error"
optimizer = { name = "sgd", learning_rate = 0.1 }
iterations = 4
batch_size = 2
"""


def without_expectations(scenario: Scenario) -> Scenario:
    """The scenario without what its author expects and notes: they name numbers that another walk may not have."""
    assert scenario.path is not None
    return read_text(re.sub(r"(?ms)^\[expect\].*|^\[\[notes\]\].*", "", scenario.text), scenario.path)


def scenario_of(name: str, folder: Path) -> Scenario:
    """A shipped scenario, or the one whose data lie in a file beside it."""
    if name != "from a table":
        return without_expectations(shipped(name))
    (folder / "points.csv").write_text("a,b,c\n0,1,2\n1,0.5,0\n-1,2,1\n")
    path = folder / "from_table.toml"
    path.write_text(TABLE)
    return read_text(TABLE, path)


def status_of(walker: Walker) -> str:
    return walker.screen.status


def said(walker: Walker) -> str:
    """What the dialog says of what is typed."""
    return str(walker.top.query_one("#preview", Static).render())


async def typed(walker: Walker, key: str, text: str, *, enter: bool = True) -> None:
    """Open a dialog, put a text in and send it off."""
    await walker.press(key)
    walker.top.query_one(Input).value = text
    await walker.settle()
    if enter:
        await walker.press("enter")


scenario_at = lru_cache(maxsize=4096)(read_text)
"""A scenario by its text: reading costs more than a run."""


@lru_cache(maxsize=4096)
def edited(text: str, path: Path, target: str, value: str) -> str:
    """The text after an edit."""
    return Draft.of(text, path).set(target, value).text


class Versions:
    """What undo and redo are to do: texts in order, and where in them one is."""

    def __init__(self, scenario: Scenario) -> None:
        assert scenario.path is not None
        self.path = scenario.path
        self.texts = [scenario.text]
        self.at = 0
        self.before: str | None = None
        """The text walked before the last change."""

    @property
    def now(self) -> str:
        return self.texts[self.at]

    def add(self, text: str) -> None:
        if text != self.now:
            self.before = self.now
            self.texts[self.at + 1 :] = [text]
            self.at += 1

    def move(self, command: str) -> None:
        if command == "revert":
            self.add(self.texts[0])
            return
        at = self.at + (1 if command == "redo" else -1)
        if 0 <= at < len(self.texts):
            self.before, self.at = self.now, at

    def fresh(self) -> Session:
        """A fresh run, marked against a fresh run of the text before."""
        before = None if self.before is None else Session(scenario_at(self.before, self.path))
        return Session(scenario_at(self.now, self.path), before)


async def same_as_fresh(walker: Walker, fresh: Session) -> None:
    """See that every panel shows what it shows of a fresh run."""
    place = walker.screen.walk.trace.plan.place(walker.cursor)
    assert str(fresh.trace.plan.place(walker.cursor)) == str(place)
    for panel in walker.screen.query(Panel):
        if panel.display and panel.id != "curves":
            assert list(panel._rows) == list(panel.paint(fresh, *panel.content_size)), (panel.id, str(place.address))


def lines(walker: Walker, selector: str) -> list[str]:
    """A panel's text without the marks of changes and of the step."""
    return [" ".join(re.sub(r"[*▸]", " ", line).split()) for line in walker.region(selector).split("\n")]


async def same_as_opened(walker: Walker, size: tuple[int, int], fresh: Session) -> None:
    """See that the whole screen is that of an app opened on the edited scenario at this step."""
    screen = walker.screen
    if screen.status:
        # a word of the change is not the screen's state
        screen.status = ""
        await walker.settle()
    async with walking(fresh.scenario, size, walker.cursor) as opened:
        opened.screen.settings, opened.screen.asking = screen.settings, screen.asking
        opened.screen.below, opened.screen.side = screen.below, screen.side
        opened.screen.lay_out()
        assert screen.focused is not None
        opened.screen.show(screen.focused.id or "")
        await opened.settle()
        for panel in opened.screen.query(Panel):
            panel.scroll_rows(screen.query_one(f"#{panel.id}", Panel).top)
        await opened.settle()
        # without anything to mark
        for selector in ("#formula", "#values", "#timeline"):
            if screen.query_one(selector).display:
                assert lines(opened, selector) == lines(walker, selector)
        # and with the same marks
        opened.screen.edits, opened.screen.places = screen.edits, screen.places
        opened.screen.session = fresh
        await opened.settle()
        assert text_of(opened.drawn()) == text_of(walker.drawn())
        assert opened.drawn() == walker.drawn()


def text_of(drawn: Drawn) -> list[str]:
    return ["".join(text for text, _ in row) for row in drawn]


@lru_cache(maxsize=1)
def addresses(plan: Plan) -> dict[str, int]:
    """Every step of a walk by its address."""
    return {str(plan.place(step).address): step for step in range(plan.steps)}


def where(walk: Session, before: Session, step: int) -> int:
    """Where a step of the walk before is in this one."""
    found = addresses(walk.trace.plan).get(str(before.trace.plan.place(step).address))
    return min(walk.last, step * len(walk.trace) // len(before.trace)) if found is None else found


@pytest.mark.parametrize("name", CHANGES)
def test_edits_undone_and_redone_in_any_order(name: str, tmp_path: Path) -> None:
    async def check() -> None:
        rng = random.Random(name)
        scenario = scenario_of(name, tmp_path)
        versions = Versions(scenario)
        size = LARGE if name in ("softplus", "batch_norm") else SMALL
        seen: set[str] = set()
        async with walking(scenario, size) as walker:
            screen = walker.screen
            for action in range(ACTIONS):
                walk, cursor = screen.walk, walker.cursor
                kind = rng.choice(("edit", "edit", "edit", "undo", "undo", "redo", "revert", "move", "move", "move"))
                # by a key and looked at; or one after another before anything is drawn
                by_key = rng.random() < 0.3
                if kind == "edit":
                    target, values = rng.choice(CHANGES[name])
                    value = rng.choice(values)
                    versions.add(edited(versions.now, versions.path, target, value))
                    if rng.random() < 0.05:
                        await typed(walker, "i", f"{target} = {value}")
                        assert walker.top is screen
                    else:
                        screen._edited(f"{target} = {value}")
                else:
                    command = rng.choice(MOVES) if kind == "move" else kind
                    if kind != "move":
                        versions.move(command)
                    if by_key:
                        await walker.press(rng.choice(BY_ID[command].keys))
                    elif not screen.why_not(command):
                        getattr(screen, f"action_{command}")()
                assert screen.edits.draft(screen.walk).text == versions.now, f"after action {action}, {kind}"
                if screen.walk is not walk and screen.walk.last < 500:
                    assert walker.cursor == where(screen.walk, walk, cursor)
                if by_key:
                    await walker.settle()
                    await same_as_fresh(walker, versions.fresh())
                if action % WHOLE == WHOLE - 1:
                    await walker.settle()
                    await same_as_opened(walker, size, versions.fresh())
                seen.add(versions.now)
            assert len(seen) > 3
            while versions.at:
                screen.action_undo()
                versions.move("undo")
            await walker.settle()
            assert screen.edits.draft(screen.walk).text == scenario.text, "all the way back is the file"
            assert "change" not in walker.region("#title")
            await same_as_fresh(walker, versions.fresh())

    run(check())


def test_only_the_walk_before_is_kept() -> None:
    """A hundred edits are not a hundred walks in memory."""

    async def check() -> None:
        async with walking(shipped("softplus"), at=5) as walker:
            for number in range(1, 5):
                walker.screen._edited(f"lr = 0.{number}")
            before = walker.screen.walk.before
            assert before is not None
            assert before.scenario.training.optimizer.learning_rate == 0.3
            assert before.before is None

    run(check())


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


# far walks, and what goes on meanwhile


class Gate:
    """Holds a computation after its first piece until opened."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.open = Event()
        self.entered = Event()
        reach = Trace.reach

        def held(trace: Trace, k: int, progress: Progress | None = None) -> bool:
            if progress is None:
                return reach(trace, k)

            def asked(done: int) -> bool:
                going = progress(done)
                self.entered.set()
                assert self.open.wait(20)
                return going and progress(done)

            return reach(trace, k, asked)

        patch.setattr(Trace, "reach", held)

    async def reached(self, walker: Walker) -> None:
        assert await asyncio.to_thread(self.entered.wait, 20)
        await walker.settle()


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


def rate(walker: Walker) -> float:
    return walker.screen.walk.scenario.training.optimizer.learning_rate


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
        async with walking(far) as walker:
            await at_the_end(walker)
            gate = Gate(monkeypatch)
            walk = walker.screen.walk
            walker.screen._edited("lr = 0.5")
            await gate.reached(walker)
            await walker.press("escape")
            gate.open.set()
            await walker.work()
            assert walker.screen.walk is walk
            assert walker.screen.edits.before is None
            assert walker.screen.why_not("undo") == "nothing has been changed"

    run(check())


def test_another_edit_while_one_is_computed_takes_its_place(far: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with walking(far) as walker:
            await at_the_end(walker)
            gate = Gate(monkeypatch)
            walker.screen._edited("lr = 0.5")
            await gate.reached(walker)
            await typed(walker, "i", "lr = 0.25")
            gate.open.set()
            await walker.work()
            assert rate(walker) == 0.25
            assert walker.screen.edits.words == ("lr = 0.25",)
            await same_as_fresh(walker, Session(walker.screen.walk.scenario, Session(far)))

    run(check())


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [("i", "W[1][2,2] = 1", "no unit"), ("r", "a[2][1] = 0.9 by W[1][2,2] from 0 to 1", ""), ("B", "a[1][2] > 1", "")],
)
def test_a_dialog_open_while_the_walk_changes_says_what_no_longer_fits(
    key: str, text: str, why: str, far: Scenario, monkeypatch: pytest.MonkeyPatch
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
        ("a[2][1] = 0.9 by a[1][1]", "gives no such number"),
        ("a[2][1] = 0.9 by W[1][1,1]@2", "only a starting value"),
        ("a[2][1]@4 = 0.9 by x[1]", "by search"),
        ("a[2][1] = -3 by W[1][1,1] from 0 to 1", "a[2][1]"),
    ],
)
def test_a_goal_that_cannot_be_reached_says_why_and_changes_nothing(text: str, why: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            walk = walker.screen.walk
            await typed(walker, "r", text)
            await walker.work()
            assert any(why in word.message for word in walker.app._notifications)
            assert walker.screen.walk is walk
            assert not walker.screen.edits.words

    run(check())


@pytest.mark.parametrize("text", ["", "a[2][1] = 0.9", "a[2][1] = high by x[1]", "a[9][1] = 1 by x[1]", "= by"])
def test_what_is_no_goal_is_said_while_it_is_typed(text: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await typed(walker, "r", text)
            if text:
                assert said(walker)
                assert walker.top is not walker.screen
                await walker.press("escape")
            assert not walker.screen.edits.words

    run(check())


# what was set for the walk before


def test_marks_breakpoints_places_and_the_search_survive_an_edit() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await walker.press("m", "b")
            await typed(walker, "B", "loss < 0.01")
            await typed(walker, "/", "update")
            found = walker.cursor
            await walker.press("g")
            walker.screen._edited("lr = 0.5")
            await walker.settle()
            assert walker.screen.marks.steps == (40,)
            assert [stop.text for stop in walker.screen.stops] == ["loss", "loss < 0.01"]
            assert not walker.app._notifications
            await walker.press("backspace")
            assert walker.cursor == found
            await walker.press("g", "c")
            await walker.work()
            assert walker.cursor == 6, "the first loss"
            await walker.press("g", "n")
            assert walker.screen.walk.trace.plan.place(walker.cursor).quantity.phase == "update"

    run(check())


def test_marks_go_where_their_address_is_in_another_walk() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            address = str(walker.screen.walk.trace.plan.place(40).address)
            await walker.press("m", "G", "backspace")
            walker.screen._edited("optimizer = adam")
            await walker.settle()
            walk = walker.screen.walk
            (mark,) = walker.screen.marks.steps
            assert mark != 40
            assert str(walk.trace.plan.place(mark).address) == address
            assert walker.cursor == mark
            await walker.press(">")
            assert str(walk.trace.plan.place(walker.cursor).address) == "b[2][1]@5", "the last step, as before"

    run(check())


def test_what_another_walk_has_no_place_for_is_said_to_be_lost() -> None:
    async def check() -> None:
        async with walking(without_expectations(shipped("adam_softplus")), LARGE) as walker:
            screen = walker.screen
            at = screen.walk.target("mW[1][1,2]@1", 0)
            screen.cursor = at
            await walker.settle()
            await walker.press("b")
            await typed(walker, "B", "loss < 0.01")
            await walker.press("f", "down", "down", "enter")
            assert screen.follow is not None
            screen._edited("optimizer = sgd")
            await walker.settle()
            assert [stop.text for stop in screen.stops] == ["loss < 0.01"]
            told = [word.message for word in walker.app._notifications]
            assert told == ["no breakpoint any more: mW[1][1,2]"]
            assert screen.follow is not None, "a parameter is there whatever moves it"

    run(check())


def test_what_is_followed_and_is_there_no_more_is_said() -> None:
    async def check() -> None:
        async with walking(without_expectations(shipped("batch_norm")), LARGE) as walker:
            screen = walker.screen
            screen.cursor = screen.walk.target("z[1][1]#5", 0)
            await walker.settle()
            await walker.press("f", "down", "enter")
            assert screen.follow is not None
            assert "sample 5" in walker.region("#title")
            screen._edited("batch_size = 6")
            await walker.settle()
            assert screen.follow is not None
            screen._edited("batch_size = 2")
            await walker.settle()
            assert screen.follow is None
            assert "sample 5" not in walker.region("#title")
            told = [word.message for word in walker.app._notifications]
            assert told == ["there is no sample 5 any more: every step is stopped at again"]

    run(check())


def test_what_an_edit_changed_is_marked_and_nothing_else() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, at=3) as walker:
            assert "*" not in walker.text
            walker.screen._edited("W[1][1,2] = 0.7")
            await walker.settle()
            shown = walker.region("#values")
            units = {int(row[1:4]): row for row in shown.split("\n") if row[1:4].strip() in ("1", "2")}
            assert units == {1: "│  1  −0.5000*+0.7000", 2: "│  2  −0.8000 +0.8000"}
            assert "│  1  +0.1000*+0.3200*+0.8659" in shown
            assert "│  2  +0.1000 +0.2600▸+0.8316" in shown, "unit 2 does not read w₁₂"
            await walker.press("u", "U", "U")
            assert walker.region("#values") == shown

    run(check())


# the versions alone


def test_nothing_is_lost_by_going_back() -> None:
    edits, session = Edits(), Session(shipped("softplus"))
    first = edits.draft(session)
    assert (edits.before, edits.after, edits.original, edits.words) == (None, None, None, ())
    second, third = first.set("lr", "0.5"), first.set("lr", "0.25")
    edits.add(second, "two")
    edits.add(third, "three")
    assert edits.words == ("two", "three")
    edits.undo()
    assert edits.draft(session) is second
    assert edits.after is not None
    assert edits.after.draft is third
    edits.add(first, "back")
    assert edits.after is None
    assert (edits.changed, edits.words) == (False, ())
    for _ in range(5):
        edits.undo()
    assert edits.draft(session) is first
    for _ in range(5):
        edits.redo()
    assert edits.now is not None
    assert edits.now.words == "back"


def test_what_is_asked_of_the_class_is_not_told_by_the_line_of_a_goal() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await walker.press("a", "r")
            assert "0.798" not in walker.top.query_one(Input).value
            await walker.press("escape", "a", "r")
            assert "0.798" in walker.top.query_one(Input).value, "shown once it is told"

    run(check())
