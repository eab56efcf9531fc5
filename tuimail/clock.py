"""The clock, injected everywhere so that tests do not have to wait."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from typing import Protocol

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
"""Seconds."""


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


class SystemClock:
    """The system clock."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()


def leave_odd_zone() -> str:
    """Use UTC if ``TZ`` is a day or more away from it, which neither datetime nor the Date field can express.

    Returns:
        The value of ``TZ`` that is ignored, or nothing. Changes ``TZ`` for this process and its children.
    """
    if max(abs(time.timezone), abs(time.altzone)) < DAY:
        return ""
    odd = os.environ.get("TZ", "")
    os.environ["TZ"] = "UTC0"
    time.tzset()
    return odd


def asleep() -> float | None:
    """Seconds that this machine was suspended since it started; None if the system does not report it.

    This is the difference between a clock that counts them and one that does not; setting the time does not affect it.
    """
    counting, pausing = _SLEEPLESS
    return None if counting == pausing else time.clock_gettime(counting) - time.clock_gettime(pausing)


def _sleepless() -> tuple[int, int]:
    """The clock that runs during a suspend, and the one that stops."""
    monotonic = time.CLOCK_MONOTONIC
    if sys.platform == "darwin":
        return monotonic, getattr(time, "CLOCK_UPTIME_RAW", monotonic)
    return getattr(time, "CLOCK_BOOTTIME", monotonic), monotonic


_SLEEPLESS = _sleepless()


def rfc3339(moment: float | None) -> str | None:
    """``moment`` (seconds since the epoch) as RFC 3339 in UTC, whole seconds; None stays None."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
