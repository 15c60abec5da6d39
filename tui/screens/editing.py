"""What if: another number or function put in, everything after it computed anew, taken back, kept in a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.goal import Answer, NoBracketError, solve
from engine.goal_algebra import GoalError
from engine.scenario.edit import Draft, EditError
from engine.scenario.model import Goal
from engine.scenario.save import SaveError, save
from engine.scenario.words import count
from engine.trace import Progress
from tui.edits import Edits, parse_edit, parse_goal, suggestions, tried
from tui.screens.edit import EditScreen
from tui.screens.moving import Moving
from tui.screens.prompt import ChoiceScreen, PromptScreen
from tui.session import Session


class Editing(Moving):
    """The commands that change the scenario. What is shown is always a fresh run of one scenario, whole."""

    def __init__(self) -> None:
        super().__init__()
        self.edits = Edits()
        self._coming: list[tuple[Draft, str]] = []
        """Changes made whose walk is still being computed, and their words."""
        self.typed = ""
        """The line of a change that was begun and never entered."""

    # changing

    def action_edit(self) -> None:
        self.pause()
        walk, cursor = self.walk, self.cursor
        draft = self.draft
        self.app.push_screen(
            EditScreen(
                suggestions(walk, cursor, draft),
                lambda text: tried(walk, cursor, draft, text, self.settings),
                self.keep_typed,
                self.typed,
            ),
            self._edited,
        )
        self.typed = ""

    def keep_typed(self, text: str) -> None:
        """Keep the line that is being typed; empty: none is."""

    def _edited(self, text: str | None) -> None:
        self.keep_typed("")
        if text is None:
            return
        target, value = parse_edit(text)
        now = self.draft
        try:
            draft = now.set(target, value, aside=True)
        except EditError as error:
            # another change may have been computed to its end while this one was typed
            self.say(str(error))
            return
        if draft.text == now.text:
            self.status = f"{target} is {value} already"
        else:
            self.take(draft, f"{target} = {value}")

    @property
    def draft(self) -> Draft:
        """The scenario's text with every change made, those that are still being computed among them."""
        return self._coming[-1][0] if self._coming else self.edits.draft(self.walk)

    def take(self, draft: Draft, words: str) -> None:
        """Walk a changed scenario, and remember the way back to this one."""
        coming = [*self._coming, (draft, words)]
        # they are not given up: they are part of what comes
        self._coming = []

        def done() -> None:
            self._coming = []
            for made in coming:
                self.edits.add(*made)

        if not self._swap(draft, done, words):
            self._coming = coming

    def cancel(self) -> bool:
        given_up = [words for _, words in self._coming]
        self._coming = []
        if given_up:
            self.say(f"given up: {', '.join(given_up)}")
        return super().cancel()

    def action_undo(self) -> None:
        if self._coming:
            self.cancel()
            return
        now, before = self.edits.now, self.edits.before
        if now is not None and before is not None:
            self._swap(before.draft, self.edits.undo, f"taken back: {now.words}")

    def action_redo(self) -> None:
        after = self.edits.after
        if after is not None:
            self._coming = []
            self._swap(after.draft, self.edits.redo, after.words)

    def action_revert(self) -> None:
        original = self.edits.original
        if original is not None:
            self.take(original, "the file's values")

    def _swap(self, draft: Draft, done: Callable[[], None], words: str) -> bool:
        """Walk another scenario from the same step on, once it has been computed so far; whether that is now."""
        return self._land(Session(draft.scenario, self.walk), done, words)

    def _land(self, session: Session, done: Callable[[], None], words: str) -> bool:
        # where the person is by now: one can walk about in the old walk until the new one is there
        step = session.same(self.walk, self.cursor)
        if session.near(step):
            done()
            self.cancel()
            self.replace_walk(session, step)
            self.status = words
            self.made()
            return True
        k = session.trace.plan.k_of(step)

        def land(_: object) -> None:
            self._land(session, done, words)

        # not given up: still coming
        coming, self._coming = self._coming, []
        self.compute(
            lambda progress: session.reach(step, progress),
            land,
            lambda done: f"{words}: computing update {done:,} of {k:,}",
            goes_on=True,
        )
        self._coming = coming
        return False

    def replace_walk(self, session: Session, step: int) -> None:
        """Show another walk, at one of its steps; what was set for the old one holds as far as it can."""
        old = self.walk
        self.session = session
        self.cursor = step
        self.shown = step
        self.rebind(old)
        # marks are made against the walk before alone: one before that would keep all of them in memory
        old.before = None

    def made(self) -> None:
        """A change has been made, taken back or saved."""

    def rebind(self, old: Session) -> None:
        """Carry marks, breakpoints and places over from the walk before."""

    # reaching a value

    def action_reach(self) -> None:
        self._ask_goal()

    def _ask_goal(self, text: str = "") -> None:
        self.pause()
        walk, cursor = self.walk, self.cursor
        step = walk.trace[cursor]
        free = next(iter(suggestions(walk, cursor, self.edits.draft(walk))), "lr = ").partition(" =")[0]

        def meaning(text: str) -> str:
            goal = parse_goal(text, walk, cursor)
            where = f" between {goal.bracket[0]:g} and {goal.bracket[1]:g}" if goal.bracket else ""
            return f"Which {goal.free}{where} makes {goal.target} = {goal.value:g}?"

        self.app.push_screen(
            PromptScreen(
                "Reach a value: target = value by what is free, from … to … where it has to be searched for",
                "like a[2][1] = 0.9 by x[1] from -10 to 10",
                "a[2][1] = 0.9 by x[1]",
                meaning,
                text or f"{step.address} = {'0' if self.settings.hidden else f'{step.value:.4g}'} by {free}",
            ),
            self._seek,
        )

    def _seek(self, text: str | None) -> None:
        if text is None:
            return
        walk = self.walk
        try:
            goal = parse_goal(text, walk, self.cursor)
        except ValueError as error:
            self.say(str(error))
            return
        self.compute(
            partial(_solved, walk, goal),
            partial(self._sought, text),
            lambda done: f"looking for {goal.free}, {count(done, 'walk')} run",
        )

    def _sought(self, text: str, found: Answer | str) -> None:
        if isinstance(found, str):
            self.say(found)
            if self.is_current:
                self._ask_goal(text)
            return
        try:
            draft = self.edits.draft(self.walk).set(str(found.goal.free), found.value)
        except EditError as error:
            self.say(str(error))
            return
        self.take(draft, f"{found.goal.free} = {found.value!r}")

    # keeping

    def action_save(self) -> None:
        self.pause()

        def meaning(text: str) -> str:
            path, there = _place(text)
            return f"{path} is there already: you will be asked" if there else f"a new file {path}"

        path = self.walk.scenario.path
        stem = path.stem if path else "scenario"
        suffix = "_changed" if self.edits.changed else ""
        self.app.push_screen(
            PromptScreen("Save as", "the name of a TOML file", "what_if.toml", meaning, f"{stem}{suffix}.toml"),
            self._save,
        )

    def _save(self, text: str | None) -> None:
        if text is None:
            return
        path, there = _place(text)
        if not there:
            self._write(path, overwrite=False)
            return
        choices = [("no", "Keep it", "nothing is written"), ("yes", "Replace it", "the file that is there is lost")]
        self.app.push_screen(
            ChoiceScreen(f"{path} is there already", choices),
            lambda chosen: self._write(path, overwrite=True) if chosen == "yes" else None,
        )

    def _write(self, path: Path, overwrite: bool) -> None:
        draft = self.edits.draft(self.walk)
        try:
            if os.path.realpath(path.parent) != os.path.realpath(draft.path.parent):
                # the files it names are not beside it there
                draft = draft.on_its_own()
            save(draft.text, path, overwrite=overwrite)
        except (SaveError, EditError) as error:
            self.say(str(error))
        else:
            self.edits.saved(self.edits.draft(self.walk))
            self.made()
            self.status = f"saved {path}"
            if self.edits.changed and self.walk.scenario.expectations:
                self.say("its [expect] is as it was before the changes: check says what holds")
            elif self.settings.style is not None and self.settings.style != self.walk.scenario.notation:
                self.say("its [notation] is the file's, not as chosen here")

    def why_not(self, command: str) -> str:
        match command:
            case "undo" if self.edits.before is None and not self._coming:
                return "nothing has been changed"
            case "redo" if self.edits.after is None:
                return "no change has been taken back"
            case "revert" if self.edits.original is None:
                return "these are the file's values"
        return super().why_not(command)


def _place(text: str) -> tuple[Path, bool]:
    """The path that text names, and whether a file is there.

    Raises:
        ValueError: no file can be there.
    """
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            raise ValueError(f"{path} is a folder: name a file in it")
        if not path.parent.is_dir():
            raise ValueError(f"there is no folder {path.parent} to save in")
        return path, path.exists()
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ValueError(f"{text} cannot be a file: {(reason or str(error)).lower()}") from None


def _solved(walk: Session, goal: Goal, progress: Progress) -> Answer | str:
    """The answer, or why there is none."""
    try:
        return solve(walk.trace, goal, progress=progress)
    except NoBracketError as error:
        return f"{error.reason}: say where to look, like from -10 to 10"
    except GoalError as error:
        return str(error)
