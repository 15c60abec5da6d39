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
from engine.initialisers import INITIALISERS
from engine.initialisers import canonical as initialiser_names
from engine.losses import LOSSES
from engine.notation_style import LONGEST, STYLE_OPTIONS
from engine.optimizers import OPTIMIZERS
from engine.optimizers import canonical as optimizer_names
from engine.penalties import canonical as penalty_names
from engine.scenario import schema
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
        expect={"type": "object"},
        notes=_many(_table(schema.Note)),
        goals=_many(_table(schema.Goal)),
        comparisons=_many(_table(schema.Comparison)),
        notation=_notation(),
    )
    return {"$schema": DIALECT, **top, "title": "backprop-tui scenario"}


def _notation() -> Json:
    letters = {
        "type": "object",
        "propertyNames": {"pattern": LETTER_KEY.pattern},
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    }
    table = _table(schema.Notation, letters=letters)
    for option in STYLE_OPTIONS:
        table["properties"][option.name]["description"] = option.meaning
    return table


def _layer() -> Json:
    activations = [
        _named(schema.activation(entry.name, entry.options), "name", _spellings(activation_names, entry.name))
        for entry in ACTIVATIONS.values()
    ]
    drawn = [
        _named(
            schema.initialiser(entry.name, entry.options, entry.choices, entry.random),
            "init",
            _spellings(initialiser_names, entry.name),
        )
        for entry in INITIALISERS.values()
    ]
    words: list[Json] = [{"enum": ["zeros", "ones"]}]
    normalisations = [_table(schema.BatchNormalisation), _table(schema.LayerNormalisation)]
    return _table(
        schema.Layer,
        activation={"anyOf": [{"enum": sorted(activation_names)}, *activations]},
        weights={"anyOf": [_of(schema.Matrix), *words, *drawn, _table(schema.Tied)]},
        biases={"anyOf": [_of(list[float]), {"enum": ["zeros", "ones", "none"]}, *drawn, _table(schema.Shared)]},
        normalisation={"anyOf": [{"type": "string"}, *normalisations]},
        dropout=_table(schema.Dropout),
    )


def _data() -> Json:
    sets = [
        _named(schema.dataset(entry.name, entry.options, False), "name", [entry.name], seed=_of(schema.Seed))
        for entry in DATASETS.values()
    ]
    data = _table(
        schema.Data,
        names=_table(schema.DataNames),
        csv=_table(schema.Csv),
        set={"anyOf": sets},
        y={"anyOf": [_of(schema.Matrix), _of(list[schema.Text])]},
    )
    # x and y, or a file, or a set: which of them is the reader's to say
    return {**data, "required": []}


def _training() -> Json:
    optimizers = [
        _named(
            schema.optimizer(entry.name, entry.options, entry.choices),
            "name",
            _spellings(optimizer_names, entry.name),
            # a schedule that lists its rates does without
            optional=("learning_rate",),
        )
        for entry in OPTIMIZERS.values()
    ]
    schedules = [
        _named(schema.schedule(entry.name, entry.options), "name", [entry.name]) for entry in SCHEDULES.values()
    ]
    penalties = [_named(schema.PENALTIES[name], "name", _spellings(penalty_names, name)) for name in schema.PENALTIES]
    return _table(
        schema.Training,
        loss={"anyOf": [{"enum": sorted(alias for loss in LOSSES.values() for alias in loss.aliases)}, *_losses()]},
        optimizer={"anyOf": [{"enum": sorted(optimizer_names)}, *optimizers]},
        penalties=_many({"anyOf": penalties}),
        schedule={"anyOf": [{"enum": ["constant"]}, _of(list[schema.NotNegative]), *schedules]},
        clipping=_table(schema.Clipping),
        input_noise=_table(schema.Noise),
    )


def _losses() -> Iterable[Json]:
    for entry in LOSSES.values():
        struct = schema.loss(entry.name, entry.options)
        yield _named(struct, "name", [entry.name])
        if entry.aliases:
            # an alias fixes the conventions and leaves the options
            yield _named(schema.activation(entry.name, entry.options), "name", sorted(entry.aliases))


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
    for key, value in replaced.items():
        title = properties[key].get("title")
        properties[key] = {"title": title, **value} if title else value
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
