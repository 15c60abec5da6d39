"""Write the golden files: small networks trained by PyTorch, every number of every update in float64.

Run by hand where torch is installed (`pip install torch==2.13.0 numpy`), from anywhere:

    python tests/goldens/make_goldens.py

Losses and the optimizer are torch's own functions, every hyperparameter written out; nothing of this project is
imported. The tests read the files and never import torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

HERE = Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True)

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, negative_slope=0.2),
    # above its threshold torch returns z, which is another number in the 10th digit at 20
    "softplus": lambda z: F.softplus(z, beta=1.0, threshold=500.0),
    "softmax": lambda z: F.softmax(z, dim=1),
}

Z, A, Y = "z", "a", "y"
LossFunction = Callable[[dict[str, torch.Tensor]], torch.Tensor]

# name, factor, over_outputs, over_samples: how the project says it, beside torch's own
LOSSES: dict[str, tuple[tuple[str, float, str, str], LossFunction]] = {
    "mse_mean": (("squared_error", 1.0, "mean", "mean"), lambda t: F.mse_loss(t[A], t[Y], reduction="mean")),
    "mse_sum": (("squared_error", 1.0, "sum", "sum"), lambda t: F.mse_loss(t[A], t[Y], reduction="sum")),
    "half_sse": (("squared_error", 0.5, "sum", "sum"), lambda t: 0.5 * F.mse_loss(t[A], t[Y], reduction="sum")),
    "half_over_n": (
        ("squared_error", 0.5, "sum", "mean"),
        lambda t: 0.5 * F.mse_loss(t[A], t[Y], reduction="none").sum(dim=1).mean(),
    ),
    "mse_mean_sum": (
        ("squared_error", 0.3, "mean", "sum"),
        lambda t: 0.3 * F.mse_loss(t[A], t[Y], reduction="none").mean(dim=1).sum(),
    ),
    "bce_logits_mean": (
        ("binary_cross_entropy", 1.0, "mean", "mean"),
        lambda t: F.binary_cross_entropy_with_logits(t[Z], t[Y], reduction="mean"),
    ),
    "bce_logits_sum": (
        ("binary_cross_entropy", 2.0, "sum", "sum"),
        lambda t: 2.0 * F.binary_cross_entropy_with_logits(t[Z], t[Y], reduction="sum"),
    ),
    "bce_mean": (
        ("binary_cross_entropy", 1.0, "mean", "mean"),
        lambda t: F.binary_cross_entropy(t[A], t[Y], reduction="mean"),
    ),
    "ce_mean": (
        ("cross_entropy", 1.0, "sum", "mean"),
        lambda t: F.cross_entropy(t[Z], t[Y], reduction="mean", label_smoothing=0.0),
    ),
    "ce_sum": (
        ("cross_entropy", 1.0, "sum", "sum"),
        lambda t: F.cross_entropy(t[Z], t[Y], reduction="sum", label_smoothing=0.0),
    ),
    "ce_of_outputs": (
        ("cross_entropy", 1.0, "sum", "mean"),
        lambda t: -(t[Y] * torch.log(t[A])).sum(dim=1).mean(),
    ),
}

# name: sizes, activations, loss, biases, samples, batch size, learning rate, updates
NETWORKS: dict[str, tuple[tuple[int, ...], tuple[str, ...], str, bool, int, int, float, int]] = {
    "regression": ((3, 1), ("identity",), "half_over_n", True, 5, 5, 0.1, 4),
    "logistic": ((2, 1), ("sigmoid",), "bce_logits_mean", True, 4, 4, 0.5, 4),
    "softmax_regression": ((3, 4), ("softmax",), "ce_sum", False, 6, 6, 0.1, 4),
    "softplus": ((2, 2, 1), ("softplus", "softplus"), "half_sse", True, 1, 1, 1.0, 4),
    "tanh_deep": ((3, 4, 4, 4, 2), ("tanh", "tanh", "tanh", "identity"), "mse_mean", True, 5, 2, 0.2, 6),
    "relu_deep": ((3, 6, 5, 2), ("relu", "relu", "sigmoid"), "bce_logits_sum", True, 4, 4, 0.05, 4),
    "leaky": ((2, 5, 3), ("leaky_relu", "tanh"), "mse_mean_sum", True, 4, 3, 0.3, 5),
    "classes": ((4, 6, 3), ("tanh", "softmax"), "ce_mean", True, 5, 2, 0.5, 6),
    "hidden_softmax": ((3, 4, 2), ("softmax", "identity"), "mse_sum", True, 3, 3, 0.2, 4),
    "softmax_squared": ((2, 3, 3), ("sigmoid", "softmax"), "mse_mean", True, 4, 4, 1.0, 4),
    "sigmoid_cross": ((2, 3, 3), ("softplus", "sigmoid"), "ce_of_outputs", True, 4, 2, 0.2, 4),
    "softmax_binary": ((2, 4, 3), ("relu", "softmax"), "bce_mean", False, 4, 4, 0.3, 4),
    "everything": (
        (2, 3, 3, 3, 3, 3, 2),
        ("identity", "sigmoid", "tanh", "leaky_relu", "softplus", "sigmoid"),
        "bce_logits_mean",
        True,
        5,
        3,
        0.5,
        5,
    ),
}


def targets(loss: str, samples: int, units: int, generator: torch.Generator) -> torch.Tensor:
    """Targets that the loss takes: classes, some of them soft, for cross-entropies."""
    if loss.startswith("ce"):
        rows = F.one_hot(torch.randint(units, (samples,), generator=generator), units).double()
        rows[-1] = torch.arange(1, units + 1).double() / (units * (units + 1) / 2)
        return rows
    if loss.startswith("bce"):
        return torch.tensor([0.0, 1.0, 0.25])[torch.randint(3, (samples, units), generator=generator)]
    return torch.randn(samples, units, generator=generator)


def train(name: str, seed: int) -> dict[str, Any]:
    """One network's golden file."""
    sizes, activations, loss_name, biased, samples, batch_size, rate, updates = NETWORKS[name]
    generator = torch.Generator().manual_seed(seed)
    weights, biases = [], []
    for given, out in pairwise(sizes):
        weights.append(torch.randn(out, given, generator=generator).div(given**0.5).requires_grad_())
        biases.append((0.3 * torch.randn(out, generator=generator)).requires_grad_() if biased else None)
    x = torch.randn(samples, sizes[0], generator=generator)
    y = targets(loss_name, samples, sizes[-1], generator)
    declared, loss_function = LOSSES[loss_name]
    parameters = [tensor for pair in zip(weights, biases, strict=True) for tensor in pair if tensor is not None]
    optimizer = torch.optim.SGD(
        parameters, lr=rate, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False
    )
    golden: dict[str, Any] = {
        "name": name,
        "torch": torch.__version__,
        "seed": seed,
        "activations": list(activations),
        "slope": 0.2,
        "loss": dict(zip(("name", "factor", "over_outputs", "over_samples"), declared, strict=True)),
        "learning_rate": rate,
        "batch_size": batch_size,
        "x": x.tolist(),
        "y": y.tolist(),
        "weights": plain(weights),
        "biases": plain(biases),
        "updates": [],
    }
    per_epoch = -(-samples // batch_size)
    for update in range(updates):
        start = update % per_epoch * batch_size
        rows = list(range(start, min(start + batch_size, samples)))
        below = x[rows].clone().requires_grad_()
        inputs = below
        zs, outputs = [], []
        for weight, bias, activation in zip(weights, biases, activations, strict=True):
            z = F.linear(below, weight, bias)
            below = ACTIVATIONS[activation](z)
            for tensor in (z, below):
                if tensor.requires_grad:
                    tensor.retain_grad()
            zs.append(z)
            outputs.append(below)
        loss = loss_function({Z: zs[-1], A: outputs[-1], Y: y[rows]})
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        made = {
            "rows": rows,
            "loss": loss.item(),
            "z": plain(zs),
            "a": plain(outputs),
            "dz": plain(z.grad for z in zs),
            # the last a has no gradient of its own where the loss is taken of z, or is z itself
            "da": plain(a.grad for a in outputs[:-1]),
            "dW": plain(weight.grad for weight in weights),
            "db": plain(None if bias is None else bias.grad for bias in biases),
            "dx": plain([inputs.grad])[0],
        }
        optimizer.step()
        golden["updates"].append({**made, "weights_after": plain(weights), "biases_after": plain(biases)})
    return golden


def plain(tensors: Any) -> list[Any]:
    return [None if tensor is None else tensor.detach().tolist() for tensor in tensors]


def main() -> None:
    for seed, name in enumerate(NETWORKS, start=1):
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(train(name, seed), separators=(",", ":")) + "\n", encoding="utf-8")
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
