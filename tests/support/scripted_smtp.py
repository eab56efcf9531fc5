"""A loopback server that plays a script: what it expects, what it says, and how it misbehaves.

A script is a list of steps, one script per connection (the last one serves all further connections)::

    [Say("220 hi"), *EHLO, Expect("MAIL", "250 ok"), ..., Reset()]

Every line a client sends is kept in ``lines``; letters, dot-stuffing and all, in ``letters``.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True)
class Say:
    """Write a reply; lines are ended with CRLF."""

    text: str


@dataclass(frozen=True)
class Raw:
    """Write bytes as they are."""

    data: bytes


@dataclass(frozen=True)
class Expect:
    """Read a line that begins with ``verb``, then write ``reply`` (unless it is empty)."""

    verb: str
    reply: str = ""


@dataclass(frozen=True)
class Trickle:
    """Write ``text`` one byte at a time, with ``pause`` seconds between two."""

    text: str
    pause: float = 0.0


@dataclass(frozen=True)
class Flood:
    """Write ``piece`` again and again until the client hangs up or so many bytes are out."""

    piece: bytes
    limit: int = 50_000_000


@dataclass(frozen=True)
class Letter:
    """Read a letter up to its final dot, then write ``reply`` (unless it is empty)."""

    reply: str = "250 2.0.0 queued as 1"


@dataclass(frozen=True)
class ReadBytes:
    """Read so many bytes of a letter and no more."""

    count: int


@dataclass(frozen=True)
class StartTls:
    """Become a TLS server; ``ready`` has been said before."""


@dataclass(frozen=True)
class Alert:
    """Send a fatal TLS alert where TLS expects something else, and hang up."""


@dataclass(frozen=True)
class Silence:
    """Say nothing until the client hangs up."""


@dataclass(frozen=True)
class Slowly:
    """Read a letter so slowly that the client has to wait, then go on at full speed once ``gate`` is set."""

    gate: asyncio.Event


@dataclass(frozen=True)
class Do:
    """Call ``action``."""

    action: Callable[[], None]


@dataclass(frozen=True)
class Close:
    """Hang up."""


@dataclass(frozen=True)
class HalfClose:
    """Say no more, but go on listening."""


@dataclass(frozen=True)
class Reset:
    """Break the connection (RST)."""


Step = (
    Say
    | Raw
    | Expect
    | Trickle
    | Flood
    | Letter
    | ReadBytes
    | StartTls
    | Alert
    | Silence
    | Slowly
    | Do
    | Close
    | HalfClose
    | Reset
)

EHLO_PLAIN: tuple[Step, ...] = (Say("220 mx.example ESMTP"), Expect("EHLO", "250-mx.example\n250 8BITMIME"))


def hello(*extensions: str) -> tuple[Step, ...]:
    """Greeting and EHLO with ``extensions``."""
    lines = ["mx.example", *extensions]
    reply = "\n".join(f"250{'-' if number < len(lines) else ' '}{line}" for number, line in enumerate(lines, 1))
    return Say("220 mx.example ESMTP"), Expect("EHLO", reply)


@dataclass
class ScriptedServer:
    """Use as an async context manager; ``port`` is the system's choice."""

    scripts: Sequence[Iterable[Step]]
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    """TLS from the first byte."""
    receive_buffer: int = 0
    port: int = 0
    connections: int = 0
    lines: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    dots: int = 0
    """Lines of a single dot that ended a letter."""
    unexpected: list[str] = field(default_factory=list)
    """Where the client strayed from the script."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has ended a connection."""

    async def __aenter__(self) -> ScriptedServer:
        sock = socket.socket()
        if self.receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        sock.bind(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server = await asyncio.start_server(
            self._serve, sock=sock, ssl=self.tls if self.implicit else None, limit=4096
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def verbs(self) -> list[str]:
        """The first word of every line, in order."""
        return [line.split(" ")[0].upper() for line in self.lines]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        try:
            for step in script:
                await self._play(step, reader, writer)
            await self._drain_rest(reader, writer)
        except (asyncio.CancelledError, EOFError, OSError):
            pass  # the end of the test, or of the connection
        finally:
            self.hung_up.set()
            self._tasks.discard(task)
            writer.transport.abort()

    async def _play(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match step:
            case Say(text):
                await self._write(writer, _crlf(text))
            case Raw(data):
                await self._write(writer, data)
            case Expect(verb, reply):
                line = await self._line(reader)
                if not line.upper().startswith(verb.upper()):
                    self.unexpected.append(f"expected {verb}, got {line}")
                if reply:
                    await self._write(writer, _crlf(reply))
            case Trickle(text, pause):
                for byte in _crlf(text):
                    await self._write(writer, bytes((byte,)))
                    await asyncio.sleep(pause)
            case Flood(piece, limit):
                for _ in range(limit // len(piece)):
                    await self._write(writer, piece)
            case Letter(reply):
                await self._letter(reader)
                if reply:
                    await self._write(writer, _crlf(reply))
            case ReadBytes(count):
                await reader.readexactly(count)
            case StartTls():
                assert self.tls is not None
                await writer.start_tls(self.tls)
            case Alert():
                # Past the TLS of this side, straight into the connection: handshake_failure, unencrypted.
                os.write(writer.get_extra_info("socket").fileno(), b"\x15\x03\x03\x00\x02\x02\x28")
                writer.transport.abort()
                raise EOFError
            case Silence():
                await self._drain_rest(reader)
                raise EOFError
            case Slowly(gate):
                await gate.wait()
            case Do(action):
                action()
            case Close():
                writer.close()
                raise EOFError
            case HalfClose():
                writer.write_eof()
                await self._drain_rest(reader)
            case Reset():
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                raise EOFError

    async def _line(self, reader: asyncio.StreamReader) -> str:
        data = await reader.readline()
        if not data.endswith(b"\n"):
            raise EOFError
        line = data.decode("utf-8", "replace").rstrip("\r\n")
        self.lines.append(line)
        return line

    async def _letter(self, reader: asyncio.StreamReader) -> None:
        letter = bytearray()
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                self.letters.append(bytes(letter))
                raise EOFError
            letter += line
        self.dots += 1
        self.letters.append(bytes(letter))

    async def _drain_rest(self, reader: asyncio.StreamReader, polite: asyncio.StreamWriter | None = None) -> None:
        """Listen until the client hangs up; after the end of a script (``polite``) QUIT is answered."""
        rest = b""
        while data := await reader.read(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in (each.decode("utf-8", "replace").rstrip("\r") for each in lines):
                self.lines.append(line)
                if line == ".":
                    self.dots += 1
                if polite and line == "QUIT":
                    await self._write(polite, b"221 2.0.0 bye\r\n")

    @staticmethod
    async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode() + b"\r\n"
