"""The JSON Schema of a scenario file, for editors: the reader's own structs, and the tables' entries as choices.

It says what stands in one place alone: keys, types, names, bounds. What has to fit across tables (shapes,
addresses) is the reader's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from engine.activations import ACTIVATIONS
from engine.activations import canonical as activation_names
from engine.datasets import DATASETS
from engine.initialisers import INITIALISERS, Initialiser
from engine.initialisers import canonical as initialiser_names
from engine.losses import LOSSES
from engine.notation_style import LONGEST
from engine.optimizers import OPTIMIZERS
from engine.optimizers import canonical as optimizer_names
from engine.penalties import canonical as penalty_names
from engine.scenario import schema, schema_options
from engine.scenario.expectations import AXES
from engine.scenario.layer_options import NORMALISATIONS, PARAMETERS
from engine.scenario.meanings import meanings
from engine.scenario.notation import LETTER_KEY
from engine.schedules import SCHEDULES

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> Json:
    """The schema of a whole file."""
    top = _table(
        schema.Top,
        network=_table(schema.Network, layers={"type": "array", "minItems": 1, "items": _layer()}),
        data=_data(),
        training=_training(),
        expect=_expect(),
        notes=_many(_table(schema.Note)),
        goals=_many(_table(schema.Goal)),
        comparisons=_many(_table(schema.Comparison)),
        notation=_notation(),
        arithmetic=_arithmetic(),
    )
    return {"$schema": DIALECT, **top, "title": "backprop-tui scenario"}


def _notation() -> Json:
    letters = {
        "type": "object",
        "propertyNames": {"pattern": LETTER_KEY},
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    }
    return _table(schema.Notation, letters=letters)


def _expect() -> Json:
    """[expect]: addresses, and numbers or nested rows of them."""
    number = {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
    printed = {"type": "string", "pattern": r"^\s*[+\-−]?\d+(\.\d*)?([eE][+\-−]?\d+)?\s*$"}
    value = _nested(number)
    with_tolerance = _table(schema.Expected, value=value)
    as_printed = _table(schema.Printed, printed=_nested(printed))
    return {
        "type": "object",
        "propertyNames": schema.ADDRESS,
        "additionalProperties": {"anyOf": [*value["anyOf"], with_tolerance, as_printed]},
    }


def _nested(leaf: Json) -> Json:
    """A leaf, or arrays of it as deep as a quantity has axes."""
    found: Json = {"anyOf": [leaf]}
    for _ in range(AXES):
        found = {"anyOf": [leaf, {"type": "array", "minItems": 1, "items": found}]}
    return found


def _arithmetic() -> Json:
    # exactly one of the two says how many digits
    either: list[Json] = [{"required": ["decimals"]}, {"required": ["significant"]}]
    return {**_table(schema.Arithmetic), "oneOf": either}


def _layer() -> Json:
    activations = [
        _named(schema_options.activation(entry.name, entry.options), "name", _spellings(activation_names, entry.name))
        for entry in ACTIVATIONS.values()
    ]
    drawn = {entry.name: _initialiser(entry) for entry in INITIALISERS.values()}
    alone = [
        spelling
        for entry in INITIALISERS.values()
        if not entry.random and None not in entry.options.values()
        for spelling in _spellings(initialiser_names, entry.name)
    ]
    of_biases = [entry.name for entry in INITIALISERS.values() if not entry.matrix]
    per_unit = {**_of(list[float]), **schema.NOT_EMPTY}
    starts: Any = {
        name: {"anyOf": [per_unit, {"enum": [word]}]} for name, word in (("gamma", "ones"), ("beta", "zeros"))
    }
    normalisations = [
        _named(struct, "name", _spellings(NORMALISATIONS, name), **starts)
        for name, struct in (("batch", schema.BatchNormalisation), ("layer", schema.LayerNormalisation))
    ]
    weights = {**_of(schema.Matrix), **schema.NOT_EMPTY}
    return _table(
        schema.Layer,
        activation={"anyOf": [{"enum": sorted(activation_names)}, *activations]},
        weights={"anyOf": [weights, {"enum": alone}, *drawn.values(), _table(schema.Tied)]},
        biases={
            "anyOf": [
                _of(list[float]),
                {"enum": [*(name for name in alone if initialiser_names[name] in of_biases), "none"]},
                *(drawn[name] for name in of_biases),
                _table(schema.Shared),
            ]
        },
        normalisation={"anyOf": [{"enum": sorted(NORMALISATIONS)}, *normalisations]},
        dropout=_table(schema.Dropout),
        frozen={
            "anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": [*PARAMETERS]}, "uniqueItems": True}]
        },
    )


def _initialiser(entry: Initialiser) -> Json:
    struct = schema_options.initialiser(entry.name, entry.options, entry.choices, entry.random)
    table = _named(struct, "init", _spellings(initialiser_names, entry.name))
    for name, bound in (("gain", {"exclusiveMinimum": 0}), ("std", {"minimum": 0})):
        if name in table["properties"]:
            table["properties"][name] = {**table["properties"][name], **bound}
    return table


def _set(name: str) -> Json:
    """A data set; xor is its four corners where no seed is given, and those have no options."""
    table = _named(schema_options.dataset(name, DATASETS[name].options, True), "name", [name])
    if name != "xor":
        return table
    required = [key for key in table["required"] if key != "seed"]
    return {**table, "required": required, "dependentRequired": {one: ["seed"] for one in DATASETS[name].options}}


def _data() -> Json:
    sets = [_set(name) for name in DATASETS]
    data = _table(
        schema.Data,
        names=_table(schema.DataNames),
        csv={
            **_table(schema.Csv),
            "oneOf": [{"required": ["outputs"]}, {"required": ["class"]}],
            "not": {"properties": {"standardise": {"const": True}}, "required": ["standardise", "scale"]},
        },
        set={"anyOf": sets},
        x={**_of(schema.Matrix), **schema.NOT_EMPTY},
        y={"anyOf": [_of(schema.Matrix), _of(list[schema.Text])]},
    )
    words = {"properties": {"y": {"contains": {"type": "string"}}}, "required": ["y"]}
    named = {"properties": {"names": {"required": ["outputs"]}}, "required": ["names"]}
    return {
        **data,
        "required": [],
        "oneOf": [{"anyOf": [{"required": ["x"]}, {"required": ["y"]}]}, {"required": ["csv"]}, {"required": ["set"]}],
        "dependentRequired": {"x": ["y"], "y": ["x"]},
        "if": words,
        "then": named,
    }


def _training() -> Json:
    optimizers = [
        _named(
            schema_options.optimizer(entry.name, entry.options, entry.choices),
            "name",
            _spellings(optimizer_names, entry.name),
            # a schedule that lists its rates does without
            optional=("learning_rate",),
        )
        for entry in OPTIMIZERS.values()
    ]
    schedules = [
        _named(schema_options.schedule(entry.name, entry.options), "name", [entry.name]) for entry in SCHEDULES.values()
    ]
    penalties = [_named(schema.PENALTIES[name], "name", _spellings(penalty_names, name)) for name in schema.PENALTIES]
    table = _table(
        schema.Training,
        loss={"anyOf": [{"enum": sorted(alias for loss in LOSSES.values() for alias in loss.aliases)}, *_losses()]},
        optimizer={"anyOf": [{"enum": sorted(optimizer_names)}, *optimizers]},
        penalties=_many({"anyOf": penalties}),
        schedule={"anyOf": [{"enum": ["constant"]}, {**_of(list[schema.NotNegative]), **schema.NOT_EMPTY}, *schedules]},
        clipping=_table(schema.Clipping),
        input_noise=_table(schema.Noise),
    )
    listed = {"properties": {"schedule": {"type": "array"}}, "required": ["schedule"]}
    rated = {"properties": {"optimizer": {"type": "object", "required": ["learning_rate"]}}}
    return {
        **table,
        "oneOf": [{"required": ["iterations"]}, {"required": ["epochs"]}],
        "if": listed,
        "else": rated,
    }


def _losses() -> Iterable[Json]:
    for entry in LOSSES.values():
        struct = schema_options.loss(entry.name, entry.options)
        yield _named(struct, "name", [entry.name])
        if entry.aliases:
            # an alias fixes the conventions and leaves the options
            yield _named(schema_options.activation(entry.name, entry.options), "name", sorted(entry.aliases))


def _spellings(canonical: Mapping[str, str], name: str) -> list[str]:
    return sorted(spelling for spelling, meant in canonical.items() if meant == name)


def _many(items: Json) -> Json:
    return {"type": "array", "items": items}


def _of(kind: Any) -> Json:
    return msgspec.json.schema(kind)


def _table(struct: type[msgspec.Struct], **replaced: Json) -> Json:
    """A struct's own schema, some of its keys described more closely; a null is never written in TOML."""
    found: Json = msgspec.json.schema(struct)["$defs"][struct.__name__]
    properties = {key: _without_null(value) for key, value in found["properties"].items()}
    for key, meaning in meanings(struct).items():
        properties[key] = {**properties[key], "description": meaning}
    for key, value in replaced.items():
        title = properties[key].get("title")
        said = {"title": title} if title else {}
        properties[key] = {**said, "description": meanings(struct)[key], **value}
    return {**found, "properties": properties}


def _named(
    struct: type[msgspec.Struct], key: str, spellings: list[str], optional: tuple[str, ...] = (), **more: Json
) -> Json:
    """The table of one entry, in which `key` says its name."""
    table = _table(struct)
    properties = {**table["properties"], key: {"enum": spellings}, **more}
    required = [name for name in table.get("required", []) if name not in optional]
    return {**table, "properties": properties, "required": required}


def _without_null(value: Json) -> Json:
    kept = {name: part for name, part in value.items() if name != "default" or part is not None}
    if "anyOf" in kept:
        kept["anyOf"] = [part for part in kept["anyOf"] if part != {"type": "null"}]
    return kept
