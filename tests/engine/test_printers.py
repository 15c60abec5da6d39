"""Formulas as text: golden files to read, and a property that reads the ASCII formulas back.

After a wanted change, write the files anew with `UPDATE_GOLDENS=1 pytest tests/engine/test_printers.py` and read
every line of the diff.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import (
    examples,
    layer,
    scenario,
    scenarios,
    softmax_batch,
    softplus_network,
    with_training,
    zero_network,
)

from engine.explain import Explanation, explain
from engine.formula.evaluate import evaluate, scale
from engine.formula.nodes import Add, Call, Div, Mul, Neg, Node, Num, Pow, Total, Var, exp, ln
from engine.notation import Notation
from engine.plan import Granularity
from engine.printers import json as trees
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Page, Printer
from engine.printers.lines import lines
from engine.quantity import Phase
from engine.scenario.model import Loss, Optimizer, Scenario
from engine.structs import replace
from engine.trace import Trace

GOLDEN = Path(__file__).parents[1] / "goldens" / "printers"


def golden(name: str, text: str) -> None:
    """Hold `text` to its file, or write the file where that is asked for."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def unicode_printer(trace: Trace, digits: int = 0, most: int = 0) -> Printer:
    return Printer(Notation(trace.network), digits, most)


def ascii_printer(trace: Trace, digits: int = 0, most: int = 0) -> Printer:
    return AsciiPrinter(Notation(trace.network, ascii=True), digits, most)


def kinds(trace: Trace, k: int) -> Iterator[Explanation]:
    """The last step of every array of an iteration."""
    step = trace.plan.start(k)
    while step < trace.plan.start(k + 1):
        step = trace.plan.group(step, Granularity.QUANTITY)[1]
        yield explain(trace, step - 1)


def page(trace: Trace, k: int, printer: Printer) -> str:
    parts = []
    for explanation in kinds(trace, k):
        said = (f"  {line.kind:9} {line}" for line in lines(explanation, printer, long_way=True))
        parts.append("\n".join([str(explanation.step.address), *said]))
    return "\n\n".join(parts) + "\n"


def mixed() -> Scenario:
    """A hidden softmax, a leaky rectifier at its kink, cross-entropy of a sigmoid: what the homework has not."""
    return scenario(
        [
            layer([[0.5, -1.0], [2.0, 0.25]], [0.0, -0.25], "softmax"),
            layer([[1.0, -1.0], [1e-7, -3e-9]], None, "leaky_relu", {"slope": 0.1}),
            layer([[0.5, 0.0], [-0.25, 2e7]], [1.0, 0.0], "relu"),
            layer([[0.5, -0.125], [0.75, 0.25]], None, "sigmoid"),
        ],
        [[1.0, 0.5], [0.25, -1.5]],
        [[1.0, 0.0], [0.25, 0.75]],
        Loss("cross_entropy", 0.3, "mean", "mean"),
        learning_rate=0.1,
    )


def wide() -> Scenario:
    """Twelve inputs: sums too long to print."""
    weights = [[(-1) ** column * (column + 1) / 8 for column in range(12)] for _ in range(2)]
    return scenario(
        [layer(weights, [0.5, -0.5], "tanh"), layer([[1.0, -1.0]])], [[0.5] * 12, [1.0] * 12], [[1.0], [0.0]]
    )


CASES: dict[str, tuple[Scenario, int]] = {
    "softplus": (softplus_network(), 0),
    "softmax": (softmax_batch(2), 0),
    "zero": (zero_network(2), 1),
    "mixed": (mixed(), 0),
    "diverged": (with_training(softplus_network(3), optimizer=Optimizer("sgd", 1e200)), 1),
}


@pytest.mark.parametrize("name", CASES)
def test_unicode_to_six_digits(name: str) -> None:
    given, k = CASES[name]
    trace = Trace(given)
    golden(f"{name}.unicode.txt", page(trace, k, unicode_printer(trace, 6)))


@pytest.mark.parametrize("name", CASES)
def test_ascii_to_the_last_digit(name: str) -> None:
    given, k = CASES[name]
    trace = Trace(given)
    text = page(trace, k, ascii_printer(trace))
    assert text.isascii(), sorted({char for char in text if not char.isascii()})
    golden(f"{name}.ascii.txt", text)


@pytest.mark.parametrize("name", CASES)
def test_json_trees(name: str) -> None:
    given, k = CASES[name]
    trace = Trace(given)
    made = {str(explanation.step.address): trees.tree(explanation.tree) for explanation in kinds(trace, k)}
    text = "".join(f"{address}\n  {json.dumps(tree, allow_nan=False)}\n" for address, tree in made.items())
    golden(f"{name}.json.txt", text)


@pytest.mark.parametrize("most", [0, 3, 4, 6])
def test_long_sums_are_abridged(most: int) -> None:
    trace = Trace(wide())
    text = "\n".join(page(trace, 0, printer(trace, 6, most)) for printer in (unicode_printer, ascii_printer))
    golden(f"wide_{most}.txt", text)
    assert ("the middle ones are left out here" in text) == bool(most)


@examples(60)
@given(scenarios(max_layers=3, max_units=4, max_iterations=1))
def test_ascii_pages_are_ascii(given: Scenario) -> None:
    trace = Trace(given)
    printer = ascii_printer(trace, 5)
    for explanation in kinds(trace, 0):
        for line in lines(explanation, printer, long_way=True):
            assert str(line).isascii(), line


# Reading back: what is printed is an expression of Python once its few own spellings are put into Python's.


class Ieee(float):
    """A number that divides as float64 does."""

    def __truediv__(self, other: Any) -> Any:
        if other == 0:
            return Ieee("nan") if self == 0 or self != self else Ieee(math.copysign(math.inf, self))
        return Ieee(float(self) / other)


def _xlny(x: float, y: float) -> float:
    return 0.0 if x == 0 else x * math.log(y) if y > 0 else -x * math.inf


NAMES: dict[str, Any] = {
    "ln": lambda x: math.log(x) if x > 0 else -math.inf if x == 0 else math.nan,
    "ln1p": math.log1p,
    "tanh": math.tanh,
    "cosh": lambda x: math.cosh(x) if abs(x) < 710 else math.inf,
    "exp": lambda x: math.exp(x) if x < 709.7 else math.inf,
    "max": max,
    "min": min,
    "abs": abs,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "expm1": lambda x: math.expm1(x) if x < 709.7 else math.inf,
    "sqrt": math.sqrt,
    "pow": lambda x, y: float(x) ** float(y),
    "floor": math.floor,
    "cos": math.cos,
    "Phi": lambda x: 0.5 * math.erfc(-x * math.sqrt(0.5)),
    "xlny": _xlny,
    "N": Ieee,
}
NUMBER = r"\d+(?:\.\d*)?(?:e[+-]?\d+)?"
HELD = rf"(?:\(-?{NUMBER}\)|\({NUMBER} - {NUMBER}\)|\({NUMBER} - \(-{NUMBER}\)\)|{NUMBER})"


def read_back(text: str) -> float:
    """The value of a printed ASCII formula."""
    text = re.sub(rf"({HELD})\*ln ({HELD})", r"xlny(\1, \2)", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub(rf"\be\^({NUMBER})", r"exp(\1)", text)
    text = text.replace("e^(", "exp(").replace("^", "**")
    text = re.sub(rf"(?<![\w.])(?<!\*\*)({NUMBER})(?![\w.(])", r"N(\1)", text)
    return float(eval(text, dict(NAMES)))


@examples(80)
@given(scenarios(max_layers=3, max_units=4, max_iterations=1))
def test_printed_numbers_read_back_to_the_value(given: Scenario) -> None:
    trace = Trace(given)
    printer = ascii_printer(trace)
    for explanation in kinds(trace, 0):
        formulas = [explanation.tree]
        if explanation.stated is not None and explanation.stated_agrees:
            formulas.append(explanation.stated)
        for formula in formulas:
            value = evaluate(formula)
            if not math.isfinite(value):
                continue
            text = printer.numbers(formula)
            if re.search(rf"{HELD}/0(?![.\d])", text) or "ln 0" in text:
                # 0/0 and 0·ln 0 count as 0 by a convention that is said, not by the formula
                continue
            bound = 1e-12 * max(scale(formula), abs(value)) + 1e-300
            assert read_back(text) == pytest.approx(value, rel=0, abs=bound), text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5*0.4 + (-0.8)*0.6 - 1", 0.5 * 0.4 - 0.8 * 0.6 - 1),
        ("1/2*(0.25 - 1)^2", 0.5 * 0.75**2),
        ("ln(1 + e^0.2)", math.log(1 + math.exp(0.2))),
        ("max(0.2, 0) + ln1p(e^(-|0.2|))", 0.2 + math.log1p(math.exp(-0.2))),
        ("-(1*ln 0.25 + 0*ln (1 - 0.25))", -math.log(0.25)),
        ("1e-7*3e+8", 30.0),
        ("1/cosh(0.5)^2", 1 / math.cosh(0.5) ** 2),
    ],
)
def test_reading_back_itself(text: str, value: float) -> None:
    assert read_back(text) == pytest.approx(value, rel=1e-15)


def test_a_formula_printed_wrong_is_not_read_back() -> None:
    assert read_back("0.25 - 1^2") != pytest.approx((0.25 - 1) ** 2)
    assert read_back("1/2*3") != pytest.approx(1 / (2 * 3))


X, Y = Var("x"), Var("y")
MINUS, HALF, TINY = Num(-2.0), Num(0.5, "½"), Num(1.5e-9)


@pytest.mark.parametrize(
    ("node", "unicode", "plain"),
    [
        (X + Y - X, "x + y − x", "x + y - x"),
        (X - (Y + X), "x − (y + x)", "x - (y + x)"),
        (X - (Y - X), "x − (y − x)", "x - (y - x)"),
        (X * (Y + X), "x·(y + x)", "x*(y + x)"),
        (-(X + Y), "−(x + y)", "-(x + y)"),
        (-(X * Y), "−x·y", "-x*y"),
        (X * -Y, "x·(−y)", "x*(-y)"),
        (X + -Y, "x − y", "x - y"),
        (-X + Y, "−x + y", "-x + y"),
        (X / (Y * X), "x/(y·x)", "x/(y*x)"),
        ((X / Y) / X, "x/y/x", "x/y/x"),
        (X / (Y / X), "x/(y/x)", "x/(y/x)"),
        ((X * Y) ** 2, "(x·y)²", "(x*y)^2"),
        ((-X) ** 2, "(−x)²", "(-x)^2"),
        (-(X**2), "−x²", "-x^2"),
        ((X**2) ** 3, "(x²)³", "(x^2)^3"),
        (X / Y**2, "x/y²", "x/y^2"),
        (X ** -1, "x⁻¹", "x^-1"),
        (exp(-X), "e^(−x)", "e^(-x)"),
        (exp(X + Y), "e^(x + y)", "e^(x + y)"),
        (exp(X) ** 2, "(e^x)²", "(e^x)^2"),
        (ln(exp(X) / Y), "ln(e^x/y)", "ln(e^x/y)"),
        (Call("abs", (X - Y,)), "|x − y|", "|x - y|"),
        (Call("max", (X, Num(0.0))), "max(x, 0)", "max(x, 0)"),
        (Call("xlny", (X, 1 - Y)), "x·ln (1 − y)", "x*ln (1 - y)"),
        (Call("xlny", (1 - X, Y)), "(1 − x)·ln y", "(1 - x)*ln y"),
        (Call("x_over", (1 - X, 1 - Y)), "(1 − x)/(1 − y)", "(1 - x)/(1 - y)"),
        (Call("σ", (X,)), "σ(x)", "sigmoid(x)"),
        (MINUS * X, "(−2)·x", "(-2)*x"),
        (X + MINUS, "x + (−2)", "x + (-2)"),
        (X - MINUS, "x − (−2)", "x - (-2)"),
        (MINUS + X, "−2 + x", "-2 + x"),
        (MINUS**2, "(−2)²", "(-2)^2"),
        (HALF * X, "½·x", "0.5*x"),
        (TINY * X, "1.5·10⁻⁹·x", "1.5e-9*x"),
        (TINY**2, "(1.5·10⁻⁹)²", "1.5e-9^2"),
        (X / TINY, "x/(1.5·10⁻⁹)", "x/1.5e-9"),
        (Num(math.inf) * X, "∞·x", "inf*x"),
        (Num(-math.inf) + X, "−∞ + x", "-inf + x"),
        (Num(math.nan) * X, "NaN·x", "NaN*x"),
        (Total("sum", (X, Neg(Y), MINUS)), "x − y + (−2)", "x - y + (-2)"),
        (Total("max", (X, Y)), "max(x, y)", "max(x, y)"),
        (Mul((X, Add((Y, Neg(X))))), "x·(y − x)", "x*(y - x)"),
        (Div(Neg(X), Y), "(−x)/y", "(-x)/y"),
        (Pow(Div(X, Y), 2), "(x/y)²", "(x/y)^2"),
    ],
)  # fmt: skip
def test_parentheses(node: Node, unicode: str, plain: str) -> None:
    trace = Trace(softplus_network())
    assert unicode_printer(trace, 6).symbols(node) == unicode
    assert ascii_printer(trace, 6).symbols(node) == plain


@pytest.mark.parametrize(
    ("value", "digits", "unicode", "plain", "exact"),
    [
        (0.25, 6, "0.25", "0.25", True),
        (-1 / 3, 6, "−0.333333", "-0.333333", False),
        (-1 / 3, 0, "−0.3333333333333333", "-0.3333333333333333", True),
        (1.5e-9, 6, "1.5·10⁻⁹", "1.5e-9", True),
        (-1.5e12, 6, "−1.5·10¹²", "-1.5e12", True),
        (4.248354255291589e-18, 4, "4.248·10⁻¹⁸", "4.248e-18", False),
        (math.nan, 6, "NaN", "NaN", True),
        (math.inf, 0, "∞", "inf", True),
        (-math.inf, 6, "−∞", "-inf", True),
    ],
)
def test_numbers_and_whether_they_are_all_of_it(
    value: float, digits: int, unicode: str, plain: str, exact: bool
) -> None:
    trace = Trace(softplus_network())
    for printer, text in ((unicode_printer(trace, digits), unicode), (ascii_printer(trace, digits), plain)):
        seen = Page()
        assert printer.number(value, seen) == text
        assert seen.exact is exact
    assert (unicode_printer(trace).equals(exact), ascii_printer(trace).equals(exact)) == (
        ("=", "=") if exact else ("≈", "~")
    )


def test_rounded_lines_are_marked() -> None:
    trace = Trace(softplus_network())
    said = lines(explain(trace, trace.index_of(trace.resolve("a[1][1]"))), unicode_printer(trace, 6))
    relations = {line.kind: line.relation for line in said}
    assert (relations["numbers"], relations["value"]) == ("≈", "≈")
    exact = {line.kind: line.relation for line in lines(explain(trace, 0), unicode_printer(trace, 6))}
    assert exact["numbers"] == "="
    states = lines(explain(trace, len(trace) - 1), ascii_printer(trace))
    assert states[0].relation == "<-"


def test_every_phase_is_in_the_goldens() -> None:
    for case, k in CASES.values():
        trace = Trace(case)
        assert {explanation.step.phase for explanation in kinds(trace, k)} == set(Phase)
    names = {quantity.name for case, _ in CASES.values() for quantity in Trace(case).network.walk}
    assert names == {"z", "a", "data_loss", "loss", "da", "fprime", "jacobian", "delta", "dW", "db", "W", "b"}


def test_an_unknown_node_is_refused() -> None:
    class Other(Node):
        pass

    trace = Trace(softplus_network())
    with pytest.raises(TypeError, match="cannot print Other"):
        unicode_printer(trace).symbols(Other())
    with pytest.raises(TypeError, match="not a grounded tree: Var"):
        trees.tree(X)
    with pytest.raises(TypeError, match="cannot evaluate Var"):
        evaluate(X)


def test_layers_of_many_units_have_commas_in_their_indices() -> None:
    many = scenario([layer(np.ones((12, 11)))], [[1.0] * 11], [[1.0] * 12])
    trace = Trace(replace(many, title="many"))
    address = trace.resolve("dW[1][12,11]")
    explanation = explain(trace, trace.index_of(address))
    assert unicode_printer(trace).symbols(explanation.left) == "∂L/∂w₁₂,₁₁⁽¹⁾"
    assert ascii_printer(trace).symbols(explanation.left) == "dL/dw12,11(1)"
