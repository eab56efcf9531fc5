"""One letter over one connection: MAIL, RCPT, DATA, the body, the dot, and what became of each recipient.

The order of commands and the meaning of each answer are here; how bytes travel is the Wire's business.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tuimail.submission.body import Loaded, early_reply, load, write_body
from tuimail.submission.classify import Context, classify, classify_loss, row_for
from tuimail.submission.mishap import Mishap, WireError
from tuimail.submission.opening import opening_for
from tuimail.submission.result import Action, Stage, SubmissionResult, Verdict
from tuimail.submission.table import When

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.submission.opening import Opening
    from tuimail.submission.result import Reply
    from tuimail.submission.submitter import Letter, Watcher
    from tuimail.submission.wire import Offer, Timeouts, Wire


class Behind(Protocol):
    """The letter that waits behind this one."""

    def call(self) -> bool:
        """Ask it to get ready; whether there is one that may open behind the dot."""
        ...

    def opening(self) -> tuple[str, ...]:
        """Its first commands, to be sent right behind the dot (RFC 2920 section 3.1); none when it is not ready."""
        ...


class Transaction:
    """The attempt at one letter.

    ``run`` may be called a second time on a fresh connection as long as nothing was ``answered``. ``hold``: when some
    recipient is refused for good, nobody gets it. ``dropped`` names the ESMTP parameters to leave out and grows by what
    the server stumbles over.
    """

    def __init__(
        self, letter: Letter, watcher: Watcher, context: Context, timeouts: Timeouts, *, hold: bool, dropped: set[str]
    ) -> None:
        self.stage = Stage.CONNECT
        self.touched = False
        self.answered = False
        """MAIL was answered."""
        self.account: Verdict | None = None
        self.recipient_limit: int | None = None
        self._letter = letter
        self._watcher = watcher
        self._context = context
        self._timeouts = timeouts
        self._hold = hold
        self._dropped = dropped
        self._addresses = tuple(dict.fromkeys(letter.envelope.addresses))
        self._verdicts: dict[str, Verdict] = {}
        self._accepted: list[str] = []
        self._loaded: Loaded | None = None

    def reached(self, stage: Stage) -> None:
        """The dialogue came to ``stage``."""
        self.stage = stage
        self._watcher.stage(stage)

    def lose(self, error: WireError) -> None:
        """The attempt ended by ``error`` at the present stage: the verdict of everyone not decided yet."""
        self._end(classify_loss(self.stage, error.mishap, self._context, detail=error.detail))

    def refuse(self, verdict: Verdict) -> None:
        """The attempt ended by ``verdict`` before the letter was touched."""
        self._end(verdict)

    def result(self, *, dialogue: tuple[str, ...] = (), via: str = "") -> SubmissionResult:
        """What it came to."""
        return SubmissionResult(
            recipients={address: self._verdicts[address] for address in self._addresses},
            account=self.account,
            touched=self.touched,
            dialogue=dialogue,
            recipient_limit=self.recipient_limit,
            via=via,
        )

    def withdrawn(self) -> SubmissionResult:
        """It was not tried."""
        return SubmissionResult({}, touched=self.touched, withdrawn=True)

    def opening(self, offer: Offer) -> Opening:
        """How it opens. Raises WireError when the server cannot take the letter."""
        return opening_for(self._letter, offer, self._dropped, hold=self._hold)

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
        offer: Offer,
        *,
        sent: Opening | None = None,
        behind: Behind | None = None,
        reused: bool = False,
    ) -> None:
        """Carry it out. ``sent`` is what went out behind the dot of the letter before it.

        ``behind`` is the letter after it. ``reused``: the connection served other letters before.

        Raises:
            WireError: the dialogue broke; ``lose`` makes verdicts of it, unless nothing was answered yet.
            Exception: whatever the watcher raises. In both cases the connection is of no use any more.
        """
        self._context = replace(self._context, size_limit=offer.size_limit)
        try:
            opening = sent or self.opening(offer)
        except WireError as error:
            self._end(classify_loss(Stage.MAIL, error.mishap, self._context))
            return
        for address, unfit in opening.unfit.items():
            self._verdicts[address] = classify_loss(Stage.RCPT, unfit.mishap, self._context)
        if opening.unfit and self._hold:
            self._hold_the_others()
            return
        if not opening.recipients:
            return
        await self.touch()
        pipelining = offer.has("pipelining")
        self.reached(Stage.MAIL)
        if pipelining and sent is None:
            wire.send(*opening.lines)
        mail, commands, data_sent = opening.mail, opening.recipients, opening.data
        context = replace(self._context, optional=mail.optional)
        reply = await self._answer(wire, "" if pipelining else mail.line)
        if reused and reply.code == 421:
            raise WireError(Mishap.EOF, "It ended the idle connection.")
        verdict = _in_order(Stage.MAIL, reply, context)
        self.answered = True
        if verdict.action is not Action.OK:
            if pipelining and not _ended(verdict) and not await self._skip(wire, len(commands), data_sent=data_sent):
                self._end(verdict)
            elif verdict.drop and not self._dropped.issuperset(verdict.drop.split()):
                self._dropped.update(verdict.drop.split())
                await self.run(wire, offer, behind=behind)
            else:
                self._end(verdict)
            return
        await self._name_recipients(wire, commands, context, pipelining=pipelining)
        if self._accepted and not _ended(self.account):
            await self._hand_over(wire, behind, data_sent=data_sent)
        elif not _ended(self.account):
            await self._leave(wire, data_sent=data_sent)

    # -- the envelope

    async def _name_recipients(
        self, wire: Wire, commands: Mapping[str, str], context: Context, *, pipelining: bool
    ) -> None:
        self.reached(Stage.RCPT)
        for address, line in commands.items():
            context = replace(context, accepted=len(self._accepted))
            verdict = _in_order(Stage.RCPT, await self._answer(wire, "" if pipelining else line), context)
            if verdict.action is Action.OK:
                self._accepted.append(address)
                continue
            self._verdicts[address] = verdict
            self._dropped.update(verdict.drop.split())
            if verdict.action is Action.SPLIT:
                self.recipient_limit = self.recipient_limit or len(self._accepted)
            if _ended(verdict):
                # The rest of the answers never comes; those before keep what they were told.
                self._accepted.clear()
                self._end(verdict)
                return
        if not self._accepted:
            self._judge_together(context)
        for verdict in self._verdicts.values():
            if verdict.action in (Action.ACCOUNT, Action.REAUTH):
                self.account = self.account or verdict
        if self._hold and any(verdict.action is Action.RECIPIENT for verdict in self._verdicts.values()):
            self._hold_the_others()

    def _judge_together(self, context: Context) -> None:
        """A refusal that everybody gets is not the recipients' fault."""
        context = replace(context, all_refused=True)
        replies = {address: verdict.reply for address, verdict in self._verdicts.items()}
        told = {address: reply for address, reply in replies.items() if reply is not None}
        if len(told) == len(self._addresses) and all(
            row_for(Stage.RCPT, reply, context).when is When.ALL_REFUSED for reply in told.values()
        ):
            self._verdicts = {address: classify(Stage.RCPT, reply, context) for address, reply in told.items()}

    def _hold_the_others(self) -> None:
        held = classify_loss(Stage.RCPT, Mishap.SOME_REFUSED, self._context)
        self._accepted.clear()
        for address in self._addresses:
            known = self._verdicts.get(address)
            if known is None or known.action is not Action.RECIPIENT:
                self._verdicts[address] = held

    async def _leave(self, wire: Wire, *, data_sent: bool) -> None:
        """Nobody is to get it: end the transaction so that the connection can be used again. Best effort."""
        if data_sent and not await self._skip(wire, 0, data_sent=True):
            return
        try:
            reply = await wire.command("RSET", within=self._timeouts.quit)
        except WireError:
            wire.abort()
        else:
            if reply.code != 250:
                wire.abort()

    async def _skip(self, wire: Wire, replies: int, *, data_sent: bool) -> bool:
        """Read the answers to commands that were sent ahead and are of no interest any more.

        False when that failed; the connection is dropped then.
        """
        try:
            for _ in range(replies):
                await wire.reply(within=self._timeouts.envelope)
            if data_sent and (await wire.reply(within=self._timeouts.data)).code == 354:
                # RFC 2920 section 3.1: the server awaits a letter for nobody; an empty one ends that.
                await wire.dot()
                await wire.reply(within=self._timeouts.data)
        except WireError:
            wire.abort()
            return False
        return True

    # -- the letter

    async def _hand_over(self, wire: Wire, behind: Behind | None, *, data_sent: bool) -> None:
        self.reached(Stage.DATA)
        reply = await self._answer(wire, "" if data_sent else "DATA", self._timeouts.data)
        verdict = _in_order(Stage.DATA, reply, self._context)
        if verdict.action is not Action.OK:
            self._decide(verdict)
            return
        self.reached(Stage.BODY)
        content, self._loaded = self._loaded, None
        early = await write_body(wire, self._letter.content, self._timeouts, self._watcher.progress, content)
        if early is None:
            if behind is not None and behind.call():
                await asyncio.sleep(0)  # so that its count and this mark share a commit
            await self._watcher.committing(self._accepted)
            early = await early_reply(wire, self._timeouts)
        if early is not None:
            wire.abort()
            self._decide(classify(Stage.BODY, early, self._context))
            return
        await wire.dot(*(behind.opening() if behind is not None else ()))
        self.reached(Stage.COMMITTING)
        reply = await wire.reply(within=self._timeouts.commit)
        self._decide(classify(Stage.COMMITTING, reply, self._context))

    # -- verdicts

    async def _answer(self, wire: Wire, line: str, within: float | None = None) -> Reply:
        """The reply to ``line``, or to the next of the commands sent ahead when it is empty."""
        seconds = self._timeouts.envelope if within is None else within
        if line:
            return await wire.command(line, within=seconds)
        return await wire.reply(within=seconds)

    def _decide(self, verdict: Verdict) -> None:
        """The verdict of those the server had accepted."""
        for address in self._accepted:
            self._verdicts[address] = verdict
        if verdict.action in (Action.ACCOUNT, Action.REAUTH) or _ended(verdict):
            self.account = verdict

    def _end(self, verdict: Verdict) -> None:
        """The verdict of everyone not decided yet; the account's too when the letter was not at fault."""
        for address in self._addresses:
            self._verdicts.setdefault(address, verdict)
        early = self.stage in _BEFORE_LETTER and verdict.stage in _BEFORE_LETTER
        if early or verdict.action in (Action.ACCOUNT, Action.REAUTH) or _ended(verdict):
            self.account = verdict


_BEFORE_LETTER = frozenset(
    {Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH},
)


def _in_order(stage: Stage, reply: Reply, context: Context) -> Verdict:
    """What ``reply`` means.

    Raises:
        WireError: GARBAGE, it belongs to no such command; nothing after it can be trusted to belong to its own.
    """
    verdict = classify(stage, reply, context)
    if verdict.action is not Action.OK and reply.code < 400:
        raise WireError(Mishap.GARBAGE, f"It answered {reply.code} while {stage.words}.")
    return verdict


def _ended(verdict: Verdict | None) -> bool:
    """The server has ended the dialogue (RFC 5321 section 3.8)."""
    return verdict is not None and verdict.reply is not None and verdict.reply.code == 421
