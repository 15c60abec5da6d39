"""Every command of the stepper, once: its keys, the footer, the palette, the help and the key map read this.

A command's `id` is its action on the stepper screen (`action_<id>`) and its name in a key map.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One thing a person can ask for."""

    id: str
    title: str
    """In the palette and the help, as a person would say it."""
    help: str
    keys: tuple[str, ...]
    """Key names as Textual spells them; the first is the one shown."""
    group: str
    footer: str = ""
    """The word in the footer; empty: not in the footer."""


MOVE, LOOK, APP = "Move", "Look", "Program"

COMMANDS: tuple[Command, ...] = (
    Command("forward", "Step forward", "One step on, at the chosen stride", ("right", "l", "pagedown"), MOVE, "step"),
    Command("back", "Step back", "One step back, at the chosen stride", ("left", "h", "pageup"), MOVE),
    Command("next_part", "Next part", "To the next layer or phase", ("right_square_bracket",), MOVE, "part"),
    Command("previous_part", "Previous part", "To the layer or phase before", ("left_square_bracket",), MOVE),
    Command(
        "next_iteration", "Next iteration", "To the start of the next iteration", ("right_curly_bracket",), MOVE,
        "iter.",
    ),
    Command(
        "previous_iteration", "Previous iteration", "To the start of this iteration, then of the one before",
        ("left_curly_bracket",), MOVE,
    ),
    Command("first", "First step", "To the start of the walk", ("home", "g"), MOVE),
    Command("last", "Last step", "To the end of the walk", ("end", "G"), MOVE),
    Command("coarser", "Coarser steps", "A longer stride: unit, array, layer, phase, iteration", ("up",), MOVE,
            "stride"),
    Command("finer", "Finer steps", "A shorter stride", ("down",), MOVE),
    Command("play", "Play or pause", "Walk on by itself; any step by hand pauses", ("space",), MOVE, "play"),
    Command("faster", "Faster", "Play faster", ("plus", "equals_sign"), MOVE),
    Command("slower", "Slower", "Play slower", ("minus",), MOVE),
    Command("go_to", "Go to …", "An address, a step number or a percentage", ("colon", "ctrl+g"), MOVE, "go to"),
    Command("return", "Back to where I was", "The place before the last jump", ("backspace",), MOVE),
    Command("long_way", "The long way", "Show the way past a shortcut", ("w",), LOOK),
    Command("whole", "Whole sums", "Show every term of a long sum", ("t",), LOOK),
    Command("more_digits", "More digits", "One more significant digit in formulas", ("full_stop",), LOOK),
    Command("fewer_digits", "Fewer digits", "One digit less in formulas", ("comma",), LOOK),
    Command("pane_graph", "Network", "To the network graph", ("1",), LOOK),
    Command("pane_formula", "Formula", "To the formula", ("2",), LOOK),
    Command("pane_values", "Values", "To the values of the layer", ("3",), LOOK),
    Command("pane_timeline", "Timeline", "To the timeline", ("4",), LOOK),
    Command("next_pane", "Next panel", "To the next panel", ("tab",), LOOK, "panel"),
    Command("previous_pane", "Previous panel", "To the panel before", ("shift+tab",), LOOK),
    Command("enlarge", "Enlarge the panel", "The panel alone, or all again", ("e",), LOOK),
    Command("theme", "Dark or light", "Change between dark and light", ("d",), LOOK),
    Command("help", "Help", "All keys, and what is on the screen", ("question_mark", "f1"), APP, "help"),
    Command("palette", "Command palette", "Search every command", ("ctrl+p",), APP),
    Command("escape", "Close, cancel", "Close what is open, stop a long computation; never quits", ("escape",), APP),
    Command("quit", "Quit", "Leave the program", ("q", "ctrl+q"), APP, "quit"),
)  # fmt: skip

BY_ID = {command.id: command for command in COMMANDS}

KEY_NAMES = {
    "right": "→", "left": "←", "up": "↑", "down": "↓", "right_square_bracket": "]", "left_square_bracket": "[",
    "right_curly_bracket": "}", "left_curly_bracket": "{", "colon": ":", "plus": "+", "minus": "-",
    "equals_sign": "=", "full_stop": ".", "comma": ",", "question_mark": "?", "pagedown": "PgDn", "pageup": "PgUp",
    "f1": "F1", "home": "Home", "end": "End", "enter": "Enter", "backspace": "Backspace", "escape": "Esc", "tab": "Tab",
    "shift+tab": "Shift+Tab", "space": "Space",
}  # fmt: skip
ASCII_KEY_NAMES = {"→": "Right", "←": "Left", "↑": "Up", "↓": "Down"}


def key_name(key: str, ascii: bool = False) -> str:
    """A key as people call it."""
    name = KEY_NAMES.get(key) or key.replace("ctrl+", "Ctrl+")
    return ASCII_KEY_NAMES.get(name, name) if ascii else name
