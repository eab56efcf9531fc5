"""What may be claimed now, and when something may be claimed next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.coordination.batch import joins
from tuimail.outbox.store import account_health, due
from tuimail.outbox.store.rows import LIVE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tuimail.outbox.model.item import AccountHealth
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.transaction import View


class Schedule:
    """The order in which letters are sent."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = self.group = outbox

    def accounts_due(self, *, by: float | None = None) -> Sequence[str]:
        """Accounts that have something to claim now; ``by`` as in ``claims.take``."""
        with self.outbox.reading() as view:
            found = view.db.execute(
                f"SELECT DISTINCT item.account FROM {due.JOINED} WHERE {due.CLAIMABLE}",  # noqa: S608
                due.at(view.now, self.outbox.settings.when_late, by=by),
            ).fetchall()
        return [account for (account,) in found]

    @joins
    def waiting(self, account: str, *, most: int, by: float | None = None) -> int:
        """How many letters of the account may be claimed now; at most ``most`` are counted.

        ``by`` as in ``claims.take``.
        """
        with self.outbox.reading() as view:
            found = view.db.execute(
                f"SELECT COUNT(*) FROM (SELECT 1 FROM {due.JOINED} WHERE {due.CLAIMABLE} AND item.account = :account "  # noqa: S608
                "LIMIT :most)",
                due.at(view.now, self.outbox.settings.when_late, by=by, account=account, most=most),
            ).fetchone()
        return int(found[0])

    def next_due(self, *, busy: Collection[str] = (), filings: bool = True, flaggings: bool = True) -> float | None:
        """When the next claim, filing or flag can succeed, seconds since the epoch; None: nothing is scheduled."""
        times: list[float] = []
        with self.outbox.reading() as view:
            for account, first, blocked in view.db.execute(
                due.NEXT, due.at(view.now, self.outbox.settings.when_late)
            ).fetchall():
                if account not in busy:
                    times.extend(_next_of(view.health(account), first, has_blocked=bool(blocked)))
            filing = view.db.execute(
                "SELECT MIN(COALESCE(filing_next, 0)) FROM item WHERE filing_state = 'due' AND filing_owner = ''"
            ).fetchone()[0]
            flagging = view.db.execute(
                "SELECT MIN(COALESCE(flagging_next, 0)) FROM item WHERE flagging_state = 'due'"
            ).fetchone()[0]
        if filings and filing is not None:
            times.append(float(filing))
        if flaggings and flagging is not None:
            times.append(float(flagging))
        return min(times, default=None)

    def retry_all_now(self) -> None:
        """The network is up, or the machine woke: what waits for a retry is due now."""
        with self.outbox.writing() as tx:
            for row in tx.rows(f"{LIVE} AND state = 'deferred' AND next_attempt_at IS NOT NULL"):
                tx.put(replace(row, item=replace(row.item, next_attempt_at=None)))
            for row in tx.rows("filing_state = 'due' AND filing_next IS NOT NULL"):
                filing = replace(row.item.filing, next_attempt_at=None)
                tx.put(replace(row, item=replace(row.item, filing=filing)))
            tx.db.execute(
                "UPDATE health SET probe_at = ? WHERE trouble IS NULL AND probe_at IS NOT NULL AND NOT EXISTS "  # noqa: S608
                f"(SELECT 1 FROM item WHERE item.{LIVE} "
                "AND item.account = health.account AND item.state = 'sending')",
                (tx.now,),
            )

    def retry_now(self, account: str) -> bool:
        """Another service of the account can connect again: what waits for its hosts is due now. Whether anything did.

        A letter that a server put off waits on, and so does an account that is in trouble of another kind.
        """
        with self.outbox.reading() as view:
            health = view.health(account)
            waits = health.trouble is None and health.probe_at is not None and health.probe_at > view.now
            waits = waits and not account_health.is_sending(view, account)
            later = view.db.execute(
                "SELECT 1 FROM item WHERE filing_state = 'due' AND filing_next > ? AND account = ? LIMIT 1",
                (view.now, account),
            ).fetchone()
        if not waits and later is None:
            return False
        with self.outbox.writing() as tx:
            if waits:
                account_health.allow_probe(tx, account)
                deferred = f"{LIVE} AND state = 'deferred' AND account = ? AND next_attempt_at <= ?"
                for row in tx.rows(deferred, (account, health.probe_at)):
                    tx.put(replace(row, item=replace(row.item, next_attempt_at=None)))
            for row in tx.rows("filing_state = 'due' AND filing_next IS NOT NULL AND account = ?", (account,)):
                filing = replace(row.item.filing, next_attempt_at=None)
                tx.put(replace(row, item=replace(row.item, filing=filing)))
        return True


def next_claimable(
    view: View, outbox: OpenOutbox, *, account: str | None, only: str | None, by: float | None
) -> str | None:
    """The id of the next letter that may be claimed, or None; the arguments are those of ``claims.take``."""
    parameters = due.at(view.now, outbox.settings.when_late, by=by, account=account, only=only)
    if account is not None and only is None:
        # The first of each state by the index: a queue of ten thousand is not read for every letter of it.
        found = view.db.execute(due.FIRST, parameters).fetchone()
        if found is not None:
            return str(found[0])
    # A blocked letter that was sent on purpose ("send now") is queued, and goes before the blocked ones.
    found = view.db.execute(
        f"SELECT item.id FROM {due.JOINED} WHERE {due.CLAIMABLE} AND (:account IS NULL OR item.account = :account) "  # noqa: S608
        f"AND (:only IS NULL OR item.id = :only) ORDER BY {due.ORDER} LIMIT 1",
        parameters,
    ).fetchone()
    return None if found is None else str(found[0])


def _next_of(health: AccountHealth, first: float | None, *, has_blocked: bool) -> list[float]:
    if health.trouble is not None:
        # A letter that becomes due is shown as blocked then; the probe goes at its own time.
        waiting = [] if first is None else [first]
        return [*waiting, health.probe_at] if health.probe_at is not None and (waiting or has_blocked) else waiting
    if first is None:
        return []
    return [max(first, health.probe_at or 0.0, health.paced_until or 0.0)]
