"""The composition root: Config -> drafts, outbox, submitters, runner, filer. Owns every background task.

An engine outlives every screen and never imports one. The Textual app and the headless commands are two faces of it;
any number of engines may run on the same folders at once. All methods are called on the engine's event loop; none of
them blocks it: files and the database are touched on the writer thread, networks by coroutines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.clock import Clock, SystemClock
from tuimail.events import Announcer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tuimail.compose.draft import Draft
    from tuimail.compose.review import Review
    from tuimail.config.model import Config
    from tuimail.mail.outgoing import OutgoingMessage
    from tuimail.outbox.item import AccountHealth, ItemState, OutboxItem, TimelineEntry, Verb
    from tuimail.paths import Paths


class Engine:
    """Everything the two faces may ask for."""

    def __init__(self, config: Config, paths: Paths, *, clock: Clock | None = None) -> None:
        self.config = config
        self.paths = paths
        self.clock = clock or SystemClock()
        self.announcer = Announcer()

    async def start(self, *, run_outbox: bool = True) -> None:
        """Open the stores, recover, and (unless told not to) start sending what is due."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop sending (a letter past its dot is waited for, at most ten seconds, else left uncertain) and close."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look for due letters now (network up, resume, "send now")."""
        raise NotImplementedError

    # -- composing
    async def review(self, draft: Draft) -> Review:
        """What the send dialog shows: recipients, account, size, errors and warnings."""
        raise NotImplementedError

    async def enqueue(
        self, draft: Draft, *, not_before: float | None = None, held: bool = False, again: bool = False
    ) -> OutboxItem:
        """Freeze ``draft``, store it durably, discard the draft, remember its recipients, wake the runner.

        Raises MessageError (its ``field`` says where), StorageError, DuplicateLetterError (unless ``again``). The
        draft is untouched then. ``not_before`` defaults to the undo window of the config.
        """
        raise NotImplementedError

    async def enqueue_message(
        self, message: OutgoingMessage, *, composing: str, not_before: float | None = None, held: bool = False
    ) -> OutboxItem:
        """Store a letter that is frozen already (``tuimail sendmail``)."""
        raise NotImplementedError

    async def save_draft(self, draft: Draft) -> None:
        """Autosave or postpone. Raises StorageError."""
        raise NotImplementedError

    async def drafts(self) -> Sequence[Draft]:
        """Postponed and recovered drafts that no other process has open, newest first."""
        raise NotImplementedError

    async def open_draft(self, draft_id: str) -> Draft:
        """Load a draft and own it. Raises NoSuchItemError, OutboxError when it is open elsewhere."""
        raise NotImplementedError

    async def close_draft(self, draft_id: str) -> None:
        """Stop owning it."""
        raise NotImplementedError

    async def discard_draft(self, draft_id: str) -> None:
        """Delete it."""
        raise NotImplementedError

    async def complete_address(self, typed: str, *, limit: int = 8) -> Sequence[str]:
        """Addresses written to before that fit what was typed, best first."""
        raise NotImplementedError

    # -- the outbox
    async def items(self, states: Collection[ItemState] | None = None) -> Sequence[OutboxItem]:
        """Items in ``states``; default: those still in the outbox."""
        raise NotImplementedError

    async def sent(self, *, limit: int = 1000) -> Sequence[OutboxItem]:
        """What went out: accepted and done items, newest first."""
        raise NotImplementedError

    async def item(self, item_id: str) -> OutboxItem:
        """One item, by id or unambiguous prefix. Raises NoSuchItemError."""
        raise NotImplementedError

    async def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        """What happened to it."""
        raise NotImplementedError

    async def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with the server, secrets hidden."""
        raise NotImplementedError

    async def raw(self, item_id: str, *, limit: int = 1_000_000) -> bytes:
        """The letter's bytes, at most ``limit`` of them; for done items from the filed local copy, if any."""
        raise NotImplementedError

    async def counts(self) -> dict[ItemState, int]:
        """How many items are in each state still in the outbox."""
        raise NotImplementedError

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Send now, hold, release, retry, drop, resolve. Raises IllegalTransitionError."""
        raise NotImplementedError

    async def edit(self, item_id: str) -> Draft:
        """Take the letter out of the outbox and back as a draft (saved, owned, ``revises`` set).

        The draft is durable before the item is cancelled, so that a kill in between loses nothing.
        """
        raise NotImplementedError

    async def cancel(self, item_id: str) -> Draft:
        """Take the letter out of the outbox; it is kept among the drafts as postponed."""
        raise NotImplementedError

    async def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Correct a refused recipient's address and send to that one only."""
        raise NotImplementedError

    # -- accounts
    async def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go, and why not."""
        raise NotImplementedError

    async def check_again(self, account: str) -> None:
        """The user mended the account: its blocked letters go again."""
        raise NotImplementedError
