"""One connection to a server, and the letters under way on it.

It claims the next letters while one is on the wire, so that they can open behind its dot (submission/smtp).
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Protocol

from tuimail.coordination.lock import attempt_owner
from tuimail.errors import TuimailError
from tuimail.events import ItemChanged
from tuimail.outbox.run.attempt import LEASE, Attempt
from tuimail.submission.result import Stage
from tuimail.submission.submitter import pipeline_depth

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.run.context import RunContext, Scope
    from tuimail.outbox.run.submitter_pool import SubmitterPool
    from tuimail.outbox.store.claims import Claim
    from tuimail.submission.result import SubmissionResult
    from tuimail.submission.submitter import Submitter

_ON_A_LETTER = frozenset(Stage) - {
    Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH,
}  # fmt: skip
_NUMBERS = itertools.count(1)
"""Of attempts; each holds its lease by a name of its own (coordination/lock)."""


class ConnectionOwner(Protocol):
    """What sends the letters of an account through its connections (run/account_connections)."""

    name: str
    """Of the account."""
    context: RunContext
    scope: Scope
    submitters: SubmitterPool
    stalled: bool
    """The account met trouble."""

    @property
    def over(self) -> bool:
        """Nothing more is to be claimed."""

    def counts(self, connection: Connection, attempt: Attempt, result: SubmissionResult) -> bool:
        """Whether the result of an attempt is recorded; else its letter is put back."""

    def tried(self, item_id: str) -> None:
        """An attempt at a letter is over."""

    async def widen(self, claim: Claim) -> None:
        """Open another connection, if there is work for it."""

    def ended(self, connection: Connection) -> None:
        """The connection has nothing more to do."""

    def done(self, item: OutboxItem, after: OutboxItem | None, before: AccountHealth) -> Awaitable[None]:
        """A letter was tried: as it was claimed, as it is now (None: put back), and the account's health before."""


class Connection:
    """One connection and the letters under way on it."""

    def __init__(self, account: ConnectionOwner, number: int) -> None:
        self.number = number
        self.proven = False
        """A letter got as far as MAIL: the server lets us in."""
        self.closing = False
        self._wake = asyncio.Event()
        """An answer came, a letter is done, or the server let us in."""
        self._account = account
        self._under_way: dict[asyncio.Task[None], Attempt] = {}

    async def run(self) -> None:
        """Send letter by letter until nothing is due."""
        account = self._account
        try:
            exhausted = False
            while True:
                self._wake.clear()
                exhausted = not self._collect() and exhausted
                unanswered = sum(not attempt.answered for attempt in self._under_way.values())
                if not exhausted and not self.closing and not account.over and unanswered < self._room():
                    exhausted = not await self._begin()
                    continue
                if not self._under_way:
                    return
                await self._wake.wait()
        except BaseException:
            await self._abandon()
            raise
        finally:
            account.ended(self)
            if self.closing:
                await account.submitters.forget(account.name, self.number)

    def attempts(self) -> list[Attempt]:
        """Those under way."""
        return [attempt for task, attempt in self._under_way.items() if not task.done()]

    def look_again(self) -> None:
        """Something happened that this connection waits for."""
        self._wake.set()

    def give_up_waiting(self) -> None:
        """Put back the letters that are not on the wire yet."""
        for attempt in self._under_way.values():
            if not attempt.begun:
                attempt.give_up(probe=False)
        self.look_again()

    def _room(self) -> int:
        """How many letters may be under way without an answer."""
        if not self.proven or self._account.scope.only:
            return 1
        try:
            return 1 + pipeline_depth(self._submitter(self._account.name))
        except TuimailError:
            return 1

    async def _begin(self) -> bool:
        """Claim a letter and start an attempt at it; whether there was one."""
        account, context = self._account, self._account.context
        claim = await context.writer.run(
            context.store.claims.take,
            attempt_owner(context.owner, next(_NUMBERS)),
            account=account.name,
            lease=LEASE,
            only=account.scope.only,
            by=account.scope.by,
        )
        if claim is None:
            return False
        context.announcer.announce(ItemChanged(claim.item.id))
        attempt = Attempt(
            context,
            claim,
            patient=account.scope.patient,
            reached=self._reached,
            counts=lambda result: self._answered(attempt, result),
        )
        if account.over or self.closing:
            attempt.give_up(probe=not (account.stalled or self.closing))
        task = asyncio.create_task(self._carry_out(attempt, claim))
        self._under_way[task] = attempt
        task.add_done_callback(lambda _: self.look_again())
        if self.proven:
            await account.widen(claim)
        return True

    async def _carry_out(self, attempt: Attempt, claim: Claim) -> None:
        account = self._account
        try:
            after = await attempt.run(self._submitter)
        finally:
            account.submitters.used(account.name, self.number)
        account.tried(claim.item.id)
        await account.done(claim.item, after, claim.health)

    def _answered(self, attempt: Attempt, result: SubmissionResult) -> bool:
        attempt.answered = True
        self.look_again()
        return self._account.counts(self, attempt, result)

    def _reached(self, stage: Stage) -> None:
        if not self.proven and stage in _ON_A_LETTER:
            self.proven = True
            self.look_again()

    def _submitter(self, account: str) -> Submitter:
        return self._account.submitters.submitter(account, self.number)

    def _collect(self) -> bool:
        """Forget the attempts that are over; whether there were any. Raises what they raised."""
        ended = [each for each in self._under_way if each.done()]
        for task in ended:
            del self._under_way[task]
            task.result()
        return bool(ended)

    async def _abandon(self) -> None:
        """The connection ends by force: its attempts put their letters back or wait for their answers."""
        for attempt in self._under_way.values():
            attempt.give_up()
        if self._under_way:
            await asyncio.wait(self._under_way)
