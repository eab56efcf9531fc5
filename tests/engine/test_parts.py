"""The parts of an engine: before its start, while it stops, and with a damaged store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tuimail.compose.draft import Draft
from tuimail.config.model import Account, Config, Identity, Server
from tuimail.engine import Engine
from tuimail.engine.accounts import Accounts, Service
from tuimail.engine.configured_accounts import ConfiguredAccounts
from tuimail.engine.store_handle import StoreHandle
from tuimail.events import AccountResumed, Announcer, Event, Notice
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.model.states import ItemState
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths

ACCOUNT = Account("work", (Identity("ada@example.org"),), Server("smtp.example.org", 465))


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.outbox.query(lambda outbox: outbox.items()),
        lambda engine: engine.outbox.send_one("a"),
        lambda engine: engine.drafts.available(),
        lambda engine: engine.drafts.complete("a"),
        lambda engine: engine.sent.latest(),
        lambda engine: engine.sent.file_one("a"),
        lambda engine: engine.accounts.health("work"),
    ],
)
async def test_what_is_not_started_says_so(paths: Paths, ask: Callable[[Engine], Awaitable[object]]) -> None:
    engine = Engine(Config(), paths)
    engine.outbox.wake()
    with pytest.raises(RuntimeError, match="the engine is not started"):
        await ask(engine)
    await engine.stop()


async def test_an_edit_that_was_begun_is_carried_through_before_the_engine_stops(paths: Paths) -> None:
    engine = Engine(Config({"work": ACCOUNT}, default_account="work"), paths)
    await engine.start(run_outbox=False)
    item = await engine.drafts.enqueue(Draft(to="bob@example.net", subject="Minutes", body="text\n"), held=True)
    edit = asyncio.create_task(engine.outbox.edit(item.id))
    await asyncio.sleep(0)
    edit.cancel()
    await asyncio.gather(edit, return_exceptions=True)
    await engine.stop()
    await engine.start(run_outbox=False)
    try:
        assert (await engine.outbox.query(lambda outbox: outbox.item(item.id))).state is ItemState.CANCELLED
        assert [draft.revises for draft in await engine.drafts.available()] == [item.id]
    finally:
        await engine.stop()


async def test_a_damaged_list_of_correspondents_is_a_notice(paths: Paths) -> None:
    engine = Engine(Config(), paths)
    await engine.start(run_outbox=False)
    heard: list[Event] = []
    engine.announcer.subscribe(heard.append)
    paths.correspondents.write_bytes(b"not a database" * 1000)
    try:
        assert await engine.drafts.complete("a") == []
        await asyncio.sleep(0)
        assert [isinstance(each, Notice) and "set aside" in each.text for each in heard] == [True]
    finally:
        await engine.stop()


class RecordingService:
    """A service with a problem until it is checked again."""

    def __init__(self) -> None:
        self.problem: AccountProblem | None = AccountProblem.SIGN_IN

    async def health(self, account: str) -> AccountHealth:
        return AccountHealth(account, self.problem)

    async def check_again(self, account: str) -> None:
        self.problem = None

    async def close_connections(self, account: str) -> None:
        self.problem = None


async def test_health_is_that_of_a_service_and_every_service_is_checked_again(paths: Paths) -> None:
    announcer, heard, service = Announcer(), list[Event](), RecordingService()
    announcer.subscribe(heard.append)
    store: StoreHandle[Store] = StoreHandle("outbox writer", lambda: pytest.fail("the outbox is not asked"))
    configured = ConfiguredAccounts(Config({"work": ACCOUNT}), paths, announcer)
    accounts = Accounts(configured, store, {Service.SEND: service}, announcer)
    assert (await accounts.health("work", Service.SEND)).trouble is AccountProblem.SIGN_IN
    await accounts.check_again("work")
    assert (await accounts.health("work")).trouble is None
    assert heard == [AccountResumed("work")]
