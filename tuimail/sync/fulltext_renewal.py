"""Makes the full-text index of an account anew when much of it is about messages that are gone.

What is alive is read and indexed again in a file beside it, in small steps that another run goes on with. When all is
there the cache learns the new name.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from tuimail.cache import fulltext
from tuimail.cache.fulltext import WritableFulltext
from tuimail.coordination.sqlite import DamagedDatabaseError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from tuimail.cache.database import ReadableCache
    from tuimail.mail.indexed_text import IndexedText

    Write = Callable[[Callable[[sqlite3.Connection], None]], None]
    """Runs a function in a transaction of the cache's only writer; on its thread."""

BATCH = 25
"""Messages of a step."""
_FEWEST = 200
"""Texts below which dead ones do not matter."""
_NEXT = "fulltext_next"
"""Under it ``index.db`` has the name of the file that is made to replace the index."""
_LIVE = "SELECT text, max(id) FROM message WHERE text IS NOT NULL GROUP BY text ORDER BY text DESC"


class FulltextRenewal:
    """The renewal of one account's index."""

    def __init__(
        self,
        cache: ReadableCache,
        write: Write,
        raw: Callable[[int], bytes | None],
        text_of: Callable[[bytes], IndexedText],
        failing: Callable[[], bool],
    ) -> None:
        """Make it; nothing is looked at yet.

        Args:
            cache: a connection of this thread.
            write: as for FulltextSync.
            raw: the bytes of a message; None: it cannot be read now, or is gone.
            text_of: what is indexed of the bytes of a message.
            failing: whether messages cannot be read at present: what is missing then is not gone.
        """
        self._cache = cache
        self._write = write
        self._raw = raw
        self._text_of = text_of
        self._failing = failing
        self._counted: tuple[int, int] | None = None
        """Texts and messages when it was last looked how many are dead."""

    def next_name(self) -> str:
        """The name of the file that is being made; empty if none is. Raises StorageError."""
        with self._cache.reading() as db:
            row = db.execute("SELECT v FROM state WHERE k = ?", (_NEXT,)).fetchone()
        return "" if row is None else str(row[0])

    def run(self, index: WritableFulltext, stopped: Callable[[], bool]) -> tuple[WritableFulltext, bool] | None:
        """Make the index anew where a quarter of it is dead.

        Args:
            index: as it is.
            stopped: asked between steps; True: there is no time for more.

        Returns:
            The new index, and whether there is something to be indexed again; None: the old one goes on.

        Raises:
            StorageError: the index or the cache cannot be written.
        """
        if not self._may_be_dead(index):
            return None
        with self._cache.reading() as db:
            live: dict[int, int] = dict(db.execute(_LIVE))
        count = index.count()
        if count < _FEWEST or (count - len(live)) * 4 < count:
            return None
        self._counted = None
        name = self.next_name() or fulltext.new_name()

        def begin(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO state (k, v) VALUES (?, ?)", (_NEXT, name))

        self._write(begin)
        path = index.path.with_name(name)
        try:
            following = WritableFulltext(path)
        except DamagedDatabaseError:
            fulltext.remove(path)
            following = WritableFulltext(path)
        try:
            lost = self._copy(index, following, live, stopped)
        finally:
            following.close()
        if lost is None:
            return None

        def replace(db: sqlite3.Connection) -> None:
            db.executemany("UPDATE message SET text = NULL WHERE text = ?", ((each,) for each in lost))
            fulltext.set_name(db, name)
            forget_next(db)

        self._write(replace)
        # The old file stays until another object opens this one: readers may be about to open it.
        return WritableFulltext(path), bool(lost)

    def _may_be_dead(self, index: WritableFulltext) -> bool:
        """Whether it is worth counting, which takes as long as there are texts: numbers alone say that few are dead."""
        if self.next_name():
            return True
        with self._cache.reading() as db:
            (messages,) = db.execute("SELECT coalesce(sum(total), 0) FROM mailbox").fetchone()
        texts = index.most()
        if texts < _FEWEST or (texts - messages) * 4 < texts or self._counted == (texts, messages):
            return False
        self._counted = texts, messages
        return True

    def _copy(
        self,
        index: WritableFulltext,
        following: WritableFulltext,
        live: dict[int, int],
        stopped: Callable[[], bool],
    ) -> set[int] | None:
        """Index what is alive in ``following`` too, under the same numbers; those that are not there any more.

        None: there was no time for all.
        """
        hashes, there = index.entries(), following.entries()
        todo = [(text, message) for text, message in live.items() if text not in there]
        lost: set[int] = set()
        for first in range(0, len(todo), BATCH):
            if first and stopped():
                return None
            texts: list[tuple[int, bytes, IndexedText]] = []
            for text, message in todo[first : first + BATCH]:
                raw = self._raw(message)
                if raw is None or hashlib.sha256(raw).digest() != hashes.get(text):
                    lost.add(text)
                else:
                    texts.append((text, hashes[text], self._text_of(raw)))
                time.sleep(0)
            if self._failing():
                return None
            following.copy(texts, index.counter)
        return lost


def forget_next(db: sqlite3.Connection) -> None:
    """No other file is being made; inside a transaction of the cache."""
    db.execute("DELETE FROM state WHERE k = ?", (_NEXT,))
