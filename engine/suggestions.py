"""What may be meant by a name that a network does not have: another case, a symbol of the screen, what is lacking."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from engine.notation_style import Style

_GRADIENT = r"(?:∂|d)L\s*/\s*(?:∂|d)\s*"
"""Begins a gradient as the screen writes it: ∂L/∂W is `dW`."""

_SYMBOLS = {
    "δ": "delta", "∂z": "delta", "dz": "delta", "∂a": "da", "∂w": "dW", "∂W": "dW", "∂b": "db", "∂x": "dx",
    "ŷ": "a", "yhat": "a", "y_hat": "a", "f′": "fprime", "σ′": "fprime", "f'": "fprime", "σ'": "fprime",
    "γ": "gamma", "β": "beta", "∂γ": "dgamma", "∂β": "dbeta", "η": "lr", "eta": "lr", "learning_rate": "lr",
    "x̂": "xhat", "x̃": "xtilde", "μ": "mean", "σ²": "var", "∂h": "dh", "L": "loss", "J": "loss", "E": "loss",
    "C": "loss", "‖∇‖": "gradient_norm",
}  # fmt: skip
"""How screens and books write what an address calls otherwise. `a` stands for the last layer's where it was ŷ."""
_OUTPUTS = ("ŷ", "yhat", "y_hat")
_LONGEST_FIRST = sorted(_SYMBOLS, key=len, reverse=True)

_OF_OPTIONS: tuple[tuple[str, str], ...] = (
    (r"penalty", "this scenario has no penalty"),
    (r"d\w+_(penalty|data)", "no penalty adds to this gradient: it is {whole} alone"),
    (r"d\w+_clipped|gradient_norm", "this scenario clips no gradients"),
    (r"d?(xhat|h|gamma|beta|mean|var)|running_(mean|var)", "no layer of this scenario has a normalisation with that"),
    (r"d?drop|mask", "no layer of this scenario has dropout"),
    (r"noise|d?xtilde", "this scenario puts no noise on its inputs"),
    (r"jacobian", "no layer of this scenario has a Jacobian: each unit's activation reads its own z alone"),
    (r"fprime", "no layer of this scenario has an f′ for each unit: its activation reads the whole layer"),
    (r"d?b", "no layer of this scenario has a bias"),
    (r"[msuv](hat)?(W|b|gamma|beta)", "the optimizer of this scenario keeps no such numbers"),
)
"""Names that some networks have, and what a network without them lacks."""


def missing(name: str, known: Collection[str]) -> str:
    """What this network lacks, where the name is one that others have; empty where it is none."""
    for pattern, said in _OF_OPTIONS:
        if name not in known and re.fullmatch(pattern, name):
            return said.format(whole=name.partition("_")[0])
    return ""


def candidates(text: str, name: str, known: Collection[str], outputs: int, style: Style) -> Iterator[str]:
    """Addresses that may have been meant by a text that names nothing, most likely first.

    Args:
        text: as written.
        name: what it begins with; empty where it is no address at all.
        known: the names of this network.
        outputs: the number of the last layer.
        style: how the scenario shows symbols; its letters are symbols too.
    """
    text = text.strip()
    rest = text.removeprefix(name) if name else ""
    if name:
        # one letter in another case is a slip of the shift key, not another name
        yield from (one + rest for one in known if one.lower() == name.lower())
    yield from _of_symbols(text, outputs, style)
    if name:
        # only a message needs it, and it is slow to import
        import difflib

        yield from (one + rest for one in difflib.get_close_matches(name, known, 1, 0.6))


def spelt(text: str) -> str:
    """How an address spells the symbol that a text begins with, where no network is known yet; empty for none."""
    text = text.strip()
    gradient = re.match(_GRADIENT, text)
    plain = f"∂{text[gradient.end() :]}" if gradient else text
    symbol = next((one for one in _LONGEST_FIRST if plain.startswith(one)), "")
    if not symbol or plain[len(symbol) : len(symbol) + 1].isalpha():
        return ""
    shown = f"∂L/{symbol}" if gradient else symbol
    if symbol in _OUTPUTS:
        return f"; an address spells {shown} a[l], with the number of the last layer"
    if symbol == "δ":
        return "; an address spells δ delta where it is ∂L/∂z, da where it is ∂L/∂a"
    return f"; an address spells {shown} {_SYMBOLS[symbol]}"


def _of_symbols(text: str, outputs: int, style: Style) -> Iterator[str]:
    gradient = re.match(_GRADIENT, text)
    plain = f"∂{text[gradient.end() :]}" if gradient else text
    for ours, letter in style.letters:
        name, _, layer = ours.partition("[")
        rest = plain.removeprefix(letter)
        if rest == plain or gradient:
            continue
        # a letter of one layer says the layer
        meant = _SYMBOLS.get(name, {"w": "W"}.get(name, name)) + (f"[{layer}" if layer else "")
        yield (f"a[{outputs}]{_index(rest)}" if name == "yhat" else meant + _index(rest))
    for symbol in _LONGEST_FIRST:
        rest = plain.removeprefix(symbol)
        if rest == plain or rest[:1].isalpha():
            continue
        if symbol in _OUTPUTS:
            yield f"a[{outputs}]{_index(rest)}"
        elif symbol == "δ" and style.delta == "da":
            yield "da" + _index(rest)
        else:
            yield _SYMBOLS[symbol] + _index(rest)


def _index(rest: str) -> str:
    """What follows a symbol, where it is written as in an address; else nothing of it."""
    rest = rest.strip()
    return rest if rest[:1] in ("[", "#", "@") else ""
