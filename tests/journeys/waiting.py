"""Waiting for what the engine announces, without sleeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.engine import Engine


async def until(engine: Engine, holds: Callable[[], Awaitable[bool]], *, seconds: float = 60.0) -> None:
    """Return as soon as ``holds`` does, looked at after every event of the engine.

    Raises:
        TimeoutError: it does not hold in time.
    """
    happened = asyncio.Event()
    unsubscribe = engine.announcer.subscribe(lambda _event: happened.set())
    try:
        async with asyncio.timeout(seconds):
            while not await holds():
                await happened.wait()
                happened.clear()
    finally:
        unsubscribe()
