"""`eval`: numbers of a walk by their addresses."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from engine.address import Address, AddressError
from engine.hand.bounds import HandError
from engine.hand.trace import HandTrace
from engine.numbers import shortest
from engine.scenario.model import Array
from engine.trace import Trace
from tui.terminal import encodes
from tui.verbs.load import open_trace
from tui.verbs.values import array_lines, nested
from tui.verbs.wrong import WrongInputError, complain


def run(options: Namespace) -> int:
    trace = open_trace(options.file)
    style = trace.scenario.notation
    if trace.scenario.arithmetic is None or options.exact:
        found, wrong = values_and_faults(trace, options.addresses)

        def number(address: Address, value: float) -> str:
            return shortest(value).replace(".", style.decimal)

        _print(trace, found, number, options)
        return _said(wrong)
    hand = HandTrace(trace)

    def on_paper(address: Address, value: Decimal) -> str:
        return hand.text(address, value).replace(".", style.decimal)

    worked, wrong = _each(hand.trace, options.addresses, _by_hand(hand))
    _print(trace, worked, on_paper, options)
    return _said(wrong)


def _said(wrong: list[str]) -> int:
    """The exit status, after what was wrong has been said: an address that names nothing costs no other its number."""
    if wrong:
        complain("\n".join(wrong))
    return 2 if wrong else 0


def _print(trace: Trace, found: dict[str, Any], number: Callable[[Address, Any], str], options: Namespace) -> None:
    """Arrays by their addresses: in JSON as numbers, in text as `number` writes them."""
    if not found:
        return
    if options.format == "json":
        plain = {address: nested(array.astype(np.float64)) for address, array in found.items()}
        print(json.dumps(plain, ensure_ascii=not encodes(sys.stdout), allow_nan=False))
        return
    for text, array in found.items():
        address = trace.resolve(text)
        for line in array_lines(text, array, partial(number, address), trace.scenario.notation.separator):
            print(line)


def values(trace: Trace, addresses: list[str]) -> dict[str, Array]:
    """The number or array at each address, by the address as it was given; without @k at @0.

    Raises:
        WrongInputError: some of them name nothing; it says so of each.
    """
    arrays, wrong = values_and_faults(trace, addresses)
    if wrong:
        raise WrongInputError("\n".join(wrong))
    return arrays


def values_and_faults(trace: Trace, addresses: list[str]) -> tuple[dict[str, Array], list[str]]:
    """The numbers or arrays at the addresses that name something, and what is wrong with the others."""
    return _each(trace, addresses, trace.value)


def _by_hand(hand: HandTrace) -> Callable[[Address], Any]:
    """The same as arrays of decimals, as they come out by hand."""

    def value(address: Address) -> Any:
        try:
            return np.asarray(hand.value(address), dtype=object)
        except HandError as error:
            raise AddressError(f"{address}: {error}; --exact gives the exact number") from None

    return value


def _each(trace: Trace, addresses: list[str], value: Callable[[Address], Any]) -> tuple[dict[str, Any], list[str]]:
    found, wrong = {}, []
    for text in addresses:
        try:
            found[text] = value(trace.resolve(text))
        except AddressError as error:
            wrong.append(str(error))
    return found, wrong
