"""The scenario reader: what it accepts, what it says of the rest, and that it never says it with a traceback.

Each file of `wrong/` breaks one rule and has its message beside it. After a wanted change of wording, write them
anew with `UPDATE_GOLDENS=1 pytest tests/engine/test_read.py` and read every one in the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.scenario import limits
from engine.scenario.errors import Problem, ScenarioError
from engine.scenario.model import Scenario
from engine.scenario.positions import Positions, line_column
from engine.scenario.read import read, read_text
from engine.scenario.syntax_faults import decimal_comma
from engine.trace import Trace

ROOT = Path(__file__).parents[2]
WRONG = sorted((Path(__file__).parent / "wrong").glob("*.toml"))
EVERYTHING = sorted(Path(__file__).parent.glob("everything*.toml"))
SHIPPED = sorted((ROOT / "scenarios").glob("*.toml"))
SOFTPLUS = (ROOT / "scenarios" / "softplus.toml").read_text(encoding="utf-8")

SMALL = """title = "Small"
[network]
inputs = 2
[[network.layers]]
units = 3
activation = "relu"
weights = "zeros"
[[network.layers]]
units = 1
activation = "sigmoid"
weights = "zeros"
[data]
x = [[0.4, 0.6], [0.1, 0.2], [0.3, 0.9]]
y = [[1], [0], [1]]
[training]
loss = "half_squared_error"
optimizer = { name = "sgd", learning_rate = 0.5 }
iterations = 5
"""


def small(*changes: tuple[str, str], more: str = "") -> Scenario:
    """SMALL with some of its text changed, read."""
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read_text(text + more, "small.toml")


def problems(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioError) as caught:
        read_text(text, "x.toml")
    return caught.value.problems


# What is accepted


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_right(path: Path) -> None:
    scenario = read(path)
    assert scenario.path == path
    assert scenario.title
    assert scenario.teaches


def test_softplus_is_the_exercise() -> None:
    scenario = read(ROOT / "scenarios" / "softplus.toml")
    assert scenario.sizes == (2, 2, 1)
    assert scenario.layers[0].activation == "softplus"
    assert scenario.layers[0].weights.tolist() == [[-0.5, 0.5], [-0.8, 0.8]]
    assert scenario.layers[1].biases is not None
    assert scenario.layers[1].biases.tolist() == [0.2]
    assert scenario.layers[0].weights_origin == "as given"
    assert scenario.training.loss.factor == 0.5
    assert scenario.training.batch_size == 1
    lines = SOFTPLUS.split("\n")
    for expectation in scenario.expectations:
        assert expectation.address.k is not None
        assert expectation.address.name in lines[expectation.line - 1]
    assert all(lines[note.line - 1] == "[[notes]]" for note in scenario.notes)
    by_name = {str(one.address): one for one in scenario.expectations}
    assert by_name["b[1]@1"].written == ("0.16553881", "0.03269680")
    assert by_name["W[2][1,1]@1"].printed
    assert by_name["W[1]@1"].value.shape == (2, 2)


def test_arrays_are_read_only() -> None:
    scenario = small()
    assert scenario.layers[0].biases is not None
    for array in (scenario.x, scenario.y, scenario.layers[0].weights, scenario.layers[0].biases):
        assert not array.flags.writeable


def test_defaults() -> None:
    scenario = small()
    assert scenario.training.batch_size == 3
    assert not scenario.training.shuffle
    assert scenario.description == ""
    assert scenario.layers[0].biases_origin == "zeros"


@pytest.mark.parametrize(
    ("batching", "iterations"),
    [
        ("", 4),
        ("batch_size = 2", 8),
        ("batch_size = 2\ndrop_last = true", 4),
        ("batch_size = 1", 12),
        ("batch_size = 3\ndrop_last = true", 4),
    ],
)
def test_epochs_are_multiplied_out(batching: str, iterations: int) -> None:
    assert small(("iterations = 5", f"epochs = 4\n{batching}")).training.iterations == iterations


def test_no_iterations_is_a_walk_of_none() -> None:
    assert small(("iterations = 5", "iterations = 0")).training.iterations == 0


def test_weights_from_inputs_to_units_are_transposed() -> None:
    scenario = small(
        ("inputs = 2", 'inputs = 2\nweights_order = "from_to"'),
        ('weights = "zeros"', "weights = [[1, 2, 3], [4, 5, 6]]"),
    )
    assert scenario.layers[0].weights.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert not scenario.layers[0].weights.flags.writeable


def test_initialisers_by_seed_and_layer() -> None:
    init = 'weights = { init = "glorot_uniform", seed = 7 }'
    scenario = small(('weights = "zeros"', init), ('weights = "zeros"', init + "\nbiases = 'none'"))
    assert scenario.layers[0].weights_origin == "xavier_uniform, seed 7"
    assert scenario.layers[0].weights.shape == (3, 2)
    assert scenario.layers[1].biases is None
    assert scenario.layers[1].biases_origin == "none"
    again = small(('weights = "zeros"', init))
    assert (again.layers[0].weights == scenario.layers[0].weights).all()
    assert scenario.layers[0].weights[0, 0] != scenario.layers[1].weights[0, 0]


def test_order_of_the_file_does_not_turn_initialisers() -> None:
    """What is drawn does not depend on how the file would have written a matrix."""
    init = ('weights = "zeros"', 'weights = { init = "he_normal", seed = 1 }')
    order = ("inputs = 2", 'inputs = 2\nweights_order = "from_to"')
    assert (small(init).layers[0].weights == small(init, order).layers[0].weights).all()


def test_a_deviation_of_minus_zero_is_one_of_zero() -> None:
    draw = ('weights = "zeros"', 'weights = { init = "normal", mean = 0.5, std = -0.0, seed = 1 }')
    noise = ("iterations = 5", "iterations = 5\ninput_noise = { std = -0.0, seed = 1 }")
    scenario = small(draw, noise)
    assert (scenario.layers[0].weights == 0.5).all()
    assert Trace(scenario)[0].value == 0.4, "the first input, with no noise"


def test_activation_options_and_aliases() -> None:
    scenario = small(('"relu"', '{ name = "lrelu", slope = 0.2 }'), ('"sigmoid"', '"logistic"'))
    assert scenario.layers[0].activation == "leaky_relu"
    assert dict(scenario.layers[0].activation_options) == {"slope": 0.2}
    assert scenario.layers[1].activation == "sigmoid"
    assert dict(small(('"relu"', '"leaky_relu"')).layers[0].activation_options) == {"slope": 0.01}


def test_whole_numbers_are_numbers() -> None:
    scenario = small(("learning_rate = 0.5", "learning_rate = 1"))
    assert scenario.training.optimizer.learning_rate == 1.0
    assert scenario.y.dtype == np.float64


def test_expected_values_keep_their_digits() -> None:
    scenario = small(
        more="""
[expect]
"loss" = { value = 2e-1, tolerance = 1e-3 }
"loss@0" = 1_0.50
"W[1]@5" = [[1, -2], [3.0, 4.50], [0, "NaN"]]
"W[1][2]" = [0.0, 0.00]
"a[2][1]" = { printed = ["1.0", "−2.50", "3"] }
"a[2][1]#2@1" = "-Infinity"
"""
    )
    loss, again, weights, row, printed, infinite = scenario.expectations
    assert (loss.written, loss.tolerance, loss.address.k) == (("2e-1",), 1e-3, 0)
    assert again.written == ("10.50",)
    assert str(again.address) == str(loss.address)
    assert weights.written == ("1", "-2", "3.0", "4.50", "0", "NaN")
    assert weights.value.shape == (3, 2)
    assert np.isnan(weights.value[2, 1])
    assert row.value.shape == (2,)
    assert printed.printed
    assert printed.written == ("1.0", "-2.50", "3")
    assert infinite.value == -np.inf


def test_expected_values_may_leave_out_one_sample() -> None:
    one_sample = [("[[0.4, 0.6], [0.1, 0.2], [0.3, 0.9]]", "[[0.4, 0.6]]"), ("[[1], [0], [1]]", "[[1]]")]
    more = '[expect]\n"a[1]" = [1, 2, 3]\n"a[1]@2" = [[1, 2, 3]]\n"a[1][2]" = 2\n'
    assert [one.value.shape for one in small(*one_sample, more=more).expectations] == [(3,), (1, 3), ()]
    with pytest.raises(ScenarioError, match="1 row of 3 numbers"):
        small(*one_sample, more='[expect]\n"W[2]" = [1, 2, 3]\n')


def test_notes_without_k_are_for_every_iteration() -> None:
    notes = small(more='[[notes]]\nat = "loss"\ntext = "each"\n[[notes]]\nat = "loss@2"\ntext = "once"\n').notes
    assert [note.address.k for note in notes] == [None, 2]
    assert notes[0].line == 19


def test_line_ends_and_byte_order_mark() -> None:
    data = b"\xef\xbb\xbf" + SOFTPLUS.replace("\n", "\r\n").encode()
    scenario = read_text(data, "x.toml")
    assert scenario.title == "The 2-2-1 softplus network"
    assert [note.line for note in scenario.notes] == [note.line for note in read_text(SOFTPLUS, "x.toml").notes]


# What is refused


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_file_has_its_message(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parents[1])  # so that the files it names are found from the path that messages show
    with pytest.raises(ScenarioError) as caught:
        read_text(path.read_bytes(), f"wrong/{path.name}")
    golden = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(f"{caught.value}\n", encoding="utf-8")
    assert f"{caught.value}\n" == golden.read_text(encoding="utf-8")


def test_every_message_belongs_to_a_file() -> None:
    assert {path.stem for path in WRONG} == {path.stem for path in (Path(__file__).parent / "wrong").glob("*.txt")}


def test_the_form_of_a_message() -> None:
    text = SOFTPLUS.replace("weights = [[1.0, -1.0]]", "weights = [[1.0, -1.0, 3.0]]")
    with pytest.raises(ScenarioError) as caught:
        read_text(text, "scenarios/x.toml")
    line = text[: text.index("weights = [[1.0")].count("\n") + 1
    assert str(caught.value) == (
        f"scenarios/x.toml:{line}: network.layers[2].weights: expected 1 row of 2 numbers, got 1 row of 3\n"
        f"  {line} | weights = [[1.0, -1.0, 3.0]]\n"
        f"     |           ^"
    )
    (problem,) = caught.value.problems
    assert (problem.path, problem.line, problem.column) == ("scenarios/x.toml", line, 11)
    assert (problem.key, problem.source_line) == ("network.layers[2].weights", "weights = [[1.0, -1.0, 3.0]]")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "softplus.toml").touch()
    for name in ("softpuls.toml", "softplus"):
        with pytest.raises(ScenarioError) as caught:
            read(tmp_path / name)
        assert str(caught.value) == (
            f"{tmp_path / name}: there is no such file: did you mean `{tmp_path / 'softplus.toml'}`?"
        )
    with pytest.raises(ScenarioError, match=r"there is no such file$"):
        read(tmp_path / "nowhere" / "x.toml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="this is a folder"):
        read(str(tmp_path))


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ScenarioError, match=r"x\.toml: the file cannot be read: permission denied"):
        read(tmp_path / "x.toml")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other words for it")
def test_a_path_that_is_none() -> None:
    with pytest.raises(ScenarioError, match="this is no path"):
        read("a\0b")
    with pytest.raises(ScenarioError, match="the file cannot be read: file name too long"):
        read("x" * 5000)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 2**20)
    path = tmp_path / "x.toml"
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ScenarioError, match=r"x\.toml: the file is too large: at most 1 MiB are read"):
        read(path)


def test_more_problems_than_anybody_reads_are_counted() -> None:
    found = problems(SMALL + "[expect]\n" + "".join(f'"nothing[{index}]" = true\n' for index in range(1, 200)))
    assert len(found) == 101
    assert str(found[-1]) == f"x.toml:{found[-2].line}: 99 more problems of this file are not listed"


def test_limits_name_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LAYERS", 1)
    with pytest.raises(ScenarioError, match="at most 1 layers, got 2"):
        small()
    monkeypatch.undo()
    monkeypatch.setattr(limits, "MAX_DATA_NUMBERS", 8)
    with pytest.raises(ScenarioError, match="the data are 9 numbers: at most 8"):
        small()
    monkeypatch.undo()
    monkeypatch.setattr(limits, "MAX_RECORD_NUMBERS", 89)
    with pytest.raises(ScenarioError, match="would record about 90 numbers: at most 89"):
        small()
    assert small(("iterations = 5", "iterations = 5\nbatch_size = 2")).training.batch_size == 2


def test_all_faults_at_once_in_the_order_of_the_file() -> None:
    path = Path(__file__).parent / "wrong" / "many_at_once.toml"
    found = problems(path.read_bytes())
    lines = [problem.line or 0 for problem in found]
    assert lines == sorted(lines)
    assert len(found) >= 10
    assert len({problem.key.split(".")[0].split("[")[0] for problem in found}) >= 6


def test_a_wrong_type_is_not_a_wrong_shape_as_well() -> None:
    found = problems(SMALL.replace('weights = "zeros"', 'weights = [[1, "2"], [3, 4]]', 1))
    assert [problem.key for problem in found] == ["network.layers[1].weights[1][2]"]


def test_nothing_of_a_file_reaches_the_terminal_as_an_order() -> None:
    text = SMALL.replace("relu", "\\u001b]0;x\\u0007").replace(
        'title = "Small"', 'title = "a\tb" #\u202e\n"\\u001b[2J" = 1'
    )
    with pytest.raises(ScenarioError) as caught:
        read_text(text, "\x1b[31mx.toml")
    assert all(character.isprintable() or character == "\n" for character in str(caught.value))


def test_the_caret_stands_under_wide_characters() -> None:
    (problem,) = problems(
        SMALL.replace("title =", "source = ['教科書', 1]\ntitle =").replace("source = [", 'teaches = ["教", 1, ')
    )
    caret = str(problem).split("\n")[2]
    # teaches = ["教", 1: the character 教 is two cells wide, and the caret is counted in cells.
    assert problem.column == 17
    assert caret.index("^") - caret.index("|") - 2 == 17


# Positions

POSITIONS = '''# a comment with "quotes" and [brackets]
title = "x" # another
"quoted key" = 1
a.b.'c d' = [1, 2]   # dotted
text = """
key = "not a key"
[not.a.table] \\"""
"""
raw = \'\'\'
[[nor.this]] '\'\'\'

[table]
matrix = [
    [1, 2], # ] not the end
    [3, "]", 5], [ 6,
      7 ],
]
inline = { x = 1, y.z = { w = [10, 20] }, "q,=" = '}' }

[[items]]
name = "first"
[[items.parts]]
p = 1
[[items.parts]]
p = 2
[[items]]
name = "second"
[items.sub]
s = true
[[items.parts]]
p = 3
'''


@pytest.mark.parametrize(
    ("key", "line", "column"),
    [
        (("title",), 2, 9),
        (("quoted key",), 3, 16),
        (("a", "b", "c d"), 4, 13),
        (("a", "b", "c d", 1), 4, 17),
        (("text",), 5, 8),
        (("raw",), 9, 7),
        (("table", "matrix"), 13, 10),
        (("table", "matrix", 0), 14, 5),
        (("table", "matrix", 1, 1), 15, 9),
        (("table", "matrix", 1, 2), 15, 14),
        (("table", "matrix", 2, 1), 16, 7),
        (("table", "inline", "x"), 18, 16),
        (("table", "inline", "y", "z"), 18, 25),
        (("table", "inline", "y", "z", "w", 1), 18, 36),
        (("table", "inline", "q,="), 18, 51),
        (("items", 0, "name"), 21, 8),
        (("items", 0, "parts", 0, "p"), 23, 5),
        (("items", 0, "parts", 1, "p"), 25, 5),
        (("items", 1, "name"), 27, 8),
        (("items", 1, "sub", "s"), 29, 5),
        (("items", 1, "parts", 0, "p"), 31, 5),
        # Deeper than there is: the nearest thing around it.
        (("table", "matrix", 1, 1, 5), 15, 9),
        (("table", "matrix", 9), 13, 10),
    ],
)
def test_values_are_found(key: tuple[str | int, ...], line: int, column: int) -> None:
    offset = Positions(POSITIONS).value(key)
    assert offset is not None
    assert line_column(POSITIONS, offset) == (line, column)


@pytest.mark.parametrize(
    ("key", "line", "column"),
    [
        (("a", "b"), 4, 1),
        (("table",), 12, 1),
        (("table", "inline", "y"), 18, 19),
        (("items",), 20, 1),
        (("items", 1), 26, 1),
        (("items", 1, "sub"), 28, 1),
        (("items", 0, "parts", 1), 24, 1),
    ],
)
def test_keys_are_found(key: tuple[str | int, ...], line: int, column: int) -> None:
    offset = Positions(POSITIONS).key(key)
    assert offset is not None
    assert line_column(POSITIONS, offset) == (line, column)


def test_what_has_no_place_has_none() -> None:
    positions = Positions(POSITIONS)
    assert positions.key(("nothing",)) is None
    assert positions.value(("items", 1)) is None
    assert Positions("").key(("title",)) is None


def test_a_very_long_number_with_a_decimal_comma_is_not_repeated() -> None:
    assert decimal_comma("-10,25") == "a decimal number has a point, not a comma: -10.25, not -10,25"
    assert decimal_comma(f"1{'0' * 400},{'0' * 400}") == "a decimal number has a point, not a comma: 0.5, not 0,5"


def test_a_file_that_ends_after_an_equals_sign_is_refused_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "cut.toml"
    path.write_bytes(b'title = "cut"\r\n\r\nkey =')
    with pytest.raises(ScenarioError, match=r"cut\.toml:3: not TOML"):
        read(path)
