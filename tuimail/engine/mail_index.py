"""What a message index lists: which messages in which order, and the rows as the screen draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.stored_names import read_name
from tuimail.cache.thread_view import ThreadRow
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.pattern_tree import And, Flag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.cache.views import IndexView
    from tuimail.cache.windows import IndexRow
    from tuimail.mail.pattern_tree import Pattern


class SortOrder(StrEnum):
    """What an index is sorted by."""

    ARRIVAL = "arrival"
    DATE = "date"
    THREAD = "thread"
    SUBJECT = "subject"
    FROM = "from"
    TO = "to"
    SIZE = "size"
    FLAGGED = "flagged"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class WideSearch:
    """A search through several folders at once."""

    words: str
    """As they were typed, in the language of ``mail/pattern``."""
    pattern: Pattern
    """What they mean."""
    accounts: tuple[str, ...] = ()
    """Empty: all."""
    folders: tuple[str, ...] = ()
    """Names of folders; empty: all but junk and trash."""
    name: str = ""
    """Under which it was saved."""


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """The messages wanted, and how."""

    account: str = ""
    """Empty: the inboxes of all accounts, as one, or what is searched for."""
    folder: str = "INBOX"
    order: SortOrder = SortOrder.ARRIVAL
    reverse: bool = False
    collapsed: bool = False
    """Of threads only the newest message is shown."""
    except_for: frozenset[int] = frozenset()
    """Threads for which it is the other way round."""
    limit: Pattern | None = None
    """Only messages that match."""
    only: frozenset[str] | None = None
    """Only these rows."""
    search: WideSearch | None = None
    """What is listed in place of a folder."""

    @property
    def unified(self) -> bool:
        """It is the inboxes of all accounts."""
        return not self.account and self.search is None

    @property
    def several(self) -> bool:
        """It may list messages of several folders."""
        return not self.account or self.search is not None

    @property
    def narrowed(self) -> bool:
        """It lists what a pattern finds."""
        return self.search is not None or self.limit is not None

    @property
    def pattern(self) -> Pattern:
        """What the messages match that are listed."""
        limit = Flag.ALL if self.limit is None else self.limit
        return limit if self.search is None else And((self.search.pattern, limit))


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

    def entries(self, first: int, end: int) -> Sequence[IndexEntry | None]:
        """The rows from ``first`` up to ``end``; None for what was not read yet."""
        return [None if row is None else self._entry(row) for row in self.view.loaded(first, end)]

    def _entry(self, row: IndexRow | ThreadRow) -> IndexEntry:
        if isinstance(row, ThreadRow):
            plain = self._plain(row.row)
            return plain._replace(depth=row.depth, hidden=row.hidden, branch=row.branch, elsewhere=row.elsewhere)
        return self._plain(row)

    def _plain(self, row: IndexRow) -> IndexEntry:
        folder = self.folder_names.get((row.account, row.mailbox), "")
        muted = (row.account, row.thread) in self.muted
        return IndexEntry(row, MessageRef(row.account, folder, read_name(row.emailid)), muted=muted)
