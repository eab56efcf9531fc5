"""Runs a command's coroutine so that ^C, SIGTERM and a closed terminal end it cleanly."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

_Result = TypeVar("_Result")


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; the command has cleaned up."""


class _Interrupted(BaseException):
    """^C arrived."""


class _Signals:
    """Cancels ``task`` when a signal asks the program to end, and remembers which one did."""

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._task = task
        self._ended = False
        self._interrupted = False

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle the signals from now on, unless they are ignored or this is not the main thread."""
        import contextlib
        import signal

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
                with contextlib.suppress(ValueError, RuntimeError):  # not the main thread
                    loop.add_signal_handler(number, self._end)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(signal.SIGINT, self._interrupt)

    def check(self) -> None:
        """Raise _Interrupted or Terminated if a signal cancelled the task."""
        if self._interrupted:
            raise _Interrupted from None
        if self._ended:
            raise Terminated from None

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._task.cancel()

    def _interrupt(self) -> None:
        # Each one cancels what is awaited then: the second ends the wait for an answer, too. Python's own way would
        # break into whatever is running.
        self._interrupted = True
        self._task.cancel()


def run(work: Coroutine[object, object, _Result]) -> _Result:
    """Run ``work`` on an event loop of its own.

    Raises:
        KeyboardInterrupt: ^C; raised after ``work`` has cleaned up.
        Terminated: SIGTERM, or the terminal was closed; raised after ``work`` has cleaned up.
    """
    import asyncio
    import signal

    try:
        return asyncio.run(_guarded(work))
    except _Interrupted:
        # The program is ending: one more ^C must not break into that.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt from None


async def _guarded(work: Coroutine[object, object, _Result]) -> _Result:
    import asyncio

    from tuimail.platform_events import watchdog

    task = asyncio.current_task()
    if task is None:
        raise AssertionError("a coroutine of asyncio.run is in a task")
    loop, signals = asyncio.get_running_loop(), _Signals(task)
    signals.watch(loop)
    watchdog.attend(loop)
    try:
        return await work
    except asyncio.CancelledError:
        signals.check()
        raise
