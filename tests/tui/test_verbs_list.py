"""`list`: what is shipped."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import scenarios
from tui.main import main
from tui.verbs.list import EXERCISES
from tui.verbs.shipped import describe, find, names, shipped

FOLDER = Path(__file__).parents[2] / "scenarios"


def test_every_file_is_listed_by_name(capsys: Any) -> None:
    expected = sorted(path.stem for path in FOLDER.glob("*.toml"))
    assert names() == expected
    assert main(["list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == expected
    keys = {"name", "title", "description", "teaches", "sizes", "length"}
    assert all(set(one) == keys for one in listed)


def test_text(capsys: Any) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "softplus: The 2-2-1 softplus network. Teaches H3. 2-2-1, 5 iterations." in lines
    listed, index = lines[: lines.index("")], lines[lines.index("") + 1 :]
    heads = [line for line in listed if not line.startswith("  ")]
    assert [line.partition(":")[0] for line in heads] == names()
    assert index[0] == "By exercise:"
    assert [line.partition(":")[0] for line in index[1:]] == [f"  {one} ({what})" for one, what in EXERCISES.items()]
    assert list(EXERCISES) == [f"H{number}" for number in range(1, 16)]
    third = index[3].partition(": ")[2].split(", ")
    assert {"softplus", "softplus_stable"} <= set(third)


def test_find() -> None:
    assert find("nothing") is None
    assert find("../pyproject") is None
    found = find("softplus")
    assert found is not None
    assert found.name == "softplus.toml"


def test_what_is_shipped_in_an_archive_is_found(monkeypatch: Any) -> None:
    there = names()
    monkeypatch.setattr(scenarios, "__file__", str(FOLDER / "an.zip" / "scenarios" / "__init__.py"))
    assert names() == there
    found = find("softplus")
    assert found is not None
    assert found.read_bytes() == (FOLDER / "softplus.toml").read_bytes()


def test_a_head_may_leave_out_what_a_file_may() -> None:
    file = {"title": "t", "network": {"inputs": 3, "layers": [{"units": 1}]}, "training": {"epochs": 2}}
    one = describe("n", file)
    assert (one.sizes, one.length, one.teaches, one.description) == ((3, 1), "2 epochs", (), "")


def test_what_is_shipped_describes_itself() -> None:
    for one in shipped():
        assert one.title
        assert one.description
        assert one.length


def test_the_index_page_is_current() -> None:
    docs = Path(__file__).parents[2] / "docs"
    sys.path.insert(0, str(docs))
    from scenario_index import page

    assert (docs / "scenarios.md").read_text(encoding="utf-8") == page(), "run python docs/scenario_index.py"
