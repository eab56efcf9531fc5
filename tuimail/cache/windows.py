"""The shown messages of one mailbox in an order that has an index: read by key, never by counting from the start.

A row is found from the nearer end of the order, or from a *mark*: the key of every thousandth row, found by an index
alone (7 ms for 100,000 messages) when a row far from both ends is asked for. Numbers go from 0, the oldest message.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tuimail.cache.database import ReadableCache

MARK = 1000
"""Rows between two marks."""
NEAR = 2 * MARK
"""Rows that are counted from an end rather than from a mark."""

Key = tuple[int, int]
"""What rows are sorted by: seconds since the epoch, then the id."""
LOWEST: Key = (-(1 << 63), 0)


class IndexOrder(Enum):
    """Orders that have an index; the value is the column."""

    ARRIVAL = "arrived"
    DATE = "date"


class IndexRow(NamedTuple):
    """What a line of a message index shows."""

    account: str
    id: int
    mailbox: int
    uid: int | None
    flags: int
    keywords: str
    size: int
    arrived: int
    date: int
    from_name: str
    from_addr: str
    recipients: str
    subject: str
    list_id: str
    thread: int
    attached: int | None
    kept: int
    emailid: str | bytes
    """As stored (``stored_names.read_name``): with the mailbox it names the message when the cache is lost."""

    @property
    def row_id(self) -> str:
        """The same in every view of this run; not for the user, it does not outlive the cache."""
        return f"{self.account}:{self.id}"

    def key(self, order: IndexOrder) -> Key:
        """What it is sorted by."""
        return (self.arrived if order is IndexOrder.ARRIVAL else self.date), self.id


COLUMNS = (
    "id, mailbox, uid, flags, keywords, size, arrived, date, from_name, from_addr, recipients, subject, list_id, "
    "thread, attached, kept, emailid"
)


class MailboxOrder:
    """A mailbox in one order, as it was when the object was made: marks are not moved by later commits."""

    def __init__(self, cache: ReadableCache, mailbox: int, order: IndexOrder) -> None:
        self.cache = cache
        self.mailbox = mailbox
        self.order = order
        with cache.reading() as db:
            row = db.execute("SELECT total FROM mailbox WHERE id = ?", (mailbox,)).fetchone()
        self.count: int = row[0] if row else 0
        """Rows; kept by the writer, not counted here."""
        self._marks: list[Key] | None = None
        self._by = order.value
        self._where = "FROM message WHERE mailbox = ? AND leaving IS NULL"

    def rows(self, first: int, end: int) -> list[tuple[object, ...]]:
        """The rows of ``COLUMNS`` from number ``first`` up to ``end``."""
        return self._slice(COLUMNS, first, end)

    def key_at(self, number: int) -> Key | None:
        """The key of a row."""
        found = self._slice(f"{self._by}, id", number, number + 1)
        return (int(found[0][0]), int(found[0][1])) if found else None  # type: ignore[call-overload]

    def key_of(self, message: int) -> Key | None:
        """The key of a message; None: it is not shown here."""
        with self.cache.reading() as db:
            row = db.execute(f"SELECT {self._by}, id {self._where} AND id = ?", (self.mailbox, message)).fetchone()
        return None if row is None else (row[0], row[1])

    def number_of(self, key: Key) -> int:
        """How many rows come before ``key``, which need not be that of a row."""
        if self._marks is None:
            if (behind := self._counted(">=", key)) <= NEAR:
                return max(self.count - behind, 0)
            if (before := self._counted("<", key)) <= NEAR:
                return before
        marks = self._ensure_marks()
        at = bisect_right(marks, key) - 1
        if at < 0:
            return 0
        by = self._by
        with self.cache.reading() as db:
            row = db.execute(
                f"SELECT count(*) {self._where} AND ({by}, id) >= (?, ?) AND ({by}, id) < (?, ?)",
                (self.mailbox, *marks[at], *key),
            ).fetchone()
        return at * MARK + int(row[0])

    def _counted(self, sign: str, key: Key) -> int:
        """How many rows are on that side of ``key``, counted from there; beyond NEAR it is not told how many."""
        by, direction = self._by, "" if sign == ">=" else " DESC"
        with self.cache.reading() as db:
            row = db.execute(
                f"SELECT count(*) FROM (SELECT 1 {self._where} AND ({by}, id) {sign} (?, ?) "  # noqa: S608
                f"ORDER BY {by}{direction}, id{direction} LIMIT ?)",
                (self.mailbox, *key, NEAR + 1),
            ).fetchone()
        return int(row[0])

    def next_unread(self, key: Key = LOWEST, *, backwards: bool = False) -> int | None:
        """The id of the first unread message behind ``key``, or before it."""
        sign, direction = ("<", " DESC") if backwards else (">", "")
        by = self._by
        with self.cache.reading() as db:
            row = db.execute(
                f"SELECT id {self._where} AND flags & 1 = 0 AND ({by}, id) {sign} (?, ?) "
                f"ORDER BY {by}{direction}, id{direction} LIMIT 1",
                (self.mailbox, *key),
            ).fetchone()
        return None if row is None else int(row[0])

    def _slice(self, columns: str, first: int, end: int) -> list[tuple[object, ...]]:
        first, end = max(first, 0), min(end, self.count)
        if first >= end:
            return []
        if first > NEAR and self.count - end <= NEAR:
            with self.cache.reading() as db:
                rows = self._read(db, columns, " DESC", end - first, self.count - end)
            rows.reverse()
            return rows
        mark, skip = LOWEST, first
        if first > NEAR:
            marks = self._ensure_marks()
            at = min(first // MARK, len(marks) - 1)
            mark, skip = marks[at], first - at * MARK
        with self.cache.reading() as db:
            return self._read(db, columns, "", end - first, skip, mark)

    def _read(
        self, db: sqlite3.Connection, columns: str, direction: str, length: int, skip: int, mark: Key = LOWEST
    ) -> list[tuple[object, ...]]:
        by = self._by
        since = f" AND ({by}, id) >= (?, ?)" if mark != LOWEST else ""
        return db.execute(
            f"SELECT {columns} {self._where}{since} ORDER BY {by}{direction}, id{direction} LIMIT ? OFFSET ?",
            (self.mailbox, *(mark if since else ()), length, skip),
        ).fetchall()

    def _ensure_marks(self) -> list[Key]:
        if self._marks is None:
            by = self._by
            marks: list[Key] = []
            with self.cache.snapshot() as db:
                row = db.execute(f"SELECT {by}, id {self._where} ORDER BY {by}, id LIMIT 1", (self.mailbox,)).fetchone()
                while row is not None:
                    marks.append((row[0], row[1]))
                    row = db.execute(
                        f"SELECT {by}, id {self._where} AND ({by}, id) >= (?, ?) ORDER BY {by}, id "
                        f"LIMIT 1 OFFSET {MARK}",
                        (self.mailbox, *row),
                    ).fetchone()
            self._marks = marks
        return self._marks


class Column(Enum):
    """Orders that have no index; the value is what is sorted by. Read whole, as ids (``sorted_ids``)."""

    SUBJECT = "base, date, id"
    CORRESPONDENT = "coalesce(nullif(from_name, ''), from_addr) COLLATE NOCASE, date, id"
    RECIPIENTS = "recipients COLLATE NOCASE, date, id"
    SIZE = "size, date, id"
    FLAGGED = "flags & 4, date, id"
    UNREAD = "~flags & 1, date, id"


def sorted_ids(db: sqlite3.Connection, mailbox: int, column: Column, *, most: int = -1) -> list[int]:
    """The ids of a mailbox by ``column``; the first ``most`` of them are found faster than all."""
    rows = db.execute(
        f"SELECT id FROM message WHERE mailbox = ? AND leaving IS NULL ORDER BY {column.value} LIMIT ?",  # noqa: S608
        (mailbox, most),
    )
    return [number for (number,) in rows]


def rows_of_ids(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[object, ...]]:
    """The rows of ``COLUMNS`` of these messages as far as they are there, hidden ones too; a few hundred at most."""
    marks = ", ".join("?" * len(ids))
    rows = db.execute(f"SELECT {COLUMNS} FROM message WHERE id IN ({marks})", tuple(ids)).fetchall()  # noqa: S608
    return {row[0]: row for row in rows}
