"""The stepper: one cursor into one trace, and the panels bound to it."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding
from textual.containers import Container
from textual.reactive import reactive
from textual.widgets import Static

from tui.commands import COMMANDS
from tui.draw.timeline import Marks
from tui.screens.filling import Filling
from tui.screens.finding import Finding
from tui.screens.help import HelpScreen
from tui.screens.papering import Papering
from tui.screens.preparing import Preparing
from tui.screens.sharing import Sharing
from tui.screens.watching import Watching
from tui.session import Session
from tui.settings import Settings
from tui.widgets.footer import KeysFooter
from tui.widgets.panels import (
    CurvesPanel,
    FormulaPanel,
    GraphPanel,
    PathsPanel,
    TimelinePanel,
    TitleBar,
    ValuesPanel,
)

IN_FOOTER = tuple(command.id for command in COMMANDS if command.footer)
PLACES = {command.id: place for place, command in enumerate(COMMANDS)}
STATES = {"both": "exact + by hand", "hand": "formula by hand", "exact": "exact"}
"""What the title says of a walk that is calculated by hand too, by `Settings.arithmetic`."""


class StepperScreen(Finding, Filling, Papering, Watching, Sharing, Preparing):
    """Walks a session. The cursor is the truth; `shown` follows it once all waiting keys are handled."""

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding(
            ",".join(command.keys),
            command.id,
            command.footer or command.title,
            show=bool(command.footer),
            tooltip=command.help,
            id=command.id,
            priority=command.id in ("next_pane", "previous_pane"),
        )
        for command in COMMANDS
    ]

    marked: reactive[Marks] = reactive(Marks(), repaint=False)
    """Bookmarks, and the breakpoints of this iteration."""
    state: reactive[str] = reactive("", repaint=False)
    """What holds while one steps: asking, following, changed."""

    def __init__(self, session: Session, settings: Settings, at: int = 0) -> None:
        super().__init__()
        self.set_reactive(StepperScreen.session, session)
        self.set_reactive(StepperScreen.settings, settings)
        self.set_reactive(StepperScreen.cursor, at)
        self.set_reactive(StepperScreen.shown, at)
        self._flushing = False
        self._greyed: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        bound = {
            "session": StepperScreen.session,
            "cursor": StepperScreen.shown,
            "settings": StepperScreen.settings,
        }
        yield TitleBar(id="title").data_bind(**bound, state=StepperScreen.state)
        with Container(id="body"):
            yield GraphPanel(id="graph").data_bind(**bound)
            yield ValuesPanel(id="values").data_bind(**bound)
            yield CurvesPanel(id="curves").data_bind(**bound)
            yield PathsPanel(id="paths").data_bind(**bound)
            yield FormulaPanel(id="formula").data_bind(**bound, link=StepperScreen.link)
        problems = Static(id="problems", markup=False)
        problems.display = False
        yield problems
        yield TimelinePanel(id="timeline").data_bind(**bound, status=StepperScreen.status, marks=StepperScreen.marked)
        yield KeysFooter()

    def on_mount(self) -> None:
        self.query_one("#formula").focus()
        # a theme's styles come after its name
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.schedule())
        self.lay_out()
        self.watch_file()
        self.look_for_unsaved()

    def on_resize(self) -> None:
        self.lay_out()

    # drawing

    def watch_cursor(self) -> None:
        super().watch_cursor()
        self.schedule()

    def watch_session(self) -> None:
        self.schedule()

    def watch_settings(self) -> None:
        self.schedule()

    def watch_status(self) -> None:
        self.schedule()

    def watch_marks(self) -> None:
        self.schedule()

    def watch_stops(self) -> None:
        self.schedule()

    def watch_link(self) -> None:
        self.schedule()

    def schedule(self) -> None:
        if self.is_mounted and not self._flushing:
            self._flushing = True
            self.look_away()
            self.call_later(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        before, self.shown = self.shown, self.cursor
        self.state = self._state()
        trace = self.walk.trace
        stops = self.stops.in_iteration(trace, trace.plan.k_of(self.cursor)) if len(self.stops) else ()
        self.marked = Marks(self.marks.steps, stops)
        # before the panels: they say whether it is being worked
        self.work_by_hand()
        for panel in self.panels:
            if panel.display:
                panel.redraw()
        self.fill()
        greyed = frozenset(command for command in IN_FOOTER if self.why_not(command))
        if greyed != self._greyed:
            # the footer is composed anew each time: half of what a step would cost
            self._greyed = greyed
            self.refresh_bindings()
        self.look_ahead(before)

    def _state(self) -> str:
        """What is to be said in the title of how one walks."""
        parts = ["asking"] if self.asking else []
        if self.follow is not None:
            parts.append(self.follow.words(self.walk))
        if self.walk.scenario.arithmetic is not None:
            parts.append(STATES[self.settings.arithmetic])
        changes = len(self.edits.words)
        if self.edits.changed:
            parts.append(f"{changes} change{'s' if changes > 1 else ''}")
        return " · ".join(parts)

    # the program

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """As Textual's, in the order of the table: a command with a key of one's own keeps its place in the footer."""
        found = super().active_bindings.items()
        return dict(sorted(found, key=lambda item: PLACES.get(item[1].binding.action, len(PLACES))))

    def action_help(self) -> None:
        focused = self.focused.id if self.focused else ""
        self.app.push_screen(HelpScreen(self.settings.ascii, focused or "", self.app.keys))

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_escape(self) -> None:
        if self.cancel() or self.stop_by_hand():
            return
        if self.enlarged:
            self.action_enlarge()
        else:
            self.pause()

    def action_quit(self) -> None:
        self.leave()
        self.app.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A command that can do nothing here stays listed, greyed."""
        return None if self.session is not None and self.why_not(action) else True

    def on_key(self, event: events.Key) -> None:
        """A command that can do nothing says why."""
        command = self.app.command_of(event.key)
        why = self.why_not(command) if command else ""
        if why:
            self.status = why
