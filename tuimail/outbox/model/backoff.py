"""When to try again (rules 10 and 11 of the outbox). Pure: times and chance are given."""

from __future__ import annotations

from tuimail.clock import DAY, HOUR, MINUTE

UNREACHABLE = (15.0, 30.0, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 15 * MINUTE)
"""The server did not answer; frequent tries cost it nothing."""

ANSWERED = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)
"""The server said 4yz: it wants to be left alone for a while. Also how often filing a copy is tried."""

TROUBLE = (15 * MINUTE, 30 * MINUTE, HOUR)
"""The account is in trouble that may pass by itself (certificate, quota, wrong network): one probe."""

SOON = MINUTE
"""The longest delay of a verdict that says "soon"."""

LONGEST = 25 * HOUR
"""No delay is longer, not even a daily limit of the server; what lies further ahead was written by a wrong clock."""

WARN_AFTER = 4 * HOUR
GIVE_UP_AFTER = 5 * DAY
NOBODY_TRIED = 2 * HOUR
"""Between two tries of a running tuimail lies less than this; more means it was switched off, asleep or blocked."""

SPREAD = 0.1
SHORT_HOLD = 15 * MINUTE
"""An undo window is shorter than this; a longer hold is meant by the calendar."""


def delay(table: tuple[float, ...], tries: int, *, at_least: float = 0.0, chance: float = 0.5) -> float:
    """Seconds until the next try.

    Args:
        table: the delays after the first, second... try in a row; the last one is the cap.
        tries: tries in a row that failed, from 1.
        at_least: how long the server's trouble is known to last; never undercut, at most ``LONGEST``.
        chance: from 0 to 1, spreads the delay by 10 % either way, so that many clients do not come back at once.
    """
    step = table[min(max(tries, 1), len(table)) - 1]
    spread = step * (1 - SPREAD + 2 * SPREAD * chance)
    return max(spread, min(at_least, LONGEST))


def due(next_attempt_at: float | None, last_attempt_at: float | None, now: float) -> bool:
    """Whether the next try may go.

    A last attempt in the future, or a next one further ahead than any delay, means that the clock was set back: due
    now, else a letter would wait for days.
    """
    if next_attempt_at is None or next_attempt_at <= now or next_attempt_at > now + LONGEST:
        return True
    return last_attempt_at is not None and last_attempt_at > now


def expiry(start: float) -> float:
    """When trying ends for a letter whose tries began at ``start``."""
    return start + GIVE_UP_AFTER


def expiry_now(expires_at: float | None, tried_before: float | None, now: float) -> float:
    """``expires_at`` seen from now: time without tries (switched off, asleep, blocked) does not count.

    Args:
        expires_at: as it stood; None counts from now.
        tried_before: the last try before this one, or when the letter was queued.
        now: seconds since the epoch.
    """
    if expires_at is None:
        return expiry(now)
    idle = 0.0 if tried_before is None else now - tried_before
    moved = expires_at + idle if idle > NOBODY_TRIED else expires_at
    return min(moved, expiry(now))


def warning_due(expires_at: float, now: float) -> bool:
    """Four hours of trying are over."""
    return now >= expires_at - GIVE_UP_AFTER + WARN_AFTER
