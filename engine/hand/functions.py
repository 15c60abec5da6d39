"""The functions of formulas over decimals, to all the digits of `engine.arithmetic.CONTEXT`.

They are called in that context: without traps, so that ln 0 is −Infinity and √−1 is NaN. A test holds them to
`engine.formula.functions`, name by name.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal, localcontext
from functools import cache

from engine.arithmetic import PRECISION

ZERO, ONE, TWO = Decimal(0), Decimal(1), Decimal(2)
NAN = Decimal("NaN")

_SMALL = -(PRECISION * 2) // 5
"""Below 10 to this power two terms of a series are all there is to see."""
_FAR = Decimal(100)
"""Where tanh has come within 1e-80 of ±1."""
_TAIL = Decimal(40)
"""Where Φ has come within 1e-349 of 0 or 1, below anything float64 can hold."""


def _log1p(x: Decimal) -> Decimal:
    if x and x.adjusted() < _SMALL:
        return x - x * x / 2 + x * x * x / 3
    with localcontext() as context:
        context.prec = 2 * PRECISION
        result = (ONE + x).ln()
    return +result


def _expm1(x: Decimal) -> Decimal:
    if x and x.adjusted() < _SMALL:
        return x + x * x / 2 + x * x * x / 6
    with localcontext() as context:
        context.prec = 2 * PRECISION
        result = x.exp() - ONE
    return +result


def _tanh(x: Decimal) -> Decimal:
    if x.is_nan():
        return x
    if abs(x) > _FAR:
        return ONE.copy_sign(x)
    grown = _expm1(2 * x)
    return grown / (grown + TWO)


def _cosh(x: Decimal) -> Decimal:
    return (x.exp() + (-x).exp()) / 2


def _sqrt(x: Decimal) -> Decimal:
    return x.sqrt()


def _sign(x: Decimal) -> Decimal:
    return x if x.is_nan() else Decimal((x > 0) - (x < 0))


def _phi(x: Decimal) -> Decimal:
    """Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …), with digits enough for the tail (Marsaglia 2004)."""
    if x.is_nan():
        return x
    if abs(x) > _TAIL:
        return ONE if x > 0 else ZERO
    with localcontext() as context:
        context.prec = PRECISION + int(x * x / 4) + 10
        term = total = x
        odd = 1
        while term and total + term * x * x / (odd + 2) != total:
            odd += 2
            term = term * x * x / odd
            total += term
        result = (ONE + TWO * total * (-x * x / 2).exp() / (2 * _pi(context.prec)).sqrt()) / 2
    return +result


@cache
def _pi(precision: int) -> Decimal:
    """π by Machin's formula."""
    with localcontext() as context:
        context.prec = precision + 10
        return 4 * (4 * _arctan_of_one_over(5) - _arctan_of_one_over(239))


def _arctan_of_one_over(n: int) -> Decimal:
    power = total = ONE / n
    odd, sign = 1, 1
    while True:
        power /= n * n
        odd, sign = odd + 2, -sign
        more = total + sign * power / odd
        if more == total:
            return total
        total = more


def _cos(x: Decimal) -> Decimal:
    if not x.is_finite():
        return NAN
    with localcontext() as context:
        context.prec = PRECISION + max(0, x.adjusted()) + 10
        x = x % (2 * _pi(context.prec))
        term = total = ONE
        even = 0
        while True:
            even += 2
            term = -term * x * x / ((even - 1) * even)
            if total + term == total:
                break
            total += term
    return +total


def _pow(base: Decimal, exponent: Decimal) -> Decimal:
    if not exponent or base == ONE:
        return ONE
    return base**exponent


def _floor(x: Decimal) -> Decimal:
    return x.to_integral_value(ROUND_FLOOR) if x.is_finite() else x


def _max(*values: Decimal) -> Decimal:
    return NAN if any(value.is_nan() for value in values) else max(values)


def _min(*values: Decimal) -> Decimal:
    return NAN if any(value.is_nan() for value in values) else min(values)


def _xlny(x: Decimal, y: Decimal) -> Decimal:
    return x if not x and not y.is_nan() else x * y.ln()


def _x_over(x: Decimal, y: Decimal) -> Decimal:
    return x if not x and not y.is_nan() else x / y


DECIMAL: dict[str, Callable[..., Decimal]] = {
    "exp": Decimal.exp,
    "ln": Decimal.ln,
    "log1p": _log1p,
    "tanh": _tanh,
    "cosh": _cosh,
    "expm1": _expm1,
    "sqrt": _sqrt,
    "sign": _sign,
    "Phi": _phi,
    "abs": abs,
    "max": _max,
    "min": _min,
    "pow": _pow,
    "floor": _floor,
    "cos": _cos,
    "xlny": _xlny,
    "x_over": _x_over,
}

NO_DIGITS = frozenset({"sign", "abs", "max", "min", "floor"})
"""Functions that make no new digits: nothing of theirs is rounded."""
