"""A new scenario's text: every key with a comment, data that fit the network and the loss, and it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.datasets import XOR_CLASSES, XOR_CORNERS
from engine.initialisers import INITIALISERS
from engine.losses import LOSSES, Loss
from engine.scenario.rewrite import inline, string

SCHEMA_FILE = "backprop-tui.schema.json"
SCHEMA_LINE = f"#:schema ./{SCHEMA_FILE}"
"""What editors with Taplo look for in the first line (Even Better TOML for VS Code has it inside)."""

SAMPLES = 4
_ROW = 12
"""Numbers up to which a row of data stays short enough for its comment."""
_RATES: Mapping[str, float] = {"sgd": 0.5, "adagrad": 0.1, "adadelta": 1.0}
_RATE = 0.05
_INIT_EXAMPLES: Mapping[str, float] = {"value": 0.1, "low": -0.5, "high": 0.5, "std": 0.5}
_LOSS_EXAMPLES: Mapping[str, str] = {"factor": "1.0", "over_outputs": '"sum"', "over_samples": '"mean"'}
_COLUMN = 56
"""Where comments begin, if the line is not longer."""


class Wishes(Struct, frozen=True):
    """What a new scenario should be; all names canonical or aliases that the reader knows."""

    sizes: tuple[int, ...]
    """Inputs first: (2, 2, 1)."""
    activation: str
    output_activation: str
    loss: str
    optimizer: str
    learning_rate: float
    iterations: int
    init: str
    seed: int
    """Of the first layer; the next layers have the numbers after it."""


def usual_loss(outputs: int, output_activation: str | None) -> str:
    """A loss for so many outputs, and for the activation of the last layer where that is known."""
    match output_activation:
        case "softmax":
            return "mean_cross_entropy"
        case "log_softmax":
            return "mean_negative_log_likelihood"
        case "sigmoid":
            return "mean_binary_cross_entropy"
        case None:
            return "mean_binary_cross_entropy" if outputs == 1 else "mean_cross_entropy"
        case _:
            return "half_squared_error"


def usual_output(loss: str) -> str:
    """The activation that the last layer has with a loss: that of its shortcut, or one it can take."""
    entry = _entry(loss)
    if entry.shortcuts:
        return next(iter(entry.shortcuts))
    if entry.needs_range is None:
        return "identity"
    low, high = entry.needs_range
    return next(name for name, one in ACTIVATIONS.items() if low <= one.range[0] and one.range[1] <= high)


def usual_rate(optimizer: str) -> float:
    """A learning rate that a small network learns with."""
    return _RATES.get(optimizer, _RATE)


def template(wishes: Wishes) -> str:
    """The text of a new scenario."""
    sizes = wishes.sizes
    shape = "-".join(map(str, sizes))
    lines = [
        SCHEMA_LINE,
        _line("title", string(f"A {shape} network"), "what lists call it"),
        _line("description", string("What there is to see here."), "for people; may be left out"),
        "",
        "[network]",
        _line("inputs", str(sizes[0]), "numbers per sample"),
    ]
    for number, units in enumerate(sizes[1:], start=1):
        last = number == len(sizes) - 1
        lines += [
            "",
            "[[network.layers]]" + " " * (_COLUMN - 18) + f"# layer {number}" + (", the output" if last else ""),
            _line("units", str(units), "neurons"),
            _line("activation", string(wishes.output_activation if last else wishes.activation), "a = f(z)"),
            _line(
                "weights",
                _init(wishes, wishes.seed + number - 1),
                "or rows of numbers: a row per unit, a number per input",
            ),
            _line("biases", '"zeros"', 'or a number per unit, or "none"'),
        ]
    x, y = _data(wishes)
    lines += [
        "",
        "[data]",
        *_rows("x", x, "a row per sample: its inputs"),
        *_rows("y", y, _targets(wishes)),
        "",
        "[training]",
        _line("loss", _loss(wishes.loss), "what is made small"),
        _line(
            "optimizer",
            inline({"name": string(wishes.optimizer), "learning_rate": repr(wishes.learning_rate)}),
            "how parameters are updated",
        ),
        _line("iterations", str(wishes.iterations), "updates; or epochs = passes over the data"),
        _line("batch_size", str(len(x)), "samples per update"),
        _line("shuffle", "false", "whether each epoch has another order"),
        _line("seed", str(wishes.seed), "of the shuffling"),
    ]
    return "\n".join(lines) + "\n"


def _line(key: str, value: str, comment: str) -> str:
    return f"{f'{key} = {value}':<{_COLUMN - 1}} # {comment}"


def _rows(key: str, rows: Sequence[Sequence[float]], comment: str) -> list[str]:
    texts = [f"[{', '.join(map(repr, row))}]" for row in rows]
    if len(rows[0]) * len(rows) <= _ROW:
        return [_line(key, f"[{', '.join(texts)}]", comment)]
    return [f"{key} = [" + " " * (_COLUMN - len(key) - 5) + f"# {comment}", *(f"    {text}," for text in texts), "]"]


def _init(wishes: Wishes, seed: int) -> str:
    """How a layer is drawn; each with a seed of its own, so that layers of one size do not begin alike."""
    entry = INITIALISERS[wishes.init]
    needed = {name: repr(_INIT_EXAMPLES[name]) for name, default in entry.options.items() if default is None}
    if entry.random:
        needed["seed"] = str(seed)
    return inline({"init": string(wishes.init), **needed}) if needed else string(wishes.init)


def _entry(loss: str) -> Loss:
    return LOSSES[loss] if loss in LOSSES else next(entry for entry in LOSSES.values() if loss in entry.aliases)


def _loss(name: str) -> str:
    """A loss by the name alone where that fixes its conventions, else with all of them."""
    return inline({"name": string(name), **_LOSS_EXAMPLES}) if name in LOSSES else string(name)


def _targets(wishes: Wishes) -> str:
    kind = _kind(wishes)
    if kind == "distribution":
        return "a row per sample: 1 for the right class"
    return "a row per sample: " + {"unit_interval": "0 or 1", "signs": "-1 or 1"}.get(kind, "its targets")


def _kind(wishes: Wishes) -> str:
    """What targets the loss takes; with softmax they are classes whatever the loss."""
    kind = _entry(wishes.loss).targets
    return "distribution" if kind == "any" and wishes.output_activation in ("softmax", "log_softmax") else kind


def _data(wishes: Wishes) -> tuple[list[list[float]], list[list[float]]]:
    """A few samples; with two inputs and one output those of xor."""
    inputs, outputs = wishes.sizes[0], wishes.sizes[-1]
    kind = _kind(wishes)
    if inputs == 2 and outputs == 1:
        x = [list(corner) for corner in XOR_CORNERS]
        bits = [[float(label)] for label in XOR_CLASSES]
    else:
        x = [[((3 * s + 2 * j + s * j) % 9 + 1) / 10 for j in range(inputs)] for s in range(SAMPLES)]
        bits = [[float((s + j) % 2) for j in range(outputs)] for s in range(SAMPLES)]
    match kind:
        case "distribution":
            return x, [[float(j == s % outputs) for j in range(outputs)] for s in range(len(x))]
        case "signs":
            return x, [[2.0 * bit - 1.0 for bit in row] for row in bits]
        case "unit_interval":
            return x, bits
    low, high = ACTIVATIONS[wishes.output_activation].range
    if low <= 0.0 and high >= 1.0:
        return x, bits
    # a little inside what the activation reaches
    low, high = max(low, -1.0), min(high, 1.0)
    return x, [
        [low + (high - low) * (0.25 + 0.5 * bit) if math.isfinite(low + high) else bit for bit in row] for row in bits
    ]
