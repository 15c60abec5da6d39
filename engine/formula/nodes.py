"""The expression trees every formula is written in.

One vocabulary serves the whole engine. A *template* holds `Ref`s with index variables ("j", "k") and
`Reduce`s over them: z = Σₖ W[l][j,k]·a[l−1][k] + b[l][j]. *Grounded* at an address (`engine.formula.ground`)
the `Ref`s become `Symbol`s with values and the reductions become the sums a person would write out. The same
grounded tree is printed, evaluated and exported, so what is shown is what is checked.

Nodes are immutable and compare by structure. Operators build them: `W * a + b`, `1 / (1 + exp(-z))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from engine.address import Address

Index = int | str
"""A 1-based index, or the name of an index variable still open."""


class Node(Struct, frozen=True):
    """Operators shared by every node; numbers are lifted to `Num`.

    A struct of msgspec's and not a dataclass: a program that starts makes some twenty kinds ten times as fast.
    """

    def __add__(self, other: Node | float) -> Add:
        return Add((*_terms(self), *_terms(lift(other))))

    def __radd__(self, other: float) -> Add:
        return lift(other) + self

    def __sub__(self, other: Node | float) -> Add:
        return Add((*_terms(self), Neg(lift(other))))

    def __rsub__(self, other: float) -> Add:
        return lift(other) - self

    def __mul__(self, other: Node | float) -> Mul:
        return Mul((*_factors(self), *_factors(lift(other))))

    def __rmul__(self, other: float) -> Mul:
        return lift(other) * self

    def __truediv__(self, other: Node | float) -> Div:
        return Div(self, lift(other))

    def __rtruediv__(self, other: float) -> Div:
        return Div(lift(other), self)

    def __pow__(self, exponent: int) -> Pow:
        return Pow(self, exponent)

    def __neg__(self) -> Node:
        return self.of if isinstance(self, Neg) else Neg(self)


class Num(Node, frozen=True):
    """A literal number; `text` where it is written otherwise than by its digits ("½")."""

    value: float
    text: str = ""


class Named(Node, frozen=True):
    """A hyperparameter: its symbol where symbols are shown (β₁), its value where numbers are put in."""

    name: str
    value: float


class Var(Node, frozen=True):
    """A named hole of an elementwise function ("z", "a"), filled by `substitute`."""

    name: str


class Ref(Node, frozen=True):
    """A quantity at indices still open. `after`: the state after this iteration's update."""

    name: str
    layer: int | None = None
    unit: tuple[Index, ...] = ()
    sample: Index | None = None
    after: bool = False


class Symbol(Node, frozen=True):
    """A grounded `Ref`: a link to the step that made it, and the number recorded there."""

    address: Address
    value: float
    alone: bool = False
    """True where the batch is one sample, so that printing may leave the sample out."""


class Size(Node, frozen=True):
    """A number of things: the samples of this batch, the outputs; printed as its letter until grounded."""

    of: str
    letter: str


class Add(Node, frozen=True):
    """A sum."""

    terms: tuple[Node, ...]


class Mul(Node, frozen=True):
    """A product."""

    factors: tuple[Node, ...]


class Div(Node, frozen=True):
    """A quotient."""

    over: Node
    under: Node


class Neg(Node, frozen=True):
    """The negative of a node."""

    of: Node


class Pow(Node, frozen=True):
    """A whole power."""

    base: Node
    exponent: int


class Call(Node, frozen=True):
    """A function of `engine.formula.functions`, or an activation printed by its name."""

    function: str
    arguments: tuple[Node, ...]


class Reduce(Node, frozen=True):
    """Σ or max of `body` over `index` = 1 … size of `over` (a space of `engine.formula.ground.Scope`)."""

    operation: str
    """`"sum"` or `"max"`."""
    index: str
    over: str
    body: Node


class Total(Node, frozen=True):
    """A grounded reduction: its terms, written out."""

    operation: str
    terms: tuple[Node, ...]


class Skipped(Node, frozen=True):
    """Terms of a long grounded reduction that were not written out: it can be printed, not evaluated."""

    count: int


class Kronecker(Node, frozen=True):
    """1[i = j]: one where the indices agree, else zero."""

    left: Index
    right: Index


class Where(Node, frozen=True):
    """`yes` where `left relation right` holds, else `no`. NaN takes `no`."""

    left: Node
    relation: str
    """`">"` or `">="`."""
    right: Node
    yes: Node
    no: Node


class Let(Node, frozen=True):
    """`body` with `name` standing for `value`: a number used many times is computed and shown once."""

    name: str
    value: Node
    body: Node


class Local(Node, frozen=True):
    """The name bound by the enclosing `Let`."""

    name: str


def lift(value: Node | float) -> Node:
    """A node as it is; a number as `Num`."""
    return value if isinstance(value, Node) else Num(float(value))


def _terms(node: Node) -> tuple[Node, ...]:
    return node.terms if isinstance(node, Add) else (node,)


def _factors(node: Node) -> tuple[Node, ...]:
    return node.factors if isinstance(node, Mul) else (node,)


def call(function: str, *arguments: Node | float) -> Call:
    return Call(function, tuple(lift(argument) for argument in arguments))


def exp(x: Node | float) -> Call:
    return call("exp", x)


def ln(x: Node | float) -> Call:
    return call("ln", x)


def log1p(x: Node | float) -> Call:
    return call("log1p", x)


def absolute(x: Node | float) -> Call:
    return call("abs", x)


def maximum(x: Node | float, y: Node | float) -> Call:
    return call("max", x, y)


def sum_over(index: str, over: str, body: Node) -> Reduce:
    return Reduce("sum", index, over, body)


def max_over(index: str, over: str, body: Node) -> Reduce:
    return Reduce("max", index, over, body)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`, in the order they are read."""
    match node:
        case Add(terms) | Total(_, terms):
            return terms
        case Mul(factors):
            return factors
        case Div(over, under):
            return (over, under)
        case Neg(of):
            return (of,)
        case Pow(base, _):
            return (base,)
        case Call(_, arguments):
            return arguments
        case Reduce(_, _, _, body):
            return (body,)
        case Where(left, _, right, yes, no):
            return (left, right, yes, no)
        case Let(_, value, body):
            return (value, body)
        case _:
            return ()


def refs(node: Node) -> Iterator[Ref]:
    """Every reference of a template."""
    if isinstance(node, Ref):
        yield node
    for child in children(node):
        yield from refs(child)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """`node` with `change` put to each node directly below it."""
    match node:
        case Add(terms):
            return Add(tuple(map(change, terms)))
        case Mul(factors):
            return Mul(tuple(map(change, factors)))
        case Div(over, under):
            return Div(change(over), change(under))
        case Neg(of):
            return Neg(change(of))
        case Pow(base, exponent):
            return Pow(change(base), exponent)
        case Call(function, arguments):
            return Call(function, tuple(map(change, arguments)))
        case Reduce(operation, index, over, body):
            return Reduce(operation, index, over, change(body))
        case Total(operation, terms):
            return Total(operation, tuple(map(change, terms)))
        case Where(left, relation, right, yes, no):
            return Where(change(left), relation, change(right), change(yes), change(no))
        case Let(name, value, body):
            return Let(name, change(value), change(body))
        case _:
            return node


def substitute(node: Node, values: dict[str, Node]) -> Node:
    """`node` with each `Var` replaced by `values[name]`.

    Raises:
        KeyError: a `Var` has no value.
    """
    if isinstance(node, Var):
        return values[node.name]
    return mapped(node, lambda inner: substitute(inner, values))
