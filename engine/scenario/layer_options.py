"""What a layer may have beside weights and biases: normalisation, dropout, and parameters that stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from engine.scenario import schema
from engine.scenario.errors import At, Faults, Key
from engine.scenario.model import Array, Dropout, Normalisation, frozen_array
from engine.scenario.tables import choose_name, convert
from engine.scenario.words import choose, count, instead, quoted

NORMALISATIONS = {
    "batch": "batch",
    "batch_norm": "batch",
    "batch_normalisation": "batch",
    "batch_normalization": "batch",
    "layer": "layer",
    "layer_norm": "layer",
    "layer_normalisation": "layer",
    "layer_normalization": "layer",
}
_BATCH_ONLY = ("momentum", "statistics", "unbiased_running", "running_mean", "running_var")
PARAMETERS = {"weights": "W", "biases": "b", "gamma": "gamma", "beta": "beta"}
"""What a file calls the parameters of a layer, and their names in addresses."""


class NormalisationDraft(Struct):
    """A normalisation before the number of units is known to be right."""

    key: Key
    kind: str
    got: dict[str, Any]

    @property
    def arrays(self) -> dict[str, list[float]]:
        """What is given a number per unit."""
        names = ("gamma", "beta", "running_mean", "running_var")
        return {name: self.got[name] for name in names if isinstance(self.got.get(name), list)}

    def make(self, units: int) -> Normalisation:
        def array(name: str, otherwise: float) -> Array:
            value = self.arrays.get(name)
            return frozen_array(np.full(units, otherwise) if value is None else value)

        got: dict[str, Any] = {name: value for name, value in self.got.items() if name not in ("name", *self.arrays)}
        got |= {name: frozen_array(values) for name, values in self.arrays.items()}
        return Normalisation(self.kind, **{**got, "gamma": array("gamma", 1.0), "beta": array("beta", 0.0)})


def read_normalisation(value: Any, key: Key, faults: Faults) -> NormalisationDraft | None:
    """A normalisation by its name alone, or by a table."""
    kind = choose_name(value, "name", NORMALISATIONS, "normalisation", key, faults)
    if kind is None:
        return None
    table = {"name": kind} if isinstance(value, str) else {**value, "name": kind}
    before = len(faults.found)
    if kind == "layer":
        for name in _BATCH_ONLY:
            if table.pop(name, None) is not None:
                message = "only batch normalisation has it: layer normalisation takes every sample by itself"
                faults.add((*key, name), message, At.KEY)
    struct = schema.LayerNormalisation if kind == "layer" else schema.BatchNormalisation
    got = convert(table, struct, key, faults)
    for name, word in (("gamma", "ones"), ("beta", "zeros")):
        text = got.get(name)
        if isinstance(text, str) and text != word:
            message = f'unknown value {quoted(text)}: write a number per unit, or "{word}"'
            faults.add((*key, name), message)
    return None if len(faults.found) > before else NormalisationDraft(key, kind, got)


def check_normalisation(draft: NormalisationDraft, units: int | None, faults: Faults) -> None:
    """Report what is not a number per unit."""
    for name, values in draft.arrays.items():
        if units is not None and len(values) != units:
            got = count(len(values), "number")
            faults.add((*draft.key, name), f"expected a number per unit, {units:,} in all, got {got}")


def read_dropout(table: Mapping[str, Any], key: Key, faults: Faults) -> Dropout | None:
    """The rate and the seed of a dropout."""
    got = convert(table, schema.Dropout, key, faults)
    return Dropout(got["rate"], got["seed"]) if len(got) == 2 else None


def read_frozen(value: bool | list[str], key: Key, has: Mapping[str, str], faults: Faults) -> frozenset[str]:
    """The names of the parameters that `frozen` keeps as they are.

    `has` says of each of `PARAMETERS` why the layer has none that could be frozen, or "" where it has.
    """
    if isinstance(value, bool):
        return frozenset(PARAMETERS[word] for word, lack in has.items() if value and not lack)
    frozen = set()
    for index, word in enumerate(value):
        name = choose(word, {spelling: spelling for spelling in PARAMETERS}, "parameter", (*key, index), faults)
        if name is None:
            continue
        if has[name]:
            faults.add((*key, index), has[name])
        frozen.add(PARAMETERS[name])
    return frozenset(frozen)


def layer_number(value: int | str, names: Sequence[str], key: Key, faults: Faults) -> int | None:
    """The layer that a number or a name means, from 1; None, and a fault, where it means none."""
    depth = len(names)
    if isinstance(value, int):
        if 1 <= value <= depth:
            return value
        have = "the only one is layer 1" if depth == 1 else f"they are layers 1 to {depth}"
        faults.add(key, f"there is no layer {value}: {have}")
        return None
    if value in names and value:
        return names.index(value) + 1
    named = [name for name in names if name]
    hint = instead(value, named) if named else "no layer here has a name, so write its number"
    faults.add(key, f"there is no layer called {quoted(value)}: {hint}")
    return None
