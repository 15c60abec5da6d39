"""The functions formulas may call: one line each, with IEEE results where Python's `math` would raise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _pow(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


def _cos(x: float) -> float:
    return math.cos(x) if math.isfinite(x) else math.nan


def _sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0.0 else math.nan


def _ln(x: float) -> float:
    if x == 0.0:
        return -math.inf
    return math.log(x) if x > 0.0 else math.nan


def _log1p(x: float) -> float:
    if x == -1.0:
        return -math.inf
    return math.log1p(x) if x > -1.0 else math.nan


def _cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return math.inf


def _expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


def _max(*values: float) -> float:
    return math.nan if any(value != value for value in values) else max(values)


def _min(*values: float) -> float:
    return math.nan if any(value != value for value in values) else min(values)


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0)) if x == x else x


def _phi(x: float) -> float:
    """The standard normal distribution function, by erfc so that its tail keeps its digits."""
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


def _xlny(x: float, y: float) -> float:
    return x if x == 0.0 and y == y else x * _ln(y)


def _x_over(x: float, y: float) -> float:
    return x if x == 0.0 and y == y else divide(x, y)


def divide(over: float, under: float) -> float:
    """IEEE division: x/0 is ±∞ by the signs, 0/0 is NaN."""
    if under != 0.0:
        return over / under
    if over == 0.0 or over != over:
        return math.nan
    return math.copysign(math.inf, over) * math.copysign(1.0, under)


def power(base: float, exponent: int) -> float:
    """base**exponent for a whole exponent, overflowing to ±∞; a square is the product it is in numpy."""
    if exponent == 2:
        return base * base
    try:
        return base**exponent
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 else math.inf
    except ZeroDivisionError:
        return math.inf


_phi_elements = np.frompyfunc(_phi, 1, 1)


def _phi_array(x: Any) -> Any:
    # numpy has no erf; an element at a time is slow, and exact
    return np.asarray(_phi_elements(x), dtype=np.float64)


def _xlny_array(x: Any, y: Any) -> Any:
    return np.where((x == 0.0) & ~np.isnan(y), x, x * np.log(y))


def _x_over_array(x: Any, y: Any) -> Any:
    return np.where((x == 0.0) & ~np.isnan(y), x, x / y)


class Function(Struct, frozen=True):
    """A callable of formulas: its scalar form, its numpy form, and how it is written."""

    scalar: Callable[..., float]
    array: Callable[..., Any]
    unicode: str
    """How it is printed: a name put before its arguments in parentheses, or with {} in their places."""
    ascii: str
    quick: Callable[..., float] | None = None
    """The scalar form where arithmetic stays finite; elsewhere it may raise ArithmeticError or ValueError."""


FUNCTIONS: dict[str, Function] = {
    "exp": Function(_exp, np.exp, "e^{}", "e^{}", math.exp),
    "ln": Function(_ln, np.log, "ln", "ln", math.log),
    "log1p": Function(_log1p, np.log1p, "ln1p", "ln1p", math.log1p),
    "tanh": Function(math.tanh, np.tanh, "tanh", "tanh"),
    "cosh": Function(_cosh, np.cosh, "cosh", "cosh", math.cosh),
    "expm1": Function(_expm1, np.expm1, "expm1", "expm1", math.expm1),
    "sqrt": Function(_sqrt, np.sqrt, "√{}", "sqrt", math.sqrt),
    "sign": Function(_sign, np.sign, "sign", "sign"),
    "Phi": Function(_phi, _phi_array, "Φ", "Phi"),
    "abs": Function(abs, np.abs, "|{}|", "|{}|"),
    "max": Function(_max, np.maximum, "max", "max"),
    "min": Function(_min, np.minimum, "min", "min"),
    # 0·ln 0 and 0/0 count as 0: the limits a cross-entropy takes where a target is exactly 0
    "pow": Function(_pow, np.power, "pow", "pow", math.pow),
    "floor": Function(_floor, np.floor, "floor", "floor"),
    "cos": Function(_cos, np.cos, "cos", "cos", math.cos),
    "xlny": Function(_xlny, _xlny_array, "{}·ln {}", "{}*ln {}"),
    "x_over": Function(_x_over, _x_over_array, "{}/{}", "{}/{}"),
}
