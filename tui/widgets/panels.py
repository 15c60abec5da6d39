"""The stepper's four panels: each a pure drawing of (session, cursor, settings)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.reactive import reactive

from engine.address import Address
from tui.draw.cells import Hit, Look, Row, Span, width_of
from tui.draw.formula import draw_formula
from tui.draw.graph import draw_graph
from tui.draw.network import NetworkView
from tui.draw.timeline import step_at, timeline_rows
from tui.draw.values import draw_values
from tui.draw.wrap import clip
from tui.palette import Palette
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii
from tui.widgets.cells import CellsWidget

if TYPE_CHECKING:
    from tui.app import StepperApp


class Panel(CellsWidget, can_focus=True):
    """A panel of the stepper. What it shows is a function of the three reactives."""

    session: reactive[Session | None] = reactive(None, repaint=False, always_update=True)
    """The walk; replaced, never changed."""
    cursor: reactive[int] = reactive(0, repaint=False)
    """The step shown."""
    settings: reactive[Settings] = reactive(Settings(), repaint=False)
    """What a person chose about showing."""

    app: StepperApp

    def palette(self) -> Palette:
        return self.app.palette

    def draw(self, width: int, height: int) -> Sequence[Row]:
        if self.session is None:
            return ()
        return self.paint(self.session, width, height)

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        """The panel's rows for a session that is there."""
        raise NotImplementedError


class Jump(Message):
    """A person pointed at a step."""

    def __init__(self, step: int, dragged: bool) -> None:
        super().__init__()
        self.step = step
        self.dragged = dragged
        """Whether it follows a mouse held down, after the first step pointed at."""


class Pointed(Message):
    """A person pointed at an address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


class GraphPanel(Panel):
    """The network; a click on a unit or weight goes to its step."""

    _hits: tuple[Hit, ...] = ()

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        view = NetworkView(session, self.cursor, self.settings)
        coloured = bool(self.palette().heat)
        drawing = draw_graph(view.model(), width, height, ascii=self.settings.ascii, coloured=coloured)
        self._hits = drawing.hits
        return drawing.rows

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        for hit in self._hits:
            if hit.y == place.y and hit.x <= place.x < hit.x + hit.width:
                self.post_message(Pointed(hit.target))
                return


class FormulaPanel(Panel):
    """The formula: what fits, the most wanted lines first; enlarged, all of it."""

    BORDER_TITLE = "2 Formula"

    whole: reactive[bool] = reactive(False, repaint=False)
    """Show every line and let them scroll, rather than those that fit."""

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        rows = draw_formula(session, self.cursor, self.settings, width, None if self.whole else height).rows
        return [*rows, *[()] * (height - len(rows))]


class ValuesPanel(Panel):
    """The current layer's values."""

    BORDER_TITLE = "3 Values"

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        return draw_values(session, self.cursor, self.settings, width, height).rows


class TimelinePanel(Panel):
    """Words, the walk, the iteration; a click or a drag jumps."""

    status: reactive[str] = reactive("", repaint=False)
    """What is going on: playing, computing."""

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        return timeline_rows(session, self.cursor, self.settings, width, self.status)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._point(event, False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button:
            self._point(event, True)

    def _point(self, event: events.MouseEvent, dragged: bool) -> None:
        place = event.get_content_offset(self)
        if self.session is None or place is None:
            return
        step = step_at(self.session, self.cursor, self.content_size.width, place.x, place.y)
        if step is not None:
            self.post_message(Jump(step, dragged))


class TitleBar(Panel, can_focus=False):
    """The scenario's title, and the loss where the walk stands."""

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        step = session.trace[self.cursor]
        printer = session.printer(self.settings)
        right = ""
        loss = Address("loss", k=step.place.k)
        if session.reached(loss, self.cursor):
            right = f" loss {printer.number(float(session.trace.value(loss)))} "
        stride = self.settings.granularity.name.lower()
        if stride != "step":
            right = f" stride: {'array' if stride == 'quantity' else stride} {right}"
        title = f" {to_ascii(session.scenario.title) if self.settings.ascii else session.scenario.title}"
        room = width - len(right)
        text = clip(title, room, "..." if self.settings.ascii else "…")
        blank = " " * (room - width_of(text))
        return [(Span(text + blank, Look("title")), Span(right, Look("head")))]
