"""Every command of the stepper, once: its keys, the footer, the palette, the help and the key map read this.

A command's `id` is its action on the stepper screen (`action_<id>`) and its name in a key map.
"""

from __future__ import annotations

from msgspec import Struct

from tui.terminal import to_ascii


class Command(Struct, frozen=True):
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


MOVE, FAR, LOOK, WHAT_IF, APP = "Move", "Move far", "Look", "What if", "Program"

COMMANDS: tuple[Command, ...] = (
    Command("forward", "Step forward", "One step on, at the chosen stride; shows an answer that is hidden",
            ("right", "l", "pagedown"), MOVE, "step"),
    Command("back", "Step back", "One step back, at the chosen stride", ("left", "h", "pageup"), MOVE),
    Command("next_part", "Next part", "To the next layer or phase", ("right_square_bracket",), MOVE),
    Command("previous_part", "Previous part", "To the layer or phase before", ("left_square_bracket",), MOVE),
    Command("next_iteration", "Next iteration", "To the start of the next iteration", ("right_curly_bracket",), MOVE),
    Command("previous_iteration", "Previous iteration", "To the start of this iteration, then of the one before",
            ("left_curly_bracket",), MOVE),
    Command("first", "First step", "To the start of the walk", ("home", "g"), MOVE),
    Command("last", "Last step", "To the end of the walk", ("end", "G"), MOVE),
    Command("coarser", "Coarser steps", "A longer stride: unit, array, layer, phase, iteration", ("up",), MOVE,
            "stride"),
    Command("finer", "Finer steps", "A shorter stride", ("down",), MOVE),
    Command("next_unit", "Next unit", "The same quantity of the next unit", ("j",), MOVE),
    Command("previous_unit", "Previous unit", "The same quantity of the unit before", ("k",), MOVE),
    Command("next_sample", "Next sample", "The same number of the next sample of the batch", ("s",), MOVE),
    Command("previous_sample", "Previous sample", "The same number of the sample before", ("S",), MOVE),
    Command("play", "Play or pause", "Walk on by itself; any step by hand pauses", ("space",), MOVE, "play"),
    Command("faster", "Faster", "Play faster", ("plus", "equals_sign"), MOVE),
    Command("slower", "Slower", "Play slower", ("minus",), MOVE),
    Command("go_to", "Go to …", "An address, a step number, a percentage or an iteration (@3)", ("colon", "ctrl+g"),
            FAR, "go to"),
    Command("return", "Back to where I was", "The place before the last jump", ("backspace", "less_than_sign"), FAR),
    Command("onward", "On to where I went back from", "The place left by going back", ("greater_than_sign",), FAR),
    Command("search", "Search …", "Any word said of a step: a symbol, a name, a phase, a note", ("slash",), FAR),
    Command("next_match", "Next match", "The next step the search finds", ("n",), FAR),
    Command("previous_match", "Previous match", "The step before that the search finds", ("N",), FAR),
    Command("breakpoint", "Breakpoint here", "Stop at this step in every iteration, or no longer", ("b",), FAR),
    Command("breakpoints", "Breakpoints …", "A condition to stop at, like loss < 0.1; those there are", ("B",), FAR),
    Command("continue", "Continue", "On to the next breakpoint", ("c",), FAR),
    Command("continue_back", "Continue backwards", "Back to the breakpoint before", ("C",), FAR),
    Command("bookmark", "Bookmark", "Mark this step on the timeline, or no longer", ("m",), FAR),
    Command("next_bookmark", "Next bookmark", "To the next bookmark", ("apostrophe",), FAR),
    Command("previous_bookmark", "Previous bookmark", "To the bookmark before", ("quotation_mark",), FAR),
    Command("follow", "Follow …", "Stop only at what concerns one sample, unit or parameter", ("f",), FAR),
    Command("next_link", "Next symbol", "Choose the next symbol of the formula", ("right_parenthesis",), FAR),
    Command("previous_link", "Previous symbol", "Choose the symbol before", ("left_parenthesis",), FAR),
    Command("follow_link", "To the symbol chosen", "To the step that made the symbol chosen in the formula",
            ("enter",), FAR),
    Command("ask", "Ask the class", "Hide the result; again: show it; once more: no longer ask", ("a",), LOOK, "ask"),
    Command("long_way", "The long way", "Show the way past a shortcut", ("w",), LOOK),
    Command("whole", "Whole sums", "Show every term of a long sum", ("t",), LOOK),
    Command("arithmetic", "By hand, exactly", "Of a file calculated by hand: both numbers, or one alone", ("A",), LOOK),
    Command("more_digits", "More digits", "One more significant digit in formulas", ("full_stop",), LOOK),
    Command("fewer_digits", "Fewer digits", "One digit less in formulas", ("comma",), LOOK),
    Command("edges", "What edges carry", "The weight, its gradient, its part w·a, its change; or as the step goes",
            ("v",), LOOK),
    Command("next_path", "Next path", "Light the next path of the chain rule", ("p",), LOOK),
    Command("previous_path", "Previous path", "Light the path before", ("P",), LOOK),
    Command("next_curve", "Next curve", "Another picture among the curves", ("x",), LOOK),
    Command("previous_curve", "Previous curve", "The picture before among the curves", ("X",), LOOK),
    Command("pane_graph", "Network", "To the network graph", ("1",), LOOK),
    Command("pane_formula", "Formula", "To the formula", ("2",), LOOK),
    Command("pane_values", "Values", "To the values of the layer", ("3",), LOOK),
    Command("pane_curves", "Curves", "To the curves", ("4",), LOOK),
    Command("pane_paths", "Paths", "To the paths of the chain rule", ("5",), LOOK),
    Command("pane_timeline", "Timeline", "To the timeline", ("6",), LOOK),
    Command("next_pane", "Next panel", "To the next panel", ("tab",), LOOK, "panel"),
    Command("previous_pane", "Previous panel", "To the panel before", ("shift+tab",), LOOK),
    Command("enlarge", "Enlarge the panel", "The panel alone, or all again", ("e",), LOOK),
    Command("big", "Big", "For projectors: larger boxes, fewer panels", ("z",), LOOK),
    Command("theme", "Theme", "The next of the themes: dark, light, high contrast", ("d",), LOOK),
    Command("options", "Options …", "Notation, digits, theme, alphabet; and to keep them", ("o",), LOOK),
    Command("edit", "What if …", "Another weight, input, rate, function: all that follows is computed anew", ("i",),
            WHAT_IF, "edit"),
    Command("undo", "Undo", "Take the last change back", ("u",), WHAT_IF),
    Command("redo", "Redo", "The change taken back, again", ("U", "ctrl+r"), WHAT_IF),
    Command("revert", "The file's values", "Take every change back", ("R",), WHAT_IF),
    Command("reach", "Reach a value …", "Which value of a given number makes another what is wanted?", ("r",), WHAT_IF),
    Command("save", "Save as …", "What is walked now as a scenario file", ("ctrl+s",), WHAT_IF),
    Command("copy", "Copy the value", "The step's value with all its digits", ("y",), APP),
    Command("copy_more", "Copy …", "The address, the formula as text or LaTeX, the table", ("Y",), APP),
    Command("picture", "Save a picture", "The screen as an SVG file", ("ctrl+e",), APP),
    Command("help", "Help", "The panel you are at, all keys, what is on the screen", ("question_mark", "f1"), APP,
            "help"),
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
    "shift+tab": "Shift+Tab", "space": "Space", "less_than_sign": "<", "greater_than_sign": ">", "slash": "/",
    "apostrophe": "'", "quotation_mark": '"', "left_parenthesis": "(", "right_parenthesis": ")",
}  # fmt: skip
ASCII_KEY_NAMES = {"→": "Right", "←": "Left", "↑": "Up", "↓": "Down"}


def key_name(key: str, ascii: bool = False) -> str:
    """A key as people call it."""
    *modifiers, last = [key] if key in KEY_NAMES else key.split("+")
    name = KEY_NAMES.get(last, last)
    if len(name) > 1 and last not in KEY_NAMES:
        # a key of one's own: not needed at the start
        from tui.keys import written

        name = written(last).capitalize()
    if ascii:
        name = ASCII_KEY_NAMES.get(name) or to_ascii(name)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])
