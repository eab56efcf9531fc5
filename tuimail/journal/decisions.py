"""What the user decides about actions of the journal: try one again, drop it, take that back."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import IllegalTransitionError, LeaseLostError
from tuimail.journal.action import KEPT, UNDECIDED, ActionKind, ActionState, check_transition
from tuimail.journal.after import check_restorable, take_up, with_reasons
from tuimail.journal.tally import JournalTally

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal

YOURS = "You dropped it."


class UserDecisions:
    """The user's side of the open journal. Used by one thread at a time."""

    def __init__(self, journal: ActionJournal, *, now: Callable[[], float] = time.time) -> None:
        self._journal = journal
        self._now = now

    def listed(self) -> list[MailAction]:
        """What is undecided, the refused ones first, and what was dropped in the last week, the latest first.

        Raises:
            StorageError: the journal cannot be read.
        """
        since = self._now() - KEPT
        found = self._journal.actions(UNDECIDED | {ActionState.DROPPED})
        undecided = [each for each in found if each.state in UNDECIDED]
        dropped = [each for each in found if each.state is ActionState.DROPPED and each.changed >= since]
        undecided.sort(key=lambda each: each.state is not ActionState.REFUSED)
        undecided = with_reasons(self._journal.database, undecided)
        return undecided + sorted(dropped, key=lambda each: (each.changed, each.id), reverse=True)

    def tallies(self) -> dict[str, JournalTally]:
        """How much is undecided, by account. Raises StorageError."""
        tallies: dict[str, JournalTally] = {}
        places = ", ".join("?" * len(UNDECIDED))
        query = f"SELECT account, state, count(*) FROM action WHERE state IN ({places}) GROUP BY account, state"  # noqa: S608
        with self._journal.database.reading() as db:
            counted = db.execute(query, [*UNDECIDED]).fetchall()
        for account, state, count in counted:
            before = tallies.get(account, JournalTally())
            if state == ActionState.REFUSED:
                tallies[account] = before._replace(refused=before.refused + count)
            else:
                tallies[account] = before._replace(waiting=before.waiting + count)
        return tallies

    def retry(self, number: int) -> MailAction:
        """Have an action tried again that was refused or put off, as if it had not been tried.

        What was begun stays so: the mailbox is looked at before anything is done again.

        Raises:
            NoSuchItemError: there is none of this id.
            IllegalTransitionError: it is decided.
        """
        with self._journal.writing():
            action = self._journal.get(number)
            check_undecided(action, "tried again")
            state = ActionState.WAITING if action.state is ActionState.REFUSED else action.state
            return self._journal.put(replace(action, state=state, tries=0, next_at=0.0, changed=self._now()))

    def redirect(self, number: int, folder: str, *, names_chosen: bool) -> MailAction:
        """Have a refused action tried again with another target, as if it had not been tried.

        Args:
            number: its id.
            folder: where its messages go instead.
            names_chosen: what they were to be called in the target was chosen before they were put there (Maildir);
                else a name there is that of a message which has arrived.

        Raises:
            NoSuchItemError: there is none of this id.
            IllegalTransitionError: it is not refused, puts nothing into a folder, or a part of it is done.
        """
        with self._journal.writing():
            action = self._journal.get(number)
            check_redirectable(action, names_chosen=names_chosen)
            messages = tuple(replace(each, landed="") for each in action.messages)
            moved = replace(action, target=folder, messages=messages, mark="", state=ActionState.WAITING)
            if action.kind is ActionKind.APPEND:
                moved = replace(moved, folder=folder)
            return self._journal.put(replace(moved, tries=0, next_at=0.0, words="", changed=self._now()))

    def delete_instead(self, number: int, *, names_chosen: bool) -> MailAction:
        """Have the messages of a refused move deleted for good: the account is too full for a copy in the trash.

        Raises as ``redirect``; only moves can be.
        """
        with self._journal.writing():
            action = self._journal.get(number)
            check_redirectable(action, names_chosen=names_chosen)
            if not can_be_deleted(action):
                raise IllegalTransitionError(
                    f"The change {action.id} takes no message away.", state=action.state, verb="deleted"
                )
            messages = tuple(replace(each, landed="") for each in action.messages)
            deleted = replace(
                action, kind=ActionKind.DELETE, target="", messages=messages, mark="", tries=0, next_at=0.0
            )
            return self._journal.put(replace(deleted, state=ActionState.WAITING, words="", changed=self._now()))

    def drop(self, number: int, *, idle: bool = False) -> MailAction:
        """Never carry out an action, or what is left of it.

        ``idle``: the caller holds the account's lock, so that nobody is carrying it out.

        Raises:
            NoSuchItemError: there is none of this id.
            IllegalTransitionError: it is decided.
            LeaseLostError: it is under way.
        """
        with self._journal.writing():
            action = self._journal.get(number)
            check_undecided(action, "dropped")
            if action.state is ActionState.SENT and not idle:
                raise LeaseLostError("This change is under way.", hint="Try again in a moment.")
            words = f"{YOURS} {action.words}".strip()
            dropped = replace(action, state=ActionState.DROPPED, owner="", words=words, changed=self._now())
            return self._journal.put(dropped)

    def restore(self, before: MailAction) -> MailAction:
        """Take back that an action was dropped; ``before`` is what it was.

        Raises:
            NoSuchItemError: it is forgotten by now.
            IllegalTransitionError: it is not dropped, or what it was to follow is not done.
        """
        with self._journal.writing():
            action = self._journal.get(before.id)
            if action.state is not ActionState.DROPPED or not action.words.startswith(YOURS):
                raise IllegalTransitionError(
                    "This change is not among those that you dropped.", state=action.state, verb="restored"
                )
            check_restorable(self._journal.database, action)
            # A refusal holds up what was given before it (action.ready), and nothing that was given since.
            changed = before.changed if before.state is ActionState.REFUSED else self._now()
            restored = self._journal.put(replace(before, messages=action.messages, owner="", changed=changed))
            take_up(self._journal.database, restored, self._journal.put)
            return restored

    def discard(self, number: int) -> MailAction:
        """Drop what was refused to a command that does not keep it, with the words of the refusal.

        Raises:
            IllegalTransitionError: it is not refused any more.
        """
        with self._journal.writing():
            action = self._journal.get(number)
            check_transition(action, ActionState.DROPPED, "dropped")
            if action.state is ActionState.SENT:
                raise LeaseLostError("This change is under way.", hint="Try again in a moment.")
            return self._journal.put(replace(action, state=ActionState.DROPPED, changed=self._now()))


def can_be_redirected(action: MailAction) -> bool:
    """Whether it was refused, and another folder might take its messages."""
    kinds = (ActionKind.MOVE, ActionKind.COPY, ActionKind.APPEND)
    # An append with more messages replaces what is in that very folder.
    replaces = action.kind is ActionKind.APPEND and len(action.messages) > 1
    return action.state is ActionState.REFUSED and action.kind in kinds and not replaces


def can_be_deleted(action: MailAction) -> bool:
    """Whether it is a refused move, whose messages might be deleted for good instead."""
    return can_be_redirected(action) and action.kind is ActionKind.MOVE


def check_redirectable(action: MailAction, *, names_chosen: bool) -> None:
    """Raises IllegalTransitionError: it cannot be tried with another folder; as ``UserDecisions.redirect``."""
    check_undecided(action, "tried again")
    if not can_be_redirected(action):
        words, hint = f"The change {action.id} cannot go to another folder.", "Try it again as it is, or drop it."
    elif any(each.outcome or (each.landed and not names_chosen) for each in action.messages):
        words, hint = f"A part of the change {action.id} is done already.", "Drop it, and move the rest by hand."
    else:
        return
    raise IllegalTransitionError(words, state=action.state, verb="tried again", hint=hint)


def check_undecided(action: MailAction, verb: str) -> None:
    """Raises IllegalTransitionError: the action is decided, and cannot be ``verb``."""
    if action.state not in UNDECIDED:
        raise IllegalTransitionError(
            f"The change {action.id} is {action.state}: it cannot be {verb}.",
            state=action.state,
            verb=verb,
            hint="Look at the list of changes again.",
        )
