"""A mailbox by threads: the one with the newest message last, its messages below each other or behind one of them.

What was sent is shown in its thread as well, if the mailbox has any message of that: a row of another mailbox.

Near the ends only the threads in sight are read. Elsewhere the sizes of all threads are (20 ms for 100,000 messages),
once for each view.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.threads import REFS, Member, chunks, root
from tuimail.cache.views import WindowedView, gone, index_row, message_of
from tuimail.cache.windows import COLUMNS, IndexRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from tuimail.cache.database import ReadableCache

NEAR_END = 1024
"""Rows up to which the threads are counted from an end."""
LARGEST_TREE = 500
"""Messages of a thread that are read together and arranged; a larger thread is by date."""

_HEADS = "SELECT id, {1} FROM thread WHERE mailbox = ? ORDER BY latest{0}, id{0} LIMIT ?"
_SIZE = (
    "total + coalesce((SELECT sum(sent.total) FROM thread sent WHERE sent.id = thread.id AND sent.mailbox IN ({})), 0)"
)
"""Rows of a thread that is not collapsed."""
_MEMBERS = "FROM message INDEXED BY message_by_thread WHERE mailbox IN ({}) AND leaving IS NULL AND thread"
_WIDTH = COLUMNS.count(",") + 1


class Arranged(NamedTuple):
    """A message of a thread in its place."""

    id: int
    depth: int
    """How many messages it answers, one by another; 0 begins the thread."""
    branch: str = ""
    """What is drawn before its subject."""


class ThreadRow(NamedTuple):
    """A line of a message index by threads."""

    row: IndexRow
    depth: int
    """As that of ``Arranged``."""
    hidden: int
    """Messages behind it that are not shown: its thread is collapsed."""
    branch: str = ""
    """What is drawn before the subject."""
    elsewhere: bool = False
    """The message lies in Sent, not in the mailbox of the index."""

    @property
    def row_id(self) -> str:
        """As that of an IndexRow."""
        return self.row.row_id


Arrange = Callable[[Sequence[Member]], Sequence[Arranged]]
"""Puts the messages of one thread into order."""


def by_date(members: Sequence[Member]) -> Sequence[Arranged]:
    """A thread's messages without a tree: one below the other, the oldest first."""
    ordered = sorted(members, key=lambda each: (each.date, each.id))
    return [Arranged(each.id, int(at > 0)) for at, each in enumerate(ordered)]


class Threads(WindowedView[ThreadRow]):
    """The messages of one mailbox by threads."""

    def __init__(
        self,
        cache: ReadableCache,
        account: str,
        mailbox: int,
        *,
        sent: Sequence[int] = (),
        collapsed: bool = False,
        except_for: Iterable[int] = (),
        arrange: Arrange = by_date,
        newest_first: bool = False,
    ) -> None:
        """Begin with all threads ``collapsed`` or none, ``except_for`` some.

        Args:
            cache: read from.
            account: the name of the account.
            mailbox: its id.
            sent: mailboxes whose messages are shown in its threads: those for sent ones, and all of them.
            collapsed: whether only the newest message of a thread is shown.
            except_for: threads that are shown the other way.
            arrange: puts the messages of one thread into order.
            newest_first: turns the whole list round.

        Raises:
            StorageError: the cache cannot be read.
        """
        self.cache = cache
        self.account = account
        self.mailbox = mailbox
        self.mailboxes = (mailbox, *sent)
        """Those whose messages are shown."""
        self._size = _SIZE.format(", ".join(map(str, sent))) if sent else "total"
        self._members = _MEMBERS.format(", ".join(map(str, self.mailboxes)))
        self.version = cache.version()
        self.collapsed = collapsed
        self._arrange = arrange
        self._heads: tuple[array[int], array[int]] | None = None
        with cache.reading() as db:
            self.except_for = frozenset(root(db, each) for each in except_for)
            count = self._count(db)
        super().__init__(count, ThreadRow(gone(account), 0, 0), newest_first=newest_first)

    def is_stale(self) -> bool:
        """The cache was changed since. Raises StorageError."""
        return self.cache.version() != self.version

    def position(self, row_id: str) -> int | None:
        """Where the row is, or the one it is hidden behind; None if it is not there. Raises StorageError."""
        message = message_of(row_id, self.account)
        with self.cache.reading() as db:
            found = db.execute(
                "SELECT thread, mailbox FROM message WHERE id = ? AND leaving IS NULL", (message,)
            ).fetchone()
            if found is None or found[1] not in self.mailboxes:
                return None
            threads, starts = self._all_heads(db)
            try:
                at = threads.index(found[0])
            except ValueError:
                return None
            size = starts[at + 1] - starts[at]
            rows = self._rows_of(db, [(found[0], size, 0, size)]) if size > 1 else []
        inside = next((number for number, row in enumerate(rows) if row.row.id == message), 0)
        return self._turned(starts[at] + inside)

    def _count(self, db: sqlite3.Connection) -> int:
        total = "total + answers" if len(self.mailboxes) > 1 else "total"
        query = (
            "SELECT count(*) FROM thread WHERE mailbox = ?"
            if self.collapsed
            else f"SELECT {total} FROM mailbox WHERE id = ?"  # noqa: S608 - fixed text
        )
        row = db.execute(query, (self.mailbox,)).fetchone()
        count = row[0] if row else 0
        for part in chunks(list(self.except_for)):
            marks = ", ".join("?" * len(part))
            more = f"SELECT coalesce(sum({self._size} - 1), 0) FROM thread WHERE mailbox = ? AND id IN ({marks})"  # noqa: S608
            (difference,) = db.execute(more, (self.mailbox, *part)).fetchone()
            count += difference if self.collapsed else -difference
        return int(count)

    def _is_collapsed(self, thread: int) -> bool:
        return self.collapsed is not (thread in self.except_for)

    def _shown(self, thread: int, total: int) -> int:
        return 1 if self._is_collapsed(thread) else total

    def _load(self, first: int, end: int) -> Sequence[ThreadRow]:
        with self.cache.snapshot() as db:
            if self.count - first <= NEAR_END:
                last = _HEADS.format(" DESC", self._size)
                heads = db.execute(last, (self.mailbox, self.count - first)).fetchall()[::-1]
                sizes = [self._shown(*each) for each in heads]
                return self._pieces(db, [each[0] for each in heads], sizes, self.count - sum(sizes), first, end)
            if end <= NEAR_END:
                heads = db.execute(_HEADS.format("", self._size), (self.mailbox, end)).fetchall()
                return self._pieces(
                    db, [each[0] for each in heads], [self._shown(*each) for each in heads], 0, first, end
                )
            threads, starts = self._all_heads(db)
            low = max(bisect_right(starts, first) - 1, 0)
            high = bisect_right(starts, end - 1)
            sizes = [starts[at + 1] - starts[at] for at in range(low, min(high, len(threads)))]
            return self._pieces(db, threads[low:high], sizes, starts[low], first, end)

    def _all_heads(self, db: sqlite3.Connection) -> tuple[array[int], array[int]]:
        """All threads, and the number of the first row of each; the last number is that of all rows."""
        if self._heads is None:
            heads = db.execute(_HEADS.format("", self._size), (self.mailbox, -1)).fetchall()
            sizes = (self._shown(*each) for each in heads)
            self._heads = array("q", (each[0] for each in heads)), array("q", accumulate(sizes, initial=0))
        return self._heads

    def _pieces(
        self, db: sqlite3.Connection, threads: Sequence[int], sizes: Sequence[int], start: int, first: int, end: int
    ) -> list[ThreadRow]:
        """The rows ``first`` to ``end`` of neighbouring threads, whose first row is ``start``."""
        pieces = []
        for thread, size in zip(threads, sizes, strict=True):
            begin, stop = max(first - start, 0), min(end - start, size)
            if begin < stop:
                pieces.append((thread, size, begin, stop))
            start += size
        return self._rows_of(db, pieces)

    def _rows_of(self, db: sqlite3.Connection, pieces: Sequence[tuple[int, int, int, int]]) -> list[ThreadRow]:
        """Of each thread, with so many rows, those from one number up to another."""
        whole = [thread for thread, size, _, _ in pieces if size <= LARGEST_TREE and not self._is_collapsed(thread)]
        read = self._read_whole(db, whole)
        rows: list[ThreadRow] = []
        for thread, size, begin, stop in pieces:
            if self._is_collapsed(thread):
                rows.extend(self._newest(db, thread))
            elif size > LARGEST_TREE:
                rows.extend(self._by_date(db, thread, begin, stop))
            else:
                rows.extend(read.get(thread, [])[begin:stop])
        return rows

    def _read_whole(self, db: sqlite3.Connection, threads: Sequence[int]) -> dict[int, list[ThreadRow]]:
        found: dict[int, dict[int, tuple[IndexRow, Member]]] = {}
        for part in chunks(threads):
            marks = ", ".join("?" * len(part))
            for row in db.execute(f"SELECT {COLUMNS}, message_id, {REFS} {self._members} IN ({marks})", part):
                shown = index_row(self.account, row[:_WIDTH])
                member = Member(shown.id, shown.mailbox, shown.date, *row[_WIDTH:])
                found.setdefault(shown.thread, {})[shown.id] = shown, member
        return {
            thread: [
                self._row(members[each.id][0], each.depth, each.branch)
                for each in self._arrange([member for _, member in members.values()])
            ]
            for thread, members in found.items()
        }

    def _newest(self, db: sqlite3.Connection, thread: int) -> list[ThreadRow]:
        rows = db.execute(
            f"SELECT {COLUMNS} {_MEMBERS.format(self.mailbox)} = ? ORDER BY date DESC, id DESC LIMIT 1", (thread,)
        ).fetchall()
        (total,) = db.execute(
            f"SELECT coalesce(sum({self._size}), 1) FROM thread WHERE id = ? AND mailbox = ?",  # noqa: S608
            (thread, self.mailbox),
        ).fetchone()
        return [ThreadRow(index_row(self.account, row), 0, total - 1) for row in rows]

    def _by_date(self, db: sqlite3.Connection, thread: int, begin: int, stop: int) -> list[ThreadRow]:
        rows = db.execute(
            f"SELECT {COLUMNS} {self._members} = ? ORDER BY date, id LIMIT ? OFFSET ?", (thread, stop - begin, begin)
        ).fetchall()
        return [self._row(index_row(self.account, row), int(begin + at > 0)) for at, row in enumerate(rows)]

    def _row(self, row: IndexRow, depth: int, branch: str = "") -> ThreadRow:
        return ThreadRow(row, depth, 0, branch, elsewhere=row.mailbox != self.mailbox)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Threads) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        place = (self.cache, self.version, self.account, self.mailboxes)
        return (*place, self.collapsed, self.except_for, self._arrange, self.newest_first)
