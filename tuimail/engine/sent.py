"""Sent letters: their list, their copies in Sent, their delivery reports, and the proof that an uncertain one went."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from tuimail.events import ItemChanged
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.clock import Clock
    from tuimail.engine.evidence import EvidenceSeeker
    from tuimail.engine.runner_handle import RunnerHandle
    from tuimail.engine.sent_folders import SentFolders
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.events import Announcer
    from tuimail.mail.bounce import DeliveryReport
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.bounces import Matched
    from tuimail.outbox.store.store import Store


SENT_STATES = frozenset({ItemState.ACCEPTED, ItemState.DONE})


class SentLetters:
    """Letters that a server accepted, or may have accepted."""

    def __init__(
        self,
        store: StoreHandle[Store],
        folders: SentFolders,
        runner: RunnerHandle,
        announcer: Announcer,
        clock: Clock,
    ) -> None:
        self._store = store
        self._folders = folders
        self._runner = runner
        self._announcer = announcer
        self._clock = clock

    async def latest(self, *, limit: int = 1000) -> Sequence[OutboxItem]:
        """The newest ``limit`` of the items the server has, newest first."""
        items = await self._store.run(lambda store: store.queries.items(SENT_STATES, limit=limit, newest_first=True))
        return sorted(items, key=lambda item: item.last_attempt_at or item.queued_at, reverse=True)

    async def file_one(self, item_id: str) -> OutboxItem:
        """File the Sent copy of one letter, if that is due and no other process is at it."""
        return await self._runner.started.file_one(item_id)

    # -- uncertain letters

    @cached_property
    def _seeker(self) -> EvidenceSeeker:
        from tuimail.engine.evidence import EvidenceSeeker

        return EvidenceSeeker(
            lambda: self._store.run(lambda store: store.evidence.uncertain()),
            lambda item_id: self._store.run(lambda store: store.evidence.found_sent(item_id)),
            self._folders.holds,
            self._announcer,
            self._clock.now,
        )

    async def seek(self) -> None:
        """Look in Sent for uncertain letters, now and again, until cancelled."""
        await self._seeker.run()

    def seek_again(self) -> None:
        """The network came up: look anew."""
        self._seeker.again()

    async def look(self) -> None:
        """Look in Sent for every uncertain letter, once."""
        await self._seeker.look()

    # -- delivery reports

    async def read_report(self, raw: bytes, arrived: float | None = None) -> DeliveryReport | None:
        """The delivery report in a letter; None when it is none.

        ``arrived`` is when it came (seconds since the epoch): the time of a report that has none. Read twice, it is the
        same then.
        """
        from tuimail.mail.bounce import read_report

        now = self._clock.now()
        return await asyncio.to_thread(read_report, raw, min(arrived, now) if arrived else now)

    async def report(self, found: DeliveryReport) -> Matched | None:
        """Tie a report to its letter and announce what is new; None when the letter is unknown. Raises StorageError."""
        from tuimail.engine.bounce_notices import bounce_notices

        matched = await self._store.run(lambda store: store.bounces.report(found))
        if matched is not None and matched.news:
            self._announcer.announce(ItemChanged(matched.item.id))
            for event in bounce_notices(matched):
                self._announcer.announce(event)
        return matched
