"""An outbox item, and what belongs to it: recipients, Sent copy, flag, timeline, health of the account. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.mail.envelope import FAILURE_AND_DELAY, Notify
from tuimail.outbox.model.states import (
    NEEDS_YOU,
    VERBS,
    FilingState,
    FlaggingState,
    ItemState,
    RecipientState,
    Verb,
    verbs_for,
)

if TYPE_CHECKING:
    from tuimail.config.model import WhenLate
    from tuimail.errors import TuimailError
    from tuimail.mail.answered_message import AnsweredMessage
    from tuimail.mail.draft_copy import DraftCopy
    from tuimail.mail.dsn import DeliveryStatus
    from tuimail.mail.envelope import EnvelopeRecipient
    from tuimail.submission.result import AccountProblem, Reply, Stage


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of an item."""

    to: EnvelopeRecipient
    state: RecipientState = RecipientState.PENDING
    reply: Reply | None = None
    words: str = ""
    """What that reply means, for the user."""
    tries: int = 0
    """Verdicts of this recipient in a row that asked for another try."""
    next_attempt_at: float | None = None
    """Deferred until then; None: to be asked in the next attempt."""
    decided_at: float | None = None
    report: DeliveryStatus | None = None
    """What was reported after the server had accepted the letter for this recipient; the latest."""

    @property
    def address(self) -> str:
        """addr-spec as on the wire."""
        return self.to.address

    @property
    def open(self) -> bool:
        """Still to be served."""
        return self.state in (RecipientState.PENDING, RecipientState.DEFERRED)


SENT_BY_USER = "You said that it was sent."
"""The words of a recipient who was uncertain until the user decided."""


@dataclass(frozen=True, slots=True)
class Filing:
    """Where the Sent copy stands."""

    state: FilingState = FilingState.NONE
    attempts: int = 0
    next_attempt_at: float | None = None
    words: str = ""
    """The last trouble, or where it was filed ("Sent on imap.example.org")."""
    place: str = ""
    """Path of a local copy, if there is one."""


@dataclass(frozen=True, slots=True)
class Flagging:
    """How far the received messages are that the letter is about: the answered one gets its flag, its draft goes.

    Like the Sent copy, it never affects the sending (rule 8).
    """

    state: FlaggingState = FlaggingState.NONE
    attempts: int = 0
    next_attempt_at: float | None = None
    words: str = ""
    """The last trouble, or why it is skipped."""


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A letter in the outbox. Times are seconds since the epoch, UTC."""

    id: str
    """Ten lower-case letters and digits; sorts by age; also the DSN ENVID."""
    state: ItemState
    account: str
    identity: str
    sender: str
    """From, decoded."""
    reverse_path: str
    subject: str
    message_id: str
    size: int
    recipients: tuple[Recipient, ...]
    queued_at: float
    composing: str
    """Id of the draft it was frozen from; unique among live items (rule 15)."""
    digest: str
    """SHA-256 of the content without Date and Message-ID, and of the envelope: recognises the same letter."""
    stage: Stage | None = None
    """While sending, and the last one reached afterwards."""
    not_before: float | None = None
    """Held until then; None with state held means held by hand."""
    next_attempt_at: float | None = None
    expires_at: float | None = None
    """When trying ends and the item is parked as failed."""
    attempts: int = 0
    """Attempts that touched the letter (MAIL was sent)."""
    tries: int = 0
    """Tries in a row since the schedule was last reset; picks the delay."""
    last_attempt_at: float | None = None
    last_reply: str = ""
    words: str = ""
    """Why it is in this state and what to do, one sentence."""
    trouble: AccountProblem | None = None
    via: str = ""
    filing: Filing = Filing()
    revision: int = 1
    warned: bool = False
    """The four-hour warning was given (rule 10)."""
    owner: str = ""
    """Who sends it: "pid:start-time:boot-id"."""
    lease_until: float | None = None
    changed_at: float = 0.0
    smtputf8: bool = False
    eight_bit: bool = False
    found: bool = False
    """Found on disk after a crash, never confirmed to the composer as queued; held until the user decides."""
    rank: float = 0.0
    """Of the letters due, the lowest goes first; at first the time it was queued."""
    on_late: WhenLate | None = None
    """What to do when its time passed while it could not be sent; None: as the settings say."""
    asks: bool = False
    """Held with a question that only the user can answer."""
    notify: tuple[Notify, ...] = FAILURE_AND_DELAY
    """Delivery reports asked for."""
    hold_until: float | None = None
    """The server itself is asked to keep it until then (FUTURERELEASE)."""
    revises: str = ""
    """Id of the cancelled item that this is a new revision of."""
    answers: AnsweredMessage | None = None
    """The received message that it answers or forwards."""
    flagging: Flagging = Flagging()
    draft_copy: DraftCopy | None = None
    r"""The same letter in a folder with special use \Drafts, deleted together with the flagging."""

    @property
    def resolved_by_user(self) -> bool:
        """Somebody counts as served on the user's word alone; it can be taken back."""
        return any(
            each.state is RecipientState.ACCEPTED and each.words == SENT_BY_USER and each.report is None
            for each in self.recipients
        )

    @property
    def needs_you(self) -> bool:
        """Only the user can end this state."""
        return self.state in NEEDS_YOU or (self.state is ItemState.HELD and self.asks)

    @property
    def open_recipients(self) -> tuple[Recipient, ...]:
        """Those still to be served."""
        return tuple(recipient for recipient in self.recipients if recipient.open)

    def count(self, state: RecipientState) -> int:
        """How many recipients are in ``state``."""
        return sum(recipient.state is state for recipient in self.recipients)


def verbs_of(item: OutboxItem, *, kept: bool = True) -> frozenset[Verb]:
    """The verbs that fit this very ``item``: an address is mended only where one was refused.

    Args:
        item: The letter.
        kept: Its bytes are there; without them it can only be given up, or be said to have been sent.
    """
    fitting = verbs_for(item.state)
    if not item.count(RecipientState.REFUSED):
        fitting -= {Verb.MEND}
    if item.resolved_by_user and item.state in VERBS[Verb.UNRESOLVE]:
        fitting |= {Verb.UNRESOLVE}
    if not kept:
        fitting &= {Verb.DROP, Verb.RESOLVE_SENT}
    return fitting


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a verb for one of several letters: the item as it is now, or why nothing was done."""

    item_id: str
    item: OutboxItem | None = None
    error: TuimailError | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened to an item."""

    at: float
    words: str
    """"queued", "attempt 2: 421 try again later", "Filed in Maildir/Sent."."""
    stage: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """Whether letters of an account may go (rule 9). Stored beside the items, shared by all processes."""

    account: str
    trouble: AccountProblem | None = None
    words: str = ""
    since: float | None = None
    probe_at: float | None = None
    """When one item may go as a probe; None: only when the user says so or the config changed."""
    tries: int = 0
    """Host failures in a row."""
    recipient_limit: int | None = None
    """So many recipients fit one transaction, learnt from the server."""
    tried_at: float | None = None
    """The last attempt that met the trouble; in the future it means that the clock was set back."""
    connection_limit: int | None = None
    """So many connections at once the server allows, learnt from it."""
    rate_limit: int | None = None
    """So many letters it takes within ``rate_window``, learnt from it."""
    rate_window: float | None = None
    """Seconds."""
    paced_until: float | None = None
    """The account has sent as much as it may: the next letter goes then."""
    rate_limit_at: float | None = None
    """When the limit of the rate was learnt."""
    recipient_limit_at: float | None = None
    """When the limit of recipients was learnt."""
    connection_limit_at: float | None = None
    """When the limit of connections was learnt."""

    @property
    def well(self) -> AccountHealth:
        """The same account without its trouble; what was learnt of the server stays."""
        return replace(
            AccountHealth(self.account),
            recipient_limit=self.recipient_limit,
            connection_limit=self.connection_limit,
            rate_limit=self.rate_limit,
            rate_window=self.rate_window,
            paced_until=self.paced_until,
            rate_limit_at=self.rate_limit_at,
            recipient_limit_at=self.recipient_limit_at,
            connection_limit_at=self.connection_limit_at,
        )
