"""How the runner waits: until a moment, until it is woken, and never blind to a machine that was suspended.

A suspended machine's timers stand still, so a wait of an hour may end a day late. Therefore no wait is longer than
``LOOK``, whatever is due when: at the next look everything is reckoned anew. That also bounds what a set clock, a lost
ring (coordination/change_notifier) or an owner that died can cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.run.context import first_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from tuimail.clock import Clock
    from tuimail.outbox.run.context import Sleep

LOOK = 30.0
"""Seconds of the longest wait."""

NAP = 5.0
"""A suspend shorter than this, seconds, changes nothing: no server has forgotten us, no network is another."""

JUMP = 60.0
"""Where suspends are not told, a clock that moved on by this much more than was waited stands for one."""


class Wakeup:
    """The waiting of one runner."""

    def __init__(self, clock: Clock, sleep: Sleep, asleep: Callable[[], float | None]) -> None:
        """``asleep`` counts the seconds of all suspends so far; None where nothing does."""
        self._clock = clock
        self._sleep = sleep
        self._asleep = asleep
        self._slept = asleep()

    async def until(self, seconds: float, woken: asyncio.Event) -> bool:
        """Wait ``seconds``, at most ``LOOK``, or until ``woken``. Whether the machine was suspended since."""
        seconds = min(max(seconds, 0.0), LOOK)
        before = self._clock.now()
        if seconds and not woken.is_set():
            await first_of(self._sleep(seconds), woken.wait())
        slept, self._slept = self._slept, self._asleep()
        if slept is None or self._slept is None:
            return self._clock.now() - before > seconds + JUMP
        return self._slept - slept > NAP
