"""Reads the index that a screen shows, at its request or because mail has changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine.mail_search import SearchBrokenOffError
from tuimail.ui.screens.index_source import IndexSource

if TYPE_CHECKING:
    from typing import Protocol

    from tuimail.ui.protocols import MessageList
    from tuimail.ui.screens.index_results import IndexResults
    from tuimail.ui.screens.index_rows import IndexRows

    class LoadedIndex(MessageList, Protocol):
        """The screen that shows the index."""

        rows: IndexRows

        @property
        def results(self) -> IndexResults:
            """Of the search that is shown, if it is one."""
            ...

        def loaded_index(self) -> None:
            """Called when another index is shown."""
            ...


UNREAD_YET = "Reading the mailbox for the first time..."
GONE = "This account is not in the configuration any more."


class IndexLoader:
    """Reads what ``screen`` asks for into its list.

    What the user asks for breaks off a search that goes on; changed mail waits until what the user asked for is shown.
    """

    def __init__(self, screen: LoadedIndex) -> None:
        self._screen = screen
        self._asked = 0
        """Loads of the user's that go on."""
        self._changed = False
        """Mail has changed meanwhile."""
        self._number = 0
        """Of the load begun last: what one before has read is not shown any more."""
        self._latest = asyncio.Event()
        """What the load begun last has read is shown, or it failed."""

    async def load(self) -> None:
        """Read what the user asked for.

        Raises:
            TuimailError: it cannot be done; what was shown stays.
        """
        self._asked += 1
        try:
            await self._read()
        finally:
            self._asked -= 1
            if self._changed and not self._asked:
                self._changed = False
                self._screen.reload()

    async def load_again(self) -> None:
        """Read the same anew, because it may have changed. Raises TuimailError."""
        if self._asked:
            self._changed = True
            return
        with suppress(SearchBrokenOffError):  # by what the user has asked for, which is newer
            await self._read()

    async def fill(self) -> None:
        """Read the rows around those on the screen. Raises StorageError."""
        screen, shown = self._screen, self._screen.list
        index, first, height = screen.index, shown.first_seen, shown.page + 1
        if index is None:
            return
        await screen.program.engine.mail.read(index, first - height, first + 2 * height)
        if index is screen.index:
            shown.refresh()
            screen.refresh_keys()

    async def _read(self) -> None:
        """Read and show; if another load was begun meanwhile, wait until that has shown what is newer."""
        self._number = number = self._number + 1
        self._latest.clear()
        try:
            await self._show(number)
        finally:
            if number == self._number:
                self._latest.set()
        await self._latest.wait()

    async def _show(self, number: int) -> None:
        screen, shown = self._screen, self._screen.list
        request = replace(screen.request, only=frozenset(screen.tagged) if screen.zoomed else None)
        places = await screen.results.of(request)
        wanted = [shown.sought] if shown.sought is not None else []
        if screen.index is not None and screen.entry is not None:
            wanted.append(screen.entry.row_id)
        seek, screen.seek = screen.seek, None
        index = await screen.program.engine.mail.index(
            request,
            first=shown.first_seen,
            height=shown.page + 1,
            wanted=wanted,
            seek=seek,
            places=places,
        )
        if screen.program.engine.mail.offline(request.account):
            await screen.program.engine.mail.journal.count()  # for the title bar
        if number != self._number:
            return
        if index is None:
            names = [each.name for each in screen.program.engine.mail.accounts]
            gone = bool(request.account) and request.account not in names
            if gone:
                screen.index = None
            shown.empty = GONE if gone else UNREAD_YET
            shown.show_all(())
            return
        if index.missed and screen.results.running:
            screen.seek = seek
        elif index.start is not None and (screen.index is None or not screen.index.count or seek is not None):
            shown.sought = index.start
        if screen.index is None:
            shown.begin_anew()
        screen.index = index
        shown.empty = screen.rows.empty(screen)
        mail = screen.program.engine.mail
        offline = [each.name for each in mail.accounts if mail.offline(each.name)]
        seen = shown.first_seen, shown.first_seen + shown.page + 1
        shown.show(IndexSource(index, seen=seen, offline=offline))
        screen.loaded_index()
