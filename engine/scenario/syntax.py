"""From the bytes of a file to TOML's tables; what to say where that fails is in `syntax_faults`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from engine.scenario import limits
from engine.scenario.positions import Positions, line_column, longest_key

_MAX_DIGITS = 4300
"""Python converts no longer whole number, to stay safe from quadratic work."""


class SyntaxFaultError(Exception):
    """A text that is not TOML."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.text = text
        """The text the line is of, as well as it could be decoded."""


def decode(data: bytes) -> str:
    """The text of a file, every line end a newline.

    Raises:
        SyntaxFaultError: it is too large, or not UTF-8, or not text.
    """
    if len(data) > limits.MAX_FILE_BYTES:
        raise SyntaxFaultError(f"the file is too large: at most {limits.MAX_FILE_BYTES // 2**20} MiB are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        from engine.scenario.syntax_faults import not_utf8

        raise not_utf8(data, error) from None
    return newlines(text)


def newlines(text: str) -> str:
    """The text with plain newlines and without a byte-order mark.

    Raises:
        SyntaxFaultError: it holds a NUL character, or nothing.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    nul = text.find("\0")
    if nul >= 0:
        line, column = line_column(text, nul)
        raise SyntaxFaultError("a NUL byte: this is no text file, or it was not saved as UTF-8", line, column, text)
    return text


def parse(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables of a scenario's text.

    Raises:
        SyntaxFaultError: as `tables`, or it is empty.
    """
    found = tables(text, parse_float)
    if not found:
        raise SyntaxFaultError("the file is empty: a scenario has a title, [network], [data] and [training]")
    return found


def tables(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        SyntaxFaultError: it is not TOML, it is nested too deep, or a number is too long.
    """
    deep = longest_key(text)
    if deep is not None:  # tomllib would take time that grows with the square of the parts
        message = f"a key of too many parts: tables are nested at most {limits.MAX_NESTING} deep"
        raise SyntaxFaultError(message, *line_column(text, deep), text)
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        from engine.scenario.syntax_faults import not_toml

        raise not_toml(text, error) from None
    except RecursionError:
        offset = Positions(text).deeper_than(limits.MAX_NESTING)
        line, column = (1, 1) if offset is None else line_column(text, offset)
        message = f"brackets are nested too deep: at most {limits.MAX_NESTING} levels are read"
        raise SyntaxFaultError(message, line, column, text) from None
    except ValueError:
        from engine.scenario.syntax_faults import longest_digits

        offset = longest_digits(text, _MAX_DIGITS)
        line, column = (1, 1) if offset is None else line_column(text, offset)
        raise SyntaxFaultError(f"a whole number of more than {_MAX_DIGITS} digits", line, column, text) from None
