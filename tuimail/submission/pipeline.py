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
    sent_ahead: EnvelopeCommands | None = None
    """Its commands went out behind the dot of the letter before it ..."""
    sent_on: SmtpConnection | None = None
    """... on this connection."""
    started: bool = False
    finished: bool = False
    withdrawn: bool = False
    """The letter before it met trouble that is not a letter's: this one is not tried."""
    prepare_requested: bool = False
    """It is to get ready: to be counted as an attempt."""
    wake_event: asyncio.Event = field(default_factory=asyncio.Event)


class Pipeline:
    """Who is served, and who waits, in order."""

    def __init__(self) -> None:
        self.current: PipelinedLetter | None = None
        self._waiting: deque[PipelinedLetter] = deque()
        self._free = asyncio.Event()
        self._free.set()

    @property
    def next(self) -> PipelinedLetter | None:
        """The one who comes after the one that is served."""
        return self._waiting[0] if self._waiting else None

    async def wait_turn(self, queued: PipelinedLetter) -> bool:
        """Wait for one's turn, getting ready meanwhile when called. False: it was withdrawn.

        Raises what getting ready raises; ``finish`` is due in every case.
        """
        if self.current is None:
            self._serve(queued)
            return True
        self._waiting.append(queued)
        await queued.transaction.load()
        while self.current is not queued and not queued.withdrawn:
            if queued.prepare_requested and not queued.transaction.touched:
                await queued.transaction.touch()
            else:
                queued.wake_event.clear()
                await queued.wake_event.wait()
        return not queued.withdrawn

    def prepare(self, queued: PipelinedLetter) -> None:
        """Ask a waiting one to get ready."""
        queued.prepare_requested = True
        queued.wake_event.set()

    def finish(self, queued: PipelinedLetter, *, withdraw: bool) -> None:
        """It is over for ``queued``. If it was served, the next one is, or with ``withdraw`` none of those here."""
        queued.finished = True
        if self.current is not queued:
            if queued in self._waiting:
                self._waiting.remove(queued)
            return
        self.current = None
        while withdraw and self._waiting:
            waiting = self._waiting.popleft()
            waiting.withdrawn = True
            waiting.wake_event.set()
        if self._waiting:
            self._serve(self._waiting.popleft())
        else:
            self._free.set()

    async def wait_idle(self) -> None:
        """Wait until nobody is served."""
        while self.current is not None:
            await self._free.wait()

    def _serve(self, queued: PipelinedLetter) -> None:
        self.current = queued
        self._free.clear()
        queued.wake_event.set()
