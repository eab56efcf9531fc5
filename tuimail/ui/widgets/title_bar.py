"""The top line: program, screen, accounts in force, and the outbox badge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.widget import Widget

from tuimail.ui.text.cells import Line, Span, TextRole, clip, width_of
from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from textual.strip import Strip


@dataclass(frozen=True, slots=True)
class Badge:
    """What the outbox, and new mail, want to say on every screen."""

    waiting: int = 0
    """Letters the program works on."""
    yours: int = 0
    """Letters that need the user."""
    new: int = 0
    """New messages that came while the program runs."""

    @property
    def line(self) -> Line:
        """Empty when there is nothing; loud when it needs the user."""
        spans = []
        if self.new:
            spans.append(Span(f"{self.new:,} new", TextRole.STRONG))
        if self.waiting:
            spans.append(Span(f"{self.waiting} waiting"))
        if self.yours:
            spans.append(Span(f" {self.yours} {'needs' if self.yours == 1 else 'need'} you ", TextRole.NEEDS_YOU))
        return _spaced(spans)


def _spaced(spans: list[Span]) -> Line:
    line: list[Span] = []
    for span in spans:
        if line:
            line.append(Span("  "))
        line.append(span)
    return tuple(line)


def title_line(screen: str, accounts: str, note: str, badge: Badge, width: int) -> Line:
    """The title bar in ``width`` cells; what matters least (accounts, then the note) goes first when it is narrow."""
    left: Line = (Span(" tuimail", TextRole.STRONG), Span("   "), Span(screen, TextRole.STRONG))
    right = badge.line
    if width_of(left) + width_of(right) + 2 > width and badge.yours:
        right = Badge(yours=badge.yours).line
    room = width - width_of(left) - width_of(right) - 4
    parts: list[str] = []
    for text in (note, accounts):
        if text and len(text) + 3 > room:
            break
        if text:
            parts.insert(0, text)
            room -= len(text) + 3
    if note and not parts and room > 8:
        parts = [_shortened(note, room - 3)]
    middle = "   ".join(parts)
    tail: Line = (Span(middle, TextRole.DIM), Span("   " if middle and right else ""), *right, Span(" "))
    gap = max(1, width - width_of(left) - width_of(tail))
    return (*left, Span(" " * gap), *tail)


def _shortened(note: str, room: int) -> str:
    """As many of the remarks as fit, the first of them cut if need be."""
    remarks = note.split("  ")
    while len(remarks) > 1 and len("  ".join(remarks)) > room:
        remarks.pop()
    return clip("  ".join(remarks), room)


class TitleBar(Widget):
    """Draws ``title_line``."""

    DEFAULT_CSS = "TitleBar { height: 1; dock: top; }"

    screen_name: reactive[str] = reactive("")
    accounts: reactive[str] = reactive("")
    note: reactive[str] = reactive("")
    badge: reactive[Badge] = reactive(Badge())

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - Textual's signature
        """The one line."""
        width = self.size.width
        return paint(self, title_line(self.screen_name, self.accounts, self.note, self.badge, width), width)
