"""The text of a condition, parsed by recursive descent: nothing here knows a network, and nothing is ever `eval`ed.

    condition   or-joined `and`-joined `not`s of comparisons; `non-finite`; `A changes sign`
    comparison  sum (< | <= | > | >= | == | = | !=) sum, chains as in 0 < a[1][1] < 1
    sum         + − * / and unary minus between numbers, addresses, f(sum) and parentheses
    f           abs sign exp ln sqrt finite, of one number; max min norm any all, of whole arrays

Precedence, loosest first: or, and, not, comparison, + −, * /, unary minus.
"""

from __future__ import annotations

import re

from msgspec import Struct

MOST = 400
"""Characters of a condition: more than anybody types, few enough for a tree that recursion can walk."""
NESTED = 40
"""Parentheses, `not`s and minus signs within one another."""


class ConditionError(ValueError):
    """A condition that cannot be read, or that asks for what cannot be answered.

    `position` is the character of the text, from 0, at which the fault is; `str()` is the message alone.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position

    def pointer(self) -> str:
        """A line to be put under the text: a caret below the fault."""
        return " " * self.position + "^"


class Number(Struct, frozen=True):
    value: float
    position: int


class Named(Struct, frozen=True):
    """An address, as it was written."""

    text: str
    position: int


class Negated(Struct, frozen=True):
    of: Node
    position: int


class Operation(Struct, frozen=True):
    """`operator` is one of + - * /, a relation (< <= > >= == !=), `and` or `or`."""

    operator: str
    left: Node
    right: Node
    position: int


class Applied(Struct, frozen=True):
    """A function of one argument, or `not`."""

    function: str
    of: Node
    position: int


class ChangesSign(Struct, frozen=True):
    of: Node
    position: int


class NonFinite(Struct, frozen=True):
    position: int


Node = Number | Named | Negated | Operation | Applied | ChangesSign | NonFinite

ELEMENTWISE = ("abs", "sign", "exp", "ln", "sqrt", "finite")
REDUCTIONS = ("max", "min", "norm", "any", "all")
RELATIONS = ("<", "<=", ">", ">=", "==", "!=")

_SPELLED = {"=": "==", "≤": "<=", "≥": ">=", "≠": "!=", "−": "-", "·": "*", "×": "*"}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<nonfinite>non-?finite\b(?!\s*[\[(]))
      | (?P<name>[A-Za-z_]\w*(?:\s*\[[^\[\]]*\]?)*(?:\s*\#\s*\w*)?(?:\s*@\s*\w*)?)
      | (?P<sign><=|>=|==|!=|[-<>=≤≥≠+−*·×/()])
    )""",
    re.VERBOSE,
)
_WORDS = ("and", "or", "not", "changes")


class _Token(Struct, frozen=True):
    kind: str
    """`number`, `nonfinite`, `name`, `word`, `sign` or `end`."""
    text: str
    position: int


def parse(text: str) -> Node:
    """The tree of a condition.

    Raises:
        ConditionError: the text has not the form of a condition.
    """
    if len(text) > MOST:
        raise ConditionError(f"the condition has {len(text)} characters; expected at most {MOST}", MOST)
    if not text.strip():
        raise ConditionError("type a condition like loss < 0.01, or an address like delta[1][2]", 0)
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = len(text.rstrip())
    at = 0
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ConditionError(f"{text[at]!r} means nothing here; expected a number, an address or an operator", at)
        kind, found = match.lastgroup, match[match.lastgroup]
        if kind == "sign":
            found = _SPELLED.get(found, found)
        elif kind == "name" and found in _WORDS:
            kind = "word"
        tokens.append(_Token(kind, found, match.start(match.lastgroup)))
        at = match.end()
    tokens.append(_Token("end", "", end))
    return tokens


class _Parser:
    """One method per level of precedence."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        """The next token, if it is one of these signs or words."""
        token = self._next
        if token.kind in ("sign", "word") and token.text in texts:
            self._at += 1
            return token
        return None

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > NESTED:
            raise ConditionError(f"nested more than {NESTED} deep", self._next.position)

    def whole(self) -> Node:
        node = self._or()
        if self._next.kind != "end":
            raise ConditionError(f"expected an operator, and, or, or the end, got {self._found()}", self._next.position)
        return node

    def _or(self) -> Node:
        node = self._and()
        while token := self._take("or"):
            node = Operation("or", node, self._and(), token.position)
        return node

    def _and(self) -> Node:
        node = self._not()
        while token := self._take("and"):
            node = Operation("and", node, self._not(), token.position)
        return node

    def _not(self) -> Node:
        if token := self._take("not"):
            self._deeper()
            node = Applied("not", self._not(), token.position)
            self._depth -= 1
            return node
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        if token := self._take("changes"):
            sign = self._next
            if sign.text != "sign":
                raise ConditionError(f"expected sign after changes, got {self._found()}", sign.position)
            self._at += 1
            return ChangesSign(left, token.position)
        chain: Node | None = None
        while token := self._take(*RELATIONS):
            right = self._sum()
            link = Operation(token.text, left, right, token.position)
            chain = link if chain is None else Operation("and", chain, link, token.position)
            left = right
        return left if chain is None else chain

    def _sum(self) -> Node:
        node = self._product()
        while token := self._take("+", "-"):
            node = Operation(token.text, node, self._product(), token.position)
        return node

    def _product(self) -> Node:
        node = self._signed()
        while token := self._take("*", "/"):
            node = Operation(token.text, node, self._signed(), token.position)
        return node

    def _signed(self) -> Node:
        if token := self._take("-", "+"):
            self._deeper()
            node = self._signed()
            self._depth -= 1
            return Negated(node, token.position) if token.text == "-" else node
        return self._atom()

    def _atom(self) -> Node:
        token = self._next
        if self._take("("):
            return self._closed()
        if token.kind == "number":
            self._at += 1
            return Number(float(token.text), token.position)
        if token.kind == "nonfinite":
            self._at += 1
            return NonFinite(token.position)
        if token.kind != "name":
            raise ConditionError(f"expected a number or an address, got {self._found()}", token.position)
        self._at += 1
        if token.text in (*ELEMENTWISE, *REDUCTIONS) and self._take("("):
            return Applied(token.text, self._closed(), token.position)
        if self._next.text == "(":
            known = ", ".join((*ELEMENTWISE, *REDUCTIONS))
            raise ConditionError(f"there is no function {token.text!r}; the functions are {known}", token.position)
        return Named(token.text, token.position)

    def _closed(self) -> Node:
        """What stands before the closing parenthesis."""
        self._deeper()
        node = self._or()
        self._depth -= 1
        if not self._take(")"):
            raise ConditionError(f"expected ), got {self._found()}", self._next.position)
        return node

    def _found(self) -> str:
        return repr(self._next.text) if self._next.text else "the end"
