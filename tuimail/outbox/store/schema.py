"""The index database: its tables, and the numbered steps from one version of them to the next.

Recipients are a JSON column: a list of ten thousand letters is one query, and a letter changes as a whole. ``sum`` is
a CRC-32 over the other columns, because a flipped byte inside a row is still a sound database page to SQLite, and an
address with one wrong letter is a letter to somebody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import OutboxDamagedError, StorageError
from tuimail.outbox.store.rows import SELECT, check_sum, sum_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_FIRST = """
CREATE TABLE item (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('held', 'queued', 'sending', 'deferred', 'blocked', 'failed', 'uncertain',
                                         'accepted', 'done', 'cancelled')),
    account TEXT NOT NULL,
    identity TEXT NOT NULL,
    sender TEXT NOT NULL,
    reverse_path TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    size INTEGER NOT NULL,
    recipients TEXT NOT NULL,
    queued_at REAL NOT NULL,
    composing TEXT NOT NULL,
    digest TEXT NOT NULL,
    stage TEXT,
    not_before REAL,
    next_attempt_at REAL,
    expires_at REAL,
    attempts INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    last_attempt_at REAL,
    last_reply TEXT NOT NULL,
    words TEXT NOT NULL,
    trouble TEXT,
    via TEXT NOT NULL,
    filing_state TEXT NOT NULL,
    filing_attempts INTEGER NOT NULL,
    filing_next REAL,
    filing_words TEXT NOT NULL,
    filing_place TEXT NOT NULL,
    revision INTEGER NOT NULL,
    warned INTEGER NOT NULL,
    owner TEXT NOT NULL,
    lease_until REAL,
    changed_at REAL NOT NULL,
    smtputf8 INTEGER NOT NULL,
    eight_bit INTEGER NOT NULL,
    found INTEGER NOT NULL,
    sha256 TEXT NOT NULL,          -- of the content
    offset INTEGER NOT NULL,       -- of the content in the letter's file
    lease_tick REAL,               -- the lease in the machine's ticks, which no setting of the clock moves
    last_owner TEXT NOT NULL,      -- who tried last: a late answer of theirs is evidence
    filing_owner TEXT NOT NULL,
    filing_until REAL,
    filing_tick REAL,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX item_open ON item (state, account, queued_at) WHERE state NOT IN ('done', 'cancelled');
CREATE INDEX item_filing ON item (filing_next) WHERE filing_state = 'due';
CREATE INDEX item_digest ON item (digest);
CREATE INDEX item_composing ON item (composing);

CREATE TABLE timeline (
    item TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    words TEXT NOT NULL,
    stage TEXT NOT NULL,
    reply TEXT NOT NULL,
    PRIMARY KEY (item, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE dialogue (
    item TEXT PRIMARY KEY,
    lines TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE health (
    account TEXT PRIMARY KEY,
    trouble TEXT,
    words TEXT NOT NULL,
    since REAL,
    probe_at REAL,
    tries INTEGER NOT NULL,
    recipient_limit INTEGER,
    tried_at REAL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    account TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


_SECOND = """
ALTER TABLE item ADD COLUMN rank REAL NOT NULL DEFAULT 0.0;
ALTER TABLE item ADD COLUMN on_late TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN notify TEXT NOT NULL DEFAULT 'failure,delay';
ALTER TABLE item ADD COLUMN hold_until REAL;
ALTER TABLE item ADD COLUMN revises TEXT NOT NULL DEFAULT '';
CREATE INDEX item_revises ON item (revises) WHERE revises <> '';
ALTER TABLE health ADD COLUMN connection_limit INTEGER;
ALTER TABLE health ADD COLUMN rate_limit INTEGER;
ALTER TABLE health ADD COLUMN rate_window REAL;
ALTER TABLE health ADD COLUMN paced_until REAL;
ALTER TABLE health ADD COLUMN limits_at REAL;
UPDATE item SET rank = queued_at;
DROP INDEX item_open;
CREATE INDEX item_open ON item (state, account, rank) WHERE state NOT IN ('done', 'cancelled')
"""


_THIRD = """
ALTER TABLE health ADD COLUMN recipient_limit_at REAL;
ALTER TABLE health ADD COLUMN connection_limit_at REAL;
UPDATE health SET recipient_limit_at = limits_at WHERE recipient_limit IS NOT NULL;
UPDATE health SET connection_limit_at = limits_at WHERE connection_limit IS NOT NULL;
CREATE TABLE quirk (
    account TEXT NOT NULL,
    server TEXT NOT NULL,
    quirk TEXT NOT NULL,
    learnt_at REAL NOT NULL,
    PRIMARY KEY (account, server, quirk)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_begun ON item (account, last_attempt_at) WHERE last_attempt_at IS NOT NULL
"""
"""Each limit that was learnt has an age of its own; ``limits_at`` is that of the rate."""


_FOURTH = """
ALTER TABLE item ADD COLUMN answers TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN flagging_state TEXT NOT NULL DEFAULT 'none';
ALTER TABLE item ADD COLUMN flagging_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN flagging_next REAL;
ALTER TABLE item ADD COLUMN flagging_words TEXT NOT NULL DEFAULT '';
CREATE INDEX item_flagging ON item (flagging_next) WHERE flagging_state = 'due'
"""


_FIFTH = "ALTER TABLE item ADD COLUMN draft_copy TEXT NOT NULL DEFAULT ''"


def _all(db: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            db.execute(statement)


def _first(db: sqlite3.Connection) -> None:
    _all(db, _FIRST)


def _second(db: sqlite3.Connection) -> None:
    _all(db, _SECOND)


def _third(db: sqlite3.Connection) -> None:
    _all(db, _THIRD)


def _fourth(db: sqlite3.Connection) -> None:
    _all(db, _FOURTH)


def _fifth(db: sqlite3.Connection) -> None:
    _all(db, _FIFTH)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _second, _third, _fourth, _fifth)
"""Step n leads from version n to n + 1 (``PRAGMA user_version``). Never change one that was released."""

VERSION = len(MIGRATIONS)


SUMMED = (0, 44, 50, 50, 55, 56)
"""Version -> how many of ``rows.COLUMNS`` a row's sum goes over."""

MARKED = 0x746D0000
"""``PRAGMA application_id`` is this ("tm") plus the version: a flipped byte must not look like a newer tuimail."""


def version_of(db: sqlite3.Connection) -> int:
    """The version of an open database; 0 for a new one.

    Raises:
        OutboxDamagedError: it says two versions.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    marked = int(db.execute("PRAGMA application_id").fetchone()[0])
    if marked != (MARKED + version if version else 0):
        raise OutboxDamagedError("The outbox index is damaged (its version is not clear).")
    return version


def check_version(version: int) -> None:
    """Refuse a database from the future: an old program would drop what it does not know.

    Raises:
        StorageError: a newer tuimail wrote it.
    """
    if version > VERSION:
        raise StorageError(
            f"The outbox was written by a newer tuimail (index version {version}, this one knows {VERSION}).",
            hint="Use the newer tuimail.",
        )


def check_tables(db: sqlite3.Connection) -> None:
    """Compare the tables with those of ``VERSION``: a flipped byte in a definition is still a sound page to SQLite.

    Raises:
        OutboxDamagedError: they differ.
    """
    import sqlite3

    wanted = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(wanted)
        if _definitions(wanted) != _definitions(db):
            raise OutboxDamagedError("The outbox index is damaged (its tables are not those it was made with).")
    finally:
        wanted.close()


def _definitions(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables to ``VERSION``. Call inside a transaction; all steps or none."""
    found = version_of(db)
    for step in range(found, VERSION):
        MIGRATIONS[step](db)
        db.execute(f"PRAGMA user_version = {step + 1}")
        db.execute(f"PRAGMA application_id = {MARKED + step + 1}")
    if found:
        _sum_anew(db, SUMMED[found])


def _sum_anew(db: sqlite3.Connection, summed: int) -> None:
    """Rows that were sound over their first ``summed`` columns are summed over all of them.

    Raises:
        OutboxDamagedError: a row was damaged before.
    """
    for *values, found_sum in db.execute(SELECT).fetchall():
        check_sum((*values[:summed], found_sum))
        db.execute("UPDATE item SET sum = ? WHERE id = ?", (sum_of(tuple(values)), values[0]))
