"""One letter on one connection: MAIL, RCPT, DATA, the body, the dot, and a verdict for each recipient.

This module decides the order of the parts: envelope_phase and content_phase are the parts, smtp_exchange matches
replies to commands, smtp_attempt collects the verdicts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.submission.classify import classify_failure
from tuimail.submission.content_phase import send_content
from tuimail.submission.envelope_phase import send_mail, send_recipients
from tuimail.submission.failure import StartOverError, SubmissionError
from tuimail.submission.result import Action, Stage
from tuimail.submission.smtp_exchange import SmtpExchange
from tuimail.submission.verdicts import hung_up

if TYPE_CHECKING:
    from tuimail.submission.content_phase import Lookahead
    from tuimail.submission.envelope_commands import EnvelopeCommands
    from tuimail.submission.smtp_attempt import SmtpAttempt
    from tuimail.submission.wire import Extensions, Timeouts, Wire


class SmtpTransaction:
    """The dialogue of one attempt on one connection.

    At its end the connection has no open transaction or is dropped: MAIL may follow only the reply to a dot or to RSET
    (RFC 5321 section 4.1.4).

    Args:
        attempt: the letter; gets the verdicts.
        wire: the connection.
        offer: the server's extensions.
        timeouts: seconds for each step.
    """

    def __init__(self, attempt: SmtpAttempt, wire: Wire, offer: Extensions, timeouts: Timeouts) -> None:
        self._attempt = attempt
        self._wire = wire
        self._offer = offer
        self._timeouts = timeouts

    async def run(
        self, *, sent: EnvelopeCommands | None = None, behind: Lookahead | None = None, reused: bool = False
    ) -> None:
        """Run the transaction.

        Args:
            sent: the commands that were already sent behind the dot of the previous letter.
            behind: the next letter.
            reused: other letters were sent on this connection before.

        Raises:
            StartOverError: run another one on a new connection.
            SubmissionError: the dialogue failed; ``SmtpAttempt.lose`` turns it into verdicts.
            Exception: what the watcher raises. The connection is unusable in all three cases.
        """
        self._attempt.context = replace(self._attempt.context, size_limit=self._offer.size_limit)
        try:
            while await self._once(sent, behind, reused=reused):
                sent, reused = None, False
        except StartOverError:
            self._attempt.verdicts.clear()  # they belong to a dialogue that does not count, and no other may follow
            raise

    async def _once(self, sent: EnvelopeCommands | None, behind: Lookahead | None, *, reused: bool) -> bool:
        """One transaction. True: repeat it without the parameters that the server refused."""
        attempt, wire = self._attempt, self._wire
        attempt.verdicts.clear()
        opening = self._opening(sent)
        if opening is None:
            return False
        await attempt.touch()
        group = sent is not None or self._offer.has("pipelining")
        exchange = SmtpExchange(
            wire, self._timeouts, attempt.quirks, group=group, past_dot=sent is not None, reused=reused
        )
        attempt.reached(Stage.MAIL)
        try:
            if group and sent is None:
                wire.send(*opening.lines)
            again = await self._converse(exchange, opening, behind)
        except SubmissionError as error:
            exchange.check_failure(error, attempt.stage)
            raise
        if hung_up(attempt.account):
            wire.abort()
        elif exchange.open:
            await exchange.reset()
        if again and wire.aborted:
            raise StartOverError
        return again

    def _opening(self, sent: EnvelopeCommands | None) -> EnvelopeCommands | None:
        """The commands up to DATA; None if nothing can be sent: the recipients have their verdicts then."""
        attempt = self._attempt
        try:
            opening = sent or attempt.opening(self._offer)
        except SubmissionError as error:
            attempt.end(classify_failure(Stage.MAIL, error.failure, attempt.context))
            return None
        for address, unfit in opening.unfit.items():
            attempt.verdicts.refuse(address, classify_failure(Stage.RCPT, unfit.failure, attempt.context))
        if opening.unfit and attempt.hold:
            attempt.verdicts.hold_others(attempt.context)
            return None
        return opening if opening.recipients else None

    async def _converse(self, exchange: SmtpExchange, opening: EnvelopeCommands, behind: Lookahead | None) -> bool:
        """From MAIL to the reply to the dot. True: repeat it without some parameters."""
        attempt = self._attempt
        verdict = await send_mail(attempt, exchange, opening)
        if verdict.action is not Action.OK:
            again = attempt.quirks.leave_out(verdict)
            if not again:
                attempt.end(verdict)
            if exchange.group and not hung_up(verdict):
                await exchange.skip(len(opening.recipients), data=opening.data)
            return again
        again = await send_recipients(attempt, exchange, opening)
        if hung_up(attempt.account):
            return False
        if attempt.verdicts.accepted and not again:
            await send_content(attempt, exchange, behind, data_sent=opening.data)
        else:
            await exchange.skip(0, data=opening.data)
        return again
