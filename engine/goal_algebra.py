"""Goals by algebra: the target undone step by step, where every step on the way has one inverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct

from engine.activations import INF, SELU_ALPHA, SELU_SCALE, A
from engine.address import Address
from engine.explain import Equation
from engine.formula.evaluate import evaluate
from engine.formula.nodes import (
    Add,
    Named,
    Neg,
    Node,
    Num,
    Symbol,
    Var,
    Where,
    absolute,
    call,
    ln,
    log1p,
    substitute,
)
from engine.layers.activation import Canonical, Elementwise, JointActivation
from engine.layers.dense import Dense
from engine.layers.dropout import DropoutStage, InputNoise
from engine.layers.normalise import Normalise
from engine.layers.stage import Stage
from engine.numbers import shortest
from engine.quantity import Key
from engine.scenario.model import Goal
from engine.structs import replace
from engine.trace import Trace


class GoalError(ValueError):
    """A goal without an answer. The message says why."""


class NoAlgebraError(Exception):
    """Why a goal cannot be solved in closed form."""


class Inverse(Struct, frozen=True):
    """z from a = f(z), in `Var("a")` and the options by name."""

    tree: Node
    bounds: Callable[[Mapping[str, float]], tuple[float, float] | None]
    """The a strictly between which f takes each value once, by the options; None where f is not monotone."""


def _between(low: float, high: float) -> Callable[[Mapping[str, float]], tuple[float, float]]:
    return lambda options: (low, high)


INVERSES: dict[str, Inverse] = {
    "identity": Inverse(A, _between(-INF, INF)),
    "sigmoid": Inverse(ln(A / (1 - A)), _between(0.0, 1.0)),
    "tanh": Inverse(Num(0.5, "½") * (log1p(A) - log1p(-A)), _between(-1.0, 1.0)),
    "relu": Inverse(A, _between(0.0, INF)),
    "leaky_relu": Inverse(
        Where(A, ">", Num(0.0), A, A / Var("slope")), lambda options: (-INF, INF) if options["slope"] > 0.0 else None
    ),
    # a + ln(1 − e^(−a)) rather than ln(e^a − 1), which overflows
    "softplus": Inverse(A + ln(-call("expm1", -A)), _between(0.0, INF)),
    "elu": Inverse(
        Where(A, ">", Num(0.0), A, log1p(A / Var("alpha"))),
        lambda options: (-options["alpha"], INF) if options["alpha"] > 0.0 else None,
    ),
    "selu": Inverse(
        Where(A, ">", Num(0.0), A / SELU_SCALE, log1p(A / (SELU_SCALE * SELU_ALPHA))),
        _between(-SELU_SCALE * SELU_ALPHA, INF),
    ),
    "softsign": Inverse(A / (1 - absolute(A)), _between(-1.0, 1.0)),
    "hard_sigmoid": Inverse(6 * (A - Num(0.5, "½")), _between(0.0, 1.0)),
}
"""The activations that can be undone where they are strictly monotone. A test holds each to its function."""


class Algebra:
    """Undoes the steps from a target of batch @0 down to the free number."""

    def __init__(self, trace: Trace, goal: Goal) -> None:
        self.trace = trace
        self.goal = goal
        self.network = trace.network
        self.sample = goal.target.sample or 1
        self.depends: dict[Key, set[int]] = {}
        """Units (from 0) of each array that the free number acts on, in the target's sample."""

    def steps(self) -> tuple[Equation, ...]:
        target = self.goal.target
        if target.name not in ("z", "h", "a", "drop", "xtilde") or len(target.unit) != 1:
            raise NoAlgebraError(f"{target.name} is no value of the forward pass")
        if target.k or self.goal.free.k or (target.sample is None and self.trace.record(0).samples > 1):
            raise NoAlgebraError("it is not of the first batch alone")
        if self.goal.free.name not in ("x", "W", "b", "gamma", "beta"):
            raise NoAlgebraError(f"{self.goal.free.name} does not enter the forward pass by a sum or a product")
        key: Key = (target.name, target.layer)
        above = list(reversed(self._below(key)))
        if target.unit[0] - 1 not in self.depends[key]:
            raise GoalError(f"{target} does not depend on {self.goal.free}")
        steps: list[Equation] = []
        unknown = Symbol(replace(target, sample=self.sample), self.goal.value, self.network.single)
        for stage in above:
            equation = self._undone(stage, unknown)
            unknown = Symbol(equation.left.address, evaluate(equation.right), self.network.single)
            steps.append(Equation(unknown, equation.right))
            if replace(unknown.address, sample=None, k=0) == replace(self.goal.free, sample=None):
                break
        return tuple(steps)

    def _below(self, target: Key) -> list[Stage]:
        """The stages up to the target, in order; notes which units depend on the free number."""
        free = self.goal.free
        one = {free.unit[0] - 1} if free.unit else set()
        here: Key = ("x", None)
        rows = self.network.batches.rows(0)
        same = free.name == "x" and (len(rows) == 1 or rows[(free.sample or 1) - 1] == rows[self.sample - 1])
        self.depends[here] = one if same else set()
        stages: list[Stage] = []
        for stage in self.network.stages:
            if here == target:
                break
            match stage:
                case Dense():
                    found, here = self._acted_on(stage), ("z", stage.layer)
                case Normalise():
                    if not stage.running:
                        raise NoAlgebraError(f"the normalisation of layer {stage.layer} mixes what it normalises")
                    found, here = set(self.depends[stage.source]), stage.target
                    if free.layer == stage.layer and free.name in ("gamma", "beta"):
                        found |= one
                case DropoutStage():
                    kept = np.flatnonzero(self.trace.record(0)["mask", stage.layer][self.sample - 1])
                    found, here = self.depends[stage.source] & set(kept.tolist()), stage.target
                case InputNoise():
                    found, here = self.depends[here], ("xtilde", None)
                case Elementwise() | JointActivation() | Canonical():
                    found, here = set(self.depends[here]), ("a", stage.layer)
                    if ("jacobian", stage.layer) in self.network.catalogue and found:
                        raise NoAlgebraError(f"the activation of layer {stage.layer} takes all units together")
                case _:
                    continue
            self.depends[here] = found
            stages.append(stage)
        return stages

    def _acted_on(self, stage: Dense) -> set[int]:
        matrix = stage.matrix(self.trace.state(0))
        below = list(self.depends[stage.below])
        found = set(np.flatnonzero((matrix[:, below] != 0.0).any(axis=1)).tolist())
        return found | {to for to in range(stage.units) if self._enters(stage, to)}

    def _enters(self, stage: Dense, unit: int) -> bool:
        """Whether the free number is a weight or the bias of this unit itself."""
        free = self.goal.free
        if free.name == "b":
            return free.layer == stage.layer and (stage.shared_bias or free.unit == (unit + 1,))
        if free.name != "W" or free.layer != (stage.owner or stage.layer):
            return False
        return free.unit[stage.transposed] == unit + 1

    def _undone(self, stage: Stage, unknown: Symbol) -> Equation:
        """The unknown below a stage from the one above: its symbol (without its value) and the tree that gives it."""
        at = unknown.address
        unit = at.unit[0]
        match stage:
            case Dense():
                return self._undone_sum(stage, unknown, unit)
            case Normalise():
                return self._undone_normalisation(stage, unknown)
            case DropoutStage():
                return Equation(self._at(*stage.source, unit), unknown / self._at("mask", stage.layer, unit))
            case InputNoise():
                return Equation(self._at("x", None, unit), unknown - self._at("noise", None, unit))
        layer = at.layer or 0
        declared = self.network.scenario.layers[layer - 1]
        entry = INVERSES.get(declared.activation)
        options = {name: float(value) for name, value in declared.activation_options.items()}
        bounds = None if entry is None else entry.bounds(options)
        if entry is None or bounds is None:
            raise NoAlgebraError(f"{declared.activation} has no inverse")
        if not bounds[0] < unknown.value < bounds[1]:
            low, high = (shortest(bound) for bound in bounds)
            raise GoalError(
                f"{at.at(None)} would have to be {shortest(unknown.value)}, but {declared.activation} takes single"
                f" values between {low} and {high} only"
            )
        named: dict[str, Node] = {name: Named(name, value) for name, value in options.items()}
        tree = substitute(entry.tree, {"a": unknown, **named})
        return Equation(self._at(self.network.activation_reads(layer), layer, unit), tree)

    def _undone_sum(self, stage: Dense, unknown: Symbol, unit: int) -> Equation:
        """One number of z = Σ w·a + b: what is left of z, over the factor beside it."""
        free, below = self.goal.free, self.depends[stage.below]
        rest: list[Node] = []
        found: list[tuple[Symbol, Symbol | None]] = []
        for k in range(1, stage.inputs + 1):
            place = (k, unit) if stage.transposed else (unit, k)
            weight, value = self._at("W", stage.owner or stage.layer, *place), self._at(*stage.below, k)
            if k - 1 in below and weight.value != 0.0:
                found.append((value, weight))
            if replace(weight.address, k=0) == free:
                found.append((weight, value))
            if not found or found[-1][0] not in (weight, value):
                rest.append(Neg(weight * value))
        if stage.bias:
            bias = self._at("b", stage.layer) if stage.shared_bias else self._at("b", stage.layer, unit)
            if bias.address == free:
                found.append((bias, None))
            else:
                rest.append(Neg(bias))
        if len(found) != 1:
            raise NoAlgebraError(f"{free} reaches {unknown.address.at(None)} by several ways")
        sought, factor = found[0]
        left = Add((unknown, *rest)) if rest else unknown
        if factor is None:
            return Equation(sought, left)
        if factor.value == 0.0:
            raise GoalError(f"{self.goal.target} does not depend on {free}: {factor.address.at(None)} beside it is 0")
        return Equation(sought, left / factor)

    def _undone_normalisation(self, stage: Normalise, unknown: Symbol) -> Equation:
        """One number of h = γ·x̂ + β, mean and variance being given."""
        layer, unit = stage.layer, unknown.address.unit[0]
        gamma, beta = self._at("gamma", layer, unit), self._at("beta", layer, unit)
        xhat = self._at("xhat", layer, unit)
        here = [symbol for symbol in (gamma, beta) if symbol.address == self.goal.free]
        upstream = unit - 1 in self.depends[stage.source]
        if here and upstream:
            raise NoAlgebraError(f"{self.goal.free} reaches {unknown.address.at(None)} by several ways")
        if here == [beta]:
            return Equation(beta, unknown - gamma * xhat)
        factor = xhat if here else gamma
        if factor.value == 0.0:
            raise GoalError(f"{self.goal.target} does not depend on {self.goal.free}: {factor.address.at(None)} is 0")
        if here:
            return Equation(gamma, (unknown - beta) / xhat)
        mean, var = self._at("running_mean", layer, unit), self._at("running_var", layer, unit)
        root = call("sqrt", var + Named("epsilon", stage.declared.epsilon))
        return Equation(self._at(*stage.source, unit), mean + (unknown - beta) / gamma * root)

    def _at(self, name: str, layer: int | None, *unit: int) -> Symbol:
        quantity = self.network.catalogue[name, layer]
        address = Address(name, layer, unit, self.sample if quantity.per_sample else None, 0)
        return Symbol(address, float(self.trace.value(address)), self.network.single)
