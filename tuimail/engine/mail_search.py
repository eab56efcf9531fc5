"""Which messages match a pattern: engine.mail.search. On threads of their own, so that rows are read meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tuimail.engine.reader_handle import ReaderHandle
from tuimail.engine.server_hits import ServerHits
from tuimail.errors import TuimailError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.cache.database import DamagedCacheError
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import FolderCounts
    from tuimail.engine.mail_news import MailNews
    from tuimail.engine.mail_reader import MailReader, Place
    from tuimail.engine.wide_search import Report
    from tuimail.mail.pattern_tree import Pattern

T = TypeVar("T")

log = logging.getLogger(__name__)

FRESH = 60.0
"""Seconds for which the same is not asked of a server again."""
MOST_SAID = 1000
"""Sentences about searches that are remembered."""


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


class SearchAtServers:
    """Asks servers for what texts have that are not here, beside the searches; what they find changes the lists."""

    def __init__(self, thread: SearchThread, hits: ServerHits, news: MailNews, offline: Callable[[str], str]) -> None:
        self._thread = thread
        self._hits = hits
        self._news = news
        self._offline = offline
        self._asked: dict[tuple[object, ...], float] = {}
        """When what was asked last."""
        self._said: set[tuple[tuple[object, ...], str]] = set()
        """What was told of a search, which is told once."""
        self._task: asyncio.Task[None] | None = None
        self.searching = False
        """A server is being asked."""

    def start(self) -> None:
        """Allow questions."""
        self._thread.start()

    def stop(self) -> None:
        """Break off what is going on and end the thread. Awaits nothing."""
        self._thread.stop()

    def begin(self, request: IndexRequest) -> None:
        """Ask for what a request looks for in texts; not again while the answer is fresh. On the event loop."""
        from tuimail.mailboxes.imap_search import days_of, text_leaves

        leaves = text_leaves(request.pattern) if request.narrowed else []
        if not leaves:
            return
        key = (request.account, request.folder, request.search and request.search.folders, *leaves)
        key += days_of(request.pattern)
        now = time.monotonic()
        if now - self._asked.get(key, float("-inf")) < FRESH:
            return
        self._asked = {each: at for each, at in self._asked.items() if now - at < FRESH} | {key: now}
        self._task = asyncio.get_running_loop().create_task(self._ask(request, key))

    async def _ask(self, request: IndexRequest, key: tuple[object, ...]) -> None:
        from tuimail.cache.pattern_search import SearchStoppedError
        from tuimail.engine import server_search

        def work(reader: MailReader, stopped: Callable[[], bool]) -> list[str]:
            asked = []
            for mail, boxes in reader.boxes(request):
                name = mail.account.name
                wanted = server_search.questions(mail, boxes, request.pattern, self._hits)
                if not wanted:
                    continue
                asked.append(name)
                if self._offline(name):
                    self._say(key, f"{name} is offline: only letters on this machine were searched.")
                    continue
                self.searching = True
                self._news.changed(name)  # the title bar says so
                why = server_search.ask(
                    mail, wanted, self._hits, stopped=stopped, more=partial(self._news.changed, name)
                )
                if stopped():
                    raise SearchStoppedError
                if why:
                    self._say(key, why)
            return asked

        names: list[str] = []
        try:
            names = await self._thread.run(work)
        except SearchBrokenOffError:
            self._asked.pop(key, None)  # by another search: it is gone on with when this one is shown again
        except TuimailError as error:
            log.warning("the servers cannot be asked: %s", error)
        if self._task is asyncio.current_task():
            self.searching = False
        for name in names:
            self._news.changed(name)

    def _say(self, key: tuple[object, ...], sentence: str) -> None:
        if len(self._said) >= MOST_SAID:
            self._said.clear()
        if (key, sentence) not in self._said:
            self._said.add((key, sentence))
            self._news.told(sentence)


class MailSearch:
    """Searches that an index waits for, and searches through several folders: one of each at a time."""

    def __init__(
        self,
        open_reader: Callable[[], MailReader],
        damaged: Callable[[DamagedCacheError], None],
        news: MailNews,
        offline: Callable[[str], str],
    ) -> None:
        """``offline`` tells why the server of an account cannot be reached; empty when it can be."""
        self.hits = ServerHits()
        """What servers have found, for the readers."""
        self._news = news
        self._uncertain_said: tuple[object, ...] = ()
        self.server = SearchAtServers(SearchThread("search at servers", open_reader, damaged), self.hits, news, offline)
        self._limits = SearchThread("mail search", open_reader, damaged)
        self._wide = SearchThread("mail search in all folders", open_reader, damaged)

    def start(self) -> None:
        """Allow searches."""
        self._limits.start()
        self._wide.start()
        self.server.start()

    def stop(self) -> None:
        """Break off what is going on and end the threads. Awaits nothing."""
        self._limits.stop()
        self._wide.stop()
        self.server.stop()

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

        def work(reader: MailReader, stopped: Callable[[], bool]) -> Sequence[Place]:
            found = reader.chosen(request, stopped)
            self._say_uncertain(reader, request)
            return found

        self.server.begin(request)
        try:
            return await self._limits.run(work)
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
        self.server.begin(request)

        def report(places: Sequence[Place]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(some, places)

        def work(reader: MailReader, stopped: Callable[[], bool]) -> Sequence[Place]:
            found = wide_search.find(reader, request, report, stopped)
            self._say_uncertain(reader, request)
            return found

        return await self._wide.run(work)

    async def count(self, request: IndexRequest) -> FolderCounts:
        """How many messages a request with a search finds; raises as ``find``, of which it is one."""
        from tuimail.engine import wide_search

        return await self._wide.run(lambda reader, stopped: wide_search.count(reader, request, stopped))

    def _say_uncertain(self, reader: MailReader, request: IndexRequest) -> None:
        """Tell how many messages were left out, once while the same is looked for. On a thread that searches."""
        from tuimail.engine.received_mail import uncertain_sentence

        sentence = uncertain_sentence(mail for mail, _ in reader.boxes(request))
        key = (request.account, request.folder, request.pattern, sentence)
        if sentence and key != self._uncertain_said:
            self._news.told(sentence)
        self._uncertain_said = key

    def break_off(self) -> None:
        """Stop looking for more in several folders."""
        self._wide.break_off()
