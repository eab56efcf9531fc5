"""Watches a mailbox for changes: IDLE (RFC 2177), or NOOP from time to time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.mailboxes.imap_connection import Selection
from tuimail.mailboxes.imap_connections import ConnectionRole
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_news import NewsGatherer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.mailboxes.imap_connection import ImapConnection
    from tuimail.mailboxes.imap_connections import ImapConnections
    from tuimail.mailboxes.imap_timeouts import ClientTimes
    from tuimail.mailboxes.imap_values import MailboxState


class ImapWatch:
    """Watches one mailbox at a time on a connection of its own, or between the commands on a shared one.

    A lost connection is made anew, later each time. Belongs to one event loop.
    """

    def __init__(self, connections: ImapConnections, times: ClientTimes) -> None:
        self._connections = connections
        self._times = times
        self._wire = ""
        self._changed: Callable[[], None] = lambda: None
        self._told_soon = False
        self._selection: Selection | None = None
        self._state: MailboxState | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._may_idle = True

    def start(self, wire: str, changed: Callable[[], None]) -> None:
        """Watch ``wire`` from now on, and no other; ``changed`` is called on the loop's thread, after a loss too."""
        self._changed = changed
        if wire != self._wire:
            self._wire, self._selection, self._state = wire, None, None
            self._connections.interrupt(ConnectionRole.WATCH)
        if self._task is None or self._task.done():
            self._failures = 0
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while True:
            try:
                connection = await self._connections.get(ConnectionRole.WATCH)
                await self._quiet(connection)
                await self._wait(connection)
            except TuimailError as error:
                if not isinstance(error, ImapError) or error.lasting:
                    return  # whoever asks for something else is told the same
                if not self._failures:
                    self._tell_soon()  # whoever looks finds out whether the server is out of reach
                retry = self._times.retry
                seconds = retry[min(self._failures, len(retry) - 1)]
                self._failures += 1
                await asyncio.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load

    async def _quiet(self, connection: ImapConnection) -> None:
        """On a shared connection, wait until nobody has used it for a while."""
        clock = asyncio.get_running_loop().time
        while self._connections.is_shared(ConnectionRole.WATCH):
            left = connection.used_at + self._times.quiet - clock()
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def _wait(self, connection: ImapConnection) -> None:
        """Wait for changes until the time is up or somebody wants the connection."""
        async with connection.use_until_wanted() as session:
            selection = connection.selection
            if selection is None or selection is not self._selection or selection.wire != self._wire:
                await self._select(connection)
            if self._may_idle and "IDLE" in session.capabilities:
                await self._idle(connection)
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._times.poll):
                    await connection.wanted.wait()
                return
            await session.stream("NOOP", stall=self._times.interactive)

    async def _idle(self, connection: ImapConnection) -> None:
        session = connection.session
        try:
            await session.idle(connection.wanted, self._times.renew, self._times.interactive)
        except ImapError as error:
            if session.lost is not None or error.status is None:
                raise
            self._may_idle = False  # offered, and refused: NOOP will do

    async def _select(self, connection: ImapConnection) -> None:
        selection = Selection(self._wire, NewsGatherer(self._tell_soon))
        # EXAMINE: nobody looks at the messages, so they stay \Recent.
        opened = await connection.select(selection, stall=self._times.interactive, command="EXAMINE")
        known, self._state = self._state, opened.state
        self._selection = selection
        # At first as well: what came between the last look and this moment is told by nobody else.
        if self._failures or known != opened.state:
            self._tell_soon()
        self._failures = 0

    def _tell_soon(self) -> None:
        """Many responses arrive together: they are told once."""
        if not self._told_soon:
            self._told_soon = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._told_soon = False
        if self._selection is not None:
            self._selection.news.taken()
        self._changed()
