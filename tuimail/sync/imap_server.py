"""The IMAP server of an account as synchronising and the journal use it. Blocking: they run on threads of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.mailboxes.imap_values import (
        CopiedUids,
        FetchedHeader,
        FlagState,
        FolderStatus,
        ListedStatuses,
        MailboxState,
        News,
        Opened,
    )


class SelectedMailbox(Protocol):
    """A selected mailbox on one connection. Messages are named by uid alone. Every method raises ImapError.

    An ImapError with a ``status`` is the server's refusal, after which the connection is fine; without one the
    connection is lost, and so is this mailbox.
    """

    opened: Opened

    def uids(self) -> list[int]:
        """Every uid there is, ascending (ESEARCH where the server has it)."""
        ...

    def search(self, criteria: str | Criteria) -> list[int]:
        """The uids that match, ascending; ``criteria`` is a fixed text such as ``UNSEEN``, or what a user looks for."""
        ...

    def headers(self, uids: Sequence[int]) -> list[FetchedHeader]:
        """Summaries' data, in any order; messages that are gone are left out."""
        ...

    def flags(self, first: int, last: int, *, changed_since: int = 0) -> list[FlagState]:
        """Flags of a range of uids; those changed since a MODSEQ only, if the server has CONDSTORE."""
        ...

    def arrivals(self, first: int) -> list[FetchedHeader]:
        """Messages with uids from ``first`` on, with MESSAGE-ID as the only header field: the proof of a copy."""
        ...

    def there(self, uids: Sequence[int]) -> list[int]:
        """Those of ``uids`` that exist."""
        ...

    def fetch(self, uid: int, write: Callable[[bytes], object], *, offset: int = 0) -> bool:
        """Hand the message's bytes from ``offset`` on to ``write`` piece by piece; False: it is gone."""
        ...

    def store(
        self, uids: Sequence[int], *, add: int = 0, remove: int = 0, add_keywords: str = "", remove_keywords: str = ""
    ) -> None:
        """Set and take away flags (+FLAGS.SILENT, -FLAGS.SILENT); messages that are gone are passed over."""
        ...

    def copy(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        """Copy; the new uids if the server tells them."""
        ...

    def move(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        """MOVE (RFC 6851); only if ``ImapServer.has("MOVE")``."""
        ...

    def expunge(self, uids: Sequence[int]) -> None:
        """UID EXPUNGE of exactly these; only if ``ImapServer.has("UIDPLUS")``."""
        ...

    def news(self) -> News:
        """What came unasked since this was called last."""
        ...


class ImapServer(Protocol):
    """The connections to the server of one account. Methods may be called from any thread, and raise ImapError."""

    @property
    def level(self) -> str:
        """``Q`` (QRESYNC was enabled), ``C`` (CONDSTORE) or ``P``; see ImapServer.demote. Connects if necessary."""
        ...

    def demote(self, level: str) -> None:
        """Never use more than ``level`` with this server again: it told something that is not so."""
        ...

    def has(self, capability: str) -> bool:
        """Whether it has a capability, upper case. Connects if necessary."""
        ...

    def folders(self) -> Sequence[Mailbox]:
        """LIST, with special uses where the server has them."""
        ...

    def folders_with_statuses(self) -> ListedStatuses:
        """The same, with the STATUS of each if the server tells it in one command (LIST-STATUS, RFC 5819)."""
        ...

    def subscribed(self) -> frozenset[str]:
        """Wire names of the mailboxes that the user has subscribed to, with INBOX in capitals."""
        ...

    def rights(self, wire: str) -> str | None:
        """Letters of RFC 4314 for what the user may do in a mailbox; None: the server does not tell."""
        ...

    def statuses(self, wires: Sequence[str]) -> dict[str, FolderStatus]:
        """STATUS of mailboxes (in one LIST-STATUS where the server has it); those that refuse it are left out."""
        ...

    def select(self, wire: str, *, validity: int = 0, modseq: int = 0, interactive: bool = False) -> SelectedMailbox:
        """Select a mailbox on the background connection, or the interactive one; it stays so until the next select.

        With ``validity`` and ``modseq`` and at level Q the answer says what has changed since.
        """
        ...

    def append(
        self,
        wire: str,
        pieces: Callable[[], Iterable[bytes]],
        size: int,
        *,
        flags: int,
        keywords: str = "",
        arrived: float,
    ) -> CopiedUids | None:
        """Append a message; its uid if the server tells it."""
        ...

    def state_of(self, wire: str) -> MailboxState:
        """UIDVALIDITY and UIDNEXT of a mailbox, by STATUS: the mark before a move or an append."""
        ...

    def prefix(self) -> str:
        """What the wire names of the user's own mailboxes begin with, such as ``INBOX.``; mostly nothing."""
        ...

    def create(self, wire: str, *, use: str = "") -> None:
        """Create a mailbox, for a special ``use`` where the server can; one that is there already is no error."""
        ...

    def rename(self, wire: str, to: str) -> None:
        """Rename a mailbox."""
        ...

    def delete(self, wire: str) -> None:
        """Delete a mailbox; one that is gone already is no error."""
        ...

    def subscribe(self, wire: str, *, subscribed: bool) -> None:
        """Subscribe to a mailbox, or take that back."""
        ...

    def watch(self, wire: str, changed: Callable[[], None]) -> None:
        """IDLE on a mailbox; ``changed`` is called, on any thread, when something happens."""
        ...

    def close(self) -> None:
        """End all connections and the thread."""
        ...
