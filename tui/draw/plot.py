"""Curves in braille dots: scales, ticks, and what a column of dots shows of the points that fall into it.

A column shows everything from the least to the greatest of its points, so no extreme is lost however long the walk.
All of it is array arithmetic: what is drawn costs by its columns, not by its points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.numbers import rounded
from engine.scenario.model import Array
from tui.draw.braille import DOT_COLUMNS, DOT_ROWS

Dots = NDArray[np.bool_]
"""(4 · rows, 2 · columns) dots of a plot, the top row first."""
Ints = NDArray[np.int64]

LOG_FROM = 100.0
"""Greatest over least from which a scale is logarithmic: two decades."""

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])

PATTERNS: dict[str, tuple[int, int]] = {"solid": (1, 1), "dotted": (1, 3), "dashed": (5, 8)}
"""Line → (columns of dots drawn, of how many)."""


def short(value: float, digits: int, ascii: bool) -> str:
    """A number for an axis or a caption, in the alphabet of the screen."""
    text = rounded(value, digits).text
    return text if ascii else text.replace("-", "−").replace("inf", "∞")


class Scale(Struct, frozen=True):
    """Values → 0 (least) … 1 (greatest). Zeros on a logarithmic scale lie below it, in a row of their own."""

    low: float
    high: float
    log: bool = False
    zero: bool = False
    """Whether there are zeros that a logarithmic scale cannot hold."""

    def share(self, values: Array) -> Array:
        """Where values lie, 0 … 1; NaN for what is not on the scale."""
        with np.errstate(all="ignore"):
            if self.log:
                low, high = math.log10(self.low), math.log10(self.high)
                shares = (np.log10(values) - low) / (high - low) if high > low else np.where(values > 0, 0.5, math.nan)
            else:
                # by the largest magnitude first: a difference of two numbers near the end of float64 overflows
                most = max(abs(self.low), abs(self.high)) or 1.0
                span = self.high / most - self.low / most
                shares = (values / most - self.low / most) / span if span > 0 else np.full(values.shape, 0.5)
            return np.where(np.isfinite(values) & (shares > -1e-9) & (shares < 1 + 1e-9), shares, math.nan)

    def rows(self, values: Array, rows: int) -> Array:
        """The row of each value among `rows`, 0 at the top; NaN for what is not on the scale."""
        lowest = rows - 1 - (DOT_ROWS if self.zero and rows > DOT_ROWS else 0)
        found = np.rint((1.0 - self.share(values)) * lowest)
        return np.where(values == 0.0, rows - 1, found) if self.zero else found

    @property
    def digits(self) -> int:
        """Significant digits that tell numbers on the scale apart: more where the range is small beside them."""
        most, span = max(abs(self.low), abs(self.high)), self.high / 2 - self.low / 2
        if self.log or not span > 0.0:
            return 3
        return min(9, 3 + max(0, math.floor(math.log10(most / 2 / span))))

    def ticks(self, most: int) -> list[float]:
        """At most `most` round values on the scale, ascending."""
        if most < 1:
            return []
        if self.high <= self.low:
            return [self.low]
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, -(-(last - first + 1) // most))
            return [10.0**power for power in range(first, last + 1) if (power - first) % every == 0]
        return round_values(self.low, self.high, most)


def scale_of(lines: Sequence[Array], *, log: bool | None = None) -> Scale:
    """The scale that holds every finite value; `log` None: logarithmic where all are positive and span two decades."""
    zero, ends = False, []
    for values in lines:
        # an array of finite numbers is taken as it is: the longest curves are copied nowhere
        kept = np.isfinite(values)
        if log:
            zero = zero or bool((values == 0.0).any())
            kept &= values > 0.0
        found = values if kept.all() else values[kept]
        if len(found):
            ends += [float(found.min()), float(found.max())]
    if not ends:
        return Scale(1.0, 1.0, True, zero) if log else Scale(0.0, 0.0)
    low, high = min(ends), max(ends)
    return Scale(low, high, bool(log) or (log is None and low > 0.0 and high / low > LOG_FROM), zero)


def round_values(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten between two numbers."""
    span = high / 2 - low / 2
    if not (math.isfinite(span) and span > 0.0) or most < 1:
        return []
    power = math.floor(math.log10(span))
    for exponent in range(power - 2, power + 3):
        for factor in (1, 2, 5):
            step = factor * 10.0**exponent
            if step <= 0.0:
                continue
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first + 1 <= most:
                return [n * step for n in range(first, last + 1)]
    return []


def column_of(k: int, iterations: int, columns: int) -> int:
    """The column of dots of record @k."""
    return 0 if iterations < 2 else (2 * k * (columns - 1) + iterations - 1) // (2 * (iterations - 1))


def record_at(x: int, iterations: int, width: int) -> int:
    """The first record in cell column `x` of `width`; where none is, the nearest."""
    columns = width * DOT_COLUMNS
    if iterations < 2 or columns < 2:
        return 0
    k = min(first_of(x * DOT_COLUMNS, iterations, columns), iterations - 1)
    before = max(0, k - 1)
    return min((k, before), key=lambda k: abs(column_of(k, iterations, columns) - (2 * x + 0.5)))


def first_of(column: int, iterations: int, columns: int) -> int:
    """The least k whose column of dots is `column` or later."""
    if iterations < 2 or columns < 2:
        return 0 if column == 0 else iterations
    return max(0, -(-(2 * column - 1) * (iterations - 1) // (2 * (columns - 1))))


def trace_line(
    ks: Ints, values: Array, scale: Scale, iterations: int, columns: int, height: int, pattern: str = "solid"
) -> Dots:
    """The dots of one curve through `values` at `ks`; what is not on the scale leaves a gap."""
    if not len(ks) or not columns:
        return np.zeros((height, columns), dtype=np.bool_)
    top, bottom = _ranges(ks, values, scale, iterations, columns, height)
    drawn, every = PATTERNS[pattern]
    with np.errstate(invalid="ignore"):
        line = np.arange(height)[:, None]
        return (line >= top) & (line <= bottom) & (np.arange(columns) % every < drawn)


def _ranges(ks: Ints, values: Array, scale: Scale, iterations: int, columns: int, height: int) -> tuple[Array, Array]:
    """First and last dot row of each column, NaN where nothing is drawn. Neighbours are joined."""
    # least and greatest are found before they are put on the scale: the points may be many, the columns are few
    starts = np.searchsorted(ks, [first_of(column, iterations, columns) for column in range(columns)])
    groups = np.flatnonzero(np.diff(starts, append=len(ks)))
    starts = starts[groups]
    finite = np.where(np.isfinite(values), values, math.nan)
    ends = [finite[starts], finite[np.append(starts[1:], len(ks)) - 1]]
    first, last = (scale.rows(array, height) for array in ends)
    top, bottom = np.full(columns, math.nan), np.full(columns, math.nan)
    top[groups] = scale.rows(np.fmax.reduceat(finite, starts), height)
    bottom[groups] = scale.rows(np.fmin.reduceat(finite, starts), height)
    # between two points further apart than a column: a straight line
    between = np.arange(groups[0], groups[-1] + 1)
    left = np.searchsorted(groups, between, side="right") - 1
    right = np.minimum(left + 1, len(groups) - 1)
    inner = between[groups[left] != between]
    if len(inner):
        left, right = left[groups[left] != between], right[groups[left] != between]
        share = (inner - groups[left]) / np.maximum(1, groups[right] - groups[left])
        top[inner] = bottom[inner] = np.rint(last[left] + (first[right] - last[left]) * share)
    # each column reaches half way to the next, unless a gap lies between
    joined = np.zeros(columns, dtype=np.bool_)
    joined[between[:-1]] = True
    joined[groups[:-1]] &= np.isfinite(last[:-1])
    joined[groups[1:] - 1] &= np.isfinite(first[1:])
    joined = joined[:-1]
    here_top, here_bottom = top.copy(), bottom.copy()
    with np.errstate(invalid="ignore"):
        down = joined & (here_bottom[:-1] + 1 < here_top[1:])
        up = joined & (here_bottom[1:] + 1 < here_top[:-1])
        middle = np.floor((here_bottom[:-1] + here_top[1:]) / 2)
        bottom[:-1] = np.where(down, middle, bottom[:-1])
        top[1:] = np.where(down, middle + 1, top[1:])
        middle = np.floor((here_bottom[1:] + here_top[:-1]) / 2)
        top[:-1] = np.where(up, np.fmin(middle + 1, top[:-1]), top[:-1])
        bottom[1:] = np.where(up, np.fmax(middle, bottom[1:]), bottom[1:])
    return top, bottom


def cells_of(dots: Dots) -> NDArray[np.int64]:
    """The braille bits of each cell, shape (rows, columns)."""
    rows, columns = dots.shape[0] // DOT_ROWS, dots.shape[1] // DOT_COLUMNS
    bits: NDArray[np.int64] = (dots.reshape(rows, DOT_ROWS, columns, DOT_COLUMNS) * _BITS[None, :, None, :]).sum(
        axis=(1, 3)
    )
    return bits


SPARKS = ("▁▂▃▄▅▆▇█", "_.-=+*%#")
"""Levels of a bar one row high, in Unicode and in ASCII."""


def spark(shares: Array, width: int, ascii: bool) -> str:
    """A line of bars: the last value of each column of `width`; a blank where it is not finite."""
    levels = SPARKS[ascii]
    count = len(shares)
    if not count or width < 1:
        return ""
    width = min(width, count)
    picked = shares[[(i + 1) * count // width - 1 for i in range(width)]]
    return "".join(
        levels[min(len(levels) - 1, int(share * len(levels)))] if math.isfinite(share) else " " for share in picked
    )
