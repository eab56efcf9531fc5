"""Starting: the engine after the first paint, then what is to be opened and said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.requests import ShowComposer

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.ui.key_queue import Running
    from tuimail.ui.protocols import Program


class Startup:
    """Starts the engine of ``program``; ``draft`` is opened in the composer then, ``warning`` is said first."""

    def __init__(self, program: Program, *, draft: Draft | None, warning: str) -> None:
        self._program = program
        self._draft = draft
        self._warning = warning
        self.ready = asyncio.Event()
        """The engine was started."""
        self.error: TuimailError | None = None
        """Why the engine did not start."""

    async def run(self, starting: Running) -> None:
        """Start; keys wait meanwhile (``starting``)."""
        program = self._program
        with starting:
            try:
                await program.engine.start()
            except TuimailError as error:
                self.error = error
                program.complain(error)
                return
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
            program.say("There is no account yet: Accounts says how to make one.")
