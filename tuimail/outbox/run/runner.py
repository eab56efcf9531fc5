"""Sends what is due, files what was accepted, flags what it answers, sleeps until there is more.

One per engine; any number per outbox.

One task per account that has due letters (run/account_connections), and those for accepted ones (run/accepted_work).
The loop sleeps (run/wakeup) until something is due or ``wake`` is called: by a change of this process, or by what the
engine listens to (engine/wake_events): other processes, the network, the clock.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuimail.clock import asleep
from tuimail.config.model import CONNECTIONS
from tuimail.coordination.lock import Machine
from tuimail.errors import StorageError
from tuimail.events import (
    ItemChanged,
    Notice,
    Severity,
)
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.run.accepted_work import AcceptedWork
from tuimail.outbox.run.account_connections import AT_ONCE, AccountConnections
from tuimail.outbox.run.announcements import OtherProcesses, announce_attempt, announce_changed
from tuimail.outbox.run.context import RunContext, Scope, Sleep, first_of
from tuimail.outbox.run.error_pause import PAUSE, ErrorPause
from tuimail.outbox.run.submitter_pool import SubmitterPool
from tuimail.outbox.run.wakeup import LOOK, Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from tuimail.clock import Clock
    from tuimail.coordination.writer import Writer
    from tuimail.events import Announcer
    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.run.answered_flag_worker import AnsweredFlagger
    from tuimail.outbox.run.attempt import Attempt
    from tuimail.outbox.run.sent_copy_worker import CopyFiler
    from tuimail.outbox.store.store import Store
    from tuimail.submission.submitter import Submitter

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


FINISH = 7.0
"""Seconds that a letter past its dot gets for its answer when the program ends.

The rest of the watchdog's GRACE is for recording what became of it; after that the process ends by force.
"""


def _usual(account: str) -> int:  # noqa: ARG001
    return CONNECTIONS


class Runner:
    """The worker of the outbox."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        submitter_for: Callable[[str], Submitter],
        announcer: Announcer,
        clock: Clock,
        *,
        filer: CopyFiler | None = None,
        flagger: AnsweredFlagger | None = None,
        owner: str = "",
        sleep: Sleep = asyncio.sleep,
        asleep: Callable[[], float | None] = asleep,
        connections: Callable[[str], int] = _usual,
    ) -> None:
        """``submitter_for`` makes a submitter for an account; it may raise a TuimailError (no such account).

        ``connections`` says how many letters of an account may be sent at the same time.
        """
        self.owner = owner or Machine().owner()
        self._store = store
        self._writer = writer
        self._connections = connections
        self._announcer = announcer
        self._clock = clock
        self._sleep = sleep
        self._rest = Wakeup(clock, sleep, asleep)
        self._context = RunContext(store, writer, announcer, self.owner, sleep)
        self._woken = asyncio.Event()
        self._stopping = False
        self._accepted = AcceptedWork(self._context, clock, filer, flagger, touched=self._touch, ended=self._task_ended)
        self._submitters = SubmitterPool(submitter_for, clock)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """By account."""
        self._senders: set[AccountConnections] = set()
        self._apart: set[asyncio.Task[None]] = set()
        """Tasks outside of the loop."""
        self._touched: dict[str, None] | None = None
        """Ids of the letters that a single run tried or filed; None: not a single run."""
        self._others = OtherProcesses(announcer)
        self._error_pause = ErrorPause(clock, announcer)
        self.host_back: Callable[[str], None] = lambda _account: None
        """Called with an account whose host was in trouble and answers again."""

    # -- working
    async def run(self) -> None:
        """Work until ``stop``. Cancelled, it stops as ``stop`` does."""
        try:
            while not self._stopping:
                try:
                    if not self._others.seen:  # before the first read: what is committed after that is announced
                        self._others.look(await self._do(self._store.queries.version))
                    await self._start_due()
                    await self._wait(await self._pause())
                except StorageError as error:
                    self._announcer.announce(Notice(f"The outbox stands still: {error} {error.hint}", Severity.ERROR))
                    await first_of(self._sleep(PAUSE), self._woken.wait())
                    self._woken.clear()
        finally:
            await self.stop()

    async def run_once(self) -> Sequence[OutboxItem]:
        """Try everything due now once and file what was accepted; the items touched, as they are afterwards.

        What is due only while this goes on, because it was deferred, is left for another time.

        Raises:
            StorageError: the outbox cannot be read or written.
        """
        self._touched = {}
        tried: dict[str, int] = {}
        announce_changed(self._announcer, await self._do(self._store.recovery.recover, self.owner))
        began = self._clock.now()
        while due := [
            each for each in await self._do(self._store.schedule.accounts_due, by=began) if tried.get(each, 0) < AT_ONCE
        ]:
            for each in due:
                tried[each] = tried.get(each, 0) + 1
            await self._all_of(*(self._send(each, Scope(by=began, patient=False)) for each in due))
        await self._accepted.run()
        await self._submitters.close()
        touched, self._touched = self._touched, None
        return [await self._do(self._store.queries.item, item_id) for item_id in touched]

    async def run_one(self, item_id: str) -> OutboxItem:
        """Try one letter now, if it is due and not claimed, and no other letter; the letter afterwards.

        Raises:
            StorageError: the outbox cannot be read or written.
            NoSuchItemError: there is no such letter.
        """
        item = await self._do(self._store.queries.item, item_id)
        await self._all_of(self._send(item.account, Scope(only=item.id, patient=False)))
        return await self._do(self._store.queries.item, item.id)

    async def file_one(self, item_id: str) -> OutboxItem:
        """File the Sent copy of one letter, if it is due and not claimed, and flag what it answers; the letter then."""
        await self._accepted.run(only=item_id)
        return await self._do(self._store.queries.item, item_id)

    async def _all_of(self, *works: Coroutine[object, object, None]) -> None:
        """Wait for work outside of the loop. Cancelled, it ends as ``stop`` ends it, without waiting for a server."""
        tasks = [asyncio.create_task(work, name="outbox once") for work in works]
        self._apart.update(tasks)
        try:
            await asyncio.wait(tasks)
            for task in tasks:
                await task
        except asyncio.CancelledError:
            await self.stop()
            raise
        finally:
            self._apart.difference_update(tasks)

    def wake(self) -> None:
        """Look for due letters now."""
        self._woken.set()

    def _attempts(self) -> list[Attempt]:
        return [attempt for sender in self._senders for attempt in sender.attempts()]

    async def retry_all_now(self) -> None:
        """The network is up, or the machine woke: what waits for a retry goes now."""
        await self._do(self._store.schedule.retry_all_now)
        self.wake()

    async def retry_now(self, account: str) -> None:
        """Another service of the account can connect again: what waits for a host of it goes now."""
        if await self._do(self._store.schedule.retry_now, account):
            self.wake()

    async def stop(self, *, finish: float = FINISH) -> None:
        """Put back what was not sent, wait for the answer to a dot at most ``finish`` seconds, close connections.

        A letter whose answer did not come by then is recorded as uncertain.
        """
        self._stopping = True
        self._woken.set()
        for sender in self._senders:
            sender.stop()
        for attempt in self._attempts():
            attempt.give_up()
        tasks = [*self._tasks.values(), *self._apart, *self._accepted.stop()]
        if tasks:
            if finish and any(attempt.committed for attempt in self._attempts()):
                words = f"A letter is with the server; waiting at most {finish:.0f} seconds for its answer."
                self._announcer.announce(Notice(words, Severity.INFO))
            await first_of(self._sleep(finish), asyncio.wait(tasks))
            for attempt in self._attempts():
                attempt.give_up(now=True)
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._submitters.close()

    # -- the loop
    async def _start_due(self) -> None:
        announce_changed(self._announcer, await self._do(self._store.recovery.recover, self.owner))
        if self._error_pause.left() > 0:
            return
        for account in await self._do(self._store.schedule.accounts_due):
            if account not in self._tasks and not self._stopping:
                task = asyncio.create_task(self._send(account, Scope()), name=f"outbox {account}")
                self._tasks[account] = task
                task.add_done_callback(partial(self._account_ended, account))
        await self._accepted.start_due()

    async def _pause(self) -> float:
        """Seconds until there is something to do."""
        now = self._clock.now()
        filings, flaggings = self._accepted.can_file, self._accepted.can_flag
        due = await self._do(
            self._store.schedule.next_due, busy=tuple(self._tasks), filings=filings, flaggings=flaggings
        )
        pause = LOOK if due is None else max(due - now, 0.0)
        return max(pause, self._error_pause.left())

    async def _wait(self, pause: float) -> None:
        """Until ``pause`` is over, or something was done here or elsewhere; at most as long as run/wakeup allows."""
        if await self._rest.until(min(pause, self._submitters.idle_left(self._tasks)), self._woken):
            await self._do(self._store.schedule.retry_all_now)
        self._woken.clear()
        self._others.look(await self._do(self._store.queries.version))
        await self._submitters.close_idle(self._tasks)

    # -- letters
    async def _send(self, account: str, scope: Scope) -> None:
        """Send what is due for an account."""
        sender = AccountConnections(
            self._context,
            account,
            self._submitters,
            self._was_tried,
            connections=self._connections(account),
            scope=scope,
        )
        self._senders.add(sender)
        if self._stopping:
            sender.stop()
        try:
            await sender.run()
        finally:
            self._senders.discard(sender)

    async def _was_tried(self, item: OutboxItem, after: OutboxItem | None, before: AccountHealth) -> None:
        self._touch(item)
        self._announcer.announce(ItemChanged(item.id))
        if after is None:
            return
        well = after.state in (ItemState.ACCEPTED, ItemState.DONE) and before.trouble is None
        health = before if well else await self._do(self._store.accounts.health, item.account)
        announce_attempt(self._announcer, item, after, before, health)
        if before.tries and (well or not health.tries):
            self.host_back(item.account)
        if item.account in self._tasks:
            self._accepted.start_for(after)

    def _touch(self, item: OutboxItem) -> None:
        if self._touched is not None:
            self._touched[item.id] = None

    def _account_ended(self, account: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(account, None)
        self._task_ended(task)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._error_pause.task_ended(task)
        self._woken.set()

    # -- connections
    async def forget(self, account: str) -> None:
        """Close the account's connection and make a new one: its settings or its password changed."""
        await self._submitters.forget(account)

    async def _do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.run(work, *args, **kwargs)
