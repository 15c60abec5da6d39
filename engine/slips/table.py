"""The slips people make in exactly these calculations: a table, one entry each.

A slip is a walk with another formula in one place, or a number read off in the wrong place. An entry gives its variants
for an address (which layer, which path); everything that follows from the changed formula follows by itself. The
list is that of solutions handed in to the exercises; truncation where rounding was meant is told apart when numbers are
compared (`engine.expect`), and slips in closed forms and costs have no number in a walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from engine.slips import back, values
from engine.slips.site import Site, Variant


class Slip(Struct, frozen=True):
    name: str
    variants: Callable[[Site], Iterator[Variant]]


SLIPS = (
    Slip("sign", back.sign),
    Slip("slope forgotten", back.slope_forgotten),
    Slip("slope twice", back.slope_twice),
    Slip("slope of another layer", back.slope_of_another),
    Slip("slope at a", back.slope_at_a),
    Slip("delta for da", back.delta_for_da),
    Slip("path forgotten", back.path_forgotten),
    Slip("updated weights", back.updated_weights),
    Slip("factor missing", values.factor_missing),
    Slip("bias as weight", values.bias_as_weight),
    Slip("gradient for weight", values.gradient_for_weight),
    Slip("rate forgotten", values.rate_forgotten),
    Slip("strength forgotten", values.strength_forgotten),
    Slip("constant", values.constant),
    Slip("sum twice", values.sum_twice),
    Slip("indices exchanged", values.exchanged),
    Slip("activation dropped", values.activation_dropped),
    Slip("a for z", values.a_for_z),
    Slip("bias forgotten", values.bias_forgotten),
    Slip("normalised twice", values.normalised_twice),
    Slip("exp forgotten", values.exp_forgotten),
    Slip("wrong class", values.wrong_class),
)
