"""What a person chose about showing, nothing about numbers."""

from __future__ import annotations

from msgspec import Struct

from engine.notation_style import Style
from engine.plan import Granularity

CARRIES = ("auto", "weight", "gradient", "contribution", "change")
"""What the edges of the network can carry. `auto`: the weight; its gradient and its new value as they come."""

ARITHMETIC = ("both", "hand", "exact")
"""Of a walk calculated by hand the formula shows: the exact numbers and those by hand, these alone with what they are
off by, the exact ones alone."""


class Settings(Struct, frozen=True):
    """What a person chose about showing."""

    ascii: bool = False
    digits: int = 5
    long_way: bool = False
    """Show the way past a shortcut."""
    whole: bool = False
    """Show every term of a long sum."""
    granularity: Granularity = Granularity.STEP
    hidden: bool = False
    """The step's own result is a question: it is not shown until it is asked for."""
    carry: str = "auto"
    """What the edges of the network carry, one of CARRIES."""
    big: bool = False
    """For projectors: larger boxes, fewer panels, one equation a line."""
    path: int = 0
    """The path of the chain rule that is lit in the network, from 1; 0: none."""
    lecturer: bool = False
    """Show the notes that are for the lecturer alone; never kept, so that no later walk shows them unasked."""
    arithmetic: str = "both"
    """Which numbers the formula shows where the scenario is calculated by hand, one of ARITHMETIC."""
    style: Style | None = None
    """How symbols are written; None: as the scenario's author does."""
    curve: str = "loss"
    """What the curves show, one of `tui.draw.curves.VIEWS`."""
