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
OPTIONS: dict[str, dict[str, float | str]] = {
    "constant": {"value": 0.25},
    "uniform": {"low": -1.0, "high": 2.0},
    "normal": {"mean": 3.0, "std": 0.5},
    "truncated_normal": {"mean": 3.0, "std": 0.5},
    "orthogonal": {"gain": 2.0},
    "identity": {"gain": 2.0},
    "he_normal": {"mode": "fan_out", "gain": 2.0},
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


FANS = {"fan_in": INPUTS, "fan_out": UNITS, "fan_average": (INPUTS + UNITS) / 2}


@pytest.mark.parametrize("mode", FANS)
@pytest.mark.parametrize(
    ("name", "square"), [("he_normal", 2), ("he_uniform", 2), ("lecun_normal", 1), ("lecun_uniform", 1)]
)
def test_mode_and_gain(name: str, square: float, mode: str) -> None:
    drawn = INITIALISERS[name].draw(generator(3, 1, WEIGHTS), UNITS, INPUTS, mode=mode, gain=3.0)
    assert drawn.var() == pytest.approx(9 * square / FANS[mode], rel=0.015)


@pytest.mark.parametrize("name", ["xavier_uniform", "xavier_normal"])
def test_gain_of_xavier(name: str) -> None:
    drawn = INITIALISERS[name].draw(generator(3, 1, WEIGHTS), UNITS, INPUTS, gain=0.5)
    assert drawn.var() == pytest.approx(0.25 * 2 / (INPUTS + UNITS), rel=0.015)


def test_a_truncated_he_normal_would_be_caught() -> None:
    """He-normal at 0.88 of its deviation, as Keras 1 drew it, is far outside what the variance test allows."""
    std = math.sqrt(2 / INPUTS)
    spoilt = INITIALISERS["truncated_normal"].draw(generator(7, 1, WEIGHTS), UNITS, INPUTS, mean=0.0, std=std)
    assert spoilt.var() != pytest.approx(VARIANCES["he_normal"], rel=0.2)


def test_truncated_normal() -> None:
    drawn = INITIALISERS["truncated_normal"].draw(generator(7, 1, WEIGHTS), UNITS, INPUTS, mean=3.0, std=0.5)
    assert 1.999 < np.abs((drawn - 3.0) / 0.5).max() <= 2.0
    # Var = 1 − 2c·φ(c)/(2Φ(c) − 1) at c = 2
    density, within = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    assert drawn.var() == pytest.approx(0.25 * (1 - 4 * density / within), rel=0.015)
    assert drawn.mean() == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (1, 4), (4, 1)])
def test_orthogonal(shape: tuple[int, int]) -> None:
    drawn = INITIALISERS["orthogonal"].draw(generator(7, 1, WEIGHTS), *shape, gain=3.0)
    assert drawn.shape == shape
    product = drawn @ drawn.T if shape[0] <= shape[1] else drawn.T @ drawn
    np.testing.assert_allclose(product, 9 * np.eye(min(shape)), atol=1e-12)


def test_orthogonal_prefers_no_sign() -> None:
    """Without the signs of R, LAPACK's Q would have the same sign in a place again and again."""
    entry = INITIALISERS["orthogonal"]
    first = [entry.draw(generator(seed, 1, WEIGHTS), 3, 3, gain=1.0)[0, 0] for seed in range(200)]
    assert 60 < sum(value > 0 for value in first) < 140


def test_identity() -> None:
    drawn = INITIALISERS["identity"].draw(generator(7, 1, WEIGHTS), 2, 3, gain=2.0)
    assert drawn.tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]


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
        shape = (3, 3) if entry.matrix else (3,)
        return entry.draw(generator(seed, layer, which), 3, 3, shape, **options).tobytes()

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
        ("truncated_normal", {"mean": 0.0, "std": -1.0}, "at least 0"),
        ("he_normal", {"mode": "fan_in", "gain": 0.0}, "greater than 0"),
        ("orthogonal", {"gain": 1e308}, "at most 1e300"),
    ],
)
def test_impossible_options_are_refused(name: str, options: dict[str, float | str], words: str) -> None:
    assert words in (INITIALISERS[name].refuse(options) or "")


@pytest.mark.parametrize("name", OPTIONS)
def test_possible_options_are_not(name: str) -> None:
    assert INITIALISERS[name].refuse(OPTIONS[name]) is None
