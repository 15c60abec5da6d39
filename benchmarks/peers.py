"""What the engine is measured against: the same training written by hand, and by other libraries.

Every peer is a function (net, updates) → the losses, made ready first so that only the updates are timed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.networks import Net

Training = Callable[[int], Any]
"""Runs that many updates from the start."""


def _functions(name: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    """f and f′ (of z and a) as somebody in a hurry writes them in numpy."""
    return {
        "softplus": (lambda z: np.log1p(np.exp(z)), lambda z, a: 1.0 / (1.0 + np.exp(-z))),
        "tanh": (np.tanh, lambda z, a: 1.0 - a * a),
        "relu": (lambda z: np.maximum(z, 0.0), lambda z, a: z > 0.0),
    }[name]


def numpy_by_hand(net: Net, keep: bool = False) -> Training:
    """Matrix operations layer by layer, updates in place; `keep`: every array of every update is kept."""
    return _vector_numpy(net, keep) if net.batch == 1 == net.samples else _batch_numpy(net, keep)


def _vector_numpy(net: Net, keep: bool) -> Training:
    """One sample: vectors, which numpy multiplies faster than matrices of one row."""
    f, slope = _functions(net.hidden)
    data = net.data()

    def train(updates: int) -> Any:
        layers = net.start()
        x, y = data[0][0], data[1][0]
        rate, kept = net.rate, []
        losses = np.empty(updates)
        for k in range(updates):
            a, zs, activations = x, [], [x]
            for w, b in layers:
                z = w @ a + b
                a = f(z)
                zs.append(z)
                activations.append(a)
            e = a - y
            losses[k] = 0.5 * (e @ e)
            back, deltas = e, []
            for number in range(len(layers) - 1, -1, -1):
                w, b = layers[number]
                delta = back * slope(zs[number], activations[number + 1])
                if number:
                    back = delta @ w
                gradient = delta[:, None] * activations[number]
                if keep:
                    deltas.append((delta, gradient, w.copy(), b.copy()))
                gradient *= rate
                w -= gradient
                b -= rate * delta
            if keep:
                kept.append((zs, activations, deltas))
        return losses

    return train


def _batch_numpy(net: Net, keep: bool) -> Training:
    """Batches in turn, softmax with cross-entropy at the end."""
    f, slope = _functions(net.hidden)
    data = net.data()

    def train(updates: int) -> Any:
        layers = net.start()
        rate, n, kept = net.rate, net.batch, []
        losses = np.empty(updates)
        per_epoch = net.samples // n
        for k in range(updates):
            first = k % per_epoch * n
            x, y = data[0][first : first + n], data[1][first : first + n]
            a, zs, activations = x, [], [x]
            for number, (w, b) in enumerate(layers, start=1):
                z = a @ w.T + b
                if number < len(layers):
                    a = f(z)
                else:
                    shifted = z - z.max(axis=1, keepdims=True)
                    e = np.exp(shifted)
                    total = e.sum(axis=1, keepdims=True)
                    a = e / total
                    losses[k] = ((np.log(total) * y).sum() - (shifted * y).sum()) / n
                zs.append(z)
                activations.append(a)
            delta, deltas = (a - y) / n, []
            for number in range(len(layers) - 1, -1, -1):
                w, b = layers[number]
                gradient = delta.T @ activations[number]
                back = delta @ w if number else None
                if keep:
                    deltas.append((delta, gradient.copy(), w.copy(), b.copy()))
                gradient *= rate
                w -= gradient
                b -= rate * delta.sum(axis=0)
                if number:
                    delta = back * slope(zs[number - 1], activations[number])
            if keep:
                kept.append((zs, activations, deltas))
        return losses

    return train


def scalars_by_hand(net: Net) -> Training | None:
    """The 2-2-1 softplus network as a person writes it in plain Python; of others there is none."""
    if net.sizes != (2, 2, 1) or net.hidden != "softplus":
        return None
    exp, log1p = math.exp, math.log1p

    def train(updates: int) -> Any:
        (w1, b1), (w2, b2) = net.start()
        (w11, w12), (w21, w22) = w1.tolist()
        ((v1, v2),) = w2.tolist()
        (c1, c2), (c,) = b1.tolist(), b2.tolist()
        (x1, x2), (y,) = net.data()[0][0].tolist(), net.data()[1][0].tolist()
        rate, losses = net.rate, []
        for _ in range(updates):
            z1 = w11 * x1 + w12 * x2 + c1
            z2 = w21 * x1 + w22 * x2 + c2
            a1, a2 = log1p(exp(z1)), log1p(exp(z2))
            z = v1 * a1 + v2 * a2 + c
            e = log1p(exp(z)) - y
            losses.append(0.5 * e * e)
            d = e / (1.0 + exp(-z))
            d1, d2 = v1 * d / (1.0 + exp(-z1)), v2 * d / (1.0 + exp(-z2))
            v1, v2, c = v1 - rate * d * a1, v2 - rate * d * a2, c - rate * d
            w11, w12, c1 = w11 - rate * d1 * x1, w12 - rate * d1 * x2, c1 - rate * d1
            w21, w22, c2 = w21 - rate * d2 * x1, w22 - rate * d2 * x2, c2 - rate * d2
        return losses

    return train


def torch_eager(net: Net) -> Training | None:
    """PyTorch as its tutorials have it, in float64; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    functions: dict[str, Any] = {"softplus": torch.nn.Softplus, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}

    def train(updates: int) -> Any:
        parts: list[Any] = []
        for number, (w, b) in enumerate(net.start(), start=1):
            linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w))
                linear.bias.copy_(torch.from_numpy(b))
            parts.append(linear)
            if number < len(net.sizes) - 1 or net.output != "softmax":
                parts.append(functions[net.hidden]())
        model = torch.nn.Sequential(*parts)
        optimizer = torch.optim.SGD(model.parameters(), lr=net.rate)
        x, y = (torch.from_numpy(array) for array in net.data())
        losses, n = [], net.batch
        for k in range(updates):
            first = k % (net.samples // n) * n
            made = model(x[first : first + n])
            target = y[first : first + n]
            if net.output == "softmax":
                loss = torch.nn.functional.cross_entropy(made, target)
            else:
                loss = 0.5 * ((made - target) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    return train


def micrograd(net: Net) -> Training | None:
    """Karpathy's micrograd, tanh networks only; None where it is not installed or cannot express the network."""
    if net.hidden != "tanh" or net.output != "tanh":
        return None
    try:
        from micrograd.engine import Value
    except ImportError:
        return None

    def tanh(x: Any) -> Any:
        """The operation as its author adds it in his lecture; the package has none."""
        made = Value(math.tanh(x.data), (x,), "tanh")

        def backward() -> None:
            x.grad += (1.0 - made.data * made.data) * made.grad

        made._backward = backward
        return made

    def train(updates: int) -> Any:
        layers = [([[Value(v) for v in row] for row in w.tolist()], [Value(v) for v in b]) for w, b in net.start()]
        every = [v for w, b in layers for row in (*w, b) for v in row]
        (x,), (y,) = (array.tolist() for array in net.data())
        losses = []
        for _ in range(updates):
            a: Any = x
            for w, b in layers:
                a = [
                    tanh(sum((v * i for v, i in zip(row, a, strict=True)), bias))
                    for row, bias in zip(w, b, strict=True)
                ]
            loss = 0.5 * sum((made - target) ** 2 for made, target in zip(a, y, strict=True))
            for v in every:
                v.grad = 0.0
            loss.backward()
            for v in every:
                v.data -= net.rate * v.grad
            losses.append(loss.data)
        return losses

    return train


PEERS: dict[str, Callable[[Net], Training | None]] = {
    "numpy by hand": numpy_by_hand,
    "numpy by hand, every array kept": lambda net: numpy_by_hand(net, keep=True),
    "scalars by hand": scalars_by_hand,
    "PyTorch": torch_eager,
    "micrograd": micrograd,
}
