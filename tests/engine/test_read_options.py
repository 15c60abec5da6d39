"""The reader: what layers, training and questions may have beside what every scenario has."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.scenario import schema
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Layer, Scenario
from engine.scenario.read import read, read_text

HERE = Path(__file__).parent

TEXT = """title = "Small"
[network]
inputs = 2
[[network.layers]]
units = 2
activation = "relu"
weights = [[1, 2], [3, 4]]
#1
[[network.layers]]
units = 2
activation = "sigmoid"
weights = "zeros"
#2
[data]
x = [[0.4, 0.6], [0.1, 0.2], [0.3, 0.9]]
y = [[1, 0], [0, 1], [1, 0]]
[training]
loss = "half_squared_error"
optimizer = { name = "sgd", learning_rate = 0.5 }
iterations = 5
#3
"""


def small(*changes: tuple[str, str]) -> Scenario:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read_text(text, HERE / "small.toml")


def layer(lines: str) -> Layer:
    return small(("#1", lines)).layers[0]


def training(lines: str, optimizer: str = 'name = "sgd", learning_rate = 0.5') -> Any:
    return small(("#3", lines), ('name = "sgd", learning_rate = 0.5', optimizer)).training


def message(*changes: tuple[str, str]) -> str:
    with pytest.raises(ScenarioError) as caught:
        small(*changes)
    return str(caught.value)


# Every key


def test_every_key_is_in_the_files_that_have_every_key() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("everything*.toml"))
    structs = [
        schema.Top, schema.Network, schema.Layer, schema.Shared, schema.Tied, schema.BatchNormalisation,
        schema.LayerNormalisation, schema.Dropout, schema.Data, schema.DataNames, schema.Csv, schema.Training,
        schema.L1, schema.L2, schema.ElasticNet, schema.Clipping, schema.Noise, schema.Loss, schema.Expected,
        schema.Printed, schema.Note, schema.Goal, schema.Comparison,
    ]  # fmt: skip
    for struct in structs:
        for name in struct.__struct_encode_fields__:
            if struct is schema.Csv and name in ("outputs", "scale"):
                continue  # they exclude `class` and `standardise`: tests of their own
            assert f"{name} =" in text or f"[{name}" in text or f".{name}]" in text, (struct, name)


def test_every_key_at_once() -> None:
    scenario = read(HERE / "everything.toml")
    hidden, code, last = scenario.layers
    assert hidden.shared_bias
    assert hidden.biases is not None
    assert hidden.biases.tolist() == [0.1]
    assert hidden.frozen == {"gamma"}
    assert hidden.dropout is not None
    assert (hidden.dropout.rate, hidden.dropout.seed) == (0.25, 3)
    normal = hidden.normalisation
    assert normal is not None
    assert (normal.kind, normal.epsilon, normal.place, normal.momentum) == ("batch", 1e-3, "after_activation", 0.2)
    assert (normal.statistics, normal.unbiased_running) == ("batch", False)
    assert normal.running_mean is not None
    assert normal.running_var is not None
    arrays = [normal.gamma, normal.beta, normal.running_mean, normal.running_var]
    assert [array.tolist() for array in arrays] == [[1, 2], [0, 0.5], [0.1, 0.2], [1, 2]]
    assert not any(array.flags.writeable for array in arrays)
    assert (code.tied_to, code.tied_transposed) == (1, True)
    assert (code.weights == hidden.weights.T).all()
    assert code.weights_origin == "tied to layer 1, transposed"
    assert code.frozen == {"b", "gamma", "beta"}
    assert code.biases_origin == "normal, mean 0.5, std 0.1, seed 7"
    assert last.weights_origin == "he_normal, mode fan_out, gain 0.5, seed 2"
    assert scenario.input_names == ("length", "weight")
    assert scenario.output_names == ("cat", "dog")
    assert scenario.y.tolist() == [[1, 0], [0, 1], [1, 0], [0, 1], [0, 1]]
    course = scenario.training
    ridge, lasso, both = course.penalties
    assert (ridge.name, ridge.strength, ridge.factor, ridge.on, ridge.layers) == ("l2", 0.1, 0.5, "all", (1, 3))
    assert (lasso.name, lasso.proximal, lasso.layers) == ("l1", True, ())
    assert (both.name, both.l1_ratio) == ("elastic_net", 0.3)
    assert course.schedule is not None
    assert (course.schedule.name, dict(course.schedule.options)) == ("cosine", {"period": 100.0, "minimum": 0.01})
    assert course.clipping is not None
    assert (course.clipping.by, course.clipping.limit) == ("norm", 1.0)
    assert course.input_noise is not None
    assert (course.input_noise.std, course.input_noise.seed) == (0.1, 3)
    assert course.optimizer.options["nesterov"] is True
    assert course.optimizer.options["momentum_form"] == "accumulator"
    (goal,) = scenario.goals
    assert (str(goal.free), str(goal.target)) == ("x[1]#1@0", "loss@2")
    assert (goal.value, goal.bracket, goal.written) == (0.25, (0.0, 100.0), "31.9722458")
    (comparison,) = scenario.comparisons
    assert (str(comparison.address), comparison.other, comparison.at) == ("W[1][1,1]@3", "wrong/empty.toml", "loss@3")
    lines = (HERE / "everything.toml").read_text(encoding="utf-8").split("\n")
    assert [lines[one.line - 1] for one in (goal, comparison)] == ["[[goals]]", "[[comparisons]]"]


# Layers


def test_nothing_is_there_unless_asked_for() -> None:
    one = small().layers[0]
    assert (one.normalisation, one.dropout, one.frozen, one.shared_bias, one.tied_to) == (
        None,
        None,
        frozenset(),
        False,
        None,
    )


def test_normalisation_by_name() -> None:
    made = layer('normalisation = "layer_norm"').normalisation
    assert made is not None
    assert (made.kind, made.gamma.tolist(), made.beta.tolist()) == ("layer", [1, 1], [0, 0])
    batch = layer('normalisation = "batch"').normalisation
    assert batch is not None
    assert (batch.epsilon, batch.momentum, batch.running_mean, batch.unbiased_running) == (1e-5, 0.1, None, True)


def test_frozen() -> None:
    assert layer("frozen = true").frozen == {"W", "b"}
    assert layer("frozen = false").frozen == frozenset()
    assert layer('frozen = ["weights"]').frozen == {"W"}
    assert layer('frozen = true\nbiases = "none"').frozen == {"W"}
    assert layer('frozen = true\nnormalisation = "layer"').frozen == {"W", "b", "gamma", "beta"}


def test_tied_weights_as_they_are() -> None:
    tied = small(('weights = "zeros"', "weights = { tied_to = 1 }")).layers[1]
    assert tied.weights.tolist() == [[1, 2], [3, 4]]
    assert (tied.tied_to, tied.tied_transposed) == (1, False)


def test_tied_weights_follow_the_order_of_the_file() -> None:
    order = ("inputs = 2", 'inputs = 2\nweights_order = "from_to"')
    tied = small(order, ('weights = "zeros"', "weights = { tied_to = 1 }")).layers[1]
    assert tied.weights.tolist() == [[1, 3], [2, 4]]


def test_a_tie_that_fits_otherwise_says_so() -> None:
    wide = (
        ("inputs = 2", "inputs = 3"),
        ("[[1, 2], [3, 4]]", '"zeros"'),
        ("[[0.4, 0.6], [0.1, 0.2], [0.3, 0.9]]", "[[1, 2, 3]]"),
    )
    target = ("[[1, 0], [0, 1], [1, 0]]", "[[1, 0, 0]]")
    said = message(
        *wide,
        (
            'units = 2\nactivation = "sigmoid"\nweights = "zeros"',
            'units = 3\nactivation = "sigmoid"\nweights = { tied_to = 1 }',
        ),
        target,
    )
    assert "they fit transposed: write { tied_to = 1, transposed = true }" in said


# Training


@pytest.mark.parametrize(
    ("written", "name"), [('"constant"', None), ('{ name = "constant" }', None), ("[0.5, 0.25]", "list")]
)
def test_schedules(written: str, name: str | None) -> None:
    schedule = training(f"schedule = {written}").schedule
    assert (schedule and schedule.name) == name
    if schedule is not None:
        assert schedule.values == (0.5, 0.25)


def test_a_list_of_rates_is_learning_rate_enough() -> None:
    assert training("schedule = [0.3, 0.1]", 'name = "sgd"').optimizer.learning_rate == 0.3
    listed = small(("#3", "schedule = [0.3]"), ('{ name = "sgd", learning_rate = 0.5 }', '"adam"')).training
    assert listed.optimizer.options["beta1"] == 0.9


@pytest.mark.parametrize("word", ["maximise", "maximize"])
def test_direction(word: str) -> None:
    assert training(f'direction = "{word}"').direction == "maximise"


def test_optimizer_options_have_their_defaults() -> None:
    options = training("", 'name = "adamw", learning_rate = 1, epsilon_place = "hat"').optimizer.options
    assert options["weight_decay"] == 0.01
    assert options["epsilon_place"] == "hat"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('name = "adam", learning_rate = 1, beta1 = 1.0', "less than 1, got 1.0"),
        ('name = "adam", learning_rate = 1, beta2 = -0.1', "of at least 0, got -0.1"),
        ('name = "adam", learning_rate = 1, epsilon = -1e-8', "of at least 0"),
        ('name = "sgd", learning_rate = 1, momentum = -0.5', "of at least 0"),
        ('name = "sgd", learning_rate = 1, momentum = true', "expected a number, got true"),
        ('name = "sgd", learning_rate = 1, nesterov = 1', "expected true or false, got the number 1"),
        ('name = "sgd", learning_rate = 1, momentum_form = "velocty"', "did you mean `velocity`?"),
        ('name = "rmsprop", learning_rate = 1, rho = 1', "less than 1, got 1"),
    ],
)
def test_options_keep_to_their_ranges(options: str, words: str) -> None:
    assert words in message(('name = "sgd", learning_rate = 0.5', options))


def test_a_penalty_may_name_a_layer() -> None:
    penalty = small(
        ("#2", 'name = "out"'), ("#3", 'penalties = [{ name = "lasso", strength = 1, layers = ["out"] }]')
    ).training.penalties[0]
    assert (penalty.name, penalty.layers, penalty.factor, penalty.on) == ("l1", (2,), 1.0, "weights")


# Questions

GOAL = '[[goals]]\nfree = "{free}"\ntarget = "{target}"\nvalue = 0.9\n'


@pytest.mark.parametrize(
    ("free", "resolved"),
    [
        ("x[2]#3", "x[2]#3@0"),
        ("y[1]#1", "y[1]#1@0"),
        ("W[1][2,1]", "W[1][2,1]@0"),
        ("b[2][1]@0", "b[2][1]@0"),
        ("lr", "lr@0"),
    ],
)
def test_what_may_be_free(free: str, resolved: str) -> None:
    (goal,) = small(("#3", GOAL.format(free=free, target="loss"))).goals
    assert (str(goal.free), str(goal.target), goal.bracket, goal.written) == (resolved, "loss@0", None, "")


def test_one_sample_needs_no_number() -> None:
    one = ("[[0.4, 0.6], [0.1, 0.2], [0.3, 0.9]]", "[[0.4, 0.6]]"), ("[[1, 0], [0, 1], [1, 0]]", "[[1, 0]]")
    (goal,) = small(*one, ("#3", GOAL.format(free="x[1]", target="a[2][1]"))).goals
    assert (str(goal.free), str(goal.target)) == ("x[1]#1@0", "a[2][1]#1@0")


@pytest.mark.parametrize(
    ("free", "target", "words"),
    [
        ("x[1]", "loss", "x[1] is a row of 3 numbers: add a sample, like #1"),
        ("x#1", "loss", "x#1 is a row of 2 numbers: add an index"),
        ("x", "loss", "x is 3 rows of 2 numbers: add a sample, like #1 and an index"),
        ("W[1][1]", "loss", "W[1][1] is a row of 2 numbers: add an index"),
        ("W[1][1,1]@2", "loss", "only a starting value can be free: write W[1][1,1]"),
        ("a[1][1]#1", "loss", "a is calculated"),
        ("x[1]#1", "x[1]#1", "is the number that is free"),
    ],
)
def test_what_may_not(free: str, target: str, words: str) -> None:
    assert words in message(("#3", GOAL.format(free=free, target=target)))


def test_a_goal_keeps_the_digits_of_its_answer() -> None:
    goals = small(("#3", GOAL.format(free="lr", target="loss") + "expect = 10.50\n")).goals
    assert goals[0].written == "10.50"
    whole = small(("#3", GOAL.format(free="lr", target="loss") + "expect = 3\n")).goals
    assert whole[0].written == "3"


def test_numbers_are_finite() -> None:
    assert all(math.isfinite(value) for value in np.concatenate([one.weights.ravel() for one in small().layers]))
