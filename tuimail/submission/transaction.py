"""One letter on one connection: MAIL, RCPT, DATA, the body, the dot, and a verdict for each recipient.

This module decides the order of the commands and what each reply means; the Wire sends and receives the bytes.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, Protocol

from tuimail.submission.body import Loaded, early_reply, load, write_body
from tuimail.submission.classify import ReplyContext, classify, classify_failure
from tuimail.submission.envelope_commands import envelope_commands_for
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.submission.quirks import Quirk, quirks_of, refused_parameters
from tuimail.submission.result import Action, Stage, SubmissionResult, Verdict
from tuimail.submission.verdicts import Verdicts, hung_up

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.submission.envelope_commands import EnvelopeCommands
    from tuimail.submission.result import Reply
    from tuimail.submission.submitter import Letter, Watcher
    from tuimail.submission.wire import Extensions, Timeouts, Wire

_ENVELOPE = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA})

_OUT_OF_STEP = re.compile(r"synchroni[sz]|pipelin", re.IGNORECASE)
"""Replies of servers that do not support pipelined commands; Exim: "554 SMTP synchronization error"."""
_OTHER_REASON = re.compile(r"shut|restart|too many|limit|rate", re.IGNORECASE)
"""Text of a 421 that is not caused by pipelined commands."""


class Lookahead(Protocol):
    """The letter that waits behind this one."""

    def call(self) -> bool:
        """Ask it to prepare; whether there is one that may start behind the dot."""
        ...

    def opening(self) -> tuple[str, ...]:
        """Its first commands, to be sent right behind the dot (RFC 2920 section 3.1); none if it is not ready."""
        ...


class StartOverError(Exception):
    """The connection is unusable and the server has accepted nothing: ``run`` again on a new connection.

    ``past_dot``: the server discarded the commands that followed the final dot of the previous letter.
    """

    def __init__(self, *, past_dot: bool = False) -> None:
        super().__init__("start over")
        self.past_dot = past_dot


class SmtpTransaction:
    """One attempt to submit one letter.

    ``hold``: if one recipient is permanently refused, no recipient gets the letter. ``quirks``: the known quirks of the
    server.

    At its end the connection has no open transaction or is dropped: MAIL may follow only the reply to a dot or to RSET
    (RFC 5321 section 4.1.4).
    """

    def __init__(
        self,
        letter: Letter,
        watcher: Watcher,
        context: ReplyContext,
        timeouts: Timeouts,
        *,
        hold: bool,
        quirks: Collection[Quirk] = (),
    ) -> None:
        self.stage = Stage.CONNECT
        self.touched = False
        self.one_at_a_time = Quirk.NO_PIPELINING in quirks
        """Each command waits for the reply to the previous one."""
        self._known_as_such = self.one_at_a_time
        self.learnt: dict[Quirk, bool] = {}
        """Quirks that this attempt found (True), or found to be gone (False)."""
        self.recipient_limit: int | None = None
        self._letter = letter
        self._watcher = watcher
        self._context = context
        self._timeouts = timeouts
        self._hold = hold
        self._left_out = set(refused_parameters(quirks))
        self._suspected: dict[str, Stage] = {}
        """Parameters left out because the command with them was refused at that stage."""
        self._verdicts = Verdicts(letter.envelope.addresses)
        self._answered = False
        self._open = False
        """The server may have an open transaction."""
        self._loaded: Loaded | None = None

    @property
    def account(self) -> Verdict | None:
        """The verdict on the account or the host, if it has a problem."""
        return self._verdicts.account

    def reached(self, stage: Stage) -> None:
        """The dialogue came to ``stage``."""
        self.stage = stage
        self._watcher.stage(stage)

    def lose(self, error: SubmissionError) -> None:
        """End the attempt with ``error`` at the current stage: it decides all recipients without a verdict."""
        self._end(classify_failure(self.stage, error.failure, self._context, detail=error.detail))

    def refuse(self, verdict: Verdict) -> None:
        """End the attempt with ``verdict`` before MAIL was sent."""
        self._end(verdict)

    def result(self, *, dialogue: tuple[str, ...] = (), via: str = "", server: str = "") -> SubmissionResult:
        """The result of the attempt."""
        return SubmissionResult(
            recipients=self._verdicts.all(),
            account=self.account,
            touched=self.touched,
            dialogue=dialogue,
            recipient_limit=self.recipient_limit,
            via=via,
            server=server,
            learnt=dict(self.learnt),
        )

    def withdrawn(self) -> SubmissionResult:
        """The result of an attempt that was not made."""
        return SubmissionResult({}, touched=self.touched, withdrawn=True)

    def opening(self, offer: Extensions) -> EnvelopeCommands:
        """The commands up to DATA. Raises SubmissionError if the server cannot accept the letter."""
        return envelope_commands_for(self._letter, offer, self._left_out, hold=self._hold)

    async def load(self) -> None:
        """Read the letter into memory in advance, unless it is large."""
        self._loaded = await load(self._letter.content)

    async def touch(self) -> None:
        """Record the attempt, once, right before MAIL is sent. Raises what the watcher raises."""
        if not self.touched:
            await self._watcher.touching()
            self.touched = True

    async def run(
        self,
        wire: Wire,
        offer: Extensions,
        *,
        sent: EnvelopeCommands | None = None,
        behind: Lookahead | None = None,
        reused: bool = False,
    ) -> None:
        """Run the transaction.

        Args:
            wire: the connection.
            offer: the server's extensions.
            sent: the commands that were already sent behind the dot of the previous letter.
            behind: the next letter.
            reused: other letters were sent on this connection before.

        Raises:
            StartOverError: run it again on a new connection.
            SubmissionError: the dialogue failed; ``lose`` turns it into verdicts.
            Exception: what the watcher raises. The connection is unusable in all three cases.
        """
        self._context = replace(self._context, size_limit=offer.size_limit)
        try:
            while await self._once(wire, offer, sent=sent, behind=behind, reused=reused):
                sent, reused = None, False
        except StartOverError:
            self._verdicts.clear()  # they belong to a dialogue that does not count, and no other may follow
            raise

    async def _once(
        self, wire: Wire, offer: Extensions, *, sent: EnvelopeCommands | None, behind: Lookahead | None, reused: bool
    ) -> bool:
        """One transaction. True: repeat it without the parameters that the server refused."""
        self._verdicts.clear()
        self._answered = False
        try:
            opening = sent or self.opening(offer)
        except SubmissionError as error:
            self._end(classify_failure(Stage.MAIL, error.failure, self._context))
            return False
        for address, unfit in opening.unfit.items():
            self._verdicts.refuse(address, classify_failure(Stage.RCPT, unfit.failure, self._context))
        if opening.unfit and self._hold:
            self._verdicts.hold_others(self._context)
            return False
        if not opening.recipients:
            return False
        await self.touch()
        group = sent is not None or offer.has("pipelining")
        self._open = True
        self.reached(Stage.MAIL)
        try:
            if group and sent is None:
                wire.send(*opening.lines)
            again = await self._converse(
                wire, opening, group=group, reused=reused, past_dot=sent is not None, behind=behind
            )
        except SubmissionError as error:
            self._start_over_after(error, group=group, reused=reused, past_dot=sent is not None)
            raise
        if hung_up(self.account):
            wire.abort()
        elif self._open:
            await self._reset(wire)
        if again and wire.aborted:
            raise StartOverError
        return again

    async def _converse(
        self,
        wire: Wire,
        opening: EnvelopeCommands,
        *,
        group: bool,
        reused: bool,
        past_dot: bool,
        behind: Lookahead | None,
    ) -> bool:
        """From MAIL to the reply to the dot. True: repeat it without some parameters."""
        context = replace(self._context, optional=opening.mail.optional)
        reply = await self._reply(wire, opening.mail.line, group=group)
        if reused and reply.code in (421, 503):
            # Not caused by this letter: the idle connection was closed, or an earlier letter left it out of step.
            raise StartOverError(past_dot=past_dot and reply.code == 503)
        self._answered = True
        verdict = self._verdict(Stage.MAIL, reply, context, group=group)
        if verdict.action is not Action.OK:
            again = self._leave_out(verdict)
            if not again:
                self._end(verdict)
            if group and not hung_up(verdict):
                await self._skip(wire, len(opening.recipients), data=opening.data)
            return again
        self._confirm(Stage.MAIL)
        again = await self._name_recipients(wire, opening, group=group)
        if hung_up(self.account):
            return False
        if self._verdicts.accepted and not again:
            await self._hand_over(wire, behind, data_sent=opening.data)
        else:
            await self._skip(wire, 0, data=opening.data)
        return again

    # -- the envelope

    async def _name_recipients(self, wire: Wire, opening: EnvelopeCommands, *, group: bool) -> bool:
        """RCPT for each recipient. True: the server refused a parameter that may be left out."""
        self.reached(Stage.RCPT)
        verdicts = self._verdicts
        context = replace(self._context, optional=("DSN",) if "DSN" in opening.mail.optional else ())
        again = False
        for address, line in opening.recipients.items():
            context = replace(context, accepted=len(verdicts.accepted))
            reply = await self._reply(wire, line, group=group)
            verdict = self._verdict(Stage.RCPT, reply, context, group=group)
            if verdict.action is Action.OK:
                self._confirm(Stage.RCPT)
                verdicts.accepted.append(address)
                continue
            verdicts.refuse(address, verdict)
            if hung_up(verdict):
                # No further replies follow; the recipients before this one keep their verdicts.
                self._end(verdict)
                return False
            again |= self._leave_out(verdict)
            if again and not group:
                return True
            if verdict.action is Action.SPLIT:
                self.recipient_limit = self.recipient_limit or len(verdicts.accepted)
        if not verdicts.accepted:
            verdicts.judge_together(context)
        verdicts.find_account()
        if self._hold and verdicts.some_refused:
            verdicts.hold_others(self._context)
        return again

    def _leave_out(self, verdict: Verdict) -> bool:
        """Leave the refused parameters out from now on. Returns whether the command may be repeated without them."""
        fresh = set(verdict.drop.split()) - self._left_out
        self._left_out |= fresh
        self._suspected.update(dict.fromkeys(fresh, verdict.stage))
        return bool(fresh)

    def _confirm(self, stage: Stage) -> None:
        """Record the quirks of a server that accepted the command of ``stage`` only without some parameters."""
        refused = [name for name, at in self._suspected.items() if at is stage]
        self.learnt.update(dict.fromkeys(quirks_of(refused), True))

    async def _skip(self, wire: Wire, replies: int, *, data: bool) -> None:
        """Read and ignore the replies to commands that were sent in advance.

        If the server now waits for a letter, drop the connection. RFC 2920 section 3.1 says to send a single dot, but a
        server that is out of step would then deliver an empty letter.
        """
        try:
            for _ in range(replies):
                await wire.reply(within=self._timeouts.envelope)
            if data and (await wire.reply(within=self._timeouts.data)).code < 400:
                wire.abort()
        except SubmissionError:
            wire.abort()

    async def _reset(self, wire: Wire) -> None:
        """End the open transaction so that the connection can be reused, or else drop it."""
        if wire.aborted:
            return
        try:
            reply = await wire.command("RSET", within=self._timeouts.quit)
        except SubmissionError:
            wire.abort()
        else:
            if reply.code != 250:
                wire.abort()
            self._open = False

    # -- the letter

    async def _hand_over(self, wire: Wire, behind: Lookahead | None, *, data_sent: bool) -> None:
        self.reached(Stage.DATA)
        reply = await self._reply(wire, "DATA", group=data_sent, within=self._timeouts.data)
        verdict = self._verdict(Stage.DATA, reply, self._context, group=data_sent)
        if verdict.action is not Action.OK:
            self._verdicts.decide(verdict)
            return
        if self.one_at_a_time and not self._known_as_such:
            self.learnt[Quirk.NO_PIPELINING] = True
        self.reached(Stage.BODY)
        content, self._loaded = self._loaded, None
        early = await write_body(wire, self._letter.content, self._timeouts, self._watcher.progress, content)
        if early is None:
            if behind is not None and behind.call():
                await asyncio.sleep(0)  # so that its attempt and this mark are written in one commit
            await self._watcher.committing(self._verdicts.accepted)
            early = await early_reply(wire, self._timeouts)
        if early is not None:
            wire.abort()
            self._verdicts.decide(classify(Stage.BODY, early, self._context))
            return
        past_dot = behind.opening() if behind is not None else ()
        await wire.dot(*past_dot)
        self.reached(Stage.COMMITTING)
        try:
            reply = await wire.reply(within=self._timeouts.commit)
        except SubmissionError:
            if past_dot:
                self.learnt[Quirk.NOTHING_PAST_DOT] = True
            raise
        self._open = False
        verdict = classify(Stage.COMMITTING, reply, self._context)
        if verdict.action is Action.UNCERTAIN:
            wire.abort()  # the next reply could not be matched to a command
        self._verdicts.decide(verdict)

    # -- replies

    async def _reply(self, wire: Wire, line: str, *, group: bool, within: float | None = None) -> Reply:
        """The reply to ``line``; sends it, unless it was already sent in a ``group``."""
        seconds = self._timeouts.envelope if within is None else within
        if group:
            return await wire.reply(within=seconds)
        return await wire.command(line, within=seconds)

    def _verdict(self, stage: Stage, reply: Reply, context: ReplyContext, *, group: bool) -> Verdict:
        """The verdict for ``reply``.

        Raises:
            StartOverError: the server does not support commands in a ``group``.
            SubmissionError: GARBAGE, no such command can get this reply; later replies cannot be matched to commands.
        """
        if (
            group
            and reply.code >= 400
            and (reply.code == 503 or (reply.code != 421 and _OUT_OF_STEP.search(reply.text)))
        ):
            self._one_at_a_time()
        verdict = classify(stage, reply, context)
        if verdict.action is not Action.OK and reply.code < 400:
            raise SubmissionError(Failure.GARBAGE, f"It answered {reply.code} while {stage.description}.")
        if hung_up(verdict) and verdict.problem is None and not verdict.crowded:
            if self.one_at_a_time:
                self.learnt[Quirk.NO_PIPELINING] = False  # pipelining was not the cause
            elif group and not _OTHER_REASON.search(reply.text):
                self.learnt[Quirk.NO_PIPELINING] = True
        return verdict

    def _start_over_after(self, error: SubmissionError, *, group: bool, reused: bool, past_dot: bool) -> None:
        """Raise StartOverError if ``error`` requires a new connection and not a verdict."""
        broken = error.failure in (Failure.EOF, Failure.RESET)
        if self.stage not in _ENVELOPE:
            return
        if not self._answered and (past_dot or (reused and error.failure is not Failure.TIMEOUT)):
            # The server closed the idle connection, or discarded the commands behind the dot.
            raise StartOverError(past_dot=past_dot) from error
        if group and broken:
            self._one_at_a_time(error)
        if group and error.failure is Failure.TIMEOUT:
            self.learnt[Quirk.NO_PIPELINING] = True
        elif self.one_at_a_time and (broken or error.failure is Failure.TIMEOUT):
            self.learnt[Quirk.NO_PIPELINING] = False  # pipelining was not the cause

    def _one_at_a_time(self, cause: Exception | None = None) -> NoReturn:
        """The server failed at pipelined commands: try again, one command at a time. Raises StartOverError."""
        self.one_at_a_time = True
        raise StartOverError from cause

    def _end(self, verdict: Verdict) -> None:
        """Apply ``verdict`` to all recipients without one."""
        self._verdicts.end(verdict, self.stage)
