"""Writes docs/scenarios.md, the index of the shipped scenarios: `python docs/scenario_index.py`."""

from __future__ import annotations

from pathlib import Path

from tui.verbs.list import EXERCISES, by_exercise
from tui.verbs.shipped import shipped

PAGE = Path(__file__).parent / "scenarios.md"


def page() -> str:
    """The page as it should be."""
    found = list(shipped())
    lines = [
        "# The shipped scenarios",
        "",
        "Made by `python docs/scenario_index.py` from the files themselves. Open one with `backprop-tui NAME`.",
        "",
        "## By exercise",
        "",
        "H1 to H15 are the exercises of a first course on deep learning; files, `list` and pages call them by number.",
        "",
        "| exercise | what it is | scenarios |",
        "|---|---|---|",
        *(
            f"| {exercise} | {EXERCISES[exercise]} | {', '.join(f'`{name}`' for name in names)} |"
            for exercise, names in by_exercise(found).items()
        ),
        "",
        "## All",
        "",
        "| name | network | what it shows | teaches |",
        "|---|---|---|---|",
        *(
            f"| `{one.name}` | {'-'.join(map(str, one.sizes))}, {one.length} | **{one.title}.** {one.description} |"
            f" {', '.join(one.teaches)} |"
            for one in found
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
