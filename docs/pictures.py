"""Makes the pictures of the documentation: `python docs/pictures.py [NAME…]`.

`stepper.svg` stands in the README. `gallery/` shows six networks at a forward, a backward and an update step, small and
large: in colour as SVG, dark and light, and as text without colour and in ASCII.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
"""Scenario → a forward, a backward and an update step. `large` is 784-128-10, beside this script."""
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
    os.environ |= {"TERM": "xterm-256color", "BACKPROP_TUI_SETTINGS": "", **values}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def source(name: str) -> str:
    """What is typed for FILE."""
    return str(HERE / f"{name}.toml") if (HERE / f"{name}.toml").exists() else name


async def shot(scenario: str, target: str, size: tuple[int, int], theme: str, ascii: bool, text: bool) -> str:
    """The screen at a step: SVG, or its characters alone."""
    from tui.app import StepperApp
    from tui.session import Session
    from tui.verbs.load import load

    walk = load(source(scenario))
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


def make(picture: Picture) -> None:
    values, theme = LOOKS[picture.look]
    with environment(values):
        text = picture.path.suffix == ".txt"
        made = asyncio.run(shot(picture.scenario, picture.target, picture.size, theme, picture.look == "ascii", text))
    picture.path.write_text(re.sub(r"terminal-\d+", "terminal", made), encoding="utf-8")


def main(wanted: list[str]) -> None:
    GALLERY.mkdir(exist_ok=True)
    with environment({"COLORTERM": "truecolor"}):
        svg = asyncio.run(shot("softplus", "delta[1][1]", (100, 30), "", False, False))
    (HERE / "stepper.svg").write_text(re.sub(r"terminal-\d+", "terminal", svg), encoding="utf-8")
    for picture in pictures():
        if not wanted or picture.scenario in wanted:
            make(picture)
            print(picture.path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
