"""Marked text broken into lines, with the place of every link kept."""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import NamedTuple

from engine.address import Address
from engine.printers.marks import Run
from tui.draw.cells import PLAIN, Drawing, Hit, Look, Row, Span, width_of
from tui.draw.wrap import clip, wrap


class Text(NamedTuple):
    """One drawn row of one look, and the runs of its characters that stand for addresses."""

    text: str
    look: Look = PLAIN
    runs: tuple[Run, ...] = ()


def wrapped(text: str, runs: tuple[Run, ...], look: Look, width: int, hang: int = 0) -> list[Text]:
    """`text` in rows of at most `width` cells. A run that is broken stands in two rows."""
    rows = wrap(text, width, hang)
    if not runs:
        return [Text(row, look) for row in rows]
    # wrapping drops and adds blanks only: the other characters are the same, in the same order
    source = iter([place for place, char in enumerate(text) if char != " "])
    return [
        Text(row, look, _runs_of([(next(source), at) for at, c in enumerate(row) if c != " "], runs)) for row in rows
    ]


def _runs_of(places: list[tuple[int, int]], runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """The runs in a row, from where each of its characters stood and stands. Runs are in order and apart."""
    found: list[Run] = []
    first = bisect_right(runs, places[0][0], key=lambda run: run.end) if places else len(runs)
    for start, end, address in islice(runs, first, None):
        if start > places[-1][0]:
            break
        here = [at for place, at in places if start <= place < end]
        if here:
            found.append(Run(here[0], here[-1] + 1, address))
    return tuple(found)


def cut_off(row: Text, width: int, dots: str) -> Text:
    """A row that says there is more of it."""
    text = clip(f"{row.text} {dots}", width, dots) if row.text.strip() else clip(dots, width, dots)
    return Text(text, row.look, tuple(run for run in row.runs if text[: run.end] == row.text[: run.end]))


def drawing_of(rows: list[Text], chosen: Address | None = None) -> Drawing:
    """Rows with a hit for every run; those of the chosen address stand out as the cursor does."""
    hits: list[Hit] = []
    drawn: list[Row] = []
    for y, (text, look, runs) in enumerate(rows):
        spans: list[Span] = []
        position = 0
        for start, end, address in runs:
            hits.append(Hit(width_of(text[:start]), y, width_of(text[start:end]), str(address)))
            if address == chosen:
                spans += [Span(text[position:start], look), Span(text[start:end], Look("cell_current"))]
                position = end
        spans.append(Span(text[position:], look))
        drawn.append(tuple(span for span in spans if span.text))
    return Drawing(tuple(drawn), tuple(hits))
