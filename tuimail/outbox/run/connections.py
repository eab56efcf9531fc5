"""The lanes of one account: each a connection and the letters under way on it.

The first lane goes alone until it has shown that the account works: a wrong password is tried once, not four times.
More lanes open while more than a few letters are due, and never more than the server was found to bear.

A lane claims the next letters while one is on the wire, so that they can open behind its dot (submission/smtp). What
they meet is told apart: trouble of the account is recorded once, by the letter that met it first; whoever waited
behind it, or met the same on another connection, is put back as if it had not been tried.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from typing import TYPE_CHECKING

from tuimail.coordination.lock import attempt_owner
from tuimail.errors import TuimailError
from tuimail.events import ItemChanged
from tuimail.outbox.model.outcome import account_verdict
from tuimail.outbox.run.attempt import LEASE, Attempt, RunContext
from tuimail.submission.result import Action, Stage
from tuimail.submission.submitter import letters_ahead

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.run.submitter_pool import SubmitterPool
    from tuimail.outbox.store.claims import Taken
    from tuimail.submission.result import SubmissionResult
    from tuimail.submission.submitter import Submitter

log = logging.getLogger(__name__)

FEW = 4
"""Letters per lane that are due before another lane opens."""

AT_ONCE = 50
"""How often a letter whose recipients the server takes part by part is tried in one go."""

_ON_A_LETTER = frozenset(Stage) - {
    Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH,
}  # fmt: skip
_NUMBERS = itertools.count(1)
"""Of attempts; each holds its lease by a name of its own (coordination/lock)."""
_HOST = (Action.RETRY, Action.SOON)
_UNDECIDED = (*_HOST, Action.ACCOUNT, Action.REAUTH)


class AccountConnections:
    """What sends the letters of one account."""

    def __init__(
        self,
        desk: RunContext,
        account: str,
        ways: SubmitterPool,
        done: Callable[[OutboxItem, OutboxItem | None, AccountHealth], Awaitable[None]],
        *,
        connections: int,
        attempts: set[Attempt],
        patient: bool = True,
        only: str | None = None,
        by: float | None = None,
    ) -> None:
        """``done`` is told of every letter: as it was claimed, as it is now (None: put back), and the health before.

        ``attempts`` holds those under way. ``only`` sends no letter but that one; ``by`` none that waits for a later
        time than that.
        """
        self.desk = desk
        self.account = account
        self.ways = ways
        self.done = done
        self.attempts = attempts
        self.patient = patient
        self.only = only
        self.by = by
        self.stalled = False
        """The account met trouble: nothing more is begun."""
        self.stopping = False
        self._tried: Counter[str] = Counter()
        self._round = False
        """A letter goes round: the server takes it in ever more parts."""
        self._most = 1 if only else connections
        self._open: dict[int, AccountConnection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._learnt: set[asyncio.Task[None]] = set()
        self._closed: set[int] = set()
        """Connections the server did not bear, or whose connection did not come about."""

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
        for lane in self._open.values():
            lane.stir.set()

    @property
    def over(self) -> bool:
        """Nothing more is to be claimed."""
        return self.stopping or self.stalled or self._round

    def tried(self, item_id: str) -> None:
        """An attempt at a letter is over."""
        self._tried[item_id] += 1
        self._round |= self._tried[item_id] > AT_ONCE

    async def widen(self, taken: Taken) -> None:
        """Open another lane, if there is work for it and the server bears it."""
        limit = min(self._most, taken.health.connection_limit or self._most)
        count = len(self._open)
        if self.over or count >= limit:
            return
        due = await self.desk.writer.run(self.desk.queue.waiting, self.account, most=count * FEW + 1, by=self.by)
        if due > count * FEW:
            self._start_one_more(count, limit)

    def _start_one_more(self, count: int, limit: int) -> None:
        number = next((each for each in range(limit) if each not in self._open and each not in self._closed), None)
        if number is not None and count == len(self._open) and not self.over:
            self._start(number)

    def counts(self, lane: AccountConnection, attempt: Attempt, result: SubmissionResult) -> bool:
        """Whether what an attempt came to is recorded; else its letter is put back."""
        if result.withdrawn:
            return False
        verdicts, account = tuple(result.recipients.values()), account_verdict(result)
        told_nothing = not attempt.committed and all(each.action in _UNDECIDED for each in verdicts)
        if told_nothing and len(self._open) > 1:
            if any(each.crowded for each in verdicts):
                self._narrow(lane, learn=True)
                return False
            if not lane.proven and account is not None and account.action in _HOST:
                refused = account.stage is Stage.GREETING and account.reply is not None
                self._narrow(lane, learn=refused)
                return False
        if account is None:
            return True
        first, self.stalled = not self.stalled, True
        for each in self._open.values():
            each.give_up_waiting()
        return first or attempt.committed or not told_nothing

    def ended(self, lane: AccountConnection) -> None:
        """A lane has nothing more to do."""
        self._open.pop(lane.number, None)

    def _start(self, number: int) -> None:
        lane = self._open[number] = AccountConnection(self, number)
        task = asyncio.create_task(lane.run(), name=f"outbox {self.account} {number}")
        self._tasks.add(task)

    def _narrow(self, lane: AccountConnection, *, learn: bool) -> None:
        """The server does not bear this lane beside the others."""
        lane.closing = True
        lane.give_up_waiting()
        self._open.pop(lane.number, None)
        self._closed.add(lane.number)
        self._most = min(self._most, len(self._open))
        if learn:
            self._learnt.add(asyncio.create_task(self._learn(len(self._open))))

    async def _learn(self, limit: int) -> None:
        try:
            await self.desk.writer.run(self.desk.queue.learn_connection_limit, self.account, connections=limit)
        except TuimailError as error:
            log.warning("the limit of connections could not be kept: %s", error)


class AccountConnection:
    """One connection and the letters under way on it."""

    def __init__(self, lanes: AccountConnections, number: int) -> None:
        self.number = number
        self.proven = False
        """A letter got as far as MAIL: the server lets us in."""
        self.closing = False
        self.stir = asyncio.Event()
        """Something happened: an answer came, a letter is done, the server let us in."""
        self._lanes = lanes
        self._under_way: dict[asyncio.Task[None], Attempt] = {}

    async def run(self) -> None:
        """Send letter by letter until nothing is due."""
        lanes = self._lanes
        try:
            exhausted = False
            while True:
                self.stir.clear()
                exhausted = not self._collect() and exhausted
                unanswered = sum(not attempt.answered for attempt in self._under_way.values())
                if not exhausted and not self.closing and not lanes.over and unanswered < self._room():
                    exhausted = not await self._begin()
                    continue
                if not self._under_way:
                    return
                await self.stir.wait()
        except BaseException:
            await self._abandon()
            raise
        finally:
            lanes.ended(self)
            if self.closing:
                await lanes.ways.forget(lanes.account, self.number)

    def give_up_waiting(self) -> None:
        """Put back the letters that are not on the wire yet."""
        for attempt in self._under_way.values():
            if not attempt.begun:
                attempt.give_up(probe=False)
        self.stir.set()

    def _room(self) -> int:
        """How many letters may be under way without an answer."""
        if not self.proven or self._lanes.only:
            return 1
        try:
            return 1 + letters_ahead(self._way(self._lanes.account))
        except TuimailError:
            return 1

    async def _begin(self) -> bool:
        """Claim a letter and start an attempt at it; whether there was one."""
        lanes, desk = self._lanes, self._lanes.desk
        taken = await desk.writer.run(
            desk.queue.take,
            attempt_owner(desk.owner, next(_NUMBERS)),
            account=lanes.account,
            lease=LEASE,
            only=lanes.only,
            by=lanes.by,
        )
        if taken is None:
            return False
        desk.announcer.announce(ItemChanged(taken.item.id))
        attempt = Attempt(
            desk,
            taken,
            patient=lanes.patient,
            reached=self._reached,
            counts=lambda result: self._answered(attempt, result),
        )
        lanes.attempts.add(attempt)
        if lanes.over or self.closing:
            attempt.give_up(probe=not (lanes.stalled or self.closing))
        task = asyncio.create_task(self._carry_out(attempt, taken))
        self._under_way[task] = attempt
        task.add_done_callback(lambda _: self.stir.set())
        if self.proven:
            await lanes.widen(taken)
        return True

    async def _carry_out(self, attempt: Attempt, taken: Taken) -> None:
        lanes = self._lanes
        try:
            after = await attempt.run(self._way)
        finally:
            lanes.attempts.discard(attempt)
            lanes.ways.used(lanes.account, self.number)
        lanes.tried(taken.item.id)
        await lanes.done(taken.item, after, taken.health)

    def _answered(self, attempt: Attempt, result: SubmissionResult) -> bool:
        attempt.answered = True
        self.stir.set()
        return self._lanes.counts(self, attempt, result)

    def _reached(self, stage: Stage) -> None:
        if not self.proven and stage in _ON_A_LETTER:
            self.proven = True
            self.stir.set()

    def _way(self, account: str) -> Submitter:
        return self._lanes.ways.way(account, self.number)

    def _collect(self) -> bool:
        """Forget the attempts that are over; whether there were any. Raises what they raised."""
        ended = [each for each in self._under_way if each.done()]
        for task in ended:
            del self._under_way[task]
            task.result()
        return bool(ended)

    async def _abandon(self) -> None:
        """The lane ends by force: its attempts put their letters back or wait for their answers."""
        for attempt in self._under_way.values():
            attempt.give_up()
        if self._under_way:
            await asyncio.wait(self._under_way)
