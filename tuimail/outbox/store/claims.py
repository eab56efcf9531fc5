"""The part of the store that sends: take, touching, committing, record.

What a letter costs in fsyncs (a commit is five: journal, its header, folder, database, truncated journal): taking it 5,
touching 5, committing 1 for the mark and 5, record 1 for the mark and 5; 22 when it goes alone. In a queue its steps
share transactions with those of the letters before and behind it, and with those of other connections (``together``):
7 on one connection, 4 to 5 on four (strace, 200 letters). The mark of an answer comes first of all: the stretch in
which a kill leaves the letter uncertain is the server's answer plus one fsync.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.coordination.batch import Failed, Outcome, joins
from tuimail.errors import LeaseLostError, OutboxError, StorageError
from tuimail.outbox.model import backoff
from tuimail.outbox.model.item import ItemState, OutboxItem, RecipientState, TimelineEntry
from tuimail.outbox.model.outcome import settle
from tuimail.outbox.model.rounds import to_ask
from tuimail.outbox.store import due, journal, server_quirks
from tuimail.outbox.store.letter_file import FileContent, write_mark
from tuimail.outbox.store.recovery import Recovery
from tuimail.outbox.store.rows import LIVE
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping, Sequence

    from tuimail.mail.content import Content
    from tuimail.outbox.model.item import AccountHealth, Recipient
    from tuimail.outbox.store.rows import Row
    from tuimail.submission.quirks import Quirk
    from tuimail.submission.result import SubmissionResult

log = logging.getLogger(__name__)

LEASE = 120.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that was claimed, with what an attempt at it needs to know."""

    item: OutboxItem
    health: AccountHealth
    """The account's, before."""
    content: Content | None
    """None: its file is gone."""
    to: tuple[Recipient, ...]
    """Whom this attempt is for."""
    quirks: Mapping[str, frozenset[Quirk]]
    """What is known of the account's servers."""


class Claims(Recovery):
    """Leases and attempts (rules 4 to 7)."""

    no_copy: Mapping[str, str] = {}
    """Accounts of whose letters no copy is to be filed, and why."""

    def first(self, calls: Sequence[Callable[[], object]]) -> None:
        """Put the answers among the calls on their letters, durably, before anything can go wrong with the index."""
        answers = [each for each in calls if isinstance(each, partial) and each.func == self.record]
        self._make_durable([self._witness(*each.args) for each in answers])

    def together(self, calls: Sequence[Callable[[], object]]) -> list[Outcome]:
        """Carry out calls that join (coordination/batch) in one durable transaction."""
        outcomes: list[Outcome] = []
        try:
            with self.index.writing() as db:
                for call in calls:
                    try:
                        outcomes.append(call())
                    except Exception as error:
                        outcomes.append(Failed(error))
                        if not db.in_transaction:
                            raise  # SQLite gave up the whole
        except BaseException as error:  # noqa: BLE001 - it travels to whoever waits
            failed: list[Outcome] = [each if isinstance(each, Failed) else Failed(error) for each in outcomes]
            return failed + [Failed(error)] * (len(calls) - len(failed))
        return outcomes

    def accounts_due(self, *, by: float | None = None) -> Sequence[str]:
        """Accounts that have something to claim now; ``by`` as in ``take``."""
        with self.index.reading() as db:
            found = db.execute(
                f"SELECT DISTINCT item.account FROM {due.JOINED} WHERE {due.CLAIMABLE}",  # noqa: S608
                due.at(self.clock.now(), self.settings.when_late, by=by),
            ).fetchall()
        return [account for (account,) in found]

    @joins
    def waiting(self, account: str, *, most: int, by: float | None = None) -> int:
        """How many letters of the account may be claimed now; at most ``most`` are counted. ``by`` as in ``take``."""
        with self.index.reading() as db:
            found = db.execute(
                f"SELECT COUNT(*) FROM (SELECT 1 FROM {due.JOINED} WHERE {due.CLAIMABLE} AND item.account = :account "  # noqa: S608
                "LIMIT :most)",
                due.at(self.clock.now(), self.settings.when_late, by=by, account=account, most=most),
            ).fetchone()
        return int(found[0])

    def claim(
        self, owner: str, *, account: str | None = None, lease: float = LEASE, only: str | None = None
    ) -> OutboxItem | None:
        """Atomically take the next due item whose account may send; None if there is none."""
        taken = self.take(owner, account=account, lease=lease, only=only)
        return None if taken is None else taken.item

    @joins
    def take(
        self,
        owner: str,
        *,
        account: str | None = None,
        lease: float = LEASE,
        only: str | None = None,
        by: float | None = None,
    ) -> Taken | None:
        """The same, with all that an attempt needs to know. ``by``: nothing that waits for a later time than that."""
        if not self.index.inside:
            with self.index.reading() as db:
                if self._next(db, account, only, by) is None:
                    return None
        with self.index.writing() as db:
            found = self._next(db, account, only, by)
            if found is None:
                return None
            now = self.clock.now()
            row = self.row(db, found)
            health = self.health_in(db, row.item.account)
            if health.probe_at is not None:
                # This one is the probe; nobody else may try until it is back, or given up for dead.
                self.put_health(db, replace(health, probe_at=now + lease, tried_at=now))
            item = replace(
                row.item,
                state=ItemState.SENDING,
                stage=Stage.CONNECT,
                owner=owner,
                lease_until=now + lease,
                not_before=None,
                next_attempt_at=None,
                trouble=None,
                words="",
                changed_at=now,
            )
            self.put(db, replace(row, item=item, last_owner=owner, lease_tick=self.host.tick() + lease))
            path = self.letter_path(item.id)
            content = FileContent(path, row.offset, item.size, row.sha256) if path.exists() else None
            known = server_quirks.known(db, item.account, now)
            return Taken(item, health, content, to_ask(item, health.recipient_limit, now), known)

    @joins
    def renew(self, item_id: str, owner: str, *, lease: float = LEASE) -> None:
        """Keep a claimed item."""
        with self.index.writing() as db:
            row = self.owned(db, item_id, owner)
            item = replace(row.item, lease_until=self.clock.now() + lease)
            self.put(db, replace(row, item=item, lease_tick=self.host.tick() + lease))

    @joins
    def touching(self, item_id: str, owner: str) -> None:
        """Count the attempt (rule 5)."""
        with self.index.writing() as db:
            row = self.owned(db, item_id, owner)
            item = replace(row.item, attempts=row.item.attempts + 1, stage=Stage.MAIL, changed_at=self.clock.now())
            self.put(db, replace(row, item=item))

    @joins
    def committing(self, item_id: str, owner: str, *, to: Collection[str] | None = None) -> None:
        """The dot is about to be written (rule 6), for the addresses ``to`` (default: all still open)."""
        with self.index.writing() as db:
            row = self.owned(db, item_id, owner)
            now = self.clock.now()
            self.put(db, replace(row, item=replace(row.item, stage=Stage.COMMITTING, changed_at=now)))
            self.mark(row.item.id, journal.COMMITTING, now, journal.committing_said(row.item, owner, to))

    @joins
    def record(self, item_id: str, owner: str, result: SubmissionResult) -> OutboxItem:
        """What the attempt came to; releases the lease. Account trouble is stored in the same transaction.

        A late answer for a letter that was declared uncertain meanwhile is the evidence that settles it.

        Raises:
            LeaseLostError: another process goes on with the item.
            StorageError: the index cannot be written. If the letter could be, a restart finds the answer there.
        """
        if not self.index.inside:
            self._make_durable([self._witness(item_id, owner, result)])
        now = self.clock.now()
        with self.index.writing() as db:
            row = self.row(db, item_id)
            if row.item.owner != owner or not owner:
                return self._late(db, row, owner, result, now)
            health = self.health_in(db, row.item.account)
            settled = settle(
                row.item,
                result,
                health,
                self.settings,
                now,
                self.chance,
                no_copy=self.no_copy.get(row.item.account, ""),
            )
            self.put(db, row.free(settled.item))
            self.tell(db, row.item.id, *settled.entries)
            self.put_dialogue(db, row.item.id, result.dialogue)
            server_quirks.note(db, row.item.account, result, now)
            if settled.health != health:
                self.put_health(db, settled.health)
            if health.trouble is not None and settled.health.trouble is None:
                self.unblock(db, row.item.account, now)
            if settled.item.state is ItemState.DONE:
                self.index.afterwards(partial(self.discard_letter, settled.item))
        return settled.item

    @joins
    def unclaim(self, item_id: str, owner: str, *, probe: bool = True) -> None:
        """Give a claimed item back as it was: it was not sent. Unless ``probe``, nor does it say that another may go.

        That is for a letter that waited behind the one that met the trouble.
        """
        with self.index.writing() as db:
            row = self.owned(db, item_id, owner)
            now = self.clock.now()
            if row.item.stage is Stage.COMMITTING:
                raise OutboxError("The letter may have been sent: its outcome must be recorded.")
            self.put(db, row.free(replace(row.item, state=ItemState.QUEUED, changed_at=now)))
            if probe:
                self.probe_again(db, row.item.account, now)

    def learn_connection_limit(self, account: str, *, connections: int) -> None:
        """The account's server was found to bear so many connections at once, and no more."""
        with self.index.writing() as db:
            self.put_health(db, replace(self.health_in(db, account), connection_limit=max(connections, 1)))

    def next_due(self, *, busy: Collection[str] = (), filings: bool = True) -> float | None:
        """When the next claim or filing can succeed, seconds since the epoch; None: nothing is scheduled."""
        times: list[float] = []
        with self.index.reading() as db:
            for account, first, blocked in db.execute(
                due.NEXT, due.at(self.clock.now(), self.settings.when_late)
            ).fetchall():
                if account not in busy:
                    times.extend(_next_of(self.health_in(db, account), first, has_blocked=bool(blocked)))
            filing = db.execute(
                "SELECT MIN(COALESCE(filing_next, 0)) FROM item WHERE filing_state = 'due' AND filing_owner = ''"
            ).fetchone()[0]
        if filings and filing is not None:
            times.append(float(filing))
        return min(times, default=None)

    def retry_all_now(self) -> None:
        """The network is up, or the machine woke: what waits for a retry is due now."""
        with self.index.writing() as db:
            now = self.clock.now()
            for row in self.rows(db, f"{LIVE} AND state = 'deferred' AND next_attempt_at IS NOT NULL"):
                self.put(db, replace(row, item=replace(row.item, next_attempt_at=None)))
            for row in self.rows(db, "filing_state = 'due' AND filing_next IS NOT NULL"):
                filing = replace(row.item.filing, next_attempt_at=None)
                self.put(db, replace(row, item=replace(row.item, filing=filing)))
            db.execute(
                "UPDATE health SET probe_at = ? WHERE trouble IS NULL AND probe_at IS NOT NULL AND NOT EXISTS "  # noqa: S608
                f"(SELECT 1 FROM item WHERE item.{LIVE} "
                "AND item.account = health.account AND item.state = 'sending')",
                (now,),
            )

    def unblock(self, db: sqlite3.Connection, account: str, now: float) -> list[OutboxItem]:
        """The blocked items of a mended account are queued, with a fresh budget."""
        freed = []
        for row in self.rows(db, f"{LIVE} AND state = 'blocked' AND account = ?", (account,)):
            item = replace(
                row.item,
                state=ItemState.QUEUED,
                trouble=None,
                words="",
                tries=0,
                warned=False,
                next_attempt_at=None,
                expires_at=backoff.expiry(now),
                changed_at=now,
            )
            self.put(db, replace(row, item=item))
            self.tell(db, item.id, TimelineEntry(now, "queued again: the account is mended"))
            freed.append(item)
        return freed

    # -- inside
    def _next(self, db: sqlite3.Connection, account: str | None, only: str | None, by: float | None) -> str | None:
        asked = due.at(self.clock.now(), self.settings.when_late, by=by, account=account, only=only)
        if account is not None and only is None:
            # The first of each state by the index: a queue of ten thousand is not read for every letter of it.
            found = db.execute(due.FIRST, asked).fetchone()
            if found is not None:
                return str(found[0])
        # A blocked letter that was sent on purpose ("send now") is queued, and goes before the blocked ones.
        found = db.execute(
            f"SELECT item.id FROM {due.JOINED} WHERE {due.CLAIMABLE} AND (:account IS NULL OR item.account = :account) "  # noqa: S608
            f"AND (:only IS NULL OR item.id = :only) ORDER BY {due.ORDER} LIMIT 1",
            asked,
        ).fetchone()
        return None if found is None else str(found[0])

    def _witness(self, item_id: str, owner: str, result: SubmissionResult) -> int | None:
        """Put the answer on the letter when it says something that must not be forgotten; the open file of it."""
        try:
            decided = any(each.action in journal.OUTCOMES for each in result.recipients.values())
            if not decided:
                with self.index.reading() as db:
                    decided = self.row(db, item_id).item.stage is Stage.COMMITTING
            if decided:
                path, said = self.letter_path(item_id), journal.result_said(result, owner)
                return write_mark(path, journal.RESULT, self.clock.now(), said)
        except StorageError as error:
            log.warning("the answer could not be put on the letter %s: %s", item_id, error)
        return None

    def _make_durable(self, descriptors: Sequence[int | None]) -> None:
        for descriptor in descriptors:
            if descriptor is not None:
                try:
                    os.fsync(descriptor)
                except OSError as error:
                    log.warning("an answer could not be put on its letter: %s", error)
                finally:
                    os.close(descriptor)

    def _late(self, db: sqlite3.Connection, row: Row, owner: str, result: SubmissionResult, now: float) -> OutboxItem:
        item = row.item
        outcomes = journal.outcomes_of(result)
        definite = any(outcome[0] != RecipientState.UNCERTAIN for outcome in outcomes.values())
        if item.state is not ItemState.UNCERTAIN or row.last_owner != owner or not definite:
            raise LeaseLostError(
                f"Another tuimail took over the letter {item.id}.", hint="Its state in the Outbox is the true one."
            )
        item = journal.with_outcomes(item, outcomes, now)
        self.put(db, row.free(item))
        self.tell(db, item.id, TimelineEntry(now, "the server's answer came after all", reply=item.last_reply))
        self.put_dialogue(db, item.id, result.dialogue)
        return item


def _next_of(health: AccountHealth, first: float | None, *, has_blocked: bool) -> list[float]:
    if health.trouble is not None:
        # A letter that becomes due is shown as blocked then; the probe goes at its own time.
        waiting = [] if first is None else [first]
        return [*waiting, health.probe_at] if health.probe_at is not None and (waiting or has_blocked) else waiting
    if first is None:
        return []
    return [max(first, health.probe_at or 0.0, health.paced_until or 0.0)]
