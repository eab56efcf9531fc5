"""Sends what is due, files what was accepted, sleeps until there is more. One per engine; any number per outbox.

One task ("lane") per account that has due letters, each with one connection; one lane for the Sent copies. The loop
sleeps (outbox/rest) until something is due or ``wake`` is called: by a change of this process, or by what the engine
listens to (engine/surroundings): other processes, the network, the clock.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuimail.clock import asleep
from tuimail.errors import LeaseLostError, StorageError, TuimailError
from tuimail.events import (
    AccountMended,
    AccountTroubled,
    ItemChanged,
    NeedsYou,
    Notice,
    OutboxTouched,
    Severity,
)
from tuimail.outbox import retry
from tuimail.outbox.attempt import LEASE, Attempt, Desk, Sleep, first_of
from tuimail.outbox.filing import FILING_LEASE
from tuimail.outbox.item import Filing, FilingState
from tuimail.outbox.lock import Machine
from tuimail.outbox.rest import LOOK, Rest

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from tuimail.clock import Clock
    from tuimail.events import Announcer
    from tuimail.outbox.filing import Filer
    from tuimail.outbox.item import AccountHealth, OutboxItem
    from tuimail.outbox.queue import Queue
    from tuimail.outbox.writer import Writer
    from tuimail.submission.submitter import Submitter

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

IDLE = 60.0
"""Seconds after which a connection without work is closed (rule 18)."""

CLOSING = 1.0
"""Seconds after ``IDLE`` at which such a connection is looked for."""

AFTER_TROUBLE = 30.0
"""Seconds the loop waits after the disk refused."""

FINISH = 10.0
"""Seconds that a letter past its dot gets for its answer when the program ends."""

AT_ONCE = 50
"""How often ``run_once`` tries one letter whose recipients the server takes part by part."""


class Runner:
    """The worker of the outbox."""

    def __init__(
        self,
        queue: Queue,
        writer: Writer,
        submitter_for: Callable[[str], Submitter],
        announcer: Announcer,
        clock: Clock,
        *,
        filer: Filer | None = None,
        owner: str = "",
        sleep: Sleep = asyncio.sleep,
        asleep: Callable[[], float | None] = asleep,
    ) -> None:
        """``submitter_for`` gives the way out of an account; it may raise a TuimailError (no such account)."""
        self.owner = owner or Machine().owner()
        self._queue = queue
        self._writer = writer
        self._submitter_for = submitter_for
        self._announcer = announcer
        self._clock = clock
        self._filer = filer
        self._sleep = sleep
        self._rest = Rest(clock, sleep, asleep)
        self._desk = Desk(queue, writer, announcer, self.owner, sleep)
        self._woken = asyncio.Event()
        self._stopping = False
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._apart: set[asyncio.Task[None]] = set()
        """Lanes outside of the loop."""
        self._filing: asyncio.Task[None] | None = None
        self._attempts: set[Attempt] = set()
        self._submitters: dict[str, Submitter] = {}
        self._used_at: dict[str, float] = {}
        self._touched: dict[str, OutboxItem] = {}
        self._seen_others = -1
        self._troubled_until = 0.0

    # -- the two ways to work
    async def run(self) -> None:
        """Work until ``stop``. Cancelled, it stops as ``stop`` does."""
        try:
            while not self._stopping:
                try:
                    if self._seen_others < 0:  # before anybody reads: what is committed after that is told
                        await self._changed_elsewhere()
                    await self._start_due()
                    await self._wait(await self._pause())
                except StorageError as error:
                    self._announcer.announce(Notice(f"The outbox stands still: {error} {error.hint}", Severity.ERROR))
                    await first_of(self._sleep(AFTER_TROUBLE), self._woken.wait())
                    self._woken.clear()
        finally:
            await self.stop()

    async def run_once(self) -> Sequence[OutboxItem]:
        """Try everything due now once and file what was accepted; the items touched, as they are afterwards.

        Raises:
            StorageError: the outbox cannot be read or written.
        """
        self._touched.clear()
        tried: dict[str, int] = {}
        await self._recover()
        while due := [each for each in await self._do(self._queue.accounts_due) if tried.get(each, 0) < AT_ONCE]:
            for each in due:
                tried[each] = tried.get(each, 0) + 1
            await self._all_of(*(self._lane(each, once=True) for each in due))
        await self._file()
        await self._close_submitters()
        return [await self._do(self._queue.item, item_id) for item_id in self._touched]

    async def run_one(self, item_id: str) -> OutboxItem:
        """Try one letter now, if it is due and nobody else is at it; no other is touched. As it is afterwards.

        Raises:
            StorageError: the outbox cannot be read or written.
            NoSuchItemError: there is no such letter.
        """
        item = await self._do(self._queue.item, item_id)
        await self._all_of(self._lane(item.account, only=item.id))
        return await self._do(self._queue.item, item.id)

    async def file_one(self, item_id: str) -> OutboxItem:
        """File the Sent copy of one letter, if it is due and nobody else is at it; the letter afterwards."""
        await self._file(only=item_id)
        return await self._do(self._queue.item, item_id)

    async def _all_of(self, *lanes: Coroutine[object, object, None]) -> None:
        """Wait for lanes outside of the loop. Cancelled, they end as ``stop`` ends them: not at a server's leisure."""
        tasks = [asyncio.create_task(lane, name="outbox lane") for lane in lanes]
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

    async def hurry(self) -> None:
        """The network is up, or the machine woke: what waits for a retry goes now."""
        await self._do(self._queue.hurry)
        self.wake()

    async def stop(self, *, finish: float = FINISH) -> None:
        """Put back what was not sent, wait for the answer to a dot at most ``finish`` seconds, close connections.

        A letter whose answer did not come by then is recorded as uncertain.
        """
        self._stopping = True
        self._woken.set()
        for attempt in tuple(self._attempts):
            attempt.give_up()
        if self._filing is not None:
            self._filing.cancel()
        tasks = [each for each in (*self._lanes.values(), *self._apart, self._filing) if each is not None]
        if tasks:
            if finish and any(attempt.committed for attempt in self._attempts):
                words = f"A letter is with the server; waiting at most {finish:.0f} seconds for its answer."
                self._announcer.announce(Notice(words, Severity.INFO))
            await first_of(self._sleep(finish), asyncio.wait(tasks))
            for attempt in tuple(self._attempts):
                attempt.give_up(now=True)
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._close_submitters()

    # -- the loop
    async def _start_due(self) -> None:
        await self._recover()
        if self._trouble_left() > 0:
            return
        for account in await self._do(self._queue.accounts_due):
            if account not in self._lanes and not self._stopping:
                lane = asyncio.create_task(self._lane(account), name=f"outbox {account}")
                self._lanes[account] = lane
                lane.add_done_callback(partial(self._lane_ended, account))
        if self._filer is None or self._filing is not None:
            return
        copies = await self._do(self._queue.filings_due)
        if copies and not self._stopping:
            self._filing = asyncio.create_task(self._file(), name="outbox copies")
            self._filing.add_done_callback(self._filing_ended)

    async def _recover(self) -> None:
        for item in await self._do(self._queue.recover, self.owner):
            self._announcer.announce(ItemChanged(item.id))
            if item.needs_you:
                self._announcer.announce(NeedsYou(item.id, item.words))

    async def _pause(self) -> float:
        """Seconds until there is something to do."""
        now = self._clock.now()
        filings = self._filer is not None and self._filing is None
        due = await self._do(self._queue.next_due, busy=tuple(self._lanes), filings=filings)
        pause = LOOK if due is None else max(due - now, 0.0)
        return max(pause, self._trouble_left())

    def _trouble_left(self) -> float:
        """Seconds until the disk is tried again; a clock that was set back does not make them more."""
        left = self._troubled_until - self._clock.now()
        return left if left <= AFTER_TROUBLE else 0.0

    async def _wait(self, pause: float) -> None:
        """Until ``pause`` is over, or something was done here or elsewhere; at most as long as outbox/rest allows."""
        if await self._rest.until(min(pause, self._idle_left()), self._woken):
            await self._do(self._queue.hurry)
        self._woken.clear()
        await self._changed_elsewhere()
        await self._close_idle()

    async def _changed_elsewhere(self) -> None:
        others = (await self._do(self._queue.version)).others
        first, changed = self._seen_others < 0, others != self._seen_others
        self._seen_others = others
        if changed and not first:
            self._announcer.announce(OutboxTouched())

    # -- lanes
    async def _lane(self, account: str, *, once: bool = False, only: str | None = None) -> None:
        """Send what is due for an account, letter by letter; of all letters ``only`` this one."""
        tried: Counter[str] = Counter()
        while not self._stopping:
            item = await self._do(self._queue.claim, self.owner, account=account, lease=LEASE, only=only)
            if item is None:
                return
            self._announcer.announce(ItemChanged(item.id))
            await self._send(item, patient=not (once or only))
            if (once and tried[item.id]) or tried[item.id] >= AT_ONCE:
                return  # part by part: the caller counts
            tried[item.id] += 1

    async def _send(self, item: OutboxItem, *, patient: bool) -> None:
        before = await self._do(self._queue.health, item.account)
        attempt = Attempt(self._desk, item, recipient_limit=before.recipient_limit, patient=patient)
        self._attempts.add(attempt)
        if self._stopping:
            attempt.give_up()
        try:
            after = await attempt.run(self._submitter)
        finally:
            self._attempts.discard(attempt)
            self._used_at[item.account] = self._clock.now()
        self._touched[item.id] = after or item
        self._announcer.announce(ItemChanged(item.id))
        if after is None:
            return
        health = await self._do(self._queue.health, item.account)
        self._tell(item, after, before, health)
        if after.filing.state is FilingState.DUE:
            self._woken.set()

    def _tell(self, item: OutboxItem, after: OutboxItem, before: AccountHealth, health: AccountHealth) -> None:
        if health.trouble is not None and health.trouble != before.trouble:
            self._announcer.announce(AccountTroubled(item.account, health.words))
        if health.trouble is None and before.trouble is not None:
            self._announcer.announce(AccountMended(item.account))
            self._announcer.announce(OutboxTouched())
        if after.needs_you:
            self._announcer.announce(NeedsYou(after.id, after.words))
        if after.warned and not item.warned:
            words = f'"{after.subject}" could not be sent for four hours; tuimail goes on trying. {after.words}'
            self._announcer.announce(Notice(words.strip(), Severity.WARNING))

    def _lane_ended(self, account: str, task: asyncio.Task[None]) -> None:
        self._lanes.pop(account, None)
        self._after_task(task)

    def _filing_ended(self, task: asyncio.Task[None]) -> None:
        self._filing = None
        self._after_task(task)

    def _after_task(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The next round would meet the same: wait a little, and say so.
            self._troubled_until = self._clock.now() + AFTER_TROUBLE
            hint = error.hint if isinstance(error, TuimailError) else "The log says more."
            self._announcer.announce(Notice(f"Sending stopped: {error} {hint}".strip(), Severity.ERROR))
            if not isinstance(error, TuimailError):
                log.error("a task of the outbox failed", exc_info=error)
        else:
            self._troubled_until = 0.0
        self._woken.set()

    # -- copies
    async def _file(self, *, only: str | None = None) -> None:
        """File the Sent copies that are due, one after the other; of all letters ``only`` this one's."""
        filer = self._filer
        while filer is not None and not self._stopping:
            item = await self._do(self._queue.claim_filing, self.owner, lease=FILING_LEASE, only=only)
            if item is None:
                return
            filing = await self._filed_or_lost(filer, item)
            if filing is None:
                continue
            self._touched[item.id] = await self._do(self._queue.record_filing, item.id, filing)
            self._announcer.announce(ItemChanged(item.id))

    async def _filed_or_lost(self, filer: Filer, item: OutboxItem) -> Filing | None:
        """File it while the lease is kept; None when another process took over (this one was suspended)."""
        filing = asyncio.create_task(self._filed(filer, item))
        beat = asyncio.create_task(self._keep_filing(item, filing))
        try:
            return await filing
        except asyncio.CancelledError:
            if beat.done() and not beat.cancelled():
                return None
            filing.cancel()
            raise
        finally:
            beat.cancel()

    async def _keep_filing(self, item: OutboxItem, filing: asyncio.Task[Filing]) -> None:
        """Renew the lease of a copy; stops the filing and returns when it is lost."""
        while True:
            await self._sleep(FILING_LEASE / 3)
            try:
                await self._do(self._queue.renew_filing, item.id, self.owner, lease=FILING_LEASE)
            except LeaseLostError as error:
                log.warning("the copy of %s: %s", item.id, error)
                filing.cancel()
                return
            except StorageError as error:
                log.warning("the lease of the copy of %s could not be renewed: %s", item.id, error)

    async def _filed(self, filer: Filer, item: OutboxItem) -> Filing:
        attempts = item.filing.attempts + 1
        try:
            content = await self._do(self._queue.content, item.id)
            filing = await filer.file(item, content)
        except TuimailError as error:
            filing = replace(item.filing, words=f"{error} {error.hint}".strip())
        except Exception:
            log.exception("filing the copy of %s failed", item.id)
            filing = replace(item.filing, words="tuimail failed at filing it; the log says more.")
        if filing.state is FilingState.NONE:
            filing = replace(filing, state=FilingState.DUE)
        if filing.state is FilingState.DUE:
            wait = retry.delay(retry.ANSWERED, attempts)
            return replace(filing, attempts=attempts, next_attempt_at=self._clock.now() + wait)
        return replace(filing, attempts=attempts, next_attempt_at=None)

    # -- connections
    def _submitter(self, account: str) -> Submitter:
        if account not in self._submitters:
            self._submitters[account] = self._submitter_for(account)
        return self._submitters[account]

    async def forget(self, account: str) -> None:
        """Close the account's connection and build its way out anew: its settings or its password changed."""
        submitter = self._submitters.pop(account, None)
        if submitter is not None:
            await submitter.close()

    def _idle_left(self) -> float:
        """Seconds until a connection has been idle for too long."""
        now = self._clock.now()
        used = [self._used_at.get(each, now) for each in self._submitters if each not in self._lanes]
        return max(min((each + IDLE - now for each in used), default=IDLE), 0.0) + CLOSING

    async def _close_idle(self) -> None:
        now = self._clock.now()
        for account in tuple(self._submitters):
            if account not in self._lanes and not 0 <= now - self._used_at.get(account, now) <= IDLE:
                await self.forget(account)

    async def _close_submitters(self) -> None:
        for account in tuple(self._submitters):
            await self.forget(account)

    async def _do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.run(work, *args, **kwargs)
