"""Addresses: one language for every number of a walk.

    name[layer][unit]#sample@k        dW[1][2,1]@3        a[2][1]#4        loss        lr@2

All indices count from 1. `#s` is the position in the iteration's batch, `@k` the state after k updates or
the record computed from it. This module only parses and prints; whether an address exists in a given
network is `engine.quantities.Names.resolve`'s business.
"""

from __future__ import annotations

import re

from msgspec import Struct

from engine.structs import replace

_ADDRESS = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*)
        (?P<brackets>(?:\s*\[[^\[\]]*\])*)
        (?:\s*\#\s*(?P<sample>[^@\s]*))?
        (?:\s*@\s*(?P<k>\S*))?\s*""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"\d{1,18}")


_LONGEST = 60
"""Characters of a text that messages repeat."""


class AddressError(ValueError):
    """An address that cannot be read, or that names nothing in this network. The message says why."""


class Address(Struct, frozen=True):
    """A name with as much position as was written; None or () where nothing was."""

    name: str
    layer: int | None = None
    unit: tuple[int, ...] = ()
    sample: int | None = None
    k: int | None = None

    def __str__(self) -> str:
        parts = [self.name]
        if self.layer is not None:
            parts.append(f"[{self.layer}]")
        if self.unit:
            parts.append(f"[{','.join(map(str, self.unit))}]")
        if self.sample is not None:
            parts.append(f"#{self.sample}")
        if self.k is not None:
            parts.append(f"@{self.k}")
        return "".join(parts)

    def at(self, k: int | None) -> Address:
        """The same place at state or record k."""
        return replace(self, k=k)


class Parsed(Struct, frozen=True):
    """An address as text: its brackets not yet told apart into layer and unit."""

    text: str
    name: str
    brackets: tuple[tuple[int, ...], ...]
    sample: int | None
    k: int | None


def parse(text: str) -> Parsed:
    """Split an address into its parts.

    Raises:
        AddressError: the text has not the form of an address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise AddressError(
            f"{shown(text)} is not an address; expected the form name[layer][unit]#sample@k, like a[2][1]"
        )
    brackets = tuple(
        tuple(_number(text, part, "an index") for part in group.split(","))
        for group in re.findall(r"\[([^\[\]]*)\]", match["brackets"])
    )
    for group in brackets:
        if 0 in group and group != (0,):
            raise AddressError(f"{shown(text)}: indices count from 1")
    sample = None if match["sample"] is None else _number(text, match["sample"], "the sample after #")
    if sample == 0:
        raise AddressError(f"{shown(text)}: samples count from 1")
    k = None if match["k"] is None else _number(text, match["k"], "the update after @")
    return Parsed(text.strip(), match["name"], brackets, sample, k)


def shown(text: str) -> str:
    """A text in quotes, as messages repeat it: so much of it that it is known again."""
    text = text.strip()
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _number(text: str, part: str, what: str) -> int:
    part = part.strip()
    if part.isdigit() and not _NUMBER.fullmatch(part):
        raise AddressError(f"{shown(text)}: expected a whole number of at most 18 digits for {what}")
    if not _NUMBER.fullmatch(part):
        raise AddressError(f"{shown(text)}: expected a whole number for {what}, got {shown(part)}")
    return int(part)
