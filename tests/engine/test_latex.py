"""LaTeX: a grammar over every quantity of every shipped scenario, and a few steps word for word.

No TeX runs here. KaTeX was the judge that the grammar was held against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.explain import Explanation, explain
from engine.notation import Notation
from engine.notation_latex import letter
from engine.notation_style import DEFAULT, Style
from engine.plan import Granularity
from engine.printers.latex import LatexPrinter, latex, latex_array
from engine.printers.lines import lines
from engine.scenario.read import read
from engine.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.glob("*.toml"))
STYLES = (
    DEFAULT,
    Style("from_to", "W^T", "row", "-dz", 0, 2, ",", "decimals", "truncate"),
    Style(delta="da", letters=(("z", "s"), ("W[1]", "W″"), ("yhat", "p̂"), ("tanh", "th"), ("softplus", "σ"))),
)
COMMANDS = {
    "frac", "partial", "delta", "hat", "tilde", "bar", "sum", "cdot", "cdots", "odot", "left", "right", "ln", "tanh",
    "cosh", "max", "min", "mathrm", "mathbf", "leftarrow", "approx", "infty", "le", "ge", "sqrt", "top", "underset",
    "times", "eta", "beta", "gamma", "epsilon", "mu", "rho", "lambda", "tau", "alpha", "kappa", "psi", "sigma",
    "Omega", "Delta", "Phi", "pi", "begin", "end", "cos",
}  # fmt: skip
SYMBOLS = set("\\#|_ ")
"""What a backslash may stand before besides letters."""


def sampled(trace: Trace) -> Iterator[Explanation]:
    step = 0
    while step < trace.plan.start(1):
        step = trace.plan.group(step, Granularity.QUANTITY)[1]
        yield explain(trace, step - 1)


def faults(text: str) -> list[str]:
    """What is wrong with a piece of mathematics."""
    found = [f"\\{name}" for name in re.findall(r"\\([A-Za-z]+)", text) if name not in COMMANDS]
    found += [f"\\{char}" for char in re.findall(r"\\([^A-Za-z])", text) if char not in SYMBOLS]
    found += [char for char in text if not char.isascii()]
    depth = 0
    for char in re.sub(r"\\[{}]", "", text):
        depth += (char == "{") - (char == "}")
        if depth < 0:
            found.append("a } too many")
            break
    found += ["a { too many"] * max(depth, 0)
    if text.count(r"\left") - text.count(r"\leftarrow") != text.count(r"\right"):
        found.append("left and right")
    return found + _scripts(text)


def _scripts(text: str) -> list[str]:
    """Bases with two superscripts or two subscripts. A prime is a superscript, which only a ^ right after it joins."""
    found: list[str] = []
    seen: list[set[str]] = [set()]
    tokens = re.findall(r"\\[A-Za-z]+|\\.|[^ ]", text)
    script = False
    for at, token in enumerate(tokens):
        if token in "^_'":
            kind = "_" if token == "_" else "^"
            joins = at and tokens[at - 1] == "'"
            if kind in seen[-1] and not (kind == "^" and joins):
                found.append(f"two of {kind}: {' '.join(tokens[max(0, at - 12) : at + 4])}")
            seen[-1].add(kind)
            script = token != "'"
        elif token == "{":
            if not script:
                seen[-1] = set()
            seen.append(set())
            script = False
        elif token == "}":
            seen.pop()
        elif script:
            script = False
        else:
            seen[-1] = set()
    return found


def test_the_grammar_finds_what_is_wrong() -> None:
    for wrong in (r"\foo", "{", "}", r"\left(", "a^{1}^{2}", "a_{1}_{2}", "δ", "w'_{1}^{(1)}"):
        assert faults(wrong), wrong
    assert not faults(r"\frac{\partial L}{\partial w_{12}^{(1)}} \leftarrow \left(a\right)")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_everything_of_a_scenario_is_latex(file: Path) -> None:
    trace = Trace(read(file))
    explained = list(sampled(trace)) if trace.plan.iterations else []
    for style in (*STYLES, trace.scenario.notation):
        printer = LatexPrinter(Notation(trace.network, style=style), 5, 8)
        for explanation in explained:
            block = latex(explanation, printer, array=True)
            assert block.startswith("\\begin{align*}\n")
            assert block.endswith("\n\\end{align*}")
            assert faults(block) == [], block
            rows = block.split("\n")[1:-1]
            assert all(row.endswith(r" \\") for row in rows[:-1])
            assert not rows[-1].endswith("\\")
            assert all(row.count("&") == 1 for row in rows), block
            for line in lines(explanation, printer, long_way=True):
                if line.kind in ("where", "condition", "long"):
                    assert faults(line.text) == [], line
        for quantity in trace.network.catalogue.values():
            template = quantity.stated.formula if quantity.stated else quantity.template
            assert faults(latex_array(quantity, printer)) == []
            assert template is None or faults(printer.symbols(template)) == []


def block(name: str, address: str, style: Style = DEFAULT, array: bool = False) -> str:
    trace = Trace(read(SCENARIOS / f"{name}.toml"))
    printer = LatexPrinter(Notation(trace.network, style=style), 5)
    return latex(explain(trace, trace.index_of(trace.resolve(address))), printer, array)


def test_a_weights_gradient() -> None:
    assert block("softplus", "dW[1][1,2]@0") == (
        "\\begin{align*}\n"
        "\\frac{\\partial L}{\\partial w_{12}^{(1)}} &= \\delta_{1}^{(1)} \\cdot x_{2} \\\\\n"
        "&\\approx \\left(-0.065539\\right) \\cdot 0.6 \\\\\n"
        "&\\approx -0.039323\n"
        "\\end{align*}"
    )


def test_an_update_and_its_array() -> None:
    text = block("softplus", "W[2][1,2]@1", array=True)
    assert text.split("\n")[1] == (
        r"w_{12}^{(2)} &\leftarrow w_{12}^{(2)} - \eta \cdot \frac{\partial L}{\partial w_{12}^{(2)}} \\"
    )
    assert text.split("\n")[-2] == (
        r"\underset{1 \times 2}{W^{(2)}} &= \underset{1 \times 2}{W^{(2)}} - \eta \cdot"
        r" \underset{1 \times 2}{\frac{\partial L}{\partial W^{(2)}}}"
    )


def test_functions_powers_and_hats() -> None:
    assert block("softplus", "a[2][1]@0").split("\n")[1] == (
        r"\hat{y} &= \mathrm{softplus}\left(z_{1}^{(2)}\right) = \ln\left(1 + e^{z_{1}^{(2)}}\right) \\"
    )
    assert r"&= \tanh\left(z_{1}^{(1)}\right)" in block("tanh_paths", "a[1][1]@0")
    assert r"\left(y - \hat{y}\right)^{2}" in block("tanh_paths", "loss@0")
    assert r"1 - \left(a_{1}^{(1)}\right)^{2}" in block("tanh_paths", "fprime[1][1]@0")


def test_the_style_is_honoured() -> None:
    text = block("softplus", "dW[2][1,2]@0", STYLES[1], array=True)
    assert text.split("\n")[1:3] == [
        r"\frac{\partial L}{\partial w_{10}^{(3)}} &= \left(-\delta_{0}^{(3)}\right) \cdot a_{1}^{(2)} \\",
        r"&\approx \left(-0{,}11919\right) \cdot 0{,}83157 \\",
    ]
    assert r"\underset{2 \times 1}{{a^{(2)}}^{\top}} \cdot \underset{1 \times 1}{(-\delta^{(3)})}" in text


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("δ", r"\delta"), ("ŷ", r"\hat{y}"), ("W′", "W'"), ("σ̄²", r"\bar{\sigma}^{2}"), ("β₁", r"\beta_{1}"),
        ("vₘₐₓ", "v_{max}"), ("yhat", r"\mathrm{yhat}"), ("Ω", r"\Omega"), ("x̃", r"\tilde{x}"),
    ],
)  # fmt: skip
def test_letters(text: str, spelt: str) -> None:
    assert letter(text) == spelt
