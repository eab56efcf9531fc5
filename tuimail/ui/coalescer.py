"""Work that is asked for often and done once at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Coalescer:
    """Runs ``work``; requests that come while it runs become one more run. ``first`` is awaited before the first."""

    def __init__(
        self, work: Callable[[], Awaitable[None]], *, first: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        self._work = work
        self._first = first
        self._requested = False
        self.idle = asyncio.Event()
        """Nothing runs."""
        self.idle.set()

    def request(self) -> bool:
        """Note a request. True if nothing runs: the caller starts ``run``."""
        self._requested = True
        if not self.idle.is_set():
            return False
        self.idle.clear()
        return True

    async def run(self) -> None:
        """Work until there is no request left."""
        try:
            if self._first is not None:
                await self._first()
            while self._requested:
                self._requested = False
                await self._work()
        finally:
            self.idle.set()
