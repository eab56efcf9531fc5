"""One IMAP session: one command at a time, with time limits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_append import append
from tuimail.mailboxes.imap_command import ImapCommand, refusal, stopped_answering
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_idle import idle
from tuimail.mailboxes.imap_protocol import ImapProtocol
from tuimail.mailboxes.imap_wire import quoted
from tuimail.tls import certificate_host, wire_host

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence

    from tuimail.mailboxes.imap_timeouts import ImapTimeouts
    from tuimail.mailboxes.imap_wire import Response, Status


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
            name, delay = await _raced(wire_host(host), port)
            _transport, link = await loop.create_connection(
                partial(ImapProtocol, loop, where, awaits_tls=awaits_tls), name, port, happy_eyeballs_delay=delay, **tls
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
        self._link.drop()

    async def close(self) -> None:
        """Log out; takes at most two seconds and never raises."""
        with contextlib.suppress(ImapError, TimeoutError):
            async with asyncio.timeout(self._patience.goodbye):
                await self.command("LOGOUT")
        self.abort()

    @property
    def lost(self) -> ImapError | None:
        """Why the connection is lost; None while it is not."""
        return self._link.lost

    @property
    def received_at(self) -> float:
        """When the server sent something last, on the loop's clock."""
        return self._link.received_at

    def listen(self, listener: Callable[[Response], bool] | None) -> None:
        """Give what comes of the selected mailbox to ``listener``, whatever command runs (ImapProtocol.listener)."""
        self._link.listener = listener

    async def command(self, name: str, *arguments: str, prefix: str = "") -> tuple[Status, list[Response]]:
        """Run a command; returns its status (also NO and BAD) and the untagged responses.

        Args:
            name: an IMAP command aioimaplib knows.
            arguments: as on the wire, quoted by the caller.
            prefix: ``UID``, or nothing.
        """
        async with self._lock:
            return await self._run(name, *arguments, prefix=prefix)

    async def stream(
        self,
        name: str,
        *arguments: str,
        prefix: str = "",
        stall: float,
        sink: Callable[[Response], bool] | None = None,
        literals: Sequence[bytes] = (),
    ) -> tuple[Status, list[Response]]:
        """Run a command whose answer may be long; its status, and the untagged responses that nobody took.

        The connection is given up after ``stall`` seconds without a byte. ``sink``: as in ImapProtocol.run;
        ``literals``: as in ImapCommand.send_literals.
        """
        async with self._lock:
            return await self._run(name, *arguments, prefix=prefix, stall=stall, sink=sink, literals=literals)

    def refusal(self, what: str, status: Status) -> ImapError:
        """The error of a server that refused ``what``, with its text."""
        return refusal(self._link, what, status)

    def broken(self, words: str) -> ImapError:
        """The error of an answer that cannot be used; drops the connection."""
        self._link.fail(f"{self._link.where} does not speak IMAP properly ({safe_line(words[:200])}).")
        return self._link.lost or ImapError(words, step=self.step)

    async def idle(self, done: asyncio.Event, seconds: float, stall: float) -> None:
        """IDLE until ``done`` is set or ``seconds`` have passed (imap_idle.idle); ``listen`` hears what happens."""
        async with self._lock:
            await idle(self._link, done, seconds, stall)

    async def require(self, name: str, *arguments: str, prefix: str = "") -> list[Response]:
        """Run a command that must succeed; returns the untagged responses.

        Raises:
            ImapError: NO or BAD, with the server's text.
        """
        status, responses = await self.command(name, *arguments, prefix=prefix)
        if status.verdict != "OK":
            raise refusal(self._link, name, status)
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
            return await append(self._link, self._patience, (quoted(mailbox), flags, date), pieces, size, progress)

    async def greeting(self) -> Status:
        """The server's greeting: OK or PREAUTH."""
        try:
            async with asyncio.timeout(self._patience.reply):
                return await asyncio.shield(self._link.greeting)
        except TimeoutError:
            raise stopped_answering(self._link, "the greeting was due") from None

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
        words, answers = ((mechanism, response), []) if initial else ((mechanism,), [response])
        with ImapCommand(self._link, "signing in", "AUTHENTICATE", *words) as command:
            async with asyncio.timeout(self._patience.reply):
                while await command.wants_more():
                    # The server sends the reason for a refused token as a challenge; the response is empty (RFC 7628).
                    command.send_more(answers.pop() if answers else "")
                return await command.status()

    async def _run(
        self,
        name: str,
        *arguments: str,
        prefix: str = "",
        stall: float | None = None,
        sink: Callable[[Response], bool] | None = None,
        literals: Sequence[bytes] = (),
    ) -> tuple[Status, list[Response]]:
        with ImapCommand(self._link, f"running {name}", name, *arguments, prefix=prefix, sink=sink) as command:
            if stall is not None:
                await command.send_literals(literals, stall)
                status = await command.status_while_heard(stall)
            else:
                async with asyncio.timeout(self._patience.reply):
                    status = await command.status()
        if name in ("SELECT", "EXAMINE"):
            # A refused one leaves no mailbox selected (RFC 3501 section 6.3.1).
            (self._link.selected if status.verdict == "OK" else self._link.deselected)()
        return status, self._link.untagged


async def _raced(name: str, port: int) -> tuple[str, float | None]:
    """What to connect to, and the pause in seconds between the addresses it has, which race (RFC 8305).

    A single address does not race: asyncio's race loses a socket when it is cancelled as it ends.
    """
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = {str(each[4][0]) for each in found}
    return (name, 0.25) if len(addresses) > 1 else (addresses.pop(), None)
