"""What if: edits, undo and redo in any order; the screen is always that of a fresh run of the edited scenario."""

from __future__ import annotations

import os
import random
import re
from functools import lru_cache
from pathlib import Path

import pytest
from helpers import LARGE, SMALL, Drawn, Walker, run, walking
from scenes import shipped
from what_if import same_as_fresh, scenario_of, typed, without_expectations

from engine.plan import Plan
from engine.scenario.edit import Draft
from engine.scenario.model import Scenario
from engine.scenario.read import read_text
from tui.commands import BY_ID
from tui.edits import Edits
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
