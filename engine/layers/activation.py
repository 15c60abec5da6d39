"""The activation of a layer: a = f(z) forwards; ∂L/∂z from ∂L/∂a backwards.

Two ways back, and a shortcut. *Elementwise*: δ_j = ∂L/∂a_j · f′(z_j). *Joint* (softmax): every output depends on
every z, so δ_j = Σᵢ ∂L/∂a_i · ∂a_i/∂z_j by the Jacobian. *Canonical*: the last layer with its own loss, where both
factors cancel to δ = c·(ŷ − y) and the way they cancel becomes detail inside that step.

What the activation reads is z, or h where a normalisation stands before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct

from engine.activations import (
    ACTIVATIONS,
    Stated,
    log_softmax_stated,
    log_softmax_value,
    printed_call,
    softmax_stated,
    softmax_value,
)
from engine.formula.compile import array_function
from engine.formula.ground import units_of
from engine.formula.nodes import Kronecker, Named, Node, Ref, Var, exp, substitute, sum_over
from engine.layers.loss import TOTALS, output_slope
from engine.layers.stage import Derived, Parameters, Stage, Work, gradient_of, ref
from engine.losses import LOSSES, Shortcut, coefficient, difference, scaled, written_coefficient
from engine.quantity import ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Array, Layer, Loss


def activation_stage(layer: int, declared: Layer, source: Key, loss: Loss | None) -> Stage:
    """The stage of a layer's activation; `loss` is given for the last layer only."""
    kind = Elementwise if ACTIVATIONS[declared.activation].elementwise else JointActivation
    plain = kind(layer, declared, source)
    shortcut = LOSSES[loss.name].shortcuts.get(declared.activation) if loss else None
    return Canonical(plain, shortcut, loss) if loss and shortcut else plain


def _why_back(source: Key, how: str) -> str:
    name = "δ is ∂L/∂z" if source[0] == "z" else "∂L/∂h, before the normalisation"
    return f"{name}: {how}"


class _Activation:
    """What both kinds share: where they read and write."""

    def __init__(self, layer: int, declared: Layer, source: Key) -> None:
        self.layer = layer
        self.units = declared.units
        self.source = source
        self.target: Key = ("a", layer)
        self.entry = ACTIVATIONS[declared.activation]
        self.back = gradient_of(source)

    def value(self, unit: str = "j") -> Ref:
        """What the activation reads."""
        return ref(self.source, unit)

    def output(self, unit: str = "j") -> Ref:
        return ref(self.target, unit)

    def output_gradient(self, unit: str = "j") -> Ref:
        return ref(gradient_of(self.target), unit)

    def source_gradient(self) -> Ref:
        return ref(self.back, "j")

    def per_unit(self, name: str, phase: Phase, template: Node, **more: Any) -> Quantity:
        return Quantity(name, self.layer, phase, Kind.RECORD, (self.units,), ("j",), True, template, **more)

    def column(self, key: Key) -> ArraySymbol:
        return ArraySymbol(key[0], key[1], (self.units,))


class Elementwise(_Activation):
    """a_j = f(z_j), each unit on its own. Arrays: (batch, units)."""

    def __init__(self, layer: int, declared: Layer, source: Key) -> None:
        super().__init__(layer, declared, source)
        self._options: dict[str, Node] = {
            name: Named(name, float(value)) for name, value in declared.activation_options.items()
        }
        self._f = array_function(self._tree(self.entry.value, Var("z"), Var("a")), "z")
        self._fprime = array_function(self._tree(self.entry.derivative, Var("z"), Var("a")), "z", "a")

    def forward(self, work: Work, state: Parameters) -> None:
        z = work[self.source]
        work[self.target] = _filled(self._f(z), z)

    def backward(self, work: Work, state: Parameters) -> None:
        work["fprime", self.layer] = self.fprime(work)
        work[self.back] = work[gradient_of(self.target)] * work["fprime", self.layer]

    def fprime(self, work: Work) -> Array:
        """f′ at every z of the record, shape (batch, units)."""
        z = work[self.source]
        return _filled(self._fprime(z, work[self.target]), z)

    def forward_quantities(self) -> tuple[Quantity, ...]:
        entry = self.entry
        plain = entry.name == "identity"
        return (
            self.per_unit(
                "a", Phase.FORWARD, self._at_unit(entry.value),
                called=None if plain else printed_call(entry, self.value()),
                stated=self._stated(entry.value_stated),
                why="The activation: what this unit passes on.",
                array=(self.column(self.source),) if plain else (entry.symbol, "(", self.column(self.source), ")"),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        fprime = ("fprime", self.layer)
        how = "the change of the loss with a, times the slope of the activation at z."
        return (
            self.fprime_quantity(),
            self.per_unit(
                self.back[0], Phase.BACKWARD, self.output_gradient() * ref(fprime, "j"),
                why=_why_back(self.source, how),
                array=(self.column(gradient_of(self.target)), " ⊙ ", self.column(fprime)),
            ),
        )  # fmt: skip

    def fprime_quantity(self, in_walk: bool = True) -> Quantity:
        return self.per_unit(
            "fprime", Phase.BACKWARD, self._at_unit(self.entry.derivative),
            stated=self._stated(self.entry.derivative_stated),
            why="The slope of the activation at z: how much of a change of z gets through.",
            in_walk=in_walk,
        )  # fmt: skip

    def derived_quantities(self) -> tuple[Quantity, ...]:
        """What a canonical last layer need not step through, but can show."""
        return (self.fprime_quantity(in_walk=False),)

    def derived(self) -> Derived:
        return {("fprime", self.layer): lambda work, state: self.fprime(work)}

    def long_way(self) -> tuple[tuple[Ref, Node], ...]:
        fprime = ref(("fprime", self.layer), "j")
        stated = self._stated(self.entry.derivative_stated)
        return (
            (fprime, stated.formula if stated else self._at_unit(self.entry.derivative)),
            (self.source_gradient(), self.output_gradient() * fprime),
        )

    def _tree(self, tree: Node | None, z: Node, a: Node) -> Node:
        assert tree is not None, "an elementwise function has both trees"
        return substitute(tree, {"z": z, "a": a, **self._options})

    def _at_unit(self, tree: Node | None) -> Node:
        return self._tree(tree, self.value(), self.output())

    def _stated(self, stated: Stated | None) -> Stated | None:
        return stated and Stated(self._at_unit(stated.formula), stated.agrees, stated.within)


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    result: Array = e / e.sum(axis=1, keepdims=True)
    return result


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


class Form(Struct, frozen=True):
    """A function of a whole layer: its trees, its numpy, its Jacobian ∂a_i/∂z_j from a."""

    tree: Callable[[Callable[[str], Ref], str], Node]
    stated: Callable[[Callable[[str], Ref], str], Stated]
    array: Callable[[Array], Array]
    jacobian: Callable[[Callable[[str], Ref]], Node]
    jacobian_array: Callable[[Array], Array]
    """a (batch, units) → (batch, units, units)."""
    why: str
    jacobian_why: str


FORMS: dict[str, Form] = {
    "softmax": Form(
        softmax_value, softmax_stated, _softmax,
        lambda a: a("i") * (Kronecker("i", "j") - a("j")),
        lambda a: a[:, :, None] * (np.eye(a.shape[1]) - a[:, None, :]),
        "Softmax: this unit's share of the whole layer's exponentials; the shares sum to 1.",
        "How output i moves with z of unit j: the softmax Jacobian a·(1[i=j] − a).",
    ),
    "log_softmax": Form(
        log_softmax_value, log_softmax_stated, _log_softmax,
        lambda a: Kronecker("i", "j") - exp(a("j")),
        lambda a: np.eye(a.shape[1]) - np.exp(a[:, None, :]) * np.ones((a.shape[1], 1)),
        "Log-softmax: the logarithm of this unit's share of the layer's exponentials.",
        "How output i moves with z of unit j: 1[i=j] less the share of unit j.",
    ),
}  # fmt: skip


class JointActivation(_Activation):
    """a from all z of the layer. Arrays: (batch, units); Jacobian (batch, units, units)."""

    def __init__(self, layer: int, declared: Layer, source: Key) -> None:
        super().__init__(layer, declared, source)
        self.form = FORMS[declared.activation]

    def forward(self, work: Work, state: Parameters) -> None:
        work[self.target] = self.form.array(work[self.source])

    def backward(self, work: Work, state: Parameters) -> None:
        jacobian = self.form.jacobian_array(work[self.target])
        work["jacobian", self.layer] = jacobian
        work[self.back] = np.einsum("si,sij->sj", work[gradient_of(self.target)], jacobian)

    def forward_quantities(self) -> tuple[Quantity, ...]:
        space = units_of(self.layer)
        return (
            self.per_unit(
                "a", Phase.FORWARD, self.form.tree(self.value, space),
                stated=self.form.stated(self.value, space),
                why=self.form.why,
                array=(self.entry.name, "(", self.column(self.source), ")"),
            ),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        n = self.units
        how = "each z moves every output of the layer; all the ways to the loss through them, summed."
        return (
            self.jacobian_quantity(),
            self.per_unit(
                self.back[0], Phase.BACKWARD, self._through_jacobian(),
                why=_why_back(self.source, how),
                array=(ArraySymbol("jacobian", self.layer, (n, n), True), " · ", self.column(gradient_of(self.target))),
            ),
        )  # fmt: skip

    def jacobian_quantity(self, in_walk: bool = True) -> Quantity:
        return Quantity(
            "jacobian", self.layer, Phase.BACKWARD, Kind.RECORD, (self.units, self.units), ("i", "j"), True,
            self.form.jacobian(self.output), why=self.form.jacobian_why, in_walk=in_walk,
        )  # fmt: skip

    def derived_quantities(self) -> tuple[Quantity, ...]:
        return (self.jacobian_quantity(in_walk=False),)

    def derived(self) -> Derived:
        return {("jacobian", self.layer): lambda work, state: self.form.jacobian_array(work[self.target])}

    def long_way(self) -> tuple[tuple[Ref, Node], ...]:
        return (
            (self._jacobian(), self.form.jacobian(self.output)),
            (self.source_gradient(), self._through_jacobian()),
        )

    def _jacobian(self) -> Ref:
        return Ref("jacobian", self.layer, ("i", "j"), "s")

    def _through_jacobian(self) -> Node:
        return sum_over("i", units_of(self.layer), self.output_gradient("i") * self._jacobian())


class Canonical:
    """The last layer with its own loss: the activation as it is, δ = c·(ŷ − y)."""

    def __init__(self, plain: Elementwise | JointActivation, shortcut: Shortcut, loss: Loss) -> None:
        self._plain = plain
        self._shortcut = shortcut
        self._loss = loss
        self.layer = plain.layer

    def forward(self, work: Work, state: Parameters) -> None:
        # a prediction has no targets, and no loss
        if self._shortcut.together and ("y", None) in work:
            work[self._plain.target], work[TOTALS] = self._shortcut.together(work[self._plain.source], work["y", None])
        else:
            self._plain.forward(work, state)

    def backward(self, work: Work, state: Parameters) -> None:
        a, y = work["a", self.layer], work["y", None]
        work[self._plain.back] = coefficient(self._loss, *a.shape) * (a - y)

    def forward_quantities(self) -> tuple[Quantity, ...]:
        return self._plain.forward_quantities()

    def backward_quantities(self) -> tuple[Quantity, ...]:
        plain, layer = self._plain, self.layer
        ascent = self._loss.factor < 0.0
        pair: list[str | ArraySymbol] = [
            plain.column(("a", layer)), " − ", ArraySymbol("y", None, (plain.units,))
        ]  # fmt: skip
        if ascent:
            pair.reverse()
        # the minus of ascent turns the difference round instead of standing before it
        upright = Loss(self._loss.name, abs(self._loss.factor), self._loss.over_outputs, self._loss.over_samples)
        template = scaled(upright, difference(self._loss, plain.output(), ref(("y", None), "j")))
        words = "Target minus output" if ascent else "Output minus target"
        return (
            *plain.derived_quantities(),
            plain.per_unit(
                plain.back[0], Phase.BACKWARD, template,
                why=_why_back(plain.source, f"{words.lower()}; the slopes of the activation and of the loss cancel."),
                array=(f"{written_coefficient(self._loss)}(", *pair, ")"),
                long_way=((plain.output_gradient(), output_slope(self._loss, layer)), *plain.long_way()),
                valid=self._shortcut.valid,
            ),
        )  # fmt: skip

    def derived(self) -> Derived:
        return self._plain.derived()


def _filled(values: Array, like: Array) -> Array:
    """`values` as an array of its own shape: a constant formula (identity′ = 1) gives a bare number."""
    return values if np.shape(values) == like.shape else np.full_like(like, values)
