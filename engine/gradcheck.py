"""The gradients of a record held against differences of its loss: two ways to one number that share no formula.

Every ∂L/∂θ of the backward pass is compared with Ridders' extrapolation of central differences, for which only
the forward pass is run. (C. J. F. Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in
Engineering Software 4 (1982) 75-76: central differences at h, h/2, h/4, … , extrapolated to h = 0 as a
polynomial in h²; where neighbouring extrapolations agree best, their difference bounds the error.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from engine.activations import ACTIVATIONS
from engine.address import Address
from engine.formula.compile import array_function
from engine.formula.nodes import Named, Node, Var, substitute
from engine.iterate import Record, forward
from engine.layers.normalise import Normalise
from engine.layers.stage import Work, gradient_of
from engine.losses import LOSSES
from engine.network import Network
from engine.penalties import in_gradient, on
from engine.quantity import Key
from engine.scenario.model import Array
from engine.state import State
from engine.structs import replace
from engine.trace import Trace

MOST = 200
"""Elements compared per array: 784-16-10 takes some seconds, what fits on a screen is compared whole."""

# Measured on 1,500 random networks (1-5 layers, every activation and loss), 36,000 derivatives: the numeric one is
# within 4e-14 of the analytic one in half of them, relatively, within 6e-9 in 999 of 1,000, and never further off than
# 0.8 times its own estimate of error; the same on 2,500 after training, where a part of the networks explodes. A
# plain central difference at h = 1e-5 reaches 1e-6 at best.
TOLERANCE = 1e-8
"""Relative difference up to which analytic and numeric derivative count as the same."""
TRUST = 10.0
"""Times its own estimate of error that a numeric derivative may be wrong."""
CERTAIN = 1e-6
"""A derivative uncertain by more than this share of the loss (or of 1) says nothing; measured: at most 5e-10."""
FIRST_H = 0.1
"""Of the number moved, or of 1 where that is more; then made to move the z of the network by some 0.03 to 0.5.

Large enough that the rounding of the loss, 1e-16/h, stays small; the extrapolation removes what h is too large.
"""
FARTHEST = 0.5
"""How far h may move a z, or what share of it: activations bend over distances of 1, whatever the scale of the data."""
EPSILON = float(np.finfo(np.float64).eps)
RUNGS = 8
"""Differences extrapolated from at most: from h to h/128."""
NEAREST = 1e-4
"""Share of h below which it is not made smaller to stay clear of a kink: rounding would be all that is left."""

KINK = "at a kink"
ROUGH = "too rough to measure"


class Comparison(Struct, frozen=True):
    """One derivative, both ways."""

    address: Address
    """Of the gradient: dW[1][2,1]@0, dx[2]#1@0."""
    analytic: float
    """As the backward pass has it."""
    numeric: float
    """As differences of the loss have it."""
    error: float
    """Their difference relative to the larger one, or to what can be measured where that is more."""

    def __str__(self) -> str:
        return f"{self.address}: {self.analytic!r}, by differences {self.numeric!r}"


class Skipped(Struct, frozen=True):
    """A derivative that differences cannot check."""

    address: Address
    reason: str
    """KINK or ROUGH."""


class Checked(Struct, frozen=True):
    """How much of one array was looked at."""

    name: str
    """dW[1]"""
    elements: int
    of: int


class GradientReport(Struct, frozen=True):
    """What a gradient check has found."""

    k: int
    """The record whose gradients were checked."""
    compared: int
    """Elements whose derivative was held against differences."""
    arrays: tuple[Checked, ...]
    skipped: tuple[Skipped, ...]
    not_finite: tuple[Address, ...]
    """Elements of which the gradient, or the loss nearby, is not finite."""
    failures: tuple[Comparison, ...]
    worst: Comparison | None
    """The comparison with the largest error; None where nothing was compared."""

    @property
    def ok(self) -> bool:
        """Whether every derivative that could be compared agrees, and all are finite."""
        return not self.failures and not self.not_finite

    @property
    def total(self) -> int:
        """Elements of all arrays, looked at or not."""
        return sum(array.of for array in self.arrays)

    def summary(self) -> str:
        """The report in one sentence."""
        parts = [f"{self.compared:,} of {self.total:,} gradients compared with differences of the loss"]
        if self.worst is not None:
            parts.append(f"largest relative difference {self.worst.error:.1e} at {self.worst.address}")
        for reason in (KINK, ROUGH):
            count = sum(skip.reason == reason for skip in self.skipped)
            if count:
                parts.append(f"{count:,} skipped, {reason}")
        if self.not_finite:
            parts.append(f"{len(self.not_finite):,} not finite")
        if self.failures:
            parts.append(f"{len(self.failures):,} wrong")
        return "; ".join(parts)


def check_gradients(trace: Trace, k: int = 0, most: int = MOST, seed: int = 0) -> GradientReport:
    """Compare ∂L/∂ of every parameter (frozen ones too) and ∂L/∂x of record @k with differences of its loss.

    Of an array with more than `most` elements that many are drawn, the same ones for the same seed. An element is
    skipped where no step beside it keeps every z on its side of its activation's kinks, every output on its side of
    the loss's, and every weight with an l1 penalty on its side of 0. A proximal penalty acts after the update and not
    through the gradient: the loss differences are taken of is the one without it.
    """
    made = trace.record(k)
    # both private: each element is moved and put back
    vector = trace.state(k).vector.copy()
    x = trace.scenario.x.copy()
    training = trace.scenario.training
    penalties = tuple(penalty for penalty in training.penalties if in_gradient(penalty))
    network = Network(replace(trace.scenario, x=x, training=replace(training, penalties=penalties)))
    state = State(k, vector, network.layout)

    absolute = [
        key
        for key in network.parameters
        if any(penalty.name != "l2" and on(penalty, key[0], key[1] or 0) for penalty in penalties)
    ]

    def run() -> Work:
        # beside the arrays of the pass, the parameters whose magnitude is in the loss, as they are while moved
        return {**forward(network, state), **{key: state[key].copy() for key in absolute}}

    base = run()
    sides = _Sides(network, base, absolute)
    check = _Check(k, _rounding(network, made, base))
    for number, (name, layer) in enumerate(network.parameters):
        gradient = Address(f"d{name}", layer, k=k)
        check.array(gradient, made[f"d{name}", layer], state[name, layer], None, run, sides, most, [seed, number])
    rows = network.batches.rows(k)
    # with noise on the inputs the first layer sees xtilde = x + noise: the derivative is the same number
    inputs = gradient_of(("xtilde" if training.input_noise else "x", None))
    whole = Address(inputs[0], k=k)
    check.array(whole, made[inputs], x, rows, run, sides, most, [seed, len(network.parameters)])
    return check.report()


class _Check:
    """A report being filled."""

    def __init__(self, k: int, rounding: float) -> None:
        self._k = k
        self._rounding = rounding
        self._arrays: list[Checked] = []
        self._skipped: list[Skipped] = []
        self._not_finite: list[Address] = []
        self._comparisons: list[Comparison] = []

    def array(
        self,
        whole: Address,
        analytic: Array,
        moved: Array,
        rows: Sequence[int] | np.ndarray | None,
        run: Callable[[], Work],
        sides: _Sides,
        most: int,
        seed: list[int],
    ) -> None:
        """Compare the elements of one gradient; `rows` are the rows of `moved` its first axis stands for."""
        chosen = np.arange(analytic.size)
        if analytic.size > most:
            chosen = np.sort(np.random.default_rng(seed).choice(analytic.size, most, replace=False))
        for flat in chosen:
            place = tuple(int(index) for index in np.unravel_index(flat, analytic.shape))
            at = place if rows is None else (int(rows[place[0]]), *place[1:])
            unit = tuple(index + 1 for index in (place if rows is None else place[1:]))
            address = replace(whole, unit=unit, sample=None if rows is None else place[0] + 1)
            self._element(address, float(analytic[place]), _Loss(moved, at, run, sides))
        self._arrays.append(Checked(str(whole.at(None)), len(chosen), analytic.size))

    def report(self) -> GradientReport:
        worst = max(self._comparisons, key=lambda comparison: comparison.error, default=None)
        return GradientReport(
            self._k,
            len(self._comparisons),
            tuple(self._arrays),
            tuple(self._skipped),
            tuple(self._not_finite),
            tuple(comparison for comparison in self._comparisons if comparison.error > TOLERANCE),
            worst,
        )

    def _element(self, address: Address, analytic: float, loss: _Loss) -> None:
        if not math.isfinite(analytic) or not math.isfinite(loss.start):
            self._not_finite.append(address)
            return
        h = loss.first_step()
        smallest = h * NEAREST
        numeric, uncertain = ridders(loss, h, self._rounding)
        while loss.crossed:
            h /= 4.0
            if h < smallest:
                self._skipped.append(Skipped(address, KINK))
                return
            loss.crossed = False
            numeric, uncertain = ridders(loss, h, self._rounding)
        if not math.isfinite(numeric):
            self._not_finite.append(address)
            return
        # a derivative too small to be measured counts as large as what measuring it can tell
        size = max(abs(analytic), abs(numeric), TRUST * uncertain / TOLERANCE)
        error = abs(analytic - numeric) / size if size else 0.0
        if error <= TOLERANCE and TRUST * uncertain > CERTAIN * max(1.0, loss.largest):
            self._skipped.append(Skipped(address, ROUGH))
            return
        self._comparisons.append(Comparison(address, analytic, numeric, error))


class _Sides:
    """Where every z of the batch lies: how far from where it was, and on which side of each kink."""

    def __init__(self, network: Network, base: Work, absolute: Sequence[Key]) -> None:
        scenario = network.scenario
        self._kinks: list[tuple[Key, tuple[float, ...]]] = [
            ((network.activation_reads(number), number), (*entry.kinks, *entry.bends))
            for number, entry in enumerate((ACTIVATIONS[layer.activation] for layer in scenario.layers), start=1)
            if entry.kinks or entry.bends
        ]
        loss = LOSSES[network.loss.name]
        options: dict[str, Node] = {name: Named(name, value) for name, value in network.loss.options.items()}
        holes: dict[str, Node] = {"y": Var("y"), "yhat": Var("yhat"), **options}
        self._of_loss = [
            array_function(substitute(tree, holes), "y", "yhat") for tree in (loss.kink, loss.bend) if tree is not None
        ]
        self._outputs: Key = ("a", network.depth)
        self._absolute = absolute
        self._base = self._of(base)
        watched: list[Key] = [("z", number) for number in range(1, network.depth + 1)]
        watched += [(name, stage.layer) for stage in _normalised(network) for name in ("xhat", "h")]
        self._z = {key: base[key] for key in watched}

    def farthest(self, work: Work) -> float:
        """How far the z that moved most has moved, relative to it where it is large; 0 where that is no number."""
        with np.errstate(all="ignore"):
            moved = max(float(np.max(np.abs(work[key] - z) / np.maximum(1.0, np.abs(z)))) for key, z in self._z.items())
        return moved if math.isfinite(moved) else 0.0

    def same(self, work: Work) -> bool:
        """Whether nothing has left its side."""
        return all(
            np.array_equal(here, there, equal_nan=True) for here, there in zip(self._base, self._of(work), strict=True)
        )

    def _of(self, work: Work) -> list[Array]:
        with np.errstate(all="ignore"):
            sides: list[Array] = [np.sign(work[key] - kink) for key, kinks in self._kinks for kink in kinks]
            sides += [np.sign(function(work["y", None], work[self._outputs])) for function in self._of_loss]
        return sides + [np.sign(work[key]) for key in self._absolute]


def _normalised(network: Network) -> list[Normalise]:
    return [stage for stage in network.stages if isinstance(stage, Normalise)]


class _Loss:
    """The loss as a function of how far one number is moved."""

    def __init__(self, array: Array, at: tuple[int, ...], run: Callable[[], Work], sides: _Sides) -> None:
        self._array = array
        self._at = at
        self._run = run
        self._sides = sides
        self.start = abs(float(array[at]))
        """Magnitude of the number moved."""
        self.largest = 0.0
        """Magnitude of the largest loss seen."""
        self.crossed = False
        """Whether a difference has reached across a kink."""

    def first_step(self) -> float:
        """The h with which to begin: one that moves some z enough to be seen, and none too far."""
        h = FIRST_H * max(1.0, self.start)
        smallest, largest = h * 1e-15, h * 1e15
        moved = self._sides.farthest(self._moved(h)[1])
        while moved > FARTHEST and h > smallest:
            h /= 4.0
            moved = self._sides.farthest(self._moved(h)[1])
        while 0.0 < moved < FARTHEST / 16.0 and h < largest:
            h *= 4.0
            moved = self._sides.farthest(self._moved(h)[1])
        return h

    def difference(self, h: float) -> float:
        """(L(+h) − L(−h)) / 2h, with the h that float64 makes of it."""
        above, up = self._moved(h)
        below, down = self._moved(-h)
        self.crossed |= not (self._sides.same(up) and self._sides.same(down))
        higher, lower = float(up["loss", None]), float(down["loss", None])
        self.largest = max(self.largest, abs(higher), abs(lower))
        return (higher - lower) / (above - below) if above != below else math.nan

    def _moved(self, h: float) -> tuple[float, Work]:
        start = self._array[self._at]
        self._array[self._at] = moved = start + h
        try:
            return float(moved), self._run()
        finally:
            self._array[self._at] = start


def _rounding(network: Network, made: Record, base: Work) -> float:
    """What the rounding of every z and a adds to the loss: each one's error times the slope of the loss there.

    It is large where digits are lost on the way: in a run that explodes, where ŷ is nearly 1 and the loss of 1 − ŷ,
    where a normalisation divides a small difference by a small deviation.
    """
    total = 0.0
    with np.errstate(all="ignore"):
        for number in range(1, network.depth + 1):
            for slope, values in (("delta", "z"), ("da", "a")):
                total += float(np.abs(made[slope, number] * made[values, number]).sum())
        for stage in _normalised(network):
            total += float(np.abs(made["dh", stage.layer] * made["h", stage.layer]).sum())
            if not stage.running:
                # x̂ = (v − mean)/root: v is rounded before the mean is taken from it
                root = stage.spread(np.sqrt(base["var", stage.layer] + stage.declared.epsilon))
                total += float(np.abs(made["dxhat", stage.layer] * made[stage.source] / root).sum())
        total += float(np.abs(base["data_loss", None]).sum())
        if ("penalty", None) in base:
            total += float(np.abs(base["penalty", None]))
    return EPSILON * total if math.isfinite(total) else 0.0


def ridders(loss: _Loss, h: float, rounding: float) -> tuple[float, float]:
    """The derivative at 0, and how wrong it may be, where the loss is known to within `rounding`."""
    best, uncertain = math.nan, math.inf
    previous: list[float] = []
    for _ in range(RUNGS):
        row = [loss.difference(h)]
        if loss.crossed:
            # between two points on one side there may be points on the other: every rung is looked at
            break
        if not math.isfinite(row[0]):
            # where h is too large for the loss, a smaller one may do
            previous, h = [], h / 2.0
            continue
        # the rounding of the losses, whatever the extrapolations say of each other
        noise = (EPSILON * loss.largest + rounding) / h
        for order, coarser in enumerate(previous, start=1):
            row.append(row[-1] + (row[-1] - coarser) / (4.0**order - 1.0))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser)) + noise
            if error <= uncertain:
                best, uncertain = row[-1], error
        if uncertain <= 1e-13 * abs(best) + noise:
            break
        previous, h = row, h / 2.0
    return best, uncertain
