"""A line with a delay: a TCP proxy on loopback that holds every byte back for half a round trip in each direction.

Run as a program of its own, so that its work is not done on the measured program's time:
``python -m tests.bench.line PORT RTT-IN-MILLISECONDS`` prints the port it listens on. Bandwidth is not limited; opening
a connection costs one round trip, as it does on a real line.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def delayed(port: int, milliseconds: float) -> Iterator[int]:
    """A port that leads to ``port`` with a round trip of so many milliseconds; ``port`` itself for none."""
    if not milliseconds:
        yield port
        return
    argv = [sys.executable, "-m", "tests.bench.line", str(port), str(milliseconds)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                writer.close()
                return
            writer.write(data)

    task = asyncio.create_task(deliver())
    with contextlib.suppress(OSError):
        while data := await reader.read(262144):
            under_way.put_nowait((loop.time() + delay, data))
    under_way.put_nowait((loop.time() + delay, b""))
    with contextlib.suppress(OSError):
        await task


async def _serve(target: int, milliseconds: float) -> None:
    half = milliseconds / 2000

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * half)
        there = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_carry(reader, there[1], half), _carry(there[0], writer, half))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=100)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
