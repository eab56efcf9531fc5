"""When the mailbox of an account is looked at next. Pure: the moments are given, in seconds of a monotonic clock."""

from __future__ import annotations

import math

REST = 4
"""How many times as long as a look took the next one waits, whatever is told: other programs change mail in bursts."""
LONGEST_REST = 5.0
"""Seconds."""


class LookSchedule:
    """A look is due at once at first, then after a pause, or soon after another program has changed the mailbox."""

    def __init__(self, *, active: bool = True) -> None:
        """``active``: looks are due at all; without it only what somebody asks for is done."""
        self._active = active
        self._was_changed = False
        """Another program changed the mailbox since the last look began."""
        self._due = 0.0
        """When the next look is due if nothing happens."""
        self._rested = 0.0
        """When it is due if something does."""
        self._again = False
        """Something was done since the look began that it may not have seen."""

    def changed(self) -> None:
        """Another program has changed the mailbox."""
        self._was_changed = True

    def now(self) -> None:
        """A look is due at once."""
        self._due = 0.0
        self._again = True

    def begin(self) -> None:
        """A look begins."""
        self._was_changed = self._again = False

    def end(self, begun: float, ended: float, pause: float) -> None:
        """A look has ended; without a change the next one is due after ``pause`` seconds."""
        self._due = ended + (0.0 if self._again else pause)
        self._rested = ended + min((ended - begun) * REST, LONGEST_REST)

    @property
    def next(self) -> float:
        """When the next look is due; infinite: never."""
        if not self._active:
            return math.inf
        return min(self._rested, self._due) if self._was_changed else self._due
