"""The inverse of a command. Pure.

What waits is cancelled, what was refused is dropped. What was begun or done gets an inverse, an action of its own that
follows the messages to where later commands moved them. Deleting for good has no inverse.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import (
    ActionKind,
    ActionMessage,
    ActionState,
    MailAction,
    MessageOrigin,
    MessageOutcome,
    depends,
    names_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Moves = dict[object, list[tuple[MailAction, int]]]
    """Actions that move messages, and which of its messages, by each name that the message had before."""

_BEGUN = frozenset({ActionState.SENT, ActionState.DONE})
_UNDOABLE = _BEGUN | {ActionState.WAITING, ActionState.REFUSED}


def check_undo(command: Sequence[MailAction], others: Sequence[MailAction]) -> None:
    """Refuse to undo a command that cannot be undone.

    Args:
        command: its actions.
        others: every action that is not cancelled or dropped.

    Raises:
        IllegalTransitionError: it was undone or dropped, it deleted for good, or a later command that was not undone
            needs it.
    """
    undoable = [each for each in command if each.state in _UNDOABLE or _done(each)]
    left = {each.after for each in command if _is_gone(each)}
    if undoable and left.issuperset(each.id for each in undoable):
        raise _refusal(command[0], "Another program deleted it where it came from.", "The copy is the last one.")
    if not undoable:
        raise _refusal(command[0], f"What is {command[0].state} cannot be undone.")
    if any(each.kind is ActionKind.DELETE and (each.state in _BEGUN or _done(each)) for each in undoable):
        raise _refusal(command[0], "What was deleted for good cannot be brought back.")
    undone = {each.inverse_of for each in others}
    if any(each.id in undone for each in undoable):
        raise _refusal(command[0], "It was undone already.")
    touched = {name for each in undoable for name in names_of(each)}
    for later in others:
        settled = later.batch == command[0].batch or later.inverse_of or later.id in undone
        if settled or touched.isdisjoint(names_of(later)):
            continue
        if any(_needs(later, each) for each in undoable):
            raise _refusal(later, "A later command needs what this one did.", "Undo that one first.")


def command_inverses(command: Sequence[MailAction], others: Sequence[MailAction]) -> list[MailAction]:
    """The inverses of all actions of a command, the last one's first.

    What came after another action is brought back first: until that is done the copy in the other account stays.
    """
    made: list[MailAction] = []
    moves = {account: _moves(account, others) for account in {each.account for each in command}}
    later = {each.after: each for each in command if each.after}
    place: dict[int, int] = {}
    """Where the inverse of an action is in ``made``."""
    for each in reversed(command):
        follower = later.get(each.id)
        if follower is not None and _is_gone(follower):
            continue
        first = place.get(follower.id) if follower is not None else None
        own = _inverses(each, moves[each.account])
        if own:
            place[each.id] = len(made)
        made += own if first is None else [replace(inverse, after=first - len(made)) for inverse in own]
    return made


def inverses(action: MailAction, others: Iterable[MailAction]) -> list[MailAction]:
    """The actions that bring back what was before ``action``; none if it changed nothing."""
    return _inverses(action, _moves(action.account, others))


def _inverses(action: MailAction, moves: Moves) -> list[MailAction]:
    if action.kind is ActionKind.DELETE:
        return []
    undo = MailAction(action.account, action.kind, "", (), inverse_of=action.id)
    groups: dict[MailAction, list[ActionMessage]] = {}
    for index, each in enumerate(action.messages):
        if each.outcome is MessageOutcome.DONE or (action.state is ActionState.SENT and not each.outcome):
            for made, folder, name in _inverse(action, index, each, undo):
                folder_now, name_now = _followed(folder, name, moves, action.id)
                groups.setdefault(replace(made, folder=folder_now), []).append(name_now)
    return [replace(made, messages=tuple(messages)) for made, messages in groups.items()]


def _inverse(
    action: MailAction, index: int, message: ActionMessage, undo: MailAction
) -> Iterator[tuple[MailAction, str, ActionMessage]]:
    """The inverse for one message without its folder, and where the message is after ``action``."""
    if action.kind is ActionKind.FLAG:
        had = set(message.keywords.split())
        made = replace(
            undo,
            add=action.remove & message.before,
            remove=action.add & ~message.before,
            add_keywords=" ".join(word for word in action.remove_keywords.split() if word in had),
            remove_keywords=" ".join(word for word in action.add_keywords.split() if word not in had),
        )
        if made != undo:
            after = message.before & ~action.remove | action.add
            yield made, action.folder, replace(message, before=after, outcome=MessageOutcome.OPEN)
        return
    done = message.outcome is MessageOutcome.DONE
    name = replace(
        message,
        key=message.landed if done else "",
        origin=None if done else MessageOrigin(action.id, index),
        landed="",
        outcome=MessageOutcome.OPEN,
    )
    back = action.kind is ActionKind.MOVE
    yield replace(undo, target=action.folder) if back else replace(undo, kind=ActionKind.DELETE), action.target, name


def followed(folder: str, message: ActionMessage, actions: Iterable[MailAction]) -> tuple[str, ActionMessage]:
    """Where a message is, or will be, after those of ``actions``, all of its account, that move it: folder and name."""
    moving = (each for each in actions if each.state in _BEGUN or each.state is ActionState.WAITING)
    return _followed(folder, message, _moves("", moving), 0)


def _moves(account: str, others: Iterable[MailAction]) -> Moves:
    """The moves of an account; of all if it has no name."""
    moves: Moves = {}
    for other in others:
        if other.kind is ActionKind.MOVE and account in ("", other.account):
            for index, each in enumerate(other.messages):
                if each.outcome is not MessageOutcome.GONE:
                    moves.setdefault((other.folder, each.key), []).append((other, index))
                    if each.origin:
                        moves.setdefault(each.origin, []).append((other, index))
    return moves


def _followed(folder: str, message: ActionMessage, moves: Moves, first: int) -> tuple[str, ActionMessage]:
    """Where the message is after all ``moves`` that came after the action with the id ``first``."""
    while (found := _move_of(folder, message, moves, first)) is not None:
        later, index = found
        moved = later.messages[index]
        done = moved.outcome is MessageOutcome.DONE
        folder = later.target
        key, origin = (moved.landed, None) if done else ("", MessageOrigin(later.id, index))
        message = replace(message, key=key, origin=origin)
    return folder, message


def _move_of(folder: str, message: ActionMessage, moves: Moves, first: int) -> tuple[MailAction, int] | None:
    """A message that an action moved may be named by that action or by its key since."""
    names = [message.origin] if message.origin else []
    for name in (*names, *([(folder, message.key)] if message.key else [])):
        found = next((each for each in reversed(moves.get(name, ())) if each[0].id > first), None)
        if found is not None:
            return found
    return None


def _needs(later: MailAction, first: MailAction) -> bool:
    """``later`` makes it impossible, or wrong, to undo ``first`` alone. Flags that were changed since do not."""
    if first.state in (ActionState.WAITING, ActionState.REFUSED) and not _done(first):
        return any(each.origin and each.origin.action == first.id for each in later.messages)
    if later.kind is ActionKind.MOVE:
        return first.kind is not ActionKind.FLAG and depends(later, first)
    return later.kind is ActionKind.DELETE and depends(later, first)


def _done(action: MailAction) -> bool:
    return any(each.outcome is MessageOutcome.DONE for each in action.messages)


def _is_gone(action: MailAction) -> bool:
    """It waited for another one, and then there was nothing left to do it to."""
    return bool(action.after) and all(each.outcome is MessageOutcome.GONE for each in action.messages)


def _refusal(action: MailAction, words: str, hint: str = "") -> IllegalTransitionError:
    return IllegalTransitionError(words, state=action.state, verb="undone", hint=hint)
