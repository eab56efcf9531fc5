"""Two programs on one account of a real server: the second takes over, and misses no mail that comes meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.engine.imap_program import INBOX, deliver, other_client, running
from tests.engine.mail_support import entries, subjects
from tuimail.mail.flags import FLAGGED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.mail_support import Changes
    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server
    from tuimail.paths import Paths

HANDED_OVER = 1.0
"""Seconds within which the account has another program that syncs it."""


async def until(is_so: Callable[[], bool]) -> float:
    """Seconds that it took."""
    begun = time.monotonic()
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - what happens on another thread
            await asyncio.sleep(0.005)
    return time.monotonic() - begun


def owns(mail: Changes) -> bool:
    return mail.engine.mail._threads.writer("work").owns_cache


async def test_the_second_shows_what_the_first_does_and_takes_over(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number)
        client.create("Archive")
        async with running(paths, server) as first:
            await first.until(lambda it: it.count == 3, INBOX)
            async with running(paths, server) as second:
                index = await second.until(lambda it: it.count == 3, INBOX)
                assert (owns(first), owns(second)) == (True, False)
                await second.engine.mail.flag([entries(index)[0].ref], add=FLAGGED)
                await first.engine.mail.move([entries(index)[1].ref], "Archive")
                await asyncio.to_thread(first.engine.mail._threads.pause)
                assert await until(lambda: owns(second)) < HANDED_OVER
                deliver(client, 3)
                index = await second.until(lambda it: it.count == 3 and it.counts.unread == 3, INBOX)
                assert subjects(index) == ["Letter 0", "Letter 2", "Letter 3"]
                await second.engine.mail.look()
                first.engine.mail._threads.resume()
                assert not owns(first)
        client.select("Archive")
        assert client.search(None, "ALL")[1] == [b"1"]
        client.select("INBOX")
        assert len(client.search(None, "ALL")[1][0].split()) == 3
        assert client.search(None, "FLAGGED")[1] == [b"1"]
