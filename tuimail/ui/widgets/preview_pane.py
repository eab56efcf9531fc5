"""The message under the cursor of an index, beside it where there is room. It never counts as read by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.ui.views.message_page import BEING_READ, header_of_row
from tuimail.ui.widgets.message_pager import MessagePager
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.engine.message_reader import MessageReader

PAUSE = 0.15
"""Seconds that the cursor rests on a message until it is read."""


class PreviewPane(MessagePager, can_focus=False):
    """Shows the message that ``look`` was given last."""

    DEFAULT_CSS = "PreviewPane { display: none; }"

    def __init__(self, reader: Callable[[], MessageReader], *, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self._reader = reader
        self._entry: IndexEntry | None = None
        self._timer: Timer | None = None

    def look(self, entry: IndexEntry | None) -> None:
        """Show what the index knows of a message at once, and the message itself when the cursor rests on it."""
        if not self.display or (entry is not None and self._entry is not None and entry.ref == self._entry.ref):
            return
        self._entry = entry
        if self._timer is not None:
            self._timer.stop()
        if entry is None:
            self.show_lines(())
            return
        self.show_lines(header_of_row(entry.row, self._clock(), BEING_READ))
        self._timer = self.set_timer(PAUSE, self._read)

    def _read(self) -> None:
        start_worker(self, self._read_message, group="preview", exclusive=True, exit_on_error=False)

    async def _read_message(self) -> None:
        entry = self._entry
        if entry is None:
            return
        try:
            message = await self._reader().read(entry.ref)
        except TuimailError:  # gone or unreadable: the index says what it knows, and opening it says why
            return
        if entry is self._entry:
            self.show_message(message)
