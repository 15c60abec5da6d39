"""The table of commands against the app: every key pressed, listed, explained; what can do nothing; own keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

import pytest
from helpers import LARGE, PRESSED, SMALL, run, walking
from scenes import shipped

from tui.commands import BY_ID, COMMANDS, key_name
from tui.help import help_text
from tui.preferences import Preferences, PreferencesError, read_preferences
from tui.screens.prompt import PromptScreen

START = 30
"""A step of the first update of softplus, whose iterations have 34 steps."""


# the table of commands


def test_every_key_of_every_command_is_pressed_by_a_test() -> None:
    for part in ("", "_by_hand", "_far", "_jumps", "_looks"):
        import_module(f"test_stepper{part}")
    assert {(command.id, key) for command in COMMANDS for key in command.keys} == PRESSED


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
        "right_curly_bracket", "left_curly_bracket", "home", "g", "end", "G", "up", "down", "j", "k", "s", "S",
        "space", "plus", "equals_sign", "minus", "colon", "ctrl+g", "backspace", "less_than_sign",
        "greater_than_sign", "slash", "n", "N", "b", "B", "c", "C", "m", "apostrophe", "quotation_mark", "f",
        "right_parenthesis", "left_parenthesis", "enter", "a", "w", "t", "full_stop", "comma", "v", "p", "P", "x",
        "X", "A", "1", "2", "3", "4", "5", "6", "tab", "shift+tab", "e", "z", "d", "o", "i", "u", "U", "ctrl+r", "R",
        "r", "ctrl+s", "y", "Y", "ctrl+e", "question_mark", "f1", "ctrl+p", "escape", "q", "ctrl+q",
    }  # fmt: skip
    assert {key for command in COMMANDS for key in command.keys} == documented


def test_every_command_is_in_the_palette_with_its_keys() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            offered = {command.title: command.help for command in walker.app.get_system_commands(walker.screen)}
            assert len(offered) == len(COMMANDS) - 2, "all but the palette itself and escape, each title once"
            for command in COMMANDS:
                if command.id not in ("palette", "escape") and not walker.screen.why_not(command.id):
                    keys = ", ".join(map(key_name, command.keys))
                    assert offered[command.title] == f"{command.help} ({keys})"

    run(check())


@pytest.mark.parametrize("ascii", [False, True])
def test_every_command_is_in_the_help_with_its_keys(ascii: bool) -> None:
    text = re.sub(r"\s+", " ", help_text(ascii))
    for command in COMMANDS:
        title = command.title.replace("…", "...") if ascii else command.title
        keys = " ".join(key_name(key, ascii) for key in command.keys)
        assert f"{keys} {title}: " in text
    assert max(map(len, help_text(ascii).split("\n"))) <= 70
    assert text.isascii() or not ascii


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_footer_is_whole(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), size, START) as walker:
            footer = walker.text.split("\n")[-1]
            for command in COMMANDS:
                if command.footer:
                    assert f"{key_name(command.keys[0])} {command.footer}" in footer

    run(check())


# what can do nothing

ALWAYS = {
    "arithmetic": "this scenario is not calculated by hand: it has no [arithmetic]",
    "return": "no jump has been made yet",
    "onward": "there is no place one has gone back from",
    "next_match": "nothing has been searched for: / searches",
    "previous_match": "nothing has been searched for: / searches",
    "continue": "there is no breakpoint: b sets one here, B one by a condition",
    "continue_back": "there is no breakpoint: b sets one here, B one by a condition",
    "next_bookmark": "there is no bookmark after this step",
    "previous_bookmark": "there is no bookmark before this step",
    "next_sample": "there is no sample after this one",
    "previous_sample": "there is no sample before this one",
    "undo": "nothing has been changed",
    "redo": "no change has been taken back",
    "revert": "these are the file's values",
}
"""What can do nothing wherever softplus is opened, and why."""
AT_FIRST = dict.fromkeys(("back", "first", "previous_part", "previous_iteration"), "this is the first step")
AT_LAST = dict.fromkeys(("forward", "last", "next_part", "next_iteration", "play"), "this is the last step")
NO_UNIT = {
    "next_unit": "there is no unit after this one",
    "previous_unit": "there is no unit before this one",
}
DISABLED = {
    0: ALWAYS | AT_FIRST | {"previous_unit": NO_UNIT["previous_unit"]},
    START: ALWAYS | {"next_unit": NO_UNIT["next_unit"]},
    169: ALWAYS | AT_LAST | NO_UNIT,
}
"""Step → command → why it can do nothing there."""


@pytest.mark.parametrize("at", DISABLED)
def test_a_key_that_can_do_nothing_says_why_and_does_nothing(at: int) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, at) as walker:
            grey = {command.id for command in COMMANDS if walker.screen.check_action(command.id, ()) is None}
            assert grey == set(DISABLED[at])
            for id, why in DISABLED[at].items():
                for key in BY_ID[id].keys:
                    walker.screen.status = ""
                    await walker.press(key)
                    assert walker.screen.status == why, key
                    assert why in walker.region("#timeline")
                    assert walker.cursor == at
                    assert walker.screen._playing is None
                    assert walker.top is walker.screen
            offered = {command.title: command.help for command in walker.app.get_system_commands(walker.screen)}
            for command in COMMANDS:
                why = DISABLED[at].get(command.id, "")
                assert (offered.get(command.title) == f"not now: {why}") == bool(why), command.id
            assert "step" in walker.text.split("\n")[-1], "still in the footer"

    run(check())


@pytest.mark.parametrize(
    ("keys", "key", "why"),
    [
        ("." * 12, ".", "17 digits tell any two numbers apart"),
        ("," * 4, ",", "one digit is the least"),
        ("6", "e", "the timeline is as large as it gets"),
    ],
)
def test_what_has_come_to_its_end_says_so(keys: str, key: str, why: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(*keys)
            assert walker.screen.status == ""
            settings = walker.settings
            await walker.press(key)
            assert why in walker.region("#timeline")
            assert walker.settings == settings
            assert walker.screen.enlarged == ""
            await walker.press("left")
            assert why not in walker.text

    run(check())


def test_the_palette_does_nothing_for_a_command_that_cannot() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=0) as walker:
            offered = {command.title: command.callback for command in walker.app.get_system_commands(walker.screen)}
            before = walker.drawn()
            offered["Step back"]()
            offered["Undo"]()
            await walker.settle()
            assert walker.drawn() == before

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


# keys of one's own


def own(text: str) -> Callable[[], Preferences]:
    """What a file of settings gives the app."""
    return lambda: read_preferences(text.encode(), "settings.toml")


def test_a_key_of_ones_own_works_and_the_usual_one_does_not() -> None:
    async def check() -> None:
        keys = own('[keys]\nforward = ["n", "f5"]\nsearch = "ctrl+f"\nquit = "f10"\n')
        async with walking(shipped("softplus"), SMALL, START, preferences=keys) as walker:
            await walker.press("n")
            assert walker.cursor == START + 1, "taken from the next match"
            await walker.press("f5")
            assert walker.cursor == START + 2
            before = walker.drawn()
            await walker.press("right", "l", "pagedown", "/", "q")
            assert walker.cursor == START + 2
            assert walker.drawn() == before
            assert not walker.app._exit
            await walker.press("left", "h")
            assert walker.cursor == START, "the others are as they were"
            await walker.press("ctrl+f")
            assert isinstance(walker.top, PromptScreen)
            await walker.press("escape", "f10")
            assert walker.app._exit

    run(check())


def test_help_footer_and_palette_show_the_keys_of_ones_own() -> None:
    async def check() -> None:
        keys = own('[keys]\nforward = ["n", "f5"]\nhelp = "f1"\nask = "]"\n')
        async with walking(shipped("softplus"), SMALL, START, preferences=keys) as walker:
            footer = walker.text.split("\n")[-1]
            for shown, gone in (("n step", "→ step"), ("F1 help", "? help"), ("] ask", "a ask")):
                assert shown in footer
                assert gone not in footer
            assert footer.index("n step") < footer.index("] ask") < footer.index("F1 help"), "in their old places"
            offered = {command.title: command.help for command in walker.app.get_system_commands(walker.screen)}
            assert offered["Step forward"].endswith("(n, F5)")
            assert offered["Next part"] == BY_ID["next_part"].help, "no key is left"
            text = re.sub(r"\s+", " ", help_text(False, keys=walker.app.keys))
            assert " n F5 Step forward: " in text
            assert " ] Ask the class: " in text
            assert " - Next match: " in text
            assert " - Next part: " in text
            await walker.press("f1")
            assert "Step forward" in walker.text
            assert re.search(r"^.*n F5 +Step forward", walker.text, re.MULTILINE)

    run(check())


def test_what_can_do_nothing_says_why_by_the_key_of_ones_own() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 0, preferences=own('[keys]\nback = "n"\n')) as walker:
            await walker.press("left")
            assert walker.screen.status == ""
            await walker.press("n")
            assert walker.screen.status == "this is the first step"

    run(check())


def test_settings_hold_from_the_start() -> None:
    async def check() -> None:
        text = '[show]\ntheme = "light"\ndigits = 8\nstride = "layer"\ncarry = "change"\nbig = true\nascii = true\n'
        async with walking(shipped("softplus"), LARGE, START, preferences=own(text)) as walker:
            assert walker.app.theme == "backprop-light"
            assert "0.032696796" in walker.region("#formula")
            assert "stride: layer" in walker.region("#title")
            assert not walker.screen.has_class("wide"), "large, nothing stands beside the network"
            assert walker.text.isascii()
            await walker.press("right")
            assert walker.cursor == 31

    run(check())


def test_wrong_settings_end_the_app_and_are_kept_for_the_shell() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), preferences=own('[keys]\nforwards = "n"\n')) as walker:
            assert walker.app._exit
            assert walker.app.return_code == 2
            assert isinstance(walker.app.wrong, PreferencesError)
            assert "did you mean `forward`" in str(walker.app.wrong)

    run(check())
