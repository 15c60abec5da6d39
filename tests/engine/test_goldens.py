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
from engine.scenario.model import Loss, Scenario
from engine.trace import Trace

FILES = sorted((Path(__file__).parents[1] / "goldens").glob("*.json"))
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


def test_the_files_cover_every_activation_and_loss() -> None:
    goldens = [load(path) for path in FILES]
    assert len(goldens) >= 12
    assert {name for golden in goldens for name in golden["activations"]} == set(ACTIVATIONS)
    assert {golden["loss"]["name"] for golden in goldens} == set(LOSSES)
    reductions = {(golden["loss"]["over_outputs"], golden["loss"]["over_samples"]) for golden in goldens}
    assert reductions == {("sum", "sum"), ("mean", "mean"), ("sum", "mean"), ("mean", "sum")}
    assert any(len(golden["x"]) % golden["batch_size"] for golden in goldens)
