"""A server has given its messages other names: what waits for them, or undoes what was done, goes by the new ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.journal.action import UNDECIDED, ActionState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tuimail.journal.action import ActionMessage, MailAction
    from tuimail.journal.store import ActionJournal


def rename_keys(journal: ActionJournal, account: str, folder: str, keys: Mapping[str, str]) -> None:
    """The messages of a folder have other keys now: new ones by old ones. Done twice, it is as done once.

    An action of which every message is recognised is tried at once, if it was put off.

    Raises:
        StorageError: the disk refuses; nothing is changed.
    """
    with journal.writing():
        # What is done may be undone.
        for action in journal.actions(UNDECIDED | {ActionState.DONE}, account=account):
            messages = tuple(_renamed(each, action, folder, keys) for each in action.messages)
            if messages != action.messages:
                put_off = 0.0 if _are_of_one_validity(messages) else action.next_at
                journal.put(replace(action, messages=messages, next_at=put_off))
        journal.marks.rename(account, folder, keys)


def _renamed(message: ActionMessage, action: MailAction, folder: str, keys: Mapping[str, str]) -> ActionMessage:
    if action.folder == folder and message.key in keys:
        message = replace(message, key=keys[message.key])
    if action.target == folder and message.landed in keys:
        message = replace(message, landed=keys[message.landed])
    return message


def _are_of_one_validity(messages: Iterable[ActionMessage]) -> bool:
    """What is still to be done names no message by a key from before."""
    return len({each.key.partition(".")[0] for each in messages if each.key and not each.outcome}) <= 1
