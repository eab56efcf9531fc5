"""Which messages belong together: those that Message-ID, In-Reply-To and References connect, in any order of arrival.

Every identifier that a message has or mentions is remembered by a hash, also after the message is gone, so that threads
stay, unless the user breaks one (mail/thread_edit). A message whose identifiers are known in several threads merges
them into the oldest; ``alias`` leads from the others to it. A thread has the id of its first message, so its number is
never used again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mail.thread_edit import ThreadEdit, ThreadEdits

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

MOST_REFERENCES = 20
"""The last ones count."""
_AT_ONCE = 500

_ADD = """
INSERT INTO thread (id, mailbox, latest, total, unread) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id, mailbox) DO UPDATE
SET latest = max(latest, excluded.latest), total = total + excluded.total, unread = unread + excluded.unread
"""
# Without INDEXED BY, SQLite looks for the newest message by going through the whole mailbox.
_LATEST = """
UPDATE thread SET latest = (
    SELECT max(date) FROM message INDEXED BY message_by_thread WHERE thread = ?1 AND mailbox = ?2 AND leaving IS NULL
) WHERE id = ?1 AND mailbox = ?2
"""
_ROOTS = """
SELECT ref.h, coalesce(alias.new, ref.thread) FROM ref LEFT JOIN alias ON alias.old = ref.thread WHERE ref.h IN ({})
"""
REFS = "coalesce((SELECT parent FROM thread_edit WHERE thread_edit.message_id = message.message_id), refs)"
"""What a message answers, as the user wants it, else as it says."""


class Referring(NamedTuple):
    """What connects a message with others."""

    id: int
    message_id: str
    refs: str
    """Identifiers it mentions, with spaces between them."""


class ThreadCounts:
    """Changes of the counts of threads, stored together."""

    def __init__(self) -> None:
        self._changes: dict[tuple[int, int], list[int]] = {}
        self._shrunk: dict[tuple[int, int], int] = {}

    def add(self, thread: int, mailbox: int, date: int, *, unread: bool) -> None:
        """A message is shown."""
        change = self._changes.setdefault((thread, mailbox), [date, 0, 0])
        change[0] = max(change[0], date)
        change[1] += 1
        change[2] += unread

    def remove(self, thread: int, mailbox: int, date: int, *, unread: bool) -> None:
        """A message is not shown any more; it is stored as such before ``store``."""
        change = self._changes.setdefault((thread, mailbox), [-(1 << 62), 0, 0])
        change[1] -= 1
        change[2] -= unread
        self._shrunk[thread, mailbox] = max(date, self._shrunk.get((thread, mailbox), date))

    def read(self, thread: int, mailbox: int, change: int) -> None:
        """So many messages more are unread."""
        self._changes.setdefault((thread, mailbox), [-(1 << 62), 0, 0])[2] += change

    def store(self, db: sqlite3.Connection) -> None:
        """Add the changes to the rows, and find the newest message of threads that lost it."""
        db.executemany(_ADD, ((*key, *change) for key, change in self._changes.items()))
        for (thread, mailbox), date in self._shrunk.items():
            latest, total = db.execute(
                "SELECT latest, total FROM thread WHERE id = ? AND mailbox = ?", (thread, mailbox)
            ).fetchone()
            if total <= 0:
                db.execute("DELETE FROM thread WHERE id = ? AND mailbox = ?", (thread, mailbox))
            elif latest <= date:
                db.execute(_LATEST, (thread, mailbox))


def assign(db: sqlite3.Connection, messages: Sequence[Referring]) -> list[int]:
    """The thread of each of these new messages; merges threads that they connect. Inside the writer's transaction.

    The rows of the messages are stored afterwards, with these threads.
    """
    edits = ThreadEdits(stored_edits(db))
    hashes = [hashes_of(each, edits) for each in messages]
    cuts = [tuple(frozenset(map(hash_of, side)) for side in sides) for sides in edits.cuts]
    known = known_threads(
        db, {each for some in (*hashes, *(side for sides in cuts for side in sides)) for each in some}
    )
    stored = set(known.values())
    parents: dict[int, int] = {}
    fresh: list[int] = []
    threads = []
    cut_off = []
    for message, named in zip(messages, hashes, strict=True):
        mentioned = named
        if cuts and len(named) < len(hashes_of(message)):
            cut_off.append((message.id,))
        while cuts and _joins(cuts, mentioned, known, parents):
            mentioned = mentioned[1:]  # what it answers, and itself, come last
            cut_off.append((message.id,))
        found = {_root(parents, known[each]) for each in mentioned if each in known}
        thread = min(found, default=message.id)
        for other in found:
            if other != thread:
                parents[other] = thread
        for each in mentioned:
            if each not in known:
                known[each] = thread
                fresh.append(each)
        threads.append(thread)
    db.executemany("INSERT OR IGNORE INTO cut_off (message) VALUES (?)", cut_off)
    db.executemany("INSERT INTO ref (h, thread) VALUES (?, ?)", ((each, _root(parents, known[each])) for each in fresh))
    for thread in sorted(parents):
        if thread in stored:
            _merge(db, thread, _root(parents, thread))
    return [_root(parents, thread) for thread in threads]


def _joins(
    cuts: Iterable[tuple[frozenset[int], ...]], mentioned: Sequence[int], known: dict[int, int], parents: dict[int, int]
) -> bool:
    """A message that mentions these would join the two sides of a cut, over others or directly."""
    if len(mentioned) < 2:
        return False
    found = {_root(parents, known[each]) for each in mentioned if each in known}
    for sides in cuts:
        if len(found) < 2 and all(side.isdisjoint(mentioned) for side in sides):
            continue
        roots = [{_root(parents, known[each]) for each in side if each in known} for side in sides]
        if roots[0].isdisjoint(roots[1]) and all(
            not (side.isdisjoint(mentioned) and there.isdisjoint(found))
            for side, there in zip(sides, roots, strict=True)
        ):
            return True
    return False


def stored_edits(db: sqlite3.Connection) -> list[ThreadEdit]:
    """What the user did to threads."""
    rows = db.execute("SELECT message_id, parent, below, apart FROM thread_edit")
    return [ThreadEdit.read(*row) for row in rows]


def root(db: sqlite3.Connection, thread: int) -> int:
    """The thread that this one was merged into, or itself."""
    row = db.execute("SELECT new FROM alias WHERE old = ?", (thread,)).fetchone()
    return thread if row is None else int(row[0])


class Member(NamedTuple):
    """A message of a thread, with what its place in the tree depends on."""

    id: int
    mailbox: int
    date: int
    message_id: str
    refs: str


def members(db: sqlite3.Connection, thread: int, mailbox: int | None = None) -> list[Member]:
    """The shown messages of a thread, oldest first; in one mailbox, or in all (answers in Sent among them)."""
    where, values = ("", (root(db, thread),)) if mailbox is None else (" AND mailbox = ?", (root(db, thread), mailbox))
    rows = db.execute(
        f"SELECT id, mailbox, date, message_id, {REFS} FROM message INDEXED BY message_by_thread "  # noqa: S608
        f"WHERE thread = ?{where} AND leaving IS NULL ORDER BY date, id",
        values,
    )
    return [Member._make(row) for row in rows]


def _merge(db: sqlite3.Connection, old: int, new: int) -> None:
    """Everything of ``old`` belongs to ``new``."""
    db.execute("UPDATE message SET thread = ? WHERE thread = ?", (new, old))
    rows = db.execute("SELECT mailbox, latest, total, unread FROM thread WHERE id = ?", (old,)).fetchall()
    db.execute("DELETE FROM thread WHERE id = ?", (old,))
    db.executemany(_ADD, ((new, *row) for row in rows))
    db.execute("UPDATE alias SET new = ? WHERE new = ?", (new, old))
    db.execute("INSERT INTO alias (old, new) VALUES (?, ?)", (old, new))


def hashes_of(message: Referring, edits: ThreadEdits | None = None) -> list[int]:
    """The identifiers that connect a message with others, each once, its own last."""
    own = message.message_id
    names = [each for each in message.refs.split()[-MOST_REFERENCES:] if each != own]
    if edits is not None:
        names = edits.references(own, names)
    names += [own] if own else []
    return [hash_of(each) for each in dict.fromkeys(names)]


def hash_of(identifier: str) -> int:
    """64 bits, the same on every machine and in every run."""
    digest = hashlib.blake2b(identifier.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def known_threads(db: sqlite3.Connection, hashes: Iterable[int]) -> dict[int, int]:
    """The threads in which these identifiers are known, by hash."""
    found: dict[int, int] = {}
    for part in chunks(list(hashes)):
        found.update(db.execute(_ROOTS.format(", ".join("?" * len(part))), part).fetchall())
    return found


def _root(parents: dict[int, int], thread: int) -> int:
    while (parent := parents.get(thread)) is not None:
        grandparent = parents.get(parent)
        if grandparent is not None:
            parents[thread] = grandparent
        thread = parent
    return thread


def chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many values at a time as one query takes."""
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
