"""The index database of an account: one connection that writes, any number that read beside it.

WAL and ``synchronous=NORMAL``: a reader waits 0.7 ms beside a writer where a rollback journal makes it wait 40, and the
last commits that a power cut may take are fetched again, for what is known of the server is stored with the rows it
speaks of. Only the holder of the account's lock writes; readers open ``mode=ro``, also in the writer's process, where
nothing else may open or close the file (POSIX locks would be dropped). On a network disk there is no WAL.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.cache import schema
from tuimail.coordination.sqlite import DamagedDatabaseError, storage_errors
from tuimail.durable import storage_error
from tuimail.errors import ForeignStoreError, StorageError
from tuimail.private_files import open_private, private_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.cache.writer_lock import WriterLock

NAME = "index.db"
BUSY_SECONDS = 5.0
WAL_LIMIT = 8 << 20
"""Bytes to which the WAL is cut after a checkpoint."""
SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite puts beside a database, behind its name."""
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone")
"""File systems of other machines, where processes do not share memory."""


class NoCacheError(StorageError):
    """There is no cache, or one of another version: it is being filled, or no account was synced yet."""


class DamagedCacheError(DamagedDatabaseError):
    """The index database of an account cannot be read."""

    def __init__(self, path: Path, said: str) -> None:
        super().__init__(f"The cache is damaged ({said}).", hint="It is made anew; no letter is lost.")
        self.folder = path.parent
        """Of the cache."""
        self.file = _identity(path)
        """Device and inode of what is there now."""

    @property
    def is_certain(self) -> bool:
        """The database itself is to blame; else it may be the query: ``check`` tells."""
        cause = self.__cause__
        if not isinstance(cause, sqlite3.Error):
            return True
        code = getattr(cause, "sqlite_errorcode", None)
        if code is None:  # not from SQLite: a text that cannot be decoded
            return isinstance(cause, sqlite3.OperationalError)
        return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class ReadableCache:
    """A connection that only reads; used by one thread at a time. ``interrupt`` may come from another."""

    def __init__(self, folder: Path) -> None:
        """Open the cache in ``folder``.

        Raises:
            NoCacheError: there is none.
            DamagedDatabaseError: it is damaged; its writer makes a new one.
            StorageError: the disk refuses.
        """
        self.path = folder / NAME
        self._file = _identity(self.path)
        if self._file is None:
            raise _no_cache()
        with _errors(self.path):
            self.db = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with _errors(self.path):
                set_pragmas(self.db, "query_only = ON")
                current = schema.is_current(self.db)
            if not current:
                raise _no_cache()
        except BaseException:
            self.db.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Queries whose errors become sentences; each sees what is committed when it begins.

        Raises:
            DamagedDatabaseError: the cache is damaged.
            StorageError: the disk refuses.
            sqlite3.OperationalError: ``interrupt`` was called.
        """
        with _errors(self.path):
            yield self.db

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The same for queries that must see one state. Keep it short: the WAL grows meanwhile."""
        with self.reading() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def interrupt(self) -> None:
        """Break off the query that is running."""
        self.db.interrupt()

    def version(self) -> int:
        """Changes when another connection has committed something."""
        with _errors(self.path):
            return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def is_lost(self) -> bool:
        """The file was deleted or replaced since it was opened: close this and open it again."""
        return _identity(self.path) != self._file

    def close(self) -> None:
        """Close it; never raises."""
        with contextlib.suppress(sqlite3.Error):
            self.db.close()


class WritableCache:
    """The only connection that writes; used by one thread at a time (coordination/writer)."""

    def __init__(self, folder: Path, lock: WriterLock) -> None:
        """Open the cache in ``folder``, or begin an empty one where there is none that can be used.

        Args:
            folder: made if missing.
            lock: held as long as the cache is open.

        Raises:
            StorageError: the disk refuses, or the folder belongs to another user.
        """
        if not lock.held:
            raise ValueError("the lock of the account is not held")
        self.path = private_dir(folder) / NAME
        self.set_aside: Path | None = None
        """Where a damaged cache was put on opening."""
        try:
            self.db = self._open()
        except DamagedDatabaseError:
            self.set_aside = set_aside(folder)
            self.db = self._open()
        self.file = _identity(self.path)
        """Device and inode."""

    @property
    def ended_cleanly(self) -> bool:
        """The writer before this one closed it; if not, ``check`` it when there is time."""
        return self._ended_cleanly

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; an exception undoes it.

        Raises:
            DamagedDatabaseError: the cache is damaged: close it, ``set_aside`` and open it again.
            StorageError: the disk refuses; nothing was changed.
        """
        with _errors(self.path):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def checkpoint(self) -> None:
        """Move the WAL into the database and cut it; for when nothing else is to be done. Raises StorageError."""
        with _errors(self.path):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def is_lost(self) -> bool:
        """The file was deleted or replaced since it was opened: close this and open it again."""
        return _identity(self.path) != self.file

    def close(self) -> None:
        """Close it; never raises. What was committed stays, and is checked on request after an unclean end."""
        with contextlib.suppress(sqlite3.Error):
            if not self.is_lost():
                self.db.execute("DELETE FROM state WHERE k = 'open'")
            self.db.close()

    def _open(self) -> sqlite3.Connection:
        make_file(self.path)
        with _errors(self.path):
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            with _errors(self.path):
                self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        set_pragmas(db, "mmap_size = 0", "trusted_schema = OFF", "cell_size_check = ON", "cache_size = -16000")
        if is_on_network(self.path.parent):
            set_pragmas(db, "journal_mode = TRUNCATE", "synchronous = NORMAL")
        else:
            set_pragmas(db, "journal_mode = WAL", "synchronous = NORMAL", f"journal_size_limit = {WAL_LIMIT}")
        db.execute("BEGIN IMMEDIATE")
        if schema.is_empty(db):
            schema.create(db)
        elif not schema.is_current(db):
            db.execute("ROLLBACK")
            raise DamagedCacheError(self.path, "it is of another version")
        self._ended_cleanly = db.execute("SELECT 1 FROM state WHERE k = 'open'").fetchone() is None
        db.execute("INSERT OR REPLACE INTO state (k, v) VALUES ('open', ?)", (os.getpid(),))
        db.execute("COMMIT")


def check(cache: ReadableCache) -> bool:
    """The pages fit together; 0.3 s for 100,000 messages, so not before the first screen. Raises StorageError."""
    try:
        with cache.reading() as db:
            found = db.execute("PRAGMA quick_check(1)").fetchone()
    except DamagedDatabaseError:
        return False
    return bool(found == ("ok",))


def set_aside(folder: Path) -> Path:
    """Rename a damaged cache that this process does not have open for writing; returns where it is.

    Raises:
        StorageError: the disk refuses.
    """
    path = folder / NAME
    aside = folder / f"{NAME}.damaged"
    try:
        with contextlib.suppress(FileNotFoundError):
            path.replace(aside)
        for suffix in SIDE_FILES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
    return aside


def is_on_network(folder: Path, mounts: str = "/proc/self/mountinfo") -> bool:
    """The folder is on another machine's disk; False where that cannot be told."""
    try:
        device = folder.stat().st_dev
        wanted = f"{os.major(device)}:{os.minor(device)}"
        with open(mounts, encoding="utf-8", errors="replace") as lines:  # noqa: PTH123 - not a file of ours
            for line in lines:
                fields, _, kind = line.partition(" - ")
                if fields.split()[2] == wanted:
                    return kind.split(" ", 1)[0] in _NETWORK
    except (OSError, IndexError):
        pass
    return False


def make_file(path: Path) -> None:
    """A private, empty file; an existing one is not opened, as that would drop the locks of our readers.

    Raises:
        StorageError: the disk refuses, or it belongs to another user.
    """
    try:
        try:
            info = path.lstat()
        except FileNotFoundError:
            for suffix in SIDE_FILES:  # of a database that is gone
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            os.close(open_private(path, os.O_RDWR | os.O_CREAT))
            return
    except OSError as error:
        raise storage_error(path, error) from error
    if info.st_uid != os.geteuid() or not stat.S_ISREG(info.st_mode):
        raise ForeignStoreError(f"{path} is not a file of yours.", hint="Delete it: it is only a cache.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def set_pragmas(db: sqlite3.Connection, *pragmas: str) -> None:
    """Set ``name = value`` each. Raises sqlite3.Error."""
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}").fetchall()


def _no_cache() -> NoCacheError:
    return NoCacheError("There is no cache of this account yet.", hint="It is made when the account is synced.")


def _errors(path: Path) -> contextlib.AbstractContextManager[None]:
    return storage_errors("the cache", lambda said: DamagedCacheError(path, said))
