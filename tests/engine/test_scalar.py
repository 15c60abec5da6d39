"""Generated code: bit for bit what the explanations say, and close to what the arrays give."""

from __future__ import annotations

import math
import random
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import (
    examples,
    layer,
    loss_of,
    normalised,
    scenario,
    scenarios,
    softmax_batch,
    softplus_network,
    with_training,
    zero_network,
)
from test_walk import bits, chosen

from engine.explain import explain
from engine.formula.evaluate import evaluate, scale
from engine.iterate import ArrayRunner
from engine.network import Network
from engine.optimizers import OPTIMIZERS
from engine.quantity import Kind
from engine.runner import MOST, operations, runner_of
from engine.scalar.generate import Code, _overwritten, code_of, record_source, run_source
from engine.scalar.graph import Graph, form_of
from engine.scalar.run import ScalarRunner
from engine.scenario.model import Clipping, Dropout, Noise, Optimizer, Penalty, Scenario, Schedule
from engine.scenario.read import read
from engine.trace import Trace

FILES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.toml"))
HUGE = Optimizer("sgd", 1e200)


EXTREME = {
    "softplus": with_training(softplus_network(6), optimizer=HUGE),
    "softmax": with_training(softmax_batch(2), optimizer=HUGE, iterations=6),
    "sigmoid": with_training(zero_network(6), optimizer=HUGE),
    "adam": with_training(
        softmax_batch(1), iterations=6,
        optimizer=Optimizer("adam", 1e300, {
            "beta1": 0.9, "beta2": 0.999, "epsilon": 0.0, "epsilon_place": "outside", "weight_decay": 0.0,
        }),
    ),
    "elu": scenario(
        [layer([[900.0, -1.0], [-1e200, 3.0]], [0.1, 0.2], "elu"), layer([[1.0, -2.0]], [0.5], "mish")],
        [[1.0, 2.0], [-3.0, 0.5]], [[1.0], [0.0]], iterations=3,
    ),
    "not a number": scenario(
        [layer([[1e308, -1e308], [1.0, 1.0]], None, "hard_sigmoid"), layer([[1.0, 1.0], [2.0, 1.0]], None, "softmax")],
        [[10.0, 10.0]], [[1.0, 0.0]], loss_of("cross_entropy"), iterations=3,
    ),
    "cross-entropy of 0": scenario(
        [layer([[800.0], [-800.0]], None, "softmax")], [[1.0], [0.0]], [[0.0, 1.0], [1.0, 0.0]],
        loss_of("kl_divergence"), iterations=3,
    ),
}  # fmt: skip


def optimizer(name: str, **options: Any) -> Optimizer:
    return Optimizer(name, 0.1, {**OPTIMIZERS[name].options, **options})


def same(left: float, right: float) -> bool:
    """Equal bits; a NaN is a NaN."""
    return bits(left) == bits(right) or (math.isnan(left) and math.isnan(right))


def hold(given: Scenario, most: int) -> None:
    trace = Trace(given, scalar=True)
    for index in chosen(trace, most):
        explanation = explain(trace, index)
        value = evaluate(explanation.tree)
        assert same(value, explanation.step.value), (str(explanation.step.address), value, explanation.step.value)


@examples(30)
@given(scenarios())
def test_evaluating_an_explanation_gives_the_very_number(given: Scenario) -> None:
    hold(given, 250)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_scenario_is_its_explanations_and_close_to_the_arrays(file: Path) -> None:
    shipped = read(file)
    small = operations(Network(shipped)) <= MOST
    hold(shipped, 150 if small else 60)
    scalar, arrays = Trace(shipped, scalar=True), Trace(shipped, scalar=False)
    for k in {0, min(3, shipped.training.iterations)}:
        start = scalar.state(k)
        here, there = scalar.runner.iterate(start), arrays.runner.iterate(start)
        for quantity in scalar.network.walk:
            state = quantity.kind is Kind.STATE
            left, right = (pair[0 if state else 1][quantity.key] for pair in (here, there))
            assert left.shape == right.shape
            largest = max(float(np.abs(right).max()), 1e-3)
            assert np.abs(left - right).max() <= 1e-12 * largest, (quantity.key, k)


@examples(25)
@given(scenarios(max_layers=3, max_units=4))
def test_running_on_and_looking_closely_give_the_same_bits(given: Scenario) -> None:
    long = with_training(given, iterations=25)
    network = Network(long)
    runner = ScalarRunner(network, 64)
    start = network.start()
    losses: list[float] = []
    end, _ = runner.advance(start, 25, losses)
    state, seen = start, []
    for _ in range(25):
        state, made = runner.iterate(state)
        seen.append(made.loss)
    assert all(map(same, state.vector.tolist(), end.vector.tolist()))
    assert all(map(same, seen, losses))
    assert len(seen) == len(losses) == 25


def held_whole(given: Scenario) -> frozenset[int]:
    """The layers whose weights the code that runs on has as arrays."""
    network = Network(given)
    graph = Code(form_of(network, network.batches.largest))._run_graph
    return graph.wide.layers if graph.wide else frozenset()


@pytest.fixture
def wide_from_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.scalar.wide.WIDE", 4)
    # a code made before would be taken for the same form
    monkeypatch.setattr("engine.scalar.generate._CODES", OrderedDict())


def agree_to_the_bit(given: Scenario, updates: int) -> None:
    network = Network(with_training(given, iterations=updates))
    runner = ScalarRunner(network, 64)
    losses: list[float] = []
    end, _ = runner.advance(network.start(), updates, losses)
    state = network.start()
    for k in range(updates):
        state, made = runner.iterate(state)
        assert same(made.loss, losses[k]), k
    assert all(map(same, state.vector.tolist(), end.vector.tolist()))


@examples(60)
@given(scenarios(max_layers=3, max_units=4))
@pytest.mark.usefixtures("wide_from_four")
def test_weights_held_whole_give_the_bits_of_scalars(given: Scenario) -> None:
    agree_to_the_bit(given, 9)


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.usefixtures("wide_from_four")
def test_weights_held_whole_leave_the_finite_numbers_as_scalars_do(name: str) -> None:
    agree_to_the_bit(EXTREME[name], 6)


@pytest.mark.parametrize("shape", [(16, 16), (2, 96), (96, 2), (13, 17), (300, 2)])
@pytest.mark.parametrize("batch", [1, 3])
def test_wide_weights_of_every_shape_are_held_whole(shape: tuple[int, int], batch: int) -> None:
    units, inputs = shape
    rng = np.random.default_rng(units)
    weights = rng.normal(size=shape) / math.sqrt(inputs)
    # columns and rows whose sums are −0: where a sum begins, not even the sign of a zero may change
    weights[0, :] = -0.0
    weights[:, 0] = -0.0
    made = scenario(
        [
            layer(rng.normal(size=(inputs, 2)), np.zeros(inputs), "relu"),
            layer(weights, None, "tanh"),
            layer([[-0.0, *rng.normal(size=units - 1)]], [0.1]),
        ],
        rng.normal(size=(4, 2)), rng.normal(size=(4, 1)), batch_size=batch, optimizer=Optimizer("sgd", 0.01),
    )  # fmt: skip
    assert 2 in held_whole(made)
    agree_to_the_bit(made, 5)


@pytest.mark.parametrize(
    ("whole", "changes"),
    [
        (True, {}),
        (True, {"optimizer": optimizer("sgd", momentum=0.9, nesterov=True)}),
        (True, {"optimizer": optimizer("sgd", momentum=0.9, dampening=0.5)}),
        (True, {"optimizer": optimizer("adam")}),
        (True, {"optimizer": optimizer("adamw", epsilon_place="hat")}),
        (True, {"optimizer": optimizer("nadam")}),
        (True, {"penalties": (Penalty("l2", 0.1, 0.5),)}),
        (True, {"clipping": Clipping("norm", 0.1)}),
        (True, {"direction": "maximise"}),
        (False, {"optimizer": optimizer("adamax")}),
        (False, {"clipping": Clipping("value", 0.1)}),
        (False, {"penalties": (Penalty("l1", 0.1, 1.0),)}),
    ],
    ids=str,
)
@pytest.mark.usefixtures("wide_from_four")
def test_what_keeps_weights_from_being_held_whole(whole: bool, changes: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    made = scenario(
        [layer(rng.normal(size=(3, 2)), [0.1, 0.2, 0.3], "tanh"), layer(rng.normal(size=(2, 3)), [0.0, 0.0])],
        rng.normal(size=(5, 2)), rng.normal(size=(5, 2)), batch_size=2, **changes,
    )  # fmt: skip
    assert held_whole(made) == (frozenset({1, 2}) if whole else frozenset())
    agree_to_the_bit(made, 9)


@examples(25)
@given(scenarios(max_layers=3, max_units=4))
def test_arrays_run_on_and_look_closely_to_the_same_bits(given: Scenario) -> None:
    network = Network(given)
    runner = ArrayRunner(network)
    losses: list[float] = []
    end, _ = runner.advance(network.start(), 7, losses)
    state = network.start()
    for k in range(7):
        state, made = runner.iterate(state)
        assert same(made.loss, losses[k])
    assert state.vector.tobytes() == end.vector.tobytes()
    assert not end.vector.flags.writeable
    assert not any(end[key].flags.writeable for key in end)


@pytest.mark.parametrize("name", EXTREME)
def test_where_python_raises_the_careful_code_gives_what_ieee_says(name: str) -> None:
    hold(EXTREME[name], 400)
    network = Network(EXTREME[name])
    scalar, arrays = ScalarRunner(network, 64), ArrayRunner(network)
    state = network.start()
    for _ in range(3):
        after, _ = scalar.iterate(state)
        other, _ = arrays.iterate(state)
        assert np.isfinite(after.vector).tolist() == np.isfinite(other.vector).tolist()
        np.testing.assert_allclose(after.vector, other.vector, rtol=1e-9)
        state = after


def test_quick_and_careful_code_are_one_calculation() -> None:
    for made in (softplus_network(), softmax_batch(2), zero_network()):
        network = Network(made)
        samples = network.batches.size(0)
        code = code_of(network, samples)
        state = network.start().vector.tolist()
        given = [*made.x[:samples].ravel().tolist(), *made.y[:samples].ravel().tolist()]
        assert code.record(state, given, 1.0, 0.5) == code.record_carefully(state, given, 1.0, 0.5)
        first: list[float] = []
        second: list[float] = []
        runs = code.run(state, [given] * 5, 0.0, 0.5, first.append)
        assert runs == code.run_carefully(state, [given] * 5, 0.0, 0.5, second.append)
        assert first == second


def test_a_run_that_raises_leaves_no_losses_behind() -> None:
    # 1/cosh² of what the first update leads to raises
    given = with_training(softmax_batch(3), optimizer=HUGE, iterations=6)
    network = Network(given)
    losses: list[float] = []
    ScalarRunner(network, 64).advance(network.start(), 6, losses)
    assert len(losses) == 6
    trace = Trace(given, scalar=True)
    assert all(same(losses[k], trace.record(k).loss) for k in range(6))


def test_a_state_is_not_overwritten_while_a_later_line_reads_it() -> None:
    assert _overwritten([("a", "(a + b)"), ("b", "(a * 2.0)"), ("c", "b")]) == [
        "a_after = (a + b)", "b_after = (a * 2.0)", "c = b", "a = a_after", "b = b_after",
    ]  # fmt: skip


def test_identical_units_stay_identical() -> None:
    trace = Trace(zero_network(200), scalar=True)
    state = trace.state(200)
    assert len({bits(float(value)) for value in state["b", 1]}) == 1
    assert len({state["W", 2][0, unit].tobytes() for unit in range(4)}) == 1


def test_data_draws_and_listed_rates_reach_the_code_in_the_right_iteration() -> None:
    """Shuffled partial batches with dropout, noise and a rate per update: what a feed might mix up."""
    rng = np.random.default_rng(3)
    given = scenario(
        [
            layer(rng.normal(size=(3, 2)), [0.1, 0.2, 0.3], "tanh", dropout=Dropout(0.4, 5)),
            layer(rng.normal(size=(2, 3)), [0.0, 0.0], normalisation=normalised("batch", 2)),
        ],
        rng.normal(size=(5, 2)), rng.normal(size=(5, 2)), iterations=11, batch_size=2, shuffle=True, seed=9,
        input_noise=Noise(0.3, 1), schedule=Schedule("list", values=(0.5, 0.25, 0.125)),
    )  # fmt: skip
    scalar, arrays = Trace(given, scalar=True), Trace(given, scalar=False)
    for k in (10, 3, 7, 0, 11):
        np.testing.assert_allclose(scalar.state(k).vector, arrays.state(k).vector, rtol=1e-9, atol=1e-13)
        for key in (("x", None), ("y", None), ("noise", None), ("mask", 1), ("lr", None), ("t", None)):
            assert scalar.record(k)[key].tobytes() == arrays.record(k)[key].tobytes(), (key, k)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.usefixtures("wide_from_four")
def test_the_end_of_a_run_shows_every_divergence(size: int) -> None:
    """v̂ = v/(1 − β₂ᵗ) is rounded up to ∞ in between, v is not: such a number leaves no trace in the state after it."""
    options = {"beta1": 0.9, "beta2": 0.8, "epsilon": 1e-8, "epsilon_place": "outside", "weight_decay": 0.0}
    # the largest gradient whose square is finite, six times; then none, so that v fades and no sum of numbers overflows
    largest = 1.3407807929942596e154
    weights, rest = np.zeros((size, size)), [0.0] * (size - 1)
    weights[0, 0] = largest / 256.0
    given = scenario(
        [layer(weights, None)], [[16.0, *rest]] * 6 + [[0.0, *rest]] * 34, [[0.0, *rest]] * 40,
        loss_of("squared_error", 0.5), iterations=40, batch_size=1, optimizer=Optimizer("adam", 0.1, options),
    )  # fmt: skip
    for scalar in (True, False):
        closely = Trace(given, scalar=scalar)
        odd = [k for k in range(40) if not closely.runner.iterate(closely.state(k))[0].finite]
        trace = Trace(given, scalar=scalar)
        assert trace.state(40).finite
        assert odd == [5]
        assert trace.diverged == odd[0]
        where = trace.non_finite_in(odd[0])
        assert where is not None
        assert where.address.name == "vhatW"


def test_codes_differ_where_numbers_differ_in_the_sign_of_a_zero() -> None:
    def leaky(slope: float) -> Network:
        return Network(scenario([layer([[1.0]], [0.0], "leaky_relu", {"slope": slope})], [[-1.0]], [[1.0]]))

    assert code_of(leaky(0.0), 1) is code_of(leaky(0.0), 1)
    assert code_of(leaky(0.0), 1) is not code_of(leaky(-0.0), 1)


def test_only_sizes_decide_between_scalars_and_arrays() -> None:
    assert isinstance(runner_of(Network(softplus_network(10**9))), ScalarRunner)
    wide = np.ones((200, 30))
    large = scenario([layer(wide, np.zeros(200)), layer(np.ones((1, 200)))], np.ones((1, 30)), [[1.0]])
    assert operations(Network(large)) > MOST
    assert isinstance(runner_of(Network(large)), ArrayRunner)


def test_long_sums_and_many_samples_compile() -> None:
    generator = random.Random(1)
    x = [[generator.random()] for _ in range(500)]
    trace = Trace(scenario([layer([[0.5]], [0.0])], x, x, learning_rate=1e-4, iterations=2), scalar=True)
    assert evaluate(explain(trace, trace.index_of(trace.resolve("dW[1][1,1]"))).tree) == trace.value(
        trace.resolve("dW[1][1,1]")
    )
    assert scale(explain(trace, len(trace) - 1).tree) > 0.0


def test_the_source_is_straight_lines_of_our_own_names() -> None:
    graph = Graph(form_of(Network(softplus_network()), 1))
    run, record = run_source(graph, False), record_source(graph, False)
    assert "z1_2_s1 = (((W1_2_1 * x_1_s1) + (W1_2_2 * x_2_s1)) + b1_2)" in run
    assert "W1_2_2 = (W1_2_2 - (lr * (delta1_2_s1 * x_2_s1)))" in run
    # the record has every element, a run what is needed to go on
    assert "da1_2_s1 = " in record
    assert "da1_2_s1" not in run
    assert "dW1_2_2 = " in record
    assert "dW" not in run
