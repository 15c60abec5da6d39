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
from engine.scenario.data_draft import DataDraft
from engine.scenario.errors import Faults, Key
from engine.scenario.layer_options import check_normalisation
from engine.scenario.network import LayerDraft, NetworkDraft, Tie, parameters
from engine.scenario.training import TrainingDraft
from engine.scenario.training_options import place_penalties
from engine.scenario.words import count, matrix, number

RECORD_ARRAYS = 5
"""Arrays as long as a layer that an iteration records per sample: z, a, f′, ∂L/∂a, δ."""
_SUM_TOLERANCE = 1e-12


def check(network: NetworkDraft, data: DataDraft, training: TrainingDraft, faults: Faults) -> None:
    """Report all that does not fit together."""
    _check_parameters(network, faults)
    _check_layers(network, faults)
    _check_last(network, faults)
    if network.counted:
        place_penalties(training.penalties, network, faults)
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
    if not isinstance(layer.weights, np.ndarray):
        return None
    rows, columns = layer.weights.shape
    return rows, columns


def _check_layers(network: NetworkDraft, faults: Faults) -> None:
    sizes = network.sizes
    pairs = list(zip(network.layers, sizes, sizes[1:], strict=False))
    other_order = _fits_other_order(network)
    for index, (layer, inputs, units) in enumerate(pairs):
        if layer.normalisation is not None:
            check_normalisation(layer.normalisation, units, faults)
        if isinstance(layer.weights, Tie) and inputs is not None and units is not None:
            _check_tie(layer.weights, network, index, (units, inputs), faults)
        biases = layer.biases if isinstance(layer.biases, np.ndarray) and not layer.shared_bias else None
        if units is not None and biases is not None and biases.size != units:
            got = count(biases.size, "bias", "es")
            faults.add((*layer.key, "biases"), f"expected a bias per unit, {units:,} in all, got {got}")
        shape = _shape(layer)
        if shape is None or inputs is None or units is None:
            continue
        expected = (inputs, units) if network.from_to else (units, inputs)
        if shape != expected:
            faults.add((*layer.key, "weights"), _wrong_matrix(shape, expected, network.from_to, other_order))


def _check_tie(tie: Tie, network: NetworkDraft, index: int, needed: tuple[int, int], faults: Faults) -> None:
    """Hold the weights of an earlier layer to the shape that this one needs."""
    if tie.to is None:
        return
    rows, columns = network.sizes[tie.to], network.sizes[tie.to - 1]
    if rows is None or columns is None or needed == ((columns, rows) if tie.transposed else (rows, columns)):
        return
    key = (*network.layers[index].key, "weights")
    message = f"layer {index + 1} needs {matrix(*needed)}, the weights of layer {tie.to} are {matrix(rows, columns)}"
    if needed == (rows, columns):
        faults.add((*key, "transposed"), f"{message}: they fit as they are, so leave out transposed")
    elif needed == (columns, rows):
        faults.add(key, f"{message}: they fit transposed: write {{ tied_to = {tie.to}, transposed = true }}")
    else:
        fitting = [str(number) for number in range(1, index + 1) if _could_tie(network, number, needed)]
        which = f"layer {' or '.join(fitting)} would fit" if fitting else "no earlier layer fits"
        faults.add(key, f"{message}, which fit neither as they are nor transposed: {which}")


def _could_tie(network: NetworkDraft, number: int, needed: tuple[int, int]) -> bool:
    owner, rows, columns = network.layers[number - 1], network.sizes[number], network.sizes[number - 1]
    return not isinstance(owner.weights, Tie) and needed in ((rows, columns), (columns, rows))


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
        turned = _turned(data.x.shape, network.inputs, None if data.y is None else len(data.y), "x")
        faults.add(("data", "x"), f"the network has {inputs}, but each row of x has {got}{turned}")
        if turned:
            return
    if data.y is not None and network.outputs is not None and data.y.shape[1] != network.outputs:
        units, got = count(network.outputs, "unit"), count(data.y.shape[1], "number")
        turned = _turned(data.y.shape, network.outputs, None if data.x is None else len(data.x), "y")
        faults.add(("data", "y"), f"the last layer has {units}, but each row of y has {got}{turned}")
        if turned:
            return
    if data.x is not None and data.y is not None and len(data.x) != len(data.y):
        x, y = count(len(data.x), "row"), count(len(data.y), "row")
        faults.add(("data", "y"), f"x has {x} and y has {y}: each sample needs a row in both")


def _turned(shape: tuple[int, ...], width: int, samples: int | None, name: str) -> str:
    """A hint where data have a column per sample."""
    if shape != (width, samples) or samples is None:
        return ""
    return f": {name} looks transposed: write it as {matrix(samples, width)}, a row per sample"


def _check_last(network: NetworkDraft, faults: Faults) -> None:
    if network.counted and network.layers[-1].dropout is not None:
        message = "dropout is on what a layer passes to the next one, and after the last layer there is none"
        faults.add((*network.layers[-1].key, "dropout"), message)
    last = network.layers[-1].normalisation if network.counted else None
    if last is not None and last.got["place"] == "after_activation":
        message = "the loss reads the last activation: a normalisation in the last layer stands before it"
        faults.add((*last.key, "place"), message)


def _check_loss(network: NetworkDraft, training: TrainingDraft, faults: Faults) -> None:
    if training.loss_name is None or not network.counted or network.layers[-1].activation is None:
        return
    loss, last = LOSSES[training.loss_name], network.layers[-1]
    if loss.needs_range is None:
        return
    needs = _needs(loss.name, loss.needs_range)
    if _within(last.activation or "", loss.needs_range):
        return
    fitting = [name for name in ACTIVATIONS if _within(name, loss.needs_range)]
    usual = [name for name in loss.shortcuts if name in fitting] or fitting
    reaches = _reach(*ACTIVATIONS[last.activation or ""].range)
    others = [other.name for other in LOSSES.values() if last.activation in other.shortcuts]
    another = f"another loss such as {' or '.join(others)}" if others else "another loss"
    faults.add(
        (*last.key, "activation"),
        f"{needs}; {last.activation} gives {reaches}: use {' or '.join(usual)} in the last layer, or {another}",
    )


def _needs(loss: str, bounds: tuple[float, float]) -> str:
    low, high = bounds
    if math.isinf(low):
        return f"{loss} takes log-probabilities, so it needs outputs of at most {high:g}"
    return f"{loss} takes logarithms, so it needs outputs between {low:g} and {high:g}"


def _within(activation: str, bounds: tuple[float, float]) -> bool:
    low, high = ACTIVATIONS[activation].range
    return bounds[0] <= low and high <= bounds[1]


def _reach(low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return "any number"
    if math.isinf(high):
        return f"any number above {low:g}"
    if math.isinf(low):
        return f"any number below {high:g}"
    return f"numbers between {low:g} and {high:g}"


def _check_targets(network: NetworkDraft, data: DataDraft, training: TrainingDraft, faults: Faults) -> None:
    y = data.y
    if y is None or training.loss_name is None or (network.outputs is not None and y.shape[1] != network.outputs):
        return
    name, kind = training.loss_name, LOSSES[training.loss_name].targets
    if kind == "any":
        return
    bounds, outside = {
        "unit_interval": ("between 0 and 1", (y < 0) | (y > 1)),
        "distribution": ("of at least 0", y < 0),
        "signs": ("of -1 or 1", np.abs(y) != 1),
    }[kind]
    wrong = np.argwhere(outside)
    if len(wrong):
        row, column = (int(index) for index in wrong[0])
        message = f"{name} needs targets {bounds}, got {number(float(y[row, column]))}"
        if kind == "signs" and np.isin(y, (0, 1)).all():
            message += ": write -1 for every 0"
        key, where = data.target(row, column)
        faults.add(key, message + where)
        return
    if kind == "distribution":
        for row, values in enumerate(y):
            total = math.fsum(values)
            if abs(total - 1) > _SUM_TOLERANCE:
                message = f"{name} needs the targets of a sample to sum to 1; row {row + 1} sums to {number(total)}"
                key, where = data.target(row, None)
                faults.add(key, message + where)
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
