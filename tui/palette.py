"""How roles look: colours chosen once, for dark and light and high contrast, for sixteen colours and for none.

Hues are Okabe–Ito, some of them darkened, told apart in all three colour blindnesses; heat on dark is Crameri's
managua, dark in the middle. Text stands out from what is behind it by 4.5:1, in high contrast by 7:1 (WCAG 2).
Sign and phase never rest on colour: numbers carry + and −, negative edges are dashed, the current thing is heavy
or marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct, field
from rich.color import Color
from rich.style import Style

from tui.draw.cells import Look
from tui.themes import THEMES as THEMES

MANAGUA = (
    "#FFCF67", "#DF9D56", "#C17449", "#A0513E", "#773339", "#3A2A45",
    "#4C3D73", "#5161A1", "#5F89C3", "#6FB6E2", "#81E7FF",
)  # fmt: skip
LIGHT_HEAT = (
    "#D55E00", "#E07F33", "#E99F66", "#F1BF99", "#F8DFCC", "#F4F4F4",
    "#CCE3F0", "#99C7E0", "#66AAD1", "#338EC1", "#0072B2",
)  # fmt: skip
CONTRAST_HEAT = (
    "#FFD98A", "#F7BE5F", "#DE9A3C", "#7A3A14", "#4A2412", "#1C1C1C",
    "#12304C", "#1A4A78", "#5FA9DE", "#8CCBF5", "#BDE6FF",
)  # fmt: skip
CONTRAST_LIGHT_HEAT = (
    "#6E2C00", "#8A3A00", "#E08B45", "#EFB37F", "#F8DCC4", "#FFFFFF",
    "#D3E6F5", "#A3CBE9", "#6AA9DA", "#00508A", "#00406E",
)  # fmt: skip
"""Minus to plus; eleven shades. Those of high contrast leave out the middle tones, on which no text has 7:1."""

ANSI = ("ansi-dark", "ansi-light")
"""Textual's own themes of the terminal's sixteen colours; the roles over them are ours."""

HOTTEST = 0.8
"""Share of the shades used: the outermost would outshine the highlight."""


class Palette(Struct, frozen=True):
    """Styles by role. `heat` holds shades from −1 to +1; without it a value shows its sign by hue or not at all."""

    name: str
    dark: bool
    roles: Mapping[str, str]
    """Role → rich style definition."""
    heat: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    """The variables of the app's theme."""

    def style(self, look: Look) -> Style:
        """The style of a cell; an unknown role is plain text."""
        if not self.heat or look.heat is None:
            return _style(self.name, look.role)
        # few shades are told apart, so few styles are made whatever the numbers are
        if look.role == "pixel":
            return _pixel(self.name, _level(look.heat), _level(look.heat if look.below is None else look.below))
        if look.role == "pixel_top":
            return _pixel(self.name, _level(look.heat), None)
        return _heated(self.name, look.role, round(_share(look.heat * HOTTEST) * (len(self.heat) - 1)))


PIXEL_LEVELS = 48
"""Shades of a picture, from −1 to +1, between those of the heat scale."""


def _share(heat: float) -> float:
    """Heat −1 … +1 as a place in 0 … 1 of a scale."""
    return (max(-1.0, min(1.0, heat)) + 1) / 2


def _level(heat: float) -> int:
    return round(_share(heat) * PIXEL_LEVELS)


@lru_cache(maxsize=512)
def _style(palette_name: str, role: str) -> Style:
    roles = PALETTES[palette_name].roles
    return Style.parse(roles.get(role, roles["text"]))


@lru_cache(maxsize=2048)
def _heated(palette_name: str, role: str, shade: int) -> Style:
    style = _style(palette_name, role)
    if role == "cell_current":
        return style
    background = PALETTES[palette_name].heat[shade]
    return Style(color=_readable(background), bgcolor=background, bold=style.bold)


@lru_cache(maxsize=4096)
def _pixel(palette_name: str, upper: int, lower: int | None) -> Style:
    """Upper half over lower half; None: nothing lies behind."""
    return Style(color=_mixed(palette_name, upper), bgcolor=None if lower is None else _mixed(palette_name, lower))


@lru_cache(maxsize=256)
def _mixed(palette_name: str, level: int) -> str:
    """A colour between two neighbouring shades."""
    heat = PALETTES[palette_name].heat
    lower, part = divmod(level * (len(heat) - 1), PIXEL_LEVELS)
    before = Color.parse(heat[lower]).get_truecolor()
    after = Color.parse(heat[min(lower + 1, len(heat) - 1)]).get_truecolor()
    mixed = [round(a + (b - a) * part / PIXEL_LEVELS) for a, b in zip(before, after, strict=True)]
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def _readable(background: str) -> str:
    """Black or white, whichever stands out more on a colour (WCAG relative luminance)."""
    red, green, blue = (
        channel / 255 / 12.92 if channel / 255 <= 0.04045 else ((channel / 255 + 0.055) / 1.055) ** 2.4
        for channel in Color.parse(background).get_truecolor()
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#FFFFFF"


def _roles(
    text: str, dim: str, plus: str, minus: str, mark: str, mark_on: str, quiet: str, note: str, strip: str = "default"
) -> dict[str, str]:
    """Every role from the few colours of a palette.

    `mark` is the highlight and `mark_on` what is written on it; `strip` lies behind the phases.
    """
    return {
        "text": text,
        "dim": dim,
        "hint": dim,
        "title": f"bold {text}",
        "title_current": f"bold {mark}",
        "head": dim,
        "head_current": f"bold {mark}",
        "box": dim,
        "box_related": text,
        "box_current": f"bold {mark}",
        "box_path": f"bold {mark}",
        "box_next": text,
        "next": text,
        "value": text,
        "changed": f"bold {note}",
        "positive": plus,
        "negative": minus,
        "zero": dim,
        "edge_dim": quiet,
        "edge_related_positive": plus,
        "edge_related_negative": minus,
        "edge_current": f"bold {mark}",
        "edge_path": f"bold {mark}",
        "edge_next": dim,
        "pixel": text,
        "pixel_top": text,
        "label_positive": plus,
        "label_negative": minus,
        "label_zero": dim,
        "label_current": f"bold {mark}",
        "label_path": f"bold {mark}",
        "symbols": f"bold {text}",
        "numbers": text,
        "result": f"bold {mark}",
        "array": dim,
        "note": note,
        "warning": f"bold {minus}",
        "cell_current": f"bold {mark_on} on {mark}",
        "pointer": f"bold {mark}",
        "bar": quiet,
        "bar_done": plus,
        "bar_current": f"bold {mark}",
        "cursor": f"bold {mark_on} on {mark}",
        "phase": f"{dim} on {strip}",
        "phase_done": f"{plus} on {strip}",
        "phase_current": f"bold {mark} on {strip}",
        "status": f"bold {minus}",
        "point": f"bold {text}",
        "curve_1": plus,
        "curve_2": minus,
        "curve_3": note,
        "curve_4": text,
        "curve_future": quiet,
    }


def _contrast(text: str, plus: str, minus: str, mark: str, mark_on: str) -> dict[str, str]:
    """What is heavier in high contrast: what is current is filled, what has a sign is bold."""
    filled = f"bold {mark_on} on {mark}"
    return {
        **dict.fromkeys(("title_current", "label_current", "phase_current"), filled),
        **dict.fromkeys(("positive", "label_positive", "edge_related_positive"), f"bold {plus}"),
        **dict.fromkeys(("negative", "label_negative", "edge_related_negative"), f"bold {minus}"),
        "box_related": f"bold {text}",
    }


PALETTES: dict[str, Palette] = {
    "backprop-dark": Palette(
        "backprop-dark",
        True,
        _roles("#E4E6EB", "#9AA0AC", "#56B4E9", "#E08A00", "#F0E442", "#14161B", "#6B7280", "#CC9BE0", "#252A34"),
        MANAGUA,
        {
            "background": "#14161B",
            "surface": "#1C1F26",
            "primary": "#56B4E9",
            "accent": "#F0E442",
            "foreground": "#E4E6EB",
            "rule": "#4A505C",
        },
    ),
    "backprop-light": Palette(
        "backprop-light",
        False,
        _roles("#1A1C20", "#555B65", "#0067A3", "#A54800", "#7A0AD0", "#FFFFFF", "#7C828B", "#8A1C6B", "#E2E3DE"),
        LIGHT_HEAT,
        {
            "background": "#FAFAF7",
            "surface": "#EFEFEA",
            "primary": "#0067A3",
            "accent": "#7A0AD0",
            "foreground": "#1A1C20",
            "rule": "#B4B8BE",
        },
    ),
    "backprop-contrast": Palette(
        "backprop-contrast",
        True,
        _roles("#FFFFFF", "#C8C8C8", "#6CC6FF", "#FF9A1F", "#FFFF3C", "#000000", "#8C8C8C", "#E3B8FF", "#262626")
        | _contrast("#FFFFFF", "#6CC6FF", "#FF9A1F", "#FFFF3C", "#000000"),
        CONTRAST_HEAT,
        {
            "background": "#000000",
            "surface": "#121212",
            "primary": "#6CC6FF",
            "accent": "#FFFF3C",
            "foreground": "#FFFFFF",
            "rule": "#8C8C8C",
        },
    ),
    "backprop-contrast-light": Palette(
        "backprop-contrast-light",
        False,
        _roles("#000000", "#3F3F3F", "#004A7C", "#7D3200", "#6C00C0", "#FFFFFF", "#707070", "#7D005E", "#E6E6E6")
        | _contrast("#000000", "#004A7C", "#7D3200", "#6C00C0", "#FFFFFF"),
        CONTRAST_LIGHT_HEAT,
        {
            "background": "#FFFFFF",
            "surface": "#F2F2F2",
            "primary": "#004A7C",
            "accent": "#6C00C0",
            "foreground": "#000000",
            "rule": "#707070",
        },
    ),
    "ansi-dark": Palette(
        "ansi-dark",
        True,
        _roles(
            "default",
            "white",
            "bright_cyan",
            "bright_yellow",
            "bright_white",
            "black",
            "bright_black",
            "bright_magenta",
        )
        | {"cell_current": "reverse bold", "cursor": "reverse bold"},
    ),
    "ansi-light": Palette(
        "ansi-light",
        False,
        # blue, red and magenta are the hues that are dark enough on white in every terminal
        _roles("default", "bright_black", "blue", "red", "magenta", "white", "bright_black", "default")
        | {"cell_current": "reverse bold", "cursor": "reverse bold"},
    ),
    "backprop-mono": Palette(
        "backprop-mono",
        True,
        {role: ("bold" if "bold" in style else "none") for role, style in _roles(*["default"] * 8).items()}
        | {
            "cell_current": "reverse bold",
            "cursor": "reverse bold",
            "phase_current": "reverse bold",
            "phase": "underline",
            "phase_done": "underline bold",
            "title_current": "bold underline",
            "label_current": "bold reverse",
            "label_path": "bold underline",
            "box_current": "bold",
        },
    ),
}
