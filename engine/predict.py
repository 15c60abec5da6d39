"""What a network says of other inputs than its batch: the stages' own forward code, as in evaluation.

Dropout passes everything on, input noise is left out, and batch normalisation takes its running statistics, which
every walk keeps. So for a network with none of these a prediction is the forward pass of the walk, but for rounding.
"""

from __future__ import annotations

import numpy as np

from engine.activations import ACTIVATIONS
from engine.layers.activation import Elementwise
from engine.layers.clip import Clip
from engine.layers.dropout import DropoutStage, InputNoise
from engine.layers.loss import LossStage
from engine.layers.normalise import Normalise
from engine.layers.stage import Parameters, Work
from engine.network import Network
from engine.scenario.model import Array
from engine.structs import replace


def predict(network: Network, state: Parameters, x: Array) -> Array:
    """The outputs a[L] of shape (n, units) for inputs `x` of shape (n, inputs), read-only.

    Raises:
        ValueError: `x` has another shape.
    """
    if x.ndim != 2 or x.shape[1] != network.sizes[0]:
        raise ValueError(f"expected inputs of shape (n, {network.sizes[0]}), got {x.shape}")
    work: Work = {("x", None): x}
    with np.errstate(all="ignore"):
        for stage in network.stages:
            match stage:
                case LossStage() | Clip():
                    pass
                case InputNoise():
                    work["xtilde", None] = work["x", None]
                case DropoutStage():
                    work[stage.target] = work[stage.source]
                case Normalise(batch=True, running=False):
                    declared = replace(stage.declared, statistics="running")
                    known = Normalise(stage.layer, stage.units, stage.source, declared, stage.gamma, stage.beta)
                    known.forward(work, state)
                case _:
                    stage.forward(work, state)
    # after a normalisation at its end a layer passes h on; a[L] is what the loss reads
    made = work["a", network.depth]
    made.flags.writeable = False
    return made


def evaluation(network: Network) -> str:
    """How a prediction differs from the forward pass of training, in words; nothing where it does not."""
    kinds = {
        "input noise left out": any(isinstance(stage, InputNoise) for stage in network.stages),
        "dropout left out": any(isinstance(stage, DropoutStage) for stage in network.stages),
        "running statistics": any(
            isinstance(stage, Normalise) and stage.batch and not stage.running for stage in network.stages
        ),
    }
    return ", ".join(words for words, found in kinds.items() if found)


def activation_at(network: Network, layer: int, z: Array) -> tuple[Array, Array]:
    """f and f′ of a layer's elementwise activation at `z` of shape (n,), each (n,).

    Raises:
        ValueError: the activation is a function of the whole layer.
    """
    if not elementwise(network, layer):
        raise ValueError(f"the activation of layer {layer} is a function of the whole layer")
    declared = network.scenario.layers[layer - 1]
    stage = Elementwise(layer, declared, ("z", layer))
    work: Work = {("z", layer): z[:, None]}
    with np.errstate(all="ignore"):
        stage.forward(work, {})
        slope = stage.fprime(work)
    return work["a", layer][:, 0], slope[:, 0]


def elementwise(network: Network, layer: int) -> bool:
    """Whether a layer's activation works on each unit alone, so that it can be plotted."""
    return ACTIVATIONS[network.scenario.layers[layer - 1].activation].elementwise
