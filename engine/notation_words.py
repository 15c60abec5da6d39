"""Sentences in a style: the engine's own sentences keep to the default symbols, and are put into others here.

What is replaced are whole symbols: δ, ŷ, η and ∂L/∂… are none of English's words, and neither is a lone z, w, y, x,
b, h, L or W. A lone a is one only where no word follows it. Layers, units and samples are counted as the style counts.
"""

from __future__ import annotations

import re

from engine.notation_style import LETTERS, Style

_BY_UNICODE = {letter: name for name, letter in LETTERS.items()}
_HAT = "\u0302\u0303"
"""Combining marks, by which x̂ is another letter than x."""
_SYMBOL = re.compile(
    r"δ is (?P<defined>∂L/∂z)"
    r"|∂L/∂(?P<below>ŷ|[zahwxbyW])(?![\w" + _HAT + "])"
    r"|(?P<greek>[δŷηγβ])"
    r"|(?<![\w])(?P<letter>[zwyxbhLW])(?![A-Za-z0-9'’" + _HAT + "])"
    r"|(?<![\w])(?P<a>a)(?![A-Za-z0-9_'’" + _HAT + r"])(?!\s+[A-Za-z])"
    r"|(?P<decimal>(?<=\d)\.(?=\d))"
    r"|(?P<layer>\b[Ll]ayers? )(?P<number>\d+)"
    r"|(?P<units>\bUnits? )(?P<listed>\d+(?:(?:–|, | and )\d+)*)(?= of layer)"
)


class Words:
    """Puts sentences into one style."""

    def __init__(self, style: Style) -> None:
        self._style = style

    def translated(self, text: str, layer: int | None = None) -> str:
        """The sentence, which is about a layer or none, in the style; as it is in the default one."""
        return text if self._style.default else _SYMBOL.sub(lambda found: self._replaced(found, layer), text)

    def _replaced(self, found: re.Match[str], layer: int | None) -> str:
        style = self._style
        if found["defined"]:
            slope = self._slope("z", layer)
            return slope if style.delta == "da" else f"{self._delta(layer)} is {slope}"
        if found["below"]:
            below = found["below"]
            return self._letter("δ", layer) if (below, style.delta) == ("a", "da") else self._slope(below, layer)
        if found["greek"]:
            return self._delta(layer) if found[0] == "δ" else self._letter(found[0], layer)
        if found["letter"] or found["a"]:
            return self._letter(found[0], layer)
        if found["decimal"]:
            return style.decimal
        if found["layer"]:
            return found["layer"] + str(int(found["number"]) + style.first_layer - 1)
        return found["units"] + re.sub(r"\d+", lambda one: str(int(one[0]) + style.base - 1), found["listed"])

    def _delta(self, layer: int | None) -> str:
        if self._style.delta == "da":
            return self._slope("z", layer)
        return ("−" if self._style.delta == "-dz" else "") + self._letter("δ", layer)

    def _slope(self, below: str, layer: int | None) -> str:
        return f"∂{self._letter('L', None)}/∂{self._letter(below, layer)}"

    def _letter(self, letter: str, layer: int | None) -> str:
        given = self._style.letter(_BY_UNICODE[letter], layer)
        return given[0] if given else letter
