"""A password that was refused to one process, and another that still remembers it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.clock import SystemClock
from tuimail.config import secrets
from tuimail.config.model import Account, Config, Identity, Server
from tuimail.engine import Engine
from tuimail.events import OutboxTouched
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.store.store import Store
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
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
