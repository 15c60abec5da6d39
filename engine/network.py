"""A scenario made runnable: its stages in order, every quantity by name, the layout of its state.

A `Network` is built once per scenario and never changes. What depends on the scenario alone is here; what
depends on the position in the walk is in `plan` and `trace`.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from engine.activations import ACTIVATIONS
from engine.batches import Batches
from engine.formula.nodes import refs
from engine.layers.activation import activation_stage
from engine.layers.clip import Clip
from engine.layers.dense import Dense, Use
from engine.layers.dropout import DropoutStage, InputNoise
from engine.layers.gradient import Gradient
from engine.layers.loss import LossStage
from engine.layers.normalise import Normalise
from engine.layers.stage import Derived, Parameters, Stage, Work
from engine.penalties import in_gradient, on
from engine.products import squares
from engine.quantity import Key, Kind, Phase, Quantity
from engine.scenario.model import Array, Layer, Scenario
from engine.state import Layout, State
from engine.statistics import statistics
from engine.structs import replace
from engine.update import Update


class Network:
    """The stages, the update and the catalogue of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.sizes = scenario.sizes
        """Units per layer, the input first."""
        self.depth = len(scenario.layers)
        self.batches = Batches(scenario.samples, scenario.training)
        self.single = self.batches.largest == 1
        """Whether every batch is one sample."""
        training = scenario.training
        self.loss = (
            replace(training.loss, factor=-training.loss.factor) if training.direction == "maximise" else training.loss
        )
        """The loss as computed: its negative under ascent."""
        self.parameters = self._parameters()
        """Starting value of every parameter, in the order they are updated."""
        self.frozen = frozenset(key for key in self.parameters if key[0] in self._layer(key[1]).frozen)
        updated = {key: array.shape for key, array in self.parameters.items() if key not in self.frozen}
        self.logits: Key = ("z", self.depth)
        """What the last activation reads."""
        self.dense: dict[int, Dense] = {}
        self.stages = self._stages(updated)
        self.draws = [stage for stage in self.stages if isinstance(stage, InputNoise | DropoutStage)]
        """The stages that draw random numbers for every iteration."""
        normalised = [stage for stage in self.stages if isinstance(stage, Normalise)]
        proximal = {
            (name, layer or 0): tuple(
                penalty for penalty in training.penalties if not in_gradient(penalty) and on(penalty, name, layer or 0)
            )
            for name, layer in updated
        }
        self.update = Update(training, updated, {key: found for key, found in proximal.items() if found}, normalised)
        self._statistics_at_start = {key: array for stage in normalised for key, array in _running_start(stage).items()}
        shapes = {key: array.shape for key, array in {**self.parameters, **self._statistics_at_start}.items()}
        self.layout = Layout({**self.update.shapes(), **shapes})
        forward = [quantity for stage in self.stages for quantity in stage.forward_quantities()]
        backward = [quantity for stage in reversed(self.stages) for quantity in stage.backward_quantities()]
        owned = {layer or 0 for name, layer in self.parameters if name == "W"}
        summaries = statistics(self.depth, owned)
        everything = [*self._given(), *forward, *backward, *self.update.quantities(), *summaries]
        self.walk = tuple(quantity for quantity in everything if quantity.in_walk)
        """The quantities that are stepped through, in the order of an iteration."""
        self.catalogue: dict[Key, Quantity] = {quantity.key: quantity for quantity in everything}
        """Every quantity by name and layer, stepped through or not."""
        changed = {quantity.key for quantity in self.walk if quantity.kind is Kind.STATE}
        self.update.kept = tuple(key for key in self.layout.shapes if key not in changed)
        self.derived = {key: compute for stage in self.stages for key, compute in stage.derived().items()}
        self.spent = self._spent()
        """The gradients that an update may write over, and how to have them again."""

    def start(self) -> State:
        """State @0."""
        arrays = {**self.parameters, **self.update.slots_at_start(), **self._statistics_at_start}
        return State(0, self.layout.pack(arrays), self.layout)

    def fading(self) -> tuple[Key, ...]:
        """The states that an update computes anew (m̂, v̂).

        Any other enters its own next value, so once it is not finite it never is again, and whether a run has left
        the finite numbers shows in its end; one of these may be ∞ in between.
        """
        return tuple(
            quantity.key
            for quantity in self.walk
            if quantity.kind is Kind.STATE
            and quantity.template is not None
            and not any(ref.name == quantity.name and not ref.after for ref in refs(quantity.template))
        )

    def _spent(self) -> Derived:
        """∂L/∂W where it is the data's alone and the update reads it once, if at all (it may read it clipped)."""
        if not self.update.in_place:
            return {}
        alone = {
            layer: stage
            for layer, stage in self.dense.items()
            if stage.owner is None and not stage.weights.frozen and not stage.weights.apart
        }
        return {("dW", layer): partial(_weight_gradient, stage) for layer, stage in alone.items()}

    def learning_rate(self, k: int) -> float:
        """η of the update from state @k to state @k+1."""
        return self.update.rate_at(k + 1)

    def activation_symbol(self, layer: int) -> str:
        """How the activation of a layer is written: "σ", "tanh"."""
        return ACTIVATIONS[self._layer(layer).activation].symbol

    def activation_reads(self, layer: int) -> str:
        """What the activation of a layer reads: "z", or "h" after a normalisation."""
        normalisation = self._layer(layer).normalisation
        return "h" if normalisation and normalisation.place == "before_activation" else "z"

    def chain(self, layer: int) -> tuple[Key, ...]:
        """The arrays a value goes through in a layer, in order: z, h, a, drop, as far as the layer has them."""
        if layer == 0:
            return (("x", None), ("xtilde", None)) if self.scenario.training.input_noise else (("x", None),)
        declared = self._layer(layer)
        names = ["z", "a"]
        if declared.normalisation:
            names.insert(1 if declared.normalisation.place == "before_activation" else 2, "h")
        if declared.dropout:
            names.append("drop")
        return tuple((name, layer) for name in names)

    def _layer(self, number: int | None) -> Layer:
        return self.scenario.layers[(number or 1) - 1]

    def _stages(self, updated: dict[Key, tuple[int, ...]]) -> tuple[Stage, ...]:
        scenario = self.scenario
        training = scenario.training
        stages: list[Stage] = [Clip(training.clipping, updated)] if training.clipping else []
        below: Key = ("x", None)
        if training.input_noise:
            stages.append(InputNoise(scenario.inputs, training.input_noise))
            below = ("xtilde", None)
        received: dict[int, Key] = {}
        for number, layer in enumerate(scenario.layers, start=1):
            received[number] = below
            built, below = self._layer_stages(number, layer, below)
            stages += built
        self._tie(stages, received)
        self.dense = {stage.layer: stage for stage in stages if isinstance(stage, Dense)}
        penalised = [
            (
                penalty,
                [(key, array.shape) for key, array in self.parameters.items() if on(penalty, key[0], key[1] or 0)],
            )
            for penalty in training.penalties
        ]
        final = scenario.layers[-1]
        stages.append(
            LossStage(
                self.depth, final.units, final.activation, self.logits, self.loss,
                [(penalty, keys) for penalty, keys in penalised if keys], many=not self.single,
            )
        )  # fmt: skip
        return tuple(stages)

    def _layer_stages(self, number: int, layer: Layer, below: Key) -> tuple[list[Stage], Key]:
        """The stages of one layer, and the array it passes on."""
        received = math.inf
        if below == ("x", None):
            with np.errstate(all="ignore"):
                received = squares(self.scenario.x)
        stages: list[Stage] = [
            Dense(
                number, layer.units, self.sizes[number - 1], below, layer.biases is not None, not self.single,
                self._gradient("W", number), self._gradient("b", number),
                layer.shared_bias, layer.tied_to, layer.tied_transposed,
                received,
            )
        ]  # fmt: skip
        here: Key = ("z", number)
        normalisation = layer.normalisation

        def normalise(source: Key) -> Normalise:
            assert normalisation is not None
            gamma, beta = self._gradient("gamma", number), self._gradient("beta", number)
            return Normalise(number, layer.units, source, normalisation, gamma, beta)

        if normalisation and normalisation.place == "before_activation":
            stages.append(normalise(here))
            here = ("h", number)
        last = number == self.depth
        if last:
            self.logits = here
        stages.append(activation_stage(number, layer, here, self.loss if last else None))
        here = ("a", number)
        if normalisation and normalisation.place == "after_activation":
            stages.append(normalise(here))
            here = ("h", number)
        if layer.dropout:
            stages.append(DropoutStage(number, layer.units, here, layer.dropout))
            here = ("drop", number)
        return stages, here

    def _tie(self, stages: list[Stage], received: dict[int, Key]) -> None:
        """Tell each owner of a shared W where else it is used."""
        for place, stage in enumerate(stages):
            if isinstance(stage, Dense):
                uses = tuple(
                    Use(number, received[number], layer.tied_transposed)
                    for number, layer in enumerate(self.scenario.layers, start=1)
                    if layer.tied_to == stage.layer
                )
                stages[place] = replace(stage, uses=uses)

    def _gradient(self, name: str, layer: int) -> Gradient:
        shape = self.parameters[name, layer].shape if (name, layer) in self.parameters else ()
        penalties = tuple(penalty for penalty in self.scenario.training.penalties if on(penalty, name, layer))
        sign = -1.0 if self.loss.factor < 0.0 else 1.0
        return Gradient(name, layer, shape, penalties, sign, (name, layer) in self.frozen)

    def _parameters(self) -> dict[Key, Array]:
        parameters: dict[Key, Array] = {}
        for number, layer in enumerate(self.scenario.layers, start=1):
            if layer.tied_to is None:
                parameters["W", number] = layer.weights
            if layer.biases is not None:
                parameters["b", number] = layer.biases.reshape(()) if layer.shared_bias else layer.biases
            if layer.normalisation:
                parameters["gamma", number] = layer.normalisation.gamma
                parameters["beta", number] = layer.normalisation.beta
        return parameters

    def _given(self) -> tuple[Quantity, ...]:
        """The data, the number of the update, and parameters that nothing updates: given, so no steps."""

        def given(name: str, kind: Kind, shape: tuple[int, ...], per_sample: bool, why: str) -> Quantity:
            indices = ("j",) if shape else ()
            return Quantity(name, None, Phase.FORWARD, kind, shape, indices, per_sample, None, why=why, in_walk=False)

        indices: dict[int, tuple[str, ...]] = {0: (), 1: ("j",), 2: ("j", "k")}
        kept = [(key, "Frozen: it keeps its starting value.") for key in self.frozen]
        kept += [(key, "A running statistic, given: nothing updates it in evaluation.") for key in self._evaluated()]
        return (
            given("x", Kind.RECORD, (self.sizes[0],), True, "An input, as the data gives it."),
            given("y", Kind.RECORD, (self.sizes[-1],), True, "The target: what the output should have been."),
            given("t", Kind.RECORD, (), False, "The number of this iteration's update, from 1."),
            *(
                Quantity(
                    name, layer, Phase.UPDATE, Kind.STATE, self._shape((name, layer)),
                    indices[len(self._shape((name, layer)))], False, None, why=why, in_walk=False,
                )
                for (name, layer), why in kept
            ),
        )  # fmt: skip

    def _shape(self, key: Key) -> tuple[int, ...]:
        return self.parameters[key].shape if key in self.parameters else (self.sizes[key[1] or 0],)

    def _evaluated(self) -> list[Key]:
        return [
            (name, number)
            for number, layer in enumerate(self.scenario.layers, start=1)
            if layer.normalisation
            and layer.normalisation.kind == "batch"
            and layer.normalisation.statistics == "running"
            for name in ("running_mean", "running_var")
        ]


def _weight_gradient(stage: Dense, work: Work, state: Parameters) -> Array:
    return stage.weight_gradient(work)


def _running_start(stage: Normalise) -> dict[Key, Array]:
    """The running statistics of state @0."""
    if not stage.batch:
        return {}
    declared = stage.declared
    mean = np.zeros(stage.units) if declared.running_mean is None else declared.running_mean
    var = np.ones(stage.units) if declared.running_var is None else declared.running_var
    return {("running_mean", stage.layer): mean, ("running_var", stage.layer): var}
