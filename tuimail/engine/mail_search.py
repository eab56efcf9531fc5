"""Which messages match a pattern: engine.mail.search. On a thread of its own, so that rows are read meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine.store_handle import StoreHandle
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.engine.mail_index import IndexRequest
    from tuimail.engine.mail_reader import MailReader, Place
    from tuimail.mail.pattern_tree import Pattern


class MailSearch:
    """One search at a time: the next one breaks off the one that is still going on."""

    def __init__(self, open_reader: Callable[[], MailReader]) -> None:
        self._reader = StoreHandle("mail search", open_reader, lambda reader: reader.close())
        self._latest = 0
        """Number of the search asked for last."""

    def start(self) -> None:
        """Allow searches."""
        self._reader.start()

    def stop(self) -> None:
        """Break off what is going on and end the thread. Awaits nothing."""
        self._latest += 1
        self._reader.stop()

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
        """What a request is limited to; a search that is still going on is broken off."""
        from tuimail.cache.database import NoCacheError
        from tuimail.cache.pattern_search import SearchStoppedError

        self._latest = number = self._latest + 1
        try:
            return await self._reader.run(lambda reader: reader.chosen(request, lambda: self._latest != number))
        except SearchStoppedError:
            raise UsageError("The search was broken off.") from None
        except NoCacheError:
            return []
