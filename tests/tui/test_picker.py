"""The picker of shipped scenarios."""

from __future__ import annotations

from helpers import LARGE, SMALL, run, walking
from textual.widgets import OptionList

from tui.screens.picker import PickerScreen
from tui.screens.stepper import StepperScreen
from tui.verbs.shipped import shipped as entries


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
