"""A list that draws only the lines on the screen, whatever its length. Every list of the program is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tuimail.ui.text.cells import Line, Span, TextRole, clip
from tuimail.ui.widgets.painting import paint
from tuimail.ui.widgets.window_source import InMemoryRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style
    from textual import events

    from tuimail.ui.widgets.window_source import WindowSource

T = TypeVar("T")


READING = "Reading..."
"""What a list says before anybody has looked."""


class LineList(ScrollView, Generic[T], can_focus=True, inherit_bindings=False):
    """Rows of values with one selected; keeps the selected one selected when rows come and go.

    ``identify`` names a value for life; ``draw`` makes a line of it for a width in cells and is called for visible
    rows only.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--cursor"}
    DEFAULT_CSS = "LineList { height: 1fr; scrollbar-size-vertical: 1; }"

    class Opened(Message):
        """A row was clicked twice."""

    def __init__(
        self,
        draw: Callable[[T, int], Line],
        identify: Callable[[T], str],
        *,
        empty: str = "",
        spacing: int = 1,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._identify = identify
        self.empty = empty
        """What a list says that was read and is empty, of one line or more."""
        self._read = False
        self._spacing = spacing
        self.source: WindowSource[T] = InMemoryRows((), identify)
        """The rows shown."""
        self._ground: Style | None = None
        self.when_selected: Callable[[], None] = lambda: None
        """Called when another row is selected, or other rows are shown. Not a message: that would be handled after the
        list was painted, and what it changes elsewhere would need a second paint."""
        self.cursor = 0
        """Index of the selected row."""
        self.anchored = False
        """The selected row keeps its line on the screen when rows come and go above it."""
        self.sought: str | None = None
        """The row to be selected once it is shown, unless another one is selected before."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.source.count

    @property
    def selected(self) -> T | None:
        """The selected value."""
        return self._row(self.cursor)

    def _row(self, index: int) -> T | None:
        return next(iter(self.source.window(index, index + 1)), None)

    def show_all(self, rows: Sequence[T]) -> None:
        """Show ``rows``, which are in memory."""
        self.show(InMemoryRows(rows, self._identify))

    def show(self, source: WindowSource[T]) -> None:
        """Show the rows of ``source``; the selection stays on its row, or on its place when that row is gone.

        A row that was sought is selected. A source equal to the one shown is not drawn again: ``refresh`` does that,
        where the lines depend on more than the rows.
        """
        if source.count and self._read and self.sought is None and source == self.source:
            self.source = source
            self.when_selected()
            return
        before = self.cursor
        self.cursor = self._place_in(source)
        if self.sought is not None and self._identified(source, self.cursor) == self.sought:
            self.sought = None
        keep_line = self.anchored and self._read and self.cursor != before
        self.source = source
        self._read = True
        self.virtual_size = Size(0, source.count * self._spacing)
        self.refresh()
        if keep_line:
            top = self.scroll_offset.y + (self.cursor - before) * self._spacing
            self.scroll_to(y=top, animate=False, immediate=True)
        self._reveal()
        if self.cursor - self.first_seen >= self.page:  # there is no room for so many rows before the layout
            self.call_after_refresh(self._reveal)
        self.when_selected()

    def begin_anew(self) -> None:
        """Forget the rows and where the user was among them: those shown next are the first ones."""
        self.source = InMemoryRows((), self._identify)
        self._read = False
        self.cursor = 0
        self.scroll_to(y=0, animate=False, immediate=True)

    def first_shown(self, source: WindowSource[T]) -> int:
        """Index of the row that will be the first on the screen once ``source`` is shown."""
        place = self._place_in(source)
        return min(max(self.first_seen, place - self.page + 1), place)

    def _place_in(self, source: WindowSource[T]) -> int:
        """Where the row sought or selected is in ``source``, most often where it was; else the nearest place."""
        selected = self._identified(self.source, self.cursor)
        for row_id in (self.sought, selected):
            if row_id is not None:
                if self._identified(source, self.cursor) == row_id:
                    return self.cursor
                if (place := source.position(row_id)) is not None:
                    return place
        return max(0, min(self.cursor, source.count - 1))

    def _identified(self, source: WindowSource[T], index: int) -> str | None:
        """The id of a row of ``source``."""
        return next((self._identify(row) for row in source.window(index, index + 1)), None)

    @property
    def first_seen(self) -> int:
        """Index of the first row on the screen."""
        return self.scroll_offset.y // self._spacing

    @property
    def in_sight(self) -> Sequence[T]:
        """The rows on the screen."""
        return self.source.window(self.first_seen, self.first_seen + self.page + 1)

    def select(self, index: int) -> None:
        """Select the row at ``index``, or the nearest there is."""
        self.sought = None
        wanted = max(0, min(index, self.count - 1))
        if wanted == self.cursor or not self.count:
            return
        before, top = self.cursor, self.scroll_offset
        self.cursor = wanted
        self._reveal()
        if self.scroll_offset == top:
            self.refresh_line(before * self._spacing)
            self.refresh_line(wanted * self._spacing)
        self.when_selected()

    def move(self, step: int) -> None:
        """Select ``step`` rows further down (negative: up)."""
        self.select(self.cursor + step)

    def scroll_rows(self, by: int) -> bool:
        """Scroll by so many rows (negative: up); False: there is nothing further.

        Another row is selected only if the selected one would go out of sight.
        """
        top = max(0, min(self.first_seen + by, self.count - self.page))
        if top == self.first_seen:
            return False
        self.scroll_to(y=top * self._spacing, animate=False, immediate=True)
        self.select(max(top, min(self.cursor, top + self.page - 1)))
        return True

    def space(self, spacing: int) -> None:
        """Draw every row ``spacing`` lines below the one before."""
        if spacing == self._spacing:
            return
        self._spacing = spacing
        self.virtual_size = Size(0, self.count * spacing)
        self.refresh()
        self._reveal()

    @property
    def page(self) -> int:
        """Rows on one screen."""
        return max(1, self.size.height // self._spacing)

    def _reveal(self) -> None:
        self.scroll_to_region(Region(0, self.cursor * self._spacing, self.size.width, 1), animate=False, immediate=True)

    def on_resize(self) -> None:
        """The selected row stays in sight; rows can be shown before there is room for any."""
        self._reveal()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the screen; the style under all of them is worked out once."""
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        ground = self._ground
        if not self.count:
            said = (self.empty if self._read else READING).splitlines()
            at = y - (1 if self.size.height > len(said) else 0)
            text = f"   {said[at]}" if 0 <= at < len(said) else ""
            return paint(self, (Span(clip(text, width), TextRole.DIM),), width, base=ground)
        index, offset = divmod(y + self.scroll_offset.y, self._spacing)
        row = None if offset else self._row(index)
        if row is None:
            return Strip.blank(width, ground)
        line = self._draw(row, width)
        if index != self.cursor:
            return paint(self, line, width, base=ground)
        return paint(self, line, width, base=self.get_component_rich_style("line-list--cursor"), plain=True)

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one opens."""
        index, offset = divmod(event.y + self.scroll_offset.y, self._spacing)
        if offset or index >= self.count:
            return
        if index == self.cursor and event.chain > 1:
            self.post_message(self.Opened())
        self.select(index)
