"""The two rows at the bottom that tell the truth about the keys of this screen. Clickable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tuimail.ui.text.cells import Line, Span, TextRole, fit
from tuimail.ui.widgets.painting import paint

if TYPE_CHECKING:
    from textual import events
    from textual.strip import Strip

ROWS = 2
MOST_COLUMNS = 6
CELL = 13
"""Cells a column needs at least."""
FIXED = 2
"""Entries that stay on every page: help, and the way back."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key and what it does."""

    id: str
    """What is posted when it is clicked."""
    key: str
    label: str
    enabled: bool = True
    """It fits what is selected; else it is drawn dim."""


def columns_for(width: int) -> int:
    """How many columns fit ``width`` cells."""
    return max(2, min(MOST_COLUMNS, width // CELL))


def page_of(entries: tuple[KeyEntry, ...], slots: int, page: int, more: KeyEntry | None) -> tuple[KeyEntry | None, ...]:
    """The ``slots`` entries to show, column by column; ``more`` takes the last slot if not all fit."""
    if len(entries) <= slots or more is None:
        return entries[:slots]
    turning = entries[FIXED:]
    size = slots - FIXED - 1
    start = page % pages_of(entries, slots) * size
    shown: list[KeyEntry | None] = [*entries[:FIXED], *turning[start : start + size]]
    shown += [None] * (slots - 1 - len(shown))
    return (*shown, more)


def pages_of(entries: tuple[KeyEntry, ...], slots: int) -> int:
    """How many pages there are."""
    if len(entries) <= slots:
        return 1
    return -(-(len(entries) - FIXED) // (slots - FIXED - 1))


class KeyRows(Widget):
    """Draws entries in two rows, slot by slot down the columns, as pine does."""

    DEFAULT_CSS = "KeyRows { height: 2; }"

    entries: reactive[tuple[KeyEntry, ...]] = reactive(())
    more: reactive[KeyEntry | None] = reactive(None)
    page: reactive[int] = reactive(0)

    class Pressed(Message):
        """An entry was clicked."""

        def __init__(self, entry_id: str) -> None:
            super().__init__()
            self.entry_id = entry_id

    @property
    def shown(self) -> tuple[KeyEntry | None, ...]:
        """What is on the screen now, column by column; None is an empty slot."""
        return page_of(self.entries, ROWS * columns_for(self.size.width), self.page, self.more)

    def turn(self) -> None:
        """Show the next page."""
        self.page = (self.page + 1) % pages_of(self.entries, ROWS * columns_for(self.size.width))

    def at(self, x: int, y: int) -> KeyEntry | None:
        """The entry drawn there."""
        column = x // max(1, self.size.width // columns_for(self.size.width))
        index = column * ROWS + y
        return self.shown[index] if index < len(self.shown) else None

    def render_line(self, y: int) -> Strip:
        """One of the two rows."""
        width = self.size.width
        cell = width // columns_for(width)
        shown = self.shown
        line: list[Span] = []
        for column in range(0, len(shown), ROWS):
            pair = shown[column : column + ROWS]
            entry = pair[y] if y < len(pair) else None
            line += _cell(entry, cell, max((cell_len(each.key) for each in pair if each), default=0))
        return paint(self, tuple(line), width)

    def on_click(self, event: events.Click) -> None:
        """A click on an entry gives its command."""
        entry = self.at(event.x, event.y)
        if entry is not None:
            self.post_message(self.Pressed(entry.id))


def _cell(entry: KeyEntry | None, width: int, key_width: int) -> Line:
    if entry is None:
        return (Span(" " * width),)
    role = TextRole.KEY if entry.enabled else TextRole.DIM
    label = fit(f" {entry.label}", max(0, width - 1 - key_width))
    return (
        Span(" "),
        Span(fit(entry.key, key_width), role),
        Span(label, TextRole.LABEL if entry.enabled else TextRole.DIM),
    )
