"""A service of an account that can connect again wakes what waits for the others, and makes no loop of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.engine.imap_program import INBOX, settings
from tests.engine.mail_support import Changes
from tests.support.cut_link import cut_link
from tests.support.smtp_sink import PROGRAM, smtp_sink
from tuimail.compose.draft import Draft
from tuimail.config import secrets
from tuimail.config.model import Auth, OutboxSettings, Security, SentCopy, Server
from tuimail.engine import Engine, service_recovery
from tuimail.engine.service_recovery import ServiceRecovery
from tuimail.mailboxes.imap_watch import ImapWatch
from tuimail.outbox.model import backoff
from tuimail.outbox.model.states import ItemState
from tuimail.sync import reconnect

if TYPE_CHECKING:
    from tests.support.dovecot import Dovecot
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.paths import Paths

NEVER = 3600.0


class Both:
    """The runner and the threads of received mail."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    async def retry_now(self, account: str) -> None:
        self.tried.append(f"send {account}")

    def try_offline(self, account: str) -> None:
        self.tried.append(f"read {account}")


async def test_each_recovery_tries_the_other_service_once_and_not_again_and_again() -> None:
    both, now, looked = Both(), [100.0], list[str]()
    made = ServiceRecovery(cast("Any", both), cast("Any", both), read_again=looked.append, passing=lambda: now[0])
    for _ in range(20):
        made.reading_is_back("work")
        now[0] += service_recovery.LEAST / 10
    made.reading_is_back("home")
    made.sending_is_back("work")
    await asyncio.gather(*made._tasks)
    assert sorted(both.tried) == ["read work", "send home", "send work", "send work"]
    assert looked == ["work", "work", "home"]


async def state_of(engine: Engine, item: OutboxItem) -> ItemState:
    return await engine.outbox.query(lambda store: store.item(item.id).state)


async def until(engine: Engine, item: OutboxItem, *states: ItemState) -> None:
    changed = asyncio.Event()
    unsubscribe = engine.announcer.subscribe(lambda _event: changed.set())
    async with asyncio.timeout(20):
        while await state_of(engine, item) not in states:
            changed.clear()
            if await state_of(engine, item) not in states:
                await changed.wait()
    unsubscribe()


@pytest.mark.skipif(not PROGRAM.exists(), reason="Postfix's smtp-sink is not installed")
@pytest.mark.parametrize("first", ["reading", "sending"])
async def test_what_finds_that_the_way_is_mended_tells_the_other(
    dovecot: Dovecot,
    server: Server,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
) -> None:
    """The other would try an hour later."""
    if first == "sending":
        monkeypatch.setattr(ImapWatch, "start", lambda *_: None)  # it would find out by itself
    monkeypatch.setattr(reconnect, "DELAYS", (0.02 if first == "reading" else NEVER,))
    monkeypatch.setattr(backoff, "UNREACHABLE", (NEVER if first == "reading" else 0.5,))
    async with smtp_sink() as port, cut_link(dovecot.imaps) as imap, cut_link(port) as smtp:
        behind = replace(server, port=imap.port)
        secrets.remember(behind, "work", dovecot.password)
        made = settings(behind)
        submission = Server("127.0.0.1", smtp.port, security=Security.NONE, auth=Auth.NONE)
        account = replace(made.accounts["work"], submission=submission, sent_copy=SentCopy.NONE)
        engine = Engine(replace(made, accounts={"work": account}, outbox=OutboxSettings(undo_seconds=0)), paths)
        await engine.start()
        try:
            mail = Changes(engine)
            await mail.until(lambda _: not engine.mail.syncing(), INBOX)
            imap.cut()
            smtp.cut()
            await engine.mail.look()
            assert engine.mail.offline("work")
            item = await engine.drafts.enqueue(Draft("d", account="work", to="bob@example.net", body="x\n"))
            await until(engine, item, ItemState.DEFERRED)
            imap.mend()
            smtp.mend()
            await until(engine, item, ItemState.ACCEPTED, ItemState.DONE)
            await mail.until(lambda _: not engine.mail.offline("work"), INBOX)
        finally:
            await engine.stop()
