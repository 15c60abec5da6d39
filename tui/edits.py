"""What if: the changes made to a scenario, one after another, and what a change typed in would do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from engine.address import AddressError
from engine.goal import changed
from engine.numbers import shortest
from engine.scenario.edit import Draft, EditError
from engine.scenario.model import Goal, Scenario
from engine.scenario.words import count
from engine.trace import Progress
from tui.session import Session
from tui.settings import Settings

A_WHILE = 10_000_000_000
"""Multiplications that a change is tried with while it is being typed: some seconds, and it can be stopped."""

_GOAL = re.compile(r"(.+?)\s*=\s*(\S+)\s+by\s+(\S+)(?:\s+from\s+(\S+)\s+to\s+(\S+))?\s*$")


class Version(Struct, frozen=True):
    """A scenario as it stood after a change."""

    draft: Draft
    words: str
    """The change: `W[1][1,2] = 0.7`."""


class Edits:
    """The versions of one walk, the file's first; where in them one is. Nothing is lost by going back."""

    def __init__(self) -> None:
        self._versions: list[Version] = []
        self._at = 0
        self._in_files: set[str] = set()
        """Texts that are in files."""

    def draft(self, session: Session) -> Draft:
        """The text of the scenario that is walked."""
        if not self._versions:
            self._versions.append(Version(Draft.of(session.scenario.text, session.scenario.path), ""))
            self.saved(self._versions[0].draft)
        return self._versions[self._at].draft

    def add(self, draft: Draft, words: str) -> None:
        """A change made here: what had been taken back is given up."""
        self._versions[self._at + 1 :] = [Version(draft, words)]
        self._at += 1

    def restore(self, versions: Sequence[Version]) -> None:
        """Changes made before, as if they had been taken back."""
        self._versions[self._at + 1 :] = versions

    @property
    def first(self) -> str:
        """The text that the first change was made to."""
        return self._versions[0].draft.text if self._versions else ""

    @property
    def unsaved(self) -> tuple[Version, ...]:
        """The versions after the last up to this one whose text is in a file, those that were taken back among them."""
        made = self._versions[: self._at + 1]
        last = max((at for at, version in enumerate(made) if version.draft.text in self._in_files), default=-1)
        return tuple(self._versions[last + 1 :])

    def saved(self, draft: Draft) -> None:
        """This text is in a file now."""
        self._in_files.add(draft.text)

    def undo(self) -> None:
        self._at = max(0, self._at - 1)

    def redo(self) -> None:
        self._at = min(len(self._versions) - 1, self._at + 1)

    @property
    def now(self) -> Version | None:
        """The version one is in."""
        return self._versions[self._at] if self._versions else None

    @property
    def before(self) -> Version | None:
        """The version before this one."""
        return self._versions[self._at - 1] if self._at else None

    @property
    def after(self) -> Version | None:
        """The version last taken back."""
        return self._versions[self._at + 1] if self._at + 1 < len(self._versions) else None

    @property
    def words(self) -> tuple[str, ...]:
        """The changes by which this differs from the file, in order: those given up by going back to it left out."""
        texts = [version.draft.text for version in self._versions[: self._at + 1]]
        last = len(texts) - 1 - texts[::-1].index(texts[0]) if texts else 0
        return tuple(version.words for version in self._versions[last + 1 : self._at + 1])

    @property
    def changed(self) -> bool:
        """Whether this is another text than the file's."""
        return self._at > 0 and self._versions[self._at].draft.text != self._versions[0].draft.text

    @property
    def original(self) -> Draft | None:
        """The file's text, where this is another."""
        return self._versions[0].draft if self.changed else None


def parse_edit(text: str) -> tuple[str, str]:
    """Target and value of `W[1][1,2] = 0.7`.

    Raises:
        EditError: it is not of this form.
    """
    target, equals, value = text.partition("=")
    if not equals or not target.strip() or not value.strip():
        raise EditError("type what to change and its new value, like W[1][1,2] = 0.7 or activation[1] = tanh")
    return target.strip(), value.strip()


def nudged(text: str, by: int) -> str:
    """The edit with its number moved by one in its second digit: 0.5 → 0.51, 40 → 41, 0 → 0.1; other text unchanged."""
    target, equals, value = text.partition("=")
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return text
    if not equals or not number.is_finite():
        return text
    unit = Decimal(1).scaleb(number.adjusted() - 1) if number else Decimal("0.1")
    return f"{target.strip()} = {(number + by * unit).normalize():f}"


class Trial(Struct, frozen=True):
    """What a change would do to the step shown."""

    words: str
    """As far as it can be said at once."""
    further: Callable[[Progress], str | None] | None = None
    """Says more, for a walk that takes a while; None where it was stopped. To be called in a thread."""


def tried(session: Session, cursor: int, draft: Draft, text: str, settings: Settings) -> Trial:
    """What an edit would do.

    Raises:
        EditError: it cannot be made.
    """
    target, value = parse_edit(text)
    try:
        changed = draft.set(target, value, aside=True)
        scenario = changed.scenario
    except EditError as error:
        choices = draft.choices(target)
        raise EditError(f"{error}\n{', '.join(choices)}" if choices else str(error)) from None
    if not scenario.training.iterations:
        raise EditError(f"{target}: without an iteration there is nothing to step through")
    step = session.trace[cursor]
    aside = _set_aside(session.scenario, scenario)
    after = Session(scenario)
    try:
        place = after.trace.index_of(after.trace.resolve(str(step.address)))
    except AddressError:
        return Trial(f"{target} = {value}: this step has no place in that walk{aside}")

    def seen() -> str:
        printer = session.printer(settings)
        arrow = "->" if settings.ascii else "→"
        old, new = printer.number(step.value), printer.number(after.trace[place].value)
        return f"{session.symbol(step, settings)}: {old} {arrow} {new}{aside}"

    if after.near(place) and not settings.hidden:
        return Trial(seen())
    anew = f"{target} = {value}: Enter computes everything anew{aside}"
    # the line is begun with what is there: nothing to be tried
    if settings.hidden or changed.text == draft.text or after.cost(step.place.k) > A_WHILE:
        return Trial(anew)
    return Trial(anew, lambda progress: seen() if after.reach(place, progress) else None)


def _set_aside(before: Scenario, after: Scenario) -> str:
    """What an edit leaves out because it names what is no longer there."""
    lost = sum(
        len(getattr(before, name)) - len(getattr(after, name))
        for name in ("expectations", "notes", "goals", "comparisons")
    )
    return f"; {count(lost, 'expected value or note', 'expected values and notes')} set aside" if lost else ""


def suggestions(session: Session, cursor: int, draft: Draft) -> list[str]:
    """Edits that change nothing yet: the given numbers behind a step, nearest first, as they are."""
    trace = session.trace
    found: list[str] = []
    for target in draft.editable(trace, trace[cursor].address):
        with suppress(AddressError):
            value = trace.value(trace.resolve(target))
            if value.size == 1:
                found.append(f"{target} = {shortest(float(value.reshape(())))}")
    return found


def parse_goal(text: str, session: Session, cursor: int) -> Goal:
    """The goal of `a[2][1] = 0.9 by x[1] from -10 to 10`; the target without @k in this iteration.

    Raises:
        ValueError: it is not of this form, or names nothing.
    """
    match = _GOAL.fullmatch(text.strip())
    if match is None:
        raise ValueError("type target = value by what is free, like a[2][1] = 0.9 by x[1], or … from -10 to 10")
    target, value, free, low, high = match.groups()
    numbers = [_number(part) for part in (value, low, high) if part is not None]
    k = session.trace.plan.k_of(cursor)
    wanted = session.trace.resolve(target)
    unknown = session.trace.resolve(free)
    # says so where the file gives no such number
    changed(session.scenario, unknown, 0.0)
    return Goal(
        unknown,
        wanted if wanted.k is not None else wanted.at(k),
        numbers[0],
        (numbers[1], numbers[2]) if len(numbers) == 3 else None,
    )


def _number(text: str) -> float:
    try:
        number = float(text.replace("−", "-"))
    except ValueError:
        raise ValueError(f"{text} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number
