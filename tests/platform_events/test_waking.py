"""A clock that was set wakes whoever sleeps."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import pytest

from tuimail import clock
from tuimail.platform_events.waking import ResumeWatcher

TOLD = sys.platform == "linux" and sys.version_info >= (3, 13)


def test_only_a_suspend_counts_as_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {1: 100.0, 7: 150.0}
    monkeypatch.setattr(clock, "_SLEEPLESS", (7, 1))
    monkeypatch.setattr(time, "clock_gettime", now.__getitem__)
    assert clock.asleep() == 50.0
    now[1] += 10
    now[7] += 10
    assert clock.asleep() == 50.0
    now[7] += 3600
    assert clock.asleep() == 3650.0


def test_where_there_is_one_clock_alone_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_SLEEPLESS", (1, 1))
    assert clock.asleep() is None


async def test_where_nothing_tells_nothing_is_opened() -> None:
    waking = ResumeWatcher(lambda: None)
    assert waking.open(asyncio.get_running_loop()) == TOLD
    waking.close()
    waking.close()


@pytest.mark.skipif(not TOLD, reason="timers that a set clock cancels need Linux and Python 3.13")
async def test_a_timer_that_is_cancelled_wakes_and_is_set_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    woken = asyncio.Event()
    monkeypatch.setattr("tuimail.platform_events.waking.FAR", 0.001)  # its end stands for its being cancelled
    waking = ResumeWatcher(woken.set)
    assert waking.open(asyncio.get_running_loop())
    for _ in range(2):
        async with asyncio.timeout(20):
            await woken.wait()
        woken.clear()
    timer = waking._timer
    waking.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(timer)
