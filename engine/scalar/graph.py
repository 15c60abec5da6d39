"""One iteration of a small network as a graph of scalar operations, each distinct number once.

Every element of every quantity is its template at its indices, so the graph holds the very operations that an
explanation shows, in the order in which it adds and multiplies them. Equal operations on equal numbers are one
node: what an explanation repeats (the maximum in every share of a softmax) is computed once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from engine.formula.ground import SAMPLES
from engine.formula.nodes import (
    Add,
    Call,
    Div,
    Index,
    Kronecker,
    Let,
    Local,
    Mul,
    Named,
    Neg,
    Node,
    Num,
    Pow,
    Reduce,
    Ref,
    Size,
    Where,
)
from engine.network import Network
from engine.quantity import Key, Kind, Quantity
from engine.scalar.wide import NotWideError, Wide

Place = tuple[tuple[int, ...], int | None]
"""Unit and sample of an element, from 1."""


class Operation(NamedTuple):
    """One scalar operation on earlier ones. `word` says more: a function, a relation, an exponent, a name."""

    kind: str
    """`number`, `name`, `add`, `mul`, `neg`, `div`, `pow`, `call`, `max` or `where` (left, right, yes, no).

    Of arrays besides: `stack` (of scalars; word: the shape), `view` (word: what is written after it), `ratio`, `fold`
    (the sum of products over the first axis; word: the shape), `items` (of an array; word: how many, axes) and `item`
    (of items; word: which)."""
    of: tuple[int, ...] = ()
    word: str = ""


ONE = Operation("number", (), "1.0")


def name_of(key: Key, unit: tuple[int, ...] = (), sample: int | None = None) -> str:
    """The name of an element in generated code: W1_2_1 for W[1][2,1], z2_1_s3 for z[2][1]#3."""
    name, layer = key
    parts = [f"{name}{'' if layer is None else layer}", *map(str, unit)]
    return "_".join(parts if sample is None else [*parts, f"s{sample}"])


def elements(quantity: Quantity, samples: int) -> Iterator[Place]:
    """Every element of a quantity in C order, the samples outermost."""
    units = list(itertools.product(*(range(1, size + 1) for size in quantity.shape)))
    for sample in range(1, samples + 1) if quantity.per_sample else (None,):
        for unit in units:
            yield unit, sample


class Form(Struct, frozen=True):
    """All that the code of a network depends on: not its data, its starting numbers or a constant η."""

    sizes: tuple[int, ...]
    samples: int
    catalogue: Mapping[Key, Quantity]
    computed: tuple[Key, ...]
    """What every iteration computes; what it can be asked for besides is left to those who ask."""
    state: tuple[Key, ...]
    """The arrays of the state, in the order of its vector."""
    fading: tuple[Key, ...]
    listed: bool
    """Whether η comes from a list."""


def form_of(network: Network, samples: int) -> Form:
    """The form of a network's iterations over a batch of `samples`."""
    computed = tuple(
        quantity.key
        for quantity in network.catalogue.values()
        if quantity.template is not None and (quantity.in_walk or quantity.key not in network.derived)
    )
    return Form(
        network.sizes, samples, network.catalogue, computed, tuple(network.layout.shapes), network.fading(),
        bool(network.update.listed),
    )  # fmt: skip


class Graph:
    """The operations of one iteration.

    Raises:
        engine.scalar.wide.NotWideError: a formula in which arrays were asked for has no form in them.
    """

    def __init__(self, form: Form, wide: frozenset[int] = frozenset()) -> None:
        """`wide`: the layers whose weights are arrays."""
        self.form = form
        self.wide = Wide(self, wide) if wide else None
        self.operations: list[Operation] = []
        self.named: dict[str, int] = {}
        """The computed elements of the record by name, in the order of the walk."""
        self.after: dict[str, int] = {}
        """The elements of the state after the update."""
        self._numbers: dict[Operation, int] = {}
        self._free: dict[Index, int] = {}
        """The indices that the quantity being added has elements over, and how many."""
        for key in form.computed:
            self._add(form.catalogue[key])

    def _add(self, quantity: Quantity) -> None:
        assert quantity.template is not None, "what is computed has a formula"
        into = self.after if quantity.kind is Kind.STATE else self.named
        if self.wide:
            self.wide.begin()
            self._free = {}
            if self.wide.is_held(quantity):
                into[name_of(quantity.key)] = self.wide.whole(quantity)
                return
            self._free = dict(zip(quantity.indices, quantity.shape, strict=True))
            if quantity.per_sample and self.form.samples > 1:
                self._free = {"s": self.form.samples, **self._free}
        for unit, sample in elements(quantity, self.form.samples):
            at: dict[Index, int] = {"s": sample or 1, **dict(zip(quantity.indices, unit, strict=True))}
            into[name_of(quantity.key, unit, sample)] = self._node(quantity.template, at, {})

    def operation(self, kind: str, of: tuple[int, ...] = (), word: str = "") -> int:
        """The number of an operation, which is added if there is none like it."""
        operation = ONE if word == "1.0" and kind == "number" else Operation(kind, of, word)
        number = self._numbers.setdefault(operation, len(self.operations))
        if number == len(self.operations):
            self.operations.append(operation)
        return number

    def _node(self, node: Node, at: Mapping[Index, int], local: Mapping[str, int]) -> int:
        def inner(part: Node) -> int:
            return self._node(part, at, local)

        # the most frequent first
        match node:
            case Ref():
                return self._ref(node, at)
            case Mul(factors):
                return self._many("mul", tuple([self._node(factor, at, local) for factor in factors]))
            case Add(terms):
                return self._many("add", tuple([self._node(term, at, local) for term in terms]))
            case Reduce(operation, index, over, body):
                size = self.form.samples if over == SAMPLES else self.form.sizes[int(over.removeprefix("layer "))]
                if self.wide and self.wide.concerns(body):
                    if not isinstance(body, Reduce):
                        return self.wide.element(node, self._free, at)
                    self._free[index] = size
                parts = [self._node(body, {**at, index: place}, local) for place in range(1, size + 1)]
                return self._many("add" if operation == "sum" else "max", tuple(parts))
            case Neg(of):
                return self.operation("neg", (inner(of),))
            case Num(value) | Named(_, value):
                return self._number(value)
            case Div(over, under):
                return self.operation("div", (inner(over), inner(under)))
            case Pow(base, exponent):
                return self.operation("pow", (inner(base),), str(exponent))
            case Call("max", arguments):
                return self._many("max", tuple(map(inner, arguments)))
            case Call(function, arguments):
                return self.operation("call", tuple(map(inner, arguments)), function)
            case Where(left, relation, right, yes, no):
                return self.operation("where", tuple(map(inner, (left, right, yes, no))), relation)
            case Size(of, _):
                return self._number(float(self.form.samples if of == SAMPLES else self.form.sizes[-1]))
            case Kronecker(left, right):
                return self._number(float(_index(left, at) == _index(right, at)))
            case Local(name):
                return local[name]
            case Let(name, value, body):
                return self._node(body, at, {**local, name: inner(value)})
            case _:
                raise TypeError(f"not a template: {type(node).__name__}")

    def scalar(self, node: Node, at: Mapping[Index, int]) -> int:
        """The number a template has where its indices are at these places."""
        return self._node(node, at, {})

    def joined(self, kind: str, of: tuple[int, ...], word: str = "") -> int:
        """An operation; of several summands or factors as short as it can be."""
        return self._many(kind, of) if kind in ("add", "mul") else self.operation(kind, of, word)

    def _many(self, kind: str, of: tuple[int, ...]) -> int:
        if kind == "mul":
            # times 1 changes no number, not even a NaN
            of = tuple([number for number in of if self.operations[number] is not ONE]) or of[:1]
        if not of:
            return self._number(0.0)
        return of[0] if len(of) == 1 else self.operation(kind, of)

    def _number(self, value: float) -> int:
        return self.operation("number", (), repr(value))

    def _ref(self, ref: Ref, at: Mapping[Index, int]) -> int:
        key = (ref.name, ref.layer)
        if self.wide and self.wide.holds(key):
            raise NotWideError
        unit = tuple([_index(index, at) for index in ref.unit])
        return self.reference(key, unit, None if ref.sample is None else _index(ref.sample, at), ref.after)

    def reference(self, key: Key, unit: tuple[int, ...], sample: int | None, after: bool) -> int:
        """What has a name: an element of a quantity, or what is held whole."""
        name = name_of(key, unit, sample)
        if after and name in self.after:
            return self.after[name]
        return self.named[name] if name in self.named else self.operation("name", (), name)


def _index(index: Index, at: Mapping[Index, int]) -> int:
    return at[index] if index in at else int(index)
