"""The SMTP envelope (RFC 5321 section 2.3.1): reverse-path and recipients, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Notify(StrEnum):
    """When the servers on the way are to report (RFC 3461 section 4.1)."""

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
    """addr-spec as it goes on the wire: domain as A-labels unless the envelope is SMTPUTF8."""
    field: RecipientField = RecipientField.TO
    name: str = ""
    """Display name, for the screen only."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a letter is from and for, as the server is told."""

    sender: str
    """addr-spec of the reverse-path; empty means ``<>``."""
    recipients: tuple[EnvelopeRecipient, ...]
    smtputf8: bool = False
    """The letter needs SMTPUTF8 (RFC 6531): a local part or a header holds raw UTF-8."""
    eight_bit: bool = False
    """The content holds bytes above 127 and wants BODY=8BITMIME (RFC 6152)."""
    notify: tuple[Notify, ...] = FAILURE_AND_DELAY
    """Reports asked for where the server offers DSN; empty means NOTIFY=NEVER."""
    hold_until: float | None = None
    """The server itself is to keep the letter until then (FUTURERELEASE, RFC 4865); seconds since the epoch."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The forward-paths in order."""
        return tuple(recipient.address for recipient in self.recipients)
