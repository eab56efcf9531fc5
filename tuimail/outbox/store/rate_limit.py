"""The pace of an account: kept when its letters are claimed, learnt when its server names a limit.

A limit is the user's own (``rate``) or learnt from the server (outbox/model/rate_limit). ``paced_until`` of the
account's health says when the next letter may go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.clock import DAY, HOUR
from tuimail.config.model import Rate
from tuimail.outbox.model.rate_limit import learnt, next_allowed
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.outbox.model.item import AccountHealth
    from tuimail.outbox.store.transaction import Transaction, View


def pace(tx: Transaction, account: str, rates: Mapping[str, Rate]) -> None:
    """Work out when the account may send again, after a letter of it was claimed or stopped being sent."""
    health = tx.health(account)
    limits = [rates[account]] if account in rates else []
    if health.rate_limit and health.rate_window:
        limits.append(Rate(health.rate_limit, health.rate_window))
    if not limits and health.paced_until is None:
        return
    begun = _begun(tx, account, tx.now - max((rate.seconds for rate in limits), default=0.0))
    begun += [tx.now] * _under_way(tx, account)
    allowed = [at for rate in limits if (at := next_allowed(begun, rate, tx.now)) is not None]
    until = max(allowed, default=None)
    if until != health.paced_until:
        tx.put_pace(health, until)


def learn(tx: Transaction, health: AccountHealth, before: AccountHealth) -> AccountHealth:
    """``health`` with the limit that a server just named, if it refused a letter because of its quota."""
    if health.trouble is not AccountProblem.QUOTA or before.trouble is not None:
        return health
    wait = (health.probe_at or tx.now) - tx.now
    in_hour, in_day = (len(_begun(tx, health.account, tx.now - each)) for each in (HOUR, DAY))
    rate = learnt(in_hour, in_day, wait)
    return health if rate is None else replace(health, rate_limit=rate.letters, rate_window=rate.seconds)


def _begun(view: View, account: str, since: float) -> list[float]:
    """When the letters that the server took since then were begun.

    One whose last attempt did not come as far as MAIL was not sent by it.
    """
    taken = view.db.execute(
        "SELECT last_attempt_at FROM item WHERE account = ? AND last_attempt_at > ? "
        "AND (state IN ('accepted', 'done', 'uncertain', 'failed') OR filing_state <> 'none') "
        "AND COALESCE(stage, '') NOT IN ('connect', 'tls', 'greeting', 'ehlo', 'starttls', 'auth') "
        "ORDER BY last_attempt_at",
        (account, since),
    ).fetchall()
    return [float(at) for (at,) in taken]


def _under_way(view: View, account: str) -> int:
    found = view.db.execute(
        f"SELECT COUNT(*) FROM item WHERE {LIVE} AND account = ? AND state = 'sending'",  # noqa: S608
        (account,),
    ).fetchone()
    return int(found[0])
