"""What wakes the runner from outside of its process: other processes, the network, the end of a machine's sleep."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tuimail.coordination.change_notifier import ChangeListener, ChangeNotifier, PeerRole
from tuimail.errors import TuimailError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.outbox.run.runner import Runner

log = logging.getLogger(__name__)

NETWORK_DELAY = 2.0
"""Seconds after the start until the network is watched: the first screen and what is due come before it."""


class WakeEvents:
    """Wakes a runner for as long as it is open."""

    def __init__(
        self,
        runner: Runner,
        notifier: ChangeNotifier,
        role: PeerRole,
        *,
        came_up: Callable[[], None],
        resumed: Callable[[], None],
    ) -> None:
        """What is called when the network came up, before the runner retries, and when the machine was asleep."""
        from tuimail.platform_events.waking import ResumeWatcher

        self._runner = runner
        self._notifier = notifier
        self._listener = ChangeListener(notifier.folder, role, runner.wake)
        self._waking = ResumeWatcher(self._wake)
        self._came_up = came_up
        self._resumed = resumed
        self._network: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to listen, on the running loop."""
        loop = asyncio.get_running_loop()
        if self._listener.open(loop):
            self._notifier.own = self._listener.name
        self._notifier.later = lambda seconds, ring: _from_any_thread(loop, seconds, ring)
        self._waking.open(loop)
        self._network = loop.create_task(self._watch_network(), name="network")

    def close(self) -> None:
        """Listen no more; never waits."""
        self._listener.close()
        self._waking.close()
        if self._network is not None:
            self._network.cancel()

    async def closed(self) -> None:
        """``close``, and wait until nothing of it is left."""
        self.close()
        if self._network is not None:
            await asyncio.gather(self._network, return_exceptions=True)

    def _wake(self) -> None:
        self._resumed()
        self._runner.wake()

    async def _watch_network(self) -> None:
        await asyncio.sleep(NETWORK_DELAY)
        from tuimail.platform_events.network import watch_machine

        await watch_machine(self._retry_all_now)

    async def _retry_all_now(self) -> None:
        self._came_up()
        try:
            await self._runner.retry_all_now()
        except TuimailError as error:
            log.warning("the network is up, and the outbox cannot be written: %s", error)


def _from_any_thread(loop: asyncio.AbstractEventLoop, seconds: float, call: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(loop.call_later, seconds, call)
