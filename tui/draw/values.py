"""The values panel: the current layer's numbers as tables, before and after where an update changes them.

The table of the step's own quantity comes first, the others follow in one order; what does not fit is scrolled to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from engine.address import Address
from engine.hand.bounds import HandError
from engine.notation import Notation
from engine.numbers import shortest
from engine.trace import Step
from tui.draw.cells import PLAIN, Canvas, Drawing, Hit, Look
from tui.draw.figures import number
from tui.draw.values_plan import Column, Content, Group, content
from tui.draw.wrap import clip
from tui.session import Session
from tui.settings import Settings

CELL = 8
"""Cells of a number and the mark before it: a sign, a digit, a point and four decimals."""

MARGIN = 3
"""Cells before a table: the unit's index and a blank."""

LEAST = 6
"""Rows below which a table is not cut to make room for the next."""

Unit = tuple[int, ...]


class _Block(Struct, frozen=True, eq=False):
    """One table."""

    wanted: int
    """Rows it would take whole."""
    current: bool
    """Whether the step is in it."""
    rows: Callable[[int], int]
    """How many rows it takes where there are so many."""
    draw: Callable[[int, int], None]
    """Draws it from a row on, in so many rows."""


class _Table:
    """Writes numbers of one step into a canvas."""

    def __init__(self, session: Session, cursor: int, settings: Settings, width: int) -> None:
        self.session = session
        self.trace = session.trace
        self.cursor = cursor
        self.settings = settings
        self.canvas = Canvas(width, 0)
        self.hits: list[Hit] = []
        self.step: Step = session.trace[cursor]
        self.sample = self.step.place.sample or 1
        self.next = self.trace.plan.place(cursor + 1).address if cursor < session.last else None

    @property
    def notation(self) -> Notation:
        """How symbols and numbers are written."""
        return self.session.notation(self.settings)

    @property
    def dots(self) -> str:
        """What stands for what is left out."""
        return "..." if self.settings.ascii else "…"

    @property
    def down(self) -> str:
        """The same for rows."""
        return ":" if self.settings.ascii else "⋮"

    def address(self, column: Column, unit: Unit, sample: int | None = None) -> Address:
        """One element of a column, of the step's sample or another one."""
        quantity = self.trace.network.catalogue[column.key]
        return Address(*column.key, unit, (sample or self.sample) if quantity.per_sample else None, column.k)

    def cell(self, x: int, y: int, column: Column, address: Address, largest: float) -> None:
        """One number in its place: lit if it is the step's own, a dot if the walk has not reached it."""
        current = address == self.step.address and not column.change
        ascii = self.settings.ascii
        if not self.session.reached(address, self.cursor, self.settings.hidden):
            if not column.change:
                self.hits.append(Hit(x + 1, y, CELL - 1, str(address)))
            if current:
                self._number(x, y, "?", Look("cell_current"), ">" if ascii else "▸", Look("pointer"))
                return
            if address == self.next and not column.change:
                self.canvas.put(x + CELL - 2, y, "'" if ascii else "▹")
            self.canvas.put(x + CELL - 1, y, "." if ascii else "·", Look("dim"))
            return
        value = float(self.trace.value(address))
        if column.change:
            value -= float(self.trace.value(address.at(column.k - 1)))
            self._number(x, y, number(value, CELL - 1, ascii), Look("numbers"))
            return
        self.hits.append(Hit(x + 1, y, CELL - 1, str(address)))
        changed = self.session.before is not None and self.session.changed(address)
        heat = value / largest if largest > 0 and math.isfinite(value) and math.isfinite(largest) else 0.0
        role = "cell_current" if current else "changed" if changed else "value"
        mark = "*" if changed else (">" if ascii else "▸") if current else ""
        self._number(
            x, y, number(value, CELL - 1, ascii), Look(role, heat), mark, Look("pointer" if current else "changed")
        )

    def _number(self, x: int, y: int, text: str, look: Look, mark: str = "", mark_look: Look = PLAIN) -> None:
        self.canvas.put(x + 1, y, self.notation.number(text).rjust(CELL - 1), look)
        if mark:
            self.canvas.put(x, y, mark, mark_look)

    def largest(self, column: Column) -> float:
        """The largest magnitude of an array that is finite: what full heat means."""
        values = abs(self.trace.value(Address(*column.key, k=column.k)))
        return float(values[values < math.inf].max(initial=0.0))

    def focus(self, layer: int) -> int | None:
        """The unit of this layer that the step is about."""
        place = self.step.place
        return place.unit[0] if place.unit and (self.step.quantity.layer or 0) == layer else None


def draw_values(session: Session, cursor: int, settings: Settings, width: int, height: int) -> Drawing:
    """The current layer's values at a step: at least `height` rows of `width` cells, a hit at every number of the walk.

    The step's own number is within the first `height` rows where there is room for a table at all.
    """
    table = _Table(session, cursor, settings, width)
    shown = content(session, table.step, settings)
    blocks = [
        *(_columns_block(table, shown.layer, part, False) for part in _parts(shown.units, width)),
        *(_matrix_block(table, shown.layer, group) for group in shown.matrices),
        *(_columns_block(table, shown.layer, part, True) for part in _parts(shown.scalars, width)),
    ]
    if table.step.quantity.per_sample and not session.trace.network.single:
        blocks.append(_samples_block(table, shown))
    # the step's own table first, and then the same order whatever the step
    blocks.sort(key=lambda block: not block.current)
    places, total = _placed(blocks, max(0, height - 1))
    table.canvas = Canvas(width, max(height, total))
    _heading(table, shown.layer)
    for block, (y, rows) in zip(blocks, places, strict=True):
        block.draw(y, rows)
    return Drawing(table.canvas.rows(), tuple(table.hits))


def _placed(blocks: Sequence[_Block], room: int) -> tuple[list[tuple[int, int]], int]:
    """Where each table begins and the rows it may take, and where the last one ends.

    The first makes room for the second as far as it has some to spare; later ones are as long as the panel at most.
    """
    places: list[tuple[int, int]] = []
    y = 1
    for at, block in enumerate(blocks):
        rows = min(block.wanted, max(room, 2))
        if at == 0 and len(blocks) > 1:
            rows = min(rows, max(room - blocks[1].wanted - 1, min(room, LEAST), room // 2))
        elif at == 1 and room - y >= min(LEAST, block.wanted):
            rows = min(rows, room - y + 1)
        places.append((y, rows))
        y += block.rows(rows) + 1
    return places, y - 1


def _heading(table: _Table, layer: int) -> None:
    network = table.trace.network
    dot = " - " if table.settings.ascii else " · "
    notation = table.notation
    size = f"{network.sizes[layer]} unit{'s' if network.sizes[layer] > 1 else ''}"
    if layer:
        function = notation.function(network.activation_symbol(layer))
        parts = [table.session.layer_name(layer, table.settings), function, size]
    else:
        parts = [notation.layer(0), size]
    if not network.single:
        row = network.batches.rows(table.step.place.k)[table.sample - 1] + 1
        parts.append(f"sample {table.sample}, data row {row}")
    for spare in (2, 1):
        # the layer and the sample say where one is: they stay where there is room for two
        if len(dot.join(parts)) > table.canvas.width and spare < len(parts):
            del parts[spare]
    table.canvas.put(0, 0, clip(dot.join(parts), table.canvas.width, table.dots), Look("title"))


def _parts(groups: Sequence[Group], width: int) -> list[Group]:
    """The columns of each table: as many groups as stand side by side."""
    most = max(1, (width - MARGIN) // CELL)
    parts: list[Group] = []
    for group in groups:
        if parts and len(parts[-1]) + len(group) <= most:
            parts[-1] = (*parts[-1], *group)
        else:
            # where a group is wider than the panel the change goes first, then what was before
            parts.append(group if len(group) <= most else tuple(part for part in group if not part.change)[-most:])
    return parts


def _columns_block(table: _Table, layer: int, columns: Group, scalar: bool) -> _Block:
    """A row per unit: its index and its numbers. One row without an index where the quantities are single numbers."""
    size = 1 if scalar else table.trace.network.sizes[layer]

    def draw(y: int, rows: int) -> None:
        canvas = table.canvas
        for place, column in enumerate(columns):
            canvas.put(MARGIN + place * CELL, y, clip(column.head, CELL, table.dots).rjust(CELL), Look("head"))
        focus = table.focus(layer)
        largest = [table.largest(column) for column in columns]
        for row, unit in enumerate(_window(size, focus, rows - 1), start=y + 1):
            if unit is None:
                canvas.put(0, row, table.down, Look("dim"))
                continue
            if not scalar:
                head = table.notation.index(unit).rjust(MARGIN - 1)
                canvas.put(0, row, head, Look("head_current" if unit == focus else "head"))
            for place, column in enumerate(columns):
                address = table.address(column, () if scalar else (unit,))
                table.cell(MARGIN + place * CELL, row, column, address, largest[place])

    current = any(column.key == table.step.quantity.key for column in columns)
    return _Block(1 + size, current, lambda rows: min(1 + size, max(rows, 1)), draw)


def _matrix_block(table: _Table, layer: int, group: Group) -> _Block:
    """A matrix with its indices; before, after and the change side by side as far as they fit."""
    height, width = table.trace.network.catalogue[group[0].key].shape
    beside = table.canvas.width // (MARGIN + width * CELL)

    def lines(rows: int) -> list[Group]:
        """Which arrays stand beside each other."""
        if len(group) == 1 or beside >= len(group):
            return [group]
        if beside < 2 and 2 * (height + 2) <= rows:
            return [(column,) for column in group]
        return [group[:2], group[2:]]

    def shown(rows: int) -> int:
        return min(height, max(1, rows - 2))

    def draw(y: int, rows: int) -> None:
        unit = table.step.place.unit
        at = (unit[0], unit[1]) if len(unit) == 2 else (table.focus(layer) or 1, 1)
        down = _window(height, at[0], shown(rows))
        arranged = lines(rows)
        most = max(len(line) for line in arranged)
        across = _window(width, at[1], max(1, (table.canvas.width // most - MARGIN) // CELL))
        for line in arranged:
            for place, column in enumerate(line):
                x = MARGIN + place * (len(across) * CELL + MARGIN)
                _matrix(table, column, group, x, y, across, down, at[0])
            y += 2 + len(down)

    current = any(column.key == table.step.quantity.key for column in group)
    return _Block(
        len(lines(10**6)) * (2 + height), current, lambda rows: len(lines(rows)) * (2 + shown(rows)), draw
    )  # fmt: skip


def _matrix(
    table: _Table,
    column: Column,
    group: Group,
    x: int,
    y: int,
    across: Sequence[int | None],
    down: Sequence[int | None],
    unit: int,
) -> None:
    """Its name, column indices, then a row per unit."""
    rows, columns = table.trace.network.catalogue[column.key].shape
    times = "x" if table.settings.ascii else "×"
    head = f"{column.head}  {rows}{times}{columns}: row to, column from"
    if len(group) > 1:
        head = f"{group[0].head} {'old' if column is group[0] else column.head}"
        table.canvas.put(x, y, clip(head, max(len(across) * CELL, CELL), table.dots), Look("head"))
    else:
        table.canvas.put(x, y, head, Look("head"))
    for place, source in enumerate(across):
        text = table.dots if source is None else table.notation.index(source)
        table.canvas.put(x + place * CELL, y + 1, text.rjust(CELL), Look("head"))
    largest = table.largest(column)
    for row, to in enumerate(down, start=y + 2):
        if to is None:
            table.canvas.put(x - 2, row, table.down, Look("dim"))
            continue
        text = table.notation.index(to).rjust(MARGIN - 1)
        table.canvas.put(x - MARGIN, row, text, Look("head_current" if to == unit else "head"))
        for place, source in enumerate(across):
            if source is not None:
                table.cell(x + place * CELL, row, column, table.address(column, (to, source)), largest)


def _samples_block(table: _Table, shown: Content) -> _Block:
    """The step's quantity for every sample of the batch: a row per sample, a column per unit."""
    quantity, place = table.step.quantity, table.step.place
    size = table.trace.network.batches.size(place.k)
    groups = {1: shown.units, 2: shown.matrices, 0: shown.scalars}[len(quantity.shape)]
    column = next(column for group in groups for column in group if column.key == quantity.key)
    before, last = place.unit[:-1], place.unit[-1:]

    def draw(y: int, rows: int) -> None:
        across = _window(
            quantity.shape[-1] if last else 1, last[0] if last else 1, (table.canvas.width - MARGIN) // CELL
        )
        symbol = table.notation.array(quantity.name, quantity.layer)
        head = f"{symbol} of every sample" + (f", row {before[0]}" if before else "")
        table.canvas.put(MARGIN, y, clip(head, max(0, table.canvas.width - MARGIN), table.dots), Look("head"))
        for at, unit in enumerate(across):
            text = table.dots if unit is None else table.notation.index(unit) if last else ""
            table.canvas.put(MARGIN + at * CELL, y + 1, text.rjust(CELL), Look("head"))
        largest = table.largest(column)
        for row, sample in enumerate(_window(size, table.sample, rows - 2), start=y + 2):
            if sample is None:
                table.canvas.put(0, row, table.down, Look("dim"))
                continue
            look = Look("head_current" if sample == table.sample else "head")
            table.canvas.put(0, row, f"#{table.notation.index(sample)}".rjust(MARGIN - 1), look)
            for at, unit in enumerate(across):
                if unit is not None:
                    address = table.address(column, (*before, unit) if last else (), sample)
                    table.cell(MARGIN + at * CELL, row, column, address, largest)

    return _Block(2 + size, False, lambda rows: min(2 + size, max(rows, 2)), draw)


def _window(size: int, focus: int | None, room: int) -> Sequence[int | None]:
    """Which of `size` things to show in `room` places: all, or first ones, focus and last with gaps (None)."""
    if size <= room:
        return range(1, size + 1)
    middle = min(max(focus or 1, 1), size)
    if room < 3:
        return [middle][: max(0, room)]
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


TABLES = ("tsv", "markdown")
"""The forms a table can be copied in."""


def table_text(session: Session, cursor: int, settings: Settings, kind: str) -> str:
    """The whole array of a step's quantity as a table to copy, one of TABLES: indices as heads, shortest exact digits.

    Rows are units and columns inputs; of what there is for each sample, rows are samples and columns units, and of a
    Jacobian only the step's sample is given. Under `settings.hidden` what the walk has not reached is `?`.

    Where the walk is calculated by hand the head says which of its two numbers these are, as `settings.arithmetic` has
    it; what is too far to be worked is `?`.

    Raises:
        ValueError: no such kind.
    """
    if kind not in TABLES:
        raise ValueError(f"{kind!r} is no kind of table; expected one of {', '.join(TABLES)}")
    step = session.trace[cursor]
    quantity, shape = step.quantity, step.quantity.shape
    whole = Address(quantity.name, quantity.layer, (), step.place.sample if len(shape) == 2 else None, step.address.k)
    samples = quantity.per_sample and len(shape) < 2
    rows = (session.trace.network.batches.size(step.place.k), *shape) if samples else shape
    # 0 stands for no index
    downs = range(1, rows[0] + 1) if rows else (0,)
    across = range(1, rows[1] + 1) if len(rows) > 1 else (0,)

    def address(down: int, right: int) -> Address:
        unit = tuple(index for index in ((right,) if samples else (down, right)) if index)
        return Address(whole.name, whole.layer, unit, down if samples else whole.sample, whole.k)

    def text(at: Address) -> str:
        if settings.hidden and not session.reached(at, cursor, True):
            return "?"
        if hand is None:
            return shortest(float(session.trace.value(at)))
        try:
            return hand.text(at, hand.value(at))
        except HandError:
            return "?"

    hand = session.hand if settings.arithmetic == "hand" else None
    how = "" if session.hand is None else " exact" if hand is None else " by hand"
    head = [f"{whole}{how}", *(str(right) if right else "value" for right in across)]
    lines = [head]
    for down in downs:
        index = f"#{down}" if samples else str(down) if down else ""
        lines.append([index, *(text(address(down, right)) for right in across)])
    if kind == "tsv":
        return "".join("\t".join(line) + "\n" for line in lines)
    rule = ["---", *("--:" for _ in across)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *lines[1:]))
