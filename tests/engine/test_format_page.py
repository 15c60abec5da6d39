"""The reference of the format: current, and with a meaning for every key."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.scenario import limits, schema
from engine.scenario.json_schema import json_schema
from engine.scenario.meanings import MEANINGS, meanings

DOCS = Path(__file__).parents[2] / "docs"
MADE = runpy.run_path(str(DOCS / "format.py"))
PAGE = (DOCS / "format.md").read_text(encoding="utf-8")
STRUCTS = [
    one
    for one in vars(schema).values()
    if isinstance(one, type) and issubclass(one, schema.Strict) and one is not schema.Strict
]


def test_the_page_is_current() -> None:
    assert MADE["page"]() == PAGE, "run python docs/format.py"


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_key_has_a_meaning_and_is_on_the_page(struct: Any) -> None:
    keys = {info.encode_name for info in msgspec.structs.fields(struct)}
    assert set(meanings(struct)) == keys
    for key in keys:
        assert f"{key}`" in PAGE
        assert meanings(struct)[key].replace("|", "∣") in PAGE


def test_no_meaning_is_of_a_table_that_is_gone() -> None:
    assert set(MEANINGS) <= set(STRUCTS)


def test_every_bound_is_on_the_page() -> None:
    assert set(MADE["LIMITS"]) == {name for name in vars(limits) if name.startswith("MAX_")}
    assert "| a network | 20,000,000 parameters | `MAX_PARAMETERS` |" in PAGE


def test_editors_show_the_same_meanings() -> None:
    top = json_schema()["properties"]
    assert top["title"]["description"] == meanings(schema.Top)["title"]
    layer = top["network"]["properties"]["layers"]["items"]["properties"]
    assert layer["biases"]["description"] == meanings(schema.Layer)["biases"]
    assert top["notes"]["items"]["properties"]["audience"] == {
        "enum": ["all", "lecturer"],
        "default": "all",
        "description": "lecturer: shown with --lecturer alone",
    }
