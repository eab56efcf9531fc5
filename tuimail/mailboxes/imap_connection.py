"""One signed-in connection, what is selected on it, and who may use it when."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mailboxes.imap_answers import SelectAnswer, read_enabled
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_names import wire_argument
from tuimail.mailboxes.imap_wire import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tuimail.mailboxes.imap_news import NewsGatherer
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.mailboxes.imap_values import Opened

_APPLE = ("mail.me.com", "icloud.com")
"""iCloud offers QRESYNC, does not confirm it and sends VANISHED that cannot be read."""


class QresyncBrokenError(ImapError):
    """What the server says with QRESYNC cannot be read; the connection is fine, and has nothing selected."""


class Selection(NamedTuple):
    """What is selected on a connection."""

    wire: str
    news: NewsGatherer


class ImapConnection:
    """A session of which one caller at a time uses what is selected. Belongs to one event loop."""

    def __init__(self, session: ImapSession, level: str) -> None:
        self.session = session
        self.level = level
        """``Q``, ``C`` or ``P``."""
        self.selection: Selection | None = None
        self.retired = False
        """No new caller gets it."""
        self.wanted = asyncio.Event()
        """A caller waits for its turn: whoever waits for changes is to give way."""
        self.used_at = asyncio.get_running_loop().time()
        """When a command was run last, on the loop's clock."""
        self._lock = asyncio.Lock()
        self._waiting = 0

    @property
    def usable(self) -> bool:
        """A new caller may have it."""
        return self.session.lost is None and not self.retired

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[ImapSession]:
        """The session for one caller; a wait for changes gives way. An error of a lost connection gets no status.

        Raises:
            ImapError: the connection is lost.
        """
        self._waiting += 1
        self.wanted.set()
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.wanted.clear()
        try:
            if self.session.lost is not None:
                raise again(self.session.lost)
            yield self.session
        except ImapError as error:
            if self.session.lost is not None and error.status is not None:
                raise again(error) from None  # a BYE
            raise
        finally:
            self.used_at = asyncio.get_running_loop().time()
            self._lock.release()

    @contextlib.asynccontextmanager
    async def use_until_wanted(self) -> AsyncIterator[ImapSession]:
        """The session for a wait for changes, which ends when ``wanted`` is set. Raises ImapError as ``use``."""
        async with self._lock:
            if not self._waiting:
                self.wanted.clear()
            if self.session.lost is not None:
                raise again(self.session.lost)
            yield self.session

    async def select(self, selection: Selection, *parameters: str, stall: float, command: str = "SELECT") -> Opened:
        """Select a mailbox (RFC 3501 section 6.3.1); the caller uses the connection.

        Args:
            selection: the mailbox, and what gathers its news.
            parameters: such as ``(CONDSTORE)``.
            stall: seconds without a byte of the server.
            command: SELECT or EXAMINE.

        Raises:
            QresyncBrokenError: what has vanished cannot be read.
            ImapError: refused, or lost.
        """
        answer = SelectAnswer()
        self.selection = None
        # What follows the reply at once is news already; until then the answer takes everything.
        self.session.listen(selection.news.take)
        status, _ = await self.session.stream(
            command, wire_argument(selection.wire), *parameters, stall=stall, sink=answer.take
        )
        if status.verdict != "OK":
            self.session.listen(None)
            raise self.session.refusal("to open the mailbox", status)
        if answer.broken:
            self.session.listen(None)
            raise QresyncBrokenError("The server's changes cannot be read.", step=self.session.step, status=status)
        opened = answer.opened(status)
        if opened is None:
            self.session.listen(None)
            raise self.session.refusal("to name the messages of the mailbox", Status("NO"))
        self.selection = selection
        return opened

    async def leave(self, stall: float) -> None:
        """Leave the selected mailbox unless it is INBOX; the caller uses the connection. Nothing is expunged.

        Courier neither renames nor deletes a mailbox that the same connection has open, nor one above it.

        Raises:
            ImapError: lost.
        """
        if self.selection is None or self.selection.wire.upper() == "INBOX":
            return
        self.selection = None
        self.session.listen(None)
        if self.session.capabilities & {"UNSELECT", "IMAP4REV2"}:
            await self.session.leave()
            return
        # CLOSE would expunge what others have marked (RFC 3501 section 6.4.2).
        await self.session.stream("EXAMINE", "INBOX", stall=stall)


async def connection_of(session: ImapSession, highest: str) -> ImapConnection:
    """A connection with the highest level that the server has, but no higher than ``highest``. Raises ImapError."""
    capabilities = session.capabilities
    host = session.where.rpartition(":")[0].lower()
    if highest == "Q" and {"QRESYNC", "ENABLE"} <= capabilities and not host.endswith(_APPLE):
        status, responses = await session.command("ENABLE", "QRESYNC")
        if status.verdict == "OK" and "QRESYNC" in read_enabled(responses):
            return ImapConnection(session, "Q")
    condstore = highest != "P" and bool(capabilities & {"CONDSTORE", "QRESYNC"})
    return ImapConnection(session, "C" if condstore else "P")


def again(error: ImapError) -> ImapError:
    """The error of a lost connection for one more caller: an exception that is raised twice mixes its tracebacks.

    Without the server's status: what is told to a caller with a status leaves the connection fine.
    """
    return ImapError(str(error), step=error.step, hint=error.hint, lasting=error.lasting)
