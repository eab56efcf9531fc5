"""What SQLite and the disk say about a store, in sentences."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class DamagedDatabaseError(StorageError):
    """The database cannot be read: it is none, or its pages do not fit together."""


@contextmanager
def storage_errors(store: str, damaged: Callable[[str], Exception]) -> Iterator[None]:
    """Raise what goes wrong with a database as StorageError, or as what ``damaged`` makes of it.

    A query that was interrupted raises sqlite3.OperationalError as it is.

    Args:
        store: what it holds, as it stands in a sentence ("the outbox").
        damaged: the error for a damaged database, from what SQLite says.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            raise
        refused = _refused(store, code)
        raise damaged(str(error)) if refused is None else refused from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise damaged(str(error)) from error
    except OSError as error:
        raise StorageError(
            f"{_capital(store)} cannot be used: {error.strerror or error}.",
            hint="Check the disk and its permissions.",
        ) from error


def _refused(store: str, code: int) -> StorageError | None:
    """The error for a sound database that cannot be used; ``code`` is SQLite's primary one."""
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageError(f"Another tuimail holds {store}.", hint="Try again in a moment.")
    if code == sqlite3.SQLITE_FULL:
        return StorageError(f"The disk is full: {store} could not be written.", hint="Make room on it and try again.")
    if code == sqlite3.SQLITE_READONLY:
        return StorageError(
            f"{_capital(store)} is read-only.", hint="Check the disk and the permissions of the folder."
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return StorageError(f"{_capital(store)} cannot be opened.", hint="Check the permissions of the folder.")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
        return StorageError(f"The disk has a fault: {store} could not be written.", hint="Check the disk.")
    return None


def _capital(store: str) -> str:
    return store[:1].upper() + store[1:]
