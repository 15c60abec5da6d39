"""Walking: the same screen whichever way a step is reached, every number on it the trace's, every key at work."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from helpers import LARGE, SMALL, Drawn, net, run, shipped, walking
from textual.widgets import Input

from engine.plan import Granularity
from tui.commands import BY_ID, COMMANDS, key_name
from tui.screens.goto import GoToScreen
from tui.screens.help import HelpScreen, help_text
from tui.screens.stepper import SPEEDS

SAMPLED = 13
"""A fresh app is opened at every so many-th step."""


@pytest.mark.parametrize("name", ["softplus", "zero_init"])
def test_a_step_looks_the_same_whichever_way_it_is_reached(name: str) -> None:
    async def check() -> None:
        there: dict[int, Drawn] = {}
        async with walking(shipped(name)) as walker:
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
            async with walking(shipped(name), at=step) as fresh:
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
    "forward": START + 1,
    "back": START - 1,
    "next_part": 31,
    "previous_part": 25,
    "next_iteration": 34,
    "previous_iteration": 0,
    "first": 0,
    "last": 169,
}
"""Command → the step its keys lead to."""

SETTINGS = {
    "coarser": ("granularity", Granularity.UNIT),
    "finer": ("granularity", Granularity.STEP),
    "long_way": ("long_way", True),
    "whole": ("whole", True),
    "more_digits": ("digits", 6),
    "fewer_digits": ("digits", 4),
}
"""Command → the setting its keys change, and to what."""

PANES = {
    "pane_graph": "graph",
    "pane_formula": "formula",
    "pane_values": "values",
    "pane_timeline": "timeline",
    "next_pane": "values",
    "previous_pane": "graph",
}
"""Command → the panel its keys lead to, from the formula."""


def cases(*ids: str) -> list[object]:
    return [pytest.param(id, key, id=f"{id}-{key}") for id in ids for key in BY_ID[id].keys]


@pytest.mark.parametrize(("id", "key"), cases(*MOVES))
def test_a_key_that_moves(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert walker.cursor == MOVES[id]
            assert walker.screen.shown == MOVES[id]
            assert f"step {MOVES[id] + 1}/170" in walker.region("#timeline")

    run(check())


@pytest.mark.parametrize(("id", "key"), cases(*SETTINGS))
def test_a_key_that_changes_what_is_shown(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            name, wanted = SETTINGS[id]
            if id == "finer":
                await walker.press("up", "up")
                wanted = Granularity.UNIT
            await walker.press(key)
            assert getattr(walker.settings, name) == wanted
            assert walker.cursor == START
            if id in ("long_way", "whole"):
                await walker.press(key)
                assert getattr(walker.settings, name) is False

    run(check())


@pytest.mark.parametrize(("id", "key"), cases(*PANES))
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_key_that_leads_to_a_panel(id: str, key: str, size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            assert walker.screen.focused is not None
            assert walker.screen.focused.id == "formula"
            await walker.press(key)
            assert walker.screen.focused is not None
            assert walker.screen.focused.id == PANES[id]
            assert walker.screen.focused.region.area > 0, "it can be seen"

    # at 120 columns tab goes by the numbers of the panels as well
    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_tab_comes_round_and_shift_tab_goes_the_other_way(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            first = walker.drawn()
            order = []
            for _ in range(4):
                await walker.press("tab")
                assert walker.screen.focused is not None
                order.append(walker.screen.focused.id)
            assert order == ["values", "timeline", "graph", "formula"]
            back = []
            for _ in range(4):
                await walker.press("shift+tab")
                assert walker.screen.focused is not None
                back.append(walker.screen.focused.id)
            assert back == ["graph", "timeline", "values", "formula"]
            assert walker.drawn() == first

    run(check())


def test_below_the_network_stands_the_panel_asked_for_last() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:
            assert "2 Formula" in walker.text
            assert "3 Values" not in walker.text
            await walker.press("3")
            assert "3 Values" in walker.text
            assert "2 Formula" not in walker.text
            await walker.press("1")
            assert "3 Values" in walker.text, "looking at the network keeps it"
            await walker.press("2")
            assert "2 Formula" in walker.text

    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(("pane", "key"), [("graph", "1"), ("formula", "2"), ("values", "3")])
def test_a_panel_enlarged_has_the_screen_and_gives_it_back(pane: str, key: str, size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            await walker.press(key)
            before = walker.drawn()
            await walker.press("e")
            assert walker.screen.enlarged == pane
            shown = [panel for panel in ("graph", "formula", "values") if walker.screen.query_one(f"#{panel}").display]
            assert shown == [pane]
            assert walker.screen.query_one(f"#{pane}").region.height == size[1] - 5
            assert f"step {START + 1}/170" in walker.text, "the position stays"
            await walker.press("right", "left", "e")
            assert walker.screen.enlarged == ""
            assert walker.drawn() == before
            await walker.press("e", "escape")
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
            assert walker.screen.focused is not None
            assert walker.screen.focused.id == "timeline"
            assert walker.screen.enlarged == "values", "the timeline is always there"
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


@pytest.mark.parametrize("key", BY_ID["play"].keys)
def test_play_goes_on_by_itself_until_paused(key: str) -> None:
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


@pytest.mark.parametrize(("id", "key"), cases("faster", "slower"))
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


@pytest.mark.parametrize("key", BY_ID["theme"].keys)
def test_dark_and_light_and_nothing_left_of_the_other(key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            dark = walker.drawn()
            assert walker.app.theme == "backprop-dark"
            await walker.press(key)
            assert walker.app.theme == "backprop-light"
            light = walker.drawn()
            colours = {look for row in light for _, look in row}
            assert not any("#14161b" in look.split(" on ")[-1] for look in colours), "no row kept the dark background"
            await walker.press("right", "left")
            assert walker.drawn() == light
            await walker.press(key)
            assert walker.drawn() == dark

    run(check())


@pytest.mark.parametrize("key", BY_ID["help"].keys)
def test_help_opens_and_any_of_its_keys_closes_it(key: str) -> None:
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


def test_the_palette_runs_a_command() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press("ctrl+p")
            assert walker.top is not walker.screen
            await walker.press("escape")
            assert walker.top is walker.screen
            commands = {command.title: command for command in walker.app.get_system_commands(walker.screen)}
            commands["Last step"].callback()
            await walker.settle()
            assert walker.cursor == 169

    run(check())


@pytest.mark.parametrize("key", BY_ID["quit"].keys)
def test_quit(key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            assert not walker.app._exit
            await walker.press(key)
            assert walker.app._exit

    run(check())


def test_escape_never_quits() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(
                *["escape"] * 5, "e", "escape", "escape", "?", "escape", "escape", ":", "escape", "escape"
            )
            assert not walker.app._exit
            assert walker.cursor == START
            await walker.press("right")
            assert walker.cursor == START + 1

    run(check())


def test_a_key_that_is_no_command_does_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            before = walker.drawn()
            await walker.press("x", "Z", "f7", "enter", "delete", "5", "é")
            assert walker.drawn() == before
            assert walker.top is walker.screen

    run(check())


# the table of commands

TESTED = {*MOVES, *SETTINGS, *PANES, "play", "faster", "slower", "go_to", "return", "enlarge", "theme"} | {
    "help", "palette", "escape", "quit",
}  # fmt: skip
"""Commands whose keys a test here or in test_stepper_jumps presses."""


def test_every_command_is_tested() -> None:
    assert {command.id for command in COMMANDS} == TESTED


def test_ids_are_unique_and_no_key_is_bound_twice() -> None:
    assert len(BY_ID) == len(COMMANDS)
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


def test_every_command_has_words_and_an_action() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            for command in COMMANDS:
                assert command.title
                assert command.help
                assert callable(getattr(walker.screen, f"action_{command.id}"))

    run(check())


def test_the_documented_keys_are_the_keys() -> None:
    documented = {
        "right", "l", "pagedown", "left", "h", "pageup", "right_square_bracket", "left_square_bracket",
        "right_curly_bracket", "left_curly_bracket", "home", "g", "end", "G", "up", "down", "space", "plus",
        "equals_sign", "minus", "colon", "ctrl+g", "backspace", "w", "t", "full_stop", "comma", "1", "2", "3", "4",
        "tab", "shift+tab", "e", "d", "question_mark", "f1", "ctrl+p", "escape", "q", "ctrl+q",
    }  # fmt: skip
    assert {key for command in COMMANDS for key in command.keys} == documented


def test_every_command_is_in_the_palette() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            titles = [command.title for command in walker.app.get_system_commands(walker.screen)]
            for command in COMMANDS:
                if command.id not in ("palette", "escape"):
                    assert command.title in titles
            assert len(titles) == len(set(titles))

    run(check())


@pytest.mark.parametrize("ascii", [False, True])
def test_every_command_is_in_the_help_with_its_keys(ascii: bool) -> None:
    text = re.sub(r"\s+", " ", help_text(ascii))
    for command in COMMANDS:
        title = command.title.replace("…", "...") if ascii else command.title
        keys = " ".join(key_name(key, ascii) for key in command.keys)
        assert f"{keys} {title}: " in text
    assert max(map(len, help_text(ascii).split("\n"))) <= 70


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_footer_is_whole(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            footer = walker.text.split("\n")[-1]
            for command in COMMANDS:
                if command.footer:
                    assert f"{key_name(command.keys[0])} {command.footer}" in footer

    run(check())


# the ends

BACKWARDS = ("back", "first", "previous_part", "previous_iteration")
FORWARDS = ("forward", "last", "next_part", "next_iteration", "play")


@pytest.mark.parametrize(("at", "greyed"), [(0, BACKWARDS), (START, ()), (169, FORWARDS)])
def test_what_can_do_nothing_is_greyed_and_stays_listed(at: int, greyed: tuple[str, ...]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=at) as walker:
            grey = {command.id for command in COMMANDS if walker.screen.check_action(command.id, ()) is None}
            assert grey == {*greyed, "return"}
            for id in greyed:
                for key in BY_ID[id].keys:
                    await walker.press(key)
                    assert walker.cursor == at
                    assert walker.screen._playing is None
            assert "step" in walker.text.split("\n")[-1], "still in the footer"

    run(check())


def test_the_footer_greys_step_at_the_end_and_lights_it_again() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=168) as walker:
            lit = walker.drawn()[-1]
            await walker.press("right")
            assert walker.drawn()[-1] != lit
            await walker.press("left")
            assert walker.drawn()[-1] == lit

    run(check())


def test_ten_thousand_keys_at_once() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            walker.queue(*["right"] * 60, *["left", "right"] * 4940, *["left"] * 10, "tab", "tab", "tab", "up", "right")
            await walker.settle()
            assert walker.cursor == walker.screen.walk.forward(50, Granularity.UNIT)
            assert walker.screen.focused is not None
            assert walker.screen.focused.id == "graph"
            drawn = walker.drawn()
            await walker.press("right", "left")
            assert walker.drawn() == drawn

    run(check())


def test_a_walk_without_steps_is_refused_in_words() -> None:
    async def check() -> None:
        scenario = shipped("softplus")
        empty = replace(scenario, training=replace(scenario.training, iterations=0))
        async with walking(empty) as walker:
            assert walker.app.return_code == 2
            assert "no iterations" in str(walker.app._exit_renderables)

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
