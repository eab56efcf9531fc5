"""Runs a command's coroutine so that ^C, SIGTERM and a closed terminal end it cleanly."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_Result = TypeVar("_Result")


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; the command has cleaned up."""


class _Interrupted(BaseException):
    """^C arrived."""


def run(work: Coroutine[object, object, _Result]) -> _Result:
    """Run ``work`` on an event loop of its own.

    Raises:
        KeyboardInterrupt: ^C; raised after ``work`` has cleaned up.
        Terminated: SIGTERM, or the terminal was closed; raised after ``work`` has cleaned up.
    """
    import asyncio
    import contextlib
    import signal

    from tuimail.platform_events import watchdog

    async def guarded() -> _Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        ended = interrupted = False

        def end() -> None:
            nonlocal ended
            if not ended and task is not None:
                ended = True
                task.cancel()

        def interrupt() -> None:
            # Each one cancels what is awaited then: the second ends the wait for an answer, too. Python's own way would
            # break into whatever is running.
            nonlocal interrupted
            interrupted = True
            if task is not None:
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
                with contextlib.suppress(ValueError, RuntimeError):  # not the main thread
                    loop.add_signal_handler(number, end)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(signal.SIGINT, interrupt)
        watchdog.attend(loop)
        try:
            return await work
        except asyncio.CancelledError:
            if interrupted:
                raise _Interrupted from None
            if ended:
                raise Terminated from None
            raise

    try:
        return asyncio.run(guarded())
    except _Interrupted:
        # The program is ending: one more ^C must not break into that.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt from None
