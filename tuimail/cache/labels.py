"""Servers whose folders are labels (Gmail): one message is listed in several of them, with the same ``objectid``.

All functions run inside a transaction of the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.threads import chunks

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

_KEY = "folders are labels"


def set_has_labels(db: sqlite3.Connection, has: bool) -> None:
    """Remember whether the account's folders are labels."""
    if has != has_labels(db):
        db.execute("INSERT OR REPLACE INTO state (k, v) VALUES (?, ?)", (_KEY, int(has)))


def has_labels(db: sqlite3.Connection) -> bool:
    """Whether the account's folders are labels."""
    row = db.execute("SELECT v FROM state WHERE k = ?", (_KEY,)).fetchone()
    return bool(row and row[0])


def object_ids(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """What the server calls the messages of these rows in all folders; without those that have no such name."""
    found: dict[int, str] = {}
    for part in chunks(ids):
        marks = ", ".join("?" * len(part))
        found.update(db.execute(f"SELECT id, objectid FROM message WHERE id IN ({marks}) AND objectid <> ''", part))  # noqa: S608
    return found


class EachOnce:
    """Lets the first row of each message pass. Used for one list of rows."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._on = has_labels(db)
        self._seen: set[str] = set()

    def rest(self, ids: Collection[int]) -> set[int]:
        """Those of ``ids``, in their order, that show a message which was not shown before."""
        if not self._on:
            return set(ids)
        names = object_ids(self._db, list(ids))
        passed = set()
        for number in ids:
            name = names.get(number)
            if name is None or name not in self._seen:
                passed.add(number)
                if name is not None:
                    self._seen.add(name)
        return passed
