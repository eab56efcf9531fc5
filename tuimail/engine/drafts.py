"""Drafts: kept, reviewed, sent into the outbox, and letters taken out of the outbox to be edited."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError, OutboxError, TuimailError
from tuimail.events import ItemChanged
from tuimail.outbox.model.delivery_options import NONE as NO_WISHES
from tuimail.outbox.model.delivery_options import granted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.clock import Clock
    from tuimail.compose.correspondents import Correspondents
    from tuimail.compose.draft import Draft
    from tuimail.compose.draft_store import DraftStore
    from tuimail.compose.review import Review
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.draft_copies import DraftCopies
    from tuimail.engine.runner_handle import RunnerHandle
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.events import Announcer
    from tuimail.mail.address import Address
    from tuimail.outbox.model.delivery_options import DeliveryOptions
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.enqueue import Enqueued, Incoming
    from tuimail.outbox.store.store import Store


log = logging.getLogger(__name__)


class Drafts:
    """Drafts, the way from a draft into the outbox, and the way back."""

    def __init__(
        self,
        drafts: StoreHandle[DraftStore],
        correspondents: StoreHandle[Correspondents],
        outbox: StoreHandle[Store],
        runner: RunnerHandle,
        accounts: ConfiguredAccounts,
        announcer: Announcer,
        clock: Clock,
        copies: DraftCopies,
    ) -> None:
        self._drafts = drafts
        self._correspondents = correspondents
        self._outbox = outbox
        self._runner = runner
        self._accounts = accounts
        self._announcer = announcer
        self._clock = clock
        self.copies = copies

    async def review(self, draft: Draft) -> Review:
        """What the send dialog shows: recipients, account, size, errors and warnings."""
        from tuimail.compose.review import review

        account, _ = self._accounts.bound(draft)
        return await asyncio.to_thread(review, draft, account)

    async def enqueue(
        self,
        draft: Draft,
        *,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        same_within: float | None = None,
        wishes: DeliveryOptions = NO_WISHES,
    ) -> OutboxItem:
        """Freeze ``draft``, store it durably, discard the draft, remember its recipients, wake the runner.

        ``not_before`` defaults to the end of the undo window; a letter that was taken out of the outbox to be edited
        takes its old place in the queue, and keeps an appointment that is still to come: give ``not_before`` to send
        it at another time. ``wishes`` may let the server keep it until then, say what to do when it is late, and what
        is to be reported back. With ``same_within`` the very same letter is refused only while it has not left, or when
        it was queued less than so many seconds ago. The draft is untouched when anything is raised.

        Raises:
            MessageError: it cannot go as it is; ``field`` says where.
            ConfigError: its account or identity is not in the config.
            StorageError: the disk refused.
            DuplicateLetterError: this very letter went out before (unless ``again``).
            OutboxError: the letter it was made from was put back into the outbox meanwhile.
        """
        now = self._clock.now()
        letter = await self._frozen(draft, now, not_before=not_before, held=held, wishes=wishes)
        letter = replace(letter, again=again, same_within=same_within)
        # Once begun it is carried through, even if the screen that asked is gone.
        item = await asyncio.shield(self._outbox.run(lambda outbox: outbox.enqueue(letter)))
        self._runner.changed(item)
        await self._tidy_up(draft, item, now)
        return item

    async def _frozen(
        self, draft: Draft, now: float, *, not_before: float | None, held: bool, wishes: DeliveryOptions
    ) -> Incoming:
        """The letter as it will leave, with its appointment."""
        from tuimail.compose.build import build
        from tuimail.outbox.store.enqueue import Incoming

        account, identity = self._accounts.bound(draft)
        message = await asyncio.to_thread(build, draft, identity, account.name, now=now)
        envelope, not_before = granted(message.envelope, wishes, self._accounts.config.outbox, not_before)
        if not_before is None and not held:
            not_before = await self._appointment(draft, now)
        return Incoming(
            replace(message, envelope=envelope),
            composing=draft.id,
            not_before=not_before,
            held=held,
            revision=draft.revision + 1,
            on_late=wishes.on_late,
            revises=draft.revises,
            answers=draft.answers,
            draft_copy=draft.draft_copy,
        )

    async def _tidy_up(self, draft: Draft, item: OutboxItem, now: float) -> None:
        """Discard a draft that is in the outbox, and remember its recipients.

        The letter is safe: this may fail without harm, and must not look like a failure to send.
        """
        from tuimail.mail.address import parse_addresses

        try:
            await self.discard(draft.id)
            written_to = parse_addresses(", ".join(filter(None, (draft.to, draft.cc, draft.bcc))))
            await self._correspondents.run(lambda known: known.remember(written_to, now))
        except TuimailError:
            log.exception("after enqueueing %s", item.id)

    async def _appointment(self, draft: Draft, now: float) -> float | None:
        """When a letter goes for which no time is given: after the undo window, or when its former revision was to."""
        seconds = self._accounts.config.outbox.undo_seconds
        undo = now + seconds if seconds > 0 else None
        if not draft.revises:
            return undo
        try:
            former = await self._outbox.run(lambda outbox: outbox.queries.before_cancelling(draft.revises))
        except NoSuchItemError:
            return undo
        if former.not_before is None or former.not_before <= (undo or now):
            return undo
        return former.not_before

    async def enqueue_many(
        self, drafts: Sequence[tuple[Draft, float | None]], *, again: bool = False
    ) -> Sequence[Enqueued]:
        """Freeze drafts (each with the time before which it must not go) and store them in one durable transaction.

        A letter that is there already (its draft's id and text are the same) is not queued twice. The drafts are not
        discarded, their recipients not remembered: they come from a merge.

        Raises:
            MessageError: one of them cannot go as it is; none is queued then.
            ConfigError: its account or identity is not in the config.
            StorageError: the disk refused; none is queued then.
        """
        from tuimail.compose.build import build
        from tuimail.outbox.store.enqueue import Incoming

        bound = [(draft, not_before, *self._accounts.bound(draft)) for draft, not_before in drafts]
        now = self._clock.now()

        def freeze() -> list[Incoming]:
            return [
                Incoming(
                    build(draft, identity, account.name, now=now),
                    draft.id,
                    not_before=not_before,
                    again=again,
                    answers=draft.answers,
                )
                for draft, not_before, account, identity in bound
            ]

        letters = await asyncio.to_thread(freeze)
        taken = await asyncio.shield(self._outbox.run(lambda outbox: outbox.enqueue_many(letters)))
        for each in taken:
            if each.fresh and each.item is not None:
                self._announcer.announce(ItemChanged(each.item.id))
        self._runner.wake()
        return taken

    async def save(self, draft: Draft) -> None:
        """Autosave or postpone. Raises StorageError."""
        await self._drafts.run(lambda drafts: drafts.save(draft))

    async def available(self) -> Sequence[Draft]:
        """Postponed and recovered drafts that no other process has open, newest first."""

        def load(drafts: DraftStore) -> Sequence[Draft]:
            return [draft for draft in drafts.drafts() if not drafts.owned_elsewhere(draft.id)]

        return await self._drafts.run(load)

    async def open(self, draft_id: str) -> Draft:
        """Load a draft and own it. Raises NoSuchItemError, OutboxError when it is open elsewhere."""

        def load(drafts: DraftStore) -> Draft:
            draft = drafts.load(draft_id)
            if not drafts.acquire(draft_id):
                raise OutboxError(f"This draft is open {drafts.holder(draft_id)}.", hint="Close it there first.")
            return draft

        return await self._drafts.run(load)

    async def close(self, draft_id: str) -> None:
        """Stop owning it."""
        await self._drafts.run(lambda drafts: drafts.release(draft_id))

    async def postpone(self, draft: Draft) -> None:
        r"""Close a draft that is saved; a copy of it goes into \\Drafts, as soon as the server can be reached.

        Raises:
            TuimailError: the copy cannot be made; the draft is among the drafts all the same.
        """
        try:
            await asyncio.shield(self.copies.put(draft))
        finally:
            await self.close(draft.id)

    async def drop(self, draft: Draft) -> None:
        """Delete it, and the copy that we made of it."""
        await self.discard(draft.id)
        if draft.draft_copy is not None:
            await self.copies.drop(draft.draft_copy)

    async def discard(self, draft_id: str) -> None:
        """Delete it, here alone."""
        await self._drafts.run(lambda drafts: drafts.discard(draft_id))

    async def remember(self, addresses: Sequence[Address]) -> None:
        """Complete these from now on, as if a letter had gone to them. Raises StorageError."""
        now = self._clock.now()
        await self._correspondents.run(lambda known: known.remember(addresses, now))

    async def complete(self, typed: str, *, limit: int = 500) -> Sequence[str]:
        """Addresses written to before that fit what was typed, best first; for nothing, everybody, the latest first."""
        if not typed.strip():
            return await self._correspondents.run(lambda known: known.latest(limit))
        return await self._correspondents.run(lambda known: known.complete(typed, limit))
