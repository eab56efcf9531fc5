"""A letter taken out of the outbox as a draft, and put back.

Each step is durable before the next one, in an order that loses nothing when the program is killed in between.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from tuimail.errors import AddressError, NoSuchItemError, OutboxError, TuimailError
from tuimail.outbox.model.states import VERBS, ItemState, RecipientState, Verb, after

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from collections.abc import Set as AbstractSet

    from tuimail.compose.draft import Draft
    from tuimail.compose.draft_store import DraftStore
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.mail.content import Content
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

T = TypeVar("T")


class ReviseLetter:
    """Moves letters between the outbox and the drafts."""

    def __init__(self, outbox: StoreHandle[Store], drafts: StoreHandle[DraftStore]) -> None:
        self._outbox = outbox
        self._drafts = drafts
        self._begun: set[asyncio.Task[Any]] = set()

    async def carry_through(self, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work``, one of the methods below, which goes on to its end even when this is cancelled."""
        task = asyncio.ensure_future(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for what is being carried through."""
        await asyncio.gather(*self._begun, return_exceptions=True)

    async def take_out(self, verb: Verb, item_id: str, now: float) -> tuple[Draft, OutboxItem]:
        """Turn an item back into a draft (owned by this process) and cancel the item.

        The draft is durable before the item is cancelled, so that a kill in between loses nothing. Recipients the
        server has accepted are left out: they have the letter. ``verb`` is EDIT or CANCEL (then the draft is a
        postponed one).

        Raises:
            IllegalTransitionError: the verb does not fit, or the runner was faster.
        """
        from tuimail.outbox.model.item import verbs_of

        item = await self._outbox.run(lambda outbox: outbox.queries.item(item_id))
        if item.state is ItemState.CANCELLED:
            await self._drafts.run(lambda drafts: refuse_if_open(drafts, item))
        after(verb, item.state, fitting=verbs_of(item))
        content = await self._outbox.run(lambda outbox: outbox.queries.content(item.id))
        draft = await self._drafts.run(lambda drafts: draft_of(drafts, item, content, verb, now))
        try:
            return draft, await self._outbox.run(lambda outbox: outbox.actions.apply(verb, item.id))
        except TuimailError:
            # The letter is on its way after all and must not come back as a draft as well.
            await self._drafts.run(lambda drafts: undo_taking_out(drafts, item, draft))
            raise

    async def cancel(self, item_id: str, now: float) -> tuple[Draft, OutboxItem]:
        """Take the letter out of the outbox; it is kept among the drafts as postponed, not open."""
        draft, item = await self.take_out(Verb.CANCEL, item_id, now)
        await self._drafts.run(lambda drafts: drafts.release(draft.id))
        return draft, item

    async def check_out(self, item_id: str, now: float) -> tuple[Draft, OutboxItem]:
        """The letter as a draft that this process owns; one that was taken out before is opened where it was left.

        Raises:
            IllegalTransitionError: it cannot be edited (any more).
            OutboxError: somebody else edits it.
        """
        item = await self._outbox.run(lambda outbox: outbox.queries.item(item_id))
        if item.state is ItemState.CANCELLED:
            draft = await self._drafts.run(lambda drafts: reopened(drafts, item))
            if draft is not None:
                return draft, item
        return await self.take_out(Verb.EDIT, item.id, now)

    async def put_back(self, draft: Draft) -> OutboxItem:
        """The letter that ``draft`` was made from, as it was before; then the draft is discarded.

        In this order, so that a kill in between leaves the letter: its draft cannot be sent then, and the next start
        discards it.
        """
        if not draft.revises:
            raise OutboxError("This draft was not taken from the outbox.", hint="Discard it, or postpone it.")
        item = await self._outbox.run(lambda outbox: outbox.actions.restore(draft.revises, exactly=True))
        await self._discard(draft.id)
        return item

    async def restore(self, item_id: str) -> tuple[OutboxItem, bool]:
        """Put a cancelled letter back and discard its draft, unless that was changed: then it is kept, and True.

        Raises:
            IllegalTransitionError: it was not cancelled.
            OutboxError: it is being edited, or a newer revision was queued.
        """
        item = await self._outbox.run(lambda outbox: outbox.queries.item(item_id))
        await self._drafts.run(lambda drafts: refuse_if_open(drafts, item))
        item = await self._outbox.run(lambda outbox: outbox.actions.restore(item.id))

        def discard(drafts: DraftStore) -> bool:
            made = made_from(drafts, item)
            for draft in made:
                if _untouched(draft):
                    drafts.discard(draft.id)
            return not all(map(_untouched, made))

        return item, await self._drafts.run(discard)

    async def forget_unfinished(self) -> None:
        """Discard drafts whose letter was never taken out: the program was killed in the middle of ``take_out``.

        Otherwise the letter would go and its draft, offered as recovered, might be sent as well.
        """
        for draft in await self._drafts.run(_untouched_revisions):
            if not await self._is_out(draft.revises):
                await self._discard(draft.id)

    async def _discard(self, draft_id: str) -> None:
        await self._drafts.run(lambda drafts: drafts.discard(draft_id))

    async def _is_out(self, item_id: str) -> bool:
        """The letter is not in the outbox any more, and was not sent to all."""
        try:
            item = await self._outbox.run(lambda outbox: outbox.queries.item(item_id))
        except NoSuchItemError:
            return True
        sent = all(each.state is RecipientState.ACCEPTED for each in item.recipients)
        return not (item.state in VERBS[Verb.EDIT] or item.state is ItemState.SENDING or sent)


def draft_of(drafts: DraftStore, item: OutboxItem, content: Content, verb: Verb, now: float) -> Draft:
    """A saved draft, owned by this process, made from the letter ``item``."""
    from tuimail.compose.draft import new_draft_id
    from tuimail.compose.revise import draft_from_letter

    draft_id = new_draft_id()
    served = {each.address for each in item.recipients if each.state is RecipientState.ACCEPTED}
    draft = draft_from_letter(
        content,
        [recipient.to for recipient in item.recipients if recipient.address not in served],
        drafts.folder(draft_id),
        account=item.account,
        identity=item.identity,
        revises=item.id,
        draft_id=draft_id,
    )
    draft = replace(
        draft,
        to=_without(draft.to, served),
        cc=_without(draft.cc, served),
        revision=item.revision,
        answers=item.answers,
        draft_copy=item.draft_copy,
        created_at=now,
        updated_at=now,
        postponed=verb is Verb.CANCEL,
    )
    drafts.save(draft)
    drafts.acquire(draft_id)
    return draft


def undo_taking_out(drafts: DraftStore, item: OutboxItem, draft: Draft) -> None:
    """Discard the draft of a letter that stayed in the outbox.

    Raises:
        OutboxError: the letter stayed there because another draft of it is being edited.
    """
    drafts.release(draft.id)
    drafts.discard(draft.id)
    refuse_if_open(drafts, item)


def made_from(drafts: DraftStore, item: OutboxItem) -> Sequence[Draft]:
    """The drafts that were made from ``item``, newest first."""
    return [draft for draft in drafts.drafts() if draft.revises == item.id]


def reopened(drafts: DraftStore, item: OutboxItem) -> Draft | None:
    """The newest draft that was made from ``item``, now owned by this process; None if there is none.

    Raises:
        OutboxError: it is being edited.
    """
    refuse_if_open(drafts, item)
    return next((draft for draft in made_from(drafts, item) if drafts.acquire(draft.id)), None)


def refuse_if_open(drafts: DraftStore, item: OutboxItem) -> None:
    """Say where the letter is being edited, if it is.

    Raises:
        OutboxError: it is being edited.
    """
    for draft in made_from(drafts, item):
        holder = drafts.holder(draft.id)
        if holder:
            raise OutboxError(f"This letter is being edited {holder}.", hint="Close or send it there first.")


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A letter out of the outbox, and the draft it is now."""

    item: OutboxItem
    """As it was before it was taken out."""
    draft: Draft
    holder: str
    """Who has it open ("here", "in another tuimail (process 4711)"); empty: it lies among the drafts."""


def taken_out(outbox: Store, drafts: DraftStore) -> Sequence[TakenOut]:
    """The letters that are drafts now, newest first."""
    found = []
    for draft in drafts.drafts():
        if draft.revises:
            with contextlib.suppress(NoSuchItemError):
                if outbox.queries.item(draft.revises).state is ItemState.CANCELLED:
                    found.append(
                        TakenOut(outbox.queries.before_cancelling(draft.revises), draft, drafts.holder(draft.id))
                    )
    return found


def _untouched_revisions(drafts: DraftStore) -> Sequence[Draft]:
    """Drafts made from letters, unchanged since, that no other process has open."""
    return [
        draft
        for draft in drafts.drafts()
        if draft.revises and not drafts.owned_elsewhere(draft.id) and _untouched(draft)
    ]


def _untouched(draft: Draft) -> bool:
    """It was not changed since it was made from the letter."""
    return draft.updated_at == draft.created_at


def _without(typed: str, served: AbstractSet[str]) -> str:
    """The address list ``typed`` without those in ``served``; one that cannot be parsed is left for the writer."""
    from tuimail.mail.address import parse_addresses

    if not served:
        return typed
    try:
        addresses = parse_addresses(typed)
    except AddressError:
        return typed
    return ", ".join(str(each) for each in addresses if served.isdisjoint((each.addr_spec, each.ascii_spec())))
