"""What the runner, the engine and the command line need of a durable queue. outbox/store/store is the real one.

Every method is synchronous and runs on the one writer thread of its process (coordination/writer); each is one durable
transaction: when the writer tells that it is done, the change survives a power cut. All of them may be called by
several processes at once.
They raise StorageError when the disk refuses, NoSuchItemError for an unknown id, IllegalTransitionError when the verb
does not fit, LeaseLostError when ``owner`` does not hold the item's lease any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tuimail.outbox.model.item import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from tuimail.config.model import WhenLate
    from tuimail.mail.content import Content
    from tuimail.mail.outgoing import OutgoingMessage
    from tuimail.outbox.model.item import (
        AccountHealth,
        Filing,
        ItemState,
        OutboxItem,
        Outcome,
        Place,
        TimelineEntry,
        Verb,
    )
    from tuimail.outbox.store.claims import Taken
    from tuimail.outbox.store.listing import Tally
    from tuimail.submission.result import SubmissionResult


@dataclass(frozen=True, slots=True)
class Version:
    """Compares equal as long as nothing changed."""

    others: int
    """Counts the commits of other processes."""
    own: int
    """Counts the changes of this process."""


class Queue(Protocol):
    """A durable queue of letters."""

    # -- in
    def enqueue(
        self,
        message: OutgoingMessage,
        *,
        composing: str,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        revision: int = 1,
        on_late: WhenLate | None = None,
        revises: str = "",
        same_within: float | None = None,
    ) -> OutboxItem:
        """Store ``message`` durably: letter file first, then the row (rule 2).

        The same ``composing`` id with the same letter returns the first item (rule 15). The same letter from another
        composing, or another letter from the same composing, raises DuplicateLetterError unless ``again``: it is in
        the outbox or went out already. ``held`` holds it by hand; ``not_before`` until then, and ``on_late`` says what
        to do when nobody could send it then (None: as the settings say). ``revises`` is the id of the cancelled letter
        whose place it takes; if that was put back meanwhile, OutboxError is raised. With ``same_within`` the same
        letter from another composing counts only while it has not left, or when it was queued less than so many
        seconds ago.
        """
        ...

    # -- look
    def items(
        self, states: Collection[ItemState] | None = None, *, limit: int | None = None, newest_first: bool = False
    ) -> Sequence[OutboxItem]:
        """Items in ``states`` (default: those still in the outbox), needs-you first, then by age.

        With ``newest_first`` by when they changed, the latest first.
        """
        ...

    def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        """Ids of the items in ``states`` (default: those still in the outbox) that match, in ``order``; cheap."""
        ...

    def items_of(self, ids: Iterable[str]) -> Sequence[OutboxItem]:
        """The items with these ids, in this order; ids that are gone are left out."""
        ...

    def item(self, item_id: str) -> OutboxItem:
        """One item; an unambiguous prefix of the id will do."""
        ...

    def content(self, item_id: str) -> Content:
        """The letter's exact bytes."""
        ...

    def letter_path(self, item_id: str) -> Path:
        """The letter's file."""
        ...

    def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        """What happened to it, oldest first."""
        ...

    def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with the server, secrets hidden."""
        ...

    def counts(self) -> dict[ItemState, int]:
        """How many items are in each state that is still in the outbox."""
        ...

    def before(self, item_id: str) -> int:
        """How many letters of its account go before this one."""
        ...

    def tally(self) -> Tally:
        """How many letters wait by themselves, and how many for the user."""
        ...

    def version(self) -> Version:
        """Changes whenever any process changed the queue; cheap."""
        ...

    # -- send (the runner)
    def recover(self, owner: str = "") -> Sequence[OutboxItem]:
        """Take back what dead owners left: before committing -> queued, in committing -> uncertain. What changed.

        Letters that are late are decided on (model/missed_schedule), and those due while their account is in trouble
        become blocked. ``owner`` is the caller, whose own letters, and those of its attempts ("owner.7"), are left
        alone.
        """
        ...

    def accounts_due(self, *, by: float | None = None) -> Sequence[str]:
        """Accounts that have something to claim now; ``by`` as in ``take``."""
        ...

    def hurry(self) -> None:
        """The network is up, or the machine woke: what waits for a retry is due now."""
        ...

    def claim(
        self, owner: str, *, account: str | None = None, lease: float = 120.0, only: str | None = None
    ) -> OutboxItem | None:
        """Atomically take the next due item whose account may send; None if there is none.

        With ``only`` no other than the item of this id.
        """
        ...

    def take(
        self,
        owner: str,
        *,
        account: str | None = None,
        lease: float = 120.0,
        only: str | None = None,
        by: float | None = None,
    ) -> Taken | None:
        """As ``claim``, with all that an attempt needs to know. ``by``: nothing that waits for a later time than that.

        Work that is to end gives the time it began, so that what it defers itself does not keep it going.
        """
        ...

    def waiting(self, account: str, *, most: int, by: float | None = None) -> int:
        """How many letters of the account may be claimed now; at most ``most`` are counted. ``by`` as in ``take``."""
        ...

    def bears(self, account: str, *, connections: int) -> None:
        """The account's server was found to bear so many connections at once, and no more."""
        ...

    def renew(self, item_id: str, owner: str, *, lease: float = 120.0) -> None:
        """Keep a claimed item."""
        ...

    def touching(self, item_id: str, owner: str) -> None:
        """Count the attempt (rule 5)."""
        ...

    def committing(self, item_id: str, owner: str, *, to: Collection[str] | None = None) -> None:
        """The dot is about to be written (rule 6), for the addresses ``to`` (default: all still open)."""
        ...

    def record(self, item_id: str, owner: str, result: SubmissionResult) -> OutboxItem:
        """What the attempt came to; releases the lease. Account trouble is stored in the same transaction."""
        ...

    def unclaim(self, item_id: str, owner: str, *, probe: bool = True) -> None:
        """Give a claimed item back as it was: it was not sent. Unless ``probe``, nor does it say that another may go.

        That is for a letter that waited behind the one that met the trouble.
        """
        ...

    def next_due(self, *, busy: Collection[str] = (), filings: bool = True) -> float | None:
        """When the next claim or filing can succeed, seconds since the epoch; None: nothing is scheduled.

        Accounts in ``busy``, and without ``filings`` the Sent copies, are left out: the caller is at work on them.
        """
        ...

    # -- file
    def filings_due(self, *, most: int | None = None) -> Sequence[OutboxItem]:
        """Items whose Sent copy is due now; at most so many."""
        ...

    def claim_filing(self, owner: str, *, lease: float = 300.0, only: str | None = None) -> OutboxItem | None:
        """Atomically take the next item whose Sent copy is due, so that two processes do not file it twice.

        With ``only`` no other than the item of this id.
        """
        ...

    def renew_filing(self, item_id: str, owner: str, *, lease: float = 300.0) -> None:
        """Keep a claimed copy during a long upload. Raises LeaseLostError when another process has it."""
        ...

    def record_filing(self, item_id: str, owner: str, filing: Filing) -> OutboxItem:
        """What the filing came to; an accepted item whose copy is filed or skipped becomes done.

        Raises LeaseLostError when another process has the copy.
        """
        ...

    # -- the user's verbs
    def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Carry out a verb of outbox/model/item that needs no more than the item."""
        ...

    def apply_many(self, verb: Verb, ids: Iterable[str]) -> Sequence[Outcome]:
        """The same on several letters in one transaction; one that does not fit does not stop the others."""
        ...

    def later(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        """Hold it until ``at``."""
        ...

    def move(self, item_id: str, place: Place) -> Sequence[OutboxItem]:
        """Move it among the letters of its account that wait; it, and whoever changed places with it."""
        ...

    def change_account(self, item_id: str, account: str, *, known: bool = True) -> OutboxItem:
        """Let it leave through ``account``; ``known``: that has an identity of the letter's From."""
        ...

    def restore(self, item_id: str, *, exactly: bool = False) -> OutboxItem:
        """Put a cancelled letter back; ``exactly`` as it was, else it does not go by itself."""
        ...

    def former(self, item_id: str) -> OutboxItem:
        """A cancelled letter as it was before; any other as it is."""
        ...

    def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Replace a refused recipient's address in the envelope; only the mended one is served again."""
        ...

    # -- accounts
    def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go."""
        ...

    def mended(self, account: str) -> Sequence[OutboxItem]:
        """The account's trouble is over: its blocked items are queued and due now. Which ones."""
        ...

    def settings_seen(self, account: str, fingerprint: str) -> Sequence[OutboxItem]:
        """The account's settings are those of ``fingerprint``; others than last time end its trouble. Which items."""
        ...

    def missing(self, known: Collection[str]) -> Sequence[OutboxItem]:
        """Block the waiting items whose account is not in ``known``, never falling back to another (rule 13)."""
        ...

    def prune(self, *, keep_days: float = 180.0) -> int:
        """Forget tombstones older than that, and the bytes of letters cancelled a week ago. How many were forgotten."""
        ...

    def close(self) -> None:
        """Close the database."""
        ...
