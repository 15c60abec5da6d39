"""Makes the pictures of the documentation: `python docs/pictures.py [NAME…]`.

`stepper.svg` stands in the README. `gallery/` shows six networks at a forward, a backward and an update step, small and
large: in colour as SVG, dark and light, and as text without colour and in ASCII.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.scenario.model import Scenario

HERE = Path(__file__).parent
GALLERY = HERE / "gallery"
SIZES = ((80, 24), (120, 40))
NETWORKS = {
    "softplus": ("a[1][1]", "delta[1][1]", "W[1][2,1]@1"),
    "zero_init": ("z[2][1]", "dW[3][1,2]", "W[3][1,2]@1"),
    "tanh_paths": ("z[2][1]", "db[1][1]", "W[2][1,2]@1"),
    "batch_norm": ("xhat[1][2]#3", "dxhat[1][2]#3", "gamma[1][2]@1"),
    "digits": ("z[1][3]#2", "dW[1][3,29]", "W[1][3,29]@1"),
    "large": ("z[1][5]", "dW[1][5,400]", "W[1][5,400]@1"),
}
"""Scenario → a forward, a backward and an update step. `large` is made here: 784-128-10."""
LARGE = """
title = "784-128-10"
[network]
inputs = 784
[[network.layers]]
units = 128
activation = "relu"
weights = {{ init = "he_normal", seed = 1 }}
biases = "zeros"
[[network.layers]]
units = 10
activation = "softmax"
weights = {{ init = "xavier_uniform", seed = 2 }}
biases = "zeros"
[data]
x = [{ring}]
y = [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
[training]
loss = {{ name = "cross_entropy", factor = 1.0, over_outputs = "sum", over_samples = "mean" }}
optimizer = {{ name = "sgd", learning_rate = 0.1 }}
iterations = 100
"""
LOOKS = {
    "dark": ({"COLORTERM": "truecolor"}, "backprop-dark"),
    "light": ({"COLORTERM": "truecolor"}, "backprop-light"),
    "nocolor": ({"NO_COLOR": "1"}, ""),
    "ascii": ({"COLORTERM": "truecolor"}, ""),
}
"""How it is looked at → environment and theme."""


@dataclass(frozen=True)
class Picture:
    """One picture: what of, how large, how looked at."""

    scenario: str
    phase: str
    target: str
    size: tuple[int, int]
    look: str

    @property
    def path(self) -> Path:
        ending = "svg" if self.look in ("dark", "light") else "txt"
        columns, rows = self.size
        return GALLERY / f"{self.scenario}_{self.phase}_{columns}x{rows}_{self.look}.{ending}"


def pictures() -> Iterator[Picture]:
    for scenario, targets in NETWORKS.items():
        for phase, target in zip(("forward", "backward", "update"), targets, strict=True):
            for size in SIZES:
                for look in LOOKS:
                    yield Picture(scenario, phase, target, size, look)


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """The terminal's environment while a picture is made."""
    before = dict(os.environ)
    for name in ("NO_COLOR", "COLORTERM", "LC_ALL"):
        os.environ.pop(name, None)
    os.environ |= {"TERM": "xterm-256color", "BACKPROP_TUI_SETTINGS": "", "BACKPROP_TUI_UNSAVED": "", **values}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def ring() -> list[float]:
    """A zero as an image of 28×28."""
    return [
        round(math.exp(-((math.hypot(row - 13.5, (column - 13.5) * 1.3) - 9) ** 2) / 5), 3)
        for row in range(28)
        for column in range(28)
    ]


def scenario_of(name: str) -> Scenario:
    """A shipped scenario, or the large one."""
    from engine.scenario.read import read_text
    from tui.verbs.load import load

    return read_text(LARGE.format(ring=ring()), "large.toml") if name == "large" else load(name)


async def shot(scenario: str, target: str, size: tuple[int, int], theme: str, ascii: bool, text: bool) -> str:
    """The screen at a step: SVG, or its characters alone."""
    from tui.app import StepperApp
    from tui.session import Session

    walk = scenario_of(scenario)
    app = StepperApp(walk, Session(walk).target(target, 0), ascii)
    async with app.run_test(size=size) as pilot:
        if theme:
            app.theme = theme
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        if not text:
            return app.picture()
        rows = ("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
        return "\n".join(row.rstrip() for row in rows) + "\n"


def slim(svg: str) -> str:
    """The same picture in half the size, and the same bytes whenever it is made: no clipping line by line."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r'<clipPath id="terminal-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    return re.sub(r' clip-path="url\(#terminal-line-\d+\)"', "", svg)


def make(picture: Picture) -> None:
    values, theme = LOOKS[picture.look]
    with environment(values):
        text = picture.path.suffix == ".txt"
        made = asyncio.run(shot(picture.scenario, picture.target, picture.size, theme, picture.look == "ascii", text))
    picture.path.write_text(made if text else slim(made), encoding="utf-8")


def gallery() -> str:
    """The page that shows them all."""
    lines = [
        "# Gallery",
        "",
        "Made by `python docs/pictures.py`: six networks, each at a forward, a backward and an update step. In",
        "colour as SVG; without colour (`NO_COLOR`) and in ASCII as text, for there a terminal shows no more.",
    ]
    for scenario, targets in NETWORKS.items():
        lines += ["", f"## {scenario}", "", "| | 80×24 | 120×40 |", "|---|---|---|"]
        for phase, target in zip(("forward", "backward", "update"), targets, strict=True):
            cells = []
            for size in SIZES:
                of = [Picture(scenario, phase, target, size, look) for look in LOOKS]
                cells.append(" ".join(f"[{picture.look}]({picture.path.name})" for picture in of))
            lines.append(f"| {phase}, `{target}` | {' | '.join(cells)} |")
        shown = Picture(scenario, "backward", targets[1], SIZES[1], "dark").path.name
        lines += ["", f"![{scenario} at a backward step]({shown})"]
    return "\n".join(lines) + "\n"


def main(wanted: list[str]) -> None:
    GALLERY.mkdir(exist_ok=True)
    (GALLERY / "README.md").write_text(gallery(), encoding="utf-8")
    with environment({"COLORTERM": "truecolor"}):
        svg = asyncio.run(shot("softplus", "delta[1][1]", (100, 30), "", False, False))
    (HERE / "stepper.svg").write_text(slim(svg), encoding="utf-8")
    for picture in pictures():
        if not wanted or picture.scenario in wanted:
            make(picture)
            print(picture.path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
