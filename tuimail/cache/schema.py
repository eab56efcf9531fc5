"""The tables of an account's ``index.db``.

There is no step from one version to the next: an older or newer cache is thrown away and filled again. A message is
*shown* while no action takes it away (``leaving IS NULL``); counts and threads are those of shown messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VERSION = 10
"""In ``PRAGMA user_version``."""
APPLICATION = 0x74756D63
"""In ``PRAGMA application_id``."""

_TABLES = (
    """CREATE TABLE mailbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        wire TEXT NOT NULL UNIQUE,             -- its name at the server, or in the Maildir
        name TEXT NOT NULL,                    -- as it is shown
        delimiter TEXT NOT NULL DEFAULT '',
        special TEXT NOT NULL DEFAULT '',      -- RFC 6154, without the backslash
        subscribed INTEGER NOT NULL DEFAULT 1,
        validity INTEGER NOT NULL DEFAULT 0,
        uidnext INTEGER NOT NULL DEFAULT 1,
        modseq INTEGER NOT NULL DEFAULT 0,
        level TEXT NOT NULL DEFAULT '',        -- what of QRESYNC and CONDSTORE the server has for it
        low_uid INTEGER NOT NULL DEFAULT 0,    -- summaries are fetched down to here
        policy TEXT NOT NULL DEFAULT '',       -- which bodies are kept
        synced_at INTEGER NOT NULL DEFAULT 0,
        objectid TEXT NOT NULL DEFAULT '',     -- of an mbox: how the file was when it was read
        rights TEXT NOT NULL DEFAULT '',       -- what the user may do there (RFC 4314); empty: all, as far as is known
        total INTEGER NOT NULL DEFAULT 0,      -- of shown messages, as are the next two
        unread INTEGER NOT NULL DEFAULT 0,
        flagged INTEGER NOT NULL DEFAULT 0,
        answers INTEGER NOT NULL DEFAULT 0     -- messages in Sent folders that belong to its threads; by triggers
    ) STRICT""",
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again
        mailbox INTEGER NOT NULL,
        uid INTEGER,                           -- NULL: put there by an action that is not confirmed
        flags INTEGER NOT NULL,                -- as shown
        server_flags INTEGER NOT NULL,
        keywords TEXT NOT NULL,
        leaving INTEGER,                       -- the action that takes it away
        size INTEGER NOT NULL,
        arrived INTEGER NOT NULL,              -- seconds since the epoch, as is the next
        date INTEGER NOT NULL,                 -- of the Date field, or ``arrived`` where that is not to be believed
        from_name TEXT NOT NULL,
        from_addr TEXT NOT NULL,
        recipients TEXT NOT NULL,
        subject TEXT NOT NULL,
        base TEXT NOT NULL,
        message_id TEXT NOT NULL,
        refs TEXT NOT NULL,
        list_id TEXT NOT NULL,
        thread INTEGER NOT NULL,
        attached INTEGER,                      -- NULL: not known
        modseq INTEGER NOT NULL,               -- in an mbox: where it begins, in bytes; -1: a server cannot deliver it
        text INTEGER,                          -- its row in the full-text index; NULL: not indexed
        emailid ANY NOT NULL,                  -- "UIDVALIDITY.UID", unique part in a Maildir, hash in an mbox
        objectid TEXT NOT NULL DEFAULT '',     -- EMAILID (RFC 8474) or X-GM-MSGID, if the server tells it
        kept INTEGER NOT NULL DEFAULT 0,       -- of a server: its bytes are on this machine
        folded TEXT                            -- see mail/folded_row; NULL: subject and people are ASCII
    ) STRICT""",
    """CREATE TABLE thread (
        id INTEGER NOT NULL,
        mailbox INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        total INTEGER NOT NULL,
        unread INTEGER NOT NULL,
        PRIMARY KEY (id, mailbox)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE ref (h INTEGER PRIMARY KEY, thread INTEGER NOT NULL) STRICT",
    "CREATE TABLE alias (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT",
    """CREATE TABLE body (
        id INTEGER PRIMARY KEY,
        hash TEXT NOT NULL,
        size INTEGER NOT NULL,
        whole INTEGER NOT NULL,
        used_at INTEGER NOT NULL,
        pinned INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE part (
        body INTEGER NOT NULL,
        section TEXT NOT NULL,
        hash TEXT NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (body, section)
    ) STRICT, WITHOUT ROWID""",
    # Messages that may be delivery reports and were not looked at yet.
    "CREATE TABLE maybe_report (message INTEGER PRIMARY KEY) STRICT",
    # What the user did to threads, as the journal has it.
    """CREATE TABLE thread_edit (
        message_id TEXT PRIMARY KEY,
        parent TEXT NOT NULL,
        below TEXT NOT NULL,
        apart TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # Messages of which a reference does not count because of that.
    "CREATE TABLE cut_off (message INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE muted (message_id TEXT PRIMARY KEY, h INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    # New messages of muted threads, until they are marked read.
    "CREATE TABLE newly_muted (message INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE state (k TEXT PRIMARY KEY, v ANY NOT NULL) STRICT, WITHOUT ROWID",
)
_INDEXES = (
    "CREATE UNIQUE INDEX message_by_uid ON message (mailbox, uid)",
    "CREATE INDEX message_by_date ON message (mailbox, date, id) WHERE leaving IS NULL",
    "CREATE INDEX message_by_arrival ON message (mailbox, arrived, id) WHERE leaving IS NULL",
    "CREATE INDEX message_by_thread ON message (thread, mailbox)",
    "CREATE INDEX unread_by_date ON message (mailbox, date, id) WHERE leaving IS NULL AND flags & 1 = 0",
    "CREATE INDEX unread_by_arrival ON message (mailbox, arrived, id) WHERE leaving IS NULL AND flags & 1 = 0",
    "CREATE INDEX message_by_message_id ON message (message_id) WHERE message_id <> ''",
    "CREATE INDEX message_by_emailid ON message (emailid) WHERE emailid <> ''",
    "CREATE INDEX message_undelivered ON message (mailbox, uid) WHERE modseq < 0",
    "CREATE INDEX message_without_text ON message (arrived, id) WHERE text IS NULL AND leaving IS NULL",
    "CREATE INDEX message_not_kept ON message (mailbox, arrived, id) WHERE kept = 0 AND leaving IS NULL",
    "CREATE INDEX message_kept ON message (mailbox) WHERE kept = 1",
    "CREATE INDEX kept_without_text ON message (arrived, id) WHERE text IS NULL AND kept = 1 AND leaving IS NULL",
    # What the journal hides or changes: little, and looked at when the program starts.
    "CREATE INDEX hidden_message ON message (leaving) WHERE leaving IS NOT NULL",
    "CREATE INDEX changed_message ON message (id) WHERE flags <> server_flags",
    "CREATE INDEX message_by_text ON message (text) WHERE text IS NOT NULL",
    "CREATE INDEX thread_by_latest ON thread (mailbox, latest, id)",
    "CREATE INDEX alias_by_new ON alias (new)",
    "CREATE INDEX body_by_use ON body (used_at) WHERE pinned = 0",
)
# A list by threads shows what was sent among the messages of a folder, and must know at once how many rows that makes.
_SENT_OF = """(
    SELECT coalesce(sum(sent.total), 0) FROM thread sent JOIN mailbox box ON box.id = sent.mailbox
    WHERE sent.id = {0}.id AND box.special = 'sent'
)"""
_COUNTED = """
CREATE TRIGGER {0}_in_sent AFTER {1} ON thread
WHEN {2} <> 0 AND (SELECT special FROM mailbox WHERE id = {3}.mailbox) = 'sent'
BEGIN
    UPDATE mailbox SET answers = answers + {2}
    WHERE special <> 'sent' AND id IN (SELECT mailbox FROM thread WHERE id = {3}.id);
END
"""
_PLACED = """
CREATE TRIGGER {0}_in_folder AFTER {1} ON thread
BEGIN
    UPDATE mailbox SET answers = answers {2} {3} WHERE id = {4}.mailbox AND special <> 'sent';
END
"""
_TRIGGERS = (
    _COUNTED.format("more", "INSERT", "new.total", "new"),
    _COUNTED.format("other", "UPDATE OF total", "(new.total - old.total)", "new"),
    _COUNTED.format("none", "DELETE", "(-old.total)", "old"),
    _PLACED.format("begun", "INSERT", "+", _SENT_OF.format("new"), "new"),
    _PLACED.format("ended", "DELETE", "-", _SENT_OF.format("old"), "old"),
    """
    CREATE TRIGGER sent_is_another AFTER UPDATE OF special ON mailbox
    WHEN (new.special = 'sent') <> (old.special = 'sent')
    BEGIN
        UPDATE mailbox SET answers = iif(special = 'sent', 0, (
            SELECT coalesce(sum(sent.total), 0) FROM thread here
            JOIN thread sent ON sent.id = here.id JOIN mailbox box ON box.id = sent.mailbox
            WHERE here.mailbox = mailbox.id AND box.special = 'sent'
        ));
    END
    """,
)


def is_current(db: sqlite3.Connection) -> bool:
    """The database has these tables."""
    return _number(db, "application_id") == APPLICATION and _number(db, "user_version") == VERSION


def is_empty(db: sqlite3.Connection) -> bool:
    """The database has no tables at all."""
    return bool(db.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])


def create(db: sqlite3.Connection) -> None:
    """Make the tables in an empty database; inside a transaction."""
    for statement in (*_TABLES, *_INDEXES, *_TRIGGERS):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {VERSION}")


def _number(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
