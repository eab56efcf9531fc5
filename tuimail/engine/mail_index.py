"""What a message index lists: the rows as the screen draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name
from tuimail.cache.thread_view import ThreadRow
from tuimail.engine.folder_rights import lacks
from tuimail.mail.message_ref import MessageRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.cache.views import IndexView
    from tuimail.cache.windows import IndexRow
    from tuimail.engine.index_request import IndexRequest


class IndexEntry(NamedTuple):
    """A line of the index."""

    row: IndexRow
    ref: MessageRef
    depth: int = 0
    """How many messages it answers, one by another."""
    hidden: int = 0
    """Messages of its thread that are behind it."""
    branch: str = ""
    """What is drawn before its subject."""
    muted: bool = False
    """Its thread is muted."""
    elsewhere: bool = False
    """It lies in Sent, and is shown because it belongs to a thread of the folder."""
    rights: str = ""
    """What its folder allows (RFC 4314); empty: all, as far as is known."""

    @property
    def row_id(self) -> str:
        """The same in every view of this run."""
        return self.row.row_id


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """Messages of what the index shows, whatever it is limited to."""

    total: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class MessageIndex:
    """An index at one state of the cache. Rows are read in the thread of the reader and taken from memory here."""

    request: IndexRequest
    view: IndexView[IndexRow | ThreadRow]
    folder_names: Mapping[tuple[str, int], str]
    """Names of folders by account and number."""
    rights: Mapping[tuple[str, int], str]
    """Their rights (RFC 4314), by the same; empty: all, as far as is known."""
    counts: FolderCounts = FolderCounts()
    special_use: str = ""
    """Of its folder: sent, drafts, trash, archive, junk."""
    start: str | None = None
    """The row to be selected first: the message that was sought, else the first unread one, else the newest."""
    muted: frozenset[tuple[str, int]] = frozenset()
    """Muted threads by account and number."""
    positions: Mapping[str, int] = field(default_factory=dict)
    """Where the rows are that were asked for when it was made."""
    missed: bool = False
    """The message that was sought is not there."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.view.count

    @property
    def closed(self) -> bool:
        """It is that of one folder, which the user may not read."""
        request = self.request
        if request.unified or request.search is not None:
            return False
        mine = (request.account, request.folder)
        places = (each for each, name in self.folder_names.items() if (each[0], name) == mine)
        return any(lacks(self.rights.get(each, ""), "r") for each in places)

    def entries(self, first: int, end: int) -> Sequence[IndexEntry | None]:
        """The rows from ``first`` up to ``end``; None for what was not read yet."""
        return [None if row is None else self.entry_of(row) for row in self.view.loaded(first, end)]

    def entry_of(self, row: IndexRow | ThreadRow) -> IndexEntry:
        """The line of a row of ``view``."""
        if isinstance(row, ThreadRow):
            plain = self._plain(row.row)
            return plain._replace(depth=row.depth, hidden=row.hidden, branch=row.branch, elsewhere=row.elsewhere)
        return self._plain(row)

    def _plain(self, row: IndexRow) -> IndexEntry:
        place = (row.account, row.mailbox)
        ref = MessageRef(row.account, self.folder_names.get(place, ""), read_name(row.emailid))
        muted = (row.account, row.thread) in self.muted
        return IndexEntry(row, ref, muted=muted, rights=self.rights.get(place, ""))
