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

    def submit(self, work: Callable[[], T], *, quiet: bool = False) -> Future[T]:
        """Have ``work`` done; the future has what it returns or raises. Raises RuntimeError: the thread has ended."""
        future = begun_future()
        with self.wake:
            if self.stopped:
                raise not_started()
            self._jobs.append(AccountJob(work, future, quiet))
            self.wake.notify()
        return future

    def next(self) -> AccountJob | None:
        """The next job, for the thread to do."""
        with self.wake:
            return self._jobs.popleft() if self._jobs else None

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
