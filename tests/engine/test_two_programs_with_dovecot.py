"""Two tuimail on one account of a real server: one holds it, and the other takes over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.engine.imap_program import INBOX, deliver, other_client, running, settings
from tests.engine.mail_support import entries, subjects
from tests.support.cut_link import cut_link
from tuimail.config import secrets
from tuimail.engine import account_work
from tuimail.engine.cache_place import cache_of
from tuimail.mail.flags import FLAGGED
from tuimail.sync import reconnect

if TYPE_CHECKING:
    import pytest

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server
    from tuimail.paths import Paths


async def test_the_second_takes_over_and_goes_on_with_what_waits(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        for number in range(2):
            deliver(client, number)
        async with running(paths, server) as second:
            async with running(paths, server) as first:
                await first.until(lambda it: it.count == 2, INBOX)
                index = await second.until(lambda it: it.count == 2, INBOX)
                owners = [each.engine.mail._threads.writer("work").owns_cache for each in (first, second)]
                assert sorted(owners) == [False, True]
                await first.engine.mail.flag([entries(index)[0].ref], add=FLAGGED)
                await second.engine.mail.flag([entries(index)[1].ref], add=FLAGGED)
                if owners[0]:
                    await first.engine.mail.look()
            deliver(client, 2)
            index = await second.until(lambda it: it.count == 3, INBOX)
            assert subjects(index)[-1] == "Letter 2"
            assert second.engine.mail._threads.writer("work").owns_cache
            await second.engine.mail.look()
            client.noop()
            assert client.search(None, "FLAGGED")[1] == [b"1 2"]
    assert account_work.PAUSE < 1.0, "it is looked often enough"


async def test_whoever_waits_is_told_whether_the_first_is_in_step(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (3600.0,))
    with other_client(dovecot, server) as client:
        deliver(client, 1)
    async with cut_link(server.port) as link:
        behind = replace(server, port=link.port)
        secrets.remember(behind, "work", dovecot.password)
        _, lock = cache_of(settings(behind).accounts["work"], paths)
        async with running(paths, behind) as mail:
            await mail.until(lambda it: it.count == 1, INBOX)
            await mail.engine.mail.look()
            assert not lock.acquire()
            assert lock.holder().in_step
            link.cut()
            await mail.engine.mail.look()
            assert not lock.holder().in_step
            link.mend()
            mail.engine.mail.sync.try_servers()
            await mail.engine.mail.look()
            assert lock.holder().in_step
