"""The update: an optimizer's rules put to every parameter, as numpy and as quantities of the walk."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.formula.compile import array_function
from engine.formula.nodes import Node, Num, Ref, Var, substitute
from engine.layers.stage import Parameters, Work
from engine.optimizers import OPTIMIZERS, Rule
from engine.quantity import ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Array
from engine.scenario.model import Optimizer as Declared

INDICES = {1: ("j",), 2: ("j", "k")}


class Update:
    """One optimizer bound to the parameters of one network.

    The parameters keep their order: each one's slots are written, then the parameter, then the next one's.
    """

    def __init__(self, declared: Declared, parameters: Mapping[Key, tuple[int, ...]]) -> None:
        self._parameters = parameters
        self._rules = OPTIMIZERS[declared.name].rules
        self._options: dict[str, Node] = {name: Num(value) for name, value in declared.options.items()}
        slots = [rule.slot for rule in self._rules if rule.slot]
        self._holes = ("old", "gradient", "lr", "t", *slots, *(f"{slot}_old" for slot in slots))
        variables: dict[str, Node] = {name: Var(name) for name in self._holes}
        self._compiled = [
            (rule, array_function(substitute(rule.formula, {**variables, **self._options}), *self._holes))
            for rule in self._rules
        ]

    def shapes(self) -> dict[Key, tuple[int, ...]]:
        """Name and shape of everything an update writes: the parameters, and a slot of each."""
        slots = {
            _slot(rule, key): shape for key, shape in self._parameters.items() for rule in self._rules if rule.slot
        }
        return {**self._parameters, **slots}

    def slots_at_start(self) -> dict[Key, Array]:
        """The slots of state @0."""
        return {
            _slot(rule, key): np.full(shape, rule.start)
            for key, shape in self._parameters.items()
            for rule in self._rules
            if rule.slot
        }

    def apply(self, state: Parameters, work: Work, learning_rate: float, t: int) -> dict[Key, Array]:
        """Every array of the state after update number t (from 1). Neither argument is changed."""
        after: dict[Key, Array] = {}
        for name, layer in self._parameters:
            values: dict[str, object] = {
                "old": state[name, layer],
                "gradient": work[f"d{name}", layer],
                "lr": learning_rate,
                "t": t,
            }
            for rule in self._rules:
                if rule.slot:
                    values[f"{rule.slot}_old"] = state[_slot(rule, (name, layer))]
            for rule, function in self._compiled:
                result = function(*(values.get(hole) for hole in self._holes))
                after[_slot(rule, (name, layer)) if rule.slot else (name, layer)] = result
                values[rule.slot] = result
        return after

    def quantities(self) -> tuple[Quantity, ...]:
        """What the update phase steps through, in walking order."""
        return tuple(
            self._quantity(key, shape, rule) for key, shape in self._parameters.items() for rule in self._rules
        )

    def _quantity(self, key: Key, shape: tuple[int, ...], rule: Rule) -> Quantity:
        name, layer = key
        indices = INDICES[len(shape)]

        def ref(written: str, after: bool = False) -> Ref:
            return Ref(written, layer, indices, None, after)

        holes: dict[str, Node] = {
            "old": ref(name),
            "gradient": ref(f"d{name}"),
            "lr": Ref("lr"),
            "t": Ref("t"),
            **self._options,
        }
        for other in self._rules:
            if other.slot:
                holes[other.slot] = ref(other.slot + name, after=True)
                holes[f"{other.slot}_old"] = ref(other.slot + name)
        written = _slot(rule, key)[0] if rule.slot else name
        whole = ArraySymbol(name, layer, shape)
        return Quantity(
            written, layer, Phase.UPDATE, Kind.STATE, shape, indices, False,
            substitute(rule.formula, holes),
            why=rule.why,
            array=() if rule.slot else (whole, " − ", "η", " · ", ArraySymbol(f"d{name}", layer, shape)),
        )  # fmt: skip


def _slot(rule: Rule, key: Key) -> Key:
    return (rule.slot + key[0], key[1])
