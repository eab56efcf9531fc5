"""Messages moved and copied to a folder of another account: as actions of the journal, and what came of them. Pure.

The message is appended there from a file of the journal's (journal/letters). A move takes it away here after that: to
the trash, from where undo brings it back, or for good where there is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.journal.action import UNDECIDED, ActionKind, ActionMessage, ActionState, MailAction
from tuimail.mail.flags import DELETED, OLD
from tuimail.mail.message_ref import MessageRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tuimail.engine.message_change import MessageChange


def actions_between(change: MessageChange) -> Iterator[MailAction]:
    """What is done there, and for a move what follows here."""
    ref, row = change.found.ref, change.found.row
    yield MailAction(
        change.account,
        ActionKind.APPEND,
        change.target,
        (ActionMessage("", message_id=change.found.message_id),),
        target=change.target,
        letter=change.letter,
        add=row.flags & ~(DELETED | OLD),
        add_keywords=row.keywords if change.keeps_keywords else "",
        arrived=float(row.arrived),
    )
    if change.kind is ActionKind.MOVE:
        message = ActionMessage(ref.key, before=row.flags, keywords=row.keywords, message_id=change.found.message_id)
        kind = ActionKind.MOVE if change.trash else ActionKind.DELETE
        yield MailAction(ref.account, kind, ref.folder, (message,), target=change.trash, after=-1)


class TransferActions:
    """The actions of one command, found by the change that they belong to."""

    def __init__(self, actions: Iterable[MailAction]) -> None:
        found = list(actions)
        self._appends = {each.letter: each for each in found if each.letter}
        self._removals = {each.after: each for each in found if each.after}

    def of(self, change: MessageChange) -> tuple[MailAction, MailAction | None]:
        """The one that appends the message, and the one that takes it away here afterwards, if there is one."""
        append = self._appends[change.letter]
        return append, self._removals.get(append.id)


def outcome_between(change: MessageChange, actions: TransferActions) -> MessageChange:
    """``change`` with what came of it; ``actions`` are those of its command."""
    append, removal = actions.of(change)
    change = replace(change, command=append.batch, now=None, words=append.words)
    if append.state is ActionState.DONE:
        landed = append.messages[0].landed
        change = replace(change, now=MessageRef(change.account, change.target, landed) if landed else None)
        if removal is None or removal.state not in UNDECIDED:
            return replace(change, state="done")
        state = "refused" if removal.state is ActionState.REFUSED else "waiting"
        return replace(change, state=state, words=f"It is there, and still here. {removal.words}".strip())
    if append.state is ActionState.REFUSED:
        return replace(change, state="refused")
    return replace(change, state="waiting" if append.state in UNDECIDED else "gone")
