"""Batch and layer normalisation: x̂ = (v − mean)/√(var + ε), h = γ·x̂ + β, and the way back, each a step.

With v the array normalised (z, or a), over the n values that share a mean:
∂L/∂x̂ = ∂L/∂h·γ, ∂L/∂var = Σ ∂L/∂x̂·(v − mean)·(−½)(var + ε)^(−3/2),
∂L/∂mean = −Σ ∂L/∂x̂/√(var + ε) − ∂L/∂var·(2/n)·Σ (v − mean),
∂L/∂v = ∂L/∂x̂/√(var + ε) + ∂L/∂var·(2/n)·(v − mean) + ∂L/∂mean/n. (Ioffe & Szegedy 2015; Ba et al. 2016.)
*Batch*: the n samples of one unit. *Layer*: the n units of one sample. With running statistics (evaluation) mean
and variance are given numbers, and only the first term of ∂L/∂v is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import Named, Node, Num, Ref, Size, call, sum_over
from engine.layers.gradient import Gradient
from engine.layers.stage import Derived, Parameters, Work, gradient_of, ref
from engine.quantity import ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Normalisation


class Normalise:
    """h from `source`; arrays (batch, units), mean and var (units,) for batch, (batch,) for layer."""

    def __init__(
        self, layer: int, units: int, source: Key, declared: Normalisation, gamma: Gradient, beta: Gradient
    ) -> None:
        self.layer = layer
        self.units = units
        self.source = source
        self.target: Key = ("h", layer)
        self.declared = declared
        self.gamma = gamma
        self.beta = beta
        self.batch = declared.kind == "batch"
        self.running = declared.statistics == "running"
        self._axis = 0 if self.batch else 1

    # numpy

    def forward(self, work: Work, state: Parameters) -> None:
        layer, values = self.layer, work[self.source]
        if self.running:
            mean, var = state["running_mean", layer], state["running_var", layer]
        else:
            mean = values.mean(axis=self._axis)
            var = ((values - self.spread(mean)) ** 2).mean(axis=self._axis)
            work["mean", layer], work["var", layer] = np.asarray(mean), np.asarray(var)
        root = np.sqrt(var + self.declared.epsilon)
        work["xhat", layer] = (values - self.spread(mean)) / self.spread(root)
        work[self.target] = state["gamma", layer] * work["xhat", layer] + state["beta", layer]

    def backward(self, work: Work, state: Parameters) -> None:
        layer, d = self.layer, work[gradient_of(self.target)]
        xhat = work["xhat", layer]
        self.gamma.write(work, state, (d * xhat).sum(axis=0))
        self.beta.write(work, state, d.sum(axis=0))
        dxhat = d * state["gamma", layer]
        work["dxhat", layer] = dxhat
        if self.running:
            work[gradient_of(self.source)] = dxhat / np.sqrt(state["running_var", layer] + self.declared.epsilon)
            return
        values, axis = work[self.source], self._axis
        centred = values - self.spread(work["mean", layer])
        under = work["var", layer] + self.declared.epsilon
        n = values.shape[axis]
        dvar = (dxhat * centred * -0.5).sum(axis=axis) / (under * np.sqrt(under))
        dmean = -dxhat.sum(axis=axis) / np.sqrt(under) - dvar * 2.0 / n * centred.sum(axis=axis)
        work["dvar", layer], work["dmean", layer] = np.asarray(dvar), np.asarray(dmean)
        work[gradient_of(self.source)] = (
            dxhat / self.spread(np.sqrt(under)) + self.spread(dvar) * 2.0 / n * centred + self.spread(dmean) / n
        )

    def spread(self, statistic: Any) -> Any:
        """A statistic beside the array it was taken of."""
        return statistic if self.batch else np.asarray(statistic)[:, None]

    def running_after(self, work: Work, state: Parameters) -> dict[Key, Any]:
        """The running statistics after this batch; none where they are not kept."""
        if not self.batch or self.running:
            return {}
        layer, share = self.layer, self.declared.momentum
        n = work[self.source].shape[0]
        var = work["var", layer] * (n / (n - 1)) if self._unbiased(n) else work["var", layer]
        return {
            ("running_mean", layer): (1 - share) * state["running_mean", layer] + share * work["mean", layer],
            ("running_var", layer): (1 - share) * state["running_var", layer] + share * var,
        }

    def _unbiased(self, n: int) -> bool:
        return self.declared.unbiased_running and n > 1

    # templates

    def forward_quantities(self) -> tuple[Quantity, ...]:
        value, mean, var = ref(self.source, "j"), self._statistic("mean"), self._statistic("var")
        statistics: tuple[Quantity, ...] = ()
        if not self.running:
            over = "the batch" if self.batch else "the layer"
            statistics = (
                self._of_statistic("mean", Phase.FORWARD, self._sum(self._value()) / self._n(), f"Mean over {over}."),
                self._of_statistic(
                    "var", Phase.FORWARD, self._sum((self._value() - mean) ** 2) / self._n(),
                    f"The variance over {over}, with n below.",
                ),
            )  # fmt: skip
        xhat = self._elementwise(
            "xhat", Phase.FORWARD, (value - mean) / call("sqrt", var + self._epsilon()),
            "Centred and scaled: mean 0 and variance 1 over what shares the statistics.",
        )  # fmt: skip
        h = self._elementwise(
            "h", Phase.FORWARD, self._gamma() * ref(("xhat", self.layer), "j") + Ref("beta", self.layer, ("j",)),
            "Scale γ and shift β are learnt, so the network can undo the normalisation.",
            array=(
                ArraySymbol("gamma", self.layer, (self.units,)), " ⊙ ", ArraySymbol("xhat", self.layer, (self.units,)),
                " + ", ArraySymbol("beta", self.layer, (self.units,)),
            ),
        )  # fmt: skip
        return (*statistics, xhat, h)

    def backward_quantities(self) -> tuple[Quantity, ...]:
        d, xhat, dxhat = (
            ref(gradient_of(self.target), "j"),
            ref(("xhat", self.layer), "j"),
            ref(("dxhat", self.layer), "j"),
        )
        scale = self.gamma.quantities(
            sum_over("s", SAMPLES, d * xhat), "γ scales x̂: each sample's gradient times its x̂, summed.", ()
        )
        shift = self.beta.quantities(sum_over("s", SAMPLES, d), "β adds with factor 1: the gradients, summed.", ())
        through = self._elementwise("dxhat", Phase.BACKWARD, d * self._gamma(), "Back through the scale γ.")
        under = self._statistic("var") + self._epsilon()
        root = call("sqrt", under)
        name, _ = gradient_of(self.source)
        if self.running:
            back = self._elementwise(
                name, Phase.BACKWARD, dxhat / root, "Mean and variance are given numbers here: only the scale is left."
            )
            return (*scale, *shift, through, back)
        centred = self._value() - self._statistic("mean")
        dvar = self._of_statistic(
            "dvar", Phase.BACKWARD, self._sum(ref(("dxhat", self.layer), self._open) * centred * -0.5) / (under * root),
            "Every value that shares the variance acts on the loss through it.",
        )  # fmt: skip
        dmean = self._of_statistic(
            "dmean", Phase.BACKWARD,
            -(self._sum(ref(("dxhat", self.layer), self._open)) / root)
            - self._statistic("dvar") * 2 / self._n() * self._sum(centred),
            "Every value acts on the loss through the mean, directly and through the variance (that sum is 0 but for"
            " rounding).",
        )  # fmt: skip
        here = ref(self.source, "j") - self._statistic("mean")
        back = self._elementwise(
            name, Phase.BACKWARD,
            dxhat / root + self._statistic("dvar") * 2 / self._n() * here + self._statistic("dmean") / self._n(),
            "Three ways to the loss: directly, through the variance, through the mean.",
        )  # fmt: skip
        return (*scale, *shift, through, dvar, dmean, back)

    def running_quantities(self) -> tuple[Quantity, ...]:
        """What the update phase does to the running statistics."""
        if not self.batch or self.running:
            return ()
        share = Named("share", self.declared.momentum)

        def kept(name: str, new: Node, why: str) -> Quantity:
            old = Ref(name, self.layer, ("j",))
            return Quantity(
                name, self.layer, Phase.UPDATE, Kind.STATE, (self.units,), ("j",), False,
                (1 - share) * old + share * new, why=why,
            )  # fmt: skip

        var: Node = Ref("var", self.layer, ("j",))
        if self.declared.unbiased_running:
            n = Size(SAMPLES, "n")
            # one sample has no unbiased variance: its own (0) is taken
            var = var * n / call("max", n - 1, 1)
        return (
            kept("running_mean", Ref("mean", self.layer, ("j",)), "Kept for evaluation: the old mean fades."),
            kept("running_var", var, "Likewise the variance."),
        )

    def derived(self) -> Derived:
        return {}

    @property
    def _open(self) -> str:
        """The index of a unit inside a sum over what shares a statistic."""
        return "j" if self.batch else "i"

    def _value(self) -> Ref:
        return ref(self.source, self._open)

    def _sum(self, body: Node) -> Node:
        return sum_over("s", SAMPLES, body) if self.batch else sum_over("i", units_of(self.layer), body)

    def _n(self) -> Node:
        return Size(SAMPLES, "n") if self.batch else Num(float(self.units))

    def _epsilon(self) -> Node:
        return Named("epsilon", self.declared.epsilon)

    def _gamma(self) -> Ref:
        return Ref("gamma", self.layer, ("j",))

    def _statistic(self, name: str) -> Ref:
        if self.running:
            return Ref(f"running_{name}", self.layer, ("j",))
        return Ref(name, self.layer, ("j",)) if self.batch else Ref(name, self.layer, (), "s")

    def _of_statistic(self, name: str, phase: Phase, template: Node, why: str) -> Quantity:
        shape: tuple[int, ...] = (self.units,) if self.batch else ()
        indices: tuple[str, ...] = ("j",) if self.batch else ()
        return Quantity(name, self.layer, phase, Kind.RECORD, shape, indices, not self.batch, template, why=why)

    def _elementwise(self, name: str, phase: Phase, template: Node, why: str, array: Any = ()) -> Quantity:
        return Quantity(
            name, self.layer, phase, Kind.RECORD, (self.units,), ("j",), True, template, why=why, array=array
        )
