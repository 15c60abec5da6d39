"""The JSON Schema, judged by a validator that is not ours."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.scenario.json_schema import json_schema
from tui.main import main

HERE = Path(__file__).parent
RIGHT = [*sorted((HERE.parents[1] / "scenarios").glob("*.toml")), *sorted(HERE.glob("everything*.toml"))]
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

SEEN = (
    "unknown_key", "unknown_activation", "unknown_activation_option", "unknown_loss", "unknown_optimizer",
    "unknown_initialiser", "unknown_order", "unknown_table", "units_zero", "units_string", "units_bool",
    "seed_negative", "title_missing", "weights_missing", "optimizer_rate_negative", "loss_reduction",
    "loss_incomplete", "initialiser_no_seed",
)  # fmt: skip
"""Wrong files whose fault stands in one place, so that an editor can show it."""


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_a_right_file_is_valid(file: Path) -> None:
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("name", SEEN)
def test_a_wrong_file_is_not(name: str) -> None:
    document = tomllib.loads((HERE / "wrong" / f"{name}.toml").read_text(encoding="utf-8"))
    assert not VALIDATOR.is_valid(document)


def test_the_verb_prints_it(capsys: Any) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
