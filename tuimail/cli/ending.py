"""Running a command's coroutine so that ^C, SIGTERM and a closed terminal end it in good order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_Result = TypeVar("_Result")


class Terminated(BaseException):
    """SIGTERM or SIGHUP came; what was begun has been put back or finished."""


def run(work: Coroutine[object, object, _Result]) -> _Result:
    """Run ``work`` on an event loop of its own.

    Raises:
        KeyboardInterrupt: ^C; raised when ``work`` has cleaned up.
        Terminated: SIGTERM, or the terminal was closed; likewise.
    """
    import asyncio
    import contextlib
    import signal

    async def guarded() -> _Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended and task is not None:
                ended = True
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
                with contextlib.suppress(ValueError, RuntimeError):  # not the main thread
                    loop.add_signal_handler(number, end)
        try:
            return await work
        except asyncio.CancelledError:
            if ended:
                raise Terminated from None
            raise

    return asyncio.run(guarded())
