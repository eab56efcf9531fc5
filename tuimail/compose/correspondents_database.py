"""The database of correspondents: opened, filled from the file of tuimail 0.1, set aside when it is damaged.

The search terms of a person stand twice: one row each in ``term``, where the few people behind a rare prefix are found,
and together in ``person``, where the best people are tested one after the other against a prefix that many have.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.compose.correspondent import read_first_version, search_terms
from tuimail.coordination import sqlite
from tuimail.durable import fsync_folder
from tuimail.errors import StorageError
from tuimail.private_files import open_private, private_dir, read_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.compose.correspondent import Correspondent

log = logging.getLogger(__name__)

VERSION = 2
"""In ``PRAGMA user_version``. Version 1 was a JSON file."""
MAX_PEOPLE = 20_000
BUSY_SECONDS = 5.0
LARGEST_FIRST_VERSION = 50_000_000
"""Bytes of a file of version 1 that are read; it has less than a fifth of that with MAX_PEOPLE."""

_PRAGMAS = (
    "journal_mode = TRUNCATE",
    "synchronous = EXTRA",
    "trusted_schema = OFF",
    "mmap_size = 0",
    "cache_size = -16000",  # KiB: MAX_PEOPLE are searched without reading the file again
)
_TABLES = (
    """CREATE TABLE person (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        address TEXT NOT NULL,
        name TEXT NOT NULL,
        weight REAL NOT NULL,
        last REAL NOT NULL,
        rank REAL NOT NULL,
        own_terms TEXT NOT NULL,
        domain_terms TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX person_by_rank ON person (rank DESC)",
    "CREATE INDEX person_by_last ON person (last DESC)",
    """CREATE TABLE term (
        own INTEGER NOT NULL,
        term TEXT NOT NULL,
        person INTEGER NOT NULL,
        PRIMARY KEY (own, term, person)
    ) STRICT, WITHOUT ROWID""",
)
_SURPLUS = """
SELECT id, own_terms, domain_terms FROM person
WHERE id IN (SELECT id FROM person ORDER BY rank DESC, id LIMIT -1 OFFSET ?)
"""


class DamagedError(Exception):
    """The database is damaged."""


def storage_errors() -> contextlib.AbstractContextManager[None]:
    """Raise what SQLite and the disk say as StorageError, or DamagedError."""
    return sqlite.storage_errors("the list of people written to before", DamagedError)


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """One durable transaction; an exception undoes it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def open_database(path: Path) -> sqlite3.Connection:
    """Open or make the database at ``path``, taking over the file of version 1 beside it, which is kept as a backup.

    Raises:
        DamagedError: it is no database of correspondents, or a damaged one.
        StorageError: the disk refuses, another process holds it, or a newer tuimail wrote it.
    """
    private_dir(path.parent)
    with storage_errors():
        os.close(open_private(path, os.O_RDWR | os.O_CREAT))
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                db.execute(f"PRAGMA {pragma}").fetchall()
            if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise DamagedError("its pages do not fit together")
            _make_tables(db)
            _take_over_first_version(db, path.with_suffix(".json"))
        except BaseException:
            db.close()
            raise
    return db


def _make_tables(db: sqlite3.Connection) -> None:
    if _version(db) == VERSION:
        return
    with writing(db):
        version = _version(db)
        if version > VERSION:
            raise StorageError(
                "A newer tuimail wrote the list of people written to before.", hint="Use that version of tuimail."
            )
        if version == VERSION:
            return  # another process was quicker
        for table in _TABLES:
            db.execute(table)
        db.execute(f"PRAGMA user_version = {VERSION}")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _take_over_first_version(db: sqlite3.Connection, old: Path) -> None:
    """Add the people of ``old`` and rename it; it may come back when an earlier tuimail runs once more."""
    try:
        content = read_private(old, LARGEST_FIRST_VERSION)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("%s cannot be read: %s", old, error)
        return
    try:
        people = read_first_version(content)
    except (ValueError, RecursionError) as error:
        log.warning("%s is damaged (%s) and set aside", old, error)
        old.replace(old.with_name(f"{old.name}.damaged"))
        return
    with writing(db):
        known = dict(db.execute("SELECT key, last FROM person"))
        for key, person in people.items():
            if known.get(key, -1.0) < person.last:
                put(db, key, person)
        prune(db)
    # Killed before this, the same people are added once more, which changes nothing.
    old.replace(old.with_name(f"{old.name}.before-{VERSION}"))
    fsync_folder(old.parent)


def put(db: sqlite3.Connection, key: str, person: Correspondent) -> None:
    """Add ``person``, or put in place of the one with this key; inside ``writing``."""
    found = db.execute("SELECT id, own_terms, domain_terms FROM person WHERE key = ?", (key,)).fetchone()
    own, domain = ("".join(f"\n{term}" for term in terms) for terms in search_terms(person))
    values = (person.address, person.name, person.weight, person.last, person.rank, own, domain)
    if found is None:
        number = db.execute(
            "INSERT INTO person (address, name, weight, last, rank, own_terms, domain_terms, key) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, key),
        ).lastrowid
    else:
        number = found[0]
        db.execute(
            "UPDATE person SET address = ?, name = ?, weight = ?, last = ?, rank = ?, own_terms = ?, domain_terms = ? "
            "WHERE id = ?",
            (*values, number),
        )
        if found[1:] == (own, domain):
            return
        _remove_terms(db, *found)
    db.executemany("INSERT INTO term (own, term, person) VALUES (?, ?, ?)", _term_rows(number, own, domain))


def prune(db: sqlite3.Connection) -> None:
    """Forget the least likely people beyond ``MAX_PEOPLE``; inside ``writing``."""
    surplus = db.execute(_SURPLUS, (MAX_PEOPLE,)).fetchall()
    for row in surplus:
        _remove_terms(db, *row)
        db.execute("DELETE FROM person WHERE id = ?", (row[0],))


def _remove_terms(db: sqlite3.Connection, number: int, own: str, domain: str) -> None:
    db.executemany("DELETE FROM term WHERE own = ? AND term = ? AND person = ?", _term_rows(number, own, domain))


def _term_rows(number: int | None, own: str, domain: str) -> Iterator[tuple[int, str, int | None]]:
    for flag, terms in ((1, own), (0, domain)):
        for term in filter(None, terms.split("\n")):
            yield flag, term, number


def set_aside(path: Path) -> Path:
    """Rename a damaged database, so that a new one can be made. Raises StorageError."""
    aside = path.with_name(f"{path.name}.damaged")
    with storage_errors():
        for suffix in ("", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(f"{path.name}{suffix}").replace(f"{aside}{suffix}")
    return aside
