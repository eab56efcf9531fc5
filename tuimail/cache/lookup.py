"""From a row of the cache to what a message is called outside of it, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name, stored_name
from tuimail.cache.threads import chunks
from tuimail.cache.windows import COLUMNS, IndexRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence


class MessagePlace(NamedTuple):
    """Where a message is kept."""

    mailbox: str
    """Its name as it is shown."""
    uid: int | None
    emailid: str
    """In a Maildir the unique part of its file's name."""
    message_id: str
    """In angle brackets; empty if it has none."""


def place_of(db: sqlite3.Connection, message: int) -> MessagePlace | None:
    """Where the message with this id is; None if it is not shown any more."""
    row = db.execute(
        "SELECT mailbox.name, message.uid, emailid, message_id FROM message "
        "JOIN mailbox ON mailbox.id = message.mailbox WHERE message.id = ? AND leaving IS NULL",
        (message,),
    ).fetchone()
    return None if row is None else MessagePlace(row[0], row[1], read_name(row[2]), row[3])


def modseq_of(db: sqlite3.Connection, message: int) -> int | None:
    """The MODSEQ of the message with this id, in an mbox where it begins; None if it is not shown any more."""
    row = db.execute("SELECT modseq FROM message WHERE id = ? AND leaving IS NULL", (message,)).fetchone()
    return None if row is None else int(row[0])


def find(db: sqlite3.Connection, account: str, mailbox: str, emailid: str) -> IndexRow | None:
    """The shown message of this name in the mailbox called so."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM message WHERE emailid = ? AND emailid <> '' AND leaving IS NULL "  # noqa: S608
        "AND mailbox = (SELECT id FROM mailbox WHERE name = ?)",
        (stored_name(emailid), mailbox),
    ).fetchone()
    return None if row is None else IndexRow(account, *row)


def subject_of(db: sqlite3.Connection, mailbox: str, emailid: str, message_id: str) -> str:
    """The subject of a message, shown or not: by its name in the mailbox called so, else by its Message-ID."""
    row = db.execute(
        "SELECT subject FROM message WHERE emailid = ? AND emailid <> '' "
        "AND mailbox = (SELECT id FROM mailbox WHERE name = ?)",
        (stored_name(emailid), mailbox),
    ).fetchone()
    if row is None and message_id:
        query = "SELECT subject FROM message WHERE message_id = ? AND message_id <> '' LIMIT 1"
        row = db.execute(query, (message_id,)).fetchone()
    return "" if row is None else str(row[0])


def answerable(db: sqlite3.Connection, message_id: str) -> tuple[str, str] | None:
    """Folder and name (``emailid``) of the message with this Message-ID that a letter can answer.

    The one in INBOX if there are several, and one in Sent last; none that is in the trash, junk or a draft.
    """
    row = db.execute(
        "SELECT mailbox.name, emailid FROM message JOIN mailbox ON mailbox.id = message.mailbox "
        "WHERE message_id = ? AND message_id <> '' AND leaving IS NULL AND special NOT IN ('drafts', 'trash', 'junk') "
        "ORDER BY special = 'sent', mailbox.name <> 'INBOX', message.id LIMIT 1",
        (message_id,),
    ).fetchone()
    return None if row is None else (row[0], read_name(row[1]))


def unread_rows(db: sqlite3.Connection, account: str, mailbox: int) -> Iterator[IndexRow]:
    """The unread messages of a mailbox by arrival."""
    return _rows_with(db, account, mailbox, "flags & 1 = 0")


def unread_among(db: sqlite3.Connection, messages: Sequence[int]) -> int:
    """How many of these messages are unread."""
    counted = 0
    for part in chunks(messages):
        marks = ", ".join(str(int(each)) for each in part)
        query = f"SELECT count(*) FROM message WHERE id IN ({marks}) AND flags & 1 = 0 AND leaving IS NULL"  # noqa: S608
        counted += db.execute(query).fetchone()[0]
    return counted


def marked_rows(
    db: sqlite3.Connection, account: str, mailbox: int, *, shown_in: int | None = None
) -> Iterator[IndexRow]:
    """The messages of a mailbox that are marked to be deleted, by arrival.

    ``shown_in``: only those of threads that this mailbox has a message of.
    """
    marked = "flags & 8 <> 0"
    if shown_in is None:
        return _rows_with(db, account, mailbox, marked)
    shown = "? IN (SELECT mailbox FROM thread WHERE id = message.thread)"
    return _rows_with(db, account, mailbox, f"{marked} AND {shown}", shown_in)


def thread_rows(db: sqlite3.Connection, account: str, mailbox: int, thread: int) -> list[IndexRow]:
    """The messages of a thread in one mailbox, by date."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM message WHERE thread = ? AND mailbox = ? AND leaving IS NULL ORDER BY date, id",  # noqa: S608
        (thread, mailbox),
    )
    return [IndexRow(account, *row) for row in rows]


def new_messages(db: sqlite3.Connection, mailbox: str) -> list[str]:
    """The names (``emailid``) of the messages of the mailbox called so, that no list has shown before."""
    rows = db.execute(
        "SELECT emailid FROM message WHERE mailbox = (SELECT id FROM mailbox WHERE name = ?) AND leaving IS NULL "
        "AND flags & 65 = 0",
        (mailbox,),
    )
    return [read_name(name) for (name,) in rows]


def _rows_with(db: sqlite3.Connection, account: str, mailbox: int, where: str, *values: int) -> Iterator[IndexRow]:
    rows = db.execute(
        f"SELECT {COLUMNS} FROM message WHERE mailbox = ? AND leaving IS NULL AND {where} "  # noqa: S608
        "ORDER BY arrived, id",
        (mailbox, *values),
    )
    return (IndexRow(account, *row) for row in rows)


def thread_name(db: sqlite3.Connection, thread: int) -> str:
    """The Message-ID of the oldest message of a thread; empty if it has none. It outlives the cache."""
    row = db.execute(
        "SELECT message_id FROM message WHERE thread = ? AND message_id <> '' ORDER BY date, id LIMIT 1", (thread,)
    ).fetchone()
    return "" if row is None else str(row[0])
