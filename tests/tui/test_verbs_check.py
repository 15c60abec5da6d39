"""`check`: what holds, what does not and where, and that one bad file hides no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scenes import SCENARIOS, SHIPPED, different

from engine.gradcheck import check_gradients
from engine.scenario.read import read
from engine.structs import replace
from engine.trace import Trace
from tui.main import main
from tui.verbs.check import reach

ROOT = Path(__file__).parents[2]
SOFTPLUS = ROOT / "scenarios" / "softplus.toml"
LOSS, WEIGHTS = '"loss"', '"dW[2]"'


def variant(tmp_path: Path, *changes: tuple[str, str], name: str = "variant.toml") -> Path:
    text = SOFTPLUS.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def line_of(path: Path, start: str) -> int:
    return next(number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.startswith(start))


def without_expectations(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = SOFTPLUS.read_text("utf-8")
    path = tmp_path / "bare.toml"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text.partition("[expect]")[0], "utf-8")
    return path


# what each expects is checked in test_shipped, and .ci/run checks them all
NAMES = SHIPPED if "SEARCH" in os.environ else different()


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_ones_hold(name: str, capsys: Any) -> None:
    assert main(["check", str(SCENARIOS / f"{name}.toml")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert sum(": ok: " in line for line in out.splitlines()) == 1


def test_what_is_said_of_a_file_that_holds(capsys: Any) -> None:
    assert main(["check", "softplus"]) == 0
    first, *printed, last = capsys.readouterr().out.splitlines()
    assert first == "checking softplus"
    line = line_of(SOFTPLUS, '"z[2][1]"')
    assert printed == [
        f"{SOFTPLUS}:{line + place}: {said}"
        for place, said in enumerate(
            (
                "z[2][1]: 0.16656538 rounds to 0.167",
                "a[1][1]: 0.79813887 rounds to 0.798",
                "a[1][2]: 0.83157349 truncated to 3 decimals is 0.831",
                "a[2][1]: 0.77989387 rounds to 0.780",
                "dW[2][1,1]: -0.095136115 rounds to -0.095",
                "W[2][1,1]@1: 1.0951361 rounds to 1.095",
                "dW[1][1,1]: -0.026215523 rounds to -0.026",
                "W[1][1,1]@1: -0.47378448 rounds to -0.474",
            )
        )
    ]
    assert last.startswith(
        "softplus: ok: 36 of 36 expected values hold, 1 of them cut off rather than rounded; "
        "iteration 1: 11 of 11 gradients compared with differences of the loss; largest relative difference "
    )
    assert "; iteration 5: 11 of 11 gradients compared" in last


def test_a_wrong_value_names_file_line_address_expected_and_got(tmp_path: Path, capsys: Any) -> None:
    file = variant(
        tmp_path, ('"loss" = 0.02422335', '"loss" = 0.02422336'), ("-0.09513612, -0.0991", "-0.09513612, -0.0981")
    )
    assert main(["check", str(file)]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    loss = next(line for line in lines if "loss: expected" in line)
    assert loss.startswith(f"{file}:{line_of(file, LOSS)}: loss: expected 0.02422336, got 0.0242233534")
    weight = next(line for line in lines if "dW[2]" in line and "expected" in line)
    assert weight.startswith(f"{file}:{line_of(file, WEIGHTS)}: dW[2][1,2]: expected -0.09812144, got -0.0991214360")
    assert lines[-1].startswith(f"{file}: 2 wrong: 34 of 36 expected values hold, ")


def test_a_wrong_gradient(monkeypatch: Any, capsys: Any) -> None:
    def planted(trace: Trace, k: int) -> Any:
        report = check_gradients(trace, k)
        assert report.worst is not None
        return replace(report, failures=(replace(report.worst, analytic=0.25, numeric=0.5),)) if k == 0 else report

    monkeypatch.setattr("engine.gradcheck.check_gradients", planted)
    assert main(["check", "softplus"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("@0: by the backward pass 0.25, by differences of the loss 0.5") for line in lines)
    assert lines[-1].startswith("softplus: 1 wrong: ")


def test_all_files_are_processed_and_the_worst_counts(tmp_path: Path, capsys: Any) -> None:
    off = variant(tmp_path, ('"loss" = 0.02422335', '"loss" = 1.5'), name="off.toml")
    broken = variant(tmp_path, ("units = 2", "units = 2.5"), ("[training]", "[trai]"), name="broken.toml")
    assert main(["check", str(off), "nothing.toml", str(broken), "softplus"]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"backprop-tui: nothing.toml: there is no such file\n{broken}:")
    assert f"{off}: 1 wrong: " in out
    assert "nothing.toml: not checked: it cannot be used as it is\n" in out
    assert f"{broken}: not checked: it cannot be used as it is\n" in out
    assert "softplus: ok: " in out
    assert main(["check", str(off), "softplus"]) == 1


def test_a_softmax_of_one_unit_is_remarked(tmp_path: Path, capsys: Any) -> None:
    last = 'units = 1\nactivation = "{}"'
    file = without_expectations(tmp_path, (last.format("softplus"), last.format("softmax")))
    assert main(["check", str(file)]) == 0
    said = (
        "network.layers[2]: a softmax of one unit is always 1, so that nothing before it learns; "
        "one unit for two classes is a sigmoid"
    )
    assert f"{file}: {said}\n" in capsys.readouterr().out
    assert main(["check", "softplus"]) == 0
    assert "is always" not in capsys.readouterr().out


def test_nothing_expected(tmp_path: Path, capsys: Any) -> None:
    file = without_expectations(tmp_path)
    assert main(["check", str(file)]) == 0
    assert f"{file}: ok: no values expected; iteration 1: " in capsys.readouterr().out


def test_no_iterations(tmp_path: Path, capsys: Any) -> None:
    file = without_expectations(tmp_path, ("iterations = 5", "iterations = 0"))
    assert main(["check", str(file)]) == 0
    assert "iteration 1: 11 of 11 gradients" in capsys.readouterr().out


def test_a_long_walk_is_not_run_to_its_end(tmp_path: Path, capsys: Any) -> None:
    file = without_expectations(tmp_path, ("iterations = 5", "iterations = 1_000_000"))
    trace = Trace(read(file))
    far = reach(trace)
    assert 1_000 < far < 10_000
    assert main(["check", str(file)]) == 0
    out = capsys.readouterr().out
    assert f"iteration {far + 1:,}: " in out
    assert out.endswith(f"the {1_000_000 - far - 1:,} iterations after it were not run\n")


def test_a_run_that_diverges_is_not_wrong(tmp_path: Path, capsys: Any) -> None:
    file = without_expectations(
        tmp_path, ('"softplus"', '"identity"'), ("learning_rate = 1.0", "learning_rate = 1e200")
    )
    assert main(["check", str(file)]) == 0
    assert "not finite" in capsys.readouterr().out


def test_the_first_line_comes_before_the_engine_is_loaded() -> None:
    code = (
        "import sys, json\n"
        "class Out:\n"
        "    encoding = 'utf-8'\n"
        "    def __init__(self): self.loaded = None\n"
        "    def write(self, text):\n"
        "        if self.loaded is None: self.loaded = sorted({'numpy', 'engine'} & set(sys.modules))\n"
        "    def flush(self): pass\n"
        "    def isatty(self): return False\n"
        "out, real = Out(), sys.stdout\n"
        "sys.stdout = out\n"
        "from tui.main import main\n"
        "status = main(['check', 'softplus'])\n"
        "print(json.dumps([status, out.loaded]), file=real)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == [0, []]


def test_a_check_loads_nothing_that_the_file_does_not_call_for() -> None:
    slow = {"csv", "difflib", "random", "shutil", "tempfile", "zipfile", "importlib.resources"}
    slow |= {f"engine.{name}" for name in ("closed_form", "datasets", "goal", "hand", "paths", "printers", "symmetry")}
    slow |= {f"engine.scenario.{name}" for name in ("csv_data", "syntax_faults")}
    code = f"import sys\nfrom tui.main import main\nmain(['check', 'softplus'])\nprint({slow} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("file", ["softplus", "zero_init"])
def test_every_line_stands_by_itself(file: str, capsys: Any) -> None:
    assert main(["check", file]) == 0
    assert all(file in line for line in capsys.readouterr().out.splitlines())
