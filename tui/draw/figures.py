"""Numbers as a drawing writes them: signed, in few cells, in the alphabet of the screen."""

from __future__ import annotations

import math

from engine.numbers import fixed

VALUE_WIDTH = 7
"""Cells of a number where there is room: a sign, a digit, a point and four decimals."""
UNREACHED = {False: "·", True: "."}
"""A number which the walk has not reached, by alphabet."""
NEXT = {False: "◦", True: "o"}
"""The mark of what is computed next, where it has no outline."""
HIDDEN = "?"
"""A number which is still a question."""


def number(value: float, width: int, ascii: bool) -> str:
    """A signed number for a box or a table, in at most `width` cells; what is not 0 never reads as 0."""
    text = fixed(value, width)
    if value and math.isfinite(value) and "e" not in text and "…" not in text and float(text) == 0.0:
        text = _scientific(value, width)
    if ascii:
        return text.replace("…", "..")
    return text.replace("-", "−").replace("inf", "∞")


def edge_number(value: float, width: int, ascii: bool) -> str:
    """The same for an edge: 0 is as wide as any other weight, so that a net that starts at 0 keeps its picture."""
    return f" {0.0:.{max(0, width - 3)}f}" if value == 0.0 else number(value, width, ascii)


def boxed(text: str, width: int) -> str:
    """A number as wide as any, so that a box never changes its size; 0 stands where others have their first digit."""
    return (text if text[:1] in "+-−" else f" {text}").ljust(width)


def _scientific(value: float, width: int) -> str:
    for decimals in range(max(0, width - 6), -1, -1):
        mantissa, exponent = f"{value:+.{decimals}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= width:
            return text
    return ("+" if value > 0 else "-") + "…"
