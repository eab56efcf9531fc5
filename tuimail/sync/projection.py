"""What the cache shows of the user's actions: at once, before the mailbox is changed, and when that is decided.

Shown = what the mailbox has, and every undecided action on it, and the marks of deletion. All functions run inside the
transaction of the cache's writer, and name messages as the journal does: by folder and key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import stored_name
from tuimail.cache.summaries import FlagChange, hide, set_flags, show, vanish
from tuimail.journal.action import ActionKind, ActionState, MessageOutcome
from tuimail.mail.flags import DELETED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from tuimail.journal.action import ActionMessage, MailAction
    from tuimail.journal.marks import Place

_TAKES_AWAY = (ActionKind.MOVE, ActionKind.DELETE, ActionKind.APPEND)
"""What is appended takes the place of older copies."""


class _Row(NamedTuple):
    id: int
    flags: int
    server_flags: int


def project(db: sqlite3.Connection, actions: Iterable[MailAction]) -> None:
    """Show what waiting actions will do."""
    for action in actions:
        rows = _rows(db, action.folder, action.messages)
        if action.kind is ActionKind.FLAG:
            set_flags(db, [FlagChange(row.id, row.flags & ~action.remove | action.add) for row in rows.values()])
        elif action.kind in _TAKES_AWAY:
            hide(db, [row.id for row in rows.values()], action.id)


def settle(db: sqlite3.Connection, actions: Iterable[MailAction]) -> None:
    """Show what became of actions that were carried out, refused or undone."""
    for action in actions:
        if action.state in (ActionState.WAITING, ActionState.SENT):
            continue
        rows = _rows(db, action.folder, action.messages)
        if action.kind is ActionKind.FLAG:
            set_flags(db, _flags_now(action, rows))
        elif action.kind in _TAKES_AWAY:
            left = {each.key for each in action.messages if each.outcome is not MessageOutcome.OPEN}
            vanish(db, [row.id for key, row in rows.items() if key in left])
            show(db, [row.id for key, row in rows.items() if key not in left])


def let_go(db: sqlite3.Connection, actions: Iterable[MailAction]) -> None:
    """Show what became of actions that another process carried out: their flags come with the files' names."""
    for action in actions:
        if action.kind is not ActionKind.FLAG:
            settle(db, [action])
        elif action.state not in (ActionState.WAITING, ActionState.SENT):
            rows = _rows(db, action.folder, action.messages).values()
            set_flags(db, [FlagChange(row.id, row.server_flags | row.flags & DELETED) for row in rows])


def project_again(db: sqlite3.Connection, actions: Iterable[MailAction], marks: Iterable[Place]) -> None:
    """Show what the ``actions`` that are under way and the marks do, in a cache that an earlier process left.

    What none of them hides or changes is shown as the mailbox has it: a crash may have come before that was settled.
    """
    under_way = list(actions)
    numbers = {each.id for each in under_way}
    hidden = db.execute("SELECT id, leaving FROM message WHERE leaving IS NOT NULL").fetchall()
    show(db, [number for number, action in hidden if action not in numbers])
    differing = db.execute("SELECT id, flags, server_flags FROM message WHERE flags <> server_flags").fetchall()
    set_flags(db, [FlagChange(number, server) for number, _, server in differing])
    project(db, under_way)
    show_marks(db, marks)


def show_marks(db: sqlite3.Connection, marks: Iterable[Place], *, marked: bool = True) -> None:
    """Show messages as marked to be deleted, or not any more."""
    changes = []
    for folder, key in marks:
        row = _row(db, folder, key)
        if row is None:
            continue
        flags = row.flags | DELETED if marked else row.flags & ~DELETED | row.server_flags & DELETED
        if flags != row.flags:
            changes.append(FlagChange(row.id, flags))
    set_flags(db, changes)


def _flags_now(action: MailAction, rows: dict[str, _Row]) -> list[FlagChange]:
    """Done: the mailbox has them as well. Refused or undone: what the mailbox has, and our own mark."""
    changes = []
    for each in action.messages:
        row = rows.get(each.key)
        if row is None:
            continue
        if each.outcome is MessageOutcome.DONE:
            server = row.server_flags & ~action.remove | action.add
            changes.append(FlagChange(row.id, row.flags, server_flags=server))
        else:
            changes.append(FlagChange(row.id, row.server_flags | row.flags & DELETED))
    return changes


def _rows(db: sqlite3.Connection, folder: str, messages: Iterable[ActionMessage]) -> dict[str, _Row]:
    found = {}
    for each in messages:
        row = _row(db, folder, each.key) if each.key else None
        if row is not None:
            found[each.key] = row
    return found


def _row(db: sqlite3.Connection, folder: str, key: str) -> _Row | None:
    """Also of a hidden message."""
    row = db.execute(
        "SELECT id, flags, server_flags FROM message WHERE emailid = ? AND emailid <> '' "
        "AND mailbox = (SELECT id FROM mailbox WHERE name = ?)",
        (stored_name(key), folder),
    ).fetchone()
    return None if row is None else _Row(*row)
