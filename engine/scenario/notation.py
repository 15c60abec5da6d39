"""The [notation] table: how the scenario's author writes symbols."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.notation_style import LAYERED, LETTERS, LONGEST, STYLE_OPTIONS, Style, ascii_letter, function_letters
from engine.scenario import schema
from engine.scenario.errors import At, Faults, Key
from engine.scenario.model import Scenario
from engine.scenario.tables import convert
from engine.scenario.words import found, instead, quoted

_NAMES = (*LETTERS, *function_letters())
_LAYER_KEY = r"(?P<name>[A-Za-z_]+)\[(?P<layer>[0-9]{1,9})\]"
LETTER_KEY = rf"^(?:{'|'.join(_NAMES)}|(?:{'|'.join(LAYERED)})\[[1-9][0-9]*\])$"
"""What can be given a letter: a name, or a name and its layer; a pattern for JSON Schema."""

_FREE = ("gamma", "beta", "h")
"""Letters few scenarios show: they may be another symbol's too."""


class _Activated(Protocol):
    @property
    def activation(self) -> str | None: ...


class _Layers(Protocol):
    """What is asked of a network: its layers' activations, and whether there are as many as are meant."""

    @property
    def layers(self) -> Sequence[_Activated]: ...
    @property
    def counted(self) -> bool: ...


class _There(Struct, frozen=True):
    """The layers of a scenario that has been read."""

    layers: Sequence[_Activated]
    counted: bool = True


def read_notation(table: Mapping[str, Any], network: _Layers, faults: Faults) -> Style:
    """What [notation] says, the default where it says nothing; all that is wrong with it goes to `faults`."""
    key: Key = ("notation",)
    given = table.get("letters", {})
    # what stands in it is looked at below
    plain = {**table, "letters": {}} if "letters" in table and isinstance(given, dict) else table
    got = convert(plain, schema.Notation, key, faults)
    options = {option.name: got.get(option.name, option.default) for option in STYLE_OPTIONS}
    letters = _letters(given, network, faults) if isinstance(given, dict) else {}
    return Style(**options, letters=tuple(letters.items()))


def letters(given: Mapping[str, str], scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Letters given by a person for a scenario that is there, as `Style` keeps them.

    Raises:
        ValueError: one of them cannot be used; the message says why.
    """
    faults = Faults()
    kept = _letters(given, _There(scenario.layers), faults)
    if faults:
        raise ValueError("; ".join(f"{fault.key[-1]}: {fault.message}" for fault in faults.found))
    return tuple(kept.items())


def _letters(given: Mapping[str, object], network: _Layers, faults: Faults) -> dict[str, str]:
    letters: dict[str, str] = {}
    for name, letter in given.items():
        key: Key = ("notation", "letters", name)
        wrong_name = _wrong_name(name, network)
        wrong_letter = _wrong_letter(letter) if isinstance(letter, str) else f"expected a string, got {found(letter)}"
        if wrong_name:
            faults.add(key, wrong_name, At.KEY)
        if wrong_letter:
            faults.add(key, wrong_letter, At.VALUE)
        if not wrong_name and not wrong_letter:
            letters[name] = str(letter)
    for name, letter in letters.items():
        other = _same(name, letter, letters, network)
        if other:
            faults.add(
                ("notation", "letters", name),
                f"{other} is written {quoted(letter)} already: two symbols need two letters",
                At.VALUE,
            )
    return letters


def _wrong_name(name: str, network: _Layers) -> str:
    bracketed = re.fullmatch(_LAYER_KEY, name)
    if bracketed is None:
        return "" if name in _NAMES else f"there is no symbol {quoted(name)}: {instead(name, _NAMES)}"
    bare, layer = bracketed["name"], int(bracketed["layer"])
    if bare not in LAYERED:
        return f"{quoted(bare)} has no letter of its own in a layer: {instead(bare, LAYERED)}"
    if network.counted and not 1 <= layer <= len(network.layers):
        return f"there is no layer {layer}; expected 1 to {len(network.layers)}"
    return ""


def _wrong_letter(letter: str) -> str:
    if not letter:
        return "expected a letter or a short name, got an empty string"
    if len(letter) > LONGEST:
        return f"expected at most {LONGEST} characters, got {len(letter)}"
    if not unicodedata.category(letter[0]).startswith("L"):
        return f"expected a letter first, got {quoted(letter)}"
    for char in letter[1:]:
        if not (unicodedata.category(char)[0] in "LN" or unicodedata.combining(char) or char in "'′″"):
            return f"expected letters, digits, accents and primes, got {quoted(char)} in {quoted(letter)}"
    if any(unicodedata.east_asian_width(char) in "WF" for char in letter):
        return f"expected letters one cell wide, got {quoted(letter)}"
    return ""


def _same(name: str, letter: str, letters: Mapping[str, str], network: _Layers) -> str:
    """Another symbol of this network that would be written the same, in either alphabet; empty where there is none."""
    for other, written in _written(letters, network):
        # w and W are one thing, and a layer's own letter may be another layer's
        if other.partition("[")[0].lower() == name.partition("[")[0].lower():
            continue
        if written == letter or ascii_letter(written) == ascii_letter(letter):
            return other
    return ""


def _written(letters: Mapping[str, str], network: _Layers) -> Iterable[tuple[str, str]]:
    """What the symbols of a network are written as; functions that it does not use are none of them."""
    yield from letters.items()
    for name, letter in LETTERS.items():
        if name not in letters and name not in _FREE:
            yield name, letter
    for used in dict.fromkeys(layer.activation for layer in network.layers if layer.activation):
        if used not in letters:
            yield used, ACTIVATIONS[used].symbol
