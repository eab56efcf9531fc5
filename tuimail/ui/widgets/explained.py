"""The few lines beneath a list that explain what is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from tuimail.ui.widgets.cells import Line, Role, Span, wrap
from tuimail.ui.widgets.painting import ROLE_CLASSES, paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.strip import Strip


class Explained(Widget):
    """Sentences (safe to draw) with their roles, wrapped; always as high, so that nothing moves with the selection."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)
    DEFAULT_CSS = "Explained { height: 5; padding: 0 0 1 0; }"

    def __init__(self) -> None:
        super().__init__()
        self._sentences: tuple[Span, ...] = ()

    def explain(self, *sentences: Span) -> None:
        """Show these."""
        if sentences != self._sentences:
            self._sentences = sentences
            self.refresh()

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
        if 0 < y <= len(lines):
            return paint(self, lines[y - 1], self.size.width)
        return paint(self, (Span("", Role.TEXT),), self.size.width)
