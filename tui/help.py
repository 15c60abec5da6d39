"""What the help says: of the panel one is at, of every key, of the marks on the screen."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from tui.commands import COMMANDS, Command, key_name
from tui.draw.wrap import wrap
from tui.terminal import to_ascii

PANELS = {
    "graph": (
        "NETWORK",
        """
        The network at this step, the input at the left. A box is a unit: forwards it shows z, then a; backwards
        ∂L/∂a, then δ. The heavy box or line is what this step computes; the units and weights it reads are
        bright; what comes next is dotted. A dashed line is a negative weight. In layers of more than 16 units
        each cell of a map is a unit; the map of the inputs has the shape of the image. v changes what the edges
        carry: the weight, its gradient, its part w·a of the sum, its change. p lights the paths of the chain
        rule in turn. A click on a unit or a weight goes to its step.
        """,
    ),
    "formula": (
        "FORMULA",
        """
        The step's formula in symbols, with its numbers put in, and its value; then the formula of the whole
        array with shapes, and why. ) and ( choose a symbol, Enter goes to the step that made it, Backspace
        returns. Where a shortcut is used, w shows the long way; t shows every term of a long sum; . and ,
        change the digits. ≈ says that a number is rounded. Where a file is calculated by hand, that number
        stands below, with how far it is off and where a digit differs first; A shows either alone.
        """,
    ),
    "values": (
        "VALUES",
        """
        Every number of the layer, the step's own lit; · is not computed yet. A row per unit; a matrix has a row
        per unit and a column per input. In an update the numbers before and after stand side by side, with the
        change. * marks what your last change made different. ↑ and ↓ scroll where there is more than fits. A
        click goes to the step that made a number; Y copies the whole array.
        """,
    ),
    "curves": (
        "CURVES",
        """
        x and X change the picture: the loss, the size of the gradients and of the activations per layer, how
        the weights are spread, the decision map where there are two inputs, and the activation with the current
        z on it. The upright line is the current iteration; what comes after it is dim. A click goes there.
        """,
    ),
    "paths": (
        "PATHS",
        """
        The chain rule, written out: every way from the chosen parameter to the loss, the product of the
        derivatives on it, and the sum, which is the gradient. p and P light one path after another, here and in
        the network.
        """,
    ),
    "timeline": (
        "TIMELINE",
        """
        Where the walk stands in words; all iterations, bookmarks marked; this iteration's four phases. A click
        or a drag goes there. m sets a bookmark, ' and " go from one to the next.
        """,
    ),
}
"""A panel's title and what can be seen and done there."""

LEGEND = (
    ("heavy box, heavy line", "what this step computes"),
    ("dotted", "what the next step computes"),
    ("dashed line", "a negative number; solid: positive"),
    ("number in a box", "forwards z, then a; backwards ∂L/∂a, then δ"),
    ("number at a line", "what the edges carry, see v"),
    ("≈", "the number before or after it is rounded"),
    ("·", "not computed yet"),
    ("?", "hidden until it is asked for"),
    ("*", "made different by your last change"),
)

WIDTH = 70
"""Cells of a line: what a dialog on 80 columns has room for."""

Keys = Callable[[Command], tuple[str, ...]]
"""The keys of a command, as a person has set them."""


def own_keys(command: Command) -> tuple[str, ...]:
    """The keys a command has where nobody changed them."""
    return command.keys


def help_text(ascii: bool, panel: str = "", keys: Keys = own_keys) -> str:
    """All the help as text, the panel's own first."""

    def plain(text: str) -> str:
        return to_ascii(text.replace("·", ".")) if ascii else text

    lines: list[str] = []
    if panel in PANELS:
        title, said = PANELS[panel]
        lines += [title, *wrap(plain("  " + " ".join(said.split())), WIDTH, 2), ""]
    for group, commands in groupby(COMMANDS, key=lambda command: command.group):
        lines.append(group.upper())
        for command in commands:
            pressed = " ".join(key_name(key, ascii) for key in keys(command)) or "-"
            said = f"  {pressed:<14} {command.title}: {command.help[:1].lower()}{command.help[1:]}"
            lines += wrap(plain(said), WIDTH, 17)
        lines.append("")
    lines.append("ON THE SCREEN")
    for mark, meaning in LEGEND:
        lines += wrap(plain(f"  {mark:<22} {meaning}"), WIDTH, 25)
    return "\n".join(lines)
