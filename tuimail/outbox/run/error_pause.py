"""The pause after a task of the runner failed: the next one would probably meet the same error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.events import Notice, Severity

if TYPE_CHECKING:
    import asyncio

    from tuimail.clock import Clock
    from tuimail.events import Announcer

log = logging.getLogger(__name__)

PAUSE = 30.0
"""Seconds that nothing is begun after the disk refused."""


class ErrorPause:
    """Whether the runner pauses after an error."""

    def __init__(self, clock: Clock, announcer: Announcer) -> None:
        self._clock = clock
        self._announcer = announcer
        self._until = 0.0

    def task_ended(self, task: asyncio.Task[None]) -> None:
        """Begin a pause and announce the error if ``task`` failed; else end the pause."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._until = 0.0
            return
        self._until = self._clock.now() + PAUSE
        hint = error.hint if isinstance(error, TuimailError) else "The log says more."
        self._announcer.announce(Notice(f"Sending stopped: {error} {hint}".strip(), Severity.ERROR))
        if not isinstance(error, TuimailError):
            log.error("a task of the outbox failed", exc_info=error)

    def left(self) -> float:
        """Seconds until it is over; a clock that was set back does not make them more."""
        left = self._until - self._clock.now()
        return left if left <= PAUSE else 0.0
