"""Rows of a mailbox by uid, as the synchronisation with an IMAP server compares and names them.

A row without a uid is detached: UIDVALIDITY has changed, and it is not known yet which message it is now. All functions
run inside the writer's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.threads import chunks

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

UNDELIVERED = -1
"""In place of a modseq: the row says that the server cannot deliver the message."""
HIGHEST_UID = (1 << 32) - 1
"""RFC 3501 section 9."""


class UidRow(NamedTuple):
    """The flags of a message as the cache has them."""

    id: int
    uid: int
    flags: int
    """As shown."""
    server_flags: int
    keywords: str


class DetachedRow(NamedTuple):
    """A message of which the uid is not known any more, with what it is recognised by."""

    id: int
    key: str
    objectid: str
    message_id: str
    size: int
    arrived: int
    flags: int
    server_flags: int


_ROW = "SELECT id, uid, flags, server_flags, keywords FROM message WHERE mailbox = ?"


def count_uids(db: sqlite3.Connection, mailbox: int) -> int:
    """How many messages of the server the mailbox has here, hidden ones among them."""
    row = db.execute("SELECT count(*) FROM message WHERE mailbox = ? AND uid IS NOT NULL", (mailbox,)).fetchone()
    return int(row[0])


def count_unread(db: sqlite3.Connection, mailbox: int) -> int:
    """How many of them the server has as unread."""
    row = db.execute(
        "SELECT count(*) FROM message WHERE mailbox = ? AND uid IS NOT NULL AND server_flags & 1 = 0", (mailbox,)
    ).fetchone()
    return int(row[0])


def ids_by_uid(db: sqlite3.Connection, mailbox: int) -> dict[int, int]:
    """The id of every message that has a uid, by uid, ascending."""
    return dict(
        db.execute("SELECT uid, id FROM message WHERE mailbox = ? AND uid IS NOT NULL ORDER BY uid", (mailbox,))
    )


def ids_in_ranges(db: sqlite3.Connection, mailbox: int, ranges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The id of every message whose uid lies in one of the ranges, first and last uid included, by uid."""
    found: dict[int, int] = {}
    for first, last in _joined(ranges):
        found.update(
            db.execute("SELECT uid, id FROM message WHERE mailbox = ? AND uid BETWEEN ? AND ?", (mailbox, first, last))
        )
    return found


def rows_of_uids(db: sqlite3.Connection, mailbox: int, uids: Sequence[int]) -> list[UidRow]:
    """Those of these messages that the cache has."""
    found: list[UidRow] = []
    for part in chunks(uids):
        marks = ", ".join("?" * len(part))
        found.extend(map(UidRow._make, db.execute(f"{_ROW} AND uid IN ({marks})", (mailbox, *part))))
    return found


def rows_between(db: sqlite3.Connection, mailbox: int, first: int, last: int) -> list[UidRow]:
    """The messages with uids from ``first`` to ``last``."""
    return [UidRow._make(row) for row in db.execute(f"{_ROW} AND uid BETWEEN ? AND ?", (mailbox, first, last))]


def nth_newest_uid(db: sqlite3.Connection, mailbox: int, number: int) -> int:
    """The uid that ``number - 1`` messages lie above; the lowest one if there are fewer, 0 if there is none."""
    rows = db.execute(
        "SELECT uid FROM message WHERE mailbox = ? AND uid IS NOT NULL ORDER BY uid DESC LIMIT ?", (mailbox, number)
    ).fetchall()
    return int(rows[-1][0]) if rows else 0


def undelivered(db: sqlite3.Connection, mailbox: int) -> dict[int, int]:
    """The ids of rows that stand for messages the server could not deliver, by uid."""
    return dict(
        db.execute("SELECT uid, id FROM message WHERE mailbox = ? AND modseq < 0 AND uid IS NOT NULL", (mailbox,))
    )


def detach(db: sqlite3.Connection, mailbox: int) -> None:
    """Take the uids from all rows."""
    db.execute("UPDATE message SET uid = NULL WHERE mailbox = ? AND uid IS NOT NULL", (mailbox,))


def detached_rows(db: sqlite3.Connection, mailbox: int) -> list[DetachedRow]:
    """The rows without a uid."""
    rows = db.execute(
        "SELECT id, emailid, objectid, message_id, size, arrived, flags, server_flags FROM message "
        "WHERE mailbox = ? AND uid IS NULL",
        (mailbox,),
    )
    return [DetachedRow._make(row) for row in rows]


def attach(db: sqlite3.Connection, number: int, uid: int, key: str, objectid: str, *, same_text: bool) -> None:
    """Give a detached row its uid and its key in the mailbox; ``same_text``: what was indexed of it still counts."""
    db.execute(
        "UPDATE message SET uid = ?, emailid = ?, objectid = ?, text = iif(?, text, NULL), kept = 0 WHERE id = ?",
        (uid, key, objectid, same_text, number),
    )


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, without overlaps and within what SQLite takes: a server may send the same range a thousand times."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted((min(each), min(max(each), HIGHEST_UID)) for each in ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        elif first <= last:
            joined.append((first, last))
    return joined
