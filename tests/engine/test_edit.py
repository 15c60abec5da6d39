"""What if: an edit changes one thing, in the scenario as in the text, and everything else stays as it was."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from engine.goal import changed, solve
from engine.losses import LOSSES
from engine.network import Network
from engine.scenario.edit import MAX_WRITTEN, Draft, EditError
from engine.scenario.model import Scenario
from engine.scenario.targets import GIVEN
from engine.structs import replace
from engine.trace import Trace

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
HERE = Path(__file__).parent
EVERYTHING = sorted(HERE.glob("everything*.toml"))
FILES = sorted([*SCENARIOS.glob("*.toml"), *EVERYTHING])
SOFTPLUS = SCENARIOS / "softplus.toml"

_TOKEN = re.compile(r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|(?P<comment>#[^\n]*)', re.DOTALL)
_ORIGINS = ("weights_origin", "biases_origin", "data_origin", "line", "path", "text")
"""What may differ: where numbers come from and stand, not what they are."""


@cache
def draft_of(path: Path) -> Draft:
    draft = Draft.of(path)
    assert draft.scenario
    return draft


def comments(text: str) -> list[str]:
    return [match["comment"].rstrip() for match in _TOKEN.finditer(text) if match["comment"]]


def differences(one: object, other: object, at: str = "") -> list[str]:
    """Where two scenarios differ, bit for bit."""
    if isinstance(one, Struct) and type(one) is type(other):
        names = [name for name in one.__struct_fields__ if name not in _ORIGINS]
        return [
            found for name in names for found in differences(getattr(one, name), getattr(other, name), f"{at}.{name}")
        ]
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return [] if one.shape == other.shape and one.tobytes() == other.tobytes() else [at]
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return [
            found for i, (a, b) in enumerate(zip(one, other, strict=True)) for found in differences(a, b, f"{at}[{i}]")
        ]
    return [] if one == other else [f"{at}: {one} and {other}"]


def given_addresses(scenario: Scenario, choose: Callable[[int], int]) -> list[str]:
    """One address of every array that a scenario gives, its element chosen."""
    network, found = Network(scenario), []
    for (name, layer), quantity in network.catalogue.items():
        if name not in GIVEN:
            continue
        if name == "lr" and scenario.training.schedule is not None and scenario.training.schedule.name == "list":
            continue
        text = name + ("" if layer is None else f"[{layer}]")
        if quantity.shape:
            text += f"[{','.join(str(choose(size) + 1) for size in quantity.shape)}]"
        if name in ("x", "y"):
            k = choose(scenario.training.iterations + 1)
            text += f"#{choose(network.batches.size(k)) + 1}@{k}"
        found.append(text)
    return found


NUMBERS = st.one_of(
    st.floats(-1e3, 1e3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 0.1, 1e-300, 5e-324, 1e22, 123456789.123]),
)


@settings(max_examples=40)
@given(st.data(), st.sampled_from(FILES), NUMBERS)
def test_an_edited_number_is_the_number_that_a_goal_would_change(data: st.DataObject, path: Path, value: float) -> None:
    draft = draft_of(path)
    choose = lambda size: data.draw(st.integers(0, size - 1))  # noqa: E731
    address = data.draw(st.sampled_from(given_addresses(draft.scenario, choose)))
    if address[:2] in ("lr", "ru"):
        value = abs(value)
    if address[0] == "y" and LOSSES[draft.scenario.training.loss.name].targets != "any":
        value = float(draft.scenario.y.flat[0])
    names = Trace(draft.scenario).names
    if address[0] == "y" and LOSSES[draft.scenario.training.loss.name].targets == "distribution":
        with pytest.raises(EditError, match="sum to 1"):
            draft.set(address, value + 1.0)
        return
    edited = draft.set(address, value)
    assert differences(edited.scenario, changed(draft.scenario, names.resolve(address), value)) == []
    assert comments(edited.text) == comments(draft.text)


Change = tuple[str, str, Callable[[Scenario], Scenario]]


def training(**values: Any) -> Callable[[Scenario], Scenario]:
    return lambda scenario: replace(scenario, training=replace(scenario.training, **values))


def optimizer(**values: Any) -> Callable[[Scenario], Scenario]:
    return lambda scenario: replace(
        scenario, training=replace(scenario.training, optimizer=replace(scenario.training.optimizer, **values))
    )


KEYS: tuple[Change, ...] = (
    ("seed", "11", training(seed=11)),
    ("training.shuffle", "False", training(shuffle=False)),
    ("title", 'What if: π, \\ and "quotes"?', lambda scenario: replace(scenario, title='What if: π, \\ and "quotes"?')),
    ("training.iterations", "40", training(iterations=40)),
    ("learning_rate", "0.25", optimizer(learning_rate=0.25)),
    ("lr", "2e-3", optimizer(learning_rate=0.002)),
    ("direction", "minimise", training(direction="minimise")),
    ("description", "A # is no comment here", lambda scenario: replace(scenario, description="A # is no comment here")),
)
EDITED = [
    SCENARIOS / f"{name}.toml" for name in ("softplus", "word2vec", "moons", "batch_norm", "xor", "shared_weights")
]


@settings(max_examples=30)
@given(st.data(), st.sampled_from(EDITED))
def test_edits_after_edits_read_keep_comments_and_can_be_undone(data: st.DataObject, path: Path) -> None:
    drafts, wanted = [draft_of(path)], [draft_of(path).scenario]
    choose = lambda size: data.draw(st.integers(0, size - 1))  # noqa: E731
    for _ in range(data.draw(st.integers(1, 5))):
        if data.draw(st.booleans()):
            target, value, change = data.draw(st.sampled_from(KEYS))
            drafts.append(drafts[-1].set(target, value))
            wanted.append(change(wanted[-1]))
        else:
            addresses = [one for one in given_addresses(wanted[-1], choose) if one[0] != "y" and one != "lr"]
            target, number = data.draw(st.sampled_from(addresses)), abs(data.draw(NUMBERS))
            drafts.append(drafts[-1].set(target, number))
            wanted.append(changed(wanted[-1], Trace(wanted[-1]).names.resolve(target), number))
    assert differences(Draft.of(path).scenario, wanted[0]) == []
    for draft, scenario in zip(drafts, wanted, strict=True):
        assert differences(draft.scenario, scenario) == []
        assert differences(Draft.of(draft.text, path).scenario, scenario) == []
        assert comments(draft.text) == comments(drafts[0].text)


def edited(target: str, value: str | float, path: Path = SOFTPLUS) -> list[tuple[str, str]]:
    """The lines an edit changes: before and after; those it adds have nothing before."""
    draft = draft_of(path)
    before, after = draft.text.split("\n"), draft.set(target, value).text.split("\n")
    start = next(i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    more = len(after) - len(before)
    if more:
        assert before[start:] == after[start + more :]
        return [("", line) for line in after[start : start + more]]
    return [(a, b) for a, b in zip(before, after, strict=True) if a != b]


@pytest.mark.parametrize(
    ("target", "value", "before", "after"),
    [
        ("W[1][2,1]", "0.50", "weights = [[-0.5, 0.5], [-0.8, 0.8]]", "weights = [[-0.5, 0.5], [0.50, 0.8]]"),
        ("b[2][1]", "−3", "biases = [0.2]", "biases = [-3]"),
        ("x[2]", 0.25, "x = [[0.4, 0.6]]", "x = [[0.4, 0.25]]"),
        ("a[0][2]#1", 0.25, "x = [[0.4, 0.6]]", "x = [[0.4, 0.25]]"),
        ("y[1]#1@4", ".5", "y = [[1.0]]", "y = [[0.5]]"),
        ("lr", "1e-3", "learning_rate = 1.0 }", "learning_rate = 1e-3 }"),
        ("seed", 7, "", "seed = 7"),
        ("epochs", "9", "iterations = 5", "epochs = 9"),
        ("activation[1]", "tanh", 'activation = "softplus"', 'activation = "tanh"'),
        ("layers[2].activation", "elu", 'activation = "softplus"', 'activation = "elu"'),
        ("activation[1]", '{ name = "elu", alpha = 2 }', '"softplus"', '{ name = "elu", alpha = 2 }'),
        ("training.loss", "mean_squared_error", '"half_squared_error"', '"mean_squared_error"'),
        ("training.loss.name", "mse", '"half_squared_error"', '"mse"'),
        ("loss", "mse", '"half_squared_error"', '"mse"'),
        ("optimizer", "adam", '"sgd", learning_rate', '"adam", learning_rate'),
        ("momentum", 0.9, "learning_rate = 1.0 }", "learning_rate = 1.0, momentum = 0.9 }"),
        ("training.clipping", '{ by = "norm", limit = 1 }', "", 'clipping = { by = "norm", limit = 1 }'),
        ("weights[1]", "zeros", "[[-0.5, 0.5], [-0.8, 0.8]]", '"zeros"'),
        ("network.weights_order", "to_from", "", 'weights_order = "to_from"'),
        ('expect."loss"', 0.5, '"loss" = 0.02422335', '"loss" = 0.5'),
        ("data.names.inputs", '["l", "w"]', "", 'names = { inputs = ["l", "w"] }'),
        ("normalisation[1].epsilon", "0", None, None),
    ],
)  # fmt: skip
def test_one_line_changes(target: str, value: str | float, before: str | None, after: str | None) -> None:
    if before is None or after is None:
        with pytest.raises(EditError, match="the name of the normalisation goes here"):
            edited(target, value)
        return
    ((old, new),) = edited(target, value)
    assert before in old
    assert new == (old.replace(before, after) if before else after)


@pytest.mark.parametrize(
    ("target", "value", "message"),
    [
        ("z[1][1]", 1, r"^z\[1\]\[1\] is calculated, not given: edit W\[1\]\[1,1\], W\[1\]\[1,2\] or b\[1\]\[1\]$"),
        ("delta[2]@3", 1, r"^delta\[2\]@3 is calculated, not given: edit y\[1\]#1, "),
        ("W[1][1,1]@2", 1, r"calculated, not given: edit where it starts, W\[1\]\[1,1\]$"),
        ("W[1]", 1, r"^W\[1\] is 4 numbers: name one, like W\[1\]\[1,1\]$"),
        ("W[1][9,1]", 1, r"unit 9 does not exist; expected 1 to 2$"),
        ("W[1][1,1]", "one", r'^W\[1\]\[1,1\]: expected a number, got "one"$'),
        ("W[1][1,1]", "nan", r'^W\[1\]\[1,1\]: expected a finite number, got "nan"$'),
        ("W[1][1,1]", float("inf"), r'^W\[1\]\[1,1\]: expected a finite number, got "inf"$'),
        ("W[1][1,1]", 10**400, r"expected a finite number"),
        ("lr", -1, r"learning_rate: expected a number of at least 0, got -1"),
        ("learning_rate", float("nan"), "expected a finite number"),
        ("iteratons", 9, r"^iteratons: did you mean `iterations`\?$"),
        ("training.optimiser", 9, r"no such key: did you mean `training.optimizer`\?$"),
        ("traning.seed", 9, r"no such key: did you mean `training`\?$"),
        ("layers[1].activaton", 9, r"no such key: did you mean `network.layers\[1\].activation`\?$"),
        ("activation[3]", "tanh", r"^activation\[3\]: there is no layer 3: they are layers 1 to 2$"),
        ("activation", "tanh", r"say of which layer, like activation\[2\]$"),
        ("activation[0]", "tanh", "positions count from 1"),
        ("activation[1]", "tan", r":12: network\.layers\[1\]\.activation: unknown activation \"tan\": did you mean"),
        ("notes[9].text", "x", r"there is no notes\[9\]: there are 6, counted from 1$"),
        ("title.x", "x", r"title is no table that x could stand in$"),
        ("seed", "1\nshuffle = true", "expected a value as TOML writes it, or a word, got"),
        ("seed", "1 # c", "expected a value as TOML writes it, or a word, got"),
        ("seed", "", "or a word, got nothing$"),
        ("seed", "1, 2", "expected a value as TOML writes it"),
        ("seed", "7.0", r":31: training\.seed: expected a whole number, got the number 7.0: write 7"),
        ("network.layers[2].units", 2, r"weights: expected 2 rows of 2 numbers, got 1 row of 2"),
        ("?", 2, r"expected an address, like W\[1\]\[2,1\], or a key, like training\.seed$"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_says_why(target: str, value: str | float, message: str) -> None:
    draft = Draft.of(SOFTPLUS)
    with pytest.raises(EditError, match=message):
        draft.set(target, value)
    assert draft.text == SOFTPLUS.read_text("utf-8")


@pytest.mark.parametrize("path", [*EVERYTHING, *EDITED], ids=lambda path: path.stem)
def test_the_last_number_of_every_array_can_be_edited(path: Path) -> None:
    draft = draft_of(path)
    names = Trace(draft.scenario).names
    for address in given_addresses(draft.scenario, lambda size: size - 1):
        value = float(draft.scenario.y.flat[0]) if address[0] == "y" else 0.0625
        try:
            scenario = draft.set(address, value).scenario
        except EditError as error:
            assert "sum to 1" in str(error)  # noqa: PT017 - of a distribution no single number can change
            continue
        assert differences(scenario, changed(draft.scenario, names.resolve(address), value)) == []


def test_a_tied_layer_names_the_owner() -> None:
    draft = draft_of(SCENARIOS / "shared_weights.toml")
    with pytest.raises(EditError, match=r"layer 2 uses the W of layer 1, transposed: edit W\[1\]"):
        draft.set("W[2][1,1]", 1)
    w = draft.set("W[1][1,2]", 9).scenario.layers
    assert w[0].weights[0, 1] == w[1].weights[1, 0] == 9.0


def test_a_sample_has_to_be_named_where_there_are_several() -> None:
    draft = draft_of(SCENARIOS / "xor.toml")
    with pytest.raises(EditError, match=r"say which, like x\[1\]#1"):
        draft.set("x[1]", 1)


def test_the_row_is_that_of_the_batch_named() -> None:
    path = HERE / "everything.toml"
    draft = draft_of(path)
    row = int(Trace(draft.scenario).network.batches.rows(3)[1])
    x = draft.set("x[1]#2@3", 9).scenario.x
    assert np.argwhere(x != draft.scenario.x).tolist() == [[row, 0]]


def test_named_classes_are_written_out_as_numbers() -> None:
    draft = draft_of(HERE / "everything.toml").set("y[1]#1", 0.5)
    assert "y = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.5, 1.0]]\n" in draft.text
    assert draft.scenario.output_names == ("cat", "dog")


def test_made_data_are_written_out_with_their_names() -> None:
    draft = draft_of(HERE / "everything_set.toml")
    names = draft.scenario.output_names
    made = draft.set("x[2]#3", 0.5)
    assert "set =" not in made.text
    assert made.scenario.output_names == names == ("lower",)
    csv = draft_of(HERE / "everything_csv.toml").set("x[2]#3", 0.5)
    assert "csv =" not in csv.text
    assert csv.scenario.input_names == ("length", "width")


def test_a_large_matrix_is_not_written_out() -> None:
    text = re.sub(r"inputs = 64", "inputs = 6400", (SCENARIOS / "digits.toml").read_text("utf-8"))
    text = re.sub(r"csv = .*\n", "x = [[" + "0.5, " * 6400 + "]]\ny = [[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]\n", text)
    text = text.partition("[expect]")[0].replace("batch_size = 10", "")
    draft = Draft.of(text)
    with pytest.raises(EditError, match=f"to change one number all 204,800 .* at most {MAX_WRITTEN:,} are"):
        draft.set("W[1][1,1]", 1)
    assert draft.set("x[6400]#1", 1).scenario.x[0, -1] == 1.0
    assert draft.set("W[2][1,1]", 1).scenario.layers[1].weights[0, 0] == 1.0


HEADERS = """\
# A file as TOML allows it too.
title = 'Headers'

[network]
inputs = 2

  [[network.layers]]
  units = 1
  activation.name = "leaky_relu"
  activation.slope = 0.2   # the slope

  [network.layers.weights]   # drawn
  init = "normal"
  std = 0.5
  seed = 3

[data]
x = [
  [0.5, 1.5],   # first
  [2.5, 3.5],
]
y = [[1.0], [0.0]]

# About the training.
[training]
iterations = 2
loss.name = "squared_error"
loss.factor = 1.0
loss.over_outputs = "sum"
loss.over_samples = "mean"

[training.optimizer]
name = "sgd"
learning_rate = 0.5   # η
momentum = 0.9
# The end."""


@pytest.mark.parametrize(
    ("target", "value", "change"),
    [
        ("x[1]#2", "9", ("[2.5, 3.5]", "[9, 3.5]")),
        ("lr", 0.25, ("learning_rate = 0.5 ", "learning_rate = 0.25 ")),
        ("activation[1].slope", 0.3, ("slope = 0.2", "slope = 0.3")),
        ("loss.over_samples", "sum", ('over_samples = "mean"', 'over_samples = "sum"')),
        ("weights[1].seed", 4, ("seed = 3", "seed = 4")),
        ("training.seed", 4, ('over_samples = "mean"', 'over_samples = "mean"\nseed = 4')),
        ("nesterov", True, ("momentum = 0.9", "momentum = 0.9\nnesterov = true")),
        ("biases[1]", "zeros", ('slope = 0.2   # the slope', 'slope = 0.2   # the slope\n  biases = "zeros"')),
        ("normalisation[1].momentum", 4, None),
    ],
)  # fmt: skip
def test_other_ways_to_write_tables(target: str, value: str | float, change: tuple[str, str] | None) -> None:
    draft = Draft.of(HEADERS)
    if change is None:
        with pytest.raises(EditError):
            draft.set(target, value)
        return
    assert HEADERS.count(change[0]) == 1
    assert draft.set(target, value).text == HEADERS.replace(*change)


def test_a_table_with_a_header_becomes_a_value() -> None:
    draft = Draft.of(HEADERS)
    start = draft.scenario.layers[0].weights
    written = draft.set("W[1][1,2]", 9)
    assert written.scenario.layers[0].weights.tolist() == [[start[0, 0], 9.0]]
    assert "[network.layers.weights]" not in written.text
    assert "[[network.layers]]" in written.text
    adam = draft.set("optimizer", "adam")
    assert adam.scenario.training.optimizer.name == "adam"
    assert adam.scenario.training.optimizer.learning_rate == 0.5
    assert "# η" in adam.text
    assert draft.set("activation[1]", "tanh").scenario.layers[0].activation == "tanh"
    assert draft.set("loss", "mse").scenario.training.loss.over_outputs == "mean"


def test_a_missing_table_is_made() -> None:
    text = SOFTPLUS.read_text("utf-8").partition("[expect]")[0]
    assert Draft.of(text).set('expect."loss"', "0.5").text == f"{text}\n[expect]\nloss = 0.5\n"


def test_a_key_can_be_left_out() -> None:
    draft = draft_of(HERE / "everything.toml")
    assert draft.without("clipping").scenario.training.clipping is None
    assert draft.without("optimizer.dampening").text == draft.text.replace(" dampening = 0.0,", "")
    with pytest.raises(EditError, match="missing"):
        draft.without("training.loss")
    with pytest.raises(EditError, match="it can be changed, not left out"):
        draft.without("W[1][1,1]")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay(mark: str, tmp_path: Path) -> None:
    text = mark + SOFTPLUS.read_text("utf-8").replace("\n", "\r\n")
    path = tmp_path / "dos.toml"
    path.write_bytes(text.encode())
    draft = Draft.of(path)
    assert draft.text == text
    assert draft.set("seed", 3).text == text.replace("iterations = 5\r\n", "iterations = 5\r\nseed = 3\r\n")
    mixed = text.replace("\r\n", "\n", 3)
    assert Draft.of(mixed).set("lr", 0.5).text == mixed.replace("learning_rate = 1.0", "learning_rate = 0.5")


def test_an_edit_can_mend_a_file_that_does_not_read() -> None:
    draft = Draft.of(SOFTPLUS.read_text("utf-8").replace('"half_squared_error" ', '"half_squared_eror" '))
    assert draft.set("loss", "half_squared_error").text == SOFTPLUS.read_text("utf-8")
    with pytest.raises(EditError, match=r"unknown loss \"half_squared_eror\""):
        draft.set("W[1][1,1]", 1)


def test_an_answer_to_a_goal_is_an_edit() -> None:
    found = 0
    for path in sorted(SCENARIOS.glob("*.toml")):
        draft = draft_of(path)
        for goal in draft.scenario.goals:
            answer = solve(draft.scenario, goal)
            assert differences(draft.set(str(answer.goal.free), answer.value).scenario, answer.scenario) == []
            found += 1
    assert found >= 2


def test_choices_are_what_the_tables_have() -> None:
    draft = draft_of(HERE / "everything.toml")
    assert "softplus" in draft.choices("activation[1]")
    assert {"mean_squared_error", "squared_error"} <= set(draft.choices("loss"))
    assert draft.choices("training.optimizer.name") == draft.choices("optimizer")
    assert draft.choices("biases[1]")[0] == "none"
    assert "orthogonal" not in draft.choices("biases[1]")
    assert draft.choices("weights[3].mode") == ("fan_in", "fan_out", "fan_average")
    assert draft.choices("momentum_form") == ("accumulator", "velocity")
    assert draft.choices("shuffle") == ("true", "false")
    assert draft.choices("seed") == draft.choices("W[1][1,1]") == draft.choices("nothing") == ()
    plain = draft_of(SOFTPLUS)
    for target in ("activation[1]", "optimizer"):
        for name in plain.choices(target):
            assert plain.set(target, name).scenario


@pytest.mark.parametrize(
    ("name", "address", "first"),
    [
        ("softplus", "z[1][2]", ["W[1][2,1]", "W[1][2,2]", "b[1][2]", "x[1]#1", "x[2]#1"]),
        ("softplus", "W[1][2,1]@3", ["W[1][2,1]", "lr"]),
        ("softplus", "loss", ["y[1]#1", "W[2][1,1]"]),
        ("softplus", "x[2]#1", ["x[2]#1"]),
        ("batch_norm", "h[1][2]#3", ["gamma[1][2]", "beta[1][2]"]),
    ],
)  # fmt: skip
def test_what_lies_behind_a_number(name: str, address: str, first: list[str]) -> None:
    draft = draft_of(SCENARIOS / f"{name}.toml")
    targets = draft.editable(Trace(draft.scenario), address)
    assert targets[: len(first)] == first
    assert len(targets) == len(set(targets))


def test_all_that_lies_behind_a_number_can_be_edited_and_changes_it() -> None:
    draft = draft_of(SCENARIOS / "digits.toml")
    trace = Trace(draft.scenario)
    targets = draft.editable(trace, "z[1][3]#2@4")
    assert "b[1][3]" in targets
    assert targets[-1].endswith("#2@4")
    for target in (targets[-1], "b[1][3]"):
        there = Trace(draft.set(target, 100.0).scenario)
        assert there.value(there.resolve("z[1][3]#2@4")) != trace.value(trace.resolve("z[1][3]#2@4"))


def test_tomlkit_is_imported_only_where_a_file_is_rebuilt() -> None:
    code = (
        "import sys; from engine.scenario.edit import Draft; import engine.scenario.save;"
        f"d = Draft.of({str(SOFTPLUS)!r}).set('lr', 0.5).set('seed', 3); print('tomlkit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_about_the_walk_can_be_set_aside() -> None:
    draft = Draft.of(SCENARIOS / "adam_by_hand.toml")
    with pytest.raises(EditError, match=r"expect\.\"mb\[1\]@1\""):
        draft.set("optimizer", "sgd")
    changed = draft.set("optimizer", "sgd", aside=True)
    kept = {str(one.address) for one in changed.scenario.expectations}
    assert changed.scenario.training.optimizer.name == "sgd"
    assert kept == {str(one.address) for one in draft.scenario.expectations if one.address.name[0] not in "mv"}
    texts = [one.text for one in changed.scenario.notes]
    assert texts == [one.text for one in draft.scenario.notes if one.address.name[0] not in "mv"]
    with pytest.raises(EditError, match="unknown"):
        draft.set("optimizer", "nonsense", aside=True)
