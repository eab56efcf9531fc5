"""What the user decides about letters: verbs, other addresses and accounts, times, places in the queue.

The decision is put on the letter before it is committed, so that a lost index never brings a cancelled letter back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_full_date
from tuimail.errors import NoSuchItemError, OutboxError, TuimailError
from tuimail.outbox.model.actions import LEAVING, SAID, carry_out, mended, put_off, restored, through
from tuimail.outbox.model.item import OutboxItem, Outcome, verbs_of
from tuimail.outbox.model.reorder import moved
from tuimail.outbox.model.states import ItemState, Verb, after
from tuimail.outbox.store import account_health, journal
from tuimail.outbox.store.letter_file import append_mark, read_letter
from tuimail.outbox.store.rows import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.config.model import WhenLate
    from tuimail.outbox.model.states import Place
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.rows import Row
    from tuimail.outbox.store.transaction import Transaction, View

_WAITING = f"{LIVE} AND account = ? AND state IN ('held', 'queued', 'deferred', 'blocked')"

_QUEUED_ANYWAY = (ItemState.QUEUED, ItemState.DEFERRED, ItemState.BLOCKED)
"""States that a letter alone tells as queued: to such a one the verbs of ``_UNMARKED`` do nothing that it must tell."""

_UNMARKED = (Verb.SEND_NOW, Verb.RETRY)


class UserActions:
    """The user's verbs; outbox/model/item says which fits which state.

    Each raises IllegalTransitionError when it does not fit, NoSuchItemError for an unknown id, StorageError when the
    disk refuses; nothing was changed then.
    """

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = outbox

    def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Carry out a verb that needs no more than the item."""
        with self.outbox.writing() as tx:
            return _apply(tx, verb, item_id)

    def apply_many(self, verb: Verb, ids: Iterable[str]) -> Sequence[Outcome]:
        """Carry out ``verb`` on each letter, all in one transaction; one that does not fit does not stop the others."""
        outcomes = []
        with self.outbox.writing() as tx:
            for item_id in ids:
                try:
                    with self.outbox.writing() as part:
                        outcomes.append(Outcome(item_id, _apply(part, verb, item_id)))
                except TuimailError as error:
                    if not tx.db.in_transaction:  # SQLite gave up the whole
                        raise
                    outcomes.append(Outcome(item_id, error=error))
        return outcomes

    def fix_address(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Replace a refused recipient's address in the envelope; only the new one is served again.

        Raises:
            OutboxError: ``old`` was not refused, or ``new`` is a recipient already.
            AddressError: ``new`` is no address.
        """
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            item = mended(row.item, old, new, tx.now)
            return _store(tx, Verb.MEND, row, item, f"{old} was mended to {new}")

    def postpone(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        """Hold the letter until ``at``, with a fresh budget; ``on_late`` None leaves that as it was.

        Raises:
            OutboxError: ``at`` is over.
        """
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            item = put_off(row.item, at, tx.now, on_late=on_late)
            return _store(tx, Verb.LATER, row, item, f"put off until {format_full_date(at)}")

    def move(self, item_id: str, place: Place) -> Sequence[OutboxItem]:
        """Move the letter among those of its account that wait; it, and the letters that changed places with it."""
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            after(Verb.MOVE, row.item.state, fitting=verbs_of(row.item))
            rows = {each.item.id: each for each in tx.rows(_WAITING, (row.item.account,))}
            ranks = moved([each.item for each in rows.values()], row.item.id, place)
            changed = {row.item.id: row.item}
            for name, rank in ranks.items():
                item = replace(rows[name].item, rank=rank, changed_at=tx.now)
                words = f"moved {place}" if name == row.item.id else "made room for another letter"
                changed[name] = _store(tx, Verb.MOVE, rows[name], item, words)
            return tuple(changed.values())

    def change_account(self, item_id: str, account: str, *, known: bool = True) -> OutboxItem:
        """Let the letter leave through ``account``; ``known``: that has an identity of the letter's From."""
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            item = through(row.item, account, tx.now, known=known)
            said = f"moved from the account {row.item.account} to {account}"
            return _store(tx, Verb.CHANGE_ACCOUNT, row, item, said)

    def restore(self, item_id: str, *, exactly: bool = False) -> OutboxItem:
        """Put a cancelled letter back (outbox/model/actions.restored says as what).

        Raises:
            NoSuchItemError: its bytes are not kept any more.
            OutboxError: a newer revision of it was queued.
        """
        with self.outbox.writing() as tx:
            row = tx.row(item_id)
            path = tx.letter_path(row.item.id)
            after(Verb.RESTORE, row.item.state, fitting=verbs_of(row.item))
            if not path.exists():
                raise NoSuchItemError(
                    "The letter is not kept any more.", hint="A cancelled letter can be put back for seven days."
                )
            newer = _newer(tx, row.item)
            if newer is not None:
                raise OutboxError(
                    f'A newer revision of this letter was queued ("{newer.subject}", {newer.id}).',
                    hint="Steer that one instead.",
                )
            letter = read_letter(path)
            if not letter.whole:
                raise OutboxError("The letter's file was cut short on the disk.", hint="Write it anew.")
            was = None if letter.doubtful else journal.was_of(row.item, letter.marks)
            item = restored(row.item, was, tx.now, exactly=exactly)
            return _store(tx, Verb.RESTORE, row, item, "put back")


def _apply(tx: Transaction, verb: Verb, item_id: str) -> OutboxItem:
    row = tx.row(item_id)
    kept = row.item.state not in (ItemState.CANCELLED, ItemState.DONE) or tx.letter_path(row.item.id).exists()
    item = _store(tx, verb, row, carry_out(verb, row.item, tx.now, kept=kept), SAID[verb])
    if verb in (Verb.SEND_NOW, Verb.RETRY, Verb.RELEASE):
        account_health.allow_probe(tx, item.account)
    if item.state is ItemState.DONE:
        tx.discard_letter(item)
    return item


def _store(tx: Transaction, verb: Verb, row: Row, item: OutboxItem, said: str) -> OutboxItem:
    """Write what a verb made of a letter: into its row, its timeline, and on the letter itself."""
    tx.put(row.free(item))
    tx.add_to_timeline(item.id, said)
    before = row.item
    if verb in _UNMARKED and before.state in _QUEUED_ANYWAY and item.state is ItemState.QUEUED:
        return item
    path = tx.letter_path(item.id)
    if path.exists():  # a letter whose file is gone can still be dropped
        was = before if verb in LEAVING else None
        append_mark(path, journal.VERB, tx.now, journal.verb_said(verb.value, item, was))
    return item


def _newer(view: View, item: OutboxItem) -> OutboxItem | None:
    """A letter that took this one's place: its next revision, or the same draft queued once more."""
    rows = view.rows(
        "revises = ? AND revises <> '' OR composing = ? AND composing <> '' AND id <> ? AND state <> 'cancelled'",
        (item.id, item.composing, item.id),
    )
    return rows[-1].item if rows else None
