"""Numbers as text: exact for files and exports, rounded and marked as rounded for people."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, localcontext
from typing import NamedTuple

NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class Rounded(NamedTuple):
    """A number for people, ASCII digits and signs; `exact` tells whether the text is the whole number."""

    text: str
    exact: bool


def shortest(value: float) -> str:
    """The shortest digits that read back as the same float64; whole numbers without ".0"."""
    if not math.isfinite(value):
        return NON_FINITE[repr(value)]
    text = repr(value + 0.0)  # a zero has no sign for people
    return text[:-2] if text.endswith(".0") else text


def rounded(value: float, digits: int, decimals: bool = False, truncate: bool = False) -> Rounded:
    """`value` to `digits` significant digits, trailing zeros dropped; 1e-4 … 1e6 written out.

    With `decimals` to as many digits after the point, where that leaves any; with `truncate` cut off, not rounded.

    Raises:
        ValueError: digits < 1.
    """
    if digits < 1:
        raise ValueError(f"expected at least 1 digit, got {digits}")
    if value != value:
        return Rounded("NaN", True)
    if math.isinf(value):
        return Rounded("inf" if value > 0 else "-inf", True)
    if value == 0.0:
        return Rounded("0", True)
    if decimals or truncate:
        return _quantized(value, digits, decimals, ROUND_DOWN if truncate else ROUND_HALF_EVEN)
    scientific = f"{value:.{digits - 1}e}"
    mantissa, exponent = scientific.split("e")
    power = int(exponent)
    if -5 < power < 7:
        text = _trim(f"{value:.{max(0, digits - 1 - power)}f}")
    else:
        text = f"{_trim(mantissa)}e{power}"
    return Rounded(text, float(text) == value)


def _quantized(value: float, digits: int, decimals: bool, rounding: str) -> Rounded:
    """A finite number other than 0, by its shortest digits: 0.3 cut off is 0.3, whatever the float is exactly."""
    digits_of = Decimal(repr(value)) if rounding == ROUND_DOWN else Decimal(value)
    shown = Decimal(0)
    with localcontext() as context:
        context.prec = 800
        if decimals and abs(value) < 1e7:
            shown = digits_of.quantize(Decimal(1).scaleb(-digits), rounding)
        written_out = bool(shown)
        if not written_out:
            # no decimals, or all of them 0
            shown = digits_of.quantize(Decimal(1).scaleb(digits_of.adjusted() - digits + 1), rounding)
            written_out = -5 < shown.adjusted() < 7
    power = shown.adjusted()
    if written_out:
        text = _trim(f"{shown:f}")
    else:
        text = f"{_trim(f'{shown.scaleb(-power):f}')}e{power}"
    return Rounded(text, float(text) == value)


def fixed(value: float, width: int, sign: bool = True) -> str:
    """`value` in at most `width` ASCII characters, at most four decimals: for boxes and tables.

    Exactly zero is "0"; what four decimals would round away, or does not fit, is in powers of ten.
    """
    plus = "+" if sign else ""
    if value == 0.0:
        return "0"
    if value != value:
        return "NaN"[:width]
    if math.isinf(value):
        return f"{'+' if value > 0 else '-'}inf"
    for decimals in range(4, -1, -1):
        text = f"{value:{plus}.{decimals}f}"
        if len(text) <= width and abs(value) >= 0.001:
            return text
    for decimals in range(width, -1, -1):
        mantissa, exponent = f"{value:{plus}.{decimals}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= width:
            return text
    return ("+" if value > 0 else "-") + "…"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_number(value: float) -> float | str:
    """A float as JSON can hold it: non-finite ones as "NaN", "Infinity", "-Infinity"."""
    return value if math.isfinite(value) else NON_FINITE[repr(value)]
