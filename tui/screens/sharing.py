"""Taking things away: a value, a formula, a table to the clipboard, the screen as a picture."""

from __future__ import annotations

import re
from pathlib import Path

from engine.explain import explain
from engine.numbers import shortest
from engine.printers.latex import LatexPrinter, latex
from engine.printers.lines import lines
from tui.draw.values import table_text
from tui.screens.moving import Moving
from tui.screens.prompt import ChoiceScreen

COPIES = (
    ("value", "The value", "all its digits"),
    ("address", "The address", "for eval, --at, [expect]"),
    ("formula", "The formula", "symbols, numbers, value, as text"),
    ("latex", "The formula in LaTeX", "an align* block"),
    ("tsv", "The whole array", "tab-separated, for a spreadsheet"),
    ("markdown", "The whole array in Markdown", "a table"),
)
"""What can be copied of a step: id, name, what it is."""


class Sharing(Moving):
    """The commands that copy and save what is shown."""

    def action_copy(self) -> None:
        self._copy("value")

    def action_copy_more(self) -> None:
        self.pause()
        self.app.push_screen(ChoiceScreen("Copy", COPIES), self._copy)

    def _copy(self, what: str | None) -> None:
        if what is None:
            return
        if self.settings.hidden and what not in ("address",):
            self.status = "it is still a question: a shows it"
            return
        text = self.text_of(what)
        self.app.copy_to_clipboard(text)
        first, *rest = text.splitlines()
        self.status = (
            f"copied {first[:30]}{'...' if len(first) > 30 else ''}{f' and {len(rest)} lines' if rest else ''}"
        )

    def text_of(self, what: str) -> str:
        """What is copied, by its id in COPIES."""
        walk, cursor = self.walk, self.cursor
        step = walk.trace[cursor]
        match what:
            case "value":
                return shortest(step.value)
            case "address":
                return str(step.address)
            case "formula":
                said = lines(explain(walk.trace, cursor), walk.exact_printer(self.settings))
                return "\n".join(str(line) for line in said if line.kind in ("symbols", "numbers", "terms", "value"))
            case "latex":
                printer = LatexPrinter(walk.notation(self.settings), self.settings.digits, 0)
                return latex(explain(walk.trace, cursor), printer)
        return table_text(walk, cursor, self.settings, what)

    def action_picture(self) -> None:
        step = self.walk.trace[self.cursor]
        stem = self.walk.scenario.path.stem if self.walk.scenario.path else "walk"
        place = re.sub(r"[^\w@#]+", "_", str(step.address)).strip("_")
        path = free_name(Path(f"{stem}_{place}.svg"))
        try:
            path.write_text(self.app.picture(), encoding="utf-8")
        except OSError as error:
            self.say(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
        else:
            self.status = f"saved {path}"


def free_name(path: Path) -> Path:
    """The path, or the first like it with a number that is not taken: nothing is overwritten."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}_{number}")
    return free
