"""What to write instead where a text is not TOML, or no text. Loaded only for a file that is one of these.

`tomllib` says what is wrong in the words of a parser; here it is said in those of whoever writes the file.
"""

from __future__ import annotations

import re
import tomllib

from engine.scenario.errors import clean
from engine.scenario.positions import LONG, SHORT, STRINGS, Positions, line_column
from engine.scenario.syntax import SyntaxFaultError
from engine.scenario.words import quoted

_DIGITS = re.compile(rf"(?:{STRINGS})|#[^\n]*|(?P<digits>\d[\d_]*)", re.DOTALL)
_QUOTES = re.compile(rf"""{LONG}|(?P<long>'{{3}}|"{{3}})|{SHORT}|#[^\n]*|(?P<short>['"])""", re.DOTALL)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_ADDRESS_KEY = re.compile(r"\s*([A-Za-z_]\w*(?:\[[\d\s,]*\])+(?:#\d+)?(?:@\d+)?|[A-Za-z_]\w*(?:#\d+)?@\d+)\s*=")
_HEADER = re.compile(r"[ \t]*\[\[?[ \t]*(?P<name>[\w.-]{1,60})[ \t]*\]")
_NAMED = re.compile(r"""[ \t]*(?P<name>[\w-]{1,60}|"[^"\n]{1,60}"|'[^'\n]{1,60}')[ \t]*=""")
_BEGINS_ANEW = re.compile(rf"{_HEADER.pattern}|{_NAMED.pattern.replace('?P<name>', '')}")
"""A line that is a header, or begins a key: where it is read as a value, something before it was not closed."""
_HALVED = re.compile(r"=\s*([+-]?\d+,\d+(?:[eE][+-]?\d+)?)\s*$")
"""A number with a decimal comma, at the end of what was read."""
_ROW = re.compile(r"\[\s*((?:[+-]?\d+,\d+\s*,\s+)*[+-]?\d+,\d+)\s*,?\s*\]")
"""A row in which every second comma has no space after it: 0,3, -0,2."""
_SEVERAL = ("notes", "goals", "comparisons", "network.layers")
_OTHER_SIGNS = {"−": "-", "–": "-", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "，": ",", "＝": "="}


_UNCLOSED_LONG_TEXT = "this text is not closed: the same three quotes must end it"
_UNCLOSED_TEXT = "this text is not closed: the same quote must end it on the same line"


def not_utf8(data: bytes, error: UnicodeDecodeError) -> SyntaxFaultError:
    """The fault of a file in another encoding, at the byte that tells."""
    text = data.decode("utf-8", errors="replace")
    # error.start counts from behind a byte-order mark.
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    offset = error.start + mark if error.object != data else error.start
    line_start = data.rfind(b"\n", 0, offset) + 1
    line = data.count(b"\n", 0, offset) + 1
    column = len(data[line_start:offset].decode("utf-8", errors="replace").removeprefix("\ufeff")) + 1
    message = f"not UTF-8: byte 0x{data[offset]:02x} at offset {offset} of the file"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return SyntaxFaultError(f"{message}; it looks like UTF-16: save the file as UTF-8")
    return SyntaxFaultError(f"{message}: save the file as UTF-8", line, column, text)


def not_toml(text: str, error: tomllib.TOMLDecodeError) -> SyntaxFaultError:
    """The fault of a text that the parser refuses, where it was made rather than where it was noticed."""
    message = str(error)
    place = _PLACE.search(message)
    if place:
        message = message[: place.start()]
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        line, column = line_column(text, len(text.rstrip()))
    lines = text.split("\n")
    line = min(line, len(lines))
    source = lines[line - 1]
    column = min(column, len(source) + 1)
    halved = _HALVED.search(source[: column - 1]) if message.startswith("Expected '=' after a key") else None
    if halved:
        # in a table in braces what follows the comma is read as the next key
        return SyntaxFaultError(f"not TOML: {decimal_comma(halved[1])}", line, halved.start(1) + 1, text)
    offset = sum(len(part) + 1 for part in lines[: line - 1]) + column - 1
    slip = _slip(source, column)
    if slip:
        return SyntaxFaultError(f"not TOML: {slip}", line, column, text)
    if message.startswith(("Unterminated", "Expected \"'")):
        opened = _unclosed_quote(text)
        opened = offset if opened is None else opened
        line, column = line_column(text, opened)
        long = text[opened : opened + 3] in ('"""', "'''")
        return SyntaxFaultError(_UNCLOSED_LONG_TEXT if long else _UNCLOSED_TEXT, line, column, text)
    if message.startswith("Unclosed"):
        if message == "Unclosed array" and re.match(r"""\[*\s*[-+\d"']""", source[column - 1 :]):
            return SyntaxFaultError("a comma is missing before this", line, column, text)
        return _unclosed(text, message, offset)
    if message.startswith("Illegal character '\\n'"):
        return SyntaxFaultError(_UNCLOSED_TEXT, line, column, text)
    if message.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline table key")):
        return _twice(text, message, line)
    if message == "Invalid value" and _BEGINS_ANEW.match(source):
        opened = Positions(text).statement(offset)
        if opened is not None and text[opened : opened + 1] == "[" and line_column(text, opened)[0] < line:
            return _unclosed(text, "Unclosed array", offset)
    return SyntaxFaultError(f"not TOML: {_advice(message, source, column)}", line, column, text)


def _twice(text: str, message: str, line: int) -> SyntaxFaultError:
    """A key or a table that is there already: where it stands first, as far as that can be found."""
    lines = text.split("\n")
    source = lines[line - 1]
    column = len(source) - len(source.lstrip()) + 1
    header = _HEADER.match(source)
    name = _NAMED.match(source)
    first = None
    if header:
        same = (
            index
            for index, other in enumerate(lines[: line - 1], start=1)
            if (one := _HEADER.match(other)) and one["name"] == header["name"]
        )
        first = next(same, None)
    elif name and "inline" not in message:
        for index in range(line - 1, 0, -1):
            other = _NAMED.match(lines[index - 1])
            if other and other["name"] == name["name"]:
                first = index
            if _HEADER.match(lines[index - 1]):
                break
    if first is None:
        return SyntaxFaultError("this key or table is defined a second time: keep one", line, column, text)
    what = f"[{header['name']}]" if header else (name["name"] if name else "")
    hint = ""
    if header and header["name"] in _SEVERAL:
        hint = f"; where there can be several, each begins with [[{header['name']}]]"
    elif name and (what in ("at", "text") or what in ("units", "activation")):
        hint = f"; or a line [[{'notes' if what in ('at', 'text') else 'network.layers'}]] is missing between them"
    message = f"{clean(what)} is defined a second time, first in line {first}: keep one{hint}"
    return SyntaxFaultError(message, line, column, text)


def _unclosed(text: str, message: str, offset: int) -> SyntaxFaultError:
    """A bracket that is never closed: the message belongs where it was opened."""
    opened = Positions(text).statement(offset)
    if opened is None:
        opened = offset
    described = "an array that lacks its ]" if message == "Unclosed array" else "a table that lacks its }"
    line, column = line_column(text, opened)
    noticed = line_column(text, offset)[0]
    where = f" before line {noticed}" if noticed != line else ""
    if opened == offset:
        return SyntaxFaultError(f"not TOML: {message}", line, column, text)
    return SyntaxFaultError(f"not closed{where}: here begins {described}", line, column, text)


def _slip(source: str, column: int) -> str | None:
    """What to write instead of a sign or a number that TOML does not know, whatever the parser makes of it."""
    rest, before = source[column - 1 :], source[: column - 1]
    for sign, plain in _OTHER_SIGNS.items():
        if rest.startswith(sign):
            return f"write {plain} instead of {sign}"
    if rest.startswith("\r"):
        return "a carriage return alone ends no line: save the file with usual line ends"
    if re.match(r"[+-]?\.\d", rest):
        return "a number needs a digit before its point: 0.5, not .5"
    if rest.startswith(".") and before[-1:].isdigit():
        return "a number needs a digit after its point: 1.0, not 1."
    if re.match(r"\d", rest) and re.search(r"(?<![\d.])[+-]?0$", before):
        return "a number begins with no zero before other digits: 7, not 07"
    if rest.startswith(",") and before[-1:].isdigit():
        halves = re.search(r"[+-]?\d+$", before), re.match(r",\d+", rest)
        return decimal_comma(halves[0][0] + halves[1][0] if halves[0] and halves[1] else "0,5")
    return None


_LONG = 30
"""Characters of a number that a message still shows."""


def decimal_comma(written: str) -> str:
    """What is said of a number with a decimal comma; of a very long one by an example."""
    if len(written) > _LONG:
        written = "0,5"
    return f"a decimal number has a point, not a comma: {written.replace(',', '.')}, not {written}"


def comma_row(array: str) -> tuple[int, str] | None:
    """Where in the text of an array the first number with a decimal comma stands, and it; None where none looks so.

    `[1,2]` is two numbers to most who write it, so one pair alone has to begin with a zero.
    """
    for row in _ROW.finditer(array):
        first = re.sub(r"(\d,\d+).*", r"\1", row[1], count=1, flags=re.DOTALL)
        if first != row[1] or first.lstrip("+-").startswith("0,"):
            return row.start(1), first
    return None


def _advice(message: str, source: str, column: int) -> str:
    """What to write instead, for the other slips that are made most."""
    address = _ADDRESS_KEY.match(source)
    if address:
        return f"an address as a key is written in quotes: {quoted(address[1])} = …"
    rest = source[column - 1 :]
    if message == "Invalid value":
        word = re.match(r"[A-Za-z_][\w-]*", rest)
        if word and word[0].lower() in ("true", "false"):
            return f"write {word[0].lower()} in small letters"
        if word:
            return f"text is written in quotes: {quoted(word[0])}"
        return "a value is missing or is none that TOML knows"
    if message.startswith("Invalid initial character for a key") and "{" in source[: column - 1]:
        if not rest.strip():
            return "a table in braces has to stay on one line"
        if rest.startswith("}"):
            return "no comma stands before the closing brace"
    if message.startswith("Expected '=' after a key"):
        return "expected a line like key = value"
    if message == "Invalid statement":
        return "expected a line like key = value, or a header like [data]"
    if message.startswith("Expected ']"):
        return "a header like [data] or [[notes]] is closed by as many brackets as open it"
    if message.startswith("Invalid initial character for a key"):
        return "expected the name of a key here"
    if message.startswith(("Unescaped", "Escaped character", "Invalid hex")):
        escape = "in double quotes a backslash begins an escape, like \\n or \\u03c3"
        return f"{escape}: write \\\\ for one, or use single quotes"
    unprintable = re.match(r"(?:Illegal|Found invalid) character '(?P<sign>[^']+)'", message)
    if unprintable:
        return f"a control character that cannot be seen, {unprintable['sign']}: take it out"
    if message.startswith("Expected newline"):
        return "the line should end here: one key = value per line"
    return message[:1].lower() + message[1:]


def _unclosed_quote(text: str) -> int | None:
    """Where the first quote stands that no other one closes."""
    return next((token.start() for token in _QUOTES.finditer(text) if token["long"] or token["short"]), None)


def longest_digits(text: str, more_than: int) -> int | None:
    """Where a run of more than so many digits begins, outside strings and comments."""
    for token in _DIGITS.finditer(text):
        if token["digits"] is not None and len(token["digits"]) > more_than:
            return token.start()
    return None
