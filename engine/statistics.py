"""Sizes of whole arrays, to be looked up: how gradients vanish, how activations spread.

`max_dW[l]` is the largest |∂L/∂W| of layer l, `rms_…` a root mean square, `var_…` a variance over samples and units.
They are summaries, not steps: no gradient depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from engine.quantity import Kind, Phase, Quantity
from engine.scenario.model import Array

SUMMARIES: dict[str, tuple[Callable[[Array], float], str]] = {
    "max": (lambda values: float(np.abs(values).max()), "The largest magnitude in the array."),
    "rms": (lambda values: float(np.sqrt(np.mean(values**2))), "The root of the mean square of the array."),
    "var": (lambda values: float(np.var(values)), "The variance over samples and units, n below."),
}
OF = ("z", "a", "delta", "dW")


def statistics(depth: int, owned: Collection[int]) -> tuple[Quantity, ...]:
    """max_, rms_ and var_ of z, a, δ and ∂L/∂W in every layer; `owned` are the layers with a W of their own."""
    return tuple(
        Quantity(
            f"{summary}_{name}", layer, Phase.BACKWARD, Kind.RECORD, (), (), False, None,
            why=f"{why} Looked up, not stepped through.", in_walk=False,
        )
        for layer in range(1, depth + 1)
        for name in OF
        if name != "dW" or layer in owned
        for summary, (_, why) in SUMMARIES.items()
    )  # fmt: skip


def summary_of(name: str) -> tuple[Callable[[Array], float], str] | None:
    """The function and the array a summary is of; None for any other name."""
    head, _, of = name.partition("_")
    return (SUMMARIES[head][0], of) if head in SUMMARIES and of in OF else None
