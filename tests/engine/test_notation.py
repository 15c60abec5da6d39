"""Styles: what is shown differs as a course's does, what is computed never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.explain import Explanation, explain
from engine.notation import Notation, Place
from engine.notation_style import DEFAULT, STYLE_OPTIONS, Style, ascii_letter, described
from engine.numbers import rounded
from engine.plan import Granularity
from engine.printers.ascii import AsciiPrinter
from engine.printers.base import Printer
from engine.printers.lines import array_line, lines
from engine.scenario.errors import ScenarioError
from engine.scenario.model import Array
from engine.scenario.read import read, read_text
from engine.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.glob("*.toml"))
LETTERED = Style(letters=(("z", "s"), ("yhat", "p"), ("W", "V"), ("L", "J"), ("delta", "ε"), ("softplus", "σ")))
ONE_BY_ONE = [
    LETTERED,
    *(Style(**{option.name: choice}) for option in STYLE_OPTIONS for choice in option.choices[1:]),  # type: ignore[arg-type]
]
ARRAYS = [
    Style(weights=weights, vectors=vectors, delta=delta)
    for weights, vectors, delta in product(("W", "W^T"), ("column", "row"), ("dz", "da", "-dz"))
]


@cache
def trace_of(name: str) -> Trace:
    return Trace(read(SCENARIOS / f"{name}.toml"))


def printer(trace: Trace, style: Style, digits: int = 5) -> Printer:
    return Printer(Notation(trace.network, style=style), digits, 8)


def sampled(trace: Trace) -> Iterator[Explanation]:
    """The last step of every array of the first iteration."""
    step = 0
    while step < trace.plan.start(1):
        step = trace.plan.group(step, Granularity.QUANTITY)[1]
        yield explain(trace, step - 1)


def said(name: str, address: str, style: Style, ascii: bool = False) -> dict[str, str]:
    """The lines of a step by their kinds."""
    trace = trace_of(name)
    notation = Notation(trace.network, ascii, style)
    by = AsciiPrinter(notation, 5) if ascii else Printer(notation, 5)
    found = lines(explain(trace, trace.index_of(trace.resolve(address))), by)
    return {line.kind: str(line) for line in found}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_style_changes_a_number(file: Path) -> None:
    trace = trace_of(file.stem)
    plain = printer(trace, DEFAULT)
    for explanation in sampled(trace) if trace.plan.iterations else ():
        numbers = plain.numbers(explanation.tree), plain.number(explanation.step.value)
        for style in ONE_BY_ONE:
            other = printer(trace, style)
            lines(explanation, other)
            put_in = other.numbers(explanation.tree)
            if style.decimal == ",":
                assert not re.search(r"\d\.\d", put_in)
                put_in = put_in.replace(";", ",") if "," in numbers[0] else put_in.replace(",", ".")
                assert put_in.replace(",", ".") == numbers[0].replace(",", ".")
            elif style.digits == "significant" and style.rounding == "round":
                assert (put_in, other.number(explanation.step.value)) == numbers, style


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_ascii_is_ascii_in_every_style(file: Path) -> None:
    trace = trace_of(file.stem)
    explained = list(sampled(trace)) if trace.plan.iterations else []
    for style in [*ONE_BY_ONE, trace.scenario.notation]:
        by = AsciiPrinter(Notation(trace.network, True, style), 5, 8)
        for explanation in explained:
            for line in lines(explanation, by):
                assert line.left.isascii(), line
                assert line.kind in ("why", "computed", "differs") or line.text.isascii(), line


class TestArrays:
    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_shapes_conform(self, file: Path) -> None:
        network = trace_of(file.stem).network
        for style in ARRAYS:
            notation = Notation(network, style=style)
            for quantity in network.catalogue.values():
                line = array_line(quantity, notation)
                if line is None:
                    continue
                left = shapes(line.left)
                terms = [factors(term) for term in re.split(r" [+−] ", line.text) if shapes(term)]
                for term in terms:
                    assert not left or term == left[0], f"{style}: {line}"

    @pytest.mark.parametrize("name", ["softplus", "tanh_paths", "word2vec"])
    def test_products_are_the_arrays_they_stand_for(self, name: str) -> None:
        """By the numbers: a square matrix or a column of one conforms however it is turned."""
        trace = trace_of(name)
        network, checked = trace.network, 0
        for style in ARRAYS:
            notation = Notation(network, style=style)
            arrays = {notation.array(n, layer): shown(trace, n, layer, style) for n, layer in network.catalogue}
            for quantity in network.walk:
                line = array_line(quantity, notation)
                if line is None or not re.fullmatch(r"[^a-z(]*(?:\(−δ\S*\))?[^(]*", line.text) or " of " in line.text:
                    continue
                if quantity.name in ("W", "b"):
                    continue
                want = arrays[line.left.split(" ")[0]]
                terms = [value(term, arrays) for term in re.split(r" \+ ", line.text)]
                np.testing.assert_allclose(sum(terms), want, rtol=1e-12, atol=1e-15, err_msg=f"{style}: {line}")
                checked += 1
        assert checked > 60

    def test_one_formula_in_every_way(self) -> None:
        network = trace_of("softplus").network
        found = {}
        for style in ARRAYS:
            line = array_line(network.catalogue["z", 2], Notation(network, style=style))
            found[style.weights, style.vectors] = str(line)
        assert found == {
            ("W", "column"): "z⁽²⁾ [1] = W⁽²⁾ [1×2] · a⁽¹⁾ [2] + b⁽²⁾ [1]",
            ("W^T", "column"): "z⁽²⁾ [1] = W⁽²⁾ᵀ [1×2] · a⁽¹⁾ [2] + b⁽²⁾ [1]",
            ("W", "row"): "z⁽²⁾ [1×1] = a⁽¹⁾ [1×2] · W⁽²⁾ᵀ [2×1] + b⁽²⁾ [1×1]",
            ("W^T", "row"): "z⁽²⁾ [1×1] = a⁽¹⁾ [1×2] · W⁽²⁾ [2×1] + b⁽²⁾ [1×1]",
        }

    def test_tables_say_what_they_hold(self) -> None:
        network = trace_of("softplus").network
        assert Notation(network, style=Style(weights="W^T")).stored("W", 1) == "W⁽¹⁾ᵀ"
        assert Notation(network, style=Style(weights="W^T")).stored("dW", 1) == "(∂L/∂W⁽¹⁾)ᵀ"
        assert Notation(network).stored("W", 1) == "W⁽¹⁾"


def shapes(text: str) -> list[tuple[int, int]]:
    found = [tuple(map(int, shape.split("×"))) for shape in re.findall(r"\[([\d×]+)\]", text)]
    return [(shape[0], shape[1] if len(shape) == 2 else 1) for shape in found]


def factors(term: str) -> tuple[int, int]:
    """The shape of a term: a chain of products, or arrays of one shape."""
    result, *rest = shapes(term)
    operators = re.findall(r"\] ?\)?([^\[]*?)\S+ \[", term)
    assert len(operators) == len(rest)
    for operator, shape in zip(operators, rest, strict=True):
        if "·" in operator:
            assert result[1] == shape[0], term
            result = (result[0], shape[1])
        else:
            assert result == shape, term
    return result


def shown(trace: Trace, name: str, layer: int | None, style: Style) -> Array:
    """An array of the first iteration as the style's letter means it, a matrix."""
    quantity = trace.network.catalogue[name, layer]
    values = trace.value(trace.resolve(name + (f"[{layer}]" if layer is not None else "") + "@0"))
    if quantity.per_sample and values.ndim:
        values = values[0]
    if len(quantity.shape) == 1:
        return values.reshape(1, -1) if style.vectors == "row" else values.reshape(-1, 1)
    return values.T if len(quantity.shape) == 2 and style.weights == "W^T" and name != "jacobian" else values


def value(term: str, arrays: dict[str, Array]) -> Array:
    """The number a printed product stands for."""
    result: Array | None = None
    for operator, symbol in re.findall(r"(?:^|(?<=\]))( [·⊙] |)(\S+) \[[\d×]+\]", term):
        turned = symbol.endswith("ᵀ")
        symbol = symbol.removesuffix("ᵀ")
        symbol = symbol[1:-1] if symbol.startswith("(") else symbol
        array = arrays[symbol].T if turned else arrays[symbol]
        result = array if result is None else result @ array if "·" in operator else result * array
    assert result is not None, term
    return result


class TestCourses:
    def test_h3_writes_softplus_as_sigma(self) -> None:
        style = Style(letters=(("softplus", "σ"),))
        step = said("softplus", "a[1][1]@0", style)
        assert step["symbols"] == "a₁⁽¹⁾ = σ(z₁⁽¹⁾) = ln(1 + e^z₁⁽¹⁾)"
        assert step["array"] == "a⁽¹⁾ [2] = σ(z⁽¹⁾ [2])"
        assert said("softplus", "delta[2][1]@0", style)["symbols"] == "δ₁⁽²⁾ = ∂L/∂ŷ·σ′(z₁⁽²⁾)"
        assert said("softplus", "delta[2][1]@0", style, True)["symbols"] == "delta1(2) = dL/dyhat*sigma'(z1(2))"

    def test_h4_runs_from_to_and_calls_dl_da_delta(self) -> None:
        style = trace_of("tanh_paths").scenario.notation
        assert style == Style(index_order="from_to", delta="da")
        assert said("tanh_paths", "z[2][1]@0", style)["symbols"] == ("z₁⁽²⁾ = w₁₁⁽²⁾·a₁⁽¹⁾ + w₂₁⁽²⁾·a₂⁽¹⁾ + b₁⁽²⁾")
        assert said("tanh_paths", "da[3][1]@0", style)["symbols"] == "δ₁⁽³⁾ = 2·(ŷ − y)"
        below = said("tanh_paths", "da[1][1]@0", style)
        assert below["symbols"] == "δ₁⁽¹⁾ = w₁₁⁽²⁾·∂L/∂z₁⁽²⁾ + w₁₂⁽²⁾·∂L/∂z₂⁽²⁾"
        back = said("tanh_paths", "delta[2][1]@0", style)
        assert back["symbols"] == "∂L/∂z₁⁽²⁾ = δ₁⁽²⁾·tanh′(z₁⁽²⁾)"
        assert back["array"] == "∂L/∂z⁽²⁾ [2] = δ⁽²⁾ [2] ⊙ tanh′(z⁽²⁾) [2]"
        assert back["why"] == "∂L/∂z: the change of the loss with a, times the slope of the activation at z."
        weight = said("tanh_paths", "dW[2][1,2]@0", style)
        assert weight["symbols"] == "∂L/∂w₂₁⁽²⁾ = ∂L/∂z₁⁽²⁾·a₂⁽¹⁾"
        assert weight["why"] == (
            "The weight acts on the loss through this unit's z: the ∂L/∂z at its end times the value at its start."
        )

    def test_h15_writes_w_transposed_and_a_prime_for_the_second_layer(self) -> None:
        style = trace_of("word2vec").scenario.notation
        assert said("word2vec", "z[1][1]@0", style)["array"] == "z⁽¹⁾ [2] = Wᵀ [2×4] · x [4]"
        up = said("word2vec", "z[2][1]@0", style)
        assert up["symbols"] == "u₁ = w′₁₁·h₁ + w′₂₁·h₂"
        assert up["array"] == "u [4] = W′ᵀ [4×2] · h [2]"
        assert said("word2vec", "a[2][1]@0", style)["array"] == "ŷ [4] = softmax(u [4])"
        gradient = said("word2vec", "dW[2][3,1]@0", style)
        assert gradient["symbols"] == "∂L/∂w′₁₃ = δ₃⁽²⁾·h₁"
        assert gradient["array"] == "∂L/∂W′ [2×4] = h [2] · δ⁽²⁾ᵀ [1×4]"
        assert said("word2vec", "dW[1][1,2]@0", style)["array"] == "∂L/∂W [4×2] = x [4] · δ⁽¹⁾ᵀ [1×2]"
        assert said("word2vec", "delta[2][1]@0", style)["why"] == (
            "δ is ∂L/∂u: output minus target; the slopes of the activation and of the loss cancel."
        )


class TestSymbols:
    def test_a_minus_before_delta_is_held(self) -> None:
        style = Style(delta="-dz")
        step = said("softplus", "da[1][2]@0", style)
        assert step["symbols"] == "∂L/∂a₂⁽¹⁾ = w₁₂⁽²⁾·(−δ₁⁽²⁾)"
        assert step["numbers"] == "≈ (−1)·(−0.1192)"
        assert said("softplus", "dW[2][1,1]@0", style)["symbols"] == "∂L/∂w₁₁⁽²⁾ = (−δ₁⁽²⁾)·a₁⁽¹⁾"
        assert said("softplus", "db[2][1]@0", style)["array"] == "∂L/∂b⁽²⁾ [1] = −δ⁽²⁾ [1]"
        assert said("softplus", "delta[2][1]@0", style)["value"] == "−δ₁⁽²⁾ ≈ −0.1192"

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_every_minus_before_delta_stands_first_or_held(self, file: Path) -> None:
        trace = trace_of(file.stem)
        by = printer(trace, Style(delta="-dz"))
        for explanation in sampled(trace) if trace.plan.iterations else ():
            for line in lines(explanation, by, long_way=True):
                if line.kind not in ("why", "valid"):
                    assert re.search(r"(?<!^)(?<!\()(?<!= )−δ", line.text) is None, line

    def test_counting(self) -> None:
        network = trace_of("softplus").network
        place = Place("W", 2, (1, 2))
        assert Notation(network, style=Style(base=0)).symbol(place) == "w₀₁⁽²⁾"
        assert Notation(network, style=Style(first_layer=2)).symbol(place) == "w₁₂⁽³⁾"
        assert Notation(network, style=Style(first_layer=0)).symbol(place) == "w₁₂⁽¹⁾"
        assert Notation(network, style=Style(first_layer=0)).layer(1) == "layer 0"
        assert Notation(network, style=Style(base=0)).symbol(Place("W", 1, ("j", "k"))) == "wⱼₖ⁽¹⁾"
        assert Notation(network, style=Style(index_order="from_to")).symbol(Place("dW", 1, ("j", "k"))) == "∂L/∂wₖⱼ⁽¹⁾"
        adam = trace_of("adam_by_hand").network
        slot = next(name for name, layer in adam.catalogue if name.endswith("W") and name.startswith("m"))
        layer = adam.catalogue[slot, 1].layer
        assert Notation(adam, style=Style(base=0)).symbol(Place(slot, layer, (1, 1))).endswith("₀₀⁽¹⁾")
        samples = next(trace for trace in map(trace_of, ("linear_regression", "moons")) if not trace.network.single)
        assert Notation(samples.network, style=Style(base=0)).symbol(Place("z", 1, (1,), 2)) == "z₀⁽¹⁾#1"

    def test_jacobian_indices_are_not_a_weights(self) -> None:
        network = trace_of("softmax_long_way" if (SCENARIOS / "softmax_long_way.toml").exists() else "word2vec").network
        layer = network.depth
        given = Notation(network, style=Style(index_order="from_to"))
        assert given.symbol(Place("jacobian", layer, (1, 2))) == Notation(network).symbol(
            Place("jacobian", layer, (1, 2))
        )

    def test_letters(self) -> None:
        network = trace_of("softplus").network
        notation = Notation(network, style=LETTERED)
        assert notation.symbol(Place("z", 1, (2,))) == "s₂⁽¹⁾"
        assert notation.symbol(Place("a", 2, (1,))) == "p"
        assert notation.symbol(Place("da", 2, (1,))) == "∂J/∂p"
        assert notation.array("dW", 1) == "∂J/∂V⁽¹⁾"
        assert notation.symbol(Place("loss")) == "J"
        assert notation.prime(1, "s") == "σ′(s)"
        assert Notation(network, True, LETTERED).symbol(Place("delta", 1, (2,))) == "epsilon2(1)"
        assert notation.sentence("δ is ∂L/∂z: z with a, once a unit is.") == "ε is ∂J/∂s: s with a, once a unit is."

    def test_an_article_is_no_symbol(self) -> None:
        notation = Notation(trace_of("softplus").network, style=Style(letters=(("a", "o"), ("x", "u"))))
        assert notation.sentence("a·(1[i=j] − a): a slope with a, of x, not x̂.") == (
            "o·(1[i=j] − o): a slope with o, of u, not x̂."
        )

    def test_decimal_comma(self) -> None:
        style = Style(decimal=",")
        step = said("softplus", "a[1][1]@0", style)
        assert step["numbers"] == "≈ ln(1 + e^0,2)"
        assert step["computed"].startswith("computed as max(z₁⁽¹⁾; 0) + ")
        assert "m = max(z₁⁽²⁾; z₂⁽²⁾; z₃⁽²⁾; z₄⁽²⁾)" in said("word2vec", "a[2][1]@0", style)["computed"]
        assert printer(trace_of("softplus"), style).number(1.25e-9) == "1,25·10⁻⁹"

    @pytest.mark.parametrize(("letter", "plain"), [("σ", "sigma"), ("ŷ", "yhat"), ("W′", "W'"), ("Δ", "Delta")])
    def test_letters_in_ascii(self, letter: str, plain: str) -> None:
        assert ascii_letter(letter) == plain


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "decimals", "truncate", "text"),
        [
            (0.83157349, True, True, "0.831"), (0.83157349, True, False, "0.832"), (0.83157349, False, True, "0.831"),
            (-0.09513612, True, True, "-0.095"), (-0.09513612, False, True, "-0.0951"), (0.3, True, True, "0.3"),
            (0.00012345, True, False, "0.000123"), (1234.5678, True, True, "1234.567"), (12.3456, False, True, "12.3"),
            (1e20, True, True, "1e20"), (1.9999e-9, False, True, "1.99e-9"), (0.9996, True, False, "1"),
        ],
    )  # fmt: skip
    def test_three_digits(self, value: float, decimals: bool, truncate: bool, text: str) -> None:
        assert rounded(value, 3, decimals, truncate).text == text

    @given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17), st.booleans())
    def test_cut_off_never_grows_and_is_close(self, value: float, digits: int, decimals: bool) -> None:
        shown = rounded(value, digits, decimals, True)
        assert abs(float(shown.text)) <= abs(value)
        assert shown.exact == (float(shown.text) == value)
        assert abs(float(shown.text) - value) <= max(
            abs(value) * 10.0 ** (1 - digits), 10.0**-digits if decimals else 0
        )

    @given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
    def test_significant_digits_rounded_are_the_default(self, value: float, digits: int) -> None:
        assert rounded(value, digits, False, False) == rounded(value, digits)


class TestFile:
    def test_what_it_says_is_read(self) -> None:
        notation = read(Path(__file__).parent / "everything.toml").notation
        assert notation == Style(
            "from_to", "W^T", "row", "-dz", 0, 2, ",", "decimals", "truncate",
            (("z", "s"), ("W[1]", "V"), ("softplus", "φ")),
        )  # fmt: skip
        assert read(SCENARIOS / "softplus.toml").notation == DEFAULT
        assert {notation: 1}[notation] == 1

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ('index_order = "from"', "did you mean `from_to`?"),
            ("base = 2", "notation.base: expected 1 or 0, got the number 2"),
            ('base = "0"', "expected a whole number, got the string"),
            ('indexorder = "from_to"', "unknown key: did you mean `index_order`?"),
            ('letters = { zz = "s" }', 'there is no symbol "zz": did you mean `z`?'),
            ('letters = { z = "" }', "got an empty string"),
            ('letters = { z = "a\\u0007b" }', "expected letters, digits, accents and primes"),
            ('letters = { z = "\\u202Ez" }', "expected a letter first"),
            ('letters = { z = "a b" }', "expected letters, digits, accents and primes"),
            ('letters = { z = "漢" }', "one cell wide"),
            ('letters = { z = "abcdefghijklm" }', "at most 12 characters, got 13"),
            ("letters = { z = 3 }", "expected a string, got the number 3"),
            ("letters = 3", "expected a table of text"),
            ('letters = { "W[3]" = "V" }', "there is no layer 3; expected 1 to 2"),
            ('letters = { "x[1]" = "V" }', "has no letter of its own in a layer"),
            ('letters = { z = "a" }', 'a is written "a" already'),
            ('letters = { z = "delta" }', 'delta is written "delta" already'),
            ('letters = { softplus = "z" }', 'z is written "z" already'),
        ],
    )
    def test_what_is_wrong_is_said(self, written: str, message: str) -> None:
        text = (SCENARIOS / "softplus.toml").read_text(encoding="utf-8")
        with pytest.raises(ScenarioError, match=re.escape(message)) as caught:
            read_text(text.replace("[network]", f"[notation]\n{written}\n\n[network]", 1), "wrong.toml")
        assert "wrong.toml:7" in str(caught.value)

    def test_in_words(self) -> None:
        assert described(DEFAULT) == ""
        assert described(Style(delta="da", letters=(("z[2]", "u"), ("softplus", "σ")))) == (
            "δ is ∂L/∂a; u is z of layer 2; σ is softplus"
        )

    def test_the_table_is_the_struct(self) -> None:
        for option in STYLE_OPTIONS:
            assert getattr(DEFAULT, option.name) == option.default
            assert len(option.said) == len(option.choices)
            assert option.meaning
