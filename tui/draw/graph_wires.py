"""Box-drawing lines that know how they join: outlines of units and the wires between them.

Each cell keeps how heavy a line leaves it up, down, left and right. The character follows from those four numbers, so
corners, merges and crossings come out right whatever is drawn in whatever order. Two lines that merely cross are `┼`;
where four lines really meet there is a dot, as in a circuit diagram.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

NO_LINE, LIGHT, HEAVY = 0, 1, 2

_JOINS = " ╶╺╴─╼╸╾━╷┌┍┐┬┮┑┭┯╻┎┏┒┰┲┓┱┳╵└┕┘┴┶┙┵┷│├┝┤┼┾┥┽┿╽┟┢┧╁╆┪╅╈╹┖┗┚┸┺┛┹┻╿┞┡┦╀╄┩╃╇┃┠┣┨╂╊┫╉╋"
"""The character for a mask: base-3 digits up, down, left, right."""

_UP, _DOWN, _LEFT, _RIGHT = 27, 9, 3, 1
_ROUND = {"┌": "╭", "┐": "╮", "└": "╰", "┘": "╯"}
_DOTTED = {"─": "╌", "│": "╎", "━": "╍", "┃": "╏"}
_DASHED = {"─": "┄", "│": "┆", "━": "┅", "┃": "┇"}
JOINT = "●"
ASCII_JOINT = "*"

_MASKS = {char: mask for mask, char in enumerate(_JOINS)}
_MASKS |= {dashed: _MASKS[solid] for solid, dashed in _DASHED.items()}
_MASKS |= {dotted: _MASKS[solid] for solid, dotted in _DOTTED.items()}
_MASKS |= {rounded: _MASKS[sharp] for sharp, rounded in _ROUND.items()}
_MASKS |= {JOINT: _UP + _DOWN + _LEFT + _RIGHT}


def directions(char: str) -> tuple[int, int, int, int]:
    """How heavy a line leaves `char` up, down, left and right; all 0 for a character that is no line."""
    mask = _MASKS.get(char, 0)
    return mask // 27, mask // 9 % 3, mask // 3 % 3, mask % 3


class _Cell(Struct):
    up: int = 0
    down: int = 0
    left: int = 0
    right: int = 0
    rank: float = -1.0
    role: str = "edge_dim"
    solid: bool = False
    outline: bool = False
    dotted: bool = False
    joint: bool = False


class Pen(Struct, frozen=True):
    """How a line is drawn: how heavy, in which role, how important where lines meet, and dashed if negative.

    An outline may be dotted, with sharp corners: what is drawn there comes next.
    """

    weight: int
    role: str
    rank: float
    dashed: bool = False
    outline: bool = False
    dotted: bool = False


class Wires:
    """Lines over a grid of cells."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], _Cell] = {}

    def _touch(self, x: int, y: int, pen: Pen) -> _Cell:
        cell = self._cells.get((x, y))
        if cell is None:
            cell = self._cells[x, y] = _Cell()
        if pen.rank > cell.rank:
            cell.rank = pen.rank
            cell.role = pen.role
            cell.dotted = pen.dotted
        cell.solid |= not pen.dashed
        cell.outline |= pen.outline
        return cell

    def across(self, y: int, x0: int, x1: int, pen: Pen) -> None:
        """A line along row y from x0 to x1, both included; it ends in the middle of the last cells."""
        weight = pen.weight
        for x in range(x0, x1 + 1):
            cell = self._touch(x, y, pen)
            if x > x0 and cell.left < weight:
                cell.left = weight
            if x < x1 and cell.right < weight:
                cell.right = weight

    def down(self, x: int, y0: int, y1: int, pen: Pen) -> None:
        """A line along column x from y0 to y1, in either order."""
        y0, y1 = min(y0, y1), max(y0, y1)
        weight = pen.weight
        for y in range(y0, y1 + 1):
            cell = self._touch(x, y, pen)
            if y > y0 and cell.up < weight:
                cell.up = weight
            if y < y1 and cell.down < weight:
                cell.down = weight

    def outline(self, x: int, y: int, width: int, height: int, pen: Pen) -> None:
        """A rectangle."""
        for row in (y, y + height - 1):
            self.across(row, x, x + width - 1, pen)
        for column in (x, x + width - 1):
            self.down(column, y, y + height - 1, pen)

    def join(self, x: int, y: int) -> None:
        """Say that the lines at (x, y) are connected, should they come from all four sides."""
        cell = self._cells.get((x, y))
        if cell is not None:
            cell.joint = True

    def cells(self, *, ascii: bool = False) -> Iterator[tuple[int, int, str, str]]:
        """Every cell with a line: x, y, character, role."""
        for (x, y), cell in self._cells.items():
            yield x, y, (_ascii if ascii else _char)(cell), cell.role


def _char(cell: _Cell) -> str:
    if cell.joint and cell.up and cell.down and cell.left and cell.right:
        return JOINT
    char = _JOINS[cell.up * _UP + cell.down * _DOWN + cell.left * _LEFT + cell.right * _RIGHT]
    if cell.outline:
        return _DOTTED.get(char, char) if cell.dotted else _ROUND.get(char, char)
    return char if cell.solid else _DASHED.get(char, char)


def _ascii(cell: _Cell) -> str:
    upright, level = max(cell.up, cell.down), max(cell.left, cell.right)
    if upright and level:
        if cell.joint and cell.up and cell.down and cell.left and cell.right:
            return ASCII_JOINT
        return "#" if max(upright, level) == HEAVY else "+"
    if cell.dotted:
        return ":" if upright else "."
    if upright:
        return "#" if upright == HEAVY else "|" if cell.solid else ":"
    if level == HEAVY:
        return "=" if cell.solid or cell.outline else "~"
    return "-" if cell.solid or cell.outline else "."
