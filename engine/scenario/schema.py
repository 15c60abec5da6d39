"""The tables of a scenario file, one struct each: which keys there are, and of what type.

A field's `title` says in messages what is expected where the type alone would not tell a person what to write;
its `extra["toml"]` is an example of the line, shown where the key is missing. Options of activations,
initialisers and optimizers come from their own tables, so a new entry there is a new choice here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, defstruct
from msgspec.structs import fields

from engine.scenario import limits

MAX_ITERATIONS = 10**18
MAX_SEED = 2**63 - 1

Matrix = list[list[float]]
Count = Annotated[int, Meta(ge=1, le=limits.MAX_UNITS)]
Updates = Annotated[int, Meta(ge=0, le=MAX_ITERATIONS)]
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
Text = Annotated[str, Meta(min_length=1)]
Order = Literal["to_from", "from_to"]
Reduction = Literal["sum", "mean"]
Table = dict[str, Any]


class Strict(Struct, forbid_unknown_fields=True):
    """A table in which every key is known."""


class Top(Strict, kw_only=True):
    title: Annotated[Text, Meta(extra={"toml": 'title = "A 2-2-1 network"'})]
    description: str = ""
    source: str = ""
    teaches: Annotated[list[str], Meta(title='an array of strings, like ["H3"]')] = []
    network: Annotated[
        Table, Meta(title="a table: [network]", extra={"toml": "[network] with inputs = 2 and [[network.layers]]"})
    ]
    data: Annotated[
        Table, Meta(title="a table: [data]", extra={"toml": "[data] with x = [[0.4, 0.6]] and y = [[1.0]]"})
    ]
    training: Annotated[
        Table, Meta(title="a table: [training]", extra={"toml": "[training] with loss, optimizer and iterations"})
    ]
    expect: Annotated[Table, Meta(title="a table: [expect]")] = {}
    notes: Annotated[list[Table], Meta(title="tables, each begun with [[notes]]")] = []


class Network(Strict, kw_only=True):
    inputs: Annotated[Count, Meta(extra={"toml": "inputs = 2"})]
    weights_order: Order = "to_from"
    layers: Annotated[
        list[Table], Meta(title="tables, each begun with [[network.layers]]", extra={"toml": "[[network.layers]]"})
    ]


class Layer(Strict, kw_only=True):
    units: Annotated[Count, Meta(extra={"toml": "units = 3"})]
    activation: Annotated[
        str | Table,
        Meta(
            title='an activation\'s name, like "sigmoid", or a table, like { name = "leaky_relu", slope = 0.1 }',
            extra={"toml": 'activation = "sigmoid"'},
        ),
    ]
    weights: Annotated[
        Matrix | str | Table,
        Meta(
            title='rows of numbers, like [[0.1, 0.2]], or "zeros", or { init = "xavier_uniform", seed = 7 }',
            extra={"toml": 'weights = [[0.1, 0.2]], or { init = "xavier_uniform", seed = 7 }'},
        ),
    ]
    biases: Annotated[
        list[float] | str | Table,
        Meta(title='numbers, like [0.1, 0.2], or "zeros" or "none", or { init = "normal", std = 0.1, seed = 7 }'),
    ] = "zeros"
    name: str = ""


class Data(Strict, kw_only=True):
    x: Annotated[
        Matrix, Meta(title="a row of numbers per sample, like [[0.4, 0.6]]", extra={"toml": "x = [[0.4, 0.6]]"})
    ]
    y: Annotated[Matrix, Meta(title="a row of numbers per sample, like [[1.0]]", extra={"toml": "y = [[1.0]]"})]


class Training(Strict, kw_only=True):
    loss: Annotated[
        str | Table,
        Meta(
            title='a loss\'s name, like "half_squared_error", or a table',
            extra={"toml": 'loss = "half_squared_error"'},
        ),
    ]
    optimizer: Annotated[
        str | Table,
        Meta(
            title='a table, like { name = "sgd", learning_rate = 0.1 }',
            extra={"toml": 'optimizer = { name = "sgd", learning_rate = 0.1 }'},
        ),
    ]
    iterations: Updates | None = None
    epochs: Updates | None = None
    batch_size: Annotated[int, Meta(ge=1)] | None = None
    shuffle: bool = False
    seed: Seed = 0
    drop_last: bool = False


class Loss(Strict, kw_only=True):
    """A loss written out; the three conventions are required, because books disagree on each."""

    name: str
    factor: Annotated[float, Meta(gt=0)]
    over_outputs: Reduction
    over_samples: Reduction


class Expected(Strict, kw_only=True):
    value: Annotated[Any, Meta(extra={"toml": "value = 0.0242"})]
    tolerance: Annotated[float, Meta(ge=0, extra={"toml": "tolerance = 1e-4"})]


class Printed(Strict, kw_only=True):
    printed: Annotated[Any, Meta(extra={"toml": 'printed = "1.095"'})]


class Note(Strict, kw_only=True):
    at: Annotated[Text, Meta(extra={"toml": 'at = "delta[2][1]"'})]
    text: Annotated[Text, Meta(extra={"toml": 'text = "Ask: why is this negative?"'})]


def home(key: str) -> str | None:
    """The table a key belongs to, for one that stands in another."""
    return _HOMES.get(key)


_HOMES = {
    **{info.encode_name: "[[network.layers]]" for info in fields(Layer) if info.encode_name != "name"},
    **{info.encode_name: "[network]" for info in fields(Network)},
    **{info.encode_name: "[data]" for info in fields(Data)},
    **{info.encode_name: "[training]" for info in fields(Training) if info.encode_name != "seed"},
    **{info.encode_name: "loss = { … }" for info in fields(Loss) if info.encode_name != "name"},
    **{info.encode_name: "[[notes]]" for info in fields(Note)},
    **{info.encode_name: "the first lines, above [network]" for info in fields(Top)},
    "learning_rate": "optimizer = { … }",
}


def activation(name: str, options: Mapping[str, float]) -> type[Struct]:
    """The table of one activation: its name and its options."""
    return _struct(name, (("name", str),), tuple(options.items()))


def optimizer(name: str, options: Mapping[str, float]) -> type[Struct]:
    """The table of one optimizer: its name, the learning rate, and its options."""
    rate = Annotated[float, Meta(ge=0, extra={"toml": "learning_rate = 0.1"})]
    return _struct(name, (("name", str), ("learning_rate", rate)), tuple(options.items()))


def initialiser(name: str, options: Mapping[str, float | None], random: bool) -> type[Struct]:
    """The table of one initialiser: its name, its seed where it draws numbers, and its options."""
    fixed: tuple[tuple[str, Any], ...] = (("init", str),)
    if random:
        fixed += (("seed", Annotated[Seed, Meta(extra={"toml": "seed = 7"})]),)
    return _struct(name, fixed, tuple(options.items()))


@cache
def _struct(
    name: str, fixed: tuple[tuple[str, Any], ...], options: tuple[tuple[str, float | None], ...]
) -> type[Struct]:
    fields: list[Any] = list(fixed)
    for option, default in options:
        required = Annotated[float, Meta(extra={"toml": f"{option} = 0.1"})]
        fields.append((option, required) if default is None else (option, float, default))
    return defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
