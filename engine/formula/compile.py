"""numpy functions from elementwise trees, so that the formula shown is the formula computed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from engine.formula.functions import FUNCTIONS
from engine.formula.nodes import Add, Call, Div, Mul, Named, Neg, Node, Num, Pow, Var, Where


def _indicator(condition: Any) -> Any:
    """1 where a condition holds, else 0: what `where` gives, in a third of its time."""
    return np.asarray(condition).astype(np.float64)


_NAMES: dict[str, Any] = {
    "where": np.where,
    "indicator": _indicator,
    **{name: function.array for name, function in FUNCTIONS.items()},
}


@lru_cache(maxsize=256)
def array_function(tree: Node, *variables: str) -> Callable[..., Any]:
    """`tree` as a function of arrays named by `variables`; works for complex arrays where the tree is analytic.

    Both branches of a `Where` are computed, so callers silence floating-point warnings.

    Raises:
        TypeError: the tree is not elementwise.
    """
    code = compile(f"lambda {', '.join(variables)}: {_source(tree)}", "<formula>", "eval")
    function: Callable[..., Any] = eval(code, dict(_NAMES))
    return function


@lru_cache(maxsize=256)
def array_function_into(tree: Node, *variables: str) -> Callable[..., Any]:
    """The same, written into an array: with the arguments `out`, and `scratch` that may be written over on the way.

    `scratch` may be `out`, if that is none of the other arguments; or one of them that is used once.

    Raises:
        TypeError: the tree is not elementwise.
    """
    code = compile(f"lambda {', '.join(variables)}, out, scratch: {_into(tree, 'out')}", "<formula>", "eval")
    function: Callable[..., Any] = eval(code, {**_NAMES, **_INTO})
    return function


_INTO: dict[str, Any] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "copyto": np.copyto,
}  # fmt: skip


def _into(node: Node, out: str) -> str:
    """The source of `node` put into `out`; its last operand makes use of `scratch`."""
    match node:
        case Add((*head, Neg(last))) if head:
            return f"subtract({_source(Add(tuple(head)))}, {_last(last)}, {out})"
        case Add((*head, last)) if head:
            return f"add({_source(Add(tuple(head)))}, {_last(last)}, {out})"
        case Mul((*head, last)) if head:
            return f"multiply({_source(Mul(tuple(head)))}, {_last(last)}, {out})"
        case Div(over, under):
            return f"divide({_source(over)}, {_last(under)}, {out})"
        case _:
            return f"copyto({out}, {_source(node)})"


def _last(node: Node) -> str:
    """The last operand: computed in `scratch` where it is an operation that takes an array to write into."""
    written = _into(node, "scratch")
    return _source(node) if written.startswith("copyto") else written


def _source(node: Node) -> str:
    match node:
        case Num(value) | Named(_, value):
            return repr(value)
        case Var(name):
            return name
        case Add(terms):
            head, *rest = terms
            signed = (f" - {_source(term.of)}" if isinstance(term, Neg) else f" + {_source(term)}" for term in rest)
            return f"({_source(head)}{''.join(signed)})"
        case Mul(factors):
            return f"({' * '.join(map(_source, factors))})"
        case Neg(of):
            return f"(-{_source(of)})"
        case Div(over, under):
            return f"({_source(over)} / {_source(under)})"
        case Pow(base, 2):
            return f"({_source(base)} * {_source(base)})"
        case Pow(base, exponent):
            return f"({_source(base)} ** {exponent})"
        case Call(function, arguments) if function in FUNCTIONS:
            return f"{function}({', '.join(map(_source, arguments))})"
        case Where(left, relation, right, Num(1.0), Num(0.0)):
            return f"indicator({_source(left)} {relation} {_source(right)})"
        case Where(left, relation, right, yes, no):
            return f"where({_source(left)} {relation} {_source(right)}, {_source(yes)}, {_source(no)})"
        case _:
            raise TypeError(f"not an elementwise formula: {type(node).__name__}")
