"""A text to scroll through; draws only what is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from tuimail.ui.text.cells import Line

    Source = Callable[[int], Sequence[Line]]


class Pager(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows the lines that ``show``'s source makes for the width there is."""

    DEFAULT_CSS = "Pager { height: 1fr; scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._source: Source | None = None
        self.text: Sequence[Line] = ()
        """The lines, as wrapped now."""

    def show(self, source: Source) -> None:
        """Show what ``source`` makes; the place in the text is kept."""
        self._source = source
        self._wrap()

    def on_resize(self, _event: events.Resize) -> None:
        """Another width wants other lines."""
        self._wrap()

    def _wrap(self) -> None:
        if self._source is None or not self.size.width:
            return
        self.text = self._source(self.size.width)
        self.virtual_size = Size(0, len(self.text))
        self.refresh()

    @property
    def page(self) -> int:
        """Lines to move by for a page: two stay in sight."""
        return max(1, self.size.height - 2)

    def scroll_lines(self, count: int) -> None:
        """Move ``count`` lines down (negative: up)."""
        # By force: Textual takes a text that was shown just now for one that fits, until it is laid out.
        self.scroll_to(y=self.scroll_offset.y + count, animate=False, immediate=True, force=True)

    @property
    def place(self) -> str:
        """Where we are, as pine says it: "ALL", "TOP", "62%", "END"."""
        if self.max_scroll_y <= 0:
            return "ALL"
        if self.scroll_offset.y <= 0:
            return "TOP"
        if self.scroll_offset.y >= self.max_scroll_y:
            return "END"
        return f"{self.scroll_offset.y * 100 // self.max_scroll_y}%"

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        index = y + self.scroll_offset.y
        if index >= len(self.text):
            return Strip.blank(self.size.width, self.rich_style)
        return paint(self, self.text[index], self.size.width)
