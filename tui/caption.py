"""Lines of text below a picture of the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from tui.draw.wrap import wrap

LINE, SIZE = 19, 14
"""Units from line to line, and of the letters."""
WIDE = 8.6
"""Units of a letter of that size in a fixed width."""
MARGIN = 12
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def captioned(svg: str, lines: Iterable[str]) -> str:
    """An SVG picture made higher, with lines of literal text below it, broken to its width."""
    found = _VIEW.search(svg)
    assert found is not None, "a picture has a size"
    width, height = float(found[1]), float(found[2])
    rows = [row for line in lines for row in wrap(line, int((width - 2 * MARGIN) / WIDE), 2)]
    text = "".join(
        f'<text x="{MARGIN}" y="{height + LINE * (at + 1):g}" xml:space="preserve">{escape(row)}</text>\n'
        for at, row in enumerate(rows)
    )
    higher = height + LINE * len(rows) + MARGIN if rows else height
    paper = f'<rect y="{height:g}" width="{width:g}" height="{higher - height:g}" fill="#ffffff" />\n' if rows else ""
    font = f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}" fill="#000000"'
    head = svg[: found.start()] + f'viewBox="0 0 {width:g} {higher:g}"' + svg[found.end() :]
    return head.replace("</svg>", f"{paper}<g {font}>\n{text}</g>\n</svg>")
