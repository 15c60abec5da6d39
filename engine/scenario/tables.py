"""One table of a file against its struct, key by key, so that every wrong key of it is reported.

msgspec decides what is right; what it says of the first thing wrong is put into the words of TOML here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from engine.scenario.errors import At, Faults, Key
from engine.scenario.schema import home
from engine.scenario.words import choose, count, did_you_mean, found, instead, nearest, number, quoted

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
}
_LIKELY = 500
"""Keys of a table up to which what was meant by an unknown one is looked for."""
_BOUNDS = {">=": "of at least", "<=": "of at most", ">": "greater than", "<": "less than"}
_MESSAGE = r"Expected `(?P<kinds>[^`]+)`(?: (?P<sign>>=|<=|>|<) (?P<bound>\S+))?"
_PATH = r" - at `\$(?P<path>[^`]*)`$"


def convert(
    table: Mapping[str, object],
    struct: type[msgspec.Struct],
    key: Key,
    faults: Faults,
    missing: bool = True,
    elsewhere: bool = True,
    lines: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The right values of a table; a wrong, unknown or missing key is a fault and is left out.

    Optional keys that the file does not give have their defaults. `missing=False` leaves absent keys alone, and
    with `elsewhere=False` an unknown key is not said to belong in another table. `lines` are what to write for keys
    that are missing, where what else is there says it.
    """
    fields = _fields(struct)
    # of a table whose header is misspelt only what is deeper in it is there
    missing = missing and key not in faults.misspelt
    misspelt = _unknown(table, fields, key, faults, elsewhere)
    values: dict[str, Any] = {}
    for name, info in fields.items():
        if name in table:
            fault = problem(table[name], info.type)
            if fault is None:
                values[name] = msgspec.convert(table[name], info.type)
            else:
                faults.add((*key, name, *fault[0]), fault[1])
        elif not info.required:
            values[name] = _default(info)
        elif missing and name not in misspelt:
            faults.add((*key, name), _missing(info, lines.get(name)), At.TABLE)
    return values


def _missing(info: FieldInfo, line: str | None) -> str:
    return f"missing: write {line}" if line else f"missing{_example(info)}"


@cache
def _fields(struct: type[msgspec.Struct]) -> Mapping[str, FieldInfo]:
    """The fields of a struct by key; msgspec finds them anew each time, which takes as long as all the rest."""
    return {info.encode_name: info for info in msgspec.structs.fields(struct)}


def _unknown(
    table: Mapping[str, object], fields: Mapping[str, FieldInfo], key: Key, faults: Faults, elsewhere: bool
) -> set[str]:
    """Report the keys a table may not have; return the keys they were meant to be."""
    meant = set()
    free = [name for name in fields if name not in table]
    for name in table:
        if name in fields:
            continue
        belongs = home(name) if elsewhere else None
        # a table of thousands of unknown keys is no table with slips of the pen
        near = [] if belongs or len(table) > _LIKELY else nearest(name, free) or nearest(name, fields)
        meant.update(near)
        faults.misspelt.update((*key, one) for one in near)
        if belongs:
            faults.add((*key, name), f"this key does not go here: it belongs in {belongs}", At.KEY)
            continue
        hint = did_you_mean(near) if near else "the keys here are " + ", ".join(fields)
        faults.add((*key, name), f"unknown key: {hint}", At.KEY)
    return meant


def choose_name(
    value: Any, within: str, spellings: Mapping[str, str], what: str, key: Key, faults: Faults
) -> str | None:
    """The canonical name in a string, or in the key `within` of a table; None and a fault where it is wrong."""
    if isinstance(value, str):
        return choose(value, spellings, what, key, faults)
    if within not in value:
        near = next((name for name in value if nearest(name, [within])), None)
        if near is not None:
            faults.add((*key, near), f"unknown key: {did_you_mean([within])}", At.KEY)
            return None
        faults.add((*key, within), f"missing: the name of the {what} goes here", At.TABLE)
        return None
    wrong = problem(value[within], str)
    if wrong:
        faults.add((*key, within), wrong[1])
        return None
    return choose(value[within], spellings, what, (*key, within), faults)


def problem(value: object, kind: Any) -> tuple[Key, str] | None:
    """Where in a value, and in what words, it is not of a type; None where it is."""
    try:
        right = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _translate(str(error), value, kind)
    except RecursionError:
        return (), "nested too deep"
    except ValueError:  # an integer beyond 4300 digits, which msgspec fails to print
        return (), "this number is too large"
    where = _non_finite(right)
    return None if where is None else (where, not_finite(_at(right, where)))


def not_finite(value: object) -> str:
    if value != value:
        return "`nan` is not a number that can be calculated with: write a finite number"
    return "the number is infinite, or too large for a 64-bit float: the largest is about 1.8e308"


def _translate(message: str, value: object, kind: Any) -> tuple[Key, str]:
    path = re.search(_PATH, message)
    where: Key = ()
    if path:
        where = tuple(int(part) for part in re.findall(r"\[(\d+)\]", path["path"]))
    wrong = _at(value, where)
    if isinstance(wrong, float) and not math.isfinite(wrong):
        return where, not_finite(wrong)
    if message.startswith("Invalid enum value") and isinstance(wrong, str):
        return where, f"unknown value {quoted(wrong)}: {instead(wrong, _literals(kind))}"
    if message.startswith("Invalid enum value"):
        return where, f"expected {' or '.join(map(str, get_args(kind)))}, got {found(wrong)}"
    if message.startswith("Number out of range"):
        return where, f"the number is too large for a 64-bit float: got {found(wrong)}"
    match = re.match(_MESSAGE, message)
    if match is None:
        return where, message
    if "of length" in message and isinstance(wrong, str):
        return where, "expected some text, got an empty string"
    if match["sign"]:
        return where, _out_of_bounds(match, wrong)
    kinds = [part.strip() for part in match["kinds"].split("|") if part.strip() != "null"]
    expected = " or ".join(_WORDS.get(part, part) for part in kinds)
    if not where:
        expected = _title(kind) or expected
    hint = _hint(kinds, wrong)
    if expected.startswith("tables") and isinstance(wrong, dict):
        hint = ": it takes two brackets on each side, because there can be several"
    return where, f"expected {expected}, got {found(wrong)}{hint}"


def _out_of_bounds(match: re.Match[str], wrong: object) -> str:
    bound = match["bound"].removesuffix(".0")
    what = f"expected {_WORDS.get(match['kinds'], 'a number')} {_BOUNDS[match['sign']]} {_readable(bound)}"
    shown = number(wrong) if isinstance(wrong, int | float) else found(wrong)
    return f"{what}, got {'one ' if shown.startswith('of') else ''}{shown}"


def _readable(bound: str) -> str:
    return f"{int(bound):,}" if bound.isdigit() else bound


def _hint(kinds: list[str], wrong: object) -> str:
    if kinds in (["int"], ["float"]):
        if isinstance(wrong, str) and _is_number(wrong):
            return ": numbers are written without quotes"
        if isinstance(wrong, float) and wrong.is_integer() and abs(wrong) < 2**53:
            return f": write {int(wrong)}"
    if "str" in kinds and isinstance(wrong, int | float) and not isinstance(wrong, bool):
        return ": text is written in quotes" if kinds == ["str"] else ""
    if kinds == ["bool"] and isinstance(wrong, str) and wrong.lower() in ("true", "false"):
        return ": write it without quotes"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _non_finite(value: object) -> Key | None:
    """Where in a number, a row or a matrix the first number is that is not finite."""
    if isinstance(value, float):
        return None if math.isfinite(value) else ()
    if not isinstance(value, list):
        return None
    if all(isinstance(item, float) for item in value):
        if all(map(math.isfinite, value)):
            return None
        return (next(index for index, item in enumerate(value) if not math.isfinite(item)),)
    for index, item in enumerate(value):
        inner = _non_finite(item)
        if inner is not None:
            return (index, *inner)
    return None


def _at(value: object, where: Key) -> object:
    for part in where:
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
    return value


def _metas(kind: Any) -> list[msgspec.Meta]:
    if get_origin(kind) is Annotated:
        return [extra for extra in kind.__metadata__ if isinstance(extra, msgspec.Meta)]
    return []


def _title(kind: Any) -> str | None:
    return next((meta.title for meta in _metas(kind) if meta.title), None)


def _example(info: FieldInfo) -> str:
    for meta in _metas(info.type):
        if meta.extra and "toml" in meta.extra:
            return f": write, for example, {meta.extra['toml']}"
    choices = _literals(info.type)
    if choices:
        return f": write {info.encode_name} = " + " or ".join(f'"{choice}"' for choice in choices)
    return ""


def _literals(kind: Any) -> list[str]:
    return [part for part in get_args(kind) if isinstance(part, str)]


def _default(info: FieldInfo) -> object:
    return info.default if info.default is not msgspec.NODEFAULT else info.default_factory()


def ragged(rows: list[list[float]]) -> tuple[int, str] | None:
    """The first row that is not as long as the first, and the words for it."""
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            return index, (
                f"the rows differ in length: row {index + 1} has {count(len(row), 'number')}, row 1 has {len(rows[0])}"
            )
    return None
