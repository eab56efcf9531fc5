"""Detects, without polling, that the clock was set or the machine resumed from a suspend.

Linux cancels a timer for an absolute time when the clock is set, which a resume does (timerfd, Python 3.13). On other
systems only the runner's periodic check (outbox/run/wakeup) detects it.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

log = logging.getLogger(__name__)

_os: Any = os
"""Python 3.11 has no timerfd functions, so mypy does not know them."""

FAR = 10 * 365 * 86_400.0
"""Seconds ahead of now for which the timer is set: it exists only to be cancelled."""


class ResumeWatcher:
    """Calls ``woke`` on the loop when the clock was set."""

    def __init__(self, woke: Callable[[], None]) -> None:
        self._woke = woke
        self._timer = -1
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Start watching; False if the system does not support it."""
        if not hasattr(_os, "timerfd_create"):
            return False
        try:
            self._timer = _os.timerfd_create(time.CLOCK_REALTIME, flags=_os.TFD_NONBLOCK | _os.TFD_CLOEXEC)
            self._set()
        except OSError as error:
            log.info("the clock is not watched: %s", error)
            self.close()
            return False
        self._loop = loop
        loop.add_reader(self._timer, self._cancelled)
        return True

    def close(self) -> None:
        """Stop watching. May be called twice."""
        if self._loop is not None:
            self._loop.remove_reader(self._timer)
            self._loop = None
        if self._timer >= 0:
            os.close(self._timer)
            self._timer = -1

    def _set(self) -> None:
        flags = _os.TFD_TIMER_ABSTIME | _os.TFD_TIMER_CANCEL_ON_SET
        _os.timerfd_settime(self._timer, flags=flags, initial=time.time() + FAR)

    def _cancelled(self) -> None:
        try:
            os.read(self._timer, 8)
        except OSError as error:  # ECANCELED: what it is for
            log.info("the clock was set: %s", error.strerror)
        try:
            self._set()
        except OSError as error:
            log.info("the clock is not watched any more: %s", error)
            self.close()
        self._woke()
