"""What waited for a password or passphrase goes on when the user has typed it, however late."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tuimail.events import SecretGiven

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tuimail.events import Announcer


class GivenSecrets:
    """Listens to the answers from ``open`` to ``close``."""

    def __init__(
        self, announcer: Announcer, *, resume: Callable[[], Coroutine[Any, Any, None]], try_servers: Callable[[], None]
    ) -> None:
        """``resume`` lets accounts go on that had no password; ``try_servers`` reads mail again."""
        self._announcer = announcer
        self._resume = resume
        self._try_servers = try_servers
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Listen; the running loop is where everything goes on."""
        from tuimail.config.secrets import questions

        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            questions.answered.append(self._heard)

    def close(self) -> None:
        """Listen no more."""
        from tuimail.config.secrets import questions

        if self._loop is not None:
            questions.answered.remove(self._heard)
            self._loop = None
        for each in self._tasks:
            each.cancel()

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
        self._try_servers()
        task = asyncio.create_task(self._resume(), name="secret-given")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
