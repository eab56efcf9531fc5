r"""Messages in \\Drafts that are a draft here or a letter in the outbox: found, and deleted through the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import OutboxError
from tuimail.journal.action import ActionKind, ActionMessage, MailAction, MessageOrigin
from tuimail.journal.undo import followed
from tuimail.outbox.model.item import ItemState

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.compose.draft_store import DraftStore
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.draft_copy import DraftCopy
    from tuimail.outbox.store.store import Store


def deletion(copy: DraftCopy, journal: ActionJournal) -> MailAction:
    """The action that deletes it for good, where it is now or will be: the letter is kept elsewhere.

    What another program moved, or wrote anew, has another name and stays.
    """
    origin = None if copy.key or not copy.action else MessageOrigin(copy.action, 0)
    earlier = journal.actions(account=copy.account)
    folder, message = followed(copy.folder, ActionMessage(copy.key, origin=origin), earlier)
    return MailAction(copy.account, ActionKind.DELETE, folder, (message,))


def opened_copy(drafts: DraftStore, copy: DraftCopy) -> Draft | None:
    """The draft here that is the same one, now owned by this process; None: there is none.

    Raises:
        OutboxError: another process has it open.
    """
    for draft in drafts.drafts():
        if draft.draft_copy == copy:
            if not drafts.acquire(draft.id):
                raise OutboxError(f"This draft is open {drafts.holder(draft.id)}.", hint="Close it there first.")
            return draft
    return None


def refuse_sent(outbox: Store, copy: DraftCopy) -> None:
    """Refuse to write a letter a second time that is on its way.

    Raises:
        OutboxError: the draft is in the outbox.
    """
    for item in outbox.queries.items():
        if item.draft_copy == copy and item.state is not ItemState.CANCELLED:
            raise OutboxError("This draft is in the outbox already.", hint="Edit it there.")
