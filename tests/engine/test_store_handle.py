"""Each store has a thread of its own: none waits for another, and what was begun is finished before it is closed."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tuimail.engine.store_handle import StoreHandle


class Recorded:
    """A store that notes on which threads it was made, used and closed."""

    def __init__(self) -> None:
        self.threads = [threading.current_thread().name]

    def use(self) -> str:
        self.threads.append(threading.current_thread().name)
        return "used"

    def close(self) -> None:
        self.threads.append(f"closed on {threading.current_thread().name}")


async def test_a_store_is_made_used_and_closed_on_its_thread() -> None:
    made: list[Recorded] = []

    def make() -> Recorded:
        made.append(Recorded())
        return made[-1]

    handle = StoreHandle("drafts writer", make, lambda store: store.close())
    with pytest.raises(RuntimeError, match="not started"):
        await handle.run(lambda store: store.use())
    handle.start()
    assert made == []
    assert [await handle.run(lambda store: store.use()) for _ in range(2)] == ["used", "used"]
    handle.stop()
    handle.stop()
    (store,) = made
    assert store.threads == ["drafts writer"] * 3 + ["closed on drafts writer"]
    with pytest.raises(RuntimeError, match="not started"):
        await handle.run(lambda store: store.use())
    handle.start()
    assert await handle.run(lambda store: store.use()) == "used"
    handle.stop()
    assert len(made) == 2


async def test_a_store_that_cannot_be_opened_is_tried_again() -> None:
    tries: list[int] = []

    def make() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no disk")
        return "store"

    handle = StoreHandle("writer", make)
    handle.start()
    try:
        with pytest.raises(OSError, match="no disk"):
            await handle.run(len)
        assert await handle.run(len) == 5
    finally:
        handle.stop()


async def test_a_busy_store_delays_no_other() -> None:
    busy: StoreHandle[list[str]] = StoreHandle("busy writer", list)
    other: StoreHandle[list[str]] = StoreHandle("other writer", list)
    go_on = threading.Event()
    busy.start()
    other.start()
    waiting = asyncio.create_task(busy.run(lambda _store: go_on.wait(30)))
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert await other.run(len) == 0
        assert not waiting.done()
    finally:
        go_on.set()
        await waiting
        busy.stop()
        other.stop()
