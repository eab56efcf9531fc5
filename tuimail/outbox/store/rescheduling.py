"""The part of the store that carries out the verbs which need more than the item: a time, a place, an account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.dates.format_date import dated
from tuimail.errors import NoSuchItemError, OutboxError
from tuimail.outbox.model.actions import put_off, restored, through
from tuimail.outbox.model.item import ItemState, OutboxItem, Verb, after, verbs_of
from tuimail.outbox.model.reorder import moved
from tuimail.outbox.store.journal import was_of
from tuimail.outbox.store.letter_file import read_letter
from tuimail.outbox.store.rows import LIVE
from tuimail.outbox.store.user_actions import UserActions

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tuimail.config.model import WhenLate
    from tuimail.outbox.model.item import Place

_WAITING = f"{LIVE} AND account = ? AND state IN ('held', 'queued', 'deferred', 'blocked')"


class Rescheduling(UserActions):
    """Later, sooner, another way, and back again."""

    def later(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        """Hold the letter until ``at``, with a fresh budget; ``on_late`` None leaves that as it was.

        Raises:
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
            OutboxError: ``at`` is over.
        """
        with self.index.writing() as db:
            row = self.row(db, item_id)
            now = self.clock.now()
            item = put_off(row.item, at, now, on_late=on_late)
            self.decided(db, Verb.LATER, row, item, now, f"put off until {dated(at)}")
            return item

    def move(self, item_id: str, place: Place) -> Sequence[OutboxItem]:
        """Move the letter among those of its account that wait: it, and whoever changed places with it.

        Raises:
            IllegalTransitionError: it does not wait.
        """
        with self.index.writing() as db:
            row = self.row(db, item_id)
            after(Verb.MOVE, row.item.state, fitting=verbs_of(row.item))
            rows = {each.item.id: each for each in self.rows(db, _WAITING, (row.item.account,))}
            ranks = moved([each.item for each in rows.values()], row.item.id, place)
            now = self.clock.now()
            changed = {row.item.id: row.item}
            for name, rank in ranks.items():
                item = changed[name] = replace(rows[name].item, rank=rank, changed_at=now)
                words = f"moved {place}" if name == row.item.id else "made room for another letter"
                self.decided(db, Verb.MOVE, rows[name], item, now, words)
            return tuple(changed.values())

    def change_account(self, item_id: str, account: str, *, known: bool = True) -> OutboxItem:
        """Let the letter leave through ``account``; ``known``: that has an identity of the letter's From.

        Raises:
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
        """
        with self.index.writing() as db:
            row = self.row(db, item_id)
            now = self.clock.now()
            item = through(row.item, account, now, known=known)
            said = f"moved from the account {row.item.account} to {account}"
            self.decided(db, Verb.CHANGE_ACCOUNT, row, item, now, said)
            return item

    def restore(self, item_id: str, *, exactly: bool = False) -> OutboxItem:
        """Put a cancelled letter back (outbox/model/actions.restored says as what).

        Raises:
            IllegalTransitionError: it was not cancelled.
            NoSuchItemError: its bytes are not kept any more.
            OutboxError: a newer revision of it was queued.
        """
        with self.index.writing() as db:
            row = self.row(db, item_id)
            path = self.letter_path(row.item.id)
            after(Verb.RESTORE, row.item.state, fitting=verbs_of(row.item))
            if not path.exists():
                raise NoSuchItemError(
                    "The letter is not kept any more.", hint="A cancelled letter can be put back for seven days."
                )
            newer = self._newer(db, row.item)
            if newer is not None:
                raise OutboxError(
                    f'A newer revision of this letter was queued ("{newer.subject}", {newer.id}).',
                    hint="Steer that one instead.",
                )
            letter = read_letter(path)
            if not letter.whole:
                raise OutboxError("The letter's file was cut short on the disk.", hint="Write it anew.")
            now = self.clock.now()
            was = None if letter.doubtful else was_of(row.item, letter.marks)
            item = restored(row.item, was, now, exactly=exactly)
            self.decided(db, Verb.RESTORE, row, item, now, "put back")
            return item

    def former(self, item_id: str) -> OutboxItem:
        """A cancelled letter as it was before, as far as that is known; any other as it is."""
        with self.index.reading() as db:
            item = self.row(db, item_id).item
        path = self.letter_path(item.id)
        if item.state is not ItemState.CANCELLED or not path.exists():
            return item
        return was_of(item, read_letter(path).marks) or item

    def _newer(self, db: sqlite3.Connection, item: OutboxItem) -> OutboxItem | None:
        """A letter that took this one's place: its next revision, or the same draft queued once more."""
        rows = self.rows(
            db,
            "revises = ? AND revises <> '' OR composing = ? AND composing <> '' AND id <> ? AND state <> 'cancelled'",
            (item.id, item.composing, item.id),
        )
        return rows[-1].item if rows else None
