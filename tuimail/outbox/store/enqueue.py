"""The part of the store that takes letters in: the letter's file, then its row, both durable (rule 2).

A letter's file is written and fsynced under a temporary name, before the outbox is locked: a large one, or a thousand,
keep nobody waiting. What is left is one transaction: is the letter there already (rule 15), the files get their names,
one fsync of the folder, the rows, a commit of five fsyncs. So a letter's file without a row is always what a crash
left, and never what another process is about to finish.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.dates.format_date import dated
from tuimail.durable import fsync_folder
from tuimail.errors import DuplicateLetterError, OutboxError
from tuimail.outbox.model.item import VERBS, ItemState, OutboxItem, RecipientState, TimelineEntry, Verb
from tuimail.outbox.store import journal
from tuimail.outbox.store.fingerprint import measure
from tuimail.outbox.store.journal import fresh_item
from tuimail.outbox.store.letter_file import Prepared, append_mark, head_for, prepare_letter
from tuimail.outbox.store.open_outbox import OpenOutbox, new_id
from tuimail.outbox.store.rows import Row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tuimail.config.model import WhenLate
    from tuimail.mail.outgoing import OutgoingMessage

log = logging.getLogger(__name__)

WRITERS = 16
"""Files of a batch that are written at once: a disk flushes many as quickly as one."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A letter to be taken in; see ``enqueue`` for the fields."""

    message: OutgoingMessage
    composing: str
    not_before: float | None = None
    held: bool = False
    again: bool = False
    revision: int = 1
    on_late: WhenLate | None = None
    revises: str = ""
    same_within: float | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a letter that was to be taken in."""

    item: OutboxItem | None
    """None when it was refused."""
    fresh: bool = False
    """It was not there before."""
    refusal: DuplicateLetterError | None = None


_PUT_BACK = frozenset(VERBS[Verb.EDIT]) | {ItemState.SENDING, ItemState.UNCERTAIN}
"""States of a letter that may go, or may have gone, without its revision."""


class Enqueue(OpenOutbox):
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
        on_late: WhenLate | None = None,
        revises: str = "",
        same_within: float | None = None,
    ) -> OutboxItem:
        """Store ``message`` durably: letter file first, then the row (rule 2).

        The same ``composing`` id with the same letter returns the first item (rule 15). The same letter from another
        composing, or another letter from the same composing, is refused unless ``again``: it is in the outbox or went
        out already. ``held`` holds it by hand; ``not_before`` until then, and ``on_late`` says what to do when nobody
        could send it then (None: as the settings say). ``revises`` is the id of the cancelled letter whose place it
        takes. With ``same_within`` the same letter from another composing counts only while it has not left, or when
        it was queued less than so many seconds ago.

        Raises:
            DuplicateLetterError: the letter is in the outbox or went out before (rule 15).
            OutboxError: the letter it revises was put back into the outbox.
            StorageError: the disk refuses, or another process holds the outbox; nothing of the letter is left then.
            MessageError: an attached file cannot be read, or changed meanwhile; likewise.
        """
        incoming = Incoming(
            message,
            composing,
            not_before=not_before,
            held=held,
            again=again,
            revision=revision,
            on_late=on_late,
            revises=revises,
            same_within=same_within,
        )
        (taken,) = self.enqueue_many([incoming])
        if taken.item is None:
            raise taken.refusal or DuplicateLetterError("The same letter is in the outbox already.")
        return taken.item

    def enqueue_many(self, letters: Sequence[Incoming]) -> list[Taken]:
        """Store ``letters`` durably in one transaction; what became of each, in order.

        As with ``enqueue`` a letter that is in the outbox already is that item; the refusal of a duplicate stands for
        that one, and the others are stored.

        Raises:
            StorageError: the disk refuses, or another process holds the outbox; nothing of any letter is left then.
            MessageError: an attached file cannot be read, or changed meanwhile; likewise.
            OutboxError: a letter that one of them revises was put back into the outbox; likewise.
        """
        prepared = self._prepare(letters)
        placed: list[Prepared] = []
        try:
            with self.index.writing() as db:
                taken: list[Taken] = []
                for letter, file in zip(letters, prepared, strict=True):
                    try:
                        first = self._same(db, letter, file.head.digest)
                    except DuplicateLetterError as error:
                        taken.append(Taken(None, refusal=error))
                        continue
                    item = first or self._take_in(db, letter, file, placed)
                    taken.append(Taken(item, fresh=first is None))
                if placed:
                    fsync_folder(self.folder)
        except BaseException:
            for each in placed:
                self._take_away(each)
            raise
        finally:
            for each in prepared:
                each.discard()
        return taken

    def _prepare(self, letters: Sequence[Incoming]) -> list[Prepared]:
        """Write the files of ``letters``, as far as there is no trouble. All or none are left."""
        now = self.clock.now()
        # Ids sort by age: those of a batch are a millisecond apart, so that its letters keep their order.
        ids = [new_id(now + number / 1000) for number in range(len(letters))]
        if len(letters) == 1:
            return [self._prepared(letters[0], ids[0], now)]
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="letters") as pool:
            files = [pool.submit(self._prepared, each, name, now) for each, name in zip(letters, ids, strict=True)]
        troubles = [error for each in files if (error := each.exception()) is not None]
        if troubles:
            for each in files:
                if each.exception() is None:
                    each.result().discard()
            raise troubles[0]
        return [each.result() for each in files]

    def _prepared(self, letter: Incoming, item_id: str, now: float) -> Prepared:
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
            rank=self._rank_of(letter.revises),
        )
        return prepare_letter(self.letter_path(item_id), head, letter.message.content)

    def _take_in(self, db: sqlite3.Connection, letter: Incoming, file: Prepared, placed: list[Prepared]) -> OutboxItem:
        """The file gets its name, the item its row."""
        while not (self._free(db, file.head.id) and file.temporary.exists()):
            # The id was taken meanwhile, or another tuimail, just started, took the file for one of a dead process.
            # Written anew under the lock, it is safe from both.
            file.discard()
            file = self._prepared(letter, new_id(self.clock.now()), file.head.queued_at)
        former = self._former(db, letter.revises, again=letter.again)
        placed.append(file)
        file.put_in_place()
        item = fresh_item(file.head)
        self.put(db, Row(item, sha256=file.head.sha256, offset=file.offset))
        self.tell(db, item.id, TimelineEntry(item.queued_at, _said(item)))
        if former is not None and former.state is ItemState.CANCELLED:
            # Its place is taken: it must never go as well.
            self.index.afterwards(partial(self.discard_letter, former))
        return item

    def _rank_of(self, revises: str) -> float | None:
        """The place of the letter that is revised; the new revision takes it."""
        with self.index.reading() as db:
            rows = self.rows(db, "id = ?", (revises,)) if revises else []
        return rows[0].item.rank if rows else None

    def _former(self, db: sqlite3.Connection, revises: str, *, again: bool) -> OutboxItem | None:
        """The letter that this one is a new revision of: taken out of the outbox, and still out."""
        rows = self.rows(db, "id = ?", (revises,)) if revises else []
        if not rows:
            return None
        item = rows[0].item
        if item.state in _PUT_BACK:
            raise OutboxError(
                f'The letter this draft was made from is in the outbox again ("{item.subject}", {item.id}).',
                hint="Delete it there first, so that only one of them goes.",
            )
        if not again:
            newer = self.rows(db, "revises = ? AND state <> 'cancelled'", (item.id,))
            if newer or all(each.state is RecipientState.ACCEPTED for each in item.recipients):
                raise DuplicateLetterError(
                    f'The letter this draft was made from ("{item.subject}") was sent meanwhile.',
                    hint="Confirm to send this one as well.",
                )
        return item

    def _same(self, db: sqlite3.Connection, letter: Incoming, digest: str) -> OutboxItem | None:
        """The item that is this letter already (rule 15)."""
        composed = self.rows(db, "composing = ? AND composing <> '' AND state <> 'cancelled'", (letter.composing,))
        for row in composed:
            if row.item.found:
                # Left by a crash in this very composing, never confirmed: the new one takes its place.
                self._replace_found(db, row)
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
        same = self.rows(
            db,
            "digest = ? AND state NOT IN ('cancelled', 'failed') AND (? IS NULL OR ABS(queued_at - ?) < ? "
            "OR state NOT IN ('accepted', 'done', 'uncertain')) LIMIT 1",
            (digest, within, self.clock.now(), within),
        )
        if same:
            item = same[0].item
            when = f"was sent {dated(item.changed_at)}" if item.state is ItemState.DONE else "is in the outbox already"
            raise DuplicateLetterError(
                f'The same letter ("{item.subject}") {when}.', hint="Confirm to send it once more."
            )
        return None

    def _replace_found(self, db: sqlite3.Connection, row: Row) -> None:
        now = self.clock.now()
        item = replace(row.item, state=ItemState.CANCELLED, found=False, changed_at=now)
        self.put(db, replace(row, item=item))
        self.tell(db, item.id, TimelineEntry(now, "replaced by the letter sent from the same draft"))
        append_mark(self.letter_path(item.id), journal.VERB, now, journal.verb_said("replaced", item))

    def _free(self, db: sqlite3.Connection, item_id: str) -> bool:
        taken = db.execute("SELECT 1 FROM item WHERE id = ?", (item_id,)).fetchone()
        return not taken and not self.letter_path(item_id).exists()

    def _take_away(self, file: Prepared) -> None:
        """The row could not be stored: the letter is still a draft, and its file must not say otherwise.

        A commit that failed may yet have reached the disk; only a row that is not there proves that it did not.
        """
        file.discard()
        try:
            with self.index.reading() as db:
                if db.execute("SELECT 1 FROM item WHERE id = ?", (file.head.id,)).fetchone():
                    return
            file.path.unlink(missing_ok=True)
        except Exception:  # noqa: BLE001 - the first error is the one to tell; the next start finds the file
            log.warning("the letter %s was not queued and its file could not be deleted", file.head.id)


def _said(item: OutboxItem) -> str:
    if item.state is ItemState.QUEUED:
        return "queued"
    return f"held until {dated(item.not_before)}" if item.not_before else "held by hand"
