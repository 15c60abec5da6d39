"""The commands that ask the class, change what is shown, try what if, and take something away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers import LARGE, SMALL, Walker, keys_of, run, walking
from scenes import net, shipped
from textual.widgets import Input, OptionList

from engine.notation_style import Style
from engine.numbers import shortest
from engine.scenario.read import read
from tui.choices import choices
from tui.draw.curves import VIEWS
from tui.preferences import load_preferences
from tui.screens.edit import EditScreen
from tui.screens.options import OptionsScreen
from tui.screens.prompt import ChoiceScreen, PromptScreen
from tui.screens.sharing import COPIES
from tui.settings import CARRIES

START = 30
"""A step of the first update of softplus, whose iterations have 34 steps."""


# the question to the class


@pytest.mark.parametrize(("id", "key"), keys_of("ask"))
def test_asking_hides_shows_and_ends(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 17) as walker:
            plain = walker.drawn()
            number = "0.065539"
            assert number in walker.region("#formula")
            assert "0.0655" in walker.region("#graph")
            await walker.press(key)
            assert walker.settings.hidden
            assert "asking" in walker.region("#title")
            assert number not in walker.text
            assert "0.0655" not in walker.text
            assert "= ?" in walker.region("#formula")
            await walker.press(key)
            assert not walker.settings.hidden
            assert number in walker.region("#formula")
            assert "asking" in walker.region("#title"), "the next one will be asked"
            await walker.press(key)
            assert walker.drawn() == plain

    run(check())


def test_forward_shows_the_answer_first_and_then_asks_the_next() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=17) as walker:
            await walker.press("a", "right")
            assert (walker.cursor, walker.settings.hidden) == (17, False)
            await walker.press("right")
            assert (walker.cursor, walker.settings.hidden) == (18, True)
            await walker.press("left")
            assert (walker.cursor, walker.settings.hidden) == (17, True), "going back asks too"
            await walker.press("}")
            assert (walker.cursor, walker.settings.hidden) == (34, True)
            await walker.press("end", "right")
            assert (walker.cursor, walker.settings.hidden) == (169, False), "the last answer can be shown"
            assert walker.screen.why_not("forward")

    run(check())


def test_play_gives_the_class_time_for_each_answer() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=167) as walker:
            await walker.press("a", "space")
            went = []
            for _ in range(5):
                walker.screen._tick()
                went.append((walker.cursor, walker.settings.hidden))
            assert went == [(167, False), (168, True), (168, False), (169, True), (169, False)]
            assert walker.screen._playing is None

    run(check())


# what is shown


@pytest.mark.parametrize(("id", "key"), keys_of("edges"))
def test_edges_carry_one_thing_after_another(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            first = walker.drawn()
            heads = []
            for _ in CARRIES:
                await walker.press(key)
                heads.append((walker.settings.carry, walker.region("#graph").split("\n")[0].split()[1]))
            wanted = [("weight", "w"), ("gradient", "∂L/∂w"), ("contribution", "w·a"), ("change", "Δw"), ("auto", "w")]
            assert heads == wanted
            assert walker.drawn() == first

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("next_path", "previous_path"))
def test_the_paths_are_lit_in_turn_in_the_panel_and_the_network(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("tanh_paths"), LARGE, "dW[1][1,1]") as walker:
            await walker.press("5")
            plain, networks = walker.drawn(), set()
            for path in (1, 2, 0) if id == "next_path" else (2, 1, 0):
                await walker.press(key)
                assert walker.settings.path == path
                lit = [row.split()[1] for row in walker.region("#paths").split("\n") if "▸" in row]
                assert lit == ([f"▸{path}"] if path else [])
                networks.add(str(walker.drawn()[2:24]))
            assert len(networks) == 3
            assert walker.drawn() == plain

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("next_curve", "previous_curve"))
def test_the_curves_come_round(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 17) as walker:
            names = list(VIEWS) if id == "next_curve" else list(VIEWS)[::-1]
            names = [*names[1:], names[0]] if id == "next_curve" else names
            seen = set()
            for name in names:
                await walker.press(key)
                await walker.work()
                assert walker.settings.curve == name
                assert walker.screen.focused is not None
                assert walker.screen.focused.id == "curves"
                seen.add(walker.region("#curves"))
            assert len(seen) == len(VIEWS)
            assert walker.settings.curve == "loss"
            assert "loss 0.024223" in walker.region("#curves")

    run(check())


def test_a_picture_that_a_scenario_has_not_is_passed_over() -> None:
    async def check() -> None:
        async with walking(net(3, 4, 2), LARGE) as walker:
            seen = set()
            for _ in VIEWS:
                await walker.press("x")
                seen.add(walker.settings.curve)
            assert seen == set(VIEWS) - {"decision"}, "it takes two inputs"

    run(check())


# options


async def choose(walker: Walker, title: str) -> int:
    """Go to a row of the options; its place."""
    rows = walker.top.query_one(OptionList)
    place = next(at for at, said in enumerate(walker.titles) if said.startswith(title))
    rows.highlighted = place
    await walker.settle()
    return place


@pytest.mark.parametrize(("id", "key"), keys_of("options"))
def test_options_change_at_once_and_close(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, START) as walker:
            for close in ("escape", "q", "o"):
                await walker.press(key)
                assert isinstance(walker.top, OptionsScreen)
                await walker.press(close)
                assert walker.top is walker.screen
            await walker.press(key)
            place = await choose(walker, "Digits")
            for change, digits in (("right", 6), ("enter", 7), ("space", 8), ("left", 7)):
                await walker.press(change)
                assert walker.settings.digits == digits
                assert walker.titles[place].split()[1] == str(digits)
            await walker.press("right", "escape")
            assert "0.032696796" in walker.region("#formula")
            assert walker.cursor == START

    run(check())


def test_every_row_of_the_options_changes_itself_alone_and_comes_back() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, START) as walker:
            await walker.press("o")
            before = walker.titles
            for place, title in enumerate(before[:-1]):
                walker.top.query_one(OptionList).highlighted = place
                await walker.press("right")
                changed = [at for at, (old, new) in enumerate(zip(before, walker.titles, strict=True)) if old != new]
                # without ASCII's signs other rows read otherwise too
                assert place in changed if title.startswith("ASCII") else changed == [place], title
                await walker.press("left")
                assert walker.titles == before

    run(check())


@pytest.mark.parametrize(
    ("row", "before", "after"),
    [
        ("Notation: index order", "w₁₂⁽¹⁾", "w₂₁⁽¹⁾"),
        ("Notation: decimal", "≈ 0.53932", "≈ 0,53932"),
        ("Notation: digits", "≈ 0.53932\n", "≈ 0.53932\n"),
        ("Notation: base", "w₁₂⁽¹⁾", "w₀₁⁽¹⁾"),
    ],
)
def test_a_row_of_notation_changes_the_formula(row: str, before: str, after: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, "W[1][1,2]") as walker:
            assert before in walker.region("#formula")
            await walker.press("o")
            await choose(walker, row)
            await walker.press("right", "escape")
            assert walker.settings.style is not None
            assert walker.settings.style != Style()
            assert walker.settings.digits == 5, "of numbers, whatever they are counted from"
            assert after in walker.region("#formula")
            assert (before in walker.region("#formula")) == (before == after)

    run(check())


def test_the_alphabet_changes_the_whole_screen_at_once() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, START) as walker:
            await walker.press("o")
            await choose(walker, "ASCII")
            await walker.press("right", "escape")
            assert walker.text.isascii()
            await walker.press("o")
            await choose(walker, "ASCII")
            assert walker.text.isascii()
            await walker.press("left", "escape")
            assert "∂L/∂b₂⁽¹⁾" in walker.text

    run(check())


def test_letters_are_asked_for_in_words() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, 0) as walker:
            assert "z₁⁽¹⁾" in walker.region("#formula")
            await walker.press("o")
            await choose(walker, "Notation: letters")
            await walker.press("enter")
            assert isinstance(walker.top, PromptScreen)
            for wrong, why in (("z s", "type name = letter"), ("qq = s", 'there is no symbol "qq"')):
                await walker.enter(wrong)
                assert why in walker.preview
                assert isinstance(walker.top, PromptScreen)
            await walker.enter("z = s, softplus = f")
            assert walker.titles[-1].split("  ")[1:] != []
            assert "z = s, softplus = f" in walker.titles[-1]
            await walker.press("escape")
            assert "s₁⁽¹⁾" in walker.region("#formula")
            assert "z₁⁽¹⁾" not in walker.text
            await walker.press("o")
            await choose(walker, "Notation: letters")
            await walker.press("enter")
            assert walker.top.query_one(Input).value == "z = s, softplus = f"
            await walker.enter("none")
            assert "as usual" in walker.titles[-1]

    run(check())


def test_what_is_chosen_is_kept_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new folder" / "settings.toml"
    monkeypatch.setenv("BACKPROP_TUI_SETTINGS", str(path))

    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, START) as walker:
            await walker.press(".", "d", "v", "up", "o", "ctrl+s")
            assert f"kept in {path}" in walker.preview.replace("\n", "")
        kept = load_preferences(path)
        assert (kept.settings.digits, kept.settings.carry, kept.settings.granularity) == (6, "weight", 1)
        assert kept.theme == "backprop-light"
        async with walking(shipped("softplus"), LARGE, START, preferences=lambda: load_preferences(path)) as walker:
            assert walker.app.theme == "backprop-light"
            assert walker.settings.digits == 6
            assert "stride: unit" in walker.region("#title")
            await walker.press(",", "o", "ctrl+s")
        assert load_preferences(path).settings.digits == 5
        assert load_preferences(path).theme == "backprop-light"

    run(check())


def test_where_nothing_can_be_kept_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("[shown]\n")

    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, START) as walker:
            await walker.press("o")
            monkeypatch.setenv("BACKPROP_TUI_SETTINGS", "")
            await walker.press("ctrl+s")
            assert walker.preview == "there is no file of settings: BACKPROP_TUI_SETTINGS is empty"
            monkeypatch.setenv("BACKPROP_TUI_SETTINGS", str(file))
            await walker.press("ctrl+s")
            assert "shown" in walker.preview
            assert file.read_text() == "[shown]\n"

    run(check())


# what if


@pytest.mark.parametrize(("id", "key"), keys_of("edit"))
def test_a_number_is_put_in_and_all_that_follows_is_computed_anew(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await walker.press(key)
            assert isinstance(walker.top, EditScreen)
            await walker.enter("b[1][1] = 0.3")
            assert walker.top is walker.screen
            assert walker.screen.walk.scenario.layers[0].biases is not None
            assert walker.screen.walk.scenario.layers[0].biases[0] == 0.3
            assert "1 change" in walker.region("#title")
            assert "b[1][1] = 0.3" in walker.region("#timeline")
            assert walker.cursor == 2
            value = walker.screen.walk.trace[2].value
            assert f"≈ {value:.5f}" in walker.region("#formula")

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("undo", "redo", "revert"))
def test_changes_are_taken_back_and_made_again(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:

            def rate() -> float:
                return walker.screen.walk.scenario.training.optimizer.learning_rate

            file = rate()
            for value in ("0.25", "0.125"):
                await walker.press("i")
                await walker.enter(f"lr = {value}")
            assert rate() == 0.125
            if id == "redo":
                await walker.press("u", "u")
                assert rate() == file
            await walker.press(key)
            assert rate() == (file if id == "revert" else 0.25)
            await walker.press("u")
            assert rate() == (0.125 if id == "revert" else file)

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("reach"))
def test_a_value_is_reached_by_what_is_free(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("logistic_unit"), at="a[1][1]") as walker:
            await walker.press(key)
            assert isinstance(walker.top, PromptScreen)
            await walker.enter("a[1][1] = nonsense by x[1]")
            assert walker.preview == "nonsense is not a number"
            await walker.enter("a[1][1] = 0.9 by x[1]")
            await walker.work()
            assert walker.screen.walk.trace[walker.cursor].value == pytest.approx(0.9)
            assert "1 change" in walker.region("#title")

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("save"))
def test_what_is_walked_is_saved_as_a_file(id: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with walking(shipped("softplus"), at=2) as walker:
            await walker.press("i")
            await walker.enter("lr = 0.25")
            await walker.press(key)
            assert isinstance(walker.top, PromptScreen)
            await walker.enter(str(tmp_path))
            assert "is a folder: name a file in it" in walker.preview.replace("\n", "")
            await walker.enter("mine.toml")
            assert "saved mine.toml" in walker.region("#timeline")
            assert read(tmp_path / "mine.toml").training.optimizer.learning_rate == 0.25

    run(check())


# taking away


@pytest.mark.parametrize(("id", "key"), keys_of("copy"))
def test_the_value_is_copied_with_all_its_digits(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), at=17) as walker:
            await walker.press(key)
            value = walker.screen.walk.trace[17].value
            assert walker.app.clipboard == shortest(value)
            assert float(walker.app.clipboard) == value
            assert f"copied {shortest(value)}" in walker.region("#timeline")
            await walker.press("right", "a", key)
            assert walker.app.clipboard == shortest(value), "what is asked is not given away"
            assert "it is still a question: a shows it" in walker.region("#timeline")

    run(check())


COPIED = {
    "value": "-0.06553880839862725",
    "address": "delta[1][1]#1@0",
    "formula": "δ₁⁽¹⁾ = ∂L/∂a₁⁽¹⁾·softplus′(z₁⁽¹⁾)\n",
    "latex": "\\begin{align*}\n\\delta_{1}^{(1)} &= ",
    "tsv": "delta[1]@0\t1\t2\n#1\t-0.06553880839862725\t0.06730320410209072\n",
    "markdown": "| delta[1]@0 | 1 | 2 |\n| --- | --: | --: |\n| #1 | -0.06553880839862725 | ",
}
"""What can be copied → how it begins at the step of δ₁⁽¹⁾."""


@pytest.mark.parametrize(("id", "key"), keys_of("copy_more"))
def test_everything_else_is_copied_by_a_list(id: str, key: str) -> None:
    async def check() -> None:
        assert [name for name, _, _ in COPIES] == list(COPIED)
        async with walking(shipped("softplus"), at=17) as walker:
            for place, (name, wanted) in enumerate(COPIED.items()):
                await walker.press(key)
                assert isinstance(walker.top, ChoiceScreen)
                await walker.press(*["down"] * place, "enter")
                assert walker.top is walker.screen
                assert walker.app.clipboard.startswith(wanted), name
                rest = len(walker.app.clipboard.splitlines()) - 1
                assert f"and {rest} lines" in walker.screen.status or not rest
            await walker.press("y", "a", key, "down", "enter")
            assert walker.app.clipboard == "delta[1][1]#1@0", "where one is is no secret"
            await walker.press(key, "down", "down", "enter")
            assert walker.app.clipboard == "delta[1][1]#1@0"

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("picture"))
def test_the_screen_is_saved_as_a_picture_of_its_own_name(
    id: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with walking(shipped("softplus"), at=17) as walker:
            await walker.press(key)
            assert "saved softplus_delta_1_1_#1@0.svg" in walker.region("#timeline")
            first = (tmp_path / "softplus_delta_1_1_#1@0.svg").read_text(encoding="utf-8")
            assert "<svg" in first
            assert "&#160;softplus&#160;network" in first
            assert not re.search(r"@font-face|@import|href|url\(.?http", first), "nothing is fetched for it"
            await walker.press(key)
            assert (tmp_path / "softplus_delta_1_1_#1@0_2.svg").exists(), "nothing is overwritten"
            assert (tmp_path / "softplus_delta_1_1_#1@0.svg").read_text(encoding="utf-8") == first
            await walker.press("z", key)
            assert len(list(tmp_path.iterdir())) == 3

    run(check())


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with walking(shipped("softplus"), at=17) as walker:

            def refuse(*_: object, **__: object) -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(Path, "write_text", refuse)
            await walker.press("ctrl+e")
            said = [notification.message for notification in walker.app._notifications]
            assert said == ["softplus_delta_1_1_#1@0.svg cannot be written: no space left on device"]
            assert "cannot be written" in walker.text
            assert not walker.app._exit

    run(check())


def test_what_a_row_of_the_options_has_no_room_for_is_said_below() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL) as walker:
            await walker.press("o")
            options = choices(walker.screen.walk, walker.settings, walker.app.theme)
            for choice in options:
                assert choice.meaning in walker.preview
                await walker.press("down")

    run(check())
