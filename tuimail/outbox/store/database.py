"""The connection to the index database: how it is opened, checked, locked and written.

One connection, used by one thread at a time (coordination/writer). ``journal_mode=TRUNCATE`` and ``synchronous=EXTRA``:
power cuts lost acknowledged commits with Python's defaults (DELETE, FULL: 5 of 50) and with WAL and NORMAL (3 of 25),
and WAL with two connections is corruptible on every SQLite before 3.51.3. A commit costs five fsyncs, so transactions
may be put together: one inside another is a part of it, undone alone and made durable with the whole.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.coordination import sqlite
from tuimail.coordination.lock import PATIENCE, PAUSE
from tuimail.durable import storage_error
from tuimail.errors import OutboxDamagedError, StorageError
from tuimail.outbox.store.index_check import needs_check, note_state
from tuimail.outbox.store.schema import VERSION, check_tables, check_version, migrate, version_of
from tuimail.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tuimail.coordination.lock import FolderLock

NAME = "index.db"
BUSY_SECONDS = 5.0
THOROUGH = 32 * 1024 * 1024
"""Bytes up to which a check compares every index of the database with its table, not only the pages' form."""


class Database:
    """An open index database."""

    def __init__(self, path: Path, lock: FolderLock) -> None:
        """Open, check and upgrade it; make it if there is none.

        Raises:
            OutboxDamagedError: it is no database, or a damaged one.
            StorageError: the disk refuses, another process holds it, or a newer tuimail wrote it.
        """
        self.path = path
        self.inside = False
        """A transaction is open."""
        self._unsynced: list[tuple[int, Path]] = []
        self._afterwards: list[Callable[[], None]] = []
        self.committed: Callable[[], None] = _ignore_commit
        """Called after every transaction that changed something."""
        self._checked_at = time.time() if needs_check(path) else None
        with storage_errors():
            os.close(open_private(path, os.O_RDWR | os.O_CREAT))
            self.db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            with storage_errors():
                self._prepare()
                if self._checked_at is not None:
                    self._check()
                version = version_of(self.db)
                if version == VERSION:
                    check_tables(self.db)
            check_version(version)
            if version < VERSION:
                self._upgrade(lock)
        except BaseException:
            self.db.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction; when the block ends, it survives a power cut. An exception undoes it.

        Inside another one it is a part of that: an exception undoes the part, the end of the whole makes it durable.

        Raises:
            StorageError: the disk refuses, or another process holds the outbox; nothing was changed then.
            OutboxDamagedError: the database is damaged.
        """
        with self._part() if self.inside else self._whole() as db:
            yield db

    @contextmanager
    def _whole(self) -> Iterator[sqlite3.Connection]:
        before = self.db.total_changes
        try:
            with storage_errors():
                self.db.execute("BEGIN IMMEDIATE")
                self.inside = True
                try:
                    yield self.db
                    self._sync()
                    self.db.execute("COMMIT")
                except BaseException:
                    if self.db.in_transaction:
                        self.db.execute("ROLLBACK")
                    raise
                afterwards = self._afterwards
        finally:
            self.inside = False
            self._forget(0, 0)
        for work in afterwards:
            work()
        if self.db.total_changes != before:
            self.committed()

    @contextmanager
    def _part(self) -> Iterator[sqlite3.Connection]:
        before = len(self._unsynced), len(self._afterwards)
        with storage_errors():
            self.db.execute("SAVEPOINT part")
            try:
                yield self.db
            except BaseException:
                self._forget(*before)
                if self.db.in_transaction:  # SQLite undoes the whole on some errors of the disk
                    self.db.execute("ROLLBACK TO part")
                    self.db.execute("RELEASE part")
                raise
            self.db.execute("RELEASE part")

    def sync_first(self, descriptor: int, path: Path) -> None:
        """Inside ``writing``: make what was written to an open file durable before the commit, and close it."""
        self._unsynced.append((descriptor, path))

    def afterwards(self, work: Callable[[], None]) -> None:
        """Inside ``writing``: do ``work`` when the transaction is durable, and only then. It must not raise."""
        self._afterwards.append(work)

    def _sync(self) -> None:
        # All of it is written by now: the first fsync takes the most of the others' with it.
        for descriptor, path in self._unsynced:
            try:
                os.fsync(descriptor)
            except OSError as error:
                raise storage_error(path, error) from error

    def _forget(self, unsynced: int, afterwards: int) -> None:
        """Close the files and leave the work that came after so many of them."""
        for descriptor, _ in self._unsynced[unsynced:]:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._unsynced = self._unsynced[:unsynced]
        self._afterwards = self._afterwards[:afterwards]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read outside a transaction."""
        with storage_errors():
            yield self.db

    def close(self) -> None:
        """Close it; never raises."""
        try:
            self.db.close()
        except sqlite3.Error:
            return
        note_state(self.path, checked_at=self._checked_at)

    def _prepare(self) -> None:
        for pragma in (
            "journal_mode = TRUNCATE",
            "synchronous = EXTRA",
            "mmap_size = 0",
            "trusted_schema = OFF",
            "cell_size_check = ON",
        ):
            self.db.execute(f"PRAGMA {pragma}").fetchall()

    def _check(self) -> None:
        check = "integrity_check" if self.path.stat().st_size <= THOROUGH else "quick_check"
        found = self.db.execute(f"PRAGMA {check}(1)").fetchone()
        if found is None or found[0] != "ok":
            raise _damaged(str(found[0]) if found else "no answer")

    def _upgrade(self, lock: FolderLock) -> None:
        """New tables at once; a step between versions only while no other process has the old tables open."""
        until = time.monotonic() + PATIENCE
        while (version := self._version()) not in (0, VERSION):
            alone = lock.try_alone()
            try:
                if alone:
                    with storage_errors():
                        self._backup(version)
                    with self.writing() as db:
                        migrate(db)
                    return
            finally:
                lock.share()
            if time.monotonic() >= until:
                raise StorageError(
                    "The outbox must be upgraded, and another tuimail has it open.",
                    hint="Close the other tuimail, then start again.",
                )
            time.sleep(PAUSE)
        with self.writing() as db:
            migrate(db)

    def _version(self) -> int:
        with storage_errors():
            return version_of(self.db)

    def _backup(self, version: int) -> None:
        """A copy beside it, so that a step that goes wrong costs nothing."""
        backup = self.path.with_name(f"index.before-{version + 1}")
        backup.unlink(missing_ok=True)
        os.close(open_private(backup, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        copy = sqlite3.connect(backup)
        try:
            self.db.backup(copy)
        finally:
            copy.close()


def _ignore_commit() -> None:
    """Called after a commit when there is no other callback."""


def storage_errors() -> contextlib.AbstractContextManager[None]:
    """What SQLite and the disk say, in words."""
    return sqlite.storage_errors("the outbox", _damaged)


def _damaged(said: str) -> OutboxDamagedError:
    return OutboxDamagedError(
        f"The outbox index is damaged ({said}).", hint="Start tuimail again: it is rebuilt from the letters."
    )
