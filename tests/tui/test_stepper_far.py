"""Moving far by what steps are: search, breakpoints, bookmarks, what is followed, the symbols of the formula."""

from __future__ import annotations

import pytest
from helpers import LARGE, SMALL, Walker, keys_of, run, walking
from scenes import net, note, shipped

from tui.breakpoints import find
from tui.draw.formula import links
from tui.follow import Follow
from tui.screens.prompt import ChoiceScreen, PromptScreen
from tui.search import Search

START = 17
"""Where keys are pressed: δ of unit 1 of layer 1 in softplus, whose iterations have 34 steps."""


async def search(walker: Walker, text: str) -> None:
    await walker.press("/")
    await walker.enter(text)


async def stop_at(walker: Walker, text: str) -> None:
    await walker.press("B")
    await walker.enter(text)


# searching


@pytest.mark.parametrize(("id", "key"), keys_of("search"))
def test_search_says_how_much_there_is_and_goes_to_the_next(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert isinstance(walker.top, PromptScreen)
            assert "a symbol, a name, a phase" in walker.preview
            await walker.type("update")
            assert walker.preview == Search(walker.screen.walk, "update").words() == "9 places an iteration"
            assert walker.cursor == START, "typing moves nothing"
            await walker.press("enter")
            assert walker.top is walker.screen
            assert walker.cursor == walker.screen.shown == 25
            await walker.press("backspace")
            assert walker.cursor == START, "a search is a jump"
            await walker.press(key)
            assert "9 places" in walker.preview, "what was searched for is there to begin with"
            await walker.press("escape")
            assert walker.cursor == START

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("next_match", "previous_match"))
def test_the_matches_one_after_another_and_round_the_ends(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await search(walker, "loss")
            assert walker.cursor == 40
            forwards = id == "next_match"
            went = []
            for _ in range(5):
                await walker.press(key)
                went.append(walker.cursor)
                round_the_end = "from the start again" if forwards else "from the end again"
                assert (round_the_end in walker.region("#timeline")) == (walker.cursor == (6 if forwards else 142))
            assert went == ([74, 108, 142, 6, 40] if forwards else [6, 142, 108, 74, 40])
            await walker.press("left", key)
            assert walker.cursor == (40 if forwards else 6), "from where one is, not from the match before"

    run(check())


def test_a_search_that_finds_nothing_says_so_and_moves_nothing() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START, ascii=True) as walker:
            await walker.press("/")
            await walker.type("é")
            assert "is said nowhere" in walker.preview
            await walker.press("enter")
            assert walker.cursor == START
            assert "nothing is found for" in walker.region("#timeline")
            assert walker.text.isascii(), "what was typed is brought down to ASCII too"
            await walker.press("n")
            assert walker.cursor == START
            await walker.press("right")
            assert "nothing" not in walker.region("#timeline")

    run(check())


def test_a_note_is_found_by_its_words() -> None:
    async def check() -> None:
        scenario = net(2, 3, 1, notes=(note("why is this [bold] one negative?", "delta", 1, (2,)),))
        async with walking(scenario) as walker:
            await search(walker, "[BOLD] one")
            assert walker.cursor == walker.screen.walk.target("delta[1][2]", 0)
            assert "why is this [bold] one negative?" in walker.region("#formula")

    run(check())


# breakpoints


@pytest.mark.parametrize(("id", "key"), keys_of("breakpoint"))
def test_a_breakpoint_here_is_set_shown_and_taken_away(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            before = walker.drawn()
            await walker.press(key)
            assert [stop.text for stop in walker.screen.stops] == ["delta[1][1]"]
            assert walker.screen.marked.stops == (START,)
            assert walker.drawn() != before
            await walker.press("}")
            assert walker.screen.marked.stops == (START + 34,), "in every iteration"
            assert "●" in walker.region("#timeline")
            await walker.press("c")
            await walker.work()
            assert walker.cursor == START + 34
            await walker.press(key)
            assert not len(walker.screen.stops)
            await walker.press("l")
            walker.screen.cursor = START
            await walker.settle()
            assert walker.drawn()[:-1] == before[:-1]

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("breakpoints"))
def test_a_breakpoint_by_a_condition_and_how_it_is_taken_away(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert walker.preview == "there is none yet"
            await walker.type("loss < 0.01")
            assert walker.preview == "stops at loss < 0.01, when it becomes true"
            await walker.press("enter")
            assert [stop.text for stop in walker.screen.stops] == ["loss < 0.01"]
            assert walker.screen.status == "1 breakpoint, c goes on to the next"
            await walker.press(key)
            assert "there are: loss < 0.01" in walker.preview
            await walker.enter("non-finite")
            await walker.press(key)
            assert "there are: loss < 0.01; non-finite" in walker.preview
            await walker.type("loss < 0.01")
            assert walker.preview.startswith("takes it away: loss < 0.01")
            await walker.press("enter")
            assert [stop.text for stop in walker.screen.stops] == ["non-finite"]
            assert walker.screen.status == "taken away: loss < 0.01"

    run(check())


def test_what_is_no_condition_says_why_and_stays_open() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            for text, why in (
                ("loss <", "expected a number or an address, got the end"),
                ("q[1]", "no quantity 'q'"),
                ("a[7] > 1", "no a in layer 7"),
                ("[relu]", "'[' means nothing"),
            ):
                await stop_at(walker, text)
                assert isinstance(walker.top, PromptScreen), text
                assert why in walker.preview
                assert not walker.preview.startswith("stops at")
                await walker.press("escape")
            assert not len(walker.screen.stops)

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("continue", "continue_back"))
def test_continuing_leads_to_the_nearest_breakpoint_or_says_there_is_none(id: str, key: str) -> None:
    async def check() -> None:
        forwards = id == "continue"
        async with walking(shipped("softplus"), at=80) as walker:
            await stop_at(walker, "delta[2][1]")
            await stop_at(walker, "loss < 1e-6" if forwards else "loss < 0.01")
            trace, stops = walker.screen.walk.trace, walker.screen.stops
            went, at = [], 80
            while (step := find(trace, stops, at, 1 if forwards else -1)) is not None:
                await walker.press(key)
                await walker.work()
                assert walker.cursor == walker.screen.shown == step
                condition = "loss < 1e-6" if forwards else "loss < 0.01"
                held = "delta[2][1]" if step % 34 == 9 else condition
                assert f"stopped at {held}" in walker.region("#timeline"), "and not at the other"
                went.append(step)
                at = step
            assert went == ([108, 111, 145] if forwards else [77, 43, 40, 9])
            await walker.press(key)
            await walker.work()
            assert walker.cursor == at
            assert f"no breakpoint {'after' if forwards else 'before'} this step" in walker.region("#timeline")
            await walker.press(*["backspace"] * len(went))
            assert walker.cursor == 80, "each was a jump"

    run(check())


# bookmarks


@pytest.mark.parametrize(("id", "key"), keys_of("bookmark"))
def test_a_bookmark_is_set_shown_and_taken_away(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:
            assert "▽" not in walker.text
            await walker.press(key)
            assert walker.screen.marks.steps == walker.screen.marked.bookmarks == (START,)
            await walker.press("end")
            assert walker.region("#timeline").count("▽") == 1
            walker.screen.cursor = START
            await walker.press(key)
            assert walker.screen.marks.steps == ()
            assert "▽" not in walker.text

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("next_bookmark", "previous_bookmark"))
def test_from_bookmark_to_bookmark(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:
            await walker.press("m", "}", "m", "}", "m")
            marked = [START, 34, 68]
            walker.screen.cursor = 50
            went = []
            for _ in range(3):
                await walker.press(key)
                went.append(walker.cursor)
            assert went == ([68, 68, 68] if id == "next_bookmark" else [34, START, START])
            assert set(went) <= set(marked)
            await walker.press(*["backspace"] * len(set(went)))
            assert walker.cursor == 50

    run(check())


# following


@pytest.mark.parametrize(("id", "key"), keys_of("follow"))
def test_strides_stop_only_at_what_is_followed(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert isinstance(walker.top, ChoiceScreen)
            assert [title.split("  ")[0] for title in walker.titles] == ["Everything", "This unit"]
            assert "unit 1 of layer 1" in walker.titles[1]
            await walker.press("down", "enter")
            assert walker.screen.follow == Follow(unit=(1, 1))
            assert "unit 1 of layer 1" in walker.region("#title")
            went = []
            for _ in range(6):
                await walker.press("right")
                went.append(walker.cursor)
            trace = walker.screen.walk.trace
            names = [str(trace[step].address.at(None)) for step in went]
            assert names == ["dW[1][1,1]", "dW[1][1,2]", "db[1][1]", "W[1][1,1]", "W[1][1,2]", "b[1][1]"]
            for step in [*went[-2::-1], START]:
                await walker.press("left")
                assert walker.cursor == step
            await walker.press("[", "[")
            assert walker.cursor == 7, "parts are gone through all the same"
            await walker.press(key, "enter")
            assert walker.screen.follow is None
            assert "unit 1" not in walker.region("#title")
            await walker.press("right")
            assert walker.cursor == 8

    run(check())


def test_where_nothing_more_is_followed_it_is_said() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press("f", "down", "enter", "end")
            await walker.press("right")
            assert walker.cursor == 169
            await walker.press("left")
            assert walker.cursor == 165, "b[1][1]"
            await walker.press("right")
            assert walker.cursor == 165
            assert "nothing after this is about what is followed" in walker.region("#timeline")
            walker.screen.cursor = 0
            await walker.press("left")
            assert walker.cursor == 0

    run(check())


def test_a_sample_can_be_followed_where_there_are_several() -> None:
    async def check() -> None:
        async with walking(net(2, 3, 2, samples=3, iterations=2), LARGE, "a[1][2]#2") as walker:
            await walker.press("f")
            assert [title.split("  ")[0] for title in walker.titles] == ["Everything", "This sample", "This unit"]
            await walker.press("down", "enter")
            assert walker.screen.follow == Follow(sample=2)
            assert "sample 2" in walker.region("#title")
            for _ in range(9):
                await walker.press("right")
                assert walker.screen.walk.trace.plan.place(walker.cursor).sample in (2, None)

    run(check())


def test_play_follows_too_and_stops_where_there_is_nothing_more() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press("f", "down", "enter", "space")
            walker.screen._tick()
            assert walker.cursor == 19
            walker.screen.cursor = 165
            walker.screen._tick()
            await walker.settle()
            assert walker.cursor == 165
            assert "nothing after this" in walker.region("#timeline")

    run(check())


# the symbols of the formula


@pytest.mark.parametrize(("id", "key"), keys_of("next_link", "previous_link"))
def test_the_symbols_are_chosen_in_turn_and_stand_out(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at="z[2][1]") as walker:
            found = links(walker.screen.walk, walker.cursor, walker.settings)
            assert len(found) == 5
            plain, seen = walker.drawn(), set()
            places = list(range(len(found))) if id == "next_link" else list(range(len(found)))[::-1]
            for place in [*places, places[0]]:
                await walker.press(key)
                assert walker.screen.link == place
                lit = {text for row in walker.drawn() for text, look in row if "on #f0e442" in look}
                assert found[place].text in lit
                seen.add(str(walker.drawn()))
            assert len(seen) == len(found)
            await walker.press("right", "left")
            assert walker.screen.link is None
            assert walker.drawn() == plain

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("follow_link"))
def test_the_symbol_chosen_leads_to_the_step_that_made_it(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=START) as walker:
            await walker.press(key)
            assert (walker.cursor, walker.screen.link) == (START, 0), "with none chosen it chooses the first"
            await walker.press(")", key)
            assert str(walker.screen.walk.trace[walker.cursor].address) == "fprime[1][1]#1@0"
            await walker.press("backspace")
            assert walker.cursor == START
            await walker.press("g", ")", key)
            assert walker.cursor == 0
            assert "W[1][1,1]@0 = −0.5 is given" in walker.region("#timeline")

    run(check())
