"""The formula panel: symbols, numbers put in, value, and the sentence that says why.

Every symbol, and every number put in for one, is a link to the step that made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from engine.address import Address, AddressError
from engine.explain import explain
from engine.printers.lines import Line, lines
from engine.printers.marks import Marks, Run
from engine.scenario.model import Note
from tui.draw.cells import Drawing, Look, width_of
from tui.draw.links import Text, cut_off, drawing_of, wrapped
from tui.session import TERMS_SHOWN, Session
from tui.settings import Settings
from tui.terminal import to_ascii

LOOKS = {
    "symbols": Look("symbols"),
    "numbers": Look("numbers"),
    "terms": Look("numbers"),
    "value": Look("result"),
    "hand": Look("result"),
    "drift": Look("text"),
    "digit": Look("warning"),
    "condition": Look("text"),
    "where": Look("dim"),
    "abridged": Look("dim"),
    "computed": Look("dim"),
    "differs": Look("warning"),
    "array": Look("array"),
    "why": Look("text"),
    "valid": Look("dim"),
    "long": Look("numbers"),
    "note": Look("note"),
    "alike": Look("text"),
    "hint": Look("dim"),
}
"""How each kind of line looks."""

EQUATIONS = ("symbols", "numbers", "terms", "value", "where", "condition")
"""Lines that stand under each other with their relation signs aligned."""

HAND = ("hand", "drift", "digit")
"""Lines on the number calculated by hand."""

EXACT = ("numbers", "terms", "value", "computed", "abridged")
"""Lines on the exact number."""

PRIORITY = (
    "symbols",
    "value",
    *HAND,
    "long",
    "numbers",
    "terms",
    "note",
    "why",
    "alike",
    "condition",
    "where",
    "differs",
    "array",
)
"""Which lines stay where the panel is too low for all, most wanted first."""

QUESTION = ("symbols", "where", "numbers", "value", "hand", "note", "abridged", "array")
"""Lines that leave the value, and the reason for it, to whoever is asked."""

BIG = ("symbols", "where", "numbers", "value", *HAND, "note")
"""Lines for a projector."""


class Link(NamedTuple):
    """An address that the formula names."""

    address: Address
    text: str
    """As it is printed."""
    step: int | None
    """The step that made it; None where it is given, or where the walk goes past it."""


class _Said(Struct, frozen=True, eq=False):
    """One line without its marks."""

    kind: str
    left: str
    relation: str
    text: str
    runs: tuple[Run, ...]
    """Of `str(self)`."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.left, self.relation, self.text) if part)


def draw_formula(
    session: Session, cursor: int, settings: Settings, width: int, height: int | None = None, link: int | None = None
) -> Drawing:
    """The explanation of a step in rows of at most `width` cells, a hit at every symbol and number of another step.

    With a `height`, whole lines are left out, the least wanted first, until the rest fits; without, all are given.
    `link` is the place in `links` of the one that is shown reversed.
    """
    said = _said(session, cursor, settings)
    notes = [_note(note, settings) for note in session.notes(session.trace[cursor], settings)]
    equations = [line for line in said if line.kind in EQUATIONS]
    by_hand = [line for line in said if line.kind in HAND]
    rest = [line for line in said if line.kind not in (*EQUATIONS, *HAND)]
    align = max((width_of(line.left) for line in equations), default=0)
    blocks = [(line.kind, _rows(line, width, align)) for line in equations]
    blocks += [(line.kind, wrapped(str(line), line.runs, LOOKS[line.kind], width, 2)) for line in by_hand]
    blocks += [
        ("note", [row for part in note.split("\n") for row in wrapped(part, (), LOOKS["note"], width, 2)])
        for note in notes
    ]
    blocks += [(line.kind, wrapped(str(line), line.runs, LOOKS[line.kind], width, 2)) for line in rest]
    if height is not None:
        blocks = _fitting(blocks, width, height, "..." if settings.ascii else "…")
    rows = [row for _, block in blocks for row in block]
    if settings.big and (height is None or len(rows) + len(blocks) - 1 <= height):
        rows = [row for place, (_, block) in enumerate(blocks) for row in ([Text("")] if place else []) + block]
    chosen = None
    if link is not None:
        found = links(session, cursor, settings)
        chosen = found[link].address if 0 <= link < len(found) else None
    return drawing_of(rows, chosen)


def _note(note: Note, settings: Settings) -> str:
    """The author's words, marked as such; those for the lecturer alone say so, for whoever mirrors a screen."""
    mark = ">" if settings.ascii else "▸"
    aside = "for the lecturer: " if note.audience == "lecturer" else ""
    return f"{mark} {aside}{to_ascii(note.text) if settings.ascii else note.text}"


def links(session: Session, cursor: int, settings: Settings) -> tuple[Link, ...]:
    """What the formula of a step names besides the step itself, in reading order, each address once."""
    said = _said(session, cursor, settings)
    found: dict[Address, str] = {}
    for line in sorted(said, key=lambda line: line.kind not in EQUATIONS):
        text = str(line)
        for start, end, address in line.runs:
            found.setdefault(address, text[start:end])
    return tuple(Link(address, text, _step_of(session, address)) for address, text in found.items())


def _step_of(session: Session, address: Address) -> int | None:
    try:
        return session.trace.index_of(address)
    except AddressError:
        return None


def _said(session: Session, cursor: int, settings: Settings) -> list[_Said]:
    """The lines of a step that may be shown, the author's notes aside."""
    explanation = explain(session.trace, cursor, 0 if settings.whole else TERMS_SHOWN)
    step = explanation.step
    printer = session.printer(settings)
    marks = printer.marks = Marks()
    # the branch taken would give the value away
    printer.decides = not settings.hidden
    said = lines(explanation, printer, settings.long_way)
    said = [line for line in said if line.kind != "valid" or settings.long_way]
    by_hand = session.by_hand
    if by_hand is not None and settings.arithmetic != "exact":
        said += by_hand.lines(cursor, printer, settings.hidden)
        if settings.arithmetic == "hand" and not by_hand.refused(cursor):
            said = [line for line in said if line.kind not in EXACT]
    alike = session.alike(step, settings)
    if alike:
        said.append(Line("alike", "", "", to_ascii(alike) if settings.ascii else alike))
    if explanation.long_way and not settings.long_way:
        said.append(Line("hint", "", "", "w shows the long way past this shortcut"))
    if settings.hidden:
        said = [
            line._replace(relation="=", text="?") if line.kind == "value" else line
            for line in said
            if line.kind in QUESTION
        ]
    if settings.big:
        said = [part for line in said if line.kind in BIG for part in _one_equation_a_line(line)]
    return [_taken_apart(line, marks, step.address) for line in said]


def _one_equation_a_line(line: Line) -> Iterator[Line]:
    if line.kind != "symbols":
        yield line
        return
    for place, form in enumerate(line.text.split(" = ")):
        yield Line("symbols", "" if place else line.left, "=" if place else line.relation, form)


def _taken_apart(line: Line, marks: Marks, own: Address) -> _Said:
    _, runs = marks.taken_apart(str(line))
    left, relation, text = (marks.taken_apart(part)[0] for part in line[1:])
    return _Said(line.kind, left, relation, text, tuple(run for run in runs if run.address != own))


def _rows(line: _Said, width: int, align: int) -> list[Text]:
    left = line.left if line.kind == "symbols" else ""
    head = f"{left.rjust(align + len(left) - width_of(left))} {line.relation} "
    # what stands before the text is longer or shorter by as much as its runs have to move
    by = len(head) + len(line.text) - len(str(line))
    runs = tuple(Run(start + by, end + by, address) for start, end, address in line.runs if start + by >= len(head))
    return wrapped(head + line.text, runs, LOOKS[line.kind], width, width_of(head))


def _fitting(blocks: list[tuple[str, list[Text]]], width: int, height: int, dots: str) -> list[tuple[str, list[Text]]]:
    """The blocks, the least wanted dropped until they fit; order kept. The first line and a note may be cut."""

    def rank(kind: str) -> int:
        return PRIORITY.index(kind) if kind in PRIORITY else len(PRIORITY)

    wanted = sorted(range(len(blocks)), key=lambda at: (rank(blocks[at][0]), at))
    kept: dict[int, list[Text]] = {}
    room = height
    for at in wanted:
        kind, rows = blocks[at]
        if len(rows) > room and room and (not kept or kind == "note"):
            rows = [*rows[: room - 1], cut_off(rows[room - 1], width, dots)]
        if len(rows) <= room:
            kept[at] = rows
            room -= len(rows)
    return [(blocks[at][0], kept[at]) for at in sorted(kept)]
