"""The stepper's four panels: each a pure drawing of (session, cursor, settings)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.reactive import reactive

from engine.address import Address
from tui.draw.cells import Drawing, Hit, Look, Row, Span, width_of
from tui.draw.curves import draw_curves
from tui.draw.formula import draw_formula
from tui.draw.graph import draw_graph
from tui.draw.network import NetworkView
from tui.draw.paths import draw_paths, lit_path
from tui.draw.timeline import Marks, step_at, timeline_rows
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


class DrawnPanel(Panel):
    """A panel whose drawing says what can be pointed at; a click there goes to its step."""

    hits: tuple[Hit, ...] = ()

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        drawing = self.drawing(session, width, height)
        self.hits = drawing.hits
        return drawing.rows

    def drawing(self, session: Session, width: int, height: int) -> Drawing:
        """The panel's drawing for a session that is there."""
        raise NotImplementedError

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        for hit in self.hits:
            if hit.y == place.y + self.top and hit.x <= place.x < hit.x + hit.width:
                self.post_message(Pointed(hit.target))
                return


class GraphPanel(DrawnPanel):
    """The network."""

    def drawing(self, session: Session, width: int, height: int) -> Drawing:
        lit = lit_path(session, self.cursor, self.settings) if self.settings.path else ()
        model = NetworkView(session, self.cursor, self.settings, lit).model()
        coloured = bool(self.palette().heat)
        return draw_graph(model, width, height, ascii=self.settings.ascii, coloured=coloured)


class FormulaPanel(DrawnPanel):
    """The formula: what fits, the most wanted lines first; enlarged, all of it."""

    BORDER_TITLE = "2 Formula"

    whole: reactive[bool] = reactive(False, repaint=False)
    """Show every line and let them scroll, rather than those that fit."""
    link: reactive[int | None] = reactive(None, repaint=False)
    """The symbol chosen, by its place among the links."""

    def drawing(self, session: Session, width: int, height: int) -> Drawing:
        drawing = draw_formula(session, self.cursor, self.settings, width, None if self.whole else height, self.link)
        return Drawing((*drawing.rows, *((),) * (height - len(drawing.rows))), drawing.hits)


class ValuesPanel(DrawnPanel):
    """The current layer's values."""

    BORDER_TITLE = "3 Values"

    def drawing(self, session: Session, width: int, height: int) -> Drawing:
        return draw_values(session, self.cursor, self.settings, width, height)


class CurvesPanel(DrawnPanel):
    """What the training looks like from further away."""

    BORDER_TITLE = "4 Curves"

    def drawing(self, session: Session, width: int, height: int) -> Drawing:
        heats = bool(self.palette().heat)
        return draw_curves(
            session, session.series, self.cursor, self.settings, width, height, self.settings.curve, heats=heats
        )


class PathsPanel(DrawnPanel):
    """The chain rule of the chosen parameter."""

    BORDER_TITLE = "5 Paths"

    def drawing(self, session: Session, width: int, height: int) -> Drawing:
        return draw_paths(session, self.cursor, self.settings, width, height)


class TimelinePanel(Panel):
    """Words, the walk, the iteration; a click or a drag jumps."""

    status: reactive[str] = reactive("", repaint=False)
    """What is going on: playing, computing."""
    marks: reactive[Marks] = reactive(Marks(), repaint=False)
    """Bookmarks and breakpoints."""

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        return timeline_rows(session, self.cursor, self.settings, width, self.status, self.marks)

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
    """The scenario's title, what holds while one steps, and the loss where the walk stands."""

    state: reactive[str] = reactive("", repaint=False)
    """What holds besides: asking, following, changed."""

    def paint(self, session: Session, width: int, height: int) -> Sequence[Row]:
        step = session.trace[self.cursor]
        printer = session.printer(self.settings)
        right = [self.state] if self.state else []
        stride = self.settings.granularity.name.lower()
        if stride != "step":
            right.append(f"stride: {'array' if stride == 'quantity' else stride}")
        loss = Address("loss", k=step.place.k)
        if session.reached(loss, self.cursor, self.settings.hidden):
            right.append(f"loss {printer.number(float(session.trace.value(loss)))}")
        said = "   ".join(right)
        said = f" {to_ascii(said) if self.settings.ascii else said} " if said else ""
        title = f" {to_ascii(session.scenario.title) if self.settings.ascii else session.scenario.title}"
        text = clip(title, max(0, width - width_of(said)), "..." if self.settings.ascii else "…")
        blank = " " * (width - width_of(said) - width_of(text))
        return [(Span(text + blank, Look("title")), Span(said, Look("head")))]
