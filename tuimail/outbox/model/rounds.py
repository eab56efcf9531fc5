"""Which recipients the next attempt at a letter asks the server about, and when that is (rule 20). Pure.

A letter may need many rounds: the server takes a few recipients at once, or defers some of them. Every deferred
recipient has a time of its own. Recipients that were not tried yet come first, then those that have waited longest, so
that none is kept waiting by others that are deferred again and again. The next round follows at once only when a
recipient was newly accepted or refused, which happens once for each; other rounds of a letter are ``PAUSE`` apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.clock import MINUTE
from tuimail.outbox.model import backoff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.outbox.model.item import OutboxItem, Recipient

PAUSE = MINUTE
"""Seconds between two rounds when no recipient was decided in the first: at most sixty attempts an hour, and more
than a thousand rounds within a day."""


def to_ask(item: OutboxItem, limit: int | None, now: float) -> tuple[Recipient, ...]:
    """The open recipients that are due, at most ``limit``; in the order of the envelope when all fit.

    When none is due, the letter is tried early (the user asked, the network is up, the account works again), and all
    are tried.
    """
    due = [each for each in item.open_recipients if backoff.due(each.next_attempt_at, item.last_attempt_at, now)]
    due = due or list(item.open_recipients)
    if limit and len(due) > limit:
        due = sorted(due, key=lambda each: each.next_attempt_at or 0.0)[:limit]
    return tuple(due)


def next_round(open_recipients: Iterable[Recipient], now: float, *, progress: bool, pause: float) -> float | None:
    """When a letter with these open recipients, at least one, goes again; None: at once.

    Args:
        open_recipients: as an attempt that ended ``now`` left them.
        now: seconds since the epoch.
        progress: it decided a recipient.
        pause: seconds until the next attempt when it did not, at least.
    """
    times = [each.next_attempt_at for each in open_recipients]
    known = [at for at in times if at is not None]
    ready = len(known) < len(times)
    if progress:
        return None if ready else min(known)
    return max(now if ready else min(known), now + pause)
