"""Writes docs/functions.md, the reference of functions, from the tables the engine uses: `python docs/functions.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.initialisers import INITIALISERS
from engine.losses import LOSSES
from engine.numbers import shortest
from engine.optimizers import OPTIMIZERS
from engine.penalties import PENALTIES
from engine.schedules import SCHEDULES

PAGE = Path(__file__).parent / "functions.md"


def page() -> str:
    """The page as it should be."""
    lines = [
        "# Functions",
        "",
        "Made by `python docs/functions.py` from the engine's own tables.",
        "",
        *_section("Activations", ("name", "also", "options", "what it is", "at a kink"), _activations()),
        *_section("Losses", ("name", "options", "targets", "what it is", "shortcut after"), _losses()),
        *_section("Penalties", ("name", "also", "what it is"), _penalties()),
        *_section("Optimizers", ("name", "also", "options and defaults", "source"), _optimizers()),
        *_section("Schedules", ("name", "options", "rate of update t"), _schedules()),
        *_section("Initialisers", ("name", "also", "options", "what is drawn", "source"), _initialisers()),
        *_section("Data sets", ("name", "options"), _datasets()),
    ]
    return "\n".join(lines)


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        f"## {title}",
        "",
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |" for row in rows),
        "",
    ]


def _activations() -> Iterable[tuple[str, ...]]:
    for entry in ACTIVATIONS.values():
        yield (_code(entry.name), _codes(entry.aliases), _options(entry.options), entry.source, entry.at_kink)


def _losses() -> Iterable[tuple[str, ...]]:
    for entry in LOSSES.values():
        yield (
            _code(entry.name), _options(entry.options), entry.targets.replace("_", " "), entry.source,
            _codes(entry.shortcuts),
        )  # fmt: skip


def _penalties() -> Iterable[tuple[str, ...]]:
    for entry in PENALTIES.values():
        yield (_code(entry.name), _codes(entry.aliases), entry.source)


def _optimizers() -> Iterable[tuple[str, ...]]:
    for entry in OPTIMIZERS.values():
        yield (_code(entry.name), _codes(entry.aliases), _options(entry.options), entry.source)


def _schedules() -> Iterable[tuple[str, ...]]:
    for entry in SCHEDULES.values():
        yield (_code(entry.name), _options(entry.options), entry.source)


def _initialisers() -> Iterable[tuple[str, ...]]:
    for entry in INITIALISERS.values():
        yield (_code(entry.name), _codes(entry.aliases), _options(entry.options), entry.formula, entry.source)


def _datasets() -> Iterable[tuple[str, ...]]:
    for entry in DATASETS.values():
        yield (_code(entry.name), _options(entry.options))


def _code(text: str) -> str:
    return f"`{text}`"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names))


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`{_default(value)}" for name, value in options.items())


def _default(value: Any) -> str:
    if value is None:
        return " (required)"
    if isinstance(value, bool | str):
        return f" = {str(value).lower() if isinstance(value, bool) else value}"
    return f" = {shortest(float(value))}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
