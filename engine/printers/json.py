"""Grounded trees as plain data for JSON: every operation, address and number, nothing rounded."""

from __future__ import annotations

from typing import Any

from engine.formula.nodes import Add, Call, Div, Let, Local, Mul, Named, Neg, Node, Num, Pow, Symbol, Total, Where
from engine.numbers import json_number

Tree = dict[str, Any]


def tree(node: Node) -> Tree:
    """`{"op": …, "args": […]}`, `{"symbol": address, "value": number}` or `{"number": number}`.

    Raises:
        TypeError: the tree is not grounded.
    """
    match node:
        case Num(value):
            return {"number": json_number(value)}
        case Named(name, value):
            return {"constant": name, "value": json_number(value)}
        case Symbol(address, value):
            return {"symbol": str(address), "value": json_number(value)}
        case Local(name):
            return {"local": name}
        case Add(terms):
            return _operation("add", *terms)
        case Total(operation, terms):
            return _operation(operation, *terms)
        case Mul(factors):
            return _operation("mul", *factors)
        case Div(over, under):
            return _operation("div", over, under)
        case Neg(of):
            return _operation("neg", of)
        case Pow(base, exponent):
            return _operation("pow", base, Num(float(exponent)))
        case Call(function, arguments):
            return _operation(function, *arguments)
        case Where(left, relation, right, yes, no):
            return {"op": "where", "test": _operation(relation, left, right), "yes": tree(yes), "no": tree(no)}
        case Let(name, value, body):
            return {"op": "let", "name": name, "value": tree(value), "body": tree(body)}
        case _:
            raise TypeError(f"not a grounded tree: {type(node).__name__}")


def _operation(name: str, *arguments: Node) -> Tree:
    return {"op": name, "args": [tree(argument) for argument in arguments]}
