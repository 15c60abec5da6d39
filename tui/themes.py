"""The themes by name, without their colours: what a file of settings may name, and in which order they follow.

The colours are in `tui.palette`, which needs a library for them.
"""

from __future__ import annotations

from typing import NamedTuple

AUTO = "auto"
"""The theme the terminal calls for."""


class Theme(NamedTuple):
    """One way everything looks."""

    name: str
    """In a file."""
    palette: str
    """Its key in `tui.palette.PALETTES`, and its name as a theme of the app."""
    title: str
    cycled: bool = True
    """Whether the command that changes the theme comes by it; the others are for what a terminal cannot show."""


THEMES = (
    Theme("dark", "backprop-dark", "Dark"),
    Theme("light", "backprop-light", "Light"),
    Theme("contrast", "backprop-contrast", "High contrast, dark"),
    Theme("contrast-light", "backprop-contrast-light", "High contrast, light"),
    Theme("ansi-dark", "ansi-dark", "The terminal's 16 colours, on dark", cycled=False),
    Theme("ansi-light", "ansi-light", "The terminal's 16 colours, on light", cycled=False),
    Theme("mono", "backprop-mono", "No colour", cycled=False),
)

BY_NAME = {theme.name: theme for theme in THEMES}
BY_PALETTE = {theme.palette: theme for theme in THEMES}


def next_theme(palette: str, by: int = 1) -> str:
    """The palette after one, or before it, in the order of `THEMES`; one that is not cycled through stays."""
    theme = BY_PALETTE.get(palette)
    if theme is not None and not theme.cycled:
        return palette
    round_trip = [theme.palette for theme in THEMES if theme.cycled]
    return round_trip[(round_trip.index(palette) + by) % len(round_trip)] if palette in round_trip else round_trip[0]
