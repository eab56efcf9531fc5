"""What waited for a password goes on when the user has typed it, however late, or wants to be asked again."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from tuimail.events import AccountResumed, SecretGiven

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tuimail.events import Announcer, Event


class MailServers(Protocol):
    """The servers that received mail is on."""

    def try_mended(self, account: str = "") -> None:
        """Try those that ``account``, or all, could not sign in to. Waits for nothing."""
        ...


class GivenSecrets:
    """Listens to the answers from ``open`` to ``close``."""

    def __init__(
        self, announcer: Announcer, mail: MailServers, *, resume: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """``resume`` lets accounts send that had no password; ``mail`` reads again."""
        self._announcer = announcer
        self._mail = mail
        self._end: Callable[[], None] | None = None
        self._resume = resume
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Listen; the running loop is where everything goes on."""
        from tuimail.config.secrets import questions

        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            questions.answered.append(self._heard)
            self._end = self._announcer.subscribe(self._listen)

    def close(self) -> None:
        """Listen no more."""
        from tuimail.config.secrets import questions

        if self._loop is not None:
            questions.answered.remove(self._heard)
            self._loop = None
        if self._end is not None:
            self._end()
            self._end = None
        for each in self._tasks:
            each.cancel()

    def _listen(self, event: Event) -> None:
        if isinstance(event, AccountResumed):
            self._mail.try_mended(event.account)

    def _heard(self) -> None:
        """Called on the thread of the question."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        if self._loop is None:
            return
        self._announcer.announce(SecretGiven())
        self._mail.try_mended()
        task = asyncio.create_task(self._resume(), name="secret-given")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
