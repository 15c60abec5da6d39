"""Paths: their products sum to the gradient, their number is exact, and what is printed is what is multiplied."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.address import Address, AddressError
from engine.formula.evaluate import agrees
from engine.notation import Notation
from engine.paths import path_lines, paths
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Printer
from engine.scenario.model import (
    Array,
    Clipping,
    Dropout,
    Layer,
    Loss,
    Noise,
    Normalisation,
    Optimizer,
    Penalty,
    Scenario,
    Training,
    frozen_array,
)
from engine.structs import replace
from engine.trace import Trace

BOUND = 1e-12
"""Share of the sum of magnitudes by which the sum of the paths may differ from the gradient."""


class Maker:
    """Random scenarios, the same every time."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)

    def layer(self, units: int, inputs: int, activation: str, **more: object) -> Layer:
        biases = more.pop("biases", frozen_array(self.rng.normal(size=units)))
        weights = frozen_array(self.rng.normal(size=(units, inputs)))
        return Layer(units, activation, weights, biases, dict(ACTIVATIONS[activation].options), **more)  # type: ignore[arg-type]

    def norm(self, units: int, kind: str, **more: object) -> Normalisation:
        gamma, beta = self.rng.normal(size=(2, units))
        return Normalisation(kind, frozen_array(gamma), frozen_array(beta), **more)  # type: ignore[arg-type]

    def scenario(
        self,
        *layers: Layer,
        loss: Loss | None = None,
        n: int = 3,
        bs: int = 2,
        y: Array | None = None,
        **training: object,
    ) -> Scenario:
        inputs = layers[0].weights.shape[1]
        x = self.rng.normal(size=(n, inputs))
        targets = self.rng.normal(size=(n, layers[-1].units)) if y is None else y
        how = Training(loss or Loss("squared_error", 0.5), Optimizer("sgd", 0.1), 3, bs, **training)  # type: ignore[arg-type]
        return Scenario("t", inputs, layers, frozen_array(x), frozen_array(targets), how)


def one_hot(*classes: int, of: int = 2) -> Array:
    return np.eye(of)[list(classes)]


def kinds() -> dict[str, Scenario]:
    m = Maker()
    mean = frozen_array([0.1, 0.2, 0.3])
    entropy, binary = Loss("cross_entropy", 1.0, "sum", "mean"), Loss("binary_cross_entropy", 1.0, "sum", "mean")
    found = {
        "batch norm": m.scenario(
            m.layer(3, 2, "tanh", normalisation=m.norm(3, "batch")), m.layer(2, 3, "identity"), n=5, bs=5
        ),
        "batch norm after, partial batch": m.scenario(
            m.layer(3, 2, "tanh", normalisation=m.norm(3, "batch", place="after_activation")),
            m.layer(2, 3, "identity"),
            n=5,
            bs=3,
        ),
        "batch norm twice": m.scenario(
            m.layer(2, 2, "tanh", normalisation=m.norm(2, "batch")),
            m.layer(2, 2, "sigmoid", normalisation=m.norm(2, "batch")),
            m.layer(1, 2, "identity"),
            n=4,
            bs=4,
        ),
        "layer norm": m.scenario(
            m.layer(3, 2, "tanh", normalisation=m.norm(3, "layer")), m.layer(2, 3, "identity"), n=5, bs=3
        ),
        "running statistics": m.scenario(
            m.layer(3, 2, "tanh", normalisation=m.norm(3, "batch", statistics="running", running_mean=mean)),
            m.layer(2, 3, "identity"),
        ),
        "dropout and noise": m.scenario(
            m.layer(3, 2, "tanh", dropout=Dropout(0.4, 1)),
            m.layer(2, 3, "identity"),
            n=5,
            bs=3,
            input_noise=Noise(0.1, 2),
        ),
        "batch norm into softmax": m.scenario(
            m.layer(2, 2, "softmax", normalisation=m.norm(2, "batch")), loss=entropy, n=4, bs=4, y=one_hot(0, 1, 0, 1)
        ),
        "shared bias": m.scenario(
            m.layer(2, 2, "sigmoid", biases=frozen_array([0.3]), shared_bias=True),
            loss=binary,
            n=4,
            bs=4,
            y=one_hot(0, 1, 0, 1),
        ),
        "tied": m.scenario(
            m.layer(3, 2, "tanh"),
            m.layer(2, 3, "tanh", tied_to=1, tied_transposed=True),
            m.layer(3, 2, "tanh", tied_to=1),
        ),
        "frozen": m.scenario(m.layer(3, 2, "tanh", frozen=frozenset({"W"})), m.layer(2, 3, "identity")),
        "penalties": m.scenario(
            m.layer(3, 2, "tanh"),
            m.layer(2, 3, "identity"),
            penalties=(Penalty("l2", 0.3, 0.5), Penalty("l1", 0.1, on="biases", layers=(2,))),
        ),
        "ascent": m.scenario(
            m.layer(3, 2, "softmax", biases=None),
            loss=Loss("cross_entropy"),
            direction="maximise",
            penalties=(Penalty("l2", 0.3),),
            n=4,
            bs=4,
            y=one_hot(0, 1, 2, 1, of=3),
        ),
        "clipping": m.scenario(m.layer(3, 2, "tanh"), m.layer(2, 3, "identity"), clipping=Clipping("norm", 0.5)),
        "log softmax": m.scenario(
            m.layer(3, 2, "log_softmax"), loss=Loss("negative_log_likelihood"), n=2, bs=2, y=one_hot(0, 2, of=3)
        ),
        "softmax inside": m.scenario(m.layer(3, 2, "softmax"), m.layer(2, 3, "softmax"), m.layer(1, 2, "identity")),
    }
    for name in ACTIVATIONS:
        found[name] = m.scenario(m.layer(3, 2, name), m.layer(2, 3, "identity"))
    return found


KINDS = kinds()


def elements(trace: Trace, k: int) -> list[Address]:
    return [
        Address(name, layer, tuple(index + 1 for index in place), None, k)
        for (name, layer), values in trace.network.parameters.items()
        for place in np.ndindex(values.shape)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_paths_sum_to_the_gradient(kind: str) -> None:
    trace = Trace(KINDS[kind])
    for k in range(3):
        for element in elements(trace, k):
            found = paths(trace, element, 10**6)
            gradient = float(trace.value(found.gradient))
            assert abs(found.total - gradient) <= BOUND * found.magnitude
            assert found.count == len(found.paths)
            assert abs(sum(path.product for path in found.paths) - gradient) <= BOUND * found.magnitude


@pytest.mark.parametrize("kind", KINDS)
def test_paths_of_one_sample_sum_to_its_term(kind: str) -> None:
    trace = Trace(KINDS[kind])
    for element in elements(trace, 0):
        if element.name in ("gamma", "beta"):
            continue
        for sample in range(1, trace.network.batches.size(0) + 1):
            found = paths(trace, replace(element, sample=sample))
            term = float(trace.value(found.gradient))
            assert found.gradient.sample == sample
            assert abs(found.total - term) <= BOUND * found.magnitude


@pytest.mark.parametrize("kind", KINDS)
def test_every_factor_is_a_number_of_the_walk_or_a_formula_of_them(kind: str) -> None:
    trace = Trace(KINDS[kind])
    for element in elements(trace, 1):
        for path in paths(trace, element).paths:
            assert len(path.nodes) == len(path.factors) + 1
            assert path.nodes[0] == replace(element, sample=None)
            assert path.nodes[-1].name == "loss"
            assert path.product == pytest.approx(math.prod(factor.value for factor in path.factors), rel=1e-13)
            for factor in path.factors:
                assert factor.magnitude >= abs(factor.value)
                if factor.address is not None:
                    assert float(trace.value(factor.address)) == factor.value
                elif factor.formula is not None:
                    assert agrees(factor.formula, factor.value)
                else:
                    assert factor.value == 1.0


def test_both_paths_of_a_bias_by_hand() -> None:
    """H4: ∂L/∂b₁⁽¹⁾ of a 2-2-2-1 network, tanh, tanh, sigmoid, (y − ŷ)²."""
    m = Maker(4)
    s = m.scenario(
        m.layer(2, 2, "tanh"), m.layer(2, 2, "tanh"), m.layer(1, 2, "sigmoid"), loss=Loss("squared_error"), n=1, bs=1
    )
    trace = Trace(s)
    found = paths(trace, trace.resolve("b[1][1]"))
    (one, two, three), x, y = s.layers, s.x[0], s.y[0, 0]
    a1 = np.tanh(one.weights @ x + one.biases)
    a2 = np.tanh(two.weights @ a1 + two.biases)
    yhat = (1 / (1 + np.exp(-(three.weights @ a2 + three.biases))))[0]
    for j, path in enumerate(found.paths):
        by_hand = (
            1.0,
            1 - a1[0] ** 2,
            two.weights[j, 0],
            1 - a2[j] ** 2,
            three.weights[0, j],
            yhat * (1 - yhat),
            2 * (yhat - y),
        )
        assert [factor.value for factor in path.factors] == pytest.approx(by_hand, rel=1e-12)
        assert [str(node.at(None)) for node in path.nodes] == [
            "b[1][1]",
            "z[1][1]#1",
            "a[1][1]#1",
            f"z[2][{j + 1}]#1",
            f"a[2][{j + 1}]#1",
            "z[3][1]#1",
            "a[3][1]#1",
            "loss",
        ]
    assert found.count == 2
    lines = path_lines(found, Printer(Notation(trace.network), 4))
    assert lines[0].startswith("path 1 of 2: ∂L/∂ŷ·σ′(z₁⁽³⁾)·w₁₁⁽³⁾·tanh′(z₁⁽²⁾)·w₁₁⁽²⁾·tanh′(z₁⁽¹⁾)·1 ≈ ")
    assert lines[1].startswith("path 2 of 2: ∂L/∂ŷ·σ′(z₁⁽³⁾)·w₁₂⁽³⁾·tanh′(z₂⁽²⁾)·w₂₁⁽²⁾·tanh′(z₁⁽¹⁾)·1 ≈ ")
    assert lines[2].startswith("sum of the 2 paths: ∂L/∂b₁⁽¹⁾ ≈ ")
    assert len(lines) == 3


def test_many_paths_are_counted_exactly_and_summed() -> None:
    m = Maker(3)
    s = m.scenario(
        m.layer(9, 2, "tanh"), *(m.layer(9, 9, "tanh") for _ in range(24)), m.layer(1, 9, "identity"), n=3, bs=3
    )
    found = paths(Trace(s), Address("W", 1, (4, 2)))
    # one way up from z[1][4], then 9 units in each of 24 layers, for 3 samples: more than 2⁶³
    assert found.count == 3 * 9**24
    assert not found.listed
    assert len(found.paths) == 64
    assert abs(found.total - float(Trace(s).value(found.gradient))) <= BOUND * found.magnitude
    text = path_lines(found, Printer(Notation(Trace(s).network), 5, 8))
    assert f"sum of all {3 * 9**24:,} paths, by matrix products: ∂L/∂w₄₂⁽¹⁾ ≈ " in text[64]


def test_batch_normalisation_leads_through_other_samples() -> None:
    trace = Trace(KINDS["batch norm"])
    found = paths(trace, trace.resolve("b[1][2]"))
    # 5 samples, each through every sample of the batch, to each of 2 outputs
    assert found.count == 5 * 5 * 2
    assert {path.samples for path in found.paths} == {
        (s, t) if s != t else (s,) for s in range(1, 6) for t in range(1, 6)
    }
    lines = path_lines(found, Printer(Notation(trace.network), 4))
    assert any("(samples 1, 2)" in line and "#2/∂z₂⁽¹⁾#1" in line for line in lines)
    assert any(line.startswith("with ∂h₂⁽¹⁾") and "√(" in line for line in lines)


def test_a_dead_path_is_kept() -> None:
    m = Maker()
    dead = replace(m.layer(2, 2, "relu"), biases=frozen_array([-100.0, 100.0]))
    trace = Trace(m.scenario(dead, m.layer(1, 2, "identity"), n=1, bs=1))
    found = paths(trace, Address("W", 1, (1, 1)))
    assert found.count == len(found.paths) == 1
    assert [factor.value for factor in found.paths[0].factors].count(0.0) == 1
    assert found.total == 0.0


@pytest.mark.parametrize(("z", "word"), [(1e4, "not finite"), (20.0, "lost their digits")])
def test_a_saturated_output_ends_with_delta(z: float, word: str) -> None:
    m = Maker()
    s = m.scenario(m.layer(1, 1, "sigmoid"), loss=Loss("binary_cross_entropy"), n=2, bs=2, y=np.zeros((2, 1)))
    plain = replace(s.layers[0], weights=frozen_array([[1.0]]), biases=frozen_array([0.0]))
    trace = Trace(replace(s, x=frozen_array([[0.5], [z]]), layers=(plain,)))
    found = paths(trace, Address("W", 1, (1, 1)))
    assert [path.nodes[-2].name for path in found.paths] == ["a", "z"]
    assert str(found.paths[1].factors[-1].address) == "delta[1][1]#2@0"
    assert math.isfinite(found.total)
    assert abs(found.total - float(trace.value(found.gradient))) <= BOUND * found.magnitude
    assert found.notes == (
        "The paths through sample 2 end with δ: ∂L/∂ŷ and the slope of the last activation"
        + (" are not finite there." if word == "not finite" else " have lost their digits there."),
    )


def test_a_saturated_softmax_is_counted_by_sample() -> None:
    m = Maker()
    s = m.scenario(m.layer(3, 1, "softmax"), loss=Loss("cross_entropy"), n=2, bs=2, y=one_hot(0, 0, of=3))
    steep = replace(s.layers[0], weights=frozen_array([[-1.0], [1.0], [0.5]]), biases=None)
    trace = Trace(replace(s, x=frozen_array([[0.5], [900.0]]), layers=(steep,)))
    found = paths(trace, Address("W", 1, (1, 1)))
    # through 3 outputs in sample 1; in sample 2, where ŷ₁ is 0, by δ alone
    assert found.count == len(found.paths) == 4
    assert [path.samples for path in found.paths] == [(1,), (1,), (1,), (2,)]
    assert abs(found.total - float(trace.value(found.gradient))) <= BOUND * found.magnitude


def test_a_penalty_is_said_to_be_apart() -> None:
    found = paths(Trace(KINDS["penalties"]), Address("W", 1, (1, 1)))
    assert str(found.gradient) == "dW_data[1][1,1]@0"
    assert "does not go through the network" in found.notes[0]


def test_plain_text_has_no_other_letters() -> None:
    for kind in ("batch norm", "tied", "ascent", "log softmax"):
        trace = Trace(KINDS[kind])
        printer = AsciiPrinter(Notation(trace.network, ascii=True), 4)
        for line in path_lines(paths(trace, elements(trace, 0)[0]), printer):
            assert line.isascii(), line


def test_gradients_name_their_parameters() -> None:
    trace = Trace(KINDS["penalties"])
    for name in ("W", "dW", "dW_data"):
        assert paths(trace, Address(name, 1, (1, 1))).address == Address("W", 1, (1, 1), None, 0)


@pytest.mark.parametrize(
    ("kind", "address", "message"),
    [
        ("batch norm", Address("a", 1, (1,), 1), "paths lead from a parameter to the loss"),
        ("batch norm", Address("loss"), "paths lead from a parameter to the loss"),
        ("batch norm", Address("data_loss"), "paths lead from a parameter to the loss"),
        ("penalties", Address("dW_penalty", 1, (1, 1)), "a penalty does not go through the network"),
        ("batch norm", Address("W", 1), "paths are of one number; expected W[1][to,from]"),
        ("batch norm", Address("W", 1, (1,)), "paths are of one number"),
        ("shared bias", Address("b", 1, (1,)), "paths are of one number; expected b[1]"),
        ("batch norm", Address("W", 1, (4, 1)), "W[1] is 3×2"),
        ("batch norm", Address("W", 7, (1, 1)), "there is no W there; it is in layer 1, 2"),
        ("ascent", Address("b", 1, (1,)), "there is no b there; this network has none"),
        ("tied", Address("W", 2, (1, 1)), "layer 2 uses the W of layer 1: W[1]"),
        ("batch norm", Address("W", 1, (1, 1), None, 4), "there is no @4; the walk has @0 to @3"),
        ("batch norm", Address("W", 1, (1, 1), 6), "there is no sample 6; the batch has 5"),
    ],
)
def test_what_has_no_paths(kind: str, address: Address, message: str) -> None:
    with pytest.raises(AddressError) as caught:
        paths(Trace(KINDS[kind]), address)
    assert message in str(caught.value)
