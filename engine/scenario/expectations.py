"""[expect] and [[notes]]: numbers and words that belong to addresses of the walk.

A number that somebody expects is kept as it was written, because its digits say how exact it is meant to be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError, parse, shown
from engine.scenario import schema
from engine.scenario.errors import At, Faults, Key
from engine.scenario.model import Array, Expectation, Note, frozen_array
from engine.scenario.tables import convert
from engine.scenario.words import count, did_you_mean, found, nearest, quoted
from engine.structs import replace
from engine.suggestions import spelt

if TYPE_CHECKING:
    from engine.names import Names

_SPELT = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_PRINTED = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
AXES = 3
"""samples × units × inputs: no quantity has more axes."""


class Written(float):
    """A number of a file with the digits it was written with."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text.replace("_", "")
        return made


class ExpectationDraft(Struct, frozen=True):
    """A line of [expect], its address not yet looked up."""

    address: str
    key: Key
    value: Array
    written: tuple[str, ...]
    tolerance: float | None = None
    printed: bool = False


class NoteDraft(Struct, frozen=True):
    """A note, its address not yet looked up."""

    address: str
    key: Key
    text: str
    audience: str


def read_expectations(table: Mapping[str, Any], faults: Faults) -> list[ExpectationDraft]:
    """The lines of [expect], its numbers parsed as `Written`; all that is wrong goes to `faults`."""
    drafts = []
    for address, value in table.items():
        key: Key = ("expect", address)
        check_form(address, key, At.KEY, faults)
        draft = _expectation(address, value, key, faults)
        if draft is not None:
            drafts.append(draft)
    return drafts


def read_notes(tables: list[Mapping[str, Any]], faults: Faults) -> list[NoteDraft]:
    """The [[notes]]; all that is wrong with them goes to `faults`."""
    drafts = []
    for index, table in enumerate(tables):
        key: Key = ("notes", index)
        got = convert(table, schema.Note, key, faults)
        if "at" in got:
            check_form(got["at"], (*key, "at"), At.VALUE, faults)
            if "text" in got and "audience" in got:
                drafts.append(NoteDraft(got["at"], key, got["text"], got["audience"]))
    return drafts


def check_form(address: str, key: Key, at: At, faults: Faults) -> None:
    """Report an address that is none in any network."""
    try:
        parse(address)
    except AddressError as error:
        faults.add(key, f"{_reason(error, address)}{spelt(address)}", at)


def _reason(error: AddressError, address: str) -> str:
    """What is wrong with an address that stands beside the message anyway."""
    return str(error).removeprefix(f"{shown(address)}: ")


def _expectation(address: str, value: Any, key: Key, faults: Faults) -> ExpectationDraft | None:
    if not isinstance(value, dict):
        return _draft(address, value, key, key, _number_text, faults)
    plain = _as_floats(value)
    if "printed" in value:
        convert(plain, schema.Printed, key, faults)
        printed = _draft(address, value["printed"], key, (*key, "printed"), _printed_text, faults)
        return None if printed is None else replace(printed, printed=True)
    slips = [(one, nearest(one, ("printed", "value", "tolerance"))) for one in islice(value, 3)]
    if "value" not in value and "tolerance" not in value and any(near for _, near in slips):
        for one, near in slips:
            if near:
                faults.add((*key, one), f"unknown key: {did_you_mean(near)}", At.KEY)
        return None
    if "value" not in value and "tolerance" not in value:
        message = 'expected a number, an array, { value = …, tolerance = … } or { printed = "…" }'
        faults.add(key, f"{message}, got a table without these keys")
        return None
    got = convert(plain, schema.Expected, key, faults)
    if "value" not in value:
        return None
    draft = _draft(address, value["value"], key, (*key, "value"), _number_text, faults)
    return None if draft is None else replace(draft, tolerance=got.get("tolerance"))


def _as_floats(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table that msgspec knows: it takes no subclass of float."""
    return {
        name: float(value) if isinstance(value, Written) else 0.0 if isinstance(value, list) else value
        for name, value in table.items()
    }


def _draft(
    address: str, value: Any, key: Key, place: Key, text_of: Callable[[Any], str | Exception], faults: Faults
) -> ExpectationDraft | None:
    leaves: list[tuple[Key, Any]] = []
    shape = _shape(value, place, leaves, faults)
    if shape is None:
        return None
    written = []
    for where, leaf in leaves:
        text = text_of(leaf)
        if isinstance(text, Exception):
            faults.add(where, str(text))
            return None
        written.append(text)
    numbers = np.array([_SPELT[text] if text in _SPELT else float(text) for text in written], dtype=np.float64)
    return ExpectationDraft(address, key, frozen_array(numbers.reshape(shape)), tuple(written))


def _shape(
    value: Any, place: Key, leaves: list[tuple[Key, Any]], faults: Faults, depth: int = 0
) -> tuple[int, ...] | None:
    """The shape of nested arrays, their numbers added to `leaves`; None, and a fault, where they have none."""
    if not isinstance(value, list):
        leaves.append((place, value))
        return ()
    if not value:
        faults.add(place, "an empty array: there is nothing to expect")
        return None
    if depth == AXES:
        faults.add(place, f"arrays are nested too deep: no quantity has more than {AXES} axes")
        return None
    shapes = []
    for index, item in enumerate(value):
        shape = _shape(item, (*place, index), leaves, faults, depth + 1)
        if shape is None:
            return None
        shapes.append(shape)
        if shape != shapes[0]:
            faults.add((*place, index), _uneven(index, shape, shapes[0]))
            return None
    return (len(value), *shapes[0])


def _uneven(index: int, shape: tuple[int, ...], first: tuple[int, ...]) -> str:
    if shape and first:
        got = count(shape[0], "number")
        return f"the rows differ in length: row {index + 1} has {got}, row 1 has {first[0]}"
    return f"numbers and rows are mixed: value {index + 1} is {'a row' if shape else 'a number'}, value 1 is not"


def _number_text(value: Any) -> str | Exception:
    """The digits of a number as written, or what is wrong with it."""
    if isinstance(value, Written):
        if math.isfinite(value):
            return value.text
        return ValueError('write "NaN", "Infinity" or "-Infinity", in quotes, to expect what is not finite')
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, str) and value in _SPELT:
            return value
        hint = ': numbers are written without quotes, or as { printed = "…" } for the digits of a book'
        quote = hint if isinstance(value, str) and _PRINTED.fullmatch(value) else ""
        return ValueError(f"expected a number, got {found(value)}{quote}")
    return str(value) if abs(value) < 10**300 else ValueError(f"the number is too large: got {found(value)}")


def _printed_text(value: Any) -> str | Exception:
    """The text of a book's number, or what is wrong with it."""
    if not isinstance(value, str):
        return ValueError(f'expected the printed digits in quotes, like "1.095", got {found(value)}')
    text = value.strip().replace("−", "-")
    if not _PRINTED.fullmatch(text):
        return ValueError(f'expected the digits of one number, like "1.095", got {quoted(value)}')
    return text if math.isfinite(float(text)) else ValueError(f"the number is too large: got {quoted(value)}")


def resolve(
    expectations: list[ExpectationDraft],
    notes: list[NoteDraft],
    names: Names,
    line_of: Callable[[Key], int],
    faults: Faults,
) -> tuple[tuple[Expectation, ...], tuple[Note, ...]]:
    """Find every address in the network and hold expected values to its shape."""
    resolved: list[Expectation] = []
    for draft in expectations:
        address = find(draft.address, names, draft.key, At.KEY, faults)
        if address is None:
            continue
        address = address.at(0 if address.k is None else address.k)
        wrong = wrong_shape(
            draft.value.shape, address, names, f'"{draft.written[0]}"' if draft.printed else draft.written[0]
        )
        if wrong:
            faults.add(draft.key, wrong)
            continue
        line = line_of(draft.key)
        resolved.append(Expectation(address, draft.value, draft.written, draft.tolerance, draft.printed, line))
    found_notes = []
    for note in notes:
        at = find(note.address, names, (*note.key, "at"), At.VALUE, faults)
        if at is not None:
            found_notes.append(Note(at, note.text, line_of(note.key), note.audience))
    return tuple(resolved), tuple(found_notes)


def find(text: str, names: Names, key: Key, at: At, faults: Faults) -> Address | None:
    """The address a text names; None, and a fault, where it names nothing in this network."""
    try:
        return names.resolve(text)
    except AddressError as error:
        belongs = schema.home(text.strip()) if at is At.KEY else None
        said = f"this key does not go here: it belongs in {belongs}" if belongs else _reason(error, text)
        faults.add(key, said, at)
        return None


def wrong_shape(got: tuple[int, ...], address: Address, names: Names, first: str) -> str | None:
    """What is wrong with numbers of a shape written for an address, and what to write; None where nothing is.

    Args:
        got: the shape of what is written.
        address: resolved; @0 is not repeated, since it is meant where nothing is written.
        names: of the network.
        first: the first number, as it is to be written.
    """
    full = names.shape(address)
    if got == full or (got == full[1:] and _samples_first(full, address, names)):
        return None
    axes = full[1:] if _samples_first(full, address, names) else full
    brackets = (
        f": put it in brackets, as {'[' * len(axes)}{first}{']' * len(axes)}" if not got and set(axes) == {1} else ""
    )
    place = address.at(address.k or None)
    return f"{place} is {form(axes)}, got {form(got)}{brackets or _turned(got, full, place, names)}"


def _turned(got: tuple[int, ...], full: tuple[int, ...], address: Address, names: Names) -> str:
    """What to write instead of numbers that are those of one sample, or of the transpose."""
    quantity = names.quantity(address)
    per_sample = quantity.per_sample and address.sample is None and not quantity.summed
    if per_sample and got == full[1:]:
        one = replace(address, sample=1)
        return f": say which sample is meant, like {one}, or write {'a row' if got else 'one'} per sample"
    if len(full) == 2 and got == full[::-1]:
        each = "sample, a number per unit" if per_sample else "unit, a number per input"
        return f": this matrix looks transposed: write it as {form(full)} (a row per {each})"
    return ""


def _samples_first(full: tuple[int, ...], address: Address, names: Names) -> bool:
    """Whether the first axis is a sample axis of length 1, which may be left out."""
    if not full or full[0] != 1 or address.sample is not None:
        return False
    try:
        return names.shape(replace(address, sample=1)) == full[1:]
    except AddressError:
        return False


def form(shape: tuple[int, ...]) -> str:
    """A shape in words: "a row of 3 numbers"."""
    if not shape:
        return "one number"
    if len(shape) == 1:
        return f"a row of {count(shape[0], 'number')}"
    rows = f"{count(shape[-2], 'row')} of {count(shape[-1], 'number')}"
    return rows if len(shape) == 2 else f"{shape[0]:,} times {rows}"
