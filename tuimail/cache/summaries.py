"""Rows of messages: new ones, other flags, gone ones; the counts of mailboxes and threads change with them.

All functions run inside the writer's transaction, so that a reader never sees a count that disagrees with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name, stored_name
from tuimail.cache.thread_edits import note_newly_muted
from tuimail.cache.threads import Referring, ThreadCounts, assign, chunks
from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.mail.folded_row import folded_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from tuimail.mail.summary import Summary

_INTEGER = (1 << 63) - 1

_COLUMNS = (
    "id, mailbox, uid, flags, server_flags, keywords, size, arrived, date, from_name, from_addr, recipients, subject, "
    "base, message_id, refs, list_id, thread, attached, modseq, emailid, folded, objectid"
)
_INSERT = f"INSERT INTO message ({_COLUMNS}) VALUES ({', '.join('?' * 23)})"  # noqa: S608 - fixed text


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that a mailbox did not have."""

    summary: Summary
    uid: int | None = None
    emailid: str = ""
    """What it is called in its mailbox (mail/message_ref)."""
    modseq: int = 0
    objectid: str = ""
    """EMAILID (RFC 8474) or X-GM-MSGID: the same in every mailbox."""


@dataclass(frozen=True, slots=True)
class FlagChange:
    """Other flags of a message; None: as they were."""

    id: int
    flags: int
    """As shown."""
    server_flags: int | None = None
    keywords: str | None = None
    modseq: int | None = None


class _Counts:
    """Changes of the counts of mailboxes and threads."""

    def __init__(self) -> None:
        self.threads = ThreadCounts()
        self._mailboxes: dict[int, list[int]] = {}

    def add(self, mailbox: int, thread: int, date: int, flags: int) -> None:
        self._change(mailbox, 1, not flags & SEEN, bool(flags & FLAGGED))
        self.threads.add(thread, mailbox, date, unread=not flags & SEEN)

    def remove(self, mailbox: int, thread: int, date: int, flags: int) -> None:
        self._change(mailbox, -1, -(not flags & SEEN), -bool(flags & FLAGGED))
        self.threads.remove(thread, mailbox, date, unread=not flags & SEEN)

    def flags(self, mailbox: int, thread: int, old: int, new: int) -> None:
        unread = (not new & SEEN) - (not old & SEEN)
        self._change(mailbox, 0, unread, bool(new & FLAGGED) - bool(old & FLAGGED))
        if unread:
            self.threads.read(thread, mailbox, unread)

    def store(self, db: sqlite3.Connection) -> None:
        db.executemany(
            "UPDATE mailbox SET total = total + ?, unread = unread + ?, flagged = flagged + ? WHERE id = ?",
            ((*change, mailbox) for mailbox, change in self._mailboxes.items()),
        )
        self.threads.store(db)

    def _change(self, mailbox: int, total: int, unread: int, flagged: int) -> None:
        counts = self._mailboxes.setdefault(mailbox, [0, 0, 0])
        counts[0] += total
        counts[1] += unread
        counts[2] += flagged


def insert(db: sqlite3.Connection, mailbox: int, messages: Sequence[NewMessage]) -> list[int]:
    """Store new messages with their threads; returns the id of each. One whose uid is known keeps its row and id."""
    known = ids_of_uids(db, mailbox, [each.uid for each in messages if each.uid is not None])
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
    following = (row[0] if row else 0) + 1
    fresh: list[tuple[int, NewMessage]] = []
    ids: list[int] = []
    for each in messages:
        number = known.get(each.uid) if each.uid is not None else None
        if number is None:
            number = following
            following += 1
            fresh.append((number, each))
            if each.uid is not None:
                known[each.uid] = number
        ids.append(number)
    db.execute("SAVEPOINT batch")
    try:
        _insert(db, mailbox, fresh, storable=False)
    except (UnicodeEncodeError, OverflowError):
        # One message has a value that SQLite cannot store; it must not cost the others.
        db.execute("ROLLBACK TO batch")
        _insert(db, mailbox, fresh, storable=True)
    db.execute("RELEASE batch")
    return ids


def _insert(
    db: sqlite3.Connection, mailbox: int, messages: Sequence[tuple[int, NewMessage]], *, storable: bool
) -> None:
    referring = [Referring(number, each.summary.message_id, each.summary.refs) for number, each in messages]
    counts = _Counts()
    threads = assign(db, referring)
    rows = _rows(mailbox, messages, threads, counts, storable=storable)
    db.executemany(_INSERT, (tuple(map(_storable, row)) for row in rows) if storable else rows)
    flags = (each.summary.flags for _, each in messages)
    note_newly_muted(db, zip((number for number, _ in messages), threads, flags, strict=True))
    reports = [(number,) for number, each in messages if each.summary.report]
    db.executemany("INSERT INTO maybe_report (message) VALUES (?)", reports)
    counts.store(db)


def _rows(
    mailbox: int, messages: Sequence[tuple[int, NewMessage]], threads: Sequence[int], counts: _Counts, *, storable: bool
) -> Iterator[tuple[object, ...]]:
    for (number, message), thread in zip(messages, threads, strict=True):
        each = message.summary
        flags = each.flags
        date = min(max(each.date, -_INTEGER), _INTEGER) if storable else each.date
        counts.add(mailbox, thread, date, flags)
        yield (
            number,
            mailbox,
            message.uid,
            flags,
            flags,
            each.keywords,
            each.size,
            each.arrived,
            date,
            each.from_name,
            each.from_addr,
            each.recipients,
            each.subject,
            each.base,
            each.message_id,
            each.refs,
            each.list_id,
            thread,
            each.attached,
            message.modseq,
            stored_name(message.emailid),
            folded_row(each.subject, each.from_name, each.from_addr, each.recipients),
            message.objectid,
        )


def set_flags(db: sqlite3.Connection, changes: Iterable[FlagChange]) -> None:
    """Store other flags; messages that are gone are passed over. Of several changes of a message the last counts."""
    wanted = {each.id: each for each in changes}
    counts = _Counts()
    for row in _placed(db, wanted):
        if row.leaving is None:
            counts.flags(row.mailbox, row.thread, row.flags, wanted[row.id].flags)
    db.executemany(
        "UPDATE message SET flags = ?, server_flags = coalesce(?, server_flags), keywords = coalesce(?, keywords), "
        "modseq = coalesce(?, modseq) WHERE id = ?",
        ((each.flags, each.server_flags, each.keywords, each.modseq, each.id) for each in wanted.values()),
    )
    counts.store(db)


def vanish(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete the rows of messages that are gone; their threads remember what they referred to."""
    _remove(db, ids, "DELETE FROM message WHERE id = ?1")


def hide(db: sqlite3.Connection, ids: Iterable[int], action: int) -> None:
    """Do not show messages any more that ``action`` takes away."""
    _remove(db, ids, "UPDATE message SET leaving = ?2 WHERE id = ?1", action)


def show(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Show hidden messages again: the action was refused or undone."""
    rows = [row for row in _placed(db, ids) if row.leaving is not None]
    counts = _Counts()
    for row in rows:
        counts.add(row.mailbox, row.thread, row.date, row.flags)
    db.executemany("UPDATE message SET leaving = NULL WHERE id = ?", ((row.id,) for row in rows))
    counts.store(db)


def _remove(db: sqlite3.Connection, ids: Iterable[int], statement: str, *values: int) -> None:
    rows = _placed(db, ids)
    counts = _Counts()
    for row in rows:
        if row.leaving is None:
            counts.remove(row.mailbox, row.thread, row.date, row.flags)
    db.executemany(statement, ((row.id, *values) for row in rows))
    counts.store(db)


def ids_of_uids(db: sqlite3.Connection, mailbox: int, uids: Sequence[int]) -> dict[int, int]:
    """The ids of those messages that the cache has, by uid."""
    found: dict[int, int] = {}
    for part in chunks(uids):
        marks = ", ".join("?" * len(part))
        found.update(
            db.execute(f"SELECT uid, id FROM message WHERE mailbox = ? AND uid IN ({marks})", (mailbox, *part))  # noqa: S608
        )
    return found


class Known(NamedTuple):
    """What synchronising compares: a message as the cache has it."""

    id: int
    uid: int | None
    emailid: str
    server_flags: int
    keywords: str
    modseq: int


def known_messages(db: sqlite3.Connection, mailbox: int) -> Iterator[Known]:
    """All messages of a mailbox, hidden ones too, in no order; read them to the end before anything is changed."""
    rows = db.execute(
        "SELECT id, uid, emailid, server_flags, keywords, modseq FROM message WHERE mailbox = ?", (mailbox,)
    )
    for number, uid, emailid, *others in rows:
        yield Known(number, uid, read_name(emailid), *others)


def ids_of_emailid(db: sqlite3.Connection, emailid: str) -> list[int]:
    """The messages with this EMAILID, X-GM-MSGID or file name, in all mailboxes of the account."""
    rows = db.execute("SELECT id FROM message WHERE emailid = ? AND emailid <> '' ORDER BY id", (stored_name(emailid),))
    return [number for (number,) in rows]


class _Placed(NamedTuple):
    id: int
    mailbox: int
    thread: int
    date: int
    flags: int
    leaving: int | None


def _placed(db: sqlite3.Connection, ids: Iterable[int]) -> list[_Placed]:
    found: list[_Placed] = []
    for part in chunks(list(dict.fromkeys(ids))):
        marks = ", ".join("?" * len(part))
        rows = db.execute(f"SELECT id, mailbox, thread, date, flags, leaving FROM message WHERE id IN ({marks})", part)  # noqa: S608
        found.extend(map(_Placed._make, rows))
    return found


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return min(max(value, -_INTEGER), _INTEGER)
    return value
