"""What a person can choose live about showing: one row each, from the tables of settings and notation."""

from __future__ import annotations

from msgspec import Struct

from engine.notation_style import STYLE_OPTIONS
from engine.plan import Granularity
from engine.scenario.notation import letters
from engine.structs import replace
from tui.session import Session
from tui.settings import CARRIES, Settings
from tui.themes import BY_PALETTE

MOST_DIGITS = 17
"""Significant digits that tell any two float64 apart."""
SWITCHES = {
    "long_way": ("Long way", "the way past a shortcut is shown"),
    "whole": ("Whole sums", "every term of a long sum is shown"),
    "big": ("Big", "larger boxes, fewer panels, for projectors"),
    "ascii": ("ASCII", "ASCII characters alone"),
}
STRIDES = {Granularity.QUANTITY: "array"}
NOTATION = "notation."
"""Before the key of an option of notation: `digits` is one of both."""


class Choice(Struct, frozen=True):
    """One row: what is chosen, and what it means."""

    key: str
    title: str
    shown: str
    """What is chosen now."""
    meaning: str


def choices(session: Session, settings: Settings, theme: str) -> list[Choice]:
    """Every row, as things stand."""
    style = session.style(settings)
    rows = [
        Choice("theme", "Theme", BY_PALETTE[theme].title if theme in BY_PALETTE else theme, "the colours"),
        Choice("digits", "Digits", str(settings.digits), "of a number in formulas"),
        Choice("carry", "Edges carry", settings.carry, "auto: weight, gradient, new weight as they come"),
        Choice("stride", "Stride", STRIDES.get(settings.granularity, settings.granularity.name.lower()), "of one step"),
    ]
    rows += [
        Choice(key, title, "yes" if getattr(settings, key) else "no", meaning)
        for key, (title, meaning) in SWITCHES.items()
    ]
    rows += [
        Choice(
            NOTATION + option.name,
            f"Notation: {option.name.replace('_', ' ')}",
            str(getattr(style, option.name)),
            option.meaning,
        )
        for option in STYLE_OPTIONS
    ]
    given = ", ".join(f"{name} = {letter}" for name, letter in style.letters)
    return [*rows, Choice("letters", "Notation: letters", given or "as usual", "any symbol by another letter")]


def chosen(session: Session, settings: Settings, key: str, by: int) -> Settings:
    """The settings with one row moved to its next choice, or the one before; not the theme and the letters."""
    if key == "digits":
        return replace(settings, digits=max(1, min(MOST_DIGITS, settings.digits + by)))
    if key == "carry":
        return replace(settings, carry=CARRIES[(CARRIES.index(settings.carry) + by) % len(CARRIES)])
    if key == "stride":
        return replace(settings, granularity=Granularity((settings.granularity + by) % len(Granularity)))
    if key in SWITCHES:
        return replace(settings, **{key: not getattr(settings, key)})  # type: ignore[arg-type]  # a switch, by its name
    option = next(option for option in STYLE_OPTIONS if NOTATION + option.name == key)
    style = session.style(settings)
    at = option.choices.index(getattr(style, option.name))
    changed = {option.name: option.choices[(at + by) % len(option.choices)]}
    return replace(settings, style=replace(style, **changed))  # type: ignore[arg-type]  # an option, by its name


def with_letters(session: Session, settings: Settings, text: str) -> Settings:
    """The settings with letters as typed: `z = s, yhat = p`; none: as usual.

    Raises:
        ValueError: that is no list of letters, or one of them cannot be used.
    """
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, letter = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ValueError(f"{part}: type name = letter, like z = s, yhat = p")
        given[name] = letter
    return replace(settings, style=replace(session.style(settings), letters=letters(given, session.scenario)))
