"""An action on received messages: its states, the transitions between them, and which action's turn it is. Pure.

An action is *waiting* from the user's command on. It is marked *sent*, durably, before the mailbox is touched, so that
after a crash the mailbox is looked at before anything is done again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from tuimail.errors import IllegalTransitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

KEPT = 7 * 86400.0
"""Seconds that a finished action is kept, for undo and for those that depend on it."""

KEPT_APPENDS = 400 * 86400.0
"""Seconds that what was appended is kept, and what followed from it: drafts are found by it that wait for long."""


class ActionKind(StrEnum):
    """What is done to the messages."""

    FLAG = "flag"
    MOVE = "move"
    COPY = "copy"
    DELETE = "delete"
    """For good."""
    APPEND = "append"
    """Put the message in the file ``letter`` into ``target``: the first of the messages, whose key is empty. The others
    are older copies there, which are deleted for good once it has arrived."""


class ActionState(StrEnum):
    """How far an action is."""

    WAITING = "waiting"
    SENT = "sent"
    """Begun: the mailbox may have been changed or not, and must be looked at."""
    DONE = "done"
    REFUSED = "refused"
    """It cannot be done as it is; the user chooses to try again or to drop it."""
    DROPPED = "dropped"
    """There is nothing left to do it to, or the user dropped it."""
    CANCELLED = "cancelled"
    """Undone before it was begun."""


_NEXT = {
    ActionState.WAITING: {ActionState.SENT, ActionState.CANCELLED, ActionState.DROPPED},
    ActionState.SENT: {ActionState.DONE, ActionState.WAITING, ActionState.REFUSED, ActionState.DROPPED},
    ActionState.REFUSED: {ActionState.WAITING, ActionState.DROPPED},
    ActionState.DONE: set(),
    ActionState.DROPPED: set(),
    ActionState.CANCELLED: set(),
}
UNDECIDED = frozenset({ActionState.WAITING, ActionState.SENT, ActionState.REFUSED})
"""States of actions that may still change the mailbox. Later ones on the same messages wait for them."""
FINISHED = frozenset(ActionState) - UNDECIDED


class MessageOutcome(StrEnum):
    """What became of one message of an action."""

    OPEN = ""
    DONE = "done"
    GONE = "gone"
    """Another program moved or deleted it before."""


@dataclass(frozen=True, slots=True)
class MessageOrigin:
    """Names a message by the action that moves or copies it: where it will be is not known yet."""

    action: int
    index: int


@dataclass(frozen=True, slots=True)
class ActionMessage:
    """One message of an action."""

    key: str
    """UID, or the unique part of a Maildir's file name; empty until ``origin`` is done."""
    before: int = 0
    """Its flags before (mail/flags), for undo."""
    keywords: str = ""
    message_id: str = ""
    origin: MessageOrigin | None = None
    landed: str = ""
    """Its key in the target folder; of a Maildir it is chosen before the mailbox is touched."""
    proof: str = ""
    """What it is recognised by in the target folder of an IMAP server (sync/imap_proof); empty: not known."""
    outcome: MessageOutcome = MessageOutcome.OPEN


@dataclass(frozen=True, slots=True)
class MailAction:
    """One command of the user on messages of one folder."""

    account: str
    kind: ActionKind
    folder: str
    messages: tuple[ActionMessage, ...]
    target: str = ""
    """Folder to move or copy to."""
    use: str = ""
    """Special use ("drafts") of ``target``, which is created with it where the account has no such folder; IMAP."""
    letter: str = ""
    """Name of the file of what is appended (journal/letters)."""
    add: int = 0
    """Flags to set (mail/flags), or that the appended message gets."""
    remove: int = 0
    add_keywords: str = ""
    remove_keywords: str = ""
    validity: int | None = None
    """UIDVALIDITY of the folder; None: a Maildir."""
    arrived: float = 0.0
    """When the appended message arrived, in seconds since the epoch; 0: when the action was given."""
    after: int = 0
    """Id of the action, of this command, that has to be done first (journal/after). While it is not stored yet: -1 for
    the action before it in the command."""
    mark: str = ""
    """What the replayer needs to know of the target to prove what arrived there after it began."""
    inverse_of: int = 0
    """Id of the action that this one undoes."""
    cause: str = ""
    """What it is a consequence of, when that is not a command of the user: ``ActionJournal.add_once``."""
    id: int = 0
    """0: not stored yet."""
    batch: int = 0
    """Id of the first action of the same command; they are undone together."""
    state: ActionState = ActionState.WAITING
    owner: str = ""
    """Who began it (coordination/lock)."""
    words: str = ""
    """Why it was refused, dropped or put off."""
    tries: int = 0
    next_at: float = 0.0
    """Seconds since the epoch before which it is not tried again."""
    created: float = 0.0
    changed: float = 0.0


def check_transition(action: MailAction, to: ActionState, verb: str) -> None:
    """Refuse what must not follow.

    Raises:
        IllegalTransitionError: ``action`` cannot get from its state to ``to``.
    """
    if to not in _NEXT[action.state]:
        raise IllegalTransitionError(
            f"What is {action.state} cannot be {verb}.", state=action.state, verb=verb, hint="Look at it again."
        )


def ready(
    undecided: Iterable[MailAction], now: float, unmet: Mapping[int, float] = MappingProxyType({})
) -> Iterator[MailAction]:
    """Those whose turn it is, of ``undecided`` in the order of their ids.

    An action that is put off, or waits itself, holds up those on the same messages, and no other ones. One that was
    refused holds up those that were given before the refusal: who gives another later has seen that it was not done.
    So does one that waits for another one: ``unmet`` has the ids of those that are not done (``after.unmet``).
    """
    held_up: dict[object, float] = {}
    """Until when an action must have been given to wait, by the names of its messages."""
    for action in undecided:
        names = set(_names(action))
        until = math.inf
        if action.state is ActionState.REFUSED and action.next_at <= now:
            until = action.changed
        elif action.after in unmet:
            until = unmet[action.after]
        elif action.next_at <= now and all(held_up.get(each, -math.inf) < action.created for each in names):
            yield action
            continue
        for each in names:
            held_up[each] = max(until, held_up.get(each, -math.inf))
        for index in range(len(action.messages)):  # what is named by its outcome is not there before
            held_up[MessageOrigin(action.id, index)] = math.inf


def apart(ready: Iterable[MailAction]) -> Iterator[MailAction]:
    """The leading ones of ``ready`` none of which is about a message of one before it.

    They can be carried out one after another without a look at the journal in between: whatever becomes of one, it is
    still the turn of the next. The time for many actions grows with their number alone.
    """
    seen: set[object] = set()
    for action in ready:
        names = set(_names(action))
        if names & seen or action.after in seen:
            return
        seen |= names_of(action)
        seen.add(action.id)
        yield action


def depends(later: MailAction, earlier: MailAction) -> bool:
    """``later`` is about a message that ``earlier`` is about."""
    return later.id > earlier.id and bool(set(_names(later)) & names_of(earlier))


def names_of(action: MailAction) -> set[object]:
    """Everything that its messages are called, before and after it."""
    return {*_names(action), *(MessageOrigin(action.id, index) for index in range(len(action.messages)))}


def _names(action: MailAction) -> Iterator[object]:
    """Everything that a message of the action is called."""
    for each in action.messages:
        if each.key:
            yield action.account, action.folder, each.key
        if each.origin:
            yield each.origin
        if each.landed:
            yield action.account, action.target, each.landed
