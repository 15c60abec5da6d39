"""The tables of a scenario file, one struct each: which keys there are, and of what type.

A field's `title` says in messages what is expected where the type alone would not tell a person what to write;
its `extra["toml"]` is an example of the line, shown where the key is missing. `schema_options` makes the tables whose
keys follow from a function's options.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, defstruct, field
from msgspec.structs import fields

from engine.arithmetic import EACH, MOST_DIGITS, ROUNDINGS
from engine.notation_style import STYLE_OPTIONS
from engine.scenario import limits

MAX_ITERATIONS = 10**18
MAX_SEED = 2**63 - 1

NOT_EMPTY = {"minItems": 1}
EACH_ONCE = {"minItems": 1, "uniqueItems": True}
PATH = {"pattern": r"^(?!/)(?![A-Za-z]:)(?!.*\\)(?!(.*/)?\.\.(/|$))"}
"""In the scenario's own folder or below."""
ADDRESS = {"pattern": r"^\s*[A-Za-z_]\w*(\s*\[[\d\s,]+\])*(\s*#\s*\d+)?(\s*@\s*\d+)?\s*$"}
"""What holds of a value beside its type, in the words of JSON Schema: the reader has messages of its own for these."""

Matrix = list[list[float]]
Count = Annotated[int, Meta(ge=1, le=limits.MAX_UNITS)]
Updates = Annotated[int, Meta(ge=0, le=MAX_ITERATIONS)]
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
Text = Annotated[str, Meta(min_length=1)]
Order = Literal["to_from", "from_to"]
Reduction = Literal["sum", "mean"]
Table = dict[str, Any]
LayerName = Annotated[int, Meta(ge=1, le=limits.MAX_LAYERS)] | str
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Deviation = Annotated[float, Meta(ge=0, le=1e300)]
"""So bounded that what is drawn with it stays a 64-bit float."""
Share = Annotated[float, Meta(ge=0, le=1)]
BelowOne = Annotated[float, Meta(ge=0, lt=1)]
Whole = Annotated[int, Meta(ge=1, le=MAX_ITERATIONS)]


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
    goals: Annotated[list[Table], Meta(title="tables, each begun with [[goals]]")] = []
    comparisons: Annotated[list[Table], Meta(title="tables, each begun with [[comparisons]]")] = []
    notation: Annotated[Table, Meta(title="a table: [notation]")] = {}
    arithmetic: Annotated[Table | None, Meta(title="a table: [arithmetic]")] = None


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
    normalisation: Annotated[
        str | Table | None, Meta(title='"batch" or "layer", or a table, like { name = "batch", epsilon = 1e-5 }')
    ] = None
    dropout: Annotated[Table | None, Meta(title="a table, like { rate = 0.5, seed = 1 }")] = None
    frozen: Annotated[bool | list[str], Meta(title='true, or an array of "weights", "biases", "gamma" and "beta"')] = (
        False
    )


class Shared(Strict, kw_only=True):
    """One bias for all units of a layer."""

    shared: float


class Tied(Strict, kw_only=True):
    """The weights of an earlier layer, used again."""

    tied_to: Annotated[LayerName, Meta(title="the number or the name of an earlier layer")]
    transposed: bool = False


class LayerNormalisation(Strict, kw_only=True):
    name: str
    epsilon: NotNegative = 1e-5
    place: Literal["before_activation", "after_activation"] = "before_activation"
    gamma: Annotated[list[float] | str, Meta(title='a number per unit, like [1.0, 1.0], or "ones"')] = "ones"
    beta: Annotated[list[float] | str, Meta(title='a number per unit, like [0.0, 0.0], or "zeros"')] = "zeros"


class BatchNormalisation(LayerNormalisation, kw_only=True):
    momentum: Share = 0.1
    statistics: Literal["batch", "running"] = "batch"
    unbiased_running: bool = True
    running_mean: list[float] | None = None
    running_var: list[NotNegative] | None = None


class Dropout(Strict, kw_only=True):
    rate: Annotated[float, Meta(ge=0, lt=1, extra={"toml": "rate = 0.5"})]
    seed: Annotated[Seed, Meta(extra={"toml": "seed = 1"})]


class Data(Strict, kw_only=True):
    x: Annotated[
        Matrix, Meta(title="a row of numbers per sample, like [[0.4, 0.6]]", extra={"toml": "x = [[0.4, 0.6]]"})
    ]
    y: Annotated[Matrix, Meta(title="a row of numbers per sample, like [[1.0]]", extra={"toml": "y = [[1.0]]"})]
    names: Annotated[Table | None, Meta(title='a table, like { inputs = ["height", "width"] }')] = None
    csv: Annotated[
        Table | None, Meta(title='a table, like { file = "iris.csv", inputs = ["height"], class = "species" }')
    ] = None
    set: Annotated[Table | None, Meta(title='a table, like { name = "moons", samples = 100, seed = 1 }')] = None


class DataNames(Strict, kw_only=True):
    inputs: Annotated[
        list[Text] | None, Meta(title='an array of strings, like ["height", "width"]', extra_json_schema=EACH_ONCE)
    ] = None
    outputs: Annotated[
        list[Text] | None, Meta(title='an array of strings, like ["cat", "dog"]', extra_json_schema=EACH_ONCE)
    ] = None


class Csv(Strict, kw_only=True):
    file: Annotated[Text, Meta(extra={"toml": 'file = "iris.csv"'}, extra_json_schema=PATH)]
    inputs: Annotated[
        list[Text] | None, Meta(title='an array of column names, like ["height", "width"]', extra_json_schema=EACH_ONCE)
    ] = None
    outputs: Annotated[
        list[Text] | None, Meta(title='an array of column names, like ["weight"]', extra_json_schema=EACH_ONCE)
    ] = None
    class_: Annotated[Text | None, Meta(title='the name of one column, like "species"')] = field(
        default=None, name="class"
    )
    rows: Annotated[
        list[Annotated[int, Meta(ge=1, le=limits.MAX_DATA_NUMBERS)]] | None,
        Meta(title="the first and the last row, like [1, 100]", extra_json_schema={"minItems": 2, "maxItems": 2}),
    ] = None
    standardise: bool = False
    scale: Positive | None = None
    separator: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 1})] = ","


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
    penalties: Annotated[
        list[Table], Meta(title='an array of tables, like [{ name = "l2", strength = 0.1, factor = 0.5 }]')
    ] = []
    schedule: Annotated[
        str | list[NotNegative] | Table | None,
        Meta(title='a table, like { name = "step", every = 10, factor = 0.5 }, or an array of rates, or "constant"'),
    ] = None
    clipping: Annotated[Table | None, Meta(title='a table, like { by = "norm", limit = 1.0 }')] = None
    direction: Literal["minimise", "maximise", "minimize", "maximize"] = "minimise"
    input_noise: Annotated[Table | None, Meta(title="a table, like { std = 0.1, seed = 3 }")] = None


class Penalty(Strict, kw_only=True):
    """What all penalties have."""

    name: str
    strength: Annotated[float, Meta(ge=0, extra={"toml": "strength = 0.1"})]
    on: Literal["weights", "biases", "all"] = "weights"
    layers: Annotated[
        list[LayerName] | None,
        Meta(title='an array of layers by number or name, like [1] or ["hidden"]', extra_json_schema=EACH_ONCE),
    ] = None


class L1(Penalty, kw_only=True):
    factor: Positive = 1.0
    proximal: bool = False


class L2(Penalty, kw_only=True):
    factor: Positive


class ElasticNet(Penalty, kw_only=True):
    factor: Positive
    l1_ratio: Share = 0.5


PENALTIES: Mapping[str, type[Penalty]] = {"l1": L1, "l2": L2, "elastic_net": ElasticNet}


class Clipping(Strict, kw_only=True):
    by: Literal["norm", "value"]
    limit: Annotated[float, Meta(gt=0, extra={"toml": "limit = 1.0"})]


class Noise(Strict, kw_only=True):
    std: Annotated[float, Meta(ge=0, le=1e300, extra={"toml": "std = 0.1"})]
    seed: Annotated[Seed, Meta(extra={"toml": "seed = 3"})]


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
    printed: Annotated[Any, Meta(title='digits in quotes, like "1.095"', extra={"toml": 'printed = "1.095"'})]


class Note(Strict, kw_only=True):
    at: Annotated[Text, Meta(extra={"toml": 'at = "delta[2][1]"'}, extra_json_schema=ADDRESS)]
    text: Annotated[Text, Meta(extra={"toml": 'text = "Ask: why is this negative?"'})]
    audience: Literal["all", "lecturer"] = "all"


class Goal(Strict, kw_only=True):
    free: Annotated[Text, Meta(extra={"toml": 'free = "x[1]#1"'}, extra_json_schema=ADDRESS)]
    target: Annotated[Text, Meta(extra={"toml": 'target = "a[2][1]#1"'}, extra_json_schema=ADDRESS)]
    value: Annotated[float, Meta(extra={"toml": "value = 0.9"})]
    bracket: Annotated[
        list[float] | None,
        Meta(title="two numbers to look between, like [0.0, 100.0]", extra_json_schema={"minItems": 2, "maxItems": 2}),
    ] = None
    expect: float | None = None


class Arithmetic(Strict, kw_only=True):
    decimals: Annotated[int, Meta(ge=0, le=MOST_DIGITS)] | None = None
    significant: Annotated[int, Meta(ge=1, le=MOST_DIGITS)] | None = None
    rounding: Literal[tuple(ROUNDINGS)] = "half_even"  # type: ignore[valid-type]
    each: Literal[EACH] = "quantity"  # type: ignore[valid-type]
    exact: Annotated[list[Text], Meta(title='an array of names, like ["fprime"]')] = []


class Comparison(Strict, kw_only=True):
    this: Annotated[Text, Meta(extra={"toml": 'this = "loss@3"'}, extra_json_schema=ADDRESS)]
    other: Annotated[Text, Meta(extra={"toml": 'other = "ridge.toml"'}, extra_json_schema=PATH)]
    at: Annotated[Text, Meta(extra={"toml": 'at = "loss@3"'}, extra_json_schema=ADDRESS)]
    tolerance: Annotated[float, Meta(ge=0, extra={"toml": "tolerance = 1e-9"})]


Notation: type[Struct] = defstruct(
    "Notation",
    [
        *((option.name, Literal[option.choices], option.default) for option in STYLE_OPTIONS),
        (
            "letters",
            Annotated[dict[str, str], Meta(title='a table of text, like { z = "s", softplus = "σ" }')],
            field(default_factory=dict),
        ),
    ],
    bases=(Strict,),
    kw_only=True,
)
"""How symbols are shown: every option of the table, and letters."""


def home(key: str) -> str | None:
    """The table a key belongs to, for one that stands in another."""
    return _homes().get(key)


_AT_HOME_IN: Mapping[str, type[Struct]] = {
    "[notation]": Notation,
    "[[network.layers]]": Layer,
    "[network]": Network,
    "[data]": Data,
    "[training]": Training,
    "loss = { … }": Loss,
    "[[notes]]": Note,
    "[[goals]]": Goal,
    "[[comparisons]]": Comparison,
    "[arithmetic]": Arithmetic,
    "the first lines, above [network]": Top,
}
_ANYWHERE = ("name", "seed", "value", "tolerance", "delta")
"""Keys of several tables, of which none is meant more than another."""


@cache
def _homes() -> Mapping[str, str]:
    homes = {
        **{info.encode_name: table for table, struct in _AT_HOME_IN.items() for info in fields(struct)},
        "at": "[[notes]] or [[comparisons]]",
        "learning_rate": "optimizer = { … }",
    }
    return {key: table for key, table in homes.items() if key not in _ANYWHERE}
