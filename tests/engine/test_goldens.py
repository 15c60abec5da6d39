"""Training runs of PyTorch, number by number. `tests/goldens/make_goldens.py` writes the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from strategies import layer, scenario

from engine.activations import ACTIVATIONS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.penalties import PENALTIES
from engine.scenario.model import (
    Clipping,
    Layer,
    Loss,
    Normalisation,
    Optimizer,
    Penalty,
    Scenario,
    Schedule,
    frozen_array,
)
from engine.schedules import SCHEDULES
from engine.trace import Trace

GOLDENS = Path(__file__).parents[1] / "goldens"
RUNS: list[dict[str, Any]] = json.loads((GOLDENS / "runs.json").read_text(encoding="utf-8"))
FILES = sorted(path for path in GOLDENS.glob("*.json") if path.name != "runs.json")
RELATIVE = 1e-11
ABSOLUTE = 1e-14
"""What cancels to nothing may differ in what rounding left over."""


def load(path: Path) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return golden


def built(golden: dict[str, Any]) -> Scenario:
    layers = [
        layer(weights, biases, name, {"slope": golden["slope"]} if name == "leaky_relu" else None)
        for weights, biases, name in zip(golden["weights"], golden["biases"], golden["activations"], strict=True)
    ]
    return scenario(
        layers,
        golden["x"],
        golden["y"],
        Loss(**golden["loss"]),
        golden["learning_rate"],
        iterations=len(golden["updates"]),
        batch_size=golden["batch_size"],
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_training_is_that_of_pytorch(path: Path) -> None:
    golden = load(path)
    trace = Trace(built(golden))
    assert len(golden["updates"]) >= 3
    for k, update in enumerate(golden["updates"]):
        made, after = trace.record(k), trace.state(k + 1)
        assert trace.network.batches.rows(k).tolist() == update["rows"]

        def same(name: str, actual: Any, expected: Any, k: int = k) -> None:
            np.testing.assert_allclose(
                actual, expected, rtol=RELATIVE, atol=ABSOLUTE, err_msg=f"{name} @{k}", strict=False
            )
            assert np.shape(actual) == np.shape(expected), name

        same("loss", made.loss, update["loss"])
        same("dx", made["dx", None], update["dx"])
        for place, (weights, biases) in enumerate(zip(update["dW"], update["db"], strict=True)):
            number = place + 1
            same(f"z[{number}]", made["z", number], update["z"][place])
            same(f"a[{number}]", made["a", number], update["a"][place])
            same(f"delta[{number}]", made["delta", number], update["dz"][place])
            same(f"dW[{number}]", made["dW", number], weights)
            same(f"W[{number}]", after["W", number], update["weights_after"][place])
            if biases is not None:
                same(f"db[{number}]", made["db", number], biases)
                same(f"b[{number}]", after["b", number], update["biases_after"][place])
            # of the identity torch keeps one tensor, whose gradient is that of z
            if number < trace.network.depth and golden["activations"][place] != "identity":
                same(f"da[{number}]", made["da", number], update["da"][place])


def run_layer(declared: dict[str, Any], number: int, starts: dict[str, Any]) -> Layer:
    """A layer of a run; what it starts from is under its address."""

    def start(name: str) -> Any:
        return frozen_array(starts[f"{name}[{number}]"])

    norm = declared["normalisation"]
    if norm:
        more = {}
        if norm["kind"] == "batch":
            more = {"running_mean": start("running_mean"), "running_var": start("running_var")}
        norm = Normalisation(**norm, gamma=start("gamma"), beta=start("beta"), **more)
    tied = declared["tied"] or (None, False)
    return layer(
        declared["weights"],
        declared["biases"],
        declared["activation"],
        declared["options"],
        normalisation=norm,
        shared_bias=declared["shared"],
        frozen=frozenset(declared["frozen"]),
        tied_to=tied[0],
        tied_transposed=tied[1],
    )


def run_scenario(golden: dict[str, Any]) -> Scenario:
    penalties = tuple(Penalty(**{**one, "layers": tuple(one["layers"])}) for one in golden["penalties"])
    return scenario(
        [run_layer(declared, number, golden["starts"]) for number, declared in enumerate(golden["layers"], start=1)],
        golden["x"],
        golden["y"],
        Loss(**golden["loss"]),
        iterations=len(golden["updates"]),
        batch_size=golden["batch_size"],
        optimizer=Optimizer(**golden["optimizer"]),
        penalties=penalties,
        schedule=golden["schedule"] and Schedule(**golden["schedule"]),
        clipping=golden["clipping"] and Clipping(**golden["clipping"]),
        direction="maximise" if golden["maximise"] else "minimise",
    )


def off_pytorch(golden: dict[str, Any]) -> list[str]:
    """Where a run of the engine is not the run of PyTorch."""
    trace = Trace(run_scenario(golden))
    found = []

    def compare(name: str, actual: Any, expected: Any) -> None:
        close = np.shape(actual) == np.shape(expected) and np.allclose(actual, expected, RELATIVE, ABSOLUTE)
        if not close:
            found.append(f"{name}: {actual}, {expected}")

    for k, update in enumerate(golden["updates"]):
        compare(f"loss@{k}", trace.loss(k), update["loss"])
        compare(f"lr@{k}", trace.value(trace.resolve(f"lr@{k}")), update["lr"])
        for name, expected in update["state"].items():
            compare(f"{name}@{k + 1}", trace.value(trace.resolve(f"{name}@{k + 1}")), expected)
    return found


@pytest.mark.parametrize("golden", RUNS, ids=lambda golden: golden["name"].replace(" ", "-"))
def test_run_is_that_of_pytorch(golden: dict[str, Any]) -> None:
    assert len(golden["updates"]) >= 3
    assert off_pytorch(golden) == []


def test_the_runs_cover_what_pytorch_has() -> None:
    assert {declared["activation"] for golden in RUNS for declared in golden["layers"]} == set(ACTIVATIONS)
    assert {golden["loss"]["name"] for golden in RUNS} == set(LOSSES)
    assert {golden["optimizer"]["name"] for golden in RUNS} == set(OPTIMIZERS)
    assert {one["name"] for golden in RUNS for one in golden["penalties"]} == set(PENALTIES)
    assert {golden["schedule"]["name"] for golden in RUNS if golden["schedule"]} == set(SCHEDULES) - {"constant"}
    assert {golden["clipping"]["by"] for golden in RUNS if golden["clipping"]} == {"norm", "value"}


def test_the_files_cover_what_they_are_for() -> None:
    goldens = [load(path) for path in FILES]
    assert len(goldens) >= 12
    plain = {"identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax"}
    assert {name for golden in goldens for name in golden["activations"]} == plain
    losses = {golden["loss"]["name"] for golden in goldens}
    assert losses == {"squared_error", "binary_cross_entropy", "cross_entropy"}
    reductions = {(golden["loss"]["over_outputs"], golden["loss"]["over_samples"]) for golden in goldens}
    assert reductions == {("sum", "sum"), ("mean", "mean"), ("sum", "mean"), ("mean", "sum")}
    assert any(len(golden["x"]) % golden["batch_size"] for golden in goldens)
