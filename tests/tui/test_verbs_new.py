"""`new`: what it writes runs and holds, and nothing is written or overwritten by mistake."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.scenario.edit import MAX_WRITTEN
from engine.scenario.read import read
from tui import terminal
from tui.main import main
from tui.verbs import shipped


def new(path: Path, *options: str) -> int:
    return main(["new", str(path), *options])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def answering(monkeypatch: Any, *answers: str | type[BaseException]) -> list[str]:
    """A terminal at which a person types; the questions asked."""
    asked: list[str] = []
    left: Iterator[str | type[BaseException]] = iter(answers)

    def answer(prompt: str) -> str:
        asked.append(prompt)
        said = next(left)
        if isinstance(said, str):
            return said
        raise said

    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    monkeypatch.setattr(builtins, "input", answer)
    return asked


def test_without_a_terminal_it_takes_what_is_usual(file: Path, capsys: Any) -> None:
    assert new(file) == 0
    assert capsys.readouterr().out == f"{file}: written; backprop-tui {file} opens it\n"
    lines = file.read_text("utf-8").split("\n")
    assert lines[0] == "#:schema ./backprop-tui.schema.json"
    assert all("#" in line for line in lines if "=" in line or line.startswith("[["))
    assert read(file).sizes == (2, 2, 1)
    assert main(["check", str(file)]) == 0


@pytest.mark.parametrize(
    "options",
    [
        "--layers 3-4-3 --activation relu --loss mean_cross_entropy",
        "--layers 2-3-1 --loss mean_hinge",
        "--layers 2-2-2 --loss nll",
        "--layers 1-1 --output-activation identity --optimizer adam",
        "--layers 2-2-2 --output-activation softmax --loss mean_squared_error",
        "--layers 2-2-1 --loss kl_divergence --output-activation softmax",
        "--layers 2-2-1 --loss huber --activation softplus --init normal --seed 3",
        "--layers 3-3-3 --loss binary_cross_entropy_with_logits --init orthogonal --explicit",
        "--layers 2-3-1 --activation softplus --output-activation softplus --init zeros --optimizer nadam",
        "--layers 5-10 --init uniform --learning-rate 1e-3 --iterations 3",
    ],
)
def test_what_it_writes_passes_the_check(file: Path, options: str, capsys: Any) -> None:
    assert new(file, *options.split()) == 0, capsys.readouterr().err
    assert main(["check", str(file)]) == 0
    given = dict(zip(options.split()[::2], options.split()[1::2], strict=False))
    assert "-".join(map(str, read(file).sizes)) == given["--layers"]


def test_options_are_what_the_file_says(file: Path) -> None:
    options = "--layers 2-3-2 --activation elu --output-activation sigmoid --loss sse --optimizer rmsprop"
    assert new(file, *options.split(), "--learning-rate", ".25", "--iterations", "7", "--init", "kaiming_normal") == 0
    scenario = read(file)
    assert [layer.activation for layer in scenario.layers] == ["elu", "sigmoid"]
    assert scenario.layers[0].weights_origin == "he_normal, seed 7"
    training = scenario.training
    assert (training.loss.name, training.optimizer.name, training.iterations) == ("squared_error", "rmsprop", 7)
    assert training.optimizer.learning_rate == 0.25


def test_every_layer_is_drawn_with_a_seed_of_its_own(file: Path) -> None:
    assert new(file, "--layers", "3-3-3-3", "--seed", "11") == 0
    layers = read(file).layers
    assert [layer.weights_origin for layer in layers] == [f"xavier_uniform, seed {seed}" for seed in (11, 12, 13)]
    assert len({layer.weights.tobytes() for layer in layers}) == 3


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--loss foo", "docs/functions.md lists the 38 there are, half_squared_error and sum_squared_error among them"),
        ("--loss mean_squard_error", "did you mean `mean_squared_error`?"),
        ("--loss hubber", "did you mean `huber`?"),
        ("--activation foo", "docs/functions.md lists the 17 there are, identity and sigmoid among them"),
        ("--activation sigmod", "did you mean `sigmoid`?"),
        ("--optimizer foo", "expected one of sgd, adagrad, adadelta, rmsprop, adam"),
    ],
)
def test_an_unknown_name_is_told_the_nearest_or_where_they_are_listed(
    file: Path, option: str, said: str, capsys: Any
) -> None:
    assert new(file, *option.split()) == 2
    message = capsys.readouterr().err
    assert said in message
    assert len(message) < 160
    assert not file.exists()


def test_explicit_writes_the_drawn_weights_out(tmp_path: Path) -> None:
    drawn, written = tmp_path / "drawn.toml", tmp_path / "written.toml"
    assert new(drawn) == 0
    assert new(written, "--explicit") == 0
    assert "init" not in written.read_text("utf-8")
    for one, other in zip(read(drawn).layers, read(written).layers, strict=True):
        assert one.weights.tobytes() == other.weights.tobytes()
        assert other.weights_origin == other.biases_origin == "as given"


def test_explicit_has_its_bound(file: Path, capsys: Any) -> None:
    assert new(file, "--layers", "784-128-10", "--explicit") == 2
    assert f"at most {MAX_WRITTEN:,} are" in capsys.readouterr().err
    assert not file.exists()


def test_a_file_is_overwritten_only_by_force(file: Path, capsys: Any) -> None:
    file.write_text("mine", "utf-8")
    assert new(file) == 2
    assert capsys.readouterr().err == (
        f"backprop-tui: {file}: there is a file of this name already: add --force to overwrite it\n"
    )
    assert file.read_text("utf-8") == "mine"
    assert new(file, "--force") == 0
    assert read(file).sizes == (2, 2, 1)


@pytest.mark.parametrize("name", ["softplus", "digits", "batch_norm", "shared_weights", "word2vec"])
@pytest.mark.parametrize("explicit", [True, False])
def test_a_copy_of_a_shipped_one_stands_by_itself(file: Path, name: str, explicit: bool) -> None:
    assert new(file, "--from", name, *(["--explicit"] if explicit else [])) == 0
    assert main(["check", str(file)]) == 0
    entry = shipped.find(name)
    assert entry is not None
    original, copied = read(Path(str(entry))), read(file)
    assert original.x.tobytes() == copied.x.tobytes()
    assert all(a.weights.tobytes() == b.weights.tobytes() for a, b in zip(original.layers, copied.layers, strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layers", "2"], "--layers: expected sizes, inputs first, like 2-2-1, got '2'"),
        (["--layers", "2-0-1"], "--layers: expected sizes, inputs first, like 2-2-1, got '2-0-1'"),
        (["--layers", "9-999999-9"], "expected a whole number of at most 100,000"),
        (["--activation", "tan"], '--activation: unknown name "tan": did you mean `tanh`?'),
        (["--loss", "mean_squared_eror"], "did you mean `mean_squared_error`?"),
        (["--learning-rate", "nan"], "--learning-rate: expected a number of at least 0, got 'nan'"),
        (["--iterations", "-1"], "--iterations: expected a whole number of at least 0, got '-1'"),
        (["--output-activation", "tanh", "--loss", "mean_cross_entropy"], "cross_entropy takes logarithms"),
        (["--from", "softplsu"], "did you mean `softplus`?"),
        (["--from", "softplus", "--init", "zeros"], "--from copies a scenario as it is: leave out --init"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_written(file: Path, options: list[str], message: str, capsys: Any) -> None:
    assert new(file, *options) == 2
    assert message in capsys.readouterr().err
    assert list(file.parent.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: Any) -> None:
    assert new(tmp_path / "none" / "a.toml") == 2
    assert "there is no folder" in capsys.readouterr().err


def test_on_a_terminal_it_asks_for_what_is_not_given(file: Path, monkeypatch: Any, capsys: Any) -> None:
    asked = answering(monkeypatch, "3-2", "sotfmax", "", "adam", "fast", "", "4", "", "9")
    assert new(file, "--loss", "mean_cross_entropy") == 0
    assert asked == [
        "sizes, inputs first [2-2-1]: ",
        "activation of the last layer [softmax]: ",
        "activation of the last layer [softmax]: ",
        "optimizer [sgd]: ",
        "learning rate [0.05]: ",
        "learning rate [0.05]: ",
        "iterations [20]: ",
        "how weights are drawn [xavier_uniform]: ",
        "seed [7]: ",
    ]
    scenario = read(file)
    assert scenario.sizes == (3, 2)
    assert (scenario.training.optimizer.name, scenario.training.iterations) == ("adam", 4)
    assert scenario.layers[0].weights_origin == "xavier_uniform, seed 9"
    assert "unknown name" in capsys.readouterr().out


@pytest.mark.parametrize(("how", "status"), [(EOFError, 2), (KeyboardInterrupt, 130)])
def test_stopping_leaves_nothing(file: Path, monkeypatch: Any, how: type[BaseException], status: int) -> None:
    answering(monkeypatch, "3-2-1", "", how)
    assert new(file) == status
    assert list(file.parent.iterdir()) == []


def test_nothing_is_asked_about_a_file_that_is_there(file: Path, monkeypatch: Any) -> None:
    file.write_text("mine", "utf-8")
    asked = answering(monkeypatch)
    assert new(file) == 2
    assert asked == []
