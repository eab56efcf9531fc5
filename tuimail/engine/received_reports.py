"""Delivery reports among the received messages: given to the matcher of sent letters (engine.sent), one at a time.

What may be one is noted in the account's cache in the transaction that stores it, and struck off when it was looked
at. After a crash, or when the cache is filled again, a report is looked at once more; the matcher then has no news.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.mail.message_ref import MessageRef

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.cache.reports import WaitingReport
    from tuimail.engine.mail import Mail
    from tuimail.engine.mail_reader import MailReader
    from tuimail.engine.sent import SentLetters

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Messages that are asked for, and struck off, together."""


class ReceivedReports:
    """Looks at the messages of accounts; used on the event loop, which waits for nothing of it."""

    def __init__(self, mail: Mail, sent: SentLetters, now: Callable[[], float]) -> None:
        self._mail = mail
        self._sent = sent
        self._now = now
        self._accounts: dict[str, None] = {}
        """Those to be looked at, in the order in which they were named."""
        self._task: asyncio.Task[None] | None = None
        self._stopped = True

    def start(self) -> None:
        """Look when there is something to be looked at."""
        self._stopped = False

    def stop(self) -> None:
        """Break off. What was not struck off is looked at when the program starts again. Awaits nothing."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def look(self, account: str) -> None:
        """Messages of the account are waiting; returns at once."""
        self._accounts[account] = None
        if not self._stopped and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name="delivery-reports")

    async def _run(self) -> None:
        while self._accounts:
            account = next(iter(self._accounts))
            del self._accounts[account]
            try:
                await self._look(account)
            except (TuimailError, RuntimeError) as error:  # they wait until there is new mail, or the next start
                log.warning("delivery reports of %s: %s", account, error)

    async def _look(self, account: str) -> None:
        from tuimail.cache.reports import waiting
        from tuimail.outbox.store.bounces import LATEST

        since = self._now() - LATEST

        def ask(reader: MailReader) -> Sequence[WaitingReport]:
            with reader.mail(account).cache.reading() as db:
                return waiting(db, since, AT_ONCE)

        while found := await self._mail.query(ask):
            for each in found:
                await self._give(MessageRef(account, each.folder, each.key), each.arrived)
            await self._settle(account, [each.id for each in found], since)
            if len(found) < AT_ONCE:
                return
        await self._settle(account, [], since)

    async def _settle(self, account: str, looked_at: Sequence[int], since: float) -> None:
        from tuimail.cache.reports import settle

        await self._mail.write(account, lambda db: settle(db, looked_at, since))

    async def _give(self, ref: MessageRef, arrived: int) -> None:
        from tuimail.mail.bounce import LONGEST

        def read() -> bytes:
            with file:
                return file.read(LONGEST)

        try:
            file = await self._mail.open(ref)
            raw = await asyncio.to_thread(read)
        except (TuimailError, OSError) as error:
            log.info("a delivery report could not be read: %s", error)
            return
        report = await self._sent.read_report(raw, arrived)
        if report is not None:
            await self._sent.report(report)
