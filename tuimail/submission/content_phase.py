"""The content of one letter: DATA, the body, the dot and its reply, which decides the accepted recipients."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from tuimail.submission.body import early_reply, write_body
from tuimail.submission.classify import classify
from tuimail.submission.failure import SubmissionError
from tuimail.submission.result import Action, Stage

if TYPE_CHECKING:
    from tuimail.submission.result import Reply
    from tuimail.submission.smtp_attempt import SmtpAttempt
    from tuimail.submission.smtp_exchange import SmtpExchange


class Lookahead(Protocol):
    """The letter that waits behind this one."""

    def call(self) -> bool:
        """Ask it to prepare; whether there is one that may start behind the dot."""
        ...

    def opening(self) -> tuple[str, ...]:
        """Its first commands, to be sent right behind the dot (RFC 2920 section 3.1); none if it is not ready."""
        ...


async def send_content(
    attempt: SmtpAttempt, exchange: SmtpExchange, behind: Lookahead | None, *, data_sent: bool
) -> None:
    """Send the letter to the recipients that were accepted, and decide them.

    Args:
        attempt: the letter.
        exchange: the connection, after RCPT.
        behind: the next letter.
        data_sent: DATA was sent together with the envelope.

    Raises:
        StartOverError, SubmissionError: as the exchange does. After the dot, an error leaves the letter uncertain.
        Exception: what the watcher raises; the dot was not sent.
    """
    if not await _send_data(attempt, exchange, data_sent=data_sent):
        return
    wire = exchange.wire
    early = await _send_body(attempt, exchange, behind)
    if early is not None:
        wire.abort()
        attempt.verdicts.decide(classify(Stage.BODY, early, attempt.context))
        return
    past_dot = behind.opening() if behind is not None else ()
    await wire.dot(*past_dot)
    attempt.reached(Stage.COMMITTING)
    try:
        reply = await wire.reply(within=exchange.timeouts.commit)
    except SubmissionError:
        if past_dot:
            attempt.quirks.failed_past_dot()
        raise
    exchange.open = False
    verdict = classify(Stage.COMMITTING, reply, attempt.context)
    if verdict.action is Action.UNCERTAIN:
        wire.abort()  # the next reply could not be matched to a command
    attempt.verdicts.decide(verdict)


async def _send_data(attempt: SmtpAttempt, exchange: SmtpExchange, *, data_sent: bool) -> bool:
    """DATA; whether the server accepted it. If not, the accepted recipients are decided."""
    attempt.reached(Stage.DATA)
    reply = await exchange.reply("DATA", group=data_sent, within=exchange.timeouts.data)
    verdict = exchange.verdict(Stage.DATA, reply, attempt.context, group=data_sent)
    if verdict.action is not Action.OK:
        attempt.verdicts.decide(verdict)
        return False
    attempt.quirks.envelope_accepted()
    return True


async def _send_body(attempt: SmtpAttempt, exchange: SmtpExchange, behind: Lookahead | None) -> Reply | None:
    """The body; then the watcher records that the dot follows. Returns a reply that came early, or None."""
    attempt.reached(Stage.BODY)
    wire, timeouts = exchange.wire, exchange.timeouts
    loaded, attempt.loaded = attempt.loaded, None
    early = await write_body(wire, attempt.letter.content, timeouts, attempt.watcher.progress, loaded)
    if early is not None:
        return early
    if behind is not None and behind.call():
        await asyncio.sleep(0)  # so that its attempt and this mark are written in one commit
    await attempt.watcher.committing(attempt.verdicts.accepted)
    return await early_reply(wire, timeouts)
