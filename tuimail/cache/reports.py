"""Messages that may be delivery reports, until somebody has looked at them. They are noted when they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


class WaitingReport(NamedTuple):
    """A message to be looked at."""

    id: int
    folder: str
    """Wire name."""
    key: str
    """In a Maildir the unique part of its file's name."""
    arrived: int
    """Seconds since the epoch; 0 if it is not known."""


def are_waiting(db: sqlite3.Connection) -> bool:
    """There is such a message."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM maybe_report)").fetchone()[0])


def waiting(db: sqlite3.Connection, since: float, most: int) -> list[WaitingReport]:
    """The first ``most`` of the messages that arrived since then, in the order in which they were stored."""
    rows = db.execute(
        "SELECT message.id, mailbox.name, message.emailid, message.arrived FROM maybe_report "
        "CROSS JOIN message ON message.id = maybe_report.message JOIN mailbox ON mailbox.id = message.mailbox "
        "WHERE message.leaving IS NULL AND message.arrived >= ? ORDER BY message.id LIMIT ?",
        (since, most),
    )
    return [WaitingReport(number, folder, read_name(key), arrived) for number, folder, key, arrived in rows]


def settle(db: sqlite3.Connection, looked_at: Iterable[int], since: float) -> None:
    """Forget those that were looked at, that are gone, and that arrived before ``since``. In a transaction."""
    db.executemany("DELETE FROM maybe_report WHERE message = ?", ((each,) for each in looked_at))
    db.execute(
        "DELETE FROM maybe_report WHERE NOT EXISTS "
        "(SELECT 1 FROM message WHERE message.id = maybe_report.message AND arrived >= ?)",
        (since,),
    )
