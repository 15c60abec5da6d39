"""The weights of every layer now, beside those at the start: a histogram, or each weight where they are few."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.scenario.model import Array
from tui.draw.cells import Look, Span, width_of
from tui.draw.curves_scene import Scene
from tui.draw.plot import SPARKS
from tui.draw.wrap import clip

FEW = 12
"""Weights up to which each is drawn as a point and written as a number."""
MARGIN = 6
"""Cells before a row for what it shows: now, start."""
HIGHEST = 6
"""Rows of a histogram beyond which it says nothing more."""


class Layer(Struct, eq=False):
    """One layer's weights."""

    number: int
    start: Array
    now: Array
    """Finite ones only, flat."""
    lost: int
    """How many are not finite."""
    k: int
    """The state they are of."""

    @property
    def few(self) -> bool:
        return len(self.now) + self.lost <= FEW

    @property
    def range(self) -> tuple[float, float]:
        """From the least to the greatest of both, 0 always within."""
        both = np.concatenate([self.start, self.now, [0.0]])
        low, high = float(both.min()), float(both.max())
        return (low, high) if high > low else (-1.0, 1.0)


def draw_weights(scene: Scene) -> None:
    owned = sorted(layer or 0 for name, layer in scene.network.parameters if name == "W")
    rows = max(1, scene.height - 1)
    shown = _window(owned, scene.step.quantity.layer or owned[-1], rows)
    layers = [_layer(scene, number) for number in shown]
    top = 0
    if scene.height > 1:
        caption = [Span(f"weights at {scene.when}", Look("title"))]
        if len(shown) < len(owned):
            caption.append(Span(f"{len(shown)} of {len(owned)} layers", Look("hint")))
        scene.caption(0, [*caption, Span("below each: the starting weights", Look("hint"))])
        top = 1
    each = rows // len(layers)
    # a blank between layers where there is room for it
    used = min(each - (each > 4), 3 + HIGHEST)
    for place, layer in enumerate(layers):
        _draw(scene, layer, top + place * min(each, used + 1), used)


def _window(layers: list[int], focus: int, room: int) -> list[int]:
    """As many layers as there are rows, the focus among them."""
    if len(layers) <= room:
        return layers
    at = layers.index(focus) if focus in layers else len(layers) - 1
    first = max(0, min(at - room // 2, len(layers) - room))
    return layers[first : first + room]


def _layer(scene: Scene, number: int) -> Layer:
    k = scene.state_of("W", number)
    start, now = (scene.trace.state(at)["W", number].ravel() for at in (0, k))
    finite = np.isfinite(now)
    return Layer(number, start[np.isfinite(start)], now[finite], int((~finite).sum()), k)


def _draw(scene: Scene, layer: Layer, y: int, rows: int) -> None:
    """Numbers first, then what is now, then the start, then the axis, as far as rows go."""
    if rows == 1 or scene.width < 2 * MARGIN:
        label = f"{layer.number} "
        room = max(0, min(scene.width // 2, scene.width - len(label) - 14))
        x = scene.canvas.put(0, y, label, Look("head"))
        if room:
            _picture(scene, layer, layer.now, x, y, room, 1, Look("curve_1"))
            x += room + 1
        words = f"std {scene.number(_std(layer.now), 3)}"
        scene.canvas.put(x, y, clip(words, scene.width - x, "." if scene.ascii else "…"), Look("value"))
        return
    scene.canvas.put(0, y, clip(_numbers(scene, layer), scene.width, "..." if scene.ascii else "…"), Look("value"))
    tall = 1 if layer.few else max(1, rows - 3)
    room = scene.width - MARGIN
    scene.canvas.put(0, y + tall, "now", Look("head"))
    _picture(scene, layer, layer.now, MARGIN, y + 1, room, tall, Look("curve_1"))
    if rows > 2:
        scene.canvas.put(0, y + 1 + tall, "start", Look("hint"))
        _picture(scene, layer, layer.start, MARGIN, y + 1 + tall, room, 1, Look("hint"))
    if rows > 3:
        _axis(scene, layer, y + 2 + tall, room)


def _numbers(scene: Scene, layer: Layer) -> str:
    """Shape and sizes in words; of few weights, each."""
    shape = scene.network.catalogue["W", layer.number].shape
    name = scene.session.notation(scene.settings).array("W", layer.number)
    times = "x" if scene.ascii else "×"
    lost = f"  {layer.lost} not finite" if layer.lost else ""
    head = f"{name} {shape[0]}{times}{shape[1]}{lost}"
    if not len(layer.now):
        return head
    facts = {"mean": layer.now.mean(), "std": _std(layer.now), "min": layer.now.min(), "max": layer.now.max()}
    words = [f"{word} {scene.number(float(value), 3)}" for word, value in facts.items()]
    if layer.few:
        listed = " ".join(scene.number(float(value), 3) for value in layer.now)
        words.insert(0, listed)
    return "  ".join([head, *words])


def _std(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(values.std()) if len(values) else math.nan


def _columns(values: Array, layer: Layer, width: int) -> NDArray[np.int64]:
    """The column of each value."""
    low, high = layer.range
    most = max(abs(low), abs(high))
    shares = (values / most - low / most) / (high / most - low / most)
    return np.clip(np.rint(shares * (width - 1)), 0, width - 1).astype(np.int64)


def _picture(scene: Scene, layer: Layer, values: Array, x: int, y: int, width: int, rows: int, look: Look) -> None:
    if not len(values):
        return
    zero = int(_columns(np.zeros(1), layer, width)[0])
    if layer.few:
        _points(scene, layer, values, x, y + rows - 1, width, look)
        return
    both = [_counts(array, layer, width) for array in (layer.start, layer.now)]
    most = max(int(counts.max()) for counts in both)
    levels = SPARKS[scene.ascii]
    eighths = np.ceil(_counts(values, layer, width) / most * rows * len(levels)).astype(int)
    for row in range(rows):
        scene.canvas.put(x + zero, y + row, ":" if scene.ascii else "┊", Look("hint"))
    for column, filled in enumerate(eighths):
        for row in range(rows):
            level = min(len(levels), int(filled) - (rows - 1 - row) * len(levels))
            if level > 0:
                scene.canvas.put(x + column, y + row, levels[level - 1], look)


def _counts(values: Array, layer: Layer, width: int) -> NDArray[np.int64]:
    """How many values fall into the bin under each column: some 2√n bins, each as many columns as there is room for."""
    bins = max(1, min(width, 2 * math.isqrt(len(values))))
    found = np.bincount(_columns(values, layer, bins), minlength=bins)
    return found[np.arange(width) * bins // width]


def _points(scene: Scene, layer: Layer, values: Array, x: int, y: int, width: int, look: Look) -> None:
    """A line of numbers with a point for each value; a digit where several share a cell."""
    for column in range(width):
        scene.canvas.put(x + column, y, "-" if scene.ascii else "─", Look("hint"))
    scene.canvas.put(x + int(_columns(np.zeros(1), layer, width)[0]), y, "+" if scene.ascii else "┼", Look("hint"))
    where, counts = np.unique(_columns(values, layer, width), return_counts=True)
    for column, count in zip(where, counts, strict=True):
        point = ("O" if scene.ascii else "●") if count == 1 else str(count) if count < 10 else "#"
        scene.canvas.put(x + int(column), y, point, look)


def _axis(scene: Scene, layer: Layer, y: int, room: int) -> None:
    """The ends of the range, and 0 where it stands apart from them."""
    low, high = layer.range
    texts = [scene.number(value, 3) for value in (low, high)]
    if sum(width_of(text) for text in texts) >= room:
        return
    scene.canvas.put(MARGIN, y, texts[0], Look("hint"))
    scene.canvas.put(scene.width - width_of(texts[1]), y, texts[1], Look("hint"))
    zero = MARGIN + int(_columns(np.zeros(1), layer, room)[0])
    if MARGIN + width_of(texts[0]) < zero < scene.width - width_of(texts[1]) - 1:
        scene.canvas.put(zero, y, "0", Look("hint"))
