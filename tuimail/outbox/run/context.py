"""What the workers of one outbox work with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.coordination.writer import Writer
    from tuimail.events import Announcer
    from tuimail.outbox.store.store import Store

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RunContext:
    """The outbox, the thread that works on its files, the subscribers, and the name under which leases are held."""

    store: Store
    writer: Writer
    announcer: Announcer
    owner: str
    sleep: Sleep


@dataclass(frozen=True, slots=True)
class Scope:
    """Which letters are sent, and for how long it is tried."""

    only: str | None = None
    """No letter but that one."""
    by: float | None = None
    """None that waits for a later time than that, seconds since the epoch."""
    patient: bool = True
    """An answer that the disk refuses is kept until it can be stored; else the error ends the work."""


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait until one of them is over; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
