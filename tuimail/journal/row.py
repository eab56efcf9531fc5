"""An action as a row of the table, and back. Pure.

What SQL asks for has a column; the rest is one JSON text in ASCII: names of folders and files need not be UTF-8.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import Any

from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction, MessageOrigin, MessageOutcome

VERSION = 6
"""``PRAGMA user_version`` of the tables; 1 had no marks, 2 no threads, 3 no messages to append, 4 none that wait for
another one: a tuimail that does not know these would not wait. 5 had no index of them."""

_PLAIN = ("id", "batch", "account", "kind", "state", "owner", "words", "tries", "next_at", "created", "changed")
COLUMNS = (*_PLAIN, "details")
SELECT = f"SELECT {', '.join(COLUMNS)} FROM action"  # noqa: S608

SCHEMA = """
CREATE TABLE action (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL DEFAULT 0,
    account TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0,
    created REAL NOT NULL DEFAULT 0,
    changed REAL NOT NULL DEFAULT 0,
    details TEXT NOT NULL DEFAULT ''
)
"""
FOLLOWER = "instr(details, '\"after\":') > 0"
"""What is true of actions that wait for another one, and only of them; it has no parameter, as the index wants it."""
FOLLOWS = "CAST(substr(details, instr(details, '\"after\":') + 8) AS INTEGER)"
"""The id of the action that such an action waits for. SQLite before 3.38 lets no index call json_extract here."""
FOLLOWERS_INDEX = f"CREATE INDEX action_after ON action ({FOLLOWS}) WHERE {FOLLOWER}"
MARKS_SCHEMA = """
CREATE TABLE deletion_mark (
    account TEXT NOT NULL,
    folder ANY NOT NULL,
    key ANY NOT NULL,
    PRIMARY KEY (account, folder, key)
) STRICT, WITHOUT ROWID
"""
THREAD_SCHEMAS = (
    """
CREATE TABLE thread_edit (
    account TEXT NOT NULL,
    message_id TEXT NOT NULL,
    parent TEXT NOT NULL,
    below TEXT NOT NULL,
    apart TEXT NOT NULL,
    PRIMARY KEY (account, message_id)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE thread_mute (
    account TEXT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (account, message_id)
) STRICT, WITHOUT ROWID
""",
)


def values_of(action: MailAction) -> tuple[object, ...]:
    """The values of a row, in the order of COLUMNS."""
    fields = asdict(action)
    fields["words"] = action.words.encode("utf-8", "backslashreplace").decode()
    for name in ("cause", "letter", "arrived", "after", "use"):  # an older tuimail reads the row too
        if not fields[name]:
            del fields[name]
    for each in fields["messages"]:
        if not each["proof"]:
            del each["proof"]  # an older tuimail reads the row too
    plain = tuple(fields.pop(name) for name in _PLAIN)
    return (*plain, json.dumps(fields, separators=(",", ":")))


def cause_written(cause: str) -> str:
    """What ``details`` contains if the action has this cause, and only then: quotation marks in names are escaped."""
    return f'"cause":{json.dumps(cause)}'


def read_action(row: tuple[Any, ...]) -> MailAction:
    """The action in a row.

    Raises:
        sqlite3.DatabaseError: it is none; the database is damaged.
    """
    try:
        plain = dict(zip(_PLAIN, row[:-1], strict=True))
        details = json.loads(row[-1])
        messages = tuple(_message(each) for each in details.pop("messages"))
        kind, state = ActionKind(plain.pop("kind")), ActionState(plain.pop("state"))
        return MailAction(kind=kind, state=state, messages=messages, **plain, **details)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise sqlite3.DatabaseError(f"a row cannot be read: {error}") from error


def _message(fields: dict[str, Any]) -> ActionMessage:
    origin = fields.pop("origin")
    outcome = MessageOutcome(fields.pop("outcome"))
    return ActionMessage(**fields, origin=MessageOrigin(**origin) if origin else None, outcome=outcome)
