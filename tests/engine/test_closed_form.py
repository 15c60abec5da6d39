"""The closed form of linear regression: the minimum, the way descent goes there, and what both cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.closed_form import ClosedForm, NoClosedForm, closed_form, closed_form_lines, distances
from engine.notation import Notation
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Printer
from engine.scenario.model import (
    Clipping,
    Dropout,
    Layer,
    Loss,
    Noise,
    Normalisation,
    Optimizer,
    Penalty,
    Scenario,
    Schedule,
    Training,
    frozen_array,
)
from engine.structs import replace
from engine.trace import Trace

HALF_MEAN = Loss("squared_error", 0.5, "sum", "mean")
RNG = np.random.default_rng(11)


def linear(
    x: object, y: object, bias: bool = True, rate: float = 0.1, updates: int = 50, **training: object
) -> Scenario:
    data, targets = frozen_array(x), frozen_array(y)
    n, outputs = targets.shape
    biases = frozen_array(np.zeros(outputs)) if bias else None
    layer = Layer(outputs, "identity", frozen_array(np.zeros((outputs, data.shape[1]))), biases)
    loss = training.pop("loss", HALF_MEAN)
    how = Training(loss, Optimizer("sgd", rate), updates, n, **training)  # type: ignore[arg-type]
    return Scenario("t", data.shape[1], (layer,), data, targets, how)


def solved(scenario: Scenario) -> ClosedForm:
    found = closed_form(scenario)
    assert isinstance(found, ClosedForm), found
    return found


def test_a_line_through_its_points() -> None:
    found = solved(linear([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]))
    assert found.weights == pytest.approx(np.array([[2.0]]), abs=1e-13)
    assert found.biases == pytest.approx(np.array([1.0]), abs=1e-13)
    assert found.loss == pytest.approx(0.0, abs=1e-25)
    # 1/n·AᵀA = [[5/3, 1], [1, 1]]
    assert found.eigenvalues == pytest.approx(
        (4 - math.sqrt(10)) / 3 * np.array([1, 0]) + (4 + math.sqrt(10)) / 3 * np.array([0, 1])
    )
    assert found.stable_rate == pytest.approx(6 / (4 + math.sqrt(10)))


def test_least_squares_by_the_formulas_of_one_input() -> None:
    x, y = RNG.normal(size=20), RNG.normal(size=20)
    found = solved(linear(x[:, None], y[:, None]))
    slope = np.cov(x, y, bias=True)[0, 1] / np.var(x)
    assert found.weights[0, 0] == pytest.approx(slope, rel=1e-12)
    assert found.biases is not None
    assert found.biases[0] == pytest.approx(y.mean() - slope * x.mean(), rel=1e-12)


def test_without_a_bias_it_goes_through_the_origin() -> None:
    x, y = RNG.normal(size=9), RNG.normal(size=9)
    found = solved(linear(x[:, None], y[:, None], bias=False))
    assert found.biases is None
    assert found.weights[0, 0] == pytest.approx(float(x @ y / (x @ x)), rel=1e-13)


def test_ridge_of_one_input() -> None:
    """w = Σxy/(Σx² + λ) for Σ(y − xw)² + λw²; a factor before both changes nothing."""
    x, y = RNG.normal(size=9), RNG.normal(size=9)
    whole = Loss("squared_error")
    found = solved(linear(x[:, None], y[:, None], bias=False, loss=whole, penalties=(Penalty("l2", 0.7),)))
    assert found.weights[0, 0] == pytest.approx(float(x @ y / (x @ x + 0.7)), rel=1e-13)
    assert found.eigenvalues[0] == pytest.approx(2 * float(x @ x) + 1.4, rel=1e-13)
    half = replace(whole, factor=0.5)
    same = solved(linear(x[:, None], y[:, None], bias=False, loss=half, penalties=(Penalty("l2", 0.7, 0.5),)))
    assert same.weights[0, 0] == pytest.approx(found.weights[0, 0], rel=1e-13)
    assert same.stable_rate == pytest.approx(2 * found.stable_rate)


LOSSES = [
    Loss("squared_error", factor, outputs, samples)
    for factor in (0.5, 1.0, 3.0)
    for outputs in ("sum", "mean")
    for samples in ("sum", "mean")
]
PENALTIES: list[tuple[Penalty, ...]] = [
    (),
    (Penalty("l2", 0.3, 0.5),),
    (Penalty("l2", 0.3, on="all"), Penalty("l2", 0.2, on="biases")),
    (Penalty("l2", 0.4, layers=(2,)),),
]


@pytest.mark.parametrize("penalties", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_the_gradient_of_the_walk_is_zero_there(loss: Loss, penalties: tuple[Penalty, ...], direction: str) -> None:
    s = linear(RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2)), loss=loss, penalties=penalties, direction=direction)
    found = solved(s)
    there = Trace(replace(s, layers=(replace(s.layers[0], weights=found.weights, biases=found.biases),)))
    record = there.record(0)
    assert np.abs(record["dW", 1]).max() < 1e-13
    assert np.abs(record["db", 1]).max() < 1e-13
    assert record.loss == pytest.approx(found.loss, rel=1e-12)


def test_the_hessian_is_the_slope_of_the_gradient() -> None:
    s = linear(RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2)), bias=False, penalties=(Penalty("l2", 0.3),))
    found = solved(s)
    start = Trace(s).record(0)["dW", 1]
    rows = []
    for k in range(3):
        weights = s.layers[0].weights.copy()
        weights[0, k] += 1.0
        moved = replace(s, layers=(replace(s.layers[0], weights=frozen_array(weights)),))
        # the gradient is linear: a difference over a step of 1 is its slope
        rows.append((Trace(moved).record(0)["dW", 1] - start)[0])
    assert np.linalg.eigvalsh(np.array(rows)) == pytest.approx(found.eigenvalues, rel=1e-12)


@pytest.mark.parametrize("penalties", PENALTIES[:3])
def test_descent_converges_below_the_stable_rate_and_diverges_above(penalties: tuple[Penalty, ...]) -> None:
    s = linear(RNG.normal(size=(12, 2)), RNG.normal(size=(12, 1)), updates=2000, penalties=penalties)
    found = solved(s)
    last = {}
    for share in (0.99, 1.01):
        rate = share * found.stable_rate
        trace = Trace(replace(s, training=replace(s.training, optimizer=Optimizer("sgd", rate))))
        start, last[share] = distances(trace, [0, 2000], found)
        assert start > 0.1
    assert last[0.99] < 1e-9
    assert last[1.01] > 1e9


def test_distances_shrink_as_the_eigenvalues_say() -> None:
    """With one parameter, θ@k − θ* = (1 − ηH)ᵏ(θ@0 − θ*)."""
    x, y = RNG.normal(size=9), RNG.normal(size=9)
    s = linear(x[:, None], y[:, None], bias=False, rate=0.3)
    found = solved(s)
    start, *later = distances(Trace(s), range(6))
    shrink = abs(1 - 0.3 * found.eigenvalues[0])
    assert later == pytest.approx([start * shrink**k for k in range(1, 6)], rel=1e-9)
    assert start == pytest.approx(abs(found.weights[0, 0]))


def test_distance_is_over_weights_and_biases() -> None:
    s = linear([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]])
    assert distances(Trace(s), [0]) == pytest.approx([math.sqrt(5.0)])


def test_dependent_columns_are_said() -> None:
    x = RNG.normal(size=(6, 1))
    s = linear(np.hstack([x, 2 * x]), RNG.normal(size=(6, 1)), rate=0.2, updates=3000)
    found = solved(s)
    assert (found.rank, found.unique, found.condition) == (2, False, math.inf)
    assert "only 2 of the 3 columns are independent" in found.method
    # started at 0, descent ends at the smallest
    assert distances(Trace(s), [3000], found)[0] < 1e-9
    kept = solved(linear(np.hstack([x, 2 * x]), RNG.normal(size=(6, 1)), penalties=(Penalty("l2", 0.1),)))
    assert kept.unique
    few = solved(linear(RNG.normal(size=(2, 4)), RNG.normal(size=(2, 1))))
    assert (few.rank, few.unique) == (2, False)
    assert few.loss == pytest.approx(0.0, abs=1e-25)


def test_nothing_to_learn_has_every_rate_stable() -> None:
    assert solved(linear([[0.0], [0.0]], [[1.0], [2.0]], bias=False)).stable_rate == math.inf


def test_costs() -> None:
    found = solved(linear(RNG.normal(size=(100, 4)), RNG.normal(size=(100, 1)), updates=300))
    assert (found.d, found.samples, found.iterations) == (5, 100, 300)
    assert found.solving == 5 * 5 * (100 + 5)
    assert found.descending == 300 * 100 * 5
    assert (
        solved(linear(RNG.normal(size=(100, 4)), RNG.normal(size=(100, 3)), updates=300)).descending
        == 3 * 300 * 100 * 5
    )


def test_lines() -> None:
    s = linear([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]], rate=0.5, updates=40)
    notation = Notation(Trace(s).network)
    lines = closed_form_lines(solved(s), Printer(notation, 6))
    text = "\n".join(lines)
    assert lines[:3] == ["the minimum, by solving the normal equations:", "W = 2", "b = 1"]
    assert "the 2 eigenvalues of the Hessian: 0.279241, 2.38743" in text
    assert "η is less than 2 over the largest eigenvalue, ≈ 0.837722; here η = 0.5: it converges" in text
    assert "d²(n + d) = 20 multiplications to solve, m·n·d = 240 to descend" in text
    for name, said in (("sgd", "here η = 0.9: it diverges"), ("adam", "updates otherwise")):
        other = replace(s, training=replace(s.training, optimizer=Optimizer(name, 0.9)))
        assert any(said in line for line in closed_form_lines(solved(other), Printer(notation, 6)))
    plain = AsciiPrinter(Notation(Trace(s).network, ascii=True), 6)
    assert all(line.isascii() for line in closed_form_lines(solved(s), plain))


BASE = linear(RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2)))
GAMMA = frozen_array([1.0, 1.0])


def with_layer(**more: object) -> Scenario:
    return replace(BASE, layers=(replace(BASE.layers[0], **more),))  # type: ignore[arg-type]


def with_training(**more: object) -> Scenario:
    return replace(BASE, training=replace(BASE.training, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (replace(BASE, layers=(BASE.layers[0], BASE.layers[0])), "more than one layer"),
        (with_layer(activation="sigmoid"), "activation sigmoid"),
        (with_layer(normalisation=Normalisation("batch", GAMMA, GAMMA)), "normalised"),
        (with_layer(dropout=Dropout(0.5, 1)), "dropout"),
        (with_layer(biases=frozen_array([0.0]), shared_bias=True), "share one bias"),
        (with_layer(frozen=frozenset({"b"})), "frozen"),
        (with_training(loss=Loss("absolute_error")), "absolute_error, not a squared error"),
        (with_training(input_noise=Noise(0.1, 1)), "noise"),
        (with_training(batch_size=2), "a batch is not all of the data"),
        (with_training(penalties=(Penalty("l1", 0.1),)), "other than l2"),
        (with_training(optimizer=Optimizer("sgd", 0.1, {"weight_decay": 0.1})), "weight decay"),
    ],
)
def test_what_has_no_closed_form(scenario: Scenario, reason: str) -> None:
    found = closed_form(scenario)
    assert isinstance(found, NoClosedForm)
    assert reason in found.reason


def test_distances_need_a_closed_form() -> None:
    with pytest.raises(ValueError, match="no closed form: the loss is huber"):
        distances(Trace(with_training(loss=Loss("huber", options={"delta": 1.0}))), [0])


def test_what_is_not_plain_descent() -> None:
    assert solved(BASE).plain
    assert not solved(with_training(schedule=Schedule("exponential", {"factor": 0.9}))).plain
    assert not solved(with_training(clipping=Clipping("norm", 1.0))).plain
    assert not solved(with_training(optimizer=Optimizer("sgd", 0.1, {"momentum": 0.9}))).plain
