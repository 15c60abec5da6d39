"""How symbols are shown: plain data, one option a line of a table. Nothing here changes a number or an address.

Courses disagree on what w₂₁ runs from, on what δ is, on whether W has a row per unit; a style says which of these a
scenario is shown in. `STYLE_OPTIONS` is read by the file's schema, by the reference and by whatever sets options.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from engine.activations import ACTIVATIONS

Choice = str | int


class StyleOption(Struct, frozen=True):
    """One way in which courses differ; the first choice is the default."""

    name: str
    choices: tuple[Choice, ...]
    meaning: str
    """What it decides, in a line."""
    said: tuple[str, ...]
    """What each choice means, for people; empty for the default, of which nothing need be said."""

    @property
    def default(self) -> Choice:
        return self.choices[0]


STYLE_OPTIONS: tuple[StyleOption, ...] = (
    StyleOption(
        "index_order", ("to_from", "from_to"), "the order of a weight's two indices",
        ("", "w₂₁ runs from unit 2 to unit 1"),
    ),
    StyleOption(
        "weights", ("W", "W^T"), "a whole W has a row per unit (z = W a), or a row per input (z = Wᵀ a)",
        ("", "W has a row per input and a column per unit"),
    ),
    StyleOption(
        "vectors", ("column", "row"), "vectors are columns (z = W a), or rows (z = a Wᵀ)",
        ("", "vectors are rows"),
    ),
    StyleOption(
        "delta", ("dz", "da", "-dz"), "δ is ∂L/∂z, ∂L/∂a or −∂L/∂z",
        ("", "δ is ∂L/∂a", "δ is −∂L/∂z"),
    ),
    StyleOption("base", (1, 0), "units and samples count from 1 or 0", ("", "units and samples count from 0")),
    StyleOption(
        "first_layer", (1, 2, 0), "the number of the first layer after the input",
        ("", "the input is layer 1", "the first layer after the input is layer 0"),
    ),
    StyleOption("decimal", (".", ","), "the decimal sign; after a comma lists are parted by semicolons", ("", "")),
    StyleOption(
        "digits", ("significant", "decimals"), "what a number of digits counts",
        ("", "numbers are shown to a number of decimals"),
    ),
    StyleOption(
        "rounding", ("round", "truncate"), "digits left out are rounded, or cut off",
        ("", "digits left out are cut off, not rounded"),
    ),
)  # fmt: skip
"""Every option but the letters, which are any."""

LETTERS: Mapping[str, str] = {
    "x": "x", "y": "y", "z": "z", "a": "a", "yhat": "ŷ", "w": "w", "W": "W", "b": "b", "L": "L", "delta": "δ",
    "eta": "η", "h": "h", "gamma": "γ", "beta": "β",
}  # fmt: skip
"""Symbols that can be given another letter, as they are written by default."""

LAYERED = ("z", "a", "w", "W", "b", "delta", "h")
"""Letters that may differ from layer to layer: `W[2]`. Such a letter names its layer, which is then left out."""

LONGEST = 12
"""Characters of a letter."""


@cache
def function_letters() -> Mapping[str, str]:
    """Functions that can be given another name, as they are written by default."""
    return {"ln": "ln", **{name: entry.symbol for name, entry in ACTIVATIONS.items()}}


class Style(Struct, frozen=True):
    """How symbols are shown. The defaults are the engine's own words; equal styles are equal and hash alike.

    `letters` pairs our names with what is printed for them: `("z", "s")`, `("W[2]", "V")`, `("softplus", "σ")`.
    """

    index_order: str = "to_from"
    weights: str = "W"
    vectors: str = "column"
    delta: str = "dz"
    base: int = 1
    first_layer: int = 1
    decimal: str = "."
    digits: str = "significant"
    rounding: str = "round"
    letters: tuple[tuple[str, str], ...] = ()

    @property
    def default(self) -> bool:
        return self == DEFAULT

    @property
    def separator(self) -> str:
        """What parts the numbers of a list."""
        return ", " if self.decimal == "." else "; "

    def letter(self, name: str, layer: int | None = None) -> tuple[str, bool] | None:
        """What is printed for a name and whether that says the layer too; None where no letter is given."""
        given = dict(self.letters)
        if layer is not None and f"{name}[{layer}]" in given:
            return given[f"{name}[{layer}]"], True
        return (given[name], False) if name in given else None


DEFAULT = Style()


def described(style: Style) -> str:
    """What a style does otherwise than the default, in one line: "w₂₁ runs from unit 2 to unit 1; δ is ∂L/∂a"."""
    said = [
        option.said[option.choices.index(getattr(style, option.name))]
        for option in STYLE_OPTIONS
        if getattr(style, option.name) != option.default
    ]
    names = {**LETTERS, **function_letters()}
    for key, letter in style.letters:
        name, bracket, layer = key.partition("[")
        ours = names[name] if name in LETTERS else name
        of = f" of layer {int(layer.removesuffix(']')) + style.first_layer - 1}" if bracket else ""
        said.append(f"{letter} is {ours}{of}")
    return "; ".join(filter(None, said))


def ascii_letter(letter: str) -> str:
    """A letter in ASCII: σ is sigma, ŷ is yhat, W′ is W'."""
    marks = {"COMBINING CIRCUMFLEX ACCENT": "hat", "COMBINING TILDE": "tilde", "COMBINING MACRON": "bar"}
    parts: list[str] = []
    for char in unicodedata.normalize("NFKD", letter.replace("′", "'").replace("″", "''")):
        name = unicodedata.name(char, "")
        if char.isascii():
            parts.append(char)
        elif name.startswith("GREEK "):
            word = name.split(" LETTER ")[-1].split()[-1].lower()
            parts.append(word.capitalize() if "CAPITAL" in name else word)
        elif name == "PARTIAL DIFFERENTIAL":
            parts.append("d")
        elif unicodedata.combining(char):
            parts.append(marks.get(name, ""))
        else:
            parts.append(f"u{ord(char):x}")
    return "".join(parts)
