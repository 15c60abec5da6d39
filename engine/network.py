"""A scenario made runnable: its stages in order, every quantity by name, the layout of its state.

A `Network` is built once per scenario and never changes. What depends on the scenario alone is here; what
depends on the position in the walk is in `plan` and `trace`.
"""

from __future__ import annotations

from engine.activations import ACTIVATIONS
from engine.batches import Batches
from engine.layers.activation import activation_stage
from engine.layers.dense import Dense
from engine.layers.loss import LossStage
from engine.layers.stage import Stage
from engine.quantity import Key, Kind, Phase, Quantity
from engine.scenario.model import Array, Scenario
from engine.state import Layout, State
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
        self.stages = self._stages()
        self.parameters = self._parameters()
        self.update = Update(scenario.training.optimizer, {key: array.shape for key, array in self.parameters.items()})
        self.layout = Layout(self.update.shapes())
        forward = [quantity for stage in self.stages for quantity in stage.forward_quantities()]
        backward = [quantity for stage in reversed(self.stages) for quantity in stage.backward_quantities()]
        everything = [*self._given(), *forward, *backward, *self.update.quantities()]
        self.walk = tuple(quantity for quantity in everything if quantity.in_walk)
        """The quantities that are stepped through, in the order of an iteration."""
        self.catalogue: dict[Key, Quantity] = {quantity.key: quantity for quantity in everything}
        """Every quantity by name and layer, stepped through or not."""
        self.derived = {key: compute for stage in self.stages for key, compute in stage.derived().items()}

    def start(self) -> State:
        """State @0."""
        vector = self.layout.pack({**self.parameters, **self.update.slots_at_start()})
        return State(0, vector, self.layout)

    def learning_rate(self, k: int) -> float:
        """η of the update from state @k to state @k+1."""
        return self.scenario.training.optimizer.learning_rate

    def activation_symbol(self, layer: int) -> str:
        """How the activation of a layer is written: "σ", "tanh"."""
        return ACTIVATIONS[self.scenario.layers[layer - 1].activation].symbol

    def _stages(self) -> tuple[Stage, ...]:
        stages: list[Stage] = []
        loss = self.scenario.training.loss
        for number, layer in enumerate(self.scenario.layers, start=1):
            last = number == self.depth
            stages.append(Dense(number, layer.units, self.sizes[number - 1], layer.biases is not None, not self.single))
            stages.append(activation_stage(number, layer, loss if last else None))
        final = self.scenario.layers[-1]
        stages.append(LossStage(self.depth, final.units, final.activation, loss, many=not self.single))
        return tuple(stages)

    def _parameters(self) -> dict[Key, Array]:
        """Starting W and b of every layer, in the order they are updated."""
        parameters: dict[Key, Array] = {}
        for number, layer in enumerate(self.scenario.layers, start=1):
            parameters["W", number] = layer.weights
            if layer.biases is not None:
                parameters["b", number] = layer.biases
        return parameters

    def _given(self) -> tuple[Quantity, ...]:
        """The data and the learning rate: given, so no steps."""

        def given(name: str, kind: Kind, shape: tuple[int, ...], per_sample: bool, why: str) -> Quantity:
            indices = ("j",) if shape else ()
            return Quantity(name, None, Phase.FORWARD, kind, shape, indices, per_sample, None, why=why, in_walk=False)

        return (
            given("x", Kind.RECORD, (self.sizes[0],), True, "An input, as the data gives it."),
            given("y", Kind.RECORD, (self.sizes[-1],), True, "The target: what the output should have been."),
            given("lr", Kind.STATE, (), False, "The learning rate, as the file gives it."),
        )
