"""Gradient clipping, after every gradient is known: by value each on its own, by norm all together.

By norm: every gradient is multiplied by min(1, limit/‖g‖), ‖g‖ the length of all gradients as one vector
(Pascanu, Mikolov & Bengio 2013). The direction stays; by value it does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from engine.formula.ground import units_of
from engine.formula.nodes import Add, Named, Node, Ref, call, maximum, sum_over
from engine.layers.gradient import INDICES
from engine.layers.stage import Derived, Parameters, Work
from engine.quantity import Key, Kind, Phase, Quantity
from engine.scenario.model import Clipping


class Clip:
    """The first stage of the chain, so that its way back comes last. `updated`: parameters and their shapes."""

    def __init__(self, declared: Clipping, updated: Mapping[Key, tuple[int, ...]]) -> None:
        self.declared = declared
        self.updated = updated

    def forward(self, work: Work, state: Parameters) -> None:
        """Nothing: gradients come later."""

    def backward(self, work: Work, state: Parameters) -> None:
        limit = self.declared.limit
        gradients = {(f"d{name}", layer): work[f"d{name}", layer] for name, layer in self.updated}
        if self.declared.by == "value":
            for (name, layer), gradient in gradients.items():
                work[f"{name}_clipped", layer] = np.asarray(np.maximum(np.minimum(gradient, limit), -limit))
            return
        norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values()))
        work["gradient_norm", None] = np.asarray(norm)
        for (name, layer), gradient in gradients.items():
            work[f"{name}_clipped", layer] = np.asarray(gradient * limit / np.maximum(norm, limit))

    def forward_quantities(self) -> tuple[Quantity, ...]:
        return ()

    def backward_quantities(self) -> tuple[Quantity, ...]:
        limit = Named("limit", self.declared.limit)
        if self.declared.by == "value":
            return tuple(
                self._clipped(
                    key, shape, maximum(call("min", self._gradient(key, shape), limit), -limit), "each element"
                )
                for key, shape in self.updated.items()
            )
        norm = Ref("gradient_norm")
        # limit/max(‖g‖, limit) is min(1, limit/‖g‖), and needs no case of its own where the norm is 0
        return (
            Quantity(
                "gradient_norm", None, Phase.BACKWARD, Kind.RECORD, (), (), False, self._norm(),
                why="The length of all gradients taken together as one vector.",
            ),
            *(
                self._clipped(key, shape, self._gradient(key, shape) * limit / maximum(norm, limit), "the gradient")
                for key, shape in self.updated.items()
            ),
        )  # fmt: skip

    def derived(self) -> Derived:
        return {}

    def _gradient(self, key: Key, shape: tuple[int, ...]) -> Ref:
        return Ref(f"d{key[0]}", key[1], INDICES[len(shape)])

    def _clipped(self, key: Key, shape: tuple[int, ...], template: Node, what: str) -> Quantity:
        return Quantity(
            f"d{key[0]}_clipped", key[1], Phase.BACKWARD, Kind.RECORD, shape, INDICES[len(shape)], False, template,
            why=f"Clipping keeps {what} within the limit; the update uses this.",
        )  # fmt: skip

    def _norm(self) -> Node:
        squares: list[Node] = []
        for key, shape in self.updated.items():
            body: Node = self._gradient(key, shape) ** 2
            spaces = [units_of(key[1] or 0), units_of((key[1] or 1) - 1)]
            for index, space in reversed(list(zip(INDICES[len(shape)], spaces, strict=False))):
                body = sum_over(index, space, body)
            squares.append(body)
        return call("sqrt", squares[0] if len(squares) == 1 else Add(tuple(squares)))
