"""The part of the store that takes letters in: the letter's file, then its row, both durable (rule 2).

Costs two fsyncs for the letter (file, folder) and a commit of five. All of it happens inside one transaction, so that
a letter's file without a row is always what a crash left, and never what another process is about to finish.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.clock import rfc3339
from tuimail.errors import DuplicateLetterError, OutboxError
from tuimail.outbox import replay
from tuimail.outbox.digest import letter_digest
from tuimail.outbox.item import VERBS, ItemState, OutboxItem, RecipientState, TimelineEntry, Verb
from tuimail.outbox.ledger import Ledger, new_id
from tuimail.outbox.letter import append_mark, head_for, write_letter
from tuimail.outbox.replay import fresh_item
from tuimail.outbox.rows import Row

if TYPE_CHECKING:
    import sqlite3

    from tuimail.mail.outgoing import OutgoingMessage

log = logging.getLogger(__name__)

_PUT_BACK = frozenset(VERBS[Verb.EDIT]) | {ItemState.SENDING, ItemState.UNCERTAIN}
"""States of a letter that may go, or may have gone, without its revision."""


class Intake(Ledger):
    """Enqueueing."""

    def enqueue(
        self,
        message: OutgoingMessage,
        *,
        composing: str,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        revision: int = 1,
        revises: str = "",
    ) -> OutboxItem:
        """Store ``message`` durably: letter file first, then the row (rule 2). See outbox/queue for the rest.

        Raises:
            DuplicateLetterError: the letter is in the outbox or went out before (rule 15).
            OutboxError: the letter it revises was put back into the outbox.
            StorageError: the disk refuses, or another process holds the outbox; nothing of the letter is left then.
        """
        digest = letter_digest(message)
        written = None
        try:
            with self.index.writing() as db:
                now = self.clock.now()
                first = self._same(db, composing, digest, again=again)
                if first is not None:
                    return first
                former = self._former(db, revises, again=again)
                head = head_for(
                    self._free_id(db, now),
                    message,
                    composing=composing,
                    queued_at=now,
                    digest=digest,
                    not_before=not_before,
                    held=held,
                    revision=revision,
                    revises=revises,
                    rank=None if former is None else former.rank,
                )
                written = self.letter_path(head.id)
                offset = write_letter(written, head, message.content)
                item = fresh_item(head)
                self.put(db, Row(item, sha256=head.sha256, offset=offset))
                self.tell(db, item.id, TimelineEntry(now, _said(item)))
        except BaseException:
            if written is not None:
                self._take_away(written.stem)
            raise
        if former is not None and former.state is ItemState.CANCELLED:
            self.discard_letter(former)  # its place is taken: it must never go as well
        return item

    def _former(self, db: sqlite3.Connection, revises: str, *, again: bool) -> OutboxItem | None:
        """The letter that this one is a new revision of: taken out of the outbox, and still out."""
        rows = self.rows(db, "id = ?", (revises,)) if revises else []
        if not rows:
            return None
        item = rows[0].item
        if item.state in _PUT_BACK:
            raise OutboxError(
                f'The letter this draft was made from is in the outbox again ("{item.subject}", {item.id}).',
                hint="Drop it there first, so that only one of them goes.",
            )
        if not again:
            newer = self.rows(db, "revises = ? AND state <> 'cancelled'", (item.id,))
            if newer or all(each.state is RecipientState.ACCEPTED for each in item.recipients):
                raise DuplicateLetterError(
                    f'The letter this draft was made from ("{item.subject}") was sent meanwhile.',
                    hint="Confirm to send this one as well.",
                )
        return item

    def _same(self, db: sqlite3.Connection, composing: str, digest: str, *, again: bool) -> OutboxItem | None:
        """The item that is this letter already (rule 15)."""
        composed = self.rows(db, "composing = ? AND composing <> '' AND state <> 'cancelled'", (composing,))
        for row in composed:
            if row.item.found:
                # Left by a crash in this very composing, never confirmed: the new one takes its place.
                self._replace_found(db, row)
        composed = [row for row in composed if not row.item.found]
        if again:
            return None
        for row in composed:
            if row.item.digest == digest:
                return row.item
        if composed:
            raise DuplicateLetterError(
                f'This draft was sent to the outbox before, with another text ("{composed[0].item.subject}").',
                hint="Edit the letter in the outbox, or confirm to send this one as well.",
            )
        same = self.rows(db, "digest = ? AND state NOT IN ('cancelled', 'failed') LIMIT 1", (digest,))
        if same:
            item = same[0].item
            when = (
                f"was sent {rfc3339(item.changed_at)}" if item.state is ItemState.DONE else "is in the outbox already"
            )
            raise DuplicateLetterError(
                f'The same letter ("{item.subject}") {when}.', hint="Confirm to send it once more."
            )
        return None

    def _replace_found(self, db: sqlite3.Connection, row: Row) -> None:
        now = self.clock.now()
        item = replace(row.item, state=ItemState.CANCELLED, found=False, changed_at=now)
        self.put(db, replace(row, item=item))
        self.tell(db, item.id, TimelineEntry(now, "replaced by the letter sent from the same draft"))
        append_mark(self.letter_path(item.id), replay.VERB, now, replay.verb_said("replaced", item))

    def _free_id(self, db: sqlite3.Connection, now: float) -> str:
        while True:
            found = new_id(now)
            taken = db.execute("SELECT 1 FROM item WHERE id = ?", (found,)).fetchone()
            if not taken and not self.letter_path(found).exists():
                return found

    def _take_away(self, item_id: str) -> None:
        """The row could not be stored: the letter is still a draft, and its file must not say otherwise.

        A commit that failed may yet have reached the disk; only a row that is not there proves that it did not.
        """
        try:
            with self.index.reading() as db:
                if db.execute("SELECT 1 FROM item WHERE id = ?", (item_id,)).fetchone():
                    return
            self.letter_path(item_id).unlink(missing_ok=True)
        except Exception:  # noqa: BLE001 - the first error is the one to tell; the next start finds the file
            log.warning("the letter %s was not queued and its file could not be deleted", item_id)


def _said(item: OutboxItem) -> str:
    if item.state is ItemState.QUEUED:
        return "queued"
    return f"held until {rfc3339(item.not_before)}" if item.not_before else "held by hand"
