"""Fills the full-text index of an account: the messages that have no text yet, the newest first, in small steps.

Each step is whole: the index gets the texts, then ``index.db`` learns which message has which. A kill in between costs
nothing, for a text is known by the hash of the message's bytes, also when ``index.db`` was lost and filled again.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from typing import TYPE_CHECKING

from tuimail.cache import fulltext
from tuimail.cache.fulltext import NewText, WritableFulltext
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.errors import StorageError
from tuimail.mail.indexed_text import NO_TEXT, indexed_text
from tuimail.mailboxes.maildir_folder import MessageGoneError
from tuimail.sync.fulltext_renewal import BATCH, FulltextRenewal, forget_next

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from tuimail.cache.database import ReadableCache
    from tuimail.mail.indexed_text import IndexedText
    from tuimail.sync.fulltext_renewal import Write

    Read = Callable[[int, int], bytes]
    """The first bytes of the message with an id: its id, how many."""

log = logging.getLogger(__name__)

READ_LIMIT = 4 * 1024 * 1024
"""Bytes of a message that are looked at."""
BATCH_SECONDS = 0.1
"""After which a step ends with fewer."""
_GIVE_WAY = 5
"""Messages after which other threads may run."""
_FAILURES = 20
"""Messages one after the other that cannot be read: the disk is gone, and another time is better."""
_UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
_WHERE = "text IS NULL AND leaving IS NULL"


class FulltextSync:
    """The full-text index of one account. Its thread reads, parses and indexes; the cache's own thread writes that."""

    def __init__(self, cache: ReadableCache, write: Write, read: Read, *, only_kept: bool = False) -> None:
        """Make it; nothing is read yet.

        Args:
            cache: a connection of this thread; the process holds the account's lock.
            write: runs a function in a transaction of the cache.
            read: the bytes of a message.
            only_kept: messages that are not kept on this machine have their turn when they are.
        """
        self._where = f"{_WHERE} AND kept = 1" if only_kept else _WHERE
        self._cache = cache
        self._write = write
        self._read = read
        self._index: WritableFulltext | None = None
        self._skipped: set[int] = set()
        self._failures = 0
        self._renewal = FulltextRenewal(cache, write, self._raw, _text_of, lambda: self._failures >= _FAILURES)

    def missing(self) -> int:
        """How many messages are not indexed yet. Raises StorageError."""
        with self._cache.reading() as db:
            (count,) = db.execute(f"SELECT count(*) FROM message WHERE {self._where}").fetchone()  # noqa: S608
        return int(count)

    def fill(self, until: float = math.inf, stopped: Callable[[], bool] = lambda: False) -> int:
        """Index what is not, as far as there is time; call it again for the rest. Returns how many were done.

        Messages that cannot be opened now are passed over until another object is made.

        Args:
            until: of ``time.monotonic``.
            stopped: asked between steps.

        Raises:
            StorageError: the index or the cache cannot be written.
        """
        done = 0
        again = True
        while not stopped():
            try:
                count = self._step()
                if count is None and not self._renewed(until, stopped):
                    break
                done += count or 0
            except DamagedDatabaseError as error:
                if not again:
                    raise
                again = False
                log.warning("the full-text index is made anew: %s", error)
                self._begin_anew()
            if time.monotonic() >= until:
                break
        return done

    def _renewed(self, until: float, stopped: Callable[[], bool]) -> bool:
        """The index was made anew, and there is something to be indexed again."""

        def enough() -> bool:
            return time.monotonic() >= until or stopped()

        made = None if self._index is None else self._renewal.run(self._index, enough)
        if made is None:
            return False
        self.close()
        self._index, again = made
        return again

    def close(self) -> None:
        """Close the index; never raises."""
        if self._index is not None:
            self._index.close()
            self._index = None

    # -- a step
    def _step(self) -> int | None:
        """Index some messages; None if none is left."""
        index = self._opened()
        with self._cache.reading() as db:
            rows = db.execute(
                f"SELECT id, arrived FROM message WHERE {self._where} ORDER BY arrived DESC, id DESC LIMIT ?",  # noqa: S608
                (BATCH + len(self._skipped),),
            ).fetchall()
        rows = [row for row in rows if row[0] not in self._skipped][:BATCH]
        if not rows or self._failures >= _FAILURES:
            return None
        texts: list[NewText] = []
        hashes: dict[int, bytes] = {}
        rows_of: dict[bytes, int] = {}
        for number, arrived, raw in self._letters(rows):
            hashes[number] = digest = hashlib.sha256(raw).digest()
            if digest not in rows_of:
                rows_of.update(index.known((digest,)))
            if digest not in rows_of:
                texts.append(NewText(digest, arrived, _text_of(raw)))
        if texts:
            rows_of.update(index.add(texts))
        ties = [(rows_of[digest], number) for number, digest in hashes.items()]
        name = index.path.name

        def tie(db: sqlite3.Connection) -> None:
            if fulltext.name_of(db) == name:
                db.executemany("UPDATE message SET text = ? WHERE id = ? AND text IS NULL", ties)

        if ties:
            self._write(tie)
        return len(ties)

    def _letters(self, rows: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, bytes]]:
        """The bytes of messages, for as long as a step may take."""
        end = time.monotonic() + BATCH_SECONDS
        for at, (number, arrived) in enumerate(rows, 1):
            raw = self._raw(number)
            if raw is None:
                self._skipped.add(number)
            else:
                yield number, arrived, raw
            if at % _GIVE_WAY == 0:
                time.sleep(0)
            if time.monotonic() >= end or self._failures >= _FAILURES:
                return

    def _raw(self, message: int) -> bytes | None:
        """Its bytes; None: it cannot be read now, or is gone, which the next sync will find."""
        try:
            raw = self._read(message, READ_LIMIT)
        except MessageGoneError:
            return None
        except (StorageError, OSError) as error:
            log.info("a message could not be read for the full-text index: %s", error)
            self._failures += 1
            return None
        self._failures = 0
        return raw

    # -- the file
    def _opened(self) -> WritableFulltext:
        """The index that belongs to the cache: the one named there, one that an earlier cache left, or a new one."""
        folder = self._cache.path.parent
        with self._cache.reading() as db:
            name = fulltext.name_of(db)
        if self._index is not None and self._index.path.name == name and self._index.path.exists():
            return self._index
        self.close()
        if name and (folder / name).exists():
            self._index = WritableFulltext(folder / name)
        else:
            self._index = self._adopted() or WritableFulltext(folder / fulltext.new_name())
            self._take(self._index.path.name)
        self._remove_others()
        return self._index

    def _adopted(self) -> WritableFulltext | None:
        """The index of a cache that was lost: its texts are known by their hashes."""
        for path in reversed(fulltext.files(self._cache.path.parent)):
            try:
                return WritableFulltext(path)
            except DamagedDatabaseError:
                continue
        return None

    def _take(self, name: str) -> None:
        def take(db: sqlite3.Connection) -> None:
            fulltext.forget_texts(db)
            fulltext.set_name(db, name)
            forget_next(db)

        self._write(take)

    def _begin_anew(self) -> None:
        """Take an empty index, and throw the damaged one away."""
        self.close()
        self._index = WritableFulltext(self._cache.path.with_name(fulltext.new_name()))
        self._take(self._index.path.name)
        self._remove_others()

    def _remove_others(self) -> None:
        wanted = {self._index.path.name if self._index is not None else "", self._renewal.next_name()}
        for path in fulltext.files(self._cache.path.parent):
            if path.name not in wanted:
                fulltext.remove(path)


def _text_of(raw: bytes) -> IndexedText:
    """Its text; an empty one where a letter is too odd for us, so that it is not tried for ever."""
    try:
        return indexed_text(raw)
    except _UNREADABLE as error:
        log.error("a message of %d bytes has no text for the full-text index: %s", len(raw), type(error).__name__)
        return NO_TEXT
