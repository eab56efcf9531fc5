"""How many letters an account may send in a time, and for how long a limit learnt from its server is believed. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.clock import DAY, HOUR
from tuimail.config.model import Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.model.item import AccountHealth

FORGET_AFTER = 7 * DAY
"""Seconds for which a limit that was learnt is believed."""


def next_allowed(begun: Sequence[float], rate: Rate, now: float) -> float | None:
    """When the next letter may go; None: now.

    Args:
        begun: when letters were begun, the oldest first; those ahead of ``now`` are of a clock that was set back.
        rate: the limit.
        now: seconds since the epoch.
    """
    within = [at for at in begun if now - rate.seconds < at <= now]
    return None if len(within) < rate.letters else within[-rate.letters] + rate.seconds


def learnt(taken_in_hour: int, taken_in_day: int, delay: float) -> Rate | None:
    """The limit that a refusal tells of, from what the server had taken before; None when it had taken none.

    ``delay``: how long the refusal is known to last; a daily limit lasts a day.
    """
    daily = delay > 12 * HOUR
    taken = taken_in_day if daily else taken_in_hour
    return Rate(taken, DAY if daily else HOUR) if taken else None


def without_old_limits(health: AccountHealth, now: float) -> AccountHealth:
    """``health`` without the limits that were learnt too long ago, or at an unknown time."""
    if not (health.recipient_limit or health.connection_limit or health.rate_limit):
        return health
    if not _believed(health.recipient_limit_at, now):
        health = replace(health, recipient_limit=None, recipient_limit_at=None)
    if not _believed(health.connection_limit_at, now):
        health = replace(health, connection_limit=None, connection_limit_at=None)
    if not _believed(health.rate_limit_at, now):
        health = replace(health, rate_limit=None, rate_window=None, rate_limit_at=None)
    return health


def date_limits(health: AccountHealth, before: AccountHealth, now: float) -> AccountHealth:
    """``health`` with ``now`` as the age of every limit that differs from ``before``."""
    if health.recipient_limit != before.recipient_limit:
        health = replace(health, recipient_limit_at=now if health.recipient_limit else None)
    if health.connection_limit != before.connection_limit:
        health = replace(health, connection_limit_at=now if health.connection_limit else None)
    if health.rate_limit != before.rate_limit:
        health = replace(health, rate_limit_at=now if health.rate_limit else None)
    return health


def _believed(learnt_at: float | None, now: float) -> bool:
    return learnt_at is not None and 0 <= now - learnt_at < FORGET_AFTER
