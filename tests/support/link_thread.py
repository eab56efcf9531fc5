"""Links to servers that are served on a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator


def listening() -> socket.socket:
    """A socket on a free port of this machine."""
    # asyncio sends small pieces at once only where the protocol is named.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


@contextlib.contextmanager
def served(serve: Callable[[socket.socket], Coroutine[None, None, None]], name: str) -> Iterator[int]:
    """The port at which ``serve`` takes connections, until it is cancelled with all that it began."""
    sock = listening()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(sock))

    async def until_cancelled() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await task
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def run() -> None:
        loop.run_until_complete(until_cancelled())
        loop.close()

    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
