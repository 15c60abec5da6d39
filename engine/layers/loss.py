"""The last stage: the loss forwards, ∂L/∂ŷ backwards; the penalties, always apart from the data's part.

`loss` is one number per iteration. Where a batch may hold several samples, each sample's term `data_loss#s` is
a step of its own; the terms, denominators included, sum to `data_loss`. With penalties `loss = data_loss + penalty`;
under ascent the objective is −L and the penalty is taken from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.activations import Stated
from engine.formula.compile import array_function
from engine.formula.ground import SAMPLES, units_of
from engine.formula.nodes import Add, Named, Node, Ref, Var, substitute, sum_over
from engine.layers.gradient import INDICES, penalty_coefficient
from engine.layers.stage import Derived, Parameters, Work, ref
from engine.losses import LOSSES, coefficient, over_units, scaled
from engine.penalties import PENALTIES
from engine.quantity import ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Array, Loss, Penalty

Penalised = Sequence[tuple[Penalty, Sequence[tuple[Key, tuple[int, ...]]]]]
"""Each penalty with the parameters it is on and their shapes."""

TOTALS: Key = ("totals", None)
"""Each sample's loss before its coefficient, where the activation below has it already."""


def _options(loss: Loss) -> dict[str, Node]:
    return {name: Named(name, value) for name, value in loss.options.items()}


def output_slope(loss: Loss, layer: int) -> Node:
    """∂L/∂ŷ_j of the last layer as a formula of y and ŷ."""
    entry = LOSSES[loss.name]
    if entry.slope is not None:
        return scaled(loss, entry.slope.tree(("a", layer)))
    assert entry.derivative is not None
    slope = substitute(entry.derivative, {"y": ref(("y", None), "j"), "yhat": ref(("a", layer), "j"), **_options(loss)})
    return scaled(loss, slope, entry.derivative_factor)


class LossStage:
    """L from ŷ = a[layer] and y, both (batch, units)."""

    def __init__(
        self, layer: int, units: int, activation: str, logits: Key, loss: Loss, penalised: Penalised, many: bool
    ) -> None:
        self.layer = layer
        self.units = units
        self.loss = loss
        self.logits = logits
        """What the last activation reads."""
        self.penalised = penalised
        self.many = many
        """Whether a batch may hold more than one sample."""
        self.entry = LOSSES[loss.name]
        self.shortcut = self.entry.shortcuts.get(activation)
        holes: dict[str, Node] = {"y": Var("y"), "yhat": Var("yhat"), **_options(loss)}
        self._term = array_function(substitute(self.entry.term, holes), "y", "yhat") if self.entry.term else None
        self._slope = (
            array_function(substitute(self.entry.derivative, holes), "y", "yhat") if self.entry.derivative else None
        )

    # numpy

    def forward(self, work: Work, state: Parameters) -> None:
        y, yhat = work["y", None], work["a", self.layer]
        if TOTALS in work:
            totals = work.pop(TOTALS)
        elif self.shortcut:
            totals = self.shortcut.from_logits.array(work[self.logits], y)
        elif self.entry.total:
            totals = self.entry.total.array(yhat, y)
        else:
            assert self._term is not None
            totals = self._term(y, yhat).sum(axis=1)
        work["data_loss", None] = coefficient(self.loss, *yhat.shape) * totals
        loss = work["data_loss", None].sum()
        if self.penalised:
            penalty = sum(self._penalty(penalty, on, state) for penalty, on in self.penalised)
            work["penalty", None] = np.asarray(penalty)
            loss = loss - penalty if self.loss.factor < 0.0 else loss + penalty
        work["loss", None] = np.asarray(loss)

    def _penalty(self, penalty: Penalty, on: Sequence[tuple[Key, tuple[int, ...]]], state: Parameters) -> float:
        term = array_function(PENALTIES[penalty.name].term(penalty), "w")
        return penalty.factor * penalty.strength * sum(float(np.sum(term(state[key]))) for key, _ in on)

    def backward(self, work: Work, state: Parameters) -> None:
        if not self.shortcut:
            work["da", self.layer] = self._output_slope(work)

    def _output_slope(self, work: Work) -> Array:
        """∂L/∂ŷ, shape (batch, units)."""
        y, yhat = work["y", None], work["a", self.layer]
        factor = coefficient(self.loss, *yhat.shape) * self.entry.derivative_factor
        if self.entry.slope:
            return factor * self.entry.slope.array(yhat, y)
        assert self._slope is not None
        slope: Array = np.broadcast_to(factor * self._slope(y, yhat), yhat.shape).copy()
        return slope

    # templates

    def forward_quantities(self) -> tuple[Quantity, ...]:
        per_sample, stated = self._per_sample()
        why = "How wrong the prediction is, as one number: what training makes smaller."
        if self.loss.factor < 0.0:
            why = "The objective, as one number: what training makes larger."
        whole = (
            sum_over("s", SAMPLES, Ref("data_loss", None, (), "s")) if self.many else Ref("data_loss", None, (), "s")
        )
        term = self._quantity(
            "data_loss", per_sample, stated, True, in_walk=self.many or bool(self.penalised),
            why="This sample's part of the loss, the denominators of any mean included."
            if self.many else "The part of the loss that the data make.",
        )  # fmt: skip
        if not self.penalised:
            if not self.many:
                # one sample: its term is the loss, and there is nothing left to sum
                return (term, self._quantity("loss", per_sample, stated, False, why=why))
            return (term, self._quantity("loss", whole, None, False, why=f"{why} The samples' parts, summed."))
        penalty: Node = Ref("penalty")
        parts = whole - penalty if self.loss.factor < 0.0 else whole + penalty
        return (
            term,
            self._quantity(
                "penalty", self._penalty_tree(), None, False,
                why="The price of large parameters; it does not look at the data.",
            ),
            self._quantity("loss", parts, None, False, why=f"{why} Data and penalty, always apart until here."),
        )  # fmt: skip

    def backward_quantities(self) -> tuple[Quantity, ...]:
        units = (self.units,)
        return (
            Quantity(
                "da", self.layer, Phase.BACKWARD, Kind.RECORD, units, ("j",), True,
                output_slope(self.loss, self.layer),
                why="Where the way back begins: how the loss changes with this output.",
                array=("∂L/∂ŷ of ", ArraySymbol("a", self.layer, units), " and ", ArraySymbol("y", None, units)),
                in_walk=self.shortcut is None,
            ),
        )  # fmt: skip

    def derived(self) -> Derived:
        return {("da", self.layer): lambda work, state: self._output_slope(work)} if self.shortcut else {}

    def _per_sample(self) -> tuple[Node, Node | None]:
        """The loss of sample s: the formula computed, and the textbook's where that is another."""
        output: Key = ("a", self.layer)
        if self.entry.total:
            return scaled(self.loss, self.entry.total.tree(output)), None
        assert self.entry.term is not None
        holes = {"y": ref(("y", None), "j"), "yhat": ref(output, "j"), **_options(self.loss)}
        textbook = scaled(self.loss, over_units(self.layer, substitute(self.entry.term, holes)))
        if not self.shortcut:
            return textbook, None
        return scaled(self.loss, self.shortcut.from_logits.tree(self.logits)), textbook

    def _penalty_tree(self) -> Node:
        parts: list[Node] = []
        for penalty, on in self.penalised:
            sums = [self._parameter_sum(PENALTIES[penalty.name].term(penalty), key, shape) for key, shape in on]
            parts.append(penalty_coefficient(penalty) * (sums[0] if len(sums) == 1 else Add(tuple(sums))))
        return parts[0] if len(parts) == 1 else Add(tuple(parts))

    def _parameter_sum(self, term: Node, key: Key, shape: tuple[int, ...]) -> Node:
        name, layer = key
        indices = INDICES[len(shape)]
        body = substitute(term, {"w": Ref(name, layer, indices)})
        spaces = [units_of(layer or 0), units_of((layer or 1) - 1)]
        for index, space in reversed(list(zip(indices, spaces, strict=False))):
            body = sum_over(index, space, body)
        return body

    def _quantity(
        self, name: str, template: Node, textbook: Node | None, per_sample: bool, why: str = "", in_walk: bool = True
    ) -> Quantity:
        stated = Stated(textbook, "while ŷ has not been rounded to 0 or 1") if textbook else None
        return Quantity(
            name,
            None,
            Phase.LOSS,
            Kind.RECORD,
            (),
            (),
            per_sample,
            template,
            why=why,
            stated=stated,
            summed=per_sample,
            in_walk=in_walk,
        )
