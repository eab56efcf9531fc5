"""One IMAP session: one command at a time, with time limits."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_errors import ImapError, ImapStage, quoted_server_text
from tuimail.mailboxes.imap_protocol import ImapProtocol
from tuimail.mailboxes.imap_wire import quoted
from tuimail.tls import certificate_host, wire_host

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    from tuimail.mailboxes.imap_wire import Response, Status


@dataclass(frozen=True, slots=True)
class ImapTimeouts:
    """How long to wait, in seconds."""

    connect: float = 20.0
    tls: float = 30.0
    clear: float = 30.0
    """From the connection to the end of STARTTLS in total."""
    reply: float = 60.0
    stall: float = 60.0
    """An upload without progress."""
    commit: float = 120.0
    """The reply to an uploaded letter."""
    goodbye: float = 2.0


class ImapSession:
    """A connection to an IMAP server; mailboxes/imap_connect makes signed-in ones.

    Every coroutine raises ImapError if the server or the network fails. A command that is cancelled or times out
    ends the connection, because a late response could be mistaken for the response to another command.
    """

    def __init__(self, link: ImapProtocol, patience: ImapTimeouts) -> None:
        self._link = link
        self._patience = patience
        self._lock = asyncio.Lock()
        self.capabilities: frozenset[str] = frozenset()
        """Upper case, as last read."""

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        patience: ImapTimeouts,
        context: ssl.SSLContext | None = None,
        awaits_tls: bool = False,
    ) -> Self:
        """Connect, with TLS from the start if there is a ``context``; ``awaits_tls``: STARTTLS will follow.

        Raises:
            OSError: the connection failed, or its certificate is not trusted.
            UnicodeError: ``host`` is not a valid name.
        """
        loop = asyncio.get_running_loop()
        where = f"{safe_line(host)}:{port}"
        tls: dict[str, Any] = {}
        if context is not None:
            tls = {"ssl": context, "server_hostname": certificate_host(host), "ssl_handshake_timeout": patience.tls}
        async with asyncio.timeout(patience.connect + (patience.tls if context else 0.0)):
            _transport, link = await loop.create_connection(
                lambda: ImapProtocol(loop, where, awaits_tls=awaits_tls),
                wire_host(host),
                port,
                happy_eyeballs_delay=0.25,
                **tls,
            )
        return cls(link, patience)

    @property
    def where(self) -> str:
        """Host and port, safe to show."""
        return self._link.where

    @property
    def step(self) -> ImapStage:
        """The stage it has reached; part of every error."""
        return self._link.step

    @step.setter
    def step(self, step: ImapStage) -> None:
        self._link.step = step

    @property
    def peer(self) -> str:
        """The server's IP address, or nothing."""
        name = self._link.transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    def abort(self) -> None:
        """Drop the connection at once."""
        self._link.fail(f"The connection to {self._link.where} was dropped.")

    async def close(self) -> None:
        """Log out; takes at most two seconds and never raises."""
        with contextlib.suppress(ImapError, TimeoutError):
            async with asyncio.timeout(self._patience.goodbye):
                await self.command("LOGOUT")
        self.abort()

    async def command(self, name: str, *arguments: str, prefix: str = "") -> tuple[Status, list[Response]]:
        """Run a command; returns its status (also NO and BAD) and the untagged responses.

        Args:
            name: an IMAP command aioimaplib knows.
            arguments: as on the wire, quoted by the caller.
            prefix: ``UID``, or nothing.
        """
        async with self._lock:
            return await self._run(name, *arguments, prefix=prefix)

    async def require(self, name: str, *arguments: str, prefix: str = "") -> list[Response]:
        """Run a command that must succeed; returns the untagged responses.

        Raises:
            ImapError: NO or BAD, with the server's text.
        """
        status, responses = await self.command(name, *arguments, prefix=prefix)
        if status.verdict != "OK":
            raise self._refusal(f"{self._link.where} refused {name}", status)
        return responses

    async def leave(self) -> None:
        """Leave the selected mailbox, which was examined: nothing is expunged (RFC 3501 section 6.4.2).

        Courier refuses to append to a mailbox that is selected read-only.
        """
        name = "UNSELECT" if self.capabilities & {"UNSELECT", "IMAP4REV2"} else "CLOSE"
        status, _ = await self.command(name)
        if status.verdict == "OK":
            self._link.deselected()

    async def append(
        self,
        mailbox: str,
        pieces: Iterable[bytes],
        size: int,
        *,
        flags: str,
        date: str,
        progress: Callable[[int], None] = lambda _sent: None,
    ) -> Status:
        r"""Upload a letter (RFC 3501 section 6.3.11); the server's status, also a NO.

        Args:
            mailbox: its wire name.
            pieces: the letter; together exactly ``size`` bytes.
            size: bytes in all.
            flags: such as ``(\\Seen)``.
            date: a quoted date-time.
            progress: told how many bytes are on their way.
        """
        async with self._lock:
            arguments = (quoted(mailbox), flags, date, f"{{{size}}}")
            ready, running = self._start("APPEND", *arguments)
            try:
                async with asyncio.timeout(self._patience.reply):
                    await _either(ready, running)
                if ready.done() and not running.done():
                    await self._upload(pieces, size, running, progress)
                async with asyncio.timeout(self._patience.commit):
                    return await asyncio.shield(running)
            except TimeoutError:
                raise self._silent("filing the letter") from None
            finally:
                self._finish(running)

    async def _upload(
        self, pieces: Iterable[bytes], size: int, running: asyncio.Task[Status], progress: Callable[[int], None]
    ) -> None:
        sent = 0
        source = iter(pieces)
        while piece := await asyncio.to_thread(_next, source):
            if running.done():
                # Refused half-way: the server would read the rest of the literal as commands.
                status = await running
                trouble = self._refusal(f"{self._link.where} refused the letter", status)
                self.abort()
                raise trouble
            sent += len(piece)
            if sent > size:
                break
            async with asyncio.timeout(self._patience.stall):
                await self._link.write(piece)
            progress(sent)
        if sent != size:
            self.abort()
            raise ImapError("The letter's file changed while it was being filed.", step=ImapStage.MAILBOX)
        async with asyncio.timeout(self._patience.stall):
            await self._link.write(b"\r\n")

    async def greeting(self) -> Status:
        """The server's greeting: OK or PREAUTH."""
        try:
            async with asyncio.timeout(self._patience.reply):
                return await asyncio.shield(self._link.greeting)
        except TimeoutError:
            raise self._silent("the greeting was due") from None

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Start TLS after STARTTLS was accepted; discards everything learnt before.

        Raises:
            OSError: the handshake failed, or the certificate is not trusted.
        """
        link = self._link
        if link.lost:
            # asyncio would wait for ever for a handshake on a connection that is gone.
            raise link.lost
        try:
            async with asyncio.timeout(self._patience.tls):
                transport = await link.loop.start_tls(
                    link.transport, link, context, server_hostname=certificate_host(host)
                )
        except OSError:
            if link.lost:
                raise link.lost from None
            raise
        if transport is None or link.lost:
            raise link.lost or ImapError(f"The connection to {link.where} was lost.", step=link.step)
        link.upgraded(transport)
        self.capabilities = frozenset()

    def signed_in(self) -> None:
        """The server accepted the sign-in: commands on mailboxes are legal now."""
        self._link.signed_in()

    async def authenticate(self, mechanism: str, response: str) -> Status:
        """Sign in by SASL (RFC 3501 section 6.2.2) with one response; the server's status, also a NO."""
        initial = "SASL-IR" in self.capabilities
        answers = [] if initial else [response]
        ready, running = self._start("AUTHENTICATE", mechanism, *([response] if initial else []))
        try:
            async with asyncio.timeout(self._patience.reply):
                while True:
                    await _either(ready, running)
                    if running.done():
                        return await running
                    await ready
                    # The server sends the reason for a refused token as a challenge; the response is empty (RFC 7628).
                    ready = self._link.expect_continuation()
                    self._link.send(answers.pop() if answers else "")
        except TimeoutError:
            raise self._silent("signing in") from None
        finally:
            self._finish(running)

    # -- running a command
    async def _run(self, name: str, *arguments: str, prefix: str = "") -> tuple[Status, list[Response]]:
        _ready, running = self._start(name, *arguments, prefix=prefix)
        try:
            async with asyncio.timeout(self._patience.reply):
                status = await asyncio.shield(running)
        except TimeoutError:
            raise self._silent(f"running {name}") from None
        finally:
            self._finish(running)
        if status.verdict == "OK" and name in ("SELECT", "EXAMINE"):
            self._link.selected()
        return status, self._link.untagged

    def _start(
        self, name: str, *arguments: str, prefix: str = ""
    ) -> tuple[asyncio.Future[bytes], asyncio.Task[Status]]:
        link = self._link
        ready = link.expect_continuation()
        return ready, asyncio.ensure_future(link.run(name, *arguments, prefix=prefix))

    def _finish(self, running: asyncio.Task[Status]) -> None:
        """Drop the connection: after an abandoned command, responses could not be matched to commands."""
        if not running.done():
            self.abort()
            running.cancel()
        elif not running.cancelled():
            running.exception()  # marked as retrieved, so that asyncio does not warn

    def _silent(self, when: str) -> ImapError:
        trouble = ImapError(
            f"{self._link.where} stopped answering while {when}.", step=self._link.step, hint="Check the network."
        )
        self.abort()
        return trouble

    def _refusal(self, words: str, status: Status) -> ImapError:
        return ImapError(f"{words}{quoted_server_text(status)}.", step=self._link.step, status=status)


async def _either(first: asyncio.Future[bytes], second: asyncio.Future[Status]) -> None:
    both: tuple[asyncio.Future[Any], ...] = (first, second)
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)


def _next(source: Iterator[bytes]) -> bytes:
    """The next piece, read in a thread because it may come from a slow disk; empty at the end."""
    return next(filter(None, source), b"")
