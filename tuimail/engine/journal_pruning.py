"""The journal forgets what was finished long ago (journal/action KEPT): on an account's thread, once a day."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.journal.store import ActionJournal

EVERY = 86400.0
"""Seconds from one time to the next."""
MOST = 10_000
"""Actions that are forgotten at once, so that what the user does need not wait; the rest goes with the next look."""


class JournalPruning:
    """Knows when it was done last."""

    def __init__(self, journal: Callable[[], ActionJournal], *, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` gives seconds from any moment on."""
        self._journal = journal
        self._now = now
        self._next = now()

    def run(self) -> None:
        """Forget what is old, if it is time to. Raises StorageError."""
        if self._now() >= self._next and self._journal().prune(MOST) < MOST:
            self._next = self._now() + EVERY
