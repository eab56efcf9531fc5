"""One letter over one connection: MAIL, RCPT, DATA, the body, the dot, and what became of each recipient.

The order of commands and the meaning of each answer are here; how bytes travel is the Wire's business.
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
"""What servers say that do not bear commands in groups; Exim: "554 SMTP synchronization error"."""
_OTHER_REASON = re.compile(r"shut|restart|too many|limit|rate", re.IGNORECASE)
"""What a 421 says that has nothing to do with groups."""


class Lookahead(Protocol):
    """The letter that waits behind this one."""

    def call(self) -> bool:
        """Ask it to get ready; whether there is one that may open behind the dot."""
        ...

    def opening(self) -> tuple[str, ...]:
        """Its first commands, to be sent right behind the dot (RFC 2920 section 3.1); none when it is not ready."""
        ...


class StartOverError(Exception):
    """The connection is of no use any more, and the server has taken nothing: ``run`` again on a new one.

    ``past_dot``: the server threw away the commands that followed the final dot of the letter before.
    """

    def __init__(self, *, past_dot: bool = False) -> None:
        super().__init__("start over")
        self.past_dot = past_dot


class Transaction:
    """The attempt at one letter.

    ``hold``: when some recipient is refused for good, nobody gets it. ``quirks``: what is known of the server.

    However it ends, the connection is left without an open transaction or is dropped: MAIL may follow only the reply
    to a dot, or to RSET (RFC 5321 section 4.1.4).
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
        """Each command waits for the answer to the one before it."""
        self._known_as_such = self.one_at_a_time
        self.learnt: dict[Quirk, bool] = {}
        """What this attempt showed of the server: that it has the quirk, or that it has not."""
        self.recipient_limit: int | None = None
        self._letter = letter
        self._watcher = watcher
        self._context = context
        self._timeouts = timeouts
        self._hold = hold
        self._left_out = set(refused_parameters(quirks))
        self._suspected: dict[str, Stage] = {}
        """Parameters that are left out because a command with them was refused at that stage."""
        self._verdicts = Verdicts(letter.envelope.addresses)
        self._answered = False
        self._open = False
        """The server may be in a transaction."""
        self._loaded: Loaded | None = None

    @property
    def account(self) -> Verdict | None:
        """The trouble of the account or the host, if there is any."""
        return self._verdicts.account

    def reached(self, stage: Stage) -> None:
        """The dialogue came to ``stage``."""
        self.stage = stage
        self._watcher.stage(stage)

    def lose(self, error: SubmissionError) -> None:
        """The attempt ended by ``error`` at the present stage: the verdict of everyone not decided yet."""
        self._end(classify_failure(self.stage, error.failure, self._context, detail=error.detail))

    def refuse(self, verdict: Verdict) -> None:
        """The attempt ended by ``verdict`` before the letter was touched."""
        self._end(verdict)

    def result(self, *, dialogue: tuple[str, ...] = (), via: str = "", server: str = "") -> SubmissionResult:
        """What it came to."""
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
        """It was not tried."""
        return SubmissionResult({}, touched=self.touched, withdrawn=True)

    def opening(self, offer: Extensions) -> EnvelopeCommands:
        """How it opens. Raises SubmissionError when the server cannot take the letter."""
        return envelope_commands_for(self._letter, offer, self._left_out, hold=self._hold)

    async def load(self) -> None:
        """Have the letter in memory before its turn comes, unless it is large."""
        self._loaded = await load(self._letter.content)

    async def touch(self) -> None:
        """Count the attempt, once; right before MAIL is sent. Raises whatever the watcher raises."""
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
        """Carry it out. ``sent`` is what went out behind the dot of the letter before it.

        ``behind`` is the letter after it. ``reused``: the connection served other letters before.

        Raises:
            StartOverError: to be run once more, on a new connection.
            SubmissionError: the dialogue broke; ``lose`` makes verdicts of it.
            Exception: whatever the watcher raises. In all three cases the connection is of no use any more.
        """
        self._context = replace(self._context, size_limit=offer.size_limit)
        try:
            while await self._once(wire, offer, sent=sent, behind=behind, reused=reused):
                sent, reused = None, False
        except StartOverError:
            self._verdicts.clear()  # they are of a dialogue that does not count; there may be no second one
            raise

    async def _once(
        self, wire: Wire, offer: Extensions, *, sent: EnvelopeCommands | None, behind: Lookahead | None, reused: bool
    ) -> bool:
        """One transaction; True when another is to follow, without the parameters the server stumbled over."""
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
        """From MAIL to the reply to the dot. True: to be repeated without some parameters."""
        context = replace(self._context, optional=opening.mail.optional)
        reply = await self._reply(wire, opening.mail.line, group=group)
        if reused and reply.code in (421, 503):
            # The end of the idle connection, or what an earlier letter left behind: not this letter's affair.
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
        """RCPT for each. True: the server stumbled over a parameter that may be left out."""
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
                # The rest of the answers never comes; those before keep what they were told.
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
        """Whether the command may be repeated without parameters it carried; they are left out from now on."""
        fresh = set(verdict.drop.split()) - self._left_out
        self._left_out |= fresh
        self._suspected.update(dict.fromkeys(fresh, verdict.stage))
        return bool(fresh)

    def _confirm(self, stage: Stage) -> None:
        """The server took the command of ``stage`` without the parameters it had refused there."""
        refused = [name for name, at in self._suspected.items() if at is stage]
        self.learnt.update(dict.fromkeys(quirks_of(refused), True))

    async def _skip(self, wire: Wire, replies: int, *, data: bool) -> None:
        """Read the replies to commands that were sent ahead and are of no interest any more.

        When the server awaits a letter now, the connection is dropped. RFC 2920 section 3.1 would have us send a lone
        dot; with a server that has lost count that delivers an empty letter to somebody.
        """
        try:
            for _ in range(replies):
                await wire.reply(within=self._timeouts.envelope)
            if data and (await wire.reply(within=self._timeouts.data)).code < 400:
                wire.abort()
        except SubmissionError:
            wire.abort()

    async def _reset(self, wire: Wire) -> None:
        """End the open transaction, so that another letter can follow on this connection; else drop it."""
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
                await asyncio.sleep(0)  # so that its count and this mark share a commit
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
            wire.abort()  # nobody knows what the next reply would belong to
        self._verdicts.decide(verdict)

    # -- replies

    async def _reply(self, wire: Wire, line: str, *, group: bool, within: float | None = None) -> Reply:
        """The reply to ``line``, which is sent now, or was sent ahead in a ``group``."""
        seconds = self._timeouts.envelope if within is None else within
        if group:
            return await wire.reply(within=seconds)
        return await wire.command(line, within=seconds)

    def _verdict(self, stage: Stage, reply: Reply, context: ReplyContext, *, group: bool) -> Verdict:
        """What ``reply`` means.

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
                self.learnt[Quirk.NO_PIPELINING] = False  # groups were not to blame
            elif group and not _OTHER_REASON.search(reply.text):
                self.learnt[Quirk.NO_PIPELINING] = True
        return verdict

    def _start_over_after(self, error: SubmissionError, *, group: bool, reused: bool, past_dot: bool) -> None:
        """Raise StartOverError if ``error`` calls for another connection and not for a verdict."""
        broken = error.failure in (Failure.EOF, Failure.RESET)
        if self.stage not in _ENVELOPE:
            return
        if not self._answered and (past_dot or (reused and error.failure is not Failure.TIMEOUT)):
            # The server had ended the idle connection, or thrown away what came behind the dot.
            raise StartOverError(past_dot=past_dot) from error
        if group and broken:
            self._one_at_a_time(error)
        if group and error.failure is Failure.TIMEOUT:
            self.learnt[Quirk.NO_PIPELINING] = True
        elif self.one_at_a_time and (broken or error.failure is Failure.TIMEOUT):
            self.learnt[Quirk.NO_PIPELINING] = False  # groups were not to blame

    def _one_at_a_time(self, cause: Exception | None = None) -> NoReturn:
        """The server failed at a group of commands: once more, one command at a time. Raises StartOverError."""
        self.one_at_a_time = True
        raise StartOverError from cause

    def _end(self, verdict: Verdict) -> None:
        """The verdict of everyone not decided yet."""
        self._verdicts.end(verdict, self.stage)
