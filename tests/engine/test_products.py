"""Matrix products: where they leave the finite numbers they do as their sums, term by term, do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.products import SMALL, product, squares
from engine.scenario.model import Array

SIDE = 2
LONG = SMALL // SIDE**2 + 1
"""Terms of a sum from which such a product is left to BLAS."""
ENDS = np.array([1.0, -1.0, 1e154, -1e154, 1.5e154, 1e308, -1e308, 1.7e308, -1.7e308])
SMALLER = np.array([1.0, -1.0, 1.5, -1.5, 1e152, -1e152])
"""With finite squares."""


def in_order(left: Array, right: Array) -> Array:
    """Every element as a person adds it up."""
    made = np.zeros((left.shape[0], right.shape[1]))
    for row, column in np.ndindex(made.shape):
        for one, other in zip(left[row].tolist(), right[:, column].tolist(), strict=True):
            made[row, column] += one * other
    return made


@pytest.mark.parametrize("shape", [(SIDE, LONG, SIDE), (60, SIDE, 60)], ids=str)
@pytest.mark.parametrize("known", [False, True])
def test_what_is_not_finite_in_a_large_product_is_what_its_sum_is(shape: tuple[int, int, int], known: bool) -> None:
    units, inner, inputs = shape
    generator = np.random.default_rng(5)
    odd = 0
    for _ in range(30):
        left, right = np.zeros((units, inner)), np.zeros((inner, inputs))
        for place in generator.integers(0, inner, generator.integers(3, 14)):
            left[:, place] = generator.choice(ENDS, units)
            right[place] = generator.choice(SMALLER if known else ENDS, inputs)
        with np.errstate(all="ignore"):
            most = squares(right) if known else math.inf
            found = product(left, right, most=most)
            expected = in_order(left, right)
        assert math.isfinite(most) == known
        strange = ~np.isfinite(found)
        np.testing.assert_array_equal(found[strange], expected[strange])
        odd += int(strange.sum())
    assert odd > 50, "nothing was put to the test"


@pytest.mark.parametrize("inner", [3, LONG])
def test_a_product_can_be_written_into_an_array(inner: int) -> None:
    generator = np.random.default_rng(inner)
    left, right = generator.normal(size=(SIDE, inner)), generator.normal(size=(inner, SIDE))
    room = np.empty((SIDE, SIDE))
    assert product(left, right, room) is room
    assert room.tobytes() == product(left, right).tobytes()
    np.testing.assert_allclose(room, left @ right, rtol=1e-12)
