"""Lines over the iterations: the loss and its parts, sizes of gradients and activations per layer."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct

from engine.scenario.model import Array
from tui.draw.braille import DOT_COLUMNS, DOT_ROWS
from tui.draw.cells import Hit, Look, Span, width_of
from tui.draw.curves_scene import Scene
from tui.draw.plot import (
    Dots,
    Ints,
    Scale,
    cells_of,
    column_of,
    record_at,
    round_values,
    scale_of,
    spark,
    trace_line,
)

COLOURS = 4
"""Roles curve_1 … of the palette, taken in turn: lines beside one another differ, and each is named at its end."""
STROKES = {"solid": ("──", "**"), "dotted": ("··", ".."), "dashed": ("╌╌", "++")}
"""A line's pattern as a legend shows it, in Unicode and in ASCII."""
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
"""Below this a plot says less than one line with a number."""


class Line(Struct, eq=False):
    """One curve, its hidden part already cut off."""

    label: str
    """Written at its end."""
    ks: Ints
    values: Array
    now: float | None
    """Its exact value at the cursor's iteration; None where that may not be shown."""
    role: str
    pattern: str = "solid"


class Frame(Struct, frozen=True):
    """Where the plot lies: its first cell, and its size in cells."""

    x: int
    y: int
    width: int
    height: int


def draw_loss(scene: Scene) -> None:
    series = scene.series
    objective = scene.network.scenario.training.direction == "maximise"
    whole = "objective" if objective else "loss"
    ks, values = series.loss()
    lines = [_line(scene, whole, "loss", None, ks, values, "curve_1", "solid")]
    if series.penalised:
        for name, label, role, pattern in (
            ("data_loss", "data", "curve_3", "dotted"),
            ("penalty", "penalty", "curve_2", "dashed"),
        ):
            lines.append(_line(scene, label, name, None, *series.part(name), role, pattern))
    legend = [
        Span(
            (f"{STROKES[line.pattern][scene.ascii]} " if len(lines) > 1 else "")
            + (f"{line.label} {scene.number(line.now)}" if line.now is not None else f"{line.label} ?"),
            Look(line.role if len(lines) > 1 else "title"),
        )
        for line in lines
    ]
    _draw(scene, lines, scale_of(_seen(lines)), [*legend, Span(scene.when, Look("hint"))])


def draw_gradients(scene: Scene) -> None:
    _draw_sizes(scene, "rms_dW", "dW", "∂L/∂W", True)


def draw_activations(scene: Scene) -> None:
    _draw_sizes(scene, "rms_a", "a", "a", None)


def _draw_sizes(scene: Scene, name: str, of: str, symbol: str, log: bool | None) -> None:
    ks, values = scene.series.sizes(name)
    layers = scene.series.layers(name)
    lines = [
        _line(scene, str(layer), name, layer, ks, values[:, at], f"curve_{at % COLOURS + 1}", "solid", of)
        for at, layer in enumerate(layers)
    ]
    symbol = "dL/dW" if scene.ascii and of == "dW" else symbol
    caption = [Span(f"rms of {symbol}", Look("title"))]
    ends = [lines[0], lines[-1]] if len(lines) > 1 else lines
    for line in ends:
        value = "?" if line.now is None else scene.number(line.now, 3)
        caption.append(Span(f"layer {line.label}: {value}", Look(line.role)))
    if len(ends) == 2 and (ratio := _ratio(scene, ends[0].now, ends[1].now)):
        caption.append(Span(ratio, Look("text")))
    caption.append(Span(scene.when, Look("hint")))
    _draw(scene, lines, scale_of(_seen(lines), log=log), caption, by_layer=True)


def _ratio(scene: Scene, first: float | None, last: float | None) -> str:
    """How the first layer's size compares with the last one's: what vanishing means."""
    if first is None or last is None or not (math.isfinite(first) and math.isfinite(last)) or last == 0.0:
        return ""
    with np.errstate(all="ignore"):
        ratio = float(np.float64(first) / last)
    return f"first/last {scene.number(ratio, 3)}"


def _line(
    scene: Scene, label: str, name: str, layer: int | None, ks: Ints, values: Array, role: str, pattern: str,
    last_of: str = "",
) -> Line:  # fmt: skip
    last = scene.last_shown(name, layer, last_of)
    count = int(np.searchsorted(ks, last, side="right"))
    now = scene.series.at(name, layer, scene.k) if last >= scene.k else None
    return Line(label, ks[:count], values[:count], now, role, pattern)


def _seen(lines: list[Line]) -> list[Array]:
    """Every value that is drawn, those at the cursor apart."""
    return [*(line.values for line in lines), np.array([line.now for line in lines if line.now is not None])]


def _draw(scene: Scene, lines: list[Line], scale: Scale, caption: list[Span], by_layer: bool = False) -> None:
    if scene.width < LEAST_WIDTH or scene.height < LEAST_HEIGHT:
        _spark(scene, lines, scale, caption, by_layer)
        return
    scene.caption(0, [*scene.warning(), *caption])
    frame, ticks = _frame(scene, lines, scale)
    _axes(scene, frame, scale, ticks)
    dots = [_dots(scene, line, scale, frame) for line in lines]
    _cells(scene, frame, lines, dots)
    _cursor(scene, frame, lines, scale)
    _labels(scene, frame, lines, scale)
    if scene.diverged is not None:
        x = frame.x + column_of(scene.diverged, scene.iterations, frame.width * DOT_COLUMNS) // DOT_COLUMNS
        scene.canvas.put(x, frame.y, "x" if scene.ascii else "×", Look("status"))
    scene.hits += _hits(scene, frame)


def _spark(scene: Scene, lines: list[Line], scale: Scale, caption: list[Span], by_layer: bool) -> None:
    """A number and a line of bars: over the layers at the cursor, or over the iterations."""
    if by_layer:
        values = np.array([math.nan if line.now is None else line.now for line in lines])
        scale = scale_of([values], log=scale.log or None)
        number = caption[1].text if len(caption) > 1 else ""
    else:
        values = lines[0].values
        number = "?" if lines[0].now is None else scene.number(lines[0].now, min(4, scene.settings.digits))
    bars = scale.share(values)
    if scene.height > 1:
        scene.caption(0, [*scene.warning(), *caption])
        x, y = 0, 1
    else:
        x, y = scene.canvas.put(0, 0, number[: scene.width], Look("title")) + 1, 0
    text = spark(bars, scene.width - x, scene.ascii)
    # columns of bars up to the cursor; over layers there is no before and after
    count = int(np.searchsorted(lines[0].ks, scene.k, side="right"))
    done = len(text) if by_layer or not len(bars) else -(-count * len(text) // len(bars))
    x = scene.canvas.put(x, y, text[:done], Look("curve_1"))
    scene.canvas.put(x, y, text[done:], Look("curve_future"))


# the frame


def _frame(scene: Scene, lines: list[Line], scale: Scale) -> tuple[Frame, list[tuple[float, str]]]:
    """The plot within the panel, and the ticks of its values, the ends first: room for them is taken first."""
    height = scene.height - 2
    values = dict.fromkeys([0.0] if scale.zero else [])
    values |= dict.fromkeys((scale.high, scale.low) if height > 1 else (scale.high,))
    if height >= 6:
        values |= dict.fromkeys(scale.ticks(max(2, height // 3)))
    ticks = [(value, scene.number(value, scale.digits)) for value in values]
    left = max((width_of(text) for _, text in ticks), default=0) + 1 if scene.width >= 20 else 0
    right = min(scene.width // 5, max(width_of(line.label) for line in lines) + 1)
    if len(lines) == 1 or scene.width < 30:
        right = 0
    elif lines[0].label.isdigit():
        # several layers may end in one row
        right = max(right, min(7, scene.width // 6))
    return Frame(left, 1, scene.width - left - right, height), ticks


def _axes(scene: Scene, frame: Frame, scale: Scale, ticks: list[tuple[float, str]]) -> None:
    canvas = scene.canvas
    if frame.x:
        for y in range(frame.y, frame.y + frame.height):
            canvas.put(frame.x - 1, y, "|" if scene.ascii else "│", Look("hint"))
        taken: set[int] = set()
        for value, text in ticks:
            row = scale.rows(np.array([value]), frame.height * DOT_ROWS)[0]
            if math.isfinite(row) and (y := frame.y + int(row) // DOT_ROWS) not in taken:
                taken |= {y, y + 1, y - 1} if value in (scale.low, scale.high) else {y}
                canvas.put(0, y, text.rjust(frame.x - 1), Look("hint"))
                canvas.put(frame.x - 1, y, "+" if scene.ascii else "┤", Look("hint"))
    _iterations(scene, frame)


def _iterations(scene: Scene, frame: Frame) -> None:
    """The numbers of iterations below the plot: the cursor's own, the ends, round ones where there is room."""
    y = frame.y + frame.height
    taken: list[tuple[int, int]] = []

    def put(k: int, look: Look) -> None:
        text = f"{k + 1:,}"
        centre = frame.x + column_of(k, scene.iterations, frame.width * DOT_COLUMNS) // DOT_COLUMNS
        x = max(0, min(scene.width - len(text), centre - len(text) // 2))
        if all(x + len(text) < start or end < x for start, end in taken):
            scene.canvas.put(x, y, text, look)
            taken.append((x, x + len(text)))

    put(scene.k, Look("title_current"))
    put(0, Look("hint"))
    put(scene.iterations - 1, Look("hint"))
    for value in round_values(1.0, float(scene.iterations), max(1, frame.width // 12)):
        if value >= 1.0 and value == round(value):
            put(int(value) - 1, Look("hint"))


# what is in it


def _dots(scene: Scene, line: Line, scale: Scale, frame: Frame) -> Dots:
    rows = frame.height * DOT_ROWS
    columns = frame.width * DOT_COLUMNS
    return trace_line(line.ks, line.values, scale, scene.iterations, columns, rows, line.pattern)


def _cells(scene: Scene, frame: Frame, lines: list[Line], dots: list[Dots]) -> None:
    """All lines ORed into one; a cell takes the look of the first line through it, and is dim after the cursor."""
    bits = [cells_of(each) for each in dots]
    here = column_of(scene.k, scene.iterations, frame.width * DOT_COLUMNS) // DOT_COLUMNS
    merged = np.bitwise_or.reduce(bits)
    future = Look("curve_future")
    looks = [Look(line.role) for line in lines]
    owner = np.argmax(np.stack([each > 0 for each in bits]), axis=0)
    for y, x in np.argwhere(merged):
        at = int(owner[y, x])
        char = STROKES[lines[at].pattern][1][0] if scene.ascii else chr(0x2800 + int(merged[y, x]))
        scene.canvas.put(frame.x + int(x), frame.y + int(y), char, future if x > here else looks[at])


def _cursor(scene: Scene, frame: Frame, lines: list[Line], scale: Scale) -> None:
    """A vertical line at the cursor's iteration, and a mark on each curve at its exact value."""
    x = frame.x + column_of(scene.k, scene.iterations, frame.width * DOT_COLUMNS) // DOT_COLUMNS
    for y in range(frame.y, frame.y + frame.height):
        if scene.canvas.get(x, y) == " ":
            scene.canvas.put(x, y, ":" if scene.ascii else "┊", Look("pointer"))
    for line in reversed(lines):
        row = math.nan if line.now is None else scale.rows(np.array([line.now]), frame.height * DOT_ROWS)[0]
        if math.isfinite(row):
            scene.canvas.put(x, frame.y + int(row) // DOT_ROWS, "O" if scene.ascii else "●", Look("pointer"))


def _labels(scene: Scene, frame: Frame, lines: list[Line], scale: Scale) -> None:
    """Each line's name beside its end; lines that end in one row share it."""
    room = scene.width - frame.x - frame.width - 1
    if room < 1:
        return
    rows: dict[int, list[Line]] = {}
    for line in lines:
        end = scale.rows(line.values, frame.height * DOT_ROWS)
        end = end[np.isfinite(end)][-1:]
        if len(end):
            rows.setdefault(frame.y + int(end[0]) // DOT_ROWS, []).append(line)
    x = frame.x + frame.width + 1
    for row, ending in rows.items():
        if all(line.label.isdigit() for line in ending):
            text = _numbers([int(line.label) for line in ending])
            if width_of(text) > room:
                dots = ".." if scene.ascii else "…"
                text = f"{ending[0].label}{dots}{ending[-1].label}"[:room]
            scene.canvas.put(x, row, text, Look(ending[0].role))
            continue
        # of several words the first stands here, the others where a row beside it is free
        for line, at in zip(ending, _free(row, len(ending), rows, frame), strict=False):
            scene.canvas.put(x, at, line.label[:room], Look(line.role))


def _free(row: int, count: int, taken: dict[int, list[Line]], frame: Frame) -> list[int]:
    """The row itself and the nearest free ones, `count` in all where there are as many."""
    others = sorted(
        (y for y in range(frame.y, frame.y + frame.height) if y not in taken), key=lambda y: (abs(y - row), y)
    )
    return [row, *others[: count - 1]]


def _numbers(layers: list[int]) -> str:
    """Numbers ascending, neighbours joined: 1-3,5."""
    runs: list[list[int]] = []
    for layer in sorted(layers):
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return ",".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}{',' if len(run) == 2 else '-'}{run[-1]}" for run in runs
    )


def _hits(scene: Scene, frame: Frame) -> tuple[Hit, ...]:
    start = scene.trace.plan.start
    targets = tuple(str(start(record_at(x, scene.iterations, frame.width)) + 1) for x in range(frame.width))
    return _column_hits(frame, targets)


@lru_cache(maxsize=8)
def _column_hits(frame: Frame, targets: tuple[str, ...]) -> tuple[Hit, ...]:
    """A hit for every run of columns that lead to one step, in every row of the plot."""
    runs: list[tuple[int, int, str]] = []
    for x, target in enumerate(targets):
        if runs and runs[-1][2] == target:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, target)
        else:
            runs.append((x, 1, target))
    return tuple(
        Hit(frame.x + x, y, width, target) for y in range(frame.y, frame.y + frame.height) for x, width, target in runs
    )
