"""The embedded submission server: aiosmtpd on a free loopback port, in its own thread.

Holds the data of the screen "the server's side": every letter that arrived, and the faults that can be switched on. It
never relays mail and listens only on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

from tuimail.mail.encoded_word import decode_header
from tuimail.mail.received_header import read_header
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

HOST = "127.0.0.1"
BYTES_PER_SECOND = 150_000
"""A slow uplink, so that the progress of a large letter is visible."""


@dataclass(frozen=True, slots=True)
class Received:
    """A received letter."""

    at: float
    sender: str
    recipients: tuple[str, ...]
    subject: str
    size: int
    content: bytes
    answered: bool = True
    """False: the server accepted it and did not send the reply."""


@dataclass(frozen=True, slots=True)
class Faults:
    """The simulated faults."""

    down: bool = False
    refused: frozenset[str] = frozenset()
    """Recipients answered with 550."""
    busy: bool = False
    """Answers MAIL with 451."""
    swallow: bool = False
    """Accepts the next letter and disconnects without a reply; switches itself off."""


class _Handler:
    """aiosmtpd's hooks."""

    def __init__(self, server: DemoServer) -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802
        self, _smtp: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._server.faults.busy:
            return "451 4.3.2 I am busy, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _smtp: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.casefold() in self._server.faults.refused:
            return f"550 5.1.1 <{address}>: no such user here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, smtp: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        swallow = self._server.faults.swallow
        letter = Received(
            time.time(),
            safe_line(envelope.mail_from or "<>"),
            tuple(safe_line(address) for address in envelope.rcpt_tos),
            subject_of(envelope.content),
            len(envelope.content),
            bytes(envelope.content),
            answered=not swallow,
        )
        number = self._server.keep(letter)
        self._server.later(0, lambda: self._server.on_letter(letter))
        if swallow:
            self._server.set(swallow=False)
            if smtp.transport is not None:
                smtp.transport.abort()  # type: ignore[attr-defined]
        return f"250 2.0.0 Ok: queued as DEMO{number:04d}"


def subject_of(content: bytes) -> str:
    """The decoded Subject of a letter, safe to show."""
    return safe_line(decode_header(read_header(content).value("subject")))


class _Session(SMTP):
    """One connection; reads letters no faster than the uplink."""

    def __init__(self, server: DemoServer, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Handler(server),
            hostname="demo.example",
            ident="tuimail demo",
            enable_SMTPUTF8=True,
            data_size_limit=50_000_000,
            loop=loop,
        )
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._server.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Read the letter at the uplink's speed."""
        whole = self._reader
        self._reader = _SlowReader(whole, self._server.speed)  # type: ignore[assignment]
        try:
            await super().smtp_DATA(arg)
        finally:
            self._reader = whole


class _SlowReader:
    """A stream reader that pauses after every few kilobytes; the sender's window fills meanwhile."""

    PIECE = 8192

    def __init__(self, reader: asyncio.StreamReader, speed: int) -> None:
        self._reader = reader
        self._speed = speed
        self._taken = 0

    async def readuntil(self, separator: bytes) -> bytes:
        """One line."""
        return await self._slowly(await self._reader.readuntil(separator))

    async def read(self, length: int) -> bytes:
        """At most ``length`` bytes."""
        return await self._slowly(await self._reader.read(length))

    async def _slowly(self, piece: bytes) -> bytes:
        self._taken += len(piece)
        if self._taken >= self.PIECE:
            await asyncio.sleep(self._taken / self._speed)
            self._taken = 0
        return piece


class DemoServer:
    """A submission server for the demo.

    All methods may be called from any thread. ``on_change`` is called in the server's thread after a letter arrived or
    a fault was switched, ``on_letter`` after a letter arrived by SMTP.
    """

    def __init__(self, on_change: Callable[[], None] | None = None, *, speed: int = BYTES_PER_SECOND) -> None:
        self.on_change = on_change or (lambda: None)
        self.on_letter: Callable[[Received], None] = lambda _letter: None
        self.speed = speed
        self.port = 0
        self.faults = Faults()
        self.connections: set[_Session] = set()
        self._received: list[Received] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._listener: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="demo-server", daemon=True)

    @property
    def received(self) -> tuple[Received, ...]:
        """The received letters, oldest first."""
        with self._lock:
            return tuple(self._received)

    def keep(self, letter: Received) -> int:
        """Add a received letter; returns its number, from 1."""
        with self._lock:
            self._received.append(letter)
            number = len(self._received)
        self.on_change()
        return number

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call ``action`` after ``seconds`` in the server's thread; not at all if the server is stopped before."""
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, action)

    def start(self) -> int:
        """Listen; returns the port.

        Raises:
            OSError: no port is available.
        """
        # aiosmtpd logs every command at INFO and a lost client as an error: neither concerns the user.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        self._thread.start()
        self._call(self._listen())
        return self.port

    def stop(self) -> None:
        """Disconnect and end the thread."""
        if self._loop.is_closed() or not self._thread.is_alive():
            return
        self._call(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def set(self, **faults: Any) -> Faults:
        """Switch faults on or off; takes the listener down or up as ``down`` says."""
        before, self.faults = self.faults, replace(self.faults, **faults)
        if self.faults.down != before.down:
            work = self._hang_up() if self.faults.down else self._listen()
            if threading.current_thread() is self._thread:
                self._loop.create_task(work)
            else:
                self._call(work)
        self.on_change()
        return self.faults

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        if self._listener is not None:
            return
        # The same port again after "up", so that the account's settings stay valid.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A small window, so that the sender's progress matches what has arrived.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        listener.bind((HOST, self.port))
        self.port = listener.getsockname()[1]
        self._listener = await self._loop.create_server(lambda: _Session(self, self._loop), sock=listener)

    async def _hang_up(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for session in tuple(self.connections):
            transport = session.transport
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
