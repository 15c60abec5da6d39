"""Pointing: at the walk, at the iteration, at a unit, and at what has no step."""

from __future__ import annotations

import pytest
from helpers import LARGE, SMALL, Walker, run, walking
from scenes import shipped
from textual import events
from textual.geometry import Offset

from tui.draw.timeline import step_at


async def mouse(walker: Walker, kind: type[events.MouseEvent], x: int, y: int, button: int = 1) -> None:
    """A mouse event at a place of the screen, as the terminal reports it."""
    walker.app.mouse_position = Offset(x, y)
    walker.app.screen._forward_event(
        kind(None, x, y, 0, 0, button, shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y)
    )
    await walker.settle()


async def click(walker: Walker, x: int, y: int) -> None:
    for kind in (events.MouseDown, events.MouseUp, events.Click):
        await mouse(walker, kind, x, y)


def find(walker: Walker, text: str, within: str = "Screen") -> tuple[int, int]:
    """Where some text stands on the screen; every character here is one cell wide."""
    region = walker.screen.region if within == "Screen" else walker.screen.query_one(within).region
    for y, row in enumerate(walker.text.split("\n")[region.y : region.bottom], start=region.y):
        if text in row[region.x : region.right]:
            return row.index(text, region.x), y
    raise AssertionError(f"{text!r} is not on the screen")


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_click_on_the_walk_leads_to_an_iteration(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, 40) as walker:
            timeline = walker.screen.query_one("#timeline").content_region
            for k in (4, 2, 0):
                row = walker.text.split("\n")[timeline.y + 1]
                x = row.index(str(k + 1)) if str(k + 1) in row else timeline.x + 1
                await click(walker, x, timeline.y + 1)
                assert walker.cursor == 34 * k
            await walker.press("backspace", "backspace", "backspace")
            assert walker.cursor == 40

    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_click_on_the_iteration_leads_to_the_step_there(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, 40) as walker:
            timeline = walker.screen.query_one("#timeline").content_region
            for x in range(0, timeline.width, 9):
                wanted = step_at(walker.screen.walk, walker.cursor, timeline.width, x, 2)
                await click(walker, timeline.x + x, timeline.y + 2)
                assert walker.cursor == walker.screen.shown == wanted
                assert 34 <= walker.cursor < 68, "within the iteration"

    run(check())


def test_a_drag_follows_the_mouse_and_leaves_one_place_to_go_back_to() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 40) as walker:
            timeline = walker.screen.query_one("#timeline").content_region
            y = timeline.y + 2
            await mouse(walker, events.MouseDown, timeline.x + 5, y)
            went = [walker.cursor]
            for x in range(10, 60, 10):
                await mouse(walker, events.MouseMove, timeline.x + x, y)
                went.append(walker.cursor)
            await mouse(walker, events.MouseUp, timeline.x + 50, y)
            assert went == sorted(set(went))
            await mouse(walker, events.MouseMove, timeline.x, y, button=0)
            assert walker.cursor == went[-1], "let go, it follows no more"
            await walker.press("backspace")
            assert walker.cursor == 40

    run(check())


def test_a_click_on_the_words_or_beside_the_bar_does_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 40) as walker:
            timeline = walker.screen.query_one("#timeline").region
            await click(walker, 10, timeline.y)
            await click(walker, 0, timeline.y + 1)
            assert walker.cursor == 40

    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(("at", "text", "address"), [
    (40, "a₂⁽¹⁾", "a[1][2]@1"),
    (40, "−0.8269", None),
    (60, "+0.5370", "W[1][1,2]@2"),
])  # fmt: skip
def test_a_click_on_the_network_leads_to_the_step(
    size: tuple[int, int], at: int, text: str, address: str | None
) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, at) as walker:
            x, y = find(walker, text, "#graph")
            await click(walker, x + 1, y)
            if address is not None:
                assert walker.cursor == walker.screen.walk.target(address, at)
                await walker.press("backspace")
                assert walker.cursor == at
            elif text.startswith("−"):
                # the weight carried into iteration 2 was computed at the end of iteration 1
                assert walker.screen.walk.trace[walker.cursor].address.name == "W"
                assert walker.cursor < 34

    run(check())


@pytest.mark.parametrize("text", ["x₁", "x₂"])
def test_a_click_on_an_input_says_why_not(text: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 40) as walker:
            await click(walker, *find(walker, text))
            assert walker.cursor == 40
            said = [notification.message for notification in walker.app._notifications]
            assert len(said) == 1
            assert said[0].startswith(f"x[{'12'['₁₂'.index(text[1])]}]")
            assert said[0].endswith("has no step: it is given")
            assert "has no step" in walker.text, "its brackets are there too"
            assert f"step {40 + 1}/170" in walker.text, "and the position is not covered"

    run(check())


def test_a_click_on_nothing_does_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 40) as walker:
            graph = walker.screen.query_one("#graph").region
            await click(walker, graph.right - 1, graph.y + 5)
            await click(walker, 5, 0)
            assert walker.cursor == 40
            assert not list(walker.app._notifications)

    run(check())


def test_a_click_on_a_panel_brings_it_to_the_keys() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 40) as walker:
            values = walker.screen.query_one("#values").region
            await click(walker, values.x + 5, values.y + 5)
            assert walker.screen.focused is not None
            assert walker.screen.focused.id == "values"
            await walker.press("e")
            assert walker.screen.enlarged == "values"

    run(check())


def test_a_click_on_the_footer_is_its_key() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 40) as walker:
            x, y = find(walker, "→ step")
            await click(walker, x, y)
            assert walker.cursor == 41

    run(check())
