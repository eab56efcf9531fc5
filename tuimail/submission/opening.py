"""How a transaction opens: MAIL, RCPT, DATA as they are sent in one go where the server lets them (RFC 2920). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.submission.commands import Mail, mail_command, rcpt_command
from tuimail.submission.failure import WireError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tuimail.submission.submitter import Letter
    from tuimail.submission.wire import Offer


@dataclass(frozen=True, slots=True)
class Opening:
    """The commands up to DATA."""

    mail: Mail
    recipients: Mapping[str, str]
    """Address -> RCPT."""
    unfit: Mapping[str, WireError]
    """Addresses that cannot be put into a command."""
    data: bool
    """DATA goes along with them."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it."""
        return (self.mail.line, *self.recipients.values(), *(["DATA"] if self.data else []))


def opening_for(letter: Letter, offer: Offer, dropped: Collection[str], *, hold: bool) -> Opening:
    """How the transaction of ``letter`` opens. With ``hold`` DATA waits for the last RCPT: its 354 binds.

    Raises:
        WireError: TOO_BIG, NO_SMTPUTF8, NO_FUTURE_RELEASE or BAD_SENDER; nothing needs to be sent to know.
    """
    mail = mail_command(letter, offer, dropped)
    recipients: dict[str, str] = {}
    unfit: dict[str, WireError] = {}
    envelope, dsn = letter.envelope, "DSN" in mail.optional
    for address in dict.fromkeys(envelope.addresses):
        try:
            recipients[address] = rcpt_command(address, smtputf8=envelope.smtputf8, dsn=dsn, notify=envelope.notify)
        except WireError as error:
            unfit[address] = error
    return Opening(mail, recipients, unfit, data=offer.has("pipelining") and not hold)
