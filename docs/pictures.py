"""Makes the pictures of the documentation: `python docs/pictures.py`."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

HERE = Path(__file__).parent
PICTURES = {"stepper": ("softplus", (100, 30), "delta[1][1]")}
"""Name → scenario, size, and the step shown."""


async def picture(name: str) -> None:
    from tui.app import StepperApp
    from tui.session import Session
    from tui.verbs.load import load

    scenario, size, target = PICTURES[name]
    walk = load(scenario)
    app = StepperApp(walk, at=Session(walk).target(target, 0))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        svg = app.export_screenshot(title="backprop-tui")
    # the picture must not fetch a font from anywhere
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace(
        "Fira Code", "DejaVu Sans Mono, Menlo, Consolas"
    )
    (HERE / f"{name}.svg").write_text(re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE), encoding="utf-8")


if __name__ == "__main__":
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    os.environ.pop("NO_COLOR", None)
    for wanted in PICTURES:
        asyncio.run(picture(wanted))
