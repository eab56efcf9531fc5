"""Actions that wait until another one of the same command is done: ``MailAction.after``.

A message is moved to another account by an action that appends it there, and one that takes it away here after that.
What is dropped or cancelled takes with it what waits for it. What is refused lets it wait.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import ActionState, MailAction
from tuimail.journal.row import FOLLOWER, FOLLOWS, SELECT, read_action

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from tuimail.journal.database import JournalDatabase

    Put = Callable[[MailAction], MailAction]
    """Stores an action; inside a transaction."""

NEVER = frozenset({ActionState.DROPPED, ActionState.CANCELLED})
"""States of actions that will not be done."""
GIVEN_UP = "What it was to follow is not done."
"""Words of an action that was dropped together with the one before it."""


def unmet(database: JournalDatabase, actions: Iterable[MailAction]) -> dict[int, float]:
    """Actions, by id, that some of ``actions`` wait for; until when others must have been given to wait as well.

    One that is not there any more is done: it takes with it what waits for it when it is dropped.
    """
    awaited = {each.after for each in actions if each.after}
    return {
        number: changed if state == ActionState.REFUSED else math.inf
        for number, state, changed in _not_done(database, awaited)
    }


def held(database: JournalDatabase, actions: Sequence[MailAction]) -> set[int]:
    """Ids of those of ``actions`` that wait for one that was refused: the user decides about that first."""
    awaited = {each.after for each in actions if each.after}
    refused = {number for number, state, _ in _not_done(database, awaited) if state == ActionState.REFUSED}
    return {each.id for each in actions if each.after in refused}


def followers(database: JournalDatabase, action: MailAction) -> list[MailAction]:
    """Those that wait, or waited, for ``action``."""
    # By the index: every action of a large command may end, each in a transaction of its own.
    query = f"{SELECT} WHERE {FOLLOWER} AND {FOLLOWS} = ? ORDER BY id"
    with database.reading() as db:
        return [read_action(row) for row in db.execute(query, (action.id,)).fetchall()]


def give_up(database: JournalDatabase, ended: MailAction, put: Put) -> None:
    """Drop or cancel what waits for ``ended``, as that was."""
    for each in followers(database, ended):
        if each.state is ActionState.WAITING:
            put(replace(each, state=ended.state, words=GIVEN_UP, changed=ended.changed))


def take_up(database: JournalDatabase, restored: MailAction, put: Put) -> None:
    """Have wait again what was given up with ``restored``."""
    for each in followers(database, restored):
        if each.state is ActionState.DROPPED and each.words == GIVEN_UP:
            waiting = replace(each, state=ActionState.WAITING, words="", changed=restored.changed)
            take_up(database, put(waiting), put)


def check_restorable(database: JournalDatabase, action: MailAction) -> None:
    """Refuse to have an action wait again for what is never done, or was undone: a message could be lost.

    Raises:
        IllegalTransitionError: so it is.
    """
    if not action.after:
        return
    if any(state in NEVER for _, state, _ in _not_done(database, {action.after})):
        words, hint = "What it was to follow was dropped as well.", "Take that back first."
    elif _is_undone(database, action.after):
        words, hint = "The command was undone since.", "Give it again."
    else:
        return
    raise IllegalTransitionError(words, state=action.state, verb="restored", hint=hint)


def accounts_behind(database: JournalDatabase, ended: Iterable[MailAction]) -> set[str]:
    """Accounts of actions that wait, which the end of others of their commands may concern."""
    batches = {each.batch for each in ended}
    query = f"SELECT DISTINCT account, batch FROM action WHERE state = ? AND {FOLLOWER}"  # noqa: S608
    with database.reading() as db:
        return {account for account, batch in db.execute(query, (ActionState.WAITING,)).fetchall() if batch in batches}


def with_reasons(database: JournalDatabase, actions: Sequence[MailAction]) -> list[MailAction]:
    """``actions`` with words that tell what they wait for; for the user to see."""
    awaited = {each.after for each in actions if each.after}
    states = {number: state for number, state, _ in _not_done(database, awaited)}
    told = []
    for each in actions:
        if each.state is ActionState.WAITING and each.after in states:
            refused = ", which was refused" if states[each.after] == ActionState.REFUSED else ""
            told.append(replace(each, words=f"It waits for change {each.after}{refused}. {each.words}".strip()))
        else:
            told.append(each)
    return told


def _is_undone(database: JournalDatabase, number: int) -> bool:
    query = "SELECT 1 FROM action WHERE json_extract(details, '$.inverse_of') = ?"
    with database.reading() as db:
        return db.execute(query, (number,)).fetchone() is not None


def _not_done(database: JournalDatabase, numbers: Collection[int]) -> list[tuple[int, str, float]]:
    """Id, state and last change of those that are not done."""
    if not numbers:
        return []
    with database.reading() as db:
        rows = db.execute("SELECT id, state, changed FROM action WHERE state <> ?", (ActionState.DONE,)).fetchall()
    return [row for row in rows if row[0] in numbers]
