"""Goal seeking: which value of one given number gives another the value wanted?

Two ways to one answer. *By algebra*, where the target depends on the free number through one chain of units: every
step is undone in turn, an activation by its inverse, a sum by taking the other terms away and dividing by the weight.
*By search*, anywhere: the free number is put into the scenario and the target read from a walk of its own, inside a
bracket at whose ends the target lies on different sides of the value. (R. P. Brent, Algorithms for Minimization
without Derivatives, 1973, chapter 4: interpolation, safeguarded by bisection.)
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

from engine.address import Address
from engine.explain import Equation
from engine.formula.nodes import Symbol
from engine.goal_algebra import Algebra, GoalError, NoAlgebraError
from engine.numbers import shortest
from engine.printers.base import Page, Printer
from engine.scenario.model import Array, Goal, Layer, Normalisation, Scenario, frozen_array
from engine.structs import replace
from engine.trace import Progress, Trace

EPSILON = 2.0**-52
MOST_EVALUATIONS = 200
"""Bisection alone needs at most some 60 per power of two of the bracket's width over the answer; Brent's far fewer."""
JUMP = 1e-6
"""Share of the value by which the target may miss it at neighbouring floats, before that is called a jump."""
MEETS = 1e-8
"""Share of the value by which the target may miss it where the answer of the algebra is put in."""


class Answer(Struct, frozen=True, eq=False):
    """The value of the free number, and how it was come by."""

    goal: Goal
    value: float
    reached: float
    """The target where that value is put in."""
    steps: tuple[Equation, ...]
    """By algebra: each unknown on the way from the target to the free number; empty by search."""
    evaluations: int
    """Walks that were run."""
    scenario: Scenario
    """The scenario with the answer put in."""

    @property
    def by_algebra(self) -> bool:
        return bool(self.steps)


class StoppedError(GoalError):
    """The search was stopped from outside."""


class NoBracketError(GoalError):
    """There is no closed form, and no bracket to search in. `reason` says why there is none."""

    def __init__(self, goal: Goal, reason: str) -> None:
        self.reason = f"{goal.target} has to be solved for {goal.free} by search" + (
            f", for {reason}" if reason else ""
        )
        super().__init__(f"{self.reason}: give a bracket to look in, like bracket = [-10.0, 10.0]")


def solve(subject: Trace | Scenario, goal: Goal, way: str = "either", progress: Progress | None = None) -> Answer:
    """The answer to a goal; `way` is "algebra", "search", or "either": algebra where there is one.

    `progress` is told, time and again, how many walks have been run; False stops.

    Raises:
        GoalError: no answer, no single one, or none that can be found; the message says why.
        StoppedError: `progress` stopped it.
        AddressError: the target names nothing.
    """
    scenario = subject.scenario if isinstance(subject, Trace) else subject
    goal = replace(goal, free=goal.free.at(goal.free.k or 0), target=goal.target.at(goal.target.k or 0))
    start = subject if isinstance(subject, Trace) else Trace(scenario)
    if not math.isfinite(goal.value):
        raise GoalError(f"the value wanted of {goal.target} is not finite")
    changed(scenario, goal.free, 0.0)
    reason = ""
    if way != "search":
        try:
            steps = Algebra(start, goal).steps()
        except NoAlgebraError as error:
            reason = str(error)
        else:
            return _put_in(scenario, goal, steps, progress)
    if way == "algebra":
        raise GoalError(f"{goal.target} cannot be solved for {goal.free} in closed form: {reason}")
    if goal.bracket is None:
        raise NoBracketError(goal, reason)
    return _search(scenario, goal, goal.bracket, progress)


def _put_in(scenario: Scenario, goal: Goal, steps: tuple[Equation, ...], progress: Progress | None) -> Answer:
    value = steps[-1].left.value
    if goal.bracket and not goal.bracket[0] <= value <= goal.bracket[1]:
        low, high = goal.bracket
        raise GoalError(
            f"{goal.free} = {shortest(value)} is the only answer, and it is not in the bracket"
            f" from {shortest(low)} to {shortest(high)}"
        )
    there = changed(scenario, goal.free, value)
    reached = _read(there, goal.target, progress)
    if not abs(reached - goal.value) <= MEETS * max(abs(goal.value), 1.0):
        raise GoalError(
            f"{goal.free} = {shortest(value)} should give {goal.target} = {shortest(goal.value)}, but put in it gives"
            f" {shortest(reached)}: float64 has too few digits here"
        )
    return Answer(goal, value, reached, steps, 1, there)


def _read(scenario: Scenario, target: Address, progress: Progress | None = None, walks: int = 0) -> float:
    """The target in a walk of its own, after so many others.

    Raises:
        GoalError: it is not one number.
        StoppedError: `progress` stopped it.
    """
    trace = Trace(scenario)
    if progress is not None and not (progress(walks) and trace.reach(target.k or 0, lambda done: progress(walks))):
        raise StoppedError("the search was stopped")
    value = trace.value(target)
    if value.size != 1:
        raise GoalError(f"{target} is not one number: add an index, or a sample like #1")
    return float(value.reshape(()))


# changing a scenario


def changed(scenario: Scenario, address: Address, value: float) -> Scenario:
    """A copy of the scenario in which one given number is `value`.

    `x[j]#s` and `y[j]#s` are of batch @k (the first where no @k is given); parameters, running statistics and `lr`
    are starting values.

    Raises:
        GoalError: the scenario gives no such number.
    """
    name, layer, unit = address.name, address.layer, address.unit
    if name in ("x", "y"):
        return _data_changed(scenario, address, value)
    if address.k:
        raise GoalError(f"{address}: only a starting value can be free, {name} @0")
    training = scenario.training
    if name == "lr":
        if training.schedule is not None and training.schedule.name == "list":
            raise GoalError("lr: the file lists a learning rate per update, so there is no one to free")
        optimizer = replace(training.optimizer, learning_rate=value)
        return replace(scenario, training=replace(training, optimizer=optimizer))
    if layer is None or not 1 <= layer <= len(scenario.layers):
        raise GoalError(
            f"{address} is calculated, not given: free an input, a target, a starting parameter or lr,"
            " like x[1]#1 or W[1][1,1]"
        )
    layers = list(scenario.layers)
    layers[layer - 1] = _layer_changed(layers[layer - 1], address, unit, value)
    if name == "W":
        owned = layers[layer - 1].weights
        for index, other in enumerate(layers):
            if other.tied_to == layer:
                layers[index] = replace(other, weights=frozen_array(owned.T) if other.tied_transposed else owned)
    return replace(scenario, layers=tuple(layers))


def _data_changed(scenario: Scenario, address: Address, value: float) -> Scenario:
    batches = Trace(scenario).network.batches
    rows = batches.rows(address.k or 0)
    if address.sample is None and len(rows) > 1:
        raise GoalError(f"{address}: the batch has {len(rows)} samples; say which, like {address.name}[1]#1")
    sample = address.sample or 1
    if sample > len(rows):
        raise GoalError(f"{address}: the batch has {len(rows)} samples")
    row = int(rows[sample - 1])
    if address.name == "x":
        return replace(scenario, x=_with(scenario.x, (row + 1, *address.unit), value, address))
    return replace(scenario, y=_with(scenario.y, (row + 1, *address.unit), value, address))


def _layer_changed(layer: Layer, address: Address, unit: tuple[int, ...], value: float) -> Layer:
    match address.name:
        case "W" if layer.tied_to is None:
            return replace(layer, weights=_with(layer.weights, unit, value, address))
        case "W":
            raise GoalError(f"{address}: this layer uses the W of layer {layer.tied_to}")
        case "b" if layer.biases is not None:
            place = (1,) if layer.shared_bias else unit
            return replace(layer, biases=_with(layer.biases, place, value, address))
        case "gamma" | "beta" | "running_mean" | "running_var" if layer.normalisation is not None:
            return replace(layer, normalisation=_normalisation_changed(layer.normalisation, address, value))
        case _:
            raise GoalError(f"{address}: this scenario gives no such number")


def _normalisation_changed(given: Normalisation, address: Address, value: float) -> Normalisation:
    if address.name == "gamma":
        return replace(given, gamma=_with(given.gamma, address.unit, value, address))
    if address.name == "beta":
        return replace(given, beta=_with(given.beta, address.unit, value, address))
    mean = frozen_array([0.0] * len(given.gamma)) if given.running_mean is None else given.running_mean
    var = frozen_array([1.0] * len(given.gamma)) if given.running_var is None else given.running_var
    if address.name == "running_mean":
        return replace(given, running_mean=_with(mean, address.unit, value, address))
    return replace(given, running_var=_with(var, address.unit, value, address))


def _with(array: Array, unit: tuple[int, ...], value: float, address: Address) -> Array:
    """A copy of `array` with one element changed; `unit` counts from 1."""
    if len(unit) != array.ndim or any(not 1 <= i <= size for i, size in zip(unit, array.shape, strict=True)):
        raise GoalError(f"{address} is not one number of the scenario")
    copy = array.copy()
    copy[tuple(index - 1 for index in unit)] = value
    return frozen_array(copy)


# searching


def _search(scenario: Scenario, goal: Goal, bracket: tuple[float, float], progress: Progress | None) -> Answer:
    values: dict[float, float] = {}

    def missed(free: float) -> float:
        """How far the target is from the value wanted."""
        if free not in values:
            values[free] = _read(changed(scenario, goal.free, free), goal.target, progress, len(values))
        if not math.isfinite(values[free]):
            raise GoalError(f"{goal.target} is {shortest(values[free])} at {goal.free} = {shortest(free)}: not finite")
        return values[free] - goal.value

    low, high = bracket
    if not (math.isfinite(low) and math.isfinite(high)):
        raise GoalError("the ends of a bracket are two numbers that are finite")
    below, above = missed(low), missed(high)
    if below and above and (below > 0.0) == (above > 0.0):
        if below == above and missed(low + (high - low) / 2.0) == below and missed(low + (high - low) / 3.0) == below:
            raise GoalError(
                f"{goal.target} does not depend on {goal.free}: it is {shortest(values[low])} all over the bracket"
            )
        raise GoalError(
            f"{goal.target} is {shortest(values[low])} at {goal.free} = {shortest(low)} and {shortest(values[high])} at"
            f" {shortest(high)}: {shortest(goal.value)} is not between them; choose another bracket"
        )
    best, other = root(missed, low, high)
    tolerance = JUMP * max(abs(goal.value), 1.0)
    if abs(missed(best)) > tolerance:
        raise GoalError(
            f"{goal.target} jumps from {shortest(values[other])} to {shortest(values[best])} at {goal.free} ="
            f" {shortest(best)}: nothing gives {shortest(goal.value)}"
        )
    return Answer(goal, best, values[best], (), len(values), changed(scenario, goal.free, best))


def root(f: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """A zero of f between two points where its signs differ, and the other end of the last bracket (Brent's method).

    Raises:
        ValueError: the signs do not differ.
    """
    a, b = low, high
    fa, fb = f(a), f(b)
    if fa and fb and (fa > 0.0) == (fb > 0.0):
        raise ValueError("the signs at the two ends must differ")
    c, fc = a, fa
    step = before = b - a
    # about a zero at 0 there is no relative precision to be reached
    nearly_zero = EPSILON * 1e-4 * abs(high - low)
    for _ in range(MOST_EVALUATIONS):
        if fb and (fb > 0.0) == (fc > 0.0):
            c, fc = a, fa
            step = before = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        half = (c - b) / 2.0
        smallest = 2.0 * EPSILON * abs(b) + nearly_zero
        if fb == 0.0 or abs(half) <= smallest:
            return b, c
        if abs(before) >= smallest and abs(fa) > abs(fb):
            s = fb / fa
            if a == c:
                p, q = 2.0 * half * s, 1.0 - s
            else:
                q, r = fa / fc, fb / fc
                p = s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0))
                q = (q - 1.0) * (r - 1.0) * (s - 1.0)
            p, q = abs(p), -q if p > 0.0 else q
            # interpolate only while that shrinks the bracket faster than halving it would
            if 2.0 * p < min(3.0 * half * q - abs(smallest * q), abs(before * q)):
                before, step = step, p / q
            else:
                step = before = half
        else:
            step = before = half
        a, fa = b, fb
        b += step if abs(step) > smallest else math.copysign(smallest, half)
        fb = f(b)
    return b, c


def answer_lines(answer: Answer, printer: Printer) -> list[str]:
    """The answer as lines of text: what is wanted, every step undone, and the target where it is put in."""
    goal = answer.goal
    wanted = printer.symbols(Symbol(goal.target, goal.value))
    lines = [f"{wanted} = {printer.number(goal.value)} is wanted"]
    for equation in answer.steps:
        page, value_page = Page(sample=goal.target.sample), Page()
        symbols = printer.symbols(equation.right, page)
        left = printer.symbols(equation.left, Page(sample=goal.target.sample))
        condition = f", because {' and '.join(page.conditions)}" if page.conditions else ""
        page = Page()
        numbers = printer.numbers(equation.right, page)
        value = printer.number(equation.left.value, value_page)
        text = f"{left} = {symbols} {printer.equals(page.exact)} {numbers}"
        if numbers != value:
            text += f" {printer.equals(value_page.exact)} {value}"
        lines.append(text + condition)
    if not answer.steps and goal.bracket:
        low, high = (printer.number(end) for end in goal.bracket)
        free = printer.symbols(Symbol(goal.free, answer.value))
        page = Page()
        value = f"{printer.number(answer.value, page)}, found between {low} and {high} in {answer.evaluations} walks"
        lines.append(f"{free} {printer.equals(page.exact)} {value}")
    page = Page()
    value = printer.number(answer.reached, page)
    lines.append(f"put in: {wanted} {printer.equals(page.exact)} {value}")
    return lines
