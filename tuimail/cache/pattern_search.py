"""Runs a search pattern on a cache: the ids of the messages that match, in the order of arrival or date.

Used on the thread that reads the cache. A search is stopped by ``ReadableCache.interrupt`` or by ``stopped``, which is
asked every few milliseconds; then it raises SearchStoppedError.
"""

from __future__ import annotations

import re
import sqlite3
from array import array
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tuimail.cache.fulltext import TemporaryFulltext, open_of
from tuimail.cache.pattern_sql import PatternSql
from tuimail.cache.windows import IndexOrder
from tuimail.errors import StorageError
from tuimail.mail.indexed_text import IndexedText, indexed_text
from tuimail.mail.message_text import message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.pattern_match import MatchContext, folded, matches
from tuimail.mail.row_recipients import ListedRecipient, row_recipients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tuimail.cache.database import ReadableCache
    from tuimail.cache.fulltext import ReadableFulltext
    from tuimail.cache.pattern_sql import TextQuestion
    from tuimail.cache.windows import Key
    from tuimail.mail.pattern_tree import Pattern, Term

READ_LIMIT = 4 * 1024 * 1024
"""Bytes of a message that a search looks at."""
_VALUE = re.compile(r"\?(\d+)")
_STEPS = 20_000
"""Of SQLite's machine, between two looks at whether to stop: about a millisecond."""
_REMEMBERED = 4096
"""Answers of ``pattern_leaf`` that are kept: the same people write again."""


class SearchStoppedError(Exception):
    """The search was broken off."""


def matching_ids(
    cache: ReadableCache,
    mailboxes: Sequence[int] | None,
    pattern: Pattern,
    context: MatchContext,
    *,
    raw_of: Callable[[int], bytes] | None = None,
    uncertain: set[int] | None = None,
    stopped: Callable[[], bool] | None = None,
    order: IndexOrder = IndexOrder.ARRIVAL,
    limit: int | None = None,
) -> array[int]:
    """The shown messages that match, the oldest first.

    Args:
        cache: used by nobody else meanwhile.
        mailboxes: only in these; None for all.
        pattern: ``~(...)`` looks through the threads of the whole account.
        context: its ``answers`` and ``tagged`` must be collections of ids; ``answers`` need to have only what the cache
            does not know (collapsed threads, hits of a server), or what is to be taken instead.
        raw_of: reads a message, at most ``READ_LIMIT`` bytes; None: what only the message tells is not known, so it is
            left out.
        uncertain: gets the messages that were left out because it cannot be told how many attachments they have.
        stopped: whether to break off.
        order: what they are sorted by.
        limit: only the newest so many, which are found sooner.

    Raises:
        UsageError: the pattern asks for what is not searched.
        StorageError: the cache cannot be read.
        SearchStoppedError: ``stopped`` said so, or the cache was interrupted.
    """
    with _Search(cache, context, raw_of, stopped, uncertain).running() as search:
        found = array("q", (number for _, number in search.keys(mailboxes, pattern, order, limit, lazy=False)))
    found.reverse()
    return found


def newest_matching(
    cache: ReadableCache,
    mailboxes: Sequence[int] | None,
    pattern: Pattern,
    context: MatchContext,
    *,
    raw_of: Callable[[int], bytes] | None = None,
    uncertain: set[int] | None = None,
    order: IndexOrder = IndexOrder.DATE,
) -> Iterator[int]:
    """The ids of the same, the newest first, found as they are asked for; as ``newest_keys``."""
    for _, number in newest_keys(cache, mailboxes, pattern, context, raw_of=raw_of, uncertain=uncertain, order=order):
        yield number


def newest_keys(
    cache: ReadableCache,
    mailboxes: Sequence[int] | None,
    pattern: Pattern,
    context: MatchContext,
    *,
    raw_of: Callable[[int], bytes] | None = None,
    uncertain: set[int] | None = None,
    stopped: Callable[[], bool] | None = None,
    order: IndexOrder = IndexOrder.DATE,
) -> Iterator[Key]:
    """Their keys in ``order``, the newest first, found as they are asked for.

    ``cache`` is in a transaction until the end.

    Raises:
        UsageError: the pattern asks for what is not searched.
        StorageError: the cache cannot be read.
        SearchStoppedError: ``stopped`` said so, or the cache was interrupted.
    """
    with _Search(cache, context, raw_of, stopped, uncertain).running() as search:
        yield from search.keys(mailboxes, pattern, order, None, lazy=True)


class _Search:
    """One search: what its SQL functions know, and what went wrong in them."""

    def __init__(
        self,
        cache: ReadableCache,
        context: MatchContext,
        raw_of: Callable[[int], bytes] | None,
        stopped: Callable[[], bool] | None,
        uncertain: set[int] | None,
    ) -> None:
        self._uncertain = set() if uncertain is None else uncertain
        self._cache = cache
        self._context = context
        self._stopped = stopped
        self._texts = _Texts(raw_of)
        self._raised: BaseException | None = None

    @contextmanager
    def running(self) -> Iterator[_Search]:
        """In one state of the cache. What SQLite makes of an exception in a function becomes that exception again."""
        try:
            with self._cache.snapshot() as db:
                db.set_progress_handler(self._stop, _STEPS)
                try:
                    self._texts.look(self._cache, db)
                    yield self
                finally:
                    db.set_progress_handler(None, 0)
        except (sqlite3.OperationalError, StorageError) as error:
            raised = self._raised
            if raised is not None:
                raise raised from None
            if isinstance(error, sqlite3.OperationalError):
                raise SearchStoppedError from None
            raise
        finally:
            self._texts.close()

    def keys(
        self, mailboxes: Sequence[int] | None, pattern: Pattern, order: IndexOrder, limit: int | None, *, lazy: bool
    ) -> Iterator[Key]:
        """The newest first."""
        made = PatternSql(self._context, self._texts, lambda sql, values: self._evaluate(made, sql, values))
        sql = made.expression(pattern).sql
        self._register(made)
        where = "leaving IS NULL"
        if mailboxes is not None:
            where += f" AND mailbox IN ({', '.join(str(int(each)) for each in mailboxes)})"
        by = order.value
        if lazy and made.reads:
            # Sorted before anything is read, so that the newest are read first.
            query = (
                f"SELECT message.{by}, message.id FROM (SELECT id AS number FROM message WHERE {where} "  # noqa: S608
                f"ORDER BY {by} DESC, id DESC LIMIT -1) CROSS JOIN message ON message.id = number WHERE {sql}"
            )
        else:
            # All rows are read the fastest as they lie in the file; a few newest, or unread ones, by their index.
            by_index = limit is not None or "flags & 1 = 0" in sql
            table = "message" if by_index else "message NOT INDEXED"
            query = f"SELECT {by}, id FROM {table} WHERE {where} AND {sql} ORDER BY {by} DESC, id DESC"  # noqa: S608
        if limit is not None:
            query += f" LIMIT {int(limit)}"
        yield from self._cache.db.execute(query, _used(query, made.values))

    def _evaluate(self, made: PatternSql, sql: str, values: Sequence[object]) -> tuple[list[int], list[int]]:
        self._register(made)
        query = f"SELECT id, {sql} AS told FROM message WHERE leaving IS NULL AND told IS NOT 0"  # noqa: S608
        rows = self._cache.db.execute(query, _used(query, values)).fetchall()
        return [number for number, told in rows if told is not None], [number for number, told in rows if told is None]

    def _register(self, made: PatternSql) -> None:
        leaves, questions, counts = made.leaves, made.questions, made.counts

        @lru_cache(maxsize=_REMEMBERED)
        def leaf(number: int, *given: str) -> bool | None:
            try:
                return matches(leaves[number], _row(*given), self._context)
            except BaseException as error:
                self._raised = error
                raise

        def text(number: int, message: int) -> bool:
            try:
                # Reading takes long between two looks of SQLite's own.
                if self._stop():
                    raise SearchStoppedError
                return self._texts.has(message, questions[number])
            except BaseException as error:
                self._raised = error
                raise

        def files(number: int, message: int) -> bool | None:
            try:
                if self._stop():
                    raise SearchStoppedError
                told = self._texts.has_files(message, *counts[number])
            except BaseException as error:
                self._raised = error
                raise
            if told is None:
                self._uncertain.add(message)
            return told

        db = self._cache.db
        db.create_function("pattern_files", 2, files)
        db.create_function("pattern_leaf", 8, leaf, deterministic=True)
        db.create_function("pattern_text", 2, text)

    def _stop(self) -> bool:
        try:
            return self._stopped is not None and self._stopped()
        except BaseException as error:
            self._raised = error
            raise


class _Texts:
    """The texts of messages: from the index, else from the messages."""

    def __init__(self, raw_of: Callable[[int], bytes] | None) -> None:
        self.index: ReadableFulltext | None = None
        self.reads = raw_of is not None
        self.complete = False
        self._raw_of = raw_of
        self._temporary: TemporaryFulltext | None = None
        self._message = -1
        self._raw = b""
        self._held = -1
        self._counted = (-1, 0)
        """The message whose attachments were counted last, and how many it has."""

    def look(self, cache: ReadableCache, db: sqlite3.Connection) -> None:
        """Open the index that belongs to the cache; within the transaction, so that it is never the older one."""
        without = db.execute("SELECT 1 FROM message WHERE text IS NULL AND leaving IS NULL LIMIT 1").fetchone()
        self.index = open_of(cache, db)
        self.complete = without is None
        self._db = db

    def messages(self, texts: Sequence[int]) -> list[int]:
        marks = ", ".join(map(str, texts))
        query = f"SELECT id FROM message WHERE text IN ({marks})"  # noqa: S608 - numbers
        return [number for (number,) in self._db.execute(query)]

    def hits(self, query: str) -> Sequence[int] | None:
        if self.index is None:
            return None
        try:
            return self.index.hits(query)
        except StorageError:
            self.index.close()
            self.index = None
            return None

    def has(self, message: int, question: TextQuestion) -> bool:
        """Whether the text of a message answers ``question``; a message that cannot be read has no text."""
        self._read(message)
        if question.term is not None:
            return _header_has(question.term, self._raw)
        if self._temporary is None:
            self._temporary = TemporaryFulltext()
        if self._held != message:
            self._held = message
            self._temporary.hold(indexed_text(self._raw) if self._raw else IndexedText("", "", "", ""))
        return self._temporary.matches(question.query)

    def has_files(self, message: int, least: int | None, most: int | None) -> bool | None:
        """Whether it has so many attachments; None: it cannot be read, or not to its end."""
        self._read(message)
        if not self._raw:
            return None
        if message != self._counted[0]:
            self._counted = message, len(message_text(read_tree(self._raw)).files)
        count = self._counted[1]
        if most is not None and count > most:
            return False
        if len(self._raw) >= READ_LIMIT and (most is not None or (least is not None and count < least)):
            return None
        return least is None or count >= least

    def _read(self, message: int) -> None:
        if message != self._message:
            self._message, self._raw = message, b""
            try:
                self._raw = self._raw_of(message) if self._raw_of is not None else b""
            except StorageError:
                self._raw = b""

    def close(self) -> None:
        for each in (self.index, self._temporary):
            if each is not None:
                each.close()
        self.index = self._temporary = None


def _used(query: str, values: Sequence[object]) -> Sequence[object]:
    """The values up to the last one that ``query`` names; SQLite takes no more."""
    return values[: max(map(int, _VALUE.findall(query)), default=0)]


def _header_has(term: Term, raw: bytes) -> bool:
    tree = read_tree(raw)
    return folded(term.text) in folded(raw[tree.header.start : tree.body].decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class _GivenRow:
    """A row of which only what a leaf looks at is known."""

    subject: str
    from_name: str
    from_addr: str
    recipients: Sequence[ListedRecipient]
    list_id: str
    keywords: str
    refs: str
    id: int = 0
    flags: int = 0
    size: int = 0
    arrived: float = 0.0
    date: float = 0.0
    message_id: str = ""
    attached: int | None = None


def _row(subject: str, from_name: str, from_addr: str, recipients: str, *rest: str) -> _GivenRow:
    list_id, keywords, refs = rest
    return _GivenRow(subject, from_name, from_addr, row_recipients(recipients), list_id, keywords, refs)
