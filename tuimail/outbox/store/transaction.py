"""Reading the rows of an outbox, and changing them in one durable transaction.

Nothing else writes a row. A rule that belongs to a change is called where the change is made: `rate_limit.pace`,
`server_quirks.note`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from functools import partial
from itertools import islice
from sqlite3 import OperationalError
from typing import TYPE_CHECKING, Any

from tuimail.errors import LeaseLostError, NoSuchItemError, OutboxDamagedError, OutboxError
from tuimail.outbox.model.item import AccountHealth, OutboxItem, TimelineEntry
from tuimail.outbox.model.rate_limit import date_limits, without_old_limits
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.codec import dump
from tuimail.outbox.store.letter_file import letter_path, write_mark
from tuimail.outbox.store.rows import COLUMNS, SELECT, Row, add_to_timeline, health_of, health_values, put, row_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from tuimail.outbox.store.audit_log import AuditLog
    from tuimail.outbox.store.database import Database

log = logging.getLogger(__name__)

_STATE = COLUMNS.index("state")


class View:
    """The rows of one outbox, as they are at ``now``."""

    def __init__(self, db: sqlite3.Connection, folder: Path, now: float) -> None:
        self.db = db
        self.folder = folder
        self.now = now
        """Seconds since the epoch."""

    def row(self, item_id: str) -> Row:
        """The row of an item, by its id or an unambiguous prefix of it.

        Raises:
            NoSuchItemError: there is none.
            OutboxError: the prefix fits several.
            OutboxDamagedError: the row is damaged.
        """
        found = self.db.execute(f"{SELECT} WHERE id = ?", (item_id,)).fetchone()
        if found is None and item_id:
            limits = item_id, f"{item_id}\x7f"
            fitting = self.db.execute(f"{SELECT} WHERE id > ? AND id < ? LIMIT 2", limits).fetchall()
            if len(fitting) > 1:
                raise OutboxError(f"Several letters begin with {item_id}.", hint="Give more of the id.")
            found = fitting[0] if fitting else None
        if found is None:
            raise NoSuchItemError(f"There is no letter {item_id!r} in the outbox.", hint="See: tuimail outbox list")
        return row_of(found)

    def owned(self, item_id: str, owner: str) -> Row:
        """The row of an item whose lease ``owner`` holds.

        Raises:
            LeaseLostError: ``owner`` does not hold it any more.
        """
        row = self.row(item_id)
        if row.item.owner != owner or not owner:
            raise LeaseLostError(
                f"Another tuimail took over the letter {item_id}.", hint="Its state in the Outbox is the true one."
            )
        return row

    def rows(self, where: str, parameters: Iterable[object] = ()) -> list[Row]:
        """The rows that fit a condition, without damaged tombstones: they cannot be sent again.

        Raises:
            OutboxDamagedError: a row that may still be sent is damaged.
        """
        return list(self.each_row(where, parameters))

    def each_row(self, where: str, parameters: Iterable[object] = ()) -> Iterator[Row]:
        """The same, one by one as they are read."""
        for values in _each(self.db, f"{SELECT} WHERE {where}", tuple(parameters)):
            try:
                yield row_of(values)
            except OutboxDamagedError:
                if values[_STATE] not in (ItemState.DONE, ItemState.CANCELLED):
                    raise
                log.warning("outbox: a tombstone is damaged")

    def letter_path(self, item_id: str) -> Path:
        """The letter's file; gone once the item is done."""
        return letter_path(self.folder, item_id)

    def health(self, account: str) -> AccountHealth:
        """An account's health, without limits learnt too long ago; a new account is well."""
        found = self.db.execute("SELECT * FROM health WHERE account = ?", (account,)).fetchone()
        return AccountHealth(account) if found is None else without_old_limits(health_of(found), self.now)

    def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with a server about an item, secrets hidden."""
        found = self.db.execute("SELECT lines FROM dialogue WHERE item = ?", (item_id,)).fetchone()
        return () if found is None else tuple(json.loads(found[0]))


class Transaction(View):
    """One durable change of an outbox: all of it survives a power cut, or none of it."""

    def __init__(self, index: Database, folder: Path, now: float, audit_log: AuditLog | None) -> None:
        super().__init__(index.db, folder, now)
        self._index = index
        self._audit_log = audit_log

    def put(self, row: Row) -> None:
        """Write a row; the audit log notes its state as soon as that is durable."""
        put(self.db, row)
        if self._audit_log is not None:
            self.after_commit(partial(self._audit_log.note, row.item, self.now))

    def add_to_timeline(self, item_id: str, words: str, *, reply: str = "") -> None:
        """Append to the timeline of an item."""
        self.add_entries(item_id, (TimelineEntry(self.now, words, reply=reply),))

    def add_entries(self, item_id: str, entries: Iterable[TimelineEntry]) -> None:
        """Append entries to the timeline of an item."""
        add_to_timeline(self.db, item_id, entries)

    def put_dialogue(self, item_id: str, lines: tuple[str, ...]) -> None:
        """Keep the last dialogue."""
        if lines:
            self.db.execute("INSERT OR REPLACE INTO dialogue (item, lines) VALUES (?, ?)", (item_id, dump(lines)))

    def put_health(self, health: AccountHealth) -> None:
        """Write an account's health; a limit that changed is as old as this transaction.

        The pace stays as it is: see ``put_pace``.
        """
        before = self.health(health.account)
        self._put_health(replace(date_limits(health, before, self.now), paced_until=before.paced_until))

    def put_pace(self, health: AccountHealth, paced_until: float | None) -> None:
        """Write until when the account sends nothing because it sent as many letters as it may."""
        self._put_health(replace(health, paced_until=paced_until))

    def mark_letter(self, item_id: str, kind: str, said: Mapping[str, object]) -> None:
        """Put a mark on a letter (outbox/store/journal); it is durable before the commit.

        Raises:
            StorageError: the disk refuses, or the letter's file is gone.
        """
        path = self.letter_path(item_id)
        self._index.sync_first(write_mark(path, kind, self.now, said), path)

    def after_commit(self, work: Callable[[], None]) -> None:
        """Do ``work`` when the transaction is durable, and only then. It must not raise."""
        self._index.afterwards(work)

    def discard_letter(self, item: OutboxItem) -> None:
        """Delete the file of a letter that is done, after the commit."""
        self.after_commit(partial(discard_letter, self.folder, item))

    def _put_health(self, health: AccountHealth) -> None:
        values = health_values(health)
        self.db.execute(f"INSERT OR REPLACE INTO health VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608


def discard_letter(folder: Path, item: OutboxItem, *, for_good: bool = False) -> None:
    """Delete the file of a letter that is done; one that cannot be deleted now is deleted at the next start.

    A letter that counts as sent on the user's word is kept for a week, because the user can undo that, unless
    ``for_good``.
    """
    if item.state is ItemState.DONE and item.resolved_by_user and not for_good:
        return
    try:
        letter_path(folder, item.id).unlink(missing_ok=True)
    except OSError as error:
        log.warning("the letter %s is done and could not be deleted: %s", item.id, error.strerror)


def _each(db: sqlite3.Connection, query: str, parameters: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows of ``query``. A text that is not UTF-8 any more is read as it is: the row's sum tells of the damage."""
    read = 0
    while True:
        try:
            for values in islice(db.execute(query, parameters), read, None):
                read += 1
                yield values
        except OperationalError as error:
            if "decode" not in str(error) or db.text_factory is not str:
                raise
            # Not from the start: it makes reading three times as slow.
            db.text_factory = partial(str, encoding="utf-8", errors="replace")
        else:
            return
