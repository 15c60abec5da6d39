"""How the gradient of one parameter is put together: the data's part, the penalties', and their sum.

Where a parameter has no penalty the data's part is the gradient; where it has, both parts are steps of their own:
`dW_data`, `dW_penalty`, `dW`. A frozen parameter's gradient can be looked up, but nothing steps through it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from engine.formula.compile import array_function
from engine.formula.nodes import Add, Named, Neg, Node, Num, Ref, Var, substitute
from engine.layers.stage import Parameters, Work
from engine.penalties import PENALTIES, in_gradient
from engine.quantity import ArrayForm, Kind, Phase, Quantity
from engine.scenario.model import Array, Penalty

INDICES: dict[int, tuple[str, ...]] = {0: (), 1: ("j",), 2: ("j", "k")}
"""Index variables of a parameter by its number of axes."""


class Gradient(Struct, frozen=True):
    """∂L/∂ of the parameter `name` of `layer`."""

    name: str
    layer: int
    shape: tuple[int, ...]
    penalties: tuple[Penalty, ...] = ()
    """Those that are on it."""
    sign: float = 1.0
    """−1 under ascent: the penalty is taken from the objective."""
    frozen: bool = False

    @property
    def apart(self) -> bool:
        """Whether data and penalty are steps of their own."""
        # most have none, and every update asks
        return bool(self.penalties) and any(in_gradient(penalty) for penalty in self.penalties)

    def write(self, work: Work, state: Parameters, data: Any) -> None:
        """Put the parts and their sum into the record; `data` is the data's part."""
        part: Array = np.asarray(data)
        if not self.apart:
            work[f"d{self.name}", self.layer] = part
            return
        total = np.asarray(self._penalty_array(state[self.name, self.layer]))
        work[f"d{self.name}_data", self.layer] = part
        work[f"d{self.name}_penalty", self.layer] = total
        work[f"d{self.name}", self.layer] = np.asarray(part + total)

    def quantities(self, template: Node, why: str, array: ArrayForm) -> list[Quantity]:
        """The steps, `template` being the data's part."""
        if not self.apart:
            return [self._quantity("", template, why, array)]
        parameter = Ref(self.name, self.layer, INDICES[len(self.shape)])
        return [
            self._quantity("_data", template, why, array),
            self._quantity(
                "_penalty", self._penalty_tree(parameter),
                "The penalty's part: it pulls the parameter towards 0 whatever the data say.",
            ),
            self._quantity("", self._part("_data") + self._part("_penalty"), "Data and penalty together."),
        ]  # fmt: skip

    def _part(self, suffix: str) -> Ref:
        return Ref(f"d{self.name}{suffix}", self.layer, INDICES[len(self.shape)])

    def _quantity(self, suffix: str, template: Node, why: str, array: ArrayForm = ()) -> Quantity:
        return Quantity(
            f"d{self.name}{suffix}", self.layer, Phase.BACKWARD, Kind.RECORD, self.shape, INDICES[len(self.shape)],
            False, template, why=why, array=array, in_walk=not self.frozen,
        )  # fmt: skip

    def _penalty_tree(self, parameter: Node) -> Node:
        terms = tuple(
            penalty_coefficient(penalty) * substitute(PENALTIES[penalty.name].derivative(penalty), {"w": parameter})
            for penalty in self.penalties
            if in_gradient(penalty)
        )
        tree = terms[0] if len(terms) == 1 else Add(terms)
        return Neg(tree) if self.sign < 0 else tree

    def _penalty_array(self, values: Array) -> Array:
        result: Array = array_function(self._penalty_tree(Var("w")), "w")(values)
        return result


def penalty_coefficient(penalty: Penalty) -> Node:
    """factor·strength as it is written before the sum: a factor of 1 is left out."""
    strength = Named("strength", penalty.strength)
    if penalty.factor == 1.0:
        return strength
    return Num(penalty.factor, "½" if penalty.factor == 0.5 else "") * strength
