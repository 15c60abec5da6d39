"""What the tests of edits share: scenarios to change, what is typed, and a fresh run to compare with."""

from __future__ import annotations

import re
from pathlib import Path

from helpers import Walker
from scenes import shipped
from textual.widgets import Input, Static

from engine.scenario.model import Scenario
from engine.scenario.read import read_text
from engine.structs import replace
from tui.session import Session
from tui.widgets.panels import Panel

TABLE = """
title = "From a table"
[network]
inputs = 2
[[network.layers]]
units = 2
activation = "tanh"
weights = { init = "normal", std = 0.5, seed = 4 }  # drawn
[[network.layers]]
units = 1
activation = "identity"
weights = [[1.0, -0.5]]
[data]
csv = { file = "points.csv", inputs = ["a", "b"], outputs = ["c"] }
[training]
loss = "half_squared_error"
optimizer = { name = "sgd", learning_rate = 0.1 }
iterations = 4
batch_size = 2
"""


def without_expectations(scenario: Scenario) -> Scenario:
    """The scenario without what its author expects and notes: they name numbers that another walk may not have."""
    assert scenario.path is not None
    return read_text(re.sub(r"(?ms)^\[expect\].*|^\[\[notes\]\].*", "", scenario.text), scenario.path)


def scenario_of(name: str, folder: Path) -> Scenario:
    """A shipped scenario, or the one whose data lie in a file beside it."""
    if name != "from a table":
        return without_expectations(shipped(name))
    (folder / "points.csv").write_text("a,b,c\n0,1,2\n1,0.5,0\n-1,2,1\n")
    path = folder / "from_table.toml"
    path.write_text(TABLE)
    return read_text(TABLE, path)


def status_of(walker: Walker) -> str:
    return walker.screen.status


def said(walker: Walker) -> str:
    """What the dialog says of what is typed."""
    return str(walker.top.query_one("#preview", Static).render())


async def typed(walker: Walker, key: str, text: str, *, enter: bool = True) -> None:
    """Open a dialog, put a text in and send it off."""
    await walker.press(key)
    walker.top.query_one(Input).value = text
    await walker.settle()
    if enter:
        await walker.press("enter")


async def same_as_fresh(walker: Walker, fresh: Session) -> None:
    """See that every panel shows what it shows of a fresh run."""
    place = walker.screen.walk.trace.plan.place(walker.cursor)
    assert str(fresh.trace.plan.place(walker.cursor)) == str(place)
    for panel in walker.screen.query(Panel):
        if panel.display and panel.id != "curves":
            moment = panel.moment()
            assert moment is not None
            wanted = panel.draw(replace(moment, session=fresh), *panel.content_size)
            assert panel.drawing.rows == wanted.rows, (panel.id, str(place.address))
