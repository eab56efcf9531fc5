"""Which messages of a server's folders are kept on this machine. All functions run inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name, stored_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator


class Unkept(NamedTuple):
    """A message that is only at the server."""

    id: int
    uid: int
    key: str
    size: int
    arrived: int


class Tracked(NamedTuple):
    """A message, and whether it is known to be kept."""

    id: int
    mailbox: str
    """Name of the folder as it is shown."""
    policy: str
    key: str
    flags: int
    kept: bool


def unkept(
    db: sqlite3.Connection, mailbox: int, *, since: int, oldest: int, largest: int, skipped: Collection[int], most: int
) -> list[Unkept]:
    """Messages of a mailbox that can be fetched, the newest first; at most ``most``.

    Args:
        db: the cache.
        mailbox: its id.
        since: those that arrived before, in seconds since the epoch, only if they are unread.
        oldest: those that arrived before are not wanted at all.
        largest: bytes of the largest.
        skipped: ids of messages that are not wanted.
        most: how many.
    """
    columns = "SELECT id, uid, emailid, size, arrived FROM message"
    where = (
        "WHERE mailbox = ?1 AND kept = 0 AND leaving IS NULL AND uid IS NOT NULL AND modseq >= 0 AND size <= ?3 "
        "AND emailid <> '' AND arrived >= ?5"
    )
    newest = "ORDER BY arrived DESC, id DESC LIMIT ?4"
    count = most + len(skipped)
    values = (mailbox, since, largest, count, oldest)
    rows = db.execute(f"{columns} INDEXED BY message_not_kept {where} AND arrived >= ?2 {newest}", values).fetchall()
    if len(rows) < count and oldest < since:
        older = f"{columns} INDEXED BY unread_by_arrival {where} AND flags & 1 = 0 AND arrived < ?2 {newest}"
        rows += db.execute(older, values).fetchall()
    found = [Unkept(number, uid, read_name(key), *others) for number, uid, key, *others in rows]
    return [each for each in found if each.id not in skipped][:most]


def unkept_counts(db: sqlite3.Connection) -> dict[int, int]:
    """How many of the shown messages of each mailbox are not kept, by its id; mailboxes without such are left out."""
    query = (
        "SELECT mailbox, count(*) FROM message INDEXED BY message_not_kept "
        "WHERE kept = 0 AND leaving IS NULL GROUP BY mailbox"
    )
    return dict(db.execute(query))


def tracked(db: sqlite3.Connection, *, kept: bool) -> Iterator[Tracked]:
    """The messages that are known to be kept, or the others, hidden ones too.

    Read them to the end before anything is changed.
    """
    source = "message INDEXED BY message_kept" if kept else "message"
    rows = db.execute(
        f"SELECT message.id, mailbox.name, mailbox.policy, emailid, flags, kept FROM {source} "  # noqa: S608
        f"JOIN mailbox ON mailbox.id = message.mailbox WHERE kept = {int(kept)} AND emailid <> ''"
    )
    for number, name, policy, key, flags, kept in rows:
        yield Tracked(number, name, policy, read_name(key), flags, bool(kept))


def ids_of_places(db: sqlite3.Connection, places: Iterable[tuple[str, str]]) -> list[int]:
    """The messages at these places (name of the folder, key)."""
    query = "SELECT id FROM message WHERE emailid = ? AND mailbox = (SELECT id FROM mailbox WHERE name = ?)"
    found = (db.execute(query, (stored_name(key), folder)).fetchone() for folder, key in places)
    return [row[0] for row in found if row is not None]


def mark_kept(db: sqlite3.Connection, ids: Iterable[int], *, kept: bool = True) -> None:
    """Remember that messages are kept, or are not any more."""
    db.executemany("UPDATE message SET kept = ? WHERE id = ?", ((int(kept), each) for each in ids))
