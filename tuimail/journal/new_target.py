"""The folder that an action puts messages into has another name than was thought when the action was given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.journal.action import UNDECIDED

if TYPE_CHECKING:
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal


def rename_target(journal: ActionJournal, number: int, folder: str) -> MailAction:
    """An action appends to ``folder``, and what waits for its message looks for that there. The action as it is now.

    Raises:
        NoSuchItemError: there is none of this id.
        StorageError: the disk refuses; nothing is changed.
    """
    with journal.writing():
        action = journal.get(number)
        for each in journal.actions(UNDECIDED, account=action.account):
            if each.id == number or any(it.origin and it.origin.action == number for it in each.messages):
                own = folder if each.folder == action.target else each.folder
                target = folder if each.target == action.target else each.target
                journal.put(replace(each, folder=own, target=target))
        return journal.get(number)
