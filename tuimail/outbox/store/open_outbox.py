"""What every part of the store stands on: the folder, the index, the clock, and reading and writing one row."""

from __future__ import annotations

import json
import logging
import secrets
from functools import partial
from itertools import islice
from sqlite3 import OperationalError
from typing import TYPE_CHECKING, Any

from tuimail.errors import LeaseLostError, NoSuchItemError, OutboxDamagedError, OutboxError
from tuimail.outbox.model.item import AccountHealth, ItemState, OutboxItem, TimelineEntry
from tuimail.outbox.store.codec import dump
from tuimail.outbox.store.letter_file import SUFFIX, write_mark
from tuimail.outbox.store.rows import COLUMNS, SELECT, Row, health_of, health_values, put, row_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tuimail.clock import Clock
    from tuimail.config.model import OutboxSettings
    from tuimail.coordination.lock import Host
    from tuimail.outbox.model.outcome import Chance
    from tuimail.outbox.store.database import Database

log = logging.getLogger(__name__)

_STATE = COLUMNS.index("state")

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TIME_DIGITS = 8
"""Milliseconds since the epoch in base 36 fill eight digits until the year 2059."""


class OpenOutbox:
    """One open outbox. Its parts (queries, claims, sent_copies, user_actions) are put together in store/store."""

    def __init__(
        self, folder: Path, index: Database, clock: Clock, host: Host, settings: OutboxSettings, chance: Chance
    ) -> None:
        self.folder = folder
        self.index = index
        self.clock = clock
        self.host = host
        self.settings = settings
        self.chance = chance

    def letter_path(self, item_id: str) -> Path:
        """The letter's file; gone once the item is done."""
        return letter_path(self.folder, item_id)

    def discard_letter(self, item: OutboxItem, *, for_good: bool = False) -> None:
        """Delete the file of a letter that is done; one that cannot be deleted now is deleted at the next start.

        A letter that counts as sent on the user's word is kept for a week: the word can be taken back.
        """
        if item.state is ItemState.DONE and item.resolved_by_user and not for_good:
            return
        try:
            self.letter_path(item.id).unlink(missing_ok=True)
        except OSError as error:
            log.warning("the letter %s is done and could not be deleted: %s", item.id, error.strerror)

    def row(self, db: sqlite3.Connection, item_id: str) -> Row:
        """The row of an item, by its id or an unambiguous prefix of it.

        Raises:
            NoSuchItemError: there is none.
            OutboxError: the prefix fits several.
            OutboxDamagedError: the row is damaged.
        """
        found = db.execute(f"{SELECT} WHERE id = ?", (item_id,)).fetchone()
        if found is None and item_id:
            fitting = db.execute(f"{SELECT} WHERE id > ? AND id < ? LIMIT 2", (item_id, f"{item_id}\x7f")).fetchall()
            if len(fitting) > 1:
                raise OutboxError(f"Several letters begin with {item_id}.", hint="Give more of the id.")
            found = fitting[0] if fitting else None
        if found is None:
            raise NoSuchItemError(f"There is no letter {item_id!r} in the outbox.", hint="See: tuimail outbox list")
        return row_of(found)

    def owned(self, db: sqlite3.Connection, item_id: str, owner: str) -> Row:
        """The row of an item whose lease ``owner`` holds.

        Raises:
            LeaseLostError: it does not, any more.
        """
        row = self.row(db, item_id)
        if row.item.owner != owner or not owner:
            raise LeaseLostError(
                f"Another tuimail took over the letter {item_id}.", hint="Its state in the Outbox is the true one."
            )
        return row

    def rows(self, db: sqlite3.Connection, where: str, parameters: Iterable[object] = ()) -> list[Row]:
        """The rows that fit a condition; a tombstone that is damaged is left out: nothing hangs on it any more.

        Raises:
            OutboxDamagedError: a row that may still be sent is damaged.
        """
        return list(self.each_row(db, where, parameters))

    def each_row(self, db: sqlite3.Connection, where: str, parameters: Iterable[object] = ()) -> Iterator[Row]:
        """The same, one by one as they are read."""
        for values in _each(db, f"{SELECT} WHERE {where}", tuple(parameters)):
            try:
                yield row_of(values)
            except OutboxDamagedError:
                if values[_STATE] not in (ItemState.DONE, ItemState.CANCELLED):
                    raise
                log.warning("outbox: a tombstone is damaged")

    def put(self, db: sqlite3.Connection, row: Row) -> None:
        """Write a row."""
        put(db, row)

    def mark(self, item_id: str, kind: str, at: float, said: Mapping[str, object]) -> None:
        """Inside ``writing``: put a mark on a letter (outbox/store/journal); it is durable before the commit.

        Raises:
            StorageError: the disk refuses, or the letter's file is gone.
        """
        path = self.letter_path(item_id)
        self.index.sync_first(write_mark(path, kind, at, said), path)

    def tell(self, db: sqlite3.Connection, item_id: str, *entries: TimelineEntry) -> None:
        """Append to the timeline."""
        tell(db, item_id, *entries)

    def health_in(self, db: sqlite3.Connection, account: str) -> AccountHealth:
        """An account's health; a new account is well."""
        found = db.execute("SELECT * FROM health WHERE account = ?", (account,)).fetchone()
        return AccountHealth(account) if found is None else health_of(found)

    def put_health(self, db: sqlite3.Connection, health: AccountHealth) -> None:
        """Write an account's health."""
        values = health_values(health)
        db.execute(f"INSERT OR REPLACE INTO health VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608

    def put_dialogue(self, db: sqlite3.Connection, item_id: str, lines: tuple[str, ...]) -> None:
        """Keep the last dialogue."""
        if lines:
            db.execute("INSERT OR REPLACE INTO dialogue (item, lines) VALUES (?, ?)", (item_id, dump(lines)))

    def dialogue_in(self, db: sqlite3.Connection, item_id: str) -> tuple[str, ...]:
        """The last dialogue."""
        found = db.execute("SELECT lines FROM dialogue WHERE item = ?", (item_id,)).fetchone()
        return () if found is None else tuple(json.loads(found[0]))


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


def letter_path(folder: Path, item_id: str) -> Path:
    """Where the letter of an item is."""
    return folder / f"{item_id}{SUFFIX}"


def tell(db: sqlite3.Connection, item_id: str, *entries: TimelineEntry) -> None:
    """Append to an item's timeline."""
    for entry in entries:
        db.execute(
            "INSERT INTO timeline (item, number, at, words, stage, reply) "
            "SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ? FROM timeline WHERE item = ?",
            (item_id, entry.at, entry.words, entry.stage, entry.reply, item_id),
        )


def new_id(now: float) -> str:
    """Ten lower-case letters and digits: eight of the time, so that ids sort by age, two of chance."""
    milliseconds = max(int(now * 1000), 0)
    digits = ""
    for _ in range(TIME_DIGITS):
        milliseconds, digit = divmod(milliseconds, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits + secrets.choice(DIGITS) + secrets.choice(DIGITS)
