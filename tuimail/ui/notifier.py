"""Hears the engine, and rings the bell or puts a notice on the desktop when that is due (policy: ui/notices)."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from tuimail import events
from tuimail.outbox.model.states import ItemState
from tuimail.ui.new_mail import NewMailStatus
from tuimail.ui.notices import GATHER, ProblemBatch, SendingRun, wants_desktop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Protocol

    from tuimail.engine import Engine
    from tuimail.ui.notices import Announcement

    class Screens(Protocol):
        """The open screens."""

        def ring(self) -> None:
            """Ring the terminal's bell."""
            ...

        def mention(self, text: str) -> None:
            """As ``say``, unless something is said already."""
            ...

        def say(self, text: str) -> None:
            """Put a sentence (safe to draw) into the status line."""
            ...


FEW = 3
"""Letters on their way at once from which on it may become a long stretch."""

MOVING = (ItemState.QUEUED, ItemState.SENDING)
SENT = frozenset({ItemState.ACCEPTED, ItemState.DONE})


class Notifier:
    """One engine's notices; ``show`` puts one on the desktop, ``count`` is given how many messages are new."""

    def __init__(
        self,
        engine: Engine,
        screens: Screens,
        *,
        count: Callable[[int], object],
        show: Callable[[Announcement], Awaitable[object]],
    ) -> None:
        self._engine = engine
        self._screens = screens
        self._show = show
        self._new_mail = NewMailStatus(engine, count=count, tell=self._mention_and_announce)
        self._troubles = ProblemBatch()
        self._stretch = SendingRun()
        self._timer: asyncio.TimerHandle | None = None
        self._showing: set[asyncio.Task[object]] = set()
        self._end = engine.announcer.subscribe(self._listen)

    def close(self) -> None:
        """Listen no more."""
        self._end()
        self._new_mail.close()
        if self._timer is not None:
            self._timer.cancel()
        for task in self._showing:
            task.cancel()

    def _listen(self, event: events.Event) -> None:
        now = self._engine.clock.now()
        match event:
            case events.NewMailArrived(messages):
                self._new_mail.arrived(messages)
                return
            case events.MailChanged():
                self._new_mail.changed()
                return
            case events.NeedsYou(item_id, message):
                self._troubles.letter(item_id, message, now)
            case events.AccountPaused(account, message):
                self._troubles.account(account, message, now)
            case _:
                return
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self.gathered)

    def gathered(self) -> None:
        """Announce the troubles gathered, if it is time."""
        self._timer = None
        due = self._troubles.due(self._engine.clock.now() + GATHER)
        if due is not None:
            self._announce(due)

    async def counted(self, counts: Mapping[ItemState, int], yours: int) -> None:
        """The letters were counted, ``yours`` need the user: a long stretch of sending may have begun or ended."""
        moving = sum(counts.get(state, 0) for state in MOVING)
        if not self._stretch.running and moving >= FEW:
            self._stretch.begin(self._engine.clock.now(), await self._sent())
        elif self._stretch.running and not moving:
            summary = self._stretch.end(self._engine.clock.now(), await self._sent(), yours)
            if summary is not None:
                self._say_and_announce(summary)

    async def _sent(self) -> int:
        return len(await self._engine.outbox.query(lambda outbox: outbox.ids(SENT)))

    def _mention_and_announce(self, announcement: Announcement) -> None:
        self._screens.mention(f"{announcement.title}: {announcement.body.splitlines()[0]}")
        self._announce(announcement)

    def _say_and_announce(self, announcement: Announcement) -> None:
        self._screens.say(f"{announcement.title}: {announcement.body.splitlines()[0]}")
        self._announce(announcement)

    def _announce(self, announcement: Announcement) -> None:
        settings = self._engine.config.ui
        if settings.bell and announcement.alarming:
            self._screens.ring()
        if wants_desktop(settings.notifications, os.environ):
            task = asyncio.ensure_future(self._show(announcement))
            self._showing.add(task)
            task.add_done_callback(self._showing.discard)
