"""What the two faces may ask for. Owns every background task.

An engine outlives every screen and never imports one. The Textual app and the headless commands are two faces of it;
any number of engines may run on the same folders at once. All methods are called on the engine's event loop; none of
them blocks it: files and the database are touched on the writer thread, networks by coroutines.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tuimail.engine.accounts import Accounts, forget_refused_secret
from tuimail.engine.letters import (
    forget_unfinished,
)
from tuimail.engine.steering import Steering
from tuimail.engine.watching import Watching
from tuimail.errors import TuimailError
from tuimail.events import (
    Notice,
    Severity,
)
from tuimail.private_files import private_dir
from tuimail.sent.providers import no_copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.clock import Clock
    from tuimail.config.model import Config
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths


log = logging.getLogger(__name__)


class Engine(Watching, Steering, Accounts):
    """Everything the two faces may ask for."""

    def __init__(self, config: Config, paths: Paths, *, clock: Clock | None = None) -> None:
        super().__init__(config, paths, clock=clock)
        self.announcer.subscribe(forget_refused_secret)
        self.announcer.subscribe(self._listen)

    async def start(self, *, run_outbox: bool = True, watch: bool = False) -> None:
        """Open the stores, recover, and (unless told not to) start sending what is due.

        ``watch``: it goes on without a screen; others are told so (``watchers``).

        Raises:
            StorageError: the folders or the index cannot be opened.
        """
        from tuimail.coordination.writer import Writer
        from tuimail.platform_events import watchdog

        watchdog.attend(asyncio.get_running_loop())
        self._writer = Writer()
        self._store = await self._writer.run(self._open_store)
        if self._store.notice:
            self.announcer.announce(Notice(self._store.notice, Severity.WARNING))
        await self._notice_changed_accounts()
        await self._run(forget_unfinished, self._queue, self._draft_store)
        from tuimail.outbox.run.runner import Runner

        self._runner = Runner(
            self._store,
            self._writer,
            self._wiring.submitter_for,
            self.announcer,
            self.clock,
            filer=self._copies,
            connections=self._wiring.connections,
        )
        if run_outbox:
            from tuimail.coordination.change_notifier import Role
            from tuimail.engine.surroundings import Surroundings

            role = Role.WATCH if watch else Role.APP
            seeker = self._seeker
            self._surroundings = Surroundings(self._runner, self._store.doorbell, role, came_up=seeker.again)
            self._surroundings.open()
            self._running = asyncio.create_task(self._runner.run(), name="outbox-runner")
            self._seeking = asyncio.create_task(seeker.run(), name="outbox-evidence")
            await asyncio.sleep(0)  # its first look comes before the caller's: no change between them is missed

    def _open_store(self) -> Store:
        from tuimail.outbox.store.store import Store

        private_dir(self.paths.data)
        store = Store(
            private_dir(self.paths.outbox),
            self.clock,
            settings=self.config.outbox,
            witness=self.paths.outbox_witness,
        )
        store.rates = {name: each.rate for name, each in self.config.accounts.items() if each.rate}
        store.no_copy = {name: why for name, each in self.config.accounts.items() if (why := no_copy(each))}
        try:
            store.prune()
        except TuimailError:
            log.exception("what is long over could not be forgotten; the next start tries again")
        return store

    async def stop(self) -> None:
        """Stop sending (a letter past its dot is waited for, at most ten seconds, else left uncertain) and close."""
        for task in (self._seeking, self._forgetting):
            if task is not None:
                task.cancel()
        self._seeking = self._forgetting = None
        try:
            if self._surroundings is not None:
                await self._surroundings.closed()
            if self._runner is not None:
                await self._runner.stop()
            if self._running is not None:
                await asyncio.gather(self._running, return_exceptions=True)
            await self._copies.close()
        finally:
            # Without awaiting anything: whoever is too impatient to wait for the rest still leaves a closed outbox.
            if self._surroundings is not None:
                self._surroundings.close()
            if self._writer is not None:
                if self._store is not None:
                    self._writer.call(self._store.close)
                self._writer.close()
            self._runner = self._running = self._store = self._writer = self._surroundings = None

    async def run_once(self) -> Sequence[OutboxItem]:
        """Try everything that is due once and return what was tried (``tuimail outbox run``)."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        await self._seeker.look()
        return await self._runner.run_once()

    async def send_one(self, item_id: str) -> OutboxItem:
        """Try one letter, if it is due and no other process is at it; all others are left alone (``tuimail send``)."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        return await self._runner.run_one(item_id)

    async def file_one(self, item_id: str) -> OutboxItem:
        """File the Sent copy of one letter, if that is due and no other process is at it."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        return await self._runner.file_one(item_id)
