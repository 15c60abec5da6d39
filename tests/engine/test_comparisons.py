"""Comparisons: two numbers of two scenarios held together."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.comparisons import check_comparisons
from engine.scenario.model import Comparison
from engine.scenario.read import read
from engine.structs import replace
from engine.trace import Trace

ONE = """
title = "One weight"
[network]
inputs = 1
[[network.layers]]
units = 1
activation = "identity"
weights = [[{weight}]]
biases = [0.0]
[data]
x = [[2.0]]
y = [[1.0]]
[training]
loss = "half_squared_error"
optimizer = {{ name = "sgd", learning_rate = 0.125 }}
iterations = 2
"""


def outcome(folder: Path, address: str, at: str, tolerance: float, other: str = "other.toml") -> tuple[bool, str]:
    (folder / "here.toml").write_text(ONE.format(weight=1.0), encoding="utf-8")
    (folder / "other.toml").write_text(ONE.format(weight=1.5), encoding="utf-8")
    given = read(folder / "here.toml")
    here = Trace(given).resolve(address)
    given = replace(given, comparisons=(Comparison(here, other, at, tolerance),))
    (found,) = check_comparisons(Trace(given))
    return found.ok, found.message


def test_what_agrees_is_within_its_tolerance(tmp_path: Path) -> None:
    # w = 1 and 1.5: the outputs 2 and 3, the gradients 2 and 4; after an update w = 0.75 and 1
    assert outcome(tmp_path, "W[1][1,1]@0", "W[1][1,1]@1", 0.0)[0]
    ok, message = outcome(tmp_path, "a[1]@0", "a[1]@0", 1.0)
    assert ok
    assert message.endswith("they differ by 1, within 1")


@pytest.mark.parametrize(
    ("address", "at", "other", "said"),
    [
        ("W[1][1,1]@1", "W[1][1,1]@1", "other.toml", "they differ by 0.25, beyond 0.1"),
        ("dW[1][1,1]@0", "dW[1]@0", "other.toml", "the shapes differ, () and (1, 1)"),
        ("loss@0", "loss@9", "other.toml", "cannot be compared"),
        ("loss@0", "gamma[1]@0", "other.toml", "cannot be compared"),
        ("loss@0", "loss@0", "missing.toml", "cannot be compared"),
    ],
)
def test_what_does_not_agree_is_said(tmp_path: Path, address: str, at: str, other: str, said: str) -> None:
    ok, message = outcome(tmp_path, address, at, 0.1, other)
    assert not ok
    assert said in message


SEVERAL = (
    ONE.replace("units = 1", "units = 2")
    .replace("inputs = 1", "inputs = 2")
    .replace("[[{weight}]]", "[[{weight}, -0.5], [0.25, 10.0]]")
    .replace("biases = [0.0]", 'biases = "zeros"')
    .replace("x = [[2.0]]", "x = [[2.0, 1.0]]")
    .replace("y = [[1.0]]", "y = [[1.0, 0.0]]")
)


def test_matrices_stand_below_what_is_said_their_numbers_in_columns(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(SEVERAL.format(weight=1.5), encoding="utf-8")
    (tmp_path / "here.toml").write_text(SEVERAL.format(weight=-100.125), encoding="utf-8")
    given = read(tmp_path / "here.toml")
    given = replace(given, comparisons=(Comparison(Trace(given).resolve("W[1]@0"), "other.toml", "W[1]@0", 0.1),))
    (found,) = check_comparisons(Trace(given))
    assert found.message.splitlines() == [
        "W[1]@0 and W[1]@0 of other.toml: they differ by 102, beyond 0.1",
        "    W[1]@0               = [[-100.125,     -0.5],",
        "                            [    0.25,       10]]",
        "    W[1]@0 of other.toml = [[     1.5,     -0.5],",
        "                            [    0.25,       10]]",
    ]
