"""What the two faces may ask for. Owns every background task.

An engine outlives every screen and never imports one. The Textual app and the headless commands are two faces of it;
any number of engines may run on the same folders at once. All methods are called on the engine's event loop; none of
them blocks it: files and the database are touched on the writer thread, networks by coroutines.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuimail.clock import Clock, SystemClock
from tuimail.engine.export import export
from tuimail.engine.letters import (
    check_out,
    forget_unfinished,
    put_back,
    raw_pieces,
    read_raw,
    restore,
    take_out,
    taken_out,
)
from tuimail.engine.reporting import told
from tuimail.engine.wiring import SentCopies, Wiring, fingerprint
from tuimail.errors import AddressError, NoSuchItemError, OutboxError, TuimailError
from tuimail.events import (
    AccountMended,
    AccountTroubled,
    Announcer,
    Event,
    ItemChanged,
    Notice,
    OutboxTouched,
    Severity,
)
from tuimail.outbox.item import ItemState, Order, Outcome, Place, Verb
from tuimail.outbox.wishes import NONE as NO_WISHES
from tuimail.outbox.wishes import granted
from tuimail.paths import private_dir
from tuimail.submission.result import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from tuimail.compose.correspondents import Correspondents
    from tuimail.compose.draft import Draft
    from tuimail.compose.postponed import DraftStore
    from tuimail.compose.review import Review
    from tuimail.config.model import Config, WhenLate
    from tuimail.engine.evidence import EvidenceSeeker
    from tuimail.engine.letters import TakenOut
    from tuimail.engine.surroundings import Surroundings
    from tuimail.mail.bounce import DeliveryReport
    from tuimail.mail.outgoing import OutgoingMessage
    from tuimail.outbox.doorbell import Neighbour
    from tuimail.outbox.intake import Taken
    from tuimail.outbox.item import AccountHealth, OutboxItem, TimelineEntry
    from tuimail.outbox.reports import Matched
    from tuimail.outbox.runner import Runner
    from tuimail.outbox.store import Store
    from tuimail.outbox.wishes import Wishes
    from tuimail.outbox.writer import Writer
    from tuimail.paths import Paths

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

SENT_STATES = frozenset({ItemState.ACCEPTED, ItemState.DONE})

AT_ONCE = 200
"""Letters that one transaction changes; each costs an fsync while other processes wait."""


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
        self._surroundings: Surroundings | None = None
        self._seeking: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self.announcer.subscribe(self._listen)

    # -- life

    async def start(self, *, run_outbox: bool = True, watch: bool = False) -> None:
        """Open the stores, recover, and (unless told not to) start sending what is due.

        ``watch``: it goes on without a screen; others are told so (``watchers``).

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
            from tuimail.engine.surroundings import Surroundings
            from tuimail.outbox.doorbell import Role

            role = Role.WATCH if watch else Role.APP
            self._surroundings = Surroundings(self._runner, self._store.doorbell, role)
            self._surroundings.open()
            self._running = asyncio.create_task(self._runner.run(), name="outbox-runner")
            self._seeking = asyncio.create_task(self._seeker.run(), name="outbox-evidence")
            await asyncio.sleep(0)  # its first look comes before the caller's: no change between them is missed

    def _open_store(self) -> Store:
        from tuimail.outbox.store import Store

        private_dir(self.paths.data)
        store = Store(
            private_dir(self.paths.outbox),
            self.clock,
            settings=self.config.outbox,
            witness=self.paths.outbox_witness,
        )
        store.rates = {name: each.rate for name, each in self.config.accounts.items() if each.rate}
        try:
            store.prune()
        except TuimailError:
            log.exception("what is long over could not be forgotten; the next start tries again")
        return store

    async def stop(self) -> None:
        """Stop sending (a letter past its dot is waited for, at most ten seconds, else left uncertain) and close."""
        for task in (self._seeking, self._forgetting):
            if task is not None:
                task.cancel()
        self._seeking = self._forgetting = None
        try:
            if self._surroundings is not None:
                await self._surroundings.closed()
            if self._runner is not None:
                await self._runner.stop()
            if self._running is not None:
                await asyncio.gather(self._running, return_exceptions=True)
            await self._copies.close()
        finally:
            # Without awaiting anything: whoever is too impatient to wait for the rest still leaves a closed outbox.
            if self._surroundings is not None:
                self._surroundings.close()
            if self._writer is not None:
                if self._store is not None:
                    self._writer.call(self._store.close)
                self._writer.close()
            self._runner = self._running = self._store = self._writer = self._surroundings = None

    def wake(self) -> None:
        """Look for due letters now (network up, resume, "send now")."""
        if self._runner is not None:
            self._runner.wake()

    async def run_once(self) -> Sequence[OutboxItem]:
        """Try everything that is due once and return what was tried (``tuimail outbox run``)."""
        if self._runner is None:
            raise RuntimeError("the engine is not started")
        await self._seeker.look()
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
        self,
        draft: Draft,
        *,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        wishes: Wishes = NO_WISHES,
    ) -> OutboxItem:
        """Freeze ``draft``, store it durably, discard the draft, remember its recipients, wake the runner.

        ``not_before`` defaults to the end of the undo window; a letter that was taken out of the outbox to be edited
        takes its old place in the queue, and keeps an appointment that is still to come: give ``not_before`` to send
        it at another time. ``wishes`` may let the server keep it until then, say what to do when it is late, and what
        is to be reported back. The draft is untouched when anything is raised.

        Raises:
            MessageError: it cannot go as it is; ``field`` says where.
            ConfigError: its account or identity is not in the config.
            StorageError: the disk refused.
            DuplicateLetterError: this very letter went out before (unless ``again``).
            OutboxError: the letter it was made from was put back into the outbox meanwhile.
        """
        from tuimail.compose.build import build
        from tuimail.mail.address import parse_addresses

        account, identity = self._wiring.bound(draft)
        now = self.clock.now()
        message = await asyncio.to_thread(build, draft, identity, account.name, now=now)
        envelope, not_before = granted(message.envelope, wishes, self.config.outbox, not_before)
        message = replace(message, envelope=envelope)
        if not_before is None and not held:
            not_before = await self._appointment(draft, now)
        item = await self._store_letter(
            message,
            composing=draft.id,
            not_before=not_before,
            held=held,
            again=again,
            revision=draft.revision + 1,
            on_late=wishes.on_late,
            revises=draft.revises,
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
        on_late: WhenLate | None = None,
    ) -> OutboxItem:
        """Store a letter that is frozen already."""
        return await self._store_letter(
            message,
            composing=composing,
            not_before=not_before,
            held=held,
            again=again,
            revision=revision,
            on_late=on_late,
        )

    async def _appointment(self, draft: Draft, now: float) -> float | None:
        """When a letter goes for which no time is given: after the undo window, or when its former revision was to."""
        undo = now + self.config.outbox.undo_seconds if self.config.outbox.undo_seconds > 0 else None
        if not draft.revises:
            return undo
        try:
            former = await self._run(self._queue.former, draft.revises)
        except NoSuchItemError:
            return undo
        if former.not_before is None or former.not_before <= (undo or now):
            return undo
        return former.not_before

    async def _store_letter(
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
    ) -> OutboxItem:
        def store() -> OutboxItem:
            return self._queue.enqueue(
                message,
                composing=composing,
                not_before=not_before,
                held=held,
                again=again,
                revision=revision,
                on_late=on_late,
                revises=revises,
            )

        # Once begun it is carried through, even if the screen that asked is gone.
        item = await asyncio.shield(self._run(store))
        self._changed(item)
        return item

    async def enqueue_many(
        self, drafts: Sequence[tuple[Draft, float | None]], *, again: bool = False
    ) -> Sequence[Taken]:
        """Freeze drafts (each with the time before which it must not go) and store them in one durable transaction.

        A letter that is there already (its draft's id and text are the same) is not queued twice. The drafts are not
        discarded, their recipients not remembered: they come from a merge.

        Raises:
            MessageError: one of them cannot go as it is; none is queued then.
            ConfigError: its account or identity is not in the config.
            StorageError: the disk refused; none is queued then.
        """
        from tuimail.compose.build import build
        from tuimail.outbox.intake import Incoming

        bound = [(draft, not_before, *self._wiring.bound(draft)) for draft, not_before in drafts]
        now = self.clock.now()

        def freeze() -> list[Incoming]:
            return [
                Incoming(build(draft, identity, account.name, now=now), draft.id, not_before=not_before, again=again)
                for draft, not_before, account, identity in bound
            ]

        letters = await asyncio.to_thread(freeze)
        taken = await asyncio.shield(self._run(self._queue.enqueue_many, letters))
        for each in taken:
            if each.fresh and each.item is not None:
                self.announcer.announce(ItemChanged(each.item.id))
        self.wake()
        return taken

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
                raise OutboxError(f"This draft is open {store.holder(draft_id)}.", hint="Close it there first.")
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

    async def ids(
        self, states: Collection[ItemState] | None = None, *, order: Order = Order.NEED, matching: str = ""
    ) -> Sequence[str]:
        """Ids of the items in ``states`` (default: those still in the outbox) that match, in ``order``.

        Every word of ``matching`` must be found, whatever its case, in subject, recipients, sender, account or state;
        ``state:``, ``account:``, ``to:`` and ``subject:`` before a word say where.
        """

        def read() -> Sequence[str]:
            return self._queue.ids(states, order=order, matching=matching)

        return await self._run(read)

    async def items_of(self, ids: Sequence[str]) -> Sequence[OutboxItem]:
        """The items with these ids, in this order; ids that are gone are left out."""
        return await self._run(self._queue.items_of, ids)

    async def taken_out(self) -> Sequence[TakenOut]:
        """Letters that were taken out of the outbox and are drafts now, open or not; the newest first."""
        return await self._run(taken_out, self._queue, self._draft_store)

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

    async def raw_pieces(self, item_id: str) -> Iterator[bytes]:
        """All of the letter's bytes, piece by piece, to be read on any thread; see ``engine/letters.raw_pieces``."""
        return await self._run(raw_pieces, self._queue, item_id)

    async def counts(self) -> dict[ItemState, int]:
        """How many items are in each state still in the outbox."""
        return await self._run(self._queue.counts)

    async def apply(self, verb: Verb, item_id: str) -> OutboxItem:
        """Send now, hold, release, retry, drop, restore, resolve.

        RESTORE puts a cancelled letter back and discards the draft that was made from it; a draft that was changed
        since is kept, and a notice says so.

        Raises:
            IllegalTransitionError: the verb does not fit the letter.
            OutboxError: RESTORE of one that is being edited, or whose newer revision was queued.
        """
        if verb is Verb.RESTORE:
            item, kept = await self._run(restore, self._queue, self._draft_store, item_id)
            if kept:
                told = f'The draft made from "{item.subject}" was changed since; it is kept among the drafts.'
                self.announcer.announce(Notice(told, Severity.INFO))
        elif verb is Verb.CANCEL:
            await self.cancel(item_id)
            return await self.item(item_id)
        else:
            item = await self._run(self._queue.apply, verb, item_id)
        self._changed(item)
        return item

    async def apply_many(self, verb: Verb, ids: Sequence[str]) -> Sequence[Outcome]:
        """The same on several letters: one outcome for each, in order; one that does not fit does not stop the others.

        Simple verbs take one transaction for ``AT_ONCE`` letters, so that the sending goes on in between; CANCEL and
        RESTORE, which also make or discard a draft, one for each letter.

        Raises:
            StorageError: the index cannot be written; what an earlier transaction did stays done.
        """
        outcomes: list[Outcome] = []
        if verb in (Verb.CANCEL, Verb.RESTORE):
            for item_id in ids:
                try:
                    outcomes.append(Outcome(item_id, await self.apply(verb, item_id)))
                except TuimailError as error:
                    outcomes.append(Outcome(item_id, error=error))
            return outcomes
        for start in range(0, len(ids), AT_ONCE):
            outcomes += await self._run(self._queue.apply_many, verb, ids[start : start + AT_ONCE])
        for each in outcomes:
            if each.item is not None:
                self._changed(each.item)
        return outcomes

    async def later(self, item_id: str, at: float, *, on_late: WhenLate | None = None) -> OutboxItem:
        """Hold it until ``at`` (seconds since the epoch), with a fresh budget from then on.

        Raises:
            IllegalTransitionError: it cannot be held any more.
            OutboxError: ``at`` is over.
        """

        def put_off() -> OutboxItem:
            return self._queue.later(item_id, at, on_late=on_late)

        item = await self._run(put_off)
        self._changed(item)
        return item

    async def move(self, item_id: str, place: Place) -> OutboxItem:
        """Move it among the letters of its account that wait. Raises IllegalTransitionError: it does not wait."""
        changed = await self._run(self._queue.move, item_id, place)
        for item in changed:
            self._changed(item)
        return changed[0]

    async def change_account(self, item_id: str, account: str) -> OutboxItem:
        """Let it leave through ``account``; its bytes, with their From, stay as they are.

        When the account has no identity for that From, the item's words say that its server may refuse the letter.

        Raises:
            ConfigError: the account is not in the config.
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
        """
        chosen = self._wiring.chosen(account)

        def change() -> OutboxItem:
            identity = self._queue.item(item_id).identity
            known = chosen.identity_for(identity) is not None
            return self._queue.change_account(item_id, account, known=known)

        item = await self._run(change)
        self._changed(item)
        return item

    async def export(self, item_id: str, path: Path) -> Path:
        """Write the letter's exact bytes into a new file, mode 0600; returns its path.

        Args:
            item_id: The letter; one that is done is read from its filed local copy.
            path: The file, which must not exist; or a folder, where it gets a name made from the subject.

        Raises:
            NoSuchItemError: there is no such item, or no copy of it on this machine.
            StorageError: the file is there already, or the disk refuses; no part of it is left.
        """
        item = await self._run(self._queue.item, item_id)
        chunks = await self._run(raw_pieces, self._queue, item.id)
        return await asyncio.to_thread(export, chunks, path, item.subject)

    async def edit(self, item_id: str) -> Draft:
        """Take the letter out of the outbox and back as a draft (saved, owned, ``revises`` set).

        The draft is durable before the item is cancelled, so that a kill in between loses nothing. While it is out it
        cannot leave; ``put_back`` ends that, and so does sending the draft. One that was taken out before is opened
        where it was left.

        Raises:
            IllegalTransitionError: it is being sent, may have been sent, or is gone.
            OutboxError: somebody has it open; the text says who.
        """
        draft, item = await asyncio.shield(
            self._run(check_out, self._queue, self._draft_store, item_id, self.clock.now())
        )
        self._changed(item)
        return draft

    async def put_back(self, draft: Draft) -> OutboxItem:
        """The editing came to nothing: the letter is in the outbox again as it was, and the draft is discarded.

        One whose time has come meanwhile is held by hand.

        Raises:
            OutboxError: the draft was not taken from the outbox, or a newer revision was queued.
            NoSuchItemError: the letter is not kept any more.
        """
        item = await asyncio.shield(self._run(put_back, self._queue, self._draft_store, draft))
        self._changed(item)
        return item

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

    # -- delivery reports

    async def read_report(self, raw: bytes) -> DeliveryReport | None:
        """The delivery report in a letter; None when it is none."""
        from tuimail.mail.bounce import read_report

        return await asyncio.to_thread(read_report, raw, self.clock.now())

    async def report(self, found: DeliveryReport) -> Matched | None:
        """Tie a report to its letter and tell what is new; None when it is about none of ours. Raises StorageError."""
        matched = await self._run(self._queue.report, found)
        if matched is not None and matched.news:
            self.announcer.announce(ItemChanged(matched.item.id))
            for event in told(matched):
                self.announcer.announce(event)
        return matched

    def watchers(self) -> Sequence[Neighbour]:
        """Processes that go on sending without a screen, this one included."""
        from tuimail.outbox.doorbell import Role, neighbours

        return [each for each in neighbours(self.paths.outbox) if each.role is Role.WATCH]

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

    def _listen(self, event: Event) -> None:
        if isinstance(event, OutboxTouched) and (self._forgetting is None or self._forgetting.done()):
            self._forgetting = asyncio.create_task(self._forget_refused_elsewhere(), name="outbox-secrets")

    async def _forget_refused_elsewhere(self) -> None:
        """A password that a server refused to another process is not shown to it by this one once it was mended."""
        from tuimail.config.secrets import forget

        for name in self.config.accounts:
            if self._writer is None:
                return
            if (await self.health(name)).trouble in (Trouble.SIGN_IN, Trouble.SECRET):
                forget(name)
                if self._runner is not None:
                    await self._runner.forget(name)

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
    def _seeker(self) -> EvidenceSeeker:
        from tuimail.engine.evidence import EvidenceSeeker

        return EvidenceSeeker(
            lambda: self._run(self._queue.uncertain),
            lambda item_id: self._run(self._queue.found_sent, item_id),
            self._copies.holds,
            self.announcer,
            self.clock.now,
        )

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
