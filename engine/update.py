"""The update: an optimizer's rules put to every parameter, as numpy and as quantities of the walk.

In order: the learning rate where a schedule changes it, then each parameter's slots and the parameter itself, then
the running statistics of the normalisations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.formula.compile import array_function, array_function_into
from engine.formula.evaluate import evaluate
from engine.formula.nodes import Named, Node, Num, Ref, Var, call, maximum, substitute
from engine.layers.gradient import INDICES, penalty_coefficient
from engine.layers.normalise import Normalise
from engine.layers.stage import Parameters, Work
from engine.optimizers import OPTIMIZERS, Options, Rule
from engine.quantity import ArrayForm, ArraySymbol, Key, Kind, Phase, Quantity
from engine.scenario.model import Array, Penalty, Training
from engine.schedules import rate


class Update:
    """One optimizer bound to the parameters of one network."""

    def __init__(
        self,
        training: Training,
        parameters: Mapping[Key, tuple[int, ...]],
        proximal: Mapping[Key, Sequence[Penalty]],
        normalised: Sequence[Normalise],
    ) -> None:
        declared = training.optimizer
        entry = OPTIMIZERS[declared.name]
        options: Options = {
            **entry.options, **declared.options, "maximise": training.direction == "maximise",
        }  # fmt: skip
        self.learning_rate = declared.learning_rate
        self.kept: tuple[Key, ...] = ()
        """What no update changes: frozen parameters, given statistics."""
        self._parameters = parameters
        """Those that are updated, in order."""
        self._rules = entry.make(options)
        self._options: dict[str, Node] = {
            name: Named(name, float(value)) for name, value in options.items() if not isinstance(value, str)
        }
        self._ascent = training.direction == "maximise"
        self._plain = len(self._rules) == 1 and not options.get("weight_decay")
        """Whether the whole update is one line, w ± η·gradient."""
        self._gradient = "{}_clipped" if training.clipping else "{}"
        self._gradients = {(name, layer): (self._gradient.format(f"d{name}"), layer) for name, layer in parameters}
        """Where each parameter's gradient is."""
        self._proximal = proximal
        self._normalised = normalised
        self.listed = training.schedule.values if training.schedule else ()
        """η per update, where a list gives it."""
        scheduled = training.schedule is not None and training.schedule.name not in ("constant", "list")
        self._schedule = rate(training.schedule, declared.learning_rate) if training.schedule and scheduled else None
        slots = [rule.slot for rule in self._rules if rule.slot]
        self._holes = ("old", "gradient", "lr", "t", *slots, *(f"{slot}_old" for slot in slots))
        variables: dict[str, Node] = {name: Var(name) for name in self._holes}
        self._compiled = [
            (rule, array_function_into(substitute(rule.formula, {**variables, **self._options}), *self._holes))
            for rule in self._rules
        ]

    def rate_at(self, t: int) -> float:
        """η of update number t, from 1; past the end of a list its last one."""
        if self.listed:
            return self.listed[min(t, len(self.listed)) - 1]
        if self._schedule is None:
            return self.learning_rate
        return evaluate(substitute(self._schedule, {"t": Num(float(t))}))

    def shapes(self) -> dict[Key, tuple[int, ...]]:
        """Name and shape of everything an optimizer writes: the parameters, and a slot of each."""
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

    @property
    def in_place(self) -> bool:
        """Whether an update reads no old number after it has written a new one, and each gradient once."""
        return self._plain and not self._proximal

    def write(self, after: Parameters, state: Parameters, work: Work, t: int, spoil: bool = False) -> None:
        """Update number t (from 1): every array of the state, put into those of `after`, which are written over.

        With `spoil`, for updates that can be made in place: the gradients are written over too, and `after` may be
        `state`.
        """
        eta = self.rate_at(t)
        for parameter, gradient_key in self._gradients.items():
            if spoil:
                # one line, without slots
                gradient = work[gradient_key]
                self._compiled[0][1](state[parameter], gradient, eta, float(t), after[parameter], gradient)
                continue
            values: dict[str, Any] = {
                "old": state[parameter], "gradient": work[gradient_key], "lr": eta, "t": float(t),
            }  # fmt: skip
            for rule in self._rules:
                if rule.slot:
                    values[f"{rule.slot}_old"] = state[_slot(rule, parameter)]
            for rule, function in self._compiled:
                key = _slot(rule, parameter)
                result = after[key]
                function(*(values.get(hole) for hole in self._holes), result, result)
                if not rule.slot:
                    for penalty in self._proximal.get(key, ()):
                        shrink = array_function(_shrunk(Var("moved"), Var("lr"), penalty), "moved", "lr")
                        result[...] = shrink(result, eta)
                values[rule.slot] = result
        for stage in self._normalised:
            for key, array in stage.running_after(work, state).items():
                after[key][...] = array
        if after is not state:
            for key in self.kept:
                after[key][...] = state[key]

    def quantities(self) -> tuple[Quantity, ...]:
        """What the update phase steps through, in walking order."""
        return (
            self._rate_quantity(),
            *(self._quantity(key, shape, rule) for key, shape in self._parameters.items() for rule in self._rules),
            *(quantity for stage in self._normalised for quantity in stage.running_quantities()),
        )

    def _rate_quantity(self) -> Quantity:
        """The learning rate: a step where it changes, else given."""
        template = substitute(self._schedule, {"t": Ref("t")}) if self._schedule else None
        return Quantity(
            "lr", None, Phase.UPDATE, Kind.RECORD, (), (), False, template,
            why="The learning rate of this update." if template else "The learning rate, as the file gives it.",
            in_walk=template is not None,
        )  # fmt: skip

    def _quantity(self, key: Key, shape: tuple[int, ...], rule: Rule) -> Quantity:
        name, layer = key
        indices = INDICES[len(shape)]

        def ref(written: str, after: bool = False) -> Ref:
            return Ref(written, layer, indices, None, after)

        gradient = self._gradient.format(f"d{name}")
        holes: dict[str, Node] = {
            "old": ref(name), "gradient": ref(gradient), "lr": Ref("lr"), "t": Ref("t"), **self._options,
        }  # fmt: skip
        for other in self._rules:
            if other.slot:
                holes[other.slot] = ref(other.slot + name, after=True)
                holes[f"{other.slot}_old"] = ref(other.slot + name)
        template = substitute(rule.formula, holes)
        why = rule.why
        if not rule.slot:
            for penalty in self._proximal.get(key, ()):
                template = _shrunk(template, Ref("lr"), penalty)
                why += " Then the proximal step: nearer to 0 by η times the strength, and exactly 0 once that near."
        array: ArrayForm = ()
        if self._plain and key not in self._proximal:
            sign = " + " if self._ascent else " − "
            array = (ArraySymbol(name, layer, shape), sign, "η", " · ", ArraySymbol(gradient, layer, shape))
        return Quantity(
            _slot(rule, key)[0], layer, Phase.UPDATE, Kind.STATE, shape, indices, False, template,
            why=why,
            array=array,
        )  # fmt: skip


def _shrunk(moved: Node, eta: Node, penalty: Penalty) -> Node:
    """The proximal step of η·factor·strength·|w|: a soft threshold. (Daubechies, Defrise & De Mol 2004.)"""
    threshold = eta * penalty_coefficient(penalty)
    return call("sign", moved) * maximum(call("abs", moved) - threshold, 0)


def _slot(rule: Rule, key: Key) -> Key:
    return (rule.slot + key[0], key[1])
