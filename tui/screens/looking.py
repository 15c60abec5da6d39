"""What is shown and how: the panels, the class's question, digits, edges, paths, curves, options."""

from __future__ import annotations

from engine.notation_style import DEFAULT, LETTERS, described, function_letters
from engine.structs import replace
from tui.choices import choices, chosen, with_letters
from tui.draw.curves import VIEWS, available
from tui.draw.paths import path_count
from tui.screens.moving import Moving
from tui.screens.options import OptionsScreen
from tui.screens.prompt import PromptScreen
from tui.settings import ARITHMETIC, CARRIES
from tui.widgets.panels import FormulaPanel, Panel

WIDE = 110
"""Columns from which panels stand side by side."""
HIGH = 30
"""Rows from which the panel below the network gets more of them."""
LOWER_ROWS, HIGH_LOWER = 7, 11
"""Rows of the panel below the network, its title among them."""
PANES = ("graph", "formula", "values", "curves", "paths", "timeline")
LOWER = ("formula", "values", "curves", "paths")
"""Panels that share the place below the network, where there is one."""
SIDE = ("values", "curves", "paths")
"""Panels that share the place beside it, where there is one."""
MOST_DIGITS = 17
"""Significant digits that tell any two float64 apart."""


class Looking(Moving):
    """The commands that change what is shown, never where the walk stands."""

    def __init__(self) -> None:
        super().__init__()
        self.enlarged = ""
        """The pane that has the screen to itself; empty: none."""
        self.below = "formula"
        """The panel below the network, where there is room for one."""
        self.side = "values"
        """The panel beside the network, where there is room."""

    def lay_out(self) -> None:
        """Side by side where there is room; otherwise the network above, and below it one panel of several."""
        wide = self.size.width >= WIDE and not self.settings.big
        self.set_class(wide, "wide")
        self.set_class(bool(self.enlarged), "enlarged")
        lower = HIGH_LOWER if self.size.height >= HIGH else LOWER_ROWS
        self.query_one("#body").styles.grid_rows = "1fr" if self.enlarged else f"1fr {lower}"
        for name in PANES[:-1]:
            pane = self.query_one(f"#{name}")
            if self.enlarged:
                pane.display = name == self.enlarged
            else:
                pane.display = name in (("graph", "formula", self.side) if wide else ("graph", self.below))
        self.query_one(FormulaPanel).whole = self.enlarged == "formula"
        self._title(wide)
        focused = self.focused
        if focused is not None and not focused.display:
            self.set_focus(self.query_one(f"#{self.enlarged or self.below}"))
        self.schedule()

    def _title(self, wide: bool) -> None:
        """Say over each place which panels share it, the one there first in weight."""
        for name in LOWER:
            if wide and not self.enlarged:
                shared: tuple[str, ...] = ("formula",) if name == "formula" else SIDE
            else:
                shared = LOWER
            said = [
                f"[b]{PANES.index(other) + 1} {other.title()}[/b]" if other == name
                else f"[not b]{PANES.index(other) + 1} {other.title()}[/]"
                for other in shared
            ]  # fmt: skip
            self.query_one(f"#{name}").border_title = "  ".join(said)

    # panels

    def action_pane_graph(self) -> None:
        self.show("graph")

    def action_pane_formula(self) -> None:
        self.show("formula")

    def action_pane_values(self) -> None:
        self.show("values")

    def action_pane_curves(self) -> None:
        self.show("curves")

    def action_pane_paths(self) -> None:
        self.show("paths")

    def action_pane_timeline(self) -> None:
        self.show("timeline")

    def action_next_pane(self) -> None:
        self._cycle(1)

    def action_previous_pane(self) -> None:
        self._cycle(-1)

    def _cycle(self, by: int) -> None:
        focused = self.focused.id if self.focused and self.focused.id in PANES else PANES[0]
        self.show(PANES[(PANES.index(focused or PANES[0]) + by) % len(PANES)])

    def show(self, name: str) -> None:
        """Bring a panel to the screen and the keys to it."""
        pane = self.query_one(f"#{name}", Panel)
        if name in LOWER:
            self.below = name
        if name in SIDE:
            self.side = name
        if self.enlarged and name != "timeline":
            self.enlarged = name
        pane.display = True
        # at once, where `pane.focus()` would wait for the keys already queued
        self.set_focus(pane)
        self.lay_out()

    def action_enlarge(self) -> None:
        focused = self.focused.id if self.focused else None
        self.enlarged = "" if self.enlarged or focused not in PANES[:-1] else focused or ""
        self.lay_out()

    # the question to the class

    def action_ask(self) -> None:
        if not self.asking:
            self.asking = True
            self.settings = replace(self.settings, hidden=True)
        elif not self.reveal():
            self.asking = False
        self.schedule()

    # settings

    def change(self, **changes: object) -> None:
        """Show things otherwise."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]  # fields of Settings, by name

    def action_long_way(self) -> None:
        self.change(long_way=not self.settings.long_way)

    def action_whole(self) -> None:
        self.change(whole=not self.settings.whole)

    def action_arithmetic(self) -> None:
        self.change(arithmetic=ARITHMETIC[(ARITHMETIC.index(self.settings.arithmetic) + 1) % len(ARITHMETIC)])

    def action_more_digits(self) -> None:
        self.change(digits=min(MOST_DIGITS, self.settings.digits + 1))

    def action_fewer_digits(self) -> None:
        self.change(digits=max(1, self.settings.digits - 1))

    def action_edges(self) -> None:
        self.change(carry=CARRIES[(CARRIES.index(self.settings.carry) + 1) % len(CARRIES)])

    def action_big(self) -> None:
        self.change(big=not self.settings.big)
        self.lay_out()

    def action_theme(self) -> None:
        self.app.next_theme()

    def action_options(self) -> None:
        self.pause()
        self.app.push_screen(
            OptionsScreen(
                lambda: choices(self.walk, self.settings, self.app.theme),
                self._option,
                lambda: self.app.keep(self.settings),
            )
        )

    def _option(self, key: str, by: int) -> None:
        """Move one row of the options on; it takes effect at once."""
        if key == "theme":
            self.app.next_theme(by)
        elif key == "letters":
            self._letters()
        else:
            self.settings = chosen(self.walk, self.settings, key, by)
            self.app.set_class(self.settings.ascii, "ascii")
            # the footer names keys in the alphabet of the screen
            self.refresh_bindings()
            self.lay_out()

    def _letters(self) -> None:
        def meaning(text: str) -> str:
            style = with_letters(self.walk, self.settings, text.removesuffix("none")).style
            return described(replace(DEFAULT, letters=style.letters)) if style and style.letters else "all as usual"

        def set_letters(text: str | None) -> None:
            if text is not None:
                self.settings = with_letters(self.walk, self.settings, text.removesuffix("none"))

        given = ", ".join(f"{name} = {letter}" for name, letter in self.walk.style(self.settings).letters)
        names = " ".join((*LETTERS, *function_letters()))
        hint = f"name = letter, …, or none: all as usual. The names: {names}"
        self.app.push_screen(
            PromptScreen("Letters", hint, "z = s, yhat = p, softplus = σ", meaning, given), set_letters
        )

    # paths

    def action_next_path(self) -> None:
        self._light(1)

    def action_previous_path(self) -> None:
        self._light(-1)

    def _light(self, by: int) -> None:
        paths = path_count(self.walk, self.cursor)
        if paths:
            self.change(path=(self.settings.path + by) % (paths + 1))

    # curves

    def action_next_curve(self) -> None:
        self._view(1)

    def action_previous_curve(self) -> None:
        self._view(-1)

    def _view(self, by: int) -> None:
        self.show("curves")
        names = [name for name in VIEWS if not available(self.walk, name)]
        at = names.index(self.settings.curve) if self.settings.curve in names else 0
        self.change(curve=names[(at + by) % len(names)])

    def why_not(self, command: str) -> str:
        match command:
            case "next_path" | "previous_path" if not path_count(self.walk, self.cursor):
                return "no paths are listed here"
            case "arithmetic" if self.walk.scenario.arithmetic is None:
                return "this scenario is not calculated by hand: it has no [arithmetic]"
            case "more_digits" if self.settings.digits == MOST_DIGITS:
                return f"{MOST_DIGITS} digits tell any two numbers apart"
            case "fewer_digits" if self.settings.digits == 1:
                return "one digit is the least"
            case "enlarge" if self.focused is not None and self.focused.id == "timeline" and not self.enlarged:
                return "the timeline is as large as it gets"
        return super().why_not(command)
