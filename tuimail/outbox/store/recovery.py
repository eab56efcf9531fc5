"""Takes back what dead owners left, decides on what is late, and shows as blocked what cannot go.

Before the committing mark a letter is queued again. After it, the answer may be on the letter although it is not in
the index; if it is not, the letter is uncertain (rule 7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.config.model import WhenUncertain
from tuimail.coordination.lock import acts_for
from tuimail.errors import StorageError
from tuimail.outbox.model import backoff, missed_schedule, resulting_state
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.outbox.store import account_health, due, journal, rate_limit
from tuimail.outbox.store.letter_file import read_letter
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.coordination.lock import Host
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.letter_file import Mark
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.rows import Row
    from tuimail.outbox.store.transaction import Transaction, View


class Recovery:
    """Puts right what no living worker takes care of."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = outbox

    def recover(self, owner: str = "") -> Sequence[OutboxItem]:
        """Take back what dead owners left, decide on what is late, show as blocked what is due and cannot go."""
        with self.outbox.reading() as view:
            if not (self._lost(view, owner) or self._parked(view) or self._late(view)):
                return []
        with self.outbox.writing() as tx:
            changed = [self._take_back(tx, row) for row in self._lost(tx, owner)]
            changed += [self._decide_on_late(tx, row) for row in self._late(tx)]
            changed += [_show_as_blocked(tx, item_id) for item_id in self._parked(tx)]
        return changed

    def _lost(self, view: View, owner: str) -> list[Row]:
        rows = view.rows(f"{LIVE} AND state = 'sending'")
        host = self.outbox.host
        return [row for row in rows if not acts_for(row.item.owner, owner) and _lease_over(row, host, view.now)]

    def _parked(self, view: View) -> list[str]:
        found = view.db.execute(
            f"SELECT item.id FROM {due.JOINED} WHERE {due.PARKED}",  # noqa: S608
            due.at(view.now, self.outbox.settings.when_late),
        ).fetchall()
        return [item_id for (item_id,) in found]

    def _late(self, view: View) -> list[Row]:
        """Letters that must not go when they are late, and whose time has come; not claimed before this decides."""
        found = view.db.execute(
            f"SELECT id FROM item WHERE {due.CAREFUL}",  # noqa: S608
            due.at(view.now, self.outbox.settings.when_late),
        ).fetchall()
        return [view.row(item_id) for (item_id,) in found]

    def _decide_on_late(self, tx: Transaction, row: Row) -> OutboxItem:
        item, entry = missed_schedule.decided(row.item, self.outbox.settings.when_late, tx.now)
        tx.put(replace(row, item=item))
        tx.add_entries(item.id, [entry])
        return item

    def _take_back(self, tx: Transaction, row: Row) -> OutboxItem:
        item = row.item
        said = "taken back from a tuimail that stopped"
        mark = _last_mark(tx, row) if item.stage is Stage.COMMITTING else None
        if item.stage is not Stage.COMMITTING:
            item = replace(item, state=ItemState.QUEUED, changed_at=tx.now)
        elif mark is not None and mark["mark"] == journal.RESULT:
            item = journal.with_outcomes(item, dict(mark["to"]), tx.now)
            said = "the server's answer was found on the letter"
        elif self.outbox.settings.when_uncertain is WhenUncertain.RESEND:
            item = replace(item, state=ItemState.QUEUED, changed_at=tx.now)
            said = "its answer was lost; sent again as set up"
        else:
            item = _uncertain(item, mark, tx.now)
            said = "interrupted while waiting for the server's answer"
        tx.put(row.free(item))
        rate_limit.pace(tx, item.account, self.outbox.rates)
        tx.add_to_timeline(item.id, said)
        account_health.probe_again(tx, item.account)
        return item


def _show_as_blocked(tx: Transaction, item_id: str) -> OutboxItem:
    row = tx.row(item_id)
    health = tx.health(row.item.account)
    item = replace(
        row.item, state=ItemState.BLOCKED, trouble=health.trouble, words=health.words, changed_at=tx.now,
        not_before=None, next_attempt_at=None,
    )  # fmt: skip
    tx.put(replace(row, item=item))
    tx.add_to_timeline(item_id, f"blocked: {health.words}")
    return item


def _lease_over(row: Row, host: Host, now: float) -> bool:
    """The lease is worth nothing any more: its owner is dead, or did not renew it."""
    if host.dead(row.item.owner):
        return True
    if host.same_boot(row.item.owner) and row.lease_tick is not None:
        return host.tick() > row.lease_tick
    until = row.item.lease_until
    return until is None or not now <= until <= now + backoff.LONGEST


def _uncertain(item: OutboxItem, mark: Mark | None, now: float) -> OutboxItem:
    """``item`` whose answer was lost; ``mark`` says to which recipients it was being sent, None: perhaps to all."""
    to = {each.address for each in item.recipients} if mark is None else set(mark["to"])
    recipients = tuple(
        replace(each, state=RecipientState.UNCERTAIN, words=resulting_state.MAY_HAVE_IT)
        if each.open and each.address in to
        else each
        for each in item.recipients
    )
    words = resulting_state.MAY_HAVE_IT
    return replace(item, state=ItemState.UNCERTAIN, recipients=recipients, words=words, changed_at=now)


def _last_mark(tx: Transaction, row: Row) -> Mark | None:
    """The last mark that the item's owner made on the letter."""
    try:
        marks = read_letter(tx.letter_path(row.item.id)).marks
    except StorageError:
        return None
    return next((mark for mark in reversed(marks) if mark.get("by") == row.item.owner), None)
