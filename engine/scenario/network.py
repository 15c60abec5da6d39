"""The [network] table: layers as declared, and their starting parameters once every size is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine import activations, initialisers
from engine.initialisers import INITIALISERS, Initialiser
from engine.scenario import limits, schema
from engine.scenario.errors import At, Faults, Key
from engine.scenario.model import Array, Layer, frozen_array
from engine.scenario.tables import convert, problem, ragged
from engine.scenario.words import choose, number, quoted

_SHOWN = 6
"""As many numbers as an example in a message shows."""


@dataclass(frozen=True)
class Start:
    """Starting values that are to be made, not read."""

    entry: Initialiser
    seed: int = 0
    options: Mapping[str, float] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """How the result came about, for people: "xavier_uniform, seed 7"."""
        parts = [self.entry.name, *(f"{name} {value!r}" for name, value in self.options.items())]
        if self.entry.random:
            parts.append(f"seed {self.seed}")
        return ", ".join(parts)

    def make(self, layer: int, which: int, shape: tuple[int, ...], fans: tuple[int, int]) -> Array:
        rng = initialisers.generator(self.seed, layer, which)
        return frozen_array(self.entry.draw(rng, *fans, shape, **self.options))


@dataclass
class LayerDraft:
    """A layer as far as it could be read; None for what was wrong."""

    key: Key
    units: int | None = None
    activation: str | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    weights: Array | Start | None = None
    """As written: a row per input where the file's order is from_to."""
    biases: Array | Start | None = None
    no_biases: bool = False
    name: str = ""


@dataclass
class NetworkDraft:
    inputs: int | None = None
    from_to: bool = False
    layers: list[LayerDraft] = field(default_factory=list)
    counted: bool = False
    """Whether `layers` are all the layers there are."""

    @property
    def sizes(self) -> list[int | None]:
        return [self.inputs, *(layer.units for layer in self.layers)]

    @property
    def outputs(self) -> int | None:
        return self.layers[-1].units if self.counted and self.layers else None


def read_network(table: Mapping[str, Any] | None, faults: Faults) -> NetworkDraft:
    """What [network] says; all that is wrong with it goes to `faults`."""
    if table is None:
        return NetworkDraft()
    got = convert(table, schema.Network, ("network",), faults)
    draft = NetworkDraft(got.get("inputs"), got.get("weights_order") == "from_to")
    tables = got.get("layers")
    if tables is None:
        return draft
    key: Key = ("network", "layers")
    if not tables:
        faults.add(key, "a network needs at least one layer: begin it with [[network.layers]]")
    elif len(tables) > limits.MAX_LAYERS:
        faults.add(key, f"at most {limits.MAX_LAYERS} layers, got {len(tables):,}")
    else:
        draft.layers = [_layer(one, (*key, index), faults) for index, one in enumerate(tables)]
        draft.counted = True
    return draft


def _layer(table: Mapping[str, Any], key: Key, faults: Faults) -> LayerDraft:
    table = dict(table)
    flat, table_weights = _is_flat(table.get("weights")), table.get("weights")
    if flat:
        table["weights"] = "zeros"
    nested = isinstance(table.get("biases"), list) and any(isinstance(item, list) for item in table["biases"])
    if nested:
        table["biases"] = "zeros"
    got = convert(table, schema.Layer, key, faults)
    draft = LayerDraft(key, got.get("units"), name=got.get("name", ""))
    if "activation" in got:
        draft.activation, draft.options = _activation(got["activation"], (*key, "activation"), faults)
    if flat:
        faults.add((*key, "weights"), _flat(table_weights, draft.units))
    elif "weights" in got:
        draft.weights = _weights(got["weights"], (*key, "weights"), faults)
    if nested:
        faults.add((*key, "biases"), "biases are one row of numbers, a number per unit: [0.1, 0.2]")
    elif got.get("biases") == "none":
        draft.no_biases = True
    elif "biases" in got:
        draft.biases = _biases(got["biases"], (*key, "biases"), faults)
    return draft


def _is_flat(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def _flat(values: Any, units: int | None) -> str:
    message = "weights are rows in an outer array, a row per unit"
    if units == 1 and len(values) <= _SHOWN:
        return f"{message}: write [[{', '.join(map(number, values))}]]"
    return f"{message}: write [[0.1, 0.2], [0.3, 0.4]] for two units with two inputs"


def _activation(value: Any, key: Key, faults: Faults) -> tuple[str | None, Mapping[str, float]]:
    name = choose_name(value, "name", activations.canonical, "activation", key, faults)
    if name is None:
        return None, {}
    defaults = activations.ACTIVATIONS[name].options
    table = {"name": name} if isinstance(value, str) else {**value, "name": name}
    got = convert(table, schema.activation(name, defaults), key, faults)
    got.pop("name", None)
    return name, got


def choose_name(
    value: Any, within: str, spellings: Mapping[str, str], what: str, key: Key, faults: Faults
) -> str | None:
    """The canonical name in a string, or in the key `within` of a table; None and a fault where it is wrong."""
    if isinstance(value, str):
        return choose(value, spellings, what, key, faults)
    if within not in value:
        faults.add((*key, within), f"missing: the name of the {what} goes here", At.TABLE)
        return None
    wrong = problem(value[within], str)
    if wrong:
        faults.add((*key, within), wrong[1])
        return None
    return choose(value[within], spellings, what, (*key, within), faults)


def _weights(value: Any, key: Key, faults: Faults) -> Array | Start | None:
    if not isinstance(value, list):
        return _start(value, key, faults)
    if not value or not value[0]:
        faults.add(key, "there are no numbers in it: weights are a row per unit, a number per input")
        return None
    uneven = ragged(value)
    if uneven:
        faults.add((*key, uneven[0]), uneven[1])
        return None
    return frozen_array(value)


def _biases(value: Any, key: Key, faults: Faults) -> Array | Start | None:
    return frozen_array(value) if isinstance(value, list) else _start(value, key, faults, more={"none": "none"})


def _start(value: Any, key: Key, faults: Faults, more: Mapping[str, str] | None = None) -> Start | None:
    """An initialiser by its name alone, or by a table with its seed and options."""
    spellings = {**initialisers.canonical, **(more or {})}
    if value == "none" and not more:
        faults.add(key, 'only biases can be left out: "zeros" starts with every weight at 0')
        return None
    name = choose_name(value, "init", spellings, "initialiser", key, faults)
    if name is None:
        return None
    if name == "none":
        faults.add(key, 'for a layer without biases write biases = "none"')
        return None
    entry = INITIALISERS[name]
    struct = schema.initialiser(name, entry.options, entry.random)
    if isinstance(value, str):
        needed = (["seed = 7"] if entry.random else []) + [f"{o} = 0.1" for o, v in entry.options.items() if v is None]
        if needed:
            keys = " and ".join(part.split(" ")[0] for part in needed)
            example = ", ".join([f'init = "{value}"', *needed])
            faults.add(key, f"{quoted(value)} needs {keys}: write {{ {example} }}")
            return None
        return Start(entry)
    before = len(faults.found)
    got = convert({**value, "init": name}, struct, key, faults)
    if len(faults.found) > before:
        return None
    options = {option: got[option] for option in entry.options}
    wrong = entry.refuse(options)
    if wrong:
        faults.add(key, wrong)
        return None
    return Start(entry, got.get("seed", 0), options)


def parameters(draft: NetworkDraft) -> int:
    """How many numbers the layers hold, as far as their sizes are known."""
    sizes = draft.sizes
    return sum(
        units * (inputs + (0 if layer.no_biases else 1))
        for layer, inputs, units in zip(draft.layers, sizes, sizes[1:], strict=False)
        if units is not None and inputs is not None
    )


def layers(draft: NetworkDraft) -> tuple[Layer, ...]:
    """The layers with their starting parameters; to be called once nothing is wrong."""
    made = []
    sizes = [size or 0 for size in draft.sizes]
    for index, (layer, inputs, units) in enumerate(zip(draft.layers, sizes, sizes[1:], strict=False), start=1):
        weights, weights_origin = _made(layer.weights, index, initialisers.WEIGHTS, (units, inputs), (units, inputs))
        if draft.from_to and not isinstance(layer.weights, Start):
            weights = frozen_array(weights.T)
        biases, biases_origin = None, "none"
        if not layer.no_biases:
            biases, biases_origin = _made(layer.biases, index, initialisers.BIASES, (units,), (units, inputs))
        made.append(
            Layer(
                units=units,
                activation=layer.activation or "",
                weights=weights,
                biases=biases,
                activation_options=layer.options,
                weights_origin=weights_origin,
                biases_origin=biases_origin,
                name=layer.name,
            )
        )
    return tuple(made)


def _made(
    value: Array | Start | None, layer: int, which: int, shape: tuple[int, ...], fans: tuple[int, int]
) -> tuple[Array, str]:
    if isinstance(value, Start):
        return value.make(layer, which, shape, fans), value.origin
    return (np.zeros(shape) if value is None else value), "as given"
