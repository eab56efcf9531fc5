"""The rows of a message index as lines: whose addresses are ours, and how wide the columns are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tuimail.engine.index_request import SortOrder
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole, clip
from tuimail.ui.views.index_lines import SearchState, index_banner, index_columns, index_line, index_titles
from tuimail.ui.views.sync_remarks import sync_remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tuimail.engine import Engine
    from tuimail.engine.index_request import IndexRequest
    from tuimail.ui.protocols import MessageList
    from tuimail.ui.screens.index_source import IndexSlot
    from tuimail.ui.views.index_lines import IndexColumns


EMPTY = "No messages."
CLOSED = "The server does not let you read this folder."
NONE_FOUND = "No message matches."
SEARCHING = "Searching..."
HEADING = 30
"""Cells of the words of a search in the title bar."""


class IndexRows:
    """Draws rows of one index."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self._columns: tuple[tuple[int, int, bool, bool], IndexColumns] | None = None

    def heading(self, request: IndexRequest) -> str:
        """The folder, and its account where there are several."""
        if request.search is not None:
            return f"SEARCH {clip(safe_line(request.search.name or request.search.words), HEADING)}"
        if request.unified:
            return "INBOX of all accounts"
        name = safe_line(request.folder)
        return f"{name}  {safe_line(request.account)}" if len(self._engine().mail.accounts) > 1 else name

    def titles(self, width: int, count: int, request: IndexRequest) -> Line:
        """The names of the columns."""
        return index_titles(self._columns_for(width, count, request))

    def line(self, slot: IndexSlot, width: int, count: int, request: IndexRequest, *, tagged: bool) -> Line:
        """The row in ``width`` cells, one of ``count``."""
        if slot.entry is None:
            return (Span("     …", TextRole.DIM),)
        columns = self._columns_for(width, count, request)
        now = self._engine().clock.now()
        return index_line(slot.entry, slot.number + 1, columns, now, self._own, tagged=tagged, away=slot.away)

    def banner(self, screen: MessageList, width: int) -> list[Line]:
        """What is being read for the first time, searched, and what the index is limited to."""
        request, results = screen.request, screen.results
        syncing = self._engine().mail.syncing(request.account)
        limit = "" if not screen.limited else "tagged messages" if screen.zoomed else screen.limit_text
        total = 0 if screen.index is None else screen.index.counts.total
        state = None
        if request.search is not None and screen.index is not None:
            state = SearchState(request.search, results.searching, results.broken_off)
        return index_banner(syncing, limit, screen.list.count, total, screen.program.keymap.key("back"), width, state)

    def back(self, screen: MessageList) -> str:
        """What going back means, if it does not leave the index."""
        return "Stop" if screen.results.searching else "Show all" if screen.limited else ""

    def empty(self, screen: MessageList) -> str:
        """What an index without rows says."""
        if screen.results.searching:
            return SEARCHING
        if screen.index is not None and screen.index.closed:
            return CLOSED
        return NONE_FOUND if screen.limited or screen.request.search is not None else EMPTY

    def remarks(self, screen: MessageList) -> Sequence[str]:
        """Whether the server is out of reach, and what waits for it; unread and tagged ones, and the order."""
        mail, account = self._engine().mail, screen.request.account
        parts = sync_remarks(mail.offline(account), mail.sync.stopped_by(account), mail.journal.counted(account))
        if mail.search.server.searching and screen.request.narrowed:
            parts.append("searching at the server")
        if screen.index is not None and screen.index.counts.unread:
            parts.append(f"{screen.index.counts.unread:,} unread")
        if screen.tagged:
            parts.append(f"{len(screen.tagged):,} tagged")
        usual = SortOrder.ARRIVAL if screen.request.search is None else SortOrder.DATE
        if screen.request.order is not usual:
            parts.append(f"by {screen.request.order}")
        return parts

    @cached_property
    def _own(self) -> Mapping[str, OwnAddresses]:
        accounts = self._engine().config.accounts
        return {name: OwnAddresses(each.address for each in account.identities) for name, account in accounts.items()}

    def _columns_for(self, width: int, count: int, request: IndexRequest) -> IndexColumns:
        """Worked out once for a width and a number of rows."""
        search = request.search
        several = len(self._engine().mail.accounts) > 1 and (search is None or len(search.accounts) != 1)
        accounts, folders = request.several and several, search is not None and len(search.folders) != 1
        key = width, count, accounts, folders
        if self._columns is None or self._columns[0] != key:
            self._columns = key, index_columns(width, count, accounts=accounts, folders=folders)
        return self._columns[1]
