"""Scenarios for tests: the shipped ones, and some made by hand."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.address import Address
from engine.scenario.model import Layer, Loss, Note, Optimizer, Scenario, Training, frozen_array
from engine.scenario.read import read
from tui.session import Session

SCENARIOS = Path(__file__).parents[2] / "scenarios"
"""The shipped files."""


@cache
def shipped(name: str) -> Scenario:
    """A shipped scenario."""
    return read(SCENARIOS / f"{name}.toml")


def net(
    *sizes: int,
    activation: str = "tanh",
    output: str = "",
    loss: str = "squared_error",
    samples: int = 1,
    batch: int = 0,
    iterations: int = 2,
    rate: float = 0.5,
    title: str = "a net",
    notes: tuple[Note, ...] = (),
    scale: float = 1.0,
) -> Scenario:
    """A scenario of these sizes, its numbers drawn at random but always the same."""
    rng = np.random.default_rng(7)
    layers = [
        Layer(
            size,
            output if output and at == len(sizes) - 1 else activation,
            frozen_array(rng.normal(size=(size, before)) * scale),
            frozen_array(rng.normal(size=size)),
        )
        for at, (before, size) in enumerate(pairwise(sizes), start=1)
    ]
    x = rng.normal(size=(samples, sizes[0]))
    y = np.eye(sizes[-1])[rng.integers(sizes[-1], size=samples)] if sizes[-1] > 1 else np.ones((samples, 1))
    training = Training(Loss(loss, 0.5), Optimizer("sgd", rate), iterations, batch or samples)
    return Scenario(title, sizes[0], tuple(layers), frozen_array(x), frozen_array(y), training, notes=notes)


def note(text: str, name: str = "z", layer: int | None = 1, unit: tuple[int, ...] = (1,)) -> Note:
    """A note at an address in every iteration."""
    return Note(Address(name, layer, unit), text)


SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.toml"))
"""The shipped scenarios by name."""


@cache
def shipped_session(name: str) -> Session:
    """A walk of a shipped scenario."""
    return Session(shipped(name))


def _kinds(name: str) -> set[str]:
    """What there is in a scenario to draw, and what its numbers are made by."""
    scenario, network = shipped(name), shipped_session(name).trace.network
    training = scenario.training
    found = {f"{quantity.name} {quantity.phase}" for quantity in network.walk}
    found |= {layer.activation for layer in scenario.layers} | {training.loss.name, training.optimizer.name}
    return found | {f"{min(network.depth, 4)} layers", f"single {network.single}", f"wide {max(network.sizes) > 9}"}


@cache
def different() -> list[str]:
    """Few shipped scenarios that between them have every quantity, function, loss and optimizer of all of them."""
    kinds = {name: _kinds(name) for name in SHIPPED}
    left, chosen = set[str]().union(*kinds.values()), list[str]()
    while left:
        chosen.append(max(SHIPPED, key=lambda name: (len(kinds[name] & left), -shipped_session(name).last)))
        left -= kinds[chosen[-1]]
    return sorted(chosen)


def sampled_steps(walk: Session, most: int = 8) -> list[int]:
    """Some steps of the first iteration and of the last, of every phase where there are enough."""
    plan = walk.trace.plan
    if not plan.steps:
        return []
    first = [step for _, start, after in plan.phases(0) for step in (start, (start + after) // 2, after - 1)]
    ends = [walk.last, (plan.start(plan.iterations - 1) + walk.last) // 2]
    return sorted({*first[:: max(1, len(first) // most)], first[-1], *ends})
