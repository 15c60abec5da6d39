"""What the tests of the app share: an app to press keys in, and what is on its screen."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import cache
from threading import Event
from typing import Any

import pytest
from rich.console import RenderableType
from rich.style import Style
from textual import events
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.geometry import Region, Size
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from engine.scenario.model import Scenario
from engine.trace import Progress, Trace
from tui.app import StepperApp
from tui.commands import BY_ID
from tui.draw.cells import Drawing, Hit, Row
from tui.preferences import Preferences
from tui.screens.preparing import Preparing
from tui.screens.stepper import StepperScreen
from tui.settings import Settings

SMALL, LARGE = (80, 24), (120, 40)
"""The two sizes the product is laid out for."""
TRUECOLOR = {"COLORTERM": "truecolor", "TERM": "xterm-256color", "NO_COLOR": None}
"""The terminal of most tests; None: not in the environment."""

ROUNDS = 20_000
"""Rounds of messages after which an app is said to go on for ever."""

PARSED: dict[tuple[object, ...], list[RuleSet]] = {}
"""Every style sheet read so far: each app keeps its own and reads the same again."""
_parse_rules = Stylesheet._parse_rules


def parse_rules_once(
    sheet: Stylesheet,
    css: str,
    read_from: CSSLocation,
    is_default_rules: bool = False,
    tie_breaker: int = 0,
    scope: str = "",
) -> list[RuleSet]:
    """What Textual makes of a style sheet, which follows from these and the theme's variables alone."""
    said = (css, read_from, is_default_rules, tie_breaker, scope, *sheet._variables.items())
    if said not in PARSED:
        PARSED[said] = _parse_rules(sheet, css, read_from, is_default_rules, tie_breaker, scope)
    return PARSED[said]


Stylesheet._parse_rules = parse_rules_once  # type: ignore[method-assign]


def ready() -> int:
    """How many callbacks of the running loop can be called now."""
    return len(asyncio.get_running_loop()._ready)  # type: ignore[attr-defined]


async def rest() -> None:
    """Let every task go on until it waits for a timer, a thread or a message. Asking each widget costs a key again."""
    await asyncio.sleep(0)
    while ready():
        await asyncio.sleep(0)


Run = tuple[str, str]
"""Characters that look alike, and how, as text."""
Drawn = list[list[Run]]
"""A screen, row by row."""


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """An asynchronous test."""
    asyncio.run(coroutine)


PRESSED: set[tuple[str, str]] = set()
"""Every (command, key) that a test of those imported so far presses."""


def keys_of(*ids: str) -> list[tuple[str, str]]:
    """Every (command, key) of some commands, for a test that presses each."""
    found = [(id, key) for id in ids for key in BY_ID[id].keys]
    PRESSED.update(found)
    return found


class Walker:
    """An app that runs headless, and hands for it."""

    def __init__(self, app: StepperApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self._drawn: Drawn | None = None
        """What was on the screen when it was last looked at; nothing since a task went on."""

    @property
    def screen(self) -> StepperScreen:
        """The stepper, whatever is open over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, StepperScreen))

    @property
    def top(self) -> Screen[Any]:
        """The screen that gets the keys."""
        return self.app.screen

    @property
    def cursor(self) -> int:
        return self.screen.cursor

    @property
    def settings(self) -> Settings:
        return self.screen.settings

    async def settle(self) -> None:
        """Wait until every message has been handled, and what followed from it."""
        self._drawn = None
        for _ in range(ROUNDS):
            await rest()
            if self.app._exit or not self.app.screen_stack:
                return
            # what a timer does sixty times a second: lay out, paint, tell the footer
            self.app.screen._on_timer_update()
            if not ready() and not self._busy():
                return
        raise AssertionError(f"the app never comes to rest: {self._busy()}")

    def _busy(self) -> list[str]:
        """What has still to be done."""
        screen = self.app.screen
        pumps = [self.app, *(pump for screen in self.app.screen_stack for pump in screen.walk_children(with_self=True))]
        waiting = {
            "batch": self.app._batch_count,
            "callbacks": screen._callbacks,
            "layout": screen._layout_required,
            "messages": any(pump.message_queue_size or pump._next_callbacks for pump in pumps),
        }
        return [name for name, what in waiting.items() if what]

    def queue(self, *keys: str) -> None:
        """Press keys without waiting for any."""
        assert self.app._driver is not None
        for key in keys:
            self.app._driver.send_message(key_event(self.app, key))

    async def press(self, *keys: str) -> None:
        """Press keys, each handled before the next."""
        for key in keys:
            self.queue(key)
            await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def enter(self, text: str) -> None:
        """Put text into the line asked for, in place of what is there, and enter it."""
        self.top.query_one(Input).value = text
        await self.settle()
        await self.press("enter")

    @property
    def preview(self) -> str:
        """What the dialog says of what is typed."""
        return str(self.top.query_one("#preview", Static).render())

    @property
    def titles(self) -> list[str]:
        """What stands in the list of the dialog."""
        return [str(option.prompt) for option in self.top.query_one(OptionList).options]

    async def work(self) -> None:
        """Wait for what is computed in the background."""
        await self.app.workers.wait_for_complete()
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        driver: Any = self.app._driver
        driver._size = Size(width, height)
        self.app.post_message(events.Resize(Size(width, height), Size(width, height)))
        await self.settle()
        # what a timer does a moment later, so that a window being dragged is not laid out at every size
        self.app._check_resize()
        await self.settle()

    def drawn(self) -> Drawn:
        """All that is on the screen, by the same way it gets to a terminal: the styles' caches included."""
        if self._drawn is not None:
            return [[*row] for row in self._drawn]
        rows: Drawn = []
        for strip in self.app.screen._compositor.render_strips():
            runs: list[Run] = []
            for segment in strip:
                look = look_of(segment.style)
                if runs and runs[-1][1] == look:
                    runs[-1] = (runs[-1][0] + segment.text, look)
                elif segment.text:
                    runs.append((segment.text, look))
            rows.append(runs)
        self._drawn = rows
        return [[*row] for row in rows]

    @property
    def text(self) -> str:
        """The characters on the screen, trailing blanks cut."""
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self.drawn())

    def region(self, selector: str) -> str:
        """The characters within a widget of the stepper."""
        region: Region = self.screen.query_one(selector, Widget).region
        rows = []
        for row in self.drawn()[region.y : region.bottom]:
            # a wide character takes two places
            cells = "".join(char + "\0" * wide(char) for text, _ in row for char in text)
            rows.append(cells[region.x : region.right].replace("\0", "").rstrip())
        return "\n".join(rows)


def wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


@cache
def look_of(style: Style | None) -> str:
    """A style without what a click on it does."""
    if style is None:
        return ""
    flags = [name for name in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, name)]
    return f"{' '.join(flags)} {style.color and style.color.name} on {style.bgcolor and style.bgcolor.name}".strip()


def key_event(app: StepperApp, key: str) -> events.Key:
    """The event a terminal's key press becomes: `]` or `right_square_bracket`, `ctrl+g`, `f1`."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    char: str | None
    try:
        char = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        char = key if len(key) == 1 else None
    event = events.Key(key, char)
    event.set_sender(app)
    return event


_render_update = Compositor.render_update


def nothing_sent(
    compositor: Compositor, full: bool = False, screen_stack: list[Screen[Any]] | None = None, simplify: bool = False
) -> RenderableType | None:
    """Make no update for a terminal that is not there, a third of what a key costs. Pictures are made."""
    if full:
        return _render_update(compositor, full, screen_stack, simplify)
    visible_screen_stack.set([] if screen_stack is None else screen_stack)
    compositor._dirty_regions.clear()
    return None


@asynccontextmanager
async def walking(
    scenario: Scenario | Callable[[], Scenario] | None,
    size: tuple[int, int] = SMALL,
    at: int | str = 0,
    *,
    ascii: bool = False,
    lecturer: bool = False,
    ahead: bool = False,
    sent: bool = False,
    environment: Mapping[str, str | None] = TRUECOLOR,
    preferences: Callable[[], Preferences] | None = None,
) -> AsyncIterator[Walker]:
    """The app, open at a step, in a terminal whose environment is known.

    What the next key will show is drawn after each, with `ahead`, or never: not whenever there is time for it.
    With `sent` updates for a terminal are made.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not sent:
            patch.setattr(Compositor, "render_update", nothing_sent)
        patch.setattr(Preparing, "start", Preparing.finish if ahead else Preparing.look_away)
        for name, value in {**TRUECOLOR, **environment}.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        app = StepperApp(scenario, at, ascii, preferences, "a name", lecturer=lecturer)
        async with app.run_test(size=size, notifications=True) as pilot:
            walker = Walker(app, pilot)
            await walker.settle()
            yield walker


def cells_of(row: Row) -> list[str]:
    """The characters of a row by cell, combining ones with those they stand on."""
    cells: list[str] = []
    for span in row:
        for char in span.text:
            if unicodedata.combining(char):
                cells[-1] += char
            else:
                cells += [char, ""] if wide(char) else [char]
    return cells


def text_at(drawing: Drawing, hit: Hit) -> str:
    """What is drawn where a hit lies."""
    return "".join(cells_of(drawing.rows[hit.y])[hit.x : hit.x + hit.width])


class Gate:
    """Holds a computation after its first piece until opened."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.open = Event()
        self.entered = Event()
        self.stopped = Event()
        reach = Trace.reach

        def held(trace: Trace, k: int, progress: Progress | None = None) -> bool:
            if progress is None:
                return reach(trace, k)

            def asked(done: int) -> bool:
                going = progress(done)
                self.entered.set()
                assert self.open.wait(20)
                return going and progress(done)

            arrived = reach(trace, k, asked)
            if not arrived:
                self.stopped.set()
            return arrived

        patch.setattr(Trace, "reach", held)

    async def reached(self, walker: Walker) -> None:
        """Wait until a computation is held."""
        assert await asyncio.to_thread(self.entered.wait, 20)
        await walker.settle()
