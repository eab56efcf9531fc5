"""What happens to one letter across rooms: back from the outbox to a draft, and read raw.

Synchronous; the facade calls these on the writer thread.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.compose.draft import new_draft_id
from tuimail.errors import AddressError, NoSuchItemError, TuimailError
from tuimail.outbox.item import VERBS, ItemState, RecipientState, Verb, after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from tuimail.compose.draft import Draft
    from tuimail.compose.postponed import DraftStore
    from tuimail.outbox.item import OutboxItem
    from tuimail.outbox.queue import Queue


def take_out(queue: Queue, drafts: DraftStore, verb: Verb, item_id: str, now: float) -> tuple[Draft, OutboxItem]:
    """Turn an item back into a draft (owned by this process) and cancel the item.

    The draft is durable before the item is cancelled, so that a kill in between loses nothing. Recipients the server
    has accepted are left out: they have the letter. ``verb`` is EDIT or CANCEL (then the draft is a postponed one).

    Raises:
        IllegalTransitionError: the verb does not fit, or the runner was faster.
    """
    from tuimail.compose.revise import draft_from_letter

    item = queue.item(item_id)
    after(verb, item.state)
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
        raise


def forget_unfinished(queue: Queue, drafts: DraftStore) -> None:
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
        if item.state in VERBS[Verb.EDIT] or item.state is ItemState.SENDING or sent:
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


def raw_pieces(queue: Queue, item_id: str) -> Iterator[bytes]:
    """The bytes of a letter, piece by piece; of a done item those of its filed local copy.

    The pieces may be read on any thread. What is read of them ends in NoSuchItemError when the file cannot be read to
    its end.

    Raises:
        NoSuchItemError: there is no such item, or no copy of it on this machine.
    """
    item = queue.item(item_id)
    if item.state is ItemState.DONE and item.filing.place:
        from tuimail.mailboxes import maildir

        return _told(maildir.pieces(Path(item.filing.place)), item)
    return _told(queue.content(item.id).chunks(), item)


def _told(pieces: Iterator[bytes], item: OutboxItem) -> Iterator[bytes]:
    try:
        yield from pieces
    except FileNotFoundError as error:
        raise NoSuchItemError("There is no copy of this letter on this machine.", hint=item.filing.words) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise NoSuchItemError(f"The letter cannot be read: {reason}.", hint="Check the disk.") from error


def read_raw(queue: Queue, item_id: str, limit: int) -> bytes:
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
