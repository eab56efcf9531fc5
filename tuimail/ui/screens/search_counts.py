"""How many messages the saved searches find, counted beside the folder list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.mail_search import SearchBrokenOffError
from tuimail.errors import TuimailError
from tuimail.ui.coalescer import Coalescer
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.config.saved_searches import SavedSearch
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import FolderCounts
    from tuimail.ui.screens.frame import FrameScreen


class SearchCounts:
    """Counts one search after the other; what was counted before is kept until it is counted anew."""

    def __init__(
        self, screen: FrameScreen, request_of: Callable[[SavedSearch], IndexRequest], changed: Callable[[], None]
    ) -> None:
        """``changed`` is called when a number was counted."""
        self._screen = screen
        self._request_of = request_of
        self._changed = changed
        self._searches: Sequence[SavedSearch] = ()
        self._counted: dict[SavedSearch, FolderCounts] = {}
        self._counting = Coalescer(self._count)

    def of(self, search: SavedSearch) -> FolderCounts | None:
        """The numbers, if they are known."""
        return self._counted.get(search)

    def count(self, searches: Sequence[SavedSearch]) -> None:
        """Count these, again those that were counted before."""
        self._searches = searches
        if searches and self._counting.request():
            start_worker(self._screen, self._counting.run, group="counting")

    async def _count(self) -> None:
        for search in self._searches:
            try:
                counts = await self._screen.program.engine.mail.search.count(self._request_of(search))
            except SearchBrokenOffError:
                return  # by a search that the user looks at; counted when the folder list is on top again
            except TuimailError:
                self._counted.pop(search, None)
                continue
            if self._counted.get(search) != counts:
                self._counted[search] = counts
                self._changed()
