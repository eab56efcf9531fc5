"""What the user did to threads: edits of their shape, and which are muted. Durable; the cache only shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.thread_edit import ThreadEdit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.journal.database import JournalDatabase

_PUT = "REPLACE INTO thread_edit (account, message_id, parent, below, apart) VALUES (?, ?, ?, ?, ?)"
_DROP = "DELETE FROM thread_edit WHERE account = ? AND message_id = ?"
_MUTE = "INSERT OR IGNORE INTO thread_mute (account, message_id) VALUES (?, ?)"
_UNMUTE = "DELETE FROM thread_mute WHERE account = ? AND message_id = ?"


class ThreadChanges:
    """The edits in the journal's database. Used by one thread at a time."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    def edits(self, account: str) -> list[ThreadEdit]:
        """The edits of an account. Raises StorageError."""
        query = "SELECT message_id, parent, below, apart FROM thread_edit WHERE account = ?"
        with self._database.reading() as db:
            rows = db.execute(query, (account,)).fetchall()
        return [ThreadEdit.read(*row) for row in rows]

    def edit(self, account: str, put: Iterable[ThreadEdit], drop: Iterable[str] = ()) -> None:
        """Store edits, in the place of those of the same messages, and forget others; all or nothing.

        When it returns they survive a power cut. Raises StorageError.
        """
        with self._database.writing() as db:
            db.executemany(_DROP, [(account, name) for name in drop])
            db.executemany(_PUT, [(account, *each.stored) for each in put])

    def muted(self, account: str) -> set[str]:
        """Message-IDs whose threads are muted. Raises StorageError."""
        with self._database.reading() as db:
            rows = db.execute("SELECT message_id FROM thread_mute WHERE account = ?", (account,)).fetchall()
        return {name for (name,) in rows}

    def mute(self, account: str, names: Iterable[str], *, muted: bool) -> None:
        """Mute the threads of these messages, or take that back; durable when it returns. Raises StorageError."""
        with self._database.writing() as db:
            db.executemany(_MUTE if muted else _UNMUTE, [(account, name) for name in names])
