"""What the terminal can show, and text brought down to that.

Loaded by everything that prints, so it imports nothing large.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Mapping
from typing import TextIO

PROBE = "δ⁽¹⁾₂Σŷ≈←ᵀ⊙"
"""What an output must be able to encode to be given the Unicode alphabet."""
POOR_TERMINALS = ("linux", "dumb")
"""Values of TERM whose fonts lack most of it."""

_NARROW = 20
"""Columns under which nothing is broken by words."""

_WORDS = str.maketrans(
    {
        "δ": "delta",
        "Δ": "Delta",
        "η": "eta",
        "ε": "eps",
        "σ": "sigmoid",
        "Σ": "sum",
        "∂": "d",
        "∞": "inf",
        "½": "0.5",
        "ŷ": "yhat",
        "ᵀ": "^T",
        "⊙": "(.)",
        "′": "'",
        "−": "-",
        "–": "-",
        "—": "-",
        "·": "*",
        "×": "x",
        "≈": "~",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "←": "<-",
        "→": "->",
        "…": "...",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
    }
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_SCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₍₎⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾", "0123456789+-()0123456789+-()")
_POWER = f"(?<![{_RAISED}⁽])[{_RAISED}]+(?!⁾)"


def is_interactive() -> bool:
    """Whether a person sits at both ends: what is typed and what is shown."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def is_dumb(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal can only be written to line by line."""
    return environment.get("TERM") == "dumb"


def encodes(stream: TextIO | None, text: str = PROBE) -> bool:
    """Whether a stream's encoding has every character of `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def needs_ascii(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `stream` must be given ASCII: by its encoding, its terminal, or the locale asked for.

    Python itself switches to UTF-8 in a C locale, so the encoding alone does not tell.
    """
    return (
        environment.get("TERM") in POOR_TERMINALS or environment.get("LC_ALL") in ("C", "POSIX") or not encodes(stream)
    )


def to_ascii(text: str) -> str:
    """`text` in ASCII, the signs of mathematics by their usual spellings: δ⁽¹⁾ is delta(1), x² is x^2."""
    if text.isascii():
        return text
    text = re.sub(_POWER, lambda match: "^" + match[0], text).translate(_SCRIPTS).translate(_WORDS)
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return bare.encode("ascii", "replace").decode("ascii")


def wrapped(line: str, width: int) -> list[str]:
    """A line in parts of at most `width` characters, broken at spaces; what follows stands a little further in.

    A word that is longer than a line, and a line of a terminal too narrow for words, are left to the terminal.
    """
    if len(line) <= width or width < _NARROW:
        return [line]
    import textwrap

    indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


class Writer:
    """Lines of text to one stream, in an alphabet it can show.

    Args:
        stream: where to; stdout where it is None.
        ascii: whether to write ASCII alone whatever the stream can show.
        wraps: whether lines too long for a terminal are broken between words; elsewhere a line stays one.
    """

    def __init__(self, stream: TextIO | None = None, ascii: bool = False, wraps: bool = False) -> None:
        self._stream = sys.stdout if stream is None else stream
        self.ascii = ascii or needs_ascii(self._stream)
        self._wraps = wraps and self._stream.isatty()

    def lines(self, *lines: str) -> None:
        """Several lines in one write."""
        text = "".join(f"{line}\n" for line in lines)
        text = to_ascii(text) if self.ascii else text
        if self._wraps:
            import shutil

            # asked for each time: a window can change its size
            width = shutil.get_terminal_size().columns
            text = "".join(f"{part}\n" for line in text.split("\n")[:-1] for part in wrapped(line, width))
        self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()
