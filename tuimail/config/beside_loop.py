"""Calls that may block for as long as they like: each on a daemon thread, waited for until a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")


async def answer_of(work: Callable[[], _Answer], *, name: str, limit: float | None = None) -> _Answer:
    """What ``work`` returns; ``limit`` is in seconds. An exit of the program does not wait for it.

    Raises:
        TimeoutError: it takes longer. It goes on, and what it comes to is dropped.
        Exception: what ``work`` raises.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def settle(value: _Answer | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # None only where _Answer allows it

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except Exception as trouble:  # noqa: BLE001  it is raised where it is waited for
            error = trouble
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing waits for the result
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    async with asyncio.timeout(limit):
        return await answer
