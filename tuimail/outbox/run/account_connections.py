"""The connections of one account: how many are open, and what a result means for the others.

The first connection goes alone until it has shown that the account works: a wrong password is tried once, not four
times. More open while more than a few letters are due, and never more than the server was found to allow.

Trouble of the account is recorded once, by the letter that met it first; a letter that waited behind it, or met the
same on another connection, is put back as if it had not been tried.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.outbox.model.outcome import account_verdict
from tuimail.outbox.run.connection import Connection
from tuimail.submission.result import Action, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.run.attempt import Attempt
    from tuimail.outbox.run.context import RunContext, Scope
    from tuimail.outbox.run.submitter_pool import SubmitterPool
    from tuimail.outbox.store.claims import Claim
    from tuimail.submission.result import SubmissionResult

log = logging.getLogger(__name__)

FEW = 4
"""Letters per connection that are due before another one opens."""

AT_ONCE = 50
"""How often a letter whose recipients the server takes part by part is tried in one go."""

_HOST = (Action.RETRY, Action.SOON)
_UNDECIDED = (*_HOST, Action.ACCOUNT, Action.REAUTH)


class AccountConnections:
    """Sends the letters of one account."""

    def __init__(
        self,
        context: RunContext,
        account: str,
        submitters: SubmitterPool,
        done: Callable[[OutboxItem, OutboxItem | None, AccountHealth], Awaitable[None]],
        *,
        connections: int,
        scope: Scope,
    ) -> None:
        """``done`` gets every letter as it was claimed and as it is now (None: put back), and the health before."""
        self.context = context
        self.name = account
        self.submitters = submitters
        self.done = done
        self.scope = scope
        self.stalled = False
        """The account met trouble: nothing more is begun."""
        self.stopping = False
        self._tried: Counter[str] = Counter()
        self._in_parts = False
        """The server takes a letter in ever more parts: it goes on another time."""
        self._most = 1 if scope.only else connections
        self._open: dict[int, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._learnt: set[asyncio.Task[None]] = set()
        self._running: set[Connection] = set()
        """Open ones, and those that are closing after their last letter."""
        self._closed: set[int] = set()
        """Numbers of connections that the server did not allow, or that could not be opened."""

    async def run(self) -> None:
        """Send what is due."""
        self._start(0)
        try:
            while self._tasks:
                ended, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                self._tasks -= ended
                for task in ended:
                    task.result()
            for learnt in tuple(self._learnt):
                await learnt
        except BaseException:
            self.stop()
            if self._tasks:
                await asyncio.wait(self._tasks)
            raise

    def stop(self) -> None:
        """Claim nothing more."""
        self.stopping = True
        for connection in self._open.values():
            connection.look_again()

    def attempts(self) -> list[Attempt]:
        """The attempts under way."""
        return [attempt for each in self._running for attempt in each.attempts()]

    @property
    def over(self) -> bool:
        """Nothing more is to be claimed."""
        return self.stopping or self.stalled or self._in_parts

    def tried(self, item_id: str) -> None:
        """An attempt at a letter is over."""
        self._tried[item_id] += 1
        self._in_parts |= self._tried[item_id] > AT_ONCE

    async def widen(self, claim: Claim) -> None:
        """Open another connection, if there is work for it and the server allows it."""
        limit = min(self._most, claim.health.connection_limit or self._most)
        count = len(self._open)
        if self.over or count >= limit:
            return
        due = await self.context.writer.run(
            self.context.store.schedule.waiting, self.name, most=count * FEW + 1, by=self.scope.by
        )
        if due > count * FEW:
            self._start_one_more(count, limit)

    def _start_one_more(self, count: int, limit: int) -> None:
        number = next((each for each in range(limit) if each not in self._open and each not in self._closed), None)
        if number is not None and count == len(self._open) and not self.over:
            self._start(number)

    def counts(self, connection: Connection, attempt: Attempt, result: SubmissionResult) -> bool:
        """Whether the result of an attempt is recorded; else its letter is put back."""
        if result.withdrawn:
            return False
        verdicts, account = tuple(result.recipients.values()), account_verdict(result)
        undecided = not attempt.committed and all(each.action in _UNDECIDED for each in verdicts)
        if undecided and len(self._open) > 1:
            if any(each.crowded for each in verdicts):
                self._narrow(connection, learn=True)
                return False
            if not connection.proven and account is not None and account.action in _HOST:
                refused = account.stage is Stage.GREETING and account.reply is not None
                self._narrow(connection, learn=refused)
                return False
        if account is None:
            return True
        first, self.stalled = not self.stalled, True
        for each in self._open.values():
            each.give_up_waiting()
        return first or attempt.committed or not undecided

    def ended(self, connection: Connection) -> None:
        """A connection has nothing more to do."""
        self._running.discard(connection)
        self._open.pop(connection.number, None)

    def _start(self, number: int) -> None:
        connection = self._open[number] = Connection(self, number)
        self._running.add(connection)
        task = asyncio.create_task(connection.run(), name=f"outbox {self.name} {number}")
        self._tasks.add(task)

    def _narrow(self, connection: Connection, *, learn: bool) -> None:
        """The server does not allow this connection beside the others."""
        connection.closing = True
        connection.give_up_waiting()
        self._open.pop(connection.number, None)
        self._closed.add(connection.number)
        self._most = min(self._most, len(self._open))
        if learn:
            self._learnt.add(asyncio.create_task(self._learn(len(self._open))))

    async def _learn(self, limit: int) -> None:
        try:
            await self.context.writer.run(
                self.context.store.accounts.learn_connection_limit, self.name, connections=limit
            )
        except TuimailError as error:
            log.warning("the limit of connections could not be kept: %s", error)
