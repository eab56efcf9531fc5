"""Time, injected everywhere so that tests need not wait."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from typing import Protocol

DAY = 86_400
"""Seconds."""


class Clock(Protocol):
    """Where the outbox gets its time from."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()


def leave_odd_zone() -> str:
    """Go by UTC where ``TZ`` is a day or more away from it: neither datetime nor the Date field can say such a time.

    Returns:
        The value of ``TZ`` that is not used, or nothing. It is changed for this process and those it starts.
    """
    if max(abs(time.timezone), abs(time.altzone)) < DAY:
        return ""
    odd = os.environ.get("TZ", "")
    os.environ["TZ"] = "UTC0"
    time.tzset()
    return odd


def asleep() -> float | None:
    """Seconds that this machine was suspended since it started; None where it does not tell.

    It is the difference of a clock that counts them and one that does not; no setting of the clock moves it.
    """
    counting, pausing = _SLEEPLESS
    return None if counting == pausing else time.clock_gettime(counting) - time.clock_gettime(pausing)


def _sleepless() -> tuple[int, int]:
    """The clock that goes on during a suspend, and the one that stands still."""
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
