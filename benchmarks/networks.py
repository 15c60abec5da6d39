"""The networks that are measured: each as a scenario, and as numbers for its peers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.scenario.model import Array, Layer, Loss, Optimizer, Scenario, Training, frozen_array
from engine.structs import replace


class Net(Struct, frozen=True):
    """A network with its data: what engine and peers run."""

    name: str
    sizes: tuple[int, ...]
    hidden: str
    output: str
    loss: str
    samples: int
    batch: int
    rate: float
    updates: int

    @property
    def parameters(self) -> int:
        return sum((given + 1) * units for given, units in pairwise(self.sizes))

    def start(self) -> list[tuple[Array, Array]]:
        """Weights (units, inputs) and biases of each layer."""
        rng = np.random.default_rng(0)
        return [
            (rng.normal(0.0, 1.0 / np.sqrt(given), (units, given)), np.full(units, 0.1))
            for given, units in pairwise(self.sizes)
        ]

    def data(self) -> tuple[Array, Array]:
        """Inputs and targets, a row per sample."""
        rng = np.random.default_rng(1)
        x = rng.uniform(0.0, 1.0, (self.samples, self.sizes[0]))
        if self.output == "softmax":
            return x, np.eye(self.sizes[-1])[rng.integers(0, self.sizes[-1], self.samples)]
        return x, rng.uniform(0.0, 1.0, (self.samples, self.sizes[-1]))

    def scenario(self, updates: int | None = None) -> Scenario:
        x, y = self.data()
        names = [self.hidden] * (len(self.sizes) - 2) + [self.output]
        layers = tuple(
            Layer(len(b), name, frozen_array(w), frozen_array(b), dict(ACTIVATIONS[name].options))
            for name, (w, b) in zip(names, self.start(), strict=True)
        )
        factor, outputs, samples = LOSSES[self.loss_name].aliases[self.loss]
        training = Training(
            Loss(self.loss_name, factor, outputs, samples),
            Optimizer("sgd", self.rate, dict(OPTIMIZERS["sgd"].options)),
            self.updates if updates is None else updates,
            self.batch,
        )
        return Scenario(self.name, self.sizes[0], layers, frozen_array(x), frozen_array(y), training)

    @property
    def loss_name(self) -> str:
        return next(name for name, loss in LOSSES.items() if self.loss in loss.aliases)

    def longer(self, updates: int) -> Net:
        return replace(self, updates=updates)


TINY = Net("2-2-1 softplus", (2, 2, 1), "softplus", "softplus", "half_squared_error", 1, 1, 0.05, 100_000)
SMALL = Net("4-16-16-1 tanh", (4, 16, 16, 1), "tanh", "tanh", "half_squared_error", 1, 1, 0.05, 10_000)
LARGE = Net("784-128-10 relu, softmax", (784, 128, 10), "relu", "softmax", "mean_cross_entropy", 1024, 32, 0.1, 500)
