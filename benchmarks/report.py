"""Results as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What was wanted of a figure, and what was found."""

    what: str
    found: float
    most: float
    unit: str = ""
    """Of both: "s", or what they are multiples of."""

    @property
    def row(self) -> tuple[str, ...]:
        found, most = (
            seconds(value) if self.unit == "s" else f"{value:.3g} {self.unit}".rstrip()
            for value in (self.found, self.most)
        )
        return self.what, found, most, "kept" if self.found <= self.most else f"missed by {self.found / self.most:.2f}"


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    targets: tuple[Target, ...] = ()


def section(made: Section) -> str:
    """A table in Markdown, its columns aligned for reading as text too."""
    widths = [max(len(row[column]) for row in (made.head, *made.rows)) for column in range(len(made.head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [f"{'-' * widths[0]}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    table = "\n".join([line(made.head), line(rule), *map(line, made.rows)])
    return f"## {made.title}\n\n{made.note}\n\n{table}\n"


def page(sections: Sequence[Section], machine: Sequence[str]) -> str:
    """docs/benchmarks.md."""
    opening = (
        "# Benchmarks\n\nMade by `python benchmarks/run.py --write`. Medians of interleaved runs, one thread; the"
        " ratios are what can be\ncompared between machines.\n\n"
    )
    made = [targets(sections), *sections]
    return opening + "".join(f"- {line}\n" for line in machine) + "\n" + "\n".join(map(section, made))


def targets(sections: Sequence[Section]) -> Section:
    """All that was wanted, in one table."""
    rows = tuple(target.row for made in sections for target in made.targets)
    note = "A missed figure by what it is of the most it may be."
    return Section("What was wanted", note, ("what", "found", "at most", ""), rows)


def seconds(value: float) -> str:
    """A duration with three digits: 4.21 µs, 12.3 ms, 1.05 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def ratio(value: float, limit: float | None = None) -> str:
    """A ratio; where there is a limit, whether it is kept."""
    text = f"{value:.3g}"
    return text if limit is None else f"{text} (≤ {limit:g}{'' if value <= limit else ', missed'})"
