"""Matrix products that agree with the sums they stand for.

BLAS adds in an order that depends on where an element stands, and fuses multiplication and addition. So two
identical units would part in the last digit, and a sum that overflows could be ∞ where its terms, added one by
one, give ∞ − ∞. Small products are therefore summed here, every element in one order; large ones go to BLAS, and
of those only what is not finite is added up again. Which way a product takes depends on its shape alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.scenario.model import Array

SMALL = 4096
"""Multiplications up to which a product is summed here: what fits a screen, and some microseconds."""


def product(left: Array, right: Array, out: Array | None = None, most: float = math.inf) -> Array:
    """left @ right for matrices (n, m) and (m, p), written into `out` where that is given.

    `most`: what the squares of `right` cannot exceed in sum, where that is known.
    """
    if left.shape[0] * left.shape[1] * right.shape[1] <= SMALL:
        # over a middle axis numpy adds slice by slice: every element in the same order
        ordered: Array = (left[:, :, None] * right[None, :, :]).sum(axis=1, out=out)
        return ordered
    result: Array = np.matmul(left, right, out=out)
    if (most < math.inf and math.isfinite(squares(left) * most)) or _surely_finite(left, right, result):
        return result
    finite: NDArray[np.bool_] = np.isfinite(result)
    # a NaN among the factors makes both ways NaN: only overflow can differ
    doubtful: NDArray[np.bool_] = ~finite & ~np.isnan(left).any(axis=1, keepdims=True) & ~np.isnan(right).any(axis=0)
    for row, column in np.argwhere(doubtful):
        result[row, column] = np.cumsum(left[row] * right[:, column])[-1]
    return result


def _surely_finite(left: Array, right: Array, result: Array) -> bool:
    """Whether nothing in a product can be ∞ or NaN, seen by its smaller side and without an array of truth values.

    No element, nor any part of its sum, is larger than the lengths of both factors multiplied (Cauchy and Schwarz).
    """
    if left.size + right.size < result.size:
        return math.isfinite(squares(left) * squares(right))
    return math.isfinite(squares(result))


def squares(array: Array) -> float:
    """The sum of the squares of all elements. Whoever calls silences floating-point warnings."""
    flat = array.ravel("K")
    return float(np.dot(flat, flat))
