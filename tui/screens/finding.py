"""Moving far: go to, search, breakpoints, bookmarks, what to follow, the symbols of the formula."""

from __future__ import annotations

from contextlib import suppress

from textual.reactive import reactive

from engine.scenario.words import count
from engine.trace import Progress
from tui.breakpoints import BACKWARD, FORWARD, Breakpoints, find, reasons
from tui.draw.formula import links
from tui.follow import Follow, FollowError, Following
from tui.places import Bookmarks, Places
from tui.screens.goto import GoToScreen
from tui.screens.moving import Moving
from tui.screens.prompt import ChoiceScreen, PromptScreen
from tui.search import Search
from tui.session import Session


class Finding(Moving):
    """The commands that lead to steps by what they are."""

    marks: reactive[Bookmarks] = reactive(Bookmarks(), repaint=False)
    """The steps with a bookmark."""
    stops: reactive[Breakpoints] = reactive(Breakpoints(), repaint=False)
    """Where continuing stops."""

    link: reactive[int | None] = reactive(None, repaint=False)
    """The symbol of the formula that is chosen, by its place among them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Search | None = None
        """What is searched for."""

    def watch_cursor(self) -> None:
        self.link = None

    def action_go_to(self) -> None:
        self.pause()
        self.app.push_screen(GoToScreen(self.walk, self.cursor, self.settings), self._go)

    def _go(self, text: str | None) -> None:
        if text is not None:
            self.point(text)

    # searching

    def action_search(self) -> None:
        self.pause()
        walk, settings = self.walk, self.settings

        def meaning(text: str) -> str:
            return Search(walk, text, settings).words()

        hint = "a symbol, a name, a phase, a function, a word of the explanations or of a note"
        before = self.found.text if self.found else ""
        self.app.push_screen(PromptScreen("Search", hint, "tanh  or  ∂L/∂w  or  update", meaning, before), self._search)

    def _search(self, text: str | None) -> None:
        if text is not None:
            self.found = Search(self.walk, text, self.settings)
            self.action_next_match()

    def action_next_match(self) -> None:
        self._match(True)

    def action_previous_match(self) -> None:
        self._match(False)

    def _match(self, forwards: bool) -> None:
        if self.found is None:
            return
        match = self.found.next(self.cursor) if forwards else self.found.previous(self.cursor)
        if match is None:
            self.status = f"nothing is found for {self.found.text}"
            return
        self.jump(match.step)
        if match.wrapped:
            self.status = "from the start again" if forwards else "from the end again"

    # breakpoints

    def action_breakpoint(self) -> None:
        self.stops = self.stops.toggle(self.walk.trace, self.cursor)

    def action_breakpoints(self) -> None:
        self.pause()
        trace, stops = self.walk.trace, self.stops

        def meaning(text: str) -> str:
            there = next((stop for stop in stops if stop.text == text), None)
            if there is not None:
                return f"takes it away: {there.words}"
            return f"stops at {stops.add(trace, text).items[-1].words}"

        listed = "; ".join(stop.text for stop in stops)
        self.app.push_screen(
            PromptScreen(
                "Breakpoint: an address or a condition",
                f"there are: {listed} (one typed again is taken away)" if listed else "there is none yet",
                "loss < 0.1  or  delta[1][2] == 0  or  non-finite",
                meaning,
            ),
            self._stop_at,
        )

    def _stop_at(self, text: str | None) -> None:
        if text is not None:
            there = next((stop for stop in self.stops if stop.text == text), None)
            try:
                self.stops = self.stops.remove(there) if there else self.stops.add(self.walk.trace, text)
            except ValueError as error:
                # an edit may have been computed to its end while this was typed
                self.say(str(error))
            else:
                many = count(len(self.stops), "breakpoint")
                self.status = (
                    f"taken away: {text}" if there else f"{many}, {self.key_of('continue')} goes on to the next"
                )

    def action_continue(self) -> None:
        self._continue(FORWARD)

    def action_continue_back(self) -> None:
        self._continue(BACKWARD)

    def _continue(self, direction: int) -> None:
        self.pause()
        trace, stops, cursor = self.walk.trace, self.stops, self.cursor

        def search(progress: Progress) -> tuple[int, tuple[str, ...]] | None:
            step = find(trace, stops, cursor, direction, progress)
            return None if step is None else (step, reasons(trace, stops, step))

        def then(found: tuple[int, tuple[str, ...]] | None) -> None:
            if found is None:
                self.status = f"no breakpoint {'after' if direction == FORWARD else 'before'} this step"
            else:
                step, why = found
                self.jump(step)
                self.status = f"stopped at {', '.join(why)}"

        self.compute(
            search,
            then,
            lambda done: f"looking for a breakpoint: update {done:,}",
        )

    # bookmarks

    def action_bookmark(self) -> None:
        self.marks = self.marks.toggle(self.cursor)

    def action_next_bookmark(self) -> None:
        step = self.marks.next(self.cursor)
        if step is not None:
            self.jump(step)

    def action_previous_bookmark(self) -> None:
        step = self.marks.previous(self.cursor)
        if step is not None:
            self.jump(step)

    # following

    def action_follow(self) -> None:
        self.pause()
        walk, cursor = self.walk, self.cursor
        choices = [("all", "Everything", "no step is left out")]
        for kind in Following:
            with suppress(FollowError):
                choices.append((kind, f"This {kind}", Follow.of_step(walk, cursor, kind).words(walk)))
        self.app.push_screen(ChoiceScreen("Follow: stop only at what concerns", choices), self._follow)

    def _follow(self, kind: str | None) -> None:
        if kind is None:
            return
        try:
            self.follow = None if kind == "all" else Follow.of_step(self.walk, self.cursor, Following(kind))
        except FollowError as error:
            # a jump may have been computed to its end while this was chosen
            self.say(str(error))
        self.schedule()

    # the symbols of the formula

    def action_next_link(self) -> None:
        self._choose(1)

    def action_previous_link(self) -> None:
        self._choose(-1)

    def _choose(self, by: int) -> None:
        count = len(links(self.walk, self.cursor, self.settings))
        if count:
            at = self.link
            self.link = (at + by) % count if at is not None else 0 if by > 0 else count - 1

    def action_follow_link(self) -> None:
        found = links(self.walk, self.cursor, self.settings)
        link = found[self.link] if self.link is not None and self.link < len(found) else None
        if link is None:
            self._choose(1)
        elif link.step is None:
            value = self.walk.printer(self.settings).number(float(self.walk.trace.value(link.address)))
            self.status = f"{link.address} = {value} is given"
        else:
            self.jump(link.step)

    def rebind(self, old: Session) -> None:
        """Carry marks, breakpoints, places and the search over from the walk before."""
        walk = self.walk

        def same(step: int) -> int:
            return walk.same(old, step)

        marks = Bookmarks()
        for step, name in self.marks.names.items():
            marks = marks.named(same(step), name)
        self.marks = marks
        self.places = Places(tuple(map(same, self.places.behind)), tuple(map(same, self.places.ahead)))
        self.stops, lost = self.stops.rebound(walk.trace)
        if lost:
            self.say(f"no breakpoint any more: {', '.join(lost)}")
        self.found = Search(walk, self.found.text, self.settings) if self.found else None
        if self.follow and not self.follow.fits(walk):
            self.say(f"there is no {self.follow.words(old)} any more: every step is stopped at again")
            self.follow = None

    def why_not(self, command: str) -> str:
        match command:
            case "next_match" | "previous_match" if self.found is None:
                return "nothing has been searched for: / searches"
            case "continue" | "continue_back" if not len(self.stops):
                return "there is no breakpoint: b sets one here, B one by a condition"
            case "next_bookmark" if self.marks.next(self.cursor) is None:
                return "there is no bookmark after this step"
            case "previous_bookmark" if self.marks.previous(self.cursor) is None:
                return "there is no bookmark before this step"
        return super().why_not(command)
