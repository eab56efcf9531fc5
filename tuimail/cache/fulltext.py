"""The full-text index of an account: SQLite's FTS5 without the texts, in a file beside ``index.db``.

``index.db`` names the file that belongs to it and says of each message which row is its text, so a reader never takes
an old index for a new one: another file has another name. A row is known by the hash of the message's bytes; its
number, the second of arrival and a counter, is never used again. What is dead stays until the index is made anew; who
asks joins with ``message``, so it is never found. The writer is the holder of the account's lock, with a connection
and a thread of its own. Whatever is wrong with the file, it is only an index: readers do without it, the writer begins
another.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.database import (
    BUSY_SECONDS,
    SIDE_FILES,
    WAL_LIMIT,
    ReadableCache,
    is_on_network,
    make_file,
    set_pragmas,
)
from tuimail.cache.fulltext_tokens import TOKENIZE, stored_text
from tuimail.coordination.sqlite import DamagedDatabaseError, storage_errors
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tuimail.mail.indexed_text import IndexedText

VERSION = 1
"""In ``PRAGMA user_version``."""
APPLICATION = 0x74756D66
"""In ``PRAGMA application_id``."""
COUNTER_BITS = 20
_COUNTER = (1 << COUNTER_BITS) - 1
_LATEST = 1 << 42
"""Seconds; what is later, or before the epoch, is taken for the nearest of both."""
_STATE = "fulltext"
"""Under it ``index.db`` has the file's name."""
_NAME = re.compile(r"fulltext-[0-9a-f]{16}\.db")
_CREATE_TEXTS = (
    "CREATE VIRTUAL TABLE texts USING fts5(subject, people, body, names, content='', detail=full, "
    f'tokenize="{TOKENIZE}")'
)
_INSERT = "INSERT INTO texts (rowid, subject, people, body, names) VALUES (?, ?, ?, ?, ?)"


class NewText(NamedTuple):
    """A text for the index."""

    hash: bytes
    """Of the message's bytes."""
    arrived: int
    """Seconds since the epoch."""
    text: IndexedText


class ReadableFulltext:
    """A connection that only asks; used by one thread at a time. ``interrupt`` may come from another."""

    def __init__(self, path: Path) -> None:
        """Open the index.

        Raises:
            StorageError: there is none, or it is damaged.
        """
        with _errors():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with _errors():
                set_pragmas(self._db, "query_only = ON")
                current = _is_current(self._db)
            if not current:
                raise _damaged("it is of another version")
        except BaseException:
            self._db.close()
            raise

    def hits(self, query: str) -> list[int]:
        """The rows that match a query of FTS5, dead ones too, in no order.

        Raises:
            StorageError: the index is damaged, or the disk refuses.
            sqlite3.OperationalError: ``interrupt`` was called.
        """
        with _errors():
            return [number for (number,) in self._db.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (query,))]

    def interrupt(self) -> None:
        """Break off the query that is running."""
        self._db.interrupt()

    def close(self) -> None:
        """Close it; never raises."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()


class WritableFulltext:
    """The only connection that writes the index; used by one thread at a time, in the holder of the account's lock."""

    def __init__(self, path: Path) -> None:
        """Open the index, or begin an empty one where there is none.

        Raises:
            DamagedDatabaseError: it is damaged, or of another version: ``remove`` it.
            StorageError: the disk refuses.
        """
        self.path = path
        make_file(path)
        with _errors():
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            with _errors():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        set_pragmas(db, "mmap_size = 0", "cell_size_check = ON", "cache_size = -16000")
        if is_on_network(self.path.parent):
            set_pragmas(db, "journal_mode = TRUNCATE", "synchronous = NORMAL")
        else:
            set_pragmas(db, "journal_mode = WAL", "synchronous = NORMAL", f"journal_size_limit = {WAL_LIMIT}")
        db.execute("BEGIN IMMEDIATE")
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            db.execute(_CREATE_TEXTS)
            db.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE) STRICT")
            db.execute("CREATE TABLE state (k TEXT PRIMARY KEY, v ANY NOT NULL) STRICT, WITHOUT ROWID")
            db.execute("INSERT INTO state (k, v) VALUES ('counter', 0)")
            set_pragmas(db, f"application_id = {APPLICATION}", f"user_version = {VERSION}")
        elif not _is_current(db):
            db.execute("ROLLBACK")
            raise _damaged("it is of another version")
        db.execute("COMMIT")

    def known(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """The rows of those texts that are indexed, by the hash. Raises StorageError."""
        found: dict[bytes, int] = {}
        with _errors():
            for each in hashes:
                row = self._db.execute("SELECT id FROM entry WHERE hash = ?", (each,)).fetchone()
                if row is not None:
                    found[each] = row[0]
        return found

    def add(self, texts: Sequence[NewText]) -> dict[bytes, int]:
        """Index texts that are not known, in one transaction; the row of each by its hash.

        Raises:
            DamagedDatabaseError: the index is damaged: ``remove`` it.
            StorageError: the disk refuses; nothing was changed.
        """
        found: dict[bytes, int] = {}
        with _errors(), self._transaction() as db:
            (counter,) = db.execute("SELECT v FROM state WHERE k = 'counter'").fetchone()
            for each in texts:
                if each.hash in found:
                    continue
                second = min(max(each.arrived, 1), _LATEST) << COUNTER_BITS
                counter += 1
                while db.execute("SELECT 1 FROM entry WHERE id = ?", (second | counter & _COUNTER,)).fetchone():
                    counter += 1
                found[each.hash] = second | counter & _COUNTER
                self._put(found[each.hash], each.hash, each.text)
            db.execute("UPDATE state SET v = ? WHERE k = 'counter'", (counter,))
        return found

    def copy(self, texts: Iterable[tuple[int, bytes, IndexedText]], counter: int) -> None:
        """Index texts under the numbers that they have in another index, whose ``counter`` goes on here.

        Raises:
            DamagedDatabaseError: the index is damaged.
            StorageError: the disk refuses; nothing was changed.
        """
        with _errors(), self._transaction() as db:
            for each in texts:
                self._put(*each)
            db.execute("UPDATE state SET v = max(v, ?) WHERE k = 'counter'", (counter,))

    @property
    def counter(self) -> int:
        """Counts the texts that were ever indexed. Raises StorageError."""
        with _errors():
            return int(self._db.execute("SELECT v FROM state WHERE k = 'counter'").fetchone()[0])

    def entries(self) -> dict[int, bytes]:
        """The hashes of all texts, dead ones too, by their rows. Raises StorageError."""
        with _errors():
            return dict(self._db.execute("SELECT id, hash FROM entry"))

    def most(self) -> int:
        """At most so many texts there are, dead ones too; known at once. Raises StorageError."""
        with _errors():
            first, last = self._db.execute("SELECT (SELECT min(id) FROM entry), (SELECT max(id) FROM entry)").fetchone()
            return 0 if first is None else int(last - first + 1)

    def count(self) -> int:
        """How many texts there are, dead ones too. Raises StorageError."""
        with _errors():
            return int(self._db.execute("SELECT count(*) FROM entry").fetchone()[0])

    def close(self) -> None:
        """Close it; never raises. What was committed stays."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def _put(self, number: int, digest: bytes, text: IndexedText) -> None:
        self._db.execute("INSERT INTO entry (id, hash) VALUES (?, ?)", (number, digest))
        self._db.execute(_INSERT, (number, *map(stored_text, text)))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


class TemporaryFulltext:
    """One text in memory, asked as the index would be: for a message that is not indexed yet."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(_CREATE_TEXTS)

    def hold(self, text: IndexedText) -> None:
        """Ask about ``text`` from now on."""
        self._db.execute("INSERT INTO texts (texts) VALUES ('delete-all')")
        self._db.execute(_INSERT, (1, *map(stored_text, text)))

    def matches(self, query: str) -> bool:
        """Whether it matches a query of FTS5."""
        return self._db.execute("SELECT 1 FROM texts WHERE texts MATCH ?", (query,)).fetchone() is not None

    def close(self) -> None:
        """Free it."""
        self._db.close()


def new_name() -> str:
    """A file's name that no index had before."""
    return f"fulltext-{os.urandom(8).hex()}.db"


def name_of(db: sqlite3.Connection) -> str:
    """The file that belongs to ``index.db``, in its folder; empty if there is none."""
    row = db.execute("SELECT v FROM state WHERE k = ?", (_STATE,)).fetchone()
    return str(row[0]) if row is not None and _NAME.fullmatch(str(row[0])) else ""


def set_name(db: sqlite3.Connection, name: str) -> None:
    """Let ``index.db`` go with this file, which must have all texts that messages refer to; in a transaction."""
    db.execute("INSERT OR REPLACE INTO state (k, v) VALUES (?, ?)", (_STATE, name))


def forget_texts(db: sqlite3.Connection) -> None:
    """No message is indexed any more; in a transaction."""
    db.execute("UPDATE message SET text = NULL WHERE text IS NOT NULL")


def files(folder: Path) -> list[Path]:
    """The indexes in an account's folder, the one written last at the end."""
    found = []
    with contextlib.suppress(OSError):
        for each in folder.iterdir():
            if _NAME.fullmatch(each.name):
                with contextlib.suppress(OSError):
                    found.append((each.stat().st_mtime_ns, each))
    return [path for _, path in sorted(found)]


def remove(path: Path) -> None:
    """Delete an index that this process does not have open; never raises. Readers keep what they have open."""
    for suffix in ("", *SIDE_FILES):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def open_of(cache: ReadableCache, db: sqlite3.Connection) -> ReadableFulltext | None:
    """The index that belongs to what ``db`` shows; None: there is none that can be read.

    ``db`` is in a transaction that began before: of all texts its messages refer to, the index has the words.
    """
    name = name_of(db)
    if not name:
        return None
    try:
        return ReadableFulltext(cache.path.with_name(name))
    except StorageError:
        return None


def _is_current(db: sqlite3.Connection) -> bool:
    pragmas = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    return tuple(pragmas) == (APPLICATION, VERSION)


def _errors() -> contextlib.AbstractContextManager[None]:
    return storage_errors("the full-text index", _damaged)


def _damaged(said: str) -> DamagedDatabaseError:
    return DamagedDatabaseError(
        f"The full-text index is damaged ({said}).", hint="It is made anew from the letters; none is lost."
    )
