"""Files the copy of an accepted letter: once, in the right place, and independent of SMTP."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import SecretError, StorageError
from tuimail.mail.text import safe_line
from tuimail.sent.providers import skip_reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tuimail.config.model import Account, Server
    from tuimail.mail.content import Content
    from tuimail.mailboxes.imap_errors import ImapError
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.paths import Paths

LOCAL_AFTER = 3
"""Failed attempts after which a copy is kept on this machine as well."""

IDLE_SECONDS = 30.0
"""Seconds after which an unused connection is closed."""

SIGN_IN_PAUSE = 3600.0
"""Seconds before a refused password is sent to the same server again: servers lock accounts."""

_CLOCK_SLACK = 2 * 86400.0
"""Seconds by which a clock may be wrong and a local copy is still found."""


@dataclass(frozen=True, slots=True)
class FilingResult:
    """The result of one attempt."""

    done: bool
    """Nothing more to do: filed or skipped."""
    skipped: bool = False
    """Nothing was to be filed."""
    message: str = ""
    """Where the copy is, or why there is none and what to do; safe to show."""
    place: str = ""
    """Path of a copy on this machine, if there is one."""


class SentCopyFiler:
    """Files copies for all accounts; keeps one IMAP connection per account for a short while.

    ``secret`` returns the password or token of an account's IMAP server. Failures of a server, a network or a disk
    become results, not exceptions. Filing the same letter again finds the copy and does nothing.
    """

    def __init__(
        self, paths: Paths, secret: Callable[[Account], Awaitable[str]], *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._paths = paths
        self._secret = secret
        self._idle_seconds = idle_seconds
        self._accounts: dict[str, _Connection] = {}

    async def file_copy(
        self, account: Account, message_id: str, letter: Content, *, date: float, attempts: int = 0, place: str = ""
    ) -> FilingResult:
        """File a copy of ``letter``.

        Args:
            account: the account that sent it; its ``sent_copy`` says where to file.
            message_id: with angle brackets.
            letter: its bytes.
            date: when it was sent, seconds since the epoch.
            attempts: earlier attempts that failed.
            place: a local copy an earlier attempt left.
        """
        if why := skip_reason(account):
            return FilingResult(done=True, skipped=True, message=why)
        if account.imap is None:
            return await self._locally(account, message_id, letter, date)
        words = await self._remotely(account, account.imap, message_id, letter, date)
        if not words:
            return FilingResult(done=True, message=f"Filed on {safe_line(account.imap.host)}.", place=place)
        if attempts + 1 < LOCAL_AFTER:
            return FilingResult(done=False, message=words, place=place)
        local = await self._locally(account, message_id, letter, date)
        kept = f" A copy is kept in {local.place} meanwhile." if local.done else f" {local.message}"
        return FilingResult(done=False, message=words + kept, place=local.place or place)

    async def holds(self, account: Account, message_id: str) -> bool:
        """Whether the account's Sent on its IMAP server has a letter with this Message-ID; without a server, no.

        Raises:
            ImapError: the search failed.
            SecretError: there is no password for the server.
        """
        from tuimail.mailboxes import sent_mail

        if account.imap is None:
            return False
        connection = await self._connection(account, account.imap)
        async with connection.use(lambda: self._secret(account)) as session:
            return await sent_mail.holds(session, await sent_mail.sent_mailbox(session), message_id)

    def mended(self, account: str) -> None:
        """The user says that the account works again: a refused password may be tried at once."""
        connection = self._accounts.get(account)
        if connection is not None:
            connection.mended()

    async def close(self) -> None:
        """Log out everywhere; two seconds at most."""
        connections = [*self._accounts.values()]
        self._accounts.clear()
        await asyncio.gather(*(connection.close() for connection in connections))

    async def _remotely(self, account: Account, server: Server, message_id: str, letter: Content, date: float) -> str:
        """Append on the server; returns why the copy is not there, or nothing on success."""
        from tuimail.mailboxes import sent_mail
        from tuimail.mailboxes.imap_errors import ImapError

        connection = await self._connection(account, server)
        try:
            async with connection.use(lambda: self._secret(account)) as session:
                mailbox = await sent_mail.sent_mailbox(session)
                # Always: an earlier attempt may have been cut off after the server stored it.
                if not await sent_mail.holds(session, mailbox, message_id):
                    await sent_mail.put(session, mailbox, letter.chunks, letter.size, date=date)
        except (ImapError, SecretError) as trouble:
            return " ".join(part for part in (str(trouble), trouble.hint) if part)
        except OSError as error:
            return f"The letter's file cannot be read: {error.strerror or 'it is gone'}."
        return ""

    async def _connection(self, account: Account, server: Server) -> _Connection:
        connection = self._accounts.get(account.name)
        if connection is None or connection.server != server:
            if connection is not None:
                await connection.close()
            connection = self._accounts[account.name] = _Connection(server, self._idle_seconds)
        return connection

    async def _locally(self, account: Account, message_id: str, letter: Content, date: float) -> FilingResult:
        root = account.maildir or self._paths.account_maildir(account.name)
        try:
            path = await asyncio.to_thread(_keep, root, message_id, letter, date)
        except StorageError as error:
            return FilingResult(done=False, message=" ".join(part for part in (str(error), error.hint) if part))
        except OSError as error:
            words = f"No copy could be kept in {safe_line(str(root))}: {error.strerror or 'the disk refused'}."
            return FilingResult(done=False, message=words)
        return FilingResult(done=True, message=f"Filed in {safe_line(str(path.parent.parent))}.", place=str(path))


class _Connection:
    """One account's connection, opened when needed, closed when idle."""

    def __init__(self, server: Server, idle_seconds: float) -> None:
        self.server = server
        self._idle_seconds = idle_seconds
        self._session: ImapSession | None = None
        self._lock = asyncio.Lock()
        self._expiry: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._refused: tuple[str, float, ImapError] | None = None
        """The password, until when it is not tried again, and what the server said to it."""

    @contextlib.asynccontextmanager
    async def use(self, secret: Callable[[], Awaitable[str]]) -> AsyncIterator[ImapSession]:
        """The session, for one letter at a time; dropped after an error."""
        async with self._lock:
            if self._expiry is not None:
                self._expiry.cancel()
            session = self._session
            if session is not None and not await _answers(session):
                session = self._session = None
            if session is None:
                session = self._session = await self._open(secret)
            try:
                yield session
            except BaseException:
                session.abort()
                self._session = None
                raise
            self._expiry = asyncio.get_running_loop().call_later(self._idle_seconds, self._expire)

    async def _open(self, ask: Callable[[], Awaitable[str]]) -> ImapSession:
        from tuimail.mailboxes.imap_connect import sign_in
        from tuimail.mailboxes.imap_errors import ImapError, ImapStage

        now = asyncio.get_running_loop().time()
        used = ""

        async def secret() -> str:
            nonlocal used
            used = await ask()
            if self._refused is not None and self._refused[0] == used and now < self._refused[1]:
                raise self._refused[2].with_traceback(None)
            return used

        try:
            session = await sign_in(self.server, secret)
        except ImapError as trouble:
            if trouble.step is ImapStage.SIGN_IN and trouble.lasting:
                self._refused = (used, now + SIGN_IN_PAUSE, trouble)
            raise
        self._refused = None
        return session

    def mended(self) -> None:
        """Forget that a password was refused."""
        self._refused = None

    async def close(self) -> None:
        """Log out."""
        if self._expiry is not None:
            self._expiry.cancel()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _expire(self) -> None:
        session = self._session
        if session is not None and not self._lock.locked():
            self._session = None  # before the first await, so that no other call uses it
            task = asyncio.ensure_future(session.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _answers(session: ImapSession) -> bool:
    """Whether an idle connection still works; the server may have closed it."""
    from tuimail.mailboxes.imap_errors import ImapError

    try:
        await session.require("NOOP")
    except ImapError:
        session.abort()
        return False
    return True


def _keep(root: Path, message_id: str, letter: Content, date: float) -> Path:
    from tuimail.mailboxes import maildir

    folder = maildir.sent_folder(root)
    found = maildir.find(folder, message_id, since=date - _CLOCK_SLACK) if message_id else None
    return found or maildir.deliver(folder, letter.chunks(), date=date)
