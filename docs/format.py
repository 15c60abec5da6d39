"""Writes docs/format.md, the reference of the scenario format, from the reader's tables: `python docs/format.py`.

The text is in docs/format.in.md; `{{Network}}` there is the table of a struct of `engine.scenario.schema`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo, fields

from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.numbers import shortest
from engine.scenario import limits, schema
from engine.scenario.meanings import meanings
from engine.schedules import SCHEDULES

PAGE = Path(__file__).parent / "format.md"
TEXT = Path(__file__).parent / "format.in.md"
_PLACE = re.compile(r"\{\{([\w ]+)\}\}")
_WHOLE = {str: "text", bool: "`true` or `false`", int: "whole number", float: "number", dict: "table", list: "array"}

LIMITS: Mapping[str, tuple[str, str]] = {
    "MAX_FILE_BYTES": ("a scenario", "bytes"),
    "MAX_CSV_BYTES": ("a file of data", "bytes"),
    "MAX_COLUMNS": ("a file of data", "columns"),
    "MAX_NESTING": ("dotted keys and brackets", "levels"),
    "MAX_LAYERS": ("a network", "layers"),
    "MAX_UNITS": ("a layer", "units"),
    "MAX_PARAMETERS": ("a network", "parameters"),
    "MAX_DATA_NUMBERS": ("the data", "numbers"),
    "MAX_SAMPLES": ("a data set that is made", "samples"),
    "MAX_CLASSES": ("a data set that is made", "classes"),
    "MAX_RECORD_NUMBERS": ("an iteration", "numbers recorded"),
    "MAX_STEPS": ("a walk", "steps"),
}
"""Each bound of `engine.scenario.limits`: of what, and of how many of which."""


def page() -> str:
    """The page as it should be."""
    return _PLACE.sub(lambda place: _made(place[1]), TEXT.read_text(encoding="utf-8"))


def _made(name: str) -> str:
    if name in _LISTS:
        return _LISTS[name]()
    rows = [row for struct in name.split() for row in _rows(getattr(schema, struct), len(name.split()) > 1)]
    return "\n".join(["| key | value | default | what it is |", "|---|---|---|---|", *dict.fromkeys(rows)])


def _rows(struct: type[Struct], several: bool) -> Iterator[str]:
    """A line for each key; where several structs share a table, those that one has from another are said once."""
    said = meanings(struct)
    for info in fields(struct):
        if several and struct.__mro__[1] is schema.Penalty and info.encode_name in _names(schema.Penalty):
            continue
        name = info.encode_name
        key = f"`{_WITHIN.get(struct, '')}{name}`" + (f" ({_OF[struct]})" if struct in _OF else "")
        default = "required, or csv or set" if struct is schema.Data and info.required else _default(info)
        cells = (key, _type(info.type), default, said[name])
        yield f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def _names(struct: type[Struct]) -> list[str]:
    return [info.encode_name for info in fields(struct)]


_WITHIN: Mapping[type[Struct], str] = {
    schema.Shared: "biases.",
    schema.Tied: "weights.",
    schema.Dropout: "dropout.",
    schema.Clipping: "clipping.",
    schema.Noise: "input_noise.",
}
"""The key that a table stands at, where several are listed together."""
_OF: Mapping[type[Struct], str] = {schema.PENALTIES[name]: name for name in schema.PENALTIES}


def _type(kind: Any) -> str:
    """What may stand at a key, in words."""
    if get_origin(kind) is Annotated:
        inner, *extras = get_args(kind)
        metas = [extra for extra in extras if isinstance(extra, Meta)]
        title = next((meta.title for meta in metas if meta.title), None)
        return title or _type(inner) + "".join(map(_bounds, metas))
    if get_origin(kind) is Literal:
        return " or ".join(_value(choice) for choice in get_args(kind))
    if get_origin(kind) is list:
        inner = _type(get_args(kind)[0])
        return "rows of numbers" if inner.startswith("array") else f"array of {inner.replace('number', 'numbers')}"
    if get_origin(kind) is dict:
        return "table"
    if args := [part for part in get_args(kind) if part is not type(None)]:
        return " or ".join(map(_type, args))
    return _WHOLE.get(kind, "number, or nested rows")


def _bounds(meta: Meta) -> str:
    bounds = ((" ≥ ", meta.ge), (" > ", meta.gt), (" ≤ ", meta.le), (" < ", meta.lt))
    said = [f"{sign}{_count(bound)}" for sign, bound in bounds if bound is not None]
    return ",".join(said)


def _count(number: float) -> str:
    if isinstance(number, int) and number > 10**9:
        return "2⁶³ − 1" if number == 2**63 - 1 else f"10^{len(str(number)) - 1}"
    return f"{number:,}"


def _default(info: FieldInfo) -> str:
    if info.required:
        return "required"
    default = info.default if info.default is not NODEFAULT else info.default_factory()
    return "none" if default in (None, "", [], {}) and default is not False else _value(default)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{shortest(value)}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _activations() -> str:
    names = ", ".join(
        f"`{name}`" + (f" ({', '.join(f'`{option}`' for option in entry.options)})" if entry.options else "")
        for name, entry in ACTIVATIONS.items()
    )
    return f"Activations, with their options: {names}. `docs/functions.md` has their formulas and other names."


def _options(options: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"`{name}`" + ("" if value is None else f" = {shortest(float(value))}") for name, value in options.items()
    )


def _sets() -> str:
    said = "; ".join(f"`{name}` ({_options(entry.options)})" for name, entry in DATASETS.items())
    return f"`set = {{ name = NAME, seed = 1, … }}`, the seed required but for the four corners of `xor`: {said}."


def _schedules() -> str:
    said = (
        f"`{name}`" + (f" ({_options(entry.options)})" if entry.options else "") for name, entry in SCHEDULES.items()
    )
    return "; ".join(said) + ". An array is a rate per update, and its last one goes on."


def _limits() -> str:
    lines = ["| of | at most | |", "|---|---|---|"]
    for name, (of, what) in LIMITS.items():
        bound: int = getattr(limits, name)
        many = (
            f"{bound // 2**20} MiB"
            if what == "bytes"
            else f"{_count(bound) if bound > 10**12 else f'{bound:,}'} {what}"
        )
        lines.append(f"| {of} | {many} | `{name}` |")
    return "\n".join(lines)


_LISTS: Mapping[str, Callable[[], str]] = {
    "activations": _activations,
    "sets": _sets,
    "schedules": _schedules,
    "limits": _limits,
}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
