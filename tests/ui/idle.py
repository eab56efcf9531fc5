"""Waits until an app under test has done what was set off, without Textual's sleeps of 20 ms."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import textual.app
import textual.pilot

if TYPE_CHECKING:
    import pytest

LOOK = 0.002
"""Seconds between two looks."""
AT_REST = 0.0005
"""Seconds of processor time between two looks, at most, of a process of which no thread computes."""


async def wait_for_idle(min_sleep: float = LOOK, max_sleep: float = 1.0) -> None:
    """Until the event loop has nothing to do and no thread computes, or ``max_sleep`` seconds are over.

    Textual's own asks only for the processor time and so has to look at a longer span; it is called twice for each key.
    """
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    while True:
        used = time.process_time()
        await asyncio.sleep(LOOK)
        waited = time.monotonic() - began
        at_rest = not loop._ready and time.process_time() - used < AT_REST  # type: ignore[attr-defined]
        if waited >= max_sleep or (at_rest and waited > min_sleep):
            return


def replace_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``Pilot.press`` and ``Pilot.pause`` use it."""
    monkeypatch.setattr(textual.app, "wait_for_idle", wait_for_idle)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", wait_for_idle)
