"""The mailboxes of an account as the cache knows them: names, counts, and what is known of the server's state.

All functions run inside a transaction of the caller, so that a state is stored with the messages it speaks of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlite3

_STATE = (
    "name",
    "delimiter",
    "special",
    "subscribed",
    "validity",
    "uidnext",
    "modseq",
    "level",
    "low_uid",
    "policy",
    "synced_at",
    "objectid",
    "rights",
)


class CachedMailbox(NamedTuple):
    """A row of ``mailbox``; see ``schema``."""

    id: int
    wire: str
    name: str
    delimiter: str
    special: str
    subscribed: int
    validity: int
    uidnext: int
    modseq: int
    level: str
    low_uid: int
    policy: str
    synced_at: int
    objectid: str
    rights: str
    total: int
    unread: int
    flagged: int
    answers: int


_COLUMNS = ", ".join(CachedMailbox._fields)


def add_mailbox(db: sqlite3.Connection, wire: str, **state: Any) -> int:
    """Make a mailbox, or change the ``state`` of the one with this wire name; returns its id."""
    row = db.execute("SELECT id FROM mailbox WHERE wire = ?", (wire,)).fetchone()
    if row is None:
        made = db.execute("INSERT INTO mailbox (wire, name) VALUES (?, ?)", (wire, state.get("name", wire)))
        number = made.lastrowid
        assert number is not None  # noqa: S101 - an INSERT into a table with rowids
    else:
        (number,) = row
    if state:
        update_mailbox(db, number, **state)
    return int(number)


def update_mailbox(db: sqlite3.Connection, mailbox: int, **state: Any) -> None:
    """Set columns of the mailbox; its counts are kept by ``summaries``.

    Raises:
        ValueError: there is no such column, or it is a count.
    """
    unknown = state.keys() - set(_STATE)
    if unknown:
        raise ValueError(f"not a state of a mailbox: {', '.join(sorted(unknown))}")
    columns = ", ".join(f"{name} = ?" for name in state)
    db.execute(f"UPDATE mailbox SET {columns} WHERE id = ?", (*state.values(), mailbox))  # noqa: S608 - names checked


def all_mailboxes(db: sqlite3.Connection) -> list[CachedMailbox]:
    """Every mailbox, by wire name."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM mailbox ORDER BY wire")  # noqa: S608 - fixed names
    return [CachedMailbox._make(row) for row in rows]


def mailbox_of(db: sqlite3.Connection, mailbox: int) -> CachedMailbox | None:
    """The mailbox with this id."""
    row = db.execute(f"SELECT {_COLUMNS} FROM mailbox WHERE id = ?", (mailbox,)).fetchone()  # noqa: S608 - fixed names
    return None if row is None else CachedMailbox._make(row)


def remove_mailbox(db: sqlite3.Connection, mailbox: int) -> None:
    """Forget the mailbox with its messages. What they referred to stays known to the threads."""
    db.execute(
        "DELETE FROM thread WHERE id IN (SELECT thread FROM message WHERE mailbox = ?) AND mailbox = ?", (mailbox,) * 2
    )
    db.execute("DELETE FROM message WHERE mailbox = ?", (mailbox,))
    db.execute("DELETE FROM state WHERE k = (SELECT ? || wire FROM mailbox WHERE id = ?)", (_STAMPS, mailbox))
    db.execute("DELETE FROM mailbox WHERE id = ?", (mailbox,))


_STAMPS = "stamps of "


def read_stamps(db: sqlite3.Connection) -> dict[str, str]:
    """What ``store_stamps`` stored, by wire name."""
    rows = db.execute("SELECT k, v FROM state WHERE k >= ? AND k < ?", (_STAMPS, _STAMPS + "\U0010ffff"))
    return {str(name).removeprefix(_STAMPS): str(stamps) for name, stamps in rows}


def store_stamps(db: sqlite3.Connection, wire: str, stamps: str) -> None:
    """Remember the time stamps of a mailbox, of which the rows that are stored with them are all it has."""
    db.execute("INSERT OR REPLACE INTO state (k, v) VALUES (?, ?)", (_STAMPS + wire, stamps))
