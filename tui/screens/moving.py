"""Moving the cursor: by strides, by units and samples, by play; near at once, far by a computation."""

from __future__ import annotations

from textual import on
from textual.timer import Timer

from engine.plan import Granularity
from engine.structs import replace
from tui.follow import Follow
from tui.places import Places
from tui.screens.working import Working
from tui.session import TargetError
from tui.widgets.panels import Jump, Panel, Pointed

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Steps a second."""

BESIDE = {
    "next_unit": ("unit", 1), "previous_unit": ("unit", -1),
    "next_sample": ("sample", 1), "previous_sample": ("sample", -1),
}  # fmt: skip
"""Commands that keep the quantity: what of its place changes, and by how much."""


class Moving(Working):
    """The moves of a walk."""

    def __init__(self) -> None:
        super().__init__()
        self.places = Places()
        self.follow: Follow | None = None
        """What the steps are about that a stride stops at; None: all."""
        self.asking = False
        """Whether each result is a question before it is shown."""
        self._playing: Timer | None = None
        self._speed = 2

    def go(self, step: int, pause: bool = True, keep: bool = False) -> None:
        """Put the cursor on a step, at once if its state is near, else when it has been computed.

        With `keep`, the place left is kept for the way back.
        """
        if pause:
            self.pause()
        walk = self.walk
        if walk.near(step):
            self.overtake()
            self._arrive(step, keep)
            return
        k = walk.trace.plan.k_of(step)
        self.compute(
            lambda progress: walk.reach(step, progress),
            lambda reached: self._arrive(step, keep),
            lambda done: f"computing update {done:,} of {k:,}",
        )

    def jump(self, step: int) -> None:
        """Move far: the place left is kept."""
        self.go(step, keep=True)

    def point(self, target: str) -> None:
        """Jump to what text names, or say why not."""
        try:
            self.jump(self.walk.target(target, self.cursor))
        except TargetError as error:
            self.say(str(error))

    def _arrive(self, step: int, keep: bool) -> None:
        if keep and step != self.cursor:
            self.places = self.places.visit(self.cursor)
        if self.asking and step != self.cursor:
            self.settings = replace(self.settings, hidden=True)
        self.cursor = step

    def reveal(self) -> bool:
        """Show the result that is a question; whether one was."""
        if self.settings.hidden:
            self.settings = replace(self.settings, hidden=False)
            return True
        return False

    # strides

    def _stride(self, forwards: bool, granularity: Granularity) -> int:
        if self.follow is not None:
            move = self.follow.next if forwards else self.follow.previous
            step = move(self.walk.trace.plan, self.cursor, granularity)
            if step is None:
                self.status = f"nothing {'after' if forwards else 'before'} this is about what is followed"
            return self.cursor if step is None else step
        move_on = self.walk.forward if forwards else self.walk.back
        return move_on(self.cursor, granularity)

    def action_forward(self) -> None:
        if not self.reveal():
            self._step(True)

    def action_back(self) -> None:
        self._step(False)

    def _step(self, forwards: bool) -> None:
        # first: it says nothing any more, and the stride may have something to say
        self.pause()
        self.go(self._stride(forwards, self.settings.granularity), pause=False)

    def action_next_part(self) -> None:
        self.go(self.walk.forward(self.cursor, Granularity.LAYER))

    def action_previous_part(self) -> None:
        self.go(self.walk.back(self.cursor, Granularity.LAYER))

    def action_next_iteration(self) -> None:
        self.go(self.walk.forward(self.cursor, Granularity.ITERATION))

    def action_previous_iteration(self) -> None:
        self.go(self.walk.back(self.cursor, Granularity.ITERATION))

    def action_first(self) -> None:
        self.jump(0)

    def action_last(self) -> None:
        self.jump(self.walk.last)

    def action_coarser(self) -> None:
        self._change_stride(1)

    def action_finer(self) -> None:
        self._change_stride(-1)

    def _change_stride(self, by: int) -> None:
        focused = self.focused
        if isinstance(focused, Panel) and focused.overflows:
            # a panel longer than its place scrolls with the same keys
            focused.scroll_rows(-by)
            return
        granularity = Granularity(max(0, min(Granularity.ITERATION, self.settings.granularity + by)))
        self.settings = replace(self.settings, granularity=granularity)

    # beside

    def action_next_unit(self) -> None:
        self._beside("next_unit")

    def action_previous_unit(self) -> None:
        self._beside("previous_unit")

    def action_next_sample(self) -> None:
        self._beside("next_sample")

    def action_previous_sample(self) -> None:
        self._beside("previous_sample")

    def _beside(self, command: str) -> None:
        what, by = BESIDE[command]
        step = self.walk.beside(self.cursor, **{what: by})
        if step is not None:
            self.go(step)

    # places

    def action_return(self) -> None:
        self._revisit(self.places.back(self.cursor))

    def action_onward(self) -> None:
        self._revisit(self.places.forward(self.cursor))

    def _revisit(self, found: tuple[Places, int] | None) -> None:
        if found is not None:
            self.places, step = found
            self.go(step)

    @on(Jump)
    def _jumped(self, message: Jump) -> None:
        # of a drag, the place where it began is the one to come back to
        self.go(message.step, keep=not message.dragged)

    @on(Pointed)
    def _pointed(self, message: Pointed) -> None:
        self.point(message.address)

    # play

    def action_play(self) -> None:
        if self._playing:
            self.pause()
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
        elif not self.computing:
            self.status = f"play: {SPEEDS[self._speed]:g} steps a second"

    def _play(self) -> None:
        self._playing = self.set_interval(1 / SPEEDS[self._speed], self._tick)
        self.status = self.idle_status()

    def pause(self) -> None:
        """Stop playing."""
        if self._playing:
            self._playing.stop()
            self._playing = None
        if not self.computing:
            self.status = ""

    def idle_status(self) -> str:
        return f"playing {SPEEDS[self._speed]:g}/s" if self._playing else ""

    def _tick(self) -> None:
        if not self.computing and not self.reveal():
            self.go(self._stride(True, self.settings.granularity), pause=False)
        if self.cursor == self.walk.last and not self.settings.hidden:
            self.pause()

    def why_not(self, command: str) -> str:
        match command:
            case "back" | "first" | "previous_part" | "previous_iteration" if self.cursor == 0:
                return "this is the first step"
            case "last" | "next_part" | "next_iteration" if self.cursor == self.walk.last:
                return "this is the last step"
            case "forward" if self.cursor == self.walk.last and not self.settings.hidden:
                return "this is the last step"
            case "play" if self.cursor == self.walk.last and not self.settings.hidden and not self._playing:
                return "this is the last step"
            case "return" if self.places.back(self.cursor) is None:
                return "no jump has been made yet"
            case "onward" if self.places.forward(self.cursor) is None:
                return "there is no place one has gone back from"
        if command in BESIDE:
            what, by = BESIDE[command]
            if self.walk.beside(self.cursor, **{what: by}) is None:
                return f"there is no {what} {'after' if by > 0 else 'before'} this one"
        return super().why_not(command)
