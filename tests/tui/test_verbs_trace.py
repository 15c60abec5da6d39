"""`trace`: the stream of a walk, and that every tree in it gives the value beside it."""

from __future__ import annotations

import json
import math
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.scenario.read import read_text
from engine.trace import Trace
from tui.main import main
from tui.verbs.groups import Selection, groups, iterations
from tui.verbs.options import GRANULARITIES, PHASES
from tui.verbs.wrong import WrongInputError

SCENARIOS = Path(__file__).parents[2] / "scenarios"
KEYS = [
    *("step", "iteration", "phase", "layer", "address", "sample", "row", "value"),
    *("symbolic", "substituted", "tree", "definition", "steps", "conventions"),
]

BATCHES = """
title = "batches"
[network]
inputs = 2
[[network.layers]]
units = 3
activation = "relu"
weights = { init = "xavier_uniform", seed = 1 }
[[network.layers]]
units = 2
activation = "tanh"
weights = { init = "xavier_uniform", seed = 2 }
[[network.layers]]
units = 3
activation = "softmax"
weights = { init = "xavier_uniform", seed = 3 }
[data]
x = [[0.5, -0.25], [-1.0, 2.0], [0.75, 1.5], [0.0, 0.0], [1.0, 1.0]]
y = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
[training]
loss = { name = "cross_entropy", factor = 1.0, over_outputs = "sum", over_samples = "mean" }
optimizer = { name = "sgd", learning_rate = 0.5 }
iterations = 4
batch_size = 2
shuffle = true
seed = 5
"""


@pytest.fixture(params=["softplus", "zero_init", "batches", "diverges"])
def file(request: Any, tmp_path: Path) -> str:
    """Scenarios with sums, shortcuts, branches, local names, partial batches and non-finite numbers between them."""
    texts = {
        "batches": BATCHES,
        "diverges": (SCENARIOS / "softplus.toml")
        .read_text("utf-8")
        .partition("[expect]")[0]
        .replace('"softplus"', '"identity"')
        .replace("learning_rate = 1.0", "learning_rate = 1e200"),
    }
    if request.param not in texts:
        return str(request.param)
    path = tmp_path / f"{request.param}.toml"
    path.write_text(texts[request.param], "utf-8")
    return str(path)


@pytest.fixture
def batches(tmp_path: Path) -> str:
    path = tmp_path / "batches.toml"
    path.write_text(BATCHES, "utf-8")
    return str(path)


def traced(capsys: Any, file: str, *arguments: str) -> list[dict[str, Any]]:
    assert main(["trace", file, "--format", "jsonl", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON")) for line in out.splitlines()
    ]


def number(value: float | str) -> float:
    return float(value)


def computed(tree: dict[str, Any], local: dict[str, float]) -> float:
    """The value of an exported tree, by this test's own understanding of its operations."""
    if "value" in tree and "symbol" in tree:
        return number(tree["value"])
    if "number" in tree:
        return number(tree["number"])
    if "local" in tree:
        return local[tree["local"]]
    if tree["op"] == "let":
        return computed(tree["body"], local | {tree["name"]: computed(tree["value"], local)})
    if tree["op"] == "where":
        left, right = (computed(side, local) for side in tree["test"]["args"])
        holds = {">": left > right, ">=": left >= right}[tree["test"]["op"]]
        return computed(tree["yes" if holds else "no"], local)
    values = [np.float64(computed(argument, local)) for argument in tree["args"]]
    with np.errstate(all="ignore"):
        return float(OPERATIONS[tree["op"]](*values))


def product(*values: Any) -> Any:
    result = values[0]
    for value in values[1:]:
        result = result * value
    return result


def total(*values: Any) -> Any:
    result = np.float64(0.0)
    for value in values:
        result = result + value
    return result


OPERATIONS: dict[str, Any] = {
    "add": total,
    "sum": total,
    "mul": product,
    "div": lambda over, under: over / under,
    "neg": lambda value: -value,
    "pow": lambda base, exponent: base**exponent,
    "max": lambda *values: np.max(values),
    "exp": np.exp,
    "ln": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "cosh": np.cosh,
    "abs": np.abs,
    "xlny": lambda x, y: x if x == 0 else x * np.log(y),
    "x_over": lambda x, y: x if x == 0 else x / y,
}


def leaves(tree: dict[str, Any]) -> list[float]:
    """Every number in a tree."""
    if "symbol" in tree:
        return [abs(number(tree["value"]))]
    below = [
        *tree.get("args", ()),
        *(tree[key] for key in ("value", "body", "yes", "no") if isinstance(tree.get(key), dict)),
    ]
    return [1.0, *(leaf for one in below for leaf in leaves(one))]


class TestSteps:
    def test_every_tree_gives_its_value(self, file: str, capsys: Any) -> None:
        for entry in traced(capsys, file):
            value, made = number(entry["value"]), computed(entry["tree"], {})
            if math.isfinite(value) and math.isfinite(made):
                assert made == pytest.approx(value, rel=1e-12, abs=1e-12 * max(leaves(entry["tree"]))), entry["address"]
            else:
                # a product of matrices may overflow in another order than the sum written out: ∞ for ∞ − ∞
                assert not math.isfinite(value), entry["address"]
                assert not math.isfinite(made), entry["address"]

    def test_every_step_once_with_every_key(self, file: str, capsys: Any) -> None:
        entries = traced(capsys, file)
        assert [entry["step"] for entry in entries] == list(range(1, len(entries) + 1))
        assert all(list(entry) == KEYS for entry in entries)
        assert {entry["steps"] for entry in entries} == {1}
        assert all(entry["tree"] and entry["symbolic"] and entry["substituted"] for entry in entries)

    def test_addresses_are_what_eval_takes(self, file: str, capsys: Any) -> None:
        entries = traced(capsys, file)
        chosen = {entry["address"]: entry["value"] for entry in entries[::7]}
        assert main(["eval", file, *chosen, "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out) == chosen

    def test_the_first_step(self, capsys: Any) -> None:
        first, *rest = traced(capsys, "softplus", "--iterations", "1")
        assert [entry["conventions"] for entry in rest] == [None] * 33, "told once"
        assert first == {
            "step": 1,
            "iteration": 1,
            "phase": "forward",
            "layer": 1,
            "address": "z[1][1]#1@0",
            "sample": 1,
            "row": 1,
            "value": 0.19999999999999998,
            "symbolic": "z₁⁽¹⁾ = w₁₁⁽¹⁾·x₁ + w₁₂⁽¹⁾·x₂ + b₁⁽¹⁾",
            "substituted": "(−0.5)·0.4 + 0.5·0.6 + 0.1",
            "tree": first["tree"],
            "definition": None,
            "steps": 1,
            "conventions": [
                "Network: 2-2-1; layer 1 softplus, layer 2 softplus.",
                "Loss: squared_error, factor 0.5, sum over outputs, sum over samples.",
                "Optimizer: sgd, learning rate 1, momentum 0, weight decay 0.",
            ],
        }

    def test_the_definition_is_the_textbooks(self, capsys: Any) -> None:
        entry = traced(capsys, "softplus", "--iterations", "1")[2]
        assert entry["address"] == "a[1][1]#1@0"
        assert entry["definition"] == "a₁⁽¹⁾ = ln(1 + e^z₁⁽¹⁾)"
        assert entry["symbolic"] == "a₁⁽¹⁾ = max(z₁⁽¹⁾, 0) + ln1p(e^(−|z₁⁽¹⁾|))"

    def test_short_names_and_branches_are_explained(self, batches: str, capsys: Any) -> None:
        entries = {entry["address"]: entry for entry in traced(capsys, batches, "--iterations", "1")}
        assert ", with m = max(" in entries["a[3][1]#1@0"]["symbolic"]
        assert any(", because z" in entry["symbolic"] for entry in entries.values() if "fprime[1]" in entry["address"])

    def test_rows_are_of_the_data(self, batches: str, capsys: Any) -> None:
        rows = {(entry["iteration"], entry["sample"]): entry["row"] for entry in traced(capsys, batches)}
        epoch = [rows[1, 1], rows[1, 2], rows[2, 1], rows[2, 2], rows[3, 1]]
        assert sorted(epoch) == [1, 2, 3, 4, 5]
        assert rows[1, None] is None

    def test_ascii(self, capsys: Any) -> None:
        for entry in traced(capsys, "zero_init", "--ascii", "--iterations", "2"):
            assert json.dumps(entry, ensure_ascii=False).isascii()

    def test_an_alphabet_the_output_lacks_is_escaped(self, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.setattr("tui.verbs.trace.encodes", lambda stream: False)
        assert main(["trace", "softplus", "--format", "jsonl", "--iterations", "1"]) == 0
        out = capsys.readouterr().out
        assert out.isascii()
        assert json.loads(out.splitlines()[0])["symbolic"].startswith("z₁⁽¹⁾ = ")


class TestGroups:
    @pytest.mark.parametrize("granularity", GRANULARITIES)
    def test_every_step_is_in_one_group(self, granularity: str, batches: str, capsys: Any) -> None:
        entries = traced(capsys, batches, "--granularity", granularity)
        assert all(list(entry) == KEYS for entry in entries)
        ends = [entry["step"] + entry["steps"] for entry in entries]
        assert [entry["step"] for entry in entries] == [1, *ends[:-1]]
        assert ends[-1] - 1 == len(traced(capsys, batches))

    @pytest.mark.parametrize("granularity", GRANULARITIES[1:])
    def test_values_are_what_eval_gives(self, granularity: str, batches: str, capsys: Any) -> None:
        for entry in traced(capsys, batches, "--granularity", granularity, "--iterations", "3:"):
            named = entry["value"] if entry["address"] is None else {entry["address"]: entry["value"]}
            assert main(["eval", batches, *named, "--format", "json"]) == 0
            assert json.loads(capsys.readouterr().out) == named

    def test_units_have_the_address_of_their_row(self, capsys: Any) -> None:
        entries = traced(capsys, "softplus", "--granularity", "unit", "--iterations", "1")
        addresses = [entry["address"] for entry in entries]
        assert addresses[:2] == ["z[1][1]#1@0", "z[1][2]#1@0"]
        assert {"dW[1][2]@0", "W[1][2]@1", "db[1][2]@0", "loss@0"} <= set(addresses)
        row = next(entry for entry in entries if entry["address"] == "W[1][2]@1")
        assert (row["steps"], len(row["value"])) == (2, 2)

    def test_a_quantity_is_one_array(self, batches: str, capsys: Any) -> None:
        first = traced(capsys, batches, "--granularity", "quantity")[0]
        assert (first["address"], first["sample"], first["row"]) == ("z[1]@0", None, None)
        assert np.shape(first["value"]) == (2, 3)
        assert first["symbolic"] == "z⁽¹⁾ [3] = W⁽¹⁾ [3×2] · x [2] + b⁽¹⁾ [3]"
        assert (first["substituted"], first["tree"], first["definition"]) == (None, None, None)

    def test_several_arrays_are_an_object(self, capsys: Any) -> None:
        layer, phase, whole = (
            traced(capsys, "softplus", "--granularity", granularity)[0]
            for granularity in ("layer", "phase", "iteration")
        )
        assert list(layer["value"]) == ["z[1]@0", "a[1]@0"]
        assert layer["symbolic"].count("; ") == 1
        assert (layer["phase"], layer["layer"], layer["address"]) == ("forward", 1, None)
        assert (phase["phase"], phase["layer"]) == ("forward", None)
        assert (whole["phase"], whole["layer"], whole["steps"]) == (None, None, 34)

    @pytest.mark.parametrize("phase", PHASES)
    @pytest.mark.parametrize("granularity", GRANULARITIES)
    def test_a_phase_alone(self, phase: str, granularity: str, batches: str, capsys: Any) -> None:
        entries = traced(capsys, batches, "--granularity", granularity, "--phase", phase)
        assert {entry["phase"] for entry in entries} == {phase}
        steps = [entry for entry in traced(capsys, batches) if entry["phase"] == phase]
        assert sum(entry["steps"] for entry in entries) == len(steps)

    def test_nothing_is_enumerated_in_advance(self) -> None:
        text = BATCHES.replace("iterations = 4", f"iterations = {10**12}")
        trace = Trace(read_text(text, "long.toml"))
        found = list(islice(groups(trace, Selection(10**11, 10**12)), 3))
        assert found[0].first == trace.plan.start(10**11 - 1)


class TestIterations:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (":", (1, 5)),
            ("4", (4, 4)),
            ("3:", (3, 5)),
            (":2", (1, 2)),
            ("2:4", (2, 4)),
            ("5:5", (5, 5)),
            (" 1 : 2 ", (1, 2)),
        ],
    )
    def test_ranges(self, text: str, expected: tuple[int, int]) -> None:
        assert iterations(text, 5) == expected

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("0:3", "--iterations 0:3: iterations count from 1"),
            ("0", "--iterations 0: iterations count from 1"),
            ("3:2", "--iterations 3:2: 3 comes after 2; expected the smaller one first"),
            ("3:6", "--iterations 3:6: there is no iteration 6; expected 1 to 5"),
            ("6", "--iterations 6: there is no iteration 6; expected 1 to 5"),
            ("x", "--iterations x: expected A:B, A:, :B or A, with whole numbers from 1"),
            ("", "--iterations : expected A:B, A:, :B or A, with whole numbers from 1"),
            ("1:2:3", "--iterations 1:2:3: expected A:B, A:, :B or A, with whole numbers from 1"),
            ("-1:3", "--iterations -1:3: expected A:B, A:, :B or A, with whole numbers from 1"),
            ("²", "--iterations ²: expected A:B, A:, :B or A, with whole numbers from 1"),
        ],
    )
    def test_bad_ranges(self, text: str, message: str) -> None:
        with pytest.raises(WrongInputError) as caught:
            iterations(text, 5)
        assert str(caught.value) == message

    def test_the_command_says_so(self, capsys: Any) -> None:
        assert main(["trace", "softplus", "--iterations=-1:3"]) == 2
        assert capsys.readouterr().err.startswith("backprop-tui: --iterations -1:3: expected A:B")

    def test_a_part(self, capsys: Any) -> None:
        assert {entry["iteration"] for entry in traced(capsys, "softplus", "--iterations", "2:3")} == {2, 3}

    def test_a_walk_without_iterations(self, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "none.toml"
        file.write_text(BATCHES.replace("iterations = 4", "iterations = 0"), "utf-8")
        assert traced(capsys, str(file)) == []
        assert main(["trace", str(file), "--iterations", "1"]) == 2
        assert capsys.readouterr().err == "backprop-tui: --iterations 1: this walk has no iterations\n"


class TestText:
    def test_a_step(self, capsys: Any) -> None:
        assert main(["trace", "softplus", "--iterations", "2", "--phase", "backward", "--digits", "4"]) == 0
        blocks = capsys.readouterr().out.split("\n\n")
        assert blocks[0].startswith("The 2-2-1 softplus network\n")
        assert "Loss: squared_error, factor 0.5, sum over outputs, sum over samples." in blocks[0]
        assert "Data: 1 sample, 1 a batch. Walk: 5 iterations, 170 steps." in blocks[0]
        block = next(block for block in blocks if block.startswith("step 45/170"))
        assert block == (
            "step 45/170 · iteration 2/5 · backward · layer 2 (output) · dW[2][1,1]\n"
            "  ∂L/∂w₁₁⁽²⁾ = δ₁⁽²⁾·a₁⁽¹⁾\n"
            "  ≈ 0.006041·0.8541\n"
            "  ∂L/∂w₁₁⁽²⁾ ≈ 0.00516"
        )

    def test_without_digits_it_is_exact(self, capsys: Any) -> None:
        assert main(["trace", "softplus", "--iterations", "1"]) == 0
        out = capsys.readouterr().out
        assert "  z₁⁽¹⁾ = 0.19999999999999998\n" in out
        assert "≈" not in out

    def test_coarse(self, capsys: Any) -> None:
        assert (
            main(["trace", "softplus", "--granularity", "layer", "--phase", "update", "--iterations", "1", "--ascii"])
            == 0
        )
        assert capsys.readouterr().out.split("\n\n")[1] == (
            "steps 26 to 31/170 - iteration 1/5 - update - layer 1\n"
            "  W(1) [2x2] = W(1) [2x2] - eta * dL/dW(1) [2x2]\n"
            "  W[1] = [[-0.4737844766405491, 0.5393232850391764],\n"
            "          [-0.8269212816408363, 0.7596180775387457]]\n"
            "  b(1) [2] = b(1) [2] - eta * dL/db(1) [2]\n"
            "  b[1] = [0.16553880839862725, 0.03269679589790929]"
        )

    @pytest.mark.parametrize("granularity", GRANULARITIES)
    def test_nothing_a_screen_reader_stumbles_over(self, granularity: str, batches: str, capsys: Any) -> None:
        assert main(["trace", batches, "--granularity", granularity]) == 0
        out = capsys.readouterr().out
        assert not any("\u2500" <= char <= "\u259f" or "\u2800" <= char <= "\u28ff" for char in out)

    def test_digits_are_for_text(self, capsys: Any) -> None:
        assert main(["trace", "softplus", "--format", "jsonl", "--digits", "3"]) == 2
        assert capsys.readouterr().err == "backprop-tui: --digits is for --format text; jsonl always has every digit\n"

    def test_what_a_file_says_cannot_command_the_terminal(self, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "rude.toml"
        file.write_text(BATCHES.replace('title = "batches"', 'title = "a\\u001b[2Jb"'), "utf-8")
        assert main(["trace", str(file), "--iterations", "1"]) == 0
        assert capsys.readouterr().out.startswith("a\\x1b[2Jb\n")
