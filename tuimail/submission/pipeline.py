"""Whose turn it is at a connection: one letter after the other, the next one ready to begin behind the dot of this."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.submission.connection import SmtpConnection
    from tuimail.submission.dialogue import Dialogue
    from tuimail.submission.envelope_commands import EnvelopeCommands
    from tuimail.submission.transaction import Transaction


@dataclass(eq=False, slots=True)
class PipelinedLetter:
    """One caller's."""

    transaction: Transaction
    dialogue: Dialogue
    sent: EnvelopeCommands | None = None
    """Its commands went out behind the dot of the letter before it ..."""
    sent_on: SmtpConnection | None = None
    """... on this connection."""
    begun: bool = False
    over: bool = False
    withdrawn: bool = False
    """The letter before it met trouble that is not a letter's: this one is not tried."""
    called: bool = False
    """It is to get ready: to be counted as an attempt."""
    stir: asyncio.Event = field(default_factory=asyncio.Event)


class Pipeline:
    """Who is served, and who waits, in order."""

    def __init__(self) -> None:
        self.serving: PipelinedLetter | None = None
        self._waiting: deque[PipelinedLetter] = deque()
        self._free = asyncio.Event()
        self._free.set()

    @property
    def next(self) -> PipelinedLetter | None:
        """The one who comes after the one that is served."""
        return self._waiting[0] if self._waiting else None

    async def take(self, turn: PipelinedLetter) -> bool:
        """Wait for one's turn, getting ready meanwhile when called. False: it was withdrawn.

        Raises what getting ready raises; ``leave`` is due in every case.
        """
        if self.serving is None:
            self._give(turn)
            return True
        self._waiting.append(turn)
        await turn.transaction.load()
        while self.serving is not turn and not turn.withdrawn:
            if turn.called and not turn.transaction.touched:
                await turn.transaction.touch()
            else:
                turn.stir.clear()
                await turn.stir.wait()
        return not turn.withdrawn

    def call(self, turn: PipelinedLetter) -> None:
        """Ask a waiting one to get ready."""
        turn.called = True
        turn.stir.set()

    def leave(self, turn: PipelinedLetter, *, withdraw: bool) -> None:
        """It is over for ``turn``. If it was served, the next one is, or with ``withdraw`` none of those here."""
        turn.over = True
        if self.serving is not turn:
            if turn in self._waiting:
                self._waiting.remove(turn)
            return
        self.serving = None
        while withdraw and self._waiting:
            waiting = self._waiting.popleft()
            waiting.withdrawn = True
            waiting.stir.set()
        if self._waiting:
            self._give(self._waiting.popleft())
        else:
            self._free.set()

    async def free(self) -> None:
        """Wait until nobody is served."""
        while self.serving is not None:
            await self._free.wait()

    def _give(self, turn: PipelinedLetter) -> None:
        self.serving = turn
        self._free.clear()
        turn.stir.set()
