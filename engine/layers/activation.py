"""The activation of a layer: a = f(z) forwards; δ = ∂L/∂z from ∂L/∂a backwards.

Two ways back, and a shortcut. *Elementwise*: δ_j = ∂L/∂a_j · f′(z_j). *Softmax*: every output depends on every
z, so δ_j = Σᵢ ∂L/∂a_i · ∂a_i/∂z_j with the Jacobian a_i·(1[i=j] − a_j). *Canonical*: the last layer with its
own loss, where both factors cancel to δ = c·(ŷ − y) and the way they cancel becomes detail inside that step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.activations import ACTIVATIONS, Stated, printed_call, softmax_stated, softmax_value
from engine.formula.compile import array_function
from engine.formula.ground import units_of
from engine.formula.nodes import Kronecker, Node, Num, Ref, Var, substitute, sum_over
from engine.layers.stage import Derived, Parameters, Stage, Work
from engine.losses import LOSSES, Shortcut, coefficient, scaled, written_coefficient
from engine.quantity import ArraySymbol, Kind, Phase, Quantity
from engine.scenario.model import Array, Layer, Loss


def activation_stage(layer: int, declared: Layer, loss: Loss | None) -> Stage:
    """The stage of a layer's activation; `loss` is given for the last layer only."""
    plain = Elementwise(layer, declared) if ACTIVATIONS[declared.activation].elementwise else Softmax(layer, declared)
    shortcut = LOSSES[loss.name].shortcuts.get(declared.activation) if loss else None
    return Canonical(plain, shortcut, loss) if loss and shortcut else plain


def _z(layer: int, unit: str = "j") -> Ref:
    return Ref("z", layer, (unit,), "s")


def _a(layer: int, unit: str = "j") -> Ref:
    return Ref("a", layer, (unit,), "s")


def _da(layer: int, unit: str = "j") -> Ref:
    return Ref("da", layer, (unit,), "s")


def _per_unit(name: str, layer: int, units: int, phase: Phase, template: Node, **more: Any) -> Quantity:
    return Quantity(name, layer, phase, Kind.RECORD, (units,), ("j",), True, template, **more)


class Elementwise:
    """a_j = f(z_j), each unit on its own. Arrays: (batch, units)."""

    def __init__(self, layer: int, declared: Layer) -> None:
        self.layer = layer
        self.units = declared.units
        self.entry = ACTIVATIONS[declared.activation]
        self._options: dict[str, Node] = {name: Num(value) for name, value in declared.activation_options.items()}
        self._f = array_function(self._tree(self.entry.value, Var("z"), Var("a")), "z")
        self._fprime = array_function(self._tree(self.entry.derivative, Var("z"), Var("a")), "z", "a")

    def forward(self, work: Work, state: Parameters) -> None:
        z = work["z", self.layer]
        work["a", self.layer] = _filled(self._f(z), z)

    def backward(self, work: Work, state: Parameters) -> None:
        work["fprime", self.layer] = self.fprime(work)
        work["delta", self.layer] = work["da", self.layer] * work["fprime", self.layer]

    def fprime(self, work: Work) -> Array:
        """f′ at every z of the record, shape (batch, units)."""
        z = work["z", self.layer]
        return _filled(self._fprime(z, work["a", self.layer]), z)

    def forward_quantities(self) -> tuple[Quantity, ...]:
        entry, layer = self.entry, self.layer
        return (
            _per_unit(
                "a", layer, self.units, Phase.FORWARD, self._at_unit(entry.value),
                called=printed_call(entry, _z(layer)) if entry.name != "identity" else None,
                stated=self._stated(entry.value_stated),
                why="The activation: what this unit passes on.",
                array=(entry.symbol, "(", ArraySymbol("z", layer, (self.units,)), ")")
                if entry.name != "identity" else (ArraySymbol("z", layer, (self.units,)),),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        layer, units = self.layer, (self.units,)
        return (
            self.fprime_quantity(),
            _per_unit(
                "delta", layer, self.units, Phase.BACKWARD, _da(layer) * Ref("fprime", layer, ("j",), "s"),
                why="δ is ∂L/∂z: the change of the loss with a, times the slope of the activation at z.",
                array=(ArraySymbol("da", layer, units), " ⊙ ", ArraySymbol("fprime", layer, units)),
            ),
        )  # fmt: skip

    def fprime_quantity(self, in_walk: bool = True) -> Quantity:
        entry, layer = self.entry, self.layer
        return _per_unit(
            "fprime", layer, self.units, Phase.BACKWARD, self._at_unit(entry.derivative),
            stated=self._stated(entry.derivative_stated),
            why="The slope of the activation at z: how much of a change of z gets through.",
            in_walk=in_walk,
        )  # fmt: skip

    def derived_quantities(self) -> tuple[Quantity, ...]:
        """What a canonical last layer need not step through, but can show."""
        return (self.fprime_quantity(in_walk=False),)

    def derived(self) -> Derived:
        return {("fprime", self.layer): lambda work, state: self.fprime(work)}

    def long_way(self) -> tuple[tuple[Ref, Node], ...]:
        fprime = Ref("fprime", self.layer, ("j",), "s")
        stated = self._stated(self.entry.derivative_stated)
        return (
            (fprime, stated.formula if stated else self._at_unit(self.entry.derivative)),
            (Ref("delta", self.layer, ("j",), "s"), _da(self.layer) * fprime),
        )

    def _tree(self, tree: Node | None, z: Node, a: Node) -> Node:
        assert tree is not None, "an elementwise function has both trees"
        return substitute(tree, {"z": z, "a": a, **self._options})

    def _at_unit(self, tree: Node | None) -> Node:
        return self._tree(tree, _z(self.layer), _a(self.layer))

    def _stated(self, stated: Stated | None) -> Stated | None:
        return stated and Stated(self._at_unit(stated.formula), stated.agrees, stated.within)


class Softmax:
    """a_j = e^(z_j) / Σᵢ e^(z_i). Arrays: (batch, units); Jacobian (batch, units, units)."""

    def __init__(self, layer: int, declared: Layer) -> None:
        self.layer = layer
        self.units = declared.units
        self.entry = ACTIVATIONS[declared.activation]

    def forward(self, work: Work, state: Parameters) -> None:
        z = work["z", self.layer]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        work["a", self.layer] = e / e.sum(axis=1, keepdims=True)

    def backward(self, work: Work, state: Parameters) -> None:
        jacobian = self.jacobian(work)
        work["jacobian", self.layer] = jacobian
        work["delta", self.layer] = np.einsum("si,sij->sj", work["da", self.layer], jacobian)

    def jacobian(self, work: Work) -> Array:
        """∂a_i/∂z_j for every sample, shape (batch, units, units)."""
        a = work["a", self.layer]
        result: Array = a[:, :, None] * (np.eye(self.units) - a[:, None, :])
        return result

    def forward_quantities(self) -> tuple[Quantity, ...]:
        layer = self.layer
        return (
            _per_unit(
                "a", layer, self.units, Phase.FORWARD, softmax_value(layer),
                stated=softmax_stated(layer),
                why="Softmax: this unit's share of the whole layer's exponentials; the shares sum to 1.",
                array=("softmax(", ArraySymbol("z", layer, (self.units,)), ")"),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        layer, n = self.layer, self.units
        return (
            self.jacobian_quantity(),
            _per_unit(
                "delta", layer, n, Phase.BACKWARD, self._through_jacobian(),
                why="Each z moves every output of a softmax: all the ways to the loss through them, summed.",
                array=(ArraySymbol("jacobian", layer, (n, n), True), " · ", ArraySymbol("da", layer, (n,))),
            ),
        )  # fmt: skip

    def jacobian_quantity(self, in_walk: bool = True) -> Quantity:
        return Quantity(
            "jacobian", self.layer, Phase.BACKWARD, Kind.RECORD, (self.units, self.units), ("i", "j"), True,
            _a(self.layer, "i") * (Kronecker("i", "j") - _a(self.layer)),
            why="How output i moves with z of unit j: the softmax Jacobian a·(1[i=j] − a).",
            in_walk=in_walk,
        )  # fmt: skip

    def derived_quantities(self) -> tuple[Quantity, ...]:
        return (self.jacobian_quantity(in_walk=False),)

    def derived(self) -> Derived:
        return {("jacobian", self.layer): lambda work, state: self.jacobian(work)}

    def long_way(self) -> tuple[tuple[Ref, Node], ...]:
        jacobian = Ref("jacobian", self.layer, ("i", "j"), "s")
        return (
            (jacobian, _a(self.layer, "i") * (Kronecker("i", "j") - _a(self.layer))),
            (Ref("delta", self.layer, ("j",), "s"), self._through_jacobian()),
        )

    def _through_jacobian(self) -> Node:
        jacobian = Ref("jacobian", self.layer, ("i", "j"), "s")
        return sum_over("i", units_of(self.layer), _da(self.layer, "i") * jacobian)


class Canonical:
    """The last layer with its own loss: the activation as it is, δ = c·(ŷ − y)."""

    def __init__(self, plain: Elementwise | Softmax, shortcut: Shortcut, loss: Loss) -> None:
        self._plain = plain
        self._shortcut = shortcut
        self._loss = loss
        self.layer = plain.layer

    def forward(self, work: Work, state: Parameters) -> None:
        self._plain.forward(work, state)

    def backward(self, work: Work, state: Parameters) -> None:
        a, y = work["a", self.layer], work["y", None]
        work["delta", self.layer] = coefficient(self._loss, *a.shape) * (a - y)

    def forward_quantities(self) -> tuple[Quantity, ...]:
        return self._plain.forward_quantities()

    def backward_quantities(self) -> tuple[Quantity, ...]:
        layer, units = self.layer, (self._plain.units,)
        difference = _a(layer) - Ref("y", None, ("j",), "s")
        return (
            *self._plain.derived_quantities(),
            _per_unit(
                "delta", layer, self._plain.units, Phase.BACKWARD, scaled(self._loss, difference),
                why="δ is ∂L/∂z. Output minus target: the slope of the activation and the slope of the loss cancel.",
                array=(
                    f"{written_coefficient(self._loss)}(",
                    ArraySymbol("a", layer, units), " − ", ArraySymbol("y", None, units), ")",
                ),
                long_way=((_da(layer), self._loss_slope()), *self._plain.long_way()),
                valid=self._shortcut.valid,
            ),
        )  # fmt: skip

    def derived(self) -> Derived:
        return self._plain.derived()

    def _loss_slope(self) -> Node:
        return loss_slope(self._loss, self.layer)


def loss_slope(loss: Loss, layer: int) -> Node:
    """∂L/∂ŷ_j of the last layer as a formula of y and ŷ."""
    entry = LOSSES[loss.name]
    slope = substitute(entry.derivative, {"y": Ref("y", None, ("j",), "s"), "yhat": _a(layer)})
    return scaled(loss, slope, entry.derivative_factor)


def _filled(values: Array, like: Array) -> Array:
    """`values` as an array of its own shape: a constant formula (identity′ = 1) gives a bare number."""
    return values if np.shape(values) == like.shape else np.full_like(like, values)
