"""The envelope of one letter: MAIL and a RCPT for each recipient, and what each reply means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.submission.result import Action, Stage, Verdict
from tuimail.submission.verdicts import hung_up

if TYPE_CHECKING:
    from tuimail.submission.envelope_commands import EnvelopeCommands
    from tuimail.submission.smtp_attempt import SmtpAttempt
    from tuimail.submission.smtp_exchange import SmtpExchange


async def send_mail(attempt: SmtpAttempt, exchange: SmtpExchange, opening: EnvelopeCommands) -> Verdict:
    """MAIL; the verdict for its reply. Raises StartOverError, SubmissionError."""
    context = replace(attempt.context, optional=opening.mail.optional)
    reply = await exchange.reply_to_mail(opening.mail.line)
    verdict = exchange.verdict(Stage.MAIL, reply, context, group=exchange.group)
    if verdict.action is Action.OK:
        attempt.quirks.command_accepted(Stage.MAIL)
    return verdict


async def send_recipients(attempt: SmtpAttempt, exchange: SmtpExchange, opening: EnvelopeCommands) -> bool:
    """RCPT for each recipient; the verdicts of the attempt then name those that the server accepted.

    True: the server refused a parameter that may be left out. Raises StartOverError, SubmissionError.
    """
    attempt.reached(Stage.RCPT)
    verdicts = attempt.verdicts
    context = replace(attempt.context, optional=("DSN",) if "DSN" in opening.mail.optional else ())
    again = False
    for address, line in opening.recipients.items():
        context = replace(context, accepted=len(verdicts.accepted))
        reply = await exchange.reply(line, group=exchange.group)
        verdict = exchange.verdict(Stage.RCPT, reply, context, group=exchange.group)
        if verdict.action is Action.OK:
            attempt.quirks.command_accepted(Stage.RCPT)
            verdicts.accepted.append(address)
            continue
        verdicts.refuse(address, verdict)
        if hung_up(verdict):
            # No further replies follow; the recipients before this one keep their verdicts.
            attempt.end(verdict)
            return False
        again |= attempt.quirks.leave_out(verdict)
        if again and not exchange.group:
            return True
        if verdict.action is Action.SPLIT:
            attempt.recipient_limit = attempt.recipient_limit or len(verdicts.accepted)
    if not verdicts.accepted:
        verdicts.judge_together(context)
    verdicts.find_account()
    if attempt.hold and verdicts.some_refused:
        verdicts.hold_others(attempt.context)
    return again
