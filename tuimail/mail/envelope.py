"""The SMTP envelope (RFC 5321 section 2.3.1): reverse-path and recipients, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Notify(StrEnum):
    """The events that servers should report (RFC 3461 section 4.1)."""

    FAILURE = "failure"
    DELAY = "delay"
    SUCCESS = "success"


FAILURE_AND_DELAY = (Notify.FAILURE, Notify.DELAY)


class RecipientField(StrEnum):
    """Which address field a recipient was written in."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


@dataclass(frozen=True, slots=True)
class EnvelopeRecipient:
    """One forward-path."""

    address: str
    """addr-spec as sent: domain as A-labels unless the envelope is SMTPUTF8."""
    field: RecipientField = RecipientField.TO
    name: str = ""
    """Display name, for the screen only."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The sender and the recipients of a letter in the SMTP dialogue."""

    sender: str
    """addr-spec of the reverse-path; empty means ``<>``."""
    recipients: tuple[EnvelopeRecipient, ...]
    smtputf8: bool = False
    """The letter needs SMTPUTF8 (RFC 6531): a local part or a header contains raw UTF-8."""
    eight_bit: bool = False
    """The content contains bytes above 127 and needs BODY=8BITMIME (RFC 6152)."""
    notify: tuple[Notify, ...] = FAILURE_AND_DELAY
    """Reports to request if the server offers DSN; empty means NOTIFY=NEVER."""
    hold_until: float | None = None
    """The time until which the server should hold the letter (FUTURERELEASE, RFC 4865); seconds since the epoch."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The forward-paths in order."""
        return tuple(recipient.address for recipient in self.recipients)
