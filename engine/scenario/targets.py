"""What a person may type to say which number or key of a scenario is meant, and what may stand there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from engine import activations, initialisers, optimizers, schedules
from engine.datasets import DATASETS
from engine.initialisers import INITIALISERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.scenario import schema
from engine.scenario.errors import Key, key_text
from engine.scenario.words import did_you_mean, nearest

GIVEN = ("x", "y", "W", "b", "gamma", "beta", "running_mean", "running_var", "lr")
"""Names of addresses whose numbers a scenario gives; all others are calculated."""

NAMED = {
    "activation": "name",
    "loss": "name",
    "optimizer": "name",
    "normalisation": "name",
    "schedule": "name",
    "set": "name",
    "weights": "init",
    "biases": "init",
}
"""Keys that say what to take by a name, or by a table with the name under this key and options beside it."""

_PART = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'[^']*')|(?P<bare>[A-Za-z0-9_-]+))
        (?P<brackets>(?:\s*\[[\d\s,]+\])*)\s*(?P<more>\.|$)""",
    re.VERBOSE,
)


class TargetError(ValueError):
    """A target that names nothing. The message says why."""


def _keys(struct: type[Struct]) -> list[str]:
    return [info.encode_name for info in fields(struct)]


_TABLES: Mapping[str, type[Struct]] = {
    "network": schema.Network,
    "data": schema.Data,
    "training": schema.Training,
}
_LAYER = _keys(schema.Layer)
_OPTIMIZER = list(dict.fromkeys(["learning_rate", *(name for one in OPTIMIZERS.values() for name in one.options)]))
_SHORT: Mapping[str, Key] = {
    **{name: ("data", name) for name in ("csv", "set", "names")},
    **{name: ("network", name) for name in _keys(schema.Network)},
    **{name: ("training", "optimizer", name) for name in _OPTIMIZER},
    **{name: ("training", name) for name in _keys(schema.Training)},
    **{name: (name,) for name in _keys(schema.Top)},
}
"""Where the keys that may be typed by their last part alone stand."""


def key_of(target: str, depth: int) -> Key | None:
    """The key of the file that a target means; None where it is none, and so perhaps an address.

    `depth` is how many layers there are.

    Raises:
        TargetError: it begins like a key, but no such key can be.
    """
    parsed = parse(target)
    if parsed is None:
        return None
    first, second = parsed[0], parsed[1] if len(parsed) > 1 else None
    if first in _LAYER and isinstance(second, int):
        key: Key = ("network", "layers", second, first, *parsed[2:])
    elif first in _SHORT:
        key = (*_SHORT[str(first)], *parsed[1:])
    elif first in _LAYER:
        raise TargetError(f"{target}: say of which layer, like {first}[{depth or 1}]")
    elif len(parsed) > 1 and isinstance(second, str):
        key = parsed
    else:
        return None
    _check(target, key, depth)
    return key


def parse(target: str) -> Key | None:
    """The parts of a dotted key with positions in brackets, from 0 here; None where it has not that form."""
    key: list[str | int] = []
    at = 0
    while match := _PART.match(target, at):
        name = match["bare"]
        if name is None:
            try:
                name = str(tomllib.loads(f"k = {match['quoted']}")["k"])
            except tomllib.TOMLDecodeError:
                return None
        key.append(name)
        for number in re.findall(r"\d{1,9}", match["brackets"]):
            if int(number) < 1:
                raise TargetError(f"{target}: positions count from 1")
            key.append(int(number) - 1)
        at = match.end()
        if not match["more"]:
            return tuple(key)
    return None


def _check(target: str, key: Key, depth: int) -> None:
    """Refuse what the schema has no key for; options inside a value are the reader's business."""
    tops = _keys(schema.Top)
    if key[0] not in tops:
        raise TargetError(_unknown(target, str(key[0]), tops, ()))
    struct = _TABLES.get(str(key[0]))
    if struct is None or len(key) == 1:
        return
    if key[1] not in _keys(struct):
        raise TargetError(_unknown(target, str(key[1]), _keys(struct), key[:1]))
    if key[:2] != ("network", "layers") or len(key) == 2:
        return
    if not isinstance(key[2], int):
        raise TargetError(f"{target}: say which layer, like network.layers[{depth or 1}].{key_text(key[2:])}")
    if key[2] >= depth:
        have = "the only one is layer 1" if depth == 1 else f"they are layers 1 to {depth}"
        raise TargetError(f"{target}: there is no layer {key[2] + 1}: {have}")
    if len(key) > 3 and key[3] not in _LAYER:
        raise TargetError(_unknown(target, str(key[3]), _LAYER, key[:3]))


def _unknown(target: str, word: str, names: Sequence[str], within: Key) -> str:
    near = nearest(word, names)
    prefix = f"{key_text(within)}." if within else ""
    hint = did_you_mean([prefix + name for name in near]) if near else "the keys here are " + ", ".join(names)
    return f"{target}: there is no such key: {hint}"


def suggestion(target: str, addresses: Sequence[str]) -> str:
    """What a target that is neither address nor key was probably meant to be."""
    word = re.split(r"[\[.#@\s]", target.strip(), maxsplit=1)[0]
    near = nearest(word, [*_SHORT, *_LAYER, *addresses])
    return did_you_mean(near) if near else "expected an address, like W[1][2,1], or a key, like training.seed"


def holder(key: Key) -> Key | None:
    """The named value that a key is, or is the name of: `training.optimizer` for `training.optimizer.name`."""
    last = key[-1]
    if key[0] not in _TABLES:
        return None
    if last in NAMED:
        return key
    if len(key) > 1 and NAMED.get(str(key[-2])) == last:
        return key[:-1]
    return None


def options_of(kind: str, name: str) -> frozenset[str] | None:
    """The keys that may stand beside a name, such as `learning_rate` beside `sgd`; None where it stands alone.

    Of a name that is not known, none is refused here: the reader has the words for it.
    """
    if kind == "optimizer" and name in optimizers.canonical:
        return frozenset({"learning_rate", *OPTIMIZERS[optimizers.canonical[name]].options})
    if kind == "activation" and name in activations.canonical:
        return frozenset(activations.ACTIVATIONS[activations.canonical[name]].options)
    if kind == "loss" and name in LOSSES:
        return frozenset({"factor", "over_outputs", "over_samples", *LOSSES[name].options})
    if kind == "loss":
        base = next((one for one in LOSSES.values() if name in one.aliases), None)
        return frozenset(base.options) if base is not None and base.options else None
    if kind in ("weights", "biases") and name in initialisers.canonical:
        entry = INITIALISERS[initialisers.canonical[name]]
        return frozenset({"seed", *entry.options} if entry.random else entry.options)
    if kind == "schedule" and name in schedules.canonical:
        return frozenset(schedules.SCHEDULES[schedules.canonical[name]].options)
    if kind == "set" and name in DATASETS:
        return frozenset({"seed", *DATASETS[name].options})
    if kind == "normalisation":
        return frozenset(_keys(schema.LayerNormalisation if name.startswith("layer") else schema.BatchNormalisation))
    return None


def names_for(kind: str) -> tuple[str, ...]:
    """The names that a named value may have."""
    match kind:
        case "activation":
            return tuple(activations.ACTIVATIONS)
        case "loss":
            return tuple(dict.fromkeys([*(alias for one in LOSSES.values() for alias in one.aliases), *LOSSES]))
        case "optimizer":
            return tuple(OPTIMIZERS)
        case "normalisation":
            return ("batch", "layer")
        case "schedule":
            return tuple(schedules.SCHEDULES)
        case "set":
            return tuple(DATASETS)
        case "weights":
            return tuple(INITIALISERS)
        case _:
            return ("none", *(name for name, entry in INITIALISERS.items() if not entry.matrix))


_WORDED: Mapping[str, type[Struct]] = {
    "network": schema.Network,
    "training": schema.Training,
    "loss": schema.Loss,
    "normalisation": schema.BatchNormalisation,
    "clipping": schema.Clipping,
    "csv": schema.Csv,
}


def words_for(key: Key, beside: object) -> tuple[str, ...]:
    """The words that may stand at a key that is no name; `beside` is the name in the same table."""
    last = str(key[-1])
    kind = str(key[-2]) if len(key) > 1 else ""
    if kind == "optimizer" and isinstance(beside, str) and beside in optimizers.canonical:
        entry = OPTIMIZERS[optimizers.canonical[beside]]
        if isinstance(entry.options.get(last), bool):
            return ("true", "false")
        return entry.choices.get(last, ())
    if kind in ("weights", "biases") and isinstance(beside, str) and beside in initialisers.canonical:
        return INITIALISERS[initialisers.canonical[beside]].choices.get(last, ())
    struct = schema.Layer if key[:2] == ("network", "layers") and len(key) == 4 else _WORDED.get(kind)
    info = next((one for one in fields(struct) if one.encode_name == last), None) if struct is not None else None
    return () if info is None else _words(info.type)


def _words(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if kind is bool:
        return ("true", "false")
    if get_origin(kind) is Literal:
        return tuple(str(word) for word in get_args(kind))
    return ()
