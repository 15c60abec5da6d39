"""The stepper's four panels: each a pure drawing of (session, cursor, settings)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from textual import events
from textual.message import Message
from textual.reactive import reactive

from engine.address import Address
from tui.draw.cells import Drawing, Look, Span, width_of
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


class Moment(Struct, frozen=True):
    """All that a panel's drawing depends on, beside its size."""

    session: Session
    cursor: int
    settings: Settings
    heats: bool
    """Whether numbers are shown by the colour behind them."""
    own: tuple[Any, ...] = ()
    """What only this panel knows of."""


class Panel(CellsWidget[Moment], can_focus=True):
    """A panel of the stepper. What it shows is a function of its moment."""

    session: reactive[Session | None] = reactive(None, repaint=False, always_update=True)
    """The walk; replaced, never changed."""
    cursor: reactive[int] = reactive(0, repaint=False)
    """The step shown."""
    settings: reactive[Settings] = reactive(Settings(), repaint=False)
    """What a person chose about showing."""

    app: StepperApp

    def palette(self) -> Palette:
        return self.app.palette

    def moment(self) -> Moment | None:
        return self.moment_at(self.cursor, self.settings)

    def moment_at(self, cursor: int, settings: Settings) -> Moment | None:
        """As now, but for the step and what is chosen about showing it."""
        if self.session is None:
            return None
        return Moment(self.session, cursor, settings, bool(self.palette().heat), self.own())

    def own(self) -> tuple[Any, ...]:
        """What the drawing depends on that no other panel knows of."""
        return ()

    def watch_session(self) -> None:
        # another walk's numbers are many, and nobody goes back to them
        self.forget()


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

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        for hit in self.drawing.hits:
            if hit.y == place.y + self.top and hit.x <= place.x < hit.x + hit.width:
                self.post_message(Pointed(hit.target))
                return


class GraphPanel(DrawnPanel):
    """The network."""

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        session, cursor, settings = moment.session, moment.cursor, moment.settings
        lit = lit_path(session, cursor, settings) if settings.path else ()
        model = NetworkView(session, cursor, settings, lit).model()
        return draw_graph(model, width, height, ascii=settings.ascii, coloured=moment.heats)


class FormulaPanel(DrawnPanel):
    """The formula: what fits, the most wanted lines first; enlarged, all of it."""

    BORDER_TITLE = "2 Formula"

    whole: reactive[bool] = reactive(False, repaint=False)
    """Show every line and let them scroll, rather than those that fit."""
    link: reactive[int | None] = reactive(None, repaint=False)
    """The symbol chosen, by its place among the links."""

    def own(self) -> tuple[bool, int | None]:
        return self.whole, self.link

    def keeps(self, moment: Moment) -> bool:
        # what is worked by hand comes later
        by_hand = moment.session.by_hand
        return by_hand is None or moment.settings.arithmetic == "exact" or by_hand.there(moment.cursor)

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        whole, link = moment.own
        drawing = draw_formula(moment.session, moment.cursor, moment.settings, width, None if whole else height, link)
        return Drawing((*drawing.rows, *((),) * (height - len(drawing.rows))), drawing.hits)


class ValuesPanel(DrawnPanel):
    """The current layer's values."""

    BORDER_TITLE = "3 Values"

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        return draw_values(moment.session, moment.cursor, moment.settings, width, height)


class CurvesPanel(DrawnPanel):
    """What the training looks like from further away."""

    BORDER_TITLE = "4 Curves"

    def keeps(self, moment: Moment) -> bool:
        # curves grow while they are looked at
        return False

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        session, settings = moment.session, moment.settings
        return draw_curves(
            session, session.series, moment.cursor, settings, width, height, settings.curve, heats=moment.heats
        )


class PathsPanel(DrawnPanel):
    """The chain rule of the chosen parameter."""

    BORDER_TITLE = "5 Paths"

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        return draw_paths(moment.session, moment.cursor, moment.settings, width, height)


class TimelinePanel(Panel):
    """Words, the walk, the iteration; a click or a drag jumps."""

    status: reactive[str] = reactive("", repaint=False)
    """What is going on: playing, computing."""
    marks: reactive[Marks] = reactive(Marks(), repaint=False)
    """Bookmarks and breakpoints."""

    def own(self) -> tuple[str, Marks]:
        return self.status, self.marks

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        status, marks = moment.own
        return Drawing(timeline_rows(moment.session, moment.cursor, moment.settings, width, status, marks))

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

    def own(self) -> tuple[str]:
        return (self.state,)

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        session, settings = moment.session, moment.settings
        step = session.trace[moment.cursor]
        (state,) = moment.own
        right = [state] if state else []
        stride = settings.granularity.name.lower()
        if stride != "step":
            right.append(f"stride: {'array' if stride == 'quantity' else stride}")
        loss = Address("loss", k=step.place.k)
        if session.reached(loss, moment.cursor, settings.hidden):
            right.append(f"loss {session.printer(settings).number(float(session.trace.value(loss)))}")
        said = "   ".join(right)
        said = f" {to_ascii(said) if settings.ascii else said} " if said else ""
        title = f" {to_ascii(session.scenario.title) if settings.ascii else session.scenario.title}"
        text = clip(title, max(0, width - width_of(said)), "..." if settings.ascii else "…")
        blank = " " * (width - width_of(said) - width_of(text))
        return Drawing(((Span(text + blank, Look("title")), Span(said, Look("head"))),))
