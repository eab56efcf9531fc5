"""The IMAP server of an account, blocking: see ``sync.imap_server.ImapServer``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tuimail.mail.flags import to_wire
from tuimail.mailboxes import imap_folders
from tuimail.mailboxes.imap_answers import read_copied
from tuimail.mailboxes.imap_connection import QresyncBrokenError
from tuimail.mailboxes.imap_connections import ConnectionRole, ImapConnections
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_mailbox import ImapMailbox, MailboxConnection
from tuimail.mailboxes.imap_names import wire_argument
from tuimail.mailboxes.imap_timeouts import ClientTimes
from tuimail.mailboxes.imap_watch import ImapWatch
from tuimail.mailboxes.loop_thread import LoopClosedError, LoopThread
from tuimail.mailboxes.sent_mail import internal_date

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
    from typing import Any

    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_connection import ImapConnection
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.mailboxes.imap_values import CopiedUids, FolderStatus, ListedStatuses, MailboxState

Result = TypeVar("Result")


class ImapClient:
    """The connections to one account's server, on an event loop of their own.

    Methods may be called from any thread but the loop's, and block. Each raises ImapError: with a ``status`` the
    server refused and the connection is fine; without one it is lost, and the next call connects again. When to call
    again is the caller's to decide.
    """

    def __init__(self, connect: Callable[[], Awaitable[ImapSession]], *, times: ClientTimes | None = None) -> None:
        """``connect`` makes a signed-in session; it is called on the loop's thread."""
        self._times = times or ClientTimes()
        self._loop = LoopThread("imap")
        self._connections = ImapConnections(connect)
        self._watch = ImapWatch(self._connections, self._times)

    @property
    def level(self) -> str:
        """``Q``, ``C`` or ``P``. Connects if necessary."""
        return self._call(self._background).level

    def demote(self, level: str) -> None:
        """Never use more than ``level`` with this server again."""

        async def work() -> None:
            self._connections.demote(level)

        self._call(work)

    def has(self, capability: str) -> bool:
        """Whether the server has a capability, upper case. Connects if necessary."""
        return capability in self._call(self._background).session.capabilities

    def folders(self) -> Sequence[Mailbox]:
        """LIST, with special uses where the server has them."""
        return self._run(lambda session: imap_folders.listed(session, self._times.background))

    def folders_with_statuses(self) -> ListedStatuses:
        """The same, with the STATUS of each if the server tells it in one command (LIST-STATUS, RFC 5819)."""

        async def work() -> ListedStatuses:
            connection = await self._background()
            async with connection.use() as session:
                return await imap_folders.listed_with_statuses(
                    session, modseq=connection.level != "P", stall=self._times.background
                )

        return self._call(work)

    def subscribed(self) -> frozenset[str]:
        """Wire names of the mailboxes that the user has subscribed to, with INBOX in capitals."""
        return self._run(lambda session: imap_folders.subscribed(session, self._times.background))

    def prefix(self) -> str:
        """What the wire names of the user's own mailboxes begin with, such as ``INBOX.``; mostly nothing."""
        return self._run(lambda session: imap_folders.personal_prefix(session, self._times.background))

    def rights(self, wire: str) -> str | None:
        """Letters of RFC 4314 for what the user may do in a mailbox; None: the server does not tell."""
        return self._run(lambda session: imap_folders.rights(session, wire, self._times.background))

    def statuses(self, wires: Sequence[str]) -> dict[str, FolderStatus]:
        """STATUS of mailboxes; those that refuse it are left out."""

        async def work() -> dict[str, FolderStatus]:
            connection = await self._background()
            async with connection.use() as session:
                return await imap_folders.statuses(
                    session, wires, modseq=connection.level != "P", stall=self._times.background
                )

        return self._call(work)

    def select(self, wire: str, *, validity: int = 0, modseq: int = 0, interactive: bool = False) -> ImapMailbox:
        """Select a mailbox; at level Q and with ``validity`` and ``modseq`` the answer says what has changed since."""
        role = ConnectionRole.INTERACTIVE if interactive else ConnectionRole.BACKGROUND
        stall = self._times.interactive if interactive else self._times.background

        async def opened() -> ImapMailbox:
            mailbox = MailboxConnection(await self._connections.get(role), wire, stall)
            return ImapMailbox(self._call, mailbox, await mailbox.open(validity=validity, modseq=modseq))

        async def work() -> ImapMailbox:
            try:
                return await opened()
            except QresyncBrokenError:
                self._connections.demote("C")
                return await opened()

        return self._call(work)

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
        """Append a message of ``size`` bytes; its uid if the server tells it."""

        async def work(session: ImapSession) -> CopiedUids | None:
            wire_argument(wire)
            words = f"({to_wire(flags, keywords)})"
            status = await session.append(wire, pieces(), size, flags=words, date=internal_date(arrived))
            if status.verdict != "OK":
                raise session.refusal("the letter", status)
            return read_copied(status)

        return self._run(work)

    def state_of(self, wire: str) -> MailboxState:
        """UIDVALIDITY and UIDNEXT of a mailbox."""

        async def work() -> MailboxState:
            connection = await self._background()
            selection = connection.selection
            if selection is not None and selection.wire == wire:
                # STATUS is not for the selected mailbox (RFC 3501 section 6.3.10).
                mailbox = MailboxConnection(connection, wire, self._times.background)
                state = (await mailbox.open()).state
                if state.uidnext:
                    return state
            async with connection.use() as session:
                return await imap_folders.state_by_status(
                    session, wire, modseq=connection.level != "P", stall=self._times.background
                )

        return self._call(work)

    def create(self, wire: str, *, use: str = "") -> None:
        """Create a mailbox, for a special ``use`` where the server can; one that is there already is no error."""
        self._run(lambda session: imap_folders.create(session, wire, self._times.background, use=use))

    def rename(self, wire: str, to: str) -> None:
        """Rename a mailbox."""
        self._run_outside(lambda session: imap_folders.rename(session, wire, to, self._times.background))

    def delete(self, wire: str) -> None:
        """Delete a mailbox; one that is gone already is no error."""
        self._run_outside(lambda session: imap_folders.delete(session, wire, self._times.background))

    def subscribe(self, wire: str, *, subscribed: bool) -> None:
        """Subscribe to a mailbox, or take that back."""
        self._run(
            lambda session: imap_folders.subscribe(session, wire, subscribed=subscribed, stall=self._times.background)
        )

    def watch(self, wire: str, changed: Callable[[], None]) -> None:
        """Watch ``wire`` from now on instead of the mailbox before; returns at once.

        ``changed`` is called on the loop's thread, where it must neither wait nor call this client.
        """

        async def work() -> None:
            self._watch.start(wire, changed)

        self._call(work)

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Have ``work`` called again and again while the current thread waits for the server; it must not raise."""
        self._loop.meanwhile(work)

    def close(self) -> None:
        """End all connections and the thread, within two seconds; calls that wait end with an ImapError."""
        self._loop.close(lambda: self._connections.close(self._times.goodbye), 2.0)

    def _background(self) -> Coroutine[Any, Any, ImapConnection]:
        return self._connections.get(ConnectionRole.BACKGROUND)

    def _run(self, work: Callable[[ImapSession], Awaitable[Result]]) -> Result:
        """Run ``work`` on the background connection, whatever is selected there."""

        async def with_session() -> Result:
            connection = await self._background()
            async with connection.use() as session:
                return await work(session)

        return self._call(with_session)

    def _run_outside(self, work: Callable[[ImapSession], Awaitable[Result]]) -> Result:
        """Run ``work`` on the background connection with no mailbox but INBOX selected (ImapConnection.leave)."""

        async def with_session() -> Result:
            connection = await self._background()
            async with connection.use() as session:
                await connection.leave(self._times.background)
                return await work(session)

        return self._call(with_session)

    def _call(self, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a coroutine on the loop; an error of a connection has no status."""
        try:
            return self._loop.call(make)
        except LoopClosedError:
            raise ImapError("The connection to the server was closed.", step=ImapStage.MAILBOX) from None
