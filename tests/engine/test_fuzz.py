"""A short run of the fuzzer, and that the fuzzer finds what it is for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("resource", reason="links, pipes and timers of processor time are POSIX's")
import fuzz_reader
from fuzz_reader import Counts, fuzz

from engine.scenario.errors import Problem, ScenarioError

MUTATIONS = 200
MEMORY = 150 * 2**20
"""Bytes at most, of which the longest file of data, 32 MiB of zeros, takes the most."""


@pytest.fixture(scope="module")
def within() -> Iterator[Path]:
    with fuzz_reader.folder() as path:
        yield path


@pytest.mark.parametrize("seed", [101, 102])
def test_only_a_walk_or_an_error_comes_of_any_file(seed: int, within: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a test measures no time: the script does
    monkeypatch.setattr(fuzz_reader, "SECONDS", float("inf"))
    counts = fuzz(MUTATIONS, seed, within)
    assert counts.faults == []
    assert counts.read + counts.refused == MUTATIONS
    assert counts.read > MUTATIONS // 10
    assert counts.walked > counts.read // 2
    assert len(counts.messages) > MUTATIONS // 5, "mutations reach most of the reader"


def test_memory_is_bounded(within: Path) -> None:
    tracemalloc.start()
    try:
        fuzz(40, 7, within)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("line", "column", "message", "said"),
    [
        (None, None, "wrong", "no line"),
        (9, 1, "wrong", "a line that is not there"),
        (1, 99, "wrong", "a column that is not there"),
        (1, 1, "Expected `array`", "not in words for people"),
        (1, 1, "w" * 701, "a message of 701 characters"),
        (1, 1, "\x1b[2J", "something in it is an order to the terminal"),
        (1, 1, "wrong", None),
    ],
)
def test_the_fuzzer_sees_a_poor_message(line: Any, column: Any, message: str, said: str | None) -> None:
    error = ScenarioError((Problem("x.toml", line, column, "data", message, None),))
    wrong = fuzz_reader.check(error, b"title = 1")
    assert [reason.partition(": x.toml")[0] for reason in wrong] == ([] if said is None else [said])


def test_the_fuzzer_sees_any_other_exception(within: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise KeyError(path)

    monkeypatch.setattr(fuzz_reader, "read", fail)
    found = fuzz_reader.read_one(within / "softplus.toml", b"", Counts())
    assert "KeyError" in found[0]
