"""What was finished longer ago than it is kept for undo (journal/action) leaves the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.journal.action import FINISHED, KEPT, KEPT_APPENDS, UNDECIDED
from tuimail.journal.row import SELECT, read_action

if TYPE_CHECKING:
    from tuimail.journal.database import JournalDatabase

PIECE = 500
"""Actions that are forgotten in one transaction, so that others can write in between."""
_FINISHED = ", ".join("?" * len(FINISHED))
_UNDECIDED = ", ".join("?" * len(UNDECIDED))
_FOLLOWED = "kind IN ('append', 'delete') AND instr(details, '\"cause\":')"
_OLD = f"state IN ({_FINISHED}) AND changed < CASE WHEN {_FOLLOWED} THEN ? ELSE ? END"


def forget(database: JournalDatabase, now: float, most: int) -> int:
    """Forget what is old at the moment ``now``, in seconds since the epoch, the oldest ``most``; how many.

    What one that is not decided yet names its messages by stays.

    Raises:
        StorageError: the disk refuses, or another process writes for longer than BUSY_SECONDS; a part may be gone.
    """
    values = (*FINISHED, now - KEPT_APPENDS, now - KEPT)
    with database.reading() as db:
        query = f"SELECT id FROM action WHERE {_OLD} ORDER BY id LIMIT ?"  # noqa: S608
        numbers = [number for (number,) in db.execute(query, (*values, most)).fetchall()]
        if not numbers:
            return 0
        undecided = db.execute(f"{SELECT} WHERE state IN ({_UNDECIDED})", tuple(UNDECIDED)).fetchall()
    named = {each.origin.action for row in undecided for each in read_action(row).messages if each.origin}
    numbers = [number for number in numbers if number not in named]
    gone = 0
    for start in range(0, len(numbers), PIECE):
        piece = numbers[start : start + PIECE]
        query = f"DELETE FROM action WHERE id IN ({', '.join('?' * len(piece))}) AND {_OLD}"  # noqa: S608
        with database.writing() as db:
            gone += db.execute(query, (*piece, *values)).rowcount
    return gone
