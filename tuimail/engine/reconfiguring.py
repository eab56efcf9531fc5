"""Another config takes effect while the engine runs: each part is told what differs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.events import ConfigChanged

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.engine.accounts import Accounts
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.mail import Mail
    from tuimail.engine.runner_handle import RunnerHandle
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.events import Announcer
    from tuimail.outbox.store.store import Store


class Reconfiguring:
    """One config after the other."""

    def __init__(
        self,
        configured: ConfiguredAccounts,
        accounts: Accounts,
        mail: Mail,
        outbox: StoreHandle[Store],
        runner: RunnerHandle,
        announcer: Announcer,
    ) -> None:
        self._configured = configured
        self._accounts = accounts
        self._mail = mail
        self._outbox = outbox
        self._runner = runner
        self._announcer = announcer
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def go_by(self, config: Config) -> None:
        """As ``Engine.reconfigure``."""
        task = asyncio.create_task(self._go_by(config), name="another config")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for what was begun."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def _go_by(self, config: Config) -> None:
        async with self._turn:
            renewed = self._configured.replace(config)
            try:
                await self._read_by(config)
                if self._outbox.started:
                    await self._send_by(config, renewed.sending)
            finally:
                self._announcer.announce(ConfigChanged(renewed.accounts))

    async def _read_by(self, config: Config) -> None:
        renewed = self._mail.accounts.become(config.accounts.values())
        self._mail.search.hits.forget(renewed)
        await self._mail.sync.renew(renewed)
        for each in renewed:
            self._mail.news.changed(each)

    async def _send_by(self, config: Config, renewed: frozenset[str]) -> None:
        from tuimail.engine.open_stores import reconfigure_outbox

        await self._outbox.run(lambda store: reconfigure_outbox(store, config))
        await asyncio.gather(*map(self._runner.forget, renewed))
        self._runner.changed(*await self._accounts.notice_changed_settings())
