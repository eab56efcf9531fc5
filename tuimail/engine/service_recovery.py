"""When one service of an account can connect again, what waits for the others is tried at once.

Where the system does not tell that the network is back, as when the cut was somewhere on the way, each service would
find out by itself, and sending asks seldom after a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.engine.account_threads import AccountThreads
    from tuimail.outbox.run.runner import Runner

log = logging.getLogger(__name__)

LEAST = 10.0
"""Seconds between two early tries to send for an account: a server that comes and goes must not make it many."""


class ServiceRecovery:
    """Reading wakes sending, and sending reading. Used on the event loop."""

    def __init__(
        self,
        runner: Runner,
        sync: AccountThreads,
        *,
        read_again: Callable[[str], None],
        passing: Callable[[], float] = time.monotonic,
    ) -> None:
        """``read_again`` is called with an account whose mail can be read again; ``passing`` tells seconds."""
        self._runner = runner
        self._sync = sync
        self._read_again = read_again
        self._passing = passing
        self._tried: dict[str, float] = {}
        """When sending was tried early, by account."""
        self._tasks: set[asyncio.Task[None]] = set()

    def reading_is_back(self, account: str) -> None:
        """The account's mail can be read again."""
        now = self._passing()
        if now - self._tried.get(account, now - LEAST) < LEAST:
            return
        self._tried[account] = now
        self._read_again(account)
        task = asyncio.create_task(self._retry(account), name="outbox recovery")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def sending_is_back(self, account: str) -> None:
        """The account's letters can be sent again."""
        self._sync.try_offline(account)

    def close(self) -> None:
        """End what goes on."""
        for each in self._tasks:
            each.cancel()

    async def _retry(self, account: str) -> None:
        try:
            await self._runner.retry_now(account)
        except TuimailError as error:
            log.warning("the server of %s is back, and the outbox cannot be written: %s", account, error)
