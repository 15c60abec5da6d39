"""Taking things away: a value, a formula, a table to the clipboard, the screen as a picture."""

from __future__ import annotations

import re
from pathlib import Path

from engine.conventions import conventions_in
from engine.explain import explain
from engine.numbers import shortest
from engine.printers.latex import LatexPrinter, latex
from engine.printers.lines import lines
from tui.caption import captioned
from tui.draw.formula import HAND
from tui.draw.values import table_text
from tui.screens.moving import Moving
from tui.screens.prompt import ChoiceScreen
from tui.terminal import to_ascii

COPIES = (
    ("value", "The value", "all its digits"),
    ("address", "The address", "for eval, --at, [expect]"),
    ("formula", "The formula", "symbols, numbers, value, as text"),
    ("latex", "The formula in LaTeX", "an align* block"),
    ("tsv", "The whole array", "tab-separated, for a spreadsheet"),
    ("markdown", "The whole array in Markdown", "a table"),
)
"""What can be copied of a step: id, name, what it is."""
COPIED = ("symbols", "numbers", "terms", "value")
"""The lines of a formula that are copied."""


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
        if self._on_paper and self.walk.by_hand and not self.walk.by_hand.there(self.cursor):
            self.status = "it is still being worked by hand"
            return
        text = self.text_of(what)
        self.app.copy_to_clipboard(text)
        first, *rest = text.splitlines()
        self.status = (
            f"copied {first[:30]}{'...' if len(first) > 30 else ''}{f' and {len(rest)} lines' if rest else ''}"
            f"{self._how(what)}"
        )

    @property
    def _on_paper(self) -> bool:
        """Whether the numbers copied are those by hand: where the formula shows these alone."""
        return self.settings.arithmetic == "hand" and self.walk.by_hand is not None

    def _how(self, what: str) -> str:
        """Which numbers have been copied, where there are two of each."""
        if self.walk.by_hand is None or what == "address":
            return ""
        if what == "formula" and self.settings.arithmetic == "both":
            return ", exact and by hand"
        return ", by hand" if self._on_paper and what != "latex" else ", exact"

    def text_of(self, what: str) -> str:
        """What is copied, by its id in COPIES."""
        walk, cursor = self.walk, self.cursor
        step = walk.trace[cursor]
        match what:
            case "value":
                paper = walk.by_hand.paper(cursor) if self._on_paper and walk.by_hand else None
                return paper.text if paper else shortest(step.value)
            case "address":
                return str(step.address)
            case "formula":
                printer = walk.exact_printer(self.settings)
                said = [line for line in lines(explain(walk.trace, cursor), printer) if line.kind in COPIED]
                if walk.by_hand is not None and self.settings.arithmetic != "exact":
                    said += walk.by_hand.lines(cursor, printer)
                    if self._on_paper and not walk.by_hand.refused(cursor):
                        said = [line for line in said if line.kind in ("symbols", *HAND)]
                return "\n".join(map(str, said))
            case "latex":
                by = LatexPrinter(walk.notation(self.settings), self.settings.digits, 0)
                return latex(explain(walk.trace, cursor), by)
        return table_text(walk, cursor, self.settings, what)

    def action_picture(self) -> None:
        step = self.walk.trace[self.cursor]
        stem = self.walk.scenario.path.stem if self.walk.scenario.path else "walk"
        place = re.sub(r"[^\w@#]+", "_", str(step.address)).strip("_")
        path = free_name(Path(f"{stem}_{place}.svg"))
        try:
            path.write_text(captioned(self.app.picture(), self._conventions()), encoding="utf-8")
        except OSError as error:
            self.say(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
        else:
            self.status = f"saved {path}"

    def _conventions(self) -> list[str]:
        """What the numbers of the picture depend on, as at the head of every export."""
        said = conventions_in(self.walk.scenario, self.walk.notation(self.settings))
        return [to_ascii(line) if self.settings.ascii else line for line in said]


def free_name(path: Path) -> Path:
    """The path, or the first like it with a number that is not taken: nothing is overwritten."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}_{number}")
    return free
