"""A thread on which one store is used: its files and its database, off the event loop. One for each store.

Calls that ``join`` (coordination/batch) and wait next to each other share one transaction: what waits while the disk is
busy with a commit is made durable by the next one, so that a letter costs fewer fsyncs the more there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuimail.coordination.batch import Failed, Outcome, group_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tuimail.coordination.batch import Group

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

MOST = 64
"""Jobs that share a transaction at most: other processes want to write as well."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], object]
    """What to do; ``partial`` of a method, where it may share a transaction."""
    waiting: asyncio.Future[object] | Future[object]


class Writer:
    """Runs calls one after the other, in the order they came, off the event loop.

    A call that was begun is carried out even if the waiting task is cancelled: a letter that was
    being queued when its screen was closed is queued. The thread is no daemon: the interpreter does not end between
    a letter and its row. So it must be closed.
    """

    def __init__(self, name: str = "outbox writer") -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=False)
        self._thread.start()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Carry out ``work(*args)`` on the thread and wait for what it returns or raises.

        Cancelled, it stops waiting; the work is done nevertheless.

        Raises:
            RuntimeError: the writer is closed.
        """
        waiting: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(_Job(partial(work, *args, **kwargs), waiting))  # type: ignore[arg-type]
        return await waiting

    def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for callers without an event loop; blocks. Never call it from the loop's thread.

        Raises:
            RuntimeError: the writer is closed.
        """
        done: Future[T] = Future()
        self._put(_Job(partial(work, *args, **kwargs), done))  # type: ignore[arg-type]
        return done.result()

    def close(self) -> None:
        """Finish what was asked for, then end the thread. Twice is fine."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError("the writer is closed")
            self._jobs.put(job)

    def _work(self) -> None:
        jobs: deque[_Job | None] = deque([self._jobs.get()])
        while (job := jobs.popleft()) is not None:
            group = group_of(job.work)
            if group is None:
                _answer([job], [_carried_out(job)])
            else:
                self._together(group, job, jobs)
            if not jobs:
                jobs.append(self._jobs.get())

    def _together(self, group: Group, job: _Job, behind: deque[_Job | None]) -> None:
        """Carry out a job that joins, with those behind it, and those that come before the transaction begins."""
        found: list[_Job] = []
        fresh = [job]
        while fresh:
            group.first([each.work for each in fresh])
            found += fresh
            with contextlib.suppress(queue.Empty):
                while True:
                    behind.append(self._jobs.get_nowait())
            fresh = []
            while behind and len(found) + len(fresh) < MOST:
                following = behind[0]
                if following is None or group_of(following.work) is not group:
                    break
                fresh.append(following)
                behind.popleft()
        _answer(found, group.together([each.work for each in found]))


def _carried_out(job: _Job) -> Outcome:
    try:
        return job.work()
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        return Failed(error)


def _answer(jobs: list[_Job], outcomes: list[Outcome]) -> None:
    """Hand over what came of them; those of one loop at once, so that it is woken once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[object], Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(job.waiting, asyncio.Future):
            by_loop.setdefault(job.waiting.get_loop(), []).append((job.waiting, outcome))
        elif isinstance(outcome, Failed):
            job.waiting.set_exception(outcome.error)
        else:
            job.waiting.set_result(outcome)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell, told)
        except RuntimeError:  # the loop is closed: the program ends
            for _, outcome in told:
                if isinstance(outcome, Failed):
                    log.warning("the program ended while work failed: %s", outcome.error)


def _tell(told: list[tuple[asyncio.Future[object], Outcome]]) -> None:
    for waiting, outcome in told:
        if not isinstance(outcome, Failed):
            if not waiting.done():
                waiting.set_result(outcome)
        elif waiting.done():
            log.warning("work failed after its caller had stopped waiting: %s", outcome.error)
        else:
            waiting.set_exception(outcome.error)
