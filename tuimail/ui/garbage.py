"""When cyclic garbage is collected: never among what the start has made, and at length only while nobody types.

A screen that was closed is some thousands of objects in cycles. Left to itself the collector would look for them while
the next one opens: 40 to 90 ms in the middle of a key.
"""

from __future__ import annotations

import asyncio
import gc

QUIET = 1.0
"""Seconds without a key after which everything is collected."""
THRESHOLDS = (700, 10, 1000)
"""Of ``gc.set_threshold``: while keys are typed, all generations together are collected a hundred times less often."""


def put_off() -> None:
    """Collect nothing while the program starts: nearly all that is made until then stays."""
    gc.disable()


def put_back() -> None:
    """Collect as Python does by itself."""
    gc.enable()


class IdleCollector:
    """Collects everything once the keys have rested for QUIET seconds. It never wakes an idle program a second time."""

    def __init__(self) -> None:
        self._begun = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Collect from now on, but never among what is there already."""
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        gc.enable()
        self._begun = True

    def typed(self) -> None:
        """A key was typed: wait for QUIET."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def rested(self) -> None:
        """What the keys set off is done."""
        self.typed()
        if self._begun:
            self._timer = asyncio.get_running_loop().call_later(QUIET, gc.collect)
