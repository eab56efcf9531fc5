"""Another time for a process of the program: set before or ahead, or running faster. Call it in a forked child."""

from __future__ import annotations

import selectors
import signal
import time
from typing import Any


def install(
    *, wall: float = 0.0, ticks: float = 0.0, speed: float = 1.0, jump: tuple[float, float] = (0.0, 0.0)
) -> None:
    """Move the clock on the wall by ``wall`` seconds, the machine's own by ``ticks``; both run ``speed`` times faster.

    SIGUSR1 moves them once more, by ``jump``. What waits by Python's clocks, by asyncio or by ``time.sleep`` waits in
    this time; SQLite and the kernel keep the true one.
    """
    now, sleep = time.time, time.sleep
    clock_gettime = time.clock_gettime
    jumped: list[tuple[float, float]] = [(0.0, 0.0)]
    signal.signal(signal.SIGUSR1, lambda *_: jumped.append(jump))

    def moved(function: Any, by: float, which: int) -> Any:
        start = function()
        return lambda: start + by + (function() - start) * speed + jumped[-1][which]

    boot = moved(lambda: clock_gettime(time.CLOCK_BOOTTIME), ticks, 1)
    time.clock_gettime = lambda which: boot() if which == time.CLOCK_BOOTTIME else clock_gettime(which)
    time.time = moved(now, wall, 0)
    # A suspended machine's monotonic clock stands still: no jump.
    still = time.monotonic()
    monotonic = time.monotonic
    time.monotonic = lambda: still + (monotonic() - still) * speed
    time.sleep = lambda seconds: sleep(float(seconds) / speed)
    select = selectors.DefaultSelector.select

    def quicker(self: Any, timeout: float | None = None) -> Any:
        return select(self, timeout / speed if timeout else timeout)

    selectors.DefaultSelector.select = quicker  # type: ignore[method-assign]
