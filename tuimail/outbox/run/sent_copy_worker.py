"""Files the Sent copies that are due (rule 8)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tuimail.errors import LeaseLostError, StorageError, TuimailError
from tuimail.events import ItemChanged
from tuimail.outbox.model import backoff
from tuimail.outbox.model.states import FilingState
from tuimail.outbox.store.sent_copies import FILING_LEASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.clock import Clock
    from tuimail.mail.content import Content
    from tuimail.outbox.model.item import Filing, OutboxItem
    from tuimail.outbox.run.context import RunContext

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Copies that are filed at the same time; on an IMAP server still one after the other for each account."""


class CopyFiler(Protocol):
    """Files the copy of an accepted letter. sent/filer is the real one."""

    async def file(self, item: OutboxItem, content: Content) -> Filing:
        """File it once: search for the Message-ID first, because a copy may be there since before a kill.

        Returns a Filing that is FILED or SKIPPED, or DUE with ``words`` when it did not work; attempts and the time
        of the next one are counted by the caller.
        """
        ...


class SentCopyWorker:
    """Works through the copies that are due, several at a time: their steps share commits (coordination/batch)."""

    def __init__(
        self, context: RunContext, filer: CopyFiler, clock: Clock, filed: Callable[[OutboxItem], None]
    ) -> None:
        """``filed`` is called with every letter whose copy was tried."""
        self._context = context
        self._filer = filer
        self._clock = clock
        self._filed = filed
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Copies are being filed by ``start``."""
        return self._task is not None

    def start(self, ended: Callable[[asyncio.Task[None]], None]) -> None:
        """Begin to file what is due, unless that is under way; ``ended`` is called with the task when it is over."""
        if self._task is not None:
            return

        def over(task: asyncio.Task[None]) -> None:
            self._task = None
            ended(task)

        self._task = asyncio.create_task(self.run(), name="outbox copies")
        self._task.add_done_callback(over)

    def stop(self) -> list[asyncio.Task[None]]:
        """Claim no more copies and cancel ``start``; its task, to be waited for."""
        self._stopping = True
        if self._task is None:
            return []
        self._task.cancel()
        return [self._task]

    async def run(self, *, only: str | None = None) -> None:
        """File what is due; of all letters ``only`` this one's."""
        first = await self._next(only)
        if first is None:
            return
        lines = [asyncio.create_task(self._file_from(first, only))]
        if only is None:
            lines += [asyncio.create_task(self._file_next()) for _ in range(AT_ONCE - 1)]
        try:
            await asyncio.gather(*lines)
        finally:
            for each in lines:
                each.cancel()
            await asyncio.wait(lines)

    async def _file_next(self) -> None:
        item = await self._next(None)
        if item is not None:
            await self._file_from(item, None)

    async def _file_from(self, first: OutboxItem, only: str | None) -> None:
        """File this copy, then the next one, until none is due."""
        item: OutboxItem | None = first
        while item is not None:
            filing = await self._filed_or_lost(item)
            if filing is None:
                item = await self._next(only)
                continue
            # The next one is claimed in the same commit.
            done, (stored, item) = item, await asyncio.gather(self._record(item, filing), self._next(only))
            if stored is not None:
                self._filed(stored)
            self._context.announcer.announce(ItemChanged(done.id))

    async def _next(self, only: str | None) -> OutboxItem | None:
        if self._stopping:
            return None
        context = self._context
        return await context.writer.run(context.store.sent_copies.claim, context.owner, lease=FILING_LEASE, only=only)

    async def _record(self, item: OutboxItem, filing: Filing) -> OutboxItem | None:
        """Store the result; None when another process took over, whose result counts."""
        context = self._context
        try:
            return await context.writer.run(context.store.sent_copies.record, item.id, context.owner, filing)
        except LeaseLostError as error:
            log.warning("the copy of %s: %s", item.id, error)
            return None

    async def _filed_or_lost(self, item: OutboxItem) -> Filing | None:
        """File it while the lease is kept; None when another process took over (this one was suspended)."""
        filing = asyncio.create_task(self._filing(item))
        beat = asyncio.create_task(self._keep(item, filing))
        try:
            return await filing
        except asyncio.CancelledError:
            if beat.done() and not beat.cancelled():
                return None
            filing.cancel()
            raise
        finally:
            beat.cancel()

    async def _keep(self, item: OutboxItem, filing: asyncio.Task[Filing]) -> None:
        """Renew the lease of a copy; stops the filing and returns when it is lost."""
        context = self._context
        while True:
            await context.sleep(FILING_LEASE / 3)
            try:
                await context.writer.run(context.store.sent_copies.renew, item.id, context.owner, lease=FILING_LEASE)
            except LeaseLostError as error:
                log.warning("the copy of %s: %s", item.id, error)
                filing.cancel()
                return
            except StorageError as error:
                log.warning("the lease of the copy of %s could not be renewed: %s", item.id, error)

    async def _filing(self, item: OutboxItem) -> Filing:
        attempts = item.filing.attempts + 1
        try:
            content = await self._context.writer.run(self._context.store.queries.content, item.id)
            filing = await self._filer.file(item, content)
        except TuimailError as error:
            filing = replace(item.filing, words=f"{error} {error.hint}".strip())
        except Exception:
            log.exception("filing the copy of %s failed", item.id)
            filing = replace(item.filing, words="tuimail failed at filing it; the log says more.")
        if filing.state is FilingState.NONE:
            filing = replace(filing, state=FilingState.DUE)
        if filing.state is FilingState.DUE:
            wait = backoff.delay(backoff.ANSWERED, attempts)
            return replace(filing, attempts=attempts, next_attempt_at=self._clock.now() + wait)
        return replace(filing, attempts=attempts, next_attempt_at=None)
