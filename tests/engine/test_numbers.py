"""Numbers as text: right to the last digit, and never wider than the place they have."""

from __future__ import annotations

import math
from decimal import Context, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.numbers import fixed, rounded, shortest

FINITE = st.floats(allow_nan=False, allow_infinity=False)
LONG = Context(prec=2000)


@given(FINITE)
def test_shortest_reads_back_as_the_same_number(value: float) -> None:
    text = shortest(value)
    assert float(text) == value
    assert value == 0.0 or math.copysign(1, float(text)) == math.copysign(1, value), "only zero has no sign"
    assert not text.endswith(".0")


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (-0.5, "-0.5"), (0.1, "0.1"), (1e22, "1e+22"), (4.248354255291589e-18, "4.248354255291589e-18")],
)
def test_shortest(value: float, text: str) -> None:
    assert shortest(value) == text


@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_shortest_of_what_is_not_finite(value: float, text: str) -> None:
    assert shortest(value) == text


@given(FINITE, st.integers(1, 17))
@example(0.125, 2)
@example(9.9999999e6, 3)
@example(0.000099999, 2)
@example(5e-324, 17)
def test_rounded_is_the_nearest_number_of_that_many_digits(value: float, digits: int) -> None:
    text, exact = rounded(value, digits)
    printed, true = Decimal(text), Decimal(value)
    assert exact == (float(text) == value)
    if value == 0.0:
        assert text == "0"
        return
    # half a unit of the last digit asked for; whole numbers keep all of theirs
    unit = Decimal(1).scaleb(true.adjusted() - digits + 1)
    assert abs(LONG.subtract(printed, true)) * 2 <= unit
    assert len(printed.normalize(LONG).as_tuple().digits) <= max(digits, 7)
    if "." in text and "e" not in text:
        assert not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("value", "digits", "text", "exact"),
    [
        (0.8315734864, 6, "0.831573", False),
        (0.8315734864, 3, "0.832", False),
        (0.5, 6, "0.5", True),
        (-0.026, 6, "-0.026", True),
        (0.2, 6, "0.2", True),
        (0.1 + 0.2, 6, "0.3", False),
        (1e-4, 6, "0.0001", True),
        (1e-5, 6, "1e-5", True),
        (1234567.0, 8, "1234567", True),
        (9999999.0, 7, "9999999", True),
        (1e7, 6, "1e7", True),
        (4.248354255291589e-18, 4, "4.248e-18", False),
        (-1.5e300, 4, "-1.5e300", True),
        (math.nan, 4, "NaN", True),
        (-math.inf, 4, "-inf", True),
        (-0.0, 4, "0", True),
    ],
)
def test_rounded(value: float, digits: int, text: str, exact: bool) -> None:
    assert rounded(value, digits) == (text, exact)


@pytest.mark.parametrize("digits", [0, -3])
def test_rounded_needs_a_digit(digits: int) -> None:
    with pytest.raises(ValueError, match=f"expected at least 1 digit, got {digits}"):
        rounded(1.0, digits)


@given(st.floats(), st.integers(6, 20), st.booleans())
def test_fixed_never_needs_more_than_its_width(value: float, width: int, sign: bool) -> None:
    text = fixed(value, width, sign)
    assert 0 < len(text) <= width
    assert text.isascii() or text.endswith("…")


@given(st.floats(-1e9, 1e9), st.integers(7, 20))
def test_fixed_shows_the_sign_and_hides_no_number(value: float, width: int) -> None:
    text = fixed(value, width)
    if value == 0.0:
        assert float(text) == 0.0
    elif not text.endswith("…"):
        assert float(text) != 0.0
        assert value == 0.0 or math.copysign(1, float(text)) == math.copysign(1, value), "only zero has no sign"
        # what is cut off is less than half a unit of the last digit shown
        shown, true = Decimal(text), Decimal(value)
        exponent = shown.as_tuple().exponent
        assert isinstance(exponent, int)
        assert abs(LONG.subtract(shown, true)) * 2 <= Decimal(1).scaleb(exponent)


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (0.83157, 6, "+0.832"),
        (0.83157, 7, "+0.8316"),
        (-0.83157, 12, "-0.8316"),
        (1234.5678, 6, "+1235"),
        (-12.5, 7, "-12.500"),
        (123456789.0, 8, "+1.235e8"),
        (-1e-300, 6, "-…"),
        (math.nan, 6, "NaN"),
        (-math.inf, 6, "-inf"),
    ],
)
def test_fixed(value: float, width: int, text: str) -> None:
    assert fixed(value, width) == text
