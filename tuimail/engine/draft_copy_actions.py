"""What the journal does to the copies of postponed drafts, and what it knows of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError
from tuimail.journal.action import UNDECIDED, ActionKind, ActionMessage, ActionState, MailAction, MessageOrigin
from tuimail.journal.decisions import YOURS
from tuimail.journal.undo import followed
from tuimail.mail.flags import DRAFT, SEEN

_IN_FORCE = frozenset({ActionState.WAITING, ActionState.SENT, ActionState.DONE})

if TYPE_CHECKING:
    from tuimail.compose.draft_letter import DraftLetter
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.draft_copy import DraftCopy


def removal(copy: DraftCopy, journal: ActionJournal) -> MailAction | None:
    """The action of ours that deletes, or has deleted, the copy; None: there is none."""
    folder, message = _named(copy, journal)
    origin = MessageOrigin(copy.action, 0)
    for action in reversed(journal.actions(_IN_FORCE, account=copy.account)):
        if action.kind is not ActionKind.DELETE:
            continue
        keys = {each.key for each in action.messages if each.key} if action.folder == folder else set()
        if message.key in keys or (copy.action and any(each.origin == origin for each in action.messages)):
            return action
    return None


def deletion(copy: DraftCopy, journal: ActionJournal) -> MailAction:
    """The action that deletes it for good, where it is now or will be: the letter is kept elsewhere.

    What another program moved, or wrote anew, has another name and stays.
    """
    folder, message = _named(copy, journal)
    return MailAction(copy.account, ActionKind.DELETE, folder, (message,))


def resolved(copy: DraftCopy, journal: ActionJournal) -> DraftCopy | None:
    """The copy with its folder and key as far as they are known by now; None: it was never put there, or nobody knows.

    Where there was no folder for drafts, the server may have given another name to the one that was made.
    """
    if copy.key or not copy.action:
        return copy
    try:
        action = journal.get(copy.action)
    except NoSuchItemError:
        return None
    if action.state in UNDECIDED:
        return replace(copy, folder=action.target)
    landed = action.messages[0].landed if action.state is ActionState.DONE else ""
    return replace(copy, folder=action.target, key=landed) if landed else None


def current(copy: DraftCopy, journal: ActionJournal) -> DraftCopy | None:
    """As ``resolved``; None as well for one that is being deleted, or was, with the letter that it was a copy of."""
    return None if removal(copy, journal) else resolved(copy, journal)


def is_refused(account: str, journal: ActionJournal) -> bool:
    """No folder for drafts can be made in the account, and the user knows that: no more copies are tried."""
    for action in reversed(journal.actions(account=account)):
        if action.use and action.state is ActionState.DONE:
            return False
        dropped = action.state is ActionState.DROPPED and action.words.startswith(YOURS)
        if action.use and (dropped or action.state is ActionState.REFUSED):
            return True
    return False


def _named(copy: DraftCopy, journal: ActionJournal) -> tuple[str, ActionMessage]:
    """Its folder, and what the journal calls it."""
    known = resolved(copy, journal) or copy
    origin = None if known.key else MessageOrigin(known.action, 0)
    return followed(known.folder, ActionMessage(known.key, origin=origin), journal.actions(account=known.account))


def append(
    journal: ActionJournal, account: str, folder: str, letter: DraftLetter, older: DraftCopy | None, use: str = ""
) -> MailAction:
    r"""The action that puts a draft into \Drafts, and takes the older copy away; its bytes are durable then.

    With ``use`` the folder is made if there is none of that special use.
    """
    messages = [ActionMessage("", message_id=letter.message_id)]
    if older is not None:
        now, message = _named(older, journal)
        if use:
            folder = now  # it may have been made since
        if now == folder:
            messages.append(message)
    journal.letters.sweep({each.letter for each in journal.actions(UNDECIDED)})
    name = journal.letters.keep(letter.content.chunks())
    put = MailAction(account, ActionKind.APPEND, folder, tuple(messages), target=folder, add=SEEN | DRAFT)
    return replace(put, letter=name, use=use)
