"""The optimizers: those PyTorch has are held to it in `test_goldens.py`; the other variants to their published loops.

The faults at the end are planted in the table; the runs of PyTorch must see every one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OPTION_VALUES, examples, layer, scenario, scenarios, softmax_batch, with_training
from test_goldens import RUNS, off_pytorch

import engine.optimizers
from engine.explain import explain
from engine.formula.evaluate import agrees
from engine.formula.nodes import Node, Var, substitute
from engine.optimizers import OPTIMIZERS, T, canonical
from engine.scenario.model import Optimizer, Scenario
from engine.structs import replace
from engine.trace import Trace

ETA = 0.1
Loop = Callable[[float, list[float], dict[str, Any]], float]
"""A start, the gradients in order and the options → the parameter after the last update."""


def keras_momentum(w: float, gradients: list[float], o: dict[str, Any]) -> float:
    # keras.optimizers.SGD: velocity = momentum·velocity − lr·g; w += velocity, or momentum·velocity − lr·g
    v = 0.0
    for g in gradients:
        v = o["momentum"] * v - ETA * g
        w = w + (o["momentum"] * v - ETA * g if o["nesterov"] else v)
    return w


def adagrad(w: float, gradients: list[float], o: dict[str, Any]) -> float:
    # keras.optimizers.Adagrad: accumulator from 0.1, ε inside the root
    s = o["initial_accumulator"]
    for g in gradients:
        s += g * g
        w -= ETA * g / np.sqrt(s + o["epsilon"])
    return w


def rmsprop(w: float, gradients: list[float], o: dict[str, Any]) -> float:
    # tf.compat.v1.train.RMSPropOptimizer: mean square from 1, ε inside, momentum on the scaled gradient
    s, c, v = o["initial_accumulator"], 0.0, 0.0
    for g in gradients:
        s = o["rho"] * s + (1 - o["rho"]) * g * g
        c = o["rho"] * c + (1 - o["rho"]) * g if o["centered"] else 0.0
        v = o["momentum"] * v + g / np.sqrt(s - c * c + o["epsilon"])
        w -= ETA * v
    return w


def adam(w: float, gradients: list[float], o: dict[str, Any]) -> float:
    # Kingma & Ba 2015, algorithm 1 with ε inside, or the ε̂ of section 2; decoupled decay as Loshchilov & Hutter
    m = v = largest = 0.0
    for t, g in enumerate(gradients, start=1):
        m, v = o["beta1"] * m + (1 - o["beta1"]) * g, o["beta2"] * v + (1 - o["beta2"]) * g * g
        largest = max(largest, v)
        second = largest if o.get("amsgrad") else v
        w -= ETA * o.get("decoupled", 0.0) * w
        if o["epsilon_place"] == "hat":
            w -= ETA * np.sqrt(1 - o["beta2"] ** t) / (1 - o["beta1"] ** t) * m / (np.sqrt(second) + o["epsilon"])
        else:
            w -= ETA * m / (1 - o["beta1"] ** t) / np.sqrt(second / (1 - o["beta2"] ** t) + o["epsilon"])
    return w


def adamax(w: float, gradients: list[float], o: dict[str, Any]) -> float:
    # Kingma & Ba 2015, algorithm 2, with Keras's ε beside u
    m = u = 0.0
    for t, g in enumerate(gradients, start=1):
        m, u = o["beta1"] * m + (1 - o["beta1"]) * g, max(o["beta2"] * u, abs(g))
        w -= ETA / (1 - o["beta1"] ** t) * m / (u + o["epsilon"])
    return w


def nadam(w: float, gradients: list[float], o: dict[str, Any]) -> float:
    # Dozat 2016, μ_t = β₁(1 − ½·0.96^(t·decay)), with ε inside
    m = v = 0.0
    product = 1.0
    for t, g in enumerate(gradients, start=1):
        mu, following = (o["beta1"] * (1 - 0.5 * 0.96 ** (i * o["momentum_decay"])) for i in (t, t + 1))
        m, v = o["beta1"] * m + (1 - o["beta1"]) * g, o["beta2"] * v + (1 - o["beta2"]) * g * g
        product *= mu
        mhat = following * m / (1 - product * following) + (1 - mu) * g / (1 - product)
        w -= ETA * mhat / np.sqrt(v / (1 - o["beta2"] ** t) + o["epsilon"])
    return w


BETAS = {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight_decay": 0.0}
LOOPS: list[tuple[str, Loop, dict[str, Any], dict[str, Any]]] = [
    ("sgd", keras_momentum, {"momentum": 0.9, "momentum_form": "velocity", "nesterov": False}, {}),
    ("sgd", keras_momentum, {"momentum": 0.9, "momentum_form": "velocity", "nesterov": True}, {}),
    ("adagrad", adagrad, {"epsilon": 0.01, "epsilon_place": "inside", "initial_accumulator": 0.1}, {}),
    ("rmsprop", rmsprop, {"rho": 0.8, "epsilon": 0.01, "epsilon_place": "inside", "initial_accumulator": 1.0,
                          "momentum": 0.0, "centered": False}, {}),
    ("rmsprop", rmsprop, {"rho": 0.8, "epsilon": 0.01, "epsilon_place": "inside", "initial_accumulator": 1.0,
                          "momentum": 0.9, "centered": True}, {}),
    ("adam", adam, {**BETAS, "epsilon_place": "inside"}, {}),
    ("adam", adam, {**BETAS, "epsilon_place": "hat"}, {}),
    ("adamw", adam, {**BETAS, "epsilon_place": "inside", "weight_decay": 0.1}, {"decoupled": 0.1}),
    ("adamw", adam, {**BETAS, "epsilon_place": "hat", "weight_decay": 0.1}, {"decoupled": 0.1}),
    ("amsgrad", adam, {**BETAS, "epsilon_place": "inside"}, {"amsgrad": True}),
    ("adamax", adamax, {**BETAS, "epsilon_place": "outside"}, {}),
    ("nadam", nadam, {**BETAS, "epsilon_place": "inside", "momentum_decay": 0.1}, {}),
]  # fmt: skip


def one_weight(optimizer: Optimizer, direction: str = "minimise") -> Trace:
    """y = w·x, half the squared error, four samples one at a time: a different gradient at every update."""
    return Trace(
        scenario(
            [layer([[0.75]])], [[1.0], [-2.0], [0.5], [1.5]], [[2.0], [0.25], [-1.0], [0.5]],
            iterations=6, batch_size=1, optimizer=optimizer, direction=direction,
        )
    )  # fmt: skip


@pytest.mark.parametrize(("name", "loop", "options", "more"), LOOPS)
def test_variant_is_its_published_loop(name: str, loop: Loop, options: dict[str, Any], more: dict[str, Any]) -> None:
    trace = one_weight(Optimizer(name, ETA, options))
    gradients: list[float] = []
    for k in range(6):
        gradients.append(float(trace.record(k)["dW", 1][0, 0]))
        expected = loop(0.75, gradients, {**options, **more})
        assert float(trace.state(k + 1)["W", 1][0, 0]) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_defaults_are_filled_in(name: str) -> None:
    given = one_weight(Optimizer(name, ETA)).state(6)
    asked = one_weight(Optimizer(name, ETA, dict(OPTIMIZERS[name].options))).state(6)
    assert given.vector.tolist() == asked.vector.tolist()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ascent_is_descent_of_the_negative(name: str) -> None:
    """Going up −L with steps added is going down L: only the sign of the slots differs."""
    down = one_weight(Optimizer(name, ETA))
    up = one_weight(Optimizer(name, ETA), "maximise")
    assert up.loss(0) == -down.loss(0)
    for k in range(7):
        np.testing.assert_allclose(up.state(k)["W", 1], down.state(k)["W", 1], rtol=1e-14)


def test_every_option_is_drawn_in_the_properties() -> None:
    numbers = {option for entry in OPTIMIZERS.values() for option in entry.options if option not in entry.choices}
    assert numbers == set(OPTION_VALUES)


def test_names_and_aliases() -> None:
    assert canonical["gradient_descent"] == "sgd"
    assert len(canonical) == sum(1 + len(entry.aliases) for entry in OPTIMIZERS.values())


@examples(25)
@given(scenarios(max_layers=2, max_units=3), st.sampled_from(list(OPTIMIZERS)), st.data())
def test_every_step_of_the_update_is_explained(given: Scenario, name: str, data: st.DataObject) -> None:
    options = {
        option: data.draw(st.sampled_from(values), option)
        for option, values in OPTION_VALUES.items()
        if option in OPTIMIZERS[name].options and option not in ("nesterov", "dampening")
    }
    trace = Trace(with_training(given, optimizer=Optimizer(name, 0.1, options), iterations=3))
    for step in trace:
        if step.phase == "update":
            assert agrees(explain(trace, step.index).tree, step.value), str(step.address)


# Planted faults


def run_named(start: str) -> list[dict[str, Any]]:
    found = [golden for golden in RUNS if golden["name"].startswith(start)]
    assert found
    assert all(off_pytorch(golden) == [] for golden in found)
    return found


def caught(runs: list[dict[str, Any]]) -> bool:
    return all(off_pytorch(golden) != [] for golden in runs)


def replaced(name: str, change: Callable[[Any], Any]) -> Any:
    entry = OPTIMIZERS[name]
    return replace(entry, make=lambda options: tuple(change(rule) for rule in entry.make(options)))


class Others(dict[str, Node]):
    """Variables to be replaced; any other stays itself."""

    def __missing__(self, name: str) -> Node:
        return Var(name)


def test_adam_dividing_by_one_minus_beta_at_every_step_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named("optimizer adam ")

    def without_power(rule: Any) -> Any:
        formulas = {"mhat": Var("m") / (1 - Var("beta1")), "vhat": Var("v") / (1 - Var("beta2"))}
        return replace(rule, formula=formulas.get(rule.slot, rule.formula))

    monkeypatch.setitem(OPTIMIZERS, "adam", replaced("adam", without_power))
    assert caught(runs)


@pytest.mark.parametrize("name", ["adam", "adamw", "amsgrad", "adamax", "nadam"])
def test_counting_updates_from_0_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named(f"optimizer {name} ")
    late = replaced(name, lambda rule: replace(rule, formula=substitute(rule.formula, Others(t=T - 1))))
    monkeypatch.setitem(OPTIMIZERS, name, late)
    assert caught(runs)


def test_weight_decay_coupled_where_it_is_decoupled_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named("optimizer adamw ")
    monkeypatch.setitem(OPTIMIZERS, "adamw", replace(OPTIMIZERS["adamw"], make=OPTIMIZERS["adam"].make))
    assert caught(runs)


def test_ascent_with_a_minus_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_named("ascent") + run_named("penalty ascent")
    rising = with_training(softmax_batch(3), direction="maximise")
    assert Trace(rising).loss(3) > Trace(rising).loss(0)
    monkeypatch.setattr(engine.optimizers, "_moved", lambda old, step, options: old - step)
    assert caught(runs)
    assert Trace(rising).loss(3) < Trace(rising).loss(0)
