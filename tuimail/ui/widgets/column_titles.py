"""One line above a list that names its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.strip import Strip

    from tuimail.ui.text.cells import Line


class ColumnTitles(Widget):
    """Draws what ``titles`` makes for its width in cells."""

    DEFAULT_CSS = "ColumnTitles { height: 1; }"

    def __init__(self, titles: Callable[[int], Line]) -> None:
        super().__init__()
        self._titles = titles

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - Textual's signature
        """The one line."""
        return paint(self, self._titles(self.size.width), self.size.width)
