"""Numbers from grounded trees: the value, and the size of what was added to get it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.formula.functions import FUNCTIONS, divide, power
from engine.formula.nodes import Add, Call, Div, Let, Local, Mul, Named, Neg, Node, Num, Pow, Symbol, Total, Where

Bindings = Mapping[str, float]


def evaluate(node: Node, local: Bindings | None = None) -> float:
    """The float64 value of a grounded tree, added and multiplied in the order written.

    Raises:
        TypeError: the tree is not grounded (it holds an open index, a variable or a printed name).
    """
    local = local or {}
    match node:
        case Num(value) | Symbol(_, value) | Named(_, value):
            return value
        case Add(terms) | Total("sum", terms):
            # from the first term, not from 0: 0 + (−0) has lost its sign
            total = evaluate(terms[0], local) if terms else 0.0
            for term in terms[1:]:
                total += evaluate(term, local)
            return total
        case Total("max", terms):
            return FUNCTIONS["max"].scalar(*(evaluate(term, local) for term in terms))
        case Mul(factors):
            product = evaluate(factors[0], local)
            for factor in factors[1:]:
                product *= evaluate(factor, local)
            return product
        case Neg(of):
            return -evaluate(of, local)
        case Div(over, under):
            return divide(evaluate(over, local), evaluate(under, local))
        case Pow(base, exponent):
            return power(evaluate(base, local), exponent)
        case Call(function, arguments) if function in FUNCTIONS:
            return FUNCTIONS[function].scalar(*(evaluate(argument, local) for argument in arguments))
        case Where(_, _, _, _, _):
            return evaluate(node.yes if holds(node, local) else node.no, local)
        case Let(name, value, body):
            return evaluate(body, {**local, name: evaluate(value, local)})
        case Local(name):
            return local[name]
        case _:
            raise TypeError(f"cannot evaluate {type(node).__name__}: {node}")


def holds(node: Where, local: Bindings | None = None) -> bool:
    """Whether the condition of `node` is true; never for NaN."""
    left, right = evaluate(node.left, local), evaluate(node.right, local)
    return left > right if node.relation == ">" else left >= right


def scale(node: Node, local: Bindings | None = None) -> float:
    """The sum of the magnitudes of the terms of a grounded tree.

    What rounding can do to a sum is proportional to this, not to the sum: (y − ŷ) may be tiny where y is not.
    Sums add, products multiply; a function's result counts by its own magnitude.
    """
    local = local or {}
    match node:
        case Num(value) | Symbol(_, value) | Named(_, value):
            return abs(value)
        case Add(terms) | Total("sum", terms):
            return sum(scale(term, local) for term in terms)
        case Mul(factors):
            return math.prod(scale(factor, local) for factor in factors)
        case Neg(of):
            return scale(of, local)
        case Div(over, under):
            return divide(scale(over, local), abs(evaluate(under, local)))
        case Pow(base, exponent):
            return power(scale(base, local), exponent)
        case Where(_, _, _, _, _):
            return scale(node.yes if holds(node, local) else node.no, local)
        case Let(name, value, body):
            return scale(body, {**local, name: evaluate(value, local)})
        case _:
            return abs(evaluate(node, local))


def agrees(node: Node, recorded: float, bound: float = 1e-12) -> bool:
    """Whether a grounded tree gives the recorded value, as far as float64 can tell.

    Finite values may differ by `bound` × the magnitudes of the terms; non-finite ones must match in kind, unless
    terms overflow: then the order of the additions, or a fused multiply-add, decides between ±∞ and NaN.
    """
    value = evaluate(node)
    if not math.isfinite(value) and not math.isfinite(recorded):
        return (value != value and recorded != recorded) or value == recorded or scale(node) == math.inf
    if not math.isfinite(value) or not math.isfinite(recorded):
        return False
    return abs(value - recorded) <= bound * max(scale(node), abs(recorded))
