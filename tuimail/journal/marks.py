r"""Messages that the user marked to be deleted, until that is carried out or taken back. Durable, and known here only.

A Maildir's own letter T and IMAP's \Deleted are not used for it: another program would delete what only we marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tuimail.journal.database import JournalDatabase

Place = tuple[str, str]
"""Folder and key of a message (mail/message_ref)."""


class DeletionMarks:
    """The marks in the journal's database. Used by one thread at a time."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    def of(self, account: str) -> set[Place]:
        """The marked messages of an account. Raises StorageError."""
        with self._database.reading() as db:
            rows = db.execute("SELECT folder, key FROM deletion_mark WHERE account = ?", (account,)).fetchall()
        return {(_read(folder), _read(key)) for folder, key in rows}

    def add(self, account: str, places: Iterable[Place]) -> int:
        """Mark messages; when it returns the marks survive a power cut. How many are new. Raises StorageError."""
        return self._change(
            "INSERT OR IGNORE INTO deletion_mark (account, folder, key) VALUES (?, ?, ?)", account, places
        )

    def remove(self, account: str, places: Iterable[Place]) -> int:
        """Take marks back; how many there were. Raises StorageError."""
        return self._change("DELETE FROM deletion_mark WHERE account = ? AND folder = ? AND key = ?", account, places)

    def rename(self, account: str, folder: str, keys: Mapping[str, str]) -> None:
        """Messages of a folder have other keys now, new ones by old ones; inside a transaction of the journal."""
        self._database.db.executemany(
            "UPDATE OR REPLACE deletion_mark SET key = ? WHERE account = ? AND folder = ? AND key = ?",
            ((_storable(new), account, _storable(folder), _storable(old)) for old, new in keys.items()),
        )

    def _change(self, statement: str, account: str, places: Iterable[Place]) -> int:
        rows = [(account, _storable(folder), _storable(key)) for folder, key in places]
        if not rows:
            return 0
        with self._database.writing() as db:
            return db.executemany(statement, rows).rowcount


def _storable(name: str) -> str | bytes:
    """File names need not be text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape")
    return name


def _read(stored: str | bytes) -> str:
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogateescape")
