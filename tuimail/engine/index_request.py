"""Which messages a message index lists, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        from tuimail.mail.pattern_tree import And, Flag

        limit = Flag.ALL if self.limit is None else self.limit
        return limit if self.search is None else And((self.search.pattern, limit))
