"""What can go wrong with a scenario file: each function takes a text and gives one with something wrong in it.

`mutate` picks some of them. All of it depends on the random generator alone, so a seed names a run.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Sequence

NUMBERS = (
    "1e999", "-1e999", "1" + "0" * 400, "-1" + "0" * 4000, "9" * 5000, "-0", "-0.0", "nan", "-nan", "inf", "-inf",
    "0", "1", "2", "3", "-1", "0.5", "1.0", "1e308", "-1e308", "5e-324", "1_000", "0x10", "0b101", "07", ".5", "5.",
    "0,5", "1e", "1__0", "1000000000", "100000", "99999", "9223372036854775807", "9223372036854775808",
    "1000000000000000000", "−1", "+3", "1e3", "1/2", "½", "٣",
)  # fmt: skip
VALUES = (
    *NUMBERS, "true", "false", "True", '""', '"x"', "'x'", '"0.5"', "[]", "[[]]", "[[[]]]", "{}", "[{}]", "[1]",
    "[[1]]", "[[1, 2], [3]]", "[[1, 2], [3, 4]]", "[1, [2]]", "[[1], 2]", '["a", "b"]', '[1, "2"]', "[true]", "[nan]",
    "[[inf]]", "[[1e999]]", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", '"zeros"', '"ones"', '"none"',
    '"batch"', '"layer"', '{ name = "layer" }', '["weights"]', '"weights"', "{ tied_to = 1 }", "{ tied_to = 99 }",
    "{ tied_to = 2, transposed = true }", "{ shared = 1 }", '{ shared = "x" }', '"maximise"', '"value"', '"sigmoid"',
    '"sigmiod"', '"softmax"', '"step"', '"Adam"', '{ name = "adam" }',
    '{ name = "adam", learning_rate = 0.1, beta1 = 1 }', '{ init = "xavier_uniform" }',
    '{ init = "orthogonal", seed = 1 }', '{ init = "normal", std = -1, seed = 1 }', '{ init = "identity" }',
    '{ init = "uniform", low = 1, high = 0, seed = 1 }', '{ init = "uniform", low = -1e308, high = 1e308, seed = 1 }',
    '{ name = "moons", samples = 10, seed = 1 }', '{ name = "blobs", samples = 10000000, seed = 1 }',
    '{ name = "spiral", samples = 1000000, classes = 1000, seed = 1 }', '{ rate = 1, seed = 1 }', '{ rate = 0.5 }',
    '{ by = "norm", limit = 0 }', '{ name = "step", every = 0, factor = 0.5 }', '{ name = "cosine", period = 10 }',
    '[{ name = "l2", strength = 1 }]', '[{ name = "l1", strength = 1e308, layers = [9] }]',
    "{ std = 1e308, seed = 1 }", '{ printed = "1,5" }', '{ printed = "x" }', "{ value = 1 }",
    "{ value = [1, 2], tolerance = -1 }", "[0.0, 100.0]", "[100.0, 0.0]", '"a[2][1]"', '"a[2"', '"W[1][1,1]@99"',
    '"\\u0000"', '"\\u001b[2J"', '"\\ud800"', '"\\q"', '"""', "'''x", '"never closed', "'never closed", "[1, 2",
    "{ a = 1", "[[1, 2]", "[1 2]", "{ a = 1, }", "{ a = 1\n}", "", "=", "# nothing", '"א שלום"', '"教科書"', '"\u202e"',
    '"' + "x" * 100_000 + '"', "[" * 17 + "1" + "]" * 17, "[" * 3000, "[" * 2000 + "]" * 2000, "{a=" * 600,
    "{a=" * 40 + "1" + "}" * 40, "[" + "1," * 20_000 + "]", "[[" + "1," * 5000 + "]]", "[" + "[]," * 3000 + "]",
    '["' + '","' * 3000 + '"]', "[" + "true," * 3000 + "]", "[" + '{name="l1",strength=1},' * 500 + "]",
    "{ " + ", ".join(f"k{i} = 1" for i in range(500)) + " }", '{ z = "s", W = "w" }', '{ "W[1]" = "", b = "bb bb" }',
    '{ sigmoid = "z" }',
)  # fmt: skip
LINES = (
    "[expect]", "[[notes]]", "[[goals]]", "[[comparisons]]", "[[network.layers]]", "[network]", "[data]",
    "[training]", "[notation]", "[network.layers]", "[[network]]", "[[data]]", "[expect.x]", "[a.b.c]",
    "[" + "a." * 3000 + "a]", "a" + ".a" * 3000 + " = 1", "[", "]", "[]", "[[", "}", "= 1", "key", "key =", '"" = 1',
    "units = 99999", "units = 1000000000", "inputs = 100000", "iterations = 1000000000000000000", "epochs = 7",
    "batch_size = 1000000000", "iterations = 9000000000000000000", "seed = -1", "seed = 1e3", '"W[1]@9" = 1',
    'W[1] = 1', '"loss@0" = 1', '"loss" = [1]', '"nothing[1]" = 1', 'at = "a[9]"', 'audience = "lecturer"',
    'audience = "student"', "audience = 1", 'weights_order = "from_to"', 'weights_order = "to"', 'weights = "zeros"',
    "frozen = true", 'frozen = ["b", "weights"]', 'csv = { file = "data/small.csv", outputs = ["y"] }',
    'csv = { file = "data/small.csv", class = "kind" }', "x = 1", "y = [[0.5]]", "name = 'x'", "# " + "x" * 100_000,
    "\t", "\r", "\u2028", "\ufeff", "x" * 5000, "description = '''", 'description = """\nline\n"""',
)  # fmt: skip
PATHS = (
    "../outside.csv", "data/../../outside.csv", "/etc/passwd", "/dev/zero", "C:\\\\x.csv", "C:/x.csv",
    "\\\\\\\\host\\\\x.csv", "link.csv", "link_folder/outside.csv", "circle.csv", "pipe", "data", ".", "",
    "data/nothing.csv", "data/small", "data/Small.csv", "data/small.csv", "data/./small.csv", "data//small.csv",
    "large.csv", "x" * 300, "x/" * 3000, "a\\u0000b", "data/\\u001b[2J.csv", "fuzz.toml", "~/x.csv",
    "file:data/small.csv", "data\\\\small.csv", "data/binary.csv", "data/wide.csv", "data/long.csv",
    "data/numbers.csv", "data/quotes.csv", "data/empty.csv", "data/nan.csv", "data/small.csv/", "secret.csv",
)  # fmt: skip
BITS = (
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    '"""',
    "=",
    ",",
    "#",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\t",
    "\u202e",
    "é",
    "−",
    ".",
    "“",
    " ",
    "@",
    "\x1b",
    "\\",
    "\u00a0",
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_STRING = re.compile(r'"[^"\n]*"')
_KEY = re.compile(r"\b[A-Za-z_][\w-]{0,40}(?= ?=)")
_WORD = re.compile(r"\b[A-Za-z_]\w{2,40}\b")
_MATRIX = re.compile(r"\[\s*\[[^\[\]]*\](?:\s*,\s*\[[^\[\]]*\])*\s*,?\s*\]")
_FILE = re.compile(r'(?:file|other)\s*=\s*("[^"\n]*")')

Lines = list[str]
Mutation = Callable[[random.Random, str], str]


def _at(rng: random.Random, text: Sequence[object]) -> int:
    return rng.randrange(len(text)) if text else 0


def _replaced(text: str, match: re.Match[str] | None, new: str, group: int = 0) -> str:
    return text if match is None else text[: match.start(group)] + new + text[match.end(group) :]


def _one(rng: random.Random, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return rng.choice(found) if found else None


def _by_lines(change: Callable[[random.Random, Lines], None]) -> Mutation:
    def mutation(rng: random.Random, text: str) -> str:
        lines = text.split("\n")
        change(rng, lines)
        return "\n".join(lines)

    mutation.__name__ = change.__name__
    return mutation


@_by_lines
def drop_lines(rng: random.Random, lines: Lines) -> None:
    at = _at(rng, lines)
    del lines[at : at + rng.choice((1, 1, 1, 2, 5))]


@_by_lines
def repeat_line(rng: random.Random, lines: Lines) -> None:
    lines.insert(_at(rng, lines), lines[_at(rng, lines)])


@_by_lines
def swap_lines(rng: random.Random, lines: Lines) -> None:
    one, two = _at(rng, lines), _at(rng, lines)
    lines[one], lines[two] = lines[two], lines[one]


@_by_lines
def insert_line(rng: random.Random, lines: Lines) -> None:
    lines.insert(_at(rng, lines), rng.choice(LINES))


@_by_lines
def cut_short(rng: random.Random, lines: Lines) -> None:
    del lines[_at(rng, lines) :]


@_by_lines
def move_table(rng: random.Random, lines: Lines) -> None:
    heads = [index for index, line in enumerate(lines) if line.startswith("[")] + [len(lines)]
    one = _at(rng, heads[:-1])
    table = lines[heads[one] : heads[one + 1]] if len(heads) > 1 else []
    if rng.random() < 0.7:
        del lines[heads[one] : heads[one] + len(table)]
    to = rng.choice([index for index, line in enumerate(lines) if line.startswith("[")] + [0, len(lines)])
    lines[to:to] = table


@_by_lines
def replace_value(rng: random.Random, lines: Lines) -> None:
    at = rng.choice([index for index, line in enumerate(lines) if "=" in line] or [0])
    name, equals, _ = lines[at].partition("=")
    lines[at] = f"{name}{equals} {rng.choice(VALUES)}"


def replace_number(rng: random.Random, text: str) -> str:
    return _replaced(text, _one(rng, _NUMBER, text), rng.choice(NUMBERS))


def replace_part(rng: random.Random, text: str) -> str:
    """A number or a word inside a value by any value."""
    return _replaced(text, _one(rng, rng.choice((_NUMBER, _STRING)), text), rng.choice(VALUES))


def misspell(rng: random.Random, text: str) -> str:
    """A key or a name with letters swapped, dropped, doubled, in capitals, or another one's name."""
    match = _one(rng, rng.choice((_KEY, _KEY, _WORD)), text)
    if match is None:
        return text
    word, at = match[0], rng.randrange(len(match[0]))
    other = _one(rng, _KEY, text)
    wrong = (
        word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:],
        word[:at] + word[at : at + 2][::-1] + word[at + 2 :], word.upper(), word.replace("_", "-"), word + "s",
        other[0] if other else word, f'"{word}"', f"{word}.x",
    )  # fmt: skip
    return _replaced(text, match, rng.choice(wrong))


def transpose(rng: random.Random, text: str) -> str:
    """A matrix with rows and columns exchanged, a row more or less, or a row that is too long."""
    match = _one(rng, _MATRIX, text)
    if match is None:
        return text
    try:
        rows = tomllib.loads(f"m = {match[0]}")["m"]
        kind = rng.randrange(5)
        changed: list[object] = (
            [list(column) for column in zip(*rows, strict=True)] if kind < 2
            else [*rows, rows[0]] if kind == 2
            else rows[1:] if kind == 3
            else [rows[0] + [1.0], *rows[1:]]
        )  # fmt: skip
    except (ValueError, TypeError, RecursionError):
        return text
    return _replaced(text, match, str(changed))


def lead_astray(rng: random.Random, text: str) -> str:
    """A path to a file that may not be read, or is none; in a scenario without files, data from one."""
    path = rng.choice(PATHS)
    match = _one(rng, _FILE, text)
    if match is not None:
        return _replaced(text, match, f'"{path}"', 1)
    learnt = rng.choice(
        ('outputs = ["y"]', 'class = "kind"', 'inputs = ["a", "b"], outputs = ["y"]', 'class = "y", standardise = true')
    )
    return re.sub(
        r"(?ms)^\[data\]\n.*?^\[", lambda _: f'[data]\ncsv = {{ file = "{path}", {learnt} }}\n[', text, count=1
    )


def nest(rng: random.Random, text: str) -> str:
    """A value inside brackets or braces, once or many times."""
    match = _one(rng, rng.choice((_NUMBER, _STRING, _MATRIX)), text)
    depth = rng.choice((1, 1, 2, 3, 15, 40, 1500))
    opened, closed = rng.choice((("[", "]"), ("{ a = ", " }")))
    return text if match is None else _replaced(text, match, opened * depth + match[0] + closed * depth)


def insert_bit(rng: random.Random, text: str) -> str:
    at = _at(rng, text)
    return text[:at] + rng.choice(BITS) * rng.choice((1, 1, 1, 2, 3000)) + text[at + rng.randrange(3) :]


def line_ends(rng: random.Random, text: str) -> str:
    """Windows line ends everywhere, here and there, or carriage returns alone."""
    kind = rng.randrange(3)
    if kind == 0:
        return text.replace("\n", "\r\n")
    return "".join(rng.choice(("\n", "\r\n", "\r" if kind == 2 else "\n")) if char == "\n" else char for char in text)


def long_line(rng: random.Random, text: str) -> str:
    """A line, or all of them, so long that nobody can want to see it whole."""
    match = _one(rng, re.compile(r"[^\n]+"), text)
    if match is None or rng.random() < 0.1:
        return text.replace("\n", " ")
    return _replaced(text, match, match[0] + " " * rng.choice((200, 100_000)) + rng.choice(("", "x", "# x", "1")))


MUTATIONS: tuple[Mutation, ...] = (
    drop_lines, repeat_line, swap_lines, insert_line, cut_short, move_table, replace_value, replace_value,
    replace_value, replace_number, replace_number, replace_part, replace_part, misspell, misspell, misspell,
    transpose, transpose, lead_astray, nest, insert_bit, line_ends, long_line,
)  # fmt: skip
_BYTES = (b"\xff", b"\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\0", b"\xef\xbb\xbf", b"\xff\xfe")
_AT_ONCE = (1, 1, 1, 2, 4)


def mutate(rng: random.Random, text: str) -> tuple[bytes, str]:
    """A text with one to four things wrong with it, more often than not, and what was done to it."""
    done = []
    for _ in range(rng.choice(_AT_ONCE)):
        mutation = rng.choice(MUTATIONS)
        text = mutation(rng, text)
        done.append(mutation.__name__)
    data = text.encode("utf-8", errors="surrogatepass")
    if rng.random() < 0.1:
        done.append("flip_bytes")
        data = flip_bytes(rng, data)
    return data, "+".join(done)


def flip_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes changed, put in or cut out; now and then the whole in another encoding."""
    if rng.random() < 0.05:
        encoding = rng.choice(("utf-16", "utf-16-le", "latin-1", "utf-8-sig"))
        return data.decode("utf-8", errors="replace").encode(encoding, errors="replace")
    for _ in range(rng.choice((1, 1, 3))):
        at = _at(rng, data)
        new = rng.choice((bytes([rng.randrange(256)]), rng.choice(_BYTES), b""))
        data = data[:at] + new + data[at + rng.randrange(2) :]
    return data


def mutate_table(rng: random.Random, data: bytes) -> bytes:
    """A file of separated values with something wrong in it."""
    lines = data.split(b"\n")
    for _ in range(rng.choice(_AT_ONCE)):
        one, two = _at(rng, lines), _at(rng, lines)
        cells = lines[one].split(b",")
        kind = rng.randrange(8)
        if kind == 0:
            del lines[one]
        elif kind == 1:
            lines[one], lines[two] = lines[two], lines[one]
        elif kind == 2:
            cells[_at(rng, cells)] = rng.choice((*NUMBERS, *BITS, "", "x", '"a', 'a"b', '"a,b"', "  ")).encode()
            lines[one] = b",".join(cells)
        elif kind == 3:
            lines[one] = b",".join(cells[1:])
        elif kind == 4:
            lines[one] = b",".join([*cells, *cells])
        elif kind == 5:
            lines[one] = rng.choice((b"", b",,,,", b"x" * 200_000, b"\0", b'"', b";".join(cells)))
        elif kind == 6:
            lines = [flip_bytes(rng, b"\n".join(lines))]
        else:
            lines = lines[:one]
        lines = lines or [b""]
    return b"\n".join(lines)
