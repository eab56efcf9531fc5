"""Notices an outbox that is an older copy of itself: what was sent since is not sent again.

Every row that is written is noted in a log elsewhere (store/audit_log). At the opening each letter that could still be
sent is held against the log: what the server has already is accepted, what may have been sent is uncertain, what was
taken out is held with a question. A letter the log should know and does not (the log is gone, or the folder came from
another computer) is uncertain as well: evidence in Sent settles it (engine/evidence), else the user.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.durable import write_durably
from tuimail.outbox.model import resulting_state
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.outbox.store import journal, rate_limit
from tuimail.outbox.store.audit_log import ACCEPTED, COMMITTING, UNCERTAIN, AuditLog, Memory, Note, hashed
from tuimail.outbox.store.evidence import MAY_BE_SENT
from tuimail.outbox.store.rows import LIVE
from tuimail.private_files import read_private
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.transaction import Transaction

STAMP = "outbox.id"
"""Holds the outbox's own name, by which the log knows it."""

TAIL = 60.0
"""Seconds before the log's last line in which a letter may be lacking there: a power cut took it."""

SENT_SINCE = "This outbox came from a backup; the server has had this letter since."
TAKEN_OUT = (
    "This outbox came from a backup; you had taken this letter out of it since. Release it to send it, or delete it."
)


def check_restored(outbox: OpenOutbox, audit_log: AuditLog) -> str:
    """Compare the outbox with the log; what to tell the user, empty when nothing is the matter.

    From now on the log notes every change of the outbox.

    Raises:
        StorageError: the disk refuses.
    """
    outbox.audit_log = audit_log
    memory = audit_log.memory()
    stamp = outbox.folder / STAMP
    name = _read(stamp)
    live = _queued_at(outbox)
    suspicious = [item_id for item_id in live if item_id in memory.notes and not memory.notes[item_id].harmless]
    unknown = [item_id for item_id in live if item_id not in memory.notes]
    if name in memory.outboxes:
        unknown = [each for each in unknown if live[each] < memory.latest - TAIL]
    elif not name and not memory.notes:
        # Never noted before: the index is the truth, and is noted from now on.
        _note_all(outbox, audit_log, live)
        unknown = []
    message = _message(_reconcile(outbox, [*suspicious, *unknown], memory)) if suspicious or unknown else ""
    fresh = name or os.urandom(8).hex()
    if fresh not in memory.outboxes:
        audit_log.adopt(fresh, outbox.clock.now())
    if not name:
        # Last: an outbox with a name that the log does not know is one from another computer.
        write_durably(stamp, fresh.encode())
    return message


def _queued_at(outbox: OpenOutbox) -> dict[str, float]:
    """The letters that could still be sent, and when each was queued."""
    with outbox.reading() as view:
        found = view.db.execute(f"SELECT id, queued_at FROM item WHERE {LIVE} AND state <> 'accepted'")  # noqa: S608
        return {str(item_id): float(queued_at) for item_id, queued_at in found}


def _note_all(outbox: OpenOutbox, audit_log: AuditLog, ids: Iterable[str]) -> None:
    with outbox.reading() as view:
        for item_id in ids:
            audit_log.note(view.row(item_id).item, view.now)


def _reconcile(outbox: OpenOutbox, ids: Iterable[str], memory: Memory) -> list[OutboxItem]:
    with outbox.writing() as tx:
        changed = (_reconcile_one(tx, outbox, item_id, memory.notes.get(item_id)) for item_id in ids)
        return [item for item in changed if item is not None]


def _reconcile_one(tx: Transaction, outbox: OpenOutbox, item_id: str, note: Note | None) -> OutboxItem | None:
    row = tx.row(item_id)
    item = doubted(row.item, tx.now) if note is None else reconciled(row.item, note, tx.now)
    if item is None:
        return None
    tx.put(row.free(item))
    if row.item.state is ItemState.SENDING:
        rate_limit.pace(tx, item.account, outbox.rates)
    tx.add_to_timeline(item_id, SENT_SINCE if item.state in (ItemState.ACCEPTED, ItemState.DONE) else item.words)
    if tx.letter_path(item_id).exists():
        tx.mark_letter(item_id, journal.VERB, journal.verb_said("restored", item))
    return item


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
    """``item`` when it may have been sent since; None when it would not be sent by itself anyway. Pure."""
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


def _message(changed: list[OutboxItem]) -> str:
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
