"""What may be sent now, as conditions of SQL. The rules of model/backoff, asked of ten thousand rows at once.

An account that is well sends everything due; one in trouble, or whose host does not answer, sends one probe when its
time has come (rule 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.backoff import LONGEST, SHORT_HOLD
from tuimail.outbox.store.rows import LIVE

if TYPE_CHECKING:
    from tuimail.config.model import WhenLate

CAREFUL = f"""(
    item.{LIVE} AND item.state = 'held' AND item.not_before IS NOT NULL AND item.not_before <= :now
    AND item.not_before - item.queued_at > :short AND COALESCE(NULLIF(item.on_late, ''), :when_late) <> 'send'
)"""
"""Its time has come, and it must not go when that was noticed late. Decided by recovery before anybody may claim it."""

ITEM_DUE = f"""(
    item.state IN ('queued', 'deferred') AND (
        item.next_attempt_at IS NULL OR item.next_attempt_at <= :by OR item.next_attempt_at > :far
        OR item.last_attempt_at > :now)
    OR item.state = 'held' AND item.not_before IS NOT NULL AND (
        item.not_before <= :now OR item.queued_at > :now AND item.not_before - item.queued_at <= :short)
    AND NOT {CAREFUL}
)"""

WELL = "(health.account IS NULL OR health.trouble IS NULL AND health.tries = 0 AND health.probe_at IS NULL)"

PROBE_DUE = """(health.probe_at IS NOT NULL AND (
    health.probe_at <= :by OR health.probe_at > :far OR health.tried_at > :now))"""

JOINED = "item LEFT JOIN health ON health.account = item.account"

AT_PACE = "(health.paced_until IS NULL OR health.paced_until <= :now OR health.paced_until > :far)"
"""The account may send another letter without exceeding its limit (outbox/store/rate_limit)."""

CLAIMABLE = f"""(item.{LIVE} AND {AT_PACE} AND (
    ({ITEM_DUE} AND ({WELL} OR {PROBE_DUE}))
    OR (item.state = 'blocked' AND health.trouble IS NOT NULL AND {PROBE_DUE})
))"""
"""May be claimed now."""

ORDER = (
    f"item.state = 'blocked', CASE WHEN {WELL} THEN 0 ELSE COALESCE(item.last_attempt_at, 0) END, item.rank, item.id"
)
"""The lowest rank goes first. A probe of an account in trouble is the letter that was tried longest ago:
the one that met the trouble may be its cause, and must not hold up the others."""

FIRST = f"""
SELECT id FROM (
    {
    " UNION ALL ".join(
        f"SELECT * FROM (SELECT item.id, item.rank FROM {JOINED} WHERE item.state = '{state}' "
        f"AND item.account = :account AND item.{LIVE} AND {AT_PACE} AND {ITEM_DUE} AND {WELL} "
        "ORDER BY item.rank, item.id LIMIT 1)"
        for state in ("queued", "deferred", "held")
    )
}
) ORDER BY rank, id LIMIT 1
"""  # noqa: S608 - constants of this module
"""The next letter of ``:account`` when it is well."""

PARKED = f"(item.{LIVE} AND {ITEM_DUE} AND health.trouble IS NOT NULL AND NOT {PROBE_DUE})"
"""Due, but its account is in trouble: to be shown as blocked, else it would wait without a word."""

NEXT = f"""
SELECT item.account,
       MIN(CASE WHEN item.state = 'blocked' THEN NULL
                WHEN {ITEM_DUE} THEN 0
                WHEN item.state = 'held' THEN item.not_before
                ELSE item.next_attempt_at END),
       MAX(item.state = 'blocked')
FROM item
WHERE item.{LIVE}
  AND (item.state IN ('queued', 'deferred', 'blocked') OR item.state = 'held' AND item.not_before IS NOT NULL)
GROUP BY item.account
"""  # noqa: S608 - constants of this module
"""Per account: when its first letter is due (0: now), and whether it has blocked ones."""


def at(now: float, when_late: WhenLate, *, by: float | None = None, **more: object) -> dict[str, object]:
    """The parameters of the conditions; with ``by`` a letter or an account that waits for a later time is left alone.

    That is for work that is to end: what it defers itself must not keep it going.
    """
    return {
        "now": now,
        "by": now if by is None else min(now, by),
        "far": now + LONGEST,
        "short": SHORT_HOLD,
        "when_late": when_late.value,
        **more,
    }
