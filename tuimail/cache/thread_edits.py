"""What the user did to threads, as the cache shows it: their shape, and which are muted.

The journal has it; the cache keeps a copy, because every new message is put into its thread accordingly. What changes
it runs inside the writer's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.threads import Referring, assign, hash_of, hashes_of, known_threads, stored_edits
from tuimail.mail.flags import OLD, SEEN
from tuimail.mail.thread_edit import ThreadEdits

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

    from tuimail.mail.thread_edit import ThreadEdit

_MUTED = """
SELECT muted.message_id, coalesce(alias.new, ref.thread) FROM muted
JOIN ref ON ref.h = muted.h LEFT JOIN alias ON alias.old = ref.thread
"""


def store_edits(db: sqlite3.Connection, edits: Iterable[ThreadEdit]) -> bool:
    """Make these the edits; threads that look different with them are put together anew. Whether they are others."""
    before, after = {each.message_id: each for each in stored_edits(db)}, {each.message_id: each for each in edits}
    names = before.keys() | after.keys()
    changed = [each for name in names if (old := before.get(name)) != (new := after.get(name)) for each in (old, new)]
    if not changed:
        return False
    db.execute("DELETE FROM thread_edit")
    db.executemany(
        "INSERT INTO thread_edit (message_id, parent, below, apart) VALUES (?, ?, ?, ?)",
        (each.stored for each in after.values()),
    )
    touched = {name for each in changed if each is not None for name in each.names}
    apart = db.execute("SELECT DISTINCT thread FROM cut_off CROSS JOIN message ON message.id = cut_off.message")
    found = {*roots_of(db, touched).values(), *(thread for (thread,) in apart)}
    db.execute("DELETE FROM cut_off")
    rethread(db, found)
    return True


def roots_of(db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """The threads in which these Message-IDs are known."""
    hashes = {each: hash_of(each) for each in names}
    known = known_threads(db, hashes.values())
    return {name: known[h] for name, h in hashes.items() if h in known}


def rethread(db: sqlite3.Connection, threads: Collection[int]) -> None:
    """Put these threads together anew from their messages. Inside the writer's transaction."""
    if not threads:
        return
    marks, roots = ", ".join("?" * len(threads)), tuple(threads)
    merged = db.execute(f"SELECT old, new FROM alias WHERE new IN ({marks})", roots).fetchall()  # noqa: S608
    if merged:
        db.execute(
            "UPDATE ref SET thread = (SELECT new FROM alias WHERE old = thread) "  # noqa: S608
            f"WHERE thread IN (SELECT old FROM alias WHERE new IN ({marks}))",
            roots,
        )
        db.execute(f"DELETE FROM alias WHERE new IN ({marks})", roots)  # noqa: S608
    rows = db.execute(
        f"SELECT id, message_id, refs, thread FROM message WHERE thread IN ({marks}) ORDER BY id",  # noqa: S608
        roots,
    ).fetchall()
    messages = [Referring(*row[:3]) for row in rows]
    edits = ThreadEdits(stored_edits(db))
    mentioned = {each for message in messages for each in (*hashes_of(message, edits), *hashes_of(message))}
    db.executemany(
        f"DELETE FROM ref WHERE h = ? AND thread IN ({marks})",  # noqa: S608
        ((each, *roots) for each in mentioned),
    )
    db.execute(f"UPDATE message SET thread = 0 WHERE thread IN ({marks})", roots)  # noqa: S608
    db.execute(f"DELETE FROM thread WHERE id IN ({marks})", roots)  # noqa: S608
    made = assign(db, messages)
    db.executemany("UPDATE message SET thread = ? WHERE id = ?", zip(made, (each.id for each in messages), strict=True))
    for thread in sorted(set(made)):
        _count_anew(db, thread)
    _lead_on(db, {**dict(merged), **{each: each for each in roots}}, {row[0]: row[3] for row in rows}, made)


def _lead_on(db: sqlite3.Connection, old: dict[int, int], messages: dict[int, int], made: Sequence[int]) -> None:
    """Numbers that are no threads any more lead to the thread of the message that had them, else to a near one.

    Args:
        db: the cache.
        old: the numbers there were, each with the thread that it meant.
        messages: the threads before, by the id of each message.
        made: the threads now, of the same messages.
    """
    now = dict(zip(messages, made, strict=True))
    near: dict[int, int] = {}
    for number, thread in messages.items():
        near.setdefault(thread, now[number])
    numbers = set(made)
    db.executemany("DELETE FROM alias WHERE old = ?", ((each,) for each in numbers))
    leading = {each: now.get(each, near.get(thread)) for each, thread in old.items() if each not in numbers}
    rows = [(each, thread) for each, thread in leading.items() if thread is not None]
    db.executemany("INSERT OR IGNORE INTO alias (old, new) VALUES (?, ?)", rows)


def _count_anew(db: sqlite3.Connection, thread: int) -> None:
    db.execute("DELETE FROM thread WHERE id = ?", (thread,))
    db.execute(
        "INSERT INTO thread (id, mailbox, latest, total, unread) "
        "SELECT thread, mailbox, max(date), count(*), sum(flags & 1 = 0) FROM message INDEXED BY message_by_thread "
        "WHERE thread = ? AND leaving IS NULL GROUP BY mailbox",
        (thread,),
    )


def store_muted(db: sqlite3.Connection, names: Iterable[str]) -> bool:
    """The threads of these messages are muted, and no others. Whether that was not so before."""
    wanted = set(names)
    before = {name for (name,) in db.execute("SELECT message_id FROM muted")}
    db.executemany("DELETE FROM muted WHERE message_id = ?", ((each,) for each in before - wanted))
    rows = ((each, hash_of(each)) for each in wanted - before)
    db.executemany("INSERT INTO muted (message_id, h) VALUES (?, ?)", rows)
    return wanted != before


def muted_threads(db: sqlite3.Connection) -> dict[str, int]:
    """The muted threads, by the Message-IDs that say so. Also outside of a transaction."""
    return dict(db.execute(_MUTED).fetchall())


class NewlyMuted(NamedTuple):
    """A new message of a muted thread."""

    id: int
    folder: str
    """Wire name."""
    key: str | bytes
    """As stored (stored_names.read_name)."""
    flags: int
    keywords: str
    message_id: str


def note_newly_muted(db: sqlite3.Connection, messages: Iterable[tuple[int, int, int]]) -> None:
    """Remember those of new messages (id, thread, flags) that come into a muted thread unread.

    One that was seen in a list before is no new one, but the cache is.
    """
    muted = set(muted_threads(db).values())
    if muted:
        rows = ((number,) for number, thread, flags in messages if thread in muted and not flags & (SEEN | OLD))
        db.executemany("INSERT INTO newly_muted (message) VALUES (?)", rows)


def newly_muted(db: sqlite3.Connection) -> list[NewlyMuted]:
    """Messages of muted threads that are to be marked read."""
    rows = db.execute(
        "SELECT message.id, mailbox.name, emailid, flags, keywords, message_id FROM newly_muted "
        "CROSS JOIN message ON message.id = newly_muted.message JOIN mailbox ON mailbox.id = message.mailbox "
        "WHERE leaving IS NULL ORDER BY message.id"
    )
    return [NewlyMuted._make(row) for row in rows]


def forget_newly_muted(db: sqlite3.Connection) -> None:
    """They were marked read."""
    db.execute("DELETE FROM newly_muted")
