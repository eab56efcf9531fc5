"""What happens to one letter across rooms: back from the outbox to a draft, and read raw.

Synchronous; the facade calls these on the writer thread.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.compose.draft import new_draft_id
from tuimail.errors import NoSuchItemError, TuimailError
from tuimail.outbox.item import ItemState, RecipientState, Verb, after

if TYPE_CHECKING:
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
    content = b"".join(queue.content(item.id).chunks())
    draft = draft_from_letter(
        content,
        [recipient.to for recipient in item.recipients if recipient.state is not RecipientState.ACCEPTED],
        drafts.folder(draft_id),
        account=item.account,
        identity=item.identity,
        revises=item.id,
        draft_id=draft_id,
    )
    draft = replace(draft, revision=item.revision, created_at=now, updated_at=now, postponed=verb is Verb.CANCEL)
    drafts.save(draft)
    drafts.acquire(draft_id)
    try:
        return draft, queue.apply(verb, item.id)
    except TuimailError:
        # The letter is on its way after all and must not come back as a draft as well.
        drafts.release(draft_id)
        drafts.discard(draft_id)
        raise


def read_raw(queue: Queue, item_id: str, limit: int) -> bytes:
    """At most ``limit`` bytes of a letter; of a done item from its filed local copy.

    Raises:
        NoSuchItemError: there is no such item, or no copy of it on this machine.
    """
    item = queue.item(item_id)
    try:
        if item.state is ItemState.DONE and item.filing.place:
            with Path(item.filing.place).open("rb") as copy:
                return copy.read(limit)
        whole = bytearray()
        for chunk in queue.content(item.id).chunks():
            whole += chunk
            if len(whole) >= limit:
                break
        return bytes(whole[:limit])
    except OSError as error:
        raise NoSuchItemError("There is no copy of this letter on this machine.", hint=item.filing.words) from error
