"""The submitters that are open: one for each connection of an account, kept between letters (rule 18)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tuimail.clock import Clock
    from tuimail.submission.submitter import Submitter

IDLE = 60.0
"""Seconds after which a connection without work is closed."""

CLOSING = 1.0
"""Seconds after ``IDLE`` at which such a connection is looked for."""


class SubmitterPool:
    """Submitters by account and number of the connection."""

    def __init__(self, submitter_for: Callable[[str], Submitter], clock: Clock) -> None:
        self._submitter_for = submitter_for
        self._clock = clock
        self._open: dict[tuple[str, int], Submitter] = {}
        self._used_at: dict[tuple[str, int], float] = {}

    def submitter(self, account: str, number: int) -> Submitter:
        """The submitter of one connection. Raises a TuimailError when the account has none."""
        key = account, number
        if key not in self._open:
            self._open[key] = self._submitter_for(account)
        self._used_at[key] = self._clock.now()
        return self._open[key]

    def used(self, account: str, number: int) -> None:
        """A letter was just sent through it."""
        self._used_at[account, number] = self._clock.now()

    async def forget(self, account: str, number: int | None = None) -> None:
        """Close an account's connections, or one of them; they are built anew when needed."""
        keys = [each for each in self._open if each[0] == account and number in (None, each[1])]
        # All at once: closing waits for a letter on its way, and none is to be begun meanwhile.
        await asyncio.gather(*(each.close() for each in [self._open.pop(key) for key in keys]))

    def idle_left(self, busy: Collection[str]) -> float:
        """Seconds until one of them has been idle for too long."""
        now = self._clock.now()
        idle = (self._used_at.get(each, now) + IDLE - now for each in self._open if each[0] not in busy)
        return max(min(idle, default=IDLE), 0.0) + CLOSING

    async def close_idle(self, busy: Collection[str]) -> None:
        """Close what was not used for a while."""
        now = self._clock.now()
        for key in tuple(self._open):
            if key[0] not in busy and not 0 <= now - self._used_at.get(key, now) <= IDLE:
                await self.forget(*key)

    async def close(self) -> None:
        """Close all of them."""
        for account in {account for account, _ in self._open}:
            await self.forget(account)
