"""A selected mailbox as synchronising uses it: blocking, see ``sync.imap_server.SelectedMailbox``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tuimail.mailboxes import imap_changes, imap_reading
from tuimail.mailboxes.imap_connection import Selection, again
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_news import NewsGatherer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from typing import Any

    from tuimail.mailboxes.imap_connection import ImapConnection
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.mailboxes.imap_values import CopiedUids, FetchedHeader, FlagState, News, Opened

    Result = TypeVar("Result")
    Work = Callable[[ImapSession], Awaitable[Result]]


LETTER_LIMIT = 1024 * 1024 * 1024
"""Bytes of one message; a server may not send pieces for ever."""


class MailboxConnection:
    """A mailbox on a connection that others may use in between. Belongs to the loop."""

    def __init__(self, connection: ImapConnection, wire: str, stall: float) -> None:
        self.connection = connection
        self.news = NewsGatherer()
        self.stall = stall
        self._selection = Selection(wire, self.news)
        self._validity = 0

    async def open(self, *, validity: int = 0, modseq: int = 0) -> Opened:
        """Select it; with ``validity`` and ``modseq`` the answer says what changed since (QRESYNC).

        Raises:
            ImapError: refused, or the connection is lost.
        """
        async with self.connection.use():
            return await self._selected(validity, modseq)

    async def run(self, work: Work[Result]) -> Result:
        """Run ``work`` with the mailbox selected; it is selected again if another one was in between.

        Raises:
            ImapError: of ``work``, or the mailbox is another one now.
        """
        async with self.connection.use() as session:
            if self.connection.selection is not self._selection:
                before = self._validity
                opened = await self._selected(0, 0)
                self.news.missed()
                if opened.state.validity != before:
                    session.abort()
                    raise ImapError("The mailbox was made anew on the server.", step=ImapStage.MAILBOX)
            return await work(session)

    async def _selected(self, validity: int, modseq: int) -> Opened:
        level = self.connection.level
        parameters = []
        if level == "Q" and validity and modseq:
            parameters = [f"(QRESYNC ({validity} {modseq}))"]
        elif level == "C":
            parameters = ["(CONDSTORE)"]
        opened = await self.connection.select(self._selection, *parameters, stall=self.stall)
        self._validity = opened.state.validity
        return opened


class ImapMailbox:
    """A selected mailbox. Methods block, and may be called from any thread but the loop's; they raise ImapError."""

    def __init__(
        self, call: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any], mailbox: MailboxConnection, opened: Opened
    ) -> None:
        """``call`` runs a coroutine on the loop and waits for it."""
        self.opened = opened
        self._call = call
        self._mailbox = mailbox
        self._stall = mailbox.stall
        self._modseq = mailbox.connection.level != "P" and opened.state.modseq > 0

    def uids(self) -> list[int]:
        """Every uid there is, ascending."""
        return self.search("ALL")

    def search(self, criteria: str | Criteria) -> list[int]:
        """The uids that match, ascending."""
        return self._run(lambda session: imap_reading.search(session, criteria, self._stall))

    def headers(self, uids: Sequence[int]) -> list[FetchedHeader]:
        """Summaries' data; messages that are gone, or whose answer is broken, are left out."""

        async def work(session: ImapSession) -> list[FetchedHeader]:
            items = imap_reading.summary_items(session.capabilities, modseq=self._modseq)
            found, changed = await imap_reading.headers(session, uids, items, self._stall)
            for state in changed:
                self._mailbox.news.add_flags(state)
            return found

        return self._run(work)

    def arrivals(self, first: int) -> list[FetchedHeader]:
        """Messages with uids from ``first`` on, with MESSAGE-ID as the only header field."""

        async def work(session: ImapSession) -> list[FetchedHeader]:
            items = imap_reading.summary_items(session.capabilities, modseq=False, fields="MESSAGE-ID")
            return await imap_reading.headers_from(session, first, items, self._stall)

        return self._run(work)

    def flags(self, first: int, last: int, *, changed_since: int = 0) -> list[FlagState]:
        """Flags of a range of uids; those changed since a MODSEQ only, if the mailbox has CONDSTORE."""
        return self._run(
            lambda session: imap_reading.flags(
                session, first, last, modseq=self._modseq, changed_since=changed_since, stall=self._stall
            )
        )

    def there(self, uids: Sequence[int]) -> list[int]:
        """Those of ``uids`` that exist, ascending."""
        return self._run(lambda session: imap_reading.there(session, uids, self._stall))

    def fetch(self, uid: int, write: Callable[[bytes], object], *, offset: int = 0) -> bool:
        """Hand the message's bytes from ``offset`` on to ``write``, on this thread; False: it is gone.

        What ``write`` raises ends it, and costs nothing but the piece that came last.
        """
        pieces = imap_reading.BodyPieces(uid, offset)
        written = offset
        while not pieces.ended:
            piece = self._run(lambda session: pieces.next(session, self._stall))
            if piece is None:
                return False
            if piece:
                write(piece)
            written += len(piece)
            if written > LETTER_LIMIT:
                raise ImapError("The server sends a letter without end.", step=ImapStage.MAILBOX)
        return True

    def store(
        self, uids: Sequence[int], *, add: int = 0, remove: int = 0, add_keywords: str = "", remove_keywords: str = ""
    ) -> None:
        """Set and take away flags; messages that are gone are passed over."""

        async def work(session: ImapSession) -> None:
            await imap_changes.store(session, uids, "+", add, add_keywords, self._stall)
            await imap_changes.store(session, uids, "-", remove, remove_keywords, self._stall)

        self._run(work)

    def copy(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        """Copy; the new uids if the server tells them all."""
        return self._run(lambda session: imap_changes.transfer(session, "COPY", uids, target, self._stall))

    def move(self, uids: Sequence[int], target: str) -> CopiedUids | None:
        """MOVE (RFC 6851); the new uids if the server tells them all."""
        return self._run(lambda session: imap_changes.transfer(session, "MOVE", uids, target, self._stall))

    def expunge(self, uids: Sequence[int]) -> None:
        """UID EXPUNGE of exactly these (RFC 4315)."""
        self._run(lambda session: imap_changes.expunge(session, uids, self._stall))

    def news(self) -> News:
        """What came unasked since this was called last. Sends nothing."""

        async def work() -> News:
            lost = self._mailbox.connection.session.lost
            if lost is not None:
                raise again(lost)
            return self._mailbox.news.taken()

        news: News = self._call(work)
        return news

    def _run(self, work: Work[Result]) -> Result:
        result: Result = self._call(lambda: self._mailbox.run(work))
        return result
