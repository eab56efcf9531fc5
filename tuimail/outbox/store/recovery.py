"""The part of the store that takes back what dead owners left, and shows as blocked what cannot go.

Before the committing mark a letter is simply queued again. After it, the answer may be on the letter though it never
came into the index; if it is not, nobody knows, and the letter is uncertain (rule 7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.config.model import WhenUncertain
from tuimail.coordination.lock import acts_for
from tuimail.errors import StorageError
from tuimail.outbox.model import backoff, missed_schedule, resulting_state
from tuimail.outbox.model.item import ItemState, OutboxItem, RecipientState, TimelineEntry
from tuimail.outbox.store import due, journal
from tuimail.outbox.store.letter_file import read_letter
from tuimail.outbox.store.open_outbox import OpenOutbox
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tuimail.outbox.store.letter_file import Mark
    from tuimail.outbox.store.rows import Row


class Recovery(OpenOutbox):
    """Leases that are worth nothing any more."""

    def recover(self, owner: str = "") -> Sequence[OutboxItem]:
        """Take back what dead owners left, decide on what is late, show as blocked what is due and cannot go."""
        with self.index.reading() as db:
            lost = self._lost(db, owner)
            parked = self._parked(db)
            careful = self._careful(db)
        if not (lost or parked or careful):
            return []
        changed: list[OutboxItem] = []
        with self.index.writing() as db:
            now = self.clock.now()
            changed.extend(self._take_back(db, row, now) for row in self._lost(db, owner))
            for row in self._careful(db):
                item, entry = missed_schedule.decided(row.item, self.settings.when_late, now)
                self.put(db, replace(row, item=item))
                self.tell(db, item.id, entry)
                changed.append(item)
            for item_id in self._parked(db):
                row = self.row(db, item_id)
                health = self.health_in(db, row.item.account)
                item = replace(
                    row.item, state=ItemState.BLOCKED, trouble=health.trouble, words=health.words, changed_at=now,
                    not_before=None, next_attempt_at=None,
                )  # fmt: skip
                self.put(db, replace(row, item=item))
                self.tell(db, item_id, TimelineEntry(now, f"blocked: {health.words}"))
                changed.append(item)
        return changed

    def _lost(self, db: sqlite3.Connection, owner: str) -> list[Row]:
        rows = self.rows(db, f"{LIVE} AND state = 'sending'")
        return [row for row in rows if not acts_for(row.item.owner, owner) and self._over(row)]

    def _parked(self, db: sqlite3.Connection) -> list[str]:
        found = db.execute(
            f"SELECT item.id FROM {due.JOINED} WHERE {due.PARKED}",  # noqa: S608
            due.at(self.clock.now(), self.settings.when_late),
        ).fetchall()
        return [item_id for (item_id,) in found]

    def _careful(self, db: sqlite3.Connection) -> list[Row]:
        """Letters whose time has come and that must not go when it is late; nobody claims them before this decides."""
        found = db.execute(
            f"SELECT id FROM item WHERE {due.CAREFUL}",  # noqa: S608
            due.at(self.clock.now(), self.settings.when_late),
        ).fetchall()
        return [self.row(db, item_id) for (item_id,) in found]

    def _over(self, row: Row) -> bool:
        """The lease is worth nothing any more: its owner is dead, or did not renew it."""
        if self.host.dead(row.item.owner):
            return True
        if self.host.same_boot(row.item.owner) and row.lease_tick is not None:
            return self.host.tick() > row.lease_tick
        until = row.item.lease_until
        return until is None or not self.clock.now() <= until <= self.clock.now() + backoff.LONGEST

    def _take_back(self, db: sqlite3.Connection, row: Row, now: float) -> OutboxItem:
        item = row.item
        said = "taken back from a tuimail that stopped"
        if item.stage is not Stage.COMMITTING:
            item = replace(item, state=ItemState.QUEUED, changed_at=now)
        elif (outcomes := self._outcomes(row)) is not None:
            item = journal.with_outcomes(item, outcomes, now)
            said = "the server's answer was found on the letter"
        else:
            item, said = self._uncertain(row, now)
        self.put(db, row.free(item))
        self.tell(db, item.id, TimelineEntry(now, said))
        self.probe_again(db, item.account, now)
        return item

    def _uncertain(self, row: Row, now: float) -> tuple[OutboxItem, str]:
        item = row.item
        if self.settings.when_uncertain is WhenUncertain.RESEND:
            return replace(item, state=ItemState.QUEUED, changed_at=now), "its answer was lost; sent again as set up"
        mark = self._last_mark(row)
        to = {each.address for each in item.recipients} if mark is None else set(mark["to"])
        recipients = tuple(
            replace(each, state=RecipientState.UNCERTAIN, words=resulting_state.MAY_HAVE_IT)
            if each.open and each.address in to
            else each
            for each in item.recipients
        )
        uncertain = replace(
            item, state=ItemState.UNCERTAIN, recipients=recipients, words=resulting_state.MAY_HAVE_IT, changed_at=now
        )
        return uncertain, "interrupted while waiting for the server's answer"

    def _outcomes(self, row: Row) -> dict[str, list[object]] | None:
        """The server's answer to the last dot, when it was written on the letter and not in the index."""
        mark = self._last_mark(row)
        return dict(mark["to"]) if mark is not None and mark["mark"] == journal.RESULT else None

    def _last_mark(self, row: Row) -> Mark | None:
        """The last mark that the item's owner made on the letter."""
        try:
            marks = read_letter(self.letter_path(row.item.id)).marks
        except StorageError:
            return None
        return next((mark for mark in reversed(marks) if mark.get("by") == row.item.owner), None)

    def probe_again(self, db: sqlite3.Connection, account: str, now: float) -> None:
        """The probe came back without an answer: another may go."""
        health = self.health_in(db, account)
        if health.probe_at is not None:
            self.put_health(db, replace(health, probe_at=now))
