"""The part of the store that keeps track of Sent copies; nothing here ever touches the sending (rule 8).

A done letter's file is deleted after its row says done; a kill in between leaves a file that the next start deletes.
Costs a commit and the unlink; a mark more when other recipients of the letter are still waiting.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from tuimail.coordination.batch import joins
from tuimail.errors import LeaseLostError
from tuimail.outbox.model import backoff
from tuimail.outbox.model.item import Filing, FilingState, ItemState, OutboxItem, TimelineEntry
from tuimail.outbox.store import journal
from tuimail.outbox.store.open_outbox import OpenOutbox

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from tuimail.mail.content import Content
    from tuimail.outbox.store.rows import Row

FILING_LEASE = 300.0
"""Seconds; renewed at a third of it."""


class Filer(Protocol):
    """Files the copy of an accepted letter. sent/filer is the real one."""

    async def file(self, item: OutboxItem, content: Content) -> Filing:
        """File it once: search for the Message-ID first, because a copy may be there since before a kill.

        Returns a Filing that is FILED or SKIPPED, or DUE with ``words`` when it did not work; attempts and the time
        of the next one are counted by the caller.
        """
        ...


class SentCopyRecords(OpenOutbox):
    """Sent copies: what is due, who is at it, what came of it."""

    def filings_due(self, *, most: int | None = None) -> Sequence[OutboxItem]:
        """Items whose Sent copy is due now; at most so many."""
        with self.index.reading() as db:
            return [row.item for row in itertools.islice(self._due(db), most)]

    @joins
    def claim_filing(self, owner: str, *, lease: float = FILING_LEASE, only: str | None = None) -> OutboxItem | None:
        """Atomically take the next item whose Sent copy is due, so that two processes do not file it twice."""
        if not self.index.inside:
            with self.index.reading() as db:
                if next(self._due(db, only), None) is None:
                    return None
        with self.index.writing() as db:
            row = next(self._due(db, only), None)
            if row is None:
                return None
            until = self.clock.now() + lease
            self.put(db, replace(row, filing_owner=owner, filing_until=until, filing_tick=self.host.tick() + lease))
            return row.item

    def _due(self, db: sqlite3.Connection, only: str | None = None) -> Iterator[Row]:
        """The rows whose copy is due and nobody is at it, read one by one: there may be thousands."""
        now = self.clock.now()
        where = "filing_state = 'due' AND (? IS NULL OR id = ?) ORDER BY filing_next, id"
        for row in self.each_row(db, where, (only, only)):
            if _filing_due(row.item, now) and not self._taken(row):
                yield row

    @joins
    def renew_filing(self, item_id: str, owner: str, *, lease: float = FILING_LEASE) -> None:
        """Keep a claimed copy during a long upload.

        Raises:
            LeaseLostError: another process files it now, or has.
        """
        with self.index.writing() as db:
            row = self._filed_by(db, item_id, owner)
            self.put(db, replace(row, filing_until=self.clock.now() + lease, filing_tick=self.host.tick() + lease))

    @joins
    def record_filing(self, item_id: str, owner: str, filing: Filing) -> OutboxItem:
        """What the filing came to; an accepted item whose copy is filed or skipped becomes done.

        Raises:
            LeaseLostError: another process files it now, or has.
        """
        with self.index.writing() as db:
            row = self._filed_by(db, item_id, owner)
            now = self.clock.now()
            item = replace(row.item, filing=filing, changed_at=now)
            finished = filing.state is not FilingState.DUE
            if finished and item.state is ItemState.ACCEPTED:
                item = replace(item, state=ItemState.DONE)
            self.put(db, replace(row, item=item, filing_owner="", filing_until=None, filing_tick=None))
            self.tell(db, item.id, TimelineEntry(now, _told(filing)))
            if item.state is ItemState.DONE and not item.resolved_by_user:
                self.index.afterwards(partial(self.discard_letter, item))
            elif finished:
                self.mark(item.id, journal.FILING, now, journal.filing_said(filing))
        return item

    def _filed_by(self, db: sqlite3.Connection, item_id: str, owner: str) -> Row:
        row = self.row(db, item_id)
        if row.filing_owner != owner or not owner:
            raise LeaseLostError(f"Another tuimail took over the copy of the letter {item_id}.")
        return row

    def _taken(self, row: Row) -> bool:
        if not row.filing_owner or self.host.dead(row.filing_owner):
            return False
        if self.host.same_boot(row.filing_owner) and row.filing_tick is not None:
            return self.host.tick() <= row.filing_tick
        return row.filing_until is not None and self.clock.now() <= row.filing_until


def _filing_due(item: OutboxItem, now: float) -> bool:
    return backoff.due(item.filing.next_attempt_at, item.last_attempt_at, now)


def _told(filing: Filing) -> str:
    if filing.state is FilingState.FILED:
        return filing.words or "filed"
    if filing.state is FilingState.SKIPPED:
        return filing.words or "no copy to file"
    return f"the copy could not be filed: {filing.words}" if filing.words else "the copy could not be filed"
