"""The health of accounts: letters that wait for it, the probe of an account in trouble, settings that changed.

An account in trouble sends one letter as a probe (rule 9); what the probe meets decides for the others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.outbox.model import backoff
from tuimail.outbox.model.item import AccountHealth, OutboxItem
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.transaction import Transaction, View

NO_ACCOUNT = 'The account "{}" is not in the config any more; add it again, or edit the letter to use another.'


class AccountHealthRecords:
    """Whether letters of an account may go, and what ends its trouble."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = outbox

    def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go."""
        with self.outbox.reading() as view:
            return view.health(account)

    def fixed(self, account: str) -> Sequence[OutboxItem]:
        """The account's trouble is over: its blocked items are queued and due now. Which ones."""
        with self.outbox.writing() as tx:
            return _fixed(tx, account)

    def settings_seen(self, account: str, fingerprint: str) -> Sequence[OutboxItem]:
        """The account's settings are those of ``fingerprint``; others than last time end its trouble (rule G8)."""
        with self.outbox.reading() as view:
            row = view.db.execute("SELECT fingerprint FROM settings WHERE account = ?", (account,)).fetchone()
        if row is not None and row[0] == fingerprint:
            return []
        with self.outbox.writing() as tx:
            tx.db.execute(
                "INSERT INTO settings (account, fingerprint) VALUES (?, ?)"
                " ON CONFLICT (account) DO UPDATE SET fingerprint = excluded.fingerprint",
                (account, fingerprint),
            )
            if row is None or tx.health(account).trouble is None:
                return []
            return _fixed(tx, account)

    def accounts_known(self, known: Collection[str]) -> Sequence[OutboxItem]:
        """Block the waiting items whose account is not in ``known``; free those whose account is back (rule 13)."""
        with self.outbox.reading() as view:
            used = [
                str(account)
                for (account,) in view.db.execute(
                    f"SELECT DISTINCT account FROM item WHERE {LIVE} "  # noqa: S608
                    "AND state IN ('held', 'queued', 'deferred', 'blocked')"
                )
            ]
            missing = {account for account in used if view.health(account).trouble is AccountProblem.MISSING}
        absent = [each for each in used if each not in known]
        back = [each for each in used if each in known and each in missing]
        if not absent and not back:
            return []
        changed: list[OutboxItem] = []
        with self.outbox.writing() as tx:
            for account in back:
                changed += _fixed(tx, account)
            for account in absent:
                changed += _block_missing(tx, account, known=account in missing)
        return changed

    def learn_connection_limit(self, account: str, *, connections: int) -> None:
        """The account's server was found to allow so many connections at once, and no more."""
        with self.outbox.writing() as tx:
            tx.put_health(replace(tx.health(account), connection_limit=max(connections, 1)))


def unblock(tx: Transaction, account: str) -> list[OutboxItem]:
    """Queue the blocked items of an account that is well again, with a fresh budget."""
    freed = []
    for row in tx.rows(f"{LIVE} AND state = 'blocked' AND account = ?", (account,)):
        item = replace(
            row.item,
            state=ItemState.QUEUED,
            trouble=None,
            words="",
            tries=0,
            warned=False,
            next_attempt_at=None,
            expires_at=backoff.expiry(tx.now),
            changed_at=tx.now,
        )
        tx.put(replace(row, item=item))
        tx.add_to_timeline(item.id, "queued again: the account is mended")
        freed.append(item)
    return freed


def begin_probe(tx: Transaction, health: AccountHealth, lease: float) -> None:
    """A letter of the account is claimed. If it is the probe, no other may go until it is back or its lease is over."""
    if health.probe_at is not None:
        tx.put_health(replace(health, probe_at=tx.now + lease, tried_at=tx.now))


def probe_again(tx: Transaction, account: str) -> None:
    """The probe came back without an answer: another may go."""
    health = tx.health(account)
    if health.probe_at is not None:
        tx.put_health(replace(health, probe_at=tx.now))


def allow_probe(tx: Transaction, account: str) -> None:
    """The user asks for a try: a paused account lets one letter go, unless one is under way."""
    health = tx.health(account)
    if health.trouble is AccountProblem.MISSING or (health.trouble is None and health.probe_at is None):
        return
    if not is_sending(tx, account):
        tx.put_health(replace(health, probe_at=tx.now))


def is_sending(view: View, account: str) -> bool:
    """A letter of the account is under way."""
    found = view.db.execute(
        f"SELECT 1 FROM item WHERE {LIVE} AND account = ? AND state = 'sending' LIMIT 1",  # noqa: S608
        (account,),
    ).fetchone()
    return found is not None


def _fixed(tx: Transaction, account: str) -> list[OutboxItem]:
    tx.put_health(tx.health(account).well)
    deferred = f"{LIVE} AND state = 'deferred' AND account = ? AND next_attempt_at IS NOT NULL"
    for row in tx.rows(deferred, (account,)):
        tx.put(replace(row, item=replace(row.item, next_attempt_at=None, changed_at=tx.now)))
    return unblock(tx, account)


def _block_missing(tx: Transaction, account: str, *, known: bool) -> list[OutboxItem]:
    """Block the waiting letters of an account that is not in the config; ``known``: its health says so already."""
    words = NO_ACCOUNT.format(account)
    if not known:
        tx.put_health(
            AccountHealth(account, trouble=AccountProblem.MISSING, words=words, since=tx.now, tried_at=tx.now)
        )
    changed = []
    waiting = (
        f"{LIVE} AND account = ? AND (state IN ('queued', 'deferred') OR state = 'blocked' AND trouble <> 'missing')"
    )
    for row in tx.rows(waiting, (account,)):
        item = replace(
            row.item,
            state=ItemState.BLOCKED,
            trouble=AccountProblem.MISSING,
            words=words,
            next_attempt_at=None,
            changed_at=tx.now,
        )
        tx.put(replace(row, item=item))
        tx.add_to_timeline(item.id, "blocked: its account is not in the config")
        changed.append(item)
    return changed
