"""Enqueueing: the letter's file, then its row, both durable (rule 2).

A letter's file is written and fsynced under a temporary name, before the outbox is locked: other processes do not
wait for a large one, or for a thousand. The rest is one transaction: is the letter there already (rule 15), the files
get their names, one fsync of the folder, the rows, a commit of five fsyncs. So a letter's file without a row is always
what a crash left, and never what another process is about to finish.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_full_date
from tuimail.durable import fsync_folder
from tuimail.errors import DuplicateLetterError, OutboxError
from tuimail.outbox.model.item import OutboxItem, TimelineEntry
from tuimail.outbox.model.states import VERBS, ItemState, RecipientState, Verb
from tuimail.outbox.store import journal
from tuimail.outbox.store.fingerprint import measure
from tuimail.outbox.store.journal import fresh_item
from tuimail.outbox.store.letter_file import Prepared, append_mark, head_for, prepare_letter
from tuimail.outbox.store.rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.config.model import WhenLate
    from tuimail.mail.answered_message import AnsweredMessage
    from tuimail.mail.draft_copy import DraftCopy
    from tuimail.mail.outgoing import OutgoingMessage
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.transaction import Transaction

log = logging.getLogger(__name__)

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TIME_DIGITS = 8
"""Milliseconds since the epoch in base 36 fill eight digits until the year 2059."""

WRITERS = 16
"""Files of a batch that are written at once: a disk flushes many as quickly as one."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A letter to be enqueued."""

    message: OutgoingMessage
    composing: str
    """Names the draft it was composed in: the same letter of the same draft is enqueued once (rule 15)."""
    not_before: float | None = None
    """Held until then, seconds since the epoch."""
    held: bool = False
    """Held by hand."""
    again: bool = False
    """The user confirmed that it goes although it is in the outbox or went before."""
    revision: int = 1
    on_late: WhenLate | None = None
    """What to do when it could not be sent at ``not_before``; None: as the settings say."""
    revises: str = ""
    """Id of the cancelled letter whose place it takes."""
    same_within: float | None = None
    """The same letter of another draft counts only while it has not left, or for so many seconds after it was queued;
    None: always."""
    answers: AnsweredMessage | None = None
    """The received message that it answers, which gets its flag when the letter was accepted."""
    draft_copy: DraftCopy | None = None
    r"""The same draft in \Drafts, which is deleted then."""


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The result for one letter."""

    item: OutboxItem | None
    """None when it was refused."""
    fresh: bool = False
    """It was not there before."""
    refusal: DuplicateLetterError | None = None


_PUT_BACK = frozenset(VERBS[Verb.EDIT]) | {ItemState.SENDING, ItemState.UNCERTAIN}
"""States of a letter that may go, or may have gone, without its revision."""


def enqueue_many(outbox: OpenOutbox, letters: Sequence[Incoming]) -> list[Enqueued]:
    """Store ``letters`` durably in one transaction; the result for each, in order.

    A letter that is in the outbox already is that item (rule 15); the refusal of a duplicate stands for that one, and
    the others are stored.

    Raises:
        StorageError: the disk refuses, or another process holds the outbox; nothing of any letter is left then.
        MessageError: an attached file cannot be read, or changed meanwhile; likewise.
        OutboxError: a letter that one of them revises was put back into the outbox; likewise.
    """
    prepared = _prepare_all(outbox, letters)
    placed: list[Prepared] = []
    try:
        with outbox.writing() as tx:
            enqueued: list[Enqueued] = []
            for number, letter in enumerate(letters):
                try:
                    item = _same(tx, letter, prepared[number].head.digest)
                except DuplicateLetterError as error:
                    enqueued.append(Enqueued(None, refusal=error))
                    continue
                fresh = item is None
                if item is None:
                    prepared[number] = _with_free_id(tx, outbox, letter, prepared[number])
                    item = _store(tx, letter, prepared[number], placed)
                enqueued.append(Enqueued(item, fresh=fresh))
            if placed:
                fsync_folder(outbox.folder)
    except BaseException:
        for each in placed:
            _take_away(outbox, each)
        raise
    finally:
        for each in prepared:
            each.discard()
    return enqueued


def new_id(now: float) -> str:
    """Ten lower-case letters and digits: eight of the time, so that ids sort by age, two of chance."""
    milliseconds = max(int(now * 1000), 0)
    digits = ""
    for _ in range(TIME_DIGITS):
        milliseconds, digit = divmod(milliseconds, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits + secrets.choice(DIGITS) + secrets.choice(DIGITS)


def _prepare_all(outbox: OpenOutbox, letters: Sequence[Incoming]) -> list[Prepared]:
    """Write the files of ``letters`` under temporary names. All or none are left."""
    now = outbox.clock.now()
    # Ids sort by age: those of a batch are a millisecond apart, so that its letters keep their order.
    ids = [new_id(now + number / 1000) for number in range(len(letters))]
    if len(letters) == 1:
        return [_prepare(outbox, letters[0], ids[0], now)]
    from concurrent.futures import ThreadPoolExecutor  # here: it takes a while, and few commands need it

    with ThreadPoolExecutor(WRITERS, thread_name_prefix="letters") as pool:
        files = [pool.submit(_prepare, outbox, each, name, now) for each, name in zip(letters, ids, strict=True)]
    errors = [error for each in files if (error := each.exception()) is not None]
    if errors:
        for each in files:
            if each.exception() is None:
                each.result().discard()
        raise errors[0]
    return [each.result() for each in files]


def _prepare(outbox: OpenOutbox, letter: Incoming, item_id: str, now: float) -> Prepared:
    head = head_for(
        item_id,
        letter.message,
        composing=letter.composing,
        queued_at=now,
        measured=measure(letter.message),
        not_before=letter.not_before,
        held=letter.held,
        revision=letter.revision,
        on_late=letter.on_late,
        revises=letter.revises,
        rank=_rank_of(outbox, letter.revises),
        answers=letter.answers,
        draft_copy=letter.draft_copy,
    )
    return prepare_letter(outbox.letter_path(item_id), head, letter.message.content)


def _rank_of(outbox: OpenOutbox, revises: str) -> float | None:
    """The place of the letter that is revised; the new revision takes it."""
    with outbox.reading() as view:
        rows = view.rows("id = ?", (revises,)) if revises else []
    return rows[0].item.rank if rows else None


def _with_free_id(tx: Transaction, outbox: OpenOutbox, letter: Incoming, file: Prepared) -> Prepared:
    """``file``, written anew under another id as long as its id or its temporary file is gone.

    The id was taken meanwhile, or another tuimail, just started, took the file for one of a dead process. Written
    anew under the lock, it is safe from both.
    """
    while not (_is_free(tx, file.head.id) and file.temporary.exists()):
        file.discard()
        file = _prepare(outbox, letter, new_id(outbox.clock.now()), file.head.queued_at)
    return file


def _is_free(tx: Transaction, item_id: str) -> bool:
    taken = tx.db.execute("SELECT 1 FROM item WHERE id = ?", (item_id,)).fetchone()
    return not taken and not tx.letter_path(item_id).exists()


def _store(tx: Transaction, letter: Incoming, file: Prepared, placed: list[Prepared]) -> OutboxItem:
    """The file gets its name, the item its row."""
    former = _former(tx, letter.revises, again=letter.again)
    placed.append(file)
    file.put_in_place()
    item = fresh_item(file.head)
    tx.put(Row(item, sha256=file.head.sha256, offset=file.offset))
    tx.add_entries(item.id, [TimelineEntry(item.queued_at, _said(item))])
    if former is not None and former.state is ItemState.CANCELLED:
        # Its place is taken: it must never go as well.
        tx.discard_letter(former)
    return item


def _former(tx: Transaction, revises: str, *, again: bool) -> OutboxItem | None:
    """The letter that this one is a new revision of: taken out of the outbox, and still out."""
    rows = tx.rows("id = ?", (revises,)) if revises else []
    if not rows:
        return None
    item = rows[0].item
    if item.state in _PUT_BACK:
        raise OutboxError(
            f'The letter this draft was made from is in the outbox again ("{item.subject}", {item.id}).',
            hint="Delete it there first, so that only one of them goes.",
        )
    if not again:
        newer = tx.rows("revises = ? AND state <> 'cancelled'", (item.id,))
        if newer or all(each.state is RecipientState.ACCEPTED for each in item.recipients):
            raise DuplicateLetterError(
                f'The letter this draft was made from ("{item.subject}") was sent meanwhile.',
                hint="Confirm to send this one as well.",
            )
    return item


def _same(tx: Transaction, letter: Incoming, digest: str) -> OutboxItem | None:
    """The item that is this letter already (rule 15)."""
    composed = tx.rows("composing = ? AND composing <> '' AND state <> 'cancelled'", (letter.composing,))
    for row in composed:
        if row.item.found:
            # Left by a crash in this very composing, never confirmed: the new one takes its place.
            _replace_found(tx, row)
    composed = [row for row in composed if not row.item.found]
    if letter.again:
        return None
    for row in composed:
        if row.item.digest == digest:
            return row.item
    if composed:
        raise DuplicateLetterError(
            f'This draft was sent to the outbox before, with another text ("{composed[0].item.subject}").',
            hint="Edit the letter in the outbox, or confirm to send this one as well.",
        )
    within = letter.same_within
    same = tx.rows(
        "digest = ? AND state NOT IN ('cancelled', 'failed') AND (? IS NULL OR ABS(queued_at - ?) < ? "
        "OR state NOT IN ('accepted', 'done', 'uncertain')) LIMIT 1",
        (digest, within, tx.now, within),
    )
    if same:
        item = same[0].item
        when = (
            f"was sent {format_full_date(item.changed_at)}"
            if item.state is ItemState.DONE
            else "is in the outbox already"
        )
        raise DuplicateLetterError(f'The same letter ("{item.subject}") {when}.', hint="Confirm to send it once more.")
    return None


def _replace_found(tx: Transaction, row: Row) -> None:
    item = replace(row.item, state=ItemState.CANCELLED, found=False, changed_at=tx.now)
    tx.put(replace(row, item=item))
    tx.add_to_timeline(item.id, "replaced by the letter sent from the same draft")
    append_mark(tx.letter_path(item.id), journal.VERB, tx.now, journal.verb_said("replaced", item))


def _take_away(outbox: OpenOutbox, file: Prepared) -> None:
    """The row could not be stored: the letter is still a draft, and its file must not say otherwise.

    A commit that failed may yet have reached the disk; only a row that is not there proves that it did not.
    """
    file.discard()
    try:
        with outbox.reading() as view:
            if view.db.execute("SELECT 1 FROM item WHERE id = ?", (file.head.id,)).fetchone():
                return
        file.path.unlink(missing_ok=True)
    except Exception:  # noqa: BLE001 - the first error is the one to tell; the next start finds the file
        log.warning("the letter %s was not queued and its file could not be deleted", file.head.id)


def _said(item: OutboxItem) -> str:
    if item.state is ItemState.QUEUED:
        return "queued"
    return f"held until {format_full_date(item.not_before)}" if item.not_before else "held by hand"
