"""The themes: what stands out from what, for every eye (WCAG 2 contrast; Machado et al. 2009 for colour blindness)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from helpers import run, walking
from rich.color import Color, ColorType
from rich.style import Style
from scenes import net

from tui.app import StepperApp
from tui.draw.cells import Look
from tui.palette import ANSI, PALETTES, THEMES, Palette
from tui.themes import BY_NAME, next_theme

RGB = tuple[int, int, int]
TRUE = [palette for palette in PALETTES.values() if palette.colours]
"""The palettes whose colours are ours, not the terminal's."""
CONTRAST = ("backprop-contrast", "backprop-contrast-light")
LINES = {"edge_dim", "bar", "curve_future"}
"""Roles no text has."""
FOCUS_TINT = 0.04
"""What a focused panel is tinted by, in app.tcss."""
APART = 20.0
"""CIE76 distance of hues that are never taken for one another; 2.3 is just noticeable."""

EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Machado, Oliveira, Fernandes 2009, severity 1: matrices on linear RGB."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: RGB) -> np.ndarray:
    """sRGB with its gamma taken off, shape (3,)."""
    share = np.array(colour) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: RGB, other: RGB) -> float:
    """WCAG 2: 1 for the same luminance, 21 for black on white."""
    low, high = sorted(float(linear(colour) @ TO_XYZ[1]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB, white D65."""
    share = TO_XYZ @ np.clip(light, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: RGB, other: RGB, eye: str) -> float:
    return float(np.linalg.norm(lab(EYES[eye] @ linear(one)) - lab(EYES[eye] @ linear(other))))


def rgb(text: str) -> RGB:
    return tuple(Color.parse(text).get_truecolor())  # type: ignore[return-value]


def grounds(palette: Palette) -> list[RGB]:
    """All that can lie behind a role without a background of its own."""
    background, surface, ink = (rgb(palette.colours[name]) for name in ("background", "surface", "foreground"))
    tinted = tuple(round(b + (i - b) * FOCUS_TINT) for b, i in zip(background, ink, strict=True))
    return [background, surface, tinted]  # type: ignore[list-item]


def colours_of(style: Style, palette: Palette) -> tuple[RGB, list[RGB]]:
    """A style's ink, and what it may stand on."""
    assert style.color is not None
    own = style.bgcolor
    return tuple(style.color.get_truecolor()), (  # type: ignore[return-value]
        [tuple(own.get_truecolor())] if own is not None and not own.is_default else grounds(palette)
    )


def test_contrast_as_wcag_says() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("eye", ["protanopia", "deuteranopia"])
def test_the_simulated_eyes_confuse_red_and_green(eye: str) -> None:
    red, green = (200, 80, 0), (110, 120, 0)
    assert distance(red, green, eye) < distance(red, green, "usual") / 2


@pytest.mark.parametrize("palette", TRUE, ids=lambda palette: palette.name)
class TestColours:
    def test_text_stands_out(self, palette: Palette) -> None:
        wanted = 7.0 if palette.name in CONTRAST else 4.5
        low = {}
        for role in palette.roles:
            ink, behind = colours_of(palette.style(Look(role)), palette)
            worst = min(contrast(ink, ground) for ground in behind)
            if worst < (3.0 if role in LINES else wanted):
                low[role] = round(worst, 2)
        assert low == {}

    def test_the_toolkits_own_text_stands_out(self, palette: Palette) -> None:
        """Titles and keys take these colours of the theme."""
        wanted = 7.0 if palette.name in CONTRAST else 4.5
        for name in ("primary", "accent", "foreground"):
            assert min(contrast(rgb(palette.colours[name]), ground) for ground in grounds(palette)) >= wanted, name

    def test_signs_and_mark_are_told_apart(self, palette: Palette) -> None:
        hues = {}
        for role in ("positive", "negative", "pointer"):
            hues[role] = colours_of(palette.style(Look(role)), palette)[0]
        near = {
            (one, other, eye): round(distance(hues[one], hues[other], eye))
            for one, other in combinations(hues, 2)
            for eye in EYES
            if distance(hues[one], hues[other], eye) < APART
        }
        assert near == {}

    def test_text_on_heat(self, palette: Palette) -> None:
        wanted = 7.0 if palette.name in CONTRAST else 4.5
        for heat in np.linspace(-1, 1, 41):
            style = palette.style(Look("value", float(heat)))
            ink, (shade,) = colours_of(style, palette)
            assert contrast(ink, shade) >= wanted, style
        for shade_text in palette.heat:
            ink_black_or_white = max(contrast(rgb(shade_text), end) for end in ((0, 0, 0), (255, 255, 255)))
            assert ink_black_or_white >= wanted, shade_text

    def test_heat_tells_the_sign(self, palette: Palette) -> None:
        """Minus and plus as far from 0 have shades that every eye tells apart, from 0.4 of the largest on."""
        for heat in (0.4, 0.6, 1.0):
            ends = [palette.style(Look("value", sign * heat)).bgcolor for sign in (-1, 1)]
            minus, plus = (tuple(end.get_truecolor()) for end in ends if end is not None)
            for eye in EYES:
                assert distance(minus, plus, eye) >= APART, (heat, eye)  # type: ignore[arg-type]

    def test_heat_has_its_middle_at_nothing(self, palette: Palette) -> None:
        assert len(palette.heat) == 11
        middle = palette.style(Look("value", 0.0)).bgcolor
        assert middle is not None
        assert middle.get_truecolor().hex.upper() == palette.heat[5]


def test_high_contrast_is_black_and_white() -> None:
    dark, light = (PALETTES[name] for name in CONTRAST)
    assert (dark.colours["background"], dark.colours["foreground"]) == ("#000000", "#FFFFFF")
    assert (light.colours["background"], light.colours["foreground"]) == ("#FFFFFF", "#000000")


def test_every_palette_knows_every_role() -> None:
    roles = set(PALETTES["backprop-dark"].roles)
    for palette in PALETTES.values():
        assert set(palette.roles) == roles, palette.name


@pytest.mark.parametrize("name", [*ANSI, "backprop-mono"])
def test_a_terminals_own_colours_are_left_to_it(name: str) -> None:
    for definition in PALETTES[name].roles.values():
        style = Style.parse(definition)
        kinds = {colour.type for colour in (style.color, style.bgcolor) if colour is not None}
        assert kinds <= {ColorType.DEFAULT, ColorType.STANDARD}, definition
    assert PALETTES[name].heat == ()


def test_no_pale_ink_on_a_light_terminal() -> None:
    """What 16-colour terminals make of these hues is near white."""
    inks = {Style.parse(definition).color for definition in PALETTES["ansi-light"].roles.values()}
    names = {ink.name for ink in inks if ink is not None}
    assert names <= {"default", "bright_black", "blue", "red", "magenta"}


def test_the_order_of_themes() -> None:
    assert {theme.palette for theme in THEMES} == set(PALETTES)
    assert len({theme.title for theme in THEMES}) == len(BY_NAME) == len(THEMES)
    order = ["backprop-dark"]
    for _ in range(4):
        order.append(next_theme(order[-1]))
    assert order == [
        "backprop-dark", "backprop-light", "backprop-contrast", "backprop-contrast-light", "backprop-dark",
    ]  # fmt: skip
    assert [next_theme(name) for name in (*ANSI, "backprop-mono")] == [*ANSI, "backprop-mono"]
    assert next_theme("textual-dark") == "backprop-dark"


@pytest.mark.parametrize("theme", [theme.palette for theme in THEMES])
def test_the_app_has_every_theme(theme: str) -> None:
    async def go() -> None:
        async with walking(net(2, 2, 1)) as walker:
            walker.app.theme = theme
            await walker.settle()
            assert walker.app.palette is PALETTES[theme]
            assert walker.app.current_theme.dark == PALETTES[theme].dark
            assert walker.app.current_theme.ansi == (theme in ANSI)
            assert "a net" in walker.text

    run(go())


def test_themes_and_app_speak_of_the_same() -> None:
    app = StepperApp(None)
    assert {theme.palette for theme in THEMES} <= set(app.available_themes)
