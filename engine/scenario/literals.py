"""Values of an edit as TOML writes them: what a person typed, and numbers that a file did not have."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence

from engine.scenario.errors import Problem
from engine.scenario.model import Array
from engine.scenario.rewrite import string
from engine.scenario.words import quoted

MAX_WRITTEN = 50_000
"""As many numbers as are written out where a file draws them or takes them from elsewhere: about 1 MB of text."""
_WIDTH = 100
"""Characters up to which a matrix stays on one line."""
_TYPED = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_EXACT_INTEGER = 2**53
_WORD = re.compile(r"[^\W\d][^\x00-\x1f\x7f]*")


class EditError(ValueError):
    """An edit that cannot be made. The message says why.

    Args:
        message: what was expected and what was found.
        problems: where the changed file would not read, its problems; their lines are those of the changed text.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


def number(target: str, value: str | float) -> str:
    """A number as it is to be written: as typed where that is plain, else by its shortest exact digits.

    Raises:
        EditError: it is none, or not finite.
    """
    text = value.strip().replace("−", "-") if isinstance(value, str) else repr(value)
    try:
        found = float(text if isinstance(value, str) else value)
    except OverflowError:
        found = math.inf
    except ValueError:
        raise EditError(f"{target}: expected a number, got {quoted(text)}") from None
    if not math.isfinite(found):
        raise EditError(f"{target}: expected a finite number, got {quoted(text)}")
    if not isinstance(value, str):
        return repr(found)
    # TOML has no 07, and a whole number beyond 2⁵³ would not be read as a float
    plain = _TYPED.fullmatch(text) and not re.match(r"[+-]?0\d", text)
    if not plain or (text.lstrip("+-").isdigit() and (abs(found) >= _EXACT_INTEGER or found == 0.0)):
        return repr(found)
    return text


def toml(target: str, value: str | float) -> str:
    """A value as TOML: what is TOML as it is, any other word or text in quotes.

    Raises:
        EditError: it is neither.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value) if isinstance(value, int) else number(target, value)
    text = value.strip()
    if text in ("True", "False"):
        return text.lower()
    if _is_toml(text):
        return text
    if not _WORD.fullmatch(text):
        shown = "nothing" if not text else quoted(text)
        raise EditError(f"{target}: expected a value as TOML writes it, or a word, got {shown}")
    return string(text)


def _is_toml(text: str) -> bool:
    """Whether a text is one value of TOML and no more, within an array too: no comment, no line of another key."""
    try:
        alone, listed = tomllib.loads(f"v = {text}"), tomllib.loads(f"v = [{text}]")
    except (ValueError, RecursionError):
        return False
    return len(alone) == len(listed) == 1 and repr(listed.get("v")) == repr([alone.get("v")])


def bound(what: str, size: int) -> None:
    """Refuse to write out too many numbers.

    Raises:
        EditError: there are more than `MAX_WRITTEN`.
    """
    if size > MAX_WRITTEN:
        raise EditError(
            f"{what}: to change one number all {size:,} would have to be written out: at most {MAX_WRITTEN:,} are"
        )


def matrix(what: str, array: Array) -> str:
    """An array as TOML writes it: rows, each number by the shortest digits that read back as the same.

    Raises:
        EditError: it is too large.
    """
    bound(what, array.size)
    if array.ndim == 1:
        return _row(array.tolist())
    rows = [_row(row) for row in array.tolist()]
    line = f"[{', '.join(rows)}]"
    return line if len(line) <= _WIDTH else "[\n" + "".join(f"    {row},\n" for row in rows) + "]"


def _row(values: Sequence[float]) -> str:
    return f"[{', '.join(map(repr, values))}]"
