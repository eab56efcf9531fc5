"""Messages for the tests of the cache, and a plain model of what it should hold."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from tuimail.cache.database import WritableCache
from tuimail.cache.writer_lock import WriterLock
from tuimail.mail.summary import Summary

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

NOON = 1_790_000_000


class Letter(Summary):
    """A summary of which only what matters is named."""

    __slots__ = ()

    def __new__(
        cls,
        message_id: str = "",
        refs: str = "",
        flags: int = 0,
        date: int = NOON,
        arrived: int = NOON,
        subject: str = "Hello",
        keywords: str = "",
        size: int = 1000,
        base: str = "hello",
        attached: bool | None = None,
    ) -> Self:
        people = ("Ada", "ada@example.org", "")
        return super().__new__(
            cls, flags, keywords, size, arrived, date, *people, subject, base, message_id, refs, "", attached
        )


def a_letter(**fields: Any) -> Letter:
    """The same as a function: strategies would read the fields of a class with its names."""
    return Letter(**fields)


@contextmanager
def written(folder: Path) -> Iterator[WritableCache]:
    """The cache below ``folder``, open for writing."""
    lock = WriterLock(folder / "data" / "lock")
    assert lock.acquire()
    cache = WritableCache(folder / "cache", lock)
    try:
        yield cache
    finally:
        cache.close()
        lock.release()


def disagreements(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Counts that are not those of the rows; empty if the cache is sound."""
    threads = """
        SELECT thread, mailbox, max(date), count(*), sum(flags & 1 = 0) FROM message
        WHERE leaving IS NULL GROUP BY thread, mailbox
    """
    mailboxes = """
        SELECT mailbox.id, total, unread, flagged FROM mailbox EXCEPT
        SELECT mailbox.id, count(message.id), coalesce(sum(message.flags & 1 = 0), 0),
               coalesce(sum(message.flags & 4 <> 0), 0)
        FROM mailbox LEFT JOIN message ON message.mailbox = mailbox.id AND leaving IS NULL GROUP BY mailbox.id
    """
    answers = """
        SELECT id, answers FROM mailbox EXCEPT
        SELECT mailbox.id, CASE mailbox.special WHEN 'sent' THEN 0 ELSE count(sent.id) END FROM mailbox
        LEFT JOIN message sent ON sent.leaving IS NULL
             AND sent.mailbox IN (SELECT id FROM mailbox WHERE special = 'sent')
             AND sent.thread IN (SELECT thread FROM message m WHERE m.mailbox = mailbox.id AND m.leaving IS NULL)
        GROUP BY mailbox.id
    """
    stored = "SELECT id, mailbox, latest, total, unread FROM thread"
    return [
        *db.execute(f"{threads} EXCEPT {stored}"),
        *db.execute(f"SELECT * FROM ({stored}) EXCEPT {threads}"),
        *db.execute(mailboxes),
        *db.execute(answers),
    ]
