"""A way to a server that can be cut and mended: every connection goes through it."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class CutLink:
    """Forwards connections to a port of this machine, on the event loop of the test."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._unused = asyncio.Event()
        self.port = 0
        """Where it listens."""

    @property
    def connections(self) -> int:
        """That go through it now."""
        return len(self._writers) // 2

    async def all_closed(self) -> None:
        """Wait until nothing goes through it."""
        async with asyncio.timeout(20):
            await self._unused.wait()

    def cut(self) -> None:
        """Drop all connections, and whatever is tried from now on."""
        self._is_cut = True
        for each in self._writers:
            each.transport.abort()

    def mend(self) -> None:
        """Forward again."""
        self._is_cut = False

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if self._is_cut:
            writer.transport.abort()
            return
        there, here = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, here}
        self._unused.clear()
        try:
            await asyncio.gather(_pump(reader, here), _pump(there, writer))
        finally:
            self._writers -= {writer, here}
            if not self._writers:
                self._unused.set()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def cut_link(target: int) -> AsyncIterator[CutLink]:
    """A link to a port, whole at first."""
    link = CutLink(target)
    server = await asyncio.start_server(link.forward, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        link.cut()
        server.close()
