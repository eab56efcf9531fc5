"""The journal's table: every change is one durable transaction, and none is told before it is.

A transition is made only from the state and by the owner that the table has at that moment, so that of two processes
that want the same one wins and the other is told.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import LeaseLostError, NoSuchItemError
from tuimail.journal import after
from tuimail.journal.action import (
    UNDECIDED,
    ActionState,
    MailAction,
    MessageOutcome,
    check_transition,
    ready,
)
from tuimail.journal.database import JournalDatabase
from tuimail.journal.letters import LetterFiles
from tuimail.journal.marks import DeletionMarks
from tuimail.journal.pruning import forget
from tuimail.journal.row import COLUMNS, SELECT, cause_written, read_action, values_of
from tuimail.journal.threads import ThreadChanges
from tuimail.journal.undo import check_undo, command_inverses

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from tuimail.journal.action import ActionMessage

_STORE = f"REPLACE INTO action ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


class ActionJournal:
    """The open journal. Used by one thread at a time."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """Open the journal in ``folder``; make it if there is none.

        Raises:
            StorageError: the disk refuses, it is damaged, or a newer tuimail wrote it.
        """
        self.database = JournalDatabase(folder)  # its parts read from it
        self._now = now
        self.marks = DeletionMarks(self.database)
        """Messages marked to be deleted."""
        self.threads = ThreadChanges(self.database)  # what was done to threads
        self.letters = LetterFiles(folder / "letters")  # what is to be appended

    def version(self) -> int:
        """Changes when another process has stored something. Raises StorageError."""
        return self.database.version()

    def close(self) -> None:
        """Close it."""
        self.database.close()

    def add(self, actions: Sequence[MailAction]) -> list[MailAction]:
        """Store the actions of one command, all or none; when it returns they survive a power cut.

        Raises:
            StorageError: the disk refuses, or another process writes for longer than BUSY_SECONDS; none is stored.
        """
        with self.writing():
            return self.insert(actions)

    def add_once(self, cause: str, make: Callable[[], MailAction]) -> MailAction | None:
        """Store the action that ``make`` gives unless there is one of this ``cause``; None if there is.

        ``make`` is called within the transaction, so that it sees the journal as it is.

        Raises:
            StorageError: as ``add``.
        """
        with self.writing() as db:
            if db.execute("SELECT 1 FROM action WHERE instr(details, ?)", (cause_written(cause),)).fetchone():
                return None
            (stored,) = self.insert([replace(make(), cause=cause)])
            return stored

    def insert(self, actions: Sequence[MailAction]) -> list[MailAction]:
        """``add`` as a part of an open transaction."""
        stored: list[MailAction] = []
        now = self._now()
        for each in actions:
            cursor = self.database.db.execute("INSERT INTO action (account) VALUES (?)", (each.account,))
            number = int(cursor.lastrowid or 0)
            batch = stored[0].id if stored else number
            first = stored[each.after].id if each.after < 0 else each.after
            stored.append(replace(each, id=number, batch=batch, after=first, created=now, changed=now))
            self.put(stored[-1])
        return stored

    def get(self, number: int) -> MailAction:
        """The action with this id. Raises NoSuchItemError."""
        with self.database.reading() as db:
            row = db.execute(f"{SELECT} WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise NoSuchItemError(f"There is no action {number} in the journal.", hint="It was done long ago.")
            return read_action(row)

    def actions(self, states: Collection[ActionState] = tuple(ActionState), *, account: str = "") -> list[MailAction]:
        """The actions in these states in the order they were given, those of one account or of all."""
        places = ", ".join("?" * len(states))
        where, values = ("AND account = ?", [account]) if account else ("", [])
        with self.database.reading() as db:
            rows = db.execute(f"{SELECT} WHERE state IN ({places}) {where} ORDER BY id", [*states, *values])
            return [read_action(row) for row in rows.fetchall()]

    def batch(self, number: int) -> list[MailAction]:
        """The actions of one command, by the id of the first. Raises NoSuchItemError: there is no such command."""
        with self.database.reading() as db:
            rows = db.execute(f"{SELECT} WHERE batch = ? ORDER BY id", (number,)).fetchall()
            found = [read_action(row) for row in rows]
        return found or [self.get(number)]

    def next_ready(self, account: str) -> MailAction | None:
        """The action of the account whose turn it is: waiting, or sent by a process that did not finish it."""
        return next(iter(self.ready(account)), None)

    def next_try(self, account: str, after: float) -> float | None:
        """When, after that moment, the next action of the account that is put off may be tried again; None: none is."""
        query = "SELECT min(next_at) FROM action WHERE account = ? AND state IN (?, ?) AND next_at > ?"
        with self.database.reading() as db:
            found = db.execute(query, (account, ActionState.WAITING, ActionState.SENT, after)).fetchone()
            return None if found[0] is None else float(found[0])

    def ready(self, account: str) -> list[MailAction]:
        """Every action of the account that may be carried out now, in the order they were given."""
        # Resolved, for a message that has landed may be named in both ways.
        undecided = self.actions(UNDECIDED, account=account)
        return list(ready(map(self.resolved, undecided), self._now(), after.unmet(self.database, undecided)))

    def resolved(self, action: MailAction) -> MailAction:
        """``action`` with the keys under which its messages landed that are named by the action that moved them."""
        known = (self._resolved(each) for each in action.messages)
        return replace(action, messages=tuple(b if b.key else a for a, b in zip(action.messages, known, strict=True)))

    def mark(
        self, number: int, owner: str, *, landed: Sequence[str] = (), mark: str = "", proofs: Sequence[str] = ()
    ) -> MailAction:
        """Make the action *sent* by ``owner``, before the mailbox is touched; one that is sent gets a new owner.

        Only the holder of the account's lock may call it. ``landed``, ``mark`` and ``proofs`` are what the replayer
        needs for its proof; of an action that is sent already those of the first time stay, unless it had no ``mark``.
        An action that is tried again keeps the names in ``landed`` that it has, and its mark where ``mark`` is empty.

        Raises:
            IllegalTransitionError: it was undone or finished meanwhile.
        """
        with self.writing():
            action = self.get(number)
            if action.state is ActionState.SENT and (action.mark or not mark):
                return self.put(replace(action, owner=owner, changed=self._now()))
            if action.state is not ActionState.SENT:
                check_transition(action, ActionState.SENT, "begun")
            messages = tuple(self._resolved(each) for each in action.messages)
            if landed:
                messages = tuple(
                    replace(each, landed=each.landed or key) for each, key in zip(messages, landed, strict=True)
                )
            if proofs:
                messages = tuple(replace(each, proof=text) for each, text in zip(messages, proofs, strict=True))
            mark = mark or action.mark
            return self.put(
                replace(action, state=ActionState.SENT, owner=owner, messages=messages, mark=mark, changed=self._now())
            )

    def finish(
        self, number: int, owner: str, to: ActionState, messages: Sequence[ActionMessage], words: str = ""
    ) -> MailAction:
        """The end of what ``owner`` began: done, refused or dropped with a reason, or waiting again.

        Raises:
            LeaseLostError: another process has taken it over; nothing is written.
        """
        with self.writing():
            action = self._owned(number, owner)
            check_transition(action, to, to)
            changed = replace(action, state=to, owner="", messages=tuple(messages), words=words, changed=self._now())
            return self.put(changed)

    def record(self, number: int, owner: str, messages: Sequence[ActionMessage]) -> MailAction:
        """What is known by now of the messages of what ``owner`` began.

        Raises:
            LeaseLostError: another process has taken it over; nothing is written.
        """
        with self.writing():
            action = self._owned(number, owner)
            return self.put(replace(action, messages=tuple(messages), changed=self._now()))

    def interrupt(self, number: int, owner: str, words: str, seconds: float) -> MailAction:
        """The connection was lost, which is not counted as a try: others have their turn first for so many seconds.

        Raises:
            LeaseLostError: another process has taken it over, or it was undone; nothing is written.
        """
        with self.writing():
            action = self.get(number)
            if action.state is not ActionState.WAITING:
                action = self._owned(number, owner)
            now = self._now()
            return self.put(replace(action, words=words, next_at=now + seconds, changed=now))

    def put_off(
        self, number: int, owner: str, messages: Sequence[ActionMessage], words: str, seconds: float
    ) -> MailAction:
        """The mailbox could not be changed now; it stays *sent*, for a part may have been done.

        Raises:
            LeaseLostError: another process has taken it over; nothing is written.
        """
        with self.writing():
            action = self._owned(number, owner)
            now = self._now()
            off = replace(action, messages=tuple(messages), words=words, tries=action.tries + 1)
            return self.put(replace(off, next_at=now + seconds, changed=now))

    def undo(self, command: int) -> list[MailAction]:
        """Undo a command, by the id of its first action; the inverses of what was begun or done already.

        Raises:
            IllegalTransitionError: it cannot be undone, or another process was faster; nothing is changed.
        """
        with self.writing():
            actions, others = self.batch(command), self.actions(UNDECIDED | {ActionState.DONE})
            check_undo(actions, others)
            for each in actions:
                to = {ActionState.WAITING: ActionState.CANCELLED, ActionState.REFUSED: ActionState.DROPPED}.get(
                    each.state
                )
                if to:
                    self.put(replace(each, state=to, changed=self._now()))
            return self.insert(command_inverses(actions, others))

    def prune(self, most: int = sys.maxsize) -> int:
        """Forget what was finished long ago (journal/pruning), the oldest ``most``; how many. Raises StorageError."""
        return forget(self.database, self._now(), most)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction (journal/database)."""
        with self.database.writing() as db:
            yield db

    def put(self, action: MailAction) -> MailAction:
        """Store an action as it is; inside ``writing``."""
        self.database.db.execute(_STORE, values_of(action))
        if action.state in after.NEVER:
            after.give_up(self.database, action, self.put)
        return action

    def _owned(self, number: int, owner: str) -> MailAction:
        action = self.get(number)
        if action.state is not ActionState.SENT or action.owner != owner:
            raise LeaseLostError("Another tuimail has taken this action over.")
        return action

    def _resolved(self, message: ActionMessage) -> ActionMessage:
        """A message named by the action that moves it gets the key it landed under."""
        if message.origin is None or message.key:
            return message
        try:
            found = self.get(message.origin.action).messages[message.origin.index]
        except (NoSuchItemError, IndexError):
            return replace(message, outcome=MessageOutcome.GONE)
        if found.outcome is not MessageOutcome.DONE or not found.landed:
            return replace(message, outcome=MessageOutcome.GONE)
        return replace(message, key=found.landed)
