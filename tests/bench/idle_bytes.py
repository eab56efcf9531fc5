"""What a mailbox in which nothing happens costs on the wire: one renewal of IDLE and one look at all folders, counted.

A day has so many of each as the program's own pauses say; nothing waits for a day.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tests.support.counted_link import counted_link
from tuimail.engine.account_cache import AccountCache
from tuimail.engine.configured_source import MailSources
from tuimail.engine.server_watch import PAUSE
from tuimail.mailboxes.imap_connect import open_session
from tuimail.mailboxes.imap_connection import Selection, connection_of
from tuimail.mailboxes.imap_news import NewsGatherer
from tuimail.mailboxes.imap_timeouts import ClientTimes

if TYPE_CHECKING:
    from tests.support.counted_link import CountedLink
    from tuimail.config.model import Account, Server
    from tuimail.paths import Paths

DAY = 86400.0
TIMES = ClientTimes()


class IdleBytes(NamedTuple):
    """Bytes in both directions, TLS included."""

    look: int
    """One look at all folders where nothing has changed."""
    renewal: int
    """IDLE ended and begun again."""

    @property
    def day(self) -> float:
        """All of a day without a change, on connections that hold."""
        return DAY / PAUSE * self.look + DAY / TIMES.renew * self.renewal


def idle_bytes(account: Account, password: str, paths: Paths) -> IdleBytes:
    """Count them at the account's server, which is on this machine; its password is known (config.secrets)."""
    assert account.imap is not None
    with counted_link(account.imap.port) as link:
        server = replace(account.imap, port=link.port)
        return IdleBytes(
            _look(replace(account, imap=server), paths, link), asyncio.run(_renewal(server, password, link))
        )


def _look(account: Account, paths: Paths, link: CountedLink) -> int:
    with ExitStack() as stack:
        sources = stack.enter_context(closing(MailSources(paths)))
        cache = stack.enter_context(closing(AccountCache(account, sources.of(account), paths, _tell_nobody)))
        assert cache.open()
        cache.sync()
        cache.sync()  # what the first one left to do
        before = link.bytes
        assert cache.sync() == []
        return link.bytes - before


def _tell_nobody(_sentence: str) -> None: ...


async def _renewal(server: Server, password: str, link: CountedLink) -> int:
    session = await open_session(server, password)
    try:
        connection = await connection_of(session, "Q")
        selection = Selection("INBOX", NewsGatherer(lambda: None))
        await connection.select(selection, stall=TIMES.interactive, command="EXAMINE")
        counts = []
        for _ in range(2):  # the first may bring news of before
            before = link.bytes
            await session.idle(asyncio.Event(), 0.0, TIMES.interactive)
            counts.append(link.bytes - before)
        return counts[-1]
    finally:
        await session.close()
