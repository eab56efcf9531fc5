"""Starting, after the first paint: received mail can be read at once, then the outbox is opened.

What the first screen shows, and keys typed at the start, come before the outbox, unless they lead to it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tuimail.errors import TuimailError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.requests import ShowComposer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tuimail.compose.draft import Draft
    from tuimail.ui.key_queue import Running
    from tuimail.ui.protocols import Program


class Startup:
    """Starts the engine of ``program``; ``draft`` is opened in the composer then, ``warning`` is said first."""

    def __init__(
        self, program: Program, *, draft: Draft | None, warning: str, shown: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """``shown`` waits until the screen on top shows what it has to show."""
        self._program = program
        self._shown = shown
        self._draft = draft
        self._warning = warning
        self.mail_ready = asyncio.Event()
        """Received mail can be read."""
        self.ready = asyncio.Event()
        """The engine was started."""
        self.when_ended: Callable[[], None] = lambda: None
        """Called once, when the engine was started or could not be."""
        self._ended = asyncio.Event()
        """It was started, or could not be."""
        self._wanted = asyncio.Event()
        """Somebody waits for it."""
        self.error: TuimailError | None = None
        """Why the engine did not start."""

    async def run(self, starting: Running) -> None:
        """Start; keys wait until mail can be read (``starting``), and for the outbox if there is a draft to open."""
        program = self._program
        program.engine.start_reading()
        self.mail_ready.set()
        if self._draft is None:
            starting.end()
            await self._keys_done()
        with starting:
            await self._start()

    async def whole(self) -> TuimailError | None:
        """Wait for the engine, which is started now; why it could not be."""
        self._wanted.set()
        await self._ended.wait()
        return self.error

    async def _keys_done(self) -> None:
        async def done() -> None:
            await self._shown()
            await self._program.keys.rest()

        tasks = [asyncio.ensure_future(each) for each in (done(), self._wanted.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in tasks:
            each.cancel()

    async def _start(self) -> None:
        program = self._program
        try:
            await program.engine.start()
        except TuimailError as error:
            self.error = error
            program.complain(error)
            return
        finally:
            self._ended.set()
            self.when_ended()
        self.ready.set()
        await program.outbox.count()
        if self._draft is not None:
            program.navigation.open(ShowComposer(self._draft))
        self._greet()

    def _greet(self) -> None:
        """Say what is wrong, the most urgent only."""
        program = self._program
        accounts, problems = program.engine.config.accounts, program.problems
        if self._warning:
            program.say(safe_line(self._warning), Severity.WARNING)
        elif not accounts and self._draft is not None:
            pass  # the composer says so itself
        elif len(problems) == 1:
            program.say(f"{safe_line(str(problems[0]))}  See Accounts.", Severity.WARNING)
        elif problems:
            message = f"There are {len(problems)} problems in your configuration: see Accounts."
            program.say(message, Severity.WARNING)
        elif not accounts:
            program.say(f"There is no account yet. {_to_add(program)}")


def _to_add(program: Program) -> str:
    key = program.keymap.key("add-account")
    return f"{key} adds one: it takes your address and its password." if key else "Accounts says how to make one."
