"""Comparisons a scenario declares: a number here that should agree with one of another scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct

from engine.address import AddressError
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Array, Comparison
from engine.scenario.read import read
from engine.trace import Trace

_MOST = 40
"""Numbers of an array that are all shown; of a larger one the first and last `_EDGE` rows and columns."""
_EDGE = 2


class Outcome(Struct, frozen=True):
    """What came of one comparison."""

    comparison: Comparison
    ok: bool
    message: str


def check_comparisons(trace: Trace) -> list[Outcome]:
    """Every comparison of a scenario, the other scenario read from beside its file."""
    return [_compare(trace, comparison) for comparison in trace.scenario.comparisons]


def _compare(trace: Trace, comparison: Comparison) -> Outcome:
    folder = (trace.scenario.path or Path()).parent
    path = folder / comparison.other
    try:
        other = Trace(read(path))
        address = other.resolve(comparison.at)
        there = other.value(address)
    except (ScenarioError, AddressError) as error:
        return Outcome(comparison, False, f"cannot be compared: {error}")
    here = trace.value(comparison.address)
    names = str(comparison.address), f"{comparison.at} of {comparison.other}"
    if here.shape != there.shape:
        words = f"the shapes differ, {here.shape} and {there.shape}"
        return Outcome(comparison, False, _both(names, (here, there), words))
    apart = np.abs(here - there)
    distance = float(np.max(apart, initial=0.0))
    ok = distance <= comparison.tolerance
    words = f"they differ by {distance:.3g}, {'within' if ok else 'beyond'} {comparison.tolerance:.3g}"
    return Outcome(comparison, ok, _both(names, (here, there), words))


def _both(names: tuple[str, str], arrays: tuple[Array, Array], words: str) -> str:
    """Two arrays and what is said of them: matrices below that, their numbers under each other."""
    if all(array.ndim < 2 or array.size == array.shape[-1] for array in arrays):
        said = ", ".join(f"{name} = {_text(array, 0, 0)}" for name, array in zip(names, arrays, strict=True))
        return f"{said}: {words}"
    lead = max(map(len, names))
    wide = max((len(f"{value:.6g}") for array in arrays for value in _corner(array)), default=0)
    blocks = [
        f"    {name.ljust(lead)} = {_text(array, lead + 7, wide)}" for name, array in zip(names, arrays, strict=True)
    ]
    return "\n".join([f"{names[0]} and {names[1]}: {words}", *blocks])


def _text(values: Array, indent: int, wide: int) -> str:
    if values.ndim == 0:
        return f"{float(values):.9g}"
    return np.array2string(
        values,
        threshold=_MOST,
        edgeitems=_EDGE,
        max_line_width=10_000,
        separator=", ",
        prefix=" " * indent,
        formatter={"float_kind": lambda value: f"{value:.6g}".rjust(wide)},
    )


def _corner(values: Array) -> list[float]:
    """The numbers that are shown of an array."""
    if values.size > _MOST:
        ends = [np.r_[:_EDGE, size - _EDGE : size] if size > 2 * _EDGE else np.arange(size) for size in values.shape]
        values = values[np.ix_(*ends)]
    found: list[float] = values.ravel().tolist()
    return found
