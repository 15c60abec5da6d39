"""Breaking text into lines: formulas at their operators with what follows hanging, sentences at blanks."""

from __future__ import annotations

from tui.draw.cells import width_of


def wrap(text: str, width: int, hang: int = 0) -> list[str]:
    """`text` in lines of at most `width` cells, broken at blanks; later lines are indented by `hang`.

    A word longer than a line is cut, after a sign of multiplication where it has one. At least one line is returned.
    """
    width = max(1, width)
    # what is indented needs room for a wide character
    hang = min(hang, width // 2) if width > 3 else 0
    lines: list[str] = []
    body = text.lstrip(" ")
    line = " " * min(len(text) - len(body), width // 2 if width > 3 else 0)
    for word in body.split(" "):
        candidate = f"{line} {word}" if line.strip() else line + word
        if width_of(candidate) <= width:
            line = candidate
            continue
        if not line.strip():
            line += word
        elif hang + width_of(word) > width and width_of(line) < width - 2:
            # cut in any case: as where no blanks are written
            line = candidate
        else:
            lines.append(line)
            line = " " * hang + word
        while width_of(line) > width:
            cut = _between_factors(line, max(1, _cut(line, width)))
            if cut >= len(line):
                # one character, wider than the line
                break
            lines.append(line[:cut])
            line = " " * hang + line[cut:]
    lines.append(line)
    return lines


def _between_factors(line: str, cut: int) -> int:
    """Where to cut a line that has to be cut by `cut`: in its second half after a · or *, else right there."""
    return max((at for at in (line.rfind(sign, cut // 2, cut) + 1 for sign in "·*") if at), default=cut)


def clip(text: str, width: int, dots: str = "…") -> str:
    """`text` in at most `width` cells, its end replaced by dots where it is longer."""
    if width_of(text) <= width:
        return text
    room = width - width_of(dots)
    return text[: _cut(text, room)] + dots if room > 0 else dots[: max(0, width)]


def _cut(text: str, width: int) -> int:
    """How many characters of `text` fit in `width` cells."""
    used = 0
    for position, char in enumerate(text):
        used += width_of(char)
        if used > width:
            return position
    return len(text)
