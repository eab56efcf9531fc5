"""Has the messages flagged that accepted letters answer, a step of its own after the sending (rule 8)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from tuimail.errors import TuimailError
from tuimail.events import ItemChanged
from tuimail.outbox.model.item import Flagging
from tuimail.outbox.model.states import FlaggingState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.run.context import RunContext

log = logging.getLogger(__name__)


class AnsweredFlagger(Protocol):
    """Sees to it that an answered message gets its flag. engine/answered_flags is the real one."""

    async def flag(self, item: OutboxItem) -> Flagging:
        """Do it for the message that ``item`` answers; may be called again for the same item.

        Returns a Flagging that is DONE or SKIPPED, or DUE with ``words`` when it did not work.
        """
        ...


class AnsweredFlagWorker:
    """Works through the flags that are due, one after the other."""

    def __init__(self, context: RunContext, flagger: AnsweredFlagger, flagged: Callable[[OutboxItem], None]) -> None:
        """``flagged`` is called with every letter whose flag was tried."""
        self._context = context
        self._flagger = flagger
        self._flagged = flagged
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """``start`` is at work."""
        return self._task is not None

    def start(self, ended: Callable[[asyncio.Task[None]], None]) -> None:
        """Begin with what is due, unless that is under way; ``ended`` is called with the task when it is over."""
        if self._task is not None:
            return

        def over(task: asyncio.Task[None]) -> None:
            self._task = None
            ended(task)

        self._task = asyncio.create_task(self.run(), name="outbox flags")
        self._task.add_done_callback(over)

    def stop(self) -> list[asyncio.Task[None]]:
        """Begin with no more flags and cancel ``start``; its task, to be waited for."""
        self._stopping = True
        if self._task is None:
            return []
        self._task.cancel()
        return [self._task]

    async def run(self, *, only: str | None = None) -> None:
        """Flag what is due; of all letters ``only`` the message of this one."""
        context = self._context
        for item in await context.writer.run(context.store.answered_flags.due, only=only):
            if self._stopping:
                return
            flagging = await self._flagging(item)
            self._flagged(await context.writer.run(context.store.answered_flags.record, item.id, flagging))
            context.announcer.announce(ItemChanged(item.id))

    async def _flagging(self, item: OutboxItem) -> Flagging:
        try:
            return await self._flagger.flag(item)
        except TuimailError as error:
            words = f"{error} {error.hint}".strip()
        except Exception:
            log.exception("the letter that %s answers could not be flagged", item.id)
            words = "tuimail failed at it; the log says more."
        return Flagging(FlaggingState.DUE, words=words)
