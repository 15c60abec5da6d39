"""A key with a letter missing is one problem, which names the key that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.scenario.errors import ScenarioError
from engine.scenario.read import read_text

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "scenarios").glob("*.toml")), ROOT / "tests/engine/everything.toml"]
KEY = re.compile(r"(?:^|[{,] ?)([a-z_]{4,})(?= = )|^\[([a-z]{4,})\]", re.MULTILINE)
ELSEWHERE = {"layers", "name", "transposed", "weights_order"}
"""Keys without which something else in these files does not hold together either."""


def keys() -> Iterator[tuple[str, Path, int]]:
    """Every key of the files once: its name, and where it stands."""
    seen = set(ELSEWHERE)
    for file in FILES:
        for match in KEY.finditer(file.read_text("utf-8")):
            group = 1 if match[1] else 2
            if match[group] not in seen:
                seen.add(match[group])
                yield match[group], file, match.start(group)


@pytest.mark.parametrize(("key", "file", "at"), [pytest.param(*one, id=one[0]) for one in keys()])
def test_a_misspelt_key_is_one_problem(key: str, file: Path, at: int) -> None:
    text = file.read_text("utf-8")
    middle = at + len(key) // 2
    wrong = text[:middle] + text[middle + 1 :]
    with pytest.raises(ScenarioError) as caught:
        read_text(wrong, file)
    (problem,) = caught.value.problems
    assert f"did you mean `{key}`" in str(problem)
    assert problem.line == text.count("\n", 0, at) + 1


def test_the_keys_are_most_of_them() -> None:
    found = {key for key, _, _ in keys()}
    assert len(found) > 50
    assert found >= {"iterations", "epochs", "factor", "over_samples", "decimals", "training", "units", "normalisation"}
