"""Servers whose folders are labels (Gmail): one message is listed in several of them, with the same ``objectid``.

Functions run inside a transaction of the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tuimail.cache.database import ReadableCache

_KEY = "folders are labels"


def set_has_labels(db: sqlite3.Connection, has: bool) -> None:
    """Remember whether the account's folders are labels."""
    if has != has_labels(db):
        db.execute("INSERT OR REPLACE INTO state (k, v) VALUES (?, ?)", (_KEY, int(has)))


def has_labels(db: sqlite3.Connection) -> bool:
    """Whether the account's folders are labels."""
    row = db.execute("SELECT v FROM state WHERE k = ?", (_KEY,)).fetchone()
    return bool(row and row[0])


class EachOnce:
    """Lets one row of each message pass, the first that is asked about. For one list, on the thread of ``cache``."""

    def __init__(self, cache: ReadableCache) -> None:
        """Raises StorageError."""
        self._cache = cache
        self._seen: set[str] = set()
        with cache.reading() as db:
            self._on = has_labels(db)

    def passes(self, number: int) -> bool:
        """Whether the message of this row was not shown before. Raises StorageError."""
        if not self._on:
            return True
        with self._cache.reading() as db:
            row = db.execute("SELECT objectid FROM message WHERE id = ?", (number,)).fetchone()
        name = str(row[0]) if row is not None else ""
        if name in self._seen:
            return False
        if name:
            self._seen.add(name)
        return True

    def newest(self, ids: Sequence[int]) -> Sequence[int]:
        """Those of ``ids``, the oldest first, that show each message once; of several the last one."""
        if not self._on:
            return ids
        return [number for number in reversed(ids) if self.passes(number)][::-1]
