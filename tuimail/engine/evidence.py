"""Looks in Sent for letters of which it is uncertain whether the server took them.

Many servers file what is submitted to them by themselves. Found there, a letter was sent; not found, nothing is
proved: it stays the user's to decide. A few looks, then no more until there is a reason to begin again: another letter
needs the user, an account is mended, the network comes up, the program starts anew.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.events import AccountResumed, ItemChanged, NeedsYou, Notice
from tuimail.outbox.run.context import first_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tuimail.events import Announcer, Event
    from tuimail.outbox.model.item import OutboxItem

log = logging.getLogger(__name__)

LOOKS = (45.0, 600.0, 3600.0)
"""Seconds before the first look, the second...: a server needs a moment to file its copy."""

RECENT = 2 * 86400.0
"""A letter that has been uncertain for longer is looked for no more."""


class EvidenceSeeker:
    """One per engine."""

    def __init__(
        self,
        uncertain: Callable[[], Awaitable[Sequence[OutboxItem]]],
        found_sent: Callable[[str], Awaitable[OutboxItem | None]],
        in_sent: Callable[[OutboxItem], Awaitable[bool]],
        announcer: Announcer,
        now: Callable[[], float],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``in_sent`` says whether an item's Message-ID is in the account's Sent; it may raise a TuimailError."""
        self._uncertain = uncertain
        self._found_sent = found_sent
        self._in_sent = in_sent
        self._announcer = announcer
        self._now = now
        self._sleep = sleep
        self._again = asyncio.Event()

    async def run(self) -> None:
        """Look now and again, for as long as the engine lives."""
        unsubscribe = self._announcer.subscribe(self._listen)
        try:
            self._again.set()  # what an earlier program left
            while True:
                await self._again.wait()
                self._again.clear()
                await self._sleep(LOOKS[0])  # whatever happens meanwhile: there is a look at the end of it
                for pause in (*LOOKS[1:], None):
                    if not await self._look_safely() or pause is None:
                        break
                    await first_of(self._sleep(pause), self._again.wait())
                    if self._again.is_set():
                        break
        finally:
            unsubscribe()

    def again(self) -> None:
        """The network came up: look anew, beginning with the shortest pause."""
        self._again.set()

    async def look(self) -> int:
        """One look for each recent uncertain letter; how many are still uncertain."""
        left = 0
        for item in await self._uncertain():
            if self._now() - item.changed_at > RECENT:
                continue
            try:
                found = await self._in_sent(item)
            except TuimailError as error:
                log.info("no look into Sent for %s: %s", item.id, error)
                found = False
            if not found:
                left += 1
                continue
            settled = await self._found_sent(item.id)
            if settled is not None:
                self._announcer.announce(ItemChanged(item.id))
                self._announcer.announce(Notice(f'"{item.subject}" was found in Sent: it went out.'))
        return left

    async def _look_safely(self) -> int:
        try:
            return await self.look()
        except Exception:
            log.exception("looking for uncertain letters in Sent failed")
            return 1

    def _listen(self, event: Event) -> None:
        if isinstance(event, (NeedsYou, AccountResumed)):
            self._again.set()
