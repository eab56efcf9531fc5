"""What the two faces may ask for. Owns every background task.

An engine outlives every screen and never imports one. The Textual app and the headless commands are two faces of it;
any number of engines may run on the same folders at once. All methods are called on the engine's event loop; none of
them blocks it: files and the database are touched on the writer thread, networks by coroutines.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuimail.clock import Clock, SystemClock
from tuimail.engine.letters import forget_unfinished, read_raw, take_out
from tuimail.engine.wiring import SentCopies, Wiring, fingerprint
from tuimail.errors import AddressError, OutboxError, TuimailError
from tuimail.events import AccountMended, AccountTroubled, Announcer, Event, ItemChanged, Notice, Severity
from tuimail.outbox.item import ItemState, Verb
from tuimail.paths import private_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tuimail.compose.correspondents import Correspondents
    from tuimail.compose.draft import Draft
    from tuimail.compose.postponed import DraftStore
    from tuimail.compose.review import Review
    from tuimail.config.model import Config
    from tuimail.mail.outgoing import OutgoingMessage
    from tuimail.outbox.item import AccountHealth, OutboxItem, TimelineEntry
    from tuimail.outbox.runner import Runner
    from tuimail.outbox.store import Store
    from tuimail.outbox.writer import Writer
    from tuimail.paths import Paths

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

SENT_STATES = frozenset({ItemState.ACCEPTED, ItemState.DONE})


class Engine:
    """Everything the two faces may ask for."""

    def __init__(self, config: Config, paths: Paths, *, clock: Clock | None = None) -> None:
        self.config = config
        self.paths = paths
        self.clock = clock or SystemClock()
        self.announcer = Announcer()
        self._wiring = Wiring(config, paths, self.announcer)
        self._writer: Writer | None = None
        self._store: Store | None = None
        self._drafts: DraftStore | None = None
        self._correspondents: Correspondents | None = None
        self.announcer.subscribe(_forget_refused_secret)
        self._copies = SentCopies(self._wiring, paths)
        self._runner: Runner | None = None
        self._running: asyncio.Task[None] | None = None

    # -- life

    async def start(self, *, run_outbox: bool = True) -> None:
        """Open the stores, recover, and (unless told not to) start sending what is due.

        Raises:
            StorageError: the folders or the index cannot be opened.
        """
        from tuimail.outbox.writer import Writer

        self._writer = Writer()
        self._store = await self._writer.run(self._open_store)
        if self._store.notice:
            self.announcer.announce(Notice(self._store.notice, Severity.WARNING))
        await self._notice_changed_accounts()
        await self._run(forget_unfinished, self._queue, self._draft_store)
        from tuimail.outbox.runner import Runner

        self._runner = Runner(
            self._store,
            self._writer,
            self._wiring.submitter_for,
            self.announcer,
            self.clock,
            filer=self._copies,
            connections=self._wiring.connections,
        )
        if run_outbox:
            self._running = asyncio.create_task(self._runner.run(), name="outbox-runner")

    def _open_store(self) -> Store:
        from tuimail.outbox.store import Store

        private_dir(self.paths.data)
        store = Store(private_dir(self.paths.outbox), self.clock, settings=self.config.outbox)
        try:
            store.prune()
        except TuimailError:
            log.exception("what is long over could not be forgotten; the next start tries again")
        return store

    async def stop(self) -> None:
        """Stop sending (a letter past its dot is waited for, at most ten seconds, else left uncertain) and close."""
        try:
            if self._runner is not None:
                await self._runner.stop()
            if self._running is not None:
                await asyncio.gather(self._running, return_exceptions=True)
            await self._copies.close()
        finally:
            # Without awaiting anything: whoever is too impatient to wait for the rest still leaves a closed outbox.
            if self._writer is not None:
                if self._store is not None:
                    self._writer.call(self._store.close)
                self._writer.close()
            self._runner = self._running = self._store = self._writer = None

    def wake(self) -> None:
        """Look for due letters now (network up, resume, "send now")."""
        if self._runner is not None:
            self._runner.wake()

    async def run_once(self) -> Sequence[OutboxItem]:
        """Try everything that is due once and return what was tried (``tuimail outbox run``)."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        return await self._runner.run_once()

    async def send_one(self, item_id: str) -> OutboxItem:
        """Try one letter, if it is due and no other process is at it; all others are left alone (``tuimail send``)."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        return await self._runner.run_one(item_id)

    async def file_one(self, item_id: str) -> OutboxItem:
        """File the Sent copy of one letter, if that is due and no other process is at it."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        return await self._runner.file_one(item_id)

    # -- composing

    async def review(self, draft: Draft) -> Review:
        """What the send dialog shows: recipients, account, size, errors and warnings."""
        from tuimail.compose.review import review

        account, _ = self._wiring.bound(draft)
        return await asyncio.to_thread(review, draft, account)

    async def enqueue(
        self, draft: Draft, *, not_before: float | None = None, held: bool = False, again: bool = False
    ) -> OutboxItem:
        """Freeze ``draft``, store it durably, discard the draft, remember its recipients, wake the runner.

        ``not_before`` defaults to the end of the undo window. The draft is untouched when anything is raised.

        Raises:
            MessageError: it cannot go as it is; ``field`` says where.
            ConfigError: its account or identity is not in the config.
            StorageError: the disk refused.
            DuplicateLetterError: this very letter went out before (unless ``again``).
        """
        from tuimail.compose.build import build
        from tuimail.mail.address import parse_addresses

        account, identity = self._wiring.bound(draft)
        now = self.clock.now()
        message = await asyncio.to_thread(build, draft, identity, account.name, now=now)
        if not_before is None and not held and self.config.outbox.undo_seconds > 0:
            not_before = now + self.config.outbox.undo_seconds
        item = await self.enqueue_message(
            message, composing=draft.id, not_before=not_before, held=held, again=again, revision=draft.revision + 1
        )
        # The letter is safe; what follows may fail without harm, and must not look like a failure to send.
        try:
            await self._run(self._draft_store.discard, draft.id)
            written_to = parse_addresses(", ".join(filter(None, (draft.to, draft.cc, draft.bcc))))
            await self._run(self._known.remember, written_to, now)
        except TuimailError:
            log.exception("after enqueueing %s", item.id)
        return item

    async def enqueue_message(
        self,
        message: OutgoingMessage,
        *,
        composing: str,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        revision: int = 1,
    ) -> OutboxItem:
        """Store a letter that is frozen already."""

        def store() -> OutboxItem:
            return self._queue.enqueue(
                message, composing=composing, not_before=not_before, held=held, again=again, revision=revision
            )

        # Once begun it is carried through, even if the screen that asked is gone.
        item = await asyncio.shield(self._run(store))
        self._changed(item)
        return item

    async def save_draft(self, draft: Draft) -> None:
        """Autosave or postpone. Raises StorageError."""
        await self._run(self._draft_store.save, draft)

    async def drafts(self) -> Sequence[Draft]:
        """Postponed and recovered drafts that no other process has open, newest first."""

        def load() -> Sequence[Draft]:
            store = self._draft_store
            return [draft for draft in store.drafts() if not store.owned_elsewhere(draft.id)]

        return await self._run(load)

    async def open_draft(self, draft_id: str) -> Draft:
        """Load a draft and own it. Raises NoSuchItemError, OutboxError when it is open elsewhere."""

        def load() -> Draft:
            store = self._draft_store
            draft = store.load(draft_id)
            if not store.acquire(draft_id):
                raise OutboxError("This draft is open in another tuimail.", hint="Close it there first.")
            return draft

        return await self._run(load)

    async def close_draft(self, draft_id: str) -> None:
        """Stop owning it."""
        await self._run(self._draft_store.release, draft_id)

    async def discard_draft(self, draft_id: str) -> None:
        """Delete it."""
        await self._run(self._draft_store.discard, draft_id)

    async def complete_address(self, typed: str, *, limit: int = 8) -> Sequence[str]:
        """Addresses written to before that fit what was typed, best first."""
        return await self._run(self._known.complete, typed, limit)

    # -- the outbox

    async def items(self, states: Collection[ItemState] | None = None) -> Sequence[OutboxItem]:
        """Items in ``states``; default: those still in the outbox."""
        return await self._run(self._queue.items, states)

    async def sent(self, *, limit: int = 1000) -> Sequence[OutboxItem]:
        """What went out: items the server has, newest first."""

        def read() -> Sequence[OutboxItem]:
            items = self._queue.items(SENT_STATES, limit=limit)
            return sorted(items, key=lambda item: item.last_attempt_at or item.queued_at, reverse=True)

        return await self._run(read)

    async def item(self, item_id: str) -> OutboxItem:
        """One item, by id or unambiguous prefix. Raises NoSuchItemError."""
        return await self._run(self._queue.item, item_id)

    async def timeline(self, item_id: str) -> Sequence[TimelineEntry]:
        """What happened to it."""
        return await self._run(self._queue.timeline, item_id)

    async def dialogue(self, item_id: str) -> tuple[str, ...]:
        """The last dialogue with the server, secrets hidden."""
        return await self._run(self._queue.dialogue, item_id)

    async def raw(self, item_id: str, *, limit: int = 1_000_000) -> bytes:
        """The letter's bytes, at most ``limit`` of them; of a done item from its filed local copy.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine.
        """
        return await self._run(read_raw, self._queue, item_id, limit)

    async def counts(self) -> dict[ItemState, int]:
        """How many items are in each state still in the outbox."""
        return await self._run(self._queue.counts)

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Send now, hold, release, retry, drop, resolve. Raises IllegalTransitionError."""
        item = await self._run(self._queue.apply, verb, item_id)
        self._changed(item)
        return item

    async def edit(self, item_id: str) -> Draft:
        """Take the letter out of the outbox and back as a draft (saved, owned, ``revises`` set).

        The draft is durable before the item is cancelled, so that a kill in between loses nothing.
        """
        return await self._take_out(Verb.EDIT, item_id)

    async def cancel(self, item_id: str) -> Draft:
        """Take the letter out of the outbox; it is kept among the drafts as postponed."""
        draft = await self._take_out(Verb.CANCEL, item_id)
        await self.close_draft(draft.id)
        return draft

    async def _take_out(self, verb: Verb, item_id: str) -> Draft:
        draft, item = await asyncio.shield(
            self._run(take_out, self._queue, self._draft_store, verb, item_id, self.clock.now())
        )
        self._changed(item)
        return draft

    async def mend(self, item_id: str, old: str, new: str) -> OutboxItem:
        """Correct a refused recipient's address and send to that one only.

        Raises:
            AddressError: ``new`` is not one address.
        """
        from tuimail.mail.address import parse_addresses

        addresses = parse_addresses(new)
        if len(addresses) != 1:
            raise AddressError("Give exactly one address.", text=new)
        item = await self._run(self._queue.mend, item_id, old, addresses[0].ascii_spec())
        self._changed(item)
        return item

    # -- accounts

    async def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go, and why not."""
        return await self._run(self._queue.health, account)

    async def check_again(self, account: str) -> None:
        """The user mended the account: its blocked letters go again."""
        from tuimail.config.secrets import forget

        forget(account)
        if self._runner is not None:
            await self._runner.forget(account)
        self._copies.mended(account)
        items = await self._run(self._queue.mended, account)
        self.announcer.announce(AccountMended(account))
        for item in items:
            self._changed(item)

    async def _notice_changed_accounts(self) -> None:
        """Block letters of accounts that are gone; let those go whose account's settings were changed (rule G8)."""
        await self._run(self._queue.missing, frozenset(self.config.accounts))
        for name, account in self.config.accounts.items():
            await self._run(self._queue.settings_seen, name, fingerprint(account))

    # -- inside

    def _changed(self, item: OutboxItem) -> None:
        self.announcer.announce(ItemChanged(item.id))
        self.wake()

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._writer is None:
            raise RuntimeError("the engine is not started")
        return await self._writer.run(work, *args, **kwargs)

    @property
    def _queue(self) -> Store:
        if self._store is None:
            raise RuntimeError("the engine is not started")
        return self._store

    @property
    def _draft_store(self) -> DraftStore:
        if self._drafts is None:
            from tuimail.compose.postponed import DraftStore

            self._drafts = DraftStore(private_dir(self.paths.drafts))
        return self._drafts

    @property
    def _known(self) -> Correspondents:
        if self._correspondents is None:
            from tuimail.compose.correspondents import Correspondents

            self._correspondents = Correspondents(self.paths.correspondents)
        return self._correspondents


def _forget_refused_secret(event: Event) -> None:
    """A password the server refused is asked for anew the next time."""
    if isinstance(event, AccountTroubled):
        from tuimail.config.secrets import forget

        forget(event.account)
