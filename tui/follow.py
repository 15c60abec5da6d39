"""Following one sample, unit or parameter: stepping then stops only at the steps that concern it.

A sample is a place in the batch. A unit's steps are all that its layer computes for it, a row of W included, and what
the layer computes once for all its units. A parameter's are the parts of its gradient, its slots and its update, and
before them, of every sample, the factors its term of the gradient is made of: δ at the weight's end, a at its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from engine.address import Address
from engine.formula.nodes import Index, Ref
from engine.known import references
from engine.plan import Granularity, Plan
from engine.quantity import Kind, Phase, Quantity
from engine.structs import replace
from tui.recurring import Axis, Box, Recurring, axes_of, meet
from tui.session import Session


class FollowError(ValueError):
    """A step is about nothing of the kind to be followed; the message says why."""


class Following(StrEnum):
    """What can be followed."""

    SAMPLE = "sample"
    UNIT = "unit"
    PARAMETER = "parameter"


class Follow(Struct, frozen=True):
    """What is followed: each part given narrows the steps further."""

    sample: int | None = None
    """Place in the batch, from 1."""
    unit: tuple[int, int] | None = None
    """Layer and unit."""
    parameter: Address | None = None
    """One number, without @k: W[1][2,1]."""

    @classmethod
    def of_step(cls, session: Session, cursor: int, kind: Following) -> Follow:
        """What the step at the cursor is about.

        Raises:
            FollowError: it is about no sample, unit or parameter.
        """
        place = session.trace.plan.place(cursor)
        address, quantity = place.address.at(None), place.quantity
        if kind is Following.SAMPLE:
            if session.trace.network.single:
                raise FollowError("every batch is one sample here: there is none to choose")
            if place.sample is None:
                raise FollowError(
                    f"{address} belongs to the whole batch; expected a step of one sample, like {_some(session)}"
                )
            return cls(sample=place.sample)
        if kind is Following.UNIT:
            if quantity.layer is None or not place.unit:
                raise FollowError(f"{address} belongs to no unit; expected a step of one, like {_some(session)}")
            return cls(unit=(quantity.layer, place.unit[0]))
        name = _parameter_of(quantity.name, [name for name, _ in session.trace.network.parameters])
        if name is None or quantity.layer is None:
            raise FollowError(f"{address} belongs to no parameter; expected a gradient or an update, like dW[1][1,1]")
        return cls(parameter=Address(name, quantity.layer, place.unit))

    def narrowed(self, other: Follow) -> Follow:
        """Both followed at once; where both name the same kind, the other's."""
        return Follow(
            self.sample if other.sample is None else other.sample,
            self.unit if other.unit is None else other.unit,
            self.parameter if other.parameter is None else other.parameter,
        )

    def fits(self, session: Session) -> bool:
        """Whether a walk has what is followed."""
        network = session.trace.network
        if self.sample is not None and self.sample > network.batches.largest:
            # the steps of the whole batch are still there, and would be all that is stopped at
            return False
        if self.unit is not None:
            layer, unit = self.unit
            if layer > network.depth or unit > network.sizes[layer]:
                return False
        return session.last >= 0 and self.count(session.trace.plan, 0) > 0

    def words(self, session: Session) -> str:
        """`unit 2 of layer 1, sample 3`; empty where nothing is followed. ASCII but for names the file gives."""
        parts: list[str] = []
        if self.parameter is not None:
            parts.append(str(self.parameter))
        if self.unit is not None:
            layer, unit = self.unit
            names = session.scenario.output_names
            named = layer == session.trace.network.depth and len(names) >= unit
            parts.append(f"unit {unit} of {session.layer_name(layer)}" + (f" ({names[unit - 1]})" if named else ""))
        if self.sample is not None:
            parts.append(f"sample {self.sample}")
        return ", ".join(parts)

    def concerns(self, plan: Plan, step: int) -> bool:
        """Whether a step is one of those followed."""
        return step in _steps(self, plan)

    def next(self, plan: Plan, cursor: int, granularity: Granularity = Granularity.STEP) -> int | None:
        """The next step followed beyond the cursor's group; None where there is none."""
        return _steps(self, plan).after(cursor, granularity)

    def previous(self, plan: Plan, cursor: int, granularity: Granularity = Granularity.STEP) -> int | None:
        """The first step followed of this group or, from there, of the nearest before that has one; else None."""
        return _steps(self, plan).before(cursor, granularity)

    def count(self, plan: Plan, k: int) -> int:
        """How many steps of iteration k + 1 are followed."""
        return _steps(self, plan).count(k)


def _some(session: Session) -> str:
    """A step that is of a sample and of a unit."""
    address = session.trace.plan.place(0).address.at(None)
    return str(replace(address, sample=None) if session.trace.network.single else address)


def _parameter_of(name: str, parameters: Sequence[str]) -> str | None:
    """The parameter that a gradient (dW, dW_data, dW_clipped), a slot (mhatW) or an update is of."""
    gradient = name.removeprefix("d").partition("_")[0]
    if name.startswith("d") and gradient in parameters:
        return gradient
    return max((one for one in parameters if name.endswith(one)), key=len, default=None)


@lru_cache(maxsize=4)
def _steps(follow: Follow, plan: Plan) -> Recurring:
    return Recurring(plan, _boxes(follow, plan.blocks))


def _boxes(follow: Follow, blocks: Sequence[Quantity]) -> Iterator[Box]:
    factors = list(_factors(follow.parameter, blocks)) if follow.parameter else []
    for block, quantity in enumerate(blocks):
        chosen: list[tuple[Axis, ...]] = [(None,) * axes_of(quantity)]
        if follow.parameter is not None:
            chosen = _met(chosen, _of_parameter(follow.parameter, quantity, factors))
        if follow.unit is not None:
            chosen = _met(chosen, _of_unit(*follow.unit, quantity))
        if follow.sample is not None and quantity.per_sample:
            chosen = _met(chosen, [((follow.sample,), *(None,) * len(quantity.shape))])
        yield from (Box(block, axes) for axes in chosen)


def _met(some: list[tuple[Axis, ...]], others: list[tuple[Axis, ...]]) -> list[tuple[Axis, ...]]:
    return [tuple(meet(a, b) for a, b in zip(one, other, strict=True)) for one in some for other in others]


def _whole(quantity: Quantity, unit: Sequence[Axis]) -> tuple[Axis, ...]:
    """All samples, and these units."""
    return (*((None,) if quantity.per_sample else ()), *unit)


def _of_unit(layer: int, unit: int, quantity: Quantity) -> list[tuple[Axis, ...]]:
    if quantity.layer != layer:
        return []
    if quantity.name == "jacobian":
        # its output's row and its own column
        return [_whole(quantity, ((unit,), None)), _whole(quantity, (None, (unit,)))]
    return [_whole(quantity, ((unit,), *(None,) * (len(quantity.shape) - 1)) if quantity.shape else ())]


def _of_parameter(
    parameter: Address, quantity: Quantity, factors: Sequence[tuple[Ref, Mapping[str, int]]]
) -> list[tuple[Axis, ...]]:
    if quantity.layer == parameter.layer and _is_of(quantity, parameter.name):
        return [_whole(quantity, [(index,) for index in parameter.unit])]
    return [
        _whole(quantity, [_fixed(index, indices) for index in ref.unit])
        for ref, indices in factors
        if (ref.name, ref.layer) == quantity.key
    ]


def _fixed(index: Index, indices: Mapping[str, int]) -> Axis:
    """The one index a formula's index stands for; all, where it is summed over."""
    if isinstance(index, int):
        return (index,)
    return (indices[index],) if index in indices else None


def _is_of(quantity: Quantity, parameter: str) -> bool:
    """Whether a quantity is a part of the parameter's gradient, a slot of it or the parameter itself."""
    if quantity.phase is Phase.UPDATE and quantity.kind is Kind.STATE:
        return _parameter_of(quantity.name, ("W", "b", "gamma", "beta")) == parameter
    return quantity.name in (f"d{parameter}", *(f"d{parameter}_{part}" for part in ("data", "penalty", "clipped")))


def _factors(parameter: Address, blocks: Sequence[Quantity]) -> Iterator[tuple[Ref, Mapping[str, int]]]:
    """What each sample's term of the gradient is made of, with the indices that the parameter fixes."""
    for quantity in blocks:
        if quantity.name in (f"d{parameter.name}", f"d{parameter.name}_data") and quantity.layer == parameter.layer:
            indices = dict(zip(quantity.indices, parameter.unit, strict=True))
            for ref in references(quantity.template) if quantity.template else ():
                if ref.sample is not None:
                    yield ref, indices
