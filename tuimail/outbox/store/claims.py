"""Leases and attempts (rules 4 to 7): take, touching, committing, record.

What a letter costs in fsyncs (a commit is five: journal, its header, folder, database, truncated journal): taking it 5,
touching 5, committing 1 for the mark and 5, record 1 for the mark and 5; 22 when it goes alone. In a queue its steps
share transactions with those of the letters before and behind it, and of other connections (coordination/batch): 7 on
one connection, 4 to 5 on four (strace, 200 letters). The mark of an answer comes first of all: the stretch in which a
kill leaves the letter uncertain is the server's answer plus one fsync.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.coordination.batch import joins, joins_after
from tuimail.errors import LeaseLostError, OutboxError, StorageError
from tuimail.outbox.model.outcome import settle
from tuimail.outbox.model.rounds import to_ask
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.outbox.store import account_health, journal, rate_limit, server_quirks
from tuimail.outbox.store.letter_file import FileContent, write_mark
from tuimail.outbox.store.schedule import next_claimable
from tuimail.submission.result import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tuimail.mail.content import Content
    from tuimail.outbox.model.item import AccountHealth, OutboxItem, Recipient
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.rows import Row
    from tuimail.outbox.store.transaction import Transaction
    from tuimail.submission.quirks import Quirk
    from tuimail.submission.result import SubmissionResult

log = logging.getLogger(__name__)

LEASE = 120.0
"""Seconds for which a claim is good; renewed at a third of it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A letter that was claimed, with what an attempt at it needs to know."""

    item: OutboxItem
    health: AccountHealth
    """The account's, before."""
    content: Content | None
    """None: its file is gone."""
    to: tuple[Recipient, ...]
    """The recipients of this attempt."""
    quirks: Mapping[str, frozenset[Quirk]]
    """What is known of the account's servers."""


class Claims:
    """What a worker does with a letter: claim it, keep it, record the attempt, give it back."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = self.group = outbox

    def claim(
        self, owner: str, *, account: str | None = None, lease: float = LEASE, only: str | None = None
    ) -> OutboxItem | None:
        """Atomically take the next due item whose account may send; None if there is none."""
        claim = self.take(owner, account=account, lease=lease, only=only)
        return None if claim is None else claim.item

    @joins
    def take(
        self,
        owner: str,
        *,
        account: str | None = None,
        lease: float = LEASE,
        only: str | None = None,
        by: float | None = None,
    ) -> Claim | None:
        """The same, with all that an attempt needs to know. ``by``: no letter that waits for a later time than that."""
        outbox = self.outbox
        if not outbox.inside:
            with outbox.reading() as view:
                if next_claimable(view, outbox, account=account, only=only, by=by) is None:
                    return None
        with outbox.writing() as tx:
            found = next_claimable(tx, outbox, account=account, only=only, by=by)
            if found is None:
                return None
            row = tx.row(found)
            health = tx.health(row.item.account)
            account_health.begin_probe(tx, health, lease)
            item = replace(
                row.item,
                state=ItemState.SENDING,
                stage=Stage.CONNECT,
                owner=owner,
                lease_until=tx.now + lease,
                not_before=None,
                next_attempt_at=None,
                trouble=None,
                words="",
                changed_at=tx.now,
            )
            tx.put(replace(row, item=item, last_owner=owner, lease_tick=outbox.host.tick() + lease))
            rate_limit.pace(tx, item.account, outbox.rates)
            path = tx.letter_path(item.id)
            content = FileContent(path, row.offset, item.size, row.sha256) if path.exists() else None
            quirks = server_quirks.known(tx.db, item.account, tx.now)
            return Claim(item, health, content, to_ask(item, health.recipient_limit, tx.now), quirks)

    @joins
    def renew(self, item_id: str, owner: str, *, lease: float = LEASE) -> None:
        """Keep a claimed item.

        Raises:
            LeaseLostError: another process took it over.
        """
        with self.outbox.writing() as tx:
            row = tx.owned(item_id, owner)
            item = replace(row.item, lease_until=tx.now + lease)
            tx.put(replace(row, item=item, lease_tick=self.outbox.host.tick() + lease))

    @joins
    def touching(self, item_id: str, owner: str) -> None:
        """Count the attempt (rule 5)."""
        with self.outbox.writing() as tx:
            row = tx.owned(item_id, owner)
            item = replace(row.item, attempts=row.item.attempts + 1, stage=Stage.MAIL, changed_at=tx.now)
            tx.put(replace(row, item=item))

    @joins
    def committing(self, item_id: str, owner: str, *, to: Collection[str] | None = None) -> None:
        """The dot is about to be written (rule 6), for the addresses ``to`` (default: all still open)."""
        with self.outbox.writing() as tx:
            row = tx.owned(item_id, owner)
            tx.put(replace(row, item=replace(row.item, stage=Stage.COMMITTING, changed_at=tx.now)))
            tx.mark_letter(row.item.id, journal.COMMITTING, journal.committing_said(row.item, owner, to))

    def mark_answer(self, item_id: str, owner: str, result: SubmissionResult) -> int | None:
        """Put the answer on the letter when it must not be forgotten; the open file, to be made durable, or None."""
        try:
            decided = any(each.action in journal.OUTCOMES for each in result.recipients.values())
            if not decided:
                with self.outbox.reading() as view:
                    decided = view.row(item_id).item.stage is Stage.COMMITTING
            if decided:
                path, said = self.outbox.letter_path(item_id), journal.result_said(result, owner)
                return write_mark(path, journal.RESULT, self.outbox.clock.now(), said)
        except StorageError as error:
            log.warning("the answer could not be put on the letter %s: %s", item_id, error)
        return None

    @joins_after(mark_answer)
    def record(self, item_id: str, owner: str, result: SubmissionResult) -> OutboxItem:
        """Store the result of the attempt, and trouble of its account; releases the lease.

        A late answer for a letter that was declared uncertain meanwhile is the evidence that settles it. Before the
        transaction the answer is put on the letter (``mark_answer``): should the index be lost, a restart finds it.

        Raises:
            LeaseLostError: another process goes on with the item.
            StorageError: the index cannot be written.
        """
        outbox = self.outbox
        if not outbox.inside:
            outbox.first([partial(self.record, item_id, owner, result)])
        with outbox.writing() as tx:
            row = tx.row(item_id)
            account = row.item.account
            if row.item.owner != owner or not owner:
                return _record_late(tx, row, owner, result)
            before = tx.health(account)
            settled = settle(
                row.item, result, before, outbox.settings, tx.now, outbox.chance,
                no_copy=outbox.skip_reasons.get(account, ""),
            )  # fmt: skip
            tx.put(row.free(settled.item))
            rate_limit.pace(tx, account, outbox.rates)
            tx.add_entries(row.item.id, settled.entries)
            tx.put_dialogue(row.item.id, result.dialogue)
            server_quirks.note(tx.db, account, result, tx.now)
            if settled.health != before:
                tx.put_health(rate_limit.learn(tx, settled.health, before))
            if before.trouble is not None and settled.health.trouble is None:
                account_health.unblock(tx, account)
            if settled.item.state is ItemState.DONE:
                tx.discard_letter(settled.item)
        return settled.item

    @joins
    def unclaim(self, item_id: str, owner: str, *, probe: bool = True) -> None:
        """Give a claimed item back as it was: it was not sent. With ``probe`` another may go as the account's probe.

        Without it when the letter waited behind the one that met the trouble.
        """
        with self.outbox.writing() as tx:
            row = tx.owned(item_id, owner)
            if row.item.stage is Stage.COMMITTING:
                raise OutboxError("The letter may have been sent: its outcome must be recorded.")
            tx.put(row.free(replace(row.item, state=ItemState.QUEUED, changed_at=tx.now)))
            rate_limit.pace(tx, row.item.account, self.outbox.rates)
            if probe:
                account_health.probe_again(tx, row.item.account)


def _record_late(tx: Transaction, row: Row, owner: str, result: SubmissionResult) -> OutboxItem:
    item = row.item
    outcomes = journal.outcomes_of(result)
    definite = any(outcome[0] != RecipientState.UNCERTAIN for outcome in outcomes.values())
    if item.state is not ItemState.UNCERTAIN or row.last_owner != owner or not definite:
        raise LeaseLostError(
            f"Another tuimail took over the letter {item.id}.", hint="Its state in the Outbox is the true one."
        )
    item = journal.with_outcomes(item, outcomes, tx.now)
    tx.put(row.free(item))
    tx.add_to_timeline(item.id, "the server's answer came after all", reply=item.last_reply)
    tx.put_dialogue(item.id, result.dialogue)
    return item
