"""The local derivatives a path is a product of: one link per stage, between an array and the next.

A *node* is one unit of one sample of an array: z[1][2]#3. A link knows to which nodes of the next array a node
leads, the derivative along each of these edges, and the sums over all edges at once, which need no list of them.

Dense layers, softmax and layer normalisation connect the units of a sample; batch normalisation connects the samples
of a unit; everything else leads straight on. With x̂ = (v − mean)/√(var + ε) and h = γ·x̂ + β, over the n values
that share the statistics,
∂h_i/∂v_j = γ_i/√(var + ε)·(1[i=j] − 1/n − x̂_i·x̂_j/n). (Ioffe & Szegedy 2015, their equations put together.)

Besides values there are *magnitudes*: a derivative that is a difference, like 1 − ŷ, counts with the sum of its terms'
magnitudes, since that is what rounding is proportional to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr

from engine.address import Address
from engine.formula.evaluate import scale
from engine.formula.nodes import Add, Call, Div, Named, Neg, Node, Num, Symbol, call
from engine.iterate import Record
from engine.layers.activation import Canonical, Elementwise, JointActivation
from engine.layers.clip import Clip
from engine.layers.dense import Dense
from engine.layers.dropout import DropoutStage, InputNoise
from engine.layers.loss import LossStage
from engine.layers.normalise import Normalise
from engine.layers.stage import Stage
from engine.products import product
from engine.quantity import Key
from engine.scenario.model import Array
from engine.trace import Trace

At = tuple[int, int]
"""A node of an array: sample and unit, from 0."""


class Factor(Struct, frozen=True, eq=False):
    """One local derivative."""

    symbol: Node
    """As it is printed: a symbol of the walk, a number, or ∂h/∂z where the walk has no name for it."""
    value: float
    address: Address | None = None
    """Where the walk has this number; None where it is a constant or has `formula` instead."""
    formula: Node | None = None
    """A grounded tree that gives the value, where the walk does not record it."""
    magnitude: float = 0.0
    """Of the terms the value is a sum of; at least |value|."""

    def __post_init__(self) -> None:
        force_setattr(self, "magnitude", max(self.magnitude, abs(self.value)))


class Scene:
    """One record with its state: what the links read."""

    def __init__(self, trace: Trace, k: int) -> None:
        self.trace = trace
        self.k = k
        self.network = trace.network
        self.state = trace.state(k)
        self.record: Record = trace.record(k)
        self.samples = self.record.samples

    def node(self, key: Key, at: At) -> Address:
        """The address of a node."""
        return Address(key[0], key[1], (at[1] + 1,), at[0] + 1, self.k)

    def symbol(self, address: Address) -> Symbol:
        """A number of the walk, to be printed."""
        return Symbol(address, float(self.trace.value(address)), self.network.single)

    def recorded(self, address: Address, magnitude: float = 0.0) -> Factor:
        """A derivative that the walk has as a number of its own."""
        symbol = self.symbol(address)
        return Factor(symbol, symbol.value, address, magnitude=magnitude)


class Link(Protocol):
    """The derivatives of the array `target` with respect to the array `source`, both (batch, units)."""

    source: Key
    target: Key

    def ahead(self, at: At) -> Iterable[At]:
        """The nodes of `target` that a node of `source` acts on."""

    def factor(self, at: At, to: At) -> Factor:
        """∂target[to]/∂source[at]."""

    def back(self, gradient: Array, magnitudes: bool = False) -> Array:
        """∂/∂source from ∂/∂target: every edge's derivative times what is above it, summed. Shapes (batch, units)."""

    def counts(self, above: Sequence[int]) -> list[int]:
        """Paths from each node of a sample of `source`, given those from each of `target`; one number per sample."""


class DenseLink:
    """∂z_j/∂a_k = W[j,k], within a sample."""

    def __init__(self, scene: Scene, stage: Dense) -> None:
        self._scene = scene
        self._stage = stage
        self.source = stage.below
        self.target: Key = ("z", stage.layer)
        self._matrix = stage.matrix(scene.state)

    def ahead(self, at: At) -> Iterable[At]:
        return [(at[0], unit) for unit in range(self._stage.units)]

    def factor(self, at: At, to: At) -> Factor:
        place = (at[1] + 1, to[1] + 1) if self._stage.transposed else (to[1] + 1, at[1] + 1)
        owner = self._stage.owner or self._stage.layer
        return self._scene.recorded(Address("W", owner, place, k=self._scene.k))

    def back(self, gradient: Array, magnitudes: bool = False) -> Array:
        return product(gradient, np.abs(self._matrix) if magnitudes else self._matrix)

    def counts(self, above: Sequence[int]) -> list[int]:
        return [count * self._stage.units for count in above]


class StraightLink:
    """One derivative per unit and sample, recorded under `name`: f′(z), or the mask of a dropout."""

    def __init__(self, scene: Scene, source: Key, target: Key, name: str) -> None:
        self._scene = scene
        self.source = source
        self.target = target
        self._key: Key = (name, target[1])

    def ahead(self, at: At) -> Iterable[At]:
        return [at]

    def factor(self, at: At, to: At) -> Factor:
        return self._scene.recorded(self._scene.node(self._key, at))

    def back(self, gradient: Array, magnitudes: bool = False) -> Array:
        slope = self._scene.record[self._key]
        result: Array = gradient * (np.abs(slope) if magnitudes else slope)
        return result

    def counts(self, above: Sequence[int]) -> list[int]:
        return list(above)


class JointLink:
    """The Jacobian of a softmax, recorded: ∂a_i/∂z_j within a sample."""

    def __init__(self, scene: Scene, source: Key, layer: int, activation: str) -> None:
        self._scene = scene
        self.source = source
        self.target: Key = ("a", layer)
        self._jacobian = scene.record["jacobian", layer]
        self._sizes = np.abs(self._jacobian)
        if activation == "softmax":
            # a·(1[i=j] − a) counts with a·(1[i=j] + a)
            a = scene.record["a", layer]
            self._sizes = a[:, :, None] * (np.eye(a.shape[1]) + a[:, None, :])

    def ahead(self, at: At) -> Iterable[At]:
        return [(at[0], unit) for unit in range(self._jacobian.shape[1])]

    def factor(self, at: At, to: At) -> Factor:
        address = Address("jacobian", self.target[1], (to[1] + 1, at[1] + 1), at[0] + 1, self._scene.k)
        return self._scene.recorded(address, float(self._sizes[at[0], to[1], at[1]]))

    def back(self, gradient: Array, magnitudes: bool = False) -> Array:
        result: Array = np.einsum("si,sij->sj", gradient, self._sizes if magnitudes else self._jacobian)
        return result

    def counts(self, above: Sequence[int]) -> list[int]:
        return [count * self._jacobian.shape[1] for count in above]


class NormalLink:
    """∂h_i/∂v_j of a normalisation, the statistics' part included; straight on where these are given numbers."""

    def __init__(self, scene: Scene, stage: Normalise) -> None:
        self._scene = scene
        self._stage = stage
        self.source = stage.source
        self.target = stage.target
        layer = stage.layer
        self._gamma = scene.state["gamma", layer]
        self._axis = 0 if stage.batch else 1
        var = scene.state["running_var", layer] if stage.running else scene.record["var", layer]
        root = np.sqrt(var + stage.declared.epsilon)
        self._root = root if stage.batch else root[:, None]
        self._xhat = scene.record["xhat", layer]
        self._n = self._xhat.shape[self._axis]

    def ahead(self, at: At) -> Iterable[At]:
        if self._stage.running:
            return [at]
        if self._stage.batch:
            return [(sample, at[1]) for sample in range(self._n)]
        return [(at[0], unit) for unit in range(self._n)]

    def factor(self, at: At, to: At) -> Factor:
        scene = self._scene
        formula = self._formula(at, to)
        symbol = Div(
            Call("∂{}", (scene.symbol(scene.node(self.target, to)),)),
            Call("∂{}", (scene.symbol(scene.node(self.source, at)),)),
        )
        value = float(self._gamma[to[1]] / self._at_root(at))
        if not self._stage.running:
            same = 1.0 if at == to else 0.0
            value *= float(same - 1 / self._n - self._xhat[to] * self._xhat[at] / self._n)
        return Factor(symbol, value, formula=formula, magnitude=scale(formula))

    def back(self, gradient: Array, magnitudes: bool = False) -> Array:
        gamma, xhat = self._gamma, self._xhat
        if magnitudes:
            gamma, xhat = np.abs(gamma), np.abs(xhat)
        scaled: Array = gradient * gamma / self._root
        if self._stage.running:
            return scaled
        through = scaled.mean(axis=self._axis, keepdims=True) + xhat * (scaled * xhat).mean(
            axis=self._axis, keepdims=True
        )
        result: Array = scaled + through if magnitudes else scaled - through
        return result

    def counts(self, above: Sequence[int]) -> list[int]:
        if self._stage.running:
            return list(above)
        if self._stage.batch:
            return [sum(above)] * len(above)
        return [count * self._n for count in above]

    def _at_root(self, at: At) -> float:
        return float(self._root[at[1]] if self._stage.batch else self._root[at[0], 0])

    def _formula(self, at: At, to: At) -> Node:
        scene, stage, k = self._scene, self._stage, self._scene.k
        name = "running_var" if stage.running else "var"
        var = Address(name, stage.layer, (at[1] + 1,), k=k) if stage.batch else Address(
            name, stage.layer, (), at[0] + 1, k
        )  # fmt: skip
        gamma = scene.symbol(Address("gamma", stage.layer, (to[1] + 1,), k=k))
        over = gamma / call("sqrt", scene.symbol(var) + Named("epsilon", stage.declared.epsilon))
        if stage.running:
            return over
        here, there = (scene.symbol(scene.node(("xhat", stage.layer), node)) for node in (at, to))
        n = Num(float(self._n))
        bend = (Neg(Div(Num(1.0), n)), Neg(Div(there * here, n)))
        return over * Add((Num(1.0), *bend) if at == to else bend)


def links_of(scene: Scene) -> list[Link]:
    """The links of a network from its input to a[last], in order.

    Raises:
        TypeError: a stage of a kind that has no link here.
    """
    return [link for stage in scene.network.stages for link in _links(scene, stage)]


def _links(scene: Scene, stage: Stage) -> list[Link]:
    network = scene.network
    match stage:
        case Dense():
            return [DenseLink(scene, stage)]
        case Normalise():
            return [NormalLink(scene, stage)]
        case DropoutStage():
            return [StraightLink(scene, stage.source, stage.target, "mask")]
        case Elementwise() | JointActivation() | Canonical():
            layer = stage.layer
            source: Key = (network.activation_reads(layer), layer)
            activation = network.scenario.layers[layer - 1].activation
            if ("jacobian", layer) in network.catalogue:
                return [JointLink(scene, source, layer, activation)]
            return [StraightLink(scene, source, ("a", layer), "fprime")]
        case Clip() | InputNoise() | LossStage():
            return []
        case _:
            raise TypeError(f"no local derivatives are known of a {type(stage).__name__}")
