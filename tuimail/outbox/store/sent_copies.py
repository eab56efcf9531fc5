"""Which Sent copies are due, who files them, and the results; nothing here ever touches the sending (rule 8).

A done letter's file is deleted after its row says done; a kill in between leaves a file that the next start deletes.
Costs a commit and the unlink; a mark more when other recipients of the letter are still waiting.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.coordination.batch import joins
from tuimail.errors import LeaseLostError
from tuimail.outbox.model import backoff
from tuimail.outbox.model.states import FilingState, ItemState
from tuimail.outbox.store import journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tuimail.coordination.lock import Host
    from tuimail.outbox.model.item import Filing, OutboxItem
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.rows import Row
    from tuimail.outbox.store.transaction import Transaction, View

FILING_LEASE = 300.0
"""Seconds; renewed at a third of it."""


class SentCopyRecords:
    """Sent copies: what is due, who is at it, the result."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = self.group = outbox

    def due(self, *, most: int | None = None) -> Sequence[OutboxItem]:
        """Items whose Sent copy is due now; at most so many."""
        with self.outbox.reading() as view:
            return [row.item for row in itertools.islice(_due(view, self.outbox.host), most)]

    @joins
    def claim(self, owner: str, *, lease: float = FILING_LEASE, only: str | None = None) -> OutboxItem | None:
        """Atomically take the next item whose Sent copy is due, so that two processes do not file it twice."""
        outbox = self.outbox
        if not outbox.inside:
            with outbox.reading() as view:
                if next(_due(view, outbox.host, only), None) is None:
                    return None
        with outbox.writing() as tx:
            row = next(_due(tx, outbox.host, only), None)
            if row is None:
                return None
            tick = outbox.host.tick() + lease
            tx.put(replace(row, filing_owner=owner, filing_until=tx.now + lease, filing_tick=tick))
            return row.item

    @joins
    def renew(self, item_id: str, owner: str, *, lease: float = FILING_LEASE) -> None:
        """Keep a claimed copy during a long upload.

        Raises:
            LeaseLostError: another process files it now, or has.
        """
        with self.outbox.writing() as tx:
            row = _filed_by(tx, item_id, owner)
            tx.put(replace(row, filing_until=tx.now + lease, filing_tick=self.outbox.host.tick() + lease))

    @joins
    def record(self, item_id: str, owner: str, filing: Filing) -> OutboxItem:
        """Store the result of the filing; an accepted item whose copy is filed or skipped becomes done.

        Raises:
            LeaseLostError: another process files it now, or has.
        """
        with self.outbox.writing() as tx:
            row = _filed_by(tx, item_id, owner)
            item = replace(row.item, filing=filing, changed_at=tx.now)
            finished = filing.state is not FilingState.DUE
            if finished and item.state is ItemState.ACCEPTED:
                item = replace(item, state=ItemState.DONE)
            tx.put(replace(row, item=item, filing_owner="", filing_until=None, filing_tick=None))
            tx.add_to_timeline(item.id, _told(filing))
            if item.state is ItemState.DONE and not item.resolved_by_user:
                tx.discard_letter(item)
            elif finished:
                tx.mark_letter(item.id, journal.FILING, journal.filing_said(filing))
        return item


def _due(view: View, host: Host, only: str | None = None) -> Iterator[Row]:
    """The rows whose copy is due and not claimed, read one by one: there may be thousands."""
    where = "filing_state = 'due' AND (? IS NULL OR id = ?) ORDER BY filing_next, id"
    for row in view.each_row(where, (only, only)):
        if _filing_due(row.item, view.now) and not _claimed(row, host, view.now):
            yield row


def _claimed(row: Row, host: Host, now: float) -> bool:
    if not row.filing_owner or host.dead(row.filing_owner):
        return False
    if host.same_boot(row.filing_owner) and row.filing_tick is not None:
        return host.tick() <= row.filing_tick
    return row.filing_until is not None and now <= row.filing_until


def _filed_by(tx: Transaction, item_id: str, owner: str) -> Row:
    row = tx.row(item_id)
    if row.filing_owner != owner or not owner:
        raise LeaseLostError(f"Another tuimail took over the copy of the letter {item_id}.")
    return row


def _filing_due(item: OutboxItem, now: float) -> bool:
    return backoff.due(item.filing.next_attempt_at, item.last_attempt_at, now)


def _told(filing: Filing) -> str:
    if filing.state is FilingState.FILED:
        return filing.words or "filed"
    if filing.state is FilingState.SKIPPED:
        return filing.words or "no copy to file"
    return f"the copy could not be filed: {filing.words}" if filing.words else "the copy could not be filed"
