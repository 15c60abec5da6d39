"""The timeline: where the walk stands, in words, over all iterations, and within this one."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from engine.quantity import Phase
from engine.structs import replace
from tui.draw.cells import Canvas, Look, Row, width_of
from tui.draw.wrap import clip
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii

HEIGHT = 3
"""Rows: the words, the walk, the iteration."""

NAMES = {
    Phase.FORWARD: ("forward", "fwd", "f"),
    Phase.LOSS: ("loss", "L", "L"),
    Phase.BACKWARD: ("backward", "back", "b"),
    Phase.UPDATE: ("update", "upd", "u"),
}
"""A phase's name, longest first: the longest that fits its part of the bar is written there."""


class Glyphs(Struct, frozen=True):
    done: str
    todo: str
    cursor: str
    left: str
    right: str
    bookmark: str
    stop: str


UNICODE = Glyphs("━", "─", "◆", "├", "┤", "▽", "●")
ASCII = Glyphs("=", "-", "#", "[", "]", "v", "!")


class Marks(Struct, frozen=True):
    """Steps that are marked on the timeline."""

    bookmarks: tuple[int, ...] = ()
    """Anywhere in the walk."""
    stops: tuple[int, ...] = ()
    """Breakpoints in this iteration."""


NONE = Marks()


def timeline_rows(
    session: Session, cursor: int, settings: Settings, width: int, status: str = "", marks: Marks = NONE
) -> tuple[Row, ...]:
    """Three rows; right of the words stands `status` (a running computation, playing), else the step's address."""
    canvas = Canvas(width, HEIGHT)
    status = to_ascii(status) if settings.ascii else status
    step = session.trace[cursor]
    room = width - (len(status) + 2 if status else 0)
    words = session.words(step, settings, room)
    canvas.put(0, 0, clip(words, room, "..." if settings.ascii else "…"), Look("title"))
    address = str(replace(step.address, k=None, sample=None if session.trace.network.single else step.address.sample))
    if status:
        canvas.put(width - len(status), 0, status, Look("status"))
    elif width_of(words) + 2 + len(address) <= width:
        # what a person types who wants to come here again
        canvas.put(width - len(address), 0, address, Look("dim"))
    glyphs = ASCII if settings.ascii else UNICODE
    _walk(canvas, session, cursor, glyphs, marks)
    _iteration(canvas, session, cursor, glyphs, marks)
    return canvas.rows()


def step_at(session: Session, cursor: int, width: int, x: int, y: int) -> int | None:
    """The step under cell (x, y) of the timeline: a click's meaning."""
    if y == 1:
        bar = _bar(width)
        if bar is None or not bar.start <= x < bar.stop:
            return None
        iterations = session.scenario.training.iterations
        return session.trace.plan.start(_under(0, iterations, bar, x))
    if y == 2:
        phases = list(session.trace.plan.phases(session.trace.plan.k_of(cursor)))
        spans = phase_spans([after - first for _, first, after in phases], width)
        for (_, first, after), span in zip(phases, spans, strict=True):
            if span.start <= x < span.stop:
                return _under(first, after, span, x)
    return None


def phase_spans(sizes: list[int], width: int) -> list[range]:
    """The columns of each phase's part of the bar: in proportion to its steps, at least two cells each."""
    total = sum(sizes)
    least = min(2, max(1, width // len(sizes)))
    spare = max(0, width - least * len(sizes))
    spans: list[range] = []
    done = 0
    for position, size in enumerate(sizes):
        start = position * least + done * spare // total
        done += size
        spans.append(range(start, (position + 1) * least + done * spare // total))
    return spans


def cursor_cell(first: int, after: int, span: range, step: int) -> int:
    """Where in a part of the bar a step stands."""
    return span.start + (step - first) * len(span) // (after - first)


def _under(first: int, after: int, span: range, x: int) -> int:
    """What `cursor_cell` puts in a cell: the first of several; of none, the one before."""
    steps, cell = after - first, x - span.start
    if steps >= len(span):
        return first + -(-cell * steps // len(span))
    return first + ((cell + 1) * steps - 1) // len(span)


def _bar(width: int) -> range | None:
    return range(1, width - 1) if width > 2 else None


def _walk(canvas: Canvas, session: Session, cursor: int, glyphs: Glyphs, marks: Marks) -> None:
    """All iterations in one bar; each one's number where it begins, while there is room."""
    bar = _bar(canvas.width)
    if bar is None:
        return
    iterations = session.scenario.training.iterations
    k = session.trace.plan.k_of(cursor)
    at = cursor_cell(0, len(session.trace), bar, cursor)
    canvas.put(0, 1, glyphs.left, Look("bar"))
    canvas.put(bar.stop, 1, glyphs.right, Look("bar"))
    for x in bar:
        canvas.put(x, 1, glyphs.done if x < at else glyphs.todo, Look("bar_done" if x < at else "bar"))
    if iterations <= len(bar) // 4:
        for i in range(iterations):
            canvas.put(bar.start + i * len(bar) // iterations, 1, str(i + 1), Look("bar_current" if i == k else "head"))
    for step in marks.bookmarks:
        canvas.put(cursor_cell(0, len(session.trace), bar, step), 1, glyphs.bookmark, Look("bookmark"))
    canvas.put(at, 1, glyphs.bookmark if cursor in marks.bookmarks else glyphs.cursor, Look("cursor"))


def _iteration(canvas: Canvas, session: Session, cursor: int, glyphs: Glyphs, marks: Marks) -> None:
    """This iteration's phases, named, the cursor's own lit."""
    phases = list(session.trace.plan.phases(session.trace.plan.k_of(cursor)))
    if not phases or canvas.width < len(phases):
        return
    spans = phase_spans([after - first for _, first, after in phases], canvas.width)
    current = bisect_right([first for _, first, _ in phases], cursor) - 1
    for place, ((phase, first, after), span) in enumerate(zip(phases, spans, strict=True)):
        look = Look("phase_current" if place == current else "phase_done" if place < current else "phase")
        name = next((name for name in NAMES[phase] if len(name) + 1 < len(span)), "")
        # the last cell stays blank so that neighbours are told apart without colour
        canvas.put(span.start, 2, f" {name}".ljust(len(span) - 1), look)
        for char, steps in ((glyphs.bookmark, marks.bookmarks), (glyphs.stop, marks.stops)):
            for step in steps:
                if first <= step < after:
                    canvas.put(cursor_cell(first, after, span, step), 2, char, Look("bookmark"))
        if place == current:
            at = cursor_cell(first, after, span, cursor)
            # a letter under the cursor stays legible: only its look changes
            under = canvas.get(at, 2)
            canvas.put(at, 2, glyphs.cursor if under == " " else under, Look("cursor"))
