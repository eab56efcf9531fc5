"""What happens to one letter across rooms: out of the outbox as a draft, back again, read raw, written to a file.

Synchronous; the facade calls these on the writer thread.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.compose.draft import new_draft_id
from tuimail.errors import AddressError, NoSuchItemError, OutboxError, TuimailError
from tuimail.mail.content import PIECE
from tuimail.outbox.model.item import VERBS, ItemState, RecipientState, Verb, after, verbs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from tuimail.compose.draft import Draft
    from tuimail.compose.draft_store import DraftStore
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store


def take_out(queue: Store, drafts: DraftStore, verb: Verb, item_id: str, now: float) -> tuple[Draft, OutboxItem]:
    """Turn an item back into a draft (owned by this process) and cancel the item.

    The draft is durable before the item is cancelled, so that a kill in between loses nothing. Recipients the server
    has accepted are left out: they have the letter. ``verb`` is EDIT or CANCEL (then the draft is a postponed one).

    Raises:
        IllegalTransitionError: the verb does not fit, or the runner was faster.
    """
    from tuimail.compose.revise import draft_from_letter

    item = queue.item(item_id)
    if item.state is ItemState.CANCELLED:
        refuse_if_open(drafts, item)
    after(verb, item.state, fitting=verbs_of(item))
    draft_id = new_draft_id()
    served = {each.address for each in item.recipients if each.state is RecipientState.ACCEPTED}
    draft = draft_from_letter(
        queue.content(item.id),
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
        created_at=now,
        updated_at=now,
        postponed=verb is Verb.CANCEL,
    )
    drafts.save(draft)
    drafts.acquire(draft_id)
    try:
        return draft, queue.apply(verb, item.id)
    except TuimailError:
        # The letter is on its way after all and must not come back as a draft as well.
        drafts.release(draft_id)
        drafts.discard(draft_id)
        refuse_if_open(drafts, item)
        raise


def made_from(drafts: DraftStore, item: OutboxItem) -> Sequence[Draft]:
    """The drafts that were made from ``item``, newest first."""
    return [draft for draft in drafts.drafts() if draft.revises == item.id]


def refuse_if_open(drafts: DraftStore, item: OutboxItem) -> None:
    """Say who has the letter, if somebody has.

    Raises:
        OutboxError: it is being edited.
    """
    for draft in made_from(drafts, item):
        holder = drafts.holder(draft.id)
        if holder:
            raise OutboxError(f"This letter is being edited {holder}.", hint="Close or send it there first.")


def check_out(queue: Store, drafts: DraftStore, item_id: str, now: float) -> tuple[Draft, OutboxItem]:
    """The letter as a draft that this process owns; one that was taken out before is opened where it was left.

    Raises:
        IllegalTransitionError: it cannot be edited (any more).
        OutboxError: somebody else edits it.
    """
    item = queue.item(item_id)
    if item.state is ItemState.CANCELLED:
        refuse_if_open(drafts, item)
        for draft in made_from(drafts, item):
            if drafts.acquire(draft.id):
                return draft, item
    return take_out(queue, drafts, Verb.EDIT, item.id, now)


def put_back(queue: Store, drafts: DraftStore, draft: Draft) -> OutboxItem:
    """The letter that ``draft`` was made from, as it was before; then the draft is discarded.

    In this order, so that a kill in between leaves the letter: its draft cannot be sent then, and the next start
    discards it.
    """
    if not draft.revises:
        raise OutboxError("This draft was not taken from the outbox.", hint="Discard it, or postpone it.")
    item = queue.restore(draft.revises, exactly=True)
    drafts.discard(draft.id)
    return item


def restore(queue: Store, drafts: DraftStore, item_id: str) -> tuple[OutboxItem, bool]:
    """Put a cancelled letter back and discard its draft, unless somebody changed that: then it is kept, and True.

    Raises:
        IllegalTransitionError: it was not cancelled.
        OutboxError: it is being edited, or a newer revision was queued.
    """
    item = queue.item(item_id)
    refuse_if_open(drafts, item)
    item = queue.restore(item.id)
    kept = False
    for draft in made_from(drafts, item):
        if _untouched(draft):
            drafts.discard(draft.id)
        else:
            kept = True
    return item, kept


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A letter out of the outbox, and the draft it is now."""

    item: OutboxItem
    """As it was before it was taken out."""
    draft: Draft
    holder: str
    """Who has it open ("here", "in another tuimail (process 4711)"); empty: it lies among the drafts."""


def taken_out(queue: Store, drafts: DraftStore) -> Sequence[TakenOut]:
    """The letters that are drafts now, newest first."""
    found = []
    for draft in drafts.drafts():
        if draft.revises:
            with contextlib.suppress(NoSuchItemError):
                if queue.item(draft.revises).state is ItemState.CANCELLED:
                    found.append(TakenOut(queue.former(draft.revises), draft, drafts.holder(draft.id)))
    return found


def _untouched(draft: Draft) -> bool:
    """Nobody wrote on it since it was made from the letter."""
    return draft.updated_at == draft.created_at


def forget_unfinished(queue: Store, drafts: DraftStore) -> None:
    """Discard drafts whose letter was never taken out: the program was killed in the middle of ``take_out``.

    Otherwise the letter would go and its draft, offered as recovered, might be sent as well.
    """
    for draft in drafts.drafts():
        if not draft.revises or drafts.owned_elsewhere(draft.id):
            continue
        try:
            item = queue.item(draft.revises)
        except NoSuchItemError:
            continue
        sent = all(each.state is RecipientState.ACCEPTED for each in item.recipients)
        if _untouched(draft) and (item.state in VERBS[Verb.EDIT] or item.state is ItemState.SENDING or sent):
            drafts.discard(draft.id)


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


@dataclass(frozen=True, slots=True)
class Stored:
    """The bytes of a letter, to be read on any thread; what is read ends in NoSuchItemError if the file goes away."""

    item: OutboxItem
    size: int
    pieces: Callable[[int], Iterator[bytes]]

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, about ``length`` at a time."""
        return _told(self.pieces(length), self.item)


def content_of(queue: Store, item_id: str) -> Stored:
    """A letter; of a done item its filed local copy.

    Raises:
        NoSuchItemError: there is no such item, or no copy of it on this machine.
    """
    item = queue.item(item_id)
    if item.state is ItemState.DONE and item.filing.place:
        from tuimail.mailboxes import maildir

        path = Path(item.filing.place)
        return Stored(item, item.size, lambda length: maildir.pieces(path, length))
    return Stored(item, item.size, queue.content(item.id).chunks)


def raw_pieces(queue: Store, item_id: str) -> Iterator[bytes]:
    """The bytes of a letter, piece by piece; of a done item those of its filed local copy.

    The pieces may be read on any thread. What is read of them ends in NoSuchItemError when the file cannot be read to
    its end.

    Raises:
        NoSuchItemError: there is no such item, or no copy of it on this machine.
    """
    return content_of(queue, item_id).chunks()


def _told(pieces: Iterator[bytes], item: OutboxItem) -> Iterator[bytes]:
    try:
        yield from pieces
    except FileNotFoundError as error:
        raise NoSuchItemError("There is no copy of this letter on this machine.", hint=item.filing.words) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise NoSuchItemError(f"The letter cannot be read: {reason}.", hint="Check the disk.") from error


def read_raw(queue: Store, item_id: str, limit: int) -> bytes:
    """At most ``limit`` bytes of a letter; of a done item from its filed local copy.

    Raises:
        NoSuchItemError: there is no such item, or no copy of it on this machine.
    """
    found = bytearray()
    for piece in raw_pieces(queue, item_id):
        found += piece
        if len(found) >= limit:
            break
    return bytes(found[:limit])
