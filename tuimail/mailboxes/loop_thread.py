"""An event loop on a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import CancelledError, Future, wait
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Result = TypeVar("Result")


TURN = 0.02
"""Seconds between two calls of what is done while a thread waits."""


LAST_TURNS = 5
"""Of the loop, after everything was cancelled."""


class LoopClosedError(Exception):
    """The loop was closed before or while a call waited."""


class LoopThread:
    """Runs coroutines for other threads. The thread starts with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._closed = False
        self._waiting: set[Future[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._meanwhile = threading.local()

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Have ``work`` called every TURN seconds while the current thread waits in ``call``; it must not raise."""
        self._meanwhile.work = work

    def call(self, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run the coroutine that ``make`` returns, and wait for its result. A caller that is interrupted cancels it.

        Raises:
            LoopClosedError: the loop is closed, or is being closed meanwhile.
            RuntimeError: called on the loop's own thread, where waiting would never end.
        """
        with self._guard:
            if self._closed:
                raise LoopClosedError
            loop = self._started()
            if self._thread is threading.current_thread():
                raise RuntimeError("a blocking call on the loop's own thread")
            future = asyncio.run_coroutine_threadsafe(make(), loop)
            self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        try:
            return self._result(future)
        except CancelledError:
            raise LoopClosedError from None
        except BaseException:
            future.cancel()
            raise

    def _result(self, future: Future[Result]) -> Result:
        work = getattr(self._meanwhile, "work", None)
        while work is not None and not future.done():
            wait((future,), TURN)
            work()
        return future.result()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> None:
        """Run ``last`` for at most ``seconds``, cancel everything and end the thread. A second call does nothing."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        if thread is not threading.current_thread():
            with contextlib.suppress(Exception):
                asyncio.run_coroutine_threadsafe(last(), loop).result(seconds)
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():
            thread.join(seconds)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                loop.run_until_complete(asyncio.wait(tasks, timeout=1.0))
            # A task that ended in the loop's last turn has not told its caller yet.
            for future in tuple(self._waiting):
                future.cancel()
            # What was dropped closes its socket some turns later: TLS tells the transport below it, which ends itself.
            for _ in range(LAST_TURNS):
                loop.run_until_complete(asyncio.sleep(0))
        finally:
            loop.close()
