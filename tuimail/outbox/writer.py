"""The one thread of a process that touches the outbox's files and database (rule 3)."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E")

Job = Callable[[], None]


class Writer:
    """Runs calls one after the other, in the order they came, off the event loop.

    A call that was begun to be waited for is carried out, whatever becomes of the waiting task: a letter that was
    being queued when its screen was closed is queued. The thread is no daemon: the interpreter does not end between
    a letter and its row. So it must be closed.
    """

    def __init__(self, name: str = "outbox writer") -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
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
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                result = work(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it travels to whoever waits
                _hand_over(loop, _fail, waiting, error)
            else:
                _hand_over(loop, _succeed, waiting, result)

        self._put(job)
        return await waiting

    def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for callers without an event loop; blocks. Never call it from the loop's thread.

        Raises:
            RuntimeError: the writer is closed.
        """
        done: Future[T] = Future()

        def job() -> None:
            try:
                done.set_result(work(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it travels to whoever waits
                done.set_exception(error)

        self._put(job)
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

    def _put(self, job: Job) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError("the writer is closed")
            self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _succeed(waiting: asyncio.Future[T], result: T) -> None:
    if not waiting.done():
        waiting.set_result(result)


def _fail(waiting: asyncio.Future[T], error: BaseException) -> None:
    if waiting.done():
        log.warning("nobody waits any more for work that failed: %s", error)
    else:
        waiting.set_exception(error)


def _hand_over(
    loop: asyncio.AbstractEventLoop, how: Callable[[asyncio.Future[T], E], None], waiting: asyncio.Future[T], what: E
) -> None:
    try:
        loop.call_soon_threadsafe(how, waiting, what)
    except RuntimeError:  # the loop is closed: the program ends
        if isinstance(what, BaseException):
            log.warning("the program ended while work failed: %s", what)
