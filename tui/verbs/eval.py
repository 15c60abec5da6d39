"""`eval`: numbers of a walk by their addresses."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from engine.address import AddressError
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
