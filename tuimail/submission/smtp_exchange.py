"""Commands and their replies on one connection: which reply answers which command, and when that is no longer known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tuimail.submission.classify import ReplyContext, classify
from tuimail.submission.failure import Failure, StartOverError, SubmissionError
from tuimail.submission.result import Action, Stage, Verdict

if TYPE_CHECKING:
    from tuimail.submission.quirk_detector import QuirkDetector
    from tuimail.submission.result import Reply
    from tuimail.submission.wire import Timeouts, Wire

_ENVELOPE = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA})


class SmtpExchange:
    """The commands of one transaction and the reply to each.

    ``group``: the commands of the envelope are sent in one write (RFC 2920); else each waits for the reply to the
    previous one. ``past_dot``: they were already sent, behind the dot of the previous letter. ``reused``: other letters
    were sent on this connection before.
    """

    def __init__(
        self, wire: Wire, timeouts: Timeouts, quirks: QuirkDetector, *, group: bool, past_dot: bool, reused: bool
    ) -> None:
        self.wire = wire
        self.timeouts = timeouts
        self.group = group
        self.open = True
        """The server may have an open transaction."""
        self._quirks = quirks
        self._past_dot = past_dot
        self._reused = reused
        self._answered = False
        """The server answered MAIL."""

    async def reply(self, line: str, *, group: bool, within: float | None = None) -> Reply:
        """The reply to ``line``; sends it, unless it was already sent in a ``group``."""
        seconds = self.timeouts.envelope if within is None else within
        if group:
            return await self.wire.reply(within=seconds)
        return await self.wire.command(line, within=seconds)

    async def reply_to_mail(self, line: str) -> Reply:
        """The reply to MAIL.

        Raises:
            StartOverError: this letter did not cause the reply: the idle connection was closed, or an earlier letter
                left it out of step.
        """
        reply = await self.reply(line, group=self.group)
        if self._reused and reply.code in (421, 503):
            raise StartOverError(past_dot=self._past_dot and reply.code == 503)
        self._answered = True
        return reply

    def verdict(self, stage: Stage, reply: Reply, context: ReplyContext, *, group: bool) -> Verdict:
        """The verdict for ``reply``.

        Raises:
            StartOverError: the server does not support commands in a ``group``.
            SubmissionError: GARBAGE, no such command can get this reply; later replies cannot be matched to commands.
        """
        if group and self._quirks.fails_at_group(reply):
            self._start_over_one_at_a_time()
        verdict = classify(stage, reply, context)
        if verdict.action is not Action.OK and reply.code < 400:
            raise SubmissionError(Failure.GARBAGE, f"It answered {reply.code} while {stage.description}.")
        self._quirks.note_hang_up(verdict, group=group)
        return verdict

    def check_failure(self, error: SubmissionError, stage: Stage) -> None:
        """Raise StartOverError if ``error`` at ``stage`` requires a new connection and not a verdict."""
        if stage not in _ENVELOPE:
            return
        if not self._answered and (self._past_dot or (self._reused and error.failure is not Failure.TIMEOUT)):
            # The server closed the idle connection, or discarded the commands behind the dot.
            raise StartOverError(past_dot=self._past_dot) from error
        if self.group and error.failure in (Failure.EOF, Failure.RESET):
            self._start_over_one_at_a_time(error)
        self._quirks.connection_failed(error.failure, group=self.group)

    async def skip(self, replies: int, *, data: bool) -> None:
        """Read and ignore ``replies`` to commands that were sent in advance, and with ``data`` the one to DATA.

        If the server now waits for a letter, drop the connection. RFC 2920 section 3.1 says to send a single dot, but a
        server that is out of step would then deliver an empty letter.
        """
        try:
            for _ in range(replies):
                await self.wire.reply(within=self.timeouts.envelope)
            if data and (await self.wire.reply(within=self.timeouts.data)).code < 400:
                self.wire.abort()
        except SubmissionError:
            self.wire.abort()

    async def reset(self) -> None:
        """End the open transaction so that the connection can be reused, or else drop it."""
        if self.wire.aborted:
            return
        try:
            reply = await self.wire.command("RSET", within=self.timeouts.quit)
        except SubmissionError:
            self.wire.abort()
        else:
            if reply.code != 250:
                self.wire.abort()
            self.open = False

    def _start_over_one_at_a_time(self, cause: Exception | None = None) -> NoReturn:
        """The server failed at pipelined commands: try again, one command at a time. Raises StartOverError."""
        self._quirks.one_at_a_time = True
        raise StartOverError from cause
