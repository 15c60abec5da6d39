"""Matrix products that agree in kind with the sums they stand for.

BLAS fuses multiplication and addition, so where a sum overflows it may give ∞ for what, added term by term, is
∞ − ∞. An explanation that adds the terms must come to the same kind of number, so such elements are added up in order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.scenario.model import Array


def product(left: Array, right: Array) -> Array:
    """left @ right for matrices (n, m) and (m, p); elements that are not finite are summed in order of m."""
    result: Array = left @ right
    finite: NDArray[np.bool_] = np.isfinite(result)
    if finite.all():
        return result
    # a NaN among the factors makes both ways NaN: only overflow can differ
    doubtful: NDArray[np.bool_] = ~finite & ~np.isnan(left).any(axis=1, keepdims=True) & ~np.isnan(right).any(axis=0)
    for row, column in np.argwhere(doubtful):
        result[row, column] = np.cumsum(left[row] * right[:, column])[-1]
    return result
