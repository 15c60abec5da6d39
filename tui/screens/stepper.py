"""The stepper: one cursor into one trace, four panels bound to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer
from textual.worker import get_current_worker

from engine.plan import Granularity
from tui.commands import COMMANDS
from tui.screens.goto import GoToScreen
from tui.screens.help import HelpScreen
from tui.session import Session, TargetError
from tui.settings import Settings
from tui.widgets.panels import FormulaPanel, GraphPanel, Jump, Panel, Pointed, TimelinePanel, TitleBar, ValuesPanel

if TYPE_CHECKING:
    from tui.app import StepperApp

AT_ONCE = 2_000_000
"""Multiplications run on the spot when the cursor jumps, some 30 ms; more go to a worker: no key press waits."""
OVERHEAD = 5_000
"""What an iteration costs beside its multiplications, in multiplications."""
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Steps a second."""
WIDE = 110
"""Columns from which all panels stand side by side."""
PANES = ("graph", "formula", "values", "timeline")
MOST_DIGITS = 17
"""Significant digits that tell any two float64 apart."""


class Computed(Message):
    """A worker has run as far as update `done` of `goal` on the way to `step`."""

    def __init__(self, step: int, done: int, goal: int) -> None:
        super().__init__()
        self.step = step
        self.done = done
        self.goal = goal


class StepperScreen(Screen[None]):
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

    cursor: reactive[int] = reactive(0, repaint=False)
    """The step the person is at."""
    shown: reactive[int] = reactive(0, repaint=False)
    """The step the panels show."""
    session: reactive[Session | None] = reactive(None, repaint=False, always_update=True)
    settings: reactive[Settings] = reactive(Settings(), repaint=False)
    status: reactive[str] = reactive("", repaint=False)
    enlarged: reactive[str] = reactive("", repaint=False)
    """The pane that has the screen to itself; empty: none."""

    app: StepperApp

    def __init__(self, session: Session, settings: Settings, at: int = 0) -> None:
        super().__init__()
        self.set_reactive(StepperScreen.session, session)
        self.set_reactive(StepperScreen.settings, settings)
        self.set_reactive(StepperScreen.cursor, at)
        self.set_reactive(StepperScreen.shown, at)
        self._places: list[int] = []
        self._flushing = False
        self._wanted: int | None = None
        self._keep = False
        self._playing: Timer | None = None
        self._speed = 2
        self._below = "formula"  # the panel below the network, where there is room for one
        self._greyed: frozenset[str] = frozenset()

    @property
    def walk(self) -> Session:
        """The session, which a stepper always has."""
        assert self.session is not None
        return self.session

    def compose(self) -> ComposeResult:
        bound = {
            "session": StepperScreen.session,
            "cursor": StepperScreen.shown,
            "settings": StepperScreen.settings,
        }
        yield TitleBar(id="title").data_bind(**bound)
        with Container(id="body"):
            yield GraphPanel(id="graph").data_bind(**bound)
            yield ValuesPanel(id="values").data_bind(**bound)
            yield FormulaPanel(id="formula").data_bind(**bound)
        yield TimelinePanel(id="timeline").data_bind(**bound, status=StepperScreen.status)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.query_one("#formula").focus()
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    # drawing

    def watch_cursor(self) -> None:
        self.schedule()

    def watch_session(self) -> None:
        self.schedule()

    def watch_settings(self) -> None:
        self.schedule()

    def watch_status(self) -> None:
        self.schedule()

    def schedule(self) -> None:
        """Draw once, after every key that is already waiting."""
        if self.is_mounted and not self._flushing:
            self._flushing = True
            self.call_later(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        self.shown = self.cursor
        for panel in self.query(Panel):
            if panel.display:
                panel.redraw()
        useless = self._useless()
        if useless != self._greyed:
            # the footer is composed anew each time: half of what a step would cost
            self._greyed = useless
            self.refresh_bindings()

    def _arrange(self) -> None:
        """Side by side where there is room; otherwise the network above, and below it one panel of two."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "wide")
        self.set_class(bool(self.enlarged), "enlarged")
        for name in PANES[:3]:
            pane = self.query_one(f"#{name}")
            if self.enlarged:
                pane.display = name == self.enlarged
            else:
                pane.display = wide or name in ("graph", self._below)
        self.query_one(FormulaPanel).whole = self.enlarged == "formula"
        self.schedule()

    # moves

    def _move(self, step: int, pause: bool = True, keep: bool = False) -> None:
        """Put the cursor on a step, at once if its state is near, else when a worker has computed it.

        With `keep`, the place left is kept for the way back.
        """
        if pause:
            self._pause()
        trace = self.walk.trace
        k = trace.plan.k_of(step)
        distance = trace.distance(k)
        cost = OVERHEAD + trace.network.layout.size * trace.network.batches.largest
        if distance <= 1 or distance * cost <= AT_ONCE:
            self._cancel()
            self.status = self._play_status()
            self._arrive(step, keep)
            return
        self._wanted = step
        self._keep = keep
        self.status = f"computing {distance:,} updates (Esc stops)"
        self._compute(step, k)

    def _jump(self, step: int) -> None:
        """Move far."""
        self._move(step, keep=True)

    def _arrive(self, step: int, keep: bool) -> None:
        if keep and step != self.cursor:
            self._places.append(self.cursor)
        self.cursor = step

    @work(thread=True, exclusive=True, group="compute")
    def _compute(self, step: int, k: int) -> None:
        worker = get_current_worker()

        def progress(done: int) -> bool:
            if not worker.is_cancelled:
                self.post_message(Computed(step, done, k))
            return not worker.is_cancelled

        if self.walk.trace.reach(k, progress) and not worker.is_cancelled:
            self.post_message(Computed(step, k, k))

    @on(Computed)
    def _computed(self, message: Computed) -> None:
        if self._wanted != message.step:
            return
        if message.done < message.goal:
            self.status = f"computing update {message.done:,} of {message.goal:,} (Esc stops)"
        else:
            self._wanted = None
            self.status = self._play_status()
            self._arrive(message.step, self._keep)

    def _cancel(self) -> None:
        if self._wanted is not None:
            self._wanted = None
            self.workers.cancel_group(self, "compute")
            self.status = self._play_status()

    def action_forward(self) -> None:
        self._move(self.walk.forward(self.cursor, self.settings.granularity))

    def action_back(self) -> None:
        self._move(self.walk.back(self.cursor, self.settings.granularity))

    def action_next_part(self) -> None:
        self._move(self.walk.forward(self.cursor, Granularity.LAYER))

    def action_previous_part(self) -> None:
        self._move(self.walk.back(self.cursor, Granularity.LAYER))

    def action_next_iteration(self) -> None:
        self._move(self.walk.forward(self.cursor, Granularity.ITERATION))

    def action_previous_iteration(self) -> None:
        self._move(self.walk.back(self.cursor, Granularity.ITERATION))

    def action_first(self) -> None:
        self._jump(0)

    def action_last(self) -> None:
        self._jump(self.walk.last)

    def action_return(self) -> None:
        if self._places:
            self._move(self._places.pop())

    def action_coarser(self) -> None:
        self._stride(1)

    def action_finer(self) -> None:
        self._stride(-1)

    def _stride(self, by: int) -> None:
        focused = self.focused
        if isinstance(focused, Panel) and focused.overflows:
            # a panel longer than its place scrolls with the same keys
            focused.scroll_rows(-by)
            return
        granularity = Granularity(max(0, min(Granularity.ITERATION, self.settings.granularity + by)))
        self.settings = replace(self.settings, granularity=granularity)

    def action_go_to(self) -> None:
        self._pause()
        self.app.push_screen(GoToScreen(self.walk, self.cursor, self.settings), self._go)

    def _go(self, step: int | None) -> None:
        if step is not None:
            self._jump(step)

    @on(Jump)
    def _jumped(self, message: Jump) -> None:
        # of a drag, the place where it began is the one to come back to
        self._move(message.step, keep=not message.dragged)

    @on(Pointed)
    def _pointed(self, message: Pointed) -> None:
        try:
            self._jump(self.walk.target(message.address, self.cursor))
        except TargetError as error:
            self.app.notify(str(error), markup=False)

    # play

    def action_play(self) -> None:
        if self._playing:
            self._pause()
        elif self.cursor < self.walk.last:
            self._play()

    def action_faster(self) -> None:
        self._set_speed(1)

    def action_slower(self) -> None:
        self._set_speed(-1)

    def _set_speed(self, by: int) -> None:
        self._speed = max(0, min(len(SPEEDS) - 1, self._speed + by))
        if self._playing:
            self._playing.stop()
            self._play()
        elif self._wanted is None:
            self.status = f"play: {SPEEDS[self._speed]:g} steps a second"

    def _play(self) -> None:
        self._playing = self.set_interval(1 / SPEEDS[self._speed], self._tick)
        self.status = self._play_status()

    def _pause(self) -> None:
        if self._playing:
            self._playing.stop()
            self._playing = None
        if self._wanted is None:
            self.status = ""

    def _play_status(self) -> str:
        return f"playing {SPEEDS[self._speed]:g}/s" if self._playing else ""

    def _tick(self) -> None:
        if self._wanted is None:
            self._move(self.walk.forward(self.cursor, self.settings.granularity), pause=False)
        if self.cursor == self.walk.last:
            self._pause()

    # looks

    def action_long_way(self) -> None:
        self.settings = replace(self.settings, long_way=not self.settings.long_way)

    def action_whole(self) -> None:
        self.settings = replace(self.settings, whole=not self.settings.whole)

    def action_more_digits(self) -> None:
        self.settings = replace(self.settings, digits=min(MOST_DIGITS, self.settings.digits + 1))

    def action_fewer_digits(self) -> None:
        self.settings = replace(self.settings, digits=max(1, self.settings.digits - 1))

    def action_pane_graph(self) -> None:
        self._pane("graph")

    def action_pane_formula(self) -> None:
        self._pane("formula")

    def action_pane_values(self) -> None:
        self._pane("values")

    def action_pane_timeline(self) -> None:
        self._pane("timeline")

    def action_next_pane(self) -> None:
        self._cycle(1)

    def action_previous_pane(self) -> None:
        self._cycle(-1)

    def _cycle(self, by: int) -> None:
        focused = self.focused.id if self.focused and self.focused.id in PANES else PANES[0]
        self._pane(PANES[(PANES.index(focused or PANES[0]) + by) % len(PANES)])

    def _pane(self, name: str) -> None:
        pane = self.query_one(f"#{name}", Panel)
        if name in ("formula", "values"):
            self._below = name
        if self.enlarged and name != "timeline":
            self.enlarged = name
        pane.display = True
        # at once, where `pane.focus()` would wait for the keys already queued
        self.set_focus(pane)
        self._arrange()

    def action_enlarge(self) -> None:
        focused = self.focused.id if self.focused else None
        self.enlarged = "" if self.enlarged or focused not in PANES[:3] else focused or ""
        self._arrange()

    def action_theme(self) -> None:
        self.app.toggle_dark()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.settings.ascii))

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_escape(self) -> None:
        if self._wanted is not None:
            self._cancel()
        elif self.enlarged:
            self.action_enlarge()
        else:
            self._pause()

    def action_quit(self) -> None:
        self.app.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A command that can do nothing here stays listed, greyed."""
        return None if self.session is not None and action in self._useless() else True

    def _useless(self) -> frozenset[str]:
        """The commands that can do nothing where the walk stands."""
        useless: set[str] = set()
        if self.cursor == 0:
            useless |= {"back", "first", "previous_part", "previous_iteration"}
        if self.cursor == self.walk.last:
            useless |= {"forward", "last", "next_part", "next_iteration"}
            if not self._playing:
                useless.add("play")
        if not self._places:
            useless.add("return")
        return frozenset(useless)
