"""The queue of keys: what a key waits for, what it does not wait for, and what happens when something goes wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.app import App
from textual.widgets import Static

from tuimail.ui.garbage import IdleCollector
from tuimail.ui.key_queue import PATIENCE, KeyQueue, passed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Held(App[None]):
    """Writes down the keys that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = KeyQueue(self, deliver=self.take, catch_up=self.catch_up, collector=IdleCollector())
        self.taken: list[str] = []
        self.forward = False
        self.caught_up = 0
        self.wrong: Exception | None = None

    async def take(self, event: events.Event) -> None:
        assert isinstance(event, events.Key)
        self.taken.append(event.key)
        if self.forward:
            event._set_forwarded()
        if self.wrong is not None:
            raise self.wrong

    async def catch_up(self) -> None:
        self.caught_up += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            self.queue.put(events.Key(key, key))

    async def until_idle(self) -> None:
        while not self.queue.idle:  # noqa: ASYNC110 - nothing tells when it is
            await asyncio.sleep(0)


@pytest.fixture
async def app() -> AsyncIterator[Held]:
    app = Held()
    async with app.run_test():
        yield app


async def test_keys_come_in_order_and_wait_for_a_command_to_end(app: Held) -> None:
    running = app.queue.begin()
    app.press("a", "b", "c")
    await asyncio.sleep(0.01)
    assert app.taken == []
    with running:
        pass
    await app.until_idle()
    assert app.taken == ["a", "b", "c"]
    assert app.caught_up == 1


async def test_a_key_with_nothing_before_it_costs_one_task_and_does_not_look_at_the_screen_again(app: Held) -> None:
    app.press("a")
    await app.until_idle()
    assert app.caught_up == 1
    loop = asyncio.get_running_loop()
    made: list[str] = []

    def counting(loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any) -> asyncio.Task[Any]:
        made.append(coro.__qualname__)
        return asyncio.Task(coro, loop=loop, **kwargs)

    app.forward = True
    loop.set_task_factory(counting)
    try:
        app.press("b")
        await app.until_idle()
    finally:
        loop.set_task_factory(None)
    assert app.taken == ["a", "b"]
    assert app.caught_up == 1
    assert made == ["KeyQueue._hand_out"]


async def test_passing_waits_for_each_node_in_turn_and_not_for_one_that_is_gone(app: Held) -> None:
    handled: list[str] = []
    gone = Static()
    await app.screen.mount(gone)
    gone.call_later(handled.append, "widget")
    app.screen.call_later(handled.append, "screen")
    app.call_later(handled.append, "app")
    await passed(gone, app.screen, app)
    assert sorted(handled) == ["app", "screen", "widget"]
    await gone.remove()
    await asyncio.wait_for(passed(gone, app), 5)


async def test_passing_goes_on_when_a_node_goes_away_with_what_it_had_to_handle(
    app: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = asyncio.Event()
    widget = Static()
    await app.screen.mount(widget)
    widget.call_later(stuck.wait)
    waiting = asyncio.create_task(passed(widget, app))
    await asyncio.sleep(0)
    with monkeypatch.context() as patch:
        patch.setattr(widget, "_running", False)
        await asyncio.wait_for(waiting, 5)
    stuck.set()


async def test_keys_go_on_while_a_command_asks_and_wait_again_once_it_was_answered(app: Held) -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def command(running: Any) -> None:
        with running:
            with app.queue.waiting_for_person():
                await answer
            await done.wait()

    task = asyncio.create_task(command(app.queue.begin()))
    app.press("a")
    await asyncio.sleep(0.01)
    assert app.taken == ["a"]
    answer.set_result(None)
    await asyncio.sleep(0)
    app.press("b")
    await asyncio.sleep(0.01)
    assert app.taken == ["a"]
    done.set()
    await task
    await app.until_idle()
    assert app.taken == ["a", "b"]


async def test_ctrl_c_gets_through_when_something_hangs_and_what_was_typed_meanwhile_is_dropped(
    app: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.queue.begin()
    app.press("a", "ctrl+c")
    await asyncio.sleep(0.01)
    assert app.taken == []
    clock = asyncio.get_running_loop().time
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: clock() + PATIENCE + 1)
    app.press("ctrl+c", "b")
    await app.until_idle()
    assert app.taken == ["ctrl+c", "b"]
    app.press("c")
    await app.until_idle()
    assert app.taken == ["ctrl+c", "b", "c"]


async def test_what_goes_wrong_with_a_key_ends_the_program_as_it_would_without_the_queue() -> None:
    async def run() -> None:
        app = Held()
        async with app.run_test() as pilot:
            app.wrong = ZeroDivisionError("wrong")
            app.press("a")
            await app.until_idle()
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await run()
