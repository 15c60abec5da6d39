"""What the network answers everywhere in the plane of its two inputs, and the data on it."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.activations import ACTIVATIONS
from engine.address import Address
from engine.network import Network
from engine.predict import evaluation, predict
from engine.scenario.model import Array
from tui.draw.cells import Look, Span, width_of
from tui.draw.curves_scene import Scene
from tui.draw.halfblock import STEPS, half
from tui.draw.wrap import clip
from tui.session import Session

SHADES = (" ·░▒▓", " .:+#")
"""Of an output below … above its border, where there is no heat; in Unicode and in ASCII."""
PATTERNS = (" ░▒▓·", " .:+#%=~")
"""Of a class, likewise."""
PAD = 0.15
"""Margin around the data, as a share of its range."""
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
CLASSES = "123456789abcdefghijklmnopqrstuvwxyz"
"""Marks of classes; those beyond are +."""


def why_no_decision(session: Session) -> str:
    network = session.trace.network
    inputs = network.sizes[0]
    if inputs != 2:
        return f"a map needs 2 inputs, one for each direction; this network has {inputs}"
    if network.sizes[-1] > 1 and not _classes(network):
        return f"a map shows one output or a choice of classes; this network has {network.sizes[-1]} outputs"
    return ""


def _classes(network: Network) -> bool:
    """Whether several outputs are a choice: one-hot targets."""
    y = network.scenario.y
    return network.sizes[-1] > 1 and bool(((y == 0.0) | (y == 1.0)).all() and (y.sum(axis=1) == 1.0).all())


class Border(Struct, frozen=True):
    """What an output is compared with, and how far from it is far."""

    at: float
    far: float


def _border(network: Network, values: Array) -> Border:
    """The middle of what the output can be; of an unbounded one the middle of the targets, or the only target."""
    low, high = ACTIVATIONS[network.scenario.layers[-1].activation].range
    y = network.scenario.y
    if not np.isfinite([low, high]).all():
        low, high = float(y.min()), float(y.max())
    if high > low:
        return Border(low + (high - low) / 2, (high - low) / 2)
    with np.errstate(all="ignore"):
        away = np.abs(values[np.isfinite(values)] - low)
    return Border(low, float(away.max()) if len(away) and 0.0 < away.max() < math.inf else 1.0)


class Window(Struct, frozen=True):
    """The part of the plane shown, and where: first cell and size of the map in cells."""

    low: Array
    high: Array
    x: int
    y: int
    width: int
    height: int

    def grid(self, rows: int) -> Array:
        """Points (rows · width, 2), `rows` from the top, at the middle of their cells."""
        span = self.high - self.low
        across = self.low[0] + (np.arange(self.width) + 0.5) / self.width * span[0]
        up = self.high[1] - (np.arange(rows) + 0.5) / rows * span[1]
        return np.stack(np.broadcast_arrays(across[None, :], up[:, None]), axis=-1).reshape(-1, 2)

    def cell(self, point: Array) -> tuple[int, int]:
        """The cell of the screen a point lies in."""
        share = (point - self.low) / (self.high - self.low)
        column = min(self.width - 1, max(0, int(share[0] * self.width)))
        row = min(self.height - 1, max(0, int((1.0 - share[1]) * self.height)))
        return self.x + column, self.y + row


def draw_decision(scene: Scene) -> None:
    parts = [Span(_answer(scene), Look("title")), Span(scene.when, Look("hint"))]
    if scene.width < LEAST_WIDTH or scene.height < LEAST_HEIGHT:
        scene.caption(0, parts)
        return
    window = _window(scene)
    halves = scene.heats and not scene.ascii
    rows = window.height * (2 if halves else 1)
    made = predict(scene.network, scene.trace.state(scene.k), window.grid(rows))
    values = made.reshape(rows, window.width, -1)
    known: NDArray[np.bool_]
    if values.shape[2] == 1:
        border = _border(scene.network, values)
        with np.errstate(all="ignore"):
            heat = np.clip((values[:, :, 0] - border.at) / border.far, -1.0, 1.0)
        known = np.isfinite(heat)
        regions = np.where(known, (heat > 0.0).astype(int), -1)
        output = "yhat" if scene.ascii else "ŷ"
        at = scene.number(border.at, 3)
        names = [f"{output} < {at}", f"{output} > {at}"]
        shades = np.clip((np.nan_to_num(heat) + 1.0) / 2 * 5, 0, 4).astype(int)
        chars, marks = SHADES[scene.ascii], ["o" if y < border.at else "x" for y in scene.network.scenario.y[:, 0]]
    else:
        known = np.all(np.isfinite(values), axis=2)
        shades = np.argmax(values, axis=2)
        regions = np.where(known, shades, -1)
        count = values.shape[2]
        heat = shades * 2.0 / (count - 1) - 1.0
        names = [_class(scene, at) for at in range(count)]
        chars = PATTERNS[scene.ascii]
        marks = [CLASSES[at] if at < len(CLASSES) else "+" for at in scene.network.scenario.y.argmax(axis=1)]
    heat = np.where(known, heat, 0.0)
    _map(scene, window, heat, known, shades, chars, halves)
    regions = regions[:: 2 if halves else 1].copy()
    for point in scene.session.scenario.x:
        # a name stands where no point lies
        x, y = window.cell(point)
        regions[y - window.y, max(0, x - window.x - 1) : x - window.x + 2] = -1
    _names(scene, window, regions, heat[:: 2 if halves else 1], names)
    _points(scene, window, heat[:: 2 if halves else 1], marks)
    _axes(scene, window)
    if values.shape[2] == 1:
        same = len(set(marks)) == 1 and bool((scene.network.scenario.y == border.at).all())
        parts.append(Span(f"x: target {at}" if same else f"targets: o < {at} < x", Look("hint")))
        finite = values[np.isfinite(values)]
        if len(finite) and not scene.settings.hidden:
            low, high = (scene.number(float(end), 3) for end in (finite.min(), finite.max()))
            parts.append(Span(f"{low} to {high} on the map", Look("hint")))
    else:
        parts.append(Span("digits: the targets' classes", Look("hint")))
    if special := evaluation(scene.network):
        parts.insert(2, Span(f"({special})", Look("hint")))
    scene.caption(0, parts)


def _answer(scene: Scene) -> str:
    """What the network says of the current sample, as far as the walk has come."""
    sample = scene.step.place.sample or (1 if scene.network.single else None)
    output = "yhat" if scene.ascii else "ŷ"
    if sample is None:
        return f"{output} over the inputs"
    texts = []
    for unit in range(1, scene.network.sizes[-1] + 1):
        address = Address("a", scene.network.depth, (unit,), sample, scene.k)
        reached = scene.session.reached(address, scene.cursor, scene.settings.hidden)
        texts.append(scene.number(float(scene.trace.value(address)), 3) if reached else "?")
    if len(texts) > 5:
        texts = [*texts[:4], "..." if scene.ascii else "…"]
    return f"{output} {' '.join(texts)}"


def _class(scene: Scene, at: int) -> str:
    names = scene.session.scenario.output_names
    mark = CLASSES[at] if at < len(CLASSES) else "+"
    return f"{mark} {names[at]}" if at < len(names) else f"class {mark}"


def _window(scene: Scene) -> Window:
    x = scene.session.scenario.x
    low, high = x.min(axis=0), x.max(axis=0)
    with np.errstate(all="ignore"):
        # one point, or a line of them, still has a surrounding
        pad = np.where(high > low, (high - low) * PAD, np.maximum(1.0, np.abs(low)))
        low, high = low - pad, high + pad
    left = max(width_of(scene.number(float(value), 3)) for value in (low[1], high[1])) + 1 if scene.width >= 24 else 0
    return Window(low, high, left, 1, scene.width - left, scene.height - 2)


def _map(
    scene: Scene, window: Window, heat: Array, known: NDArray[np.bool_], shades: NDArray[np.int64], chars: str,
    halves: bool,
) -> None:  # fmt: skip
    # rounded all at once, so that neighbours share a look and are written together
    shown = (np.rint(heat * STEPS) / STEPS).tolist()
    for row in range(window.height):
        cells: list[tuple[str, Look]] = []
        for column in range(window.width):
            if halves:
                upper, lower = 2 * row, 2 * row + 1
                whole = known[upper, column] or known[lower, column]
                cells.append(half(shown[upper][column], shown[lower][column]) if whole else ("?", Look("hint")))
            else:
                char = chars[shades[row, column] % len(chars)] if known[row, column] else "?"
                cells.append((char, _look("hint", shown[row][column], scene)))
        x = window.x
        for look, run in groupby(cells, key=lambda cell: cell[1]):
            x = scene.canvas.put(x, window.y + row, "".join(char for char, _ in run), look)


def _look(role: str, heat: float, scene: Scene) -> Look:
    """A role over the map's colour."""
    return Look(role, round(heat * STEPS) / STEPS) if scene.heats else Look(role)


def _names(scene: Scene, window: Window, regions: NDArray[np.int64], heat: Array, names: list[str]) -> None:
    """Each region's name in its longest row, so that nothing rests on colour."""
    for region, name in enumerate(names):
        text = scene.text(name)
        best = (0, 0, 0)
        for row in range(window.height):
            edges = np.flatnonzero(np.diff(np.concatenate([[False], regions[row] == region, [False]]).astype(int)))
            for start, stop in zip(edges[::2], edges[1::2], strict=True):
                best = max(best, (int(stop - start), -row, int(start)))
        length, row, start = best[0], -best[1], best[2]
        if length >= width_of(text) + 2:
            x = start + (length - width_of(text)) // 2
            scene.canvas.put(window.x + x, window.y + row, text, _look("text", float(heat[row, x]), scene))


def _points(scene: Scene, window: Window, heat: Array, marks: list[str]) -> None:
    """The data by their targets; the current sample in brackets."""
    data = scene.session.scenario.x
    for point, mark in zip(data, marks, strict=True):
        x, y = window.cell(point)
        scene.canvas.put(x, y, mark, _look("point", float(heat[y - window.y, x - window.x]), scene))
    row = scene.step.row
    if row is None and scene.network.single:
        row = int(scene.network.batches.rows(scene.k)[0]) + 1
    if row is not None:
        x, y = window.cell(data[row - 1])
        scene.canvas.put(x - 1, y, f"[{marks[row - 1]}]", Look("cell_current"))


def _axes(scene: Scene, window: Window) -> None:
    """The inputs' names and ranges, at the left and below."""
    names = scene.session.scenario.input_names
    notation = scene.session.notation(scene.settings)
    below, beside = (
        names[at] if at < len(names) else notation.array("x", None) + str(at + 1) if scene.ascii else ("x₁", "x₂")[at]
        for at in (0, 1)
    )
    ends = [[scene.number(float(value), 3) for value in (window.low[at], window.high[at])] for at in (0, 1)]
    if window.x:
        dots = "." if scene.ascii else "…"
        room = window.x - 1
        scene.canvas.put(0, window.y, ends[1][1].rjust(room), Look("hint"))
        scene.canvas.put(0, window.y + window.height - 1, ends[1][0].rjust(room), Look("hint"))
        if window.height > 2:
            name = clip(scene.text(beside), room, dots)
            scene.canvas.put(room - width_of(name), window.y + window.height // 2, name, Look("head"))
    y = window.y + window.height
    low, high = ends[0]
    scene.canvas.put(window.x, y, low, Look("hint"))
    room = window.width - width_of(low) - width_of(high) - 2
    scene.canvas.put(scene.width - width_of(high), y, high, Look("hint"))
    name = clip(scene.text(below), room, "." if scene.ascii else "…") if room > 0 else ""
    scene.canvas.put(window.x + width_of(low) + 1 + (room - width_of(name)) // 2, y, name, Look("head"))
