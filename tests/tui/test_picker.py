"""Before the walk: a scenario read behind a first screen, what is wrong with it, the picker of shipped ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers import LARGE, SMALL, run, walking
from scenes import shipped
from textual._context import active_app
from textual.widgets import OptionList

from engine.scenario.model import Scenario
from engine.structs import replace
from tui.screens.picker import PickerScreen
from tui.screens.stepper import StepperScreen
from tui.verbs.shipped import shipped as entries
from tui.verbs.wrong import WrongInputError


def test_every_shipped_scenario_is_offered_with_its_words() -> None:
    async def check() -> None:
        async with walking(None, (120, 60)) as walker:
            assert isinstance(walker.top, PickerScreen)
            options = walker.top.query_one(OptionList)
            shown = [str(options.get_option_at_index(place).prompt) for place in range(options.option_count)]
            for entry, prompt in zip(entries(), shown, strict=True):
                text = " ".join(prompt.split())
                assert entry.name in text
                assert entry.title in text
                assert "-".join(map(str, entry.sizes)) in text
                assert entry.length in text

    run(check())


def test_enter_walks_the_one_chosen() -> None:
    async def check() -> None:
        listed = list(entries())
        for place in (0, 7, len(listed) - 1):
            entry = listed[place]
            async with walking(None, SMALL) as walker:
                await walker.press(*["down"] * place, "enter")
                assert isinstance(walker.top, StepperScreen)
                assert walker.screen.walk.scenario.title == entry.title
                assert walker.cursor == 0
                await walker.press("right")
                assert walker.cursor == 1

    run(check())


def test_escape_never_quits_and_q_does() -> None:
    async def check() -> None:
        for key in ("q", "ctrl+q"):
            async with walking(None, LARGE) as walker:
                await walker.press("escape", "escape")
                assert not walker.app._exit
                assert isinstance(walker.top, PickerScreen)
                await walker.press(key)
                assert walker.app._exit

    run(check())


def test_the_palette_over_the_picker_does_no_harm() -> None:
    async def check() -> None:
        async with walking(None) as walker:
            await walker.press("ctrl+p", "escape")
            assert isinstance(walker.top, PickerScreen)
            assert list(walker.app.get_system_commands(walker.top)) == []

    run(check())


def test_the_list_is_one_entry_a_scenario() -> None:
    async def check() -> None:
        async with walking(None) as walker:
            assert walker.top.query_one(OptionList).option_count == len(list(entries()))

    run(check())


# opening


def test_a_scenario_is_read_once_a_screen_stands() -> None:
    async def check() -> None:
        seen: list[str] = []

        def scenario() -> Scenario:
            seen.append(type(active_app.get().screen).__name__)
            return shipped("softplus")

        async with walking(scenario, at="W[1]@1") as walker:
            assert seen == ["OpeningScreen"]
            assert walker.top is walker.screen
            assert walker.cursor == walker.screen.shown == 25
            assert "step 26/170" in walker.text
            await walker.press("right", "escape", "escape")
            assert walker.cursor == 26
            assert not walker.app._exit

    run(check())


def empty() -> Scenario:
    scenario = shipped("softplus")
    return replace(scenario, training=replace(scenario.training, iterations=0))


def unreadable() -> Scenario:
    raise WrongInputError("there is no such file")


@pytest.mark.parametrize(
    ("scenario", "at", "message"),
    [
        (empty, 0, "there is nothing to step through: the training has no iterations"),
        (unreadable, 0, "there is no such file"),
        (lambda: shipped("softplus"), "W[1]@0", "--at: W[1]@0 has no step: it is the starting state"),
        (lambda: shipped("softplus"), "171", "--at: there is no step 171; expected 1 to 170"),
    ],
)
def test_what_cannot_be_walked_ends_the_app_and_is_kept_for_the_shell(
    scenario: Callable[[], Scenario], at: int | str, message: str
) -> None:
    async def check() -> None:
        async with walking(scenario, at=at) as walker:
            assert walker.app._exit
            assert walker.app.return_code == 2
            assert message in str(walker.app.wrong)

    run(check())
