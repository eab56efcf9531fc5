"""What is going on and what is to be known, below a form: lines that can be scrolled and take no text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.scroll_view import ScrollView

from tuimail.ui.text.cells import Line, Span, wrap
from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.strip import Strip

from textual.geometry import Size


class NotesPane(ScrollView, can_focus=True):
    """Notes (safe to draw); each is a mark and a text that is wrapped beneath itself.

    While it has the focus, what is typed goes nowhere, and is not repeated on the screen: it may be a password.
    """

    DEFAULT_CSS = """
    NotesPane { height: 1fr; min-height: 1; margin-top: 1; scrollbar-size-vertical: 1; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "scroll_up", show=False),
        Binding("down,ctrl+n", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._notes: tuple[Line, ...] = ()
        self._lines: list[Line] = []

    def show(self, notes: Sequence[Line], *, follow: bool = False) -> None:
        """Show these; ``follow``: the last one is in sight."""
        if tuple(notes) != self._notes:
            self._notes = tuple(notes)
            self._fold()
        if follow:
            self.scroll_end(animate=False, immediate=True)

    def on_resize(self) -> None:
        """Another width makes other lines."""
        self._fold()

    def on_key(self, event: events.Key) -> None:
        """A character is not for this."""
        if event.is_printable:
            event.stop()
            self.app.bell()

    def _fold(self) -> None:
        room = self.size.width - 2
        if room <= 0:
            return
        self._lines = [line for note in self._notes for line in _folded(note, room)]
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        at = y + self.scroll_offset.y
        line = self._lines[at] if at < len(self._lines) else ()
        return paint(self, (Span(" "), *line), self.size.width)


def _folded(note: Line, room: int) -> list[Line]:
    """``note`` in lines of ``room`` cells; what follows its first span stands beneath the second."""
    if len(note) < 2:
        return [(Span(part, each.role),) for each in note for part in wrap(each.text, max(10, room))] or [()]
    mark, text = note[0], note[1]
    parts = wrap(text.text, max(10, room - len(mark.text))) or [""]
    blank = Span(" " * len(mark.text))
    return [(mark if index == 0 else blank, Span(part, text.role)) for index, part in enumerate(parts)]
