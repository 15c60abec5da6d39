"""`eval`: numbers by their addresses, in the shape the design promises."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui.main import main
from tui.verbs.values import array_lines, nested

SOFTPLUS = Path(__file__).parents[2] / "scenarios" / "softplus.toml"


def evaluated(capsys: Any, *arguments: str) -> Any:
    assert main(["eval", "softplus", *arguments, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def test_json_has_the_addresses_as_given(capsys: Any) -> None:
    addresses = ["a[2]", " delta [1]", "dW[1]", "W[1]@1", "a[2]#1", "a[2][1]", "a[2][1]#1", "loss", "a[0]", "lr"]
    found = evaluated(capsys, *addresses)
    assert list(found) == addresses
    assert found["a[2]"] == [[pytest.approx(0.77989387, abs=5e-9)]]
    assert found["a[2]#1"] == found["a[2][1]"] == found["a[2]"][0]
    assert found["a[2][1]#1"] == found["a[2]"][0][0]
    assert np.shape(found[" delta [1]"]) == (1, 2)
    assert np.shape(found["dW[1]"]) == (2, 2)
    assert found["a[0]"] == [[0.4, 0.6]]
    assert found["lr"] == 1.0


def test_without_k_it_is_the_start(capsys: Any) -> None:
    found = evaluated(capsys, "W[1]", "W[1]@0", "W[1]@1", "dW[1]")
    assert found["W[1]"] == found["W[1]@0"] == [[-0.5, 0.5], [-0.8, 0.8]]
    assert np.allclose(np.subtract(found["W[1]"], found["dW[1]"]), found["W[1]@1"], rtol=0, atol=1e-15)


def test_values_past_the_last_update_can_be_computed(capsys: Any) -> None:
    assert evaluated(capsys, "loss@5")["loss@5"] < evaluated(capsys, "loss@0")["loss@0"]


def test_text(capsys: Any) -> None:
    assert main(["eval", str(SOFTPLUS), "W[1]", "W[2]", "b[2][1]", "lr", "--exact"]) == 0
    assert capsys.readouterr().out == (
        "W[1] = [[-0.5, 0.5],\n        [-0.8, 0.8]]\nW[2] = [[1, -1]]\nb[2][1] = 0.2\nlr = 1\n"
    )


def test_text_reads_back_exactly(capsys: Any) -> None:
    found = evaluated(capsys, "dW[1]@3")
    assert main(["eval", "softplus", "dW[1]@3"]) == 0
    assert json.loads(capsys.readouterr().out.partition("=")[2]) == found["dW[1]@3"]


def test_every_wrong_address_is_said_at_once(capsys: Any) -> None:
    assert main(["eval", "softplus", "zz", "a[1]", "a[9]", "W[1]@6", "W[1"]) == 2
    out, err = capsys.readouterr()
    assert out == "a[1] = [[0.7981388693815917, 0.8315734864417373]]\n", "one that names nothing costs no other"
    lines = err.splitlines()
    assert len(lines) == 4
    assert lines[0] == "backprop-tui: 'zz': there is no quantity 'zz' in this network; did you mean z?"
    assert all(line.startswith("backprop-tui: ") for line in lines)
    assert [text in line for text, line in zip(("'zz'", "'a[9]'", "'W[1]@6'", "'W[1'"), lines, strict=True)] == [
        True
    ] * 4


def test_what_names_nothing_costs_no_other_its_number(capsys: Any) -> None:
    assert main(["eval", "softplus", "loss", "zz", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert list(json.loads(out)) == ["loss"]
    assert err.count("\n") == 1
    assert main(["eval", "softplus", "zz", "--format", "json"]) == 2
    assert capsys.readouterr().out == ""
    assert main(["eval", "softplus_by_hand", "dW[1][1,1]", "zz", "W[1][1,1]@1"]) == 2
    out, err = capsys.readouterr()
    assert out == "dW[1][1,1] = -0.026\nW[1][1,1]@1 = -0.474\n"
    assert "there is no quantity 'zz'" in err


def test_a_sample_the_batch_has_not(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "three.toml"
    text = SOFTPLUS.read_text("utf-8").partition("[expect]")[0]
    text = text.replace("[[0.4, 0.6]]", "[[0.4, 0.6], [0.1, 0.2], [0.3, 0.4]]").replace(
        "[[1.0]]\n", "[[1.0], [0.0], [1.0]]\n"
    )
    file.write_text(text.replace("iterations = 5", "iterations = 5\nbatch_size = 2"), "utf-8")
    assert main(["eval", str(file), "a[2]", "a[2]@1", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (len(found["a[2]"]), len(found["a[2]@1"])) == (2, 1)
    assert main(["eval", str(file), "a[2]#2@1"]) == 2
    assert "a[2]#2@1" in capsys.readouterr().err


def test_what_json_lacks_is_a_string() -> None:
    assert nested(np.array([[1.0, math.nan], [math.inf, -math.inf]])) == [[1.0, "NaN"], ["Infinity", "-Infinity"]]
    assert nested(np.array(math.nan)) == "NaN"
    assert nested(np.array(2.5)) == 2.5


def test_a_diverged_run_is_still_json(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "diverges.toml"
    text = SOFTPLUS.read_text("utf-8").partition("[expect]")[0]
    file.write_text(
        text.replace('"softplus"', '"identity"').replace("learning_rate = 1.0", "learning_rate = 1e200"), "utf-8"
    )
    assert main(["eval", str(file), "W[2]@4", "loss@4", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found["loss@4"] in ("NaN", "Infinity")


def test_three_axes_keep_their_brackets() -> None:
    lines = array_lines("t", np.arange(8.0).reshape(2, 2, 2), lambda value: f"{value:g}")
    assert lines == ["t = [[[0, 1],", "      [2, 3]],", "     [[4, 5],", "      [6, 7]]]"]
