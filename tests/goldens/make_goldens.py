"""Write the golden files: small networks trained by PyTorch, every number of every update in float64.

Run by hand where torch is installed (`pip install torch==2.13.0 numpy`), from anywhere:

    python tests/goldens/make_goldens.py

Losses and the optimizers are torch's own functions, every hyperparameter written out; nothing of this project is
imported. The tests read the files and never import torch. A file per network has every array of every update;
`runs.json` has one short run per function, loss, optimizer variant and option: loss, rate and state after each update.
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


def declared_loss(name: str, factor: float, outputs: str, samples: str, **options: float) -> dict[str, Any]:
    return {"name": name, "factor": factor, "over_outputs": outputs, "over_samples": samples, "options": options}


MORE_ACTIVATIONS: dict[str, tuple[dict[str, float], Callable[[torch.Tensor], torch.Tensor]]] = {
    **{name: ({}, function) for name, function in ACTIVATIONS.items() if name != "leaky_relu"},
    "leaky_relu": ({"slope": 0.2}, lambda z: F.leaky_relu(z, negative_slope=0.2)),
    "elu": ({"alpha": 0.7}, lambda z: F.elu(z, alpha=0.7)),
    "selu": ({}, F.selu),
    "softsign": ({}, F.softsign),
    "silu": ({}, F.silu),
    "gelu": ({}, lambda z: F.gelu(z, approximate="none")),
    "gelu_tanh": ({}, lambda z: F.gelu(z, approximate="tanh")),
    "mish": ({}, F.mish),
    # the backward of F.hardsigmoid has 1/6 in float32
    "hard_sigmoid": ({}, lambda z: torch.clamp(z / 6 + 0.5, min=0.0, max=1.0)),
    "step": ({}, lambda z: (z >= 0).double()),
    "log_softmax": ({}, lambda z: F.log_softmax(z, dim=1)),
}

# the output it is for, how the project says it, torch's own; targets by what the name starts with
RUN_LOSSES: dict[str, tuple[str, dict[str, Any], LossFunction]] = {
    "half_sse": ("identity", declared_loss("squared_error", 0.5, "sum", "sum"), LOSSES["half_sse"][1]),
    "l1": ("identity", declared_loss("absolute_error", 1.0, "mean", "mean"),
           lambda t: F.l1_loss(t[A], t[Y], reduction="mean")),
    "huber": ("identity", declared_loss("huber", 1.0, "mean", "mean", delta=0.7),
              lambda t: F.huber_loss(t[A], t[Y], reduction="mean", delta=0.7)),
    "bce_with_logits": ("identity", declared_loss("binary_cross_entropy_with_logits", 1.0, "mean", "mean"),
                        lambda t: F.binary_cross_entropy_with_logits(t[A], t[Y], reduction="mean")),
    "bce": ("sigmoid", declared_loss("binary_cross_entropy", 1.0, "mean", "mean"),
            lambda t: F.binary_cross_entropy(t[A], t[Y], reduction="mean")),
    "ce_of_outputs": ("softmax", declared_loss("cross_entropy", 1.0, "sum", "mean"), LOSSES["ce_of_outputs"][1]),
    "ce_with_logits": ("identity", declared_loss("cross_entropy_with_logits", 1.0, "sum", "mean"),
                       lambda t: F.cross_entropy(t[A], t[Y], reduction="mean", label_smoothing=0.0)),
    "ce_hard_nll": ("log_softmax", declared_loss("negative_log_likelihood", 1.0, "sum", "mean"),
                    lambda t: F.nll_loss(t[A], t[Y].argmax(dim=1), reduction="mean")),
    # margin_ranking of ŷ against 0 is the hinge
    "hinge": ("identity", declared_loss("hinge", 1.0, "sum", "mean", margin=0.8),
              lambda t: F.margin_ranking_loss(
                  t[A], torch.zeros_like(t[A]), t[Y], margin=0.8, reduction="none").sum(dim=1).mean()),
    "ce_kl": ("softmax", declared_loss("kl_divergence", 1.0, "sum", "mean"),
              lambda t: F.kl_div(torch.log(t[A]), t[Y], reduction="batchmean", log_target=False)),
}  # fmt: skip

SGD = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}
ADAM = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.0}


def _sgd(parameters: Any, rate: float, o: dict[str, Any], maximise: bool) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        parameters, lr=rate, momentum=o["momentum"], dampening=o["dampening"], weight_decay=o["weight_decay"],
        nesterov=o["nesterov"], maximize=maximise,
    )  # fmt: skip


def _adam(kind: Any, **fixed: Any) -> Callable[..., torch.optim.Optimizer]:
    def make(parameters: Any, rate: float, o: dict[str, Any], maximise: bool) -> torch.optim.Optimizer:
        more = {**fixed, **({"momentum_decay": o["momentum_decay"]} if "momentum_decay" in o else {})}
        return kind(
            parameters, lr=rate, betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], weight_decay=o["weight_decay"],
            maximize=maximise, **more,
        )  # fmt: skip

    return make


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adagrad": lambda parameters, rate, o, maximise: torch.optim.Adagrad(
        parameters, lr=rate, lr_decay=o["learning_rate_decay"], weight_decay=o["weight_decay"],
        initial_accumulator_value=o["initial_accumulator"], eps=o["epsilon"], maximize=maximise),
    "adadelta": lambda parameters, rate, o, maximise: torch.optim.Adadelta(
        parameters, lr=rate, rho=o["rho"], eps=o["epsilon"], weight_decay=o["weight_decay"], maximize=maximise),
    "rmsprop": lambda parameters, rate, o, maximise: torch.optim.RMSprop(
        parameters, lr=rate, alpha=o["rho"], eps=o["epsilon"], weight_decay=o["weight_decay"],
        momentum=o["momentum"], centered=o["centered"], maximize=maximise),
    "adam": _adam(torch.optim.Adam, amsgrad=False),
    "adamw": _adam(torch.optim.AdamW, amsgrad=False),
    "amsgrad": _adam(torch.optim.Adam, amsgrad=True),
    "adamax": _adam(torch.optim.Adamax),
    "nadam": _adam(torch.optim.NAdam, decoupled_weight_decay=False),
}  # fmt: skip
ADAGRAD = {"epsilon": 1e-10, "initial_accumulator": 0.0, "learning_rate_decay": 0.0, "weight_decay": 0.0}
RMSPROP = {"rho": 0.9, "epsilon": 1e-8, "momentum": 0.0, "centered": False, "weight_decay": 0.0}
ADADELTA = {"rho": 0.9, "epsilon": 1e-6, "weight_decay": 0.0}
VARIANTS: list[tuple[str, float, dict[str, Any], bool]] = [
    ("sgd", 0.2, {**SGD, "momentum": 0.9}, False),
    ("sgd", 0.2, {**SGD, "momentum": 0.9, "dampening": 0.3}, False),
    ("sgd", 0.2, {**SGD, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, False),
    ("sgd", 0.2, {**SGD, "weight_decay": 0.1}, False),
    ("sgd", 0.2, {**SGD, "momentum": 0.9, "weight_decay": 0.1}, True),
    ("adagrad", 0.2, ADAGRAD, False),
    ("adagrad", 0.2, {**ADAGRAD, "initial_accumulator": 0.1, "learning_rate_decay": 0.3, "weight_decay": 0.1}, False),
    ("adadelta", 1.0, ADADELTA, False),
    ("adadelta", 1.0, {**ADADELTA, "weight_decay": 0.1}, True),
    ("rmsprop", 0.05, RMSPROP, False),
    ("rmsprop", 0.05, {**RMSPROP, "centered": True, "weight_decay": 0.1}, False),
    ("rmsprop", 0.05, {**RMSPROP, "momentum": 0.5}, False),
    ("rmsprop", 0.05, {**RMSPROP, "momentum": 0.5, "centered": True}, True),
    ("adam", 0.05, ADAM, False),
    ("adam", 0.05, {**ADAM, "weight_decay": 0.1}, False),
    ("adam", 0.05, {**ADAM, "weight_decay": 0.1}, True),
    ("adamw", 0.05, {**ADAM, "weight_decay": 0.1}, False),
    ("adamw", 0.05, {**ADAM, "weight_decay": 0.1}, True),
    ("amsgrad", 0.05, ADAM, False),
    ("amsgrad", 0.05, {**ADAM, "weight_decay": 0.1}, False),
    ("adamax", 0.05, ADAM, False),
    ("adamax", 0.05, {**ADAM, "weight_decay": 0.1}, True),
    ("nadam", 0.05, {**ADAM, "momentum_decay": 0.004}, False),
    ("nadam", 0.05, {**ADAM, "momentum_decay": 0.1, "weight_decay": 0.1}, False),
]


def penalty(name: str, strength: float, factor: float, on: str, layers: list[int], l1_ratio: float) -> dict[str, Any]:
    return {"name": name, "strength": strength, "factor": factor, "on": on, "layers": layers, "l1_ratio": l1_ratio}


def batch_norm(place: str, statistics: str, momentum: float, given: bool) -> dict[str, Any]:
    norm = {"kind": "batch", "epsilon": 1e-5, "place": place, "momentum": momentum, "statistics": statistics}
    return {**norm, "running": given}


SCHEDULERS: dict[str, tuple[dict[str, float], Callable[..., Any]]] = {
    "step": ({"every": 2, "factor": 0.5}, lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5)),
    "exponential": ({"factor": 0.8}, lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.8)),
    "cosine": (
        {"period": 5, "minimum": 0.01},
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=5, eta_min=0.01),
    ),
}


def runs() -> dict[str, dict[str, Any]]:
    """What each run is, beyond a 2-3-2 network of tanh and identity with half squared errors and sgd."""
    found: dict[str, dict[str, Any]] = {}
    for name in MORE_ACTIVATIONS:
        found[f"activation {name}"] = {"activations": [name, "identity"]}
    for name in RUN_LOSSES:
        found[f"loss {name}"] = {"loss": name, "activations": ["tanh", RUN_LOSSES[name][0]]}
    for number, (name, rate, options, maximise) in enumerate(VARIANTS):
        optimizer = {"name": name, "learning_rate": rate, "options": options}
        found[f"optimizer {name} {number}"] = {"optimizer": optimizer, "maximise": maximise, "updates": 5}
    found["penalty l2"] = {"penalties": [penalty("l2", 0.3, 0.5, "weights", [], 0.5)]}
    found["penalty l1"] = {"penalties": [penalty("l1", 0.1, 1.0, "all", [], 0.5)]}
    found["penalty both"] = {
        "penalties": [penalty("l1", 0.1, 1.0, "biases", [1], 0.5), penalty("l2", 0.2, 1.0, "all", [2], 0.5)]
    }
    found["penalty elastic_net"] = {"penalties": [penalty("elastic_net", 0.2, 2.0, "weights", [], 0.3)]}
    found["penalty ascent"] = {"penalties": [penalty("l2", 0.3, 0.5, "weights", [], 0.5)], "maximise": True}
    found["ascent"] = {"maximise": True}
    for place in ("before_activation", "after_activation"):
        found[f"batch norm {place}"] = {"norms": [batch_norm(place, "batch", 0.1, False), None], "batch_size": 2}
        found[f"layer norm {place}"] = {"norms": [{"kind": "layer", "epsilon": 1e-5, "place": place}, None]}
    found["batch norm at the output"] = {
        "norms": [None, batch_norm("before_activation", "batch", 0.3, True)], "activations": ["tanh", "softmax"],
        "loss": "ce_of_outputs",
    }  # fmt: skip
    found["batch norm running"] = {"norms": [batch_norm("before_activation", "running", 0.1, True), None]}
    adam = {"name": "adam", "learning_rate": 0.05, "options": ADAM}
    # the gradient of a bias before batch normalisation is rounding alone, which Adam makes into a step: frozen
    found["batch norm adam"] = {
        "norms": [batch_norm("before_activation", "batch", 0.1, False), None], "optimizer": adam, "frozen": [["b"], []],
    }  # fmt: skip
    found["clipping norm"] = {"clipping": {"by": "norm", "limit": 0.5}}
    found["clipping norm not reached"] = {"clipping": {"by": "norm", "limit": 50.0}}
    found["clipping value"] = {"clipping": {"by": "value", "limit": 0.1}}
    for name in SCHEDULERS:
        found[f"schedule {name}"] = {"schedule": name, "updates": 5}
        found[f"schedule {name} adam"] = {"schedule": name, "updates": 5, "optimizer": adam}
    found["tied"] = {"sizes": [2, 3, 2, 3], "activations": ["tanh"] * 3, "ties": [None, [1, True], [1, False]]}
    found["tied penalty"] = {**found["tied"], "penalties": [penalty("l2", 0.3, 0.5, "weights", [], 0.5)]}
    found["shared bias"] = {"shared": [True, False]}
    found["frozen"] = {"frozen": [["W"], ["b"]], "optimizer": adam}
    return found


def run(name: str, asked: dict[str, Any], seed: int) -> dict[str, Any]:
    """One short run: what the project is to build, and what torch makes of it."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int, scale: float = 1.0) -> torch.Tensor:
        # few digits keep the files small
        return (scale * torch.randn(*shape, generator=generator)).round(decimals=3)

    sizes = asked.get("sizes", [2, 3, 2])
    depth = len(sizes) - 1
    activations = asked.get("activations", ["tanh", "identity"])
    loss_name = asked.get("loss", "half_sse")
    _, said, loss_function = RUN_LOSSES[loss_name]
    optimizer_asked = asked.get("optimizer", {"name": "sgd", "learning_rate": 0.1, "options": SGD})
    maximise = asked.get("maximise", False)
    nothing = [None] * depth
    ties, norms = asked.get("ties", nothing), asked.get("norms", nothing)
    shared, frozen = asked.get("shared", [False] * depth), asked.get("frozen", [[] for _ in range(depth)])
    parameters: dict[str, torch.Tensor] = {}
    running: dict[str, torch.Tensor] = {}
    layers = []
    for place, (given, out) in enumerate(pairwise(sizes)):
        number = place + 1
        weights = drawn(out, given)
        if ties[place]:
            owner, transposed = ties[place]
            weights = parameters[f"W[{owner}]"].detach()
            weights = weights.T if transposed else weights
        else:
            parameters[f"W[{number}]"] = weights.clone()
        biases = drawn(1, scale=0.3)[0] if shared[place] else drawn(out, scale=0.3)
        parameters[f"b[{number}]"] = biases.clone()
        norm = norms[place]
        if norm:
            parameters[f"gamma[{number}]"] = drawn(out) + 1.0
            parameters[f"beta[{number}]"] = drawn(out)
            if norm["kind"] == "batch":
                start = norm["running"]
                running[f"running_mean[{number}]"] = drawn(out) if start else torch.zeros(out)
                running[f"running_var[{number}]"] = drawn(out).abs() + 0.5 if start else torch.ones(out)
        layers.append(
            {
                "activation": activations[place],
                "options": MORE_ACTIVATIONS[activations[place]][0],
                "weights": weights.tolist(),
                "biases": [biases.item()] if shared[place] else biases.tolist(),
                "shared": shared[place],
                "frozen": frozen[place],
                "tied": ties[place],
                "normalisation": norm and {key: value for key, value in norm.items() if key != "running"},
            }
        )
    starts = {key: value.tolist() for key, value in {**parameters, **running}.items()}
    for key, tensor in parameters.items():
        tensor.requires_grad_(key[: key.index("[")] not in frozen[int(key[key.index("[") + 1 : -1]) - 1])
    samples, batch_size = 4, asked.get("batch_size", 4)
    x = drawn(samples, sizes[0])
    if loss_name == "hinge":
        y = drawn(samples, sizes[-1]).sign()
    elif loss_name == "ce_hard_nll":
        y = F.one_hot(torch.randint(sizes[-1], (samples,), generator=generator), sizes[-1]).double()
    else:
        y = targets(loss_name, samples, sizes[-1], generator)
        if not loss_name.startswith(("ce", "bce")):
            y = y.round(decimals=3)
    trained = [tensor for tensor in parameters.values() if tensor.requires_grad]
    make = OPTIMIZERS[optimizer_asked["name"]]
    optimizer = make(trained, optimizer_asked["learning_rate"], optimizer_asked["options"], maximise)
    schedule = asked.get("schedule")
    scheduler = SCHEDULERS[schedule][1](optimizer) if schedule else None
    made = []
    per_epoch = -(-samples // batch_size)
    for update in range(asked.get("updates", 3)):
        first = update % per_epoch * batch_size
        rows = slice(first, min(first + batch_size, samples))
        here = x[rows]
        for place, norm in enumerate(norms):
            number = place + 1
            tie = ties[place]
            weights = parameters[f"W[{tie[0] if tie else number}]"]
            here = F.linear(here, weights.T if tie and tie[1] else weights) + parameters[f"b[{number}]"]
            z = here
            if norm and norm["place"] == "before_activation":
                here = normalised(here, norm, number, parameters, running)
            here = MORE_ACTIVATIONS[activations[place]][1](here)
            if norm and norm["place"] == "after_activation":
                here = normalised(here, norm, number, parameters, running)
        loss = loss_function({Z: z, A: here, Y: y[rows]})
        for term in asked.get("penalties", []):
            loss = loss + priced(term, parameters)
        if maximise:
            loss = -loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if clipping := asked.get("clipping"):
            if clipping["by"] == "value":
                torch.nn.utils.clip_grad_value_(trained, clipping["limit"])
            else:
                # clip_grad_norm_ adds 1e-6 to the norm, which the paper does not
                norm_of_all = torch.nn.utils.get_total_norm([tensor.grad for tensor in trained])
                for tensor in trained:
                    tensor.grad.mul_(torch.clamp(clipping["limit"] / norm_of_all, max=1.0))
        rate = optimizer.param_groups[0]["lr"]
        optimizer.step()
        if scheduler:
            scheduler.step()
        state = {key: value.tolist() for key, value in {**parameters, **running}.items()}
        made.append({"loss": loss.item(), "lr": rate, "state": state})
    return {
        "name": name,
        "layers": layers,
        "starts": starts,
        "loss": said,
        "optimizer": optimizer_asked,
        "penalties": asked.get("penalties", []),
        "schedule": schedule and {"name": schedule, "options": SCHEDULERS[schedule][0]},
        "clipping": asked.get("clipping"),
        "maximise": maximise,
        "batch_size": batch_size,
        "x": x.tolist(),
        "y": y.tolist(),
        "updates": made,
    }


def normalised(
    values: torch.Tensor, norm: dict[str, Any], number: int, parameters: Any, running: dict[str, torch.Tensor]
) -> torch.Tensor:
    gamma, beta = parameters[f"gamma[{number}]"], parameters[f"beta[{number}]"]
    if norm["kind"] == "layer":
        return F.layer_norm(values, gamma.shape, weight=gamma, bias=beta, eps=norm["epsilon"])
    return F.batch_norm(
        values, running[f"running_mean[{number}]"], running[f"running_var[{number}]"], weight=gamma, bias=beta,
        training=norm["statistics"] == "batch", momentum=norm["momentum"], eps=norm["epsilon"],
    )  # fmt: skip


def priced(term: dict[str, Any], parameters: dict[str, torch.Tensor]) -> torch.Tensor:
    """A penalty on the parameters it is on."""
    total = torch.zeros(())
    for key, tensor in parameters.items():
        name, layer = key[:-1].split("[")
        if name not in {"weights": ("W",), "biases": ("b",), "all": ("W", "b")}[term["on"]]:
            continue
        if term["layers"] and int(layer) not in term["layers"]:
            continue
        l1, l2 = tensor.abs().sum(), tensor.square().sum()
        ratio = term["l1_ratio"]
        total = total + {"l1": l1, "l2": l2, "elastic_net": ratio * l1 + (1 - ratio) * l2}[term["name"]]
    return term["factor"] * term["strength"] * total


def plain(tensors: Any) -> list[Any]:
    return [None if tensor is None else tensor.detach().tolist() for tensor in tensors]


def main() -> None:
    for seed, name in enumerate(NETWORKS, start=1):
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(train(name, seed), separators=(",", ":")) + "\n", encoding="utf-8")
        print(path.name, path.stat().st_size)
    path = HERE / "runs.json"
    made = [run(name, asked, seed) for seed, (name, asked) in enumerate(runs().items(), start=100)]
    text = ",\n".join(json.dumps(one, separators=(",", ":")) for one in made)
    path.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
