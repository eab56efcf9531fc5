"""Messages that were stored since the mailboxes were looked at before, to tell the user of new mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name
from tuimail.mail.flags import DELETED, DRAFT, OLD, SEEN

if TYPE_CHECKING:
    import sqlite3


class UnseenMessage(NamedTuple):
    """A message that nobody has seen."""

    folder: str
    """As it is shown."""
    special: str
    """RFC 6154, without the backslash; empty for a folder like others."""
    key: str
    """What the message is called there (``MessageRef.key``)."""


def last_stored(db: sqlite3.Connection) -> int:
    """The id of the row that was stored last; 0: none ever was."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
    return 0 if row is None else int(row[0])


def stored_since(db: sqlite3.Connection, after: int, arrived: float, most: int) -> list[UnseenMessage]:
    """The newest ``most`` messages stored after the row ``after`` that no list and no program has shown as read.

    Only those that came to their folder at ``arrived`` or later (seconds since the epoch): what is moved or found late
    is no new mail.
    """
    rows = db.execute(
        "SELECT mailbox.name, mailbox.special, message.emailid FROM message "
        "JOIN mailbox ON mailbox.id = message.mailbox "
        "WHERE message.id > ? AND arrived >= ? AND leaving IS NULL AND emailid <> '' AND flags & ? = 0 "
        "ORDER BY message.id DESC LIMIT ?",
        (after, arrived, SEEN | OLD | DELETED | DRAFT, most),
    )
    return [UnseenMessage(folder, special, read_name(key)) for folder, special, key in rows]
