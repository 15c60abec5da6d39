"""From the graph of an iteration to straight-line Python: a local variable per number, a line per operation.

    def run(state, given, t, lr, note):           def record(state, given, t, lr):
        W1_1_1, …, b2_1 = state                       W1_1_1, …, b2_1 = state
        for x_1_s1, x_2_s1, y_1_s1 in given:          x_1_s1, x_2_s1, y_1_s1 = given
            t += 1.0                                  z1_1_s1 = W1_1_1 * x_1_s1 + W1_1_2 * x_2_s1 + b1_1
            z1_1_s1 = …                               …
            note(loss)                                return [x_1_s1, …], (W1_1_1 - lr * dW1_1_1, …)
            W1_1_1 = W1_1_1 - lr * …
        return (W1_1_1, …), odd

`run` leaves out what neither loss nor next state needs, and writes a number that is used once where it is used;
both compute the same operations in the same order, so their numbers are the same bit for bit. Python's `/` and
`math.exp` raise where IEEE arithmetic has ∞ or NaN: the code is written twice, *quick* with them, and *careful*
with the functions the explanations are evaluated by. Wherever the quick code does not raise, both give the same.

In `run` a large W is an array (`engine.scalar.wide`), which gives the same bits too:

            z2_1, …, z2_16 = fold(np_multiply(W2.T, a1[:, None], …)).tolist()
            W2 = W2 - lr * (delta2[:, None] * a1)

Nothing a person wrote gets into the source but numbers, as the `repr` of floats: names are made from our own.
"""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from engine.formula.functions import FUNCTIONS, divide, power
from engine.network import Network
from engine.quantity import Key, Kind, Quantity
from engine.scalar.graph import Form, Graph, Operation, elements, form_of, name_of
from engine.scalar.wide import NotWideError, wide_layers
from engine.scenario.model import Array
from engine.structs import replace

ETA: Key = ("lr", None)

LONGEST = 300
"""Characters of an expression written where it is used; a longer one gets a variable (parsers nest only so deep)."""
TERMS = 40
"""Terms of a sum in one line."""
KEPT = 8
"""Codes kept for the next scenario of the same form: an edit, a search, a comparison."""
_LOCK = Lock()


def _fold(products: Array) -> Array:
    """The sum over the first axis, row by row; started at −0, which changes no number, not even another −0."""
    total: Array = np.add.reduce(products, axis=0, initial=-0.0)
    return total


_NAMESPACE = {
    "divide": divide, "power": power, "inf": math.inf, "nan": math.nan,
    "np_array": np.array, "np_empty": np.empty, "np_multiply": np.multiply, "np_sqrt": np.sqrt, "np_abs": np.abs,
    "fold": _fold,
}  # fmt: skip
QUICK: dict[str, Any] = {**_NAMESPACE, **{name: entry.quick or entry.scalar for name, entry in FUNCTIONS.items()}}
CAREFUL: dict[str, Any] = {**_NAMESPACE, **{name: entry.scalar for name, entry in FUNCTIONS.items()}}

_WORD = re.compile(r"[A-Za-z_]\w*")
_ATOM = re.compile(r"-?[\w.]+(?:[eE][+-]?\d+)?")
_NEGATED = re.compile(r"\(-[^-]")

Numbers = Sequence[float]
Run = Callable[[Numbers, Iterable[Numbers], float, float, Callable[[float], None]], tuple[Numbers, float]]
Make = Callable[[Numbers, Numbers, float, float], tuple[list[float], Numbers]]


class Code:
    """The functions of one batch size, each generated and compiled when it is first asked for."""

    def __init__(self, form: Form) -> None:
        self._form = form

    @cached_property
    def run(self) -> Run:
        """(state, given of each iteration, updates so far, η, note) → (state, odd): `note` is called with each loss;
        `odd` is not finite if a fading number of the state was not (see `Network.fading`)."""
        run: Run = self._function("run", False)
        return run

    @cached_property
    def record(self) -> Make:
        """(state, given, number of the update, η) → (every number of the record, state after)."""
        make: Make = self._function("record", False)
        return make

    @cached_property
    def run_carefully(self) -> Run:
        """`run`, never raising."""
        run: Run = self._function("run", True)
        return run

    @cached_property
    def record_carefully(self) -> Make:
        """`record`, never raising."""
        make: Make = self._function("record", True)
        return make

    @cached_property
    def _record_graph(self) -> Graph:
        return Graph(self._form)

    @cached_property
    def _run_graph(self) -> Graph:
        layers = wide_layers(self._form)
        if layers:
            with suppress(NotWideError):
                return Graph(self._form, layers)
        return self._record_graph

    def _function(self, name: str, careful: bool) -> Any:
        source = run_source(self._run_graph, careful) if name == "run" else record_source(self._record_graph, careful)
        namespace = dict(CAREFUL if careful else QUICK)
        exec(compile(source, "<an iteration in scalars>", "exec"), namespace)
        return namespace[name]


_CODES: OrderedDict[str, Code] = OrderedDict()


def code_of(network: Network, samples: int) -> Code:
    """The code of an iteration over a batch of `samples`; the same for networks that differ in data or η only."""
    form = form_of(network, samples)
    # by its text: equal numbers may differ in the sign of a zero
    text = repr(replace(form, catalogue={key: _marks(quantity) for key, quantity in form.catalogue.items()}))
    with _LOCK:
        code = _CODES.pop(text, None) or Code(form)
        _CODES[text] = code
        while len(_CODES) > KEPT:
            _CODES.popitem(last=False)
    return code


def _marks(quantity: Quantity) -> Any:
    """What of a quantity its code depends on."""
    return quantity.kind, quantity.shape, quantity.per_sample, quantity.template


def given_keys(form: Form) -> list[Key]:
    """What an iteration is given beside the state, in the order the code takes it: data, draws, a listed η."""
    keys = [
        quantity.key
        for quantity in form.catalogue.values()
        if quantity.template is None and quantity.kind is Kind.RECORD and quantity.per_sample
    ]
    return [*keys, ETA] if form.listed else keys


def record_keys(form: Form) -> list[Key]:
    """The arrays of a record in the order `record` returns their numbers."""
    given = [key for key in given_keys(form) if key != ETA]
    made = [key for key in form.computed if form.catalogue[key].kind is Kind.RECORD and key != ETA]
    return [*given, ("t", None), ETA, *made]


def run_source(graph: Graph, careful: bool) -> str:
    """The source of `run`."""
    state = _names(graph, graph.form.state)
    odd = {name: graph.after[name] for name in _names(graph, graph.form.fading)}
    text = _Text(graph, [*graph.after.values(), graph.named["loss"], *odd.values()], careful, keep=False)
    lines = ["t += 1.0", *text.lines]
    whole = {name_of(key) for key in graph.form.state if graph.wide and graph.wide.holds(key)}
    if odd:
        summed = (f"{text[number]}.sum()" if name in whole else text[number] for name, number in odd.items())
        lines.append(f"odd += {' + '.join(summed)}")
    lines.append(f"note({text[graph.named['loss']]})")
    lines += _overwritten([(name, text[graph.after[name]]) for name in state if name in graph.after])
    loop = "\n        ".join(lines)
    unpacked, packed = _packing(graph)
    begin = "\n    ".join([*unpacked, *(f"{name} = np_empty(({shape}))" for name, shape in text.buffers), "odd = 0.0"])
    return (
        "def run(state, given, t, lr, note):\n"
        f"    {_slots(loop)}\n"
        f"    {begin}\n"
        f"    for {_tuple(_names(graph, given_keys(graph.form)))} in given:\n"
        f"        {loop}\n"
        f"    return {packed}, odd\n"
    )


def _packing(graph: Graph) -> tuple[list[str], str]:
    """Lines that take a state apart into its names, and the text that puts it together again."""
    if not graph.wide:
        whole = _tuple(_names(graph, graph.form.state))
        return [f"{whole} = state"], whole
    lines: list[str] = []
    parts: list[str] = []
    start = 0
    for key in graph.form.state:
        shape, names = graph.form.catalogue[key].shape, _names(graph, [key])
        part = f"state[{start}:{start + math.prod(shape)}]"
        start += math.prod(shape)
        if graph.wide.holds(key):
            lines.append(f"{names[0]} = np_array({part}).reshape({shape})")
            parts.append(f"*{names[0]}.ravel().tolist()")
        elif names:
            lines.append(f"{_tuple(names)} = {part}")
            parts += names
    return lines, f"({', '.join(parts)},)"


def record_source(graph: Graph, careful: bool) -> str:
    """The source of `record`."""
    state = _names(graph, graph.form.state)
    recorded = _names(graph, record_keys(graph.form))
    text = _Text(graph, [*graph.after.values(), *graph.named.values()], careful, keep=True)
    values = [text[graph.named[name]] if name in graph.named else name for name in recorded]
    after = [text[graph.after[name]] if name in graph.after else name for name in state]
    lines = "\n    ".join(
        [f"{_tuple(state)} = state", f"{_tuple(_names(graph, given_keys(graph.form)))} = given", *text.lines]
    )
    return f"def record(state, given, t, lr):\n    {lines}\n    return [{', '.join(values)}], {_tuple(after)}\n"


def _names(graph: Graph, keys: Iterable[Key]) -> list[str]:
    """The names of all elements of some quantities; one name for what is held whole."""
    names: list[str] = []
    for quantity in map(graph.form.catalogue.__getitem__, keys):
        if graph.wide and graph.wide.is_held(quantity):
            names.append(name_of(quantity.key))
        else:
            names += [name_of(quantity.key, *place) for place in elements(quantity, graph.form.samples)]
    return names


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)},)" if names else "()"


def _slots(code: str) -> str:
    """A line that is never run, and by which the variables used most come first.

    CPython numbers a function's variables in the order in which it meets them, and needs a second instruction to
    reach one beyond the 255th.
    """
    assigned = set(re.findall(r"^ *([A-Za-z_]\w*) =", code, re.MULTILINE))
    used = Counter(word for word in _WORD.findall(code) if word in assigned)
    return f"if False: {' = '.join(name for name, _ in used.most_common())} = 0.0"


def _overwritten(finals: list[tuple[str, str]]) -> list[str]:
    """Lines that give every state its new number: at once, or at the end where a later line still reads the old."""
    lines, late = [], []
    last_read: dict[str, int] = {}
    for place, (_, code) in enumerate(finals):
        last_read.update(dict.fromkeys(_WORD.findall(code), place))
    for place, (name, code) in enumerate(finals):
        if last_read.get(name, -1) > place:
            lines.append(f"{name}_after = {code}")
            late.append(f"{name} = {name}_after")
        else:
            lines.append(f"{name} = {code}")
    return lines + late


class _Text:
    """The operations that some roots need, written out: `lines` of assignments, and a text for each number.

    With `keep` every named element gets its line; without, only numbers used more than once and long expressions.
    """

    def __init__(self, graph: Graph, roots: Iterable[int], careful: bool, keep: bool) -> None:
        self.lines: list[str] = []
        self.buffers: list[tuple[str, str]] = []
        """Arrays that products are written into before they are summed, and their shapes."""
        self._careful = careful
        self._operations = graph.operations
        self._texts: dict[int, str] = {}
        names = {number: name for name, number in reversed(graph.named.items())}
        uses, within = self._used(roots, names)
        for number, operation in enumerate(graph.operations):
            if not uses[number] and not within[number]:
                continue
            code = self._code(operation, number)
            if operation.kind == "items":
                self._take_apart(operation, number, code)
                continue
            alone = uses[number] and (uses[number] > 1 or len(code) > LONGEST or (keep and number in names))
            if alone and not _ATOM.fullmatch(code):
                self._line(number, names.get(number, f"_{number}"), code)
            else:
                self._texts[number] = code

    def __getitem__(self, number: int) -> str:
        return self._texts[number]

    def _used(self, roots: Iterable[int], names: Mapping[int, str]) -> tuple[list[int], list[bool]]:
        """How often each number is used, and which stand in a branch only: those get no line, their branch may not
        be taken. An element of a quantity is computed in any case."""
        uses, within = [0] * len(self._operations), [False] * len(self._operations)
        for root in roots:
            uses[root] += 1
        for number in range(len(self._operations) - 1, -1, -1):
            operation = self._operations[number]
            if not uses[number] and not within[number]:
                continue
            for place, part in enumerate(operation.of):
                branch = operation.kind == "where" and place > 1
                if part in names or (uses[number] and not branch):
                    uses[part] += 1
                else:
                    within[part] = True
        return uses, within

    def _line(self, number: int, name: str, code: str) -> None:
        self.lines.append(f"{name} = {code}")
        self._texts[number] = name

    def _take_apart(self, operation: Operation, number: int, code: str) -> None:
        size, axes = map(int, operation.word.split())
        self._texts[number] = f"_{number}"
        names = ", ".join(f"_{number}_{place}" for place in range(size))
        self.lines.append(f"{names} = {code}{'.ravel()' if axes > 1 else ''}.tolist()")

    def _atom(self, number: int) -> str:
        """A text that may be written several times."""
        if not _ATOM.fullmatch(self._texts[number]):
            self._line(number, f"_{number}", self._texts[number])
        return self._texts[number]

    def _code(self, operation: Operation, number: int) -> str:
        texts, of, word = self._texts, operation.of, operation.word
        match operation.kind:
            case "number" | "name":
                return word
            case "add":
                return self._sum(of, f"_{number}")
            case "mul":
                return f"({' * '.join(texts[part] for part in of)})"
            case "neg":
                return f"(-{texts[of[0]]})"
            case "div":
                over, under = (texts[part] for part in of)
                return f"divide({over}, {under})" if self._careful else f"({over} / {under})"
            case "pow":
                base = self._atom(of[0])
                return f"({base} * {base})" if word == "2" else f"power({base}, {word})"
            case "max":
                return self._largest([self._atom(part) for part in of], f"_{number}")
            case "where":
                left, right, yes, no = (texts[part] for part in of)
                return f"({yes} if {left} {word} {right} else {no})"
            case "stack":
                values = f"np_array(({', '.join(texts[part] for part in of)},))"
                return f"{values}.reshape({word})" if word else values
            case "view":
                return f"{texts[of[0]]}{word}"
            case "ratio":
                return f"({texts[of[0]]} / {texts[of[1]]})"
            case "fold":
                self.buffers.append((f"_b{number}", word))
                return f"fold(np_multiply({texts[of[0]]}, {texts[of[1]]}, _b{number}))"
            case "items":
                return texts[of[0]]
            case "item":
                return f"{texts[of[0]]}_{word}"
            case "call" if word == "sign":
                x = self._atom(of[0])
                return f"(1.0 if {x} > 0.0 else -1.0 if {x} < 0.0 else {x} - {x})"
            case _:
                return f"{word}({', '.join(texts[part] for part in of)})"

    def _sum(self, of: tuple[int, ...], name: str) -> str:
        pieces = [self._texts[of[0]]]
        for part in of[1:]:
            text = self._texts[part]
            # x + (−y) is x − y, sign for sign
            pieces.append(
                f"- {text[2:-1]}" if _NEGATED.match(text) and self._operations[part].kind == "neg" else f"+ {text}"
            )
        while len(pieces) > TERMS:
            self.lines.append(f"{name} = {' '.join(pieces[:TERMS])}")
            pieces[:TERMS] = [name]
        return f"({' '.join(pieces)})"

    def _largest(self, texts: list[str], name: str) -> str:
        """The largest of several, as Python's `max` has it, but NaN where one of them is."""
        code, *rest = texts
        for place, text in enumerate(rest):
            code = f"({code} if {code} >= {text} else {text} if {code} < {text} else nan)"
            if place < len(rest) - 1:
                self.lines.append(f"{name} = {code}")
                code = name
        return code
