from __future__ import annotations

import asyncio
import threading

import pytest

from tuimail.coordination.writer import Writer


async def test_results_and_errors_travel_back() -> None:
    with Writer() as writer:
        assert await writer.run(max, 3, 4) == 4
        with pytest.raises(ZeroDivisionError):
            await writer.run(lambda: 1 // 0)
        assert await writer.run(threading.get_ident) != threading.get_ident()


def test_without_a_loop_it_blocks_and_answers() -> None:
    with Writer() as writer:
        assert writer.call(sorted, [2, 1]) == [1, 2]
        with pytest.raises(KeyError):
            writer.call({"a": 1}.__getitem__, "x")


async def test_work_of_a_cancelled_task_is_done_nevertheless() -> None:
    begin = threading.Event()
    done: list[int] = []
    with Writer() as writer:
        blocker = asyncio.create_task(writer.run(begin.wait, 10))
        task = asyncio.create_task(writer.run(done.append, 1))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        begin.set()
        await blocker
    assert done == [1]


async def test_work_is_done_in_order_and_finished_before_closing() -> None:
    done: list[int] = []
    writer = Writer()
    tasks = [asyncio.create_task(writer.run(done.append, number)) for number in range(50)]
    await asyncio.sleep(0)
    writer.close()
    writer.close()
    assert done == list(range(50))
    await asyncio.gather(*tasks)
    with pytest.raises(RuntimeError, match="closed"):
        await writer.run(max, 1, 2)


def test_a_loop_that_is_gone_does_not_stop_the_thread() -> None:
    writer = Writer()
    begin = threading.Event()

    async def leave() -> None:
        task = asyncio.create_task(writer.run(begin.wait, 10))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    begin.set()
    assert writer.call(max, 1, 2) == 2
    writer.close()
