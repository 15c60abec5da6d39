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
    accuracy: float = 4e-16
    """Relative error allowed in f: two roundings, more where another library's function is in it."""


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
    "elu": Sample(
        {
            0.0: (0.0, 0.5), 0.5: (0.5, 1.0), -1.0: (-0.31606027941427883, 0.18393972058572117),
            -4.0: (-0.4908421805556329, 0.00915781944436709), 40.0: (40.0, 1.0), -40.0: (-0.5, 2.1241771276457944e-18),
            800.0: (800.0, 1.0), -800.0: (-0.5, 0.0), INF: (INF, 1.0), -INF: (-0.5, 0.0),
        },
        options={"alpha": 0.5},
    ),
    "selu": Sample(
        {
            0.0: (0.0, 1.7580993408473766), 1.0: (1.0507009873554805, 1.0507009873554805),
            -1.0: (-1.1113307378125628, 0.646768603034814), -4.0: (-1.7258986281898945, 0.032200712657482145),
            -40.0: (-1.7580993408473766, 7.46902881591429e-18), 800.0: (840.5607898843843, 1.0507009873554805),
            -800.0: (-1.7580993408473766, 0.0),
        }
    ),
    "softsign": Sample(
        {
            0.0: (0.0, 1.0), 0.5: (1 / 3, 4 / 9), -4.0: (-0.8, 0.04), 40.0: (0.975609756097561, 0.000594883997620464),
            -800.0: (-0.9987515605493134, 1.5586010620307636e-06), NAN: (NAN, NAN),
        }
    ),
    "silu": Sample(
        {
            0.0: (0.0, 0.5), 0.5: (0.3112296656009273, 0.7399611873026518),
            1.0: (0.7310585786300049, 0.9276705118714867),
            -1.0: (-0.2689414213699951, 0.07232948812851327), -4.0: (-0.07194483984836623, -0.05266461489107291),
            40.0: (40.0, 1.0), -40.0: (-1.6993417021166355e-16, -1.6568581595637197e-16), 800.0: (800.0, 1.0),
            -800.0: (0.0, 0.0), NAN: (NAN, NAN),
        },
        analytic=True,
    ),
    "gelu": Sample(
        {
            0.0: (0.0, 0.5), 0.5: (0.34573123063700656, 0.8674951246561629),
            1.0: (0.8413447460685429, 1.0833154705876864), -1.0: (-0.15865525393145705, -0.0833154705876863),
            -4.0: (-0.0001266849673324797, -0.0005036496612264215), 40.0: (40.0, 1.0), -40.0: (0.0, 0.0),
            800.0: (800.0, 1.0), -800.0: (0.0, 0.0), NAN: (NAN, NAN),
        },
        accuracy=2e-15,
    ),
    "gelu_tanh": Sample(
        {
            0.0: (0.0, 0.5), 0.5: (0.34571400982514394, 0.8673699035346423),
            1.0: (0.8411919906082767, 1.0829640838457826), -1.0: (-0.1588080093917233, -0.08296408384578255),
            -4.0: (-7.024594819237268e-05, -0.0003351231971226708), 40.0: (40.0, 1.0), -40.0: (0.0, 0.0),
            800.0: (800.0, 1.0), -800.0: (0.0, 0.0), NAN: (NAN, NAN),
        }
    ),
    "mish": Sample(
        {
            0.0: (0.0, 0.6), 0.5: (0.37524521130489513, 0.8864243753577272),
            1.0: (0.8650983882673103, 1.0490362200997922), -1.0: (-0.3034014613741089, 0.05921675587739495),
            -4.0: (-0.07259174079202536, -0.053773209793480325), 40.0: (40.0, 1.0),
            -40.0: (-1.6993417021166355e-16, -1.6568581595637197e-16), 800.0: (800.0, 1.0), -800.0: (0.0, 0.0),
            NAN: (NAN, NAN),
        }
    ),
    "hard_sigmoid": Sample(
        {
            0.0: (0.5, 1 / 6), 1.0: (2 / 3, 1 / 6), -1.0: (1 / 3, 1 / 6), 3.0: (1.0, 0.0), -3.0: (0.0, 0.0),
            40.0: (1.0, 0.0), -40.0: (0.0, 0.0), INF: (1.0, 0.0), -INF: (0.0, 0.0),
        }
    ),
    "step": Sample({0.0: (1, 0), 5e-324: (1, 0), -5e-324: (0, 0), 40.0: (1, 0), -INF: (0, 0)}),
}  # fmt: skip

ELEMENTWISE = [name for name, entry in ACTIVATIONS.items() if entry.elementwise]
GRID = [-20.0, -7.5, -3.0, -1.0, -0.3, -1e-3, 1e-3, 0.2, 0.9, 2.5, 6.0, 15.0]
SPECIAL = [0.0, -0.0, 40.0, -40.0, 700.0, -700.0, 708.0, -708.0, 745.5, -745.5, 800.0, -800.0, INF, -INF, NAN]
UNDEFINED_AT_INFINITY = {"softsign", "silu", "gelu", "gelu_tanh", "mish"}
"""A product ∞·0 or a quotient ∞/∞ gives NaN there: the run has diverged before."""


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
    assert [name for name in ACTIVATIONS if name not in ELEMENTWISE] == ["softmax", "log_softmax"]


@pytest.mark.parametrize("name", SAMPLES)
def test_known_values(name: str) -> None:
    for z, (f, derivative) in SAMPLES[name].known.items():
        assert value(name, z) == pytest.approx(f, rel=SAMPLES[name].accuracy, abs=0, nan_ok=True), z
        assert slope(name, z) == pytest.approx(derivative, rel=8e-16, abs=0, nan_ok=True), z


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_against_central_differences(name: str) -> None:
    h = 1e-3
    for z in GRID:
        if any(abs(z - at) <= 2 * h for at in (*ACTIVATIONS[name].kinks, *ACTIVATIONS[name].bends)):
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
        if math.isinf(z) and name in UNDEFINED_AT_INFINITY:
            assert math.isnan(value(name, z)) or low <= value(name, z) <= high
        else:
            assert math.isnan(z) or low <= value(name, z) <= high


def test_at_kinks_the_derivative_is_what_is_said() -> None:
    kinked = {name: entry for name, entry in ACTIVATIONS.items() if entry.kinks}
    assert {name: entry.at_kink for name, entry in kinked.items()} == {
        "relu": "relu′(0) = 0",
        "leaky_relu": "leaky_relu′(0) = slope",
        "elu": "elu′(0) = alpha",
        "selu": "selu′(0) = 1.0507·1.6733",
        "hard_sigmoid": "hard_sigmoid′(±3) = 0",
        "step": "step′(0) = 0",
    }
    assert slope("relu", 0.0) == slope("relu", -0.0) == 0.0
    assert slope("leaky_relu", 0.0) == 0.2
    assert slope("elu", 0.0) == 0.5
    assert slope("selu", 0.0) == 1.0507009873554805 * 1.6732632423543772
    assert slope("hard_sigmoid", 3.0) == slope("hard_sigmoid", -3.0) == slope("step", 0.0) == 0.0
    for name, entry in ACTIVATIONS.items():
        for kink in entry.kinks:
            if name == "step":
                # the step itself jumps, its slope is 0 on both sides
                assert value(name, math.nextafter(kink, -INF)) != value(name, kink)
                continue
            assert slope(name, math.nextafter(kink, INF)) != slope(name, math.nextafter(kink, -INF))


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
                worst = max(worst, math.inf if not math.isfinite(apart) else apart / abs(computed or 1.0))
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

    gelu = ACTIVATIONS["gelu_tanh"].value_stated
    assert gelu is not None
    assert gelu.agrees == "to 10 digits for z > −4.5; from z = −7.21 on it gives 0"
    assert both("gelu_tanh", "value", -7.21)[0] == 0.0 > both("gelu_tanh", "value", -7.1)[0]


def test_names_and_aliases() -> None:
    assert canonical["linear"] == "identity"
    assert canonical["logistic"] == "sigmoid"
    assert canonical["lrelu"] == "leaky_relu"
    assert len(canonical) == sum(1 + len(entry.aliases) for entry in ACTIVATIONS.values())
