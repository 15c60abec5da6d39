"""The file of settings: read with all that is wrong with it, written without loss, and its keys in the app."""

from __future__ import annotations

import os
import stat
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from helpers import run, walking
from hypothesis import given
from hypothesis import strategies as st
from scenes import shipped
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingsMap
from textual.keys import _character_to_key, _normalize_key_list
from textual.widgets import Static

from engine import atomic
from engine.plan import Granularity
from engine.structs import replace
from tui.commands import BY_ID, COMMANDS
from tui.keys import MODIFIERS, PUNCTUATION, KeyNameError, character_name, key_of, written
from tui.preferences import (
    FIXED,
    OPTIONS,
    VARIABLE,
    Preferences,
    PreferencesError,
    effective_keys,
    keymap,
    load_preferences,
    read_preferences,
    settings_path,
    shown,
)
from tui.preferences_write import save_preferences, template
from tui.settings import CARRIES, Settings
from tui.themes import AUTO, THEMES


def parsed(text: str) -> Preferences:
    return read_preferences(text.encode(), "s.toml")


def faults(text: str) -> list[str]:
    """The first line of every problem, without the file's name."""
    with pytest.raises(PreferencesError) as caught:
        parsed(text)
    return [str(problem).splitlines()[0].removeprefix("s.toml:") for problem in caught.value.problems]


class TestPath:
    def test_no_test_reads_a_persons_own(self) -> None:
        assert settings_path() is None
        assert load_preferences(settings_path()) == Preferences()

    def test_another_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/somebody")
        assert settings_path({VARIABLE: "/a/b.toml"}) == Path("/a/b.toml")
        assert settings_path({VARIABLE: "~/b.toml"}) == Path("~/b.toml").expanduser()

    @pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="the places of XDG")
    def test_the_platforms_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", "/config")
        assert settings_path({}) == Path("/config/backprop-tui/settings.toml")


class TestReading:
    def test_nothing_is_required(self, tmp_path: Path) -> None:
        for text in ("", "# a comment\n", "[show]\n", "[keys]\n", template()):
            assert parsed(text) == Preferences()
        assert load_preferences(tmp_path / "none" / "at all.toml") == Preferences()
        (tmp_path / "file").touch()
        assert load_preferences(tmp_path / "file" / "below.toml") == Preferences()

    def test_everything(self) -> None:
        preferences = parsed(
            """
            [show]
            theme = "contrast-light"
            digits = 7
            stride = "layer"
            carry = "gradient"
            big = true
            ascii = true
            long_way = true
            whole = true
            [keys]
            forward = "n"
            back = ["N", "shift+Left", "N"]
            """
        )
        assert preferences.settings == Settings(
            ascii=True, digits=7, long_way=True, whole=True, granularity=Granularity.LAYER, carry="gradient", big=True
        )
        assert preferences.theme == "backprop-contrast-light"
        assert preferences.keys == {"forward": ("n",), "back": ("N", "shift+left")}
        assert shown(preferences) == {
            "theme": "contrast-light", "digits": 7, "stride": "layer", "carry": "gradient", "big": True, "ascii": True,
            "long_way": True, "whole": True,
        }  # fmt: skip

    def test_the_values_without_a_file_are_those_of_the_table(self) -> None:
        assert shown(Preferences()) == {option.key: option.default for option in OPTIONS}

    @pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
    def test_every_theme(self, theme: object) -> None:
        name, palette = theme.name, theme.palette  # type: ignore[attr-defined]
        assert parsed(f'show.theme = "{name}"').theme == palette
        assert shown(Preferences(theme=palette))["theme"] == name

    def test_choices_are_those_of_the_product(self) -> None:
        for stride in Granularity:
            assert parsed(f'show.stride = "{stride.name.lower()}"').settings.granularity is stride
        for carry in CARRIES:
            assert parsed(f'show.carry = "{carry}"').settings.carry == carry

    def test_all_that_is_wrong_at_once(self) -> None:
        assert faults(
            'digits = 3\n[show]\ndigits = 99\ntheme = "drak"\nthme = 1\nbig = "true"\n'
            '[keys]\nforward = "n"\nback = ["ctlr+g", "n"]\nnext_prt = "x"\nquit = []\n[sho]\n'
        ) == [
            "1: digits: this key does not go here: it belongs below [show]",
            "3: show.digits: expected a whole number of at most 17, got 99",
            '4: show.theme: unknown value "drak": did you mean `dark`?',
            "5: show.thme: unknown key: did you mean `theme`?",
            '6: show.big: expected true or false, got the string "true": write it without quotes',
            '9: keys.back[1]: "ctlr+g" is no key: before + stands "ctlr": did you mean `ctrl`?',
            "9: keys.back[2]: the key n is given to `forward` already, on line 8: one command a key",
            "10: keys.next_prt: unknown command: did you mean `next_part`?",
            '11: keys.quit: expected a key, like "n", or an array of keys, like ["n", "f5"], got an empty array',
            "12: sho: unknown key: did you mean `show`?",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("show = 3", "1: show: expected a table: [show], got the number 3"),
            ("[show", "1: not TOML: a header like [data] or [[notes]] is closed by as many brackets as open it"),
            ("show.theme = dark", '1: not TOML: text is written in quotes: "dark"'),
            ('keys.zzzzzzzz = "n"', "1: keys.zzzzzzzz: unknown command: backprop-tui settings lists them"),
            ("keys.help = 3", "1: keys.help: expected a key,"),
            ("keys.help = [3]", '1: keys.help[1]: expected a key, like "n", got the number 3'),
            ('keys.help = ""', "1: keys.help: expected a key,"),
            ('keys.help = " "', ""),
            ('keys.help = "ctrl+q"', "1: keys.help: the key ctrl+q always belongs to `quit`: choose another"),
            ('keys.help = "ctrl+c"', "1: keys.help: the key ctrl+c belongs to the terminal: choose another"),
        ],
    )
    def test_messages(self, text: str, said: str) -> None:
        if not said:
            assert parsed(text).keys == {"help": ("space",)}
        else:
            assert faults(text)[0].startswith(said)

    def test_a_fixed_key_may_stay_with_its_command(self) -> None:
        assert parsed('keys.quit = "ctrl+q"').keys == {"quit": ("ctrl+q",)}
        assert all(command in BY_ID for command in FIXED.values() if command)

    @given(st.binary(max_size=60) | st.text(alphabet='[]{}=".,\\n# abk', max_size=40).map(str.encode))
    def test_any_bytes_end_in_words(self, data: bytes) -> None:
        for text in (data, b"[keys]\nforward = " + data, b"[show]\ntheme = " + data):
            with suppress(PreferencesError):
                read_preferences(text, "s.toml")

    @given(
        st.text(max_size=12) | st.lists(st.sampled_from(["ctrl", "shift", "+", "x", "ß", "]", "tab", " "])).map("".join)
    )
    def test_any_text_is_a_key_or_ends_in_words(self, text: str) -> None:
        said = ""
        try:
            key = key_of(text)
        except KeyNameError as error:
            said = str(error)
        else:
            assert key_of(written(key)) == key
            assert "," not in key
        assert said.isprintable()

    def test_a_file_that_cannot_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(PreferencesError, match=r"this is a folder; the settings are one TOML file"):
            load_preferences(tmp_path)
        (tmp_path / "s.toml").write_bytes(b"show.theme = '\xff'")
        with pytest.raises(PreferencesError, match="not UTF-8: byte 0xff at offset 14"):
            load_preferences(tmp_path / "s.toml")

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(PreferencesError, match=f"cannot be read: permission denied; {VARIABLE}= goes without") as e:
            load_preferences(tmp_path / "s.toml")
        assert e.value.prefixed


class TestKeyNames:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("]", "right_square_bracket"), ("right_square_bracket", "right_square_bracket"), ("ctrl+g", "ctrl+g"),
            ("Ctrl+G", "ctrl+g"), ("control+g", "ctrl+g"), ("n", "n"), ("N", "N"), ("shift+n", "N"), ("F5", "f5"),
            ("space", "space"), (" ", "space"), ("PageDown", "pagedown"), ("PgDn", "pagedown"), ("Esc", "escape"),
            ("page down", "pagedown"), ("+", "plus"), ("ctrl++", "ctrl+plus"), ("-", "minus"), ("ctrl+-", "ctrl+minus"),
            ("shift+ctrl+left", "ctrl+shift+left"), ("shift+tab", "shift+tab"), ("→", "right"), ("é", "é"),
            ("ß", "ß"), ("§", "section_sign"), ("„", "double_low_9_quotation_mark"), ("return", "enter"),
            ("alt+x", "alt+x"), (",", "comma"),
        ],
    )  # fmt: skip
    def test_as_people_write_them(self, text: str, key: str) -> None:
        assert key_of(text) == key

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "got an empty string"),
            ("pagedwn", "did you mean `pagedown`"),
            ("ctlr+g", r'before \+ stands "ctlr": did you mean `ctrl`'),
            ("hocus", 'write it like "n"'),
            ("f25", "is no key"),
            ("ctrl+i", "terminals send the same for .* as for tab"),
            ("ctrl+[", "as for escape"),
            ("shift+]", "write the character"),
            ("shift+5", "write the character"),
            ("\x1b", r'"\\x1b" is no key'),
            ("+g", "is no key"),
        ],
    )
    def test_what_is_none(self, text: str, said: str) -> None:
        with pytest.raises(KeyNameError, match=said):
            key_of(text)

    @given(st.characters(exclude_categories=("Cs",)))
    def test_characters_have_the_toolkits_names(self, character: str) -> None:
        if character.isprintable():
            assert character_name(character) == _character_to_key(character)

    def test_all_of_ascii_has_the_toolkits_names(self) -> None:
        for character in map(chr, range(32, 127)):
            assert character_name(character) == _character_to_key(character)

    def test_every_key_of_the_table_survives_a_file(self) -> None:
        for command in COMMANDS:
            for key in command.keys:
                assert key_of(written(key)) == key
        assert len(PUNCTUATION) == 32

    @given(st.sampled_from(MODIFIERS[:2]), st.sampled_from([*PUNCTUATION, "f5", "left"]))
    def test_there_and_back(self, modifier: str, key: str) -> None:
        name = f"{modifier}+{key}"
        if name != "ctrl+left_square_bracket":
            assert key_of(written(name)) == name


class TestWriting:
    CHOSEN = Preferences(
        Settings(digits=7, big=True),
        "backprop-light",
        {"forward": ("n",), "theme": ("d", "f5"), "next_part": ("plus",)},
    )

    def test_the_template_says_what_there_is(self) -> None:
        bare = "\n".join(
            line.removeprefix("# ") if " = " in line and line.removeprefix("# ")[:1].islower() else line
            for line in template().splitlines()
        )
        tables = tomllib.loads(bare)
        assert tables["show"] == {option.key: option.default for option in OPTIONS}
        assert set(tables["keys"]) == set(BY_ID)
        assert {name: given for name, given in parsed(bare).keys.items() if given != BY_ID[name].keys} == {}
        assert max(map(len, template().splitlines())) <= 120

    def test_a_new_file(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "s.toml"
        save_preferences(self.CHOSEN, path)
        assert load_preferences(path) == self.CHOSEN
        lines = path.read_text("utf-8").splitlines()
        assert "digits = 7" in lines
        assert '# stride = "step"' in lines
        assert 'theme = ["d", "f5"]' in lines
        assert len(lines) == len(template().splitlines())
        assert [one.name for one in path.parent.iterdir()] == ["s.toml"]

    def test_comments_and_the_hand_of_a_person_are_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "s.toml"
        path.write_text('# mine\n[keys]  # k\nback = [ "PgUp" ] # why\nlast = "b"\n\n# end\n[show]\ndigits=3 # few\n')
        before = load_preferences(path)
        keys = {**before.keys, "forward": ("n",)}
        del keys["last"]
        save_preferences(replace(before, settings=replace(before.settings, digits=4), keys=keys), path)
        assert path.read_text() == (
            '# mine\n[keys]  # k\nback = [ "PgUp" ] # why\n\n# end\nforward = "n"\n[show]\ndigits=4 # few\n'
        )

    @pytest.mark.parametrize(
        "text",
        [
            "show.digits=3\n",
            "show={digits=3}\n",
            "[show]\n# x\n\n[keys]\n# y\n\n",
            "keys={back='b'}",
            "# alone",
            template(),
        ],
    )
    def test_whatever_form_the_file_has(self, text: str, tmp_path: Path) -> None:
        path = tmp_path / "s.toml"
        path.write_text(text, "utf-8")
        save_preferences(self.CHOSEN, path)
        assert load_preferences(path) == self.CHOSEN
        save_preferences(Preferences(), path)
        assert load_preferences(path) == Preferences()

    def test_line_ends_are_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "s.toml"
        path.write_bytes(b"[show]\r\ndigits = 3\r\n")
        save_preferences(Preferences(Settings(digits=4)), path)
        assert path.read_bytes() == b"[show]\r\ndigits = 4\r\n"

    def test_a_wrong_file_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "s.toml"
        path.write_text("[show]\ndigits = 99\n")
        with pytest.raises(PreferencesError, match="at most 17"):
            save_preferences(self.CHOSEN, path)
        assert path.read_text() == "[show]\ndigits = 99\n"

    def test_where_nothing_can_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(PreferencesError, match="the settings cannot be written: "):
            save_preferences(self.CHOSEN, tmp_path / "file" / "s.toml")

    def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "s.toml"
        path.write_text("old")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            atomic.write(path, "new")
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
    def test_links_and_modes_stay(self, tmp_path: Path) -> None:
        real, link = tmp_path / "dotfiles.toml", tmp_path / "s.toml"
        real.write_text("")
        real.chmod(0o640)
        link.symlink_to(real)
        save_preferences(self.CHOSEN, link)
        assert link.is_symlink()
        assert stat.S_IMODE(real.stat().st_mode) == 0o640
        assert load_preferences(real) == self.CHOSEN


KEYS = st.sampled_from(
    sorted({key for command in COMMANDS for key in command.keys} - set(FIXED) | {"f5", "n", "ctrl+g"})
)


@st.composite
def key_maps(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Any commands with any keys, no key twice."""
    keys = draw(st.lists(KEYS, unique=True, max_size=12))
    given: dict[str, tuple[str, ...]] = {}
    for key in keys:
        command = draw(st.sampled_from(COMMANDS)).id
        given[command] = (*given.get(command, ()), key)
    return given


class TestKeyMap:
    def test_nothing_changed(self) -> None:
        assert keymap(Preferences()) == {}
        assert all(effective_keys(command, Preferences()) == command.keys for command in COMMANDS)

    def test_a_key_is_taken_from_the_command_that_had_it(self) -> None:
        preferences = Preferences(keys={"help": ("l", "up")})
        assert effective_keys(BY_ID["help"], preferences) == ("l", "up")
        assert effective_keys(BY_ID["forward"], preferences) == ("right", "pagedown")
        assert effective_keys(BY_ID["coarser"], preferences) == ()
        assert keymap(preferences) == {"help": "l,up", "forward": "right,pagedown"}

    @given(key_maps())
    def test_the_toolkit_makes_of_it_what_was_meant(self, given: dict[str, tuple[str, ...]]) -> None:
        preferences = Preferences(keys=given)
        bindings = BindingsMap(Binding(",".join(command.keys), command.id, id=command.id) for command in COMMANDS)
        bindings.apply_keymap({name: _normalize_key_list(keys) for name, keys in keymap(preferences).items()})
        bound = {key: {one.action for one in ones} for key, ones in bindings.key_to_bindings.items()}
        meant = {key: {command.id} for command in COMMANDS for key in effective_keys(command, preferences)}
        assert bound == meant

    def test_in_an_app(self) -> None:
        """Priority bindings, several keys, a key that changes hands, and names as people write them."""

        class Small(App[None]):
            BINDINGS = [  # noqa: RUF012 - Textual's own form
                Binding(
                    ",".join(command.keys), f"did('{command.id}')", id=command.id, priority=command.id == "next_pane"
                )
                for command in COMMANDS
            ]
            did: list[str]

            def on_mount(self) -> None:
                self.did = []

            def compose(self) -> ComposeResult:
                yield Static("")

            def action_did(self, name: str) -> None:
                self.did.append(name)

        async def go() -> None:
            app = Small()
            async with app.run_test() as pilot:
                preferences = parsed(
                    '[keys]\nforward = ["n", "]", "Ctrl+G", "F5"]\nnext_pane = [";", "space"]\nback = "f3"\nfirst="+"'
                )
                app.set_keymap(keymap(preferences))
                await pilot.press(
                    "n", "right_square_bracket", "ctrl+g", "f5", "semicolon", "space", "f3", "plus", "colon"
                )
                await pilot.press("right", "l", "left", "home")
                assert app.did == [
                    *["forward"] * 4, "next_pane", "next_pane", "back", "first", "go_to",
                ]  # fmt: skip

        run(go())

    def test_in_the_stepper(self) -> None:
        async def go() -> None:
            async with walking(shipped("softplus")) as walker:
                walker.app.set_keymap(keymap(parsed('[keys]\nforward = ["n", "tab"]\nnext_pane = "f6"\nquit = "X"\n')))
                await walker.press("n", "tab", "right", "q")
                assert walker.cursor == 2
                focused = walker.screen.focused
                await walker.press("f6")
                assert walker.screen.focused is not focused
                assert walker.cursor == 2
                await walker.press("shift+tab")
                assert walker.screen.focused is focused
                await walker.press("X")
                assert walker.app._exit

        run(go())


def test_the_theme_that_is_no_theme_of_ours() -> None:
    assert shown(Preferences(theme="textual-dark"))["theme"] == AUTO
