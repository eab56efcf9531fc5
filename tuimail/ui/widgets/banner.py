"""Lines above a list that say what concerns all of it; there only while there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.strip import Strip

    from tuimail.ui.text.cells import Line


class Banner(Widget):
    """A few lines and a blank one; no height when there are none."""

    DEFAULT_CSS = "Banner { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[Line] = ()
        self.display = False

    def show(self, lines: Sequence[Line]) -> None:
        """Show these."""
        if lines == self.lines:
            return
        self.lines = lines
        self.display = bool(lines)
        self.styles.height = len(lines) + 1 if lines else 0
        self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        """One line."""
        return paint(self, self.lines[y] if y < len(self.lines) else (), self.size.width)
