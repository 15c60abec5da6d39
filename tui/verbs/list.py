"""`list`: the scenarios that come with the product. Reads their heads alone: no engine, no numpy."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from dataclasses import asdict

from tui.terminal import Writer, encodes
from tui.verbs.shipped import Shipped, shipped

EXERCISE = re.compile(r"H\d+")
"""What an exercise of the course is called."""


def run(options: Namespace) -> int:
    found = list(shipped())
    if options.format == "json":
        print(json.dumps([asdict(one) for one in found], ensure_ascii=not encodes(sys.stdout), indent=2))
        return 0
    writer = Writer()
    for one in found:
        writer.lines(_head(one))
        if one.description:
            writer.lines(f"  {one.description}")
    index = by_exercise(found)
    if index:
        writer.lines("", "By exercise:", *(f"  {exercise}: {', '.join(names)}" for exercise, names in index.items()))
    return 0


def by_exercise(found: list[Shipped]) -> dict[str, list[str]]:
    """Exercise (H1, H2, …, in order) → the names of its scenarios."""
    exercises = {label for one in found for label in one.teaches if EXERCISE.fullmatch(label)}
    return {
        exercise: [one.name for one in found if exercise in one.teaches]
        for exercise in sorted(exercises, key=lambda label: int(label[1:]))
    }


def _head(one: Shipped) -> str:
    teaches = f" Teaches {', '.join(one.teaches)}." if one.teaches else ""
    return f"{one.name}: {one.title}.{teaches} {'-'.join(map(str, one.sizes))}, {one.length}."
