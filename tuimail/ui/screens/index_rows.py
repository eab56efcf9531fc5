"""The rows of a message index as lines: whose addresses are ours, and how wide the columns are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole
from tuimail.ui.views.index_lines import index_columns, index_line, index_titles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tuimail.engine import Engine
    from tuimail.engine.mail_index import IndexRequest
    from tuimail.ui.screens.index_source import IndexSlot
    from tuimail.ui.views.index_lines import IndexColumns


class IndexRows:
    """Draws rows of one index."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self._columns: tuple[tuple[int, int, bool], IndexColumns] | None = None

    def heading(self, request: IndexRequest) -> str:
        """The folder, and its account where there are several."""
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
        return index_line(slot.entry, slot.number + 1, columns, self._engine().clock.now(), self._own, tagged=tagged)

    @cached_property
    def _own(self) -> Mapping[str, OwnAddresses]:
        accounts = self._engine().config.accounts
        return {name: OwnAddresses(each.address for each in account.identities) for name, account in accounts.items()}

    def _columns_for(self, width: int, count: int, request: IndexRequest) -> IndexColumns:
        """Worked out once for a width and a number of rows."""
        key = width, count, request.unified
        if self._columns is None or self._columns[0] != key:
            self._columns = key, index_columns(width, count, accounts=request.unified)
        return self._columns[1]
