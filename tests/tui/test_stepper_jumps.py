"""Going far: go-to and its preview, the way back, and long computations that never hold up a key."""

from __future__ import annotations

import asyncio

import pytest
from helpers import Gate, keys_of, run, walking
from scenes import net, shipped
from textual.widgets import Input

from engine.scenario.model import Scenario
from engine.structs import replace
from engine.trace import PROGRESS_EVERY, Trace
from tui.screens.goto import GoToScreen
from tui.screens.working import Finished, Progressed

FAR = replace(shipped("softplus"), training=replace(shipped("softplus").training, iterations=100_000))
"""A walk of 3,400,000 steps, whose end is some seconds of computing away."""


@pytest.mark.parametrize(("id", "key"), keys_of("go_to"))
def test_go_to_by_key(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            before = walker.drawn()
            await walker.press(key)
            assert isinstance(walker.top, GoToScreen)
            assert "step 1 to 170; names: W a b" in walker.preview
            await walker.press("escape")
            assert walker.top is walker.screen
            assert walker.drawn() == before

    run(check())


@pytest.mark.parametrize(
    ("text", "says", "step"),
    [
        ("delta[1][2]", "step 53, iteration 2, backward: delta[1][2]#1@1", 52),
        ("dW[1][2,1]@0", "step 22, iteration 1, backward: dW[1][2,1]@0", 21),
        ("17", "step 17, iteration 1, backward: fprime[1][2]#1@0", 16),
        ("50%", "step 86, iteration 3, backward: delta[1][1]#1@2", 85),
    ],
)
def test_a_preview_says_where_enter_will_lead(text: str, says: str, step: int) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await walker.press(":")
            await walker.type(text)
            walk = walker.screen.walk
            assert walker.preview == f"{says} = {walk.printer(walker.settings).number(walk.trace[step].value)}"
            assert walker.cursor == 40, "typing moves nothing"
            await walker.press("enter")
            assert walker.top is walker.screen
            assert walker.cursor == walker.screen.shown == step

    run(check())


def test_a_preview_does_not_tell_what_is_asked() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await walker.press("a", ":")
            await walker.type("17")
            assert walker.preview == "step 17, iteration 1, backward: fprime[1][2]#1@0"

    run(check())


def test_what_leads_nowhere_says_why_and_stays_open() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await walker.press(":")
            for text, why in [
                ("171", "there is no step 171; expected 1 to 170"),
                ("x%", "'x%' is not a percentage"),
                ("x[1]", "x[1] has no step: it is given"),
                ("a[7]", "there is no a in layer 7"),
                ("[relu]", "'[relu]' is not an address"),
                ("[/]", "'[/]' is not an address"),
                ("--5", "'--5' is not an address"),
            ]:
                walker.top.query_one(Input).value = ""
                await walker.type(text)
                assert why in walker.preview
                assert why.split(";")[0] in walker.text.replace("\n", " ")
                await walker.press("enter")
                assert isinstance(walker.top, GoToScreen), text
                assert why in walker.preview
            assert walker.cursor == 40
            walker.top.query_one(Input).value = ""
            await walker.settle()
            assert "names:" in walker.preview, "with nothing typed, the hint is back"
            await walker.press("enter")
            assert walker.top is walker.screen, "nothing typed is a way out"
            assert walker.cursor == 40

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("return"))
def test_the_way_back_after_jumps(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            assert walker.screen.check_action("return", ()) is None
            await walker.press(key)
            assert walker.cursor == 40
            await walker.press("end", "left", "g")
            assert walker.cursor == 0
            assert walker.screen.check_action("return", ()) is True
            await walker.press(key)
            assert walker.cursor == 168
            await walker.press(key)
            assert walker.cursor == 40
            assert walker.screen.check_action("return", ()) is None
            await walker.press(key)
            assert walker.cursor == 40

    run(check())


def test_a_jump_to_where_one_is_leaves_no_place() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=0) as walker:
            await walker.press("home", ":")
            await walker.type("1")
            await walker.press("enter")
            assert walker.screen.check_action("return", ()) is None

    run(check())


# far


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def far(iterations: int = 5000) -> Scenario:
    return replace(FAR, training=replace(FAR.training, iterations=iterations))


def test_a_key_never_waits_for_a_long_computation(gate: Gate) -> None:
    async def check() -> None:
        async with walking(FAR) as walker:
            await walker.press("end")
            await gate.reached(walker)
            assert walker.cursor == 0
            assert f"computing update {PROGRESS_EVERY} of 99,999 (Esc stops)" in walker.text
            await walker.press("3")
            assert walker.screen.focused is not None
            assert walker.screen.focused.id == "values"
            await walker.press("?")
            assert walker.top is not walker.screen
            await walker.press("escape")
            assert walker.screen.computing, "escape closed the help only"
            await walker.press("escape")
            assert walker.cursor == 0
            assert "computing" not in walker.text
            gate.open.set()
            assert await asyncio.to_thread(gate.stopped.wait, 20), "the thread itself ends"
            await walker.work()
            assert walker.cursor == 0

    run(check())


def test_a_cancelled_jump_leaves_no_place_to_go_back_to(gate: Gate) -> None:
    async def check() -> None:
        async with walking(FAR, at=3) as walker:
            await walker.press("end", "end", "escape")
            gate.open.set()
            await walker.work()
            assert walker.cursor == 3
            assert walker.screen.check_action("return", ()) is None

    run(check())


def test_a_step_by_hand_ends_the_computation(gate: Gate) -> None:
    async def check() -> None:
        async with walking(FAR) as walker:
            await walker.press("end")
            await gate.reached(walker)
            await walker.press("right")
            assert walker.cursor == 1
            assert "computing" not in walker.text
            gate.open.set()
            await walker.work()
            assert walker.cursor == 1

    run(check())


def test_a_later_jump_replaces_the_earlier(gate: Gate) -> None:
    async def check() -> None:
        async with walking(FAR) as walker:
            await walker.press("end")
            await gate.reached(walker)
            await walker.press(":")
            await walker.type("a[2][1]@40000")
            await walker.press("enter")
            assert walker.screen.computing
            assert "computing update" in walker.text
            assert "of 40,000" in walker.text
            gate.open.set()
            await walker.work()
            assert walker.cursor == walker.screen.walk.target("a[2][1]@40000", 0)
            assert "computing" not in walker.text
            await walker.press("backspace")
            assert walker.cursor == 0

    run(check())


def test_word_of_a_computation_given_up_moves_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=3) as walker:
            walker.screen.post_message(Progressed(99, 2))
            await walker.settle()
            assert "computing" not in walker.text
            walker.screen.post_message(Finished(99, None))
            await walker.settle()
            assert walker.cursor == 3
            assert not walker.screen.computing

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("onward"))
def test_on_again_to_where_one_went_back_from(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            await walker.press("end", "left", "g", "<", "<")
            assert walker.cursor == 40
            await walker.press(key)
            assert walker.cursor == 168
            await walker.press(key)
            assert walker.cursor == walker.screen.shown == 0
            await walker.press(key)
            assert walker.cursor == 0
            await walker.press("<", "G")
            assert walker.screen.check_action("onward", ()) is None, "a jump of one's own leads elsewhere"

    run(check())


def test_an_iteration_is_named_by_its_state_or_its_number() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=40) as walker:
            for text, step in (("@3", 102), ("iteration 2", 34), ("5.", 136)):
                await walker.press(":")
                await walker.enter(text)
                assert walker.cursor == step, text

    run(check())


def test_arriving_far_away_shows_the_right_number() -> None:
    async def check() -> None:
        async with walking(far(20_000), at=2) as walker:
            await walker.press("end")
            await walker.work()
            last = walker.screen.walk.last
            assert walker.cursor == walker.screen.shown == last
            assert walker.screen.walk.trace[last].value == Trace(far(20_000))[last].value
            async with walking(far(20_000), at=last) as fresh:
                # all but the way back is the same: the footer has none
                assert fresh.drawn() == walker.drawn()
            await walker.press("backspace")
            assert walker.cursor == 2

    run(check())


def test_quitting_while_computing_ends_cleanly(gate: Gate) -> None:
    async def check() -> None:
        async with walking(FAR) as walker:
            await walker.press("end")
            await gate.reached(walker)
            app = walker.app
            walker.queue("q")
            gate.open.set()
            await walker.settle()
        assert app.return_code == 0
        assert await asyncio.to_thread(gate.stopped.wait, 20)

    run(check())


def test_a_large_net_jumps_by_a_worker_and_a_small_one_on_the_spot() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            walker.queue("end")
            await walker.settle()
            assert not walker.screen.computing
            assert walker.cursor == 169
        async with walking(net(200, 100, 10, samples=8, iterations=20)) as walker:
            await walker.press("end")
            await walker.work()
            assert walker.cursor == walker.screen.walk.last

    run(check())
