"""The connections of an account: one for each role, fewer if the server refuses more."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tuimail.mailboxes.imap_connection import ImapConnection, again, connection_of
from tuimail.mailboxes.imap_errors import ImapError, ImapStage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from tuimail.mailboxes.imap_session import ImapSession

LEVELS = "PCQ"
"""Ascending."""


class ConnectionRole(StrEnum):
    """What a connection is for; in the order in which they are shared."""

    BACKGROUND = "background"
    INTERACTIVE = "interactive"
    WATCH = "watch"


class ImapConnections:
    """Makes connections when they are needed, and anew after a loss. Belongs to one event loop.

    A role that the server refuses another connection shares one that is there, until that is lost.
    """

    def __init__(self, connect: Callable[[], Awaitable[ImapSession]]) -> None:
        self._connect = connect
        self._places: dict[ConnectionRole, ImapConnection] = {}
        self._locks: defaultdict[ConnectionRole, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._closing: set[asyncio.Task[None]] = set()
        self._away_at: float | None = None
        """When no connection could be made, for the first time since one could; on the loop's clock."""
        self._highest = "Q"
        self._closed = False

    async def get(self, role: ConnectionRole) -> ImapConnection:
        """The connection for ``role``.

        Raises:
            ImapError: there is none, and none can be made; or ``close`` was called.
        """
        async with self._locks[role]:
            there = self._places.get(role)
            if there is not None and there.usable:
                return there
            try:
                made = await self._made()
            except ImapError as error:
                if error.status is None and not error.lasting and self._away_at is None:
                    self._away_at = asyncio.get_running_loop().time()
                # Only a server's own words are about the number of connections; a network may come back.
                shared = self._other(role) if error.status is not None else None
                if shared is None:
                    raise again(error) from None
                made = shared
            else:
                self._drop_half_open()
            self._places[role] = made
            return made

    def _drop_half_open(self) -> None:
        """The server can be reached again: connections on which nothing came since it could not are given up.

        TCP does not notice that they are gone, or sends again only after as long as it was cut off.
        """
        away_at, self._away_at = self._away_at, None
        if away_at is None:
            return
        for each in self._unique():
            if each.session.lost is None and each.session.received_at < away_at:
                each.session.abort()

    def is_shared(self, role: ConnectionRole) -> bool:
        """Whether another role uses the same connection."""
        mine = self._places.get(role)
        return any(other is mine and each is not role for each, other in self._places.items())

    def interrupt(self, role: ConnectionRole) -> None:
        """End a wait for changes of ``role``."""
        if role in self._places:
            self._places[role].wanted.set()

    def demote(self, level: str) -> None:
        """Never use more than ``level``; connections with more are replaced at their next use."""
        self._highest = min(self._highest, level, key=LEVELS.index)
        for connection in self._unique():
            if LEVELS.index(connection.level) > LEVELS.index(self._highest) and not connection.retired:
                connection.retired = True
                self._keep(_logged_out(connection))

    async def close(self, seconds: float) -> None:
        """Log out of connections that nobody uses, and drop the others; at most ``seconds``. None is made any more."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(_logged_out(each) for each in self._unique()), return_exceptions=True)
        for connection in self._unique():
            connection.session.abort()

    async def _made(self) -> ImapConnection:
        session = await self._connect()
        try:
            if self._closed:  # nobody would close this one
                raise ImapError("The connections to the server were closed.", step=ImapStage.MAILBOX)
            return await connection_of(session, self._highest)
        except BaseException:
            session.abort()
            raise

    def _other(self, role: ConnectionRole) -> ImapConnection | None:
        found = (self._places.get(each) for each in ConnectionRole if each is not role)
        return next((each for each in found if each is not None and each.usable), None)

    def _unique(self) -> list[ImapConnection]:
        return list(dict.fromkeys(self._places.values()))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _logged_out(connection: ImapConnection) -> None:
    with contextlib.suppress(ImapError):
        async with connection.use() as session:
            await session.close()
