"""Which messages match a pattern: engine.mail.search. On threads of their own, so that rows are read meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tuimail.engine.reader_handle import ReaderHandle
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.cache.database import DamagedCacheError
    from tuimail.engine.mail_index import FolderCounts, IndexRequest
    from tuimail.engine.mail_reader import MailReader, Place
    from tuimail.engine.wide_search import Report
    from tuimail.mail.pattern_tree import Pattern

T = TypeVar("T")


class SearchBrokenOffError(UsageError):
    """Another search was begun, or the user did not want to wait."""

    def __init__(self) -> None:
        super().__init__("The search was broken off.")


class SearchThread:
    """One search at a time: the next one breaks off the one that is still going on."""

    def __init__(
        self, name: str, open_reader: Callable[[], MailReader], damaged: Callable[[DamagedCacheError], None]
    ) -> None:
        """``damaged`` is that of ReaderHandle."""
        self._reader = ReaderHandle(name, open_reader, damaged)
        self._latest = 0
        """Number of the search asked for last."""

    def start(self) -> None:
        """Allow searches."""
        self._reader.start()

    def stop(self) -> None:
        """Break off what is going on and end the thread. Awaits nothing."""
        self.break_off()
        self._reader.stop()

    def break_off(self) -> None:
        """Stop what is going on, soon."""
        self._latest += 1

    async def run(self, work: Callable[[MailReader, Callable[[], bool]], T]) -> T:
        """What ``work`` returns, given the mail and a function that says whether to stop; not awaited, it is stopped.

        Raises:
            SearchBrokenOffError: it was broken off.
            TuimailError: what ``work`` raises.
        """
        from tuimail.cache.pattern_search import SearchStoppedError

        self._latest = number = self._latest + 1
        try:
            return await self._reader.run(lambda reader: work(reader, lambda: self._latest != number))
        except SearchStoppedError:
            raise SearchBrokenOffError from None
        except asyncio.CancelledError:
            if self._latest == number:
                self.break_off()
            raise


class MailSearch:
    """Searches that an index waits for, and searches through several folders: one of each at a time."""

    def __init__(self, open_reader: Callable[[], MailReader], damaged: Callable[[DamagedCacheError], None]) -> None:
        self._limits = SearchThread("mail search", open_reader, damaged)
        self._wide = SearchThread("mail search in all folders", open_reader, damaged)

    def start(self) -> None:
        """Allow searches."""
        self._limits.start()
        self._wide.start()

    def stop(self) -> None:
        """Break off what is going on and end the threads. Awaits nothing."""
        self._limits.stop()
        self._wide.stop()

    async def matching(self, request: IndexRequest, pattern: Pattern) -> Sequence[str]:
        """Ids of the rows of a request that match as well, in its order.

        Raises:
            UsageError: the pattern asks for what is not searched.
            StorageError: the cache cannot be read.
        """
        found = await self.chosen(replace(request, limit=pattern))
        if request.limit is not None:
            among = set(await self.chosen(request))
            found = [each for each in found if each in among]
        return [f"{account}:{number}" for account, number in found]

    async def chosen(self, request: IndexRequest) -> Sequence[Place]:
        """What a request is limited to; a search of this kind that is still going on is broken off."""
        from tuimail.cache.database import NoCacheError

        try:
            return await self._limits.run(lambda reader, stopped: reader.chosen(request, stopped))
        except NoCacheError:
            return []

    async def find(self, request: IndexRequest, some: Report) -> Sequence[Place]:
        """What a request with a search finds; ``some`` is called with what was found so far. Both the oldest first.

        Raises:
            UsageError: the pattern asks for what is not searched.
            StorageError: the cache cannot be read.
            SearchBrokenOffError: ``break_off`` was called, or the next one begun.
        """
        from tuimail.engine import wide_search

        loop = asyncio.get_running_loop()

        def report(places: Sequence[Place]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(some, places)

        return await self._wide.run(lambda reader, stopped: wide_search.find(reader, request, report, stopped))

    async def count(self, request: IndexRequest) -> FolderCounts:
        """How many messages a request with a search finds; raises as ``find``, of which it is one."""
        from tuimail.engine import wide_search

        return await self._wide.run(lambda reader, stopped: wide_search.count(reader, request, stopped))

    def break_off(self) -> None:
        """Stop looking for more in several folders."""
        self._wide.break_off()
