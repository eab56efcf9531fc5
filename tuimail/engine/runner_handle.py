"""The outbox's runner, which exists only while the engine is started, as the parts of the engine see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.store_handle import not_started
from tuimail.events import ItemChanged

if TYPE_CHECKING:
    from tuimail.events import Announcer
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.run.runner import Runner


class RunnerHandle:
    """Wakes the runner if there is one, and announces what changed in its outbox."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self.runner: Runner | None = None
        """Set by ``Engine.start``, cleared by ``Engine.stop``."""

    @property
    def started(self) -> Runner:
        """The runner. Raises RuntimeError when the engine is not started."""
        if self.runner is None:
            raise not_started()
        return self.runner

    def wake(self) -> None:
        """Look for due letters now; nothing while the engine is not started."""
        if self.runner is not None:
            self.runner.wake()

    def changed(self, *items: OutboxItem) -> None:
        """Announce that ``items`` changed, and look for due letters."""
        for item in items:
            self._announcer.announce(ItemChanged(item.id))
        self.wake()

    async def forget(self, account: str) -> None:
        """Close the open connections of ``account`` and forget its password; nothing while not started."""
        if self.runner is not None:
            await self.runner.forget(account)
