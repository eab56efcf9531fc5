"""How a transaction opens: MAIL, RCPT, DATA as they are sent in one go where the server lets them (RFC 2920). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.submission.commands import MailLine, mail_command, rcpt_command
from tuimail.submission.failure import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tuimail.submission.submitter import Letter
    from tuimail.submission.wire import Extensions


@dataclass(frozen=True, slots=True)
class EnvelopeCommands:
    """The commands up to DATA."""

    mail: MailLine
    recipients: Mapping[str, str]
    """Address -> RCPT."""
    unfit: Mapping[str, SubmissionError]
    """Addresses that cannot be put into a command."""
    data: bool
    """DATA goes along with them."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it."""
        return (self.mail.line, *self.recipients.values(), *(["DATA"] if self.data else []))


def envelope_commands_for(
    letter: Letter, offer: Extensions, dropped: Collection[str], *, hold: bool
) -> EnvelopeCommands:
    """How the transaction of ``letter`` opens. With ``hold`` DATA waits for the last RCPT: its 354 binds.

    Raises:
        SubmissionError: TOO_BIG, NO_SMTPUTF8, NO_FUTURE_RELEASE or BAD_SENDER; nothing needs to be sent to know.
    """
    mail = mail_command(letter, offer, dropped)
    recipients: dict[str, str] = {}
    unfit: dict[str, SubmissionError] = {}
    envelope, dsn = letter.envelope, "DSN" in mail.optional
    for address in dict.fromkeys(envelope.addresses):
        try:
            recipients[address] = rcpt_command(address, smtputf8=envelope.smtputf8, dsn=dsn, notify=envelope.notify)
        except SubmissionError as error:
            unfit[address] = error
    return EnvelopeCommands(mail, recipients, unfit, data=offer.has("pipelining") and not hold)
