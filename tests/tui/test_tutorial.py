"""The pages for users: every file in them passes `check`, every command prints what they show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from consoles import (  # noqa: E402 - no package
    DOCS,
    PAGES,
    WhatIf,
    agrees,
    blocks,
    value_of,
    what_ifs,
    work_through,
)

from engine.expect import Match, match  # noqa: E402

WHAT_IFS = [case for name in PAGES for case in what_ifs((DOCS / name).read_text("utf-8"))]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_the_program_does(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    done = 0
    for block, run, printed in work_through((DOCS / name).read_text("utf-8")):
        done += 1
        if run is None:
            ok = f"\n{block.name}: ok:" in printed
            assert ok is not block.wrong, f"{name}:{block.line}: {block.name}\n{printed}"
        else:
            shown = "\n".join(run.shown)
            assert agrees(shown, printed), f"{name}:{run.line}: $ {run.command}\nshown:\n{shown}\nprinted:\n{printed}"
    assert done > 3, "the page has lost its blocks"


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_a_page_says_what_it_is(name: str) -> None:
    for block in blocks((DOCS / name).read_text("utf-8")):
        assert block.language in ("toml", "csv", "console", "sh", "text"), f"{name}:{block.line}"
        if block.language in ("toml", "csv"):
            assert block.name, f"{name}:{block.line}: the file has no name"


def test_the_tables_are_read() -> None:
    assert len(WHAT_IFS) > 50
    assert {case.scenario for case in WHAT_IFS} >= {"softplus", "zero_init", "batch_norm", "adam_by_hand"}


@pytest.mark.parametrize("case", WHAT_IFS, ids=lambda case: f"{case.line}-{case.address}")
def test_a_what_if_gives_the_number_in_the_table(case: WhatIf) -> None:
    assert match(case.number, value_of(case)) is not Match.WRONG, f"{case}: {value_of(case)!r}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a = 1", "a = 1\n", True),
        ("a = 1", "a = 2\n", False),
        ("a = 1", "a = 1\nb = 2\n", False),
        ("a = 1\n…", "a = 1\nb = 2\n", True),
        ("a = 1\n…\nc = 3", "a = 1\nb = 2\nc = 3\n", True),
        ("a = 1\n…\nc = 4", "a = 1\nb = 2\nc = 3\n", False),
        ("…\nb = 2\n…", "a = 1\nb = 2\nc = 3\n", True),
        ("…\nb = 3\n…", "a = 1\nb = 2\nc = 3\n", False),
        ("one line,\n    broken", "one line, broken\n", True),
        ("0.24912626760802137", "0.24912626760802130", True),
        ("0.24912626760802137", "0.24912626770802137", True),
        ("0.24912626760802137", "0.24912726760802137", False),
        ("0.2491", "0.2492", False),
        ("largest relative difference 1.5e-12 at dW[1][2,2]@0; b", "largest relative difference 2e-9 at x@0; b", True),
    ],
)
def test_comparing(shown: str, printed: str, same: bool) -> None:
    assert agrees(shown, printed) is same
