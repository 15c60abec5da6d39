"""The last stage: the loss forwards, ∂L/∂ŷ backwards.

`loss` is one number per iteration. Where a batch may hold several samples, each sample's term `data_loss#s` is
a step of its own; the terms, denominators included, sum to the loss.
"""

from __future__ import annotations

import numpy as np

from engine.activations import Stated
from engine.formula.compile import array_function
from engine.formula.ground import SAMPLES
from engine.formula.nodes import Node, Ref, substitute, sum_over
from engine.layers.activation import loss_slope
from engine.layers.stage import Derived, Parameters, Work
from engine.losses import LOSSES, coefficient, over_units, scaled
from engine.quantity import ArraySymbol, Kind, Phase, Quantity
from engine.scenario.model import Array, Loss


class LossStage:
    """L from ŷ = a[layer] and y, both (batch, units)."""

    def __init__(self, layer: int, units: int, activation: str, loss: Loss, many: bool) -> None:
        self.layer = layer
        self.units = units
        self.loss = loss
        self.many = many
        """Whether a batch may hold more than one sample."""
        self.entry = LOSSES[loss.name]
        self.shortcut = self.entry.shortcuts.get(activation)
        self._term = array_function(self.entry.term, "y", "yhat")
        self._slope = array_function(self.entry.derivative, "y", "yhat")

    def forward(self, work: Work, state: Parameters) -> None:
        y, yhat = work["y", None], work["a", self.layer]
        if self.shortcut:
            totals = self.shortcut.array(work["z", self.layer], y)
        else:
            totals = self._term(y, yhat).sum(axis=1)
        work["data_loss", None] = coefficient(self.loss, *yhat.shape) * totals
        work["loss", None] = np.asarray(work["data_loss", None].sum())

    def backward(self, work: Work, state: Parameters) -> None:
        if not self.shortcut:
            work["da", self.layer] = self._output_slope(work)

    def forward_quantities(self) -> tuple[Quantity, ...]:
        per_sample, stated = self._per_sample()
        why = "How wrong the prediction is, as one number: what training makes smaller."
        if not self.many:
            # one sample: its term is the loss, and there is nothing left to sum
            return (
                self._quantity("data_loss", per_sample, stated, True, in_walk=False),
                self._quantity("loss", per_sample, stated, False, why=why),
            )
        total = sum_over("s", SAMPLES, Ref("data_loss", None, (), "s"))
        return (
            self._quantity(
                "data_loss", per_sample, stated, True,
                why="This sample's part of the loss, the denominators of any mean included.",
            ),
            self._quantity("loss", total, None, False, why=f"{why} The samples' parts, summed."),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        units = (self.units,)
        return (
            Quantity(
                "da", self.layer, Phase.BACKWARD, Kind.RECORD, units, ("j",), True,
                loss_slope(self.loss, self.layer),
                why="Where the way back begins: how the loss changes with this output.",
                array=("∂L/∂ŷ of ", ArraySymbol("a", self.layer, units), " and ", ArraySymbol("y", None, units)),
                in_walk=self.shortcut is None,
            ),
        )  # fmt: skip

    def derived(self) -> Derived:
        return {("da", self.layer): lambda work, state: self._output_slope(work)} if self.shortcut else {}

    def _output_slope(self, work: Work) -> Array:
        """∂L/∂ŷ, shape (batch, units)."""
        y, yhat = work["y", None], work["a", self.layer]
        factor = coefficient(self.loss, *yhat.shape) * self.entry.derivative_factor
        slope: Array = factor * self._slope(y, yhat)
        return slope

    def _per_sample(self) -> tuple[Node, Node | None]:
        """The loss of sample s: the formula computed, and the textbook's where that is another."""
        yhat = Ref("a", self.layer, ("j",), "s")
        term = substitute(self.entry.term, {"y": Ref("y", None, ("j",), "s"), "yhat": yhat})
        textbook = scaled(self.loss, over_units(self.layer, term))
        if not self.shortcut:
            return textbook, None
        return scaled(self.loss, self.shortcut.from_logits(self.layer)), textbook

    def _quantity(
        self, name: str, template: Node, textbook: Node | None, per_sample: bool, why: str = "", in_walk: bool = True
    ) -> Quantity:
        stated = Stated(textbook, "while ŷ has not been rounded to 0 or 1") if textbook else None
        return Quantity(
            name, None, Phase.LOSS, Kind.RECORD, (), (), per_sample, template, why=why, stated=stated, in_walk=in_walk
        )
