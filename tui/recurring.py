"""Sets of steps that recur in every iteration, held as boxes of indices: what a search finds, what is followed.

A walk may have 10¹⁸ steps and a batch millions, so none of them is enumerated. A box allows, on each axis of a
quantity (the sample first, where it has samples), some indices or all; the step at or after any other is then a
lexicographic successor within the box, its block or the next iteration.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from engine.address import Address
from engine.plan import Granularity, Plan
from engine.quantity import Quantity

Axis = tuple[int, ...] | None
"""The indices allowed, from 1, ascending; None: all."""

COUNTED_AT_ONCE = 2**24
"""Elements of a quantity looked at together when overlapping boxes are counted: bytes."""


class Box(Struct, frozen=True):
    """Some steps of one quantity."""

    block: int
    """The quantity's place in the walk."""
    axes: tuple[Axis, ...]
    """One per axis, as `axes_of` has them."""
    k: int | None = None
    """The only record it is of; None: of every one."""


def axes_of(quantity: Quantity) -> int:
    """How many axes a quantity's steps run over: sample, unit, source."""
    return len(quantity.shape) + quantity.per_sample


def meet(one: Axis, other: Axis) -> Axis:
    """What both allow."""
    if one is None or other is None:
        return other if one is None else one
    return tuple(sorted({*one} & {*other}))


def around(plan: Plan, address: Address) -> Box | None:
    """The steps of an address: of an array all of them; None where the walk has none."""
    found = next((at for at, quantity in enumerate(plan.blocks) if quantity.key == (address.name, address.layer)), None)
    if found is None:
        return None
    quantity = plan.blocks[found]
    unit = tuple((index,) for index in address.unit)
    sample = ((address.sample,) if address.sample else None,) if quantity.per_sample else ()
    k = address.k
    if k is not None and quantity.kind == "state":
        k -= 1
    return Box(found, (*sample, *unit, *(None,) * (len(quantity.shape) - len(unit))), k)


class Recurring:
    """A union of boxes over one plan."""

    def __init__(self, plan: Plan, boxes: Iterable[Box]) -> None:
        self._plan = plan
        self.boxes = tuple(dict.fromkeys(boxes))

    @cached_property
    def _every(self) -> dict[int, list[Box]]:
        return self._by_block(box for box in self.boxes if box.k is None)

    @cached_property
    def _once(self) -> list[int]:
        """The records that have boxes of their own, ascending."""
        return sorted({box.k for box in self.boxes if box.k is not None and 0 <= box.k < self._plan.iterations})

    def __contains__(self, step: int) -> bool:
        return self.at_or_after(step) == step

    def at_or_after(self, step: int) -> int | None:
        """The first of the steps that is not before `step`; None where there is none."""
        if not 0 <= step < self._plan.steps:
            return None
        k = self._plan.k_of(step)
        # of two batches that follow one another one is full
        later = {k + 1, k + 2, *self._once[bisect_right(self._once, k) :]}
        for record in (k, *sorted(later)):
            found = self._first(record, max(step, self._plan.start(record))) if record < self._plan.iterations else None
            if found is not None:
                return found
        return None

    def at_or_before(self, step: int) -> int | None:
        """The last of the steps that is not after `step`; None where there is none."""
        if not 0 <= step < self._plan.steps:
            return None
        k = self._plan.k_of(step)
        earlier = {k - 1, k - 2, *self._once[: bisect_left(self._once, k)]}
        for record in (k, *sorted(earlier, reverse=True)):
            found = self._last(record, min(step, self._plan.start(record + 1) - 1)) if record >= 0 else None
            if found is not None:
                return found
        return None

    def after(self, cursor: int, granularity: Granularity = Granularity.STEP) -> int | None:
        """The first of the steps beyond the group the cursor is in."""
        return self.at_or_after(self._plan.group(cursor, granularity)[1])

    def before(self, cursor: int, granularity: Granularity = Granularity.STEP) -> int | None:
        """The first of the steps of this group or, from there, of the nearest group before that has any."""
        start = self._plan.group(cursor, granularity)[0]
        here = self.at_or_after(start)
        if here is not None and here < cursor:
            return here
        last = self.at_or_before(start - 1)
        return None if last is None else self.at_or_after(self._plan.group(last, granularity)[0])

    def count(self, k: int, once: bool = True) -> int:
        """How many steps of iteration k + 1 there are; `once`: those that are of this iteration only, too."""
        blocks = self._of(k) if once else self._every
        return sum(_count(boxes, self._lengths(block, k)) for block, boxes in blocks.items())

    def count_once(self) -> int:
        """How many steps there are beyond those of every iteration."""
        return sum(self.count(k) - self.count(k, once=False) for k in self._once)

    def _by_block(self, boxes: Iterable[Box]) -> dict[int, list[Box]]:
        found: dict[int, list[Box]] = {}
        for box in sorted(boxes, key=lambda box: box.block):
            found.setdefault(box.block, []).append(box)
        return found

    def _of(self, k: int) -> dict[int, list[Box]]:
        if k not in self._once:
            return self._every
        return self._by_block(box for box in self.boxes if box.k in (None, k))

    def _lengths(self, block: int, k: int) -> tuple[int, ...]:
        quantity = self._plan.blocks[block]
        return (*((self._plan.samples(k),) if quantity.per_sample else ()), *quantity.shape)

    def _parts(self, k: int) -> Iterator[tuple[int, list[Box]]]:
        """The quantities of iteration k + 1 that have boxes, with the step each begins at."""
        for block, boxes in self._of(k).items():
            quantity = self._plan.blocks[block]
            yield self._plan.step(Address(quantity.name, quantity.layer), k), boxes

    def _first(self, k: int, step: int) -> int | None:
        for start, boxes in self._parts(k):
            lengths = self._lengths(boxes[0].block, k)
            if start + math.prod(lengths) <= step:
                continue
            found = [at for box in boxes if (at := _ceiling(box.axes, lengths, max(0, step - start))) is not None]
            if found:
                return start + min(found)
        return None

    def _last(self, k: int, step: int) -> int | None:
        for start, boxes in reversed(list(self._parts(k))):
            if start > step:
                continue
            lengths = self._lengths(boxes[0].block, k)
            top = min(step - start, math.prod(lengths) - 1)
            found = [at for box in boxes if (at := _floor(box.axes, lengths, top)) is not None]
            if found:
                return start + max(found)
        return None


def _allowed(axes: Sequence[Axis], lengths: Sequence[int]) -> list[Sequence[int]] | None:
    """The indices of each axis that exist, from 1; None where an axis has none."""
    found: list[Sequence[int]] = []
    for axis, length in zip(axes, lengths, strict=True):
        indices: Sequence[int] = range(1, length + 1) if axis is None else axis[: bisect_right(axis, length)]
        if not indices:
            return None
        found.append(indices)
    return found


def _unravel(offset: int, lengths: Sequence[int]) -> list[int]:
    place: list[int] = []
    for length in reversed(lengths):
        offset, index = divmod(offset, length)
        place.append(index + 1)
    return place[::-1]


def _ravel(place: Sequence[int], lengths: Sequence[int]) -> int:
    offset = 0
    for index, length in zip(place, lengths, strict=True):
        offset = offset * length + index - 1
    return offset


def _ceiling(axes: Sequence[Axis], lengths: Sequence[int], offset: int) -> int | None:
    """The least offset within a box that is not below `offset`."""
    return _nearest(axes, lengths, offset, upwards=True)


def _floor(axes: Sequence[Axis], lengths: Sequence[int], offset: int) -> int | None:
    """The greatest offset within a box that is not above `offset`."""
    return _nearest(axes, lengths, offset, upwards=False)


def _nearest(axes: Sequence[Axis], lengths: Sequence[int], offset: int, upwards: bool) -> int | None:
    allowed = _allowed(axes, lengths)
    if allowed is None:
        return None
    place = _unravel(offset, lengths)
    ends = [indices[0] if upwards else indices[-1] for indices in allowed]
    # keep as long a beginning as the box allows, turn the index after it, and let the rest start anew
    kept = 0
    while kept < len(place) and _has(allowed[kept], place[kept]):
        kept += 1
    if kept == len(place):
        return offset
    for turned in range(kept, -1, -1):
        indices, at = allowed[turned], place[turned]
        next_at = bisect_right(indices, at) if upwards else bisect_left(indices, at) - 1
        if 0 <= next_at < len(indices):
            return _ravel([*place[:turned], indices[next_at], *ends[turned + 1 :]], lengths)
    return None


def _has(indices: Sequence[int], index: int) -> bool:
    at = bisect_left(indices, index)
    return at < len(indices) and indices[at] == index


def _count(boxes: Sequence[Box], lengths: tuple[int, ...]) -> int:
    """How many elements at least one of the boxes has."""
    allowed = [found for box in boxes if (found := _allowed(box.axes, lengths)) is not None]
    sizes = [math.prod(map(len, indices)) for indices in allowed]
    if len(allowed) < 2 or max(sizes) == math.prod(lengths):
        return max(sizes, default=0)
    # overlapping: marked one by one, some rows at a time
    rows = max(1, COUNTED_AT_ONCE // math.prod(lengths[1:]))
    count = 0
    for first in range(1, lengths[0] + 1, rows):
        marked = np.zeros((min(rows, lengths[0] + 1 - first), *lengths[1:]), dtype=bool)
        for indices in allowed:
            here = indices[0][bisect_left(indices[0], first) : bisect_left(indices[0], first + rows)]
            marked[
                np.ix_(
                    *(np.asarray(axis, dtype=np.intp) - 1 for axis in ([at - first + 1 for at in here], *indices[1:]))
                )
            ] = True
        count += int(marked.sum())
    return count
