"""The reader: data from files, data that are made, and classes by name."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.losses import LOSSES
from engine.scenario import limits
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Scenario
from engine.scenario.read import read, read_text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

TEXT = """title = "Data"
[network]
inputs = {inputs}
[[network.layers]]
units = {units}
activation = "{activation}"
weights = "zeros"
[data]
{data}
[training]
loss = "{loss}"
optimizer = {{ name = "sgd", learning_rate = 0.5 }}
iterations = 5
"""


def given(
    data: str,
    folder: Path = HERE,
    *,
    inputs: int = 2,
    units: int = 2,
    loss: str = "half_squared_error",
    activation: str = "sigmoid",
) -> Scenario:
    text = TEXT.format(data=data, inputs=inputs, units=units, loss=loss, activation=activation)
    return read_text(text, folder / "data.toml")


def message(data: str, folder: Path = HERE, **options: int) -> str:
    with pytest.raises(ScenarioError) as caught:
        given(data, folder, **options)
    return str(caught.value)


def csv(folder: Path, text: str | bytes) -> Path:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


# Classes by name


def test_classes_by_name() -> None:
    scenario = given('x = [[1, 2], [3, 4], [5, 6]]\ny = ["b", "a", "b"]\nnames = { outputs = ["a", "b"] }')
    assert scenario.y.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert scenario.output_names == ("a", "b")


def test_two_classes_in_one_column() -> None:
    scenario = given('x = [[1, 2], [3, 4]]\ny = ["b", "a"]\nnames = { outputs = ["a", "b"] }', units=1)
    assert scenario.y.tolist() == [[1], [0]]
    assert scenario.output_names == ("b",)
    assert scenario.data_origin == "a as 0, b as 1"


def test_names_of_numbers() -> None:
    scenario = given('x = [[1, 2]]\ny = [[1, 2]]\nnames = { inputs = ["l", "w"], outputs = ["u", "v"] }')
    assert (scenario.input_names, scenario.output_names) == (("l", "w"), ("u", "v"))


signs = pytest.mark.skipif(
    not any(entry.targets == "signs" for entry in LOSSES.values()), reason="no loss wants signs yet"
)


@signs
def test_signs() -> None:
    name, alias = next((one.name, next(iter(one.aliases))) for one in LOSSES.values() if one.targets == "signs")
    made = given('set = { name = "xor" }', units=1, loss=alias, activation="identity")
    assert made.y.tolist() == [[-1], [1], [1], [-1]]
    with pytest.raises(ScenarioError, match=f"{name} needs targets of -1 or 1, got 0.0: write -1 for every 0"):
        given("x = [[1, 2], [3, 4]]\ny = [[0], [1]]", units=1, loss=alias, activation="identity")


# Files


def test_the_columns_of_a_file() -> None:
    scenario = read(HERE / "everything_csv.toml")
    assert scenario.input_names == ("length", "width")
    assert scenario.output_names == ("rose", "lily", "iris")
    assert scenario.y.argmax(axis=1).tolist() == [0, 1, 0, 2, 2, 1]
    np.testing.assert_allclose(scenario.x.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(scenario.x.std(axis=0), 1)
    length = [5.1, 4.9, 4.7, 6.4, 6.9, 5.8]
    mean, deviation = np.mean(length), np.std(length)
    assert scenario.data_origin.startswith(
        f"wrong/data/flowers.csv, rows 1 to 6, standardised: length less {mean:.6g} over {deviation:.6g}; width less"
    )
    assert scenario.training.iterations == 2
    assert scenario.training.direction == "maximise"


def test_numbers_to_be_learnt(tmp_path: Path) -> None:
    csv(tmp_path, "\ufeff a ;b;c\r\n1;2;3\r\n\r\n4; 5 ;6e0\r\n")
    scenario = given(
        'csv = { file = "t.csv", outputs = ["c", "a"], inputs = ["b"], separator = ";", scale = 2 }', tmp_path, inputs=1
    )
    assert scenario.x.tolist() == [[1.0], [2.5]]
    assert scenario.y.tolist() == [[3, 1], [6, 4]]
    assert (scenario.input_names, scenario.output_names) == (("b",), ("c", "a"))
    assert scenario.data_origin == "t.csv, inputs divided by 2"


def test_inputs_left_out_are_all_other_columns(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n1,2,3\n")
    assert given('csv = { file = "t.csv", outputs = ["b"] }', tmp_path, units=1).input_names == ("a", "c")


def test_classes_of_numbers_are_in_their_order(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n1,2,10\n1,2,9\n")
    assert given('csv = { file = "t.csv", class = "c" }', tmp_path).output_names == ("9", "10")


def test_the_shipped_digits() -> None:
    scenario = given(
        'csv = { file = "data/digits.csv", class = "digit", scale = 16.0 }', ROOT / "scenarios", inputs=64, units=10,
        activation="softmax", loss="mean_cross_entropy",
    )  # fmt: skip
    assert scenario.x.shape == (300, 64)
    assert (scenario.x.min(), scenario.x.max()) == (0.0, 1.0)
    assert scenario.y.sum(axis=0).tolist() == [30] * 10
    assert scenario.y[:10].argmax(axis=1).tolist() == list(range(10))
    assert scenario.output_names == tuple("0123456789")
    assert scenario.input_names[::63] == ("p1", "p64")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "t.csv is empty"),
        ("a,b,c\n", "t.csv has no rows below its header"),
        ("1,2,3\n4,5,6\n", "its first line holds numbers"),
        ("a;b;c\n1;2;3\n", 'write separator = ";"'),
        ("a,,c\n1,2,3\n", "column 2 has no name"),
        ("a,b,a\n1,2,3\n", 'two columns are called "a"'),
        ("a,b,c\n1,2,3\n1,2\n", "t.csv, line 3: 2 cells, but the header has 3 columns"),
        ("a,b,c\n1,,3\n", 't.csv, line 2, column "b": the cell is empty'),
        ("a,b,c\n1,x,3\n", 't.csv, line 2, column "b": expected a number, got "x"'),
        ('a,b,c\n"1,5",2,3\n', "a decimal number has a point, not a comma"),
        ("a,b,c\n1,nan,3\n", 'expected a number, got "nan"'),
        ("a,b,c\n1,1_0,3\n", 'expected a number, got "1_0"'),
        ("a,b,c\n1,1e999,3\n", "the number is too large for a 64-bit float"),
        ('a,b,c\n"1,2,3\n', "t.csv, line 2: not separated values: a quote is never closed"),
        (b"a,b,c\n1,\xff,3\n", "t.csv, line 2: not UTF-8"),
        ("a,b,c\n1,\0,3\n", "t.csv, line 2: a NUL byte"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str | bytes, words: str) -> None:
    csv(tmp_path, text)
    assert words in message('csv = { file = "t.csv", inputs = ["a", "b"], outputs = ["c"] }', tmp_path, units=1)


def test_many_wrong_cells_are_counted(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n" + "x,y,z\n" * 10)
    said = message('csv = { file = "t.csv", inputs = ["a", "b"], outputs = ["c"] }', tmp_path, units=1)
    assert "t.csv: 17 more cells are wrong" in said
    assert "t.csv: 7 more cells are wrong" in said


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CSV_BYTES", 10)
    csv(tmp_path, "a,b,c\n1,2,3\n")
    assert "the file is too large: at most" in message('csv = { file = "t.csv", outputs = ["c"] }', tmp_path)


def test_columns_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_COLUMNS", 2)
    csv(tmp_path, "a,b,c\n1,2,3\n")
    assert "t.csv has 3 columns: at most 2 are read" in message('csv = { file = "t.csv", outputs = ["c"] }', tmp_path)


def test_unknown_columns_and_classes_are_counted(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n" + "".join(f"1,2,w{row}\n" for row in range(30)))
    names = ", ".join(f'"n{column}"' for column in range(30))
    said = message(f'csv = {{ file = "t.csv", inputs = [{names}], outputs = ["c"] }}', tmp_path)
    assert said.count("has no column") == 4
    assert "26 more names of no column of t.csv" in said
    named = 'csv = { file = "t.csv", class = "c" }\nnames = { outputs = ["cat", "dog"] }'
    said = message(named, tmp_path, units=2)
    assert said.count("unknown class") == 8
    assert 'line 10, column "c": here and below, 22 more words that name no class' in said


def test_long_names_of_classes_are_cut_short(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n1,2,cat\n1,2," + "d" * 3_000 + "g\n")
    for names in ('"cat", "' + "d" * 3_001 + '"', ", ".join(f'"{letter * 900}"' for letter in "pqrs")):
        said = message(f'csv = {{ file = "t.csv", class = "c" }}\nnames = {{ outputs = [{names}] }}', tmp_path, units=2)
        assert all(len(line) < 700 for line in said.split("\n")), said


def test_nothing_of_a_table_reaches_the_terminal_as_an_order(tmp_path: Path) -> None:
    csv(tmp_path, "length\x1b[2J,b,c\n1,2,3\n")
    said = message('csv = { file = "t.csv", inputs = ["length", "b"], outputs = ["c"] }', tmp_path)
    assert "did you mean `length\\x1b[2J`" in said
    assert all(character.isprintable() or character == "\n" for character in said)


@pytest.mark.parametrize(
    "name", ["../t.csv", "a/../../t.csv", "/etc/passwd", "C:\\\\x.csv", "C:x.csv", "\\\\\\\\host\\\\x"]
)
def test_no_other_folder_is_read(tmp_path: Path, name: str) -> None:
    csv(tmp_path, "a,b,c\n1,2,3\n")
    (tmp_path / "own" / "a").mkdir(parents=True)
    said = message(f'csv = {{ file = "{name}", outputs = ["c"] }}', tmp_path / "own", units=1)
    assert "folder" in said
    assert "no such file" not in said


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_and_judged_by_where_they_lead(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n1,2,3\n")
    own = tmp_path / "own"
    (own / "below").mkdir(parents=True)
    csv(own / "below", "a,b,c\n4,5,6\n")
    (own / "out.csv").symlink_to(tmp_path / "t.csv")
    (own / "up").symlink_to(tmp_path)
    (own / "in.csv").symlink_to(own / "below" / "t.csv")
    (own / "round.csv").symlink_to(own / "round.csv")
    data = 'csv = {{ file = "{}", outputs = ["c"] }}'
    assert "a link leads out" in message(data.format("out.csv"), own, units=1)
    assert "a link leads out" in message(data.format("up/t.csv"), own, units=1)
    said = message(data.format("round.csv"), own, units=1)
    assert '"round.csv" is a link that leads back to itself' in said
    assert said.count(str(own)) == 1, "where the scenario is, and not where the link is"
    assert given(data.format("in.csv"), own, units=1).x.tolist() == [[4, 5]]
    (tmp_path / "linked").symlink_to(own)
    assert given(data.format("in.csv"), tmp_path / "linked", units=1).y.tolist() == [[6]]


def test_targets_out_of_range_name_their_cell(tmp_path: Path) -> None:
    csv(tmp_path, "a,b,c\n1,2,0.5\n1,2,1.5\n")
    with pytest.raises(ScenarioError, match=r'needs targets between 0 and 1, got 1.5 \(t.csv, line 3, column "c"\)'):
        given('csv = { file = "t.csv", outputs = ["c"] }', tmp_path, units=1, loss="log_loss")


# Made


def test_a_set() -> None:
    scenario = read(HERE / "everything_set.toml")
    assert scenario.x.shape == (20, 2)
    assert scenario.y[:4].tolist() == [[0], [1], [0], [1]]
    assert scenario.output_names == ("lower",)
    assert scenario.data_origin == "moons, samples 20, noise 0.1, seed 1"


def test_the_corners_of_xor() -> None:
    scenario = given('set = { name = "xor" }', units=1)
    assert scenario.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert scenario.y.tolist() == [[0], [1], [1], [0]]
    assert scenario.data_origin == "xor"
    assert given('set = { name = "xor" }').y.tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]


def test_three_classes() -> None:
    scenario = given('set = { name = "blobs", samples = 9, seed = 1, classes = 3 }', units=3)
    assert scenario.y.sum(axis=0).tolist() == [3, 3, 3]
    assert scenario.data_origin == "blobs, samples 9, noise 0.5, classes 3, seed 1"


def test_targets_are_not_made_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DATA_NUMBERS", 25)
    assert "the targets are 27 numbers: at most 25" in message(
        'set = { name = "blobs", samples = 9, seed = 1, classes = 3 }', units=3
    )
