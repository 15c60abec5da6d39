"""What has to fit across tables: matrices to layers, data to the network, targets to the loss, all to the limits.

Everything is checked on the sizes declared, before anything is allocated. What could not be read (None) has
been reported already and is passed over here.
"""

from __future__ import annotations

import math

import numpy as np

from engine.activations import ACTIVATIONS
from engine.losses import LOSSES
from engine.scenario import limits
from engine.scenario.data import DataDraft
from engine.scenario.errors import Faults, Key
from engine.scenario.network import LayerDraft, NetworkDraft, Start, parameters
from engine.scenario.training import TrainingDraft
from engine.scenario.words import count, matrix, number

RECORD_ARRAYS = 5
"""Arrays as long as a layer that an iteration records per sample: z, a, f′, ∂L/∂a, δ."""
_SUM_TOLERANCE = 1e-12


def check(network: NetworkDraft, data: DataDraft, training: TrainingDraft, faults: Faults) -> None:
    """Report all that does not fit together."""
    _check_parameters(network, faults)
    _check_layers(network, faults)
    _check_data(network, data, faults)
    _check_loss(network, training, faults)
    _check_targets(network, data, training, faults)
    _check_record(network, data, training, faults)


def _check_parameters(network: NetworkDraft, faults: Faults) -> None:
    total = parameters(network)
    if total > limits.MAX_PARAMETERS:
        message = f"these layers have {count(total, 'parameter')} together: at most {limits.MAX_PARAMETERS:,}"
        largest = max(network.layers, key=lambda layer: layer.units or 0)
        faults.add((*largest.key, "units"), message)


def _shape(layer: LayerDraft) -> tuple[int, int] | None:
    if layer.weights is None or isinstance(layer.weights, Start):
        return None
    rows, columns = layer.weights.shape
    return rows, columns


def _check_layers(network: NetworkDraft, faults: Faults) -> None:
    sizes = network.sizes
    pairs = list(zip(network.layers, sizes, sizes[1:], strict=False))
    other_order = _fits_other_order(network)
    for layer, inputs, units in pairs:
        if units is not None and not isinstance(layer.biases, Start | None) and layer.biases.size != units:
            got = count(layer.biases.size, "bias", "es")
            faults.add((*layer.key, "biases"), f"expected a bias per unit, {units:,} in all, got {got}")
        shape = _shape(layer)
        if shape is None or inputs is None or units is None:
            continue
        expected = (inputs, units) if network.from_to else (units, inputs)
        if shape != expected:
            faults.add((*layer.key, "weights"), _wrong_matrix(shape, expected, network.from_to, other_order))


def _fits_other_order(network: NetworkDraft) -> bool:
    """Whether every matrix of the file is right once read in the other order."""
    sizes = network.sizes
    if None in sizes or any(layer.weights is None for layer in network.layers):
        return False
    return all(
        shape is None or shape == ((units, inputs) if network.from_to else (inputs, units))
        for shape, inputs, units in zip(map(_shape, network.layers), sizes, sizes[1:], strict=False)
    )


def _wrong_matrix(shape: tuple[int, int], expected: tuple[int, int], from_to: bool, other_order: bool) -> str:
    message = f"expected {matrix(*expected)}, got {count(shape[0], 'row')} of {shape[1]:,}"
    rows = "a row per input, a number per unit" if from_to else "a row per unit, a number per input"
    if shape != expected[::-1]:
        return message if shape[0] == expected[0] else f"{message}: {rows}"
    message += f": this matrix looks transposed: write it as {count(expected[0], 'row')} of {expected[1]:,} ({rows})"
    if other_order and from_to:
        return f"{message}; or, if every matrix here is written so, leave out network.weights_order"
    if other_order:
        return f'{message}; or, if every matrix here is written so, put weights_order = "from_to" under [network]'
    return message


def _check_data(network: NetworkDraft, data: DataDraft, faults: Faults) -> None:
    total = sum(array.size for array in (data.x, data.y) if array is not None)
    if total > limits.MAX_DATA_NUMBERS:
        faults.add(("data", "x"), f"the data are {count(total, 'number')}: at most {limits.MAX_DATA_NUMBERS:,}")
    if data.x is not None and network.inputs is not None and data.x.shape[1] != network.inputs:
        inputs, got = count(network.inputs, "input"), count(data.x.shape[1], "number")
        faults.add(("data", "x"), f"the network has {inputs}, but each row of x has {got}")
    if data.y is not None and network.outputs is not None and data.y.shape[1] != network.outputs:
        units, got = count(network.outputs, "unit"), count(data.y.shape[1], "number")
        faults.add(("data", "y"), f"the last layer has {units}, but each row of y has {got}")
    if data.x is not None and data.y is not None and len(data.x) != len(data.y):
        x, y = count(len(data.x), "row"), count(len(data.y), "row")
        faults.add(("data", "y"), f"x has {x} and y has {y}: each sample needs a row in both")


def _check_loss(network: NetworkDraft, training: TrainingDraft, faults: Faults) -> None:
    if training.loss_name is None or not network.counted or network.layers[-1].activation is None:
        return
    loss, last = LOSSES[training.loss_name], network.layers[-1]
    if loss.needs_range is None or _within(last.activation or "", loss.needs_range):
        return
    low, high = loss.needs_range
    fitting = [name for name in ACTIVATIONS if _within(name, loss.needs_range)]
    usual = [name for name in loss.shortcuts if name in fitting] or fitting
    reaches = _reach(*ACTIVATIONS[last.activation or ""].range)
    faults.add(
        (*last.key, "activation"),
        f"{loss.name} takes logarithms, so it needs outputs between {low:g} and {high:g};"
        f" {last.activation} gives {reaches}: use {' or '.join(usual)} in the last layer, or another loss",
    )


def _within(activation: str, bounds: tuple[float, float]) -> bool:
    low, high = ACTIVATIONS[activation].range
    return bounds[0] <= low and high <= bounds[1]


def _reach(low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return "any number"
    if math.isinf(high):
        return f"any number above {low:g}"
    return f"numbers between {low:g} and {high:g}"


def _check_targets(network: NetworkDraft, data: DataDraft, training: TrainingDraft, faults: Faults) -> None:
    y = data.y
    if y is None or training.loss_name is None or (network.outputs is not None and y.shape[1] != network.outputs):
        return
    name, kind = training.loss_name, LOSSES[training.loss_name].targets
    if kind == "any":
        return
    wrong = np.argwhere((y < 0) | (y > 1)) if kind == "unit_interval" else np.argwhere(y < 0)
    if len(wrong):
        row, column = (int(index) for index in wrong[0])
        bounds = "between 0 and 1" if kind == "unit_interval" else "of at least 0"
        message = f"{name} needs targets {bounds}, got {number(float(y[row, column]))}"
        faults.add(("data", "y", row, column), message)
        return
    if kind == "distribution":
        for row, values in enumerate(y):
            total = math.fsum(values)
            if abs(total - 1) > _SUM_TOLERANCE:
                message = f"{name} needs the targets of a sample to sum to 1; row {row + 1} sums to {number(total)}"
                faults.add(("data", "y", row), message)
                return


def _check_record(network: NetworkDraft, data: DataDraft, training: TrainingDraft, faults: Faults) -> None:
    if data.x is None:
        return
    batch = min(training.batch_size or len(data.x), len(data.x))
    numbers = RECORD_ARRAYS * batch * sum(size for size in network.sizes if size is not None)
    if numbers > limits.MAX_RECORD_NUMBERS:
        key: Key = ("training", "batch_size") if training.batch_size else ("training",)
        faults.add(
            key,
            f"an iteration over {count(batch, 'sample')} would record about {numbers:,} numbers:"
            f" at most {limits.MAX_RECORD_NUMBERS:,}, so take a smaller batch_size",
        )
