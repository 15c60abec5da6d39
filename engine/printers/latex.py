"""Formulas in LaTeX: a printer like the others, and a step's derivation as an `align*` block."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.explain import Explanation
from engine.notation import Notation
from engine.notation_latex import LatexNotation
from engine.notation_latex import function as function_name
from engine.printers.arrays import Shown, array_formula
from engine.printers.base import ATOM, POWER, PRODUCT, SHORTEST, Piece, Printer
from engine.printers.lines import Line, lines
from engine.quantity import Quantity

LITERALS = {"½": r"\frac{1}{2}", "√(2/π)": r"\sqrt{\frac{2}{\pi}}", "√(2π)": r"\sqrt{2\pi}"}
"""Numbers that are written otherwise than by their digits."""

DERIVED = ("symbols", "numbers", "terms", "value")
"""The lines of an explanation that are equations."""


class LatexPrinter(Printer):
    """Prints trees in LaTeX's mathematics (amsmath), the symbols in the style of `notation`."""

    minus = "-"
    times = r" \cdot "
    dots = r"\cdots"
    infinity = r"\infty"
    sigma = r"\sum"
    approximately = r"\approx"
    takes = r"\leftarrow"
    relations: Mapping[str, str] = MappingProxyType({">": ">", ">=": r"\ge"})
    opposites: Mapping[str, str] = MappingProxyType({">": r"\le", ">=": "<"})

    def __init__(self, notation: Notation, digits: int = SHORTEST, most: int = 0) -> None:
        super().__init__(LatexNotation(notation), digits, most)

    def power(self, exponent: int) -> str:
        return f"^{{{exponent}}}"

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def quotient(self, over: Piece, under: Piece) -> Piece:
        return rf"\frac{{{over[0]}}}{{{under[0]}}}", PRODUCT

    def exponential(self, base: Piece, exponent: Piece) -> str:
        return f"{self._raised(base)}^{{{exponent[0]}}}"

    def indicator(self, condition: str) -> str:
        return rf"\mathbf{{1}}[{condition}]"

    def conditional(self, yes: str, test: str, no: str) -> str:
        return rf"{yes}\ \mathrm{{if}}\ {test}\ \mathrm{{else}}\ {no}"

    def literal(self, text: str, value: float) -> str:
        return LITERALS.get(text) or self.number(value)

    def named(self, function: str) -> str:
        if function == "Phi":
            return r"\Phi"
        name = super().named(function)
        return name if name.startswith("\\") else function_name(name)

    def below(self, text: str, index: str) -> str:
        return f"{text}_{{{index}}}"

    def _spelled(self, text: str) -> str:
        return r"\mathrm{NaN}" if text == "NaN" else super()._spelled(text)

    def _call(self, function: str, pieces: list[Piece]) -> Piece:
        first = pieces[0]
        match function:
            case "exp":
                return f"e^{{{first[0]}}}", POWER
            case "sqrt":
                return rf"\sqrt{{{first[0]}}}", ATOM
            case "abs":
                return rf"\left|{first[0]}\right|", ATOM
            case "xlny":
                return (
                    rf"{self._held(first, PRODUCT)}{self.times}{self.named('ln')} {self._held(pieces[1], POWER)}",
                    PRODUCT,
                )
            case "x_over":
                return self.quotient(first, pieces[1])
            case "∂{}":
                return rf"\partial {first[0]}", POWER
        return super()._call(function, pieces)

    def _raised(self, base: Piece) -> str:
        """A symbol with its layer above, a root or a fraction takes no second superscript."""
        text = self._held(base, ATOM)
        bare = not any(sign in text for sign in ("^", "'", r"\frac", r"\sqrt"))
        return text if bare or (text.startswith(r"\left(") and text.endswith(r"\right)")) else self.bracketed(text)


def latex(explanation: Explanation, printer: LatexPrinter, array: bool = False) -> str:
    """A step as an `align*` block: its formula, the numbers put in, the value; with `array` its array's formula too."""
    rows = [_row(line) for line in lines(explanation, printer) if line.kind in DERIVED]
    whole = latex_array(explanation.quantity, printer) if array else ""
    if whole:
        rows.append(whole)
    return "\n".join((r"\begin{align*}", *(row + r" \\" for row in rows[:-1]), rows[-1], r"\end{align*}"))


def latex_array(quantity: Quantity, printer: LatexPrinter) -> str:
    """The formula of the whole array with a shape below each symbol; empty where it has none."""
    formula = array_formula(quantity, printer.notation)
    if formula is None:
        return ""
    left, right = formula
    return f"{_with_shape(left)} &= {' '.join(''.join(map(_with_shape, right)).split())}"


def _row(line: Line) -> str:
    left = line.left if line.kind == "symbols" else ""
    return f"{left} &{line.relation} {line.text}".strip()


def _with_shape(part: Shown) -> str:
    if isinstance(part, str):
        return part
    if not part.shape:
        return part.text
    shape = r" \times ".join(map(str, part.shape))
    return rf"\underset{{{shape}}}{{{part.text}}}"
