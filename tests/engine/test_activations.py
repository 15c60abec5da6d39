"""The table of activations: one record of samples per entry drives every test."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.activations import ACTIVATIONS, Activation, canonical
from engine.formula.compile import array_function
from engine.formula.evaluate import evaluate
from engine.formula.nodes import Node, Num, Var, substitute

NAN, INF = math.nan, math.inf
SIGMA_40 = 4.248354255291589e-18
"""e^−40 / (1 + e^−40)."""


@dataclass(frozen=True)
class Sample:
    """What is known of one activation, from tables and not from this program."""

    known: dict[float, tuple[float, float]]
    """z → (f, f′)."""
    analytic: bool = False
    """Whether the formula computed may be given complex numbers."""
    options: dict[str, float] = field(default_factory=dict)


SAMPLES: dict[str, Sample] = {
    "identity": Sample(
        {0.0: (0, 1), 800.0: (800, 1), -800.0: (-800, 1), INF: (INF, 1), -INF: (-INF, 1), NAN: (NAN, 1)}, analytic=True
    ),
    "sigmoid": Sample(
        {
            0.0: (0.5, 0.25),
            1.0: (0.7310585786300049, 0.19661193324148185),
            40.0: (1.0, SIGMA_40),
            -40.0: (SIGMA_40, SIGMA_40),
            800.0: (1.0, 0.0),
            -800.0: (0.0, 0.0),
            -705.0: (6.643397797997952e-307, 6.643397797997952e-307),
            INF: (1.0, 0.0),
            -INF: (0.0, 0.0),
            NAN: (NAN, NAN),
        },
        analytic=True,
    ),
    "tanh": Sample(
        {
            0.0: (0.0, 1.0),
            0.5: (0.46211715726000975, 0.7864477329659274),
            40.0: (1.0, 7.219405551381661e-35),
            -40.0: (-1.0, 7.219405551381661e-35),
            800.0: (1.0, 0.0),
            -800.0: (-1.0, 0.0),
            INF: (1.0, 0.0),
            -INF: (-1.0, 0.0),
            NAN: (NAN, NAN),
        },
        analytic=True,
    ),
    "relu": Sample(
        {0.0: (0, 0), 40.0: (40, 1), -40.0: (0, 0), 800.0: (800, 1), -800.0: (0, 0), INF: (INF, 1), -INF: (0, 0)}
    ),
    "leaky_relu": Sample(
        {0.0: (0, 0.2), 40.0: (40, 1), -40.0: (-8, 0.2), 800.0: (800, 1), -800.0: (-160, 0.2), -INF: (-INF, 0.2)},
        options={"slope": 0.2},
    ),
    "softplus": Sample(
        {
            # the three columns of H3's question: 1, 30, 800, −40, −800
            0.0: (0.6931471805599453, 0.5),
            1.0: (1.3132616875182228, 0.7310585786300049),
            30.0: (30.00000000000009, 0.9999999999999065),
            800.0: (800.0, 1.0),
            40.0: (40.0, 1.0),
            -40.0: (SIGMA_40, SIGMA_40),
            -800.0: (0.0, 0.0),
            INF: (INF, 1.0),
            -INF: (0.0, 0.0),
            NAN: (NAN, NAN),
        }
    ),
}  # fmt: skip

ELEMENTWISE = [name for name, entry in ACTIVATIONS.items() if entry.elementwise]
GRID = [-20.0, -7.5, -3.0, -1.0, -0.3, -1e-3, 1e-3, 0.2, 0.9, 2.5, 6.0, 15.0]
SPECIAL = [0.0, -0.0, 40.0, -40.0, 700.0, -700.0, 708.0, -708.0, 745.5, -745.5, 800.0, -800.0, INF, -INF, NAN]


def tree(node: Node | None, name: str, z: Node, a: Node = Var("a")) -> Node:  # noqa: B008
    assert node is not None
    options = {**ACTIVATIONS[name].options, **SAMPLES[name].options}
    return substitute(node, {"z": z, "a": a, **{option: Num(value) for option, value in options.items()}})


def value(name: str, z: float) -> float:
    return evaluate(tree(ACTIVATIONS[name].value, name, Num(z)))


def slope(name: str, z: float) -> float:
    return evaluate(tree(ACTIVATIONS[name].derivative, name, Num(z), Num(value(name, z))))


def arrays(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    entry = ACTIVATIONS[name]
    with np.errstate(all="ignore"):
        f = np.broadcast_to(array_function(tree(entry.value, name, Var("z")), "z")(z), z.shape)
        return f, np.broadcast_to(array_function(tree(entry.derivative, name, Var("z")), "z", "a")(z, f), z.shape)


def test_every_entry_has_a_sample() -> None:
    assert set(SAMPLES) == set(ELEMENTWISE)
    assert [name for name in ACTIVATIONS if name not in ELEMENTWISE] == ["softmax"]


@pytest.mark.parametrize("name", SAMPLES)
def test_known_values(name: str) -> None:
    for z, (f, derivative) in SAMPLES[name].known.items():
        assert value(name, z) == pytest.approx(f, rel=4e-16, abs=0, nan_ok=True), z
        assert slope(name, z) == pytest.approx(derivative, rel=8e-16, abs=0, nan_ok=True), z


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_against_central_differences(name: str) -> None:
    h = 1e-3
    for z in GRID:
        if any(abs(z - kink) <= 2 * h for kink in ACTIVATIONS[name].kinks):
            continue
        f = [value(name, z + step * h) for step in (-2, -1, 1, 2)]
        difference = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
        assert slope(name, z) == pytest.approx(difference, rel=1e-9, abs=1e-12), z


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.analytic])
def test_derivative_against_the_complex_step(name: str) -> None:
    h = 1e-100
    z = np.array([-100.0, -40.0, *GRID, 40.0])
    f, derivative = arrays(name, z)
    moved = array_function(tree(ACTIVATIONS[name].value, name, Var("z")), "z")(z + 1j * h)
    np.testing.assert_allclose(derivative, np.imag(moved) / h, rtol=1e-13 if name != "tanh" else 1e-12, atol=0)
    assert f.dtype == np.float64


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_array_form_is_the_scalar_form(name: str) -> None:
    z = np.array([*GRID, *SPECIAL])
    f, derivative = arrays(name, z)
    # numpy's exp and the C library's may differ in the last place
    np.testing.assert_allclose(f, [value(name, at) for at in z.tolist()], rtol=1e-15, atol=5e-324)
    np.testing.assert_allclose(derivative, [slope(name, at) for at in z.tolist()], rtol=2e-15, atol=5e-324)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_keep_to_the_range(name: str) -> None:
    low, high = ACTIVATIONS[name].range
    for z in (*GRID, *SPECIAL):
        assert math.isnan(z) or low <= value(name, z) <= high


def test_at_kinks_the_derivative_is_what_is_said() -> None:
    kinked = {name: entry for name, entry in ACTIVATIONS.items() if entry.kinks}
    assert {name: entry.at_kink for name, entry in kinked.items()} == {
        "relu": "relu′(0) = 0",
        "leaky_relu": "leaky_relu′(0) = slope",
    }
    assert slope("relu", 0.0) == slope("relu", -0.0) == 0.0
    assert slope("leaky_relu", 0.0) == 0.2
    for name, entry in ACTIVATIONS.items():
        for kink in entry.kinks:
            assert slope(name, math.nextafter(kink, 1)) != slope(name, math.nextafter(kink, -1))


def stated_forms() -> list[tuple[str, str]]:
    return [
        (name, form)
        for name in ELEMENTWISE
        for form in ("value", "derivative")
        if getattr(ACTIVATIONS[name], f"{form}_stated") is not None
    ]


def both(name: str, form: str, z: float) -> tuple[float, float]:
    """A textbook's form and the computed one."""
    entry: Activation = ACTIVATIONS[name]
    stated = getattr(entry, f"{form}_stated").formula
    computed = value(name, z) if form == "value" else slope(name, z)
    return evaluate(tree(stated, name, Num(z), Num(value(name, z)))), computed


@pytest.mark.parametrize(("name", "form"), stated_forms())
def test_stated_forms_agree_to_ten_digits_within_their_bounds(name: str, form: str) -> None:
    low, high = getattr(ACTIVATIONS[name], f"{form}_stated").within
    ends = [end * (1 - 1e-12) for end in (low, high) if math.isfinite(end)]
    inside = np.linspace(max(low, -700), min(high, 700), 4001)[1:-1].tolist()
    for z in [*ends, *inside]:
        textbook, computed = both(name, form, z)
        assert abs(textbook - computed) <= 1e-10 * abs(computed), z


@pytest.mark.parametrize(("name", "form"), stated_forms())
def test_stated_forms_disagree_beyond_their_bounds(name: str, form: str) -> None:
    """The bounds are no tighter than they need be: a little further out the digits are gone, or all is 0."""
    for end in getattr(ACTIVATIONS[name], f"{form}_stated").within:
        if math.isfinite(end):
            worst = 0.0
            for share in np.linspace(1.0, 1.25, 1000):
                textbook, computed = both(name, form, end * share)
                apart = abs(textbook - computed)
                worst = max(worst, math.inf if not math.isfinite(apart) else apart / (computed or 1.0))
            # where both underflow to 0 there is nothing to disagree about
            assert worst > 1e-10 or both(name, form, end * 1.25) == (0.0, 0.0), (name, form, end)


def test_the_numbers_in_the_texts_are_right() -> None:
    softplus = ACTIVATIONS["softplus"].value_stated
    assert softplus is not None
    assert softplus.agrees == "to 10 digits for −13 < z < 709; it gives 0 below −37 and ∞ above 709"
    assert both("softplus", "value", -37.0)[0] == 0.0 < both("softplus", "value", -36.0)[0]
    assert both("softplus", "value", 709.7)[0] < math.inf == both("softplus", "value", 709.8)[0]

    sigmoid = ACTIVATIONS["sigmoid"]
    assert sigmoid.value_stated is not None
    assert sigmoid.value_stated.agrees == "for z > −709; below, e^(−z) overflows"
    assert both("sigmoid", "value", -709.7)[0] > 0.0 == both("sigmoid", "value", -709.8)[0]
    assert sigmoid.derivative_stated is not None
    assert sigmoid.derivative_stated.agrees == "to 10 digits for z < 13; from z = 37 on it gives 0"
    assert both("sigmoid", "derivative", 37.0)[0] == 0.0 < both("sigmoid", "derivative", 36.0)[0]

    tanh = ACTIVATIONS["tanh"].derivative_stated
    assert tanh is not None
    assert tanh.agrees == "to 10 digits for |z| < 6; from |z| = 19.1 on it gives 0"
    for sign in (1, -1):
        assert both("tanh", "derivative", 19.1 * sign)[0] == 0.0 < both("tanh", "derivative", 18.9 * sign)[0]


def test_names_and_aliases() -> None:
    assert canonical["linear"] == "identity"
    assert canonical["logistic"] == "sigmoid"
    assert canonical["lrelu"] == "leaky_relu"
    assert len(canonical) == sum(1 + len(entry.aliases) for entry in ACTIVATIONS.values())
