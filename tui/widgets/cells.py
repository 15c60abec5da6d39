"""A widget that shows rows of cells drawn by a pure function: the only kind the stepper has.

A panel is one widget, its rows are cached as strips, and only rows that changed are given to the terminal: measured
against a widget per node or per cell this is what keeps a held key smooth. What another moment will look like can be
prepared while nobody waits.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, Self, TypeVar

from msgspec import Struct, field
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.draw.cells import Drawing, Look, Row, width_of
from tui.palette import Palette

CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "?") | {ord(blank): " " for blank in "\t\n\v\f\r"}
"""What a file says never steers the terminal."""
STYLES_KEPT = 4096
"""Heat makes many looks; a screen has far fewer at a time."""
KEPT = 4
"""Drawings kept: those shown last, and the one prepared."""

Moment = TypeVar("Moment", bound=Hashable)


class Shown(Struct, eq=False):
    """A drawing, and its rows as they go to the terminal."""

    drawing: Drawing
    lines: dict[int, Strip] = field(default_factory=dict)
    """Whole lines by row, made when first wanted."""
    since: Shown | None = None
    """The drawing that `changed` is compared with."""
    changed: tuple[int, ...] = ()
    """The rows that differ from those of `since`."""

    def compare(self, since: Shown) -> None:
        """Find the rows that differ, those that are no more among them; the lines of the others are shared."""
        old, new, changed = since.drawing.rows, self.drawing.rows, []
        for y, row in enumerate(new):
            if y >= len(old) or row != old[y]:
                changed.append(y)
            elif y in since.lines:
                self.lines[y] = since.lines[y]
        self.since, self.changed = since, (*changed, *range(len(new), len(old)))


NOTHING = Shown(Drawing(()))


class CellsWidget(Widget, Generic[Moment]):
    """Shows the drawing of a moment; a subclass says what that is."""

    DEFAULT_CSS = "CellsWidget { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        self._shown = NOTHING
        self._kept: dict[tuple[Moment, Size], Shown] = {}
        """Drawings by what they depend on, the latest last."""
        self._palette: Palette | None = None
        self._background: Style | None = None
        self._styles: dict[Look, Style] = {}
        """Styles over the background; the looks of a screen are few."""
        self._frame: tuple[Strip, Strip] | None = None
        """Border and padding to the left and right of every row."""
        self._edges: dict[int, Strip] = {}
        """Lines as Textual makes them, borders and all: those above and below the rows."""
        self._filters: Sequence[LineFilter] = ()
        self.top = 0
        """First row shown, where there are more than fit."""
        # it refreshes already
        super().__init__(id=id)

    def moment(self) -> Moment | None:
        """All that the drawing of now depends on, beside the size; None: there is nothing to draw."""
        raise NotImplementedError

    def draw(self, moment: Moment, width: int, height: int) -> Drawing:
        """What a moment looks like. May have more rows than `height`; then they can be scrolled."""
        raise NotImplementedError

    def keeps(self, moment: Moment) -> bool:
        """Whether a moment always looks the same, so that its drawing may be kept."""
        return True

    def palette(self) -> Palette:
        """The palette of the moment."""
        raise NotImplementedError

    @property
    def drawing(self) -> Drawing:
        """What is shown."""
        return self._shown.drawing

    @property
    def overflows(self) -> bool:
        return len(self.drawing.rows) > self.content_size.height

    def redraw(self) -> None:
        """Show the moment that is now, and refresh the rows that differ."""
        size = self.content_size
        if not size.width or not size.height:
            return
        palette, moment = self.palette(), self.moment()
        if palette is not self._palette:
            self._palette = palette
            self.refresh()
        before = self._shown
        self._shown = NOTHING if moment is None else self._drawn(moment, size)
        if self._shown is before:
            return
        rows = len(self.drawing.rows)
        top, self.top = self.top, max(0, min(self.top, rows - size.height))
        if self._shown.since is not before:
            self._shown.compare(before)
        if top != self.top:
            self._repaint([size.region])
            return
        places = [y - self.top for y in self._shown.changed if 0 <= y - self.top < size.height]
        if places:
            self._repaint([Region(0, start, size.width, height) for start, height in runs(places)])

    def prepare(self, moment: Moment) -> None:
        """Draw a moment that may come, as far as it can be done before."""
        size = self.content_size
        if size.width and size.height and self.keeps(moment):
            shown = self._drawn(moment, size)
            if shown is not self._shown and shown.since is not self._shown:
                shown.compare(self._shown)
                console = self.app.console
                rows = shown.drawing.rows
                for y in shown.changed:
                    line = shown.lines[y] = self._framed(rows[y] if y < len(rows) else (), size.width)
                    # kept by the line itself
                    line.render(console)

    def forget(self) -> None:
        """Drop what is kept for moments other than this one."""
        self._kept.clear()

    def _drawn(self, moment: Moment, size: Size) -> Shown:
        if not self.keeps(moment):
            return Shown(self.draw(moment, size.width, size.height))
        shown = self._kept.pop((moment, size), None) or Shown(self.draw(moment, size.width, size.height))
        self._kept[moment, size] = shown
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return shown

    def _repaint(self, regions: Sequence[Region]) -> None:
        screen = self.screen
        if not screen.is_current:
            self.refresh(*regions)
            return
        # what refresh() comes to, without a round of three messages through the widget's own queue
        self._set_dirty(*regions)
        screen._dirty_widgets.add(self)
        screen.check_idle()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As Textual's. Without regions everything may look different: styles, borders, size."""
        if not regions:
            self._restyle()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _restyle(self) -> None:
        """Forget how things look; what they are stays."""
        self._background = self._frame = None
        self._styles.clear()
        self._edges.clear()
        for shown in (self._shown, *self._kept.values()):
            shown.lines.clear()

    def scroll_rows(self, by: int) -> bool:
        """Move what is shown up or down where there is more than fits; whether anything moved."""
        top = max(0, min(self.top + by, len(self.drawing.rows) - self.content_size.height))
        moved = top != self.top
        self.top = top
        if moved:
            self._repaint([self.content_size.region])
        return moved

    def on_resize(self) -> None:
        self._shown = NOTHING
        self.refresh()
        self.redraw()

    # lines

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region: borders as Textual makes them, the rows from what is kept."""
        width, above, filters = self.region.width, self.styles.gutter.top, self.get_line_filters()
        if filters != self._filters:
            self._filters = filters
            self._restyle()
        inside = range(above, above + self.content_size.height)
        lines = [
            self._line(y - above + self.top) if y in inside else self._edge(y, width) for y in crop.line_range
        ]  # fmt: skip
        first, after = crop.column_span
        return lines if (first, after) == (0, width) else [line.crop(first, after) for line in lines]

    def render_line(self, y: int) -> Strip:
        """A row between the borders."""
        width = self.content_size.width
        row = y + self.top
        rows = self.drawing.rows
        return self._strip(rows[row], width) if row < len(rows) else Strip.blank(width, self._base())

    def _edge(self, y: int, width: int) -> Strip:
        """A line above or below the rows."""
        edge = self._edges.get(y)
        if edge is None:
            edge = self._edges[y] = super().render_lines(Region(0, y, width, 1))[0]
        return edge

    def _line(self, row: int) -> Strip:
        """A row with what stands left and right of it."""
        line = self._shown.lines.get(row)
        if line is None:
            rows, width = self.drawing.rows, self.content_size.width
            line = self._framed(rows[row] if row < len(rows) else (), width)
            self._shown.lines[row] = line
        return line

    def _framed(self, row: Row, width: int) -> Strip:
        if self._frame is None:
            gutter, outer = self.styles.gutter, self.region.width
            (edge,) = super().render_lines(Region(0, gutter.top, outer, 1))
            self._frame = edge.crop(0, gutter.left), edge.crop(outer - gutter.right)
        left, right = self._frame
        line = self._strip(row, width)
        background = self.background_colors[1]
        for filter in self._filters:
            line = line.apply_filter(filter, background)
        return Strip((*left, *line, *right), left.cell_length + width + right.cell_length)

    def _strip(self, row: Row, width: int) -> Strip:
        segments = [Segment(span.text.translate(CONTROLS), self._style(span.look)) for span in row if span.text]
        length = sum(width_of(segment.text) for segment in segments)
        if length < width:
            segments.append(Segment(" " * (width - length), self._base()))
            length = width
        return Strip(segments, length) if length == width else Strip(segments, length).crop(0, width)

    def _base(self) -> Style:
        """The style that roles are put over."""
        if self._background is None:
            self._background = self.rich_style
        return self._background

    def _style(self, look: Look) -> Style:
        style = self._styles.get(look)
        if style is None:
            if len(self._styles) > STYLES_KEPT:
                self._styles.clear()
            style = self._styles[look] = self._base() + self.palette().style(look)
        return style


def runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as (first, how many) of what follows without a gap."""
    start = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or places[at] != places[at - 1] + 1:
            yield places[start], at - start
            start = at
