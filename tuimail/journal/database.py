"""The connection to the journal's file, one for all accounts, which several processes use at once.

``journal_mode=TRUNCATE`` and ``synchronous=EXTRA`` as in the outbox, for the same reasons.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.coordination.sqlite import DamagedDatabaseError, storage_errors
from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import StorageError
from tuimail.journal.row import FOLLOWERS_INDEX, MARKS_SCHEMA, SCHEMA, THREAD_SCHEMAS, VERSION
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

NAME = "index.db"
BUSY_SECONDS = 5.0
"""Seconds to wait for another process's transaction."""


class JournalDatabase:
    """The open file. Used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Open it in ``folder``; make it if there is none.

        Raises:
            StorageError: the disk refuses, it is damaged, or a newer tuimail wrote it.
        """
        self.path = private_dir(folder) / NAME
        try:
            os.close(open_private(self.path, os.O_RDWR | os.O_CREAT))
        except OSError as error:
            raise storage_error(self.path, error) from error
        with self._errors():
            self.db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self.db.close()
            raise

    def close(self) -> None:
        """Close it."""
        self.db.close()

    def version(self) -> int:
        """Changes when another connection has committed something. Raises StorageError."""
        with self._errors():
            return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read, inside a transaction or outside. Raises StorageError."""
        with self._errors():
            yield self.db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction; an exception undoes it.

        Raises:
            StorageError: the disk refuses, or another process holds the journal; nothing was changed.
        """
        with self._errors():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        with self._errors():
            for pragma in ("journal_mode = TRUNCATE", "synchronous = EXTRA", "mmap_size = 0", "trusted_schema = OFF"):
                self.db.execute(f"PRAGMA {pragma}").fetchall()
            found = self._version()
        if found > VERSION:
            raise StorageError("The journal was written by a newer tuimail.", hint="Use the newer tuimail.")
        if found < VERSION:
            with self.writing() as db:
                found = self._version()
                if not found:
                    db.execute(SCHEMA)
                if found < 2:
                    db.execute(MARKS_SCHEMA)
                if found < 3:
                    for statement in THREAD_SCHEMAS:
                        db.execute(statement)
                if found < 6:
                    db.execute(FOLLOWERS_INDEX)
                db.execute(f"PRAGMA user_version = {VERSION}")
            for folder in (self.path.parent, self.path.parent.parent):
                fsync_folder(folder)

    def _version(self) -> int:
        return int(self.db.execute("PRAGMA user_version").fetchone()[0])

    def _errors(self) -> AbstractContextManager[None]:
        return storage_errors("the journal", self._damaged)

    def _damaged(self, said: str) -> DamagedDatabaseError:
        return DamagedDatabaseError(
            f"The journal is damaged ({said}).",
            hint=f"Move {self.path} away; changes of mail that were still waiting in it must be made again.",
        )
