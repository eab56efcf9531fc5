"""The part of the store that notices an older copy of itself: nothing that was sent before goes again.

Every row that is written is noted in a log elsewhere (store/audit_log). At the opening each letter that could still be
sent is held against the log: what the server has already is accepted, what may have been sent is uncertain, what was
taken out is held with a question. A letter the log should know and does not (the log is gone, or the folder came from
another computer) is uncertain as well: evidence in Sent settles it (engine/evidence), else the user.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.durable import write_durably
from tuimail.outbox.model import resulting_state
from tuimail.outbox.model.item import ItemState, OutboxItem, RecipientState, TimelineEntry
from tuimail.outbox.store import journal
from tuimail.outbox.store.audit_log import ACCEPTED, COMMITTING, UNCERTAIN, AuditLog, Memory, Note, hashed
from tuimail.outbox.store.evidence import MAY_BE_SENT
from tuimail.outbox.store.rate_limit import RateLimits
from tuimail.outbox.store.rows import LIVE
from tuimail.private_files import read_private
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from tuimail.outbox.store.rows import Row

STAMP = "outbox.id"
"""Holds the outbox's own name, by which the log knows it."""

TAIL = 60.0
"""Seconds before the log's last line in which a letter may be lacking there: a power cut took it."""

SENT_SINCE = "This outbox came from a backup; the server has had this letter since."
TAKEN_OUT = (
    "This outbox came from a backup; you had taken this letter out of it since. Release it to send it, or delete it."
)


class RestoreCheck(RateLimits):
    """Notes what happens, and holds an outbox that was just opened against the notes."""

    witness: AuditLog | None = None

    def put(self, db: sqlite3.Connection, row: Row) -> None:
        """Write a row as a whole, and note what became of its letter as soon as that is durable."""
        super().put(db, row)
        if self.witness is not None:
            self.index.afterwards(partial(self.witness.note, row.item, self.clock.now()))

    def hold_against(self, witness: AuditLog) -> str:
        """Compare the outbox with the log; what to tell the user, empty when nothing is the matter.

        Raises:
            StorageError: the disk refuses.
        """
        self.witness = witness
        memory = witness.memory()
        stamp = self.folder / STAMP
        name = _read(stamp)
        with self.index.reading() as db:
            live = [
                (str(item_id), float(queued_at))
                for item_id, queued_at in db.execute(
                    f"SELECT id, queued_at FROM item WHERE {LIVE} AND state <> 'accepted'"  # noqa: S608
                )
            ]
        suspicious = [item_id for item_id, _ in live if item_id in memory.notes and not memory.notes[item_id].harmless]
        unknown = [item_id for item_id, queued_at in live if item_id not in memory.notes] if live else []
        if name in memory.outboxes:
            times = dict(live)
            unknown = [each for each in unknown if times[each] < memory.latest - TAIL]
        elif not name and not memory.notes:
            # Never noted before: the index is the truth, and is noted from now on.
            self._note_all(live)
            unknown = []
        told = self._put_right(suspicious, unknown, memory) if suspicious or unknown else ""
        fresh = name or secrets.token_hex(8)
        if fresh not in memory.outboxes:
            witness.adopt(fresh, self.clock.now())
        if not name:
            # Last: an outbox with a name that the log does not know is one from another computer.
            write_durably(stamp, fresh.encode())
        return told

    def close_witness(self) -> None:
        """Make the log durable."""
        if self.witness is not None:
            self.witness.close()

    def _note_all(self, live: list[tuple[str, float]]) -> None:
        if self.witness is None:
            return
        with self.index.reading() as db:
            for item_id, _ in live:
                self.witness.note(self.row(db, item_id).item, self.clock.now())

    def _put_right(self, suspicious: list[str], unknown: list[str], memory: Memory) -> str:
        now = self.clock.now()
        changed: list[OutboxItem] = []
        with self.index.writing() as db:
            for item_id in (*suspicious, *unknown):
                row = self.row(db, item_id)
                note = memory.notes.get(item_id)
                item = doubted(row.item, now) if note is None else reconciled(row.item, note, now)
                if item is None:
                    continue
                self.put(db, row.free(item))
                said = SENT_SINCE if item.state in (ItemState.ACCEPTED, ItemState.DONE) else item.words
                self.tell(db, item_id, TimelineEntry(now, said))
                if self.letter_path(item_id).exists():
                    self.mark(item_id, journal.VERB, now, journal.verb_said("restored", item))
                changed.append(item)
        return _told(changed)


def reconciled(item: OutboxItem, note: Note, now: float) -> OutboxItem | None:
    """``item`` of a restored outbox after what was noted of it since; None when the note tells nothing new. Pure."""
    if item.state in (ItemState.DONE, ItemState.CANCELLED, ItemState.ACCEPTED):
        return None
    waiting = item.state is ItemState.SENDING and item.stage is Stage.COMMITTING
    recipients = []
    for each in item.recipients:
        noted = note.recipients.get(hashed(each.address))
        if noted == ACCEPTED and each.state is not RecipientState.ACCEPTED:
            each = replace(each, state=RecipientState.ACCEPTED, words=SENT_SINCE, decided_at=now)  # noqa: PLW2901
        elif noted in (COMMITTING, UNCERTAIN) and each.open and not waiting:
            each = replace(each, state=RecipientState.UNCERTAIN, words=MAY_BE_SENT)  # noqa: PLW2901
        recipients.append(each)
    if tuple(recipients) != item.recipients:
        state = resulting_state.state_of(recipients)
        words = MAY_BE_SENT if state is ItemState.UNCERTAIN else "" if state is ItemState.ACCEPTED else item.words
        return resulting_state.with_filing(
            replace(
                item,
                state=state,
                recipients=tuple(recipients),
                words=words,
                not_before=None,
                next_attempt_at=None,
                trouble=None,
                last_attempt_at=note.at,
                changed_at=now,
            )
        )
    if note.gone:
        if item.asks:
            return None
        return replace(
            item,
            state=ItemState.HELD,
            asks=True,
            words=TAKEN_OUT,
            not_before=None,
            next_attempt_at=None,
            trouble=None,
            changed_at=now,
        )
    return None


def doubted(item: OutboxItem, now: float) -> OutboxItem | None:
    """``item`` when nobody knows whether it was sent since; None when it does not go by itself anyway. Pure."""
    waiting = item.state is ItemState.SENDING and item.stage is Stage.COMMITTING
    if waiting or item.found or item.state in (ItemState.FAILED, ItemState.UNCERTAIN) or not item.open_recipients:
        return None
    return replace(
        item,
        state=ItemState.UNCERTAIN,
        recipients=tuple(
            replace(each, state=RecipientState.UNCERTAIN, words=MAY_BE_SENT) if each.open else each
            for each in item.recipients
        ),
        words=MAY_BE_SENT,
        not_before=None,
        next_attempt_at=None,
        trouble=None,
        changed_at=now,
    )


def _told(changed: list[OutboxItem]) -> str:
    if not changed:
        return ""
    sent = sum(item.state in (ItemState.ACCEPTED, ItemState.DONE) for item in changed)
    asked = sum(item.needs_you for item in changed)
    parts = ["The outbox came from a backup or another computer."]
    if sent:
        parts.append(f"{_letters(sent)} had been sent since and {'is' if sent == 1 else 'are'} not sent again.")
    if asked:
        parts.append(f"{_letters(asked)} may have been sent since: look in Sent, then decide.")
    return " ".join(parts)


def _letters(count: int) -> str:
    return f"{count} letter{'' if count == 1 else 's'}"


def _read(stamp: Path) -> str:
    try:
        return read_private(stamp, 64).decode("ascii", "replace").strip()
    except OSError:
        return ""
