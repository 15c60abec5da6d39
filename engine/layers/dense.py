"""The dense layer: z = W a + b forwards; ∂L/∂W, ∂L/∂b and the layer below's ∂L/∂a backwards.

From z_j = Σₖ W[j,k]·a[k] + b[j] the chain rule gives, with δ_j = ∂L/∂z_j of every sample s:
∂L/∂W[j,k] = Σₛ δ_j·a[k], ∂L/∂b[j] = Σₛ δ_j and ∂L/∂a[k] = Σⱼ W[j,k]·δ_j: the same weights, read along the
other index. (Rumelhart, Hinton & Williams 1986.)
"""

from __future__ import annotations

import numpy as np

from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import Node, Ref, sum_over
from engine.layers.stage import Derived, Parameters, Work
from engine.products import product
from engine.quantity import ArraySymbol, Kind, Phase, Quantity
from engine.scenario.model import Array


def input_ref(layer: int, unit: str, sample: str = "s") -> Ref:
    """What layer `layer + 1` receives: a[layer], or x where that is the input."""
    return Ref("a", layer, (unit,), sample) if layer else Ref("x", None, (unit,), sample)


class Dense:
    """z = W a + b for one layer. Shapes: W (units, inputs), b (units,), a (batch, inputs), z (batch, units)."""

    def __init__(self, layer: int, units: int, inputs: int, bias: bool, many: bool) -> None:
        self.layer = layer
        self.units = units
        self.inputs = inputs
        self.bias = bias
        self._summed = "Σₛ " if many else ""
        self._below = ("a", layer - 1) if layer > 1 else ("x", None)

    def forward(self, work: Work, state: Parameters) -> None:
        z = product(work[self._below], state["W", self.layer].T)
        work["z", self.layer] = z + state["b", self.layer] if self.bias else z

    def backward(self, work: Work, state: Parameters) -> None:
        delta = work["delta", self.layer]
        work["dW", self.layer] = product(delta.T, work[self._below])
        if self.bias:
            work["db", self.layer] = delta.sum(axis=0)
        if self.layer > 1:
            work["da", self.layer - 1] = product(delta, state["W", self.layer])

    def forward_quantities(self) -> tuple[Quantity, ...]:
        layer, below = self.layer, self.layer - 1
        weighted: Node = sum_over("k", units_of(below), Ref("W", layer, ("j", "k")) * input_ref(below, "k"))
        array: list[str | ArraySymbol] = [
            ArraySymbol("W", layer, (self.units, self.inputs)),
            " · ",
            self._input_array(),
        ]
        why = "Each input times its weight, summed"
        if self.bias:
            weighted = weighted + Ref("b", layer, ("j",))
            array += [" + ", ArraySymbol("b", layer, (self.units,))]
            why += ", plus the bias"
        return (
            Quantity(
                "z", layer, Phase.FORWARD, Kind.RECORD, (self.units,), ("j",), True, weighted,
                why=f"{why}: what this unit receives before its activation.",
                array=tuple(array),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        layer, below = self.layer, self.layer - 1
        delta = Ref("delta", layer, ("j",), "s")
        column = ArraySymbol("delta", layer, (self.units,))
        quantities = [
            Quantity(
                "dW", layer, Phase.BACKWARD, Kind.RECORD, (self.units, self.inputs), ("j", "k"), False,
                sum_over("s", SAMPLES, delta * input_ref(below, "k")),
                why="The weight acts on the loss through this unit's z: the δ at its end times the value at its start.",
                array=(self._summed, column, " · ", self._input_array(transposed=True)),
            )
        ]  # fmt: skip
        if self.bias:
            quantities.append(
                Quantity(
                    "db", layer, Phase.BACKWARD, Kind.RECORD, (self.units,), ("j",), False,
                    sum_over("s", SAMPLES, delta),
                    why="The bias adds to z with factor 1, so its gradient is δ itself, summed over the samples.",
                    array=(self._summed, column),
                )
            )  # fmt: skip
        if below:
            quantities.append(
                Quantity(
                    "da", below, Phase.BACKWARD, Kind.RECORD, (self.inputs,), ("k",), True,
                    self._back_through_weights(),
                    why="This activation reaches the loss through every unit above: each δ there, sent back along its"
                    " weight, summed.",
                    array=(ArraySymbol("W", layer, (self.inputs, self.units), True), " · ", column),
                )
            )  # fmt: skip
        else:
            quantities.append(
                Quantity(
                    "dx", None, Phase.BACKWARD, Kind.RECORD, (self.inputs,), ("k",), True,
                    self._back_through_weights(),
                    why="How the loss changes with this input.",
                    array=(ArraySymbol("W", layer, (self.inputs, self.units), True), " · ", column),
                    in_walk=False,
                )
            )  # fmt: skip
        return tuple(quantities)

    def derived(self) -> Derived:
        if self.layer > 1:
            return {}
        return {("dx", None): lambda work, state: product(work["delta", 1], state["W", 1])}

    def _back_through_weights(self) -> Node:
        return sum_over(
            "j",
            units_of(self.layer),
            Ref("W", self.layer, ("j", "k")) * Ref("delta", self.layer, ("j",), "s"),
        )

    def _input_array(self, transposed: bool = False) -> ArraySymbol:
        name, layer = self._below
        return ArraySymbol(name, layer, (1, self.inputs) if transposed else (self.inputs,), transposed)


def weight_terms(delta: Array, below: Array) -> Array:
    """Each sample's term of ∂L/∂W, shape (batch, units, inputs)."""
    terms: Array = np.einsum("sj,sk->sjk", delta, below)
    return terms
