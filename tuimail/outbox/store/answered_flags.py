r"""Which answered messages are to get their flag (\Answered, $Forwarded), and the results.

Nobody claims one: setting a flag twice changes nothing, and the engine's journal takes each letter's flag only once.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.coordination.batch import joins
from tuimail.outbox.model import backoff
from tuimail.outbox.model.states import FlaggingState
from tuimail.outbox.store import journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.model.item import Flagging, OutboxItem
    from tuimail.outbox.store.open_outbox import OpenOutbox


class AnsweredFlagRecords:
    """Flags of answered messages: what is due, the result."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = self.group = outbox

    def due(self, *, only: str | None = None, most: int | None = None) -> Sequence[OutboxItem]:
        """Items whose flag is due now; of all of them ``only`` this one, at most so many."""
        with self.outbox.reading() as view:
            rows = view.each_row(
                "flagging_state = 'due' AND (? IS NULL OR id = ?) ORDER BY flagging_next, id", (only, only)
            )
            found = (row.item for row in rows if _is_due(row.item, view.now))
            return list(itertools.islice(found, most))

    @joins
    def record(self, item_id: str, flagging: Flagging) -> OutboxItem:
        """Store the result, unless another process was faster. One that is DUE again is due after a while."""
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            if row.item.flagging.state is not FlaggingState.DUE:
                return row.item
            if flagging.state is FlaggingState.DUE:
                attempts = row.item.flagging.attempts + 1
                wait = backoff.delay(backoff.ANSWERED, attempts)
                flagging = replace(flagging, attempts=attempts, next_attempt_at=tx.now + wait)
            item = replace(row.item, flagging=flagging, changed_at=tx.now)
            tx.put(replace(row, item=item))
            tx.add_to_timeline(item.id, _told(item))
            if flagging.state is not FlaggingState.DUE and tx.letter_path(item.id).exists():
                tx.mark_letter(item.id, journal.FLAGGING, journal.flagging_said(flagging))
        return item


def _is_due(item: OutboxItem, now: float) -> bool:
    return backoff.due(item.flagging.next_attempt_at, item.last_attempt_at, now)


def _told(item: OutboxItem) -> str:
    if item.answers is None:
        return _told_of_draft(item.flagging)
    kind = item.answers.kind
    if item.flagging.state is FlaggingState.DONE:
        return f"the letter it answers is marked as {kind}"
    if item.flagging.state is FlaggingState.SKIPPED:
        return f"the letter it answers is not marked as {kind}: {item.flagging.words}"
    return f"the letter it answers could not be marked as {kind}: {item.flagging.words}"


def _told_of_draft(flagging: Flagging) -> str:
    if flagging.state is FlaggingState.DONE:
        return "its draft is deleted from the folder for drafts"
    if flagging.state is FlaggingState.SKIPPED:
        return f"its draft is not deleted: {flagging.words}"
    return f"its draft could not be deleted: {flagging.words}"
