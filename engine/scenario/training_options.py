"""What [training] may have beside loss, optimizer and length: penalties, schedule, clipping, noise on the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from engine import penalties, schedules
from engine.scenario import schema, schema_options
from engine.scenario.errors import At, Faults, Key
from engine.scenario.layer_options import layer_number
from engine.scenario.model import Clipping, Noise, Penalty, Schedule
from engine.scenario.network import LayerDraft, NetworkDraft, Tie
from engine.scenario.tables import choose_name, convert
from engine.scenario.words import nearest, quoted

_ONLY = {"l1_ratio": "elastic_net", "proximal": "l1"}
"""Options of one penalty that are asked of others."""


class PenaltyDraft(Struct):
    """A penalty before it is known which layers there are."""

    key: Key
    got: dict[str, Any]
    layers: tuple[int, ...] = ()

    def make(self) -> Penalty:
        rest = {name: value for name, value in self.got.items() if name != "layers"}
        return Penalty(**rest, layers=self.layers)


def read_penalties(tables: Sequence[Mapping[str, Any]], key: Key, faults: Faults) -> list[PenaltyDraft]:
    """The penalties that are right in themselves; all that is wrong goes to `faults`."""
    drafts = (_penalty(table, (*key, index), faults) for index, table in enumerate(tables))
    return [draft for draft in drafts if draft is not None]


def _penalty(table: Mapping[str, Any], key: Key, faults: Faults) -> PenaltyDraft | None:
    name = choose_name(table, "name", penalties.canonical, "penalty", key, faults)
    if name is None:
        return None
    before = len(faults.found)
    table = {**table, "name": name}
    struct = schema.PENALTIES[name]
    for option, of in _ONLY.items():
        if option in table and of != name:
            faults.add((*key, option), f"only {of} has it, and this is {name}", At.KEY)
            del table[option]
    if name != "l1" and "factor" not in table and not any(nearest(one, ["factor"]) for one in table):
        message = (
            f"{name} needs factor too, because books disagree: write factor = 0.5 for ½λ‖w‖², or factor = 1.0 for λ‖w‖²"
        )
        faults.add((*key, "factor"), message, At.TABLE)
        table["factor"] = 1.0
    got = convert(table, struct, key, faults, elsewhere=False)
    if got.get("layers") == []:
        faults.add((*key, "layers"), "an empty array: name a layer, or leave layers out to mean all")
    return None if len(faults.found) > before else PenaltyDraft(key, got)


def place_penalties(drafts: Sequence[PenaltyDraft], network: NetworkDraft, faults: Faults) -> None:
    """Find the layers that penalties are on, once all layers are known."""
    for draft in drafts:
        numbers: list[int] = []
        for index, value in enumerate(draft.got["layers"] or ()):
            key: Key = (*draft.key, "layers", index)
            number = layer_number(value, network.names, key, faults)
            if number is None:
                continue
            lack = _lack(network.layers[number - 1], number, draft.got["on"])
            if number in numbers:
                faults.add(key, f"layer {number} is named a second time: keep one")
            elif lack:
                faults.add(key, lack)
            numbers.append(number)
        draft.layers = tuple(numbers)
        if not numbers and draft.got["on"] == "biases" and all(layer.no_biases for layer in network.layers):
            faults.add((*draft.key, "on"), "no layer has biases")


def _lack(layer: LayerDraft, number: int, on: str) -> str | None:
    """Why a layer has nothing that a penalty could be on."""
    if on == "biases" and layer.no_biases:
        return f"layer {number} has no biases"
    if on == "weights" and isinstance(layer.weights, Tie):
        return f"layer {number} has no weights of its own: they are those of layer {layer.weights.value}"
    return None


def read_schedule(value: Any, key: Key, faults: Faults) -> Schedule | None:
    """A schedule by its name, by a table, or by a list of rates; None for a constant one."""
    if isinstance(value, list):
        if value:
            return Schedule("list", values=tuple(value))
        faults.add(key, "an empty array: write a rate per update, like [0.1, 0.05]; the last one goes on")
        return None
    name = choose_name(value, "name", schedules.canonical, "schedule", key, faults)
    if name is None:
        return None
    options = schedules.SCHEDULES[name].options
    needed = [option for option, default in options.items() if default is None]
    if isinstance(value, str) and needed:
        example = ", ".join(f"{part}" for part in [f'name = "{name}"', *map(schema_options.example, needed)])
        faults.add(key, f"{quoted(value)} needs {' and '.join(needed)}: write {{ {example} }}")
        return None
    table = {"name": name} if isinstance(value, str) else {**value, "name": name}
    before = len(faults.found)
    got = convert(table, schema_options.schedule(name, options), key, faults, elsewhere=False)
    if len(faults.found) > before or name == "constant":
        return None
    return Schedule(name, {option: float(got[option]) for option in options})


def read_clipping(table: Mapping[str, Any], key: Key, faults: Faults) -> Clipping | None:
    """What a gradient may not exceed."""
    got = convert(table, schema.Clipping, key, faults)
    return Clipping(got["by"], got["limit"]) if len(got) == 2 else None


def read_noise(table: Mapping[str, Any], key: Key, faults: Faults) -> Noise | None:
    """The noise on the inputs."""
    got = convert(table, schema.Noise, key, faults)
    return Noise(got["std"], got["seed"]) if len(got) == 2 else None
