"""The [network] table: layers as declared, and their starting parameters once every size is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct, field

from engine import activations, initialisers
from engine.initialisers import INITIALISERS, Initialiser
from engine.scenario import limits, schema, schema_options
from engine.scenario.errors import Faults, Key
from engine.scenario.layer_options import (
    NormalisationDraft,
    layer_number,
    read_dropout,
    read_frozen,
    read_normalisation,
)
from engine.scenario.model import Array, Dropout, Layer, Option, frozen_array
from engine.scenario.tables import choose_name, convert, ragged
from engine.scenario.words import nearest, number, quoted

_SHOWN = 6
"""As many numbers as an example in a message shows."""


class Start(Struct, frozen=True):
    """Starting values that are to be made, not read."""

    entry: Initialiser
    seed: int = 0
    options: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """How the result came about, for people: "xavier_uniform, seed 7"."""
        chosen = {name: value for name, value in self.options.items() if value != self.entry.options[name]}
        parts = [self.entry.name, *(f"{name} {value}" for name, value in chosen.items())]
        if self.entry.random:
            parts.append(f"seed {self.seed}")
        return ", ".join(parts)

    def make(self, layer: int, which: int, shape: tuple[int, ...], fans: tuple[int, int]) -> Array:
        rng = initialisers.generator(self.seed, layer, which)
        return frozen_array(self.entry.draw(rng, *fans, shape, **self.options))


class Tie(Struct):
    """The weights of an earlier layer, which owns them."""

    value: int | str
    transposed: bool
    to: int | None = None
    """The owner's number from 1, once it is known to be one."""

    @property
    def origin(self) -> str:
        return f"tied to layer {self.to}" + (", transposed" if self.transposed else "")


class LayerDraft(Struct):
    """A layer as far as it could be read; None for what was wrong."""

    key: Key
    units: int | None = None
    activation: str | None = None
    options: Mapping[str, Option] = field(default_factory=dict)
    weights: Array | Start | Tie | None = None
    """As written: a row per input where the file's order is from_to."""
    biases: Array | Start | None = None
    no_biases: bool = False
    shared_bias: bool = False
    name: str = ""
    normalisation: NormalisationDraft | None = None
    dropout: Dropout | None = None
    frozen: frozenset[str] = frozenset()


class NetworkDraft(Struct):
    """[network] as far as it could be read."""

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

    @property
    def names(self) -> list[str]:
        """What each layer is called; empty where it is not."""
        return [layer.name for layer in self.layers]


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
        draft.layers = [_layer(one, (*key, index), draft.from_to, faults) for index, one in enumerate(tables)]
        draft.counted = True
        _check_names(draft, faults)
        for index, layer in enumerate(draft.layers):
            if isinstance(layer.weights, Tie):
                _tie(layer.weights, index, draft, faults)
    return draft


def _check_names(draft: NetworkDraft, faults: Faults) -> None:
    first: dict[str, int] = {}
    for index, layer in enumerate(draft.layers):
        if layer.name and first.setdefault(layer.name, index) != index:
            message = f"layer {first[layer.name] + 1} is called {quoted(layer.name)} too: give each its own name"
            faults.add((*layer.key, "name"), message)


def _tie(tie: Tie, index: int, draft: NetworkDraft, faults: Faults) -> None:
    """Find the layer that a tied one takes its weights from."""
    key: Key = (*draft.layers[index].key, "weights", "tied_to")
    if index == 0:
        faults.add(key, "the first layer has no earlier one whose weights it could use")
        return
    to = layer_number(tie.value, draft.names, key, faults)
    if to is None:
        return
    if to > index:
        which = "this is" if to == index + 1 else "it is not before"
        faults.add(key, f"a layer can only be tied to an earlier one: {which} layer {index + 1}")
        return
    owner = draft.layers[to - 1].weights
    if isinstance(owner, Tie):
        hint = "" if owner.to is None else f": they are those of layer {owner.to}, so write tied_to = {owner.to}"
        faults.add(key, f"layer {to} has no weights of its own{hint}")
        return
    tie.to = to


def _units_written(table: Mapping[str, Any], from_to: bool) -> int | None:
    """How many units a layer's numbers are written for; None where they do not say."""
    weights, biases = table.get("weights"), table.get("biases")
    if isinstance(weights, list) and weights and all(isinstance(row, list) for row in weights):
        return len(weights[0]) if from_to else len(weights)
    return len(biases) if isinstance(biases, list) else None


def _layer(table: Mapping[str, Any], key: Key, from_to: bool, faults: Faults) -> LayerDraft:
    table = dict(table)
    flat, table_weights = _is_flat(table.get("weights")), table.get("weights")
    if flat:
        table["weights"] = "zeros"
    nested = isinstance(table.get("biases"), list) and any(isinstance(item, list) for item in table["biases"])
    if nested:
        table["biases"] = "zeros"
    units = _units_written(table, from_to)
    got = convert(table, schema.Layer, key, faults, lines={"units": f"units = {units}"} if units else {})
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
        draft.shared_bias = _means(got["biases"], "shared")
        draft.biases = _biases(got["biases"], (*key, "biases"), faults)
    if got.get("normalisation") is not None:
        draft.normalisation = read_normalisation(got["normalisation"], (*key, "normalisation"), faults)
    if got.get("dropout") is not None:
        draft.dropout = read_dropout(got["dropout"], (*key, "dropout"), faults)
    normalised = "normalisation" in table or faults.wrote(key, "normalisation")
    if "frozen" in got:
        draft.frozen = read_frozen(got["frozen"], (*key, "frozen"), _lacking(draft, normalised), faults)
    return draft


def _lacking(draft: LayerDraft, normalised: bool) -> dict[str, str]:
    """Why a layer has not each parameter of its own; "" where it has."""
    tie = draft.weights if isinstance(draft.weights, Tie) else None
    lacks = "" if normalised else "this layer has no normalisation, and so neither gamma nor beta"
    return {
        "weights": "" if tie is None else f"these weights are those of layer {tie.value}: freeze them there",
        "biases": "this layer has no biases" if draft.no_biases else "",
        "gamma": lacks,
        "beta": lacks,
    }


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


def _activation(value: Any, key: Key, faults: Faults) -> tuple[str | None, Mapping[str, Option]]:
    name = choose_name(value, "name", activations.canonical, "activation", key, faults)
    if name is None:
        return None, {}
    defaults = activations.ACTIVATIONS[name].options
    table = {"name": name} if isinstance(value, str) else {**value, "name": name}
    got = convert(table, schema_options.activation(name, defaults), key, faults)
    got.pop("name", None)
    return name, got


def _weights(value: Any, key: Key, faults: Faults) -> Array | Start | Tie | None:
    if _means(value, "tied_to"):
        got = convert(value, schema.Tied, key, faults)
        return Tie(got["tied_to"], got.get("transposed", False)) if "tied_to" in got else None
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


def _means(value: Any, name: str) -> bool:
    """Whether a value is a table of another kind than an initialiser, as its key or a misspelt one shows."""
    if not isinstance(value, dict) or "init" in value:
        return False
    return any(nearest(key, ["init", name]) == [name] for key in value) and not any(
        nearest(key, ["init"]) for key in value
    )


def _biases(value: Any, key: Key, faults: Faults) -> Array | Start | None:
    if _means(value, "shared"):
        got = convert(value, schema.Shared, key, faults)
        return frozen_array([got["shared"]]) if "shared" in got else None
    if isinstance(value, list):
        return frozen_array(value)
    start = _start(value, key, faults, more={"none": "none"})
    if start is not None and start.entry.matrix:
        faults.add(key, f"{start.entry.name} makes matrices only: for biases choose another")
        return None
    return start


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
    struct = schema_options.initialiser(name, entry.options, entry.choices, entry.random)
    if isinstance(value, str):
        needed = ["seed = 7"] if entry.random else []
        needed += [schema_options.example(option) for option, default in entry.options.items() if default is None]
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
    total = 0
    for layer, inputs, units in zip(draft.layers, sizes, sizes[1:], strict=False):
        if units is None or inputs is None:
            continue
        total += 0 if isinstance(layer.weights, Tie) else units * inputs
        total += 0 if layer.no_biases else 1 if layer.shared_bias else units
        total += 0 if layer.normalisation is None else 2 * units
    return total


def layers(draft: NetworkDraft) -> tuple[Layer, ...]:
    """The layers with their starting parameters; to be called once nothing is wrong."""
    made: list[Layer] = []
    sizes = [size or 0 for size in draft.sizes]
    for index, (layer, inputs, units) in enumerate(zip(draft.layers, sizes, sizes[1:], strict=False), start=1):
        weights, weights_origin = _starting_weights(layer.weights, index, made, (units, inputs), draft.from_to)
        tie = layer.weights if isinstance(layer.weights, Tie) else None
        biases, biases_origin = None, "none"
        if not layer.no_biases:
            biases, biases_origin = _made(layer.biases, index, initialisers.BIASES, (units,), (units, inputs))
        if layer.shared_bias:
            biases_origin = "one for all units"
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
                normalisation=None if layer.normalisation is None else layer.normalisation.make(units),
                dropout=layer.dropout,
                frozen=layer.frozen,
                shared_bias=layer.shared_bias,
                tied_to=None if tie is None else tie.to,
                tied_transposed=tie is not None and tie.transposed,
            )
        )
    return tuple(made)


def _starting_weights(
    value: Array | Start | Tie | None, layer: int, before: list[Layer], shape: tuple[int, int], from_to: bool
) -> tuple[Array, str]:
    if isinstance(value, Tie):
        assert value.to is not None
        owned = before[value.to - 1].weights
        return frozen_array(owned.T) if value.transposed else owned, value.origin
    weights, origin = _made(value, layer, initialisers.WEIGHTS, shape, shape)
    return (weights if isinstance(value, Start) or not from_to else frozen_array(weights.T)), origin


def _made(
    value: Array | Start | None, layer: int, which: int, shape: tuple[int, ...], fans: tuple[int, int]
) -> tuple[Array, str]:
    if isinstance(value, Start):
        return value.make(layer, which, shape, fans), value.origin
    return (np.zeros(shape) if value is None else value), "as given"
