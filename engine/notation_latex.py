"""Symbols in LaTeX's mathematics: the alphabet of formulas that go into a sheet or onto a slide.

Only commands of plain LaTeX with amsmath, all of which KaTeX and MathJax know.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from engine.formula.nodes import Index
from engine.notation import CONSTANTS, Notation

COMBINING = {"\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar", "\u0305": r"\bar"}
NAMED = ("tanh", "ln", "max", "min", "log", "exp", "cosh", "cos", "sin")
"""Functions LaTeX has a command for."""
GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lamda", "mu", "nu",
         "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"}  # fmt: skip
CAPITAL = {"gamma", "delta", "theta", "lamda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
"""Capitals LaTeX has a command for; the others look like Latin ones."""
_OTHERS = {"∂": r"\partial ", "′": "'", "−": "-", "ℓ": r"\ell "}
_SCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₓⁿ", "0123456789axn")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹ᵀ]+")


class LatexNotation(Notation):
    """The symbols of another notation, in LaTeX."""

    def __init__(self, notation: Notation) -> None:
        super().__init__(notation.network, False, notation.style)

    @property
    def minus(self) -> str:
        return "-"

    def constant(self, name: str) -> str:
        known = CONSTANTS.get(name)
        return word(name) if known is None else letter(known)

    def function(self, name: str) -> str:
        return function(super().function(name))

    def number(self, text: str) -> str:
        # a comma alone would be followed by a blank
        return text if self.style.decimal == "." else text.replace(".", "{,}")

    def spelled(self, letter_: str, ascii: str) -> str:
        return letter(letter_)

    def given(self, letter_: str) -> str:
        return letter(letter_)

    def indexed(self, letter: str, layer: int | None, unit: tuple[Index, ...]) -> str:
        below = f"_{{{self._joined(unit)}}}" if unit else ""
        if layer is None:
            return letter + below
        # a letter with a prime or a power of its own holds no second superscript
        held = f"{{{letter}}}" if "'" in letter or "^" in letter else letter
        return held + below + self.layer_mark(layer)

    def layer_mark(self, layer: int) -> str:
        return f"^{{({self.layer_number(layer)})}}"

    def slope(self, above: str, below: str) -> str:
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"

    def prime_name(self, layer: int) -> str:
        return f"{self.function(self.network.activation_symbol(layer))}'"

    def prime(self, layer: int | None, argument: str) -> str:
        name = self.function(self.network.activation_symbol(layer)) if layer else "f"
        return rf"{name}'\left({argument}\right)"

    def norm(self) -> str:
        return rf"\left\|\partial {self.lettered('L', None, ())}\right\|"

    def clipped(self, gradient: str) -> str:
        return rf"\mathrm{{clip}}\left({gradient}\right)"

    def operator(self, text: str) -> str:
        text = super().operator(text)
        if text.startswith("\\"):
            return text
        # words first: the commands put in below are letters too
        text = _WORD.sub(lambda found: rf"\ \mathrm{{{found[0]}}}\ ", text)
        text = _SLOPE.sub(lambda found: self.slope(letter(found[1]), letter(found[2])), text)
        for sign, command in _OPERATORS:
            text = text.replace(sign, command)
        return text

    def _transposed(self, text: str) -> str:
        if text.startswith("(") and text.endswith(")"):
            text = rf"\left({text[1:-1]}\right)"
        return rf"{{{text}}}^{{\top}}"

    def _of_sample(self, text: str, sample: str) -> str:
        return rf"{{{text}}}_{{\#{sample}}}"

    def _slot_of(self, slot: str, parameter: str) -> str:
        return rf"{slot}\left({parameter}\right)"


_WORD = re.compile(r"(?<![\w/∂])[a-z]{2,}(?![\w])")
_SLOPE = re.compile(r"∂([^\s/]+)/∂([^\s)]+)")
_OPERATORS = (
    ("·", r"\cdot "), ("⊙", r"\odot "), ("−", "-"), ("Σₛ", r"\sum_{s}"), ("½", r"\frac{1}{2}"), ("η", r"\eta "),
)  # fmt: skip


@lru_cache(maxsize=256)
def letter(text: str) -> str:
    """A letter or short name: δ is \\delta, ŷ is \\hat{y}, W′ is W', σ̄² is \\bar{\\sigma}^{2}."""
    text = text.replace("″", "′′")
    raised = "".join(_SUPERSCRIPT.findall(text))
    plain = unicodedata.normalize("NFD", _SUPERSCRIPT.sub("", text))
    primes = "'" * (plain.count("′") + plain.count("'"))
    plain = plain.replace("′", "").replace("'", "")
    scripts = "".join(char for char in plain if char.translate(_SCRIPTS) != char or char in "ₘ").replace("ₘ", "m")
    base = "".join(char for char in plain if char.translate(_SCRIPTS) == char and char != "ₘ")
    below = f"_{{{scripts.translate(_SCRIPTS)}}}" if scripts else ""
    above = unicodedata.normalize("NFKC", raised)
    return _base(base) + below + primes + (f"^{{{above}}}" if above else "")


def _base(text: str) -> str:
    bare = [char for char in text if not unicodedata.combining(char)]
    if len(bare) != 1:
        return word("".join(bare)) if all(char.isascii() for char in bare) else "".join(map(_sign, bare))
    made = _sign(bare[0]).strip()
    for char in text:
        if unicodedata.combining(char) and char in COMBINING:
            made = f"{COMBINING[char]}{{{made}}}"
    return made


def _sign(char: str) -> str:
    """One character; Greek by its name."""
    if char.isascii():
        return char
    if char in _OTHERS:
        return _OTHERS[char]
    name = unicodedata.name(char, "").split(" LETTER ")[-1].lower()
    if name in GREEK:
        capital = char.isupper()
        if not capital or name in CAPITAL:
            # Unicode writes lamda
            spelt = name.replace("lamda", "lambda")
            return f"\\{spelt.capitalize() if capital else spelt} "
        return unicodedata.normalize("NFKC", char)
    return rf"\text{{{char}}}"


def word(text: str) -> str:
    """A name of several letters, upright; its underscores are written."""
    return text if len(text) == 1 else rf"\mathrm{{{text.replace('_', chr(92) + '_')}}}"


def function(name: str) -> str:
    """A function's name: \\tanh, \\sigma, \\mathrm{softplus}."""
    if name in NAMED:
        return f"\\{name}"
    return word(name) if name.isascii() else letter(name)
