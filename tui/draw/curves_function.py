"""The current layer's activation and its slope, with every z of the sample on both: how saturation looks."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.address import Address
from engine.predict import activation_at, elementwise
from engine.scenario.model import Array
from tui.draw.braille import DOT_COLUMNS, DOT_ROWS
from tui.draw.cells import Look, Span, width_of
from tui.draw.curves_scene import Scene
from tui.draw.plot import Scale, cells_of, scale_of, trace_line
from tui.draw.wrap import wrap

REACH = 6.0
"""z from −6 to 6 at least: where every common activation bends."""
SATURATED = 0.05
"""Share of the largest slope below which a unit hardly learns."""
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
STACKED = 9
"""Rows from which f and f′ have a plot each, one below the other."""


class Mark(Struct, frozen=True):
    """One unit on the curves; None for what may not be shown."""

    unit: int
    z: float
    f: float | None
    slope: float | None


class Strip(Struct, frozen=True):
    """A part of the plot: its rows, what is drawn in it."""

    y: int
    height: int
    scale: Scale


def draw_function(scene: Scene) -> None:
    layer = scene.step.quantity.layer or scene.network.depth
    name = scene.network.scenario.layers[layer - 1].activation
    if not elementwise(scene.network, layer):
        text = f"layer {layer}: {name} is a function of the whole layer, not a curve of one z"
        for y, line in enumerate(wrap(text, scene.width)[: scene.height]):
            scene.canvas.put(0, y, line, Look("hint"))
        return
    marks = _marks(scene, layer)
    low, high = _range(marks)
    columns = max(2, (scene.width - _margin(scene)) * DOT_COLUMNS)
    z = np.linspace(low, high, columns)
    f, slope = activation_at(scene.network, layer, z)
    largest = _largest(slope)
    current = _current(scene, marks)
    scene.caption(0, _caption(scene, layer, name, current, largest))
    if scene.width < LEAST_WIDTH or scene.height < LEAST_HEIGHT:
        return
    rows = scene.height - 3
    if scene.height >= STACKED:
        upper = rows - rows // 2
        strips = [
            Strip(1, upper, scale_of([f], log=False)),
            Strip(1 + upper, rows - upper, scale_of([slope], log=False)),
        ]
    else:
        both = scale_of([f, slope], log=False)
        strips = [Strip(1, rows, both), Strip(1, rows, both)]
    prime = "'" if scene.ascii else "′"
    for strip, values, label, pattern, role in (
        (strips[1], slope, f"f{prime}", "dashed" if strips[0].y == strips[1].y else "solid", "curve_2"),
        (strips[0], f, "f", "solid", "curve_1"),
    ):
        _curve(scene, strip, values, pattern, role)
        _labels(scene, strip, label, role, strips[0].y == strips[1].y)
    x = None if current is None else _column(scene, current.z, low, high)
    if x is not None:
        for y in range(1, 1 + rows):
            if scene.canvas.get(x, y) == " ":
                scene.canvas.put(x, y, ":" if scene.ascii else "┊", Look("pointer"))
    for mark in sorted(marks, key=lambda mark: mark is current):
        for strip, value in zip(strips, (mark.f, mark.slope), strict=True):
            _put(scene, strip, _column(scene, mark.z, low, high), value, mark, mark is current)
    flat = np.abs(slope) < SATURATED * largest
    _axis(scene, 1 + rows, low, high, flat, scene.network.activation_reads(layer))


def _marks(scene: Scene, layer: int) -> list[Mark]:
    """The units whose z the walk has reached, for the current sample."""
    marks: list[Mark] = []
    reads = scene.network.activation_reads(layer)
    for unit in range(1, scene.network.sizes[layer] + 1):
        z = _value(scene, Address(reads, layer, (unit,), scene.sample, scene.k))
        if z is None or not math.isfinite(z):
            continue
        f = _value(scene, Address("a", layer, (unit,), scene.sample, scene.k))
        marks.append(Mark(unit, z, f, _slope(scene, layer, unit)))
    return marks


def _value(scene: Scene, address: Address) -> float | None:
    if not scene.session.reached(address, scene.cursor, scene.settings.hidden):
        return None
    return float(scene.trace.value(address))


def _slope(scene: Scene, layer: int, unit: int) -> float | None:
    """f′ at z: a property of the curve, so known with z; with `hidden` not before its own step has been answered."""
    address = Address("fprime", layer, (unit,), scene.sample, scene.k)
    stepped = scene.network.catalogue["fprime", layer].in_walk
    if scene.settings.hidden and stepped and not scene.session.reached(address, scene.cursor, True):
        return None
    return float(scene.trace.value(address))


def _current(scene: Scene, marks: list[Mark]) -> Mark | None:
    """The unit the step is about, else the first."""
    unit = scene.step.place.unit[0] if scene.step.place.unit and scene.step.quantity.layer is not None else 1
    return next((mark for mark in marks if mark.unit == unit), None)


def _range(marks: list[Mark]) -> tuple[float, float]:
    zs = [mark.z for mark in marks]
    low, high = min([-REACH, *zs]), max([REACH, *zs])
    return (low * 1.05 if low < -REACH else low), (high * 1.05 if high > REACH else high)


def _largest(slope: Array) -> float:
    finite = np.abs(slope[np.isfinite(slope)])
    return float(finite.max()) if len(finite) else 0.0


def _caption(scene: Scene, layer: int, name: str, mark: Mark | None, largest: float) -> list[Span]:
    prime = "'" if scene.ascii else "′"
    reads = scene.network.activation_reads(layer)
    head = Span(f"layer {layer}: {name}", Look("title"))
    if mark is None:
        return [head, Span(f"{reads} not computed yet", Look("hint"))]
    f = "?" if mark.f is None else scene.number(mark.f)
    slope = "?" if mark.slope is None else scene.number(mark.slope)
    parts = [
        Span(f"f{prime}({reads}) = {slope}", Look("curve_2")),
        Span(f"f({reads}) = {f}", Look("curve_1")),
        Span(f"unit {mark.unit}: {reads} = {scene.number(mark.z)}", Look("pointer")),
    ]
    if scene.width < 60:
        # the slope is what the panel is for
        return [*parts, head]
    parts.reverse()
    if mark.slope is not None and largest > 0.0 and abs(mark.slope) < SATURATED * largest:
        share = scene.number(100 * abs(mark.slope) / largest, 2)
        parts.append(Span(f"saturated: {share}% of the largest slope", Look("warning")))
    return [head, *parts]


def _margin(scene: Scene) -> int:
    return 7 if scene.width >= 24 else 0


def _column(scene: Scene, z: float, low: float, high: float) -> int:
    width = scene.width - _margin(scene)
    # halves, for the ends may be as far apart as numbers go
    share = (z / 2 - low / 2) / (high / 2 - low / 2)
    return _margin(scene) + min(width - 1, max(0, int(share * width)))


def _curve(scene: Scene, strip: Strip, values: Array, pattern: str, role: str) -> None:
    rows = strip.height * DOT_ROWS
    columns = len(values)
    dots = trace_line(np.arange(columns), values, strip.scale, columns, columns, rows, pattern)
    char = "*" if pattern == "solid" else "+"
    bits = cells_of(dots)
    for y, x in np.argwhere(bits):
        text = char if scene.ascii else chr(0x2800 + int(bits[y, x]))
        scene.canvas.put(_margin(scene) + int(x), strip.y + int(y), text, Look(role))


def _labels(scene: Scene, strip: Strip, label: str, role: str, shared: bool) -> None:
    """The name of the curve and the ends of its values, in the margin."""
    room = _margin(scene) - 1
    if room < 0:
        return
    if strip.height > 1 or not shared:
        scene.canvas.put(0, strip.y, scene.number(strip.scale.high, 3).rjust(room)[:room], Look("hint"))
    if strip.height > 1:
        low = scene.number(strip.scale.low, 3).rjust(room)[:room]
        scene.canvas.put(0, strip.y + strip.height - 1, low, Look("hint"))
    if strip.height > 2:
        # f solid and f′ dashed share a margin where they share a plot
        x = room - width_of(label) - (3 if shared and label == "f" else 0)
        scene.canvas.put(max(0, x), strip.y + strip.height // 2, label, Look(role))


def _put(scene: Scene, strip: Strip, x: int, value: float | None, mark: Mark, current: bool) -> None:
    if value is None:
        return
    row = strip.scale.rows(np.array([value]), strip.height * DOT_ROWS)[0]
    if not math.isfinite(row):
        # between two columns of the curve a value may lie just beyond its ends
        row = 0.0 if value > strip.scale.high else strip.height * DOT_ROWS - 1.0
    char = str(mark.unit) if mark.unit < 10 else ("O" if scene.ascii else "●")
    scene.canvas.put(x, strip.y + int(row) // DOT_ROWS, char, Look("cell_current" if current else "point"))


def _axis(scene: Scene, y: int, low: float, high: float, flat: NDArray[np.bool_], reads: str) -> None:
    """The line of z, shaded where the slope is nearly 0, and its numbers."""
    left = _margin(scene)
    for x in range(left, scene.width):
        shaded = bool(flat[(x - left) * DOT_COLUMNS])
        char = ("#" if shaded else "-") if scene.ascii else ("▒" if shaded else "─")
        scene.canvas.put(x, y, char, Look("warning" if shaded else "hint"))
    texts = [scene.number(end, 3) for end in (low, high)]
    scene.canvas.put(left, y + 1, texts[0], Look("hint"))
    scene.canvas.put(scene.width - width_of(texts[1]), y + 1, texts[1], Look("hint"))
    zero = _column(scene, 0.0, low, high)
    note = f"{reads}   {'#' if scene.ascii else '▒'} slope under 5% of its largest"
    if scene.width - left > width_of(note) + 20 and bool(flat.any()):
        scene.canvas.put(left + (scene.width - left - width_of(note)) // 2, y + 1, note, Look("head"))
    elif left + width_of(texts[0]) < zero < scene.width - width_of(texts[1]) - 1:
        scene.canvas.put(zero, y + 1, "0", Look("hint"))
