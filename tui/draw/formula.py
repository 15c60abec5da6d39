"""The formula panel: symbols, numbers put in, value, and the sentence that says why."""

from __future__ import annotations

from engine.explain import explain
from engine.printers.lines import Line, lines
from tui.draw.cells import Look, Row, Span, width_of
from tui.draw.wrap import clip, wrap
from tui.session import Session
from tui.settings import Settings
from tui.terminal import to_ascii

LOOKS = {
    "symbols": Look("symbols"),
    "numbers": Look("numbers"),
    "terms": Look("numbers"),
    "value": Look("result"),
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

PRIORITY = ("symbols", "numbers", "terms", "value", "note", "why", "alike", "condition", "where", "differs", "array")
"""Which lines stay where the panel is too low for all, most wanted first."""


def formula_rows(session: Session, cursor: int, settings: Settings, width: int, height: int | None = None) -> list[Row]:
    """The explanation of a step in lines of at most `width` cells.

    With a `height`, whole lines are left out, the least wanted first, until the rest fits; without, all are given.
    """
    step = session.trace[cursor]
    explanation = explain(session.trace, cursor)
    said = lines(explanation, session.printer(settings), settings.long_way)
    said = [line for line in said if line.kind != "valid" or settings.long_way]
    notes = [
        Line("note", "", "", f"{_mark(settings)} {to_ascii(note.text) if settings.ascii else note.text}")
        for note in session.notes(step)
    ]
    alike = session.alike(step)
    if alike:
        said.append(Line("alike", "", "", to_ascii(alike) if settings.ascii else alike))
    equations = [line for line in said if line.kind in EQUATIONS]
    rest = [line for line in said if line.kind not in EQUATIONS]
    if explanation.long_way and not settings.long_way:
        rest.append(Line("hint", "", "", "w shows the long way past this shortcut"))
    align = max((width_of(line.left) for line in equations), default=0)
    blocks = [
        (line.kind, _rows(line, width, align if line.kind in EQUATIONS else 0)) for line in equations + notes + rest
    ]
    if height is not None:
        blocks = _fitting(blocks, width, height, "..." if settings.ascii else "…")
    return [row for _, rows in blocks for row in rows]


def _mark(settings: Settings) -> str:
    return ">" if settings.ascii else "▸"


def _rows(line: Line, width: int, align: int) -> list[Row]:
    look = LOOKS[line.kind]
    if line.kind in EQUATIONS:
        left = line.left if line.kind == "symbols" else ""
        head = f"{left.rjust(align + len(left) - width_of(left))} {line.relation} "
        hang = width_of(head)
        return [(Span(text, look),) for text in wrap(head + line.text, width, hang)]
    if line.kind == "note":
        return [row for part in line.text.split("\n") for row in _plain(part, width, look, 2)]
    return _plain(str(line), width, look, 2)


def _plain(text: str, width: int, look: Look, hang: int) -> list[Row]:
    return [(Span(part, look),) for part in wrap(text, width, hang)]


def _fitting(blocks: list[tuple[str, list[Row]]], width: int, height: int, dots: str) -> list[tuple[str, list[Row]]]:
    """The blocks, the least wanted dropped until they fit; order kept. The first line and a note may be cut."""

    def rank(kind: str) -> int:
        return PRIORITY.index(kind) if kind in PRIORITY else len(PRIORITY)

    wanted = sorted(range(len(blocks)), key=lambda at: (rank(blocks[at][0]), at))
    kept: dict[int, list[Row]] = {}
    room = height
    for at in wanted:
        kind, rows = blocks[at]
        if len(rows) > room and room and (not kept or kind == "note"):
            rows = [*rows[: room - 1], _cut_off(rows[room - 1], width, dots)]
        if len(rows) <= room:
            kept[at] = rows
            room -= len(rows)
    return [(blocks[at][0], kept[at]) for at in sorted(kept)]


def _cut_off(row: Row, width: int, dots: str) -> Row:
    """A row that says there is more of it."""
    text, look = row[0]
    return (Span(clip(f"{text} {dots}", width, dots) if text.strip() else dots, look),)
