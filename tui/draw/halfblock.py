"""Two heats in one cell: the upper and the lower half of a ▀, so that a heat map has square points."""

from __future__ import annotations

from functools import lru_cache

from tui.draw.cells import Look

STEPS = 20
"""Shades told apart on either side of 0: no palette has more, and equal looks are styled once."""


@lru_cache(maxsize=4096)
def half(upper: float, lower: float) -> tuple[str, Look]:
    """The character and look of two heats (−1 … +1), one above the other."""
    return "▀", Look("pixel", round(upper * STEPS) / STEPS, round(lower * STEPS) / STEPS)
