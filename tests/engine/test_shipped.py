"""Every shipped scenario: what it promises holds, and its explanations and paths are its numbers (a sample)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from strategies import by_arrays

from engine.address import Address
from engine.comparisons import check_comparisons
from engine.expect import check_expectations
from engine.goal import solve
from engine.names import Names
from engine.network import Network
from engine.scenario.model import Scenario
from engine.scenario.read import read
from engine.trace import Trace

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from verify import verify  # noqa: E402 - the documentation's own script, whose whole run takes a minute

FILES = sorted((ROOT / "scenarios").glob("*.toml"))
EXERCISES = {f"H{number}" for number in range(1, 16)}


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.stem)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return read(request.param)


def test_it_says_what_it_is(scenario: Scenario) -> None:
    assert scenario.title
    assert len(scenario.description) > 40
    assert scenario.source
    assert scenario.teaches
    assert scenario.notes
    assert scenario.expectations


def test_its_notes_stand_at_steps(scenario: Scenario) -> None:
    trace = Trace(scenario)
    for note in scenario.notes:
        assert 0 <= trace.index_of(note.address) < len(trace), note.address


def test_what_it_expects_holds(scenario: Scenario) -> None:
    trace = Trace(scenario)
    assert [verdict.message for verdict in check_expectations(trace) if not verdict.ok] == []
    assert [outcome.message for outcome in check_comparisons(trace) if not outcome.ok] == []
    for goal in scenario.goals:
        answer = solve(trace, goal)
        assert answer.reached == pytest.approx(goal.value, rel=1e-9, abs=1e-12)
        assert not goal.written or answer.value == pytest.approx(float(goal.written), rel=1e-6)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_explanations_and_paths_are_its_numbers(file: Path) -> None:
    result = verify(file, most_steps=60, most_parameters=2)
    assert result.wrong == ()
    assert result.looked_at >= min(result.steps, 60)
    assert result.parameters > 0


def test_verification_would_see_a_wrong_number() -> None:
    """Planted: f′ of the wrong layer's kind, so that a δ is not what its formula says."""
    from engine.layers.activation import Elementwise

    right = Elementwise.fprime
    with pytest.MonkeyPatch.context() as patch:
        by_arrays(patch)
        patch.setattr(Elementwise, "fprime", lambda self, work: right(self, work) * 1.000001)
        result = verify(ROOT / "scenarios" / "softplus.toml", most_steps=200)
    assert any("fprime[1]" in line for line in result.wrong)
    assert any("paths" in line for line in result.wrong) or any("explanation" in line for line in result.wrong)


def test_every_exercise_has_its_scenario() -> None:
    taught = {label for file in FILES for label in read(file).teaches}
    assert taught >= EXERCISES
    assert len(FILES) >= 30


def test_identical_units_of_zero_init_are_named() -> None:
    from engine.symmetry import identical_units

    trace = Trace(read(ROOT / "scenarios" / "zero_init.toml"))
    for k in range(4):
        assert identical_units(trace, k) == {1: [(1, 2, 3, 4)], 2: [(1, 2, 3)]}
    assert Names(Network(trace.scenario)).resolve("max_dW[1]") == Address("max_dW", 1)
