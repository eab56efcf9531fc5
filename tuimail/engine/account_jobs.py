"""What other threads want done on the thread of an account, in the order in which they asked."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tuimail.engine.store_handle import not_started

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class AccountJob(NamedTuple):
    """Work, and who waits for it."""

    work: Callable[[], object]
    future: Future[Any]
    quiet: bool
    """Nobody is told that something has changed."""
    asks_server: bool
    """It waits for the server, so it cannot be done while the thread does so already."""

    def run(self) -> bool:
        """Do it and tell who waits; whether something has changed that others are to be told of."""
        try:
            result = self.work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self.future.set_exception(error)
            return False
        self.future.set_result(result)
        return not self.quiet


class AccountJobs:
    """The queue of one thread. Any thread may submit."""

    def __init__(self) -> None:
        self.wake = threading.Condition()
        """Notified when there is something to be done."""
        self.stopped = False
        """Nothing more is taken; set with ``wake`` held."""
        self._jobs: deque[AccountJob] = deque()

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def submit(self, work: Callable[[], T], *, quiet: bool = False, asks_server: bool = False) -> Future[T]:
        """Have ``work`` done; the future has what it returns or raises. Raises RuntimeError: the thread has ended."""
        future = begun_future()
        with self.wake:
            if self.stopped:
                raise not_started()
            self._jobs.append(AccountJob(work, future, quiet, asks_server))
            self.wake.notify()
        return future

    def next(self) -> AccountJob | None:
        """The next job, for the thread to do."""
        with self.wake:
            return self._jobs.popleft() if self._jobs else None

    def next_without_server(self) -> AccountJob | None:
        """The next job that can be done while the thread waits for the server."""
        with self.wake:
            job = next((each for each in self._jobs if not each.asks_server), None)
            if job is not None:
                self._jobs.remove(job)
            return job

    def give_up(self) -> None:
        """The thread ends: whoever waits is told so."""
        with self.wake:
            left, self._jobs = self._jobs, deque()
        for each in left:
            each.future.set_exception(not_started())


def begun_future() -> Future[Any]:
    """A future that whoever waits for it cannot cancel: what the user did is carried out all the same."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future
