"""Keys as people write them in a file, and as Textual names them: `]` is `right_square_bracket`.

Textual itself is not imported, so that settings can be read without it; a test holds the names here to Textual's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

from engine.scenario.words import did_you_mean, nearest, quoted

MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""In the order Textual puts them."""
_OTHER_MODIFIERS = {"control": "ctrl", "option": "alt", "cmd": "super", "command": "super", "win": "super"}

NAMED = (
    "left", "right", "up", "down", "home", "end", "pageup", "pagedown", "insert", "delete", "space", "tab", "enter",
    "backspace", "escape", *(f"f{number}" for number in range(1, 25)),
)  # fmt: skip
"""Keys without a character."""
_OTHER_NAMES = {
    "esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "pgdown": "pagedown",
    "page_up": "pageup", "page_down": "pagedown", "del": "delete", "ins": "insert", "spacebar": "space",
    "→": "right", "←": "left", "↑": "up", "↓": "down",
}  # fmt: skip
_SHORTER = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where Textual's name of a character is not Unicode's."""
SAME: Mapping[str, str] = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+j": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
"""Keys that most terminals cannot tell from another one."""


class KeyNameError(ValueError):
    """What was written names no key; the message says what to write."""


def key_of(written: str) -> str:
    """Textual's name of a key that a person wrote: `ctrl+g`, `]`, `PgDn`, `shift+tab`.

    Raises:
        KeyNameError: it names no key, or one that a terminal cannot tell from another.
    """
    text = written.strip() or written
    if not text:
        raise KeyNameError("expected a key, got an empty string")
    *before, last = text.split("+") if len(text) > 1 and not text.endswith("+") else [text]
    if len(text) > 1 and text.endswith("+"):
        # the plus key itself: ctrl++
        before, last = text[:-1].removesuffix("+").split("+"), "+"
    modifiers = {_modifier(part, written) for part in before}
    key = _base(last, written)
    if len(key) == len(key.upper()) == 1 and key.isalpha() and modifiers == {"shift"}:
        return key.upper()
    if modifiers == {"shift"} and (len(key) == 1 or key in PUNCTUATION):
        raise KeyNameError(f"{quoted(written)} is no key: write the character that the two keys give together")
    if modifiers and len(key) == 1:
        key = key.lower()
    name = "+".join([*sorted(modifiers), key])
    if name in SAME:
        raise KeyNameError(f"terminals send the same for {quoted(written)} as for {SAME[name]}: choose another key")
    return name


def written(key: str) -> str:
    """A key by Textual's name as a person writes it in a file: `]` for `right_square_bracket`."""
    *modifiers, last = key.split("+")
    known = last in NAMED or len(last) == 1
    return "+".join([*modifiers, last if known else PUNCTUATION.get(last) or _beyond_ascii().get(last, last)])


def character_name(character: str) -> str:
    """Textual's name of the key that types a character."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name) or character


PUNCTUATION: Mapping[str, str] = {
    character_name(chr(code)): chr(code) for code in range(33, 127) if not chr(code).isalnum()
}
"""Textual's name → the character, for what a keyboard of ASCII can type beside letters and digits."""


@cache
def _beyond_ascii() -> dict[str, str]:
    """The same for all other characters but letters and digits; made only when somebody has such a key."""
    characters = map(chr, range(128, 0x10000))
    return {character_name(one): one for one in characters if one.isprintable() and not one.isalnum()}


def _modifier(part: str, whole: str) -> str:
    name = part.strip().lower()
    name = _OTHER_MODIFIERS.get(name, name)
    if name not in MODIFIERS:
        near = nearest(name, ("ctrl", "shift", "alt"))
        hint = did_you_mean(near) if near else "expected ctrl, shift or alt"
        raise KeyNameError(f"{quoted(whole)} is no key: before + stands {quoted(part)}: {hint}")
    return name


def _base(part: str, whole: str) -> str:
    if len(part) == 1 and part.isprintable() and part not in _OTHER_NAMES and part != " " and part < "\U00010000":
        return character_name(part)
    name = "space" if part == " " else part.strip().lower().replace(" ", "_").replace("-", "_")
    name = _OTHER_NAMES.get(name, name)
    if name in NAMED or name in PUNCTUATION or name in _beyond_ascii():
        return name
    near = nearest(name, [*NAMED, *_OTHER_NAMES, *PUNCTUATION])
    hint = did_you_mean(near) if near else 'write it like "n", "ctrl+g", "f5", "space" or "]"'
    raise KeyNameError(f"{quoted(whole)} is no key: {hint}")
