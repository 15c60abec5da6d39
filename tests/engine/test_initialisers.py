"""Starting weights: the variance their formulas promise, and the same numbers every time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.initialisers import BIASES, INITIALISERS, WEIGHTS, canonical, generator

UNITS, INPUTS = 300, 500

VARIANCES = {
    "xavier_uniform": 2 / (INPUTS + UNITS),
    "xavier_normal": 2 / (INPUTS + UNITS),
    "he_uniform": 2 / INPUTS,
    "he_normal": 2 / INPUTS,
    "lecun_uniform": 1 / INPUTS,
    "lecun_normal": 1 / INPUTS,
}
OPTIONS = {
    "constant": {"value": 0.25},
    "uniform": {"low": -1.0, "high": 2.0},
    "normal": {"mean": 3.0, "std": 0.5},
}


@pytest.mark.parametrize("name", VARIANCES)
def test_variance_is_that_of_the_formula(name: str) -> None:
    drawn = INITIALISERS[name].draw(generator(7, 1, WEIGHTS), UNITS, INPUTS)
    assert drawn.shape == (UNITS, INPUTS)
    assert drawn.dtype == np.float64
    # 150 000 draws: the sample variance of a normal is within 1.5 % of the variance in all but 1 of 10^4 runs.
    assert drawn.var() == pytest.approx(VARIANCES[name], rel=0.015)
    assert abs(drawn.mean()) < 5 * math.sqrt(VARIANCES[name] / drawn.size)


@pytest.mark.parametrize("name", [name for name in VARIANCES if name.endswith("uniform")])
def test_uniform_stays_within_its_bound(name: str) -> None:
    bound = math.sqrt(3 * VARIANCES[name])
    drawn = INITIALISERS[name].draw(generator(7, 1, WEIGHTS), UNITS, INPUTS)
    assert 0.999 * bound < np.abs(drawn).max() <= bound


def test_normal_is_not_truncated() -> None:
    drawn = INITIALISERS["normal"].draw(generator(7, 1, WEIGHTS), UNITS, INPUTS, mean=0.0, std=1.0)
    assert np.abs(drawn).max() > 4


def test_options_are_used() -> None:
    rng = generator(7, 1, WEIGHTS)
    assert (INITIALISERS["constant"].draw(rng, 2, 3, value=0.25) == 0.25).all()
    between = INITIALISERS["uniform"].draw(rng, UNITS, INPUTS, low=-1.0, high=2.0)
    assert between.min() >= -1.0
    assert between.max() < 2.0
    assert between.mean() == pytest.approx(0.5, abs=0.02)
    about = INITIALISERS["normal"].draw(rng, UNITS, INPUTS, mean=3.0, std=0.5)
    assert about.mean() == pytest.approx(3.0, abs=0.02)
    assert about.std() == pytest.approx(0.5, rel=0.02)


def test_zeros_and_ones() -> None:
    rng = generator(0, 1, WEIGHTS)
    assert (INITIALISERS["zeros"].draw(rng, 2, 3) == np.zeros((2, 3))).all()
    assert (INITIALISERS["ones"].draw(rng, 2, 3, (2,)) == np.ones(2)).all()


@pytest.mark.parametrize("name", INITIALISERS)
def test_same_key_same_numbers_and_other_key_others(name: str) -> None:
    entry = INITIALISERS[name]
    options = OPTIONS.get(name, {})

    def draw(seed: int, layer: int, which: int) -> bytes:
        return entry.draw(generator(seed, layer, which), 3, 3, (3,), **options).tobytes()

    assert draw(7, 1, WEIGHTS) == draw(7, 1, WEIGHTS)
    others = {draw(7, 1, WEIGHTS), draw(8, 1, WEIGHTS), draw(7, 2, WEIGHTS), draw(7, 1, BIASES)}
    assert len(others) == (4 if entry.random else 1)


def test_every_spelling_names_an_entry() -> None:
    assert canonical["glorot_uniform"] == "xavier_uniform"
    assert canonical["kaiming_normal"] == "he_normal"
    assert set(canonical.values()) == set(INITIALISERS)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("uniform", {"low": 1.0, "high": 1.0}, "low has to be less than high"),
        ("uniform", {"low": -1e308, "high": 1e308}, "too far apart"),
        ("normal", {"mean": 0.0, "std": -1.0}, "at least 0"),
        ("normal", {"mean": 0.0, "std": 1e308}, "at most 1e300"),
    ],
)
def test_impossible_options_are_refused(name: str, options: dict[str, float], words: str) -> None:
    assert words in (INITIALISERS[name].refuse(options) or "")


@pytest.mark.parametrize("name", OPTIONS)
def test_possible_options_are_not(name: str) -> None:
    assert INITIALISERS[name].refuse(OPTIONS[name]) is None
