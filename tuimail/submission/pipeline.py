"""The line of messages at one connection: one is sent at a time, and the next one can start behind its final dot."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.submission.connection import SmtpConnection
    from tuimail.submission.dialogue import Dialogue
    from tuimail.submission.envelope_commands import EnvelopeCommands
    from tuimail.submission.smtp_attempt import SmtpAttempt


@dataclass(eq=False, slots=True)
class PipelinedLetter:
    """One message in line, with the state of its ``submit`` call."""

    attempt: SmtpAttempt
    dialogue: Dialogue
    sent_ahead: EnvelopeCommands | None = None
    """Its commands were sent behind the final dot of the previous message ..."""
    sent_on: SmtpConnection | None = None
    """... on this connection."""
    started: bool = False
    finished: bool = False
    withdrawn: bool = False
    """The previous message failed because of the account or the host: this one is not tried."""
    prepare_requested: bool = False
    """It should prepare: record its attempt before its turn comes."""
    wake_event: asyncio.Event = field(default_factory=asyncio.Event)


class Pipeline:
    """The message being sent and those that wait, in order."""

    def __init__(self) -> None:
        self.current: PipelinedLetter | None = None
        self._waiting: deque[PipelinedLetter] = deque()
        self._free = asyncio.Event()
        self._free.set()

    @property
    def next(self) -> PipelinedLetter | None:
        """The first message that waits."""
        return self._waiting[0] if self._waiting else None

    async def wait_turn(self, queued: PipelinedLetter) -> bool:
        """Wait until it is the turn of this message; record its attempt meanwhile if asked to. False: withdrawn.

        Raises what recording the attempt raises. The caller must call ``finish`` in every case.
        """
        if self.current is None:
            self._serve(queued)
            return True
        self._waiting.append(queued)
        await queued.attempt.load()
        while self.current is not queued and not queued.withdrawn:
            if queued.prepare_requested and not queued.attempt.touched:
                await queued.attempt.touch()
            else:
                queued.wake_event.clear()
                await queued.wake_event.wait()
        return not queued.withdrawn

    def prepare(self, queued: PipelinedLetter) -> None:
        """Ask a waiting message to record its attempt now."""
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
        """Wait until no message is being sent."""
        while self.current is not None:
            await self._free.wait()

    def _serve(self, queued: PipelinedLetter) -> None:
        self.current = queued
        self._free.clear()
        queued.wake_event.set()
