"""Goal seeking: algebra and search give one answer, and what has none is said so."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from engine.activations import ACTIVATIONS, INF
from engine.address import Address
from engine.formula.evaluate import evaluate
from engine.formula.nodes import Named, Node, Num, substitute
from engine.goal import answer_lines, changed, root, solve
from engine.goal_algebra import INVERSES, GoalError
from engine.notation import Notation
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Printer
from engine.scenario.model import (
    Array,
    Dropout,
    Goal,
    Layer,
    Loss,
    Noise,
    Normalisation,
    Optimizer,
    Scenario,
    Schedule,
    Training,
    frozen_array,
)
from engine.structs import replace
from engine.trace import Trace

SGD = Optimizer("sgd", 0.1)


def layer(weights: object, biases: object, activation: str = "identity", **more: object) -> Layer:
    w = frozen_array(weights)
    b = None if biases is None else frozen_array(biases)
    return Layer(len(w), activation, w, b, dict(ACTIVATIONS[activation].options), **more)  # type: ignore[arg-type]


def scenario(x: object, *layers: Layer, **training: object) -> Scenario:
    data = frozen_array(x)
    y: Array = np.zeros((len(data), layers[-1].units))
    how = Training(Loss("squared_error"), SGD, 2, len(data), **training)  # type: ignore[arg-type]
    return Scenario("t", data.shape[1], layers, data, frozen_array(y), how)


def goal(free: str, target: str, value: float, bracket: tuple[float, float] | None = None) -> Goal:
    return Goal(address(free), address(target), value, bracket)


def address(text: str) -> Address:
    """An address as written here: name[layer][unit] of layers, name[unit] of x and y, #s and @k."""
    body, _, k = text.partition("@")
    body, _, sample = body.partition("#")
    name, *groups = body.replace("]", "").split("[")
    numbers = [tuple(int(part) for part in group.split(",")) for group in groups]
    layered = name not in ("x", "y", "lr", "loss")
    number = numbers.pop(0)[0] if layered else None
    unit = numbers[0] if numbers else ()
    return Address(name, number, unit, int(sample) if sample else None, int(k) if k else None)


H1 = scenario([[80.0, 18.0], [0.0, 16.0]], layer([[0.1, 0.25]], [-5.0], "sigmoid"))


def test_h1_forwards_and_inverted() -> None:
    assert float(Trace(H1).value(address("a[1][1]#1"))) == pytest.approx(0.9994472, abs=5e-8)
    answer = solve(H1, goal("x[1]#2", "a[1][1]#2", 0.9))
    assert answer.by_algebra
    assert answer.value == pytest.approx(31.9722458, abs=5e-8)
    assert answer.value == pytest.approx(10 * math.log(9) + 10, rel=1e-14)
    assert answer.reached == pytest.approx(0.9, abs=1e-15)
    assert answer.scenario.x[1, 0] == answer.value
    found = solve(Trace(H1), goal("x[1]#2", "a[1][1]#2", 0.9, (0.0, 100.0)), "search")
    assert not found.by_algebra
    assert found.value == pytest.approx(answer.value, rel=1e-13)
    assert found.evaluations < 30


def test_the_inverted_steps_are_printed_with_their_numbers() -> None:
    trace = Trace(H1)
    answer = solve(trace, goal("x[1]#2", "a[1][1]#2", 0.9))
    assert answer_lines(answer, Printer(Notation(trace.network), 9)) == [
        "ŷ#2 = 0.9 is wanted",
        "z₁⁽¹⁾ = ln(ŷ/(1 − ŷ)) = ln(0.9/(1 − 0.9)) ≈ 2.19722458",
        "x₁ = (z₁⁽¹⁾ − w₁₂⁽¹⁾·x₂ − b₁⁽¹⁾)/w₁₁⁽¹⁾ ≈ (2.19722458 − 0.25·16 − (−5))/0.1 ≈ 31.9722458",
        "put in: ŷ#2 = 0.9" if answer.reached == 0.9 else "put in: ŷ#2 ≈ 0.9",
    ]
    assert all(evaluate(step.right) == step.left.value for step in answer.steps)
    found = solve(trace, goal("x[1]#2", "a[1][1]#2", 0.9, (0.0, 100.0)), "search")
    lines = answer_lines(found, AsciiPrinter(Notation(trace.network, ascii=True), 9))
    assert lines[1] == f"x1#2 ~ 31.9722458, found between 0 and 100 in {found.evaluations} walks"
    assert all(line.isascii() for line in lines)


OPTIONS = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": 1.5}}


@pytest.mark.parametrize("name", INVERSES)
@examples(50)
@given(z=st.floats(-12.0, 12.0))
def test_an_inverse_undoes_its_function(name: str, z: float) -> None:
    entry, options = ACTIVATIONS[name], OPTIONS.get(name, dict(ACTIVATIONS[name].options))
    assert entry.value is not None
    named: dict[str, Node] = {option: Named(option, value) for option, value in options.items()}
    a = evaluate(substitute(entry.value, {"z": Num(z), **named}))
    bounds = INVERSES[name].bounds(options)
    assert bounds is not None
    if not bounds[0] < a < bounds[1]:
        # a flat piece, or saturated in float64
        assert name in ("relu", "hard_sigmoid") or abs(z) > 5.0
        return
    back = evaluate(substitute(INVERSES[name].tree, {"a": Num(a), **named}))
    assert entry.derivative is not None
    slope = evaluate(substitute(entry.derivative, {"z": Num(z), "a": Num(a), **named}))
    # half an ulp of a is half an ulp over the slope of z
    assert abs(back - z) <= 4e-16 * (abs(z) + 1.0 + abs(a) / slope)


def test_what_has_no_inverse_is_not_in_the_table() -> None:
    for name, entry in ACTIVATIONS.items():
        if name in INVERSES or not entry.elementwise:
            continue
        assert entry.value is not None
        values = [evaluate(substitute(entry.value, {"z": Num(z)})) for z in np.linspace(-6, 6, 121)]
        rises = {later > earlier for earlier, later in pairwise(values)}
        assert rises == {True, False}, f"{name} is monotone: it could be in the table"
    assert INVERSES["leaky_relu"].bounds({"slope": -0.1}) is None
    assert INVERSES["elu"].bounds({"alpha": 2.0}) == (-2.0, INF)


RNG = np.random.default_rng(5)


def chain(activation: str) -> Scenario:
    """Two inputs, one unit per layer, so that every number has one way up."""
    one = layer(RNG.normal(size=(1, 2)), RNG.normal(size=1), activation)
    two = layer([[0.7]], [0.2], activation)
    return scenario(RNG.normal(size=(2, 2)), one, two, layer([[1.3]], [-0.1]))


FREE = ("x[2]#2", "W[1][1,1]", "b[1][1]", "W[2][1,1]", "b[2][1]", "W[3][1,1]", "b[3][1]")


@pytest.mark.parametrize("activation", INVERSES)
@pytest.mark.parametrize("free", FREE)
def test_algebra_and_search_agree(activation: str, free: str) -> None:
    s = chain(activation)
    if activation == "relu":
        s = replace(
            s, x=frozen_array([[1.0, 1.0], [1.0, 1.0]]), layers=(layer([[0.5, 0.6]], [0.1], "relu"), *s.layers[1:])
        )
    given_value = float(Trace(s).value(address(free).at(0)))
    # a value that is certain to be reached: that of another free number
    target = address("z[3][1]#2")
    value = float(Trace(changed(s, address(free).at(0), given_value + 0.125)).value(target.at(0)))
    asked = Goal(address(free), target, value, (given_value - 0.5, given_value + 1.0))
    by_algebra = solve(s, asked, "algebra")
    by_search = solve(s, asked, "search")
    assert by_algebra.value == pytest.approx(given_value + 0.125, abs=1e-10)
    assert by_search.value == pytest.approx(by_algebra.value, abs=1e-10)
    assert by_search.reached == pytest.approx(value, abs=1e-12)


def special() -> dict[str, tuple[Scenario, str, str, float]]:
    """Scenario, free, target and the free value that is to be found again."""
    running = Normalisation(
        "batch",
        frozen_array([2.0]),
        frozen_array([0.3]),
        statistics="running",
        running_mean=frozen_array([0.4]),
        running_var=frozen_array([2.0]),
    )
    normal = scenario([[1.0]], layer([[0.5]], [0.1], "tanh", normalisation=running), layer([[1.0]], [0.0]))
    wide = layer([[0.5, 0.1], [0.2, 0.3], [0.4, -0.2]], [0.1, 0.2, 0.3], "tanh")
    tied = scenario(
        [[1.0, 0.5]],
        wide,
        layer([[0.0] * 3] * 2, [0.0, 0.1], tied_to=1, tied_transposed=True),
        layer([[1.0, 0.0]], None),
    )
    return {
        "through running statistics": (normal, "x[1]#1", "z[2][1]#1", 1.25),
        "gamma": (normal, "gamma[1][1]", "a[1][1]#1", 1.5),
        "beta": (normal, "beta[1][1]", "a[1][1]#1", -0.25),
        "noise": (
            scenario([[1.0]], layer([[0.5]], [0.1], "tanh"), input_noise=Noise(0.2, 3)),
            "x[1]#1",
            "a[1][1]#1",
            0.75,
        ),
        "dropout": (
            scenario([[1.0]], layer([[0.5]], [0.1], "tanh", dropout=Dropout(0.3, 5)), layer([[2.0]], [0.0])),
            "x[1]#1",
            "z[2][1]#1",
            0.75,
        ),
        "one unit of several": (
            scenario([[1.0, 0.5]], wide, layer([[1.0, 0.5, 0.0]], None, "sigmoid")),
            "b[1][2]",
            "a[2][1]#1",
            0.6,
        ),
        "a weight of 0 is no way": (
            scenario([[1.0, 0.5]], wide, layer([[0.0, 0.0, 1.5]], None, "sigmoid")),
            "x[2]#1",
            "a[2][1]#1",
            0.6,
        ),
        "shared bias": (
            scenario([[1.0]], layer([[0.5], [0.4]], [0.1], "tanh", shared_bias=True)),
            "b[1]",
            "a[1][2]#1",
            0.5,
        ),
        "tied, where one use counts": (tied, "b[1][2]", "z[2][1]#1", 0.5),
    }


@pytest.mark.parametrize("case", special())
def test_algebra_and_search_agree_in(case: str) -> None:
    s, free, target, wanted = special()[case]
    value = float(Trace(changed(s, address(free).at(0), wanted)).value(address(target).at(0)))
    asked = goal(free, target, value, (-3.0, 3.0))
    assert solve(s, asked, "algebra").value == pytest.approx(wanted, abs=1e-12)
    assert solve(s, asked, "search").value == pytest.approx(wanted, abs=1e-10)


SEARCHED = {
    "several ways": (
        scenario([[1.0]], layer([[0.5], [0.4]], None, "tanh"), layer([[1.0, 1.0]], None)),
        "x[1]#1",
        "z[2][1]#1",
        "by several ways",
    ),
    "tied uses": (
        scenario([[0.5]], layer([[0.5]], None, "tanh"), layer([[0.0]], None, tied_to=1)),
        "W[1][1,1]",
        "z[2][1]#1",
        "by several ways",
    ),
    "no inverse": (scenario([[1.0]], layer([[0.5]], None, "silu")), "x[1]#1", "a[1][1]#1", "silu has no inverse"),
    "softmax": (
        scenario([[1.0]], layer([[0.5], [0.4]], None, "softmax")),
        "x[1]#1",
        "a[1][1]#1",
        "takes all units together",
    ),
    "after an update": (H1, "x[1]#1", "W[1][1,1]@1", "no value of the forward pass"),
    "the loss": (H1, "x[1]#1", "loss", "no value of the forward pass"),
    "a target": (H1, "y[1]#1", "delta[1][1]#1", "no value of the forward pass"),
    "the learning rate": (H1, "lr", "W[1][1,1]@1", "no value of the forward pass"),
    "another batch": (H1, "x[1]#1", "a[1][1]#1@1", "not of the first batch alone"),
}


@pytest.mark.parametrize("case", SEARCHED)
def test_where_only_search_can(case: str) -> None:
    s, free, target, why = SEARCHED[case]
    start = {"x": 0.25, "y": 0.25, "l": 0.05, "W": 0.75}[free[0]]
    value = float(Trace(changed(s, address(free).at(0), start)).value(address(target).at(address(target).k or 0)))
    with pytest.raises(GoalError, match=why) as caught:
        solve(s, goal(free, target, value))
    assert "give a bracket" in str(caught.value)
    with pytest.raises(GoalError, match=f"closed form: .*{why}"):
        solve(s, goal(free, target, value), "algebra")
    answer = solve(s, goal(free, target, value, (0.01, 1.0)))
    assert not answer.by_algebra
    assert answer.reached == pytest.approx(value, abs=1e-12)


def test_statistics_of_the_batch_couple_the_samples() -> None:
    coupled = Normalisation("batch", frozen_array([1.0]), frozen_array([0.0]))
    s = scenario([[1.0], [2.0], [4.0]], layer([[1.0]], None, normalisation=coupled))
    with pytest.raises(GoalError, match="mixes what it normalises"):
        solve(s, goal("x[1]#1", "a[1][1]#2", 0.1))
    assert solve(s, goal("x[1]#1", "a[1][1]#2", 0.1, (-5.0, 2.0))).reached == pytest.approx(0.1, abs=1e-12)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (goal("x[1]#2", "a[1][1]#2", 1.2), "would have to be 1.2, but sigmoid takes single values between 0 and 1"),
        (goal("x[1]#2", "a[1][1]#2", 1.2, (0.0, 9.0)), "would have to be 1.2"),
        (goal("x[1]#1", "a[1][1]#2", 0.9), "a[1][1]#2@0 does not depend on x[1]#1@0"),
        (goal("W[1][1,1]", "a[1][1]#2", 0.9), "x[1]#2 beside it is 0"),
        (goal("x[1]#2", "a[1][1]#2", 0.9, (0.0, 3.0)), "is the only answer, and it is not in the bracket from 0 to 3"),
        (goal("x[1]#2", "loss", 99.0, (0.0, 3.0)), "99 is not between them; choose another bracket"),
        (goal("x[1]#1", "delta[1][1]#2", 99.0, (0.0, 3.0)), "does not depend on x[1]#1@0: it is "),
        (goal("x[1]", "a[1][1]#2", 0.9), "the batch has 2 samples; say which, like x[1]#1"),
        (goal("x[1]#3", "a[1][1]#2", 0.9), "the batch has 2 samples"),
        (goal("x[3]#1", "a[1][1]#2", 0.9), "is not one number of the scenario"),
        (goal("z[1][1]#1", "a[1][1]#1", 0.9), "this scenario gives no such number"),
        (goal("loss", "a[1][1]#1", 0.9), "is calculated, not given"),
        (goal("W[1][1,1]@1", "a[1][1]#1", 0.9), "only a starting value can be free"),
        (goal("gamma[1][1]", "a[1][1]#1", 0.9), "this scenario gives no such number"),
        (goal("b[1][2]", "a[1][1]#1", 0.9), "is not one number of the scenario"),
        (goal("x[1]#1", "a[1][1]#1", math.nan), "not finite"),
        (goal("x[1]#1", "delta[1]#1", 0.9, (0.0, math.inf)), "the ends of a bracket"),
        (goal("x[1]#1", "W[1]@1", 0.9, (0.0, 1.0)), "is not one number: add an index"),
    ],
)
def test_what_has_no_answer(asked: Goal, message: str) -> None:
    with pytest.raises(GoalError) as caught:
        solve(H1, asked)
    assert message in str(caught.value)


def test_a_target_that_is_not_finite_is_no_end() -> None:
    s = scenario([[1.0]], layer([[2.0]], None))
    with pytest.raises(GoalError, match=r"loss@0 is Infinity at .* = 1e[+]?200: not finite"):
        solve(s, goal("x[1]#1", "loss", 9.0, (0.0, 1e200)))


def test_a_weight_of_zero_cuts_the_target_off() -> None:
    s = scenario([[1.0]], layer([[0.5]], [0.1], "tanh"), layer([[0.0]], [0.3]))
    for free in ("x[1]#1", "W[1][1,1]", "b[1][1]"):
        with pytest.raises(GoalError, match="does not depend on"):
            solve(s, goal(free, "a[2][1]#1", 0.9))


def test_flat_pieces_have_no_single_answer() -> None:
    s = scenario([[1.0]], layer([[0.5]], None, "relu"))
    with pytest.raises(GoalError, match="takes single values between 0 and Infinity only"):
        solve(s, goal("x[1]#1", "a[1][1]#1", 0.0))


def test_a_jump_is_no_answer() -> None:
    s = scenario([[1.0]], layer([[0.5]], [-1.0], "step"))
    with pytest.raises(GoalError, match=r"jumps from (0|1) to (0|1) at x\[1\]#1@0 = 2(\.0*1?)?"):
        solve(s, goal("x[1]#1", "a[1][1]#1", 0.5, (0.0, 9.0)))


def test_a_list_of_rates_has_no_one_to_free() -> None:
    s = replace(H1, training=replace(H1.training, schedule=Schedule("list", {}, (0.1, 0.2))))
    with pytest.raises(GoalError, match="there is no one to free"):
        solve(s, goal("lr", "W[1][1,1]@1", 0.5, (0.0, 1.0)))


def test_nothing_given_is_changed() -> None:
    before = H1.x.copy()
    there = changed(H1, address("x[1]#1@0"), 3.5)
    assert there.x[0, 0] == 3.5
    assert (before == H1.x).all()
    assert not there.x.flags.writeable


def test_batches_say_which_row_a_sample_is() -> None:
    s = scenario([[1.0], [2.0], [3.0], [4.0]], layer([[0.5]], [0.0]))
    s = replace(s, training=replace(s.training, batch_size=2, shuffle=True, seed=3))
    row = int(Trace(s).network.batches.rows(1)[1])
    there = changed(s, address("x[1]#2@1"), 9.0)
    assert there.x[row, 0] == 9.0
    assert solve(s, goal("x[1]#2@1", "z[1][1]#2@1", 3.0, (-50.0, 50.0))).scenario.x[row, 0] != s.x[row, 0]


@pytest.mark.parametrize(
    ("f", "low", "high", "zero"),
    [
        (lambda x: x**3 - 2.0, 0.0, 2.0, 2 ** (1 / 3)),
        (lambda x: math.exp(x) - 1e-8, -50.0, 50.0, math.log(1e-8)),
        (lambda x: x**9, -1.0, 2.0, 0.0),
        (lambda x: math.tanh(1e6 * (x - 0.3)), -1.0, 1.0, 0.3),
        (lambda x: x, 0.0, 1.0, 0.0),
        (lambda x: 1.0 - x, -1.0, 1.0, 1.0),
    ],
)
def test_the_root_of_a_function(f: object, low: float, high: float, zero: float) -> None:
    assert callable(f)
    best, _ = root(f, low, high)
    assert abs(best - zero) <= 1e-14 * max(1.0, abs(zero)) or f(best) == 0.0 or abs(f(best)) < 1e-100


def test_interpolation_is_faster_than_halving() -> None:
    calls: list[float] = []

    def f(x: float) -> float:
        calls.append(x)
        return math.exp(x) - 2.0

    root(f, -3.0, 4.0)
    # halving takes 53
    assert len(calls) <= 10


@examples(50)
@given(st.floats(-1e3, 1e3), st.floats(0.1, 10.0))
def test_the_root_of_a_cubic(zero: float, scale: float) -> None:
    best, _ = root(lambda x: scale * (x - zero) ** 3 + (x - zero), -2e3, 3e3)
    assert abs(best - zero) <= 1e-12 * max(1.0, abs(zero))


def test_a_root_needs_two_signs() -> None:
    with pytest.raises(ValueError, match="signs"):
        root(lambda x: x * x + 1.0, -1.0, 1.0)
