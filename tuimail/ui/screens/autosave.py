"""When a draft is saved while it is written, and that it is saved once at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.compose.draft import Draft

QUIET_SECONDS = 3.0
"""After the last change."""
LONGEST_SECONDS = 10.0
"""After the first change that is not saved yet, however long the typing goes on."""


class AutosaveSchedule:
    """Pure: when the next save is due."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0

    def changed(self, now: float) -> None:
        """Something was typed at ``now`` (seconds)."""
        self._last = now
        if self._first is None:
            self._first = now

    def settled(self) -> None:
        """Everything typed so far is (being) saved."""
        self._first = None

    def due_in(self, now: float) -> float | None:
        """Seconds until the next save; 0 when it is due, None when nothing is to be saved."""
        if self._first is None:
            return None
        # A clock set back must not put the save off.
        if now < self._last:
            return 0.0
        return max(0.0, min(self._last + QUIET_SECONDS, self._first + LONGEST_SECONDS) - now)


class DraftSaver:
    """Saves snapshots, one after another, only when they differ from the last one stored."""

    def __init__(self, stored: Draft, store: Callable[[Draft], Awaitable[None]]) -> None:
        self.stored = stored
        """What is on disk, as far as we know."""
        self._store = store
        self._lock = asyncio.Lock()

    async def save(self, snapshot: Callable[[], Draft], *, moment: float) -> bool:
        """Store what ``snapshot`` gives; False if that is stored already. ``moment`` is the time, for the draft.

        Raises:
            StorageError: the disk refused; what was stored before is still whole.
        """
        from dataclasses import replace

        async with self._lock:
            draft = snapshot()
            before = self.stored
            if replace(draft, created_at=before.created_at, updated_at=before.updated_at) == before:
                return False
            stored = replace(draft, created_at=before.created_at or moment, updated_at=moment)
            await self._store(stored)
            self.stored = stored
            return True
