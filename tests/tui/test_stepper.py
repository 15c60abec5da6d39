"""Walking: the same screen whichever way a step is reached; the keys that move, play, and lead to panels."""

from __future__ import annotations

import pytest
from helpers import LARGE, SMALL, Drawn, Walker, keys_of, run, walking
from scenes import net, shipped
from textual.command import CommandPalette
from textual.widgets import Input

from engine.plan import Granularity
from tui.screens.goto import GoToScreen
from tui.screens.help import HelpScreen
from tui.screens.looking import PANES
from tui.screens.moving import SPEEDS

SAMPLED = 29
"""A fresh app is opened at every so many-th step."""


def test_a_step_looks_the_same_whichever_way_it_is_reached() -> None:
    async def check() -> None:
        there: dict[int, Drawn] = {}
        async with walking(shipped("softplus")) as walker:
            last = walker.screen.walk.last
            there[0] = walker.drawn()
            for step in range(1, last + 1):
                await walker.press("right")
                assert walker.cursor == walker.screen.shown == step
                there[step] = walker.drawn()
            assert len({str(drawn) for drawn in there.values()}) == last + 1, "no two steps look alike"
            # three at a time: keys that wait together are drawn once
            for step in range(last - 3, -1, -3):
                await walker.press("left", "left", "left")
                assert walker.cursor == step
                assert walker.drawn() == there[step], f"back at step {step + 1}"
        for step in [*range(0, last, SAMPLED), last]:
            async with walking(shipped("softplus"), at=step) as fresh:
                assert fresh.drawn() == there[step], f"opened at step {step + 1}"

    run(check())


def test_moving_at_every_stride_and_back_leaves_what_a_fresh_app_draws() -> None:
    async def check() -> None:
        keys = ["]"] * 9 + ["up", "right", "right", "up", "right", "}", "[", "left", "down", "down", "left", "{", "h"]
        async with walking(shipped("zero_init"), LARGE) as walker:
            for number, key in enumerate(keys):
                await walker.press(key)
                if number % 3 and number < len(keys) - 1:
                    continue
                drawn, at, settings = walker.drawn(), walker.cursor, walker.settings
                async with walking(shipped("zero_init"), LARGE, at) as fresh:
                    fresh.screen.settings = settings
                    await fresh.settle()
                    assert fresh.drawn() == drawn, f"after {key}, at step {at + 1}"

    run(check())


# keys

START = 30
"""Where the keys below are pressed: softplus has 34 steps an iteration, so this is in the first update."""

MOVES = {
    "forward": (START, START + 1),
    "back": (START, START - 1),
    "next_part": (START, 31),
    "previous_part": (START, 25),
    "next_iteration": (START, 34),
    "previous_iteration": (START, 0),
    "first": (START, 0),
    "last": (START, 169),
    "next_unit": (29, 30),
    "previous_unit": (30, 29),
}
"""Command → where its keys are pressed, and the step they lead to."""

SETTINGS = {
    "coarser": ("granularity", Granularity.UNIT, "stride: unit"),
    "finer": ("granularity", Granularity.UNIT, "stride: unit"),
    "long_way": ("long_way", True, ""),
    "whole": ("whole", True, ""),
    "more_digits": ("digits", 6, "0.0326968"),
    "fewer_digits": ("digits", 4, "≈ 0.0327\n"),
    "big": ("big", True, ""),
}
"""Command → the setting its keys change, to what, and a word that is then on the screen; of a switch there is none."""

LEADS = {
    "pane_graph": "graph",
    "pane_formula": "formula",
    "pane_values": "values",
    "pane_curves": "curves",
    "pane_paths": "paths",
    "pane_timeline": "timeline",
    "next_pane": "values",
    "previous_pane": "graph",
}
"""Command → the panel its keys lead to, from the formula."""


def focused(walker: Walker) -> str:
    """The panel that gets the keys."""
    assert walker.screen.focused is not None
    return walker.screen.focused.id or ""


MOVED_BY = keys_of(*MOVES)


def test_keys_that_move() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            for id, key in MOVED_BY:
                before, after = MOVES[id]
                walker.screen.cursor = before
                await walker.settle()
                await walker.press(key)
                assert walker.cursor == after, (id, key)
                assert walker.screen.shown == after
                assert f"step {after + 1}/170" in walker.region("#timeline")

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("next_sample", "previous_sample"))
def test_a_key_that_goes_to_the_same_number_of_another_sample(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(net(2, 3, 2, samples=3, iterations=2), LARGE) as walker:
            walk, by = walker.screen.walk, 1 if id == "next_sample" else -1
            for name in ("a[1][2]", "delta[2][1]"):
                walker.screen.cursor = walk.target(f"{name}#2@1", 0)
                await walker.settle()
                await walker.press(key)
                assert walker.cursor == walk.target(f"{name}#{2 + by}@1", 0)
                assert f"sample {2 + by}/3" in walker.region("#timeline")
                await walker.press(key)
                assert walker.cursor == walk.target(f"{name}#{2 + by}@1", 0), "there are three"
            walker.screen.cursor = walk.target("dW[1][2,1]@1", 0)
            await walker.press(key)
            assert walker.cursor == walk.target("dW[1][2,1]@1", 0), "it is of all samples"

    run(check())


def test_units_go_down_the_rows_and_stay_in_their_column() -> None:
    async def check() -> None:
        async with walking(shipped("zero_init"), at="dW[1][2,2]") as walker:
            walk = walker.screen.walk
            await walker.press("j", "j")
            assert walker.cursor == walk.target("dW[1][4,2]", 0)
            await walker.press("j")
            assert walker.cursor == walk.target("dW[1][4,2]", 0)
            await walker.press(*"kkk")
            assert walker.cursor == walk.target("dW[1][1,2]", 0)

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of(*SETTINGS))
def test_a_key_that_changes_what_is_shown(id: str, key: str) -> None:
    async def check() -> None:
        name, wanted, word = SETTINGS[id]
        # a step with a way past its shortcut; one with a sum of more terms than a screen shows
        scenario, at = {
            "long_way": (shipped("softmax_sgd"), "delta[1][1]"),
            "whole": (net(12, 2, 1), "z[1][1]"),
        }.get(id, (shipped("softplus"), START))
        async with walking(scenario, LARGE, at) as walker:
            await walker.press("1" if id == "big" else "2")
            if id == "finer":
                await walker.press("up", "up")
            at, before = walker.cursor, walker.text
            await walker.press(key)
            assert getattr(walker.settings, name) == wanted
            assert walker.cursor == at
            assert walker.text != before
            if word:
                assert word in walker.text
                assert word not in before
            else:
                await walker.press(key)
                assert getattr(walker.settings, name) is False
                assert walker.text == before

    run(check())


LED_BY = keys_of(*LEADS)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_keys_that_lead_to_a_panel(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            plain = walker.drawn()
            for id, key in LED_BY:
                assert focused(walker) == "formula"
                if id == "pane_formula":
                    await walker.press("3")
                    assert focused(walker) == "values"
                await walker.press(key)
                assert focused(walker) == LEADS[id], (id, key)
                assert walker.screen.focused is not None
                assert walker.screen.focused.region.area > 0, "it can be seen"
                assert walker.region(f"#{LEADS[id]}").strip()
                await walker.press("3", "2")
                assert walker.drawn() == plain

    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_tab_comes_round_and_shift_tab_goes_the_other_way(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            first = walker.drawn()
            order = []
            for _ in PANES:
                await walker.press("tab")
                order.append(focused(walker))
            assert order == ["values", "curves", "paths", "timeline", "graph", "formula"]
            back = []
            for _ in PANES:
                await walker.press("shift+tab")
                back.append(focused(walker))
            assert back == [*order[-2::-1], "formula"]
            assert walker.drawn() == first

    run(check())


def test_below_the_network_stands_the_panel_asked_for_last() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:

            def shown() -> list[str]:
                return [name for name in PANES[1:-1] if walker.screen.query_one(f"#{name}").display]

            assert shown() == ["formula"]
            for key, name in (("3", "values"), ("4", "curves"), ("5", "paths"), ("2", "formula")):
                await walker.press(key)
                assert shown() == [name]
                assert walker.region(f"#{name}").startswith("─2 Formula  3 Values  4 Curves  5 Paths─")
                await walker.press("1")
                assert shown() == [name], "looking at the network keeps it"

    run(check())


def test_beside_the_network_stands_the_panel_asked_for_last() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, START) as walker:

            def shown() -> list[str]:
                return [name for name in PANES[:-1] if walker.screen.query_one(f"#{name}").display]

            assert shown() == ["graph", "formula", "values"]
            for key, name in (("4", "curves"), ("5", "paths"), ("3", "values")):
                await walker.press(key, "2")
                assert shown() == ["graph", "formula", name] or shown() == ["graph", name, "formula"]
            await walker.press("z")
            assert shown() == ["graph", "formula"], "large, there is less beside one another"
            await walker.press("5")
            assert shown() == ["graph", "paths"]

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("enlarge"))
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_panel_enlarged_has_the_screen_and_gives_it_back(size: tuple[int, int], id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            for number, pane in enumerate(PANES[:-1], start=1):
                await walker.press(str(number))
                await walker.work()
                before = walker.drawn()
                await walker.press(key)
                assert walker.screen.enlarged == pane
                shown = [name for name in PANES[:-1] if walker.screen.query_one(f"#{name}").display]
                assert shown == [pane]
                assert walker.screen.query_one(f"#{pane}").region.height == size[1] - 5
                assert f"step {START + 1}/170" in walker.text, "the position stays"
                await walker.press("right", "left", key)
                assert walker.screen.enlarged == ""
                assert walker.drawn() == before
                await walker.press(key, "escape")
                assert walker.screen.enlarged == ""
                assert walker.drawn() == before

    run(check())


def test_an_enlarged_panel_gives_way_to_the_next() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:
            await walker.press("e")
            assert walker.screen.enlarged == "formula"
            await walker.press("3")
            assert walker.screen.enlarged == "values"
            await walker.press("tab")
            assert walker.screen.enlarged == focused(walker) == "curves"
            await walker.press("6")
            assert focused(walker) == "timeline"
            assert walker.screen.enlarged == "curves", "the timeline is always there"
            await walker.press("e")
            assert walker.screen.enlarged == ""

    run(check())


def test_an_enlarged_formula_longer_than_the_screen_scrolls() -> None:
    async def check() -> None:
        async with walking(net(40, 3, 1), SMALL) as walker:
            await walker.press("t", "e")
            panel = walker.screen.query_one("#formula")
            if not panel.overflows:  # type: ignore[attr-defined]
                await walker.resize(60, 12)
            before = walker.region("#formula")
            await walker.press("down")
            assert walker.region("#formula").split("\n")[1:-1] == before.split("\n")[2:]
            assert walker.settings.granularity is Granularity.STEP
            await walker.press("up")
            assert walker.region("#formula") == before
            await walker.press("up")
            assert walker.region("#formula") == before, "it ends at the top"

    run(check())


def test_digits_stop_at_one_and_at_what_tells_any_two_numbers_apart() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 2) as walker:
            assert "0.79814" in walker.region("#formula")
            await walker.press(",")
            assert "≈ 0.7981\n" in walker.region("#formula")
            await walker.press(*"," * 20)
            assert walker.settings.digits == 1
            assert "≈ 0.8\n" in walker.region("#formula")
            await walker.press(*"." * 20)
            assert walker.settings.digits == 17
            value = walker.screen.walk.trace[2].value
            assert f"{value:.17g}" in walker.region("#formula")

    run(check())


def test_strides_stop_at_both_ends_and_are_named_in_the_title() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:
            assert "stride" not in walker.region("#title")
            for stride in ("unit", "array", "layer", "phase", "iteration", "iteration"):
                await walker.press("up")
                assert f"stride: {stride}" in walker.region("#title")
            await walker.press(*["down"] * 7)
            assert walker.settings.granularity is Granularity.STEP
            assert "stride" not in walker.region("#title")

    run(check())


@pytest.mark.parametrize(
    ("ups", "steps"), [(0, [1, 2, 3]), (1, [1, 2, 3]), (3, [4, 6, 7]), (4, [6, 7, 25]), (5, [34, 68, 102])]
)
def test_a_longer_stride_goes_further(ups: int, steps: list[int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            await walker.press(*["up"] * ups)
            went = []
            for _ in steps:
                await walker.press("right")
                went.append(walker.cursor)
            assert went == steps
            for step in [*steps[-2::-1], 0]:
                await walker.press("left")
                assert walker.cursor == step

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("play"))
def test_play_goes_on_by_itself_until_paused(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert "playing 1/s" in walker.region("#timeline")
            walker.screen._tick()
            walker.screen._tick()
            await walker.settle()
            assert walker.cursor == walker.screen.shown == START + 2
            await walker.press("right")
            assert walker.cursor == START + 3
            assert "playing" not in walker.region("#timeline"), "a step by hand pauses"
            await walker.press(key, key)
            assert walker.screen._playing is None
            await walker.press(key, "escape")
            assert walker.screen._playing is None
            assert "playing" not in walker.region("#timeline")
            await walker.press(key, ":")
            assert walker.screen._playing is None, "so does opening go-to"

    run(check())


def test_play_stops_at_the_end() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=167) as walker:
            await walker.press("space")
            for _ in range(3):
                walker.screen._tick()
                await walker.settle()
            assert walker.cursor == 169
            assert walker.screen._playing is None
            assert "playing" not in walker.region("#timeline")

    run(check())


def test_play_takes_the_chosen_stride() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            await walker.press(*["up"] * 4, "space")
            walker.screen._tick()
            assert walker.cursor == 6

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("faster", "slower"))
def test_speed_changes_while_playing_and_before(id: str, key: str) -> None:
    async def check() -> None:
        by = 1 if id == "faster" else -1
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert f"play: {SPEEDS[2 + by]:g} steps a second" in walker.region("#timeline")
            await walker.press("space")
            assert f"playing {SPEEDS[2 + by]:g}/s" in walker.region("#timeline")
            await walker.press(*[key] * 9)
            ends = SPEEDS[-1 if by > 0 else 0]
            assert f"playing {ends:g}/s" in walker.region("#timeline")

    run(check())


def test_the_speed_chosen_is_said_until_the_next_step() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            before = walker.drawn()
            await walker.press("+", "+", "+", "-")
            assert "play: 4 steps a second" in walker.region("#timeline")
            await walker.press("right", "left")
            assert walker.drawn() == before

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("theme"))
def test_the_themes_come_round_and_nothing_is_left_of_the_one_before(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            dark = walker.drawn()
            assert walker.app.theme == "backprop-dark"
            for theme in ("light", "contrast", "contrast-light"):
                before = walker.app.palette.colours["background"].lower()
                await walker.press(key)
                assert walker.app.theme == f"backprop-{theme}"
                drawn = walker.drawn()
                grounds = {look.split(" on ")[-1] for row in drawn for _, look in row}
                assert not any(before in ground for ground in grounds), "no row kept the background"
                await walker.press("right", "left")
                assert walker.drawn() == drawn
            await walker.press(key)
            assert walker.drawn() == dark

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("help"))
def test_help_opens_and_any_of_its_keys_closes_it(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            before = walker.drawn()
            for close in ("escape", "q", "?", "f1"):
                await walker.press(key)
                assert isinstance(walker.top, HelpScreen)
                assert "Step forward" in walker.text
                await walker.press(close)
                assert walker.top is walker.screen
                assert walker.drawn() == before

    run(check())


def test_help_begins_with_the_panel_one_is_at() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            for number, name in enumerate(PANES, start=1):
                await walker.press(str(number), "?")
                words = walker.text.split()
                title = {"graph": "NETWORK"}.get(name, name.upper())
                assert title in words
                assert "MOVE" not in words or words.index(title) < words.index("MOVE")
                await walker.press("escape")

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("palette"))
def test_the_palette_runs_a_command(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert isinstance(walker.top, CommandPalette)
            await walker.press("escape")
            assert walker.top is walker.screen
            commands = {command.title: command for command in walker.app.get_system_commands(walker.screen)}
            commands["Last step"].callback()
            await walker.settle()
            assert walker.cursor == 169

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("quit"))
def test_quit(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            assert not walker.app._exit
            await walker.press(key)
            assert walker.app._exit

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("escape"))
def test_escape_closes_and_never_quits(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            for opens in "e?:/BfiorY":
                await walker.press(opens)
                assert walker.top is not walker.screen or walker.screen.enlarged, opens
                await walker.press(key)
                assert walker.top is walker.screen, opens
                assert not walker.screen.enlarged
                await walker.press(key, key)
            assert not walker.app._exit
            assert walker.cursor == START
            await walker.press("right")
            assert walker.cursor == START + 1

    run(check())


def test_a_key_that_is_no_command_does_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            before = walker.drawn()
            await walker.press("Z", "f7", "delete", "7", "é", "insert", "ctrl+k")
            assert walker.drawn() == before
            assert walker.top is walker.screen

    run(check())


def test_a_thousand_keys_at_once() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            walker.queue(*["right"] * 60, *["left", "right"] * 440, *["left"] * 10, *["tab"] * 5, "up", "right")
            await walker.settle()
            assert walker.cursor == walker.screen.walk.forward(50, Granularity.UNIT)
            assert focused(walker) == "graph"
            drawn = walker.drawn()
            await walker.press("right", "left")
            assert walker.drawn() == drawn

    run(check())


def test_go_to_takes_letters_that_are_commands_elsewhere() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(":")
            assert isinstance(walker.top, GoToScreen)
            await walker.type("qhled ,")
            assert walker.top.query_one(Input).value == "qhled ,"
            assert isinstance(walker.top, GoToScreen)
            assert walker.cursor == START

    run(check())
