"""Large weight matrices among the scalars: the same operations in the same order, many at a time.

A product of 16 × 16 weights takes Python 256 multiplications and additions, numpy two calls. Arithmetic by elements
is IEEE arithmetic in both, and a sum over the first axis of an array is taken row by row; so arrays give the numbers
of the scalar code, bit for bit (functions like `exp` would not: they stay with the scalars).

A template becomes an array of some of its indices, its *axes*; what has no such index is a scalar of the graph. Where
a template is of no form that is known here, `NotWideError` is raised and its network is left to scalars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine.formula.ground import SAMPLES
from engine.formula.nodes import (
    Add,
    Call,
    Div,
    Index,
    Kronecker,
    Mul,
    Neg,
    Node,
    Pow,
    Reduce,
    Ref,
    Where,
    children,
    refs,
)
from engine.quantity import Key, Quantity

if TYPE_CHECKING:
    from engine.scalar.graph import Form, Graph

WIDE = 360
"""Weights × (samples + 1) from which a matrix is an array. Measured: with one sample both ways take equally long at
about 160 weights, with four at 70."""

ELEMENTWISE = frozenset({"sqrt", "abs"})
"""Functions that numpy and Python both round correctly."""


class NotWideError(Exception):
    """A template that has no form in arrays."""


class Grid(NamedTuple):
    """An operation that gives an array, and the index each of its axes belongs to; without axes a scalar."""

    number: int
    axes: tuple[Index, ...]


def wide_layers(form: Form) -> frozenset[int]:
    """The layers whose W is worth an array."""
    return frozenset(layer for (name, layer) in form.state if name == "W" and layer and _worth(form, layer))


def _worth(form: Form, layer: int) -> bool:
    units, inputs = form.sizes[layer], form.sizes[layer - 1]
    # along an axis that is the only one numpy would add pairs of pairs
    return min(units, inputs) > 1 and units * inputs * (form.samples + 1) >= WIDE


class Wide:
    """The arrays of one graph."""

    def __init__(self, graph: Graph, layers: frozenset[int]) -> None:
        self._graph = graph
        self.layers = layers
        self._folds: dict[int, Grid] = {}
        """Of the templates of the quantity that is being added, by the identity of their nodes."""

    def holds(self, key: Key) -> bool:
        """Whether an array of the walk is held whole: W of a wide layer, its gradient, its slots."""
        if key[1] not in self.layers or key not in self._graph.form.catalogue:
            return False
        return self.is_held(self._graph.form.catalogue[key])

    def is_held(self, quantity: Quantity) -> bool:
        """The same of a quantity."""
        return quantity.layer in self.layers and len(quantity.shape) == 2 and not quantity.per_sample

    def concerns(self, node: Node) -> bool:
        """Whether something held whole occurs in a template."""
        return any(self.holds((ref.name, ref.layer)) for ref in refs(node))

    def whole(self, quantity: Quantity) -> int:
        """All elements of a quantity that is held whole."""
        assert quantity.template is not None, "what is computed has a formula"
        order = quantity.indices
        grid = self._grid(quantity.template, order, {} if self._graph.form.samples > 1 else {"s": 1})
        if grid.axes != order:
            raise NotWideError
        return grid.number

    def begin(self) -> None:
        """Another quantity is added by its elements."""
        self._folds.clear()

    def element(self, node: Reduce, free: Mapping[Index, int], at: Mapping[Index, int]) -> int:
        """One element of a sum in which something held whole occurs; `free`: the indices it has elements over."""
        grid = self._folds.get(id(node))
        if grid is None:
            order = tuple(index for index in free if index in at and index != node.index)
            fixed = {index: place for index, place in at.items() if index not in order}
            grid = self._folds[id(node)] = self._fold(node, order, fixed)
        flat, size = 0, 1
        for axis in reversed(grid.axes):
            flat += (at[axis] - 1) * size
            size *= free[axis]
        items = self._graph.operation("items", (grid.number,), f"{size} {len(grid.axes)}")
        return self._graph.operation("item", (items,), str(flat))

    def _grid(self, node: Node, order: tuple[Index, ...], at: Mapping[Index, int]) -> Grid:
        """A template as an array whose axes are those of `order` that it depends on, in this order."""
        if not self._varies(node, order):
            return Grid(self._graph.scalar(node, at), ())
        match node:
            case Ref():
                return self._ref(node, order, at)
            case Mul(parts) | Add(parts):
                return self._joined("mul" if isinstance(node, Mul) else "add", parts, order, at)
            case Neg(of):
                return self._joined("neg", (of,), order, at)
            case Div(over, under):
                return self._joined("ratio", (over, under), order, at)
            case Pow(base, 2):
                return self._joined("pow", (base,), order, at, "2")
            case Call(function, arguments) if function in ELEMENTWISE:
                return self._joined("call", arguments, order, at, f"np_{function}")
            case Where(left, relation, right, yes, no) if not (self._varies(left, order) or self._varies(right, order)):
                return self._joined("where", (left, right, yes, no), order, at, relation)
            case Reduce():
                return self._fold(node, order, at)
            case _:
                raise NotWideError

    def _varies(self, node: Node, order: tuple[Index, ...]) -> bool:
        match node:
            case Ref():
                return self.holds((node.name, node.layer)) or any(i in order for i in (*node.unit, node.sample))
            case Kronecker(left, right):
                return left in order or right in order
            case Reduce(_, _, _, body):
                return self._varies(body, order)
            case _:
                return any(self._varies(part, order) for part in children(node))

    def _ref(self, ref: Ref, order: tuple[Index, ...], at: Mapping[Index, int]) -> Grid:
        graph, key = self._graph, (ref.name, ref.layer)
        if self.holds(key):
            if any(index not in order for index in ref.unit):
                raise NotWideError
            return Grid(graph.reference(key, (), None, ref.after), ref.unit)
        axes = tuple(index for index in (ref.sample, *ref.unit) if index is not None and index in order)
        places: list[dict[Index, int]] = [dict(at)]
        for axis in axes:
            places = [{**place, axis: n} for place in places for n in range(1, self._size(axis, ref) + 1)]
        numbers = tuple(graph.scalar(ref, place) for place in places)
        shape = ", ".join(str(self._size(axis, ref)) for axis in axes)
        return Grid(graph.operation("stack", numbers, shape if len(axes) > 1 else ""), axes)

    def _size(self, axis: Index, ref: Ref) -> int:
        if axis == ref.sample:
            return self._graph.form.samples
        return self._graph.form.catalogue[ref.name, ref.layer].shape[ref.unit.index(axis)]

    def _joined(
        self, kind: str, parts: tuple[Node, ...], order: tuple[Index, ...], at: Mapping[Index, int], word: str = ""
    ) -> Grid:
        """One operation, element by element, on parts that are brought to the same axes."""
        grids = [self._grid(part, order, at) for part in parts]
        axes = tuple(axis for axis in order if any(axis in grid.axes for grid in grids))
        numbers = tuple(self._aligned(grid, axes) for grid in grids)
        return Grid(self._graph.joined(kind, numbers, word), axes)

    def _aligned(self, grid: Grid, order: tuple[Index, ...]) -> int:
        """The array with its axes in this order, and one of length 1 for each that it has not."""
        if not grid.axes or grid.axes == order[-len(grid.axes) :]:
            return grid.number
        present = [axis for axis in order if axis in grid.axes]
        turned = [grid.axes.index(axis) for axis in present]
        word = "" if turned == sorted(turned) else ".T" if len(turned) == 2 else f".transpose({tuple(turned)})"
        slots = [":" if axis in grid.axes else "None" for axis in order[order.index(present[0]) :]]
        if "None" in slots:
            word += f"[{', '.join(slots)}]"
        return self._graph.operation("view", (grid.number,), word)

    def _fold(self, node: Reduce, order: tuple[Index, ...], at: Mapping[Index, int]) -> Grid:
        """A sum of products, its index the first axis: there numpy adds one row after the other."""
        form = self._graph.form
        size = form.samples if node.over == SAMPLES else form.sizes[int(node.over.removeprefix("layer "))]
        if node.operation != "sum":
            raise NotWideError
        if size == 1:
            return self._grid(node.body, order, {**at, node.index: 1})
        match node.body:
            case Mul((*head, last)) if head:
                first: Node = head[0] if len(head) == 1 else Mul(tuple(head))
            case Pow(last, 2):
                first = last
            case _:
                raise NotWideError
        whole = (node.index, *order)
        left, right = self._grid(first, whole, at), self._grid(last, whole, at)
        axes = tuple(axis for axis in whole if axis in left.axes or axis in right.axes)
        if axes[:1] != (node.index,):
            raise NotWideError
        numbers = self._aligned(left, axes), self._aligned(right, axes)
        return Grid(
            self._graph.operation("fold", numbers, ", ".join(str(self._length(a, node)) for a in axes)), axes[1:]
        )

    def _length(self, axis: Index, within: Node) -> int:
        """How many places an index of a template has."""
        for ref in refs(within):
            if axis in ref.unit or axis == ref.sample:
                return self._size(axis, ref)
        raise NotWideError
