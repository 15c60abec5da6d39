"""A person's own answers: `ADDRESS = NUMBER`, compared as a teacher would, a usual slip named where one was made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from engine.address import Address, AddressError
from engine.expect import Match, Teacher, Verdict, check, match
from engine.hand.bounds import HandError
from engine.scenario.expectations import wrong_shape
from engine.scenario.model import Array, Expectation, frozen_array
from engine.slips.find import diagnosis, find_slips

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_LONGEST = 400
"""Digits of an answer."""


class AnswerError(ValueError):
    """An answer that cannot be read, or is to something that is not there; the message says why."""


class Marked(Struct, frozen=True):
    """One number of an answer, marked."""

    verdict: Verdict
    slip: str
    """What is said of how a wrong one came about; empty where it is right, or nothing was looked for."""

    @property
    def message(self) -> str:
        return f"{self.verdict.message}; {self.slip}" if self.slip else self.verdict.message


def read_answer(teacher: Teacher, text: str) -> Expectation:
    """The answer in `dW[1][1,1] = -0.026`, or with as many numbers as the address has: `W[2]@1 = [[1.095, -0.901]]`.

    Raises:
        AnswerError: it has not this form, or its address names nothing in this network, or other than so many numbers.
    """
    left, equals, right = text.partition("=")
    if not equals or not left.strip() or not right.strip():
        raise AnswerError(f"{text.strip()!r}: expected ADDRESS = NUMBER, like dW[1][1,1] = -0.026")
    try:
        address = teacher.trace.resolve(left.strip())
    except AddressError as error:
        raise AnswerError(str(error)) from None
    # a minus and a point as people write them
    plain = right.strip().replace("−", "-")
    if "[" not in plain:
        plain = plain.replace(",", ".")
    elif ";" in plain:
        plain = plain.replace(",", ".").replace(";", ",")
    nested = _nested(plain, text)
    written = tuple(_leaves(nested))
    if not written or any(not isinstance(one, str) or len(one) > _LONGEST for one in written):
        raise AnswerError(f"{text.strip()!r}: expected a number, or rows of them in brackets, after the =")
    try:
        values = np.array(nested, dtype=object).astype(np.float64)
    except ValueError:
        raise AnswerError(f"{text.strip()!r}: the rows differ in length") from None
    if not np.isfinite(values).all():
        raise AnswerError(f"{text.strip()!r}: the number is too large")
    address = address.at(0 if address.k is None else address.k)
    values, wrong = _formed(teacher, address, values, written)
    if wrong:
        raise AnswerError(wrong)
    return Expectation(address, frozen_array(values), written, None, True)


def _formed(teacher: Teacher, address: Address, values: Array, written: tuple[str, ...]) -> tuple[Array, str]:
    """The numbers in the form of what is at the address, and what is wrong with their form."""
    names = teacher.trace.names
    full = names.shape(address)
    if values.shape == () and set(full) == {1}:
        # one number where there is one: a person need not think of brackets
        quantity = names.quantity(address)
        per_sample = quantity.per_sample and address.sample is None and not quantity.summed
        return values.reshape(full[1:] if per_sample else full), ""
    wrong = wrong_shape(values.shape, address, names, written[0])
    return values, wrong if wrong and not _bias_slip(teacher, address, values) else ""


def mark(teacher: Teacher, answer: Expectation) -> list[Marked]:
    """Every number of an answer, marked; one mark where the form itself is the slip."""
    marks = []
    for verdict in check(teacher, answer, answered=True):
        slip = ""
        if verdict.actual is None:
            slip = _bias_slip(teacher, answer.address, answer.value)
        elif verdict.kind is Match.WRONG and not verdict.shown_as:
            slip = _slip(teacher, verdict)
        marks.append(Marked(verdict, slip))
    return marks


def _slip(teacher: Teacher, verdict: Verdict) -> str:
    def agrees(value: Any) -> bool:
        return match(verdict.written, value, printed=verdict.printed, answered=True).holds

    try:
        return diagnosis(find_slips(teacher.trace, verdict.address, verdict.written, agrees))
    except HandError as error:
        return f"slips were not looked for: {error}"


def _bias_slip(teacher: Teacher, address: Address, values: Array) -> str:
    """The bias gradient of a one-unit layer written as a vector of the size of the layer before."""
    sizes = teacher.trace.network.sizes
    if address.name not in ("db", "b") or not address.layer:
        return ""
    units, inputs = sizes[address.layer], sizes[address.layer - 1]
    if units == 1 and inputs > 1 and values.shape == (inputs,):
        return f"a layer of one unit has one bias, not one for each of the {inputs} units before it"
    return ""


def _nested(plain: str, text: str) -> Any:
    spelt = _NUMBER.sub(lambda found: json.dumps(found.group()), plain)
    try:
        return json.loads(spelt)
    except (ValueError, RecursionError):
        raise AnswerError(f"{text.strip()!r}: expected a number, or rows of them in brackets, after the =") from None


def _leaves(nested: Any) -> Iterator[Any]:
    if isinstance(nested, list):
        for item in nested:
            yield from _leaves(item)
    else:
        yield nested
