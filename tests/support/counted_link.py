"""A way to a server that counts the bytes of both directions, on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.link_thread import served

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator


class CountedLink:
    """Forwards connections to a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        """Where it listens."""
        self.bytes = 0
        """Payload of TCP so far, so TLS is in it, and TCP and IP are not. Counted before it is passed on."""

    async def serve(self, sock: socket.socket) -> None:
        """Until it is cancelled."""
        server = await asyncio.start_server(self._forward, sock=sock)
        async with server:
            await server.serve_forever()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(self._pump(reader, here), self._pump(there, writer))
        finally:
            for each in (here, writer):
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self.bytes += len(data)
                writer.write(data)
                await writer.drain()
        writer.close()


@contextmanager
def counted_link(target: int) -> Iterator[CountedLink]:
    """A link to a port."""
    link = CountedLink(target)
    with served(link.serve, "counted link") as link.port:
        yield link
