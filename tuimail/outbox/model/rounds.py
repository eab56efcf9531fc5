"""Which recipients the next attempt at a letter asks the server about, and when that is (rule 20). Pure.

A letter may need many rounds: the server takes a few recipients at once, or puts some of them off. Every deferred
recipient has a time of its own. Those who were not asked yet come first, then whoever has waited longest, so that
nobody stays behind others who are deferred again and again. The next round follows at once only when somebody was
newly decided, which happens once per recipient; other rounds of a letter lie ``PAUSE`` apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model import backoff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.outbox.model.item import OutboxItem, Recipient

PAUSE = backoff.MINUTE
"""Seconds between two rounds when nobody was decided in the first of them: at most sixty attempts an hour, and more
than a thousand rounds within a day."""


def to_ask(item: OutboxItem, limit: int | None, now: float) -> tuple[Recipient, ...]:
    """The open recipients whose turn it is, at most ``limit``; in the order of the envelope when all fit.

    When nobody's time has come, the letter goes early because the user, the network or a mended account says so, and
    everybody is asked.
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
        progress: somebody was decided in it.
        pause: seconds until the next attempt when nobody was, at least.
    """
    times = [each.next_attempt_at for each in open_recipients]
    known = [at for at in times if at is not None]
    ready = len(known) < len(times)
    if progress:
        return None if ready else min(known)
    return max(now if ready else min(known), now + pause)
