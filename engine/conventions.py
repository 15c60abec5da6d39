"""Everything that changes a scenario's numbers, in words: printed on every export, so that none has to be guessed."""

from __future__ import annotations

from collections.abc import Iterator

from engine.activations import ACTIVATIONS
from engine.notation import Notation
from engine.notation_style import described
from engine.numbers import shortest
from engine.scenario.errors import clean
from engine.scenario.model import Layer, Normalisation, Option, Penalty, Scenario

_OF_MOMENTUM = ("dampening", "nesterov", "momentum_form")


def conventions(scenario: Scenario) -> Iterator[str]:
    """One sentence a topic: network, loss, penalties, optimizer, randomness, kinks, arithmetic, data."""
    sizes = "-".join(map(str, scenario.sizes))
    yield f"Network: {sizes}; {', '.join(_layer(number, layer) for number, layer in enumerate(scenario.layers, 1))}."
    yield from _loss(scenario)
    yield from _optimizer(scenario)
    training = scenario.training
    if training.clipping:
        what = "each gradient" if training.clipping.by == "value" else "all gradients together, by their length,"
        yield f"Clipping: {what} to {shortest(training.clipping.limit)}."
    if training.input_noise:
        noise = training.input_noise
        yield f"Input noise: normal, deviation {shortest(noise.std)}, seed {noise.seed}, drawn in every iteration."
    kinks = [ACTIVATIONS[layer.activation].at_kink for layer in scenario.layers]
    if any(penalty.name != "l2" for penalty in training.penalties) or training.loss.name in ("absolute_error", "huber"):
        kinks.append("sign(0) = 0")
    if any(kinks):
        yield f"Convention: {', '.join(dict.fromkeys(filter(None, kinks)))}."
    if scenario.arithmetic:
        yield f"Arithmetic by hand: {scenario.arithmetic.words()}; given numbers as they are."
    if scenario.data_origin:
        yield f"Data from {scenario.data_origin}."


def conventions_in(scenario: Scenario, notation: Notation) -> Iterator[str]:
    """The same as they are printed in a notation, and then what that does otherwise than the default."""
    for line in conventions(scenario):
        # what names a file stays as it is
        yield clean(line if line.startswith("Data from") else notation.sentence(line))
    written = described(notation.style)
    if written:
        yield f"Notation: {written}."


def _layer(number: int, layer: Layer) -> str:
    words = [f"layer {number} {ACTIVATIONS[layer.activation].symbol}"]
    words += [_option(name, value) for name, value in layer.activation_options.items()]
    if layer.normalisation:
        words.append(_normalisation(layer.normalisation))
    if layer.dropout:
        words.append(f"dropout {shortest(layer.dropout.rate)}, seed {layer.dropout.seed}")
    if layer.biases is None:
        words.append("no bias")
    elif layer.shared_bias:
        words.append("one bias for all its units")
    if layer.tied_to:
        words.append(f"with the weights of layer {layer.tied_to}{' transposed' if layer.tied_transposed else ''}")
    if layer.frozen:
        words.append(f"{' '.join(sorted(layer.frozen))} frozen")
    return words[0] if len(words) == 1 else f"{words[0]} ({'; '.join(words[1:])})"


def _normalisation(declared: Normalisation) -> str:
    where = declared.place.replace("_", " the ")
    running = "running statistics" if declared.statistics == "running" else "its own statistics"
    said = f"{declared.kind} normalisation {where}, ε {shortest(declared.epsilon)} inside the root"
    if declared.kind == "layer":
        return said
    below = "n − 1" if declared.unbiased_running else "n"
    return f"{said}, {running}, momentum {shortest(declared.momentum)}, running variance with {below} below"


def _loss(scenario: Scenario) -> Iterator[str]:
    training = scenario.training
    loss = training.loss
    words = [loss.name, f"factor {shortest(loss.factor)}", f"{loss.over_outputs} over outputs"]
    words.append(f"{loss.over_samples} over samples")
    words += [_option(name, value) for name, value in loss.options.items()]
    if training.direction == "maximise":
        words.append("its negative is the objective, and is maximised")
    yield f"Loss: {', '.join(words)}."
    for penalty in training.penalties:
        yield f"Penalty: {_penalty(penalty)}."


def _penalty(penalty: Penalty) -> str:
    terms = {"l1": "Σ|w|", "l2": "Σw²", "elastic_net": f"({shortest(penalty.l1_ratio)}·Σ|w| + the rest·Σw²)"}
    where = f" of layers {', '.join(map(str, penalty.layers))}" if penalty.layers else ""
    step = ", as a proximal step after the update" if penalty.proximal else ""
    factor = "" if penalty.factor == 1.0 else f"{shortest(penalty.factor)}·"
    on = "weights and biases" if penalty.on == "all" else penalty.on
    return f"{penalty.name}, {factor}{shortest(penalty.strength)}·{terms[penalty.name]} on the {on}{where}{step}"


def _optimizer(scenario: Scenario) -> Iterator[str]:
    training = scenario.training
    optimizer = training.optimizer
    words = [optimizer.name, f"learning rate {shortest(optimizer.learning_rate)}"]
    # without momentum these change nothing
    silent = () if optimizer.options.get("momentum") else _OF_MOMENTUM
    words += [_option(name, value) for name, value in optimizer.options.items() if name not in silent]
    yield f"Optimizer: {', '.join(words)}."
    if training.schedule:
        values = training.schedule.values
        said = [shortest(value) for value in values[:4]] + ["…"] * (len(values) > 4)
        said += [_option(name, value) for name, value in training.schedule.options.items()]
        yield f"Schedule: {training.schedule.name}, {', '.join(said)}."


def _option(name: str, value: Option) -> str:
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"no {words}"
    return f"{words} {value if isinstance(value, str) else shortest(value)}"
