"""How messages name what was found, and what was meant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from engine.scenario.errors import At, Faults, Key, clean

_LONGEST = 40
_LONGEST_PATH = 200
_LOOKED_AT = 1_000
_MOST = 20
"""As many names as a message lists."""


def found(value: object) -> str:
    """A value of a file in the words of TOML: `the string "0.5"`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {number(value)}" if _short(value) else f"a number {number(value)}"
    if isinstance(value, str):
        return f"the string {quoted(value)}" if value else "an empty string"
    if isinstance(value, list):
        return f"an array of {count(len(value), 'value')}" if value else "an empty array"
    if isinstance(value, dict):
        return "a table"
    return "a date or time"


def number(value: float) -> str:
    """A number, unless it has hundreds of digits: then how many."""
    if isinstance(value, int) and not _short(value):
        return f"of about {math.ceil(value.bit_length() * math.log10(2))} digits"
    return f"{value}"


def _short(value: float) -> bool:
    return isinstance(value, float) or abs(value) < 10**30


def quoted(text: str) -> str:
    text = clean(text)
    return f'"{text if len(text) <= _LONGEST else text[:_LONGEST] + "…"}"'


def count(amount: int, noun: str, ending: str = "s") -> str:
    """`1 row`, `2 rows`."""
    return f"{amount:,} {noun}" + ("" if amount == 1 else ending)


def matrix(rows: int, columns: int) -> str:
    """`2 rows of 3 numbers`."""
    return f"{count(rows, 'row')} of {count(columns, 'number')}"


def nearest(word: str, names: Iterable[str]) -> list[str]:
    """The names that `word` was probably meant to be: those it begins, or the one most like it.

    Of more than a thousand names, the first thousand are looked at: it is a hint, and not to be waited for.
    """
    names = list(islice(names, _LOOKED_AT))
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")[:80]
    begun = [name for name in names if name.startswith(plain + "_")] if plain else []
    import difflib

    return begun[:3] or difflib.get_close_matches(plain, names, n=1, cutoff=0.6)


def repeated(names: Sequence[str]) -> list[int]:
    """The places, from 0, of names that stand further up already."""
    first: dict[str, int] = {}
    return [index for index, name in enumerate(names) if first.setdefault(name, index) != index]


def did_you_mean(near: list[str]) -> str:
    return "did you mean " + " or ".join(f"`{_cut(name, _LONGEST_PATH)}`" for name in near) + "?"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def instead(word: str, names: Iterable[str]) -> str:
    """`did you mean `x`?`, or all there is to choose from where nothing is near."""
    names = list(names)
    near = nearest(word, names)
    if near:
        return did_you_mean(near)
    if len(names) == 1:
        return f"expected {_cut(names[0], _LONGEST)}"
    more = f", … ({len(names)} in all, in docs/functions.md)" if len(names) > _MOST else ""
    return "expected one of " + ", ".join(_cut(name, _LONGEST) for name in names[:_MOST]) + more


def choose(name: str, spellings: Mapping[str, str], what: str, key: Key, faults: Faults) -> str | None:
    """The canonical name for a spelling; None, and a fault, where there is none."""
    if name in spellings:
        return spellings[name]
    near = nearest(name, spellings)
    hint = did_you_mean(near) if near else instead(name, dict.fromkeys(spellings.values()))
    faults.add(key, f"unknown {what} {quoted(name)}: {hint}", At.VALUE)
    return None
