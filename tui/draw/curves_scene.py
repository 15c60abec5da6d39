"""What every view of the curves panel draws with: the position, what may be shown of it, captions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct, field

from engine.address import Address, AddressError
from engine.trace import Step
from tui.draw.cells import Canvas, Hit, Look, Span, width_of
from tui.draw.plot import short
from tui.draw.wrap import clip
from tui.series import Series
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii


class Scene(Struct, eq=False, dict=True):
    """One drawing in the making."""

    session: Session
    series: Series
    cursor: int
    settings: Settings
    canvas: Canvas
    heats: bool
    """Whether the palette has heat; without it a map is drawn in characters."""
    hits: list[Hit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trace = self.session.trace
        self.network = self.trace.network
        self.step: Step = self.trace[self.cursor]
        self.k = self.step.place.k
        self.sample = self.step.place.sample or 1
        self.ascii = self.settings.ascii
        self.iterations = self.trace.plan.iterations

    @property
    def width(self) -> int:
        return self.canvas.width

    @property
    def height(self) -> int:
        return self.canvas.height

    def number(self, value: float, digits: int = 0) -> str:
        return self.session.notation(self.settings).number(short(value, digits or self.settings.digits, self.ascii))

    def text(self, text: str) -> str:
        """Text in the alphabet of the screen."""
        return to_ascii(text) if self.ascii else text

    @property
    def when(self) -> str:
        return f"iteration {self.k + 1:,}/{self.iterations:,}"

    def caption(self, y: int, parts: Sequence[Span], gap: int = 2) -> None:
        """Parts in one row, `gap` blanks between them, as far as whole parts fit; the first is clipped to the row."""
        x = 0
        for position, part in enumerate(parts):
            text = self.text(part.text)
            room = self.width - x
            if position and width_of(text) > room:
                return
            x = self.canvas.put(x, y, clip(text, room, "..." if self.ascii else "…"), part.look) + gap

    def computed(self, name: str, layer: int | None, k: int, last_of: str = "") -> bool:
        """Whether the walk has computed all of an array at the cursor; with `hidden` the cursor's own is a question.

        `last_of` is the quantity to look for where the array itself has no steps.
        """
        try:
            quantity = self.network.catalogue[last_of or name, layer]
            first = self.trace.plan.step(Address(quantity.name, layer, k=k))
        except (AddressError, KeyError):
            return False
        many = self.network.batches.size(self.trace.plan.k_of(first)) if quantity.per_sample else 1
        return first + math.prod(quantity.shape) * many - 1 <= self.cursor - self.settings.hidden

    def last_shown(self, name: str, layer: int | None, last_of: str = "") -> int:
        """The last record of which a number may be shown: all of them, or with `hidden` none beyond the cursor."""
        if not self.settings.hidden:
            return self.iterations - 1
        return self.k if self.computed(name, layer, self.k, last_of) else self.k - 1

    def state_of(self, name: str, layer: int) -> int:
        """The state of a parameter at the cursor: the new one once all of it has been updated."""
        return self.k + 1 if self.computed(name, layer, self.k + 1) else self.k

    @property
    def diverged(self) -> int | None:
        """The first record that is not finite, if it may be told."""
        k = self.series.diverged
        return None if k is None or k > self.last_shown("loss", None) else k

    def warning(self) -> list[Span]:
        k = self.diverged
        return [] if k is None else [Span(f"diverged at iteration {k + 1:,}", Look("status"))]
