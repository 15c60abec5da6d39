"""Breaking text into lines: formulas at their operators with what follows hanging, sentences at blanks."""

from __future__ import annotations

from tui.draw.cells import width_of


def wrap(text: str, width: int, hang: int = 0) -> list[str]:
    """`text` in lines of at most `width` cells, broken at blanks; later lines are indented by `hang`.

    A word longer than a line is cut. At least one line is returned.
    """
    width = max(1, width)
    hang = min(hang, width // 2)
    lines: list[str] = []
    body = text.lstrip(" ")
    line = " " * (len(text) - len(body))
    for word in body.split(" "):
        candidate = f"{line} {word}" if line.strip() else line + word
        if width_of(candidate) <= width:
            line = candidate
            continue
        if line.strip():
            lines.append(line)
            line = " " * hang + word
        else:
            line += word
        while width_of(line) > width:
            cut = _cut(line, width)
            lines.append(line[:cut])
            line = " " * hang + line[cut:]
    lines.append(line)
    return lines


def clip(text: str, width: int, dots: str = "…") -> str:
    """`text` in at most `width` cells, its end replaced by dots where it is longer."""
    if width_of(text) <= width:
        return text
    room = width - width_of(dots)
    return text[: _cut(text, room)] + dots if room > 0 else dots[: max(0, width)]


def _cut(text: str, width: int) -> int:
    """How many characters of `text` fit in `width` cells; at least one."""
    used = 0
    for position, char in enumerate(text):
        used += width_of(char)
        if used > width:
            return max(1, position)
    return len(text)
