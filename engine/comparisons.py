"""Comparisons a scenario declares: a number here that should agree with one of another scenario."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.address import AddressError
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Array, Comparison
from engine.scenario.read import read
from engine.trace import Trace


@dataclass(frozen=True)
class Outcome:
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
    said = f"{comparison.address} = {_text(here)}, {comparison.at} of {comparison.other} = {_text(there)}"
    if here.shape != there.shape:
        return Outcome(comparison, False, f"{said}: the shapes differ, {here.shape} and {there.shape}")
    distance = float(np.max(np.abs(here - there), initial=0.0))
    ok = distance <= comparison.tolerance
    words = f"differ by {distance:.3g}, {'within' if ok else 'beyond'} {comparison.tolerance:.3g}"
    return Outcome(comparison, ok, f"{said}: they {words}")


def _text(values: Array) -> str:
    return f"{float(values):.9g}" if values.ndim == 0 else np.array2string(values, precision=6, threshold=6)
