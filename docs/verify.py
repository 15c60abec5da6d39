"""Verifies every explanation and every path of every shipped scenario: `python docs/verify.py`.

For every step the formula tree, evaluated, has to give the recorded value within 1e-12 × the magnitudes of its
terms; for every parameter, in the first and the last iteration, the paths to the loss have to sum to its gradient.
The result is written to `docs/verification.md`. Exit status 1 if anything does not hold.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from engine.address import Address
from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.paths import paths
from engine.scenario.read import read
from engine.trace import Trace

HERE = Path(__file__).parent
BOUND = 1e-12
MOST_STEPS = 60_000
"""Steps looked at in one scenario; of a longer walk every n-th, so that this takes minutes."""
MOST_PARAMETERS = 4_000
"""Elements of one parameter array whose paths are summed; of a larger one every n-th."""


@dataclass(frozen=True)
class Result:
    """What came of one scenario."""

    name: str
    steps: int
    looked_at: int
    wrong: tuple[str, ...]
    parameters: int
    paths: int


def verify(file: Path, most_steps: int = MOST_STEPS, most_parameters: int = MOST_PARAMETERS) -> Result:
    """Every explanation of a scenario, and the paths of its parameters in the first and last iteration."""
    trace = Trace(read(file))
    wrong: list[str] = []
    stride = max(1, len(trace) // most_steps)
    looked_at = range(0, len(trace), stride)
    for index in looked_at:
        explanation = explain(trace, index)
        if not agrees(explanation.tree, explanation.step.value, BOUND):
            wrong.append(f"{explanation.step.address}: the explanation differs from the value")
    parameters = count = 0
    for k in sorted({0, max(0, trace.plan.iterations - 1)}):
        for (name, layer), array in trace.network.parameters.items():
            places = list(np.ndindex(array.shape))
            for place in places[:: max(1, len(places) // most_parameters)]:
                address = Address(name, layer, tuple(index + 1 for index in place), None, k)
                found = paths(trace, address, 1)
                parameters += 1
                count += found.count
                gradient = float(trace.value(found.gradient))
                within = BOUND * max(found.magnitude, abs(gradient))
                if np.isfinite(gradient) and not abs(found.total - gradient) <= within:
                    wrong.append(f"{address}: the paths sum to {found.total!r}, the gradient is {gradient!r}")
    return Result(file.stem, len(trace), len(looked_at), tuple(wrong), parameters, count)


def main() -> int:
    files = sorted((HERE.parent / "scenarios").glob("*.toml"))
    with Pool(2) as pool:
        results = pool.map(verify, files, chunksize=1)
    lines = [
        "# Verification",
        "",
        "Made by `python docs/verify.py`. Every step's formula, evaluated, gives the recorded value within 1e-12 × the",
        "magnitudes of its terms; every parameter's paths to the loss, in the first and the last iteration, sum to its",
        "gradient within the same bound.",
        "",
        "| scenario | steps | looked at | parameters | paths | wrong |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {one.name} | {one.steps:,} | {one.looked_at:,} | {one.parameters:,} | {one.paths:,}"
            f" | {len(one.wrong)} |"
            for one in results
        ),
        "",
    ]
    (HERE / "verification.md").write_text("\n".join(lines), encoding="utf-8")
    for one in results:
        for line in one.wrong[:5]:
            print(f"{one.name}: {line}", file=sys.stderr)
    total = sum(one.looked_at for one in results)
    print(f"{len(results)} scenarios, {total:,} steps, {sum(len(one.wrong) for one in results)} wrong")
    return 1 if any(one.wrong for one in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
