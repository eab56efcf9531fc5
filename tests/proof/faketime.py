"""Another time for a process of the program: set before or ahead, or running faster. Call it in a forked child."""

from __future__ import annotations

import selectors
import time
from typing import Any


def install(*, wall: float = 0.0, ticks: float = 0.0, speed: float = 1.0) -> None:
    """Move the clock on the wall by ``wall`` seconds, the machine's own by ``ticks``; let both run ``speed`` times faster.

    What waits by Python's clocks, asyncio or ``time.sleep`` waits in this time. SQLite and the kernel keep the true one.
    """
    now, sleep = time.time, time.sleep

    def moved(function: Any, by: float) -> Any:
        start = function()
        return lambda: start + by + (function() - start) * speed

    boot = moved(lambda: clock_gettime(time.CLOCK_BOOTTIME), ticks)
    clock_gettime = time.clock_gettime
    time.clock_gettime = lambda which: boot() if which == time.CLOCK_BOOTTIME else clock_gettime(which)
    time.time = moved(now, wall)
    time.monotonic = moved(time.monotonic, ticks)
    time.sleep = lambda seconds: sleep(seconds / speed)
    select = selectors.DefaultSelector.select

    def quicker(self: Any, timeout: float | None = None) -> Any:
        return select(self, timeout / speed if timeout else timeout)

    selectors.DefaultSelector.select = quicker  # type: ignore[method-assign]
