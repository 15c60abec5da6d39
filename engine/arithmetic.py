"""How a person calculates: to how many digits, rounded how, and how often. A policy; `engine.hand` works by it.

Everything here is decimal. A float64 that a file gives is taken by its shortest digits, so 0.1 is a tenth.
"""

from __future__ import annotations

import math
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    localcontext,
)

from msgspec import Struct

ROUNDINGS = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP, "truncate": ROUND_DOWN}
"""What a file calls them: half to the even digit, half away from zero, cut off towards zero."""
EACH = ("quantity", "operation")
MOST_DIGITS = 12
"""Beyond these the float64 walk beside it would be the coarser one."""

PRECISION = 60
"""Significant digits worked with between two roundings."""
_GUARDED = 45
"""Digits kept of them before a policy rounds: a third times three is then one again, and is not cut off below it."""

CONTEXT = Context(prec=PRECISION, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=[])
"""No traps: ln 0 is −Infinity and 0/0 is NaN, as in the walk."""
_GUARD = Context(prec=_GUARDED, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=[])
_SETTLED = Context(prec=14, rounding=ROUND_HALF_EVEN, traps=[])
_ROUNDED = {
    (name, digits): Context(prec=digits, rounding=rounding, Emin=-999_999, Emax=999_999, traps=[])
    for name, rounding in ROUNDINGS.items()
    for digits in range(1, MOST_DIGITS + 1)
}


class Arithmetic(Struct, frozen=True):
    """One way to calculate by hand."""

    digits: int
    """Decimals 0 … 12, or significant digits 1 … 12."""
    counted: str = "decimals"
    """What `digits` counts: `"decimals"` or `"significant"`."""
    rounding: str = "half_even"
    """A name of `ROUNDINGS`."""
    each: str = "quantity"
    """`"quantity"`: every named number before the next uses it; `"operation"`: every sum, product and function
    value on the way too."""
    exact: tuple[str, ...] = ()
    """Names of quantities that are left unrounded, and nothing on the way to them is rounded either."""

    def round(self, value: Decimal) -> Decimal:
        """`value` to the policy's digits. Not finite, or without further digits: as it is."""
        if not value.is_finite():
            return value
        value = _GUARD.plus(value)
        if self.counted == "significant":
            return _unsigned(_ROUNDED[self.rounding, self.digits].plus(value))
        if value.adjusted() >= _GUARDED - self.digits - 1:
            # so large that no decimal of it is known
            return value
        return _unsigned(value.quantize(Decimal(1).scaleb(-self.digits), ROUNDINGS[self.rounding], CONTEXT))

    def text(self, value: Decimal) -> str:
        """A rounded number as written on paper, zeros at its end included: "0.780"; ASCII digits and signs."""
        if not value.is_finite():
            return {"NaN": "NaN", "Infinity": "inf", "-Infinity": "-inf"}[str(value)]
        rounded = self.round(value)
        if not rounded:
            return f"{rounded:f}" if self.counted == "decimals" else "0"
        if self.counted == "significant":
            rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - self.digits + 1), context=CONTEXT)
        if -7 < rounded.adjusted() < 16:
            return f"{rounded:f}"
        mantissa = rounded.scaleb(-rounded.adjusted(), CONTEXT)
        return f"{mantissa:f}e{rounded.adjusted()}"

    def words(self) -> str:
        """The policy in words: "3 decimals, cut off, every quantity; fprime left exact"."""
        what = "decimal" if self.counted == "decimals" else "significant digit"
        how = {"half_even": "rounded half to even", "half_up": "rounded half up", "truncate": "cut off"}[self.rounding]
        said = f"{self.digits} {what}{'' if self.digits == 1 else 's'}, {how}, every {self.each}"
        return f"{said}; {', '.join(self.exact)} left exact" if self.exact else said

    def toml(self) -> str:
        """The policy as the keys of an inline table, to be copied into a file."""
        names = ", ".join(f'"{name}"' for name in self.exact)
        kept = f", exact = [{names}]" if names else ""
        return f'{{ {self.counted} = {self.digits}, rounding = "{self.rounding}", each = "{self.each}"{kept} }}'


def given(value: float) -> Decimal:
    """A float64 that a file or a draw gives, by its shortest digits."""
    return Decimal(repr(float(value)))


def constant(value: float) -> Decimal:
    """A constant of a formula. 1 − 0.7 is three tenths, whatever float64 made of it."""
    digits = given(value)
    if not digits.is_finite() or len(digits.as_tuple().digits) < 16:
        return digits
    short = _SETTLED.plus(digits).normalize(_SETTLED)
    return short if len(short.as_tuple().digits) <= 10 else digits


def settled(value: float) -> Decimal:
    """A number of the float64 walk without what float64 itself added in the last digits: for cutting off."""
    return _SETTLED.plus(given(value)) if math.isfinite(value) else given(value)


def difference(left: Decimal, right: Decimal) -> Decimal:
    """left − right, with the digits of `CONTEXT`."""
    with localcontext(CONTEXT):
        return left - right


def _unsigned(value: Decimal) -> Decimal:
    """A zero has no sign for people."""
    return value if value else value.copy_abs()
