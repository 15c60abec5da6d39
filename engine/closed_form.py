"""The least-squares solution of a linear layer, beside the gradient descent that walks towards it.

With a column of ones for the bias, A = [X, 1], and c the factor of the loss with its denominators,
L = c·‖Aθ − Y‖² + Σ λ·θ², so the gradient is H·θ − 2c·AᵀY with the Hessian H = 2c·AᵀA + 2Λ (one θ per output, the
same H for all): it is 0 where H·θ = 2c·AᵀY, the normal equations. They are solved, never inverted. Gradient descent
multiplies its distance from there by I − ηH in every update, so it converges while η < 2/λ_max.
(Gauss 1809; Hoerl & Kennard 1970 for Λ; Nocedal & Wright 2006, chapter 10.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from msgspec import Struct

from engine.losses import coefficient
from engine.penalties import on
from engine.printers.base import Page, Printer
from engine.scenario.model import Array, Scenario, frozen_array
from engine.trace import Trace


class NoClosedForm(Struct, frozen=True):
    """Why a scenario has none."""

    reason: str


class ClosedForm(Struct, frozen=True, eq=False):
    """The minimum of a linear least-squares problem, and what gradient descent does on the way to it."""

    weights: Array
    """W*, shape (outputs, inputs)."""
    biases: Array | None
    """b*, shape (outputs,); None where the layer has no bias."""
    loss: float
    """L at the minimum, penalty included; its negative under ascent, as the walk has it."""
    rank: int
    """Independent columns of A, counted with the penalty's rows below it."""
    method: str
    """How it was solved, and why so."""
    unique: bool
    """Whether there is one minimum only."""
    eigenvalues: Array
    """Of the Hessian of one output's parameters, ascending, shape (d,)."""
    samples: int
    d: int
    """Parameters of one output: the columns of A."""
    outputs: int
    iterations: int
    plain: bool
    """Whether the scenario updates by plain gradient descent, which the largest learning rate is about."""
    learning_rate: float

    @property
    def stable_rate(self) -> float:
        """η at which plain gradient descent stops converging: 2/λ_max; ∞ where the Hessian is 0."""
        largest = float(self.eigenvalues[-1])
        return 2.0 / largest if largest > 0.0 else math.inf

    @property
    def condition(self) -> float:
        """λ_max/λ_min: how much slower the slowest direction is than the fastest; ∞ where λ_min is 0."""
        smallest = float(self.eigenvalues[0])
        return float(self.eigenvalues[-1]) / smallest if smallest > 0.0 and self.unique else math.inf

    @property
    def solving(self) -> int:
        """d²(n + d): multiplications of the closed form, but for a constant."""
        return self.d**2 * (self.samples + self.d)

    @property
    def descending(self) -> int:
        """m·n·d per output: multiplications of m updates, but for a constant."""
        return self.iterations * self.samples * self.d * self.outputs


def closed_form(scenario: Scenario) -> ClosedForm | NoClosedForm:
    """The minimum of the scenario's loss, or why it cannot be had in closed form."""
    reason = _refusal(scenario)
    if reason:
        return NoClosedForm(reason)
    layer, training = scenario.layers[0], scenario.training
    n, outputs = scenario.y.shape
    c = coefficient(training.loss, n, outputs)
    columns = [scenario.x] if layer.biases is None else [scenario.x, np.ones((n, 1))]
    A = np.hstack(columns)
    d = A.shape[1]
    strengths = np.full(d, _strength(scenario, "b"))
    strengths[: scenario.inputs] = _strength(scenario, "W")
    hessian = 2.0 * c * A.T @ A + np.diag(2.0 * strengths)
    # the penalty as rows of its own: √c·A above, √Λ below, so that one rank says whether the minimum is unique
    stacked = np.vstack([math.sqrt(c) * A, np.diag(np.sqrt(strengths))])
    wanted = np.vstack([math.sqrt(c) * scenario.y, np.zeros((d, outputs))])
    rank = int(np.linalg.matrix_rank(stacked))
    if rank == d:
        theta = np.linalg.solve(hessian, 2.0 * c * A.T @ scenario.y)
        method = "by solving the normal equations"
    else:
        theta = np.linalg.lstsq(stacked, wanted, rcond=None)[0]
        method = (
            f"by least squares: only {rank} of the {d} columns are independent, so many parameters are equally good;"
            " these are the smallest of them, and gradient descent ends at those nearest to its start"
        )
    eigenvalues = np.maximum(np.linalg.eigvalsh(hessian), 0.0)
    loss = c * float(((A @ theta - scenario.y) ** 2).sum()) + float((strengths[:, None] * theta**2).sum())
    options = training.optimizer.options
    return ClosedForm(
        frozen_array(theta[: scenario.inputs].T),
        None if layer.biases is None else frozen_array(theta[-1]),
        -loss if training.direction == "maximise" else loss,
        rank, method, rank == d, frozen_array(eigenvalues), n, d, outputs, training.iterations,
        training.optimizer.name == "sgd" and not options.get("momentum")
        and training.schedule is None and training.clipping is None,
        training.optimizer.learning_rate,
    )  # fmt: skip


def _refusal(scenario: Scenario) -> str:
    """Why there is no closed form; empty where there is."""
    training = scenario.training
    layer = scenario.layers[0]
    checks = (
        (len(scenario.layers) > 1, "the network has more than one layer"),
        (layer.activation != "identity", f"the layer has the activation {layer.activation}: it is not linear"),
        (layer.normalisation is not None, "the layer is normalised"),
        (layer.dropout is not None, "dropout changes the problem in every iteration"),
        (layer.shared_bias and layer.units > 1, "the outputs share one bias"),
        (bool(layer.frozen), "a parameter is frozen"),
        (training.loss.name != "squared_error", f"the loss is {training.loss.name}, not a squared error"),
        (training.input_noise is not None, "noise changes the inputs in every iteration"),
        (training.batch_size < scenario.samples, "a batch is not all of the data: every iteration has another minimum"),
        (any(p.name != "l2" for p in training.penalties), "a penalty other than l2 has no linear gradient"),
        (bool(training.optimizer.options.get("weight_decay")), "weight decay in the optimizer moves where it ends"),
    )
    return next((reason for holds, reason in checks if holds), "")


def _strength(scenario: Scenario, name: str) -> float:
    """λ of the term λ·Σθ² on a parameter."""
    return math.fsum(p.factor * p.strength for p in scenario.training.penalties if on(p, name, 1))


def distances(trace: Trace, ks: Iterable[int], solved: ClosedForm | None = None) -> list[float]:
    """‖θ@k − θ*‖ over all weights and biases, for each k.

    Raises:
        ValueError: the scenario has no closed form.
    """
    if solved is None:
        found = closed_form(trace.scenario)
        if isinstance(found, NoClosedForm):
            raise ValueError(f"no closed form: {found.reason}")
        solved = found
    result: list[float] = []
    for k in ks:
        state = trace.state(k)
        square = float(((state["W", 1] - solved.weights) ** 2).sum())
        if solved.biases is not None:
            square += float(((state["b", 1] - solved.biases) ** 2).sum())
        result.append(math.sqrt(square))
    return result


def closed_form_lines(solved: ClosedForm, printer: Printer) -> list[str]:
    """All there is to say of a closed form, a line each."""

    def numbers(values: Array) -> str:
        return printer.notation.style.separator.join(printer.number(float(value)) for value in values)

    def about(value: float) -> str:
        page = Page()
        text = printer.number(value, page)
        return f"{printer.equals(page.exact)} {text}"

    rows = "; ".join(numbers(row) for row in solved.weights)
    lines = [f"the minimum, {solved.method}:", f"W = {rows}"]
    if solved.biases is not None:
        lines.append(f"b = {numbers(solved.biases)}")
    lines.append(f"loss there {about(solved.loss)}")
    each = f"each output's {solved.d}" if solved.outputs > 1 else f"the {solved.d}"
    lines.append(f"{each} eigenvalues of the Hessian: {numbers(solved.eigenvalues)}")
    lines.append(_rate_line(solved, about))
    if math.isfinite(solved.condition):
        lines.append(
            f"largest over smallest eigenvalue {about(solved.condition)}: the smallest sets how long descent takes"
        )
    lines.append(
        f"cost: d²(n + d) {about(float(solved.solving))} multiplications to solve, m·n·d"
        f"{'·outputs' if solved.outputs > 1 else ''} {about(float(solved.descending))} to descend,"
        f" with n = {solved.samples} samples, d = {solved.d} parameters{' per output' if solved.outputs > 1 else ''},"
        f" m = {solved.iterations} updates" + (f", {solved.outputs} outputs" if solved.outputs > 1 else "")
    )
    if printer.notation.ascii:
        for char, plain in (("·", "*"), ("²", "^2"), ("η", "eta"), ("∞", "inf")):
            lines = [line.replace(char, plain) for line in lines]
    return lines


def _rate_line(solved: ClosedForm, about: Callable[[float], str]) -> str:
    bound = about(solved.stable_rate)
    line = f"plain gradient descent converges while η is less than 2 over the largest eigenvalue, {bound}"
    if not solved.plain:
        return f"{line}; this scenario updates otherwise, so the bound is not its own"
    rate = solved.learning_rate
    ends = "it converges" if rate < solved.stable_rate else "it diverges"
    if rate == solved.stable_rate:
        ends = "it neither converges nor diverges"
    return f"{line}; here η {about(rate)}: {ends}"
