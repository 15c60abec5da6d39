"""`eval`: numbers of a walk by their addresses."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from decimal import Decimal
from functools import partial

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
from tui.verbs.wrong import WrongInputError


def run(options: Namespace) -> int:
    trace = open_trace(options.file)
    found = values(trace, options.addresses)
    hand = None if options.exact or trace.scenario.arithmetic is None else HandTrace(trace)
    if hand is not None:
        _by_hand(hand, options)
        return 0
    if options.format == "json":
        plain = {address: nested(array) for address, array in found.items()}
        print(json.dumps(plain, ensure_ascii=not encodes(sys.stdout), allow_nan=False))
        return 0
    style = trace.scenario.notation

    def number(value: float) -> str:
        return shortest(value).replace(".", style.decimal)

    for address, array in found.items():
        for line in array_lines(address, array, number, style.separator):
            print(line)
    return 0


def _by_hand(hand: HandTrace, options: Namespace) -> None:
    """The numbers as they come out by hand; in JSON as numbers, on paper with the zeros at their end."""
    found = {}
    for text in options.addresses:
        try:
            found[text] = np.asarray(hand.value(hand.trace.resolve(text)))
        except HandError as error:
            raise WrongInputError(f"{text}: {error}; --exact gives the exact number") from None
    if options.format == "json":
        plain = {address: nested(array.astype(np.float64)) for address, array in found.items()}
        print(json.dumps(plain, ensure_ascii=not encodes(sys.stdout), allow_nan=False))
        return
    style = hand.trace.scenario.notation

    def number(address: Address, value: Decimal) -> str:
        return hand.text(address, value).replace(".", style.decimal)

    for text, array in found.items():
        for line in array_lines(text, array, partial(number, hand.trace.resolve(text)), style.separator):
            print(line)


def values(trace: Trace, addresses: list[str]) -> dict[str, Array]:
    """The number or array at each address, by the address as it was given; without @k at @0.

    Raises:
        WrongInputError: some of them name nothing; it says so of each.
    """
    resolved, wrong = {}, []
    for text in addresses:
        try:
            resolved[text] = trace.resolve(text)
        except AddressError as error:
            wrong.append(str(error))
    if wrong:
        raise WrongInputError("\n".join(wrong))
    found = {}
    for text, address in resolved.items():
        try:
            found[text] = trace.value(address)
        except AddressError as error:
            wrong.append(str(error))
    if wrong:
        raise WrongInputError("\n".join(wrong))
    return found
