"""The dense layer: z = W a + b forwards; ∂L/∂W, ∂L/∂b and the layer below's gradient backwards.

From z_j = Σₖ W[j,k]·a[k] + b[j] the chain rule gives, with δ_j = ∂L/∂z_j of every sample s:
∂L/∂W[j,k] = Σₛ δ_j·a[k], ∂L/∂b[j] = Σₛ δ_j and ∂L/∂a[k] = Σⱼ W[j,k]·δ_j: the same weights, read along the
other index. (Rumelhart, Hinton & Williams 1986.)

A tied layer uses the W of an earlier one, which owns it: its uses are further terms of the owner's gradient. A
shared bias is one number for all units, so its gradient sums over them too.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import Add, Node, Ref, sum_over
from engine.layers.gradient import Gradient
from engine.layers.stage import Derived, Parameters, Work, gradient_of, ref
from engine.products import product
from engine.quantity import ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Array


class Use(Struct, frozen=True):
    """One place where a W is used: z[layer] = W·below, or Wᵀ·below."""

    layer: int
    below: Key
    transposed: bool = False


class Dense(Struct, frozen=True):
    """z = W a + b for one layer. Shapes: W (units, inputs), b (units,) or (), a (batch, inputs), z (batch, units)."""

    layer: int
    units: int
    inputs: int
    below: Key
    """What the layer receives: the array that the stage below passes on."""
    bias: bool
    many: bool
    """Whether a batch may hold more than one sample."""
    weights: Gradient
    """How the gradient of W is put together."""
    biases: Gradient
    shared_bias: bool = False
    owner: int | None = None
    """The layer whose W this one uses, where that is another."""
    transposed: bool = False
    """Whether it uses the transpose of it."""
    received: float = math.inf
    """What the squares of all that it receives cannot exceed in sum, where that is known: the data's do not change."""
    uses: tuple[Use, ...] = ()
    """Further uses of this layer's own W."""

    @property
    def summed(self) -> str:
        return "Σₛ " if self.many else ""

    def matrix(self, state: Parameters) -> Array:
        """The W this layer multiplies by, shape (units, inputs)."""
        owned = state["W", self.owner or self.layer]
        return owned.T if self.transposed else owned

    def forward(self, work: Work, state: Parameters) -> None:
        z = product(work[self.below], self.matrix(state).T)
        if self.bias:
            z += state["b", self.layer]
        work["z", self.layer] = z

    def backward(self, work: Work, state: Parameters) -> None:
        delta = work["delta", self.layer]
        if self.owner is None:
            # an array that is there already is to be written into
            self.weights.write(work, state, self.weight_gradient(work, work.get(("dW", self.layer))))
        if self.bias:
            self.biases.write(work, state, delta.sum() if self.shared_bias else delta.sum(axis=0))
        if self.below[1] is not None:
            work[gradient_of(self.below)] = product(delta, self.matrix(state))

    def weight_gradient(self, work: Work, out: Array | None = None) -> Array:
        """The data's part of ∂L/∂W, shape (units, inputs), written into `out` where that is given."""
        total = product(work["delta", self.layer].T, work[self.below], out, self.received)
        for use in self.uses:
            there, below = work["delta", use.layer], work[use.below]
            total += product(below.T, there) if use.transposed else product(there.T, below)
        return total

    def forward_quantities(self) -> tuple[Quantity, ...]:
        layer = self.layer
        weighted: Node = sum_over("k", _space(self.below), self._weight("j", "k") * ref(self.below, "k"))
        array: list[str | ArraySymbol] = [self._matrix_symbol(), " · ", _column(self.below, self.inputs)]
        why = "Each input times its weight, summed"
        if self.bias:
            weighted = weighted + Ref("b", layer, () if self.shared_bias else ("j",))
            array += [" + ", ArraySymbol("b", layer, () if self.shared_bias else (self.units,))]
            why += ", plus the bias" + (" that all units share" if self.shared_bias else "")
        return (
            Quantity(
                "z", layer, Phase.FORWARD, Kind.RECORD, (self.units,), ("j",), True, weighted,
                why=f"{why}: what this unit receives before its activation.",
                array=tuple(array),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        quantities: list[Quantity] = []
        if self.owner is None:
            quantities += self._weight_quantities()
        if self.bias:
            quantities += self._bias_quantities()
        return (*quantities, self._below_quantity())

    def _weight_quantities(self) -> list[Quantity]:
        delta = ref(("delta", self.layer), "j")
        terms: list[Node] = [sum_over("s", SAMPLES, delta * ref(self.below, "k"))]
        why = "The weight acts on the loss through this unit's z: the δ at its end times the value at its start."
        for use in self.uses:
            to, source = ("k", "j") if use.transposed else ("j", "k")
            terms.append(sum_over("s", SAMPLES, ref(("delta", use.layer), to) * ref(use.below, source)))
            why += f" Layer {use.layer} uses the same weight: its part is added."
        array: tuple[str | ArraySymbol, ...] = (
            self.summed, ArraySymbol("delta", self.layer, (self.units,)), " · ",
            _column(self.below, self.inputs, transposed=True),
        )  # fmt: skip
        template = terms[0] if len(terms) == 1 else Add(tuple(terms))
        return self.weights.quantities(template, why, () if self.uses else array)

    def _bias_quantities(self) -> list[Quantity]:
        delta = ref(("delta", self.layer), "j")
        if self.shared_bias:
            template = sum_over("s", SAMPLES, sum_over("j", units_of(self.layer), delta))
            why = "The shared bias adds to every unit's z: its gradient is the sum of all their δ."
        else:
            template = sum_over("s", SAMPLES, delta)
            why = "The bias adds to z with factor 1, so its gradient is δ itself, summed over the samples."
        array = (self.summed, ArraySymbol("delta", self.layer, (self.units,)))
        return self.biases.quantities(template, why, () if self.shared_bias else array)

    def _below_quantity(self) -> Quantity:
        name, layer = gradient_of(self.below)
        template = sum_over("j", units_of(self.layer), self._weight("j", "k") * ref(("delta", self.layer), "j"))
        symbol = self._matrix_symbol()
        turned = ArraySymbol(symbol.name, symbol.layer, (self.inputs, self.units), not symbol.transposed)
        why = (
            "How the loss changes with this input." if layer is None else
            "This value reaches the loss through every unit above: each δ there, sent back along its weight, summed."
        )  # fmt: skip
        return Quantity(
            name, layer, Phase.BACKWARD, Kind.RECORD, (self.inputs,), ("k",), True, template,
            why=why,
            array=(turned, " · ", ArraySymbol("delta", self.layer, (self.units,))),
            in_walk=layer is not None,
        )  # fmt: skip

    def derived(self) -> Derived:
        if self.below[1] is not None:
            return {}
        return {gradient_of(self.below): lambda work, state: product(work["delta", self.layer], self.matrix(state))}

    def terms(self, name: str, work: Work) -> Array:
        """Each sample's term of the data part of ∂L/∂W or ∂L/∂b, shape (batch, *shape)."""
        delta = work["delta", self.layer]
        if name == "b":
            return delta.sum(axis=1) if self.shared_bias else delta
        terms: Array = np.einsum("sj,sk->sjk", delta, work[self.below])
        for use in self.uses:
            there, below = work["delta", use.layer], work[use.below]
            terms = terms + (
                np.einsum("sk,sj->sjk", there, below) if use.transposed else np.einsum("sj,sk->sjk", there, below)
            )
        return terms

    def _weight(self, to: str, source: str) -> Ref:
        return Ref("W", self.owner or self.layer, (source, to) if self.transposed else (to, source))

    def _matrix_symbol(self) -> ArraySymbol:
        return ArraySymbol("W", self.owner or self.layer, (self.units, self.inputs), self.transposed)


def _space(key: Key) -> str:
    return units_of(key[1] or 0)


def _column(key: Key, size: int, transposed: bool = False) -> ArraySymbol:
    return ArraySymbol(key[0], key[1], (1, size) if transposed else (size,), transposed)
