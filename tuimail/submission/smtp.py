"""Submits letters to a submission server (RFC 6409): manages the connection and turns its failures into verdicts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.config.model import Auth
from tuimail.mail.text import safe_line
from tuimail.submission.classify import ReplyContext
from tuimail.submission.connection import SmtpConnection
from tuimail.submission.dialogue import Dialogue
from tuimail.submission.failure import StartOverError, SubmissionError
from tuimail.submission.handshake import Handshake, RefusedError
from tuimail.submission.pipeline import Pipeline, PipelinedLetter
from tuimail.submission.quirks import Quirk, takes_commands_past_dot
from tuimail.submission.smtp_attempt import SmtpAttempt
from tuimail.submission.transaction import SmtpTransaction
from tuimail.submission.wire import Extensions, Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Server
    from tuimail.submission.result import SubmissionResult
    from tuimail.submission.submitter import Letter, Watcher

LETTERS_PER_CONNECTION = 100
"""Many servers have a limit; the cost of a new connection is small per letter by then."""


class SmtpSubmitter:
    """Submits the letters of one account to one server (submission/submitter.Submitter).

    ``secret`` returns the password or access token; it is called only if the server requires sign-in. ``hold``: if one
    recipient is permanently refused, no recipient gets the letter. One letter is sent at a time; other callers wait in
    line. The first in line sends its commands right behind the final dot of the current letter if the server offers
    PIPELINING and is known to handle that: a letter then costs one round trip. If a letter fails because of the account
    or the host, those waiting get the result ``withdrawn``. ``quirks``: known quirks of the server, in addition to
    those that come with the letters; updated with what the attempts find.
    """

    pipeline_depth = 2
    """Letters that may wait: one that starts behind the current dot, and one that is ready when that is answered."""

    def __init__(
        self,
        server: Server,
        secret: Callable[[], Awaitable[str]],
        *,
        timeouts: Timeouts | None = None,
        hold: bool = False,
        letters_per_connection: int = LETTERS_PER_CONNECTION,
        quirks: set[Quirk] | None = None,
    ) -> None:
        self._server = server
        self._name = f"{server.host}:{server.port}"
        self._secret = secret
        self._timeouts = timeouts or Timeouts()
        self.hold = hold
        self._letters_per_connection = letters_per_connection
        self._pipeline = Pipeline()
        self._wire: SmtpConnection | None = None
        self._offer = Extensions()
        self._dialogue = Dialogue()
        self._quirks = set() if quirks is None else quirks
        self._started_ahead: PipelinedLetter | None = None
        """The letter whose first commands were last sent behind a dot."""

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Try once to submit ``letter``. Raises only what ``watcher`` raises; nothing was sent then."""
        self._quirks.update(letter.quirks.get(self._name, ()))
        attempt = SmtpAttempt(letter, watcher, self._context(letter), hold=self.hold, quirks=self._quirks)
        queued = PipelinedLetter(attempt, self._dialogue.another())
        try:
            if not await self._pipeline.wait_turn(queued):
                return attempt.withdrawn()
            return await self._deliver(queued)
        finally:
            self._leave(queued)

    async def close(self) -> None:
        """QUIT and disconnect, in two seconds at most. Does not interrupt a letter that is being sent."""
        try:
            async with asyncio.timeout(self._timeouts.quit):
                await self._pipeline.wait_idle()
                wire, self._wire = self._wire, None
                if wire is not None:
                    await wire.quit(within=self._timeouts.quit)
        except TimeoutError:
            pass

    async def _deliver(self, queued: PipelinedLetter) -> SubmissionResult:
        queued.started = True
        attempt = queued.attempt
        security = ""
        try:
            while True:
                wire, sent = self._wire, queued.sent_ahead
                if wire is None or wire is not queued.sent_on or wire.aborted:
                    wire, sent = await self._connected(queued), None
                wire.dialogue = queued.dialogue
                security = f" ({wire.security})"
                offer = self._offer.without("pipelining") if attempt.quirks.one_at_a_time else self._offer
                transaction = SmtpTransaction(attempt, wire, offer, self._timeouts)
                try:
                    await transaction.run(sent=sent, behind=_Lookahead(self, wire), reused=wire.letters > 0)
                    break
                except StartOverError as error:
                    if error.past_dot and wire.letters <= 1:
                        # After many letters the server may simply have reached its limit for this connection.
                        attempt.quirks.failed_past_dot()
                    self._drop()
            wire.letters += 1
            wire.used_at = asyncio.get_running_loop().time()
            if wire.aborted:
                self._drop()
        except SubmissionError as error:
            queued.dialogue.note(": ".join(filter(None, (error.failure.description, error.detail))))
            self._drop()
            attempt.lose(error)
        except RefusedError as error:
            self._drop()
            attempt.end(error.verdict)
        except BaseException:
            self._drop()
            raise
        for quirk, found in attempt.quirks.learnt.items():
            (self._quirks.add if found else self._quirks.discard)(quirk)
        return attempt.result(dialogue=queued.dialogue.lines, via=self._name + security, server=self._name)

    def _leave(self, queued: PipelinedLetter) -> None:
        if self._pipeline.current is queued:
            behind = self._started_ahead
            if behind is not None and not behind.started and behind.finished:
                self._drop()  # its transaction was started and must not continue: disconnecting ends it
        queued.finished = True
        self._pipeline.finish(queued, withdraw=queued.attempt.account is not None)

    def start_next(self, wire: SmtpConnection) -> tuple[str, ...]:
        """The first commands of the next letter, if it is ready to start behind the dot of the current one."""
        queued = self._pipeline.next
        if queued is None or not queued.attempt.touched or not self.may_pipeline_next(wire):
            return ()
        if queued.attempt.quirks.one_at_a_time:
            return ()  # decided when it was submitted; quirks found since do not change it
        try:
            opening = queued.attempt.opening(self._offer)
        except SubmissionError:
            return ()
        if not opening.recipients or not opening.data:
            return ()
        queued.sent_ahead, queued.sent_on = opening, wire
        self._started_ahead = queued
        for line in opening.lines:
            queued.dialogue.client(line)
        return opening.lines

    def prepare_next(self, wire: SmtpConnection) -> bool:
        """Ask the next letter to prepare; whether there is one that may start behind the dot of the current one."""
        queued = self._pipeline.next
        if queued is None or not self.may_pipeline_next(wire):
            return False
        self._pipeline.prepare(queued)
        return True

    def may_pipeline_next(self, wire: SmtpConnection) -> bool:
        """Whether the next letter may start on this connection before the current one is answered."""
        left = self._letters_per_connection - wire.letters
        return (
            left > 1
            and not self.hold
            and self._offer.has("pipelining")
            and not self._quirks & {Quirk.NO_PIPELINING, Quirk.NOTHING_PAST_DOT}
            and (self._server.pipeline_past_dot or takes_commands_past_dot(wire.introduction))
        )

    async def _connected(self, queued: PipelinedLetter) -> SmtpConnection:
        """The open connection if it can take another letter, else a new one. Raises SubmissionError, RefusedError."""
        now = asyncio.get_running_loop().time()
        if self._wire is not None:
            tired = self._wire.letters >= self._letters_per_connection
            if self._wire.usable and not tired and now - self._wire.used_at <= self._timeouts.idle:
                return self._wire
            wire, self._wire = self._wire, None
            await wire.quit(within=self._timeouts.quit)
        reached = queued.attempt.reached
        self._wire = await SmtpConnection.open(self._server, self._timeouts, queued.dialogue, reached)
        handshake = Handshake(self._server, self._secret, self._timeouts, reached)
        offer = await handshake.run(self._wire, self._wire)
        self._offer = offer if self._server.pipelining else offer.without("pipelining")
        return self._wire

    def _context(self, letter: Letter) -> ReplyContext:
        return ReplyContext(
            host=safe_line(self._server.host),
            port=self._server.port,
            user=safe_line(self._server.username),
            sender=safe_line(letter.envelope.sender),
            oauth=self._server.auth is Auth.OAUTH2,
        )

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()


class _Lookahead:
    """The letter that waits behind the current one on ``wire`` (submission/content_phase.Lookahead)."""

    def __init__(self, submitter: SmtpSubmitter, wire: SmtpConnection) -> None:
        self._submitter = submitter
        self._wire = wire

    def call(self) -> bool:
        """Ask it to prepare."""
        return self._submitter.prepare_next(self._wire)

    def opening(self) -> tuple[str, ...]:
        """Its first commands."""
        return self._submitter.start_next(self._wire)
