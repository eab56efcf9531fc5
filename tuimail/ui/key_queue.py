"""One queue of keys for the whole program: a key is handed out when all that the keys before it set off is done.

Textual hands every key at once to whatever has the focus. A command that opens a screen or a question does so later:
its screen has to be mounted, its rows read. A key typed meanwhile would reach the screen beneath, or the row that has
just gone. So keys and pastes wait here, in the order in which they were typed, until

- every widget that was offered the key before has handled it, and what it posted about it (bubbling included);
- the command given by it has ended (``begin``), or waits for a person (``waiting_for_person``);
- the screen on top is mounted, shows what it has to show and has the focus where it belongs (``catch_up``).

A key that finds the queue empty is handed out at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Any, NoReturn

    from textual.app import App
    from textual.message_pump import MessagePump

    from tuimail.ui.garbage import IdleCollector

PATIENCE = 5.0
"""Seconds after which Ctrl-C no longer waits for what is running: keys typed meanwhile are dropped."""

_LOST = 0.05
"""Seconds between two looks whether a widget that was to answer is still there."""

_running: ContextVar[Running | None] = ContextVar("running", default=None)


class Running:
    """A command that has not ended; keys wait for it. Enter it where its work is done; leaving it ends it."""

    def __init__(self, queue: KeyQueue) -> None:
        self._queue = queue

    def __enter__(self) -> None:
        _running.set(self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _running.set(None)
        self.end()

    def end(self) -> None:
        """The command has ended."""
        self._queue.release(self)


class KeyQueue:
    """Hands out keys and pastes of ``app`` by ``deliver``, one after the other; garbage is collected between them."""

    def __init__(
        self,
        app: App[Any],
        *,
        deliver: Callable[[events.Event], Awaitable[None]],
        catch_up: Callable[[], Awaitable[None]],
        collector: IdleCollector,
    ) -> None:
        self._app = app
        self._collector = collector
        self._deliver = deliver
        self._catch_up = catch_up
        self._waiting: deque[tuple[events.Event, float]] = deque()
        self._handing_out: asyncio.Task[None] | None = None
        self._commands: set[Running] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._behind = True
        """Something was opened, closed or done since the screen on top was looked at."""
        self._top: object = None
        self._since = 0.0
        self.typed_at = 0.0
        """When the key that was handed out last was typed (seconds of the event loop's clock)."""

    @property
    def idle(self) -> bool:
        """No key waits, and what the last one set off is done or waits for a person."""
        return self._handing_out is None and self._free.is_set()

    def put(self, event: events.Event) -> None:
        """Take a key or paste that was just typed."""
        now = asyncio.get_running_loop().time()
        if isinstance(event, events.Key) and event.key == "ctrl+c" and not self.idle and now - self._since > PATIENCE:
            self._give_up()
        self._collector.typed()
        self._waiting.append((event, now))
        if self._handing_out is None:
            self._since = now
            self._handing_out = asyncio.create_task(self._hand_out(), name="keys")

    def close(self) -> None:
        """Hand out nothing more."""
        self._waiting.clear()
        self._collector.typed()
        if self._handing_out is not None:
            self._handing_out.cancel()

    async def rest(self) -> None:
        """Wait until no key waits, and what the last one set off is done or waits for a person."""
        while self._handing_out is not None:
            await asyncio.wait((self._handing_out,))

    # -- commands
    def begin(self) -> Running:
        """A command begins; keys wait until it has ended or waits for a person."""
        running = Running(self)
        self._hold(running)
        return running

    def release(self, running: Running) -> None:
        """``running`` has ended or waits for a person."""
        self._commands.discard(running)
        if not self._commands:
            self._free.set()

    @contextmanager
    def waiting_for_person(self) -> Iterator[None]:
        """The command this is called in can go on only with an answer: keys are handed out until it has one."""
        running = _running.get()
        if running is not None:
            self.release(running)
        try:
            yield
        finally:
            # The answer woke this task before the key that gave it counts as handled, so no other key comes between.
            if running is not None:
                self._hold(running)

    def _hold(self, running: Running) -> None:
        self._commands.add(running)
        self._free.clear()
        self._behind = True
        self._since = asyncio.get_running_loop().time()

    def _give_up(self) -> None:
        self.close()
        self._handing_out = None
        self._commands.clear()
        self._free.set()
        self._behind = False
        self._top = self._app.screen

    # -- handing out
    async def _hand_out(self) -> None:
        task = asyncio.current_task()
        try:
            await self._caught_up()
            while self._waiting:
                await self._give(*self._waiting.popleft())
                await self._caught_up()
        except Exception as error:  # noqa: BLE001 - raised again where Textual ends the program for it
            self._app.call_later(_raise, error)
        finally:
            if self._handing_out is task:
                self._handing_out = None
                self._collector.rested()

    async def _caught_up(self) -> None:
        while True:
            await self._free.wait()
            if not self._behind and self._app.screen is self._top:
                return
            self._behind, self._top = False, self._app.screen
            await self._catch_up()

    async def _give(self, event: events.Event, typed_at: float) -> None:
        self.typed_at = typed_at
        self._since = asyncio.get_running_loop().time()
        target = self._app.focused or self._app.screen
        await self._deliver(event)
        if _is_text(event) and self._waiting and _is_text(self._waiting[0][0]) and _is_field(target):
            # Characters keep their order in the queue of the field; nothing that they do takes the keys elsewhere.
            return
        if event.is_forwarded:
            # Once for the key, once for what was posted about it; both bubble up the same way.
            way = (node for node in (target, target, *target.ancestors) if node is not self._app)
            await passed(*way, self._app)
        else:
            await passed(self._app)


async def passed(*nodes: MessagePump) -> None:
    """Wait until each of ``nodes``, one after the other, has handled every message it has then, or is gone."""
    await _Passing(nodes).through()


class _Passing:
    """A callback that goes from node to node: each one that is handled posts the next, so that nothing wakes between.

    This is done after every key, and a task for each node would cost as much as the key itself.
    """

    def __init__(self, nodes: Sequence[MessagePump]) -> None:
        self._nodes = nodes
        self._at = -1
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def through(self) -> None:
        self._step(self._at)
        while not self._done.done():
            await asyncio.wait((self._done,), timeout=_LOST)
            # A node that is closed drops the messages it has left.
            if not self._done.done() and not self._nodes[self._at].is_running:
                self._step(self._at)

    def _step(self, handled: int) -> None:
        # A callback that comes after its node was given up is late.
        if handled != self._at or self._done.done():
            return
        for at in range(handled + 1, len(self._nodes)):
            self._at = at
            if self._nodes[at].call_later(self._step, at):
                return
        self._done.set_result(None)


async def refreshed(node: MessagePump) -> None:
    """Wait until ``node`` was laid out and what was to be done after that was done, or it is gone."""
    done = asyncio.Event()
    if not node.call_after_refresh(done.set):
        return
    while node.is_running and not done.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), _LOST)


def _is_text(event: events.Event) -> bool:
    return isinstance(event, events.Key) and event.is_printable and "+" not in event.key


def _is_field(node: MessagePump) -> bool:
    from textual.widgets import Input, TextArea  # most sessions begin without either

    return isinstance(node, Input | TextArea)


def _raise(error: Exception) -> NoReturn:
    raise error
