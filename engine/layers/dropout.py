"""Noise with a key: dropout after a layer, Gaussian noise on the inputs.

What is drawn depends on a seed, the layer and the iteration alone, never on how the iteration was reached, so
the walk stays one and the same. The draws are given numbers like the data: they have addresses, but no step.
"""

from __future__ import annotations

import numpy as np

from engine.layers.stage import Derived, Parameters, Work, gradient_of, ref
from engine.quantity import ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Array, Dropout, Noise


def _given(name: str, layer: int | None, units: int, why: str) -> Quantity:
    return Quantity(name, layer, Phase.FORWARD, Kind.RECORD, (units,), ("j",), True, None, why=why, in_walk=False)


class DropoutStage:
    """drop = source · mask, the mask 0 or 1/(1 − rate). (Srivastava et al. 2014, inverted as is usual now.)"""

    def __init__(self, layer: int, units: int, source: Key, declared: Dropout) -> None:
        self.layer = layer
        self.units = units
        self.source = source
        self.target: Key = ("drop", layer)
        self.declared = declared

    def forward(self, work: Work, state: Parameters) -> None:
        values = work[self.source]
        work["mask", self.layer] = self.drawn(int(work["t", None]) - 1, len(values))
        work[self.target] = values * work["mask", self.layer]

    def drawn(self, k: int, samples: int) -> Array:
        """The mask of iteration k + 1, shape (samples, units)."""
        drawn = np.random.default_rng([self.declared.seed, self.layer, k]).random((samples, self.units))
        mask: Array = (drawn >= self.declared.rate) / (1.0 - self.declared.rate)
        return mask

    def backward(self, work: Work, state: Parameters) -> None:
        work[gradient_of(self.source)] = work[gradient_of(self.target)] * work["mask", self.layer]

    def forward_quantities(self) -> tuple[Quantity, ...]:
        mask = ("mask", self.layer)
        return (
            _given("mask", self.layer, self.units, "0 with probability p, else 1/(1 − p): drawn for this iteration."),
            Quantity(
                *self.target, Phase.FORWARD, Kind.RECORD, (self.units,), ("j",), True,
                ref(self.source, "j") * ref(mask, "j"),
                why="Dropout: this unit is left out, or scaled up so that the expected sum stays the same.",
                array=(ArraySymbol(*self.source, (self.units,)), " ⊙ ", ArraySymbol(*mask, (self.units,))),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        name, layer = gradient_of(self.source)
        return (
            Quantity(
                name, layer, Phase.BACKWARD, Kind.RECORD, (self.units,), ("j",), True,
                ref(gradient_of(self.target), "j") * ref(("mask", self.layer), "j"),
                why="What was left out forwards gets nothing back; the rest is scaled likewise.",
            ),
        )  # fmt: skip

    def derived(self) -> Derived:
        return {}


class InputNoise:
    """xtilde = x + noise, the noise normal with the declared deviation."""

    def __init__(self, units: int, declared: Noise) -> None:
        self.units = units
        self.declared = declared

    def forward(self, work: Work, state: Parameters) -> None:
        x = work["x", None]
        work["noise", None] = self.drawn(int(work["t", None]) - 1, len(x))
        work["xtilde", None] = x + work["noise", None]

    def drawn(self, k: int, samples: int) -> Array:
        """The noise of iteration k + 1, shape (samples, inputs)."""
        generator = np.random.default_rng([self.declared.seed, k])
        # numpy takes −0.0 for a negative deviation
        return generator.normal(0.0, abs(self.declared.std), (samples, self.units))

    def backward(self, work: Work, state: Parameters) -> None:
        """Nothing learns below the input."""

    def forward_quantities(self) -> tuple[Quantity, ...]:
        return (
            _given("noise", None, self.units, "Normal with mean 0, drawn for this iteration."),
            Quantity(
                "xtilde", None, Phase.FORWARD, Kind.RECORD, (self.units,), ("j",), True,
                ref(("x", None), "j") + ref(("noise", None), "j"),
                why="The input with this iteration's noise: what the network sees.",
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        return ()

    def derived(self) -> Derived:
        return {}
