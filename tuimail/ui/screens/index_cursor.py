"""The cursor of a message index, as the screen sees it that shows the message in full (MessageCursor)."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from tuimail.mail.flags import DELETED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine.mail_index import IndexEntry, MessageIndex
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.protocols import MessageList

READ_AHEAD = 64
"""Rows read at once in search of one that is not marked to be deleted."""


class IndexCursor:
    """Moves the selection of an index, on top or beneath."""

    def __init__(self, screen: MessageList) -> None:
        self._screen = screen

    @property
    def entry(self) -> IndexEntry | None:
        """The message under the cursor."""
        return self._screen.entry

    @property
    def position(self) -> str:
        """As in "2 of 1,204"."""
        shown = self._screen.list
        return f"{shown.cursor + 1:,} of {shown.count:,}" if shown.count else ""

    @property
    def folder(self) -> str:
        """The folder of the index; empty if it has several."""
        request = self._screen.request
        return "" if request.unified else request.folder

    async def renew(self, *, gone: Sequence[IndexEntry] = (), seek: MessageRef | None = None) -> None:
        """Read the index again, without those that are ``gone``; go to the message ``seek`` if it is there."""
        self._screen.seek = seek
        await self._screen.moved_away(gone)
        await self._screen.loaded()

    def peek(self, by: int) -> IndexEntry | None:
        """The message that ``step`` would go to, if it is in memory."""
        screen = self._screen
        if screen.index is None or not by:
            return None
        here, step = screen.list.cursor, 1 if by > 0 else -1
        first, end = (here + 1, here + 1 + READ_AHEAD) if by > 0 else (max(here - READ_AHEAD, 0), here)
        left = abs(by)
        for entry in screen.index.entries(first, end)[::step]:
            if entry is None:
                return None
            left -= not entry.row.flags & DELETED
            if not left:
                return entry
        return None

    async def step(self, by: int, *, unread: bool = False, marked: bool = False) -> bool:
        """Go on by so many messages that are not marked to be deleted; False: there is none.

        ``unread``: only unread ones count. ``marked``: those marked to be deleted count too.
        """
        if marked:
            at = self._screen.list.cursor + by
            return await self._go(at if 0 <= at < self._screen.list.count else None)
        return await self._go(await (self._unread(by) if unread else self._undeleted(by)))

    async def other_thread(self, step: int) -> bool:
        """Go to the first message of the next thread, or of the one before; False: there is none."""
        from tuimail.engine import index_search

        index, here = self._screen.index, self._screen.list.cursor
        if index is None:
            return False
        ask = self._screen.program.engine.mail.query
        return await self._go(await ask(lambda mail: index_search.other_thread(mail, index, here, step)))

    async def parent(self) -> bool:
        """Go to the message that this one answers; False: it is not in the index."""
        from tuimail.engine import index_search

        index, entry = self._screen.index, self._screen.entry
        if index is None or entry is None:
            return False
        ask = self._screen.program.engine.mail.query
        return await self._go(await ask(lambda mail: index_search.parent_place(mail, index, entry.ref)))

    async def _go(self, found: int | None) -> bool:
        if found is None:
            return False
        self._screen.list.select(found)
        await self._screen.loaded()
        return True

    async def _unread(self, by: int) -> int | None:
        from tuimail.engine import index_search

        index, entry = self._screen.index, self._screen.entry
        if index is None or entry is None:
            return None
        ask = self._screen.program.engine.mail.query
        return await ask(lambda mail: index_search.unread_place(mail, index, entry.row_id, backwards=by < 0))

    async def _undeleted(self, by: int) -> int | None:
        screen = self._screen
        step = 1 if by > 0 else -1
        left, at = abs(by), screen.list.cursor + step
        while left and 0 <= at < screen.list.count:
            entries = await self._entries(at, step)
            if not entries:
                return None
            for entry in entries:
                left -= not entry.row.flags & DELETED
                if not left:
                    return at
                at += step
        return None

    async def _entries(self, at: int, step: int) -> list[IndexEntry]:
        """Some rows from ``at`` on in one direction: those in memory, else those read now; none if there are none."""
        screen = self._screen
        if screen.index is None:
            return []
        first, end = (at, at + READ_AHEAD) if step > 0 else (max(at - READ_AHEAD + 1, 0), at + 1)
        if not (found := _in_memory(screen.index, first, end, step)):
            await screen.program.engine.mail.read(screen.index, first, end)
            found = _in_memory(screen.index, first, end, step)
        return found


def _in_memory(index: MessageIndex, first: int, end: int, step: int) -> list[IndexEntry]:
    """The rows in the direction of ``step`` up to the first one that was not read."""
    rows = index.entries(first, end)[::step]
    return [each for each in takewhile(lambda row: row is not None, rows) if each is not None]
