"""Passwords refused to another process are forgotten here; typed ones let accounts go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.clock import SystemClock
from tuimail.config import secrets
from tuimail.config.model import Account, Config, Identity, Server
from tuimail.engine import Engine
from tuimail.events import AccountResumed, OutboxTouched, SecretGiven
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.store.store import Store
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from tuimail.events import Event
    from tuimail.paths import Paths


async def test_it_is_forgotten_here_as_well(paths: Paths) -> None:
    servers = {name: Server(f"{name}.example.org", 465, username="ada") for name in ("work", "home")}
    accounts = {name: Account(name, (Identity("ada@example.org"),), server) for name, server in servers.items()}
    engine = Engine(Config(accounts), paths)
    await engine.start(run_outbox=False)
    for name, server in servers.items():
        secrets.remember(server, name, "old")
    try:
        other = Store(paths.outbox, SystemClock())
        with other.outbox.writing() as tx:
            tx.put_health(AccountHealth("work", AccountProblem.SIGN_IN, "Refused.", since=1.0))
        other.close()
        engine.announcer.announce(OutboxTouched())
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "outbox-secrets"))
        assert {key[0] for key in secrets._known} == {"home"}
    finally:
        for name in servers:
            secrets.forget(name)
        await engine.stop()


async def test_an_account_without_a_password_goes_on_when_one_was_typed(paths: Paths) -> None:
    """However late: by then, what waited for it has given up."""
    troubles = {"work": AccountProblem.SECRET, "home": AccountProblem.SIGN_IN}
    servers = {name: Server(f"{name}.example.org", 465, username="ada") for name in troubles}
    accounts = {name: Account(name, (Identity("ada@example.org"),), server) for name, server in servers.items()}
    engine = Engine(Config(accounts), paths)
    await engine.start(run_outbox=False)
    events: list[Event] = []
    try:
        other = Store(paths.outbox, SystemClock())
        with other.outbox.writing() as tx:
            for name, trouble in troubles.items():
                tx.put_health(AccountHealth(name, trouble, "None.", since=1.0))
        other.close()
        resumed = asyncio.Event()

        def listen(event: Event) -> None:
            events.append(event)
            if isinstance(event, AccountResumed):
                resumed.set()

        engine.announcer.subscribe(listen)
        await asyncio.to_thread(lambda: [each() for each in secrets.questions.answered])
        await resumed.wait()
        assert SecretGiven() in events
        assert (await engine.accounts.health("work")).trouble is None
        assert (await engine.accounts.health("home")).trouble is AccountProblem.SIGN_IN
    finally:
        await engine.stop()
    assert secrets.questions.answered == []
