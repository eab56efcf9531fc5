"""The few lines beneath a list that explain what is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from tuimail.ui.text.cells import ELLIPSIS, Line, Span, TextRole, wrap
from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.strip import Strip


LEAST = 5
"""Lines it takes at least, so that little moves with the selection: three of text, a blank one above and below."""


class ExplanationPane(Widget):
    """Sentences (safe to draw) with their roles, wrapped; as high as they need, from three lines up to ``most``."""

    DEFAULT_CSS = "ExplanationPane { height: 5; }"

    def __init__(self) -> None:
        super().__init__()
        self._sentences: tuple[Span, ...] = ()
        self.most = 8
        """Lines of the screen it takes at most, the blank ones above and below included."""

    def explain(self, *sentences: Span) -> None:
        """Show these."""
        if sentences != self._sentences:
            self._sentences = sentences
            self._stretch()
            self.refresh()

    def on_resize(self) -> None:
        """Another width makes other lines."""
        self._stretch()

    def _stretch(self) -> None:
        needed = max(LEAST, min(self.most, len(self._lines) + 2))
        if self.size.width and self.styles.height is not None and self.styles.height.value != needed:
            self.styles.height = needed

    @property
    def _lines(self) -> Sequence[Line]:
        room = max(10, self.size.width - 6)
        return [
            (Span("   "), Span(part, sentence.role))
            for sentence in self._sentences
            for part in (wrap(sentence.text, room) if sentence.text else [])
        ]

    def render_line(self, y: int) -> Strip:
        """One line, the first one blank."""
        lines = self._lines
        last = self.size.height - 2
        if y == last and len(lines) > last > 0:
            rest = Span(lines[y - 1][1].text.rstrip() + " " + ELLIPSIS, lines[y - 1][1].role)
            return paint(self, (lines[y - 1][0], rest), self.size.width)
        if 0 < y <= min(last, len(lines)):
            return paint(self, lines[y - 1], self.size.width)
        return paint(self, (Span("", TextRole.TEXT),), self.size.width)
