"""The commands MAIL, RCPT and DATA, sent in one write if the server supports it (RFC 2920). Pure."""

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
    """Address -> RCPT command."""
    unfit: Mapping[str, SubmissionError]
    """Addresses that are not valid in a command."""
    data: bool
    """DATA is sent together with them."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All commands in order."""
        return (self.mail.line, *self.recipients.values(), *(["DATA"] if self.data else []))


def envelope_commands_for(
    letter: Letter, offer: Extensions, dropped: Collection[str], *, hold: bool
) -> EnvelopeCommands:
    """The commands for ``letter``. With ``hold`` DATA waits for the reply to the last RCPT: a 354 cannot be taken back.

    Raises:
        SubmissionError: TOO_BIG, NO_SMTPUTF8, NO_FUTURE_RELEASE or BAD_SENDER, before anything is sent.
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
