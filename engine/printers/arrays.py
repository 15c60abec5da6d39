"""Formulas of whole arrays in a style: a row per unit or per input, columns or rows, and shapes that conform.

The engine states them for columns and a W with a row per unit: z = W a + b. Where the left side is shown transposed
the whole equation is: factors change places and each is transposed, sums and elementwise products stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from engine.notation import Notation
from engine.quantity import ArrayForm, ArraySymbol, Quantity

TIMES = " · "
"""The operator of a matrix product in an ArrayForm."""


class ShownArray(Struct, frozen=True):
    """An array as it is printed: its letter, whether transposed, and the shape of what stands there."""

    text: str
    shape: tuple[int, ...]
    """As printed: (n,) for a column, else (rows, columns); () where a number stands for a whole array."""


Shown = ShownArray | str
"""An array, or what stands between arrays, already in the style."""


def array_formula(quantity: Quantity, notation: Notation) -> tuple[ShownArray, tuple[Shown, ...]] | None:
    """The left and the right side of the formula of a whole array; None where it has none."""
    if not quantity.array:
        return None
    left = ArraySymbol(quantity.name, quantity.layer, quantity.shape)
    turned = _turned(left, notation)
    right = _reversed(quantity.array) if turned else quantity.array
    return _shown(left, turned, notation), tuple(_parts(right, turned, notation))


def _parts(form: ArrayForm, turned: bool, notation: Notation) -> Iterable[Shown]:
    first = True
    for part in form:
        if isinstance(part, str):
            yield _operator(part, notation)
        else:
            shown = _shown(part, turned, notation)
            # a sign inside a formula
            signed = not first and shown.text.startswith(notation.minus)
            yield ShownArray(f"({shown.text})", shown.shape) if signed else shown
        first = first and not part


def _reversed(form: ArrayForm) -> ArrayForm:
    """The factors of every matrix product the other way round; a number before a product stays before it."""
    result: list[str | ArraySymbol] = []
    place = 0
    while place < len(form):
        after = place + 1
        if isinstance(form[place], ArraySymbol):
            while after + 1 < len(form) and form[after] == TIMES and isinstance(form[after + 1], ArraySymbol):
                after += 2
        result += reversed(form[place:after])
        place = after
    return tuple(result)


def _turned(symbol: ArraySymbol, notation: Notation) -> bool:
    """Whether the letter of the style stands for the transpose of the engine's array."""
    axes = len(notation.network.catalogue[symbol.name, symbol.layer].shape)
    if axes == 1:
        return notation.style.vectors == "row"
    return axes == 2 and symbol.name != "jacobian" and notation.style.weights == "W^T"


def _shown(symbol: ArraySymbol, turned: bool, notation: Notation) -> ShownArray:
    """A symbol of the engine's formula, transposed as the whole formula is or not."""
    if not symbol.shape:
        return ShownArray(notation.array(symbol.name, symbol.layer), ())
    transposed = symbol.transposed ^ turned ^ _turned(symbol, notation)
    rows, columns = symbol.shape if len(symbol.shape) == 2 else (symbol.shape[0], 1)
    if turned:
        rows, columns = columns, rows
    vector = len(notation.network.catalogue[symbol.name, symbol.layer].shape) == 1
    column = vector and columns == 1 and not transposed and notation.style.vectors == "column"
    shape = (rows,) if column else (rows, columns)
    return ShownArray(notation.array(symbol.name, symbol.layer, transposed), shape)


def _operator(text: str, notation: Notation) -> str:
    """What stands between arrays: an operator, a number, or a function's name."""
    bare = text.strip()
    return text.replace(bare, notation.operator(bare)) if bare else text
