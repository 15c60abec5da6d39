"""What a quantity is: a named thing with a shape, a phase, a kind and one formula template."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from engine.activations import Stated
from engine.formula.nodes import Node, Ref


class Phase(StrEnum):
    """The four parts of an iteration, in order."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


class Kind(StrEnum):
    STATE = "state"
    """Carried from one iteration to the next; @k is after k updates."""
    RECORD = "record"
    """Computed within an iteration; @k is computed from state @k."""


class ArraySymbol(Struct, frozen=True):
    """A whole array in a formula of arrays, with the shape printed beside it."""

    name: str
    layer: int | None
    shape: tuple[int, ...]
    """As matrices conform on paper: a vector is a column (n,), its transpose a row (1, n)."""
    transposed: bool = False


ArrayForm = tuple[str | ArraySymbol, ...]
"""A formula between whole arrays: symbols and the operators between them."""

Key = tuple[str, int | None]
"""A quantity's name and layer."""


class Quantity(Struct, frozen=True, eq=False):
    """One named array of a walk, everything there is to say about its elements said once."""

    name: str
    layer: int | None
    phase: Phase
    kind: Kind
    shape: tuple[int, ...]
    """Of one sample's value: (units,), (units out, units in) or ()."""
    indices: tuple[str, ...]
    """The index variables of `template`, one per axis of `shape`."""
    per_sample: bool
    template: Node | None
    """The formula computed, at the level of indices; None for what is given (x, y)."""
    why: str = ""
    """A sentence for people: what this number is and why it is needed now."""
    called: Node | None = None
    """The same by a function's name: σ(z). Printed, never evaluated."""
    stated: Stated | None = None
    """The textbook's form, where another is computed."""
    array: ArrayForm = ()
    """The formula of the whole array."""
    long_way: tuple[tuple[Ref, Node], ...] = ()
    """Where a shortcut is used: the equations that lead to the same value without it."""
    valid: str = ""
    """When the shortcut holds."""
    summed: bool = False
    """Per-sample terms of a sum: the name without #s is the sum."""
    in_walk: bool = True
    """Whether its elements are steps. Derived quantities are only looked up."""

    @property
    def key(self) -> Key:
        return (self.name, self.layer)

    @property
    def ref(self) -> Ref:
        """The quantity itself at its indices: the left side of its formula."""
        return Ref(
            self.name,
            self.layer,
            self.indices,
            "s" if self.per_sample else None,
            self.kind is Kind.STATE and self.phase is Phase.UPDATE,
        )
