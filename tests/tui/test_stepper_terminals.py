"""Every terminal: any size at any moment, ASCII, no colour, sixteen colours; and whatever a file says, literally."""

from __future__ import annotations

import pytest
from helpers import LARGE, SMALL, Drawn, run, walking
from scenes import net, note, shipped

from engine.address import Address
from engine.scenario.model import Note, Scenario
from engine.structs import replace
from tui.palette import PALETTES
from tui.screens.sharing import COPIES
from tui.verbs.shipped import shipped as entries

SIXTEEN, BARE = "ansi-dark", "backprop-mono"

DIALOGS = ("?", ":", "ctrl+p", "/", "B", "f", "o", "i", "r", "ctrl+s", "Y")
"""Keys that open something over the stepper."""

# size


@pytest.mark.parametrize("pane", ["2", "3"])
def test_resized_at_any_moment_it_is_what_a_fresh_app_of_that_size_draws(pane: str) -> None:
    sizes = [(1, 1), (80, 24), (10, 3), (300, 100), (80, 24), (120, 40), (109, 40), (80, 24)]

    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 20) as walker:
            await walker.press(pane)
            for size in sizes:
                await walker.resize(*size)
                await walker.press("right")
                async with walking(shipped("softplus"), size, walker.cursor) as fresh:
                    await fresh.press("3" if pane == "3" else "2", pane)
                    assert fresh.drawn() == walker.drawn(), f"at {size}"
            assert walker.cursor == 20 + len(sizes)

    run(check())


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (300, 100), (20, 50), (200, 5)])
def test_every_screen_opens_at_any_size(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped("zero_init"), size, 40) as walker:
            for key in ("e", "e", *DIALOGS):
                await walker.press(key, "down", "escape")
            for pane in "456z321":
                await walker.press(pane)
            for step in (0, 30, 403):
                walker.screen.cursor = step
                await walker.settle()
            await walker.resize(*SMALL)
            assert "step 404/404" in walker.text
        async with walking(None, size) as walker:
            await walker.press("down")
            await walker.resize(*SMALL)
            assert any(entry.name in walker.text for entry in entries())

    run(check())


def test_resized_while_a_dialog_is_open() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 20) as walker:
            await walker.press("?")
            await walker.resize(*LARGE)
            await walker.press("escape")
            await walker.settle()
            async with walking(shipped("softplus"), LARGE, 20) as fresh:
                assert fresh.drawn() == walker.drawn()

    run(check())


# alphabets

ASCII_NETS: dict[str, Scenario] = {
    "softplus": shipped("softplus"),
    "zero_init": shipped("zero_init"),
    "rows": net(3, 9, 6, 2, title="σ → ∂"),
    "lists": net(20, 30, 17, output="softmax", loss="cross_entropy", samples=2),
    "deep": net(*[3] * 13),
    "diverging": net(2, 3, 1, activation="relu", rate=1e200, iterations=4),
}


def beyond_ascii(text: str) -> set[str]:
    return {char for char in text if not char.isascii()}


@pytest.mark.parametrize("name", sorted(ASCII_NETS))
def test_ascii_is_ascii(name: str) -> None:
    async def check() -> None:
        async with walking(ASCII_NETS[name], LARGE, ascii=True) as walker:
            await walker.press("w", "t")
            for step in range(0, walker.screen.walk.last, max(1, walker.screen.walk.last // 11)):
                walker.screen.cursor = step
                await walker.settle()
                assert not beyond_ascii(walker.text), walker.screen.walk.trace[step].address

    run(check())


def test_ascii_on_every_other_screen() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), ascii=True) as walker:
            typed = (["?", "end"], [":", "a"], [":", "5", "%"], [":", "x"], ["/", "δ"], ["e"])
            for keys in (*typed, *([key] for key in DIALOGS)):
                await walker.press(*keys)
                assert not beyond_ascii(walker.text.replace("δ", "", keys == ["/", "δ"])), keys
                await walker.press("escape")
            for pane in "123456":
                await walker.press(pane, "e")
                await walker.work()
                assert not beyond_ascii(walker.text), pane
                await walker.press("e")
            for keys in ("f", "down", "enter"), ("p", "b", "m", "a"), ("end", "right", "u", "y", "x"), ("v", "z"):
                await walker.press(*keys)
                assert not beyond_ascii(walker.text), keys
            walker.app.notify("x[1] has no step", markup=False)
            await walker.settle()
            assert "x[1] has no step" in walker.text
            assert not beyond_ascii(walker.text)
        async with walking(None, ascii=True) as walker:
            assert any(entry.name in walker.text for entry in entries())
            assert not beyond_ascii(walker.text)
            await walker.press("enter")
            assert "step 1/" in walker.text
            assert not beyond_ascii(walker.text)

    run(check())


@pytest.mark.parametrize("at", [3, 12, 20, 24, 33])
def test_without_colour_the_step_still_stands_out(at: int) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, at, environment={"NO_COLOR": "1"}) as walker:
            assert walker.app.theme == BARE
            marked = [(text, look) for row in walker.drawn() for text, look in row if "reverse" in look]
            values = [text for text, look in marked if text.strip()]
            assert values, "its number is reversed"
            assert any("bold" in look for _, look in marked)
            assert "▸" in walker.region("#values")
            await walker.press("d")
            assert walker.app.theme == BARE
            assert any("there is one palette" in said.message for said in walker.app._notifications)

    run(check())


def test_without_colour_nothing_has_a_hue() -> None:
    for look, style in PALETTES[BARE].roles.items():
        assert set(style.split()) <= {"bold", "reverse", "underline", "none"}, look


@pytest.mark.parametrize("at", [3, 24])
@pytest.mark.parametrize(
    "environment", [{"TERM": "linux"}, {"TERM": "linux", "COLORTERM": None}, {"TERM": "xterm", "COLORTERM": None}]
)
def test_a_terminal_of_sixteen_colours_gets_its_own(at: int, environment: dict[str, str | None]) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, at, environment=environment) as walker:
            assert walker.app.theme == SIXTEEN
            assert walker.app.palette is PALETTES[SIXTEEN]
            graph = walker.screen.query_one("#graph").region
            looks = {look for row in walker.drawn()[graph.y : graph.bottom] for _, look in row}
            assert any("bright" in look for look in looks)

    run(check())


def test_truecolour_is_the_rule() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            assert walker.app.theme == "backprop-dark"
            assert walker.app.palette is PALETTES["backprop-dark"]

    run(check())


def test_every_palette_knows_the_same_roles() -> None:
    roles = {name: set(palette.roles) for name, palette in PALETTES.items()}
    assert len({frozenset(names) for names in roles.values()}) == 1


# what a file says

MARKUP = "x[i] [relu] [/] [bold]b[/bold] $accent \\[z]"


def rows(drawn: Drawn) -> list[str]:
    return ["".join(text for text, _ in row) for row in drawn]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_markup_in_titles_and_notes_is_literal(size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(net(2, 2, 1, title=MARKUP, notes=(note(MARKUP),)), size) as walker:
            assert walker.text.startswith(f" {MARKUP}")
            assert f"▸ {MARKUP}" in walker.region("#formula")
            walker.app.notify(MARKUP, markup=False)
            await walker.settle()
            assert walker.text.count("x[i] [relu]") == 3

    run(check())


def test_a_very_long_title_is_cut_and_the_loss_stays() -> None:
    async def check() -> None:
        async with walking(net(2, 2, 1, title="long " * 400), SMALL) as walker:
            await walker.press("end")
            title = walker.text.split("\n")[0]
            assert "…" in title
            assert "loss 0." in title or "loss" in title
            assert len(title) <= 80

    run(check())


def test_wide_characters_keep_everything_in_its_place() -> None:
    async def check() -> None:
        scenario = net(2, 2, 1, title="神经网络的训练" * 3, notes=(note("问：为什么是负的？" * 12),))
        async with walking(scenario, SMALL) as walker:
            await walker.press("end", "g", "pagedown", "left")
            plain = net(2, 2, 1)
            async with walking(plain, SMALL) as other:
                assert walker.region("#graph") == other.region("#graph")
                assert walker.region("#timeline") == other.region("#timeline")
            assert "▸ 问：为什么是负的？" in walker.region("#formula")
            for row in rows(walker.drawn()):
                assert sum(2 if char >= "\u3000" and char not in "…" else 1 for char in row) == 80, row
            await walker.press("end")
            assert "loss" in walker.region("#title")
            assert "神经网络的训练" in walker.region("#title")

    run(check())


@pytest.mark.parametrize(
    "text",
    [
        "سؤال: چرا این عدد منفی است؟",
        "שאלה: למה שלילי?",
        "two\nlines",
        "tab\tand\rreturn",
        "esc \x1b[31mred\x1b[0m bell\x07",
        "zero\u200bwidth a\u0301ccent 👩‍🔬",
        "",
        " ",
        "\n\n\n",
        "w" * 500,
    ],
)
def test_a_note_may_say_anything(text: str) -> None:
    async def check() -> None:
        async with walking(net(2, 2, 1, title=text, notes=(note(text),)), SMALL) as walker:
            graph, timeline = walker.region("#graph"), walker.region("#timeline")
            assert "x₁" in graph
            assert "step 1/" in timeline
            drawn = "".join(text for row in walker.drawn() for text, _ in row)
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in drawn), "no control character"
            await walker.press("e", "right", "left", "e")
            assert walker.region("#graph") == graph

    run(check())


@pytest.mark.parametrize("lecturer", [False, True])
def test_a_note_for_the_lecturer_is_in_no_copy_and_unasked_in_no_picture(lecturer: bool) -> None:
    async def check() -> None:
        scenario = replace(net(2, 2, 1), notes=(Note(Address("z", 1), "Wait here.", audience="lecturer"),))
        async with walking(scenario, LARGE, lecturer=lecturer) as walker:
            for what, _, _ in COPIES:
                assert "Wait" not in walker.screen.text_of(what), what
            assert ("Wait&#160;here." in walker.app.picture()) is lecturer
            await walker.press("o")
            shown = walker.text.lower().replace("for the lecturer: wait here.", "")
            assert "lecturer" not in shown, "nothing that would be kept"

    run(check())


def test_a_note_for_the_lecturer_is_shown_where_it_is_asked_for() -> None:
    async def check(lecturer: bool) -> None:
        scenario = replace(net(2, 2, 1), notes=(Note(Address("z", 1), "Wait here.", audience="lecturer"),))
        async with walking(scenario, SMALL, lecturer=lecturer) as walker:
            assert ("Wait here." in walker.region("#formula")) is lecturer

    run(check(False))
    run(check(True))


def test_a_note_of_a_right_to_left_script_is_shown_whole() -> None:
    async def check() -> None:
        text = "چرا این عدد منفی است؟"
        scenario = replace(net(2, 2, 1), notes=(Note(Address("z", 1), text),))
        async with walking(scenario, SMALL) as walker:
            assert text in walker.region("#formula")

    run(check())
