"""A widget that shows rows of cells drawn by a pure function: the only kind the stepper has.

One `render_line` widget per panel, rows cached as strips, and only rows that changed are redrawn: measured
against a widget per node or per cell this is what keeps a held key smooth.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.draw.cells import Look, Row, width_of
from tui.palette import Palette

CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "?") | {ord(blank): " " for blank in "\t\n\v\f\r"}
"""What a file says never steers the terminal."""
STYLES_KEPT = 4096
"""Heat makes many looks; a screen has far fewer at a time."""


class CellsWidget(Widget):
    """Shows `rows`; a subclass says what they are in `draw`."""

    DEFAULT_CSS = "CellsWidget { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._palette: Palette | None = None
        self._strips: dict[int, Strip] = {}
        self._background = Style()
        self._styles: dict[Look, Style] = {}
        """Styles over the background; the looks of a screen are few."""
        self.top = 0
        """First row shown, where there are more than fit."""

    def draw(self, width: int, height: int) -> Sequence[Row]:
        """The rows for this size. May be more than `height`; then they can be scrolled."""
        raise NotImplementedError

    def palette(self) -> Palette:
        """The palette of the moment."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew and refresh the rows that differ."""
        size = self.content_size
        if not size.width or not size.height:
            return
        background = self.rich_style
        rows = self.draw(size.width, size.height)
        palette = self.palette()
        self.top = max(0, min(self.top, len(rows) - size.height))
        old, self._rows = self._rows, rows
        if palette is not self._palette or background != self._background or len(old) != len(rows):
            self._palette, self._background = palette, background
            self._styles.clear()
            self._strips.clear()
            self.refresh()
            return
        for y, (before, after) in enumerate(zip(old, rows, strict=True)):
            if before != after:
                self._strips.pop(y, None)
                self.refresh(Region(0, y - self.top, size.width, 1))

    def scroll_rows(self, by: int) -> bool:
        """Move what is shown up or down where there is more than fits; whether anything moved."""
        top = max(0, min(self.top + by, len(self._rows) - self.content_size.height))
        moved = top != self.top
        self.top = top
        if moved:
            self.refresh()
        return moved

    @property
    def overflows(self) -> bool:
        return len(self._rows) > self.content_size.height

    def on_resize(self) -> None:
        self._rows = ()
        self.redraw()

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        row = y + self.top
        if row >= len(self._rows):
            return Strip.blank(width, self._background)
        strip = self._strips.get(row)
        if strip is None or strip.cell_length != width:
            strip = self._strip(self._rows[row], width)
            self._strips[row] = strip
        return strip

    def _strip(self, row: Row, width: int) -> Strip:
        segments = [Segment(span.text.translate(CONTROLS), self._style(span.look)) for span in row if span.text]
        length = sum(width_of(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(width, self._background)

    def _style(self, look: Look) -> Style:
        style = self._styles.get(look)
        if style is None:
            if len(self._styles) > STYLES_KEPT:
                self._styles.clear()
            style = self._styles[look] = self._background + self.palette().style(look)
        return style
