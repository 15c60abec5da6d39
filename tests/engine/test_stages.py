"""The stages between dense and loss: normalisation, dropout, noise, clipping, ties; and a function added at run time.

Each is held to a straight numpy version of its published formula, then broken on purpose: a check must notice.
"""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from strategies import by_arrays, layer, normalised, scenario, with_training
from test_optimizers import caught, run_named

from engine.activations import ACTIVATIONS, Activation, Z, canonical
from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.formula.nodes import exp
from engine.gradcheck import check_gradients
from engine.layers.clip import Clip
from engine.layers.dense import Dense
from engine.layers.dropout import DropoutStage
from engine.layers.normalise import Normalise
from engine.layers.stage import Parameters, Work, gradient_of
from engine.scenario.json_schema import json_schema
from engine.scenario.model import Clipping, Dropout, Noise, Scenario
from engine.scenario.read import read_text
from engine.structs import replace
from engine.trace import Trace

X = np.array([[1.0, 0.5], [-0.75, 2.0], [0.25, -1.0], [1.5, 1.0]])
Y = np.array([[0.25, 0.75], [0.0, 1.0], [-0.5, 0.5], [1.0, 0.0]])
W1 = np.array([[0.5, -1.0], [0.25, 0.75], [-0.6, 0.4]])
W2 = np.array([[1.0, 0.3, -0.5], [0.8, -0.2, 0.6]])


def network(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None, **more: Any) -> Scenario:
    """2-3-2, tanh and identity, four samples in one batch."""
    layers = [
        layer(W1, [0.3, -0.2, 0.1], "tanh", None, **(first or {})),
        layer(W2, [0.1, 0.2], "identity", None, **(second or {})),
    ]
    return scenario(layers, X, Y, learning_rate=0.1, iterations=3, **more)


def explained(trace: Trace) -> bool:
    return all(agrees(explain(trace, index).tree, trace[index].value) for index in range(len(trace)))


def sound(given: Scenario) -> bool:
    """Whether gradients are those of the loss, and every number is what its explanation says."""
    trace = Trace(given)
    return all(check_gradients(trace, k).ok for k in (0, 2)) and explained(trace)


# Normalisation


@pytest.mark.parametrize("place", ["before_activation", "after_activation"])
@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_normalisation_forwards_is_the_papers_formula(kind: str, place: str) -> None:
    norm = normalised(kind, 3, place=place)
    trace = Trace(network({"normalisation": norm}))
    made = trace.record(0)
    v = made["z" if place == "before_activation" else "a", 1]
    axis = 0 if kind == "batch" else 1
    xhat = (v - v.mean(axis, keepdims=True)) / np.sqrt(v.var(axis, keepdims=True) + 1e-5)
    np.testing.assert_allclose(made["xhat", 1], xhat, rtol=1e-13)
    np.testing.assert_allclose(made["h", 1], norm.gamma * xhat + norm.beta, rtol=1e-12)
    received = made["a" if place == "before_activation" else "h", 1]
    np.testing.assert_allclose(made["z", 2], received @ W2.T + [0.1, 0.2], rtol=1e-12)
    assert sound(network({"normalisation": norm}))


@pytest.mark.parametrize("unbiased", [True, False])
def test_running_statistics_keep_the_declared_share(unbiased: bool) -> None:
    norm = normalised("batch", 3, momentum=0.25, unbiased_running=unbiased)
    trace = Trace(network({"normalisation": norm}, batch_size=3))
    mean, var = np.zeros(3), np.ones(3)
    for k in range(3):
        z = trace.record(k)["z", 1]
        # the second batch is one sample, of which there is no unbiased variance
        ddof = 1 if unbiased and len(z) > 1 else 0
        mean, var = 0.75 * mean + 0.25 * z.mean(0), 0.75 * var + 0.25 * z.var(0, ddof=ddof)
        np.testing.assert_allclose(trace.state(k + 1)["running_mean", 1], mean, rtol=1e-13)
        np.testing.assert_allclose(trace.state(k + 1)["running_var", 1], var, rtol=1e-13)


def test_a_batch_of_one_normalises_to_its_shift() -> None:
    given = network({"normalisation": normalised("batch", 3)}, batch_size=1)
    made = Trace(given).record(0)
    assert made["xhat", 1].tolist() == [[0.0, 0.0, 0.0]]
    assert (made["dW", 1] == 0.0).all()
    assert sound(given)


def test_without_mean_and_variance_terms_batch_norm_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    given, runs = network({"normalisation": normalised("batch", 3)}), run_named("batch norm before_activation")
    assert sound(given)
    right = Normalise.backward

    def wrong(self: Normalise, work: Work, state: Parameters) -> None:
        right(self, work, state)
        root = np.sqrt(work["var", self.layer] + self.declared.epsilon)
        work[gradient_of(self.source)] = work["dxhat", self.layer] / self.spread(root)

    by_arrays(monkeypatch)
    monkeypatch.setattr(Normalise, "backward", wrong)
    assert not check_gradients(Trace(given)).ok
    assert not explained(Trace(given))
    assert caught(runs)


def test_unbiased_variance_in_the_normaliser_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    given, runs = network({"normalisation": normalised("batch", 3)}), run_named("batch norm before_activation")

    def wrong(self: Normalise, work: Work, state: Parameters) -> None:
        values = work[self.source]
        work["mean", self.layer], work["var", self.layer] = values.mean(axis=0), values.var(axis=0, ddof=1)
        root = np.sqrt(work["var", self.layer] + self.declared.epsilon)
        work["xhat", self.layer] = (values - work["mean", self.layer]) / root
        work[self.target] = state["gamma", self.layer] * work["xhat", self.layer] + state["beta", self.layer]

    by_arrays(monkeypatch)
    monkeypatch.setattr(Normalise, "forward", wrong)
    assert not check_gradients(Trace(given)).ok
    assert not explained(Trace(given))
    assert caught(runs)


# Dropout and noise


def right_mask(trace: Trace, k: int) -> bool:
    """Whether the mask of layer 1 is 0 or 1/(1 − rate), as its seed, layer and iteration draw it."""
    made = trace.record(k)
    drawn = np.random.default_rng([7, 1, k]).random((made.samples, 3))
    expected = np.where(drawn < 0.4, 0.0, 1.0 / 0.6)
    same = made["mask", 1].tolist() == expected.tolist()
    return same and made["drop", 1].tolist() == (made["a", 1] * expected).tolist()


def test_dropout_scales_what_it_keeps() -> None:
    given = network({"dropout": Dropout(0.4, 7)})
    trace = Trace(given)
    assert all(right_mask(trace, k) for k in (3, 0, 2, 1))
    masks = [trace.record(k)["mask", 1].tolist() for k in range(4)]
    assert len({str(mask) for mask in masks}) == 4
    assert sound(given)


def test_dropout_keeps_the_expected_sum() -> None:
    trace = Trace(network({"dropout": Dropout(0.4, 7)}))
    long = Trace(with_training(trace.scenario, iterations=400))
    mean = np.mean([long.record(k)["mask", 1].mean() for k in range(400)])
    # 4,800 draws: the standard error is 0.012
    assert mean == pytest.approx(1.0, abs=0.04)


def test_dropout_not_scaled_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = DropoutStage.forward

    def wrong(self: DropoutStage, work: Work, state: Parameters) -> None:
        right(self, work, state)
        work["mask", self.layer] = np.sign(work["mask", self.layer])
        work[self.target] = work[self.source] * work["mask", self.layer]

    by_arrays(monkeypatch)
    monkeypatch.setattr(DropoutStage, "forward", wrong)
    trace = Trace(network({"dropout": Dropout(0.4, 7)}))
    assert not any(right_mask(trace, k) for k in range(4))


def test_a_mask_drawn_anew_at_every_pass_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)

    def wrong(self: DropoutStage, work: Work, state: Parameters) -> None:
        values = work[self.source]
        work["mask", self.layer] = (generator.random(values.shape) >= self.declared.rate) / (1.0 - self.declared.rate)
        work[self.target] = values * work["mask", self.layer]

    by_arrays(monkeypatch)
    monkeypatch.setattr(DropoutStage, "forward", wrong)
    assert not check_gradients(Trace(network({"dropout": Dropout(0.4, 7)}))).ok


def test_input_noise_is_keyed_and_does_not_touch_the_data() -> None:
    given = network(input_noise=Noise(0.5, 3))
    trace = Trace(given)
    for k in (2, 0, 1):
        made = trace.record(k)
        assert made["noise", None].tolist() == np.random.default_rng([3, k]).normal(0.0, 0.5, (4, 2)).tolist()
        assert made["xtilde", None].tolist() == (X + made["noise", None]).tolist()
        assert made["x", None].tolist() == X.tolist()
        state = trace.state(k)
        np.testing.assert_allclose(made["z", 1], made["xtilde", None] @ state["W", 1].T + state["b", 1], rtol=1e-13)
    report = check_gradients(trace)
    assert report.ok
    assert [array.name for array in report.arrays][-1] == "dxtilde"
    assert explained(trace)


def test_noise_the_weights_do_not_see_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Dense.backward

    def wrong(self: Dense, work: Work, state: Parameters) -> None:
        right(replace(self, below=("x", None)) if self.layer == 1 else self, work, state)

    by_arrays(monkeypatch)
    monkeypatch.setattr(Dense, "backward", wrong)
    given = network(input_noise=Noise(0.5, 3))
    assert not check_gradients(Trace(given)).ok
    assert not explained(Trace(given))


# Clipping


def test_clipping_by_norm_is_by_the_norm_of_all() -> None:
    trace = Trace(network(clipping=Clipping("norm", 0.5)))
    made = trace.record(0)
    keys = [(f"d{name}", number) for name, number in trace.network.parameters]
    norm = math.sqrt(sum(float((made[key] ** 2).sum()) for key in keys))
    assert norm > 0.5
    assert float(made["gradient_norm", None]) == pytest.approx(norm, rel=1e-14)
    clipped = [made[f"{name}_clipped", number] for name, number in keys]
    assert math.sqrt(sum(float((part**2).sum()) for part in clipped)) == pytest.approx(0.5, rel=1e-14)
    for (name, number), part in zip(keys, clipped, strict=True):
        np.testing.assert_allclose(part, made[name, number] * 0.5 / norm, rtol=1e-14)
        start = trace.state(0)[name[1:], number]
        assert trace.state(1)[name[1:], number].tolist() == (start - 0.1 * part).tolist()
    assert sound(network(clipping=Clipping("norm", 0.5)))


def test_a_frozen_gradient_is_not_in_the_norm() -> None:
    trace = Trace(network({"frozen": frozenset({"W"})}, clipping=Clipping("norm", 0.1)))
    made = trace.record(0)
    keys = [("db", 1), ("dW", 2), ("db", 2)]
    assert float(made["gradient_norm", None]) == pytest.approx(
        math.sqrt(sum(float((made[key] ** 2).sum()) for key in keys)), rel=1e-14
    )


def test_clipping_by_value_is_each_on_its_own() -> None:
    trace = Trace(network(clipping=Clipping("value", 0.1)))
    made = trace.record(0)
    assert (abs(made["dW", 2]) > 0.1).any()
    assert made["dW_clipped", 2].tolist() == np.clip(made["dW", 2], -0.1, 0.1).tolist()
    assert sound(network(clipping=Clipping("value", 0.1)))


def test_clipping_each_array_by_its_own_norm_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [golden for golden in run_named("clipping norm") if "not" not in golden["name"]]
    right = Clip.backward

    def wrong(self: Clip, work: Work, state: Parameters) -> None:
        right(self, work, state)
        for name, number in self.updated:
            gradient = work[f"d{name}", number]
            norm = math.sqrt(float((gradient**2).sum()))
            work[f"d{name}_clipped", number] = gradient * self.declared.limit / max(norm, self.declared.limit)

    by_arrays(monkeypatch)
    monkeypatch.setattr(Clip, "backward", wrong)
    assert caught(runs)
    assert not explained(Trace(network(clipping=Clipping("norm", 0.5))))


# Tied, shared and frozen parameters


def tied() -> Scenario:
    return scenario(
        [
            layer(W1, [0.3, -0.2, 0.1], "tanh"),
            layer(W1.T, [0.1, 0.2], "tanh", tied_to=1, tied_transposed=True),
            layer(W1, None, "identity", tied_to=1),
        ],
        X, np.ones((4, 3)), learning_rate=0.1, iterations=3,
    )  # fmt: skip


def test_a_tied_weight_has_the_gradients_of_all_its_uses() -> None:
    trace = Trace(tied())
    made = trace.record(0)
    uses = (
        made["delta", 1].T @ X
        + (made["delta", 2].T @ made["a", 1]).T
        + made["delta", 3].T @ made["a", 2]
    )  # fmt: skip
    np.testing.assert_allclose(made["dW", 1], uses, rtol=1e-13)
    assert [key for key in trace.network.parameters if key[0] == "W"] == [("W", 1)]
    assert sound(tied())


@pytest.mark.parametrize("forgotten", [0, 1])
def test_one_use_of_a_tied_weight_forgotten_is_caught(forgotten: int, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named("tied")
    right = Dense.backward

    def wrong(self: Dense, work: Work, state: Parameters) -> None:
        uses = tuple(use for place, use in enumerate(self.uses) if place != forgotten)
        right(replace(self, uses=uses), work, state)

    by_arrays(monkeypatch)
    monkeypatch.setattr(Dense, "backward", wrong)
    assert not check_gradients(Trace(tied())).ok
    assert not explained(Trace(tied()))
    assert caught(runs)


def test_a_shared_bias_has_the_sum_of_the_units_gradients() -> None:
    given = replace(network(), layers=(layer(W1, [0.3], "tanh", shared_bias=True), layer(W2, [0.1, 0.2], "identity")))
    trace = Trace(given)
    made = trace.record(0)
    assert made["db", 1].shape == ()
    assert float(made["db", 1]) == pytest.approx(float(made["delta", 1].sum()), rel=1e-14)
    assert sound(given)


def test_frozen_parameters_stay_and_have_gradients() -> None:
    given = network({"frozen": frozenset({"W"})}, {"frozen": frozenset({"b"})})
    trace = Trace(given)
    for key in (("W", 1), ("b", 2)):
        assert trace.state(3)[key].tolist() == trace.state(0)[key].tolist()
        assert (trace.record(0)[f"d{key[0]}", key[1]] != 0.0).any()
    for key in (("b", 1), ("W", 2)):
        assert (trace.state(1)[key] != trace.state(0)[key]).all()
    assert not any((step.address.name, step.address.layer) == ("dW", 1) for step in trace)
    report = check_gradients(trace)
    assert report.ok
    assert report.compared == report.total
    assert "dW[1]" in [array.name for array in report.arrays]


def test_everything_frozen_only_looks() -> None:
    frozen = frozenset({"W", "b"})
    for clipping in (None, Clipping("norm", 0.5), Clipping("value", 0.5)):
        given = network({"frozen": frozen}, {"frozen": frozen}, clipping=clipping)
        trace = Trace(given)
        assert trace.state(3).vector.tolist() == trace.state(0).vector.tolist()
        assert sound(given)


# A function of one's own


BELL = """
title = "A function of one's own"
[network]
inputs = 2
[[network.layers]]
units = 2
activation = "gauss"
weights = [[0.5, -0.25], [0.75, 1.5]]
biases = [0.1, -0.2]
[[network.layers]]
units = 1
activation = "bell_curve"
weights = [[1.0, -1.0]]
biases = [0.25]
[data]
x = [[1.0, 2.0], [-0.5, 0.25]]
y = [[1.0], [0.5]]
[training]
loss = "half_squared_error"
optimizer = { name = "sgd", learning_rate = 0.5 }
iterations = 2
"""


def functions_page() -> str:
    """The reference as the documentation's own script makes it."""
    code = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "functions.py"))
    page: str = code["page"]()
    return page


def test_the_reference_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "functions.md"
    assert page.read_text(encoding="utf-8") == functions_page(), "run python docs/functions.py"


def test_an_activation_is_added_by_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Activation(
        "bell_curve",
        exp(-(Z**2)),
        -2 * Z * exp(-(Z**2)),
        "e^(−z²)",
        aliases=("gauss",),
        range=(0.0, 1.0),
        printed="bell",
    )
    monkeypatch.setitem(ACTIVATIONS, bell.name, bell)
    for spelling in (bell.name, *bell.aliases):
        monkeypatch.setitem(canonical, spelling, bell.name)
    given = read_text(BELL, "bell.toml")
    assert [made.activation for made in given.layers] == ["bell_curve", "bell_curve"]
    trace = Trace(given)
    z = np.array([[0.5 * 1.0 - 0.25 * 2.0 + 0.1, 0.75 * 1.0 + 1.5 * 2.0 - 0.2]])
    np.testing.assert_allclose(trace.record(0)["a", 1][:1], np.exp(-(z**2)), rtol=1e-14)
    report = check_gradients(trace)
    assert report.ok
    assert report.compared == report.total
    assert explained(trace)
    forward = explain(trace, trace.index_of(trace.resolve("a[1][1]#1@0")))
    assert "bell" in str(forward.called)
    slope = explain(trace, trace.index_of(trace.resolve("fprime[1][1]#1@0")))
    assert slope.step.value == pytest.approx(-2 * 0.1 * math.exp(-0.01), rel=1e-12)
    network: Any = json_schema()["properties"]["network"]
    choices = network["properties"]["layers"]["items"]["properties"]["activation"]["anyOf"][0]["enum"]
    assert {"bell_curve", "gauss"} <= set(choices)
    assert "| `bell_curve` | `gauss` |  | e^(−z²) |  |" in functions_page()


def test_an_added_activation_with_a_wrong_slope_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Activation("bell_curve", exp(-(Z**2)), -Z * exp(-(Z**2)), "e^(−z²)", aliases=("gauss",), range=(0.0, 1.0))
    monkeypatch.setitem(ACTIVATIONS, wrong.name, wrong)
    for spelling in (wrong.name, "gauss"):
        monkeypatch.setitem(canonical, spelling, wrong.name)
    assert not check_gradients(Trace(read_text(BELL, "bell.toml"))).ok
