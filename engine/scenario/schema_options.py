"""The tables of a scenario file that are made from the engine's own: those of functions and their options.

Options of activations, losses, initialisers, optimizers, schedules and data sets come from their own tables, so a new
entry there is a new choice here; `BOUNDS` says between which numbers an option of a name lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, defstruct
from msgspec.structs import fields

from engine.scenario import limits
from engine.scenario.model import Option
from engine.scenario.schema import BelowOne, Deviation, Loss, NotNegative, Positive, Seed, Share, Whole

BOUNDS: Mapping[str, Any] = {
    "beta1": BelowOne,
    "beta2": BelowOne,
    "rho": BelowOne,
    "epsilon": NotNegative,
    "momentum": NotNegative,
    "dampening": Share,
    "weight_decay": NotNegative,
    "momentum_decay": NotNegative,
    "learning_rate_decay": NotNegative,
    "initial_accumulator": NotNegative,
    "delta": Positive,
    "margin": NotNegative,
    "every": Whole,
    "period": Whole,
    "factor": Positive,
    "minimum": NotNegative,
    "noise": Deviation,
    "samples": Annotated[int, Meta(ge=1, le=limits.MAX_SAMPLES)],
    "classes": Annotated[int, Meta(ge=2, le=limits.MAX_CLASSES)],
}
"""Of options by name, whatever they belong to; any other is any number."""


def activation(name: str, options: Mapping[str, float]) -> type[Struct]:
    """The table of one activation: its name and its options."""
    return _struct(name, (("name", str),), options)


def loss(name: str, options: Mapping[str, float]) -> type[Struct]:
    """The table of one loss: its name, the three conventions, and its options."""
    fixed = tuple((info.encode_name, info.type) for info in fields(Loss))
    return _struct(name, fixed, options)


def optimizer(name: str, options: Mapping[str, Option], choices: Mapping[str, tuple[str, ...]]) -> type[Struct]:
    """The table of one optimizer: its name, the learning rate, and its options."""
    rate = Annotated[float, Meta(ge=0, extra={"toml": "learning_rate = 0.1"})]
    return _struct(name, (("name", str), ("learning_rate", rate)), options, choices)


def initialiser(
    name: str, options: Mapping[str, float | str | None], choices: Mapping[str, tuple[str, ...]], random: bool
) -> type[Struct]:
    """The table of one initialiser: its name, its seed where it draws numbers, and its options."""
    fixed: tuple[tuple[str, Any], ...] = (("init", str),)
    if random:
        fixed += (("seed", Annotated[Seed, Meta(extra={"toml": "seed = 7"})]),)
    return _struct(name, fixed, options, choices)


def schedule(name: str, options: Mapping[str, float | None]) -> type[Struct]:
    """The table of one schedule: its name and its options."""
    return _struct(name, (("name", str),), options)


def dataset(name: str, options: Mapping[str, float | None], seed: bool) -> type[Struct]:
    """The table of one data set: its name, its seed where it draws numbers, and its options."""
    fixed: tuple[tuple[str, Any], ...] = (("name", str),)
    if seed:
        fixed += (("seed", Annotated[Seed, Meta(extra={"toml": "seed = 1"})]),)
    return _struct(name, fixed, options)


def example(option: str) -> str:
    """A line that gives an option."""
    return f"{option} = {_EXAMPLES.get(option, '0.1')}"


_EXAMPLES = {"every": "10", "period": "100", "factor": "0.5"}


def _struct(
    name: str,
    fixed: tuple[tuple[str, Any], ...],
    options: Mapping[str, Option | None],
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> type[Struct]:
    return _made(name, fixed, tuple(options.items()), tuple((choices or {}).items()))


@cache
def _made(
    name: str,
    fixed: tuple[tuple[str, Any], ...],
    options: tuple[tuple[str, Option | None], ...],
    choices: tuple[tuple[str, tuple[str, ...]], ...],
) -> type[Struct]:
    made: list[Any] = list(fixed)
    words = dict(choices)
    for option, default in options:
        kind: Any = BOUNDS.get(option, float)
        if isinstance(default, bool):
            kind = bool
        elif option in words:
            kind = Literal[words[option]]
        required = Annotated[kind, Meta(extra={"toml": example(option)})]
        made.append((option, required) if default is None else (option, kind, default))
    return defstruct(name, made, kw_only=True, forbid_unknown_fields=True)
