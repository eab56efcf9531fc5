"""An IMAP server that follows a script, to be as wrong as no real one would be for long."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    Script = Callable[["Conversation"], Awaitable[None]]


class Conversation:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: list[bytes]) -> None:
        self.reader = reader
        self.writer = writer
        self.heard = heard
        """Every line the client sent, without line ends."""
        self.tag = b""

    async def say(self, *lines: bytes | str) -> None:
        """Send lines; a leading ``TAG`` stands for the tag of the last command."""
        encoded = [line.encode() if isinstance(line, str) else line for line in lines]
        self.writer.write(
            b"".join(self.tag + line[3:] + b"\r\n" if line[:3] == b"TAG" else line + b"\r\n" for line in encoded)
        )
        await self.writer.drain()

    async def hear(self, name: str = "") -> bytes:
        """The next command; asserts its name."""
        line = (await self.reader.readline()).removesuffix(b"\r\n")
        self.heard.append(line)
        self.tag, _, rest = line.partition(b" ")
        if name and not rest.startswith(name.encode()):
            raise AssertionError(f"expected {name}, heard {line!r}")
        return rest

    async def answer(self, name: str, *lines: str) -> bytes:
        """Hear a command and answer it."""
        rest = await self.hear(name)
        await self.say(*lines)
        return rest

    async def welcome(self, capabilities: str = "IMAP4rev1 AUTH=PLAIN SASL-IR") -> None:
        """Greet, and let anybody sign in."""
        await self.say("* OK hello")
        await self.answer("CAPABILITY", f"* CAPABILITY {capabilities}", "TAG OK")
        await self.answer("AUTHENTICATE", "TAG OK")
        await self.answer("CAPABILITY", f"* CAPABILITY {capabilities}", "TAG OK")

    def drop(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()

    async def until_closed(self) -> None:
        """Keep still until the client goes away."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass


class ScriptedImap:
    """Runs a script for every connection, and keeps what the clients said."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[bytes] = []
        self.connections = 0
        self.wrong: list[BaseException] = []


@contextlib.asynccontextmanager
async def scripted_imap(script: Script, *, context: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedImap]:
    """A server at ``port`` on 127.0.0.1. A script that is disappointed fails the test."""
    scripted = ScriptedImap()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        scripted.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(Conversation(reader, writer, scripted.heard))
        except OSError:
            pass  # the client hung up
        except (AssertionError, ValueError) as error:
            scripted.wrong.append(error)
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=2**20)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if scripted.wrong:
            raise scripted.wrong[0]
