"""What a person can choose live about showing: one row each, from the tables of settings and notation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.notation_style import STYLE_OPTIONS, Style
from engine.plan import Granularity
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


@dataclass(frozen=True)
class Choice:
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
        Choice(option.name, f"Notation: {option.name.replace('_', ' ')}", str(getattr(style, option.name)), option.meaning)
        for option in STYLE_OPTIONS
    ]
    letters = ", ".join(f"{name} = {letter}" for name, letter in style.letters)
    return [*rows, Choice("letters", "Notation: letters", letters or "as usual", "any symbol by another letter")]


def chosen(session: Session, settings: Settings, key: str, by: int) -> Settings:
    """The settings with one row moved to its next choice, or the one before. The theme and letters are not among them."""
    if key == "digits":
        return replace(settings, digits=max(1, min(MOST_DIGITS, settings.digits + by)))
    if key == "carry":
        return replace(settings, carry=CARRIES[(CARRIES.index(settings.carry) + by) % len(CARRIES)])
    if key == "stride":
        return replace(settings, granularity=Granularity((settings.granularity + by) % len(Granularity)))
    if key in SWITCHES:
        return replace(settings, **{key: not getattr(settings, key)})
    option = next(option for option in STYLE_OPTIONS if option.name == key)
    style = session.style(settings)
    at = option.choices.index(getattr(style, key))
    return replace(settings, style=replace(style, **{key: option.choices[(at + by) % len(option.choices)]}))


def with_letters(session: Session, settings: Settings, style: Style) -> Settings:
    """The settings with the letters of another style."""
    return replace(settings, style=replace(session.style(settings), letters=style.letters))
