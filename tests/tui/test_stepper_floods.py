"""Floods: thousands of keys at once, sizes that change between them, keys mashed at random; nothing is lost, nothing
ends the app but quitting, and the last state is what a fresh app shows there."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import LARGE, SMALL, Walker, run, walking
from scenes import SHIPPED, shipped
from textual import events
from textual.command import CommandPalette
from textual.geometry import Size

from engine.plan import Granularity
from tui.commands import BY_ID, COMMANDS
from tui.screens.picker import PickerScreen
from tui.widgets.panels import Panel

SEARCH = "SEARCH" in os.environ
KEYS = 4000 if SEARCH else 80
"""Keys mashed in each scenario."""
SIZES = ((80, 24), (1, 1), (120, 40), (300, 100), (10, 3), (109, 30), (110, 29), (20, 50), (200, 5))

QUIT = set(BY_ID["quit"].keys)
ALL = sorted({key for command in COMMANDS for key in command.keys} - QUIT)
"""Every key of every command but those that leave."""
TYPED = [
    *"abcdefghijklmnoprstuvwxyzWLxz0123456789[](),.#@%=<>/-+ ∂σ₁中", "enter", "backspace", "escape", "tab", "up",
    "down", "left", "right", "home", "end", "delete", "ctrl+a", "ctrl+k", "ctrl+u", "space", "f2", "f12", "ctrl+z",
]  # fmt: skip
"""What is typed into a dialog without a thought."""
LINES = (
    "W[1][1,1] = 0.3", "lr = 0.1", "17", "50%", "@1", "loss < 0.1", "dW[1][1,1]", "update", "z = s", "iterations = 3",
    "a[1][1] = 0.5 by x[1]", "", "]", "activation[1] = relu", "loss", "seed = 2",
)  # fmt: skip
"""And with one."""


def resize(walker: Walker, width: int, height: int) -> None:
    """Another size, not waited for."""
    driver = walker.app._driver
    assert driver is not None
    driver._size = Size(width, height)  # type: ignore[attr-defined]
    walker.app.post_message(events.Resize(Size(width, height), Size(width, height)))


async def close_all(walker: Walker) -> None:
    """Close what is open over the walk."""
    for _ in range(10):
        if walker.top is walker.screen:
            return
        await walker.press("escape")
    raise AssertionError(f"{walker.top} cannot be closed")


async def same_as_a_fresh_app(walker: Walker, size: tuple[int, int]) -> None:
    """See that the screen is that of an app opened here with all that was chosen."""
    screen = walker.screen
    await close_all(walker)
    # words of keys, and of computations, pass
    screen.cancel()
    screen.pause()
    screen.status = ""
    walker.app.clear_notifications()
    await walker.work()
    if screen.status:
        screen.status = ""
    await walker.resize(*size)
    assert not walker.app._exit
    assert walker.app._exception is None
    async with walking(screen.walk.scenario, size, walker.cursor, ascii=screen.settings.ascii) as fresh:
        other = fresh.screen
        fresh.app.theme = walker.app.theme
        other.settings, other.asking, other.follow = screen.settings, screen.asking, screen.follow
        other.below, other.side, other.enlarged = screen.below, screen.side, screen.enlarged
        other.marks, other.stops, other.places, other.edits = screen.marks, screen.stops, screen.places, screen.edits
        other.found = screen.found
        other.session = screen.walk
        other.lay_out()
        await fresh.settle()
        assert screen.focused is not None
        other.set_focus(other.query_one(f"#{screen.focused.id}"))
        other.link = screen.link
        await fresh.settle()
        for panel in other.query(Panel):
            panel.scroll_rows(screen.query_one(f"#{panel.id}", Panel).top)
        await fresh.settle()
        await fresh.work()
        await walker.work()
        assert fresh.text == walker.text
        assert fresh.drawn() == walker.drawn()


@pytest.mark.parametrize(
    ("keys", "many"), [(("right", "right", "left"), 10_000), (("]", "}", "right", "["), 10_000 if SEARCH else 2_000)]
)
def test_ten_thousand_keys_at_once(keys: tuple[str, ...], many: int) -> None:
    async def check() -> None:
        async with walking(shipped("xor")) as walker:
            walk = walker.screen.walk
            wanted = 0
            moves: dict[str, Callable[[int], int]] = {
                "right": lambda at: min(at + 1, walk.last),
                "left": lambda at: max(at - 1, 0),
                "]": lambda at: walk.forward(at, Granularity.LAYER),
                "[": lambda at: walk.back(at, Granularity.LAYER),
                "}": lambda at: walk.forward(at, Granularity.ITERATION),
            }
            count = many // len(keys)
            for _ in range(count):
                for key in keys:
                    wanted = moves[key](wanted)
            walker.queue(*keys * count)
            await walker.settle()
            assert walker.cursor == walker.screen.shown == wanted
            await same_as_a_fresh_app(walker, SMALL)

    run(check())


@pytest.mark.parametrize("name", ["softplus", "digits"])
def test_another_size_between_every_ten_keys(name: str) -> None:
    async def check() -> None:
        async with walking(shipped(name), sent=True) as walker:
            rng = random.Random(name)
            moved = 0
            for turn in range(60 if SEARCH else 12):
                walker.queue(*["right"] * 10)
                moved += 10
                resize(walker, *rng.choice(SIZES))
                if turn % 3 == 0:
                    walker.queue(rng.choice("123456"), "tab", "shift+tab")
                if turn % 5 == 4:
                    await walker.settle()
                    walker.app._check_resize()
            await walker.resize(*LARGE)
            assert walker.cursor == min(moved, walker.screen.walk.last)
            await same_as_a_fresh_app(walker, LARGE)

    run(check())


@pytest.mark.parametrize("size", SIZES if SEARCH else (SIZES[1], SIZES[3]))
def test_every_panel_at_every_size(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, 31) as walker:
            for pane in "123456":
                await walker.press(pane, "e", "right", "down", "up", "z", "left", "z", "e", "a", "right", "a", "a")
                await walker.work()
            for key in ("x", "x", "x", "x", "x", "x", "v", "p", "p", "P", ")", ")", "enter", "t", "w"):
                await walker.press(key)
                await walker.work()
            await same_as_a_fresh_app(walker, SMALL)

    run(check())


DIALOGS = (":", "/", "B", "f", "o", "i", "r", "ctrl+s", "Y", "?", "ctrl+p")


@pytest.mark.parametrize("key", DIALOGS if SEARCH else DIALOGS[::3])
def test_a_dialog_open_while_the_size_changes(key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 31) as walker:
            await walker.press(key)
            opened = type(walker.top)
            assert walker.top is not walker.screen
            for size in SIZES:
                await walker.resize(*size)
                await walker.press("down", "up")
                assert type(walker.top) is opened
            await walker.resize(*LARGE)
            await same_as_a_fresh_app(walker, LARGE)

    run(check())


@pytest.mark.parametrize("count", range(1, 6) if SEARCH else (2, 4))
def test_nothing_is_left_of_the_theme_before(count: int) -> None:
    """A theme's name comes first and its colours later: rows drawn in between are drawn again."""

    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 31) as walker:
            walker.queue(*["d"] * count)
            await walker.settle()
            async with walking(shipped("softplus"), LARGE, 31) as fresh:
                fresh.app.theme = walker.app.theme
                await fresh.settle()
                await fresh.resize(*SMALL)
                await fresh.resize(*LARGE)
                assert fresh.drawn() == walker.drawn()

    run(check())


CLOSED_TWICE = (
    ("f", "enter", "escape"),
    ("Y", "enter", "enter", "escape"),
    (":", "1", "enter", "enter"),
    (":", "1", "enter", "escape", "escape"),
    ("?", "escape", "escape"),
    ("o", "escape", "o", "escape", "escape"),
    ("ctrl+p", "enter", "escape", "escape"),
    ("ctrl+p", "ctrl+g", "enter", "escape", "escape"),
    ("ctrl+p", "pagedown", "escape"),
    ("ctrl+p", "pageup", "escape"),
)
"""Keys that wait together: two of them close the same dialog, or one meets a list that has not been laid out."""


@pytest.mark.parametrize("keys", CLOSED_TWICE)
def test_a_dialog_closes_once(keys: tuple[str, ...]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 31) as walker:
            walker.queue(*keys)
            await walker.settle()
            assert walker.app._exception is None
            await same_as_a_fresh_app(walker, SMALL)

    run(check())


@pytest.mark.parametrize("name", SHIPPED if SEARCH else ["softplus", "batch_norm", "moons", "dropout"])
@pytest.mark.parametrize("seed", range(3 if SEARCH else 1))
def test_keys_mashed(name: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        rng = random.Random(f"{name} {seed}")
        size = rng.choice((SMALL, LARGE))
        pressed: list[str] = []
        async with walking(shipped(name), size) as walker:
            while len(pressed) < KEYS:
                keys: list[str]
                if walker.top is walker.screen:
                    keys = [rng.choice(ALL) for _ in range(rng.choice((1, 1, 1, 5, 30)))]
                elif rng.random() < 0.3:
                    keys = [*rng.choice(LINES), "enter"]
                elif rng.random() < 0.3:
                    keys = ["escape"]
                else:
                    keys = [rng.choice(TYPED) for _ in range(rng.choice((1, 4, 12)))]
                if isinstance(walker.top, CommandPalette):
                    # what is found there by chance may be the quit command
                    keys = ["down", "up", "escape"]
                pressed += keys
                walker.queue(*keys)
                if rng.random() < 0.1:
                    resize(walker, *rng.choice(SIZES))
                await walker.settle()
                assert not walker.app._exit, pressed[-60:]
                assert not isinstance(walker.top, PickerScreen)
                if rng.random() < 0.2:
                    await walker.work()
                assert walker.screen.shown == walker.cursor, pressed[-60:]
                assert 0 <= walker.cursor <= walker.screen.walk.last
            await walker.work()
            await same_as_a_fresh_app(walker, size)

    run(check())
