"""The values panel: the current layer's numbers as tables, before and after where an update changes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.address import Address
from engine.quantity import Kind, Phase
from engine.trace import Step
from tui.draw.cells import Canvas, Look, Row
from tui.draw.network import number
from tui.draw.wrap import clip
from tui.session import Session
from tui.settings import Settings

CELL = 8
"""Cells of a number and the blank, or pointer, before it: a sign, a digit, a point and four decimals."""

MARGIN = 3
"""Cells before a table: the unit's index and a blank."""

LEAST = 6
"""Rows below which a table is not cut to make room for the other."""


@dataclass(frozen=True)
class Column:
    """A column of the table: a name, and the record or state it is read from."""

    head: str
    name: str
    layer: int | None
    k: int


class _Table:
    """Writes numbers of one step into a canvas."""

    def __init__(self, session: Session, cursor: int, settings: Settings, canvas: Canvas) -> None:
        self.session = session
        self.trace = session.trace
        self.cursor = cursor
        self.settings = settings
        self.canvas = canvas
        self.step: Step = session.trace[cursor]
        self.sample = self.step.place.sample or 1

    @property
    def dots(self) -> str:
        """What stands for what is left out."""
        return "..." if self.settings.ascii else "…"

    def cell(self, x: int, y: int, address: Address, largest: float) -> None:
        """One number in its place: lit if it is the step's own, a dot if the walk has not reached it."""
        current = address == self.step.address
        if not self.session.reached(address, self.cursor):
            self.canvas.put(x, y, ("." if self.settings.ascii else "·").rjust(CELL), Look("dim"))
            return
        value = float(self.trace.value(address))
        text = number(value, CELL - 1, self.settings.ascii).rjust(CELL - 1)
        heat = value / largest if largest > 0 and math.isfinite(value) and math.isfinite(largest) else 0.0
        self.canvas.put(x + 1, y, text, Look("cell_current", heat) if current else Look("value", heat))
        if current:
            self.canvas.put(x, y, ">" if self.settings.ascii else "▸", Look("pointer"))

    def largest(self, name: str, layer: int | None, k: int) -> float:
        """The largest magnitude of an array that is finite: what full heat means."""
        values = abs(self.trace.value(Address(name, layer, k=k)))
        return float(values[values < math.inf].max(initial=0.0))


def values_rows(session: Session, cursor: int, settings: Settings, width: int, height: int) -> tuple[Row, ...]:
    """The current layer's values at a step, `height` rows of `width` cells."""
    canvas = Canvas(width, height)
    table = _Table(session, cursor, settings, canvas)
    quantity = table.step.quantity
    layer = quantity.layer or session.trace.network.depth
    y = _heading(table, layer)
    size = session.trace.network.sizes[layer]
    room = height - y
    if len(quantity.shape) == 2:
        y = _matrix(table, layer, y, max(room - size - 2, min(room, LEAST)))
        _units(table, layer, y + 1, height - y - 1)
    else:
        y = _units(table, layer, y, min(size + 1, max(room - size - 3, min(room, LEAST))))
        _matrix(table, layer, y + 1, height - y - 1)
    return canvas.rows()


def _heading(table: _Table, layer: int) -> int:
    network = table.trace.network
    dot = " - " if table.settings.ascii else " · "
    notation = table.session.notation(table.settings)
    parts = [
        table.session.layer_name(layer),
        notation.function(network.activation_symbol(layer)),
        f"{network.sizes[layer]} unit{'s' if network.sizes[layer] > 1 else ''}",
    ]
    if not network.single:
        row = network.batches.rows(table.step.place.k)[table.sample - 1] + 1
        parts.append(f"sample {table.sample}, data row {row}")
    for spare in (2, 1):
        # the layer and the sample say where one is: they stay where there is room for two
        if len(dot.join(parts)) > table.canvas.width and spare < len(parts):
            del parts[spare]
    table.canvas.put(0, 0, clip(dot.join(parts), table.canvas.width, table.dots), Look("title"))
    return 1


def _units(table: _Table, layer: int, y: int, height: int) -> int:
    """A row per unit: its index and its numbers."""
    if height < 2:
        return y
    columns = _unit_columns(table, layer, (table.canvas.width - MARGIN) // CELL)
    canvas = table.canvas
    for place, column in enumerate(columns):
        canvas.put(MARGIN + place * CELL, y, clip(column.head, CELL, table.dots).rjust(CELL), Look("head"))
    focus = _focus(table, layer)
    largest = [table.largest(column.name, column.layer, column.k) for column in columns]
    for row, unit in enumerate(_window(table.trace.network.sizes[layer], focus, height - 1), start=y + 1):
        if unit is None:
            canvas.put(0, row, ":" if table.settings.ascii else "⋮", Look("dim"))
            continue
        canvas.put(0, row, str(unit).rjust(MARGIN - 1), Look("head_current" if unit == focus else "head"))
        for place, column in enumerate(columns):
            per_sample = table.trace.network.catalogue[column.name, column.layer].per_sample
            address = Address(column.name, column.layer, (unit,), table.sample if per_sample else None, column.k)
            table.cell(MARGIN + place * CELL, row, address, largest[place])
    return y + 1 + min(table.trace.network.sizes[layer], height - 1)


def _unit_columns(table: _Table, layer: int, most: int) -> list[Column]:
    network = table.trace.network
    notation = table.session.notation(table.settings)
    step, k = table.step, table.step.place.k
    phase = Phase.FORWARD if step.phase is Phase.LOSS else step.phase
    shape = (network.sizes[layer],)
    columns: list[Column] = []
    current = 0
    for quantity in network.walk:
        if quantity.layer != layer or quantity.phase is not phase or quantity.shape != shape:
            continue
        columns.append(Column(_head(table, quantity.name, layer), quantity.name, layer, k))
        if quantity.kind is Kind.STATE:
            columns.append(Column("new", quantity.name, layer, k + 1))
        if quantity is step.quantity:
            current = len(columns)
    first = network.catalogue.get(("b", layer) if phase is Phase.FORWARD else ("a", layer))
    if phase is not Phase.UPDATE and first is not None and first.shape == shape:
        columns.insert(0, Column(_head(table, first.name, layer), first.name, layer, k))
        current += 1
    if layer == network.depth and phase is not Phase.UPDATE:
        columns.append(Column(notation.array("y", None), "y", None, k))
    # the step's own column stays, and what came just before it, as far as there is room
    start = max(0, min(current, len(columns)) - most) if current > most else 0
    return columns[start : start + max(0, most)]


def _head(table: _Table, name: str, layer: int) -> str:
    """The head of a column; the layer stands in the title already."""
    notation = table.session.notation(table.settings)
    if name == "fprime":
        return notation.prime_name(layer)
    return notation.array(name, layer if name == "a" and layer == table.trace.network.depth else None)


def _matrix(table: _Table, layer: int, y: int, height: int) -> int:
    """The matrix the step is about: weights, gradients, or weights before and after."""
    if height < 3:
        return y
    step, k = table.step, table.step.place.k
    name = "dW" if step.quantity.name == "db" else "W"
    if len(step.quantity.shape) == 2 and step.quantity.layer == layer:
        name = step.quantity.name
    if (name, layer) not in table.trace.network.catalogue:
        # a tied layer's weights lie with their owner
        return y
    arrays = [(name, k), (name, k + 1)] if step.phase is Phase.UPDATE else [(name, k)]
    rows, columns = table.trace.network.catalogue[arrays[0][0], layer].shape
    room = (table.canvas.width - MARGIN * len(arrays)) // len(arrays) // CELL
    stacked = len(arrays) == 2 and room < columns and height >= 2 * (rows + 2)
    if stacked:
        room = (table.canvas.width - MARGIN) // CELL
    unit = step.place.unit if len(step.place.unit) == 2 else (_focus(table, layer) or 1, 1)
    across = _window(columns, unit[1], max(1, room))
    down = _window(rows, unit[0], rows if stacked else height - 2)
    for place, (name, at) in enumerate(arrays):
        x = MARGIN if stacked else MARGIN + place * (len(across) * CELL + MARGIN)
        top = y + place * (rows + 2) if stacked else y
        table.canvas.put(x, top, _matrix_head(table, layer, name, (rows, columns), len(arrays), place), Look("head"))
        _matrix_body(table, Address(name, layer, k=at), x, top + 1, across, down, unit[0])
    return y + (2 + len(down)) * (len(arrays) if stacked else 1)


def _matrix_body(
    table: _Table, array: Address, x: int, y: int, across: Sequence[int | None], down: Sequence[int | None], unit: int
) -> None:
    """Column indices, then a row per unit."""
    largest = table.largest(array.name, array.layer, array.k or 0)
    sample = table.sample if array.name == "jacobian" else None
    for column, source in enumerate(across):
        head = table.dots if source is None else str(source)
        table.canvas.put(x + column * CELL, y, head.rjust(CELL), Look("head"))
    for row, to in enumerate(down, start=y + 1):
        if to is None:
            table.canvas.put(x - 2, row, ":" if table.settings.ascii else "⋮", Look("dim"))
            continue
        head = str(to).rjust(MARGIN - 1)
        table.canvas.put(x - MARGIN, row, head, Look("head_current" if to == unit else "head"))
        for column, source in enumerate(across):
            if source is not None:
                address = Address(array.name, array.layer, (to, source), sample, array.k)
                table.cell(x + column * CELL, row, address, largest)


def _matrix_head(table: _Table, layer: int, name: str, shape: tuple[int, int], arrays: int, place: int) -> str:
    notation = table.session.notation(table.settings)
    text = "Jacobian" if name == "jacobian" else notation.array(name, layer)
    if arrays == 2:
        return f"{text} {('old', 'new')[place]}"
    times = "x" if table.settings.ascii else "×"
    return f"{text}  {shape[0]}{times}{shape[1]}: row to, column from"


def _focus(table: _Table, layer: int) -> int | None:
    """The unit of this layer that the step is about."""
    place = table.step.place
    return place.unit[0] if place.unit and table.step.quantity.layer == layer else None


def _window(size: int, focus: int | None, room: int) -> Sequence[int | None]:
    """Which of `size` things to show in `room` places: all, or first ones, focus and last with gaps (None)."""
    if size <= room:
        return range(1, size + 1)
    middle = min(max(focus or 1, 1), size)
    if room < 3:
        return [middle][:room]
    ends = room - 2
    if middle <= ends:
        return [*range(1, ends + 1), None, size]
    if middle > size - ends:
        return [1, None, *range(size - ends + 1, size + 1)]
    if room < 5:
        return [None, *range(middle, middle + ends), None]
    inner = room - 4
    first = middle - inner // 2
    return [1, None, *range(first, first + inner), None, size]
