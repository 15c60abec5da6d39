"""Marks in printed text: which runs of it stand for a recorded number, so that a screen can link them.

A printer that is given `Marks` puts each symbol, and each number put in for one, between two characters of a private
plane of Unicode; the first tells the address. Text is taken apart again before anybody sees it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.address import Address

_FIRST = 0xF0000
_LAST = 0xFFFFD
"""The first private plane: a character for every address."""
_END = "\U00100000"
_MARK = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}{_END}]")


class Run(NamedTuple):
    """Characters `start` … `end` of a text that stand for an address."""

    start: int
    end: int
    address: Address


class Marks:
    """The addresses met while printing, in order, each with a character of its own."""

    def __init__(self) -> None:
        self.addresses: list[Address] = []
        self._places: dict[Address, int] = {}

    def around(self, address: Address, text: str) -> str:
        """`text`, marked as standing for an address. Past 65,534 addresses it stays unmarked."""
        place = self._places.setdefault(address, len(self.addresses))
        if place == len(self.addresses):
            self.addresses.append(address)
        return f"{chr(_FIRST + place)}{text}{_END}" if _FIRST + place <= _LAST else text

    def taken_apart(self, text: str) -> tuple[str, tuple[Run, ...]]:
        """The text without its marks, and what was marked in it."""
        pieces: list[str] = []
        runs: list[Run] = []
        opened: tuple[int, int] | None = None
        length = position = 0
        for match in _MARK.finditer(text):
            pieces.append(text[position : match.start()])
            length += match.start() - position
            position = match.end()
            if match[0] != _END:
                opened = ord(match[0]) - _FIRST, length
            elif opened is not None:
                place, start = opened
                if place < len(self.addresses):
                    runs.append(Run(start, length, self.addresses[place]))
                opened = None
        pieces.append(text[position:])
        return "".join(pieces), tuple(runs)


def bare(text: str) -> str:
    """The text without marks."""
    return text if text.isascii() else _MARK.sub("", text)
