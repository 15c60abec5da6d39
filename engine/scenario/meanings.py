"""What every key of a scenario file means, in a line: for the reference and for the hints of editors.

By struct of `schema` and key; a struct that extends another says only what it adds.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.notation_style import STYLE_OPTIONS
from engine.scenario import schema

MEANINGS: Mapping[type[Struct], Mapping[str, str]] = {
    schema.Top: {
        "title": "what the scenario is called",
        "description": "what it shows, for people",
        "source": "where it comes from, for people",
        "teaches": "exercises (H1 to H15 of docs/scenarios.md, or your own) and ideas it is for",
        "network": "the layers, with their starting weights",
        "data": "inputs and targets: x and y, or csv, or set",
        "training": "loss, optimizer, and for how long",
        "expect": "what the walk should give, by address",
        "notes": "what the author says at a step",
        "goals": "questions asked backwards: which value gives the one wanted",
        "comparisons": "numbers that should agree with another scenario's",
        "notation": "how symbols are shown; no number depends on it",
        "arithmetic": "how it is calculated by hand: to so many digits, rounded on the way",
    },
    schema.Arithmetic: {
        "decimals": "digits kept after the point; this or `significant`",
        "significant": "significant digits kept; this or `decimals`",
        "rounding": "to the even neighbour at a tie, away from zero, or towards zero",
        "each": "every named number of the walk, or every sum, product, quotient, power and function value too",
        "exact": "names left unrounded, and everything on the way to them",
    },
    schema.Network: {
        "inputs": "how many numbers a sample has",
        "weights_order": "how this file writes matrices: to_from has a row per unit, from_to a row per input",
        "layers": "a table per layer, the first one after the input first",
    },
    schema.Layer: {
        "units": "how many outputs the layer has",
        "activation": "the function a = f(z)",
        "weights": "starting W: a row per unit, drawn by an initialiser, or an earlier layer's used again",
        "biases": "starting b: a number per unit, drawn, none at all, or one shared by all units",
        "name": "what the layer is called; no two alike",
        "normalisation": "batch or layer normalisation",
        "dropout": "inverted dropout on what the layer passes on",
        "frozen": "parameters that are never updated: all, or those named",
    },
    schema.Shared: {"shared": "the one bias of all units of the layer"},
    schema.Tied: {
        "tied_to": "the earlier layer whose W is used",
        "transposed": "whether the transpose of that W is used",
    },
    schema.LayerNormalisation: {
        "name": "batch or layer",
        "epsilon": "ε beside the variance under the root",
        "place": "whether z is normalised, or a",
        "gamma": "starting γ, the scale, a number per unit",
        "beta": "starting β, the shift, a number per unit",
    },
    schema.BatchNormalisation: {
        "momentum": "share of the new batch in the running statistics (PyTorch's momentum)",
        "statistics": "the batch's own mean and variance (training), or the running ones (evaluation)",
        "unbiased_running": "whether the running variance has n − 1 below, or n",
        "running_mean": "starting running mean, a number per unit; else zeros",
        "running_var": "starting running variance, a number per unit; else ones",
    },
    schema.Dropout: {
        "rate": "the share that is dropped; the rest is divided by 1 − rate",
        "seed": "of the masks",
    },
    schema.Data: {
        "x": "inputs, a row per sample",
        "y": "targets, a row per sample; or the names of classes",
        "names": "what inputs and outputs are called",
        "csv": "data from a file in the scenario's folder or below",
        "set": "data that are made",
    },
    schema.DataNames: {
        "inputs": "a name per input",
        "outputs": "a name per output, or the classes in their order",
    },
    schema.Csv: {
        "file": "path from the scenario's own folder, folders parted by /",
        "inputs": "columns of the inputs; else all that are not to be learnt",
        "outputs": "columns of numbers to be learnt; this or class",
        "class": "the column of words to be learnt; this or outputs",
        "rows": "first and last row read, counted from 1 below the header; else all",
        "standardise": "whether each input column is given mean 0 and population deviation 1",
        "scale": "what the inputs are divided by",
        "separator": "the sign between cells",
    },
    schema.Training: {
        "loss": "what is minimised",
        "optimizer": "how gradients become updates",
        "iterations": "how many updates; this or epochs",
        "epochs": "how many passes over the data; this or iterations",
        "batch_size": "samples an iteration; else all",
        "shuffle": "whether every epoch has the samples in a new order",
        "seed": "of the shuffling",
        "drop_last": "whether a last batch that is not full is left out",
        "penalties": "terms added to the loss",
        "schedule": "how the learning rate changes: an array of rates, or a table",
        "clipping": "what gradients may not exceed",
        "direction": "minimise the loss, or maximise its negative by ascent",
        "input_noise": "Gaussian noise added to the inputs, drawn anew in every iteration",
    },
    schema.Penalty: {
        "name": "l1, l2 or elastic_net",
        "strength": "λ",
        "on": "which parameters it acts on",
        "layers": "which layers it acts on; else all",
    },
    schema.L1: {
        "factor": "what λ Σ|w| is multiplied by",
        "proximal": "whether it is a soft threshold after the update instead of a subgradient",
    },
    schema.L2: {"factor": "what λ Σw² is multiplied by: 0.5 or 1.0, because books disagree"},
    schema.ElasticNet: {
        "factor": "what the whole term is multiplied by",
        "l1_ratio": "share of l1 in it",
    },
    schema.Clipping: {
        "by": "norm: all gradients together are scaled; value: each element is cut",
        "limit": "the largest norm, or the largest magnitude",
    },
    schema.Noise: {"std": "standard deviation", "seed": "of the noise"},
    schema.Loss: {
        "name": "one of the losses",
        "factor": "what the sum or mean is multiplied by",
        "over_outputs": "how the terms of a sample's outputs are put together",
        "over_samples": "how the samples of a batch are put together",
    },
    schema.Expected: {
        "value": "a number or nested rows",
        "tolerance": "how far off it may be, absolutely",
    },
    schema.Printed: {"printed": "the digits of a book, in quotes: rounded or cut off, trailing zeros meant"},
    schema.Note: {
        "at": "the address of the step; without @k in every iteration, at a whole array at its first element",
        "text": "what is shown there, in any language",
        "audience": "lecturer: shown with --lecturer alone",
    },
    schema.Goal: {
        "free": "the number that is free: an input, a target or a starting parameter",
        "target": "the number that is wanted to have a value",
        "value": "the value wanted",
        "bracket": "where to look; needed unless the algebra inverts",
        "expect": "the answer, to be verified",
    },
    schema.Comparison: {
        "this": "an address here",
        "other": "the other scenario's file, in this folder or below",
        "at": "the address there",
        "tolerance": "how far apart they may be, absolutely",
    },
    schema.Notation: {
        **{option.name: option.meaning for option in STYLE_OPTIONS},
        "letters": "what is printed for a symbol, by its name",
    },
}


def meanings(struct: type[Struct]) -> dict[str, str]:
    """The meaning of each key of a table, those of the structs it extends included."""
    found: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        found |= MEANINGS.get(base, {})
    return found
