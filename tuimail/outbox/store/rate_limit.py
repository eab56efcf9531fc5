"""How many letters an account sends in a time: the user's own limit, and the one learnt from its server.

A server that says "too many" tells how many it had taken by then. The outbox stays below that from then on, instead of
running into it each time. Each limit that was learnt, those of recipients and connections too, is forgotten a week
later: limits grow with an account's good name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.config.model import Rate
from tuimail.outbox.model.backoff import DAY, HOUR
from tuimail.outbox.model.item import ItemState
from tuimail.outbox.store.evidence import Evidence
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import AccountProblem, Stage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from tuimail.outbox.model.item import AccountHealth
    from tuimail.outbox.store.rows import Row

FORGET_AFTER = 7 * DAY
"""Seconds for which a limit that was learnt is believed."""


def next_allowed(begun: Sequence[float], rate: Rate, now: float) -> float | None:
    """When the next letter may go; None: now. Pure.

    Args:
        begun: when letters were begun, the oldest first; those ahead of ``now`` are of a clock that was set back.
        rate: the limit.
        now: seconds since the epoch.
    """
    within = [at for at in begun if now - rate.seconds < at <= now]
    return None if len(within) < rate.letters else within[-rate.letters] + rate.seconds


def learnt(taken_in_hour: int, taken_in_day: int, delay: float) -> Rate | None:
    """The limit that a refusal tells of, from what the server had taken before; None when it had taken none. Pure.

    ``delay``: how long the refusal is known to last; a daily limit lasts a day.
    """
    daily = delay > 12 * HOUR
    taken = taken_in_day if daily else taken_in_hour
    return Rate(taken, DAY if daily else HOUR) if taken else None


def relaxed(health: AccountHealth, now: float) -> AccountHealth:
    """``health`` without the limits that were learnt too long ago, or nobody knows when. Pure."""
    if not (health.recipient_limit or health.connection_limit or health.rate_limit):
        return health
    if not _believed(health.recipient_limit_at, now):
        health = replace(health, recipient_limit=None, recipient_limit_at=None)
    if not _believed(health.connection_limit_at, now):
        health = replace(health, connection_limit=None, connection_limit_at=None)
    if not _believed(health.rate_limit_at, now):
        health = replace(health, rate_limit=None, rate_window=None, rate_limit_at=None)
    return health


def dated(health: AccountHealth, before: AccountHealth, now: float) -> AccountHealth:
    """``health`` with ``now`` as the age of every limit that is another than ``before``. Pure."""
    if health.recipient_limit != before.recipient_limit:
        health = replace(health, recipient_limit_at=now if health.recipient_limit else None)
    if health.connection_limit != before.connection_limit:
        health = replace(health, connection_limit_at=now if health.connection_limit else None)
    if health.rate_limit != before.rate_limit:
        health = replace(health, rate_limit_at=now if health.rate_limit else None)
    return health


def _believed(learnt_at: float | None, now: float) -> bool:
    return learnt_at is not None and 0 <= now - learnt_at < FORGET_AFTER


class RateLimits(Evidence):
    """Limits of accounts: kept when letters are claimed, learnt when a server names one."""

    rates: Mapping[str, Rate] = {}
    """The users' own limits."""

    def health_in(self, db: sqlite3.Connection, account: str) -> AccountHealth:
        """An account's health, with the limits that are still believed."""
        return relaxed(super().health_in(db, account), self.clock.now())

    def put_health(self, db: sqlite3.Connection, health: AccountHealth) -> None:
        """Write an account's health; a limit that the server just named is learnt.

        Only what was sent says until when the account is paced: ``paced_until`` stays as it is.
        """
        now = self.clock.now()
        before = self.health_in(db, health.account)
        if health.trouble is AccountProblem.QUOTA and before.trouble is None:
            wait = (health.probe_at or now) - now
            counts = [len(self._begun(db, health.account, now - each)) for each in (HOUR, DAY)]
            rate = learnt(counts[0], counts[1], wait)
            if rate is not None:
                health = replace(health, rate_limit=rate.letters, rate_window=rate.seconds)
        super().put_health(db, replace(dated(health, before, now), paced_until=before.paced_until))

    def put(self, db: sqlite3.Connection, row: Row) -> None:
        """Write a row as a whole; with a letter that is claimed, or that was not sent after all, the pace changes."""
        super().put(db, row)
        claimed = row.item.state is ItemState.SENDING and row.item.stage is Stage.CONNECT
        if claimed or (row.was_sending and row.item.state is not ItemState.SENDING):
            self._pace(db, row.item.account)

    def _pace(self, db: sqlite3.Connection, account: str) -> None:
        health = self.health_in(db, account)
        rates = [self.rates[account]] if account in self.rates else []
        if health.rate_limit and health.rate_window:
            rates.append(Rate(health.rate_limit, health.rate_window))
        if not rates and health.paced_until is None:
            return
        now = self.clock.now()
        begun = self._begun(db, account, now - max((rate.seconds for rate in rates), default=0.0), sending=now)
        allowed = [at for rate in rates if (at := next_allowed(begun, rate, now)) is not None]
        until = max(allowed, default=None)
        if until != health.paced_until:
            super().put_health(db, replace(health, paced_until=until))

    def _begun(
        self, db: sqlite3.Connection, account: str, since: float, *, sending: float | None = None
    ) -> list[float]:
        """When the letters that the server took since then were begun; with ``sending``, those under way as of that.

        One whose last attempt did not come as far as MAIL was not sent by it.
        """
        taken = db.execute(
            "SELECT last_attempt_at FROM item WHERE account = ? AND last_attempt_at > ? "
            "AND (state IN ('accepted', 'done', 'uncertain', 'failed') OR filing_state <> 'none') "
            "AND COALESCE(stage, '') NOT IN ('connect', 'tls', 'greeting', 'ehlo', 'starttls', 'auth') "
            "ORDER BY last_attempt_at",
            (account, since),
        ).fetchall()
        times = [float(at) for (at,) in taken]
        if sending is not None:
            under_way = db.execute(
                f"SELECT COUNT(*) FROM item WHERE {LIVE} AND account = ? AND state = 'sending'",  # noqa: S608
                (account,),
            ).fetchone()[0]
            times += [sending] * int(under_way)
        return times
